# Common to the TAP tests of call_log_fdw: a cluster with the extension, foreign
# tables, and sessions that survive errors.
package CallLog;

use strict;
use warnings;

use Carp qw(croak);
use Exporter qw(import);
use IPC::Run;
use MIME::Base64 qw(encode_base64);
use POSIX qw(strftime);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(
  $messages
  new_cluster
  start_cluster
  start_named_cluster
  create_server
  import_tables
  options_clause
  copy_truth
  open_session
  run_in
  ask
  run_script
  check_no_page
  timestamp
  fingerprint_of
  forget_token
  start_in
  finish_in
  backend_pid
  memory_of
  wait_until
  check_secrets
);

# All messages of sessions, for check_secrets
our $messages = '';

# A cluster that is not yet started, whatever the locale of the caller
sub new_cluster
{
	my ($name, %options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(extra => [ '--encoding=UTF8', '--no-locale' ], %options);
	return $node;
}

# A running cluster with the extension in it
sub start_cluster
{
	my (@settings) = @_;
	return start_named_cluster('main', @settings);
}

# The same, for tests with several clusters
sub start_named_cluster
{
	my ($name, @settings) = @_;
	my $node = new_cluster($name);

	$node->append_conf('postgresql.conf', "$_\n") foreach @settings;
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION call_log_fdw');
	return $node;
}

# (a => 1, b => 'c d') as "OPTIONS (a '1', b 'c d')"
sub options_clause
{
	my (%options) = @_;
	my @list;

	foreach my $name (sort keys %options)
	{
		push @list, "$name '" . ($options{$name} =~ s/'/''/gr) . q(');
	}
	return 'OPTIONS (' . join(', ', @list) . ')';
}

# A foreign server with a user mapping, and a schema of the same name with the
# account's tables. server and mapping hold options.
sub create_server
{
	my ($node, $name, $url, %parts) = @_;
	my $server = options_clause(base_url => $url, %{ $parts{server} // {} });
	my $mapping = options_clause(%{ $parts{mapping} // \%Simulator::login });

	$node->safe_psql(
		'postgres', qq{
		CREATE SERVER $name FOREIGN DATA WRAPPER call_log_fdw $server;
		CREATE USER MAPPING FOR CURRENT_USER SERVER $name $mapping;
	});
	import_tables($node, $name, $name, 'account');
	return;
}

# A new schema with the tables of that level; options are set on call_log
sub import_tables
{
	my ($node, $server, $schema, $level, %options) = @_;

	$node->safe_psql(
		'postgres', qq{
		CREATE SCHEMA $schema;
		IMPORT FOREIGN SCHEMA $level FROM SERVER $server INTO $schema;
	});
	$node->safe_psql('postgres',
		"ALTER FOREIGN TABLE $schema.call_log " . options_clause(%options))
	  if %options;
	return;
}

# A local table like call_log of that schema, or like that of the given
# resource, filled with the simulator's truth
sub copy_truth
{
	my ($node, $simulator, $schema, $table, %scope) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . '/truth.csv';
	my $resource = $scope{resource} // 'call_log';

	$simulator->write_truth($file, %scope);
	$node->safe_psql(
		'postgres', qq{
		CREATE TABLE $table (LIKE $schema.$resource);
		COPY $table FROM '$file' (FORMAT csv, HEADER, ENCODING 'UTF8');
		ANALYZE $table;
	});
	return;
}

# A psql session; errors have SQLSTATE, detail, hint and context
sub open_session
{
	my ($node) = @_;
	my $session = $node->background_psql('postgres', on_error_stop => 0);

	$session->set_query_timer_restart;
	$session->query('\set VERBOSITY verbose');
	return $session;
}

# Run SQL in the session; returns its stdout and stderr
sub run_in
{
	my ($session, $sql) = @_;

	$session->{stderr} = '';
	my $output = $session->query($sql);
	return ($output, $session->{stderr} =~ s/^psql:<stdin>:\d+: //mgr);
}

# The same; the messages are added to $messages
sub ask
{
	my ($session, $sql) = @_;
	my ($output, $error) = run_in($session, $sql);

	$messages .= "$output\n$error\n";
	return ($output, $error);
}

# Run a file with psql, without psqlrc unless one is given; each variable is
# name=value, each option psql's. Returns its stdout, stderr and exit code.
sub run_script
{
	my ($node, $file, $psqlrc, $options, @variables) = @_;
	my ($output, $errors) = ('', '');
	my @command = (
		'psql', @$options,
		($psqlrc ? () : '-X'),
		(map { ('-v', $_) } @variables),
		'-d', $node->connstr('postgres'), '-f', $file);
	local $ENV{PSQLRC} = $psqlrc // '';

	IPC::Run::run(\@command, '<', \undef, '>', \$output, '2>', \$errors);
	return ($output, $errors, $? >> 8);
}

# A script that creates a page fails, and writes no part of the page
sub check_no_page
{
	my ($node, $file, $name, $message, @variables) = @_;
	my ($output, $error, $code) = run_script($node, $file, undef, [], @variables);

	is($output, '', "$name: no page");
	like($error, $message, "$name: the error");
	is($code, 3, "$name: the exit code");
	return;
}

# A time, in seconds since 1970, in the API's format
sub timestamp
{
	my ($time, $fraction) = @_;
	return strftime('%Y-%m-%dT%H:%M:%S', gmtime $time) . ($fraction // '') . 'Z';
}

# Number of rows and a fingerprint of their ids
sub fingerprint_of
{
	my ($table) = @_;
	return qq{SELECT count(*), md5(string_agg(id, ',' ORDER BY id COLLATE "C"))
		FROM $table};
}

# Log the session in to the schema's server and drop the token, so that no
# session has a token
sub forget_token
{
	my ($own, $schema) = @_;

	ask($own, "SELECT count(*) FROM $schema.call_log");
	ask($own, 'SELECT call_log_fdw_disconnect()');
	return;
}

# Begin to run SQL in the session, without waiting; finish_in or run_in then
# waits
sub start_in
{
	my ($session, $sql) = @_;

	$session->{stderr} = '';
	my $output = $session->query_until(qr/begun\n/, "\\echo begun\n$sql;\n");

	# if the query is fast, its output has arrived already
	$session->{early} = $output =~ s/.*begun\n//sr;
	return;
}

# Wait for the started SQL; returns its stdout and stderr
sub finish_in
{
	my ($session) = @_;
	my $output = $session->{early} . $session->query('');

	chomp $output;
	return ($output, $session->{stderr} =~ s/^psql:<stdin>:\d+: //mgr);
}

sub backend_pid
{
	my ($session) = @_;
	my ($pid) = run_in($session, 'SELECT pg_backend_pid()');
	return $pid;
}

# A line of /proc/PID/status, such as VmHWM, in kB
sub memory_of
{
	my ($pid, $name) = @_;
	my $status = slurp_file("/proc/$pid/status");

	$status =~ /^$name:\s+(\d+) kB$/m or croak "no $name for process $pid";
	return $1;
}

# The secrets of the simulator, those that it issues, and those used by tests
# instead of them
my @secrets = (
	$Simulator::login{client_secret}, $Simulator::login{jwt},
	$Simulator::access_token,
	encode_base64("$Simulator::login{client_id}:$Simulator::login{client_secret}", ''),
	qw(not-the-secret not.the.jwt not-a-good-token not/a+good==token));

sub every_character
{
	my ($form, $text) = @_;
	return join '', map { sprintf $form, ord } split //, $text;
}

# A pattern that matches that secret in a text, in any encoding
sub traces_of
{
	my ($secret) = @_;
	my @traces = (
		$secret, $secret =~ s{/}{\\/}gr,
		$secret =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ger,
		map { every_character($_, $secret) } '%%%02x', '%%%02X', '%02x', '%02X',
		'\\u%04x', '&#%d;', '%02x ');

	# in base64, the preceding bytes determine its alignment
	foreach my $before ('', 'x', 'xx')
	{
		my $encoded = encode_base64("$before$secret", '');
		push @traces, substr $encoded, 4, 12;
	}
	return @traces;
}

sub check_secrets
{
	my ($where, $text) = @_;

	is_deeply([ grep { index($text, $_) >= 0 } map { traces_of($_) } @secrets ],
		[], "no secret in $where");
	return;
}

# Poll until the condition holds; $what describes it in the message of a timeout
sub wait_until
{
	my ($what, $condition) = @_;
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;

	until ($condition->())
	{
		croak "timed out waiting until $what" if time > $deadline;
		sleep 0.01;
	}
	return;
}

1;
