-- Rescans, scans that end early, cursors.
SET timezone = 'UTC';
SET datestyle = 'ISO';
-- Log in and learn the API's clock first, so that only the following requests are logged
SELECT count(*) > 0 AS rows FROM calls.call_log WHERE start_time > '2026-03-31';
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear
\set day 'start_time >= ''2026-03-30'' AND start_time < ''2026-03-31'''

-- A correlated sub-query: a request for all days, which are few calls
SELECT d::date, n = (SELECT count(*) FROM truth.calls WHERE start_time >= d AND start_time < d + interval '1 day') AS equal
  FROM (SELECT d, (SELECT count(*) FROM calls.call_log WHERE start_time >= d AND start_time < d + interval '1 day') AS n
        FROM generate_series(timestamptz '2026-03-01', '2026-03-03', '1 day') d) x;
\! n=$(python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count --clear); test $n -gt 0 -a $n -lt 3 && echo fewer than days

-- of a longer time, in any order, with other conditions, and of the future
SELECT count(*) AS days, count(*) FILTER (WHERE n <> (SELECT count(*) FROM truth.calls WHERE start_time >= d AND start_time < d + interval '1 day' AND direction = 'Inbound')) AS differences
  FROM (SELECT d, (SELECT count(*) FROM calls.call_log WHERE start_time >= d AND start_time < d + interval '1 day' AND direction = 'Inbound') AS n
        FROM (SELECT d FROM generate_series(timestamptz '2026-03-05', '2026-04-05', '1 day') d ORDER BY md5(d::text)) d) x;
\! n=$(python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count --clear); test $n -gt 0 -a $n -lt 10 && echo fewer than days
-- a wrong estimate: more than a page, so each day is requested
CREATE FOREIGN TABLE pages_of_50 (id text, start_time timestamptz, duration int) SERVER ringcentral OPTIONS (resource 'call_log', page_size '50');
ALTER FOREIGN TABLE pages_of_50 OPTIONS (ADD history '1 year');
UPDATE pg_class SET reltuples = 100, relpages = 1 WHERE relname = 'pages_of_50';
SELECT d::date, n = (SELECT count(*) FROM truth.calls WHERE start_time >= d AND start_time < d + interval '1 day' AND duration > 0) AS equal
  FROM (SELECT d, (SELECT count(*) FROM pages_of_50 WHERE start_time >= d AND start_time < d + interval '1 day' AND duration > 0) AS n
        FROM generate_series(timestamptz '2026-03-01', '2026-03-03', '1 day') d) x;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count --clear
-- values of calls at other times are not converted
CREATE FOREIGN TABLE strict (start_time timestamptz, seconds int OPTIONS (json_path 'id')) SERVER ringcentral OPTIONS (resource 'call_log');
SELECT (SELECT count(seconds) FROM strict WHERE start_time >= d AND start_time < d + interval '1 microsecond') FROM generate_series(timestamptz '2026-03-01 03:33:07.7', '2026-03-04', '1 day') d;
DROP FOREIGN TABLE strict, pages_of_50;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear

-- A nested loop without a Materialize node: with the same values nothing is requested again
SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off;
SELECT n, count(*) = (SELECT count(*) FROM truth.calls WHERE :day) AS equal
  FROM generate_series(1, 3) n LEFT JOIN calls.call_log c ON n > 0 AND :day GROUP BY n ORDER BY n;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count --clear
-- unless there are several pages
CREATE FOREIGN TABLE small_pages (id text, start_time timestamptz) SERVER ringcentral OPTIONS (resource 'call_log', page_size '10');
SELECT n, count(*) = (SELECT count(*) FROM truth.calls WHERE :day) AS equal, count(*) = count(DISTINCT id) AS once
  FROM generate_series(1, 3) n LEFT JOIN small_pages c ON n > 0 AND :day GROUP BY n ORDER BY n;
RESET enable_material; RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_memoize;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear

-- LIMIT and EXISTS end early, with at most one prefetched page
SELECT count(*) FROM (SELECT id FROM small_pages WHERE :day LIMIT 3) x;
SELECT EXISTS (SELECT FROM small_pages WHERE :day);
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count --clear

-- Cursors: forward, backward, held
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id, start_time FROM small_pages WHERE :day ORDER BY start_time DESC, id;
FETCH ABSOLUTE 25 FROM c \gset a_
FETCH ABSOLUTE 1 FROM c \gset b_
MOVE FORWARD ALL IN c;
FETCH BACKWARD 1 FROM c \gset z_
FETCH ABSOLUTE 25 FROM c \gset c_
SELECT :'a_id' = :'c_id' AS same_row,
       :'a_id' = (SELECT id FROM truth.calls WHERE :day ORDER BY start_time DESC, id OFFSET 24 LIMIT 1) AS right_row,
       :'z_id' = (SELECT id FROM truth.calls WHERE :day ORDER BY start_time, id DESC LIMIT 1) AS last_row;
CLOSE c;
DECLARE d SCROLL CURSOR FOR SELECT id FROM small_pages WHERE :day;
MOVE 15 IN d;
FETCH BACKWARD 1 FROM d \gset a_
FETCH ABSOLUTE 14 FROM d \gset b_
SELECT :'a_id' = :'b_id' AS same_row;
DECLARE h CURSOR WITH HOLD FOR SELECT id FROM small_pages WHERE :day;
COMMIT;
FETCH 1 FROM h \gset
MOVE ALL IN h;
CLOSE h;

-- An open cursor and another scan of the same server share the session
BEGIN;
DECLARE a CURSOR FOR SELECT id FROM small_pages WHERE :day;
FETCH 1 FROM a \gset
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :day) AS equal FROM small_pages WHERE :day;
MOVE ALL IN a;
COMMIT;

-- Self-join: two scans at once
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :day) AS equal
  FROM small_pages x JOIN small_pages y USING (id) WHERE x.start_time >= '2026-03-30' AND x.start_time < '2026-03-31'
  AND y.start_time >= '2026-03-30' AND y.start_time < '2026-03-31';

-- One list, read twice at the same pace, joined with its groups, divided by its total: requested once, up to the present, too
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear
SELECT count(*) = 2 * (SELECT count(*) FROM truth.calls WHERE :day) AS equal, count(*) FILTER (WHERE start_time > later) AS wrong
  FROM (SELECT start_time, lag(start_time) OVER (ORDER BY start_time DESC) AS later
        FROM (SELECT start_time FROM small_pages WHERE :day UNION ALL SELECT start_time FROM small_pages WHERE :day ORDER BY start_time DESC) x) y;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sort | uniq -d
SELECT bool_and(n <= total) AS parts, sum(n) = min(total) AS whole
  FROM (SELECT result, count(*) AS n, (SELECT count(*) FROM calls.call_log WHERE start_time >= '2026-03-30') AS total
        FROM calls.call_log WHERE start_time >= '2026-03-30' GROUP BY result) x;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count --clear

-- A list paged by number, read further after a rewind to its first page
CREATE FOREIGN TABLE unsorted (id text, start_time timestamptz) SERVER ringcentral OPTIONS (resource 'call_log', newest_first 'false', page_size '100');
SELECT n, count(*), count(DISTINCT id) FROM (VALUES (5), (250)) v(n),
  LATERAL (SELECT id FROM unsorted WHERE start_time >= '2026-03-20' LIMIT n) x GROUP BY n ORDER BY n;
DROP FOREIGN TABLE unsorted;

-- Anti and semi joins, UNION, window functions, DISTINCT, aggregates
SELECT count(*) FROM small_pages s WHERE :day AND NOT EXISTS (SELECT FROM truth.calls t WHERE t.id = s.id);
SELECT count(*) FROM truth.calls t WHERE :day AND id NOT IN (SELECT id FROM small_pages WHERE :day);
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :day) AS equal FROM (SELECT id FROM small_pages WHERE :day UNION SELECT id FROM truth.calls WHERE :day) x;
SELECT result, count(*), sum(duration), max(start_time) FROM calls.call_log WHERE :day GROUP BY result
EXCEPT SELECT result, count(*), sum(duration), max(start_time) FROM truth.calls WHERE :day GROUP BY result;

-- A view uses its owner's user mapping
CREATE VIEW shared AS SELECT id, start_time FROM calls.call_log;
CREATE ROLE regress_call_log_reader;
GRANT SELECT ON shared TO regress_call_log_reader;
GRANT SELECT ON calls.call_log TO regress_call_log_reader;
GRANT USAGE ON SCHEMA calls TO regress_call_log_reader;
SET ROLE regress_call_log_reader;
SELECT count(*) > 0 AS rows FROM shared WHERE :day;
\set VERBOSITY default
SELECT count(*) FROM calls.call_log WHERE :day;
RESET ROLE;
DROP OWNED BY regress_call_log_reader;
DROP ROLE regress_call_log_reader;
DROP VIEW shared;
DROP FOREIGN TABLE small_pages;
