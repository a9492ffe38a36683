-- Records by id: another endpoint, 50 ids per request.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set log '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E "s/[A-Za-z0-9_-]{15}(,|[?])/ID\\\\1/g; s/(date(From|To)=20(26|23)-03-31T12:)[0-9:]{5}/\\\\1..:../g"'
\set ctl '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py"'
-- Log in first, as other tests can have done
SELECT count(*) > 0 AS rows FROM calls.call_log WHERE start_time > '2026-03-31';
:ctl clear

-- Ids of 120 calls and some that do not exist
CREATE TABLE wanted AS SELECT row_number() OVER (ORDER BY md5(id)) AS n, id FROM truth.calls ORDER BY n LIMIT 120;
SELECT id AS one FROM wanted WHERE n = 1 \gset
SELECT id AS two FROM wanted WHERE n = 2 \gset
SELECT array_agg(id) AS all FROM wanted \gset

-- One id, existing and not; the view depends on the columns
SELECT * FROM explain(format('SELECT from_name FROM calls.call_log WHERE id = %L', 'AbC_d-1'));
SELECT * FROM explain($$SELECT from_name FROM calls.call_log WHERE id IN ('a', 'b') AND direction = 'Inbound' AND start_time > '2026-01-01'$$);
SELECT count(*) FROM (SELECT from_name FROM calls.call_log WHERE id = :'one') x;
SELECT c.attrs = t.attrs AND c.legs IS NOT DISTINCT FROM t.legs AS equal FROM calls.call_log c JOIN truth.calls t USING (id) WHERE c.id = :'one';
SELECT count(*) FROM calls.call_log WHERE id = 'nobodyHasThisId';
:log

-- Several ids, each requested once, even if some do not exist
SELECT count(*) FROM calls.call_log WHERE id IN (:'one', :'two', :'one', 'nobodyHasThisId', NULL);
SELECT count(*) FROM calls.call_log WHERE id IN ('nobodyHasThisId', 'norHasHeThisOne');
SELECT count(*) FROM calls.call_log WHERE id = ANY (:'all') AND id = ANY (ARRAY[:'two', :'one', 'x']);
:log

-- 120 ids are 3 requests, with parameters and sub-selects as well
SELECT count(*) FROM calls.call_log WHERE id = ANY (:'all');
:log
PREPARE by_ids(text[]) AS SELECT count(*), count(DISTINCT id) FROM calls.call_log WHERE id = ANY ($1);
SET plan_cache_mode = force_generic_plan;
EXECUTE by_ids(:'all');
EXECUTE by_ids('{}');
EXECUTE by_ids(NULL);
RESET plan_cache_mode;
DEALLOCATE by_ids;
:log
SELECT count(*) FROM calls.call_log WHERE id = ANY (ARRAY(SELECT id FROM wanted WHERE n <= 60));
:log
SELECT count(*) AS differences FROM (
  (SELECT * FROM calls.call_log WHERE id = ANY (ARRAY(SELECT id FROM wanted)))
  EXCEPT ALL SELECT * FROM truth.calls WHERE id IN (SELECT id FROM wanted)) x;
SELECT line FROM explain('SELECT uri FROM calls.call_log WHERE id = ANY (ARRAY(SELECT id FROM wanted))') line WHERE line ~ 'Request';
:ctl clear

-- Other conditions are checked as well, including those that a list request would contain
SELECT count(*) = (SELECT count(*) FROM truth.calls JOIN wanted USING (id) WHERE direction = 'Inbound' AND start_time < '2026-01-01' AND duration > 10) AS equal
  FROM calls.call_log WHERE id = ANY (:'all') AND direction = 'Inbound' AND start_time < '2026-01-01' AND duration > 10;
SELECT count(*) FROM calls.call_log WHERE id = :'one' AND direction = 'Inbound' AND direction = ANY ('{Outbound}');
SELECT count(*) FROM calls.call_log WHERE id = :'one' AND start_time > 'infinity';
SELECT count(*) FROM calls.call_log WHERE id = :'one' AND id = :'two';
-- texts that are no valid ids do not become part of a path
SELECT count(*) FROM calls.call_log WHERE id = '';
SELECT count(*) FROM calls.call_log WHERE id IN ('a/b', 'a,b', '..', '.', '?', 'a#b', '');
SELECT count(*) FROM calls.call_log WHERE id = 'a b+c%';
:log

-- Texts longer than any id, session id or token are not sent; in a list they
-- are omitted
SELECT count(*) FROM calls.call_log WHERE id = repeat('x', 256);
SELECT count(*) FROM calls.call_log WHERE id = repeat('x', 100000);
SELECT count(*) FROM calls.call_log WHERE id IN (repeat('x', 100000), repeat('y', 256));
SELECT count(*) FROM calls.recordings WHERE id = repeat('6', 256);
SELECT count(*) FROM calls.call_log WHERE session_id = repeat('1', 256);
SELECT count(*) FROM calls.call_log WHERE telephony_session_id = repeat('s', 100000);
SELECT count(*) FROM calls.call_log_changes WHERE since_token = repeat('x', 100000);
:log
SELECT count(*) FROM calls.call_log WHERE id IN (:'one', repeat('x', 100000));
SELECT count(*) FROM calls.call_log WHERE id = repeat('x', 255);
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | wc -l

-- No request is longer than web servers accept, even with few ids
SELECT count(*) FROM calls.call_log WHERE id = ANY (ARRAY(SELECT :'one' UNION ALL SELECT repeat('é', 120) || n FROM generate_series(1, 49) n));
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | awk '{print length($0) < 8100 ? "fits" : length($0)}'

-- The extension's own calls only
SELECT array_agg(id) AS mine FROM truth.mine WHERE start_time >= '2026-03-30' \gset
SELECT count(*) = cardinality(:'mine'::text[]) AS equal FROM mine.call_log WHERE id = ANY (:'mine');
SELECT count(*) = cardinality(:'mine'::text[]) AS equal FROM calls.call_log WHERE id = ANY (:'mine');
SELECT count(*) = (SELECT count(*) FROM truth.mine JOIN wanted USING (id)) AS equal FROM mine.call_log WHERE id = ANY (:'all');
:ctl clear

-- Not for tables that exclude records that a request by id would return
CREATE FOREIGN TABLE desk (id text, start_time timestamptz) SERVER ringcentral OPTIONS (resource 'call_log', extension_number '101');
SELECT line FROM explain($$SELECT FROM desk WHERE id = 'x' AND start_time < '2026-03-31'$$) line WHERE line ~ 'Pushed';
SELECT count(*) FROM desk WHERE id = 'nobodyHasThisId' AND start_time >= '2026-03-30' AND start_time < '2026-03-31';
:log
DROP FOREIGN TABLE desk;

-- Both formats of a response
:ctl set multipart_quoted=true
SELECT count(*) FROM calls.call_log WHERE id = ANY (:'all');
:ctl set multipart_quoted=false multipart_json=true
SELECT count(*) FROM calls.call_log WHERE id = ANY (:'all');
:ctl fault part status=503 code=CMN-211 n=2
\set VERBOSITY terse
SELECT count(*) FROM calls.call_log WHERE id = ANY (:'all');
\set VERBOSITY default
:ctl set multipart_json=false
-- A failed part is an error, not a missing row
\set VERBOSITY terse
:ctl fault part status=503 code=CMN-211 n=2
SELECT count(*) FROM calls.call_log WHERE id = ANY (:'all');
:ctl fault part status=403 code=CMN-408 n=1
SELECT count(*) FROM calls.call_log WHERE id = ANY (:'all');
:ctl fault truncate
SELECT count(*) FROM calls.call_log WHERE id = ANY (:'all');
\set VERBOSITY default
-- A nonexistent account is an error, too
CREATE FOREIGN TABLE other (id text) SERVER ringcentral OPTIONS (resource 'call_log', account_id '1');
\set VERBOSITY terse
SELECT count(*) FROM other WHERE id = 'x';
\set VERBOSITY default
DROP FOREIGN TABLE other;
-- "Not found" without the name of what is not: of several ids it can only be the id, of a single one only in a path of one's own
CREATE FOREIGN TABLE named (id text) SERVER ringcentral OPTIONS (resource 'call_log', extension_id '731900211008');
:ctl set record_parameter=none recording_parameter=none
SELECT count(*) FROM calls.call_log WHERE id = 'x';
SELECT count(*) FROM mine.call_log WHERE id = 'x';
SELECT count(*) FROM calls.recordings WHERE id = '12345';
SELECT count(*) FROM named WHERE id IN ('x', 'y');
\set VERBOSITY terse
SELECT count(*) FROM named WHERE id = 'x';
\set VERBOSITY default
:ctl set record_parameter=callRecordId recording_parameter=recordingId
SELECT count(*) FROM named WHERE id = 'x';
DROP FOREIGN TABLE named;
DROP TABLE wanted;
