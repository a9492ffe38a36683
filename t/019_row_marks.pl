# UPDATE ... FROM, MERGE, DELETE ... USING and SELECT ... FOR UPDATE keep each
# row of a foreign table, in case a row is updated concurrently. That requests
# only the columns that the query references; and a row that is rechecked
# contains them.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;

my $simulator = Simulator->start(
	calls => 200,
	days => 10,
	recordings_kept => 100_000);
my $node = start_cluster();

create_server($node, 'calls', $simulator->url,
	server => { media_url => $simulator->media_url });
$node->safe_psql(
	'postgres', q{
	CREATE TABLE note AS SELECT id, call_id, 'none'::text AS text, 0 AS n FROM calls.recordings;
	ALTER TABLE note ADD PRIMARY KEY (id);
	ANALYZE note, calls.recordings;
	CREATE TABLE parts (LIKE calls.recordings) PARTITION BY LIST (type);
	CREATE FOREIGN TABLE ondemand PARTITION OF parts FOR VALUES IN ('OnDemand')
		SERVER calls OPTIONS (resource 'recordings');
	CREATE FOREIGN TABLE automatic PARTITION OF parts FOR VALUES IN ('Automatic')
		SERVER calls OPTIONS (resource 'recordings');
	CREATE VIEW viewed AS SELECT id, call_id, type, duration FROM calls.recordings;
});

my $n = $node->safe_psql('postgres', 'SELECT count(*) FROM note');
cmp_ok($n, '>', 10, 'some recordings');

# Requests for details and for audio that a statement sends, and its number of rows
sub requests_of
{
	my ($sql) = @_;

	$simulator->clear_log;
	my $rows = $node->safe_psql('postgres', "BEGIN; $sql; ROLLBACK;");
	my @paths = map { $_->{path} } $simulator->requests;
	my $audio = grep { m{/content} } @paths;
	my $details = grep { m{/recording/[^/]+$} } @paths;

	return ($details, $audio, scalar(split /\n/, $rows));
}

sub check_requests
{
	my ($name, $sql, $details, $audio) = @_;
	my ($got_details, $got_audio, $rows) = requests_of($sql);

	is($rows, $n, "$name: rows");
	is($got_details, $details, "$name: requests for details");
	is($got_audio, $audio, "$name: requests for audio");
	return;
}

# ----------
# Requests
# ----------

my $join = 'FROM calls.recordings r WHERE r.id = note.id';
my $merge = 'MERGE INTO note USING calls.recordings r ON r.id = note.id WHEN MATCHED THEN UPDATE SET';

check_requests('UPDATE', "UPDATE note SET text = r.type $join RETURNING note.id", 0, 0);
check_requests('UPDATE with details', "UPDATE note SET text = r.content_type $join RETURNING note.id", $n, 0);
check_requests('UPDATE, details returned', "UPDATE note SET text = r.type $join RETURNING r.duration", $n, 0);
check_requests('UPDATE, row returned', "UPDATE note SET text = r.type $join RETURNING length(r::text)", $n, $n);
check_requests('UPDATE from the row', "UPDATE note SET text = left(r::text, 99) $join RETURNING note.id", $n, $n);
check_requests('DELETE', 'DELETE FROM note USING calls.recordings r WHERE r.id = note.id RETURNING note.id', 0, 0);
check_requests('FOR UPDATE', "SELECT note.id, r.type $join FOR UPDATE OF note" =~ s/FROM /FROM note, /r, 0, 0);
check_requests('FOR SHARE', "SELECT note.id, r.type $join FOR SHARE" =~ s/FROM /FROM note, /r, 0, 0);
check_requests('FOR UPDATE of the row', "SELECT length(r::text) $join FOR UPDATE OF note" =~ s/FROM /FROM note, /r, $n, $n);
check_requests('MERGE', "$merge text = r.type; SELECT id FROM note WHERE text <> 'none'", 0, 0);
check_requests('MERGE with details', "$merge n = r.duration; SELECT id FROM note WHERE n <> 0", $n, 0);
check_requests('MERGE with a row', "$merge n = length(r::text); SELECT id FROM note WHERE n <> 0", $n, $n);
check_requests('a view', 'UPDATE note SET text = v.type FROM viewed v WHERE v.id = note.id RETURNING note.id', 0, 0);
check_requests('partitions', 'UPDATE note SET text = p.type FROM parts p WHERE p.id = note.id RETURNING note.id', 0, 0);
check_requests('partitions, a row',
	'UPDATE note SET text = p::text FROM parts p WHERE p.id = note.id RETURNING note.id', $n, $n);
check_requests('a whole row in a sub-select',
	"UPDATE note SET n = (SELECT length(r::text)) $join RETURNING note.id", $n, $n);
check_requests('an outer join',
	'UPDATE note SET n = length(r::text) FROM note o LEFT JOIN calls.recordings r ON r.id = o.id'
	  . ' WHERE o.id = note.id RETURNING note.id', $n, $n);
check_requests('a union',
	'UPDATE note SET n = length(u.r::text) FROM (SELECT id, r FROM calls.recordings r UNION ALL'
	  . " SELECT id, NULL FROM calls.recordings WHERE id = '') u WHERE u.id = note.id RETURNING note.id", $n, $n);

# ----------
# Rechecked rows
# ----------

my ($one, $call) = split /\|/,
  $node->safe_psql('postgres', 'SELECT id, call_id FROM note ORDER BY id LIMIT 1');
my $expected = $node->safe_psql('postgres',
	"SELECT concat_ws(' ', type, session_id, call_start_time) FROM calls.recordings WHERE id = '$one'");
my $first = open_session($node);
my $second = open_session($node);

# The row after a statement of the second session, when the first one has
# changed it and commits while the second waits
sub rechecked
{
	my ($sql) = @_;
	my $pid = backend_pid($second);

	run_in($first, "UPDATE note SET text = 'none', n = 0; BEGIN; UPDATE note SET n = n + 1 WHERE id = '$one'");
	start_in($second, $sql);
	wait_until('the statement waits for the row',
		sub { $node->safe_psql('postgres', "SELECT wait_event_type FROM pg_stat_activity WHERE pid = $pid") eq 'Lock' });
	run_in($first, 'COMMIT');
	my ($output, $error) = finish_in($second);
	is($error, '', 'no error');
	return $output =~ /\S/ ? $output : $node->safe_psql('postgres', "SELECT n || ' ' || text FROM note WHERE id = '$one'");
}

my $shown = q{concat_ws(' ', r.type, r.session_id, r.call_start_time)};

is(rechecked("UPDATE note SET text = $shown $join"), "1 $expected", 'UPDATE');
is(rechecked("UPDATE note SET text = $shown $join AND r.session_id <> '' AND note.n < 5 AND r.call_id = note.call_id"),
	"1 $expected", 'UPDATE with more clauses');
is(rechecked("UPDATE note SET text = $shown $join AND note.n = 0 AND note.id = '$one'"), '1 none', 'UPDATE of what no longer matches');
is(rechecked("MERGE INTO note USING calls.recordings r ON r.id = note.id AND r.call_id = '$call'"
	  . " WHEN MATCHED AND note.n < 5 AND r.type <> '' THEN UPDATE SET text = $shown"), "1 $expected", 'MERGE');
is(rechecked("SELECT note.n || ' ' || $shown FROM note, calls.recordings r WHERE r.id = note.id AND note.id = '$one'"
	  . ' FOR UPDATE OF note'), "1 $expected", 'FOR UPDATE');
is(rechecked("UPDATE note SET text = concat_ws(' ', p.type, p.session_id, p.call_start_time) FROM parts p"
	  . " WHERE p.id = note.id AND note.id = '$one'"), "1 $expected", 'UPDATE from partitions');

$first->quit;
$second->quit;
$node->stop;
done_testing();
