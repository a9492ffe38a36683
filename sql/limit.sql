-- LIMIT, ORDER BY and joins: the minimum number of requests.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set log '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E "s/[A-Za-z0-9_-]{15}(,|[?])/ID\\\\1/g; s/^[^?]*(call-log|active-calls)//; s/date(From|To)=[^&]*&//g; s/(sessionId=)[0-9]+/\\\\1.../"'
\set ctl '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py"'
SELECT count(*) > 0 AS rows FROM calls.call_log WHERE start_time > '2026-03-31';
:ctl clear

-- The limit becomes the page size of one request
SELECT count(*) FROM (SELECT id FROM calls.call_log LIMIT 10) x;
SELECT count(*) FROM (SELECT id FROM calls.call_log WHERE direction = 'Inbound' AND type IN ('Voice', 'Fax') AND start_time > '2026-01-01' LIMIT 7 OFFSET 3) x;
SELECT count(*) FROM (SELECT id FROM mine.active_calls FETCH FIRST 3 ROWS ONLY) x;
SELECT count(*) FROM (SELECT id FROM calls.call_log LIMIT 0) x;
:log
-- at the end of a range a few may be dropped
SELECT count(*) FROM (SELECT id FROM calls.call_log WHERE start_time < '2026-03-01' LIMIT 10) x;
:log
-- more than a page
SELECT count(*) FROM (SELECT id FROM calls.call_log LIMIT 1001) x;
:log
SELECT count(*), count(DISTINCT leg_number) > 1 AS several FROM (SELECT leg_number FROM calls.call_log_legs LIMIT 10) x;
:log
-- the number of rows dropped by PostgreSQL is not known beforehand
SELECT count(*) FROM (SELECT id FROM calls.call_log WHERE result = 'Missed' LIMIT 10) x;
SELECT count(*) FROM (SELECT id FROM calls.call_log WHERE start_time > '2026-03-01' AND random() < 2 LIMIT 10) x;
SELECT count(*) FROM (SELECT DISTINCT direction FROM calls.call_log WHERE start_time > '2026-03-30' LIMIT 1) x;
SELECT EXISTS (SELECT FROM calls.call_log WHERE start_time > '2026-03-30');
:log
-- an API that ignores a filter: the list is requested again, in pages of the usual size
:ctl set active_filters=off
SELECT count(*) FROM (SELECT id, direction FROM calls.active_calls WHERE direction = 'Outbound' LIMIT 4) x;
:log
:ctl set active_filters=on
-- the same if filters shorten the pages
:ctl set short_pages=on
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM calls.call_log WHERE direction = 'Outbound' LIMIT 30) x;
:ctl set short_pages=off
:ctl clear

-- The newest calls
SELECT * FROM explain('SELECT id FROM calls.call_log ORDER BY start_time DESC LIMIT 20') line WHERE line !~ 'Request:';
SELECT count(*) AS differences FROM (
  SELECT start_time FROM (SELECT start_time FROM calls.call_log WHERE start_time < '2026-03-31 12:00' ORDER BY start_time DESC LIMIT 20) a EXCEPT ALL
  SELECT start_time FROM (SELECT start_time FROM truth.calls ORDER BY start_time DESC LIMIT 20) b) x;
SELECT max(start_time) = (SELECT max(start_time) FROM truth.calls) AS equal FROM calls.call_log;
SELECT max(start_time) = (SELECT max(start_time) FROM truth.calls WHERE direction = 'Inbound') AS equal FROM calls.call_log WHERE direction = 'Inbound';
SELECT count(*) FROM (SELECT id FROM calls.call_log ORDER BY start_time DESC NULLS LAST FETCH FIRST 5 ROWS ONLY) x;
:log
-- ties, and a finer order: incremental sort
SELECT * FROM explain('SELECT id FROM calls.call_log ORDER BY start_time DESC, id LIMIT 5') line WHERE line !~ 'Request:';
SELECT string_agg(id, ',') = (SELECT string_agg(id, ',') FROM (SELECT id FROM truth.calls ORDER BY start_time DESC, id LIMIT 5) b) AS equal
  FROM (SELECT id FROM calls.call_log ORDER BY start_time DESC, id LIMIT 5) a;
:log
-- all of them, in order; and window functions without a sort
SELECT bool_and(previous >= start_time) AS sorted, count(*) = (SELECT count(*) FROM truth.calls) - 1 AS complete
  FROM (SELECT start_time, lag(start_time) OVER (ORDER BY start_time DESC) AS previous FROM calls.call_log) x WHERE previous IS NOT NULL;
SELECT line FROM explain('SELECT row_number() OVER (ORDER BY start_time DESC) FROM calls.call_log') line WHERE line ~ 'Sort|Order';
SELECT line FROM explain('SELECT id FROM calls.call_log ORDER BY start_time LIMIT 1') line WHERE line ~ 'Sort|Order';
SELECT line FROM explain('SELECT id FROM calls.call_log WHERE result = ''Missed'' ORDER BY start_time LIMIT 1') line WHERE line ~ 'Sort|Order';
SELECT line FROM explain('SELECT id FROM calls.call_log ORDER BY start_time LIMIT 251') line WHERE line ~ 'Sort|Order';
SELECT line FROM explain('SELECT id FROM calls.call_log ORDER BY start_time') line WHERE line ~ 'Sort|Order';
SELECT line FROM explain('SELECT call_id FROM calls.call_log_legs ORDER BY call_start_time DESC LIMIT 1') line WHERE line ~ 'Sort|Order';
SELECT line FROM explain('SELECT id FROM calls.recordings ORDER BY call_start_time DESC LIMIT 1') line WHERE line ~ 'Sort|Order';
SELECT line FROM explain($$SELECT id FROM calls.call_log WHERE id IN ('a', 'b') ORDER BY start_time DESC LIMIT 1$$) line WHERE line ~ 'Sort|Order';
:ctl clear
-- the oldest calls are searched for if that is fewer requests than the list
CREATE FOREIGN TABLE paged (id text, start_time timestamptz, direction text) SERVER ringcentral OPTIONS (resource 'call_log', page_size '100');
SELECT * FROM explain('SELECT min(start_time) FROM paged', 'COSTS') line WHERE line ~ 'Requests|Order';
SELECT min(start_time) = (SELECT min(start_time) FROM truth.calls) AS equal, max(start_time) = (SELECT max(start_time) FROM truth.calls) AS equal FROM paged;
SELECT min(start_time) = (SELECT min(start_time) FROM truth.calls WHERE direction = 'Inbound') AS equal FROM paged WHERE direction = 'Inbound';
SELECT min(start_time) FROM paged WHERE start_time > '2023-04-01' AND start_time < '2023-05-01';
\! test $(python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count --clear) -le 30 && echo few requests
-- from a lower bound on, that is one page, and more if these are not enough
SELECT * FROM explain('SELECT min(start_time) FROM paged WHERE start_time > ''2025-06-01''', 'COSTS') line WHERE line ~ 'Request';
SELECT string_agg(id, ',') = (SELECT string_agg(id, ',') FROM (SELECT id FROM truth.calls WHERE start_time > '2025-06-01' ORDER BY start_time, id LIMIT 5) b) AS equal
  FROM (SELECT id FROM paged WHERE start_time > '2025-06-01' ORDER BY start_time, id LIMIT 5) a;
:ctl count --clear
SELECT string_agg(id, ',') = (SELECT string_agg(id, ',') FROM (SELECT id FROM truth.calls WHERE start_time > '2025-06-01 00:00:00.5' AND direction = 'Inbound' ORDER BY start_time, id LIMIT 25) b) AS equal
  FROM (SELECT id FROM paged WHERE start_time > '2025-06-01 00:00:00.5' AND direction = 'Inbound' ORDER BY start_time, id LIMIT 25) a;
SELECT count(*) = (SELECT count(*) FROM (SELECT FROM truth.calls WHERE start_time >= '2025-06-01' ORDER BY start_time FETCH FIRST 3 ROWS WITH TIES) b) AS equal
  FROM (SELECT FROM paged WHERE start_time >= '2025-06-01' ORDER BY start_time FETCH FIRST 3 ROWS WITH TIES) a;
-- several pages, rescans and a cursor
SELECT n, (SELECT max(start_time) FROM (SELECT start_time FROM paged ORDER BY start_time LIMIT n) x) = (SELECT start_time FROM truth.calls ORDER BY start_time OFFSET n - 1 LIMIT 1) AS equal
  FROM (VALUES (1), (25)) v(n);
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT start_time FROM paged WHERE start_time > '2025-06-01' ORDER BY start_time LIMIT 20;
MOVE 19 IN c;
FETCH 1 FROM c \gset last_
MOVE BACKWARD ALL IN c;
FETCH 1 FROM c \gset
COMMIT;
SELECT :'start_time' = (SELECT min(start_time) FROM truth.calls WHERE start_time > '2025-06-01') AS equal,
  :'last_start_time' = (SELECT start_time FROM truth.calls WHERE start_time > '2025-06-01' ORDER BY start_time OFFSET 19 LIMIT 1) AS equal;
-- more calls in a second than a page has
CREATE FOREIGN TABLE narrow (id text, start_time timestamptz) SERVER ringcentral OPTIONS (resource 'call_log', page_size '4');
SELECT min(start_time) = (SELECT min(start_time) FROM truth.calls) AS equal FROM narrow;
DROP FOREIGN TABLE paged, narrow;
:ctl clear
-- the newest calls of several tables: one request for each
CREATE VIEW both_levels AS SELECT id, start_time FROM calls.call_log UNION ALL SELECT id, start_time FROM mine.call_log;
SELECT line FROM explain('SELECT id FROM both_levels ORDER BY start_time DESC LIMIT 20') line WHERE line ~ 'Append|Sort|Order';
SELECT count(*) AS differences FROM (
  SELECT start_time FROM (SELECT start_time FROM both_levels ORDER BY start_time DESC LIMIT 20) a EXCEPT ALL
  SELECT start_time FROM (SELECT start_time FROM truth.calls UNION ALL SELECT start_time FROM truth.mine ORDER BY start_time DESC LIMIT 20) b) x;
SELECT max(start_time) = (SELECT max(start_time) FROM truth.calls) AS equal FROM both_levels;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log | grep -c '&page=1&'
DROP VIEW both_levels;
-- of partitions by time, only the newest one, until it has no more rows
CREATE TABLE parts (LIKE calls.call_log) PARTITION BY RANGE (start_time);
CREATE FOREIGN TABLE march PARTITION OF parts FOR VALUES FROM ('2026-03-01') TO ('2026-04-01') SERVER ringcentral OPTIONS (resource 'call_log');
CREATE FOREIGN TABLE february PARTITION OF parts FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') SERVER ringcentral OPTIONS (resource 'call_log');
:ctl clear
SELECT line FROM explain('SELECT id FROM parts ORDER BY start_time DESC LIMIT 20') line WHERE line ~ 'Append|Sort|Order';
SELECT count(*) FROM (SELECT id FROM parts ORDER BY start_time DESC LIMIT 20) x;
:log
SELECT bool_and(previous >= start_time) AS sorted, count(*) = (SELECT count(*) FROM truth.calls WHERE start_time >= '2026-02-01' AND start_time < '2026-04-01') - 1 AS complete
  FROM (SELECT start_time, lag(start_time) OVER (ORDER BY start_time DESC) AS previous FROM parts) x WHERE previous IS NOT NULL;
DROP TABLE parts;
:ctl clear
-- the order is verified, and can be declared as unreliable
CREATE VIEW newest AS SELECT count(*) FROM (SELECT id FROM calls.call_log WHERE start_time > '2026-03-30' ORDER BY start_time DESC LIMIT 30) x;
:ctl fault --match /call-log unsorted
\set VERBOSITY default
SELECT * FROM newest;
\set VERBOSITY terse
:ctl fault --match /call-log unsorted
SELECT count(*) > 30 AS unsorted FROM calls.call_log WHERE start_time > '2026-03-30';
ALTER FOREIGN TABLE calls.call_log OPTIONS (ADD newest_first 'false');
:ctl fault --match /call-log unsorted
SELECT * FROM newest;
ALTER FOREIGN TABLE calls.call_log OPTIONS (DROP newest_first);
DROP VIEW newest;
-- a single call out of order at the end of a page hides none of those between it and the next page
CREATE FOREIGN TABLE paged (id text, start_time timestamptz) SERVER ringcentral OPTIONS (resource 'call_log', page_size '11');
SELECT to_char(start_time + interval '1 ms', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS place FROM truth.calls ORDER BY start_time DESC OFFSET 10 LIMIT 1 \gset
\setenv PLACE :place
\! printf '{"id": "late", "startTime": "2026-01-01T00:00:00Z"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time "$PLACE"
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE start_time > '2026-03-29') AS equal, count(*) > 20 AS some FROM paged WHERE start_time > '2026-03-29';
:ctl records --clear
DROP FOREIGN TABLE paged;
-- one record does not prove the order; two are requested before it is relied on, and here they violate it
CREATE FOREIGN TABLE single (id text, start_time timestamptz) SERVER ringcentral OPTIONS (resource 'call_log', page_size '1');
\! printf '{"records": [{"id": "a", "startTime": "2026-03-30T01:00:00Z"}], "navigation": {"nextPage": {}}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match 'page=1&perPage=1' --times always raw
\! printf '{"records": [{"id": "a", "startTime": "2026-03-30T01:00:00Z"}, {"id": "b", "startTime": "2026-03-30T02:00:00Z"}], "navigation": {"nextPage": {}}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match 'page=1&perPage=2' --times always raw
\! printf '{"records": [{"id": "b", "startTime": "2026-03-30T02:00:00Z"}], "navigation": {"nextPage": {}}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match 'page=2&perPage=1' --times always raw
\! printf '{"records": [{"id": "c", "startTime": "2026-03-30T03:00:00Z"}], "navigation": {}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match 'page=3&perPage=1' --times always raw
:ctl clear
SELECT string_agg(id, ' ') FROM single WHERE start_time >= '2026-03-30' AND start_time < '2026-03-31';
:log
SELECT id FROM single WHERE start_time >= '2026-03-30' AND start_time < '2026-03-31' ORDER BY start_time DESC;
:ctl faults --clear
:ctl clear
DROP FOREIGN TABLE single;
CREATE FOREIGN TABLE nothing (id text) SERVER ringcentral OPTIONS (resource 'call_log_changes', newest_first 'true');
:ctl clear

-- A join with few rows requests these ids
CREATE TABLE tickets AS SELECT id AS call_id, session_id, start_time AS seen, 'T-' || n AS ticket
  FROM (SELECT *, row_number() OVER (ORDER BY md5(id)) AS n FROM truth.calls WHERE session_id IS NOT NULL) t WHERE n <= 3;
ANALYZE tickets;
SELECT * FROM explain('SELECT ticket, c.from_name FROM tickets JOIN calls.call_log c ON c.id = call_id') line WHERE line !~ 'Hash|Memoize|Cache|Filter|Conditions';
SELECT count(*), count(DISTINCT c.id) FROM tickets JOIN calls.call_log c ON c.id = call_id;
SELECT count(*), count(c.id) FROM (SELECT * FROM tickets UNION ALL SELECT 'nobodyHasThisId', '1', now(), 'T-0') t LEFT JOIN calls.call_log c ON c.id = call_id;
:log
SELECT count(*) = (SELECT count(*) FROM tickets JOIN truth.calls c USING (session_id)) AS equal FROM tickets JOIN calls.call_log c USING (session_id);
:log
SELECT count(*) = (SELECT count(*) FROM tickets t JOIN truth.calls c ON c.start_time BETWEEN seen AND seen + interval '1 minute') AS equal
  FROM tickets t JOIN calls.call_log c ON c.start_time BETWEEN seen AND seen + interval '1 minute';
:log
SELECT count(*) FROM tickets, LATERAL (SELECT id FROM calls.call_log c WHERE c.id = call_id LIMIT 1) x;
SELECT count(*) FROM tickets t WHERE EXISTS (SELECT FROM calls.call_log c WHERE c.id = t.call_id);
SELECT count(*) FROM tickets t WHERE NOT EXISTS (SELECT FROM calls.call_log c WHERE c.id = t.call_id);
SELECT count(*) FROM calls.call_log c WHERE c.id IN (SELECT call_id FROM tickets);
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count --clear --path /
-- one with many rows reads the list
INSERT INTO tickets SELECT id, session_id, start_time, 'T-' || id FROM truth.calls;
ANALYZE tickets;
SELECT line FROM explain('SELECT ticket, c.from_name FROM tickets JOIN calls.call_log c ON c.id = call_id') line WHERE line ~ 'Join|Loop';
DROP TABLE tickets;

-- Requests per row count under LIMIT as well
SELECT n, line FROM (VALUES (5), (200)) v (n), explain('SELECT * FROM calls.recordings LIMIT ' || n, 'COSTS ON') line WHERE line ~ 'Estimated Requests' ORDER BY n;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear
SELECT count(x::text) FROM (SELECT * FROM calls.recordings LIMIT 5) x;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count --clear --path /
