# One login serves all sessions with the same credentials, even if the session
# that logs in fails; a crash in any state is cleaned up; no view and no log
# line shows a secret.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;

my %data = (calls => 60, seed => 5, days => 100);
my $sessions = 5;

my $simulator = Simulator->start(%data);
my $node = start_cluster(
	q{shared_preload_libraries = 'call_log_fdw'},
	'restart_after_crash = on',
	'log_min_messages = debug5',
	'log_statement = none');

create_server($node, 'calls', $simulator->url,
	server => { media_url => $simulator->media_url });
copy_truth($node, $simulator, 'calls', 'truth');

my $scan = fingerprint_of('calls.call_log');
my $truth = $node->safe_psql('postgres', fingerprint_of('truth'));

# No token, no faults, an empty log
sub begin
{
	my $session = open_session($node);

	$simulator->clear_faults;
	forget_token($session, 'calls');
	$session->quit;
	$simulator->clear_log;
	return;
}

sub in_state
{
	my ($state) = @_;
	return $node->safe_psql('postgres',
		"SELECT count(*) FROM call_log_fdw_activity WHERE state = '$state'");
}

# Several sessions need a token; the first one logs in
sub start_logins
{
	my @all = map { open_session($node) } 1 .. $sessions;

	start_in($all[0], $scan);
	wait_until('one logs in', sub { $simulator->logins });
	start_in($_, $scan) foreach @all[ 1 .. $#all ];
	wait_until('all sessions need a token',
		sub { in_state('logging in') == $sessions });
	return @all;
}

sub finish
{
	my (@all) = @_;
	my @results = map { [ finish_in($_) ] } @all;

	$messages .= "@$_\n" foreach @results;
	return @results;
}

sub check_right_rows
{
	my ($name, @results) = @_;

	is_deeply([ map { $_->[0] } @results ],
		[ ($truth) x @results ], "$name: the right rows");
	return;
}

# ----------
# Logins
# ----------

sub test_login_that_ends
{
	my ($how, $function) = @_;

	begin();
	$simulator->fault('hang', match => '/oauth');
	my ($first, @others) = start_logins();
	my $pid = $node->safe_psql('postgres',
		'SELECT pid FROM call_log_fdw_activity ORDER BY scan_start LIMIT 1');
	$node->safe_psql('postgres', "SELECT $function($pid)");

	check_right_rows("$how: all others succeed", finish(@others));
	is(scalar($simulator->logins), 2, "$how: with one login");
	$_->quit foreach @others;
	return;
}

test_login_that_ends('the login is canceled', 'pg_cancel_backend');
test_login_that_ends('the login ends with its session',
	'pg_terminate_backend');

# A session that waits for another one's login raises a NOTICE after a second
sub test_notice
{
	begin();
	$simulator->fault('hang', match => '/oauth');
	my ($first, @others) = start_logins();
	sleep 2;
	$node->safe_psql('postgres', 'SELECT pg_cancel_backend(pid)
		FROM call_log_fdw_activity ORDER BY scan_start LIMIT 1');
	my @results = finish(@others);
	is(scalar(grep { $_->[1] =~ /^NOTICE:  00000: waiting for another session's login/m }
			@results), $sessions - 1, 'a wait for another login raises a NOTICE');
	$_->quit foreach $first, @others;
	return;
}

test_notice();

sub test_refused_login
{
	begin();
	$simulator->fault('status', match => '/oauth', status => 400,
		code => 'OAU-153');
	$simulator->freeze;
	my @all = map { open_session($node) } 1 .. $sessions;
	start_in($_, $scan) foreach @all;
	wait_until('all sessions need a token',
		sub { in_state('logging in') == $sessions });
	$simulator->thaw;
	my @results = finish(@all);

	is(scalar(grep { $_->[1] =~ /^ERROR:  28000: RingCentral answered 400/m }
			@results), $sessions, 'a refused login: the same error for all');
	is(scalar($simulator->logins), 1, 'after one request');
	check_right_rows('the next query logs in again', [ ask($all[0], $scan) ]);
	is(scalar($simulator->logins), 2, 'once');
	$_->quit foreach @all;
	return;
}

test_refused_login();

# One session has a token, the others a newer one, and the API rejects both
sub test_lost_tokens
{
	begin();
	my ($old, $new) = map { open_session($node) } 1 .. 2;
	ask($old, $scan);
	$simulator->reset;
	ask($new, $scan);
	$simulator->reset;
	$simulator->clear_log;
	check_right_rows('two tokens that are revoked, one after the other',
		[ ask($old, $scan) ]);
	is(scalar($simulator->logins), 1, 'one login replaces both');
	$_->quit foreach $old, $new;
	return;
}

test_lost_tokens();

sub test_lost_token
{
	begin();
	my @all = map { open_session($node) } 1 .. $sessions;
	ask($_, $scan) foreach @all;
	is(scalar($simulator->logins), 1, 'one login for all of them');
	is(scalar(grep { $_->{path} eq '/restapi' } $simulator->requests),
		0, 'which also determines the clock offset');
	$simulator->reset;
	start_in($_, $scan) foreach @all;
	check_right_rows('a token that is revoked', finish(@all));
	is(scalar($simulator->logins), 1, 'one login replaces it');
	$_->quit foreach @all;
	return;
}

test_lost_token();

# It is revoked while sessions wait for the request limit: the first one gets a
# 401, the others check the shared token after taking a slot
sub test_token_lost_while_waiting
{
	my $limited = Simulator->start(%data, rate_limit => 1, rate_window => 1);
	my @all = map { open_session($node) } 1 .. $sessions;

	create_server($node, 'limited', $limited->url);
	my $query = "SELECT count(*) FROM limited.call_log
		WHERE id = (SELECT id FROM truth LIMIT 1)";
	ask($_, $query) foreach @all;
	start_in($_, $query) foreach @all;
	wait_until('all but one wait for the limit',
		sub { in_state('waiting for the request limit') >= $sessions - 1 });
	$limited->reset;
	my @results = finish(@all);
	is_deeply([ map { $_->[0] } @results ],
		[ (1) x @results ], 'a token that is revoked during a wait: the right rows');
	cmp_ok(scalar(grep { $_->{status} == 401 } $limited->requests),
		'<=', 1, 'a token that is revoked during a wait: one request with it');
	$_->quit foreach @all;
	return;
}

test_token_lost_while_waiting();

# ----------
# Which sessions can use a token
# ----------

sub set_jwt
{
	my ($jwt) = @_;
	$node->safe_psql('postgres',
		"ALTER USER MAPPING FOR CURRENT_USER SERVER calls OPTIONS (SET jwt '$jwt')");
	return;
}

sub test_changed_mapping
{
	my $session = open_session($node);

	ask($session, $scan);
	set_jwt('not.the.jwt');
	my (undef, $error) = ask($session, $scan);
	like($error, qr/^ERROR:  28000: /,
		'a changed user mapping takes effect at once, the old token is not used');
	set_jwt($Simulator::login{jwt});
	check_right_rows('changed back', [ ask($session, $scan) ]);
	$session->quit;
	return;
}

test_changed_mapping();

# The token of a user mapping that is dropped is wiped, even if no session that
# used it exists: the next one with the same credentials has to log in
sub test_dropped_mapping
{
	my %drops = (
		'a dropped user mapping' =>
		  'DROP USER MAPPING FOR CURRENT_USER SERVER dropped',
		'a dropped server' => 'DROP SERVER dropped CASCADE; DROP SCHEMA dropped');

	foreach my $what (sort keys %drops)
	{
		begin();
		$node->safe_psql('postgres', 'DROP SERVER IF EXISTS dropped CASCADE;
			DROP SCHEMA IF EXISTS dropped CASCADE');
		create_server($node, 'dropped', $simulator->url);
		$node->safe_psql('postgres', 'SELECT count(*) FROM dropped.call_log')
		  foreach 1 .. 2;
		is(scalar($simulator->logins), 1, "$what: one login before");
		$node->safe_psql('postgres', $drops{$what});
		$node->safe_psql('postgres', $scan);
		is(scalar($simulator->logins), 2, "$what: its token is gone");
	}
	return;
}

test_dropped_mapping();

sub test_other_role
{
	my $session = open_session($node);
	my $options = "client_id '$Simulator::login{client_id}',"
	  . " client_secret '$Simulator::login{client_secret}'";

	$node->safe_psql('postgres', qq{
		CREATE ROLE stranger;
		GRANT USAGE ON SCHEMA calls TO stranger;
		GRANT SELECT ON calls.call_log TO stranger;
		CREATE USER MAPPING FOR stranger SERVER calls
			OPTIONS ($options, jwt 'not.the.jwt')});
	ask($session, $scan);
	my (undef, $error) = ask($session, "SET ROLE stranger; $scan");
	like($error, qr/^ERROR:  28000: /,
		'a session without all of the credentials cannot use the token');
	ask($session, 'SELECT * FROM call_log_fdw_rate_limits');
	ask($session, 'SELECT * FROM call_log_fdw_stats');
	ask($session, 'SELECT * FROM call_log_fdw_activity');
	ask($session, 'RESET ROLE');
	ask($session, "SELECT * FROM $_")
	  foreach qw(call_log_fdw_rate_limits call_log_fdw_stats
	  call_log_fdw_activity call_log_fdw_check('calls'));
	$session->quit;
	return;
}

test_other_role();

# ----------
# Crashes
# ----------

# State of the scan in the view, and the fault that causes it
my @crashes = (
	[ 'waiting for a response', 'hang', match => '/call-log', times => 'always' ],
	[ 'waiting for a response', 'drip', match => '/call-log', times => 'always' ],
	[ 'waiting for a response', 'hang', match => '/content', times => 'always' ],
	[ 'logging in', 'hang', match => '/oauth', times => 'always' ],
	[
		'waiting for the request limit', 'status',
		match => '/call-log',
		times => 'always',
		status => 429,
		retry_after => 600
	],
	[
		'waiting to retry', 'status',
		match => '/call-log',
		times => 'always',
		status => 503,
		retry_after => 600
	]);

# Kill one of several sessions in the state; nothing remains of the sessions
# terminated with it
sub crash_in
{
	my ($state, $kind, %fault) = @_;
	my $name = "killed while $state ($kind $fault{match})";

	begin();
	my @all = map { open_session($node) } 1 .. 2;
	foreach my $session (@all)
	{
		ask($session, $scan) unless $state eq 'logging in';
	}
	$simulator->fault($kind, %fault);
	start_in($_, $fault{match} eq '/content' ? 'SELECT content FROM calls.recordings' : $scan)
	  foreach @all;
	wait_until("two scans are $state", sub { in_state($state) == 2 });
	kill 'KILL', $node->safe_psql('postgres',
		'SELECT pid FROM call_log_fdw_activity ORDER BY scan_start LIMIT 1');
	eval { finish_in($_) } foreach @all;
	$simulator->clear_faults;
	$simulator->reset;
	wait_until('the cluster is back', sub {
			$node->psql('postgres', 'SELECT 1', timeout => 60) == 0 });

	is($node->safe_psql('postgres', 'SELECT count(*) FROM call_log_fdw_activity'),
		0, "$name: no trace of the scan");
	is($node->safe_psql('postgres', $scan),
		$truth, "$name: the right rows after a new login");
	return;
}

crash_in(@$_) foreach @crashes;

$node->stop;
check_secrets('what sessions saw', $messages);
check_secrets('the server log', slurp_file($node->logfile));

done_testing();
