# ALTER EXTENSION ... UPDATE while other sessions read the tables. The previous
# and the next version are derived from the current one: 0.9, which lacks a
# function, and 1.0.1, which has an additional one. And pg_upgrade, to the same
# version of PostgreSQL.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;

my ($directory) = run_command([ 'pg_config', '--sharedir' ]);
$directory .= '/extension';
plan skip_all => "may not write into $directory" if !-w $directory;

my ($control) = grep { /default_version/ }
  split /\n/, slurp_file("$directory/call_log_fdw.control");
my ($current) = $control =~ /'(.*)'/ or die 'no default_version';
my $newer = "$current.1";
my @made;

sub make_script
{
	my ($versions, $sql) = @_;
	my $file = "$directory/call_log_fdw--$versions.sql";

	append_to_file($file, $sql);
	push @made, $file;
	return;
}

END { unlink @made }

# The older version lacks a function
my $script = slurp_file("$directory/call_log_fdw--$current.sql");
my ($definition) = $script =~ /^(CREATE FUNCTION call_log_fdw_version\(\).*?;\n)/ms
  or die 'no such function in the script';
(my $older = $script) =~ s/^(?:CREATE|COMMENT ON) FUNCTION call_log_fdw_version\(\).*?;\n//msg;
make_script('0.9', $older);
make_script("0.9--$current", $definition);
make_script("$current--$newer",
	"CREATE FUNCTION call_log_fdw_newer() RETURNS text LANGUAGE c AS 'MODULE_PATHNAME', 'call_log_fdw_version';\n");

my $simulator = Simulator->start;
my $node = start_cluster();
$node->safe_psql('postgres',
	"DROP EXTENSION call_log_fdw; CREATE EXTENSION call_log_fdw VERSION '0.9'");
create_server($node, 'sim', $simulator->url);

my $reader = open_session($node);
my $other = open_session($node);

# A scan that is in progress during the updates
my ($expected) = run_in($other, fingerprint_of('sim.call_log'));
run_in($reader, 'BEGIN; DECLARE walk CURSOR FOR SELECT id FROM sim.call_log');
my ($first) = run_in($reader, 'FETCH 1500 FROM walk');
my ($output, $error);

foreach my $version ($current, $newer)
{
	($output, $error) = run_in($other, "ALTER EXTENSION call_log_fdw UPDATE TO '$version'");
	is($error, '', "updated to $version");
	($output, $error) = run_in($other, fingerprint_of('sim.call_log'));
	is($output, $expected, "$version: the same rows");
	($output, $error) = run_in($reader, 'FETCH 1500 FROM walk');
	is($error, '', "$version: a scan in progress continues");
	is(scalar(split /\n/, $output), 1500, "$version: it has its rows");
}
($output, $error) = run_in($reader, 'FETCH ALL FROM walk; COMMIT');
is(3 * 1500 + scalar(split /\n/, $output), (split /\|/, $expected)[0], 'it returns every row');

($output, $error) = run_in($other, 'SELECT call_log_fdw_newer() = call_log_fdw_version()');
is("$output$error", 't', 'the functions that the updates added work');
($output, $error) = run_in($other,
	'DROP EXTENSION call_log_fdw CASCADE; CREATE EXTENSION call_log_fdw');
is($error =~ s/^.*(?:NOTICE|DETAIL|LOCATION|drop cascades|and \d+ other).*\n?//mgr,
	'', 'dropped and created again');

$reader->quit;
$other->quit;
$node->stop;

# pg_upgrade: a copy continues where it stopped
my $sync = q{CALL call_log_fdw_sync('sim.call_log', 'archive')};
my $rows = fingerprint_of('archive');
my $old = start_named_cluster('old');
create_server($old, 'sim', $simulator->url);
$old->safe_psql('postgres', $sync);
$expected = $old->safe_psql('postgres', $rows);
$old->stop;

my $new = new_cluster('new');
my $bindir = $new->config_data('--bindir');
chdir $PostgreSQL::Test::Utils::tmp_check or die $!;
command_ok(
	[
		'pg_upgrade', '--no-sync',
		'--old-bindir', $bindir, '--old-datadir', $old->data_dir,
		'--new-bindir', $bindir, '--new-datadir', $new->data_dir,
		'--socketdir', $new->host, '--old-port', $old->port, '--new-port', $new->port
	],
	'pg_upgrade');
$new->start;
is($new->safe_psql('postgres', $rows), $expected, 'pg_upgrade: the copy is the same');
$simulator->clear_log;
$new->safe_psql('postgres', $sync);
is($new->safe_psql('postgres', $rows), $expected, 'pg_upgrade: the copy is the same after an update');
is_deeply(
	[ map { $_->{path} } grep { $_->{path} =~ /call-log/ } $simulator->requests ],
	[ map { "/restapi/v1.0/account/~/call-log-$_" } 'extract-sync', 'sync' ],
	'pg_upgrade: it requests only the changes');
$new->stop;

done_testing();
