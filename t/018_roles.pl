# A role with LOGIN, USAGE on a server and a user mapping of its own neither
# delays the work of other roles nor reads or changes what belongs to them.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;

# As in src/shared/shmem.h
my $max_budgets = 256;
my $max_tokens = 128;
my $max_densities = 256;
my $max_scans = 1024;
my $share = 4;

my $headers = join "\n", 'X-Rate-Limit-Group: heavy', 'X-Rate-Limit-Limit: 10',
  'X-Rate-Limit-Remaining: 0', 'X-Rate-Limit-Window: 60';

my $node = start_cluster(q{shared_preload_libraries = 'call_log_fdw'});
my $simulator = Simulator->start(calls => 60, seed => 5, days => 100);
my $session = open_session($node);

create_server($node, 'calls', $simulator->url,
	server => { max_rate_wait => '5s', max_retries => 0 });

# ----------
# The other role
# ----------

sub create_role
{
	my ($name) = @_;

	$node->safe_psql('postgres', qq{
		CREATE ROLE $name LOGIN;
		GRANT USAGE ON FOREIGN SERVER calls TO $name});
	return;
}

# A session of a role, with a foreign table of its own
sub session_of
{
	my ($role, $server) = (@_, 'calls');
	my $other = $node->background_psql('postgres',
		extra_params => [ '-U', $role ], on_error_stop => 0);

	$other->set_query_timer_restart;
	run_in($other, q{\set VERBOSITY verbose});
	my (undef, $error) = run_in($other, qq{
		CREATE FOREIGN TABLE pg_temp.own (id text NOT NULL)
			SERVER $server OPTIONS (resource 'call_log')});
	is($error, '', "$role has a foreign table");
	return $other;
}

# Query with as many user mappings, one after the other: options of mapping n
# with a %s.  Errors are ignored.
sub try_mappings
{
	my ($other, $n, $options) = @_;

	run_in($other, qq{DO \$\$
		BEGIN
		  FOR i IN 1 .. $n LOOP
		    EXECUTE 'DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER calls';
		    EXECUTE format('CREATE USER MAPPING FOR CURRENT_USER SERVER calls OPTIONS ($options)',
		      current_user || i);
		    BEGIN
		      PERFORM count(*) FROM pg_temp.own;
		    EXCEPTION WHEN OTHERS THEN NULL;
		    END;
		  END LOOP;
		END \$\$});
	return;
}

my $token = q{access_token ''made-up-%s''};
my $client = q{client_id ''made-up-%s'', client_secret ''s'', jwt ''j''};

# Entries in the views
sub entries
{
	my ($condition) = @_;
	my ($n) = run_in($session,
		"SELECT count(*) FROM call_log_fdw_rate_limits WHERE $condition");
	return $n;
}

my $query = 'SELECT count(*) FROM calls.call_log';

create_role($_) foreach 'mallory', map { "fellow_$_" } 1 .. $share + 1;

# ----------
# Tests
# ----------

# The budget of a role that waits for the end of a penalty
sub test_budget
{
	my $mallory = session_of('mallory');

	run_in($session, $query);
	$simulator->fault('status', status => 429, retry_after => 600,
		header => $headers, match => '/call-log');
	run_in($session, $query);
	my ($before) = run_in($session, q{SELECT sum(requests), sum(refused)
		FROM call_log_fdw_stats WHERE client_id <> '' AND client_id !~ 'made-up'});
	try_mappings($mallory, 2 * $max_budgets, $token);
	try_mappings($mallory, 2 * $max_budgets, $client);
	$simulator->clear_log;
	my (undef, $error) = run_in($session, $query);
	like($error, qr/^ERROR:  53400: wait of \d+ seconds/m,
		'a penalty lasts, independent of others');
	is(scalar($simulator->requests), 0, 'and nothing is sent');
	my ($after) = run_in($session, q{SELECT sum(requests), sum(refused)
		FROM call_log_fdw_stats WHERE client_id <> '' AND client_id !~ 'made-up'});
	is($after, $before, 'the statistics are kept');
	is(entries(q{client_id IS NULL OR client_id ~ 'made-up'}),
		$max_budgets / $share, 'the other role has its share of the entries');
	$mallory->quit;
	return;
}

test_budget();

# A new server, since the budget of the first one is closed
sub test_token
{
	my $url = $simulator->url =~ s/127\.0\.0\.1/localhost/r;
	my $mallory = session_of('mallory');

	create_server($node, 'token', $url);
	my $other = open_session($node);
	run_in($session, 'SELECT count(*) FROM token.call_log');
	try_mappings($mallory, 2 * $max_tokens, $client);
	$simulator->clear_log;
	run_in($other, 'SELECT count(*) FROM token.call_log');
	is(scalar($simulator->logins), 0, 'a token is kept, independent of others');
	$_->quit foreach $mallory, $other;
	return;
}

test_token();

sub estimate_of
{
	my ($explain) = @_;
	my ($plan) = run_in($session, $explain);
	return ($plan =~ /\((cost.*)\)/)[0];
}

# A 429 without a limit is one of the IP address, and closes all budgets; but
# not if it was caused by invalid credentials
sub test_closing
{
	my $mallory = session_of('mallory', 'token');

	run_in($session, 'SELECT count(*) FROM token.call_log');
	$simulator->fault('status', status => 429, retry_after => 600,
		match => '/call-log');
	run_in($mallory, q{
		CREATE USER MAPPING FOR CURRENT_USER SERVER token OPTIONS (access_token 'made-up');
		SET statement_timeout = '1s';
		SELECT count(*) FROM pg_temp.own;
		DROP USER MAPPING FOR CURRENT_USER SERVER token});
	$simulator->clear_faults;
	my ($rows, $error) = run_in($session, 'SELECT count(*) FROM token.call_log');
	is("$rows|$error", '60|', 'a refusal of invalid credentials does not affect others');
	$mallory->quit;
	return;
}

# Readers of a view use the token of its owner, and cannot make others log in
# again
sub test_disconnect
{
	my $mallory = session_of('mallory');
	my $other = open_session($node);

	run_in($session, 'CREATE VIEW shared AS SELECT id FROM token.call_log;
		GRANT SELECT ON shared TO mallory');
	my ($rows) = run_in($mallory, 'SELECT count(*) FROM shared;
		SELECT call_log_fdw_disconnect()');
	is($rows, "60\nt", 'a view, and call_log_fdw_disconnect');
	$simulator->clear_log;
	run_in($other, 'SELECT count(*) FROM token.call_log');
	is(scalar($simulator->logins), 0, 'a token is kept, whichever role used it');
	$_->quit foreach $mallory, $other;
	return;
}

$node->safe_psql('postgres', 'GRANT USAGE ON FOREIGN SERVER token TO mallory');
test_closing();
test_disconnect();

# Scans of other roles are shown, with any number of scans of one role
sub test_activity
{
	my $mallory = session_of('mallory');

	run_in($mallory, 'BEGIN; ' . join '; ',
		map { "DECLARE c$_ CURSOR FOR SELECT * FROM shared" } 1 .. $max_scans / $share + 10);
	run_in($session, 'BEGIN; DECLARE c CURSOR FOR SELECT id FROM token.call_log; FETCH 1 FROM c');
	my ($scans) = run_in($session, 'SELECT usename, count(*)
		FROM call_log_fdw_activity GROUP BY 1 ORDER BY 2 DESC');
	run_in($session, 'COMMIT');
	my $most = $max_scans / $share;
	like($scans, qr/^mallory\|$most\n\w+\|1$/,
		'scans of others are shown, with any number of scans of one role');
	$mallory->quit;
	return;
}

test_activity();

# The observed density of a table: that of another account is not used, and
# other tables do not replace it
sub test_density
{
	my $mallory = session_of('mallory');
	my $explain = 'EXPLAIN SELECT * FROM token.call_log';
	my $tables = join '', map {
		"CREATE FOREIGN TABLE pg_temp.t$_ (id text NOT NULL)
			SERVER calls OPTIONS (resource 'call_log');
		 SELECT count(*) FROM pg_temp.t$_;\n" } 1 .. $max_densities + 1;

	run_in($session, 'SELECT count(*) FROM token.call_log');
	my $before = estimate_of($explain);
	try_mappings($mallory, 1,
		"access_token ''$Simulator::access_token''");
	run_in($mallory, $tables);
	my $after = estimate_of($explain);
	is($after, $before, 'the estimate is kept, independent of others');
	$mallory->quit;
	return;
}

test_density();

# Statistics of the other role's requests of the group.  Those of logins may
# have been replaced after a while.
sub work_done
{
	my ($group) = @_;
	my ($done) = run_in($session, qq{SELECT coalesce(sum(requests), 0),
		sum(refused), sum(failed), sum(waits) FROM call_log_fdw_stats
		WHERE client_id = 'simulator-client' AND base_url LIKE '%localhost%'
		AND throttling_group = '$group'});
	return [ split /\|/, $done ];
}

# Without a free entry a session uses a local budget, and the view shows it
sub test_full
{
	my @fellows = map { session_of("fellow_$_") } 1 .. $share + 1;

	run_in($session, 'SELECT count(*) FROM token.call_log');
	my $before = work_done('heavy');

	$simulator->fault('status', status => 429, retry_after => 600,
		header => $headers, match => '/call-log', times => 'always');
	try_mappings($_, $max_budgets / $share, $token) foreach @fellows;
	$simulator->clear_faults;
	is_deeply(work_done('heavy'), $before,
		'an entry that is in use is not replaced, with any number of roles');
	create_role('newcomer');
	my $newcomer = session_of('newcomer');
	$node->safe_psql('postgres', 'GRANT USAGE ON FOREIGN SERVER token TO newcomer');
	run_in($newcomer, qq{
		CREATE USER MAPPING FOR CURRENT_USER SERVER token
			OPTIONS (access_token '$Simulator::access_token');
		CREATE FOREIGN TABLE pg_temp.other (id text NOT NULL)
			SERVER token OPTIONS (resource 'call_log')});
	my ($rows, $error) = run_in($newcomer, 'SELECT count(*) FROM pg_temp.other');
	is($rows, 60, 'with no entry left, a query has its rows');
	is($error, '', 'and no error');
	my ($shared) = run_in($newcomer,
		'SELECT shared, remaining < request_limit FROM call_log_fdw_rate_limits WHERE NOT shared');
	is($shared, 'f|t', 'and the view shows that its budget is local');
	$_->quit foreach @fellows, $newcomer;
	return;
}

test_full();

# ----------
# Random statements
# ----------

# Statements of a role that has its table pg_temp.own
my @attacks = (
	sub { qq{ALTER USER MAPPING FOR CURRENT_USER SERVER token
		OPTIONS (SET access_token 'made-up-@{[ rand ]}')} },
	sub { qq{DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER token;
		CREATE USER MAPPING FOR CURRENT_USER SERVER token
		OPTIONS (client_id 'made-up-@{[ rand ]}', client_secret 's', jwt '@{[ 'j' x rand 5000 ]}')} },
	sub { qq{DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER token;
		CREATE USER MAPPING FOR CURRENT_USER SERVER token
		OPTIONS (access_token '$Simulator::access_token')} },
	sub { 'DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER token' },
	sub { 'SELECT count(*) FROM pg_temp.own' },
	sub { 'SELECT count(*) FROM token.call_log' },
	sub { "SELECT count(*) FROM pg_temp.own WHERE id = repeat('x', @{[ int rand 100000 ]})" },
	sub { "SELECT count(*) FROM pg_temp.own WHERE id = ANY (ARRAY(SELECT i::text FROM generate_series(1, @{[ int rand 500 ]}) i))" },
	sub { 'EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM pg_temp.own LIMIT 3' },
	sub {
		my $name = 't' . int rand 1e9;
		return "CREATE FOREIGN TABLE pg_temp.$name (id text, a text OPTIONS (json_path 'legs.0.from.name'), attrs jsonb)
			SERVER token OPTIONS (resource 'call_log_legs', page_size '@{[ 1 + int rand 1000 ]}');
			SELECT count(a), count(attrs) FROM pg_temp.$name";
	},
	sub { 'BEGIN; ' . join('; ', map { "DECLARE c$_ CURSOR FOR SELECT * FROM pg_temp.own; FETCH 1 FROM c$_" } 1 .. 40) . '; ROLLBACK' },
	sub { 'SELECT * FROM call_log_fdw_rate_limits; SELECT * FROM call_log_fdw_stats; SELECT * FROM call_log_fdw_activity' },
	sub { q{SELECT * FROM call_log_fdw_check('token')} },
	sub { q{SELECT * FROM call_log_fdw_check('calls')} },
	sub { q{SELECT * FROM call_log_fdw_check('not_ours')} },
	sub { 'SELECT call_log_fdw_disconnect()' },
	sub { 'SELECT call_log_fdw_stats_reset()' },
	sub { 'SET call_log_fdw.leave_requests = 128' },
	sub { q{SET statement_timeout = '3ms'; SELECT count(*) FROM pg_temp.own; RESET statement_timeout} },
	sub { q{SELECT call_log_fdw_validator(ARRAY['base_url=http://127.0.0.1:1', 'a', NULL], 'pg_foreign_server'::regclass)} },
	sub { q{IMPORT FOREIGN SCHEMA account FROM SERVER token INTO pg_temp} },
	sub { q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND random() < 0.1} },
	sub {
		# every function of the extension, with random arguments
		return q{DO $$
			DECLARE f record;
			BEGIN
			  FOR f IN SELECT format('SELECT %s(%s)', p.oid::regproc, (SELECT string_agg(format('%L::%s',
			      (ARRAY[NULL, '0', '1', 'token', 'pg_class', 'token.call_log'])[1 + random() * 6], t::regtype), ', ')
			      FROM unnest(p.proargtypes) t)) AS call
			    FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
			    JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'call_log_fdw'
			    WHERE p.prokind = 'f'
			  LOOP
			    BEGIN EXECUTE f.call; EXCEPTION WHEN OTHERS THEN NULL; END;
			  END LOOP;
			END $$};
	});

# Attack in several concurrent sessions, while another role runs queries
sub test_adversary
{
	my ($seconds) = @_;
	my $end = time + $seconds;
	my $work = q{SELECT count(*), md5(string_agg(id, ',' ORDER BY id)) FROM token.call_log};
	my ($truth) = run_in($session, $work);
	my $before = work_done('heavy');
	my $logins = work_done('auth')->[0];
	my (%sessions, $attacks, $runs, $wrong);
	my $log_start = -s $node->logfile;

	# An entry is in use as long as a request of the last minute counts, so the
	# other role must not wait longer than that for the end of an attack
	$node->safe_psql('postgres', q{ALTER ROLE mallory SET statement_timeout = '20s'});
	$simulator->clear_log;
	while (time < $end)
	{
		foreach my $i (1 .. 3)
		{
			my $attack = $attacks[ rand @attacks ]->();
			eval {
				$sessions{$i} //= session_of('mallory', 'token');
				start_in($sessions{$i}, $attack);
				1;
			} or delete $sessions{$i};
		}
		my ($rows) = run_in($session, $work);
		$runs++;
		$wrong++ if $rows ne $truth;
		foreach my $i (keys %sessions)
		{
			eval { finish_in($sessions{$i}); 1 } or delete $sessions{$i};
			$attacks++;
		}
	}
	my $after = work_done('heavy');
	diag("$attacks attacks in $seconds seconds, beside $runs queries");
	is($wrong, undef, 'under attack: the right rows each time');
	is_deeply([ map { $after->[$_] - $before->[$_] } 0 .. 3 ],
		[ $runs, 0, 0, 0 ], 'under attack: as many requests as queries, no wait');
	cmp_ok(work_done('auth')->[0], '<=', $logins, 'under attack: no login');
	my $log = substr slurp_file($node->logfile), $log_start;
	unlike($log, qr/was terminated by signal|PANIC|TRAP/, 'under attack: no crash');
	eval { $_->quit } foreach values %sessions;
	return;
}

$node->safe_psql('postgres', q{
	CREATE FOREIGN DATA WRAPPER not_ours;
	CREATE SERVER not_ours FOREIGN DATA WRAPPER not_ours;
	CREATE USER MAPPING FOR PUBLIC SERVER not_ours;
	GRANT USAGE ON FOREIGN SERVER not_ours TO mallory});
test_adversary($ENV{CALL_LOG_ATTACK_SECONDS} // 10);

$session->quit;
$node->stop;
done_testing();
