-- Relations that the planner proves to be empty, on either side of each kind of join,
-- for each kind of relation: in the join hook they have no fdw_private.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE TABLE ticket AS SELECT row_number() OVER (ORDER BY id) AS n, id FROM truth.calls WHERE start_time > '2026-03-31 06:00' LIMIT 20;
INSERT INTO ticket VALUES (21, NULL), (22, 'not-an-id-of-a-call');
ANALYZE ticket;

-- Foreign tables of all kinds; in schema truth local ones with the same rows
CREATE TABLE truth.whole AS SELECT id, start_time, type, duration FROM truth.calls WHERE start_time > '2026-03-31';
CREATE VIEW truth.strict AS TABLE truth.whole;
CREATE VIEW truth.divided AS TABLE truth.whole;
CREATE VIEW truth.children AS TABLE truth.whole;
\set columns 'id text, start_time timestamptz, type text, duration bigint'
CREATE FOREIGN TABLE calls.whole (:columns) SERVER ringcentral OPTIONS (resource 'call_log', history '12 hours');
CREATE FOREIGN TABLE calls.strict (id text NOT NULL, start_time timestamptz NOT NULL, type text, duration bigint)
  SERVER ringcentral OPTIONS (resource 'call_log', history '12 hours');
CREATE TABLE calls.divided (:columns) PARTITION BY LIST (type);
CREATE FOREIGN TABLE calls.fax PARTITION OF calls.divided FOR VALUES IN ('Fax') SERVER ringcentral OPTIONS (resource 'call_log', history '12 hours');
CREATE FOREIGN TABLE calls.voice PARTITION OF calls.divided FOR VALUES IN ('Voice') SERVER ringcentral OPTIONS (resource 'call_log', history '12 hours');
CREATE TABLE calls.children (:columns);
CREATE FOREIGN TABLE calls.child () INHERITS (calls.children) SERVER ringcentral OPTIONS (resource 'call_log', history '12 hours');
-- relations built from them, in both schemas
CREATE FUNCTION build(schema text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('search_path', schema || ', public', true);
  EXECUTE format('CREATE VIEW %1$I.seen AS SELECT * FROM %1$I.whole WHERE duration >= 0;
    CREATE VIEW %1$I.barred WITH (security_barrier) AS SELECT * FROM %1$I.whole WHERE duration >= 0;
    CREATE VIEW %1$I.fenced AS SELECT * FROM %1$I.whole OFFSET 0;
    CREATE VIEW %1$I.united AS SELECT * FROM %1$I.whole UNION ALL SELECT * FROM %1$I.strict WHERE type = ''Fax'';
    CREATE VIEW %1$I.grouped AS SELECT id, max(start_time) AS start_time, type, duration FROM %1$I.whole GROUP BY id, type, duration', schema);
END $$;
SELECT build('truth'), build('calls');
SELECT count(*) > 20 AS rows, count(*) = (SELECT count(*) FROM truth.whole) AS same FROM calls.whole;

-- Each query: its plan, and its rows from both schemas
CREATE TABLE combination (query text, plan text, agree boolean);
CREATE FUNCTION try(query text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  ours text[];
  theirs text[];
  plan json;
BEGIN
  PERFORM set_config('search_path', 'calls, public', true);
  EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
  EXECUTE format('SELECT array_agg(q::text ORDER BY q::text COLLATE "C") FROM (%s) q', query) INTO ours;
  PERFORM set_config('search_path', 'truth, public', true);
  EXECUTE format('SELECT array_agg(q::text ORDER BY q::text COLLATE "C") FROM (%s) q', query) INTO theirs;
  PERFORM set_config('search_path', 'public', true);
  INSERT INTO combination VALUES (query, plan, ours IS NOT DISTINCT FROM theirs);
EXCEPTION WHEN OTHERS THEN
  INSERT INTO public.combination VALUES (query, SQLERRM, false);
END $$;

-- <l> and <r> are the sides, <c> a condition that excludes all rows of one of them
CREATE TABLE shape (n serial, text text);
INSERT INTO shape (text) VALUES
  ('SELECT l.id, r.type FROM <l> l JOIN <r> r ON r.id = l.id AND <c>'),
  ('SELECT l.id, r.type FROM <l> l LEFT JOIN <r> r ON r.id = l.id AND <c>'),
  ('SELECT l.id, r.id AS x FROM <l> l RIGHT JOIN <r> r ON r.id = l.id AND <c>'),
  ('SELECT l.id, r.id AS x FROM (SELECT * FROM <l> l WHERE <c>) l FULL JOIN <r> r ON r.id = l.id'),
  ('SELECT l.id FROM <l> l WHERE EXISTS (SELECT FROM <r> r WHERE r.id = l.id AND <c>)'),
  ('SELECT l.id FROM <l> l WHERE NOT EXISTS (SELECT FROM <r> r WHERE r.id = l.id AND <c>)'),
  ('SELECT l.id FROM <l> l WHERE l.id IN (SELECT r.id FROM <r> r WHERE <c>)'),
  ('SELECT l.id FROM <l> l WHERE l.id NOT IN (SELECT r.id FROM <r> r WHERE <c>)'),
  ('SELECT l.id, s.type FROM <l> l LEFT JOIN LATERAL (SELECT * FROM <r> r WHERE r.id = l.id AND <c>) s ON true'),
  ('SELECT l.id, r.type FROM (SELECT * FROM <l> l WHERE <c>) l LEFT JOIN <r> r ON r.id = l.id'),
  ('SELECT l.id, r.type FROM <l> l LEFT JOIN (SELECT * FROM <r> r WHERE <c>) r ON r.id = l.id LEFT JOIN whole m ON m.id = r.id'),
  ('SELECT t.n, l.id, r.type FROM ticket t LEFT JOIN (<l> l JOIN <r> r ON r.id = l.id AND <c>) ON l.id = t.id');
CREATE TABLE side (name text);
INSERT INTO side VALUES ('whole'), ('strict'), ('divided'), ('children'), ('seen'), ('barred'), ('fenced'), ('united'), ('grouped');
CREATE TABLE contradiction (text text);
INSERT INTO contradiction VALUES ('<x>.duration IS NULL AND <x>.duration IS NOT NULL'), ('<x>.start_time IS NULL'), ('false'), ('NULL'),
  ('<x>.type = ''Voice'' AND <x>.type = ''Fax'''), ('<x>.type IN (''Telex'')'), ('<x>.duration > 10 AND <x>.duration < 5'), ('<x>.start_time > ''2026-03-31 06:00''');
CREATE FUNCTION try_all(part int) RETURNS TABLE (queries bigint, wrong bigint) LANGUAGE plpgsql AS $$
DECLARE
  q text;
BEGIN
  TRUNCATE combination;
  FOR q IN
    SELECT replace(replace(replace(replace(s.text, '<c>', c.text), '<x>', x), '<l>', a.l), '<r>', a.r)
    FROM shape s, contradiction c, (VALUES ('l'), ('r')) v (x),
      (SELECT 'ticket' AS l, name AS r FROM side UNION ALL SELECT name, 'ticket' FROM side UNION ALL SELECT 'whole', name FROM side) a
    WHERE (s.n + hashtext(c.text || a.l || a.r)) % 2 = part
      -- ticket has no other column; and the columns visible to a WHERE clause
      AND NOT ((CASE x WHEN 'l' THEN a.l ELSE a.r END) = 'ticket' AND c.text ~ '<x>')
      AND NOT (x = 'r' AND s.text ~ 'FROM <l> l WHERE <c>') AND NOT (x = 'l' AND s.text ~ 'FROM <r> r WHERE <c>\)')
      AND NOT (a.r = 'ticket' AND s.text ~ 'r\.type|s\.type')
  LOOP
    PERFORM try(q);
  END LOOP;
  RETURN QUERY SELECT count(*), count(*) FILTER (WHERE NOT agree) FROM combination;
END $$;
-- One half of them, then the others with other planner settings
SET constraint_exclusion = on;
SELECT queries > 400 AS many, wrong FROM try_all(0);
SELECT plan, query FROM combination WHERE NOT agree LIMIT 3;
SELECT count(*) FILTER (WHERE plan ~ 'Call Log Join') > 10 AS joins_by_id, count(*) FILTER (WHERE plan ~ 'One-Time Filter') > 10 AS empty FROM combination;
SET constraint_exclusion = partition;
SET enable_hashjoin = off;
SET enable_partitionwise_join = on;
SELECT queries > 400 AS many, wrong FROM try_all(1);
SELECT plan, query FROM combination WHERE NOT agree LIMIT 3;
SELECT count(*) FILTER (WHERE plan ~ 'Call Log Join') > 10 AS joins_by_id, count(*) FILTER (WHERE plan ~ 'One-Time Filter') > 10 AS empty FROM combination;
RESET constraint_exclusion;
RESET enable_hashjoin;
RESET enable_partitionwise_join;

DROP FUNCTION try_all, try, build;
DROP TABLE combination, shape, side, contradiction, ticket;
DROP VIEW calls.seen, calls.barred, calls.fenced, calls.united, calls.grouped, truth.seen, truth.barred, truth.fenced, truth.united, truth.grouped;
DROP VIEW truth.strict, truth.divided, truth.children;
DROP TABLE calls.divided, truth.whole;
DROP TABLE calls.children CASCADE;
DROP FOREIGN TABLE calls.whole, calls.strict;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear
