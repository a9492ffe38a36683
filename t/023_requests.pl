# No query of bench/queries.sql sends more requests than its minimum.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use Simulator;
use Test::More;

my $simulator = Simulator->start;
my $node = start_cluster("shared_preload_libraries = 'call_log_fdw'", 'autovacuum = off', 'jit = off');

local %ENV = (
	%ENV,
	PGHOST => $node->host,
	PGPORT => $node->port,
	PGDATABASE => 'postgres',
	CALL_LOG_SIMULATOR => $simulator->url,
	CALL_LOG_SIMULATOR_MEDIA => $simulator->media_url);

my $table = qx{cd $FindBin::RealBin/.. && python3 bench/queries.py 2>&1};
is($?, 0, 'each query sends its minimum') or diag($table);
cmp_ok(scalar(() = $table =~ /\b(?:yes|NO)$/mg), '>=', 100, 'of a hundred queries');

$node->stop;
done_testing();
