# README.md and docs/*.md: every statement in them can be run as it is printed,
# every link leads somewhere, every option that there is, is told.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
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

# The credentials and hosts of a page are not those of this test.
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

# A database as the README makes one
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

	foreach my $link ($page =~ /\]\(((?!https:)[^)]*)\)/g)
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

# ----------
# What docs/etl.md promises: nothing missed, nothing twice
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
is(differences(), 0, 'all that has changed');
change('rewrite', id => $two, result => $_) foreach 'Missed', 'Voicemail';
$simulator->fault('status', match => '/call-log-extract-sync', status => 403);
my ($failed) = $node->psql('etl', 'CALL warehouse.load()');
isnt($failed, 0, 'a load that fails');
load();
is(differences(), 0, 'loses nothing');
$simulator->set(sync_tokens_expire => 'on');
change('rewrite', id => $two, result => 'Blocked');
is(load(), 2, 'a token that is refused: begin from a time');
is(differences(), 0, 'which loses nothing either');

# ----------
# Options
# ----------

my @told =
  map { /`(\w+)`/g }
  slurp_file("$root/README.md") =~
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
	[ sort @told ],
	[ sort { $a cmp $b } uniq(@options) ],
	'the README has each option once, and no others');

done_testing();
