-- Cost of queries: estimates, ANALYZE, max_requests, cached responses.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set ctl '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py"'
SELECT count(*) > 0 AS rows FROM calls.call_log WHERE start_time > '2026-03-31';
\getenv url CALL_LOG_SIMULATOR
CREATE FUNCTION requests(query text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(trim(line), ', ') FROM explain(query, 'COSTS') line WHERE line ~ 'Estimated' $$;
-- A table without statistics
CREATE FOREIGN TABLE fresh (id text, start_time timestamptz, direction text, session_id text) SERVER ringcentral OPTIONS (resource 'call_log', page_size '100');
:ctl clear

-- The width of the window, known at plan time, at 300 calls per day
SELECT requests('SELECT id FROM fresh WHERE start_time > now() - interval ''10 days''');
SELECT requests('SELECT id FROM fresh WHERE start_time BETWEEN ''2026-03-01'' AND ''2026-03-02''');
SELECT requests('SELECT id FROM fresh WHERE start_time > now() - interval ''10 days'' AND direction = ''Inbound''');
SELECT requests('SELECT id FROM fresh WHERE session_id = ''1''');
SELECT requests('SELECT id FROM fresh WHERE direction = ''Inbound'' AND direction = ANY (''{Outbound,Sideways}'')');
SELECT requests('SELECT id FROM fresh WHERE start_time > ''2027-01-01''');
-- several windows or sessions, or all between them
SELECT requests('SELECT id FROM fresh WHERE start_time::date IN (''2026-03-01'', ''2026-03-20'')');
SELECT requests('SELECT id FROM fresh WHERE start_time BETWEEN ''2026-03-01'' AND ''2026-03-01 01:00'' OR start_time BETWEEN ''2026-03-01 02:00'' AND ''2026-03-01 02:30''');
SELECT requests('SELECT id FROM fresh WHERE session_id IN (''1'', ''2'', ''3'')');
SELECT requests('SELECT id FROM fresh WHERE session_id IN (''1'', ''2'', ''3'') AND start_time > ''2026-03-31 06:00''');
-- ids that are in a list
SELECT requests(format('SELECT id FROM fresh WHERE id = ANY (%L) AND start_time > ''2026-03-31 06:00''', (SELECT array_agg('x' || n) FROM generate_series(1, 120) n)));
SELECT requests(format('SELECT id FROM fresh WHERE id = ANY (%L) AND start_time > ''2026-03-25''', (SELECT array_agg('x' || n) FROM generate_series(1, 120) n)));
SELECT requests('SELECT id FROM fresh LIMIT 250');
-- The number of ids
SELECT requests('SELECT * FROM fresh WHERE id = ''a''');
SELECT requests('SELECT * FROM fresh WHERE id = ANY (ARRAY(SELECT n::text FROM generate_series(1, 9) n))');
SELECT requests('SELECT * FROM fresh WHERE id = ANY (ARRAY(SELECT n::text FROM generate_series(1, 1234) n))');
SELECT requests('SELECT * FROM fresh WHERE session_id = ANY (ARRAY(SELECT n::text FROM generate_series(1, 4) n))');
SELECT requests('SELECT * FROM fresh WHERE id = ANY (string_to_array((SELECT max(n)::text FROM generate_series(1, 1234) n), '',''))');
PREPARE by_ids(text[]) AS SELECT * FROM calls.call_log WHERE id = ANY ($1);
SELECT requests(format('EXECUTE by_ids(%L)', (SELECT array_agg('x' || n) FROM generate_series(1, 120) n)));
SELECT requests('SELECT id, content_type, content FROM calls.recordings WHERE id IN (''1'', ''2'', ''3'')');
-- of one execution, if there is one for each row of an outer query or of another table
SELECT requests('SELECT n, (SELECT direction FROM fresh WHERE id = n::text) FROM generate_series(1, 3) n');
SELECT requests('SELECT * FROM generate_series(1, 3) n, LATERAL (SELECT id FROM fresh WHERE session_id = n::text OFFSET 0) x');
SELECT requests('SELECT * FROM generate_series(1, 3) n, LATERAL (SELECT (SELECT direction FROM fresh WHERE id = n::text) OFFSET 0) x');
SET call_log_fdw.enable_batched_join = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
SELECT requests('SELECT * FROM (VALUES (''a''), (''b'')) v(id) JOIN fresh USING (id) OFFSET 0');
RESET call_log_fdw.enable_batched_join; RESET enable_hashjoin; RESET enable_mergejoin;
-- else of all
SELECT requests('SELECT * FROM fresh WHERE id = (SELECT max(n)::text FROM generate_series(1, 3) n)');
SELECT requests('SELECT n, (SELECT count(*) FROM fresh WHERE id IN (''a'', ''b'') AND n > 1) FROM generate_series(1, 3) n');
SELECT requests('SELECT n FROM generate_series(1, 3) n WHERE EXISTS (SELECT FROM fresh WHERE id = n::text)');
-- EXPLAIN sends nothing
:ctl count
-- Calls per day, as observed by a scan
SELECT count(*) > 100 AS rows FROM fresh WHERE start_time BETWEEN '2026-03-01' AND '2026-03-11';
SELECT count(*) / 10.0 / 100 AS per_day FROM truth.calls WHERE start_time BETWEEN '2026-03-01' AND '2026-03-11' \gset
SELECT requests('SELECT id FROM fresh WHERE start_time > ''2026-03-11''') = 'Estimated Requests: ' || ceil(:per_day * 20.5) AS equal;

-- ANALYZE requests a few pages, and estimates the number of calls
:ctl clear
ANALYZE calls.call_log;
SELECT reltuples / (SELECT count(*) FROM truth.calls) BETWEEN 0.8 AND 1.25 AS close FROM pg_class WHERE oid = 'calls.call_log'::regclass;
\! test $(python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count) -le 10 && echo few requests
SELECT n_distinct FROM pg_stats WHERE tablename = 'call_log' AND schemaname = 'calls' AND attname = 'direction';
SELECT round(most_common_freqs[1]::numeric, 1) = (SELECT round(max(n) / sum(n), 1) FROM (SELECT count(*) n FROM truth.calls GROUP BY direction) x) AS close
  FROM pg_stats WHERE tablename = 'call_log' AND schemaname = 'calls' AND attname = 'direction';
ANALYZE calls.call_log_legs;
SELECT reltuples / (SELECT count(*) FROM truth.legs) BETWEEN 0.8 AND 1.25 AS close FROM pg_class WHERE oid = 'calls.call_log_legs'::regclass;
ANALYZE calls.active_calls;
-- an empty table, and one with a single page
CREATE FOREIGN TABLE none (id text) SERVER ringcentral OPTIONS (resource 'call_log', extension_number '99999');
CREATE FOREIGN TABLE recent (id text, start_time timestamptz) SERVER ringcentral OPTIONS (resource 'call_log', history '1 day');
:ctl clear
ANALYZE none;
ANALYZE recent;
SELECT relname, reltuples = (SELECT count(*) FROM truth.calls WHERE relname = 'recent' AND start_time > '2026-03-30 12:00') AS equal
  FROM pg_class WHERE relname IN ('none', 'recent') ORDER BY relname;
:ctl count
DROP FOREIGN TABLE none, recent;

-- Minimum duration if the limit is known; another account is used, so that other tests do not wait for it
SELECT replace(:'url', '127.0.0.1', 'localhost') AS other_url \gset
CREATE SERVER limited FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url :'other_url', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER limited OPTIONS (access_token 'simulator-access-token');
CREATE FOREIGN TABLE slow (id text, start_time timestamptz) SERVER limited OPTIONS (resource 'call_log', page_size '10');
SELECT requests($$SELECT id FROM slow WHERE start_time > '2025-12-01'$$) LIKE '%Minutes%' AS shown;
:ctl fault --match dateFrom=2020-01-01 status status=404 "$(printf 'header=X-Rate-Limit-Group: heavy\nX-Rate-Limit-Limit: 10\nX-Rate-Limit-Remaining: 9\nX-Rate-Limit-Window: 60')"
\set VERBOSITY terse
SELECT count(*) FROM slow WHERE start_time BETWEEN '2020-01-01 00:00:01' AND '2020-01-02';
SELECT requests($$SELECT id FROM slow WHERE start_time > '2025-12-01'$$) LIKE 'Estimated Requests: %, Estimated Minutes: %.0' AS shown;
DROP SERVER limited CASCADE;

-- max_requests: an error before the first request if possible, else before the limit is exceeded
ALTER FOREIGN TABLE fresh OPTIONS (ADD max_requests '3');
:ctl clear
SELECT count(*) FROM fresh WHERE id = ANY (ARRAY(SELECT 'x' || n FROM generate_series(1, 151) n));
:ctl count
SELECT count(*) FROM fresh WHERE id = ANY (ARRAY(SELECT 'x' || n FROM generate_series(1, 150) n));
:ctl count --clear
SELECT count(*) FROM fresh WHERE start_time > '2026-03-01';
:ctl count --clear
SELECT count(*) FROM (SELECT FROM fresh WHERE start_time > '2026-03-01' LIMIT 300) x;
:ctl count --clear
-- retries do not count
:ctl fault --match /call-log status status=503 retry_after=0
SELECT count(*) FROM (SELECT FROM fresh WHERE start_time > '2026-03-01' LIMIT 300) x;
ALTER FOREIGN TABLE fresh OPTIONS (SET max_requests '0');
DROP FOREIGN TABLE fresh;
ALTER SERVER ringcentral OPTIONS (ADD max_requests '2');
SELECT id, content FROM calls.recordings WHERE call_start_time > '2026-03-20' LIMIT 3;
ALTER SERVER ringcentral OPTIONS (DROP max_requests);
SELECT count(*) > 0 AS rows FROM calls.call_log WHERE start_time > '2026-03-31';

-- A join requests equal values once, independent of the plan
CREATE TABLE notes AS SELECT id AS call_id, session_id, n FROM (SELECT id, session_id FROM truth.calls WHERE session_id IS NOT NULL ORDER BY md5(id) LIMIT 4) c, generate_series(1, 5) n;
INSERT INTO notes VALUES ('nobodyHasThisId', '1', 1), ('nobodyHasThisId', '1', 2);
ANALYZE notes;
SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off; SET enable_material = off; SET call_log_fdw.enable_batched_join = off;
:ctl clear
SELECT count(*), count(c.id), count(DISTINCT c.id) FROM notes LEFT JOIN calls.call_log c ON c.id = call_id;
:ctl count --clear
SELECT line FROM explain('SELECT c.from_name FROM notes JOIN calls.call_log c ON c.id = call_id', 'ANALYZE, COSTS OFF, TIMING OFF') line WHERE line ~ 'Requests';
:ctl clear
-- within work_mem: not all of these fit
CREATE TABLE many AS SELECT id, n FROM generate_series(1, 2) n, (SELECT id FROM truth.calls ORDER BY md5(id) LIMIT 60) c ORDER BY n, id;
ANALYZE many;
SET work_mem = '64kB';
SELECT count(c.attrs) FROM many m LEFT JOIN calls.call_log c ON c.id = m.id;
\! n=$(python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count); test $n -gt 60 -a $n -lt 120 && echo some twice
RESET work_mem;
DROP TABLE many;
RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_memoize; RESET enable_material; RESET call_log_fdw.enable_batched_join;
DROP TABLE notes;
DROP FUNCTION requests;

-- The cost of requests does not count for JIT compilation, the cost of processing rows does
CREATE FUNCTION compiles(query text) RETURNS boolean
LANGUAGE sql AS $$ SELECT count(*) > 0 FROM explain(query, 'ANALYZE, TIMING OFF') line WHERE line ~ 'JIT:' $$;
SET jit = on;
SET jit_above_cost = 2500;
SELECT compiles('SELECT count(*) FROM calls.call_log WHERE duration > 60') AS "a scan",
  compiles('SELECT count(*) FROM (SELECT id FROM calls.call_log UNION ALL SELECT uri FROM calls.call_log) x') AS "an Append",
  compiles('SELECT (SELECT count(*) FROM calls.call_log), n FROM generate_series(1, 2) n') AS "a sub-select",
  compiles('SELECT count(*) FROM calls.call_log, generate_series(1, 40) n WHERE duration > n') = pg_jit_available() AS "much to do locally";
SET jit_above_cost = 100;
SELECT compiles('SELECT count(*) FROM calls.call_log WHERE duration > 60') = pg_jit_available() AS "a low limit";
RESET jit_above_cost; RESET jit;
DROP FUNCTION compiles;
