-- Transient failures are retried; others are not.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
\set VERBOSITY terse
\set ctl '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py"'
\set fault '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log'
\set day 'SELECT count(*) > 0 AS rows FROM calls.call_log WHERE start_time >= ''2026-03-30'' AND start_time < ''2026-03-31'';'
\set statuses '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | grep -oE "[0-9-]+$" | tr "\\n" " "; echo'
:ctl reset
ALTER SERVER ringcentral OPTIONS (ADD max_retries '2');
:day
:ctl clear

:fault --times 2 status status=503 code=CMN-211
:day
:statuses
:fault --times 2 html status=502
:day
:statuses
:fault --times 2 status status=504 retry_after=0
:day
:statuses
:fault --times 2 status status=500
:day
:statuses
:fault --times 2 status status=429 retry_after=0
:day
:statuses
:fault --times 1 close
:fault --times 1 reset
:day
:statuses
:fault --times 2 truncate
:day
:statuses
:fault --times 2 badgzip
:day
:statuses

-- A part of a response to several ids
SELECT array_agg(id) AS ids FROM (SELECT id FROM truth.calls LIMIT 60) x \gset
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log part n=3 status=503
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log part n=2 status=429
SELECT count(*) FROM calls.call_log WHERE id = ANY (:'ids');
:statuses
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log part n=3 status=401 code=OAU-213
SELECT count(*) FROM calls.call_log WHERE id = ANY (:'ids');
:statuses
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log --times 3 part n=3 status=503
SELECT count(*) FROM calls.call_log WHERE id = ANY (:'ids');
:statuses

-- Too many failures
:fault --times 3 status status=503 code=CMN-211
:day
:statuses
:fault --times always close
:day
:ctl faults --clear
:ctl clear

-- Not retried: rejected requests, permanent failures
:fault status status=400
:day
:fault status status=501
:day
:fault status status=403
:day
:statuses
:ctl reset

-- A login is retried, but not if it was rejected
SELECT call_log_fdw_disconnect();
\c -
SET client_min_messages = warning;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /oauth --times 2 status status=503 retry_after=0
:day
:statuses
SELECT call_log_fdw_disconnect();
\c -
SET client_min_messages = warning;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /oauth status status=400 code=OAU-153
:day
:statuses
:ctl reset

-- The wait raises a NOTICE, and is counted
RESET client_min_messages;
:fault status status=503 retry_after=2
:day
:fault status status=503 retry_after=0
SELECT line FROM explain($$SELECT id FROM calls.call_log WHERE start_time >= '2026-03-30' AND start_time < '2026-03-31'$$, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF') line WHERE line ~ 'Requests:|Retries:';
:fault --times 3 status status=503 retry_after=0
DO $$
DECLARE
  context text;
BEGIN
  PERFORM count(*) FROM calls.call_log WHERE start_time >= '2026-03-30' AND start_time < '2026-03-31';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
  RAISE WARNING '%', regexp_replace(split_part(context, E'\n', 2), '[\d.]+ seconds', 'N seconds');
END $$;
:ctl reset
ALTER SERVER ringcentral OPTIONS (DROP max_retries);
