# A hot standby: queries on foreign tables, with tokens and limits, and the views
# work as on the primary; call_log_fdw_sync is an error, and a copy that the primary
# keeps is replicated.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use PostgreSQL::Test::Cluster;
use Simulator;
use Test::More;

my $simulator = Simulator->start(clock => '2026-03-31T12:00:00Z', calls => 300, days => 20);
my $primary = new_cluster('primary', allows_streaming => 1);
$primary->append_conf('postgresql.conf', qq{
shared_preload_libraries = 'call_log_fdw'
timezone = 'UTC'
});
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION call_log_fdw');
create_server($primary, 'calls', $simulator->url, server => { page_size => 100, media_url => $simulator->media_url });
copy_truth($primary, $simulator, 'calls', 'truth');
my $sync = q{CALL call_log_fdw_sync('calls.call_log', 'copy', since => '2026-03-01')};
$primary->safe_psql('postgres', $sync);

$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;
is($standby->safe_psql('postgres', 'SELECT pg_is_in_recovery()'), 't', 'a standby');

# ----------
# Queries
# ----------

$simulator->clear_log;
is($standby->safe_psql('postgres',
		q{SELECT count(*) FROM calls.call_log WHERE start_time >= '2026-03-15'}),
	$primary->safe_psql('postgres',
		q{SELECT count(*) FROM truth WHERE start_time >= '2026-03-15'}),
	'a query has the right rows');
is($standby->safe_psql('postgres',
		q{SELECT count(*) FROM calls.call_log c JOIN (SELECT id FROM truth ORDER BY id LIMIT 60) t USING (id)}),
	60, 'and so has a join by id');
is($simulator->logins, 1, 'its sessions share one token');
is($standby->safe_psql('postgres',
		q{SELECT throttling_group, requests > 0, shared FROM call_log_fdw_rate_limits r JOIN call_log_fdw_stats s USING (throttling_group) WHERE throttling_group = 'heavy'}),
	'heavy|t|t', 'the limit and the statistics are those of the standby');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM call_log_fdw_activity'),
	0, 'no scan is in progress');
is($standby->safe_psql('postgres', q{SELECT step, found FROM call_log_fdw_check('calls') WHERE ok IS NOT TRUE}),
	'', 'call_log_fdw_check succeeds');

# ----------
# Copies
# ----------

$simulator->clear_log;
my (undef, undef, $error) = $standby->psql('postgres', $sync);
like($error, qr/^(psql:\S+ )?ERROR:  cannot execute call_log_fdw_sync in a read-only transaction$/m,
	'call_log_fdw_sync is an error');
like($error, qr/HINT:  Call it on the primary server/, 'which says where to call it');
is(scalar($simulator->requests), 0, 'before anything is sent');

$simulator->control('POST', 'appear', { startTime => '2026-03-31T11:00:00Z', result => 'Late' });
$primary->safe_psql('postgres', $sync);
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres',
		q{SELECT count(*), (SELECT missing FROM call_log_fdw_sync_state) FROM copy WHERE result = 'Late'}),
	'1|{}', 'the copy and its state are replicated');

# A promoted standby continues the copy
$primary->stop;
$standby->promote;
$simulator->control('POST', 'appear', { startTime => '2026-03-31T11:30:00Z', result => 'Later' });
$simulator->clear_log;
$standby->safe_psql('postgres', $sync);
is(scalar($simulator->requests('/call-log')), 2, 'after its promotion it continues the copy');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM copy WHERE result = 'Later'}),
	1, 'with the changes since then');
done_testing();
