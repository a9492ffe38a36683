# Whatever goes wrong on the way to the API or in it, a query ends with a clear
# error or with the right rows, never with fewer. No message and no log line
# shows a secret.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use IO::Socket::INET;
use MIME::Base64 qw(encode_base64);
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
	request_timeout => '1s',
	max_response_size => '1MB');

my $simulator = Simulator->start(%data);
my $elsewhere = Simulator->start(calls => 1);
my $node = start_cluster('log_min_messages = debug5', 'log_statement = none');

create_server($node, 'calls', $simulator->url, server => \%small);
copy_truth($node, $simulator, 'calls', 'truth');

# What every message that a test sees is added to
my $messages = '';

sub ask
{
	my ($session, $sql) = @_;
	my ($output, $error) = run_in($session, $sql);

	$messages .= "$output\n$error\n";
	return ($output, $error);
}

# Number of rows and a fingerprint of their ids
sub fingerprint_of
{
	my ($table) = @_;
	return qq{SELECT count(*), md5(string_agg(id, ',' ORDER BY id COLLATE "C"))
		FROM $table};
}

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
# Faults of every kind, on every page
# ----------

# kind and parameters of the fault, SQLSTATE and message when it does not go
# away. sqlstate undef: the rows are right all the same.
my @faults = (
	{
		kind => 'status',
		parameters => { status => 400 },
		sqlstate => 'HV00L',
		message => qr/RingCentral answered 400 InvalidParameter \(CMN-101\)/
	},
	{
		kind => 'status',
		parameters => { status => 401 },
		sqlstate => '28000',
		message => qr/RingCentral answered 401 TokenInvalid \(OAU-213\)/
	},
	{
		kind => 'status',
		parameters => { status => 403 },
		sqlstate => '42501',
		message =>
		  qr/RingCentral answered 403 InsufficientPermissions \(CMN-401\)/
	},
	{
		kind => 'status',
		parameters => { status => 404 },
		sqlstate => 'HV00R',
		message => qr/RingCentral answered 404 \(CMN-102\)/
	},
	{
		kind => 'status',
		parameters => { status => 429, retry_after => 0 },
		sqlstate => '53400',
		message => qr/RingCentral answered 429 \(CMN-301\)/
	},
	{
		kind => 'status',
		parameters => { status => 500 },
		sqlstate => 'HV00L',
		message => qr/RingCentral answered 500 \(CMN-201\)/
	},
	{
		kind => 'status',
		parameters => { status => 502 },
		sqlstate => 'HV00L',
		message => qr/RingCentral answered 502 \(AGW-502\)/
	},
	{
		kind => 'status',
		parameters => { status => 503 },
		sqlstate => 'HV00L',
		message => qr/RingCentral answered 503 MaintenanceMode \(CMN-211\)/
	},
	{
		kind => 'empty',
		parameters => { status => 500 },
		sqlstate => 'HV00L',
		message => qr/RingCentral answered 500\n/
	},
	{
		kind => 'empty',
		parameters => { status => 204 },
		sqlstate => 'HV00L',
		message => qr/RingCentral answered 204\n/
	},
	{
		kind => 'empty',
		parameters => { status => 200 },
		sqlstate => 'HV00M',
		message => qr/could not read the answer of RingCentral/
	},
	{
		kind => 'html',
		parameters => { status => 502 },
		sqlstate => 'HV00L',
		message => qr/RingCentral answered 502\nDETAIL:  .*<html>/
	},
	{
		kind => 'html',
		parameters => { status => 200 },
		sqlstate => 'HV00M',
		message => qr/its content type is not application\/json/
	},
	{
		kind => 'content-type',
		parameters => { value => 'text/plain' },
		sqlstate => 'HV00M',
		message => qr/its content type is not application\/json/
	},
	{
		kind => 'redirect',
		parameters => { location => $elsewhere->url . '/restapi/v1.0/' },
		sqlstate => 'HV00L',
		message => qr/RingCentral answered 302/
	},
	{
		kind => 'truncate',
		sqlstate => '08006',
		message => qr/the connection to RingCentral broke/
	},
	{
		kind => 'chunk-truncate',
		sqlstate => '08006',
		message => qr/the connection to RingCentral broke/
	},
	{
		kind => 'reset',
		sqlstate => '08006',
		message => qr/the connection to RingCentral broke/
	},
	{
		kind => 'close',
		sqlstate => '08006',
		message => qr/the connection to RingCentral broke/
	},
	{
		kind => 'badgzip',
		sqlstate => '08006',
		message => qr/the connection to RingCentral broke/
	},
	{
		kind => 'huge',
		parameters => { bytes => 5_000_000 },
		sqlstate => '53400',
		message =>
		  qr/the answer of RingCentral is larger than max_response_size/
	},
	{
		kind => 'hang',
		sqlstate => 'HV00N',
		message => qr/RingCentral did not answer in time/
	},
	{
		kind => 'drip',
		parameters => { interval => 0.1 },
		sqlstate => 'HV00N',
		message => qr/RingCentral did not answer in time/
	},
	{ kind => 'unsorted' },
	{ kind => 'repeat-page' });

# Answers of status 200 that are not a list of calls
my %garbage = (
	'nothing but a word' => 'garbage',
	'half an object' => '{"records":[{"id":"a","startTime":"2020-01-01T00:',
	'an object and more' => '{"records":[]}{"records":[]}',
	'an array' => '[]',
	'no records' => '{"navigation":{},"paging":{}}',
	'records that are null' => '{"records":null}',
	'records that are an object' => '{"records":{}}',
	'records that are text' => '{"records":"none"}',
	'a record that is a number' => '{"records":[1]}',
	'a record without an id' => '{"records":[{"type":"Voice"}]}',
	'a record whose id is null' => '{"records":[{"id":null}]}',
	'a zero byte' => qq({"records":[]\0}),
	'invalid UTF-8' => qq({"records":[{"id":"\xff\xfe"}]}),
	'too deep an array' => '{"records":[' . '[' x 5000 . ']' x 5000 . ']}');

foreach my $what (sort keys %garbage)
{
	push @faults,
	  {
		kind => 'raw',
		name => "raw: $what",
		parameters => { body => $garbage{$what} },
		sqlstate => qr/HV00M|22021/,
		message => qr/./ };
}

sub name_of
{
	my ($fault) = @_;
	my $parameters = $fault->{parameters} // {};

	return $fault->{name}
	  // join(' ', $fault->{kind}, map { "$_=$parameters->{$_}" } sort keys %$parameters);
}

# Is it tried again? What the connection does, and some answers of the server.
sub passes
{
	my ($fault) = @_;
	my $sqlstate = $fault->{sqlstate} // '';
	my $status = $fault->{parameters}{status} // 200;

	return 0 if $fault->{kind} eq 'huge' || $fault->{kind} eq 'redirect';
	return $sqlstate =~ /^(08006|HV00N)$/
	  || $status =~ /^(429|500|502|503|504)$/;
}

sub inject_fault
{
	my ($fault, $page, $times) = @_;

	$simulator->clear_log;
	$simulator->fault(
		$fault->{kind},
		%{ $fault->{parameters} // {} },
		match => '/call-log',
		skip => $page,
		times => $times);
	return;
}

sub check_error
{
	my ($error, $fault, $name) = @_;

	like($error, qr/^ERROR:  $fault->{sqlstate}: /, "$name: SQLSTATE");
	like($error, $fault->{message}, "$name: message");
	like($error, qr/^CONTEXT:  .*foreign table "call_log"/m,
		"$name: the context says where");
	return;
}

sub test_lasting_fault
{
	my ($fault, $page) = @_;
	my $name = name_of($fault) . " from the $positions[$page] page on";

	inject_fault($fault, $page, 'always');
	my ($output, $error) = ask($session, fingerprint_of('calls.call_log'));
	my $requests = $simulator->list_requests;
	$simulator->clear_faults;

	if ($fault->{sqlstate})
	{
		check_error($error, $fault, $name);
		is($output, '', "$name: no rows");
		cmp_ok($requests, '>', $page, "$name: the fault was met");
		if (passes($fault))
		{
			like($error, qr/^tried 2 times in [\d.]+ seconds$/m,
				"$name: the error says how often it was tried");
		}
		else
		{
			unlike($error, qr/^tried/m, "$name: it was not tried again");
		}
	}
	else
	{
		is($output, $truth, "$name: the right rows");
		is($error, '', "$name: no error");
	}
	return;
}

sub test_passing_fault
{
	my ($fault, $page) = @_;
	my $name = name_of($fault) . " once, on the $positions[$page] page";

	inject_fault($fault, $page, 1);
	my ($output, $error) = ask($session, fingerprint_of('calls.call_log'));
	my $requests = $simulator->list_requests;
	$simulator->clear_faults;

	cmp_ok($requests, '>', $page, "$name: the fault was met");
	if ($error ne '' && $fault->{sqlstate} && !passes($fault))
	{
		check_error($error, $fault, $name);
	}
	else
	{
		is($output, $truth, "$name: the right rows");
		is($error, '', "$name: no error");
	}
	return;
}

foreach my $fault (@faults)
{
	subtest name_of($fault) => sub {
		foreach my $page (0 .. $#positions)
		{
			test_lasting_fault($fault, $page);
			test_passing_fault($fault, $page);
		}
		check_right_rows('calls', 'afterwards');
	};
}

is(scalar($elsewhere->requests),
	0, 'no redirect was followed: a token goes nowhere else');

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
	'could not make a secure connection to RingCentral',
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
	my $refusal = 'could not make a secure connection to RingCentral';

	create_server($node, 'unknown', $good->url);
	check_no_connection('unknown', $refusal,
		'a certificate that nobody vouches for is refused');

	create_server($node, 'wrong_host', $other->url,
		server => { sslrootcert => $other{tls_cert} });
	check_no_connection('wrong_host', $refusal,
		'a certificate for another host is refused');

	create_server($node, 'wrong_root', $good->url,
		server => { sslrootcert => $other{tls_cert} });
	check_no_connection('wrong_root', $refusal,
		'a certificate that sslrootcert does not vouch for is refused');

	create_server($node, 'trusted', $good->url,
		server => { sslrootcert => $good{tls_cert} });
	my ($output) = ask($session, 'SELECT count(*) FROM trusted.call_log');
	is($output, $truth =~ s/\|.*//r, 'one that sslrootcert names is accepted');
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

	$simulator->reset;
	$simulator->set(token_ttl => 1);
	ask($own, 'SELECT count(*) FROM calls.call_log');
	ask($own, 'SELECT pg_sleep(1.2)');
	my ($output, $error) = ask($own, fingerprint_of('calls.call_log'));
	is($output, $truth, 'right rows after the token has expired');
	check_logins(2, 'one login for each token');
	is(scalar(grep { $_->{status} != 200 } $simulator->requests),
		0, 'an expired token is renewed before anybody refuses it');
	$simulator->reset;
	$own->quit;
	return;
}

test_expiry();

# What is sent and said with credentials that are not good
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

# Two sessions know nothing of each other: the first uses up the limit, the
# second runs into it, and stays away for a while. A request during the penalty
# would be refused again.
sub test_penalty
{
	my $first = open_session($node);
	my $second = open_session($node);
	my $query = "SELECT count(*) FROM fixed.call_log";

	create_server($node, 'fixed', $simulator->url, mapping => \%static);
	$simulator->reset;
	$simulator->set(rate_limit => 1, rate_window => 2);
	ask($first, $query);
	my $start = time;
	my ($output, $notice) = ask($second, $query);
	my $elapsed = time - $start;

	is($output, $truth =~ s/\|.*//r, 'over the limit, a query succeeds');
	like($notice,
		qr/^NOTICE: .*waiting [234] seconds for RingCentral's request limit/,
		'after it has said what it waits for');
	is_deeply([ map { $_->{status} } $simulator->list_requests ],
		[ 200, 429, 200 ], 'without a request during the penalty');
	cmp_ok($elapsed, '>=', 2, 'it waited for the penalty to end');
	$simulator->reset;
	$first->quit;
	$second->quit;
	return;
}

test_penalty();

# An answer that says nothing of a limit but how long to wait
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

	$simulator->clear_log;
	ask($own, fingerprint_of('calls.call_log')) foreach 1 .. $scans;
	my @requests = $simulator->requests;
	my %connections = map { $_->{connection} => 1 } @requests;

	cmp_ok(scalar(@requests), '>=', 3 * $scans, "$scans scans of a session");
	is(scalar(keys %connections), 1, 'use one connection, the login as well');
	$own->quit;
	return;
}

test_keep_alive();

# ----------
# Secrets
# ----------

# Everything that could show what it should not
sub provoke
{
	foreach my $setting (qw(parse rewritten plan))
	{
		ask($session, "SET debug_print_$setting = on");
	}
	ask($session, 'EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM calls.call_log');
	ask($session, 'EXPLAIN (VERBOSE, FORMAT JSON) SELECT * FROM bad_token.call_log');
	ask($session, 'SELECT * FROM bad_secret.call_log');
	ask($session, 'RESET ALL');
	$simulator->fault('status', status => 503, match => '/oauth/token');
	$simulator->fault('close', match => '/oauth/token');
	foreach (1 .. 3)
	{
		my $own = open_session($node);
		ask($own, 'SELECT count(*) FROM calls.call_log');
		$own->quit;
	}
	$simulator->clear_faults;
	provoke_echoes();
	return;
}

# A server that answers with what it was sent
sub provoke_echoes
{
	my $own = open_session($node);

	$simulator->fault('status', status => 400, match => '/oauth/token',
		message => "echo: $Simulator::login{client_secret} $Simulator::login{jwt}");
	ask($own, 'SELECT * FROM calls.call_log');
	$simulator->fault('status', status => 403, match => '/call-log',
		message => "echo: $Simulator::access_token");
	ask($own, 'SELECT * FROM fixed.call_log');
	$simulator->fault('raw', match => '/call-log',
		body => "echo: $Simulator::access_token");
	ask($own, 'SELECT * FROM fixed.call_log');
	my $echoes = () = $messages =~ /echo: /g;
	is($echoes, 3, 'errors show what the server said');
	$own->quit;
	return;
}

sub check_secrets
{
	my ($where, $text) = @_;
	my $basic = encode_base64("$Simulator::login{client_id}:$Simulator::login{client_secret}", '');
	my %secrets = (
		'client_secret' => $Simulator::login{client_secret},
		'jwt' => $Simulator::login{jwt},
		'access token' => $Simulator::access_token,
		'client credentials' => $basic,
		'wrong client_secret' => 'not-the-secret',
		'wrong jwt' => 'not.the.jwt',
		'wrong access_token' => 'not-a-good-token');

	foreach my $secret (sort keys %secrets)
	{
		is(index($text, $secrets{$secret}), -1, "no $secret in $where");
	}
	return;
}

# A cursor that goes on after ALTER SERVER asks the old server, with a token of
# the old server; one of the new server would be refused there, with 401, since
# the new one has issued more of them.
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
provoke();
$session->quit;
$node->stop;

my $log = slurp_file($node->logfile);
like($log, qr/DEBUG: .*\n/, 'the server log has debugging messages');
like($log, qr/RingCentral answered 400/, 'and those of the tests');
check_secrets('the server log', $log);
check_secrets('any message', $messages);

done_testing();
