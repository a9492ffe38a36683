# All sessions together respect the request limit: there is no 429 if the budget
# is shared, no request is sent during a penalty, and waiters are served FIFO,
# even if others leave the queue.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use List::Util qw(first max sum);
use POSIX qw(ceil);
use Simulator;
use Test::More;
use Time::HiRes qw(time);

my %data = (calls => 150, seed => 3, days => 100);
my $page_size = 20;
my %static = (access_token => $Simulator::access_token);

# Rate limit headers of a 429 of a group
my $headers = join "\n", 'X-Rate-Limit-Group: heavy', 'X-Rate-Limit-Limit: 10',
  'X-Rate-Limit-Remaining: 0', 'X-Rate-Limit-Window: 1';

my $node = start_cluster(q{shared_preload_libraries = 'call_log_fdw'});
my $monitor = open_session($node);

# ----------
# Sessions
# ----------

# A new simulator with a server and a schema of that name: a budget of its own
sub start_api
{
	my ($name, $options, %parts) = @_;
	my $simulator = Simulator->start(%data, %$options);

	create_server(
		$node, $name,
		$simulator->url,
		server => { page_size => $page_size, %{ $parts{server} // {} } },
		mapping => $parts{mapping} // \%Simulator::login);
	return $simulator;
}

# One request: the ids of the newest page
sub page_of
{
	my ($schema) = @_;
	return "SELECT count(*) FROM $schema.call_log
		WHERE id = ANY (ARRAY(SELECT id FROM truth LIMIT 5))";
}

sub open_sessions
{
	my ($n) = @_;
	return map { open_session($node) } 1 .. $n;
}

# The same query in all sessions; returns [output, messages] of each
sub run_at_once
{
	my ($query, @sessions) = @_;

	start_in($_, $query) foreach @sessions;
	return map { [ finish_in($_) ] } @sessions;
}

sub look
{
	my ($query) = @_;
	my ($output) = run_in($monitor, $query);
	return $output;
}

sub state_of
{
	my ($pid) = @_;
	return look("SELECT state FROM call_log_fdw_activity WHERE pid = $pid");
}

sub wait_for_state
{
	my ($pid, $state) = @_;

	wait_until("a scan is $state", sub { state_of($pid) eq $state });
	return;
}

sub line_length
{
	my ($simulator) = @_;
	return look(q{SELECT coalesce(sum(waiting), 0) FROM call_log_fdw_rate_limits
		WHERE base_url = '} . $simulator->url . q{'});
}

sub errors_of
{
	my ($messages) = @_;
	return join "\n", grep { /^ERROR: / } split /\n/, $messages;
}

sub is_refused
{
	my ($request) = @_;
	return ($request->{status} // 0) == 429;
}

# Requests that count toward the limit
sub counted_requests
{
	my ($simulator) = @_;
	return grep { $_->{path} ne '/restapi' } $simulator->requests;
}

sub elapsed_in
{
	my (@requests) = @_;
	return $requests[-1]{at} - $requests[0]{at};
}

my $oracle = Simulator->start(%data);
create_server($node, 'oracle', $oracle->url, mapping => \%static);
copy_truth($node, $oracle, 'oracle', 'truth');
my $truth = look(fingerprint_of('truth'));
my ($calls) = $truth =~ /^(\d+)/;
my $pages = ceil($calls / $page_size);

sub check_right_rows
{
	my ($results, $name) = @_;

	is_deeply(
		[ map { $_->[0] } @$results ],
		[ ($truth) x @$results ],
		"$name: the right rows in each session");
	is(join('', map { errors_of($_->[1]) } @$results), '', "$name: no error");
	return;
}

sub is_shared
{
	return look(
		'SELECT bool_and(shared) FROM call_log_fdw_rate_limits') eq 't';
}

# ----------
# Throughput
# ----------

# Utilization of the limit: 1 is the maximum
sub note_throughput
{
	my ($name, $limit, $window, @requests) = @_;
	my $allowed = (ceil(@requests / $limit) - 1) * $window;
	my $elapsed = elapsed_in(@requests);

	diag(sprintf('%s: %d requests, %d of them refused, in %.1f s, %.2f of what '
			  . 'the limit allows', $name, scalar(@requests),
			scalar(grep { is_refused($_) } @requests), $elapsed,
			$allowed / $elapsed));
	return ($allowed, $elapsed);
}

sub test_throughput
{
	my ($limit, $window) = (10, 2);
	my $name = '8 sessions with one budget';
	my $simulator = start_api('busy',
		{ rate_limit => $limit, rate_window => $window, latency => 20 });
	my @sessions = open_sessions(8);

	my @results = run_at_once(fingerprint_of('busy.call_log'), @sessions);
	check_right_rows(\@results, $name);
	ok(is_shared(), "$name: the view shows that it is shared");
	is(scalar(grep { is_refused($_) } $simulator->requests),
		0, "$name: nothing was refused");
	is(scalar($simulator->logins), 1, "$name: one login");
	my @lists = $simulator->list_requests;
	is(scalar(@lists), 8 * $pages, "$name: no additional request");
	my ($allowed, $elapsed) = note_throughput($name, $limit, $window, @lists);
	cmp_ok($elapsed, '<', 2 * $allowed,
		"$name: at most twice the minimum time");
	is(line_length($simulator), 0, "$name: the queue is empty");
	is(look(qq{SELECT sum(requests) || ' ' || sum(refused)
			FROM call_log_fdw_stats WHERE throttling_group = 'heavy'
			AND base_url = '} . $simulator->url . q{'}),
		8 * $pages . ' 0', "$name: the view has counted them");
	$_->quit foreach @sessions;
	return;
}

test_throughput();

# ----------
# Fairness
# ----------

# Did request i use up the limit of its window?
sub is_last_of_window
{
	my ($i, $limit, $window, @requests) = @_;
	my $begin = $requests[$i]{at} - $window;

	return $limit <= grep { $_->{at} > $begin } @requests[ 0 .. $i ];
}

# Scans of many pages take a new ticket for each of them. When another waiter
# joins the queue, each of the others has at most one request before it, queued
# or in progress.  What they send beyond that leaves a request of the window to
# the waiter, which takes it when its process gets the CPU.
sub check_turn
{
	my ($simulator, $schema, $session, $limit, $others, $name) = @_;
	my $pid = backend_pid($session);
	my $earlier = $simulator->by_id_requests;

	start_in($session, page_of($schema));
	wait_until('it is in the queue',
		sub { state_of($pid) eq 'waiting for the request limit'
			  || $simulator->by_id_requests > $earlier });
	my $before = counted_requests($simulator);
	wait_until('it has sent its request',
		sub { $simulator->by_id_requests > $earlier });
	my @requests = counted_requests($simulator);
	my @turns = grep { $requests[$_]{path} =~ m{/call-log/} } 0 .. $#requests;
	my @in_its_place =
	  grep { is_last_of_window($_, $limit, 1, @requests) }
	  $before .. $turns[-1] - 1;
	cmp_ok(scalar(@in_its_place), '<=', $others,
		"$name: it waits for at most one request of each other session");
	my ($output) = finish_in($session);
	is($output, 5, "$name: the right rows");
	return;
}

# A number of endless scans; the requests alternate
sub test_fairness
{
	my ($limit, $scans) = @_;
	my $schema = "fair_${limit}_$scans";
	my $simulator = start_api($schema, { rate_limit => $limit, rate_window => 1 },
		server => { page_size => 1 }, mapping => \%static);
	my @scans = open_sessions($scans);
	my $session = open_session($node);
	my $pids = join ', ', map { backend_pid($_) } @scans;

	run_in($session, page_of($schema));
	start_in($_, "SELECT count(*) FROM $schema.call_log") foreach @scans;
	wait_until('all wait', sub {
			look(qq{SELECT count(*) FROM call_log_fdw_activity
				WHERE pid IN ($pids) AND requests > 0}) == $scans });
	check_turn($simulator, $schema, $session, $limit, $scans,
		"limit of $limit, $scans scans, query $_") foreach 1 .. 5;
	is(look("SELECT count(*) FROM call_log_fdw_activity WHERE pid IN ($pids)"),
		$scans, "limit of $limit: the other scans continued");
	look("SELECT pg_cancel_backend(pid) FROM call_log_fdw_activity
		WHERE pid IN ($pids)");
	finish_in($_) foreach @scans;
	$_->quit foreach @scans, $session;
	return;
}

test_fairness(10, 1);
test_fairness(3, 3);
test_fairness(2, 5);

# Background sessions leave a part of the limit to others, which get their
# responses without a wait
sub test_leaving
{
	my $simulator = start_api('leave', { rate_limit => 4, rate_window => 600 },
		server => { page_size => 1 }, mapping => \%static);
	my ($background, @others) = open_sessions(3);
	my $pid = backend_pid($background);

	run_in($background, 'SET call_log_fdw.leave_requests = 2');
	start_in($background, 'SELECT count(*) FROM leave.call_log');
	wait_for_state($pid, 'waiting for the request limit');
	is(scalar($simulator->list_requests), 2, 'two of four requests are left');
	foreach my $session (@others)
	{
		my ($output, $messages) = run_in($session, page_of('leave'));
		is($output, 5, 'for others, which get their rows');
		is($messages, '', 'without a wait');
	}
	is(scalar($simulator->list_requests), 2, 'and no more of it are sent');
	look("SELECT pg_cancel_backend($pid)");
	finish_in($background);
	$_->quit foreach $background, @others;
	return;
}

test_leaving();

# It continues nevertheless, with any number of other sessions
sub test_patience
{
	my $simulator = start_api('patience', { rate_limit => 3, rate_window => 1 },
		server => { page_size => 1 }, mapping => \%static);
	my ($background, @others) = open_sessions(5);
	my $pids = join ', ', map { backend_pid($_) } $background, @others;
	my $day = q{start_time >= '2000-01-01'};

	run_in($background, 'SET call_log_fdw.leave_requests = 100');
	start_in($_, 'SELECT count(*) FROM patience.call_log') foreach @others;
	start_in($background, "SELECT count(*) FROM patience.call_log WHERE $day");
	wait_until('the background session sends requests repeatedly', sub {
			2 < grep { $_->{query} =~ /dateFrom=1999-12-31/ }
			  $simulator->list_requests });
	is(scalar(grep { is_refused($_) } $simulator->requests),
		0, 'and all respect the limit');
	look("SELECT pg_cancel_backend(pid) FROM call_log_fdw_activity WHERE pid IN ($pids)");
	finish_in($_) foreach $background, @others;
	$_->quit foreach $background, @others;
	return;
}

test_patience();

# The limit may differ from the documented one, and other clients may have used
# it up: until the first response, only one request at a time is sent
sub test_first_answer
{
	my $simulator = start_api('first',
		{ rate_limit => 2, rate_window => 1, latency => 200 },
		mapping => \%static);
	my @sessions = open_sessions(5);

	run_in($_, page_of('oracle')) foreach @sessions;
	my @results = run_at_once(page_of('first'), @sessions);
	is_deeply([ map { $_->[0] } @results ],
		[ (5) x @results ], 'an unknown limit: correct rows');
	is(scalar(grep { is_refused($_) } $simulator->requests),
		0, 'an unknown limit: nothing is refused');
	$_->quit foreach @sessions;
	return;
}

test_first_answer();

# Waiters are served FIFO, also when the queue is longer than the limit
sub test_order
{
	my $simulator = start_api('line', { rate_limit => 1, rate_window => 1 },
		mapping => \%static);
	my @ids = split /\n/, look('SELECT id FROM truth ORDER BY id LIMIT 6');
	my @sessions = open_sessions(scalar @ids);

	run_in($_, page_of('oracle')) foreach @sessions;
	$simulator->fault('status', status => 429, retry_after => 4,
		header => $headers =~ s/Limit: 10/Limit: 1/r);
	start_in($sessions[0], "SELECT FROM line.call_log WHERE id = '$ids[0]'");
	wait_until('the first one is refused', sub { $simulator->by_id_requests });
	foreach my $i (1 .. $#ids)
	{
		wait_until("$i are in the queue", sub { line_length($simulator) == $i });
		start_in($sessions[$i], "SELECT FROM line.call_log WHERE id = '$ids[$i]'");
	}
	finish_in($_) foreach @sessions;
	my @requests = grep { !is_refused($_) } $simulator->by_id_requests;
	is_deeply([ map { $_->{path} =~ s{.*/}{}r } @requests ],
		\@ids, 'a long queue is served FIFO');
	is(scalar(grep { is_refused($_) } $simulator->by_id_requests),
		1, 'and respects the limit');
	$_->quit foreach @sessions;
	return;
}

test_order();

# ----------
# Penalties
# ----------

# All sessions wait during a penalty; returns the messages of each session
sub wait_out_penalty
{
	my ($simulator, $schema, $penalty, %fault) = @_;
	my @sessions = open_sessions(3);
	my $pid = backend_pid($sessions[0]);

	run_in($_, page_of($schema)) foreach @sessions;
	$simulator->clear_log;
	$simulator->fault('status', status => 429, retry_after => $penalty,
		match => '/call-log', %fault);
	start_in($sessions[0], page_of($schema));
	wait_until('one is refused', sub { $simulator->requests });
	wait_for_state($pid, 'waiting for the request limit');
	start_in($_, page_of($schema)) foreach @sessions[ 1, 2 ];
	my @results = map { [ finish_in($_) ] } @sessions;
	$_->quit foreach @sessions;
	return @results;
}

sub test_penalty
{
	my $penalty = 4;
	my $simulator = start_api('penalty', {});
	my @results = wait_out_penalty($simulator, 'penalty', $penalty,
		header => $headers);

	foreach my $i (0 .. $#results)
	{
		my ($output, $messages) = @{ $results[$i] };
		is($output, 5, "a penalty, session $i: the right rows");
		like(
			$messages,
			qr/^NOTICE:  00000: waiting \d seconds for RingCentral's request limit/m,
			"a penalty, session $i: a NOTICE about the wait");
		like($messages, qr/^DETAIL:  A request was refused/m, 'and why');
	}
	my @requests = $simulator->requests;
	is_deeply([ map { $_->{status} } @requests ],
		[ 429, 207, 207, 207 ], 'one request of each after the penalty');
	cmp_ok($requests[1]{at} - $requests[0]{at},
		'>=', $penalty, 'and none before its end');
	return;
}

test_penalty();

# Roles with tokens of their own have budgets of their own. closes: does a 429
# with those headers close the other budgets as well?
sub test_other_accounts
{
	my ($closes, $name, %fault) = @_;
	my $schema = $closes ? 'by_address' : 'by_group';
	my $simulator = start_api($schema, {}, server => { max_rate_wait => '10s' });
	my ($session) = open_sessions(1);
	my @roles = map { "${schema}_$_" } qw(known new);

	foreach my $role (@roles)
	{
		$node->safe_psql('postgres', qq{
			CREATE ROLE $role;
			GRANT USAGE ON SCHEMA $schema TO $role;
			GRANT SELECT ON $schema.call_log, truth TO $role;
			CREATE USER MAPPING FOR $role SERVER $schema
				OPTIONS (access_token '$Simulator::access_token');
			ALTER USER MAPPING FOR CURRENT_USER SERVER $schema
				OPTIONS (SET jwt '$Simulator::login{jwt}');
		});
	}
	$node->safe_psql('postgres', qq{
		ALTER USER MAPPING FOR $roles[1] SERVER $schema
			OPTIONS (SET access_token 'another-token')});
	run_in($session, page_of($schema));
	run_in($session, "SET ROLE $roles[0]; " . page_of($schema));
	run_in($session, 'RESET ROLE');
	$simulator->fault('status', status => 429, retry_after => 600,
		match => '/call-log', %fault);
	my (undef, $error) = run_in($session, page_of($schema));
	like($error, qr/^ERROR:  53400: wait of \d+ seconds/m,
		"$name: the refused session waits");
	$simulator->clear_log;
	check_budget_of($session, $simulator, $schema, $_, $closes, $name)
	  foreach @roles;
	my $logins = $simulator->logins;
	run_in($session, 'SELECT call_log_fdw_disconnect()');
	(undef, $error) = run_in($session, page_of($schema));
	is($simulator->logins - $logins, $closes ? 0 : 1,
		"$name: a login is " . ($closes ? 'not ' : '') . 'sent');
	$session->quit;
	return;
}

sub check_budget_of
{
	my ($session, $simulator, $schema, $role, $closed, $name) = @_;

	$simulator->clear_log;
	my (undef, $error) =
	  run_in($session, "SET ROLE $role; " . page_of($schema));
	run_in($session, 'RESET ROLE');
	is(scalar($simulator->by_id_requests) > 0 ? 'open' : 'closed',
		$closed ? 'closed' : 'open', "$name: the budget of $role");
	like($error, qr/^ERROR:  53400: wait of \d+ seconds/m,
		"$name: $role gets a NOTICE with the duration") if $closed;
	return;
}

test_other_accounts(0, 'a 429 of a group', header => $headers);
test_other_accounts(1, 'a 429 without a limit');

# RingCentral refuses concurrent identical requests; that is not a rate limit
sub test_duplicate_request
{
	my $simulator = start_api('duplicate', {},
		server => { max_rate_wait => '10s' });
	my @results = wait_out_penalty($simulator, 'duplicate', 600,
		code => 'CMN-304');

	is_deeply([ map { $_->[0] } @results ],
		[ 5, 5, 5 ], 'CMN-304: the right rows, without the penalty');
	my @requests = $simulator->requests;
	cmp_ok($requests[1]{at} - $requests[0]{at},
		'>=', 1, 'CMN-304: after a pause');
	return;
}

# ----------
# max_rate_wait
# ----------

sub test_max_rate_wait
{
	my $simulator = start_api('patient', { rate_limit => 2, rate_window => 1 },
		server => { max_rate_wait => '20s' });
	my @sessions = open_sessions(2);

	my ($output, $error) = run_in($sessions[0], fingerprint_of('patient.call_log'));
	is($output, $truth, 'waits shorter than max_rate_wait: the right rows');
	run_in($sessions[1], page_of('patient'));
	$simulator->fault('status', status => 429, retry_after => 600,
		header => $headers, match => '/call-log');
	run_in($sessions[0], page_of('patient'));
	$simulator->clear_log;
	foreach my $session (@sessions)
	{
		(undef, $error) = run_in($session, fingerprint_of('patient.call_log'));
		like(
			$error,
			qr/^ERROR:  53400: wait of \d+ seconds for RingCentral's request limit exceeds max_rate_wait/m,
			'a wait longer than max_rate_wait is an error');
		unlike($error, qr/NOTICE/, 'without a NOTICE of a wait');
	}
	is(scalar($simulator->requests), 0, 'before anything is sent');
	is(line_length($simulator), 0, 'and without joining the queue');
	$_->quit foreach @sessions;
	return;
}

test_duplicate_request();
test_max_rate_wait();

# Logins have a limit of their own, and messages name the limit
sub test_login_limit
{
	my $simulator = start_api('logins', { rate_limit => 2, rate_window => 600 },
		server => { max_rate_wait => '10s' });
	my ($session) = open_sessions(1);
	my $error;

	foreach (1 .. 3)
	{
		(undef, $error) = run_in($session, page_of('logins'));
		run_in($session, 'SELECT call_log_fdw_disconnect()');
	}
	like(
		$error,
		qr/^ERROR:  53400: wait of \d+ seconds for RingCentral's login limit exceeds max_rate_wait\nDETAIL:  The limit is 2 logins in 600 seconds\./m,
		'the limit of logins is named');
	is(scalar($simulator->logins), 2, 'and kept');
	$session->quit;
	return;
}

test_login_limit();

# ----------
# Canceled scans
# ----------

my %static_refusal = (
	status => 429,
	retry_after => 600,
	header => $headers,
	times => 'always');

# State of a scan, and the fault that causes it
my %waits = (
	'waiting for a response' => [ 'hang', times => 'always' ],
	'waiting for the request limit' => [ 'status', %static_refusal ],
	'waiting to retry' =>
	  [ 'status', status => 503, retry_after => 600, times => 'always' ]);

# A number of scans; half end by a timeout, half by a cancel
sub cancel_scans
{
	my ($session, $pid, $schema, $state, $n) = @_;
	my $timeouts = int($n * 0.9);
	my (undef, $error) = run_in($session,
		"SET statement_timeout = '10ms';\n"
		  . (page_of($schema) . ";\n") x $timeouts
		  . 'RESET statement_timeout');
	my $canceled = () = $error =~ /^ERROR:  57014:/mg;

	foreach (1 .. $n - $timeouts)
	{
		start_in($session, page_of($schema));
		wait_for_state($pid, $state);
		look("SELECT pg_cancel_backend($pid)");
		(undef, $error) = finish_in($session);
		$canceled++ if $error =~ /^ERROR:  57014:.*user request/m;
	}
	is($canceled, $n, "$n scans canceled while $state");
	return;
}

# For leaks in the backend see t/001
sub test_canceled
{
	my ($state) = @_;
	my $schema = $state =~ s/ /_/gr;
	my $simulator = start_api($schema, {}, mapping => \%static);
	my ($session) = open_sessions(1);
	my $pid = backend_pid($session);
	my ($kind, @parameters) = @{ $waits{$state} };

	run_in($session, page_of($schema));
	$simulator->fault($kind, match => '/call-log', @parameters);
	cancel_scans($session, $pid, $schema, $state, 20);
	is(look('SELECT count(*) FROM call_log_fdw_activity'),
		0, "canceled while $state: the activity view is empty");
	is(line_length($simulator), 0, "canceled while $state: so is the queue")
	  or diag(look('SELECT * FROM call_log_fdw_rate_limits'));
	$session->quit;
	return;
}

test_canceled($_) foreach sort keys %waits;

# ----------
# Without shared memory
# ----------

# Each backend knows its own requests only. Penalties are more likely, but
# refused sessions back off with jitter, and all succeed.
sub test_without_shared_memory
{
	my ($limit, $window) = (10, 1);
	my $name = 'sessions without shared memory';
	my $simulator = start_api('lonely',
		{ rate_limit => $limit, rate_window => $window, latency => 20 },
		server => { max_retries => 20 });
	my @sessions = open_sessions(6);

	my @results = run_at_once(fingerprint_of('lonely.call_log'), @sessions);
	check_right_rows(\@results, $name);
	ok(!is_shared(), "$name: the view shows it");
	my @lists = $simulator->list_requests;
	note_throughput($name, $limit, $window, @lists);
	is(scalar(grep { !is_refused($_) } @lists), 6 * $pages,
		"$name: no additional requests except refused ones");
	$simulator->fault('status', status => 429, retry_after => 3,
		header => $headers, match => '/call-log');
	my (undef, $messages) = run_in($sessions[0], page_of('lonely'));
	like($messages, qr/^HINT:  Add call_log_fdw to shared_preload_libraries and restart the server/m,
		"$name: a NOTICE says how they share the limit");
	$_->quit foreach @sessions;
	return;
}

# As of PostgreSQL 17 shared memory is always available
SKIP:
{
	skip 'the budget is always shared', 1 if $node->pg_version >= 17;
	$monitor->quit;
	$node->append_conf('postgresql.conf', q{shared_preload_libraries = ''});
	$node->restart;
	$monitor = open_session($node);
	run_in($monitor, fingerprint_of('oracle.call_log'));
	test_without_shared_memory();
}

$monitor->quit;
$node->stop;
done_testing();
