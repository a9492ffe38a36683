-- call_log_legs: a row for each leg, filtered by its call.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set log '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E "s/[A-Za-z0-9_-]{15}(,|[?])/ID\\\\1/g; s/(date(From|To)=20(26|23)-03-31T12:)[0-9:]{5}/\\\\1..:../g"'
CREATE TABLE truth.my_legs (LIKE mine.call_log_legs);
\copy truth.my_legs FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --resource call_log_legs --level extension' WITH (FORMAT csv, HEADER)
SELECT count(*) > 10000 AS "many legs" FROM truth.legs;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear

-- All rows, column by column
SELECT count(*) AS differences FROM (SELECT * FROM calls.call_log_legs EXCEPT ALL SELECT * FROM truth.legs) x;
SELECT count(*) AS differences FROM (SELECT * FROM truth.legs EXCEPT ALL SELECT * FROM calls.call_log_legs) x;
SELECT count(*) AS differences FROM (SELECT * FROM mine.call_log_legs EXCEPT ALL SELECT * FROM truth.my_legs) x;
SELECT count(*) AS differences FROM (SELECT * FROM truth.my_legs EXCEPT ALL SELECT * FROM mine.call_log_legs) x;
-- and their number, without any column
SELECT count(*) = (SELECT count(*) FROM truth.legs) AS equal FROM calls.call_log_legs;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | grep -v oauth | grep -vc view=Detailed

-- Conditions on the call's columns are pushed down, those on the leg's are not
\set day 'call_start_time >= ''2026-03-30'' AND call_start_time < ''2026-03-31'''
SELECT * FROM explain($$SELECT leg_number, leg_type FROM calls.call_log_legs WHERE call_start_time >= '2026-03-30' AND call_start_time < '2026-03-31' AND call_direction = 'Inbound' AND call_type = 'Voice' AND direction = 'Outbound' AND start_time > '2026-03-30'$$);
SELECT count(*) = (SELECT count(*) FROM truth.legs WHERE :day AND call_direction = 'Inbound' AND direction = 'Outbound') AS equal
  FROM calls.call_log_legs WHERE :day AND call_direction = 'Inbound' AND direction = 'Outbound';
SELECT count(*) = (SELECT count(*) FROM truth.legs WHERE :day) AS equal FROM calls.call_log_legs WHERE :day;
SELECT call_id AS id, session_id AS session FROM truth.legs WHERE :day AND leg_number = 2 ORDER BY call_id LIMIT 1 \gset
SELECT count(*) = (SELECT count(*) FROM truth.legs WHERE :day AND session_id = :'session') AS equal FROM calls.call_log_legs WHERE :day AND session_id = :'session';
SELECT count(*) FROM calls.call_log_legs WHERE call_type = 'Fax' AND call_type = ANY ('{Voice,Pigeon}');
:log

-- By the id of the call
SELECT count(*) = (SELECT count(*) FROM truth.legs WHERE call_id = :'id') AS equal FROM calls.call_log_legs WHERE call_id = :'id';
SELECT count(*) FROM calls.call_log_legs WHERE call_id IN ('nobodyHasThisId', :'id') AND leg_number = 1;
:log

-- LIMIT within a call, rescans, a user-defined table
SELECT count(*) FROM (SELECT FROM calls.call_log_legs WHERE call_id = :'id' LIMIT 1) x;
SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off;
SELECT n, count(*) = (SELECT count(*) FROM truth.legs WHERE :day) AS equal
  FROM generate_series(1, 2) n LEFT JOIN calls.call_log_legs c ON n > 0 AND :day GROUP BY n ORDER BY n;
RESET enable_material; RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_memoize;
CREATE FOREIGN TABLE own (call text OPTIONS (json_path '^id'), number int OPTIONS (json_path '#'), caller text OPTIONS (json_path '^from.phoneNumber'), leg jsonb OPTIONS (json_path '$'))
  SERVER ringcentral OPTIONS (resource 'call_log_legs');
SELECT bool_and(o.leg = t.attrs) AS equal, count(*) > 1 AS several FROM own o JOIN truth.legs t ON o.call = t.call_id AND o.number = t.leg_number WHERE o.call = :'id';
DROP FOREIGN TABLE own;

-- Legs that are not an array are an error
\! printf '%s' '{"id": "odd", "startTime": "2026-02-03T03:33:33.123Z", "legs": "none"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT count(*) FROM calls.call_log_legs WHERE call_start_time = '2026-02-03 03:33:33.123';
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" records --clear
