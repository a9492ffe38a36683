-- active_calls: no time window; the API may ignore the filters.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set log '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear'
CREATE TABLE truth.active (LIKE calls.active_calls);
CREATE TABLE truth.my_active (LIKE mine.active_calls);
\copy truth.active FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --resource active_calls --level account' WITH (FORMAT csv, HEADER)
\copy truth.my_active FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --resource active_calls --level extension' WITH (FORMAT csv, HEADER)
SELECT count(*) > 3 AS "some calls", count(*) > count(duration) AS "in progress" FROM truth.active;
-- Log in and learn the API's clock first, so that only the following requests are logged
SELECT count(*) > 0 AS rows FROM calls.call_log WHERE start_time > '2026-03-31';
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear

SELECT count(*) AS differences FROM (SELECT * FROM calls.active_calls EXCEPT ALL SELECT * FROM truth.active) x;
SELECT count(*) AS differences FROM (SELECT * FROM truth.active EXCEPT ALL SELECT * FROM calls.active_calls) x;
SELECT count(*) AS differences FROM (SELECT * FROM mine.active_calls EXCEPT ALL SELECT * FROM truth.my_active) x;
SELECT count(*) AS differences FROM (SELECT * FROM truth.my_active EXCEPT ALL SELECT * FROM mine.active_calls) x;
:log

-- Filters are sent, and rechecked even if the API ignores them; dates and ids are not sent
SELECT * FROM explain($$SELECT id FROM calls.active_calls WHERE direction = 'Inbound' AND type IN ('Voice', 'Fax') AND transport = 'PSTN' AND start_time > '2026-01-01' AND id = 'x'$$);
SELECT count(*) = (SELECT count(*) FROM truth.active WHERE direction = 'Inbound' AND type = 'Voice') AS equal FROM calls.active_calls WHERE direction = 'Inbound' AND type = 'Voice';
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" set active_filters=off
SELECT count(*) = (SELECT count(*) FROM truth.active WHERE direction = 'Inbound' AND type = 'Voice') AS equal FROM calls.active_calls WHERE direction = 'Inbound' AND type = 'Voice';
SELECT count(*) = (SELECT count(*) FROM truth.my_active WHERE transport = 'VoIP') AS equal FROM mine.active_calls WHERE transport = 'VoIP';
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" set active_filters=on
SELECT count(*) FROM calls.active_calls WHERE direction = 'Inbound' AND direction = ANY ('{Outbound}');
:log
CREATE FOREIGN TABLE t (id text) SERVER ringcentral OPTIONS (resource 'active_calls', history '1 day');

-- A page that is returned twice is requested again
CREATE FOREIGN TABLE t (id text) SERVER ringcentral OPTIONS (resource 'active_calls', page_size '5');
SELECT count(*) = (SELECT count(*) FROM truth.active) AS complete FROM t;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match active-calls --skip 2 repeat-page
SELECT count(*) = (SELECT count(*) FROM truth.active) AS complete FROM t;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" reset
DROP FOREIGN TABLE t;
