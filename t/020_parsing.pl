# A cancel request takes effect during parsing, with any size and contents of a
# response. The test measures the CPU time of the backend from the cancel to its
# end, so a loaded machine does not matter.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;

# Maximum time of a cancel, in seconds of CPU
my $limit = 0.25;

# Bytes of a response: near the default of max_response_size
my $size = 60_000_000;

my $ticks = `getconf CLK_TCK`;
my $simulator = Simulator->start(calls => 10);
my $node = start_cluster(q{shared_preload_libraries = 'call_log_fdw'});

create_server($node, 'calls', $simulator->url,
	mapping => { access_token => $Simulator::access_token });

my $session = open_session($node);
my $other = open_session($node);
my $pid = backend_pid($session);

# Repeat a text up to this number of bytes
sub fill
{
	my ($text) = @_;
	return $text x ($size / length $text);
}

# Without a request limit to wait for
my $limits = "X-Rate-Limit-Group: heavy\r\nX-Rate-Limit-Limit: 1000\r\n"
  . "X-Rate-Limit-Remaining: 999\r\nX-Rate-Limit-Window: 60\r\nConnection: close\r\n";
my $batch = "HTTP/1.1 207 Multi-Status\r\n${limits}Content-Type: multipart/mixed; boundary=b\r\n\r\n";

sub answer
{
	my ($body) = @_;
	return "HTTP/1.1 200 OK\r\n${limits}Content-Type: application/json\r\n\r\n$body";
}

sub list_of
{
	my ($record) = @_;
	return answer(qq({"records":[{"id":"a","startTime":"2026-03-30T12:00:00Z",$record}],"navigation":{}}));
}

my $statuses = '--b' . "\n\n" . '{"response":[{"status":200},{"status":200}]}' . "\n";
my $list = 'SELECT from_name FROM calls.call_log';
my $by_ids = q{SELECT from_name FROM calls.call_log WHERE id IN ('a', 'b')};

# The response, and the query that reads it, if not that of the list
my @answers = (
	[ 'escaped names', sub { list_of(fill('"\u0061":0,') . '"b":0') } ],
	[ 'escaped names where fields are looked for', sub { list_of('"from":{' . fill('"\u006eam":0,') . '"b":0}') } ],
	[ 'names', sub { list_of(fill('"name":0,') . '"b":0') } ],
	[ 'short values', sub { list_of('"x":[' . fill('0,') . '0]') } ],
	[ 'nested values', sub { list_of('"x":[' . fill('[[{"a":[]}]],') . '0]') } ],
	[ 'the same field again', sub { list_of(fill('"from":{},') . '"b":0') } ],
	[ 'a long string', sub { list_of('"x":"' . fill('x') . '"') } ],
	[ 'escapes in a long string', sub { list_of('"x":"' . fill('\n') . '"') } ],
	[ 'escapes in a column', sub { list_of('"from":{"name":"' . fill('\u00e9') . '"}') } ],
	[ 'a long id', sub { list_of('"id":"' . fill('\u00e9') . '"') } ],
	[ 'a long number', sub { list_of('"x":' . fill('1')) } ],
	[ 'spaces', sub { list_of('"x":' . fill(' ') . '0') } ],
	[ 'strings beside the records', sub { answer('{"records":[],"navigation":{},"x":["' . fill('x') . '"]}') } ],
	[ 'escapes beside the records', sub { answer('{"records":[],"navigation":{},"x":["' . fill('\u00e9') . '"]}') } ],
	[ 'spaces after the records', sub { answer('{"records":[],"navigation":{}}' . fill(' ')) } ],
	[ 'lines before the first part', sub { $batch . fill("\n") }, $by_ids ],
	[ 'headers of a part', sub { "$batch--b\n" . fill("a:b\n") }, $by_ids ],
	[ 'lines of a part', sub { "$batch$statuses--b\n\n" . fill("\n") }, $by_ids ],
	[ 'statuses', sub { "$batch--b\n\n" . '{"response":[' . fill('{"status":200},') . "0]}\n--b--" }, $by_ids ],
	[ 'an error', sub { "$batch--b\n\n" . '{"response":[{"status":404},{"status":404}]}'
		. "\n--b\n\n" . '{"errors":[{"message":"' . fill('\u00e9') . "\"}]}\n--b--" }, $by_ids ],
);

# CPU time of the backend, in seconds
sub cpu_time
{
	my @fields = split ' ', slurp_file("/proc/$pid/stat") =~ s/.*\) //sr;
	return ($fields[11] + $fields[12]) / $ticks;
}

# Is the response being parsed, or has it been already?
sub begun_to_read
{
	my ($output) = run_in($other, qq{
		SELECT a.state = 'idle' OR c.state LIKE 'reading%'
		FROM pg_stat_activity a LEFT JOIN call_log_fdw_activity c USING (pid)
		WHERE pid = $pid});
	return $simulator->requests > 0 && $output eq 't';
}

foreach my $answer (@answers)
{
	my ($name, $make, $query) = @$answer;

	$simulator->clear_faults;
	$simulator->clear_log;
	$simulator->fault('wire', match => '/call-log', body => $make->());
	start_in($session, $query // $list);
	wait_until("$name are read", \&begun_to_read);
	my $before = cpu_time();
	run_in($other, "SELECT pg_cancel_backend($pid)");
	my (undef, $error) = run_in($session, '');
	my $taken = cpu_time() - $before;

	cmp_ok($taken, '<', $limit, "a cancel while $name are read is answered");
	note(sprintf '%s: %.2f s', $name, $taken);
}

$session->quit;
$other->quit;
$node->stop;
done_testing();
