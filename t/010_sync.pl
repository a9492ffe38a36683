# call_log_fdw_sync with rate limits, failures and concurrent changes: killed at
# five random moments, the copy equals the truth in the end, with hardly more
# requests than necessary; and only one call runs at a time.
#
# CALL_LOG_TEST_CALLS=200000 sets the size, CALL_LOG_TEST_SEED the seed.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use IPC::Run;
use List::Util qw(max min);
use POSIX qw(ceil strftime);
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;
use Time::HiRes qw(sleep time);

my $calls = $ENV{CALL_LOG_TEST_CALLS} // 12000;
my $seed = $ENV{CALL_LOG_TEST_SEED} // 6;
my $page_size = max(100, min(1000, int($calls / 200)));
my $days = 300;
my $kills = 5;

srand($seed);
diag("$calls calls, $page_size on a page, seed $seed");

# Ten requests per second instead of per minute; a token that expires repeatedly
my $simulator = Simulator->start(
	calls => $calls,
	days => $days,
	seed => $seed,
	rate_limit => 10,
	rate_window => 1,
	token_ttl => 4);
my $node = start_cluster(
	q{shared_preload_libraries = 'call_log_fdw'},
	'restart_after_crash = on',
	'max_wal_size = 8GB');

create_server($node, 'calls', $simulator->url,
	server => { page_size => $page_size });
$node->safe_psql(
	'postgres', q{
	ALTER FOREIGN TABLE calls.call_log OPTIONS (ADD show_deleted 'true');
});

# ----------
# Behavior of the API
# ----------

my @ids = map { $_->[0] } $simulator->truth_index;

sub random_id
{
	return $ids[ int rand @ids ];
}

sub random_time
{
	return strftime('%Y-%m-%dT%H:%M:%SZ',
		gmtime(time - 60 - int rand $days * 86400));
}

sub change
{
	my ($name, %parameters) = @_;
	$simulator->control('POST', $name, \%parameters);
	return;
}

my @changes = (
	sub { change('rewrite', id => random_id(), result => 'Accepted') },
	sub {
		change(
			'rewrite',
			id => random_id(),
			startTime => random_time(),
			direction => 'Inbound');
	},
	sub { change('appear', startTime => random_time(), result => 'Late') },
	sub { change('appear', startTime => strftime('%Y-%m-%dT%H:%M:%SZ', gmtime)) },
	sub { change('delete', id => random_id()) });

# Transient failures after a number of requests
sub schedule_faults
{
	my ($requests) = @_;
	my @faults = (
		[ 'status', status => 503, retry_after => 0 ],
		[ 'status', status => 500, retry_after => 0 ],
		['reset'], ['close'], ['truncate'],
		[ 'status', status => 401, code => 'OAU-128' ]);

	foreach my $fault (@faults)
	{
		my ($kind, @parameters) = @$fault;
		$simulator->fault(
			$kind,
			match => '/call-log',
			skip => int rand $requests,
			@parameters);
	}
	return;
}

# Requests that count toward the limit, without logins
sub requests
{
	return $simulator->requests('/call-log');
}

# ----------
# Calls of the procedure
# ----------

my $sync = q{CALL call_log_fdw_sync('calls.call_log', 'copy')};

# Start a call in a separate session
sub begin_sync
{
	my ($statement) = @_;
	my %sync = (out => '', err => '');

	$sync{run} = IPC::Run::start(
		[
			'psql', '-XAtq', '-d', $node->connstr('postgres'),
			'-c', $statement // $sync
		],
		'<', \undef, '>', \$sync{out}, '2>', \$sync{err});
	return \%sync;
}

# Wait for its end; returns its exit status and messages
sub end_sync
{
	my ($sync) = @_;

	IPC::Run::finish($sync->{run});
	return ($sync->{run}->full_result(0), $sync->{err});
}

sub run_sync
{
	my ($statement) = @_;
	my ($status, $messages) = end_sync(begin_sync($statement));

	is($status, 0, 'the call succeeds') or diag($messages);
	return $messages;
}

sub sync_pid
{
	return $node->safe_psql('postgres',
		q{SELECT pid FROM pg_stat_activity WHERE query LIKE 'CALL call_log_fdw_sync%'}
	);
}

# Number of rows that exist only in the copy or only in the truth.  Comparing
# digests is faster than comparing wide rows, and no weaker: equal columns have
# equal text.
sub differences
{
	my $file = PostgreSQL::Test::Utils::tempdir() . '/truth.csv';

	$simulator->write_truth($file, view => 'detailed', deleted => 'true');
	return $node->safe_psql(
		'postgres', qq{
		CREATE TEMPORARY TABLE truth (LIKE calls.call_log);
		COPY truth FROM '$file' (FORMAT csv, HEADER, ENCODING 'UTF8');
		SELECT coalesce(sum(abs(surplus)), 0) FROM (
			SELECT sum(side) AS surplus FROM (
				SELECT md5(truth::text) AS digest, 1 AS side FROM truth
				UNION ALL SELECT md5(copy::text), -1 FROM copy) x
			GROUP BY digest) y;
	});
}

# ----------
# Killed at random moments
# ----------

# Calls change while it runs, until a total number of requests has been sent
sub change_calls_until
{
	my ($sync, $n) = @_;
	my $every = ceil($calls / $page_size / 40);
	my $next = 0;

	wait_until(
		"$n requests were sent",
		sub {
			my $sent = requests();

			if ($sent >= $next)
			{
				$changes[ int rand @changes ]->();
				$next = $sent + $every;
			}
			return $sent >= $n || !IPC::Run::pumpable($sync->{run});
		});
	return;
}

sub kill_after
{
	my ($n) = @_;
	my $sync = begin_sync();

	change_calls_until($sync, $n);
	sleep rand 0.3;    # somewhere between that request and one of the next
	kill 'KILL', sync_pid();
	my ($status, $messages) = end_sync($sync);
	isnt($status, 0, "killed after $n requests");

	# psql may exit before it has read its input, which is an error here
	wait_until('the cluster is back',
		sub { eval { $node->psql('postgres', 'SELECT 1') == 0 } });
	return;
}

my $least = ceil($calls / $page_size) + 1;
my @moments = sort { $a <=> $b } map { 2 + int rand $least - 4 } 1 .. $kills;
my $start = time;

schedule_faults($least);
foreach my $moment (0 .. $#moments)
{
	$simulator->set(sync_tokens_expire => $moment == 2 ? 'on' : 'off');
	kill_after($moments[$moment]);
}
$simulator->set(sync_tokens_expire => 'off');
my $messages = run_sync();
my $seconds = time - $start;
my @requests = requests();

# Deletions were not reported while RingCentral rejected the token
run_sync(q{CALL call_log_fdw_sync('calls.call_log', 'copy', recheck => '301 days')});

is(differences(), 0, "after $kills kills the copy is the truth");
my @good = grep { ($_->{status} // 0) == 200 } @requests;
diag(sprintf
	  '%d requests, of which %d were answered; at least %d are needed; %.0f seconds',
	scalar(@requests), scalar(@good), $least, $seconds);
cmp_ok(scalar(@good), '<=', $least * 1.05 + 3 * $kills,
	'for hardly more requests than necessary');

$simulator->clear_log;
$messages = run_sync();
is(scalar(requests()), 2,
	'right afterwards, one request for changes and one for deletions');
like($messages, qr/0 rows new or changed/, 'and no changes');

$_->() foreach @changes;
$simulator->clear_log;
run_sync();
is(scalar(requests()), 2, 'after some changes, two requests');
is(differences(), 0, 'and the copy is the truth again');

# ----------
# Concurrent calls
# ----------

sub test_two_at_once
{
	$simulator->clear_log;
	$simulator->fault('hang', match => '/call-log');
	my $first = begin_sync();
	wait_until('a request hangs', sub { requests() == 1 });
	my $pid = sync_pid();
	my ($status, $error) = end_sync(begin_sync($sync));

	isnt($status, 0, 'a second call at the same time fails');
	like($error, qr/^ERROR:  table public\.copy is being synced by another session$/m,
		'and states why');
	like($error, qr/^DETAIL:  Process $pid holds the lock\.$/m, 'and names the process');
	is(scalar(requests()), 1, 'it sends nothing');

	$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
	($status, $error) = end_sync($first);
	like($error, qr/canceling statement due to user request/,
		'the first one can be canceled');
	run_sync();
	return;
}

test_two_at_once();

# ----------
# Backup and restore
# ----------

sub test_restore
{
	my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';

	$node->command_ok(
		[ 'pg_dump', '-d', $node->connstr('postgres'), '-f', $dump ],
		'pg_dump');
	$node->safe_psql('postgres', 'CREATE DATABASE restored');
	$node->command_ok(
		[
			'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-q',
			'-d', $node->connstr('restored'), '-f', $dump
		],
		'restore');
	$simulator->clear_log;
	$node->safe_psql('restored', $sync);
	is(scalar(requests()), 2, 'a restored copy continues');
	return;
}

test_restore();

# The owner of a database, not a superuser, dumps and restores it with the state
# of its copies
sub test_owner
{
	my $dump = PostgreSQL::Test::Utils::tempdir() . '/owned.sql';
	my $server = options_clause(base_url => $simulator->url);
	my $mapping = options_clause(%Simulator::login);
	my @psql = ('psql', '-X', '-q', '-d');

	$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN');
	foreach my $name ('owned', 'moved')
	{
		$node->safe_psql('postgres', "CREATE DATABASE $name OWNER owner");
		$node->safe_psql(
			$name, q{
			CREATE EXTENSION call_log_fdw;
			GRANT USAGE ON FOREIGN DATA WRAPPER call_log_fdw TO owner});
	}
	my $as_owner = sub { $node->connstr($_[0]) . ' user=owner' };
	$node->command_ok(
		[
			@psql, $as_owner->('owned'), '-v', 'ON_ERROR_STOP=1',
			'-c', "CREATE SERVER calls FOREIGN DATA WRAPPER call_log_fdw $server",
			'-c', "CREATE USER MAPPING FOR owner SERVER calls $mapping",
			'-c', 'CREATE SCHEMA calls',
			'-c', 'IMPORT FOREIGN SCHEMA account FROM SERVER calls INTO calls',
			'-c', q{CALL call_log_fdw_sync('calls.call_log', 'calls.copy', since => CURRENT_DATE - 3)}
		],
		'a copy of an ordinary role');
	$node->command_ok(
		[ 'pg_dump', '-d', $as_owner->('owned'), '-f', $dump ],
		'pg_dump by the owner of the database');

	# it may not comment on the extension, which exists already
	$node->command_ok([ @psql, $as_owner->('moved'), '-f', $dump ],
		'restore by that owner');
	$simulator->clear_log;
	$node->command_ok(
		[
			@psql, $as_owner->('moved'),
			'-c', q{CALL call_log_fdw_sync('calls.call_log', 'calls.copy')}
		],
		'the restored copy is kept');
	is(scalar(requests()), 2, 'and continued');
	return;
}

test_owner();

done_testing();
