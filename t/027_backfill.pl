# call_log_fdw_sync with backfill_only: two and three RingCentral users fill one copy,
# each within its own request limit; and renames and TRUNCATE while a copy waits for a
# response.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use List::Util qw(max sum);
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;
use Time::HiRes qw(time);

# Three users of one account are three simulators with the same calls: each has its
# own limit, of ten requests a second
my $pages = 60;
my @simulators = map {
	Simulator->start(
		clock => '2026-03-31T12:00:00Z',
		calls => 100 * $pages,
		days => 300,
		seed => 5,
		rate_limit => 10,
		rate_window => 1)
} 1 .. 3;

# Isolation levels do not matter
my $node = start_cluster(
	q{shared_preload_libraries = 'call_log_fdw'},
	q{timezone = 'UTC'},
	q{default_transaction_isolation = 'serializable'});
create_server($node, 'calls', $simulators[0]->url,
	server => { page_size => 100 });
create_server($node, 'more', $simulators[1]->url,
	server => { page_size => 100 });
create_server($node, 'third', $simulators[2]->url,
	server => { page_size => 100 });
copy_truth($node, $simulators[0], 'calls', 'truth', view => 'detailed');

my $main = open_session($node);
my $helper = open_session($node);
my $since = q{since => '2025-03-31'};
my $backfill = q{CALL call_log_fdw_sync('more.call_log', 'copy', backfill_only => true)};

sub requests
{
	return map { scalar $_->requests('/call-log') } @simulators;
}

# Calls that only one of the tables has, whichever host their URIs name
sub differences
{
	my ($table) = @_;
	my ($copy, $truth) = map
	{
		qq{SELECT regexp_replace(t::text, ':\\d+/restapi', '/restapi', 'g') FROM $_ t WHERE start_time >= '2025-03-31'}
	} $table, 'truth';

	return $node->safe_psql('postgres',
		"SELECT count(*) FROM (($copy EXCEPT ALL $truth) UNION ALL ($truth EXCEPT ALL $copy)) x"
	);
}

# ----------
# What is rejected
# ----------

sub rejects
{
	my ($sql, $error, $what) = @_;
	my (undef, $messages) = run_in($helper, $sql);

	like($messages, qr/$error/, $what);
	return;
}

rejects($backfill, 'table copy does not exist', 'it creates no table');
run_in($main, "CALL call_log_fdw_sync('calls.call_log', 'copy', $since, max_requests => 0)");
rejects($backfill, 'no part of the call log has been copied to table public\.copy',
	'the other call comes first');
rejects("CALL call_log_fdw_sync('more.call_log', 'copy', backfill_only => true, restart => true)",
	'cannot be combined', 'it has its own arguments');
run_in($main, "CALL call_log_fdw_sync('calls.call_log', 'copy', max_requests => 3)");
rejects("CALL call_log_fdw_sync('more.recordings', 'copy', backfill_only => true)",
	'lacks the column|does not have the calls', 'another resource');
$node->safe_psql(
	'postgres', q{
	CREATE FOREIGN TABLE more.filtered (id text, start_time timestamptz) SERVER more
		OPTIONS (resource 'call_log', extension_number '101');
	CREATE FOREIGN TABLE more.few (id text, start_time timestamptz) SERVER more
		OPTIONS (resource 'call_log')});
rejects("CALL call_log_fdw_sync('more.filtered', 'copy', backfill_only => true)",
	'does not have the calls of table', 'a source with a filter');
rejects("CALL call_log_fdw_sync('more.few', 'copy', backfill_only => true)",
	'lacks column', 'a source with fewer columns');

# ----------
# Two users
# ----------

$_->clear_log foreach @simulators;
my $start = time;
start_in($main, "CALL call_log_fdw_sync('calls.call_log', 'copy')");
start_in($helper, $backfill);
my (undef, $helper_messages) = finish_in($helper);
my (undef, $main_messages) = finish_in($main);
my @sent = requests();

diag(sprintf '%d and %d requests, %.1f seconds', @sent[ 0, 1 ], time - $start);
unlike("$main_messages$helper_messages", qr/ERROR/, 'both succeed');
is(differences('copy'), 0, 'the copy is complete');
is($node->safe_psql('postgres', 'SELECT count(*) = count(DISTINCT id) FROM copy'),
	't', 'no call is there twice');
cmp_ok($sent[$_], '>', $pages / 4, "user $_ read a part of it") foreach 0, 1;
cmp_ok($sent[0] + $sent[1], '<=', $pages + 20, 'with hardly more requests');
is($node->safe_psql('postgres',
		'SELECT missing, bad_values, source FROM call_log_fdw_sync_state'),
	'{}|0|calls.call_log', 'the state is that of the source');
$_->clear_log foreach @simulators;
(undef, $main_messages) = run_in($main, "CALL call_log_fdw_sync('calls.call_log', 'copy')");
is_deeply([requests()], [ 2, 0, 0 ], 'and then two requests bring it up to date');
like($main_messages, qr/0 rows new or changed/, 'which have no changes');
(undef, $helper_messages) = run_in($helper, $backfill);
like($helper_messages, qr/0 requests in all/, 'nothing is left to backfill');

# Two backfills by themselves, which leave the newest calls to the other call
run_in($main,
	"DROP TABLE copy; CALL call_log_fdw_sync('calls.call_log', 'copy', $since, max_requests => 3)"
);
start_in($main, $backfill =~ s/more/calls/r);
start_in($helper, $backfill);
(undef, $helper_messages) = finish_in($helper);
(undef, $main_messages) = finish_in($main);
unlike("$main_messages$helper_messages", qr/ERROR/, 'two backfills succeed');
is($node->safe_psql('postgres',
		q{SELECT upper(missing) - lower(missing) < '11 minutes' FROM call_log_fdw_sync_state}),
	't', 'and read all but the last minutes');
run_in($main, "CALL call_log_fdw_sync('calls.call_log', 'copy')");
is(differences('copy'), 0, 'then the copy is complete');

# ----------
# Three users
# ----------

my $third = open_session($node);

run_in($main,
	"DROP TABLE copy; CALL call_log_fdw_sync('calls.call_log', 'copy', $since, max_requests => 3)"
);
$_->clear_log foreach @simulators;
$start = time;
start_in($main, "CALL call_log_fdw_sync('calls.call_log', 'copy')");
start_in($helper, $backfill);
start_in($third, $backfill =~ s/more/third/r);
my $messages = join '', map { (finish_in($_))[1] } $main, $helper, $third;
@sent = requests();

diag(sprintf '%d, %d and %d requests, %.1f seconds', @sent, time - $start);
unlike($messages, qr/ERROR/, 'all three succeed');
is(differences('copy'), 0, 'the copy is complete');
cmp_ok(max(@sent), '<', $pages / 2, 'each user reads about a third of it');
cmp_ok(sum(@sent), '<=', $pages + 30, 'with hardly more requests');
$third->quit;

# ----------
# Renames
# ----------

sub wait_for_request
{
	wait_until(
		'it waits for a response',
		sub {
			$node->safe_psql('postgres',
				q{SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Extension' AND query LIKE 'CALL%'});
		});
	return;
}

sub wait_for_lock
{
	wait_until(
		'it waits for the lock',
		sub {
			$node->safe_psql('postgres',
				q{SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'});
		});
	return;
}

# Start the copy, and freeze the API until it waits for a response
sub start_frozen
{
	$simulators[0]->freeze;
	start_in($main, "CALL call_log_fdw_sync('calls.call_log', 'archive.calls', $since)");
	wait_for_request();
	return;
}

sub rename_meanwhile
{
	my ($sql, $table) = @_;

	start_frozen();
	$node->safe_psql('postgres', $sql);
	$simulators[0]->thaw;
	my (undef, $messages) = finish_in($main);
	unlike($messages, qr/ERROR/, "$sql: it succeeds") or diag($messages);
	is(differences($table), 0, 'and is complete');
	is($node->safe_psql('postgres',
			q{SELECT target, missing FROM call_log_fdw_sync_state WHERE target <> 'copy'::regclass}),
		"$table|{}", 'and the state follows');
	$node->safe_psql('postgres', "DROP TABLE $table");
	return;
}

$simulators[0]->set(rate_limit => 1000);
$node->safe_psql('postgres', 'CREATE SCHEMA archive');
rename_meanwhile('ALTER SCHEMA archive RENAME TO renamed', 'renamed.calls');

# ----------
# TRUNCATE
# ----------

# It waits for the lock until the step ends, and is noticed by the next one, before
# the newest calls come again as changes
$node->safe_psql('postgres', 'ALTER SCHEMA renamed RENAME TO archive');
run_in($main, "CALL call_log_fdw_sync('calls.call_log', 'archive.calls', $since, max_requests => 5)");
start_frozen();
start_in($helper, 'TRUNCATE archive.calls');
wait_for_lock();
$simulators[0]->thaw;
finish_in($helper);
(undef, $main_messages) = finish_in($main);
like($main_messages, qr/ERROR:.* table archive\.calls was emptied during the copy/,
	'TRUNCATE is noticed during the copy');
(undef, $main_messages) = run_in($main, "CALL call_log_fdw_sync('calls.call_log', 'archive.calls')");
like($main_messages, qr/WARNING:.* table archive\.calls was emptied or replaced/,
	'the next call starts again');
is(differences('archive.calls'), 0, 'and completes the copy');

# ----------
# New columns
# ----------

# They are added between two steps of a backfill, which ends if its source lacks them
run_in($main,
	"DROP TABLE copy; CALL call_log_fdw_sync('calls.call_log', 'copy', $since, max_requests => 3)"
);
$node->safe_psql('postgres',
	q{ALTER FOREIGN TABLE calls.call_log ADD COLUMN host text OPTIONS (json_path 'from.device.uri')});
$simulators[1]->freeze;
start_in($helper, $backfill);
wait_for_request();
start_in($main, "CALL call_log_fdw_sync('calls.call_log', 'copy', add_columns => true)");
wait_for_lock();
$simulators[1]->thaw;
(undef, $helper_messages) = finish_in($helper);
(undef, $main_messages) = finish_in($main);
unlike($main_messages, qr/ERROR/, 'columns are added while another call backfills')
  or diag($main_messages);
like($helper_messages, qr/ERROR:.* more\.call_log lacks column "host"/,
	'which ends then');
is($node->safe_psql('postgres',
		q{SELECT count(*), count(*) FILTER (WHERE host IS DISTINCT FROM from_device_uri) FROM copy}),
	$node->safe_psql('postgres', q{SELECT count(*), 0 FROM truth WHERE start_time >= '2025-03-31'}),
	'and the columns are filled');

# ----------
# Changes
# ----------

# A backfill that has requested a call before it was changed or deleted does not
# replace what the other call has copied since.  Here the helper's user does not
# see these changes at all.
run_in($main, q{ALTER FOREIGN TABLE calls.call_log DROP COLUMN host; DROP TABLE copy});
run_in($main, "CALL call_log_fdw_sync('calls.call_log', 'copy', $since, max_requests => 3)");
my ($changed, $deleted) = split /\n/, $node->safe_psql(
	'postgres', q{
	SELECT id FROM truth WHERE start_time >= '2025-04-01' AND id NOT IN (SELECT id FROM copy)
	ORDER BY start_time LIMIT 2});
$simulators[0]->control('POST', 'rewrite', { id => $_, result => 'Newer' }) foreach $changed, $deleted;
run_in($main, "CALL call_log_fdw_sync('calls.call_log', 'copy', max_requests => 2)");
$simulators[0]->control('POST', 'delete', { id => $deleted });
run_in($main, "CALL call_log_fdw_sync('calls.call_log', 'copy', max_requests => 2)");
(undef, $helper_messages) = run_in($helper, $backfill);
unlike($helper_messages, qr/ERROR/, 'a backfill reads older versions of calls');
is($node->safe_psql('postgres', "SELECT result, deleted FROM copy WHERE id IN ('$changed', '$deleted') ORDER BY deleted"),
	"Newer|t\nNewer|", 'and does not replace newer ones');

$_->quit foreach $main, $helper;
done_testing();
