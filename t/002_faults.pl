# With any failure of the network or the API, a query ends with a clear error or
# with correct rows, never with fewer. No message and no log line shows a
# secret.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use IO::Socket::INET;
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;
use Time::HiRes qw(time);

my %data = (calls => 260, seed => 7, days => 300);
my $page_size = 100;
my @positions = ('first', 'middle', 'last');

my %static = (access_token => $Simulator::access_token);
my %small = (
	page_size => $page_size,
	max_retries => 1,
	request_timeout => '2s',
	max_response_size => '1MB');

my $simulator = Simulator->start(%data);
my $elsewhere = Simulator->start(calls => 1);
my $node = start_cluster('log_min_messages = debug5', 'log_statement = none',
	'max_connections = 40');

create_server($node, 'calls', $simulator->url, server => \%small);
copy_truth($node, $simulator, 'calls', 'truth');

my $session = open_session($node);
my ($truth) = ask($session, fingerprint_of('truth'));

sub check_right_rows
{
	my ($schema, $name) = @_;
	my ($output, $error) = ask($session, fingerprint_of("$schema.call_log"));

	is($error, '', "$name: no error");
	is($output, $truth, "$name: the right rows");
	return;
}

# ----------
# Faults of every kind, in every kind of request, on every page
# ----------

# Scans of at least three requests, not including the login: text in the path of
# the requests with the fault, and the query. Paths of the account ~ do not
# match the others.
my %scans = (
	list => [ '~/call-log?', fingerprint_of('%s.call_log') ],
	ids => [
		'~/call-log/',
		fingerprint_of('%s.call_log')
		  . ' WHERE id = ANY (ARRAY(SELECT id FROM truth ORDER BY id LIMIT 120))'
	],
	active => [ '~/active-calls', fingerprint_of('%s.active_calls') ],
	changes => [
		'~/call-log-extract-sync',
		fingerprint_of('%s.call_log_changes') . " WHERE since = '2001-01-01'"
	],
	details => [
		'~/recording/',
		'SELECT call_id, content_type, duration FROM %s.recordings WHERE id = ANY'
		  . ' (ARRAY(SELECT id FROM recorded)) ORDER BY call_id'
	],
	audio => [
		'/content',
		'SELECT id, md5(content) FROM %s.audio WHERE id = ANY'
		  . ' (ARRAY(SELECT id FROM recorded)) ORDER BY id'
	],
	login => [ '/oauth/token', fingerprint_of('%s.call_log') ]);
my @scans = qw(list ids active changes details audio login);

# The fault and its parameters; the outcome of a scan if it persists: correct
# rows, rows of a recording that is gone, or this SQLSTATE, and the requests with
# another outcome; the error message. @ is another host.
my $faults = <<'END';
status status=400             | HV00L, login 28000 | RingCentral answered 400
status status=401             | 28000 | RingCentral answered 401 TokenInvalid (OAU-213)
status status=403             | 42501, login 28000 | RingCentral answered 403 InsufficientPermissions (CMN-401)
status status=404             | HV00R, details gone, audio gone | RingCentral answered 404 (CMN-102)
status status=429 retry_after=0 | 53400 | RingCentral answered 429 (CMN-301)
status status=500             | HV00L | RingCentral answered 500 (CMN-201)
status status=501             | HV00L | RingCentral answered 501 (CMN-202)
status status=502             | HV00L | RingCentral answered 502 (AGW-502)
status status=503             | HV00L | RingCentral answered 503 MaintenanceMode (CMN-211)
status status=504             | HV00L | RingCentral answered 504 (AGW-504)
echo status=400               | HV00L, login 28000 | RingCentral answered 400 (echo: B
part n=2 status=503           | rows, ids HV00L | RingCentral answered 503 MaintenanceMode (CMN-211)
part n=2 status=403           | rows, ids 42501 | RingCentral answered 403 InsufficientPermissions (CMN-401)
empty status=500              | HV00L | RingCentral answered 500
empty status=204              | HV00L | RingCentral answered 204
empty status=200              | HV00M | invalid response from RingCentral
html status=502               | HV00L | RingCentral answered 502
html status=200               | HV00M | invalid response from RingCentral
content-type value=text/plain | HV00M, details rows, login rows | invalid response from RingCentral
redirect location=@/restapi   | HV00L | RingCentral answered 302
truncate                      | 08006 | connection to RingCentral was lost
chunk-truncate                | 08006 | connection to RingCentral was lost
reset                         | 08006 | connection to RingCentral was lost
close                         | 08006 | connection to RingCentral was lost
badgzip                       | 08006, audio HV00M | connection to RingCentral was lost
huge bytes=5000000            | 53400, login HV00M | exceeds max_
hang                          | HV00N | request to RingCentral timed out
drip interval=1.5             | HV00N | request to RingCentral timed out
unsorted                      | rows |
repeat-page                   | rows |
END

# Responses with status 200 that are not the API's
my %garbage = (
	'a word' => 'garbage',
	'half an object' => '{"records":[{"id":"a","startTime":"2020-01-01T00:',
	'an object and more' => '{"records":[]}{"records":[]}',
	'an array' => '[]',
	'no records' => '{"navigation":{},"paging":{}}',
	'records null' => '{"records":null}',
	'records an object' => '{"records":{}}',
	'records a text' => '{"records":"none"}',
	'record a number' => '{"records":[1]}',
	'record without id' => '{"records":[{"type":"Voice"}]}',
	'id null' => '{"records":[{"id":null}]}',
	'zero byte' => qq({"records":[]\0}),
	'invalid UTF-8' => qq({"records":[{"id":"\xff\xfe"}]}),
	'too deep' => '{"records":[' . '[' x 5000 . ']' x 5000 . ']}');

# A line of the table as a hash
sub parse_fault
{
	my ($line) = @_;
	my ($name, $outcomes, $message) = split /\s*\|\s*/, $line;
	my ($outcome, @exceptions) = split /, /, $outcomes;
	my ($kind, @parameters) = split ' ', $name =~ s{\@}{$elsewhere->url}er;

	return {
		name => $name,
		kind => $kind,
		parameters => { map { split /=/, $_, 2 } @parameters },
		outcome => { (map { $_ => $outcome } @scans), map { split / / } @exceptions },
		message => $message // '' };
}

my @faults = map { parse_fault($_) } split /\n/, $faults;

foreach my $what (sort keys %garbage)
{
	my $fault = parse_fault("raw | HV00M |");

	$fault->{name} = "raw: $what";
	$fault->{parameters}{body} = $garbage{$what};
	push @faults, $fault;
}

# Scans with faults, each in a separate session
my @places;

# A simulator, and an account for each of the scans, whose faults are
# independent
sub add_places
{
	my ($schema, $position, @its_scans) = @_;
	my $simulator = Simulator->start(%data);

	create_server($node, $schema, $simulator->url, server =>
		  { %small, media_url => $simulator->media_url, max_recording_size => '1MB' });
	$node->safe_psql('postgres', qq{
		ALTER FOREIGN TABLE $schema.active_calls OPTIONS (page_size '20');
		CREATE FOREIGN TABLE $schema.audio (id text, content bytea) SERVER $schema
			OPTIONS (resource 'recordings', account_id '731900200008')});
	foreach my $scan (@its_scans)
	{
		push @places, {
			scan => $scan,
			position => $position,
			simulator => $simulator,
			session => open_session($node),
			match => $scans{$scan}[0],
			query => sprintf($scans{$scan}[1], $schema) };
	}
	return;
}

# Number of requests of the scan with the fault, or that matched it
sub requests_at
{
	my ($place) = @_;
	return
	  scalar(grep { index("$_->{path}?$_->{query}", $place->{match}) >= 0 }
		  $place->{simulator}->requests) - $place->{position};
}

# Run all scans concurrently, each with the fault, unless it is undef
sub run_all
{
	my ($fault, $times) = @_;

	ask($_->{session}, 'SELECT call_log_fdw_disconnect()')
	  foreach grep { $_->{scan} eq 'login' } @places;
	foreach my $place (@places)
	{
		$place->{simulator}->clear_log;
		$place->{simulator}->fault(
			$fault->{kind}, %{ $fault->{parameters} },
			match => $place->{match},
			skip => $place->{position},
			times => $times) if $fault;
	}
	start_in($_->{session}, $_->{query}) foreach @places;
	@$_{qw(output error)} = finish_in($_->{session}) foreach @places;
	$messages .= "$_->{output}\n$_->{error}\n" foreach @places;
	$_->{simulator}->clear_faults foreach @places;
	return;
}

# Are all rows correct, but for a single recording that has only an id, with a
# warning?
sub one_is_gone
{
	my ($place) = @_;
	my %true = map { $_ => 1 } split /\n/, $place->{truth};
	my @rows = split /\n/, $place->{output};
	my @false = grep { !$true{$_} } @rows;

	return @rows == keys %true && @false == 1 && $false[0] =~ /^[^|]+\|+$/
	  && $place->{error} =~ /^WARNING:  01000: recording "\d+" does not exist or has been deleted$/m;
}

# 'rows' for correct rows, 'gone' for those with a recording that is gone, an
# SQLSTATE for an error and no rows; else a description of the difference
sub outcome_of
{
	my ($place) = @_;
	my ($sqlstate) = $place->{error} =~ /^ERROR:  (\w{5}): /m;

	return 'gone' if !$sqlstate && one_is_gone($place);

	return 'rows' if !$sqlstate && $place->{output} eq $place->{truth};
	return $sqlstate if $sqlstate && $place->{output} eq '';
	return 'WRONG';
}

# Is it retried? Failures of the connection, and some responses of the server.
sub passes
{
	my ($fault, $place) = @_;
	my $status = $fault->{parameters}{status} // 200;

	return 1 if $status == 401 && $place->{scan} ne 'login';
	return $status =~ /^(429|500|502|503|504)$/
	  || $fault->{outcome}{ $place->{scan} } =~ /^(08006|HV00N)$/;
}

sub check_error
{
	my ($fault, $place, $lasting) = @_;
	my $error = $place->{error};
	my $again = $lasting && $fault->{kind} ne 'huge' && passes($fault, $place)
	  && ($fault->{parameters}{status} // 0) != 401;
	my @lacking = grep { $error !~ $_ } (
		$place->{scan} eq 'login' ? qr/^CONTEXT:  (.*\n)*logging in at/m
		: qr/^CONTEXT:  .*foreign table "\w+": GET \//m,
		$fault->{outcome}{ $place->{scan} } eq $fault->{outcome}{list}
		? qr/\Q$fault->{message}\E/ : (),
		$again ? qr/^tried 2 times in [\d.]+ seconds$/m : ());

	push @lacking, 'said how often, but should not try again'
	  if !$again && $error =~ /^tried/m;
	return @lacking;
}

# The outcomes of a fault as scan => [at each position]; a test for each position
sub test_fault
{
	my ($fault, $times) = @_;
	my $lasting = $times eq 'always';
	my %outcomes;

	run_all($fault, $times);
	foreach my $place (@places)
	{
		my $expected = $fault->{outcome}{ $place->{scan} };
		my $outcome = outcome_of($place);
		my $name = "$fault->{name} $times, $positions[$place->{position}] request of $place->{scan}";
		my @lacking = $outcome =~ /^(?:rows|gone)$/ ? () : check_error($fault, $place, $lasting);

		$expected = 'rows' if !$lasting && passes($fault, $place);
		push @lacking, 'the fault was not met' if requests_at($place) < 1;
		ok((grep { $outcome eq $_ } split m{/}, $expected) && !@lacking, $name)
		  or diag("$outcome, not $expected; lacking: @lacking\n$place->{output}\n$place->{error}");
		$outcomes{ $place->{scan} }[ $place->{position} ] = $outcome;
	}
	return \%outcomes;
}

# The outcomes at all positions, or one for all
sub shown
{
	my ($outcomes) = @_;
	my %different = map { $_ => 1 } @$outcomes;

	return keys %different == 1 ? $outcomes->[0] : join '/', @$outcomes;
}

# A permanent failure needs to occur only once
sub repeats
{
	my ($fault) = @_;
	my $lies = $fault->{outcome}{list} eq 'rows';

	return $lies || grep({ passes($fault, $_) } @places) ? (1, 'always') : 1;
}

sub test_faults
{
	my $format = '%-28s %-7s' . ' %-15s' x @scans;
	my @table = (
		'How scans end that meet a fault in their first/middle/last request, or in each',
		sprintf($format, 'fault', 'times', @scans));

	foreach my $fault (@faults)
	{
		foreach my $times (repeats($fault))
		{
			my $outcomes = test_fault($fault, $times);
			push @table, sprintf($format, $fault->{name} =~ s/=http\S+//r, $times,
				map { shown($outcomes->{$_}) } @scans);
		}
	}
	diag(join "\n", @table);
	return;
}

foreach my $position (0 .. $#positions)
{
	add_places("lists_$position", $position, qw(list ids active changes));
	add_places("recordings_$position", $position, qw(details audio));
}
add_places('logins', 0, 'login');
$node->safe_psql('postgres', q{CREATE TABLE recorded AS SELECT id
	FROM logins.recordings WHERE call_start_time > now() - interval '80 days'
	ORDER BY call_start_time DESC LIMIT 3});
run_all();
foreach my $place (@places)
{
	$place->{truth} = $place->{output};
	is($place->{error}, '', "without a fault: $place->{scan}");
	is($place->{truth}, $truth, 'correct rows')
	  if $place->{scan} =~ /^(list|login)$/;
}
test_faults();
$_->{session}->quit foreach @places;
undef @places;

is(scalar($elsewhere->requests),
	0, 'no redirect was followed, so the token was not sent to another host');

# ----------
# Calls that change during a scan
# ----------

sub test_event
{
	my ($position, $kind, %parameters) = @_;

	$simulator->reset;
	$simulator->clear_log;
	$simulator->fault($kind, %parameters, match => '/call-log', skip => $position);
	my ($output, $error) = ask($session, q{
		WITH seen AS MATERIALIZED (SELECT id FROM calls.call_log)
		SELECT count(*) - count(DISTINCT id),
			(SELECT count(*) FROM truth WHERE id NOT IN (SELECT id FROM seen))
		FROM seen});
	my $name = join ' ', $kind, %parameters, "before the $positions[$position] page";

	is($error, '', "$name: no error");
	is($output, '0|0', "$name: no call is duplicated or lost");
	cmp_ok(scalar($simulator->list_requests), '>', $position, "$name: it happened");
	return;
}

foreach my $position (0 .. $#positions)
{
	test_event($position, 'arrive', n => 3);
	test_event($position, 'arrive', n => 250);
	test_event($position, 'late', n => 3);
	test_event($position, 'rewrite');
}
$simulator->reset;

# ----------
# No connection
# ----------

sub closed_port
{
	my $socket = IO::Socket::INET->new(
		LocalAddr => '127.0.0.1',
		Listen => 1,
		Proto => 'tcp') // die "could not listen: $@";
	return $socket->sockport;
}

sub check_no_connection
{
	my ($schema, $message, $name) = @_;
	my (undef, $error) = ask($session, fingerprint_of("$schema.call_log"));

	like($error, qr/^ERROR:  HV00N: $message/, $name);
	return;
}

create_server($node, 'refused', 'http://127.0.0.1:' . closed_port(),
	server => { max_retries => 1 });
check_no_connection('refused', 'could not connect to RingCentral',
	'connection refused');

create_server($node, 'plain', $simulator->url =~ s/^http:/https:/r);
check_no_connection(
	'plain',
	'could not establish a TLS connection to RingCentral',
	'TLS with a server that does not speak it');

# ----------
# TLS
# ----------

my $directory = PostgreSQL::Test::Utils::tempdir();

sub make_certificate
{
	my ($name, $host) = @_;
	my ($key, $certificate) = ("$directory/$name.key", "$directory/$name.crt");

	PostgreSQL::Test::Utils::system_or_bail(
		'openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
		'-subj', "/CN=$name", '-addext', "subjectAltName=$host",
		'-keyout', $key, '-out', $certificate);
	return (tls_key => $key, tls_cert => $certificate);
}

sub test_tls
{
	my %good = make_certificate('good', 'IP:127.0.0.1');
	my %other = make_certificate('other', 'DNS:elsewhere.example');
	my $good = Simulator->start(%data, %good);
	my $other = Simulator->start(%data, %other);
	my $refusal = 'could not establish a TLS connection to RingCentral';

	create_server($node, 'unknown', $good->url);
	check_no_connection('unknown', $refusal,
		'a self-signed certificate is refused');

	create_server($node, 'wrong_host', $other->url,
		server => { sslrootcert => $other{tls_cert} });
	check_no_connection('wrong_host', $refusal,
		'a certificate for another host is refused');

	create_server($node, 'wrong_root', $good->url,
		server => { sslrootcert => $other{tls_cert} });
	check_no_connection('wrong_root', $refusal,
		'a certificate of an authority not in sslrootcert is refused');

	create_server($node, 'trusted', $good->url,
		server => { sslrootcert => $good{tls_cert} });
	my ($output) = ask($session, 'SELECT count(*) FROM trusted.call_log');
	is($output, $truth =~ s/\|.*//r, 'one of an authority in sslrootcert is accepted');
	return;
}

SKIP:
{
	skip 'openssl is not there', 4 unless `openssl version 2>&1` =~ /SSL/;
	test_tls();
}

# ----------
# Tokens
# ----------

check_right_rows('calls', 'with a login');

sub check_logins
{
	my ($expected, $name) = @_;
	is(scalar($simulator->logins), $expected, $name);
	return;
}

sub test_token_refused_in_mid_scan
{
	my ($page) = @_;

	$simulator->clear_log;
	$simulator->fault('status', status => 401, match => '/call-log',
		skip => $page);
	check_right_rows('calls', "a 401 on the $positions[$page] page");
	check_logins(1, 'one new login');
	return;
}

test_token_refused_in_mid_scan($_) foreach 0 .. $#positions;

$simulator->reset;
check_right_rows('calls', 'a token that was revoked between two scans');
check_logins(1, 'one new login');

sub test_expiry
{
	my $own = open_session($node);

	forget_token($own, 'calls');
	$simulator->reset;
	$simulator->set(token_ttl => 1);
	ask($own, 'SELECT count(*) FROM calls.call_log');
	ask($own, 'SELECT pg_sleep(1.2)');
	my ($output, $error) = ask($own, fingerprint_of('calls.call_log'));
	is($output, $truth, 'correct rows after the token has expired');
	check_logins(2, 'one login for each token');
	is(scalar(grep { $_->{status} != 200 } $simulator->requests),
		0, 'an expired token is renewed before it is rejected');
	$simulator->reset;
	$own->quit;
	return;
}

test_expiry();

# Requests and errors with invalid credentials
sub check_bad_credentials
{
	my ($server, $mapping, $requests, $message, $name) = @_;

	create_server($node, $server, $simulator->url, mapping => $mapping);
	$simulator->clear_log;
	my ($output, $error) = ask($session, "SELECT * FROM $server.call_log");
	like($error, qr/^ERROR:  28000: $message/, "$name: a clear error");
	like($error, qr/^HINT:  .*(user mapping|client_secret)/m,
		"$name: the hint says what to do");
	is_deeply([ map { "$_->{method} $_->{path}" } $simulator->requests ],
		$requests, "$name: what was sent");
	return;
}

my @list = ('GET /restapi/v1.0/account/~/call-log');
my @login = ('POST /restapi/oauth/token');

check_bad_credentials('bad_token', { access_token => 'not-a-good-token' },
	\@list, 'RingCentral answered 401', 'a refused access_token');
check_bad_credentials(
	'bad_secret',
	{ %Simulator::login, client_secret => 'not-the-secret' },
	\@login,
	'RingCentral answered 400',
	'a wrong client_secret');
check_bad_credentials(
	'bad_jwt',
	{ %Simulator::login, jwt => 'not.the.jwt' },
	\@login,
	'RingCentral answered 400',
	'a wrong jwt');

sub test_refused_again_and_again
{
	$simulator->clear_log;
	$simulator->fault('status', status => 401, match => '/call-log',
		times => 'always');
	my (undef, $error) = ask($session, 'SELECT count(*) FROM calls.call_log');
	$simulator->clear_faults;
	like($error, qr/^ERROR:  28000: /, 'a token that stays refused is an error');
	check_logins(1, 'after one new login, not more');
	return;
}

test_refused_again_and_again();

# ----------
# The request limit
# ----------

# Another program with the same token uses up the limit, and the session waits
# for the end of the penalty. A request during the penalty would be refused
# again.
sub test_penalty
{
	my $own = open_session($node);
	my $query = "SELECT count(*) FROM fixed.call_log";

	create_server($node, 'fixed', $simulator->url, mapping => \%static);
	$simulator->reset;
	$simulator->set(rate_limit => 1, rate_window => 2);
	$simulator->get('/restapi/v1.0/account/~/call-log');
	my $start = time;
	my ($output, $notice) = ask($own, $query);
	my $elapsed = time - $start;

	is($output, $truth =~ s/\|.*//r, 'over the limit, a query succeeds');
	like($notice,
		qr/^NOTICE: .*waiting [234] seconds for RingCentral's request limit/,
		'after a NOTICE about the wait');
	is_deeply([ map { $_->{status} } $simulator->list_requests ],
		[ 200, 429, 200 ], 'without a request during the penalty');
	cmp_ok($elapsed, '>=', 2, 'it waited for the penalty to end');
	$simulator->reset;
	$own->quit;
	return;
}

test_penalty();

# A response with Retry-After but without limit headers
sub test_retry_after
{
	$simulator->clear_log;
	$simulator->fault('status', status => 429, retry_after => 2,
		match => '/call-log');
	my $start = time;
	my ($output) = ask($session, 'SELECT count(*) FROM fixed.call_log');

	is($output, $truth =~ s/\|.*//r, 'a query that meets a 429 succeeds');
	cmp_ok(time - $start, '>=', 2, 'not before Retry-After is over');
	is_deeply([ map { $_->{status} } $simulator->list_requests ],
		[ 429, 200 ], 'with one request');
	return;
}

test_retry_after();

# ----------
# Keep-alive
# ----------

sub test_keep_alive
{
	my $own = open_session($node);
	my $scans = 20;

	create_server($node, 'kept', $simulator->url,
		server => { page_size => $page_size });
	forget_token($own, 'kept');
	$simulator->clear_log;
	ask($own, fingerprint_of('kept.call_log')) foreach 1 .. $scans;
	my @requests = $simulator->requests;
	my %connections = map { $_->{connection} => 1 } @requests;

	cmp_ok(scalar(@requests), '>=', 3 * $scans, "$scans scans of a session");
	is(scalar(keys %connections), 1, 'use one connection, the login as well');
	$own->quit;
	return;
}

test_keep_alive();

# A cursor that is open during ALTER SERVER continues with the old server, with
# a token of the old server; one of the new server would be refused there, with
# 401, since the new one has issued more of them.
sub test_moved_server
{
	my $old = Simulator->start(%data);
	my $new = Simulator->start(%data);
	my $own = open_session($node);

	create_server($node, 'stranger', $new->url);
	$node->safe_psql('postgres', 'SELECT count(*) FROM stranger.call_log')
	  foreach 1 .. 3;
	create_server($node, 'moved', $old->url, server => { page_size => 50 });
	ask($own, 'BEGIN; DECLARE c CURSOR FOR SELECT id FROM moved.call_log');
	ask($own, 'MOVE 49 IN c');
	ask($own,
		q{ALTER SERVER moved OPTIONS (SET base_url '} . $new->url . q{')});
	my ($rows) = ask($own, 'SELECT count(*) FROM moved.call_log');
	is($rows, ($truth =~ /^(\d+)/)[0], 'after ALTER SERVER: the right rows');
	ask($own, 'MOVE ALL IN c; COMMIT');
	is(join(' ', map { $_->{status} } $old->list_requests),
		join(' ', (200) x 6), 'no token of one server is sent to another');
	$own->quit;
	return;
}

test_moved_server();
$session->quit;
$node->stop;

my $log = slurp_file($node->logfile);
like($log, qr/DEBUG: .*\n/, 'the server log has debugging messages');
like($log, qr/RingCentral answered 400/, 'and those of the tests');
check_secrets('the server log', $log);
check_secrets('any message', $messages);

done_testing();
