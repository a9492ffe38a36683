# The option import_stats: from PostgreSQL 19 on, ANALYZE takes the number of rows
# from what scans have seen, without a request, where all else is known; before,
# and otherwise, it takes a sample.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use Simulator;
use Test::More;

my $simulator = Simulator->start(calls => 4000, days => 400);
my $node = start_cluster(q{shared_preload_libraries = 'call_log_fdw'});
create_server($node, 'calls', $simulator->url);
my $imports = $node->safe_psql('postgres', 'SHOW server_version_num') >= 190000;
my $session = open_session($node);

# Lists that ANALYZE requests, the rows that it notes, and what is reported
sub analyze
{
	my ($table) = @_;

	$simulator->clear_log;
	my (undef, $messages) = ask($session, "ANALYZE $table");
	my ($rows) = ask($session,
		"SELECT reltuples FROM pg_class WHERE oid = 'calls.call_log'::regclass");
	return (scalar($simulator->list_requests), $rows, $messages);
}

my ($requests, $rows, $messages) = analyze('calls.call_log');
cmp_ok($requests, '>', 1, 'without the option, a sample');
is($messages, '', 'and nothing to tell');

ask($session, q{ALTER SERVER calls OPTIONS (ADD import_stats 'true')});
($requests, $rows, $messages) = analyze('calls.call_log');
cmp_ok($requests, '>', 1, 'nothing was seen yet: a sample');
like(
	$messages,
	$imports
	? qr/^WARNING: .*could not import statistics for foreign table "call_log"\nDETAIL: .* A sample is taken instead/m
	: qr/^$/,
	'the reason');

# 12 days with a third of the calls of an average day, and then twice as many
my $query = q{SELECT count(*) FROM calls.call_log WHERE start_time > now() - interval '12 days'};
my ($before) = ask($session, $query);
($requests, $rows, $messages) = analyze('calls.call_log');
is($messages, '', 'the range that was read is enough');
is($requests == 0, $imports, 'no request');
cmp_ok(abs($rows - $before / 12 * 366), '<', $before / 12 * 366 / 20, 'rows by the calls of 12 days')
  if $imports;
my $yesterday = timestamp(time - 86_400);
$simulator->appear($yesterday, 'Accepted') foreach 1 .. $before;
ask($session, $query);
my $rows_before = $rows;
($requests, $rows) = analyze('calls.call_log');
cmp_ok(abs($rows - 2 * $rows_before), '<', $rows_before / 10, 'twice the calls, twice the rows')
  if $imports;
is($requests == 0, $imports, 'no request');
my ($directions) = ask($session,
	q{SELECT n_distinct FROM pg_stats WHERE (tablename, attname) = ('call_log', 'direction')});
is($directions, 2, 'the statistics of columns are still there');

($requests) = analyze('calls.call_log (direction)');
cmp_ok($requests, '>', 1, 'columns that are named: a sample');

ask($session, q{CREATE STATISTICS calls.pair ON direction, result FROM calls.call_log});
($requests, $rows, $messages) = analyze('calls.call_log');
cmp_ok($requests, '>', 1, 'extended statistics: a sample');
like($messages, $imports ? qr/extended statistics/ : qr/^$/, 'the reason');
ask($session, q{DROP STATISTICS calls.pair});

ask($session, q{ALTER FOREIGN TABLE calls.call_log OPTIONS (ADD import_stats 'false')});
($requests) = analyze('calls.call_log');
cmp_ok($requests, '>', 1, 'the option of the table has precedence');

ask($session, q{ALTER FOREIGN TABLE calls.call_log OPTIONS (SET import_stats 'true')});
ask($session, q{ALTER FOREIGN TABLE calls.call_log ADD COLUMN number text OPTIONS (json_path 'from.phoneNumber')});
($requests, $rows, $messages) = analyze('calls.call_log');
cmp_ok($requests, '>', 1, 'a column without statistics: a sample');
like($messages, $imports ? qr/Not all columns have statistics yet/ : qr/^$/, 'the reason');
($requests) = analyze('calls.call_log');
is($requests == 0, $imports, 'then it has some');

(undef, $messages) = ask($session, q{ANALYZE calls.active_calls});
like($messages, qr/WARNING: .*cannot analyze this foreign table/, 'a table that cannot be sampled');

done_testing();
