# No secret is disclosed by any action of a user or any response of RingCentral:
# not in a message, a plan or a view, and at no level in the server log.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;

my $simulator = Simulator->start(calls => 60, seed => 5, days => 50);
my $node = start_cluster(
	q{shared_preload_libraries = 'call_log_fdw, auto_explain'},
	'log_min_messages = debug5',
	'log_error_verbosity = verbose',
	'log_statement = none');

create_server($node, 'calls', $simulator->url,
	server => { max_retries => 0, media_url => $simulator->media_url });
create_server($node, 'fixed', $simulator->url,
	server => { max_retries => 0, media_url => $simulator->media_url },
	mapping => { access_token => $Simulator::access_token });
my $id = $node->safe_psql('postgres',
	'SELECT id FROM fixed.recordings ORDER BY call_start_time DESC LIMIT 1');

# One query for each kind of request, and a part of the request's path
my %queries = (
	'~/call-log?' => 'SELECT count(legs) FROM %s.call_log',
	'~/call-log/' => q{SELECT count(*) FROM %s.call_log WHERE id IN ('a', 'b')},
	'~/active-calls' => 'SELECT count(*) FROM %s.active_calls',
	'/call-log-extract-sync' =>
	  q{SELECT count(*) FROM %s.call_log_changes WHERE since = '2001-01-01'},
	'~/recording/' => "SELECT duration FROM %s.recordings WHERE id = '$id'",
	'/content' => "SELECT length(content) FROM %s.recordings WHERE id = '$id'",
	'/oauth/token' => 'SELECT count(*) FROM %s.call_log');

# ----------
# Responses that echo the request
# ----------

sub provoke_echo
{
	my ($session, $path, $schema, %fault) = @_;
	my $shown = $messages =~ s/echo: /echo: /g;

	ask($session, 'SELECT call_log_fdw_disconnect()');
	$simulator->fault('echo', match => $path, times => 'always', retry_after => 0,
		%fault);
	ask($session, sprintf($queries{$path}, $schema));
	ask($session, "SELECT * FROM call_log_fdw_check('$schema')");
	$simulator->clear_faults;
	ask($session, "SELECT * FROM $_")
	  foreach qw(call_log_fdw_rate_limits call_log_fdw_stats);
	return ($messages =~ s/echo: /echo: /g) - $shown;
}

sub test_echoes
{
	my $session = open_session($node);
	my %shown;

	foreach my $schema ('calls', 'fixed')
	{
		foreach my $path (sort keys %queries)
		{
			$shown{"$schema $path"} +=
			  provoke_echo($session, $path, $schema, status => $_)
			  foreach 400, 401, 403, 404, 429, 500, 503, 302;
			$shown{"$schema $path"} +=
			  provoke_echo($session, $path, $schema, status => 200, value => $_)
			  foreach 'application/json', 'text/html', 'audio/wav',
			  'multipart/mixed; boundary=x';
		}
	}
	delete $shown{'fixed /oauth/token'};    # there is no login
	is_deeply([ grep { $shown{$_} < 8 } sort keys %shown ],
		[], 'errors show the message of the server');
	$session->quit;
	return;
}

test_echoes();

# The same in other encodings, which a gateway may use
my @encodings = qw(slash percent form percent-lower percent-upper hex escape entity
  base64 base64-shifted base64-lines);

# How often the responses to these two kinds of request were shown
sub provoke_encoded
{
	my ($session, %fault) = @_;

	$simulator->fault('echo', match => $_->[0], times => 'always', %fault,
		header => "X-Rate-Limit-Group: $_->[1]\nX-Rate-Limit-Limit: 100000\n" .
		  "X-Rate-Limit-Remaining: 90000\nX-Rate-Limit-Window: 60")
	  foreach [ '/oauth/token', 'auth' ], [ '~/call-log?', 'heavy' ];
	my (undef, $error) = ask($session, join '; ', 'SELECT call_log_fdw_disconnect()',
		'SELECT count(*) FROM calls.call_log', 'SELECT count(*) FROM slashed.call_log');
	$simulator->clear_faults;
	return scalar(() = $error =~ /^(?:ERROR|DETAIL): .*echo: /mg);
}

sub test_encodings
{
	my $session = open_session($node);
	my (@hidden, @shown);

	foreach my $encoding (@encodings)
	{
		push @hidden, $encoding
		  if provoke_encoded($session, encoding => $encoding, status => 400) < 2;
		foreach my $shape (qw(text json html broken))
		{
			push @shown, "$encoding in $shape"
			  if provoke_encoded($session, encoding => $encoding, shape => $shape,
				status => $shape eq 'broken' ? 200 : 502) > 0;
		}
	}
	is_deeply(\@hidden, [], 'errors of the API are shown in all encodings');
	is_deeply(\@shown, [], 'and nothing of other responses');
	$session->quit;
	return;
}

create_server($node, 'slashed', $simulator->url,
	server => { max_retries => 0 },
	mapping => { access_token => 'not/a+good==token' });
test_encodings();

# ----------
# Plans, views, log levels
# ----------

my @formats = qw(text json xml yaml);

sub provoke_plans
{
	my $session = open_session($node);

	ask($session, 'SET client_min_messages = debug5');
	ask($session, "SET $_ = on")
	  foreach qw(debug_print_parse debug_print_rewritten debug_print_plan
	  log_duration auto_explain.log_analyze auto_explain.log_verbose
	  auto_explain.log_nested_statements);
	ask($session, "SET $_ = 0")
	  foreach qw(log_min_duration_statement auto_explain.log_min_duration);
	foreach my $format (@formats)
	{
		ask($session, "SET auto_explain.log_format = $format");
		foreach my $path (sort keys %queries)
		{
			my $query = sprintf($queries{$path}, 'calls');

			ask($session, $query);
			ask($session, "EXPLAIN (ANALYZE, VERBOSE, SETTINGS, FORMAT $format) $query");
		}
	}
	ask($session, "PREPARE p(text) AS SELECT * FROM calls.call_log WHERE id = \$1");
	ask($session, "EXECUTE p('x')") foreach 1 .. 7;
	ask($session, 'SELECT * FROM bad_token.call_log');
	ask($session, 'SELECT * FROM bad_secret.call_log');
	ask($session, 'TABLE pg_prepared_statements');
	$session->quit;
	return;
}

# Views during a scan, for a DBA and for other roles
sub provoke_views
{
	my $scan = open_session($node);
	my $session = open_session($node);

	$simulator->fault('hang', match => '/call-log');
	start_in($scan, 'SELECT count(*) FROM calls.call_log');
	wait_until('a scan waits', sub { $simulator->list_requests });
	$node->safe_psql('postgres', q{CREATE ROLE stranger;
		GRANT USAGE ON FOREIGN SERVER calls, fixed TO stranger});
	foreach my $role ('NONE', 'stranger')
	{
		ask($session, "SET ROLE $role");
		ask($session, "SELECT * FROM $_")
		  foreach qw(call_log_fdw_activity call_log_fdw_rate_limits
		  call_log_fdw_stats call_log_fdw_version() pg_stat_activity pg_locks
		  pg_cursors call_log_fdw_check('calls') pg_foreign_server
		  pg_foreign_table);
	}
	ask($session, 'SELECT * FROM pg_user_mappings');    # not for strangers
	like($messages, qr/waiting for a response/, 'the views show a scan in progress');
	ask($session, 'RESET ROLE');
	ask($session, q{SELECT pg_cancel_backend(pid) FROM call_log_fdw_activity});
	$messages .= join "\n", finish_in($scan);
	$_->quit foreach $scan, $session;
	return;
}

create_server($node, 'bad_token', $simulator->url,
	mapping => { access_token => 'not-a-good-token' });
create_server($node, 'bad_secret', $simulator->url,
	mapping => { %Simulator::login, client_secret => 'not-the-secret' });
provoke_plans();
provoke_views();

# ----------
# Options
# ----------

# Each of these fails, and contains a secret
my @statements = (
	map("ALTER USER MAPPING FOR CURRENT_USER SERVER calls OPTIONS ($_)",
		"SET client_id 'simulator-client:not-the-secret'",
		"SET client_secret E'not-the-secret\\n'",
		"SET jwt 'not.the.jwt '",
		"ADD access_token 'not-a-good-token'",
		"ADD token 'not-a-good-token'",
		"DROP client_id, SET client_secret 'not-the-secret'"),
	map("ALTER SERVER calls OPTIONS ($_)",
		"ADD access_token 'not-a-good-token'",
		"ADD client_secret 'not-the-secret'",
		"SET base_url 'https://me:not-the-secret\@example.com'",
		"SET media_url 'https://example.com?access_token=not-a-good-token'"),
	q{CREATE SERVER other FOREIGN DATA WRAPPER call_log_fdw
		OPTIONS (jwt 'not.the.jwt')});

sub test_options
{
	my $session = open_session($node);

	foreach my $statement (@statements)
	{
		my (undef, $error) = ask($session, $statement);
		like($error, qr/^ERROR: /, $statement =~ s/E?'.*/.../r);
	}
	$session->quit;
	return;
}

test_options();

$node->stop;
my $log = slurp_file($node->logfile);
like($log, qr/DEBUG: .*\n/, 'the server log has debugging messages');
like($log, qr/Call Log Request/, 'and plans');
like($log, qr/PLANNEDSTMT/, 'and their nodes');
like($log, qr/echo: /, 'and answers of the server');
check_secrets('the server log', $log);
check_secrets('any message', $messages);

done_testing();
