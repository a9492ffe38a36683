# The memory of a scan does not depend on the number of rows, nor that of a join
# by id on their width; both send the minimum number of requests. A scan finds
# every call, also beyond the last page number of the API.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use PostgreSQL::Test::Utils;
use POSIX qw(ceil);
use Simulator;
use Test::More;

# Additional memory for 50,000 rows compared with 5,000, in kB
my $limit = 20 * 1024;

my ($few, $many) = (5_000, 50_000);
my $page_size = 1000;

# 1 % of the calls are deleted ones, which are not listed
my $simulator = Simulator->start(calls => 51_000, page_ceiling => 1000);

# VmHWM includes the shared memory used by a process
my $node = start_cluster('shared_buffers = 1MB');

create_server($node, 'calls', $simulator->url);

# Newest first
my @truth = $simulator->truth_index;
die 'the simulator has too few calls' unless @truth > $many + 100;

# Start time of the nth newest call, such that exactly n calls are not older
sub start_of
{
	my ($n) = @_;

	$n++ while $truth[$n][1] eq $truth[ $n - 1 ][1];
	return ($truth[ $n - 1 ][1], $n);
}

sub check_requests
{
	my ($rows, $name) = @_;
	my $pages = ceil($rows / $page_size);
	my @requests = $simulator->list_requests;

	cmp_ok(scalar(@requests), '>=', $pages, "$name: requests");
	cmp_ok(scalar(@requests), '<=', $pages + 1,
		"$name: at most one additional");
	is(scalar(grep { $_->{query} !~ /dateFrom=.*dateTo=/ } @requests),
		0, "$name: each with dateFrom and dateTo");
	return;
}

# ----------
# INSERT ... SELECT
# ----------

# Peak memory, in kB, of a new backend that copies the n newest calls
sub copy_calls
{
	my ($n) = @_;
	my ($start, $rows) = start_of($n);
	my $session = open_session($node);

	$simulator->clear_log;
	run_in($session, 'CREATE TABLE copy (LIKE calls.call_log)');
	my (undef, $error) = run_in($session,
		qq{INSERT INTO copy SELECT * FROM calls.call_log
			WHERE start_time >= '$start'});
	is($error, '', "INSERT ... SELECT of $rows rows");
	my $peak = memory_of(backend_pid($session), 'VmHWM');

	my ($count) = run_in($session,
		'SELECT count(*), count(DISTINCT id) FROM copy');
	is($count, "$rows|$rows", "$rows rows: each once");
	check_requests($rows, "$rows rows");
	run_in($session, 'DROP TABLE copy');
	$session->quit;
	return $peak;
}

my $peak_of_few = copy_calls($few);
my $peak_of_many = copy_calls($many);
cmp_ok($peak_of_many - $peak_of_few,
	'<', $limit, "$many rows need little more memory than $few")
  or diag("peak in kB: $peak_of_many, $peak_of_few");

# ----------
# Requests
# ----------

sub test_count
{
	$simulator->clear_log;
	is($node->safe_psql('postgres', 'SELECT count(*) FROM calls.call_log'),
		scalar(@truth), 'count(*)');
	check_requests(scalar(@truth), 'count(*)');
	return;
}

sub test_limit
{
	$simulator->clear_log;
	my $rows =
	  $node->safe_psql('postgres', 'SELECT id FROM calls.call_log LIMIT 5');
	is(scalar(split /\n/, $rows), 5, 'LIMIT 5');
	cmp_ok(scalar($simulator->list_requests),
		'<=', 2, 'LIMIT 5 sends at most one additional request');

	$simulator->clear_log;
	$node->safe_psql('postgres', 'SELECT id FROM calls.call_log LIMIT 0');
	is(scalar($simulator->requests), 0, 'LIMIT 0 sends nothing');
	return;
}

test_count();
test_limit();

# ----------
# Joins by id
# ----------

# Peak memory, in kB, of a new backend that joins rows of that many kB by id;
# all have one of ten ids, so that a batch is not ended by the number of ids
sub join_rows
{
	my ($wide) = @_;
	my $session = open_session($node);

	run_in($session, "SET work_mem = '4MB'");
	run_in($session, qq{
		CREATE TABLE wide AS SELECT g, c.id, repeat(md5(g::text), 32 * $wide) AS wide
		FROM generate_series(1, 200) g JOIN (SELECT id, row_number() OVER () AS n
			FROM (SELECT id FROM calls.call_log LIMIT 10) c) c ON c.n = g % 10 + 1;
		ANALYZE wide});
	$session->quit;

	$session = open_session($node);
	run_in($session, "SET work_mem = '4MB'; SET enable_hashjoin = off; SET enable_mergejoin = off");
	my ($plan) = run_in($session, 'EXPLAIN SELECT w.wide, c.id FROM (SELECT id, repeat(wide, 1) AS wide'
		  . ' FROM wide OFFSET 0) w JOIN calls.call_log c ON c.id = w.id');
	like($plan, qr/Call Log Join/, "rows of $wide kB are joined by id");
	$simulator->clear_log;
	my ($result, $error) = run_in($session, 'SELECT count(*), count(DISTINCT id), sum(length(wide)) FROM'
		  . ' (SELECT w.wide, c.id FROM (SELECT id, repeat(wide, 1) AS wide FROM wide OFFSET 0) w'
		  . ' JOIN calls.call_log c ON c.id = w.id OFFSET 0) j');
	is("$error$result", '200|10|' . 200 * 1024 * $wide, "rows of $wide kB: all of them");
	my $peak = memory_of(backend_pid($session), 'VmHWM');

	$session->quit;
	$node->safe_psql('postgres', 'DROP TABLE wide');
	return $peak;
}

sub test_join
{
	my $peak_of_narrow = join_rows(1);
	my $narrow_requests = $simulator->by_id_requests;
	my $peak_of_wide = join_rows(256);

	is($narrow_requests, 1, 'narrow rows are one batch');
	cmp_ok($peak_of_wide - $peak_of_narrow, '<', $limit, 'wide rows are joined within work_mem')
	  or diag("peak in kB: $peak_of_wide, $peak_of_narrow");
	return;
}

test_join();

# ----------
# More pages than page numbers of the API
# ----------

sub test_page_ceiling
{
	my ($start, $rows) = start_of(5_300);
	my $expected = join "\n", sort map { $_->[0] } @truth[ 0 .. $rows - 1 ];
	my $query = qq{
		SELECT id FROM calls.call_log WHERE start_time >= '$start'
		ORDER BY id COLLATE "C"};

	$node->safe_psql('postgres',
		q{ALTER FOREIGN TABLE calls.call_log OPTIONS (page_size '5')});
	$simulator->clear_log;
	my $ids = $node->safe_psql('postgres', $query);

	ok($ids eq $expected, "every one of $rows ids, once, from pages of 5")
	  or diag(scalar(split /\n/, $ids) . ' ids');
	is(scalar(grep { $_->{query} !~ /&page=1&/ } $simulator->list_requests),
		0, 'without page numbers, which end at 1000');

	$node->safe_psql('postgres',
		q{ALTER FOREIGN TABLE calls.call_log OPTIONS (newest_first 'false')});
	my ($status, undef, $error) = $node->psql('postgres', $query);
	isnt($status, 0, 'if the order is declared as unreliable');
	like($error, qr/could not continue after page 1000 of the list/,
		'they are an error, not an incomplete result');
	return;
}

test_page_ceiling();

$node->stop;
done_testing();
