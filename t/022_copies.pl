# Random histories of copies: calls are inserted, edited, moved to another start
# and deleted, with tombstones or without; records are bad, tokens rejected with
# each error code, requests and recordings fail; runs are limited by each kind of
# max_requests, canceled, killed, or backfills; the copy is emptied.  Whatever the history, the copy
# ends equal to the truth.  The exceptions are explicit: values that cannot be
# converted are NULL, columns of deleted calls are kept, and recordings that are
# not available are recorded as problems.
#
# CALL_LOG_TEST_HISTORIES is the number of histories, CALL_LOG_TEST_SEED the seed
# of the first one.  To repeat a history, use its seed and a number of 1.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use IPC::Run;
use POSIX qw(strftime);
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;
use Time::HiRes qw(sleep);

my $histories = $ENV{CALL_LOG_TEST_HISTORIES} // 25;
my $first_seed = $ENV{CALL_LOG_TEST_SEED} // 1;

my $clock = 1774958400;    # 2026-03-31 12:00 UTC
my $days = 20;
my $simulator = Simulator->start(clock => '2026-03-31T12:00:00Z', calls => 10);
my $node = start_cluster(q{shared_preload_libraries = 'call_log_fdw'},
	q{timezone = 'UTC'}, 'fsync = off', 'autovacuum = off',
	'restart_after_crash = on');
create_server($node, 'calls', $simulator->url,
	server => {
		media_url => $simulator->media_url,
		page_size => 10,
		max_requests => 1000,
		newest_first => 'true'
	});
import_tables($node, 'calls', 'mine', 'extension');

my $session;
my $file = PostgreSQL::Test::Utils::tempdir() . '/truth.csv';
my @story;    # of the current history
my $forgotten;    # were changes lost with or without a token, or dates left out?
my $killed = 0;

$node->safe_psql('postgres', 'CREATE TABLE truth (LIKE calls.call_log)');
begin_session();

sub begin_session
{
	$session = open_session($node);
	return;
}

sub add_line
{
	push @story, join ' ', @_;
	$forgotten = 1 if $story[-1] =~ /could not obtain a token/;
	note($story[-1]);
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

# A record with values that do not fit, or one that cannot be copied
sub inject_bad_record
{
	my $time = random_time();
	my $id = 'bad.' . int rand 1e6;    # unlike those of the simulator
	my $long = join '', map { sprintf '%08x', int rand 2**32 } 1 .. 2500;
	my $values = q("duration": {"s": 1}, "from": {"name": "a\u0000"}, "lastModifiedTime": "2026-03-31T12:00:00.001Z");
	my $record = one_of(
		(qq({"id": "$id", "startTime": "$time", $values})) x 3,
		qq({"id": "$id", "startTime": "$time", $values, "legs": [null, 5], "extension": "x"}),
		qq({"id": "bad.$long", "startTime": "$time", $values}),
		qq({"id": {"x": "$id"}, "startTime": "$time", $values}),
		qq({"id": "$id", $values}), qq({"startTime": "$time", $values}),
		'{}', '[]', 'null', '5', '"x"');

	add_line('bad record', $time, substr($record, 0, 200));
	$simulator->inject($time, $record);
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

# What is not documented; changes before a rejected token may be lost
my @oddities = (
	[ sync_tokens_expire => 'on', 'off' ],
	[
		sync_error_code => 'own', 'CLG-101', 'CLG-102', 'CLG-103', 'CLG-104',
		'CLG-105', 'CMN-101'
	],
	[ sync_frame => 'all', 'records' ],
	[ sync_repeats => 'on', 'off' ],
	[ sync_modified => 'own', 'equal', 'missing' ],
	[ tombstones => 'on', 'off' ],
	[ extract_reach => 0, 1 ],
	[ extract_deleted => 'refused', 'parameter', 'always' ],
	[ deleted_by_id => 'on', 'off' ],
	[ bounds => 'inclusive', 'exclusive', 'seconds' ],
	[ short_pages => 'on', 'off' ]);

sub behave_oddly
{
	my ($name, @values) = @{ one_of(@oddities) };
	my $value = one_of(@values);

	add_line('set', $name, $value);
	$forgotten = 1
	  if $name eq 'sync_tokens_expire' && $value eq 'on'
	  || $name eq 'sync_frame' && $value eq 'records'
	  || $name eq 'sync_modified' && $value ne 'own';
	$simulator->set($name => $value);
	return;
}

# ----------
# Calls of the procedure
# ----------

my ($source, $since, %always);

sub call_statement
{
	my (%parameters) = (since => "'$since'", %always, @_);

	delete $parameters{since} if $parameters{backfill_only};
	return "CALL call_log_fdw_sync('$source', 'copy'"
	  . join('', map { ", $_ => $parameters{$_}" } sort keys %parameters) . ')';
}

# Run it; returns whether it succeeded, whether all was done, and its messages
sub sync
{
	my $statement = call_statement(@_);

	add_line($statement);
	my (undef, $messages) = run_in($session, $statement);
	add_line(' ' . ($messages =~ s/\n/ /gr));
	return ($messages !~ /ERROR/, $messages !~ /stopped by/, $messages);
}

# Errors of the API, and of a backfill that comes first
my $expected = qr/RingCentral did not answer|connection to RingCentral|answered (401|500|503)|no part of the call log has been copied|ERROR:[^\n]* was emptied or replaced/;

sub sync_somehow
{
	my %parameters;

	$parameters{max_requests} = 1 + int rand 5 if rand() < 0.5;
	$parameters{max_bytes} = int rand 500_000 if rand() < 0.1;
	$parameters{newest_first} = 'false' if rand() < 0.3;
	$parameters{recheck} = "'@{[1 + int rand $days]} days'" if rand() < 0.2;
	if (rand() < 0.2)
	{
		delete $parameters{recheck};
		$parameters{backfill_only} = 'true';
	}
	my ($ok, undef, $messages) = sync(%parameters);
	return $ok || $messages =~ $expected;
}

# Canceled at some time
sub cancel_sync
{
	run_in($session, 'SET statement_timeout = ' . (3 + int rand 60));
	sync();

	# RESET may be canceled, too
	wait_until(
		'there is no timeout',
		sub {
			run_in($session, 'RESET statement_timeout');
			return (run_in($session, 'SHOW statement_timeout'))[0] eq '0';
		});
	return;
}

# Start it in another session
sub begin_sync
{
	my ($statement, $out) = @_;

	return IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', $statement ],
		'<', \undef, '>', $out, '2>', $out);
}

# The copy is emptied meanwhile
sub empty_copy
{
	my $statement = call_statement();
	my $out = '';
	my $run = begin_sync($statement, \$out);

	add_line($statement, 'and TRUNCATE');
	sleep rand 0.15;
	run_in($session, 'TRUNCATE copy');
	IPC::Run::finish($run);
	add_line(' ' . ($out =~ s/\n/ /gr));
	return;
}

# Its backend is killed at some time, or the server stopped
sub kill_sync
{
	my $statement = call_statement();
	my $how = one_of('backend', 'server');
	my $out = '';
	my $run = begin_sync($statement, \$out);

	add_line($statement, 'killed:', $how);
	sleep rand 0.15;
	my ($pid) = run_in($session,
		q{SELECT pid FROM pg_stat_activity WHERE query LIKE 'CALL call_log_fdw_sync%'});
	if ($how eq 'backend' && $pid)
	{
		kill 'KILL', $pid;
	}
	else
	{
		$node->stop('immediate');
		$node->start;
	}
	IPC::Run::finish($run);
	add_line(' ' . ($out =~ s/\n/ /gr));
	wait_until('the server accepts connections',
		sub { eval { $node->psql('postgres', 'SELECT 1') == 0 } });
	eval { $session->quit };
	begin_session();
	$killed++;
	return;
}

# ----------
# Histories
# ----------

sub compare
{
	my $level = $source =~ /^mine/ ? 'extension' : 'account';

	$simulator->control('DELETE', 'records');
	$simulator->write_truth($file, view => 'detailed', deleted => 'true',
		level => $level);
	my ($result, $error) = run_in(
		$session, qq{
		TRUNCATE truth;
		COPY truth FROM '$file' (FORMAT csv, HEADER, ENCODING 'UTF8');
		DELETE FROM truth WHERE start_time < '$since';
		SELECT 'live', count(*) FROM (
			(SELECT * FROM truth WHERE deleted IS NOT TRUE EXCEPT ALL SELECT * FROM copy WHERE deleted IS NOT TRUE AND id NOT LIKE 'bad.%' AND start_time >= '$since') UNION ALL
			(SELECT * FROM copy WHERE deleted IS NOT TRUE AND id NOT LIKE 'bad.%' AND start_time >= '$since' EXCEPT ALL SELECT * FROM truth WHERE deleted IS NOT TRUE)) x
		UNION ALL SELECT 'twice', count(*) - count(DISTINCT id) FROM copy
		UNION ALL SELECT 'nulls', count(*) FROM copy WHERE id LIKE 'bad.%' AND (duration IS NOT NULL OR from_name IS NULL);
	});
	show_differences() unless is_equal("$result$error");
	return "$result$error";
}

# Versions of the calls that differ
sub show_differences
{
	my ($lines) = run_in(
		$session, q{
		SELECT coalesce(t.id, c.id), t.start_time, c.start_time, t.last_modified_time, c.last_modified_time, t.result, c.result, t.deleted, c.deleted
		FROM truth t FULL JOIN copy c ON c.id = t.id
		WHERE t IS DISTINCT FROM c AND coalesce(c.id, '') NOT LIKE 'bad.%'
		LIMIT 10;
	});
	add_line($_) foreach split /\n/, $lines;
	return;
}

sub is_equal
{
	my ($result) = @_;
	return $result eq "live|0\ntwice|0\nnulls|0";
}

# The value of the option max_requests, or none
sub set_limit
{
	my ($object, $limit) = @_;

	run_in($session, "ALTER $object OPTIONS (DROP max_requests)");
	run_in($session, "ALTER $object OPTIONS (ADD max_requests '$limit')") if $limit;
	add_line($object, 'max_requests', $limit) if $limit;
	return;
}

# A new data set and an empty copy, with random properties
sub begin_history
{
	my ($seed, $table) = @_;

	@story = ();
	add_line('seed', $seed);
	$forgotten = 0;
	%always = ();
	$simulator->reset(
		calls => 40 + int rand 80,
		days => $days,
		seed => $seed);
	my $last_source = $source // '';
	$source = $table // one_of('calls.call_log', 'calls.call_log', 'mine.call_log');

	# otherwise the copy replaces the one of the last history
	run_in($session, 'DELETE FROM call_log_fdw_copies')
	  if $source ne $last_source || rand() < 0.5;
	$since = time_ago((5 + rand $days) * 86400);
	@ids = map { $_->[0] } $simulator->truth_index;
	$always{delete_rows} = 'true' if rand() < 0.2;
	my $page_size = 3 + int rand 30;
	my $sorted = one_of('true', 'true', 'false');
	my $unique = one_of('PRIMARY KEY (id)', 'UNIQUE (id)');
	add_line("page_size $page_size, newest_first $sorted, $unique");
	run_in(
		$session, qq{
		ALTER SERVER calls OPTIONS (SET page_size '$page_size', SET newest_first '$sorted');
		DROP TABLE IF EXISTS copy;
		CREATE TABLE copy (LIKE $source, $unique);
		SELECT call_log_fdw_disconnect();
	});
	set_limit('SERVER calls', one_of(0, 0, 1 + int rand 6));
	set_limit("FOREIGN TABLE $source", one_of(0, 0, 1 + int rand 6));
	return;
}

# Random actions and runs; returns whether the runs succeeded
sub run_actions
{
	my (@actions) = @_;
	my $kill_after = rand() < 0.1 ? int rand 6 : -1;

	foreach my $run (1 .. 3 + int rand 6)
	{
		one_of(@actions)->() foreach 1 .. 1 + int rand 4;
		kill_sync() if $run == $kill_after;
		my $churns = $source =~ /call_log/ && rand() < 0.3;
		if ($churns)
		{
			add_line('churn');
			$simulator->churn(rate => 0.5, seed => int rand 1e6, match => '/call-log');
		}
		my $ok = sync_somehow();
		$simulator->stop_churn if $churns;
		return 0 unless $ok;
	}
	return 1;
}

sub run_history
{
	my ($seed) = @_;

	srand($seed);
	return run_recordings_history($seed) if rand() < 0.15;
	begin_history($seed);
	return "a run failed\n"
	  unless run_actions(
		$changes[0], $changes[0], @changes, @changes, \&inject_bad_record,
		\&fail_for_a_while, \&behave_oddly, \&behave_oddly, \&behave_oddly,
		\&cancel_sync, \&empty_copy);
	return end_history();
}

# Is there anything left to read?
sub is_complete
{
	my ($missing) = run_in($session, 'SELECT missing, absent FROM call_log_fdw_copies');
	return $missing eq '{}|{}';
}

# Call until all has been read, however low the limits are, and then without them,
# to be up to date; returns an error, or an empty string
sub finish_copy
{
	my (%parameters) = @_;

	foreach (1 .. 1000)
	{
		my ($ok, $done) = sync(%parameters);

		return "a run failed\n" unless $ok;
		return '' if $done;
		delete $parameters{recheck};
		last if is_complete();
	}
	return "no end\n" unless is_complete();
	my ($ok, $done) = sync(%parameters, max_requests => 1000);
	return $ok && $done ? '' : "the last run failed\n";
}

# In the end the API works again, and the whole copy is compared
sub end_history
{
	$simulator->clear_faults;
	$simulator->set(
		sync_tokens_expire => 'off',
		extract_reach => 0,
		sync_repeats => 'off');
	my $error = finish_copy();
	return $error if $error;

	# Without a token, deletions of older calls are not reported; and records
	# may have come without their last_modified_time
	my $result = $forgotten ? '' : compare();
	return "without recheck: $result" unless $result eq '' || is_equal($result);

	return finish_copy(
		recheck => "'100 days'",
		mark_absent => 'true',
		max_requests => 1000) || compare();
}

# ----------
# Histories of recordings
# ----------

my @recordings;

sub break_recording
{
	my %defect = (
		id => one_of(@recordings),
		state => one_of('missing', 'forbidden', 'failing', 'empty', 'html'),
		part => one_of('content', 'details', 'both'));

	$defect{times} = 1 + int rand 3 if rand() < 0.5;
	add_line('recording', %defect);
	$simulator->control('POST', 'recording', \%defect);
	return;
}

# Statements that load the truth
sub load_recordings
{
	$simulator->write_truth($file, resource => 'recordings');
	return qq{
		SET client_min_messages = warning;
		DROP TABLE IF EXISTS true_recordings;
		RESET client_min_messages;
		CREATE TEMPORARY TABLE true_recordings (LIKE calls.recordings);
		COPY true_recordings FROM '$file' (FORMAT csv, HEADER, ENCODING 'UTF8');
		DELETE FROM true_recordings WHERE call_start_time < '$since';
	};
}

# The time of the next attempts has come
sub retry_all
{
	add_line('retry');
	run_in($session, q{UPDATE call_log_fdw_problems SET next_at = '2026-03-01'});
	return;
}

sub run_recordings_history
{
	my ($seed) = @_;

	begin_history($seed, 'calls.recordings');
	delete $always{delete_rows};
	my ($ids, $error) = run_in($session, load_recordings() . 'SELECT id FROM true_recordings');
	return $error if $error =~ /ERROR/;
	@recordings = split /\n/, $ids;
	return finish_copy() || "live|0\ntwice|0\nnulls|0" unless @recordings;
	run_actions(\&break_recording, \&break_recording, \&break_recording,
		\&fail_for_a_while, \&retry_all, \&cancel_sync);

	# All are available but one, which stays recorded as a problem
	$simulator->clear_faults;
	$simulator->control('POST', 'recording', { id => $_, state => 'ready' }) foreach @recordings;
	my $broken = one_of(@recordings);
	$simulator->control('POST', 'recording', { id => $broken, state => one_of('missing', 'forbidden', 'empty', 'html') });
	retry_all();
	run_in($session, "UPDATE copy SET content = NULL, content_type = NULL, duration = NULL WHERE id = '$broken'");
	$error = finish_copy(recheck => "'100 days'");
	return $error if $error;
	my ($result, $messages) = run_in(
		$session, load_recordings() . qq{
		UPDATE true_recordings SET content = NULL, content_type = NULL, duration = NULL WHERE id = '$broken';
		SELECT 'live', count(*) FROM ((TABLE true_recordings EXCEPT ALL TABLE copy) UNION ALL (TABLE copy EXCEPT ALL TABLE true_recordings)) x
		UNION ALL SELECT 'twice', count(*) - count(DISTINCT id) FROM copy
		UNION ALL SELECT 'nulls', abs(1 - count(*)) FROM call_log_fdw_sync_problems WHERE id = '$broken';
	});
	my ($lines) = run_in(
		$session, q{
		SELECT coalesce(t.id, c.id), t.content_type, c.content_type, t.duration, c.duration, length(t.content), length(c.content)
		FROM true_recordings t FULL JOIN copy c ON c.id = t.id AND c.call_id = t.call_id
		WHERE t IS DISTINCT FROM c;
	});
	add_line($_) foreach split /\n/, $lines;
	return "$result$messages";
}

my $failed = 0;
foreach my $seed ($first_seed .. $first_seed + $histories - 1)
{
	my $result = run_history($seed);

	next if is_equal($result);
	$failed++;
	my ($state) = run_in($session, 'SELECT c FROM call_log_fdw_copies c');
	splice @story, 50, -50, '...' if @story > 100;
	diag(join "\n", map({ s/ LOCATION:[^:]*:\d+//gr } @story), $state, $result);
	last if $failed == 3;
}
is($failed, 0, "$histories histories from seed $first_seed on end as the truth");
diag("$histories histories from seed $first_seed on, with $killed crashes");

my ($recovered) = run_in($session, 'SELECT count(*) FROM call_log_fdw_sync_state');
is($recovered, 1, 'the state of tables that are gone is not shown');
$session->quit;
done_testing();
