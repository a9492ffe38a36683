-- call_log_fdw_sync: attacks on the copy of a superuser, and obstacles to a copy.
\pset format unaligned
\pset tuples_only on
\set VERBOSITY terse
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set ctl '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py"'
:ctl reset
CREATE SCHEMA copy;
CREATE ROLE regress_call_log_evil LOGIN;
GRANT CREATE ON SCHEMA public TO regress_call_log_evil;
GRANT USAGE ON SCHEMA calls TO regress_call_log_evil;
CREATE TABLE copy.witness (what text, who name);
GRANT USAGE ON SCHEMA copy TO PUBLIC;
GRANT INSERT ON copy.witness TO PUBLIC;

-- Objects of the extension, but for the types of tables
SELECT pg_describe_object(classid, objid, 0) COLLATE "C" AS object FROM pg_depend
  WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'call_log_fdw') AND deptype = 'e'
  AND classid <> 'pg_type'::regclass ORDER BY object;

-- Operators and functions of another role, first in search_path
SET ROLE regress_call_log_evil;
CREATE FUNCTION public.evil(interval, integer) RETURNS interval LANGUAGE plpgsql AS $$ BEGIN INSERT INTO copy.witness VALUES ('operator /', current_user); RETURN $1; END $$;
CREATE OPERATOR public./ (LEFTARG = interval, RIGHTARG = integer, FUNCTION = public.evil);
CREATE FUNCTION public.evil(timestamptz, interval) RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN INSERT INTO copy.witness VALUES ('operator -', current_user); RETURN $1; END $$;
CREATE OPERATOR public.- (LEFTARG = timestamptz, RIGHTARG = interval, FUNCTION = public.evil);
CREATE FUNCTION public.evil(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO copy.witness VALUES ('operator =', current_user); RETURN true; END $$;
CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.evil);
CREATE FUNCTION public.lower(tstzrange) RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN INSERT INTO copy.witness VALUES ('lower', current_user); RETURN NULL; END $$;
RESET ROLE;
SET search_path = public, pg_catalog;
SET client_min_messages = warning;
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', since => '2026-03-30', newest_first => false, recheck => '1 day');
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', newest_first => false, recheck => '1 day');
RESET client_min_messages;
RESET search_path;
SELECT count(*) FROM copy.calls;
TABLE copy.witness;
DROP OPERATOR public./ (interval, integer), public.- (timestamptz, interval), public.= (text, text);
DROP FUNCTION public.evil(interval, integer), public.evil(timestamptz, interval), public.evil(text, text), public.lower(tstzrange);

-- A target that another role created first, to see the calls
SET ROLE regress_call_log_evil;
CREATE TABLE public.archive (id text PRIMARY KEY, start_time timestamptz, result text);
CREATE FUNCTION public.spy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO copy.witness VALUES (TG_NAME || ' ' || current_setting('search_path'), current_user);
  RETURN NEW;
END $$;
CREATE TRIGGER spy BEFORE INSERT ON public.archive FOR EACH STATEMENT EXECUTE FUNCTION public.spy();
CREATE CONSTRAINT TRIGGER late_spy AFTER INSERT ON public.archive DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.result = 'Busy') EXECUTE FUNCTION public.spy();
RESET ROLE;
\set VERBOSITY default
CALL call_log_fdw_sync('calls.call_log', 'archive', since => '2026-03-31');
\set VERBOSITY terse
SELECT count(*) FROM public.archive;
-- If the owner may see them, its triggers run as the owner
GRANT SELECT ON calls.call_log TO regress_call_log_evil;
SET client_min_messages = warning;
CALL call_log_fdw_sync('calls.call_log', 'archive', since => '2026-03-30');
RESET client_min_messages;
SELECT count(*) > 0 AS copied FROM public.archive;
SELECT DISTINCT what, who FROM copy.witness ORDER BY 1;
DELETE FROM copy.witness;
REVOKE SELECT ON calls.call_log FROM regress_call_log_evil;
-- Triggers can neither change settings of the session nor become another role
SET ROLE regress_call_log_evil;
CREATE OR REPLACE FUNCTION public.spy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('search_path', 'public', false);
  SET SESSION AUTHORIZATION DEFAULT;
  RETURN NEW;
END $$;
RESET ROLE;
GRANT SELECT ON calls.call_log TO regress_call_log_evil;
DELETE FROM public.archive WHERE start_time < (SELECT max(start_time) FROM public.archive);
CALL call_log_fdw_sync('calls.call_log', 'archive', recheck => '3 days');
SHOW search_path;
REVOKE SELECT ON calls.call_log FROM regress_call_log_evil;
SELECT count(*) FROM pg_locks WHERE classid = 'pg_class'::regclass;
DROP TABLE public.archive;
DROP FUNCTION public.spy();

-- Tables that do not exist
CALL call_log_fdw_sync(0, 'copy.nothing');
CALL call_log_fdw_sync(4294967295, 'copy.nothing');
CALL call_log_fdw_sync('calls.call_log', 'copy.nothing', changes => 4294967295);

-- Row-level security of the target would hide copied rows from the copy
SET ROLE regress_call_log_evil;
CREATE TABLE public.archive (id text PRIMARY KEY, start_time timestamptz);
ALTER TABLE public.archive ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY blind ON public.archive FOR INSERT WITH CHECK (true);
RESET ROLE;
GRANT SELECT ON calls.call_log TO regress_call_log_evil;
\set VERBOSITY default
CALL call_log_fdw_sync('calls.call_log', 'archive', since => '2026-03-30');
-- The owner must have access to the schema
CREATE TABLE copy.hidden (id text PRIMARY KEY, start_time timestamptz);
ALTER TABLE copy.hidden OWNER TO regress_call_log_evil;
REVOKE USAGE ON SCHEMA copy FROM PUBLIC;
CALL call_log_fdw_sync('calls.call_log', 'copy.hidden', since => '2026-03-30');
GRANT USAGE ON SCHEMA copy TO PUBLIC;
DROP TABLE copy.hidden;
\set VERBOSITY terse
REVOKE SELECT ON calls.call_log FROM regress_call_log_evil;
DROP TABLE public.archive;

-- Foreign tables of changes in the schema of the source are not used
GRANT CREATE ON SCHEMA calls TO regress_call_log_evil;
GRANT USAGE ON FOREIGN SERVER ringcentral TO regress_call_log_evil;
SET ROLE regress_call_log_evil;
CREATE FUNCTION public.spy(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO copy.witness VALUES ('domain', current_user); RETURN true; END $$;
CREATE DOMAIN public.spied AS text CHECK (public.spy(VALUE));
CREATE FOREIGN TABLE calls.aaa_changes (id public.spied) SERVER ringcentral OPTIONS (resource 'call_log_changes');
RESET ROLE;
SET client_min_messages = warning;
CALL call_log_fdw_sync('calls.call_log', 'copy.calls');
RESET client_min_messages;
TABLE copy.witness;
DROP FOREIGN TABLE calls.aaa_changes;
REVOKE CREATE ON SCHEMA calls FROM regress_call_log_evil;

-- The state is written by the procedure alone, and visible to roles that may read the copy
SET ROLE regress_call_log_evil;
INSERT INTO call_log_fdw_copies (schema_name, table_name, table_oid, since, missing) VALUES ('copy', 'next', 1, now(), '{}');
UPDATE call_log_fdw_copies SET missing = '{}';
TABLE call_log_fdw_problems;
INSERT INTO call_log_fdw_sync_state (since) VALUES (now());
SELECT count(*) FROM call_log_fdw_sync_state;
SELECT count(*) FROM call_log_fdw_sync_problems;
CALL call_log_fdw_sync('calls.call_log', 'copy.calls');
-- Other roles cannot take its lock
SELECT pg_advisory_lock('copy.calls'::regclass::oid::bigint);
LOCK TABLE copy.calls IN SHARE UPDATE EXCLUSIVE MODE;
RESET ROLE;
GRANT SELECT ON copy.calls TO regress_call_log_evil;
SET ROLE regress_call_log_evil;
SELECT target, source, missing FROM call_log_fdw_sync_state;
RESET ROLE;
-- The owner of the database dumps and restores it
SELECT relname, has_table_privilege('pg_database_owner', oid, 'SELECT') AS dumped, has_table_privilege('pg_database_owner', oid, 'INSERT') AS restored, relrowsecurity
  FROM pg_class WHERE oid = ANY ((SELECT extconfig FROM pg_extension WHERE extname = 'call_log_fdw')::oid[]) ORDER BY 1;

-- ---- changes of the target ----
-- A target that was renamed, emptied, replaced, or dropped
ALTER TABLE copy.calls RENAME TO renamed;
SELECT count(*) FROM call_log_fdw_sync_state;
CALL call_log_fdw_sync('calls.call_log', 'copy.renamed');
SELECT target FROM call_log_fdw_sync_state;
TRUNCATE copy.renamed;
\set VERBOSITY default
CALL call_log_fdw_sync('calls.call_log', 'copy.renamed', backfill_only => true);
CALL call_log_fdw_sync('calls.call_log', 'copy.renamed');
\set VERBOSITY terse
-- Also if only a backfill has copied calls
SET client_min_messages = warning;
CREATE TABLE copy.filled (LIKE calls.call_log, PRIMARY KEY (id));
CALL call_log_fdw_sync('calls.call_log', 'copy.filled', since => '2025-02-01', newest_first => false, max_requests => 2);
SELECT count(*) FROM copy.filled;
CALL call_log_fdw_sync('calls.call_log', 'copy.filled', backfill_only => true, max_requests => 1);
SELECT count(*) > 0 AS filled FROM copy.filled;
TRUNCATE copy.filled;
CALL call_log_fdw_sync('calls.call_log', 'copy.filled', max_requests => 0);
DROP TABLE copy.filled;
RESET client_min_messages;
CREATE TABLE copy.other (LIKE copy.renamed INCLUDING ALL);
INSERT INTO copy.other SELECT * FROM copy.renamed ORDER BY start_time LIMIT 10;
DROP TABLE copy.renamed;
ALTER TABLE copy.other RENAME TO renamed;
CALL call_log_fdw_sync('calls.call_log', 'copy.renamed');
CREATE TABLE copy.other (LIKE copy.renamed INCLUDING ALL);
INSERT INTO copy.other SELECT * FROM copy.renamed;
DROP TABLE copy.renamed;
ALTER TABLE copy.other RENAME TO renamed;
CALL call_log_fdw_sync('calls.call_log', 'copy.renamed');
DROP TABLE copy.renamed;
SELECT count(*) FROM call_log_fdw_sync_state;
SET default_transaction_read_only = on;
\set VERBOSITY default
CALL call_log_fdw_sync('calls.call_log', 'copy.calls');
RESET default_transaction_read_only;

-- Constraints of the target: the error names the call
CREATE TABLE copy.checked (id text PRIMARY KEY, start_time timestamptz, result text CHECK (result <> 'Missed'));
CALL call_log_fdw_sync('calls.call_log', 'copy.checked', since => '2026-03-30');
DROP TABLE copy.checked;
CREATE TABLE copy.checked (id varchar(5) PRIMARY KEY, start_time timestamptz);
CALL call_log_fdw_sync('calls.call_log', 'copy.checked', since => '2026-03-30');
DROP TABLE copy.checked;
CREATE TABLE copy.checked (id text, start_time timestamptz, from_name text NOT NULL) PARTITION BY RANGE (start_time);
CREATE TABLE copy.april PARTITION OF copy.checked FOR VALUES FROM ('2026-04-01') TO ('2026-05-01');
SET client_min_messages = warning;
SELECT id AS newest FROM truth.calls ORDER BY start_time DESC LIMIT 1 \gset
CALL call_log_fdw_sync('calls.call_log', 'copy.checked', since => '2026-03-31 11:30');
DROP TABLE copy.checked;
\set VERBOSITY terse

-- Limits end a run, but each response is kept
ALTER FOREIGN TABLE calls.call_log OPTIONS (ADD max_requests '3', ADD page_size '20');
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', since => '2026-03-29');
:ctl clear
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', max_requests => 1);
:ctl count --clear --path /call-log
CALL call_log_fdw_sync('calls.call_log', 'copy.calls');
CALL call_log_fdw_sync('calls.call_log', 'copy.calls');
CALL call_log_fdw_sync('calls.call_log', 'copy.calls');
CALL call_log_fdw_sync('calls.call_log', 'copy.calls');
:ctl count --clear --path /call-log
SELECT count(*) AS differences FROM ((SELECT * FROM truth.calls WHERE start_time >= '2026-03-29' EXCEPT ALL TABLE copy.calls) UNION ALL (TABLE copy.calls EXCEPT ALL SELECT * FROM truth.calls WHERE start_time >= '2026-03-29')) x;
-- The lowest limit starves no step, nor does it if a part of an unsorted list exceeds a page
CREATE TABLE copy.one (LIKE calls.call_log, PRIMARY KEY (id));
ALTER FOREIGN TABLE calls.call_log OPTIONS (SET max_requests '1', ADD newest_first 'false');
\set ECHO none
SELECT 'CALL call_log_fdw_sync(''calls.call_log'', ''copy.one'', since => ''2026-03-30'')' FROM generate_series(1, 60) \gexec
\set ECHO all
SELECT missing FROM call_log_fdw_sync_state WHERE target = 'copy.one'::regclass;
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE start_time >= '2026-03-30') AS complete FROM copy.one;
DROP TABLE copy.one;
ALTER FOREIGN TABLE calls.call_log OPTIONS (DROP max_requests, DROP page_size, DROP newest_first);
-- The audio of a recording takes two requests, its list one
ALTER FOREIGN TABLE calls.recordings OPTIONS (ADD max_requests '1', ADD page_size '20');
CALL call_log_fdw_sync('calls.recordings', 'copy.one', since => '2026-03-29', newest_first => false);
\set ECHO none
SELECT 'CALL call_log_fdw_sync(''calls.recordings'', ''copy.one'', newest_first => false)' FROM generate_series(1, 20) \gexec
\set ECHO all
SELECT coalesce(lower(missing) > '2026-03-30 11:00', true) AS progress FROM call_log_fdw_sync_state WHERE target = 'copy.one'::regclass;
DROP TABLE copy.one;
ALTER FOREIGN TABLE calls.recordings OPTIONS (DROP max_requests, DROP page_size);
RESET client_min_messages;

-- Values and characters that cannot be stored are reported, counted, and replaced
\! printf '{"id": "nul", "startTime": "2026-03-31T11:59:00Z", "from": {"name": "a\\u0000b"}, "duration": "long", "lastModifiedTime": "2026-03-31T12:00:20Z"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-03-31T11:59:00Z
\! printf '{"id": "when", "startTime": "yesterday", "lastModifiedTime": "2026-03-31T12:00:21Z"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-03-31T11:58:00Z
\set VERBOSITY default
CALL call_log_fdw_sync('calls.call_log', 'copy.calls');
\set VERBOSITY terse
SELECT id, from_name, duration FROM copy.calls WHERE id IN ('nul', 'when');
SELECT bad_values > 0 AS counted FROM call_log_fdw_sync_state;
:ctl records --clear

-- ---- deleted calls ----
DROP TABLE copy.calls;
SET client_min_messages = warning;
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', since => '2026-03-28');
-- The oldest of the range, and all of the last hour; only found in the list
SELECT string_agg(id, ' ') AS ids FROM copy.calls WHERE start_time <= (SELECT min(start_time) FROM copy.calls) OR start_time > '2026-03-31 11:00' \gset
\setenv IDS :ids
\! for id in $IDS; do python3 "$PG_ABS_SRCDIR/simulator/ctl.py" delete "$id" >/dev/null; done
UPDATE call_log_fdw_copies SET deletions_token = NULL;
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', recheck => '5 days');
SELECT count(*) = array_length(string_to_array(:'ids', ' '), 1) AS found FROM copy.calls WHERE deleted;
-- A RingCentral user that sees fewer calls: nothing is marked without mark_absent
INSERT INTO copy.calls (id, start_time) SELECT 'unseen' || n, timestamptz '2026-03-29' + n * interval '1 minute' FROM generate_series(1, 100) n;
\set VERBOSITY default
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', recheck => '5 days');
\set VERBOSITY terse
SELECT count(*) FILTER (WHERE deleted) AS deleted, count(*) FROM copy.calls WHERE id LIKE 'unseen%';
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', recheck => '5 days', mark_absent => false);
SELECT count(*) FILTER (WHERE deleted) AS deleted, count(*) FROM copy.calls WHERE id LIKE 'unseen%';
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', recheck => '5 days', mark_absent => true);
SELECT count(*) FILTER (WHERE deleted) AS deleted, count(*) FROM copy.calls WHERE id LIKE 'unseen%';
-- An id that cannot be a part of a URL cannot be requested, so it is not known to be deleted
INSERT INTO copy.calls (id, start_time) VALUES ('a/b', '2026-03-29 12:00');
CALL call_log_fdw_sync('calls.call_log', 'copy.calls', recheck => '5 days', mark_absent => true);
SELECT deleted FROM copy.calls WHERE id = 'a/b';
-- A target without the column deleted: rows are deleted with delete_rows
CREATE TABLE copy.plain (id text PRIMARY KEY, start_time timestamptz, result text);
CALL call_log_fdw_sync('calls.call_log', 'copy.plain', since => '2026-03-28', delete_rows => true);
SELECT id AS one FROM copy.plain ORDER BY start_time LIMIT 1 \gset
\setenv ONE :one
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" delete "$ONE" >/dev/null
CALL call_log_fdw_sync('calls.call_log', 'copy.plain');
SELECT count(*) FROM copy.plain WHERE id = :'one';
CALL call_log_fdw_sync('calls.call_log', 'copy.plain', delete_rows => true);
SELECT count(*) FROM copy.plain WHERE id = :'one';
-- The calls by which the copy is recognized may be among them
CREATE TABLE copy.brief (LIKE copy.plain INCLUDING ALL);
CALL call_log_fdw_sync('calls.call_log', 'copy.brief', since => '2026-03-31', delete_rows => true);
SELECT string_agg(id, ' ' ORDER BY start_time DESC) AS ids FROM (SELECT id, start_time FROM copy.brief ORDER BY start_time DESC LIMIT 2) x \gset
\setenv IDS :ids
\! for id in $IDS; do python3 "$PG_ABS_SRCDIR/simulator/ctl.py" delete "$id" >/dev/null; done
CALL call_log_fdw_sync('calls.call_log', 'copy.brief', delete_rows => true);
CALL call_log_fdw_sync('calls.call_log', 'copy.brief', delete_rows => true);
SELECT count(*) FROM copy.brief;
RESET client_min_messages;

-- If the time is rejected as well, the call log is read
:ctl set sync_tokens_expire=on sync_error_code=CMN-101 extract_reach=1
UPDATE call_log_fdw_copies SET synced_at = '2026-03-29 12:00' WHERE table_name = 'plain';
CALL call_log_fdw_sync('calls.call_log', 'copy.plain');
SELECT synced_at > '2026-03-31', missing FROM call_log_fdw_sync_state WHERE target = 'copy.plain'::regclass;
:ctl reset

-- If every token is rejected, the call log is read, once
:ctl set sync_tokens_expire=on
CALL call_log_fdw_sync('mine.call_log', 'copy.mine', since => '2026-03-30');
CALL call_log_fdw_sync('mine.call_log', 'copy.mine');
CALL call_log_fdw_sync('mine.call_log', 'copy.mine');
:ctl reset
-- Recordings that cannot be fetched are recorded and skipped
SELECT recording_id AS missing FROM calls.call_log WHERE recording_id IS NOT NULL ORDER BY start_time DESC LIMIT 1 \gset
SELECT recording_id AS forbidden FROM calls.call_log WHERE recording_id IS NOT NULL ORDER BY start_time DESC OFFSET 1 LIMIT 1 \gset
SELECT recording_id AS empty FROM calls.call_log WHERE recording_id IS NOT NULL ORDER BY start_time DESC OFFSET 2 LIMIT 1 \gset
SELECT recording_id AS large FROM calls.call_log WHERE recording_id IS NOT NULL ORDER BY start_time DESC OFFSET 3 LIMIT 1 \gset
\setenv LARGE :large
\setenv MISSING :missing
\setenv FORBIDDEN :forbidden
\setenv EMPTY :empty
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" recording "$MISSING" state=missing >/dev/null
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" recording "$FORBIDDEN" state=forbidden >/dev/null
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" recording "$EMPTY" state=empty >/dev/null
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" recording "$LARGE" state=large bytes=2000000 >/dev/null
ALTER FOREIGN TABLE calls.recordings OPTIONS (ADD max_recording_size '1MB');
SET client_min_messages = error;
CALL call_log_fdw_sync('calls.recordings', 'copy.audio', since => '2026-03-29', max_bytes => 100000);
RESET client_min_messages;
SELECT reason, tries, next_at > '2026-03-31 12:00' AS again FROM call_log_fdw_sync_problems WHERE target = 'copy.audio'::regclass ORDER BY array_position(ARRAY[:'missing', :'forbidden', :'empty', :'large'], id);
SELECT count(*) FILTER (WHERE content <> '') > 0 AS others FROM copy.audio;
-- And retried later
\! for id in $MISSING $FORBIDDEN $EMPTY $LARGE; do python3 "$PG_ABS_SRCDIR/simulator/ctl.py" recording "$id" state=ready >/dev/null; done
UPDATE call_log_fdw_problems SET next_at = '2026-03-31';
SET client_min_messages = error;
CALL call_log_fdw_sync('calls.recordings', 'copy.audio');
RESET client_min_messages;
SELECT count(*) FROM call_log_fdw_sync_problems;
SELECT count(*) FROM copy.audio WHERE id IN (:'missing', :'forbidden', :'empty', :'large') AND content <> '';
ALTER FOREIGN TABLE calls.recordings OPTIONS (DROP max_recording_size);

:ctl reset
SET client_min_messages = warning;
DROP SCHEMA copy CASCADE;
DROP OWNED BY regress_call_log_evil CASCADE;
DROP ROLE regress_call_log_evil;
