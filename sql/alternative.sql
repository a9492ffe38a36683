-- OR on different parameters: each of its conditions is requested separately.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set ctl '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py"'
\set log '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E "s/(date(From|To)=20(26|23)-03-31T12:)[0-9:]{5}/\\\\1..:../g; s/(sessionId=|call-log.)[0-9A-Za-z_-]+[?&]/\\\\1N?/g"'
SELECT id AS old, session_id AS session FROM truth.calls WHERE start_time < '2025-06-01' ORDER BY start_time DESC, id LIMIT 1 \gset
SELECT id AS recent FROM truth.calls ORDER BY start_time DESC, id LIMIT 1 \gset
SELECT count(*) > 0 AS rows FROM calls.call_log WHERE start_time > '2026-03-31';
:ctl clear
-- Do the foreign table and the truth have the same rows, and how many?
CREATE FUNCTION compare(condition text, OUT equal boolean, OUT n bigint) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('SELECT count(*) FILTER (WHERE c IS NULL OR t IS NULL) = 0 AND count(*) = count(DISTINCT c.id), count(c.id)
    FROM (SELECT * FROM calls.call_log WHERE %1$s) c FULL JOIN (SELECT * FROM truth.calls WHERE %1$s) t USING (id)', condition) INTO equal, n;
END $$;

SELECT * FROM explain(format($$SELECT id FROM calls.call_log WHERE id = %L OR start_time >= '2026-03-30'$$, 'x'), 'COSTS') line WHERE line !~ 'cost=';
SELECT * FROM compare(format('id = %L OR start_time >= ''2026-03-30''', :'old'));
:log
-- a call that satisfies both is returned once
SELECT * FROM compare(format('id = %L OR start_time >= ''2026-03-30''', :'recent'));
SELECT * FROM compare(format('session_id = %L OR start_time >= ''2026-03-30''', :'session'));
:log
SELECT * FROM compare(format('(session_id = %L AND type = ''Voice'') OR id IN (%L, ''none'') OR start_time::date = ''2026-03-29''', :'session', :'recent'));
:log
-- with other conditions, which all of them have to satisfy
SELECT * FROM compare(format('(id = %L OR start_time >= ''2026-03-30'') AND direction = ''Inbound'' AND start_time < ''2026-03-31''', :'recent'));
:log
-- alternatives without rows are not requested
SELECT * FROM compare('id = NULL OR start_time >= ''2026-03-30'' OR session_id IS NULL AND id = ''''');
SELECT * FROM compare('id = '''' OR start_time >= ''2099-01-01''');
:log
-- parameters; the estimate is that of all requests
PREPARE either(text, timestamptz) AS SELECT count(*), count(DISTINCT id) FROM calls.call_log WHERE id = $1 OR start_time >= $2;
SET plan_cache_mode = force_generic_plan;
EXPLAIN EXECUTE either(:'old', '2026-03-30') \g |grep -o 'Estimated.*'
EXECUTE either(:'old', '2026-03-31');
EXECUTE either(NULL, NULL);
RESET plan_cache_mode;
:log
-- legs, rescans, and an order, which one list has
SELECT count(*) FILTER (WHERE c IS NULL OR t IS NULL) AS differences, count(*) > 10 AS some
  FROM (SELECT * FROM calls.call_log_legs WHERE call_id = :'old' OR call_start_time >= '2026-03-30') c
  FULL JOIN (SELECT * FROM truth.legs WHERE call_id = :'old' OR call_start_time >= '2026-03-30') t USING (call_id, leg_number);
SELECT n, (SELECT count(*) FROM calls.call_log WHERE id = :'old' OR start_time >= timestamptz '2026-03-31' + n * interval '6 hours')
  = (SELECT count(*) FROM truth.calls WHERE id = :'old' OR start_time >= timestamptz '2026-03-31' + n * interval '6 hours') AS equal FROM generate_series(0, 1) n;
SELECT array_agg(id) = (SELECT array_agg(id) FROM (SELECT id FROM truth.calls WHERE id = :'old' OR start_time >= '2026-03-30' ORDER BY start_time DESC, id) t) AS equal
  FROM (SELECT id FROM calls.call_log WHERE id = :'old' OR start_time >= '2026-03-30' ORDER BY start_time DESC, id) c;
:ctl clear
-- where one condition is not pushed down, the list is read
SELECT line FROM explain($$SELECT id FROM calls.call_log WHERE id = 'x' OR duration > 100$$) line WHERE line ~ 'Request';
-- and where the list is shorter
SELECT line FROM explain($$SELECT id FROM calls.call_log WHERE (id = 'x' OR session_id = '1') AND start_time >= '2026-03-31'$$) line WHERE line ~ 'Request';
:ctl reset
DROP FUNCTION compare;
