-- call_log_fdw_sync: a copy that is made, kept up to date, and resumed.
\pset format unaligned
\pset tuples_only on
\set VERBOSITY terse
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set ctl '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py"'
\set log '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E "s,(GET|POST) /restapi/v1.0/account/~/,,; s/(syncToken=)[^& ]*/\\\\1.../; s/2026-03-(30|31)T1[12]:[0-9:]{5}Z/.../g"'
\set requests '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count --clear --path /call-log'
-- What the copy should hold: all calls since November, also those that were deleted after they had been copied
CREATE VIEW truth.wanted AS SELECT * FROM truth.calls WHERE start_time >= '2025-11-01';
\set differences 'SELECT count(*) AS differences FROM ((TABLE truth.wanted EXCEPT ALL TABLE copy.calls) UNION ALL (TABLE copy.calls EXCEPT ALL TABLE truth.wanted)) x;'
:ctl reset
CREATE SCHEMA copy;
SELECT count(*) FROM calls.call_log WHERE start_time = '2026-03-31';
:ctl clear

-- It creates the table, fills it with one request a page, and then requests the changes made in the meantime
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', since => '2025-11-01');
:log
:differences
SELECT indexdef FROM pg_indexes WHERE schemaname = 'copy' ORDER BY 1;
\set state 'SELECT target, missing, synced_at BETWEEN ''2026-03-31 11:55'' AND ''2026-03-31 12:00:02'' AS synced_at, sync_token IS NOT NULL AS token, rows, requests FROM call_log_fdw_sync_state ORDER BY target::text COLLATE "C";'
:state

-- Again: two requests, and nothing is written
SELECT md5(string_agg(xmin::text, ',' ORDER BY id)) AS before FROM copy.calls \gset
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', since => '2026-01-01');
:log
SELECT md5(string_agg(xmin::text, ',' ORDER BY id)) = :'before' AS untouched FROM copy.calls;

-- It leaves a part of the request limit to other sessions while it runs
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', leave_requests => -1);
SHOW call_log_fdw.leave_requests;

-- Calls that were rewritten, given another start, rewritten again, that appeared late, and new ones
SELECT id AS one FROM truth.wanted WHERE start_time < '2026-01-01' ORDER BY start_time DESC, id LIMIT 1 \gset
\setenv ONE :one
\set rewrite '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" rewrite "$ONE" >/dev/null'
\set appear '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" appear >/dev/null'
:rewrite startTime=2025-12-24T18:00:00.500Z direction=Inbound result=Accepted
CALL call_log_fdw_sync('calls.call_log', 'copy.calls');
:rewrite result=Voicemail
:appear --start-time 2026-02-02T02:02:02Z result=Late
:appear --start-time 2026-03-31T11:59:59.5Z result=New
-- The next page has the same call once more, since it is rewritten before that request
UPDATE call_log_fdw_copies SET sync_token = NULL;
ALTER FOREIGN TABLE calls.call_log_changes OPTIONS (ADD page_size '36');
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match extract-sync --skip 1 rewrite id="$ONE" start_time=2025-12-24T18:00:00.5Z direction=Inbound result=Accepted
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', changes => 'calls.call_log_changes');
ALTER FOREIGN TABLE calls.call_log_changes OPTIONS (DROP page_size);
:log
SELECT start_time, direction, result FROM copy.calls WHERE id = :'one' OR result IN ('Late', 'New') ORDER BY start_time;
TRUNCATE truth.calls;
\copy truth.calls FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth' WITH (FORMAT csv, HEADER)
:differences

-- A target with other columns: the common ones are copied. A uri of another view is no change.
CREATE TABLE copy.few (result text, id varchar(40) PRIMARY KEY, uri text, start_time timestamptz, note text DEFAULT 'mine', length bigint GENERATED ALWAYS AS (length(uri)) STORED);
CALL call_log_fdw_sync('calls.call_log', 'copy.few', since => '2026-03-20');
:log
UPDATE copy.few SET note = 'kept' WHERE result = 'New';
SELECT count(*) = (SELECT count(*) FROM truth.wanted WHERE start_time >= '2026-03-20') AS complete FROM copy.few;
:rewrite result=Changed startTime=2026-03-25T12:00:00Z
CALL call_log_fdw_sync('calls.call_log', 'copy.few');
SELECT note, result, uri ~ 'Detailed' AS detailed, length > 50 AS length, count(*) FROM copy.few WHERE result IN ('New', 'Changed') GROUP BY 1, 2, 3, 4;
-- An earlier start of the copy
:ctl clear
CALL call_log_fdw_sync('calls.call_log', 'copy.few', since => '2026-03-10');
:log
SELECT count(*) = (SELECT count(*) FROM truth.wanted WHERE start_time >= '2026-03-10') + 1 AS complete FROM copy.few;

-- A rejected token
:ctl clear
CALL call_log_fdw_sync('calls.call_log', 'copy.calls');
:ctl set sync_tokens_expire=on
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', settle => '1 hour');
:log
:ctl set sync_tokens_expire=off

-- Deleted calls: call-log-sync returns them, possibly as tombstones
:ctl set tombstones=on
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" delete "$ONE" >/dev/null
CALL call_log_fdw_sync('calls.call_log', 'copy.calls');
SELECT deleted, result IS NOT NULL AS kept FROM copy.calls WHERE id = :'one';
:ctl set tombstones=off
-- Deletions that it does not return are found in the list
SELECT id AS two FROM truth.wanted WHERE start_time < '2026-03-29' ORDER BY start_time DESC, id LIMIT 1 \gset
SELECT id AS three FROM truth.wanted WHERE start_time < '2026-03-20' ORDER BY start_time DESC, id LIMIT 1 \gset
\setenv TWO :two
\setenv THREE :three
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" delete "$TWO" >/dev/null
UPDATE call_log_fdw_copies SET deletions_token = NULL;
UPDATE copy.calls SET start_time = '2026-03-30 10:00', result = 'Wrong' WHERE id = :'three';
:ctl clear
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', recheck => '5 days');
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E 's,GET /restapi/v1.0/account/~/,,; s/(syncToken=)[^& ]*/\1.../; s/2026-03-(31|26)T1[12]:[0-9:]{5}Z/.../g' | sed -E "s/$TWO/TWO/; s/$THREE/THREE/; s/THREE,TWO/TWO,THREE/"
SELECT deleted, result = 'Wrong' AS wrong, start_time < '2026-03-30' AS moved FROM copy.calls WHERE id IN (:'two', :'three') ORDER BY 1;
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', recheck => '5 days');
-- Calls older than all in the list may have expired there
INSERT INTO copy.few (id, start_time) VALUES ('ancient', '2024-01-01');
ALTER TABLE copy.few ADD COLUMN deleted boolean;
SET client_min_messages = warning;
CALL call_log_fdw_sync('calls.call_log', 'copy.few', since => '2023-01-01', recheck => '5 years');
RESET client_min_messages;
SELECT count(*) FROM copy.few WHERE id = 'ancient' AND deleted IS NULL;
SELECT count(*) - 1 = (SELECT count(*) FROM truth.calls) AS complete FROM copy.few;

-- It stops at limits and errors, and resumes from there, in either direction
:ctl reset
SELECT id AS one FROM calls.call_log ORDER BY start_time DESC LIMIT 1 \gset
\setenv ONE :one
:ctl clear
DROP TABLE copy.calls;
-- No call is lost between two pages when another one gets an earlier start
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log? --skip 1 rewrite id="$ONE" start_time=2025-11-11T11:11:11Z
-- (nor do requests depend on costs)
ALTER FOREIGN TABLE calls.call_log OPTIONS (ADD fdw_startup_cost '10000000');
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', since => '2025-11-01', max_requests => 3);
ALTER FOREIGN TABLE calls.call_log OPTIONS (DROP fdw_startup_cost);
:log
TRUNCATE truth.calls;
\copy truth.calls FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth' WITH (FORMAT csv, HEADER)
:state
:ctl fault --match /call-log? --skip 1 status status=403
CALL call_log_fdw_sync('calls.call_log', 'copy.calls');
SELECT count(*) FROM pg_locks WHERE classid = 'pg_class'::regclass;
SET statement_timeout = '500ms';
:ctl fault --match /call-log hang
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', newest_first => false);
RESET statement_timeout;
SELECT count(*) FROM pg_locks WHERE classid = 'pg_class'::regclass;
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', newest_first => false);
:requests
:differences

-- Oldest first
DROP TABLE copy.calls;
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', since => '2025-11-01', newest_first => false, max_requests => 7);
SELECT max(start_time) < '2026-01-10' AS "oldest first" FROM copy.calls;
SET client_min_messages = warning;
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', newest_first => false);
:requests
:differences
-- A list that may be out of order; and more calls in a second than a page holds
DROP TABLE copy.calls;
ALTER FOREIGN TABLE calls.call_log OPTIONS (ADD newest_first 'false');
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', since => '2025-11-01');
:requests
:differences
DROP TABLE copy.calls;
ALTER FOREIGN TABLE calls.call_log OPTIONS (ADD page_size '2');
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', since => '2026-03-30 18:00');
SELECT count(*) AS differences FROM (SELECT * FROM truth.wanted WHERE start_time >= '2026-03-30 18:00' EXCEPT ALL TABLE copy.calls) x;
DROP TABLE copy.calls;
ALTER FOREIGN TABLE calls.call_log OPTIONS (DROP newest_first);
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', since => '2026-03-30 18:00');
SELECT count(*) AS differences FROM (SELECT * FROM truth.wanted WHERE start_time >= '2026-03-30 18:00' EXCEPT ALL TABLE copy.calls) x;
SELECT max(n) > 1 AS ties FROM (SELECT count(*) AS n FROM copy.calls GROUP BY date_trunc('second', start_time)) x;
-- Whether the API includes the bounds of a range, or rounds them
:ctl set bounds=exclusive
DELETE FROM copy.calls;
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', since => '2026-03-30 18:00', restart => true);
SELECT count(*) AS differences FROM (SELECT * FROM truth.wanted WHERE start_time >= '2026-03-30 18:00' EXCEPT ALL TABLE copy.calls) x;
:ctl set bounds=seconds
DELETE FROM copy.calls;
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', since => '2026-03-30 18:00', restart => true);
SELECT count(*) AS differences FROM (SELECT * FROM truth.wanted WHERE start_time >= '2026-03-30 18:00' EXCEPT ALL TABLE copy.calls) x;
:ctl set bounds=inclusive
ALTER FOREIGN TABLE calls.call_log OPTIONS (DROP page_size);
-- More changes than a page holds
DROP TABLE copy.calls;
ALTER FOREIGN TABLE calls.call_log_changes OPTIONS (ADD page_size '2');
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', since => '2026-03-31 11:00');
UPDATE copy.calls SET result = 'Wrong';
DELETE FROM copy.calls WHERE start_time < '2026-03-31 09:00';
UPDATE call_log_fdw_copies SET since = '2026-03-29', missing = '{}', sync_token = NULL WHERE table_name = 'calls';
:ctl clear
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', changes => 'calls.call_log_changes', settle => '2 days');
SELECT count(*) = (SELECT count(*) FROM truth.wanted WHERE start_time >= '2026-03-29 12:30') AS complete, count(*) > 20 AS "more than ten pages", count(*) FILTER (WHERE result = 'Wrong') AS wrong
  FROM copy.calls WHERE start_time >= '2026-03-29 12:30';
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E 's/.*(FSync|ISync).*/\1/' | sort | uniq -c | awk '{print $2, $1}'
-- A page exceeds page_size if more changes were made at the same time
ALTER FOREIGN TABLE calls.call_log_changes OPTIONS (SET page_size '1');
\! for i in $(seq 12); do printf '{"id": "same%d", "startTime": "2026-03-31T11:30:00Z", "lastModifiedTime": "2026-03-31T12:00:05Z"}' $i | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-03-31T11:30:00Z; done
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', changes => 'calls.call_log_changes');
SELECT count(*) FROM copy.calls WHERE id LIKE 'same%';
:ctl records --clear
ALTER FOREIGN TABLE calls.call_log_changes OPTIONS (DROP page_size);
RESET client_min_messages;

-- A partitioned table, where calls move between the partitions
DROP TABLE copy.calls;
CREATE TABLE copy.calls (LIKE calls.call_log) PARTITION BY RANGE (start_time);
CREATE TABLE copy.february PARTITION OF copy.calls FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE copy.others PARTITION OF copy.calls DEFAULT;
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', since => '2026-02-01');
CREATE INDEX ON copy.calls (id);
SELECT id AS one FROM copy.calls WHERE start_time > '2026-03-01' ORDER BY start_time, id LIMIT 1 \gset
\setenv ONE :one
:rewrite startTime=2026-02-28T23:50:00Z
CALL call_log_fdw_sync('calls.call_log', 'copy.calls');
SELECT tableoid::regclass, start_time FROM copy.calls WHERE id = :'one';
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE start_time >= '2026-02-01') AS complete FROM copy.calls;

-- An extension: changes and deletions come from the same list
CALL call_log_fdw_sync('mine.call_log', 'copy.mine', since => '2026-03-01');
CALL call_log_fdw_sync('mine.call_log', 'copy.mine', settle => '2 days');
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear --path extension | sed -E 's/2026-03-(29|31)T1[12]:[0-9:]{5}Z/\1/g; s/(syncToken=)[^& ]*/\1.../'
SELECT count(*) AS differences FROM (SELECT * FROM truth.mine WHERE start_time >= '2026-03-01' EXCEPT ALL SELECT * FROM copy.mine) x;

-- A foreign table with columns of the user's choice
CREATE FOREIGN TABLE calls.own (account integer OPTIONS (value '7'), call text OPTIONS (json_path 'id'), begin timestamptz OPTIONS (json_path 'startTime'), caller text OPTIONS (json_path 'from.phoneNumber'))
  SERVER ringcentral OPTIONS (resource 'call_log');
CALL call_log_fdw_sync('calls.own', 'copy.own', since => '2026-03-30');
\d copy.own
SELECT count(*) AS differences FROM (SELECT 7, id, start_time, from_phone_number FROM truth.calls WHERE start_time >= '2026-03-30' EXCEPT ALL TABLE copy.own) x;
-- Columns added to the source later
ALTER FOREIGN TABLE calls.own ADD COLUMN leg text OPTIONS (json_path 'legs.0.legType'), ADD COLUMN result text;
CALL call_log_fdw_sync('calls.own', 'copy.own');
CALL call_log_fdw_sync('calls.own', 'copy.own', add_columns => true);
SELECT count(*) AS differences FROM (SELECT 7, id, start_time, from_phone_number, legs -> 0 ->> 'legType', result FROM truth.calls WHERE start_time >= '2026-03-30' EXCEPT ALL TABLE copy.own) x;
CALL call_log_fdw_sync('calls.own', 'copy.own');
-- A foreign table of changes is not needed, but its page_size is used
CREATE FOREIGN TABLE calls.own_changes (id text) SERVER ringcentral OPTIONS (resource 'call_log_changes');
CALL call_log_fdw_sync('calls.own', 'copy.own', changes => 'calls.own_changes');
-- A foreign table that was dropped and created again
DROP FOREIGN TABLE calls.own, calls.own_changes;
CREATE FOREIGN TABLE calls.own (account integer OPTIONS (value '8'), call text OPTIONS (json_path 'id'), begin timestamptz OPTIONS (json_path 'startTime'), result text)
  SERVER ringcentral OPTIONS (resource 'call_log');
CALL call_log_fdw_sync('calls.own', 'copy.own', since => '2026-03-30', restart => true);
SELECT account, count(*) > 0 FROM copy.own GROUP BY account ORDER BY account;
-- A source with a filter has no changes: the last part is read again
CREATE FOREIGN TABLE calls.sales (id text, start_time timestamptz, result text) SERVER ringcentral OPTIONS (resource 'call_log', extension_number '101');
CALL call_log_fdw_sync('calls.sales', 'copy.sales', since => '2026-03-25');
CALL call_log_fdw_sync('calls.sales', 'copy.sales');

-- Invalid calls are rejected before anything is sent
:ctl clear
\set VERBOSITY default
\set SHOW_CONTEXT never
BEGIN;
CALL call_log_fdw_sync('calls.call_log', 'copy.never');
ROLLBACK;
CREATE FUNCTION nested() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL call_log_fdw_sync('calls.call_log', 'copy.never'); END $$;
SELECT nested();
DROP FUNCTION nested;
CALL call_log_fdw_sync(NULL, 'copy.never');
CALL call_log_fdw_sync('calls.call_log', NULL);
CALL call_log_fdw_sync('calls.call_log', 'copy.never', since => '-infinity');
CALL call_log_fdw_sync('calls.call_log', 'copy.never', settle => '0');
CALL call_log_fdw_sync('calls.call_log', 'copy.never', recheck => '-1 day');
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', restart => true, backfill_only => true);
CALL call_log_fdw_sync('calls.call_log', 'copy.never', backfill_only => true);
CALL call_log_fdw_sync('copy.calls', 'copy.never');
CALL call_log_fdw_sync('calls.call_log_legs', 'copy.never');
CREATE FOREIGN TABLE calls.timeless (id text, start_time text) SERVER ringcentral OPTIONS (resource 'call_log');
CALL call_log_fdw_sync('calls.timeless', 'copy.never');
CALL call_log_fdw_sync('mine.call_log', 'copy.calls');
CALL call_log_fdw_sync('calls.call_log', 'truth.wanted');
CALL call_log_fdw_sync('calls.call_log', 'truth.calls');
CALL call_log_fdw_sync('calls.recordings', 'copy.calls');
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', changes => 'calls.active_calls');
CALL call_log_fdw_sync('mine.call_log', 'copy.mine', changes => 'calls.call_log_changes');
SELECT to_regclass('copy.never');
:log

-- Ordinary roles: the owner of a copy sees its state, and no other one
CREATE ROLE regress_call_log_keeper;
CREATE ROLE regress_call_log_stranger;
CREATE SCHEMA kept AUTHORIZATION regress_call_log_keeper;
GRANT USAGE ON SCHEMA calls, copy TO regress_call_log_keeper;
SELECT format('CREATE USER MAPPING FOR regress_call_log_keeper SERVER ringcentral OPTIONS (client_id %L, client_secret %L, jwt %L)', 'simulator-client', 'simulator-secret', 'simulator.jwt.assertion') \gexec
SET ROLE regress_call_log_keeper;
SET search_path = kept;
CALL public.call_log_fdw_sync('calls.call_log', 'calls', since => '2026-03-30');
RESET ROLE;
GRANT SELECT ON calls.call_log TO regress_call_log_keeper;
SET ROLE regress_call_log_keeper;
CALL public.call_log_fdw_sync('calls.call_log', 'calls', since => '2026-03-30');
CALL public.call_log_fdw_sync('calls.call_log', 'calls', changes => 'calls.call_log_changes');
CALL public.call_log_fdw_sync('calls.call_log', 'copy.calls');
SELECT target, missing FROM public.call_log_fdw_sync_state;
TABLE public.call_log_fdw_copies;
TABLE public.call_log_fdw_problems;
INSERT INTO public.call_log_fdw_copies (schema_name, table_name, table_oid, since, missing) VALUES ('kept', 'next', 1, now(), '{}');
SET ROLE regress_call_log_stranger;
SELECT count(*) FROM public.call_log_fdw_sync_state;
RESET ROLE;
RESET search_path;
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE start_time >= '2026-03-30') AS complete FROM kept.calls;

-- The lock is released also if a deferred trigger fails
CREATE FUNCTION kept.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT OR UPDATE ON kept.calls DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kept.refuse();
:rewrite result=Refused
CALL call_log_fdw_sync('calls.call_log', 'kept.calls');
SELECT count(*) FROM pg_locks WHERE classid = 'pg_class'::regclass;
DROP TRIGGER refuse ON kept.calls;
-- The next call removes the state of tables that were dropped
DROP TABLE copy.own;
CALL call_log_fdw_sync('calls.call_log', 'kept.calls');
SELECT target FROM call_log_fdw_sync_state ORDER BY target::text COLLATE "C";
SELECT count(*) FROM pg_locks WHERE classid = 'pg_class'::regclass;

-- Recordings: the list, then the audio, newest first, within max_bytes and max_requests
:ctl reset
SELECT count(*) FROM calls.call_log WHERE start_time = '2026-03-31';
:ctl clear
CREATE TABLE truth.audio (LIKE calls.recordings);
\copy truth.audio FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --resource recordings' WITH (FORMAT csv, HEADER)
SELECT format('%L', call_start_time) AS since FROM truth.audio ORDER BY call_start_time DESC OFFSET 30 LIMIT 1 \gset
CALL call_log_fdw_sync('calls.recordings', 'copy.recordings', since => :since, max_bytes => 1);
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E 's/recording\/[0-9]+/recording\/ID/; s/date(From|To)=[^&]*/date\1=.../g'
\d copy.recordings
SELECT count(*) AS differences FROM (SELECT * FROM copy.recordings WHERE content IS NOT NULL EXCEPT ALL SELECT * FROM truth.audio) x;
CALL call_log_fdw_sync('calls.recordings', 'copy.recordings', max_requests => 6);
-- Recordings that are not found are retried later; after many of them also older ones, and those older than the retention time
-- are given up
SET client_min_messages = error;
:ctl set recordings_kept=4
CALL call_log_fdw_sync('calls.recordings', 'copy.recordings', since => '2025-12-01');
RESET client_min_messages;
SELECT count(*) FILTER (WHERE content IS NULL) > 50 AS "to be retried", count(*) FILTER (WHERE content = '') > 50 AS "given up", max(call_start_time) FILTER (WHERE content = '') < '2026-01-01' AS "too old", count(*) FILTER (WHERE content <> '') AS "here" FROM copy.recordings;
SELECT kind, reason, next_at IS NULL AS "given up", tries, count(*) > 10 AS many FROM call_log_fdw_sync_problems GROUP BY 1, 2, 3, 4 ORDER BY 2, 3;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | grep -c 404
CALL call_log_fdw_sync('calls.recordings', 'copy.recordings');
:ctl set recordings_kept=150
UPDATE copy.recordings SET content = NULL WHERE content = '';
UPDATE call_log_fdw_problems SET next_at = '2026-03-31';
TRUNCATE truth.audio;
\copy truth.audio FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --resource recordings' WITH (FORMAT csv, HEADER)
SET client_min_messages = warning;
CALL call_log_fdw_sync('calls.recordings', 'copy.recordings');
RESET client_min_messages;
SELECT count(*) FROM call_log_fdw_sync_problems;
SELECT count(*) AS differences FROM ((SELECT * FROM truth.audio WHERE call_start_time >= '2025-12-01' EXCEPT ALL TABLE copy.recordings)
  UNION ALL (TABLE copy.recordings EXCEPT ALL SELECT * FROM truth.audio WHERE call_start_time >= '2025-12-01')) x;
-- The list alone
CREATE TABLE copy.list (id text PRIMARY KEY, call_start_time timestamptz, type text, duration bigint);
CALL call_log_fdw_sync('calls.recordings', 'copy.list', since => '2026-03-31');
-- A key without the call's id, which is a number, and a recording of two calls
\! for id in one two; do printf '{"id": "%s", "startTime": "2026-03-31T11:59:00Z", "recording": {"id": "777", "type": "OnDemand"}}' $id | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-03-31T11:59:00Z; done
CREATE TABLE copy.numbers (id bigint PRIMARY KEY, call_start_time timestamptz, type text);
CALL call_log_fdw_sync('calls.recordings', 'copy.numbers', since => '2026-03-31 11:00');
CALL call_log_fdw_sync('calls.recordings', 'copy.numbers');
SELECT id, type FROM copy.numbers WHERE id = 777;
:ctl reset
-- Where each call reads the last day again, a low limit lets it continue with the rest as well
ALTER SERVER ringcentral OPTIONS (ADD page_size '5');
CREATE TABLE copy.slow (id text PRIMARY KEY, call_start_time timestamptz);
CALL call_log_fdw_sync('calls.recordings', 'copy.slow', since => '2026-03-31');
SET client_min_messages = warning;
CALL call_log_fdw_sync('calls.recordings', 'copy.slow', since => '2026-03-29', max_requests => 2);
SELECT 'CALL call_log_fdw_sync(''calls.recordings'', ''copy.slow'', max_requests => 2)' FROM generate_series(1, 10) \gexec
RESET client_min_messages;
SELECT missing FROM call_log_fdw_sync_state WHERE target = 'copy.slow'::regclass;
SELECT count(*) > 8 AS some, count(*) = (SELECT count(DISTINCT id) FROM calls.recordings WHERE call_start_time >= '2026-03-29') AS equal FROM copy.slow;
ALTER SERVER ringcentral OPTIONS (DROP page_size);
-- A call out of order at the end of a page, which is older than the following ones, hides none of them
TRUNCATE truth.calls;
\copy truth.calls FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth' WITH (FORMAT csv, HEADER)
CREATE FOREIGN TABLE calls.paged (id text NOT NULL, start_time timestamptz) SERVER ringcentral OPTIONS (resource 'call_log', page_size '11');
SELECT to_char(start_time + interval '1 ms', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS place FROM truth.calls ORDER BY start_time DESC OFFSET 10 LIMIT 1 \gset
\setenv PLACE :place
\! printf '{"id": "late", "startTime": "2026-03-29T00:00:00Z"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time "$PLACE"
CALL call_log_fdw_sync('calls.paged', 'copy.paged', since => '2026-03-29');
SELECT count(*) > 20 AS some, count(*) FILTER (WHERE c.id IS NULL) AS missing
  FROM (SELECT id FROM truth.calls WHERE start_time >= '2026-03-29') t LEFT JOIN copy.paged c USING (id);
DROP FOREIGN TABLE calls.paged;
:ctl reset
-- A recheck that a limit stops is continued and extended by the next one, so it ends; deletions at its lower end are found
SET client_min_messages = warning;
ALTER SERVER ringcentral OPTIONS (ADD page_size '30');
CALL call_log_fdw_sync('calls.call_log', 'copy.checked', since => '2026-03-28', max_requests => 20);
INSERT INTO copy.checked (id, start_time) VALUES ('gone', '2026-03-28 13:00');
\set missing 'SELECT missing @> ''2026-03-28 13:00''::timestamptz AS oldest, missing @> ''2026-03-30 13:00''::timestamptz AS middle, missing @> ''2026-03-31 11:00''::timestamptz AS newest FROM call_log_fdw_copies WHERE table_name = ''checked'''
CALL call_log_fdw_sync('calls.call_log', 'copy.checked', recheck => '1 day', max_requests => 3);
:missing;
CALL call_log_fdw_sync('calls.call_log', 'copy.checked', recheck => '3 days', max_requests => 3);
:missing;
SELECT 'CALL call_log_fdw_sync(''calls.call_log'', ''copy.checked'', recheck => ''3 days'', max_requests => 4)' FROM generate_series(1, 3) \gexec
SELECT deleted FROM copy.checked WHERE id = 'gone';
:missing;
-- Without a limit it is complete
INSERT INTO copy.checked (id, start_time) VALUES ('gone too', '2026-03-31 11:00');
CALL call_log_fdw_sync('calls.call_log', 'copy.checked', recheck => '3 days');
SELECT deleted FROM copy.checked WHERE id = 'gone too';
:missing;
RESET client_min_messages;
ALTER SERVER ringcentral OPTIONS (DROP page_size);

-- A temporary table that each commit empties
CREATE TEMPORARY TABLE brief (LIKE calls.call_log, PRIMARY KEY (id)) ON COMMIT DELETE ROWS;
\set VERBOSITY sqlstate
SET client_min_messages = warning;
CALL call_log_fdw_sync('calls.call_log', 'brief', since => '2026-03-31');
RESET client_min_messages;
\set VERBOSITY terse
SELECT regexp_replace(:'LAST_ERROR_MESSAGE', 'pg_temp_\d+', 'pg_temp');
DROP TABLE brief;

-- Malformed records are skipped, and all others copied: those without an id or a start time, those that are no objects, and an id
-- that is too long for an index
TRUNCATE truth.calls;
\copy truth.calls FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth' WITH (FORMAT csv, HEADER)
\setenv INJECT 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time'
\! for record in null 5 '"x"' '[null]' '{"id": "timeless", "result": "Odd"}'; do printf '%s' "$record" | eval "$INJECT" 2026-03-30T18:00:00Z; done
\! printf '{"id": "odd", "startTime": "2026-03-30T18:00:00Z", "extension": "x", "from": [], "legs": [null, 5]}' | eval "$INJECT" 2026-03-30T18:00:00Z
\! python3 -c 'import random; print("{\"startTime\": \"2026-03-30T17:00:00Z\", \"id\": \"" + random.Random(1).randbytes(10002).hex() + "\"}", end="")' | eval "$INJECT" 2026-03-30T17:00:00Z
-- (its size in the message is that of this compression)
SET default_toast_compression = pglz;
\set VERBOSITY default
\set SHOW_CONTEXT never
CALL call_log_fdw_sync('calls.call_log', 'copy.complete', since => '2026-03-30 06:00');
SELECT bad_values FROM call_log_fdw_sync_state WHERE target = 'copy.complete'::regclass;
SELECT id, extension_id, from_name, legs FROM copy.complete WHERE id NOT IN (SELECT id FROM truth.calls);
SELECT count(*) AS differences FROM (SELECT * FROM truth.calls WHERE start_time >= '2026-03-30 06:00' EXCEPT ALL TABLE copy.complete) x;
\set VERBOSITY terse
-- Also among changes; they do not overwrite a call
:ctl records --clear
CALL call_log_fdw_sync('calls.call_log', 'copy.complete');
SELECT id AS one FROM copy.complete WHERE start_time < '2026-03-31' ORDER BY start_time DESC, id LIMIT 1 \gset
\setenv ONE :one
\! printf '{"id": "%s", "result": "Timeless", "lastModifiedTime": "2026-03-31T12:00:07Z"}' $ONE | eval "$INJECT" 2026-03-31T11:00:00Z
\! for record in null '{"startTime": "2026-03-31T11:00:00Z"}'; do printf '%s' "$record" | eval "$INJECT" 2026-03-31T13:00:00Z; done
\! printf '{"id": "sound", "startTime": "2026-03-31T11:00:00Z", "lastModifiedTime": "2026-03-31T12:00:08Z"}' | eval "$INJECT" 2026-03-31T11:00:00Z
CALL call_log_fdw_sync('calls.call_log', 'copy.complete');
SELECT count(*) FILTER (WHERE id = 'sound') AS sound, count(*) FILTER (WHERE id = :'one' AND result <> 'Timeless') AS one FROM copy.complete;
-- An absent call that is requested by id is not deleted if the response has no id
:ctl records --clear
UPDATE copy.complete SET id = 'gone' WHERE id = 'sound';
\! printf '{"result": "Missed"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log/gone raw
CALL call_log_fdw_sync('calls.call_log', 'copy.complete', recheck => '6 hours');
SELECT deleted FROM copy.complete WHERE id = 'gone';
CALL call_log_fdw_sync('calls.call_log', 'copy.complete', recheck => '6 hours');
SELECT deleted FROM copy.complete WHERE id = 'gone';
-- Nor does an id stop it that the type of the source's column rejects
CREATE FOREIGN TABLE calls.numbered (id bigint, start_time timestamptz) SERVER ringcentral OPTIONS (resource 'call_log');
CREATE TABLE copy.numbered (id bigint UNIQUE, start_time timestamptz);
\! for id in 77 seventyeight; do printf '{"id": "%s", "startTime": "2026-03-31T11:59:00Z"}' $id | eval "$INJECT" 2026-03-31T11:59:00Z; done
\set VERBOSITY default
CALL call_log_fdw_sync('calls.numbered', 'copy.numbered', since => '2026-03-31 11:58:59', max_requests => 1);
\set VERBOSITY terse
SELECT id FROM copy.numbered WHERE id = 77;
DROP FOREIGN TABLE calls.numbered;
:ctl reset
-- A call that has not changed is not updated, whatever the types of the target; values too long for a domain are not truncated
CREATE DOMAIN copy.padded AS char(300);
CREATE DOMAIN copy.cents AS numeric(10,2);
CREATE DOMAIN copy.word AS varchar(3);
CREATE TABLE copy.types (id char(40) PRIMARY KEY, start_time timestamptz, result char(40), from_name copy.padded, direction varchar(30), type name,
  duration numeric(10,1), last_modified_time timestamp(0), legs json, attrs text, billing_cost_included float4, billing_cost_purchased copy.cents,
  session_id numeric, metadata_categories char(20)[]);
CALL call_log_fdw_sync('calls.call_log', 'copy.types', since => '2026-03-30');
SELECT md5(string_agg(xmin::text, ',' ORDER BY id)) AS before FROM copy.types \gset
CALL call_log_fdw_sync('calls.call_log', 'copy.types', recheck => '5 days');
SELECT count(*) > 10 AS some, md5(string_agg(xmin::text, ',' ORDER BY id)) = :'before' AS untouched FROM copy.types;
CREATE TABLE copy.words (id text PRIMARY KEY, start_time timestamptz, direction copy.word);
CALL call_log_fdw_sync('calls.call_log', 'copy.words', since => '2026-03-30');

-- Without the network or the login the call log is not read without a token for deletions, which would be missed
:ctl fault --match call-log-sync --times 8 status status=401 code=OAU-128
CALL call_log_fdw_sync('calls.call_log', 'copy.tokens', since => '2026-03-31');
:ctl faults --clear
SELECT count(*) FROM copy.tokens;
CALL call_log_fdw_sync('calls.call_log', 'copy.tokens', since => '2026-03-31');

SELECT call_log_fdw_requests() > 0;
SET client_min_messages = warning;
DROP OWNED BY regress_call_log_keeper CASCADE;
DROP ROLE regress_call_log_keeper, regress_call_log_stranger;
DROP FOREIGN TABLE calls.own, calls.sales, calls.timeless;
DROP VIEW truth.wanted;
DROP TABLE truth.audio;
DROP SCHEMA copy CASCADE;
TRUNCATE truth.calls;
\copy truth.calls FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth' WITH (FORMAT csv, HEADER)
