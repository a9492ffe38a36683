# A cancel request, statement_timeout or shutdown takes effect in a fraction of
# a second in every state of a scan, and all resources of the backend are
# released.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use IO::Socket::INET;
use PostgreSQL::Test::Utils;
use Simulator;
use Socket qw(SOMAXCONN);
use Test::More;
use Time::HiRes qw(time);

# Maximum time of a cancel, in seconds
my $limit = 0.25;

my $calls = 450;

my $simulator = Simulator->start(calls => $calls);
my $node = start_cluster(q{shared_preload_libraries = 'call_log_fdw'});

# ----------
# Servers that do not respond
# ----------

sub listen_on_loopback
{
	my ($backlog) = @_;
	return IO::Socket::INET->new(
		LocalAddr => '127.0.0.1',
		Listen => $backlog,
		Proto => 'tcp') // die "could not listen: $@";
}

# Fill the queue of a socket that accepts no connection, until it ignores new
# connections. Returns the sockets in the queue.
sub fill_queue
{
	my ($listener) = @_;
	my @guests;

	while (@guests < 64)
	{
		my $guest = IO::Socket::INET->new(
			PeerAddr => '127.0.0.1',
			PeerPort => $listener->sockport,
			Timeout => 0.5) // return @guests;
		push @guests, $guest;
	}
	die 'the queue of a listening socket does not fill';
}

my $black_hole = listen_on_loopback(1);
my @guests = fill_queue($black_hole);

# The kernel accepts connections, but no response is sent
my $mute = listen_on_loopback(SOMAXCONN);

# ----------
# The states that a scan can be in
# ----------

my %static = (access_token => $Simulator::access_token);

create_server($node, 'good', $simulator->url, mapping => \%static);
create_server($node, 'hole', 'http://127.0.0.1:' . $black_hole->sockport,
	mapping => \%static);
create_server($node, 'mute', 'https://127.0.0.1:' . $mute->sockport,
	mapping => \%static);
create_server($node, 'paged', $simulator->url,
	server => { page_size => 100, media_url => $simulator->media_url });
# one token and one budget serve all servers of the same URL, so these two have
# others
my $url = $simulator->url =~ s/127\.0\.0\.1/localhost/r;
create_server($node, 'login', $url);
create_server($node, 'limited', $url,
	server => { max_retries => 0 }, mapping => \%static);
create_server($node, 'busy', $simulator->url, mapping => \%static);
copy_truth($node, $simulator, 'good', 'truth');

my $count = $node->safe_psql('postgres', 'SELECT count(*) FROM truth');

# Another session that belongs to a state
my $guest;

# A session that logged in and dropped its token knows the limit of logins
sub hang_logins
{
	my ($session) = @_;

	run_in($session, 'SELECT count(*) FROM login.call_log');
	run_in($session, 'SELECT call_log_fdw_disconnect()');
	$simulator->clear_log;
	$simulator->fault('hang', times => 'always', match => '/oauth/token');
	return;
}

sub hang
{
	my (%parameters) = @_;
	return sub { $simulator->fault('hang', times => 'always', %parameters) };
}

# prepare causes the state; requests is their number in the simulator's log when
# the scan is in that state.
my @states = (
	{
		name => 'connecting to an address that never answers',
		schema => 'hole',
		requests => 0
	},
	{
		name => 'in a TLS handshake that never continues',
		schema => 'mute',
		requests => 0
	},
	{
		name => 'waiting for a response that is never sent',
		schema => 'paged',
		prepare => hang(match => '/call-log'),
		requests => 1
	},
	{
		name => 'reading a response that drips',
		schema => 'paged',
		prepare => sub {
			$simulator->fault(
				'drip',
				times => 'always',
				match => '/call-log',
				interval => 0.02);
		},
		requests => 1
	},
	{
		name => 'waiting for the second page',
		schema => 'paged',
		prepare => hang(match => '/call-log', skip => 1),
		requests => 2
	},
	{
		name => 'sleeping while the second page is prefetched',
		schema => 'paged',
		query => 'SELECT pg_sleep(60) FROM paged.call_log',
		prepare => hang(match => '/call-log', skip => 1),
		requests => 2,
		wait_event => 'PgSleep'
	},
	{
		name => 'logging in',
		schema => 'login',
		prepare => \&hang_logins,
		requests => 1
	},
	{
		name => q{waiting for another session's login},
		schema => 'login',
		prepare => sub {
			hang_logins(@_);
			my $session = open_session($node);
			$guest = { session => $session, pid => backend_pid($session) };
			start_in($session, 'SELECT count(*) FROM login.call_log');
			wait_until('another session logs in', sub { $simulator->logins });
		},
		requests => 1
	},
	{
		name => 'waiting for the request limit',
		schema => 'limited',
		prepare => sub {
			my ($session) = @_;
			$simulator->fault(
				'status',
				status => 429,
				retry_after => 600,
				header => 'X-Rate-Limit-Limit: 10',    # not of all budgets
				match => '/call-log');
			run_in($session, q{SET statement_timeout = '1s';
				SELECT count(*) FROM limited.call_log;
				RESET statement_timeout});
			$simulator->clear_log;
		},
		requests => 0
	},
	{
		name => 'waiting to retry',
		schema => 'busy',
		prepare => sub {
			$simulator->fault(
				'status',
				times => 'always',
				status => 503,
				retry_after => 600,
				match => '/call-log');
		},
		requests => 1
	},
	{
		name => 'downloading a recording that hangs',
		schema => 'paged',
		query => 'SELECT content FROM paged.recordings',
		prepare => hang(match => '/content'),
		requests => 2
	},
	{
		name => 'checking a server that does not respond',
		query => q{SELECT * FROM call_log_fdw_check('paged')},
		prepare => hang(match => '/call-log'),
		requests => 3
	},
	{
		name => 'downloading a recording that drips',
		schema => 'paged',
		query => 'SELECT content FROM paged.recordings',
		prepare => sub {
			$simulator->fault(
				'drip',
				times => 'always',
				match => '/content',
				interval => 0.02);
		},
		requests => 2
	});

sub query_of
{
	my ($state) = @_;
	return $state->{query} // "SELECT count(*) FROM $state->{schema}.call_log";
}

sub prepare
{
	my ($state, $session) = @_;

	# log in, except at the server that is not used otherwise
	run_in($session, 'SELECT count(*) FROM paged.call_log');
	$simulator->clear_log;
	$state->{prepare}->($session) if $state->{prepare};
	return;
}

# Restore the normal state, even if the cluster was stopped
sub leave
{
	my ($other) = @_;

	$simulator->clear_faults;
	if ($guest && $other)
	{
		run_in($other, "SELECT pg_cancel_backend($guest->{pid})");
		$guest->{session}->quit;
	}
	undef $guest;
	return;
}

sub check_session_works
{
	my ($session) = @_;
	my ($output, $error) =
	  run_in($session, 'SELECT count(*) FROM good.call_log');

	is($error, '', 'the next query of the session works');
	is($output, $count, 'and its result is correct');
	return;
}

sub check_requests
{
	my ($state) = @_;

	is(scalar($simulator->requests),
		$state->{requests}, 'the scan was in that state');
	return;
}

# ----------
# The tests
# ----------

sub test_statement_timeout
{
	my ($state, $other) = @_;
	my $session = open_session($node);
	my $timeout = 0.4;

	prepare($state, $session);
	run_in($session, "SET statement_timeout = '${timeout}s'");
	my $start = time;
	my (undef, $error) = run_in($session, query_of($state));
	my $elapsed = time - $start;
	run_in($session, 'RESET statement_timeout');

	like(
		$error,
		qr/^ERROR:  57014: canceling statement due to statement timeout/m,
		"statement_timeout while $state->{name}");
	cmp_ok($elapsed, '<', $timeout + $limit, 'it ends in time');
	check_requests($state);
	leave($other);
	check_session_works($session);
	$session->quit;
	return;
}

# Start the query, and wait until it is in the state to be interrupted
sub bring_into_state
{
	my ($state, $session, $pid) = @_;
	my $event =
	  $state->{wait_event}
	  ? "wait_event = '$state->{wait_event}'"
	  : "wait_event_type = 'Extension'";

	prepare($state, $session);
	start_in($session, query_of($state));
	wait_until("a scan is $state->{name}",
		sub { $simulator->requests >= $state->{requests} });
	$node->poll_query_until('postgres',
		"SELECT $event FROM pg_stat_activity WHERE pid = $pid")
	  or die "no scan is $state->{name}";
	return;
}

sub test_cancel
{
	my ($state, $other) = @_;
	my $session = open_session($node);
	my $pid = backend_pid($session);

	bring_into_state($state, $session, $pid);
	my $start = time;
	run_in($other, "SELECT pg_cancel_backend($pid)");
	my (undef, $error) = run_in($session, '');
	my $elapsed = time - $start;

	like(
		$error,
		qr/^ERROR:  57014: canceling statement due to user request/m,
		"pg_cancel_backend while $state->{name}");
	cmp_ok($elapsed, '<', $limit, 'it ends in time');
	check_requests($state);
	leave($other);
	check_session_works($session);
	$session->quit;
	return;
}

# Stop the cluster as pg_ctl does, and start it again; returns the time until
# the backend had exited
sub shut_down
{
	my ($pid) = @_;
	my $pid_file = $node->data_dir . '/postmaster.pid';
	my $start = time;

	kill 'INT', slurp_file($pid_file) =~ /^(\d+)/;
	wait_until('the backend is gone', sub { !-e "/proc/$pid" });
	my $elapsed = time - $start;
	leave();
	wait_until('the cluster is down', sub { !-e $pid_file });
	$node->stop('fast', fail_ok => 1);    # so that it knows
	$node->start;
	return $elapsed;
}

# Compared with an idle backend
sub test_shutdown
{
	my $idle = shut_down(backend_pid(open_session($node)));

	foreach my $state (@states)
	{
		my $session = open_session($node);
		my $pid = backend_pid($session);

		bring_into_state($state, $session, $pid);
		cmp_ok(shut_down($pid), '<', $idle + $limit,
			"shutdown while $state->{name} is answered in time");
	}
	return;
}

# Descriptors of sockets, epoll sets, timers and pipes.  PostgreSQL opens and
# closes files of its tables itself, so these are not counted; nor are idle
# connections, which are closed before.
sub descriptors
{
	my ($session, $pid) = @_;

	run_in($session, 'SELECT call_log_fdw_disconnect()');
	return grep { /^(socket|anon_inode|pipe):/ }
	  map { readlink($_) // '' } glob "/proc/$pid/fd/*";
}

# Resources of a backend: descriptors, memory contexts and the bytes in them,
# and private memory, which includes that of libcurl and json-c
sub holdings
{
	my ($session, $pid) = @_;
	my @descriptors = descriptors($session, $pid);
	my ($contexts) = run_in($session,
		'SELECT count(*), sum(used_bytes) FROM pg_backend_memory_contexts');
	my ($number, $bytes) = split /\|/, $contexts;

	return {
		descriptors => scalar(@descriptors),
		contexts => $number,
		bytes => $bytes,
		anonymous => memory_of($pid, 'RssAnon') };
}

sub cancel_many
{
	my ($state, $session, $n) = @_;
	my ($output, $error) =
	  run_in($session,
		"SET statement_timeout = '15ms';\n"
		  . (query_of($state) . ";\n") x $n
		  . 'RESET statement_timeout');
	my $canceled = () = $error =~ /^ERROR:  57014:/mg;

	is($canceled, $n, "$n scans canceled while $state->{name}");
	return;
}

# A number of scans in each of the states, all in one session
sub cancel_in_all_states
{
	my ($session, $other, $n) = @_;

	foreach my $state (@states)
	{
		prepare($state, $session);
		cancel_many($state, $session, $n);
		leave($other);
	}
	return;
}

sub test_leaks
{
	my ($other) = @_;
	my $session = open_session($node);
	my $pid = backend_pid($session);

	holdings($session, $pid);
	cancel_in_all_states($session, $other, 10) foreach 1 .. 2;
	my $before = holdings($session, $pid);
	cancel_in_all_states($session, $other, 1 + int(1000 / @states));
	my $after = holdings($session, $pid);

	is($after->{descriptors}, $before->{descriptors},
		'no descriptor is left open after a thousand canceled scans');
	cmp_ok($after->{contexts}, '<=', $before->{contexts},
		'no memory context is leaked');
	cmp_ok($after->{bytes} - $before->{bytes},
		'<', 8 * 1024, 'memory contexts do not grow');
	cmp_ok($after->{anonymous} - $before->{anonymous},
		'<', 2048, 'the memory of the process does not grow');
	diag("after a thousand canceled scans: " . join ', ',
		map { "$_ $before->{$_} -> $after->{$_}" } sort keys %$after);
	check_session_works($session);
	$session->quit;
	return;
}

test_shutdown();

my $other = open_session($node);

foreach my $state (@states)
{
	test_statement_timeout($state, $other);
	test_cancel($state, $other);
}
test_leaks($other);

$other->quit;
$node->stop;
done_testing();
