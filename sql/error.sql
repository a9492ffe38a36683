-- Errors: message, context, hint and SQLSTATE.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set VERBOSITY default
\getenv media CALL_LOG_SIMULATOR_MEDIA
\set fault '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log'
\set login_fault '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /oauth'
\set content_fault '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /content'
\set reset '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" reset'
-- Retries have a separate test
ALTER SERVER ringcentral OPTIONS (ADD max_retries '0');
-- Texts of libcurl and request ids differ between runs
CREATE FUNCTION failure(query text, OUT state text, OUT message text, OUT detail text, OUT hint text, OUT context text)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE query;
  message := 'no error';
EXCEPTION WHEN others THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
    hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
  detail := regexp_replace(detail, 'RCRequestId: \S+', 'RCRequestId: ...');
  context := regexp_replace(split_part(context, E'\n', 1), '127\.0\.0\.1:\d+', 'HOST');
END $$;
CREATE FUNCTION failing_call(OUT state text, OUT message text, OUT detail text, OUT hint text, OUT context text)
LANGUAGE sql AS $$
  SELECT * FROM failure($q$SELECT count(*) FROM calls.call_log WHERE start_time >= '2026-03-30' AND start_time < '2026-03-31'$q$)
$$;
\x on

:fault status status=400 code=CMN-101
SELECT * FROM failing_call();
:fault status status=403 code=CMN-401
SELECT * FROM failing_call();
:fault status status=403 code=CMN-408
SELECT * FROM failing_call();
:fault status status=404 code=CMN-102
SELECT * FROM failing_call();
:fault status status=500 code=CMN-201
SELECT * FROM failing_call();
:fault status status=503 code=CMN-211
SELECT * FROM failing_call();
:fault html status=502
SELECT * FROM failing_call();
:fault html status=200
SELECT * FROM failing_call();
:fault content-type value=text/plain
SELECT state, message, hint, context FROM failing_call();
\! printf '{"records": [{"id": "a"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log raw
SELECT * FROM failing_call();
\! printf '{"records": {}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log raw
SELECT state, message FROM failing_call();
\! printf '{"records": [], "navigation": }' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log raw
SELECT state, message FROM failing_call();
:fault empty status=200
SELECT state, message FROM failing_call();
:fault truncate
SELECT state, message, hint FROM failing_call();
:fault chunk-truncate
SELECT state, message FROM failing_call();
:fault reset
SELECT state, message FROM failing_call();
:fault close
SELECT state, message FROM failing_call();
:fault badgzip
SELECT state, message FROM failing_call();
:fault redirect location=https://example.com/
SELECT state, message FROM failing_call();
:reset
\! printf '{"records": [{"id": "a", "startTime": "2026-03-30T12:00:00Z"}], "navigation": {"nextPage": {}}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log --times always raw
SELECT state, message FROM failing_call();
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count --path /call-log | awk '{print ($1 < 30 ? "few requests" : $1)}'
:reset
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log --times always endless
SELECT state, message FROM failing_call();
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count --path /call-log | awk '{print ($1 < 30 ? "few requests" : $1)}'
:reset
ALTER SERVER ringcentral OPTIONS (ADD max_response_size '100kB');
:fault huge bytes=1000000
SELECT state, message, hint FROM failing_call();
ALTER SERVER ringcentral OPTIONS (DROP max_response_size, ADD request_timeout '300ms');
:fault hang
SELECT state, message, hint FROM failing_call();
ALTER SERVER ringcentral OPTIONS (DROP request_timeout);
:reset

-- 429: an error, and no request is sent before the end of the penalty
:fault status status=429 code=CMN-301 retry_after=2
SELECT state, message, detail, hint FROM failing_call();
SELECT now() AS before \gset
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT count(*) > 0 AS rows FROM calls.call_log WHERE start_time >= '2026-03-30' AND start_time < '2026-03-31';
RESET client_min_messages;
SELECT clock_timestamp() - :'before' > interval '1.5 s' AS waited;
\set VERBOSITY default

-- 401: a new login, then the same request again
:reset
:fault status status=401 code=OAU-211
SELECT count(*) > 0 AS rows FROM calls.call_log WHERE start_time >= '2026-03-30' AND start_time < '2026-03-31';
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear
:fault --times 2 status status=401 code=OAU-211
SELECT * FROM failing_call();
:reset

-- Logging in
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (SET jwt 'simulator.jwt.that.has.expired');
SELECT * FROM failing_call();
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (SET jwt 'simulator.jwt.assertion', SET client_secret 'simulator-secret-of-another');
SELECT * FROM failing_call();
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (SET client_secret 'simulator-secret');
:login_fault status status=401 code=OAU-146
SELECT state, message, hint FROM failing_call();
:login_fault status status=400 error=unauthorized_client
SELECT state, message, hint FROM failing_call();
:login_fault html status=403
SELECT state, message, detail, hint FROM failing_call();
:reset
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (DROP jwt, DROP client_id, DROP client_secret, ADD access_token 'simulator-token-that-was-revoked');
SELECT * FROM failing_call();
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (SET access_token 'simulator-access-token');
SELECT message FROM failing_call();

-- Secrets echoed by a response are not shown in the error
\! printf 'You sent: Bearer simulator-access-token' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log raw
SELECT message, detail FROM failing_call();
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (
  DROP access_token, ADD client_id 'simulator-client', ADD client_secret 'simulator-secret', ADD jwt 'simulator.jwt.assertion');
\! printf '{"access": "new-token", "assertion": "simulator.jwt.assertion"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /oauth raw
SELECT message, detail FROM failing_call();
:reset
DROP USER MAPPING FOR CURRENT_USER SERVER ringcentral;
SELECT state, regexp_replace(message, 'user "\S+"', 'user "..."') AS message, regexp_replace(hint, 'FOR \S+', 'FOR ...') AS hint FROM failing_call();
CREATE USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (
  client_id 'simulator-client', client_secret 'simulator-secret', jwt 'simulator.jwt.assertion');

-- Another account, connection refused
CREATE FOREIGN TABLE other (id text) SERVER ringcentral OPTIONS (resource 'call_log', account_id '1');
SELECT state, message, hint FROM failure('SELECT * FROM other');
DROP FOREIGN TABLE other;
CREATE SERVER refusing FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'http://127.0.0.1:1', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER refusing OPTIONS (access_token 'x');
CREATE FOREIGN TABLE nothing (id text) SERVER refusing OPTIONS (resource 'call_log', history '1 day');
SELECT state, message, hint FROM failure('SELECT * FROM nothing');

-- The media host, not the API
CREATE FUNCTION failing_content() RETURNS TABLE (state text, message text, hint text) LANGUAGE sql AS
  $$ SELECT state, message, hint FROM failure('SELECT content FROM calls.recordings ORDER BY call_start_time DESC LIMIT 1') $$;
ALTER SERVER ringcentral OPTIONS (SET media_url 'http://127.0.0.1:1');
SELECT step, ok, hint FROM call_log_fdw_check('ringcentral') WHERE step = 'media host';
ALTER SERVER ringcentral OPTIONS (SET media_url :'media');
:content_fault redirect location=https://example.com/
SELECT * FROM failing_content();
:content_fault html status=404
SELECT * FROM failing_content();
DROP FUNCTION failing_content;
:reset
SET client_min_messages = warning;
DROP SERVER refusing CASCADE;
RESET client_min_messages;

-- The session is still usable
\x off
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE start_time >= '2026-03-30' AND start_time < '2026-03-31') AS complete
  FROM calls.call_log WHERE start_time >= '2026-03-30' AND start_time < '2026-03-31';
DROP FUNCTION failing_call, failure;
ALTER SERVER ringcentral OPTIONS (DROP max_retries);
