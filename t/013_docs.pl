# README.md and docs/*.md: every statement can be executed as printed, every
# link has a target, every page and example is linked, and every option is
# documented.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use Digest::MD5 qw(md5_hex);
use File::Basename qw(basename);
use List::Util qw(uniq);
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;

my $root = "$FindBin::RealBin/..";
my @pages = ("$root/README.md", sort glob "$root/docs/*.md");
my $simulator = Simulator->start(calls => 500, days => 60);
my $node = start_cluster("timezone = 'UTC'");
my $url = $simulator->url;
my $media_url = $simulator->media_url;
my %login = %Simulator::login;

# Replace credentials and hosts of a page by those of this test.
sub with_simulator
{
	my ($sql, $database) = @_;
	my ($host, $port) = ($node->host, $node->port);

	foreach my $name (keys %login)
	{
		$sql =~ s/\b$name '\.\.\.'/$name '$login{$name}'/g;
	}
	$sql =~
	  s/WRAPPER call_log_fdw(?: OPTIONS \()?/$&@{[ $& =~ m{\($} ? '' : ' OPTIONS (' ]}base_url '$url', media_url '$media_url'@{[ $& =~ m{\($} ? ', ' : ')' ]}/g;
	$sql =~
	  s/host '[^']*', dbname '[^']*'/host '$host', port '$port', dbname '$database'/g;
	$sql =~ s/user '[^']*', password '[^']*'/user 'reader'/g;
	return $sql;
}

# The statements of a page, in order
sub statements
{
	my ($page) = @_;
	my @blocks;

	while ($page =~ /^( *)```sql\n(.*?)^\1```$/msg)
	{
		my ($indent, $block) = ($1, $2);
		push @blocks, $block =~ s/^$indent//mgr;
	}
	return join "\n", @blocks;
}

# A database as created in the README
my ($setup) = statements(slurp_file("$root/README.md")) =~
  /^(CREATE EXTENSION.*?)^SELECT/ms;

sub make_database
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, with_simulator($setup, $name));
	return;
}

# "What a query costs" as the part of a link
sub anchor
{
	my ($title) = @_;
	return lc($title) =~ s/[^a-z0-9 _-]//gr =~ tr/ /-/r;
}

sub check_links
{
	my ($file, $page) = @_;
	my $directory = $file =~ s{[^/]*$}{}r;

	my @links = (
		$page =~ /\]\(((?!https:)[^)]*)\)/g,
		$page =~ /\b(?:src|srcset)="([^"]*)"/g);

	foreach my $link (@links)
	{
		my ($path, $part) = split /#/, $link;
		my $target = $path eq '' ? $file : "$directory$path";

		ok(-e $target, basename($file) . ": $link leads somewhere");
		next unless defined $part;
		my @titles = map { anchor($_) } slurp_file($target) =~ /^#+ (.*)$/mg;
		ok(scalar(grep { $_ eq $part } @titles), "... to a title");
	}
	return;
}

$node->safe_psql('postgres', 'CREATE ROLE reader SUPERUSER LOGIN');
foreach my $file (@pages)
{
	my $page = slurp_file($file);
	my $name = lc(basename($file, '.md'));
	my $sql = with_simulator(statements($page) =~ s/\Q$setup\E//r, $name);

	check_links($file, $page);
	next if $sql eq '';
	make_database($name);
	my ($status, undef, $errors) =
	  $node->psql($name, $sql, on_error_stop => 1);
	is($status, 0, basename($file) . ' can be run') or diag($errors);
}

foreach my $file (map { "$root/$_" }
	qw(CONTRIBUTING.md SECURITY.md src/README.md t/README.md simulator/README.md))
{
	check_links($file, slurp_file($file));
}

# Each page is in the index, each example in one of the pages
my $index = slurp_file("$root/docs/README.md");
my $all = join '', map { slurp_file($_) } @pages;
is_deeply(
	[ grep { index($index, "]($_)") < 0 } map { basename($_) } glob "$root/docs/*.md" ],
	['README.md'],
	'docs/README.md lists all pages but itself');
is_deeply(
	[ grep { $all !~ m{examples/\Q$_\E\)} } map { basename($_) } glob "$root/examples/*.sql" ],
	[],
	'each example is linked');

# Each column of the imported tables is described; to_name by from_name
my $tables = slurp_file("$root/docs/tables.md");
my @columns = split /\n/, $node->safe_psql('readme', q{
	SELECT DISTINCT attname FROM pg_attribute JOIN pg_foreign_table ON ftrelid = attrelid
	WHERE attnum > 0});
is_deeply(
	[ grep { my $from = s/^to_/from_/r; $tables !~ /`"?(?:$_|$from)\b/ } @columns ],
	[],
	'docs/tables.md has all columns');

# ----------
# docs/events.md: requests only after the end of a call
# ----------

sub run_events_job
{
	my ($job) = slurp_file("$root/docs/events.md") =~
	  /^```sql\n(SELECT count.*?\\endif\n)```/ms;

	$simulator->clear_log;
	$node->safe_psql('events', $job);
	return scalar $simulator->requests('/account/');
}

is($node->safe_psql('events', 'SELECT telephony_session_id FROM call_event'),
	's-a1b2', 'an event of the webhook is in the queue');
is(run_events_job(), 0, 'it is too young: no request');
$node->safe_psql('events', q{UPDATE call_event SET received = now() - interval '1 minute'});
cmp_ok(run_events_job(), '>', 0, 'then the copy is made');
$node->safe_psql('events', q{
	INSERT INTO call_event (telephony_session_id, received)
	SELECT telephony_session_id, now() - interval '1 minute' FROM archive LIMIT 3});
is(run_events_job(), 2, 'and brought up to date with two requests');
is($node->safe_psql('events', 'SELECT telephony_session_id FROM call_event'),
	's-a1b2', 'the others are done, the one without a call stays');
$node->safe_psql('events', q{UPDATE call_event SET received = now() - interval '61 minutes'});
run_events_job();
is($node->safe_psql('events', 'SELECT count(*) FROM call_event'), 0, 'until it is given up');
is(run_events_job(), 0, 'no event, no request');

# ----------
# docs/etl.md: no change is lost or applied twice
# ----------

my $differences = q{
	SELECT count(*) FROM (
		(SELECT id, start_time, result FROM warehouse.call EXCEPT ALL SELECT id, start_time, result FROM truth)
		UNION ALL
		(SELECT id, start_time, result FROM truth WHERE start_time >= CURRENT_DATE - 30
			EXCEPT ALL SELECT id, start_time, result FROM warehouse.call)) x};

sub load
{
	$simulator->clear_log;
	$node->safe_psql('etl', 'CALL warehouse.load()');
	return scalar $simulator->requests('/call-log-extract-sync');
}

sub differences
{
	my $truth = PostgreSQL::Test::Utils::tempdir() . '/truth.csv';

	$simulator->write_truth($truth);
	return $node->safe_psql(
		'etl', qq{
		CREATE TEMPORARY TABLE truth (LIKE calls.call_log);
		COPY truth FROM '$truth' (FORMAT csv, HEADER, ENCODING 'UTF8');
		$differences});
}

sub change
{
	my ($what, %members) = @_;
	return $simulator->control('POST', $what, \%members);
}

my ($one, $two) = map { $_->[0] } ($simulator->truth_index)[ 20, 30 ];
change('appear', startTime => ($simulator->truth_index)[50][1]);
change(
	'rewrite',
	id => $one,
	result => 'Accepted',
	startTime => ($simulator->truth_index)[60][1]);
is(load(), 1, 'changes: one request');
is(differences(), 0, 'all changes');
change('rewrite', id => $two, result => $_) foreach 'Missed', 'Voicemail';
$simulator->fault('status', match => '/call-log-extract-sync', status => 403);
my ($failed) = $node->psql('etl', 'CALL warehouse.load()');
isnt($failed, 0, 'a load that fails');
load();
is(differences(), 0, 'loses nothing');
$simulator->set(sync_tokens_expire => 'on');
change('rewrite', id => $two, result => 'Blocked');
is(load(), 2, 'a token that is refused: begin from a time');
is(differences(), 0, 'which loses no change either');

# ----------
# docs/etl.md: recordings as files
# ----------

my $directory = PostgreSQL::Test::Utils::tempdir();
my $connection = $node->connstr('etl');
my ($script) = slurp_file("$root/docs/etl.md") =~ /^( +set -o pipefail\n.*?^ +done\n)/ms;
$script =~ s/-d mydb/-d "$connection"/g;
foreach my $run ('first', 'second')
{
	ok(system('bash', '-c', "cd '$directory' && $script") == 0, "recordings to files, $run run");
}
my %sum = map { split /\|/ } split /\n/,
  $node->safe_psql('etl', q{
	SELECT DISTINCT id || CASE content_type WHEN 'audio/mpeg' THEN '.mp3' ELSE '.wav' END, md5(content)
	FROM archived_recordings WHERE content <> ''});
cmp_ok(scalar(keys %sum), '>', 0, 'some');
is_deeply(
	{ map { basename($_) => md5_hex(slurp_file($_)) } glob "$directory/*" },
	\%sum,
	'each has the bytes of its recording');

# ----------
# docs/dba.md: a condition on the view with security_barrier is pushed down
# ----------

my ($own_calls) = slurp_file("$root/docs/dba.md") =~ /^(SELECT .* FROM calls_to_me .*;)/m;
my $today = $node->safe_psql('dba', 'SELECT CURRENT_DATE - 1');
like($node->safe_psql('dba', "EXPLAIN $own_calls"),
	qr/dateFrom=${today}T23:59:59Z/, 'a condition on a view with security_barrier is pushed down');

# ----------
# Options
# ----------

my @documented_options =
  map { /`(\w+)`/g }
  slurp_file("$root/docs/options.md") =~
  /^\| ((?:`\w+`(?:, )?)+) \| (?:server|table|column|user mapping)/mg;
my @options;
foreach my $object (
	'SERVER ringcentral',
	'FOREIGN TABLE calls.call_log',
	'FOREIGN TABLE calls.call_log ALTER id',
	'USER MAPPING FOR CURRENT_USER SERVER ringcentral')
{
	my (undef, undef, $error) =
	  $node->psql('readme', "ALTER $object OPTIONS (ADD zzzzzzzzzz '1')");
	my ($list) = $error =~ /Valid options in this context are: (.*)\./;
	push @options, split /, /, $list;
}
is_deeply(
	[ sort @documented_options ],
	[ sort { $a cmp $b } uniq(@options) ],
	'docs/options.md has each option once, and no others');

# ----------
# Functions, views and tables
# ----------

# Names that psql lists with the commands, in a schema with nothing but the extension
sub listed
{
	my (@commands) = @_;

	return sort { $a cmp $b } uniq(
		map { (split /\|/)[1] } split /\n/,
		$node->safe_psql('objects', join "\n", @commands));
}

$node->safe_psql('postgres', 'CREATE DATABASE objects');
$node->safe_psql('objects', 'CREATE EXTENSION call_log_fdw');
my @documented = sort { $a cmp $b }
  slurp_file("$root/docs/functions.md") =~ /`(call_log_fdw_\w+)`/g;
is_deeply([ listed('\df call_log_fdw_*', '\d') ],
	\@documented, 'docs/functions.md has each function, view and table once');
is_deeply([ listed('\df call_log_fdw_*', '\dv call_log_fdw_*', '\dt call_log_fdw_*') ],
	[ listed('\df', '\d') ], 'the names of all of them begin with call_log_fdw');

done_testing();
