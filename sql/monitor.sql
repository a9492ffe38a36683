-- Monitoring views, and their privileges.
\pset format unaligned
\pset tuples_only on
\c -
SELECT call_log_fdw_version() ~ '^call_log_fdw 1\.0, libcurl \d\S*, json-c \d\S*$' AS version;
SELECT count(*) FROM call_log_fdw_activity;

-- Request limits and statistics: a login and a request
\getenv url CALL_LOG_SIMULATOR
\set day 'SELECT count(*) > 0 AS rows FROM calls.call_log WHERE start_time >= ''2026-03-30'' AND start_time < ''2026-03-31'';'
:day
SELECT call_log_fdw_disconnect();
SELECT call_log_fdw_stats_reset();
:day
SELECT DISTINCT client_id, owner_id ~ '^\d+$' AS owner, throttling_group, request_limit, window_seconds, learned, remaining > 900000 AS remaining, closed_until, waiting
  FROM call_log_fdw_rate_limits WHERE base_url = :'url' AND throttling_group IN ('auth', 'heavy') AND client_id <> '' ORDER BY throttling_group;
CREATE VIEW sent AS SELECT throttling_group, requests, refused, failed, bytes > 100 AS bytes, waits, wait_time, stats_since < now() AS since FROM call_log_fdw_stats WHERE requests > 0 ORDER BY throttling_group;
SELECT * FROM sent;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log status status=404
\set VERBOSITY terse
:day
SELECT * FROM sent;
SELECT call_log_fdw_stats_reset();
SELECT * FROM sent;
DROP VIEW sent;

-- A scan in progress
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM calls.call_log WHERE start_time >= '2026-01-01' ORDER BY random() LIMIT 1;
DECLARE d CURSOR FOR SELECT id FROM calls.call_log WHERE start_time >= '2026-01-01';
FETCH 1 FROM d \g /dev/null
SELECT pid = pg_backend_pid() AS own, datname = current_database() AS here, usename = session_user AS me, server, foreign_table, scan_start <= state_change AS since, state, requests, retries, pages, records, duplicates, bytes > 1000 AS bytes
  FROM call_log_fdw_activity;
ROLLBACK;
SELECT count(*) FROM call_log_fdw_activity;

-- Scans of other roles are shown, but not their client and user
CREATE ROLE regress_call_log_reader;
BEGIN;
DECLARE d CURSOR FOR SELECT id FROM calls.call_log WHERE start_time >= '2026-01-01';
FETCH 1 FROM d \g /dev/null
SET LOCAL ROLE regress_call_log_reader;
SELECT pid = pg_backend_pid() AS own, server, foreign_table, state, requests FROM call_log_fdw_activity;
SELECT DISTINCT client_id, owner_id, throttling_group FROM call_log_fdw_rate_limits WHERE base_url = :'url' AND throttling_group IN ('auth', 'heavy') ORDER BY 3;
SELECT DISTINCT client_id, owner_id FROM call_log_fdw_stats;
ROLLBACK;
GRANT pg_monitor TO regress_call_log_reader;
SET ROLE regress_call_log_reader;
SELECT DISTINCT client_id FROM call_log_fdw_rate_limits WHERE base_url = :'url' AND throttling_group IN ('auth', 'heavy') AND client_id <> '';
SELECT call_log_fdw_stats_reset();
RESET ROLE;
DROP ROLE regress_call_log_reader;

-- After call_log_fdw_disconnect there is a new login, and a new connection
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear
SELECT call_log_fdw_disconnect(), call_log_fdw_disconnect();
:day
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | cut -c 1-40
SELECT count(*) FROM information_schema.role_table_grants WHERE table_name LIKE 'call\_log\_fdw%' AND grantee = 'PUBLIC' AND privilege_type <> 'SELECT';

-- call_log_fdw_check
CREATE VIEW checked AS SELECT step, ok, regexp_replace(found, '-?\d{5,}', 'N', 'g') AS found, hint FROM call_log_fdw_check('ringcentral') WHERE step <> 'shared memory';
SELECT call_log_fdw_stats_reset();
SELECT * FROM checked;
-- its requests do not count as failed
SELECT sum(requests) AS requests, sum(failed) AS failed FROM call_log_fdw_stats;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E 's/T[0-9:.]*Z/T.../g'
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" set bounds=exclusive
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /recording/ status status=403 code=CMN-401 permission=ReadCallRecording
SELECT step, ok, regexp_replace(found, 'RCRequestId: \S+', 'RCRequestId: ...') AS found, hint FROM checked WHERE step IN ('recordings', 'bounds of a range');
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" reset
SELECT count(*) > 0 AS rows FROM calls.call_log WHERE start_time >= '2026-03-30' AND start_time < '2026-03-31';
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (SET client_secret 'simulator-secret-of-another');
SELECT step, ok, split_part(found, E'\n', 1) AS found, hint FROM checked WHERE ok IS NOT TRUE;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --path oauth
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (SET client_secret 'simulator-secret');
DROP VIEW checked;
-- a hint if sessions do not share memory
SELECT ok IS NOT FALSE = (current_setting('server_version_num')::int >= 170000 OR current_setting('shared_preload_libraries') LIKE '%call_log_fdw%') AS as_expected,
  ok IS NOT FALSE = (hint IS NULL) AS hint FROM call_log_fdw_check('ringcentral') WHERE step = 'shared memory';
-- with an access_token some steps cannot be tried; nor with hosts other than the API's
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (DROP client_id, DROP client_secret, DROP jwt, ADD access_token 'simulator-access-token');
SELECT step, ok, found FROM call_log_fdw_check('ringcentral') WHERE step IN ('login', 'permissions');
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /restapi --times 1 status status=404
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /recording/ html status=404
SELECT step, ok, split_part(found, E'\n', 1) AS found, hint FROM call_log_fdw_check('ringcentral') WHERE step IN ('API host', 'recordings');
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" reset
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (DROP access_token, ADD client_id 'simulator-client', ADD client_secret 'simulator-secret', ADD jwt 'simulator.jwt.assertion');

-- Servers are recognized by the handler of their wrapper, not by its name, before anything is read or sent
CREATE SCHEMA other;
CREATE FUNCTION other.call_log_fdw_handler() RETURNS fdw_handler AS '$libdir/call_log_fdw', 'call_log_fdw_version' LANGUAGE C;
CREATE FUNCTION other.mine() RETURNS fdw_handler AS '$libdir/call_log_fdw', 'call_log_fdw_handler' LANGUAGE C;
CREATE FOREIGN DATA WRAPPER regress_call_log_none;
CREATE FOREIGN DATA WRAPPER regress_call_log_other HANDLER other.call_log_fdw_handler;
CREATE FOREIGN DATA WRAPPER regress_call_log_mine HANDLER other.mine VALIDATOR call_log_fdw_validator;
CREATE SERVER none FOREIGN DATA WRAPPER regress_call_log_none OPTIONS (base_url :'url');
CREATE SERVER other FOREIGN DATA WRAPPER regress_call_log_other OPTIONS (base_url :'url');
CREATE SERVER mine FOREIGN DATA WRAPPER regress_call_log_mine OPTIONS (base_url :'url');
CREATE USER MAPPING FOR CURRENT_USER SERVER none;
CREATE USER MAPPING FOR CURRENT_USER SERVER other;
CREATE USER MAPPING FOR CURRENT_USER SERVER mine OPTIONS (access_token 'simulator-access-token');
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear
SELECT * FROM call_log_fdw_check('none');
SELECT * FROM call_log_fdw_check('other');
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log
SELECT * FROM call_log_fdw_check('mine') WHERE step = 'API host';
\set VERBOSITY terse
SET client_min_messages = warning;
DROP FOREIGN DATA WRAPPER regress_call_log_none, regress_call_log_other, regress_call_log_mine CASCADE;
RESET client_min_messages;
DROP FUNCTION other.call_log_fdw_handler, other.mine;
DROP SCHEMA other;
SELECT count(*) FROM call_log_fdw_check('unknown');
CREATE ROLE regress_call_log_stranger;
SET ROLE regress_call_log_stranger;
SELECT count(*) FROM call_log_fdw_check('ringcentral');
RESET ROLE;
DROP ROLE regress_call_log_stranger;
