# Copies against an API that changes while it is copied, refuses tokens, tells of
# deletions in few words or twice, fails, and is asked with limits and cancelled:
# whatever the history, the copy ends as the truth.  The exceptions are named:
# values that do not fit are NULL, and of a deleted call what was known is kept.
#
# CALL_LOG_TEST_HISTORIES=5000 runs that many, CALL_LOG_TEST_SEED others; a failed
# history is repeated alone with CALL_LOG_TEST_HISTORIES=1 and its seed.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use POSIX qw(strftime);
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;

my $histories = $ENV{CALL_LOG_TEST_HISTORIES} // 25;
my $first_seed = $ENV{CALL_LOG_TEST_SEED} // 1;

my $clock = 1774958400;    # 2026-03-31 12:00 UTC
my $days = 20;
my $simulator = Simulator->start(clock => '2026-03-31T12:00:00Z', calls => 10);
my $node = start_cluster(q{shared_preload_libraries = 'call_log_fdw'},
	q{timezone = 'UTC'}, 'fsync = off', 'autovacuum = off');
create_server($node, 'calls', $simulator->url,
	server => { page_size => 10, max_requests => 1000, newest_first => 'true' });
import_tables($node, 'calls', 'mine', 'extension');

my $session = open_session($node);
my $file = PostgreSQL::Test::Utils::tempdir() . '/truth.csv';
my @story;    # of the history at hand
my $forgotten;    # has RingCentral refused a token, or left out dates?

run_in($session, 'CREATE TABLE truth (LIKE calls.call_log); SET client_min_messages = notice');

sub add_line
{
	push @story, join ' ', @_;
	return;
}

sub one_of
{
	return $_[ int rand @_ ];
}

sub time_ago
{
	my ($seconds) = @_;
	return strftime('%Y-%m-%dT%H:%M:%SZ', gmtime($clock - $seconds));
}

sub random_time
{
	return time_ago(60 + int rand $days * 86400);
}

# ----------
# What the API does
# ----------

my @ids;

sub change
{
	my ($name, %parameters) = @_;

	add_line($name, %parameters);
	$simulator->control('POST', $name, \%parameters);
	return;
}

my @changes = (
	sub { change('rewrite', id => one_of(@ids), result => one_of('Accepted', 'Missed')) },
	sub { change('rewrite', id => one_of(@ids), startTime => random_time()) },
	sub { change('appear', startTime => random_time(), result => 'Late') },
	sub { change('appear', startTime => time_ago(1)) },
	sub { change('delete', id => one_of(@ids)) });

# A record with a value that does not fit
sub inject_bad_record
{
	my $time = random_time();
	my $id = 'bad' . int rand 1e6;

	add_line('bad record', $id, $time);
	$simulator->inject($time,
		qq({"id": "$id", "startTime": "$time", "duration": {"s": 1}, "from": {"name": "a\\u0000"}, "lastModifiedTime": "2026-03-31T12:00:00.001Z"}));
	return;
}

sub fail_for_a_while
{
	my ($kind, @parameters) = @{ one_of(
			[ 'status', status => 503, retry_after => 0 ],
			[ 'status', status => 500, retry_after => 0 ],
			['reset'], ['close'], ['truncate'],
			[ 'status', status => 401, code => 'OAU-128' ]) };

	add_line('fault', $kind, @parameters);
	$simulator->fault(
		$kind,
		match => '/call-log',
		skip => int rand 6,
		@parameters);
	return;
}

# How it takes what is not documented; refused tokens are forgotten deletions
my @oddities = (
	[ sync_tokens_expire => 'on', 'off' ],
	[ sync_error_code => 'own', 'CLG-103', 'CMN-101' ],
	[ sync_repeats => 'on', 'off' ],
	[ sync_modified => 'own', 'equal', 'missing' ],
	[ tombstones => 'on', 'off' ],
	[ extract_reach => 0, 1 ],
	[ bounds => 'inclusive', 'exclusive', 'seconds' ],
	[ short_pages => 'on', 'off' ]);

sub behave_oddly
{
	my ($name, @values) = @{ one_of(@oddities) };
	my $value = one_of(@values);

	add_line('set', $name, $value);
	$forgotten = 1
	  if $name eq 'sync_tokens_expire' && $value eq 'on'
	  || $name eq 'sync_modified' && $value ne 'own';
	$simulator->set($name => $value);
	return;
}

# ----------
# Calls of the procedure
# ----------

my ($schema, $since);

# Run it; returns whether it succeeded, and whether all was done
sub sync
{
	my (%parameters) = @_;
	my $list = join '', map { ", $_ => $parameters{$_}" } sort keys %parameters;

	add_line('sync', $list);
	my (undef, $messages) = run_in($session,
		"CALL call_log_fdw_sync('$schema.call_log', 'copy', since => '$since'$list)");
	add_line(' ' . ($messages =~ s/\n/ /gr));
	return ($messages !~ /ERROR/, $messages !~ /stopped by/, $messages);
}

sub sync_somehow
{
	my %parameters;

	$parameters{max_requests} = 1 + int rand 5 if rand() < 0.5;
	$parameters{newest_first} = 'false' if rand() < 0.3;
	$parameters{recheck} = "'@{[1 + int rand $days]} days'" if rand() < 0.2;
	my ($ok, undef, $messages) = sync(%parameters);
	return $ok || $messages =~ /RingCentral did not answer|connection to RingCentral|answered (500|503)/;
}

# Cancelled somewhere
sub cancel_sync
{
	run_in($session, 'SET statement_timeout = ' . (3 + int rand 60));
	sync();
	run_in($session, 'RESET statement_timeout');
	return;
}

# ----------
# Histories
# ----------

sub compare
{
	my $level = $schema eq 'mine' ? 'extension' : 'account';

	$simulator->control('DELETE', 'records');
	$simulator->write_truth($file, view => 'detailed', deleted => 'true',
		level => $level);
	my ($result, $error) = run_in(
		$session, qq{
		TRUNCATE truth;
		COPY truth FROM '$file' (FORMAT csv, HEADER, ENCODING 'UTF8');
		DELETE FROM truth WHERE start_time < '$since';
		SELECT 'live', count(*) FROM (
			(SELECT * FROM truth WHERE deleted IS NOT TRUE EXCEPT ALL SELECT * FROM copy WHERE deleted IS NOT TRUE AND id NOT LIKE 'bad%' AND start_time >= '$since') UNION ALL
			(SELECT * FROM copy WHERE deleted IS NOT TRUE AND id NOT LIKE 'bad%' AND start_time >= '$since' EXCEPT ALL SELECT * FROM truth WHERE deleted IS NOT TRUE)) x
		UNION ALL SELECT 'twice', count(*) - count(DISTINCT id) FROM copy
		UNION ALL SELECT 'nulls', count(*) FROM copy WHERE id LIKE 'bad%' AND (duration IS NOT NULL OR from_name IS NULL);
	});
	return "$result$error";
}

sub is_equal
{
	my ($result) = @_;
	return $result eq "live|0\ntwice|0\nnulls|0";
}

sub run_history
{
	my ($seed) = @_;

	srand($seed);
	@story = ("seed $seed");
	$forgotten = 0;
	$simulator->reset(
		calls => 40 + int rand 80,
		days => $days,
		seed => $seed);
	$schema = one_of('calls', 'calls', 'mine');
	$since = time_ago((5 + rand $days) * 86400);
	@ids = map { $_->[0] } $simulator->truth_index;
	my $page_size = 3 + int rand 30;
	my $sorted = one_of('true', 'true', 'false');
	my $limit = one_of(1000, 1000, 2 + int rand 5);
	my $unique = one_of('PRIMARY KEY (id)', 'UNIQUE (id)');
	add_line($schema, $since, "page_size $page_size, newest_first $sorted, max_requests $limit");
	run_in(
		$session, qq{
		ALTER SERVER calls OPTIONS (SET page_size '$page_size', SET newest_first '$sorted', SET max_requests '$limit');
		DROP TABLE IF EXISTS copy;
		CREATE TABLE copy (LIKE calls.call_log, $unique);
		SELECT call_log_fdw_disconnect();
	});

	my @actions = (
		$changes[0], $changes[0], @changes, @changes, \&inject_bad_record,
		\&fail_for_a_while, \&behave_oddly, \&behave_oddly, \&cancel_sync);
	my $ok = 1;

	foreach (1 .. 3 + int rand 6)
	{
		one_of(@actions)->() foreach 1 .. 1 + int rand 4;
		if (rand() < 0.3)
		{
			add_line('churn');
			$simulator->churn(rate => 0.5, seed => $seed, match => '/call-log');
			$ok &&= sync_somehow();
			$simulator->stop_churn;
		}
		else
		{
			$ok &&= sync_somehow();
		}
	}
	return "a run failed\n" unless $ok;
	return end_history();
}

# In the end all is well with the API, and all of the log is compared
sub end_history
{
	$simulator->clear_faults;
	$simulator->set(
		sync_tokens_expire => 'off',
		extract_reach => 0,
		sync_repeats => 'off');
	foreach (1 .. 200)
	{
		my ($ok, $done) = sync();

		return "a run failed\n" unless $ok;
		last if $done;
		return "no end\n" if $_ == 200;
	}

	# Without a token, deletions of older calls are not reported; and records
	# may have come without their last_modified_time
	my $result = $forgotten ? '' : compare();
	return "without recheck: $result" unless $result eq '' || is_equal($result);

	foreach (1 .. 200)
	{
		my ($ok, $done) = sync(
			recheck => "'100 days'",
			mark_absent => 'true',
			max_requests => 1000);

		return "the last run failed\n" unless $ok;
		last if $done;
	}
	return compare();
}

my $failed = 0;
foreach my $seed ($first_seed .. $first_seed + $histories - 1)
{
	my $result = run_history($seed);

	next if is_equal($result);
	$failed++;
	diag(join "\n", map({ s/ LOCATION:[^:]*:\d+//gr } @story[ 0 .. ($#story < 60 ? $#story : 60) ]), $result);
	last if $failed == 3;
}
is($failed, 0, "$histories histories end as the truth");

my ($recovered) = run_in($session, 'SELECT count(*) FROM call_log_fdw_sync_state');
is($recovered, 1, 'the state of tables that are gone is not shown');
$session->quit;
done_testing();
