-- Joins by id, of all kinds: many ids in one request.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set VERBOSITY terse
\set requests '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count --clear --path /call-log'
-- 120 calls, one of them twice; an invalid id, one that does not exist, and NULL
CREATE TABLE ticket AS SELECT row_number() OVER (ORDER BY md5(id)) AS n, id AS call FROM truth.calls ORDER BY 1 LIMIT 120;
INSERT INTO ticket SELECT 121, call FROM ticket WHERE n = 7;
INSERT INTO ticket VALUES (122, 'a/b'), (123, 'not-an-id-of-a-call'), (124, NULL), (125, '');
ANALYZE ticket;
CREATE TABLE truth.call_log AS TABLE truth.calls;
CREATE INDEX ON truth.call_log (id);
CREATE TABLE truth.call_log_legs (LIKE calls.call_log_legs);
\copy truth.call_log_legs FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --resource call_log_legs --level account' WITH (FORMAT csv, HEADER)
CREATE INDEX ON truth.call_log_legs (call_id);
ANALYZE truth.call_log, truth.call_log_legs;
-- Does a query return the same rows from the foreign tables as from the truth? And how many?
CREATE FUNCTION compare(query text, OUT agree boolean, OUT n bigint) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('search_path', 'truth, public', true);
  EXECUTE 'CREATE TEMP TABLE theirs AS ' || query;
  PERFORM set_config('search_path', 'calls, public', true);
  EXECUTE 'CREATE TEMP TABLE ours AS ' || query;
  SELECT NOT EXISTS ((TABLE ours EXCEPT ALL TABLE theirs) UNION ALL (TABLE theirs EXCEPT ALL TABLE ours)) INTO agree;
  SELECT count(*) INTO n FROM ours;
  DROP TABLE ours, theirs;
END $$;
SELECT count(*) > 0 AS rows FROM calls.call_log WHERE start_time > '2026-03-31';
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear

-- The plan, and the figures of EXPLAIN ANALYZE
\set same 'line !~ ''Join Filter'''
SELECT * FROM explain('SELECT t.n, c.type FROM ticket t JOIN calls.call_log c ON c.id = t.call') line WHERE :same;
SELECT * FROM explain('SELECT t.n, c.type FROM ticket t LEFT JOIN calls.call_log c ON c.id = t.call AND c.duration > t.n WHERE c.type IS DISTINCT FROM ''Fax''', 'VERBOSE, COSTS OFF');
SELECT * FROM explain('SELECT t.n FROM ticket t JOIN calls.call_log c ON c.id = t.call WHERE n <= 2', 'ANALYZE, COSTS OFF, TIMING OFF') line WHERE :same;
:requests

-- 121 ids in three requests, with each kind of join
SELECT * FROM compare('SELECT t.n, c.* FROM ticket t JOIN call_log c ON c.id = t.call');
:requests
SELECT * FROM compare('SELECT t.n, c.id, c.type FROM ticket t LEFT JOIN call_log c ON c.id = t.call');
:requests
SELECT * FROM compare('SELECT t.n, c.id FROM ticket t LEFT JOIN call_log c ON c.id = t.call AND c.duration > t.n AND c.direction = ''Inbound'' WHERE t.n > 1 AND c.result IS DISTINCT FROM ''Missed''');
:requests
SELECT * FROM compare('SELECT c.id FROM call_log c WHERE c.id IN (SELECT call FROM ticket)');
:requests
SELECT * FROM compare('SELECT t.n FROM ticket t WHERE EXISTS (SELECT FROM call_log c WHERE c.id = t.call AND c.duration > t.n)');
:requests
SELECT * FROM compare('SELECT t.n FROM ticket t WHERE NOT EXISTS (SELECT FROM call_log c WHERE c.id = t.call AND c.duration > t.n)');
:requests
SELECT * FROM compare('SELECT t.n, l.call_id, l.leg_number FROM ticket t LEFT JOIN call_log_legs l ON l.call_id = t.call AND l.leg_number > 1');
:requests
SELECT * FROM compare('SELECT t.n, l.leg_number FROM ticket t JOIN call_log_legs l ON l.call_id = t.call AND l.leg_number + 118 < t.n');
:requests
-- wide rows, which CREATE TABLE AS materializes in place, several for an outer row
SELECT * FROM compare('SELECT t.wide, t.call, l.call_id, l.leg_number, l.leg_type FROM (SELECT call, repeat(call, 1000 + n::int * 20) AS wide FROM ticket OFFSET 0) t JOIN call_log_legs l ON l.call_id = t.call AND length(repeat(l.leg_type, 1000 + ascii(t.call) * 20)) > 0');
:requests
-- with an expression, in the order of the other side, and two at a time
SELECT * FROM explain('SELECT t.n FROM ticket t JOIN calls.call_log c ON c.id = replace(t.call, ''x'', ''x'') ORDER BY t.n LIMIT 3') line WHERE :same;
SELECT * FROM compare('SELECT t.n, c.id FROM ticket t JOIN call_log c ON c.id = replace(t.call, ''x'', ''x'') ORDER BY t.n LIMIT 3');
:requests
SELECT * FROM compare('SELECT t.n, c.id, l.leg_number FROM ticket t LEFT JOIN call_log c ON c.id = t.call LEFT JOIN call_log_legs l ON l.call_id = c.id WHERE t.n < 4');
:requests
-- few ids in many rows; no ids
CREATE TABLE repeated AS SELECT g, call FROM generate_series(1, 2500) g JOIN ticket ON n = g % 3 + 1;
ANALYZE repeated;
SELECT substring(line FROM 'ids of the join|Estimated Requests.*') AS line FROM explain('SELECT g, c.id FROM repeated r JOIN calls.call_log c ON c.id = r.call', 'COSTS ON') line WHERE line ~ 'ids of the join|Estimated Requests';
SELECT * FROM compare('SELECT g, c.id FROM repeated r JOIN call_log c ON c.id = r.call');
:requests
DROP TABLE repeated;
SELECT * FROM compare('SELECT t.n, c.id FROM ticket t LEFT JOIN call_log c ON c.id = t.call WHERE t.n > 121 AND t.n <> 123');
SELECT * FROM compare('SELECT t.n, c.id FROM ticket t LEFT JOIN call_log c ON c.id = t.call WHERE t.n > 200');
:requests

-- The values of two columns, each from a table of its own: a request per session
CREATE TABLE talk AS SELECT session_id FROM truth.calls ORDER BY start_time DESC, id LIMIT 3;
CREATE TABLE directions AS SELECT unnest(ARRAY['Inbound', 'Outbound', 'Sideways']) AS direction;
ANALYZE talk, directions;
SELECT * FROM compare('SELECT c.id FROM directions d, call_log c, talk t WHERE c.direction = d.direction AND c.session_id = t.session_id');
:requests
SELECT * FROM compare('SELECT c.id FROM talk t, call_log c, directions d WHERE c.session_id = t.session_id AND c.direction = d.direction');
:requests
DROP TABLE talk, directions;

-- Rescans with other values; a cursor, forward and backward; a generic plan
SELECT * FROM compare('SELECT g, (SELECT count(c.id) FROM ticket t JOIN call_log c ON c.id = t.call WHERE t.n <= g * 2) FROM generate_series(1, 3) g');
:requests
BEGIN;
DECLARE walk SCROLL CURSOR FOR SELECT t.n, c.type IS NOT NULL AS there FROM ticket t LEFT JOIN calls.call_log c ON c.id = t.call ORDER BY t.n DESC;
FETCH 4 FROM walk;
FETCH BACKWARD 2 FROM walk;
COMMIT;
SET plan_cache_mode = force_generic_plan;
PREPARE upto (bigint) AS SELECT count(c.id) FROM ticket t JOIN calls.call_log c ON c.id = t.call WHERE t.n <= $1 AND c.duration >= $1 - 1000;
EXECUTE upto (3);
EXECUTE upto (0);
EXECUTE upto (5);
RESET plan_cache_mode;
:requests

-- Functions of the reader do not see rows hidden by a security barrier
CREATE FUNCTION peek(n bigint, duration bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN
  RAISE NOTICE 'seen: %', n;
  RETURN true;
END $$;
CREATE VIEW few_calls WITH (security_barrier) AS SELECT t.n, c.id, c.duration FROM ticket t JOIN calls.call_log c ON c.id = t.call WHERE t.n < 4 AND c.duration + t.n > 0;
SELECT line FROM explain('SELECT n FROM few_calls WHERE peek(n, duration)') line WHERE line ~ 'Call Log Join|Join Type';
SELECT n FROM few_calls WHERE peek(n, duration) ORDER BY n;
DROP VIEW few_calls;
DROP FUNCTION peek;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear

-- The other clauses are evaluated only for rows with the same id, whatever their cost
CREATE FUNCTION tally(n bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN
  PERFORM nextval('tallied');
  RETURN true;
END $$;
CREATE SEQUENCE tallied;
SELECT count(*) FROM ticket t JOIN calls.call_log c ON c.id = t.call AND tally(c.duration + t.n);
SELECT last_value FROM tallied;
DROP SEQUENCE tallied;
DROP FUNCTION tally;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear

-- An error in the second batch releases everything
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log/ --skip 1 status status=403 code=CMN-408
SELECT count(*) FROM ticket t JOIN calls.call_log c ON c.id = t.call;
SELECT * FROM compare('SELECT t.n, c.id FROM ticket t JOIN call_log c ON c.id = t.call');
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear

-- Without statistics, all ids are assumed to be different
SELECT line FROM explain('SELECT g FROM generate_series(1, 400) g JOIN calls.call_log c ON c.id = g::text', 'COSTS ON') line WHERE line ~ 'Estimated Requests';

-- 100 ids, each in 20 rows, in turn: each is requested once, unless the inner rows exceed work_mem
CREATE TABLE cyclic AS SELECT i * 100 + n AS n, call FROM generate_series(1, 20) i, ticket WHERE n BETWEEN 1 AND 100 ORDER BY i, n;
ANALYZE cyclic;
SELECT substring(line FROM 'ids of the join|Estimated Requests.*') AS line FROM explain('SELECT t.n FROM cyclic t JOIN calls.call_log c ON c.id = t.call', 'COSTS ON') line WHERE line ~ 'Estimated Requests';
SELECT * FROM compare('SELECT t.n, c.type, c.duration FROM cyclic t JOIN call_log c ON c.id = t.call');
:requests
SELECT * FROM compare('SELECT t.n, l.leg_number, l.leg_type FROM cyclic t LEFT JOIN call_log_legs l ON l.call_id = t.call');
:requests
SET work_mem = '64kB';
SELECT * FROM compare('SELECT t.n, c.attrs FROM (SELECT * FROM cyclic WHERE n < 400) t JOIN call_log c ON c.id = t.call');
\! test $(python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count --clear --path /call-log) -gt 2 && echo more
RESET work_mem;
-- ids of rows excluded by a condition on the other side are not requested
SELECT * FROM compare('SELECT t.n, c.type FROM ticket t LEFT JOIN call_log c ON c.id = t.call AND t.n <= 50');
:requests
SELECT * FROM compare('SELECT t.n FROM ticket t WHERE NOT EXISTS (SELECT FROM call_log c WHERE c.id = t.call AND t.n % 5 = 0)');
:requests
SELECT * FROM compare('SELECT t.n, c.type FROM ticket t LEFT JOIN call_log c ON c.id = t.call AND t.n < 0');
:requests
-- a small table that was never analyzed
CREATE TABLE fresh_ticket AS TABLE ticket;
SELECT substring(line FROM 'ids of the join|Estimated Requests.*') AS line FROM explain('SELECT t.n FROM fresh_ticket t JOIN calls.call_log c ON c.id = t.call', 'COSTS ON') line WHERE line ~ 'ids of the join|Estimated Requests';
DROP TABLE cyclic, fresh_ticket;

-- Two large sides are read as two lists, with fewer requests
SELECT count(*) FROM explain('SELECT FROM calls.call_log c JOIN calls.call_log_legs l ON l.call_id = c.id') line WHERE line ~ 'ids of the join';

-- Not if rows are locked or changed, if a table excludes records that a request by id would return, or if disabled
\set plan 'line ~ ''Nested Loop|Hash|Merge|Custom'''
SELECT line FROM explain('SELECT t.n FROM ticket t JOIN calls.call_log c ON c.id = t.call FOR UPDATE OF t') line WHERE :plan;
SELECT line FROM explain('UPDATE ticket t SET n = 1 FROM calls.call_log c WHERE c.id = t.call') line WHERE :plan;
CREATE FOREIGN TABLE desk (id text) SERVER ringcentral OPTIONS (resource 'call_log', extension_number '101');
SELECT line FROM explain('SELECT t.n FROM ticket t JOIN desk c ON c.id = t.call') line WHERE :plan;
SET call_log_fdw.enable_batched_join = off;
SELECT line FROM explain('SELECT t.n FROM ticket t JOIN calls.call_log c ON c.id = t.call WHERE n < 3') line WHERE :plan;
RESET call_log_fdw.enable_batched_join;
DROP FOREIGN TABLE desk;

-- Plans can be copied, written and read; PostgreSQL verifies that if built with DEBUG_NODE_TESTS_ENABLED
SELECT count(set_config(name, 'on', false)) >= 0 AS enabled FROM pg_settings WHERE name IN ('debug_copy_parse_plan_trees', 'debug_write_read_parse_plan_trees');
SELECT count(*) = (SELECT count(*) FROM ticket t JOIN truth.calls c ON c.id = t.call WHERE n < 3) AS equal FROM ticket t JOIN calls.call_log c ON c.id = t.call WHERE n < 3;
SELECT count(*) AS rows FROM (SELECT FROM calls.call_log ORDER BY start_time DESC LIMIT 3) x;
SELECT count(set_config(name, 'off', false)) >= 0 AS disabled FROM pg_settings WHERE name IN ('debug_copy_parse_plan_trees', 'debug_write_read_parse_plan_trees');
DROP FUNCTION compare;
DROP TABLE ticket, truth.call_log, truth.call_log_legs;
