-- Copies of the data; foreign tables are read-only.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set VERBOSITY default
\set day 'start_time >= ''2026-03-30'' AND start_time < ''2026-03-31'''

-- A materialized view, refreshed with and without a lock
CREATE MATERIALIZED VIEW recent AS SELECT * FROM calls.call_log WHERE :day;
CREATE UNIQUE INDEX ON recent (id);
REFRESH MATERIALIZED VIEW recent;
REFRESH MATERIALIZED VIEW CONCURRENTLY recent;
SELECT count(*) AS differences FROM (SELECT * FROM recent EXCEPT ALL SELECT * FROM truth.calls WHERE :day) x;
SELECT count(*) AS differences FROM (SELECT * FROM truth.calls WHERE :day EXCEPT ALL SELECT * FROM recent) x;
DROP MATERIALIZED VIEW recent;

-- INSERT ... SELECT, CREATE TABLE AS, COPY (SELECT)
CREATE TABLE archive (LIKE calls.call_log);
ALTER TABLE archive ADD PRIMARY KEY (id);
INSERT INTO archive SELECT * FROM calls.call_log WHERE :day;
INSERT INTO archive SELECT * FROM calls.call_log WHERE :day ON CONFLICT (id) DO UPDATE SET duration = EXCLUDED.duration;
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :day) AS complete FROM archive;
DROP TABLE archive;
CREATE TABLE archive AS SELECT id, start_time, from_name FROM calls.call_log WHERE :day;
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :day) AS complete FROM archive;
DROP TABLE archive;
\copy (SELECT count(*) > 0 FROM calls.call_log WHERE start_time >= '2026-03-30') TO STDOUT

-- A partition returns rows within its bounds, is pruned like any other, and does not accept rows
CREATE TABLE both_parts (LIKE calls.call_log) PARTITION BY RANGE (start_time);
CREATE TABLE old_part PARTITION OF both_parts FOR VALUES FROM ('2026-03-01') TO ('2026-03-30');
INSERT INTO old_part SELECT * FROM truth.calls WHERE start_time >= '2026-03-29' AND start_time < '2026-03-30';
CREATE FOREIGN TABLE new_part PARTITION OF both_parts FOR VALUES FROM ('2026-03-30') TO ('2026-04-01')
  SERVER ringcentral OPTIONS (resource 'call_log');
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE start_time >= '2026-03-29') AS complete FROM both_parts;
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :day) AS complete FROM both_parts WHERE :day;
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE start_time >= '2026-03-30') AS complete FROM new_part;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | tail -3 | sed -E 's/(dateTo=2026-03-31T12:)[0-9:]{5}/\1..:../'
SELECT count(*) FROM both_parts WHERE start_time < '2026-03-29';
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear
INSERT INTO both_parts (id, start_time) VALUES ('x', '2026-03-30');
CREATE FOREIGN TABLE other_part PARTITION OF both_parts DEFAULT SERVER ringcentral OPTIONS (resource 'call_log', history '40 days');
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE start_time >= '2026-02-19 12:00' AND start_time < '2026-03-01') AS complete FROM other_part WHERE start_time >= '2026-02-19 12:00';
DROP TABLE both_parts;
CREATE TABLE kinds (LIKE calls.call_log) PARTITION BY LIST (type);
CREATE TABLE faxes PARTITION OF kinds FOR VALUES IN ('Fax', NULL);
CREATE FOREIGN TABLE others PARTITION OF kinds DEFAULT SERVER ringcentral OPTIONS (resource 'call_log');
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :day AND type <> 'Fax') AS complete FROM kinds WHERE :day;
DROP TABLE kinds;

-- Read-only
INSERT INTO calls.call_log (id) VALUES ('x');
UPDATE calls.call_log SET id = 'x';
DELETE FROM calls.call_log;
TRUNCATE calls.call_log;
COPY calls.call_log (id) FROM STDIN;
x
\.
SELECT id FROM calls.call_log WHERE :day AND start_time > '2026-03-30 23:59:59' FOR UPDATE;
SELECT pg_relation_is_updatable('calls.call_log'::regclass, false);
