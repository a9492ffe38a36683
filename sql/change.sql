-- call_log_changes: new and changed calls since a time or a token.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set ctl '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py"'
\set log '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E "s/(syncToken=)[^&]*/\\\\1.../"'
:ctl reset

-- A start is required
\set VERBOSITY default
SELECT count(*) FROM calls.call_log_changes;
SELECT count(*) FROM calls.call_log_changes WHERE since > '2026-03-30';
SELECT count(*) FROM calls.call_log_changes WHERE since IN ('2026-03-30', '2026-03-31');
SELECT count(*) FROM calls.call_log_changes WHERE since IS NOT NULL AND since_token IS NULL;
SELECT * FROM explain('SELECT id FROM calls.call_log_changes');
SELECT * FROM explain($$SELECT id FROM calls.call_log_changes WHERE since = '2026-03-30 12:00:00.5'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log_changes WHERE since_token = '{a+b'$$);
SELECT line FROM explain($$SELECT id FROM calls.call_log_changes WHERE since_token = (SELECT max(id) FROM truth.calls)$$) line WHERE line ~ 'Request';
:log

-- Since a time, inclusive; column by column
SELECT max(last_modified_time) - interval '3 days' AS start FROM truth.calls \gset
SELECT last_modified_time AS moment FROM truth.calls WHERE last_modified_time > :'start' ORDER BY 1 LIMIT 1 \gset
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE last_modified_time >= :'moment') AS complete, bool_and(since = :'moment') AS since, count(since_token) AS tokens,
  count(DISTINCT id) = count(*) AS once, count(sync_token) = count(*) AS "sync tokens"
  FROM calls.call_log_changes WHERE since = :'moment';
SELECT count(*) AS differences FROM (
  SELECT id, start_time, from_name, legs, attrs FROM calls.call_log_changes WHERE since = :'moment'
  EXCEPT ALL SELECT id, start_time, from_name, legs, attrs FROM truth.calls WHERE last_modified_time >= :'moment') x;
:ctl set bounds=exclusive
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE last_modified_time >= :'moment') AS complete FROM calls.call_log_changes WHERE since = :'moment';
:ctl set bounds=inclusive
:ctl clear

-- All pages are read, with any page size
CREATE FOREIGN TABLE small_changes (id text, since timestamptz, since_token text, sync_token text, last_modified_time timestamptz, result text)
  SERVER ringcentral OPTIONS (resource 'call_log_changes', page_size '40');
SELECT count(*) > 80 AS several, count(*) = (SELECT count(*) FROM truth.calls WHERE last_modified_time >= '2026-03-29') AS complete FROM small_changes WHERE since = date '2026-03-29';
:log

-- Since a token: no changes, then calls that were changed, added late or are new
SELECT sync_token AS token FROM small_changes WHERE since = '2026-03-31' ORDER BY last_modified_time DESC LIMIT 1 \gset
SELECT count(*) FROM small_changes WHERE since_token = :'token';
SELECT id AS rewritten FROM truth.calls WHERE start_time < '2026-01-01' ORDER BY start_time DESC, id LIMIT 1 \gset
\setenv REWRITTEN :rewritten
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" rewrite "$REWRITTEN" result=Rewritten
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" appear --start-time 2026-02-02T02:02:02Z result=Late >/dev/null
SELECT result, since, since_token = :'token' AS since_token, sync_token <> :'token' AS "new token" FROM small_changes WHERE since_token = :'token' ORDER BY result;
:log

-- Columns of other types are not pushed down
CREATE FOREIGN TABLE odd_changes (id text, since text, since_token timestamptz) SERVER ringcentral OPTIONS (resource 'call_log_changes');
SELECT count(*) FROM odd_changes WHERE since = '2026-03-30';
SELECT count(*) FROM odd_changes WHERE since_token = '2026-03-30';
DROP FOREIGN TABLE odd_changes;

-- Conditions that no row can satisfy send no request
SELECT count(*) FROM small_changes WHERE since = NULL::timestamptz;
SELECT count(*) FROM small_changes WHERE since = '2026-03-30' AND since = '2026-03-31';
SELECT count(*) FROM small_changes WHERE since = '2100-01-01';
SELECT count(*) FROM small_changes WHERE since = 'infinity';
SELECT count(*) FROM calls.call_log_changes WHERE since = '2026-03-30' AND start_time < '2026-01-01' AND start_time >= (SELECT timestamptz '2026-02-01');
:log
-- The same changes twice in a statement are one request
SELECT count(*) > 0 AS found FROM calls.call_log_changes a JOIN calls.call_log_changes b USING (id) WHERE a.since = '2026-03-31' AND b.since = '2026-03-31';
:log

-- A time before all calls returns all of them
SELECT since FROM calls.call_log_changes WHERE since = '0044-03-15 BC' LIMIT 1;
SELECT since FROM calls.call_log_changes WHERE since = '0001-12-31 12:00:00.25 BC' LIMIT 1;
SELECT since FROM calls.call_log_changes WHERE since = '4714-11-24 00:00:00+00 BC' LIMIT 1;
:log

-- A token that the API rejects
\set ECHO none
CREATE FUNCTION state_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  hint text;
BEGIN
  EXECUTE query;
  RETURN 'no error';
EXCEPTION WHEN others THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  RETURN SQLSTATE || ': ' || SQLERRM || ' / ' || hint;
END $$;
\set ECHO all
SELECT state_of($$SELECT * FROM calls.call_log_changes WHERE since_token = 'made up'$$);
:ctl set sync_tokens_expire=on
SELECT state_of(format('SELECT * FROM calls.call_log_changes WHERE since_token = %L', :'token'));
SELECT state_of('SELECT * FROM calls.call_log_changes');
-- A response without the token for the next request
:ctl reset
\! printf '{"records": [], "navigation": {}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match extract-sync raw
SELECT state_of($$SELECT * FROM calls.call_log_changes WHERE since = '2026-03-30'$$);
\! printf '{"records": [], "syncInfo": {"newerRecordsExist": true}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match extract-sync raw
SELECT state_of($$SELECT * FROM calls.call_log_changes WHERE since = '2026-03-30'$$);
-- Of two versions of a call with the same date, or without one, the last one is valid
\! printf '{"records": [{"id": "a", "lastModifiedTime": "2026-03-30T12:00:00Z", "result": "first"}, {"id": "b", "result": "first"}, {"id": "a", "lastModifiedTime": "2026-03-30T12:00:00Z", "result": "second"}, {"id": "b", "result": "second"}, {"id": "a", "lastModifiedTime": "2026-03-30T12:00:01Z", "result": "later"}, {"id": "b", "result": "last"}], "syncInfo": {"syncToken": "same", "newerRecordsExist": false}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match extract-sync raw
SELECT id, last_modified_time, result FROM calls.call_log_changes WHERE since = '2026-03-30' ORDER BY 1, 2;
-- A response whose token returns the same response
\! printf '{"records": [], "syncInfo": {"syncToken": "same", "newerRecordsExist": true}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match extract-sync --times always raw
SELECT state_of($$SELECT * FROM calls.call_log_changes WHERE since = '2026-03-30'$$);
SELECT state_of($$SELECT * FROM calls.call_log_changes WHERE since_token = 'same'$$);
:ctl reset
-- Two tokens that return each other
:ctl clear
\! printf '{"records": [], "syncInfo": {"syncToken": "there", "newerRecordsExist": true}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match syncToken=here --times always raw
\! printf '{"records": [], "syncInfo": {"syncToken": "here", "newerRecordsExist": true}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match extract-sync --times always raw
SELECT state_of($$SELECT * FROM calls.call_log_changes WHERE since = '2026-03-30'$$);
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | grep -oE 'syncToken=[^& ]*|FSync'
:ctl reset
-- With deletions: call-log-sync, at both levels
CREATE FOREIGN TABLE with_deletions (id text, since timestamptz, since_token text, sync_token text, deleted boolean)
  SERVER ringcentral OPTIONS (resource 'call_log_changes', show_deleted 'true');
SELECT id AS one FROM mine.call_log ORDER BY start_time DESC LIMIT 1 \gset
\setenv ONE :one
:ctl clear
SELECT sync_token AS token FROM with_deletions WHERE since = '2026-03-30 00:00' LIMIT 1 \gset
SELECT sync_token AS mine FROM mine.call_log_changes WHERE since = '2026-03-05' LIMIT 1 \gset
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" delete "$ONE" >/dev/null
SELECT id = :'one' AS one, deleted FROM with_deletions WHERE since_token = :'token';
SELECT count(*) FROM mine.call_log_changes WHERE since_token = :'mine';
ALTER FOREIGN TABLE mine.call_log_changes OPTIONS (ADD show_deleted 'true');
SELECT id = :'one' AS one, deleted FROM mine.call_log_changes WHERE since_token = :'mine';
ALTER FOREIGN TABLE mine.call_log_changes OPTIONS (DROP show_deleted);
:log
SELECT state_of($$SELECT count(*) FROM with_deletions WHERE since = '2026-03-12'$$);
SELECT state_of($$SELECT count(*) FROM with_deletions WHERE since = '2026-01-12'$$);
DROP FOREIGN TABLE with_deletions;
:ctl reset
DROP FUNCTION state_of;
DROP FOREIGN TABLE small_changes;
