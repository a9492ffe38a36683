-- recordings: listed with their calls, their details and audio on demand.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set ctl '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py"'
\set log '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E "s/(date(From|To)=20(26|23)-03-31T12:)[0-9:]{5}/\\\\1..:../g; s,recording/[0-9]+,recording/ID,; s,call-log/[A-Za-z0-9_-]+,call-log/ID,"'
:ctl reset
CREATE TABLE truth.recordings (LIKE calls.recordings);
\copy truth.recordings FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --resource recordings' WITH (FORMAT csv, HEADER)
SELECT count(*) > 1000 AS "a few pages", count(*) FILTER (WHERE content IS NULL) > 100 AS "many gone", count(*) - count(DISTINCT call_id) > 0 AS "of legs, too" FROM truth.recordings;
SELECT count(*) FROM calls.recordings WHERE call_start_time = '2026-03-31';
:ctl clear

-- Columns contained in the list need list requests only, of calls with recordings
SELECT id, call_id FROM calls.recordings EXCEPT ALL SELECT id, call_id FROM truth.recordings;
:log
\set cheap 'id, call_id, session_id, telephony_session_id, call_start_time, type, uri, content_uri'
SELECT count(*) AS differences FROM (SELECT :cheap FROM calls.recordings EXCEPT ALL SELECT :cheap FROM truth.recordings) x;
SELECT count(*) AS differences FROM (SELECT :cheap FROM truth.recordings EXCEPT ALL SELECT :cheap FROM calls.recordings) x;
SELECT count(*) = (SELECT count(*) FROM truth.recordings) AS equal FROM calls.recordings;
:ctl clear

-- All columns of some days, column by column: a request for the details and one for the audio of each
\set days 'call_start_time >= ''2026-03-25'' AND call_start_time < ''2026-03-31'''
SELECT count(*) AS n, min(id) AS one, min(call_id) AS call FROM truth.recordings WHERE :days AND content IS NOT NULL \gset
SELECT count(*) AS differences FROM (SELECT * FROM calls.recordings WHERE :days EXCEPT ALL SELECT * FROM truth.recordings WHERE :days) x;
SELECT count(*) AS differences FROM (SELECT * FROM truth.recordings WHERE :days EXCEPT ALL SELECT * FROM calls.recordings WHERE :days) x;
:ctl clear
SELECT count(content) = :n AS equal FROM calls.recordings WHERE :days;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E 's/^GET ([^ ?]*).*/\1/; s/[0-9]{6,}/ID/g' | sort | uniq -c | awk '{print ($1 > 1 ? "many" : "one"), $2}'

-- By id, if that response has all columns of the query; else from the list
SELECT * FROM explain($$SELECT content FROM calls.recordings WHERE id = '17'$$) line WHERE line !~ 'per Row';
SELECT * FROM explain($$SELECT call_id, duration FROM calls.recordings WHERE id = '17' AND call_start_time > '2026-03-25' AND duration > 5 AND type = 'OnDemand'$$);
SELECT * FROM explain($$SELECT id, uri FROM calls.recordings WHERE call_id IN ('a', 'b')$$);
:ctl clear
SELECT md5(content) = (SELECT md5(content) FROM truth.recordings WHERE id = :'one') AS equal FROM calls.recordings WHERE id = :'one';
:log
SELECT count(*), count(DISTINCT content_type) > 0 AS types, count(*) FILTER (WHERE duration > 0) = count(*) AS durations FROM calls.recordings
  WHERE id = ANY (ARRAY(SELECT id FROM truth.recordings WHERE :days AND content IS NOT NULL ORDER BY id LIMIT 3));
:log
SELECT count(*) = (SELECT count(*) FROM truth.recordings WHERE call_id = :'call') AS equal FROM calls.recordings WHERE call_id = :'call';
:log
SELECT count(*) FROM calls.recordings WHERE id IN ('', '..', 'a/b', NULL);
SELECT count(*) FROM calls.recordings WHERE id = :'one' AND type = 'Automatic' AND type = ANY ('{OnDemand}');
:log

-- Cheap conditions are checked before details are requested, and those on details before audio is
SELECT count(*) AS m FROM truth.recordings WHERE :days AND session_id > '5' AND type = 'OnDemand' AND content IS NOT NULL \gset
SELECT count(length(content)) = :m AS equal FROM calls.recordings WHERE :days AND session_id > '5' AND type = 'OnDemand';
\setenv m :m
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | grep -c //media | awk '{print ($1 == ENVIRON["m"] ? "as many" : $1)}'
SELECT count(*) = (SELECT count(*) FROM truth.recordings WHERE :days AND duration > 100000) AS equal FROM calls.recordings WHERE :days AND duration > 100000 AND length(content) > 0;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | grep -c //media
SELECT line FROM explain($$SELECT length(content) FROM calls.recordings WHERE call_start_time >= '2026-03-30' AND call_start_time < '2026-03-31' AND uri = 'none' AND duration > 3$$, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF') line WHERE line ~ 'Removed|Requests:';

-- A cheaper condition does not see rows hidden by a security barrier
CREATE FUNCTION leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'seen: %', $1; RETURN true; END $$;
CREATE VIEW guarded WITH (security_barrier) AS SELECT * FROM calls.recordings WHERE call_start_time >= '2026-03-30' AND call_start_time < '2026-03-31' AND duration < 0;
SELECT count(*) FROM guarded WHERE leak(id) AND content IS NOT NULL;
DROP VIEW guarded;
DROP FUNCTION leak;
:ctl clear

-- Deleted recordings: a warning and NULL; requested by id, a warning and no row
SELECT id AS gone FROM truth.recordings WHERE content IS NULL ORDER BY call_start_time DESC, id LIMIT 1 \gset
SELECT call_start_time AS then FROM truth.recordings WHERE id = :'gone' \gset
\set VERBOSITY terse
SELECT content IS NULL AS content, content_type IS NULL AS type, duration IS NULL AS duration, content_uri IS NULL AS uri FROM calls.recordings WHERE call_start_time = :'then' AND id = :'gone';
SELECT content IS NULL AS content FROM calls.recordings WHERE call_start_time = :'then' AND id = :'gone';
SELECT count(*) FROM calls.recordings WHERE id = '1';
SELECT count(*) FROM calls.recordings WHERE id IN ('12345', '6600000000 ');
SET client_min_messages = error;
SELECT count(*) FROM calls.recordings WHERE id = ANY (ARRAY[:'gone', :'one']) AND length(content) > 0;
RESET client_min_messages;
:ctl clear

-- The audio is complete, or it is an error
\set media '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /content'
\set get 'SELECT md5(content) = (SELECT md5(content) FROM truth.recordings WHERE id = :''one'') AS equal FROM calls.recordings WHERE id = :''one'';'
SET client_min_messages = warning;
:media truncate
:get
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear --json --path /content | grep -oE '"status": *[0-9]+'
:ctl set media_ranges=off
:media truncate
:get
:ctl set media_ranges=on
:media chunk-truncate
:get
:media reset
:get
:media close
:get
:media status status=503 retry_after=0
:get
:media status status=401 code=OAU-213
:get
:media status status=403 code=CMN-401
:get
:media empty status=200
:get
:media empty status=200 header='Content-Type: audio/wav'
:get
:media html status=200
:get
:media redirect location=https://example.com/
:get
ALTER SERVER ringcentral OPTIONS (ADD max_recording_size '4kB');
:get
ALTER FOREIGN TABLE calls.recordings OPTIONS (ADD max_recording_size '10MB');
:get
ALTER FOREIGN TABLE calls.recordings OPTIONS (DROP max_recording_size);
ALTER SERVER ringcentral OPTIONS (DROP max_recording_size);
:ctl reset

-- The token is sent to the media host only, whatever URI the list contains
:ctl set content_uri_host=foreign
:get
:ctl foreign-log
:ctl reset

-- User-defined columns
\set VERBOSITY default
CREATE FOREIGN TABLE audio (name text OPTIONS (json_path 'id'), kind text OPTIONS (json_path '&contentType'), bytes bytea OPTIONS (json_path '@'))
  SERVER ringcentral OPTIONS (resource 'recordings');
SELECT kind, length(bytes) > 0 AS bytes FROM audio WHERE name = :'one';
CREATE FOREIGN TABLE wrong (content text) SERVER ringcentral OPTIONS (resource 'recordings');
SELECT * FROM wrong;
DROP FOREIGN TABLE wrong;
CREATE FOREIGN TABLE wrong (content bytea OPTIONS (json_path '@')) SERVER ringcentral OPTIONS (resource 'call_log');
SELECT * FROM wrong;
DROP FOREIGN TABLE wrong;
CREATE FOREIGN TABLE wrong (id text) SERVER ringcentral OPTIONS (resource 'extensions', extension_id '~');
CREATE FOREIGN TABLE wrong (id text) SERVER ringcentral OPTIONS (resource 'call_log', max_recording_size '1MB');
DROP FOREIGN TABLE audio;
RESET client_min_messages;

-- A recording without an id is an error: ids are NOT NULL
\! printf '%s' '{"id": "odd", "startTime": "2026-02-03T03:33:33.123Z", "recording": {"type": "OnDemand"}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT id, type FROM calls.recordings WHERE call_start_time = '2026-02-03 03:33:33.123';
ALTER FOREIGN TABLE calls.recordings OPTIONS (ADD on_error 'set_null');
SELECT id, type FROM calls.recordings WHERE call_start_time = '2026-02-03 03:33:33.123';
ALTER FOREIGN TABLE calls.recordings OPTIONS (DROP on_error);
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" records --clear

-- Extension level: recordings of its own calls; details and audio have the account's path
CREATE TABLE truth.my_recordings (LIKE mine.recordings);
\copy truth.my_recordings FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --resource recordings --level extension' WITH (FORMAT csv, HEADER)
SELECT count(*) > 10 AS some, count(*) < (SELECT count(*) FROM truth.recordings) AS not_all FROM truth.my_recordings;
SELECT count(*) AS differences FROM (SELECT :cheap FROM mine.recordings EXCEPT ALL SELECT :cheap FROM truth.my_recordings) x;
SELECT count(*) AS differences FROM (SELECT :cheap FROM truth.my_recordings EXCEPT ALL SELECT :cheap FROM mine.recordings) x;
SELECT id AS own FROM truth.my_recordings WHERE content IS NOT NULL ORDER BY call_start_time DESC LIMIT 1 \gset
SELECT id AS other FROM truth.recordings WHERE id NOT IN (SELECT id FROM truth.my_recordings) AND content IS NOT NULL ORDER BY call_start_time DESC LIMIT 1 \gset
:ctl clear
SELECT md5(content) = (SELECT md5(content) FROM truth.my_recordings WHERE id = :'own') AS equal FROM mine.recordings WHERE id = :'own' AND call_start_time >= (SELECT call_start_time FROM truth.recordings WHERE id = :'own');
:log
SELECT count(content) FROM mine.recordings WHERE id = :'other';
SELECT * FROM explain($$SELECT duration FROM mine.recordings WHERE id = '17' AND type = 'OnDemand'$$);
:ctl clear
