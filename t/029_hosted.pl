# docs/hosted.md: its statements, as printed, on a server with the extension and
# on one without it, in the place of a managed service.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;

my $page = slurp_file("$FindBin::RealBin/../docs/hosted.md");
my ($setting) = $page =~ /`(wal_level = \w+)`\s+in\s+`postgresql\.conf`/;
my $simulator = Simulator->start(calls => 300, days => 20);
my $small = start_named_cluster('small',
	"shared_preload_libraries = 'call_log_fdw'",
	'max_wal_senders = 10', $setting // '');
create_server($small, 'ringcentral', $simulator->url, server => { page_size => 100 });
import_tables($small, 'ringcentral', 'calls', 'account');
my $managed = new_cluster('managed');
$managed->start;

# The statements, or the lines for the shell, of a section in order, with the hosts,
# databases and credentials of this test
sub blocks
{
	my ($title) = @_;
	my ($section) = $page =~ /^## \Q$title\E\n(.*?)(?=^## |\z)/ms;
	my @blocks = $section =~ /^```\n(.*?)^```$|^ {4}(\N+)$/msg;

	return map { with_nodes($_) } grep { defined } @blocks;
}

sub with_nodes
{
	my ($text) = @_;
	my ($host, $port) = ($small->host, $small->port);

	$text =~ s/\b$_ '\.\.\.'/$_ '$Simulator::login{$_}'/g foreach keys %Simulator::login;
	$text =~ s/host=small\.example dbname=calls/host=$host port=$port dbname=postgres/g;
	$text =~ s/host 'small\.example', dbname 'calls'/host '$host', port '$port', dbname 'postgres'/g;
	$text =~ s/-d calls\b/-d "@{[ $small->connstr('postgres') ]}"/g;
	$text =~ s/-d 'host=managed\.example \.\.\.'/-d "@{[ $managed->connstr('postgres') ]}"/g;
	return $text;
}

sub sorted_rows
{
	my ($node, $sql) = @_;
	return join "\n", sort split /\n/, $node->safe_psql('postgres', $sql);
}

# The table on the managed side equals the simulator's truth
sub check_copy
{
	my ($what) = @_;

	$small->safe_psql('postgres', 'DROP TABLE IF EXISTS truth');
	copy_truth($small, $simulator, 'calls', 'truth');
	is( $managed->safe_psql('postgres', fingerprint_of('archive WHERE deleted IS NOT TRUE')),
		$small->safe_psql('postgres', fingerprint_of('truth')),
		$what);
	return;
}

# ----------
# Logical replication
# ----------

my ($publish, $copy_definition, $subscribe) = blocks('A copy, by logical replication');

$small->safe_psql('postgres', $publish);
is(system('bash', '-o', 'pipefail', '-c', $copy_definition), 0, 'pg_dump | psql')
  or die 'the table does not exist';
$managed->safe_psql('postgres', $subscribe);
$managed->wait_for_subscription_sync($small, 'calls', 'postgres');
check_copy('the copy is replicated');

my ($sync) = $publish =~ /^(CALL .*?;)/m;
my ($one, $two) = map { $_->[0] } ($simulator->truth_index)[ 20, 30 ];
$simulator->control('POST', 'appear', { result => 'Late' });
$simulator->control('POST', 'rewrite', { id => $one, result => 'Rewritten' });
$simulator->control('POST', 'delete', { id => $two });
$small->safe_psql('postgres', $sync);
$small->wait_for_catchup('calls');
check_copy('new and deleted calls are replicated');
is($managed->safe_psql('postgres', q{SELECT result FROM archive WHERE result IN ('Late', 'Rewritten') ORDER BY 1}),
	"Late\nRewritten", 'and so are changes');

# ----------
# postgres_fdw
# ----------

my ($grant, $import_and_query) = blocks('Queries, by postgres_fdw');
my ($import, $query) = $import_and_query =~ /\A(.*?)^(SELECT.*)\z/ms;

$small->safe_psql('postgres', $grant);
$managed->safe_psql('postgres', $import);
copy_truth($small, $simulator, 'calls', 'people', resource => 'extensions');
$simulator->clear_log;
my $local_query = $query =~ s/calls\.call_log/truth/r =~ s/calls\.extensions/people/r;

# now() advances, so the truth before the query, or that after it
my $before = sorted_rows($small, $local_query);
my $rows = sorted_rows($managed, $query);
is($rows, $rows eq $before ? $before : sorted_rows($small, $local_query),
	'a query with names has the right rows');
like($rows, qr/\n/, 'more than one');
is(scalar($simulator->requests('/account/')), 2, 'with two requests');
is($managed->safe_psql('postgres', q{SELECT count(*) FROM pg_extension WHERE extname = 'call_log_fdw'}),
	0, 'without the extension');
done_testing();
