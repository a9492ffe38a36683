-- Common to all tests: the server, the tables of both levels, and the truth.
-- The clock of the API simulator is frozen at 2026-03-31 12:00 UTC.
\getenv url CALL_LOG_SIMULATOR
\getenv media CALL_LOG_SIMULATOR_MEDIA
CREATE EXTENSION call_log_fdw;
CREATE SERVER ringcentral FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url :'url', media_url :'media');
CREATE USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (
  client_id 'simulator-client', client_secret 'simulator-secret', jwt 'simulator.jwt.assertion');

CREATE SCHEMA calls;
CREATE SCHEMA mine;
IMPORT FOREIGN SCHEMA account FROM SERVER ringcentral INTO calls;
IMPORT FOREIGN SCHEMA extension FROM SERVER ringcentral INTO mine;

-- The truth is computed by the simulator, independently of this extension.
CREATE SCHEMA truth;
CREATE TABLE truth.calls (LIKE calls.call_log);
CREATE TABLE truth.mine (LIKE mine.call_log);
CREATE TABLE truth.legs (LIKE calls.call_log_legs);
\copy truth.calls FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --level account' WITH (FORMAT csv, HEADER)
\copy truth.mine FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --level extension' WITH (FORMAT csv, HEADER)
\copy truth.legs FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --resource call_log_legs --level account' WITH (FORMAT csv, HEADER)
SELECT count(*) > 10000 AS "more than ten pages" FROM truth.calls;
SELECT count(*) BETWEEN 100 AND 5000 AS "a few pages" FROM truth.mine;

-- The plan without parts that differ between runs
CREATE FUNCTION explain(query text, options text DEFAULT 'COSTS OFF') RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE format('EXPLAIN (%s) %s', options, query) LOOP
    line := regexp_replace(line, 'actual time=[0-9.]+\.\.[0-9.]+ ', '');
    line := regexp_replace(line, 'actual rows=([0-9]+)(\.00)? ', 'actual rows=\1 ');
    line := regexp_replace(line, '(Bytes Received: )[0-9]+', '\1N');
    line := regexp_replace(line, '(date(From|To)=20(26|23)-03-31T12:)[0-9:]{5}', '\1..:..', 'g');
    line := regexp_replace(line, '\{(\$\d+|\(InitPlan \w+\)\.col1)\}', '{sub-select}', 'g');
    line := regexp_replace(line, '\n *"Disabled": false,', '');
    CONTINUE WHEN line ~ '^ *(Planning|Execution) Time|Memory Usage|^ *Buffers:|Memory:|Index Searches|^Planning:|^ *Query Identifier:|^ *(Replaces|Disabled):';
    RETURN NEXT line;
  END LOOP;
END $$;

-- SQLSTATE, message and hint of the error of a query
CREATE FUNCTION refused(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  message text;
  hint text;
BEGIN
  EXECUTE query;
  RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
  RETURN SQLSTATE || ' ' || message || E'\n' || hint;
END $$;
