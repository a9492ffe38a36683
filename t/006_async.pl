# An Append over several accounts scans them concurrently: a scan does not wait
# for the response, limit or failure of another. Pruned partitions send no
# request.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use List::Util qw(sum);
use POSIX qw(ceil);
use Simulator;
use Test::More;

my $page_size = 20;
my @names = qw(east west);
my %apis = (
	east => Simulator->start(calls => 150, seed => 1, days => 100),
	west => Simulator->start(calls => 110, seed => 2, days => 100));
my $node = start_cluster();

foreach my $name (@names)
{
	create_server($node, $name, $apis{$name}->url,
		server => { page_size => $page_size, async_capable => 'true',
			max_retries => 0 });
	copy_truth($node, $apis{$name}, $name, "truth_$name");
}

# One table for all accounts, as one partition each
$node->safe_psql(
	'postgres', q{
	CREATE TABLE calls (account text, id text, start_time timestamptz,
		direction text) PARTITION BY LIST (account);
	} . join '', map {
		"CREATE FOREIGN TABLE calls_$_ (account text OPTIONS (value '$_'),
			id text, start_time timestamptz, direction text)
			SERVER $_ OPTIONS (resource 'call_log');
		ALTER TABLE calls ATTACH PARTITION calls_$_ FOR VALUES IN ('$_');"
	} @names);

my $session = open_session($node);
my $all = join ' UNION ALL ', map { "SELECT id, start_time FROM $_.call_log" } @names;
my $fingerprint = q{count(*), md5(string_agg(id, ',' ORDER BY id COLLATE "C"))};
my ($truth) = run_in($session, "SELECT $fingerprint FROM ("
	  . join(' UNION ALL ', map { "SELECT id FROM truth_$_" } @names) . ') t');
my %pages =
  map { $_ => ceil($node->safe_psql('postgres',
		"SELECT count(*) FROM truth_$_") / $page_size) } @names;

sub lists_of
{
	my ($name) = @_;
	return scalar($apis{$name}->list_requests);
}

sub clear
{
	foreach my $api (values %apis)
	{
		$api->clear_faults;
		$api->clear_log;
	}
	return;
}

sub check_right_rows
{
	my ($name) = @_;
	my ($output, $error) = run_in($session, "SELECT $fingerprint FROM ($all) t");

	is($error, '', "$name: no error");
	is($output, $truth, "$name: the right rows");
	return;
}

# ----------
# Concurrent scans
# ----------

my ($plan) = run_in($session, "EXPLAIN (COSTS OFF) SELECT count(*) FROM ($all) t");
is(() = $plan =~ /Async Foreign Scan/g, 2, 'both scans are asynchronous');
clear();
check_right_rows('two accounts');
is(lists_of($_), $pages{$_}, "and no additional request: $_") foreach @names;

# Both requests are sent before the first response
clear();
$_->fault('hang', match => '/call-log') foreach values %apis;
start_in($session, "SELECT $fingerprint FROM ($all) t");
wait_until("$_ is asked", sub { lists_of($_) == 1 }) foreach @names;
my $pid = backend_pid(my $other = open_session($node));
my ($busy) = run_in($other,
	"SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT count%' AND pid <> $pid");
run_in($other, "SELECT pg_cancel_backend($busy)");
my (undef, $error) = finish_in($session);
like($error, qr/^ERROR:  57014: /, 'a cancel ends both');
clear();
check_right_rows('after a cancel');

# ----------
# One waits, the others continue
# ----------

my $headers = join "\n", 'X-Rate-Limit-Group: heavy', 'X-Rate-Limit-Limit: 10',
  'X-Rate-Limit-Remaining: 0', 'X-Rate-Limit-Window: 60';

sub holdings
{
	my @descriptors = glob "/proc/$busy/fd/*";
	return scalar @descriptors;
}

my $descriptors = holdings();
clear();
$apis{east}->set(rate_limit => 2, rate_window => 1);
run_in($session, 'SELECT call_log_fdw_disconnect()');
run_in($session, 'SELECT count(*) FROM east.call_log WHERE id = ANY (ARRAY(SELECT id FROM truth_east LIMIT 2))');
clear();
start_in($session, "SELECT $fingerprint FROM ($all) t");
wait_until('west is read to its end', sub { lists_of('west') == $pages{west} });
cmp_ok(lists_of('east'), '<', $pages{east},
	'a scan that waits for a limit does not block the others');
my ($output, $messages) = finish_in($session);
is($output, $truth, 'and both are complete in the end');
is(lists_of('east'), $pages{east}, 'with no request refused');
$apis{east}->set(rate_limit => 1_000_000, rate_window => 60);
run_in($session, 'SELECT call_log_fdw_disconnect()');
check_right_rows('after the limit');

# ----------
# One fails
# ----------

foreach my $name (@names)
{
	clear();
	$apis{$name}->fault('status', status => 400, match => '/call-log', skip => 2);
	(undef, $error) = run_in($session, "SELECT $fingerprint FROM ($all) t");
	like($error, qr/^ERROR:  HV00L: RingCentral answered 400/m,
		"$name fails: the error");
	clear();
	check_right_rows("after $name failed");
}
cmp_ok(holdings(), '<', $descriptors + 8, 'no descriptor is left open');

# ----------
# Rescans, and scans that end early
# ----------

clear();
($output) = run_in($session, "SELECT n, (SELECT count(*) FROM ($all) t WHERE n > 0)
	FROM generate_series(1, 3) n");
my $rows = (split /\|/, $truth)[0];
is($output, join("\n", map { "$_|$rows" } 1 .. 3), 'rescans: the right rows');
clear();
($output) = run_in($session, "SELECT count(*) FROM (SELECT id FROM ($all) t LIMIT 5) x");
is($output, 5, 'LIMIT');
cmp_ok(sum(map { lists_of($_) } @names), '<=', 2 * @names,
	'LIMIT: one request each, and one prefetched');
run_in($session, "BEGIN; DECLARE c CURSOR FOR SELECT id FROM ($all) t; FETCH 3 FROM c; CLOSE c; COMMIT");
check_right_rows('after a cursor was closed');

# ----------
# Pruning
# ----------

($output) = run_in($session,
	'SELECT account, count(*) FROM calls GROUP BY account ORDER BY account');
is( $output,
	join("\n", map { "$_|"
			  . $node->safe_psql('postgres', "SELECT count(*) FROM truth_$_") } @names),
	'a partition for each account');

sub requests_for
{
	my ($sql) = @_;

	clear();
	(undef, $error) = run_in($session, $sql);
	is($error, '', "no error: $sql");
	return join ' ', map { "$_:" . (lists_of($_) > 0 ? 'asked' : 'not') } @names;
}

is(requests_for(q{SELECT count(*) FROM calls WHERE account = 'west'}),
	'east:not west:asked', 'pruned at plan time');
is( requests_for(q{SET plan_cache_mode = force_generic_plan;
		PREPARE p(text) AS SELECT count(*) FROM calls WHERE account = $1;
		EXECUTE p('east')}),
	'east:asked west:not',
	'pruned at executor start');
run_in($session, 'RESET plan_cache_mode');

$node->safe_psql(
	'postgres', q{
	CREATE TABLE log (id text, start_time timestamptz, direction text)
		PARTITION BY RANGE (start_time);
	CREATE TABLE log_old PARTITION OF log FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
	CREATE FOREIGN TABLE log_east PARTITION OF log FOR VALUES FROM ('2020-01-01') TO (MAXVALUE)
		SERVER east OPTIONS (resource 'call_log')});
is(requests_for(q{SELECT count(*) FROM log WHERE start_time < '2019-01-01'}),
	'east:not west:not', 'pruned by time at plan time');
is( requests_for(q{SELECT (SELECT count(*) FROM log WHERE start_time < now() - interval '20 years')}),
	'east:not west:not', 'pruned by time at executor start');
is( requests_for(q{SELECT count(*) FROM (VALUES (timestamptz '2001-01-01')) v(t)
		JOIN log ON start_time BETWEEN t AND t + interval '1 day'}),
	'east:not west:not', 'pruned by a join');

$session->quit;
$other->quit;
$node->stop;
done_testing();
