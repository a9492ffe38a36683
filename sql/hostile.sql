-- Responses that the API does not send, but a gateway or an attacker may: each is
-- an error or is read as it is, and the session is still usable.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
\getenv url CALL_LOG_SIMULATOR
\getenv media CALL_LOG_SIMULATOR_MEDIA
\set ctl '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py"'
\set log '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E "s/^GET [^?]*//; s/date(From|To)=(....)[^&]*/date\\\\1=\\\\2/g"'
-- printf ... | eval "$wire"
\getenv srcdir PG_ABS_SRCDIR
SELECT format('python3 "%s/simulator/ctl.py" fault --match /call-log wire', :'srcdir') AS wire, format('python3 "%s/simulator/ctl.py" fault --match /call-log raw', :'srcdir') AS raw \gset
\setenv wire :wire
\setenv raw :raw
:ctl reset
-- A separate account, since the request limit of a response is kept
CREATE SERVER hostile FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url :'url', media_url :'media', max_retries '0', max_response_size '1MB', max_rate_wait '1min');
SELECT md5(random()::text) AS token \gset
CREATE USER MAPPING FOR CURRENT_USER SERVER hostile OPTIONS (access_token :'token');
CREATE SCHEMA hostile;
IMPORT FOREIGN SCHEMA account FROM SERVER hostile INTO hostile;
CREATE FUNCTION result(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
BEGIN
  EXECUTE query INTO answer;
  RETURN answer;
EXCEPTION WHEN others THEN
  RETURN SQLSTATE || ': ' || SQLERRM;
END $$;
CREATE FUNCTION details(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
  context text;
BEGIN
  EXECUTE query;
  RETURN 'no error';
EXCEPTION WHEN others THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, context = PG_EXCEPTION_CONTEXT;
  RETURN detail || ' | ' || regexp_replace(split_part(context, E'\n', 1), '\?view=.*', '');
END $$;
\set list 'SELECT count(*) FROM hostile.call_log WHERE start_time >= ''2026-03-30'''
\set ok 'HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\n'
\setenv ok :ok
-- That account has a high limit
\! printf "$ok"'X-Rate-Limit-Group: heavy\r\nX-Rate-Limit-Limit: 100\r\nX-Rate-Limit-Remaining: 99\r\nX-Rate-Limit-Window: 60\r\n\r\n{"records":[],"navigation":{}}' | eval "$wire"
SELECT result(:'list');

-- Not HTTP
\! printf 'garbage\r\n\r\n' | eval "$wire"
SELECT result(:'list');
\! head -c 100000 /dev/zero | eval "$wire"
SELECT result(:'list');
\! printf 'HTTP/1.1 2000000000000000000000 OK\r\n\r\n{}' | eval "$wire"
SELECT result(:'list') ~ '^(08|HV)' AS error;
\! printf 'HTTP/1.1 500 Odd\r\nRCRequestId: a\0b\r\n\r\n' | eval "$wire"
SELECT result(:'list') ~ '^(08|HV)' AS error;

-- Endless headers, and a long one
\! { printf "$ok"; yes 'X-Padding: 012345678901234567890123456789012345678' | head -n 5200; printf '\r\n{}'; } | eval "$wire"
SELECT result(:'list');
\! { printf "$ok"; printf 'X-Padding: '; head -c 150000 /dev/zero | tr '\0' x; printf '\r\n\r\n{}'; } | eval "$wire"
SELECT result(:'list') ~ '^(08|HV)' AS error;

-- Headers are shown, with invalid characters replaced
\! printf 'HTTP/1.1 500 Odd\r\nRCRequestId: a\t\033[1mb\377\303\251\r\nContent-Length: 0\r\n\r\n' | eval "$wire"
SELECT details(:'list');

-- Lengths
\! printf "$ok"'Content-Length: 99999999999999999999\r\n\r\n{}' | eval "$wire"
SELECT result(:'list');
\! printf "$ok"'Content-Length: -5\r\n\r\n{}' | eval "$wire"
SELECT result(:'list');
\! printf "$ok"'Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n' | eval "$wire"
SELECT result(:'list');
\! { printf "$ok"'Content-Encoding: gzip\r\n\r\n'; head -c 20000000 /dev/zero | gzip; } | eval "$wire"
SELECT result(:'list');

-- An impossible date is ignored: the window of the next request is unchanged
\! printf "$ok"'Date: Thu, 01 Jan 29229999\r\n\r\n{"records":[],"navigation":{}}' | eval "$wire"
SELECT result('SELECT count(*) FROM hostile.call_log');
:ctl clear
\! printf "$ok"'\r\n{"records":[],"navigation":{}}' | eval "$wire"
SELECT result('SELECT count(*) FROM hostile.call_log');
:log

-- Texts and numbers of a record
\! printf "$ok"'\r\n{"navigation":{},"records":[{"id":"a\377\\\\ud800","duration":99999999999999999999,"billing":{"costIncluded":1e400},"startTime":"2026-03-30T99:00:00Z"}]}' >"$PG_ABS_BUILDDIR/results/hostile.answer"
\setenv again 'eval "$wire" <"$PG_ABS_BUILDDIR/results/hostile.answer"'
\! eval "$again"
SELECT result('SELECT id FROM hostile.call_log');
\! eval "$again"
SELECT details('SELECT duration FROM hostile.call_log');
\! eval "$again"
SELECT result('SELECT duration FROM hostile.call_log');
\! eval "$again"
SELECT result('SELECT start_time FROM hostile.call_log');
\! eval "$again"
SELECT result('SELECT billing_cost_included = ''1e400'' FROM hostile.call_log');
\! eval "$again"
SELECT result('SELECT count(*) FROM hostile.call_log');
\! printf '{"navigation":{},"records":[{"id":"a","billing":{"costIncluded":1e999999999}}]}' | eval "$raw"
SELECT result('SELECT attrs FROM hostile.call_log');
\! { printf '{"navigation":{},"records":[{"id":"'; head -c 200000 /dev/zero | tr '\0' x; printf '","duration":"y"}]}'; } | eval "$raw"
SELECT length(result('SELECT id FROM hostile.call_log'));
\! { printf '{"navigation":{},"records":[{"id":"'; head -c 200000 /dev/zero | tr '\0' x; printf '","duration":"y"}]}'; } | eval "$raw"
SELECT length(details('SELECT duration FROM hostile.call_log')) < 500 AS short;
\! printf '{"navigation":{},"records":[{"id":"a\\u0000b"},{"id":"a\\u0000c"}]}' | eval "$raw"
SELECT result('SELECT count(*) FROM hostile.call_log');

-- Trees
\! { printf '{"navigation":{},"records":[{"id":"a","legs":'; head -c 70 /dev/zero | tr '\0' '['; head -c 70 /dev/zero | tr '\0' ']'; printf '}]}'; } | eval "$raw"
SELECT result('SELECT count(*) FROM hostile.call_log');
\! { printf '{"records":[],"navigation":{"x":['; yes '{},' | head -n 200000 | tr -d '\n'; printf '{}]}}'; } | eval "$raw"
SELECT result('SELECT count(*) FROM hostile.call_log');
\! printf '{"navigation":{},"records":[{"id":"a"}],"rec\\u006frds":[{"id":"b"}]}' | eval "$raw"
SELECT result('SELECT count(*) FROM hostile.call_log');

-- Responses to several ids: more statuses than ids, more parts, a long delimiter
\setenv mixed 'HTTP/1.1 207 Multi-Status\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'
\! printf "$mixed"'--b\n\n{"response":[{"status":200},{"status":200},{"status":200}]}\n--b\n\n{"id":"1"}\n--b\n\n{"id":"2"}\n--b\n\n{"id":"3"}\n--b--' | eval "$wire"
SELECT result($$SELECT string_agg(id, ' ') FROM hostile.call_log WHERE id IN ('1', '2')$$);
\! printf "$mixed"'--b\n\n{"response":[{"status":200},{"status":200}]}\n--b\n\n{"id":"1"}\n--b\n\n{"id":"2"}\n--b\n\n{"id":"3"}\n--b--' | eval "$wire"
SELECT result($$SELECT string_agg(id, ' ') FROM hostile.call_log WHERE id IN ('1', '2')$$);
\! printf "$mixed"'--b\n\n{"response":[{"status":200},{"status":-1}]}\n--b\n\n{"id":"1"}\n--b\n\n{"id":"2"}\n--b--' | eval "$wire"
SELECT result($$SELECT string_agg(id, ' ') FROM hostile.call_log WHERE id IN ('1', '2')$$);
\! { printf 'HTTP/1.1 207 Multi-Status\r\nContent-Type: multipart/mixed; boundary='; head -c 90000 /dev/zero | tr '\0' b; printf '\r\n\r\n--b'; } | eval "$wire"
SELECT result($$SELECT string_agg(id, ' ') FROM hostile.call_log WHERE id IN ('1', '2')$$);

-- Circular tokens of changes
:ctl clear
\! printf '{"records":[],"syncInfo":{"syncToken":"one","newerRecordsExist":true}}' | eval "$raw"
\! printf '{"records":[],"syncInfo":{"syncToken":"two","newerRecordsExist":true}}' | eval "$raw"
\! printf '{"records":[],"syncInfo":{"syncToken":"one","newerRecordsExist":true}}' | eval "$raw"
\! printf '{"records":[],"syncInfo":{"syncToken":"two","newerRecordsExist":true}}' | eval "$raw"
SELECT result($$SELECT count(*) FROM hostile.call_log_changes WHERE since = '2026-03-30'$$);
:ctl faults --clear
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count | awk '{print ($1 <= 4 ? "few requests" : $1)}'

-- URIs of recordings
\set get 'SELECT content FROM hostile.recordings'
\set get_details 'SELECT count(*) FROM hostile.recordings WHERE length(content) > 0'
\setenv media :media
\! printf '{"navigation":{},"records":[{"id":"a","recording":{"id":"1","contentUri":"%s/x\\r\\nX-Injected: y"}}]}' "$media" | eval "$raw"
SELECT result(:'get');
\! { printf '{"navigation":{},"records":[{"id":"a","recording":{"id":"1","contentUri":"http://'; head -c 100000 /dev/zero | tr '\0' x; printf '"}}]}'; } | eval "$raw"
SELECT length(details(:'get')) BETWEEN 300 AND 600 AS short;
\! printf '{"navigation":{},"records":[{"id":"a","recording":{"id":"1","contentUri":"%s/x\377"}}]}' "$media" | eval "$raw"
SELECT regexp_replace(details(:'get_details'), 'RCRequestId: \S+', '');

-- A token that contains a line break
ALTER USER MAPPING FOR CURRENT_USER SERVER hostile OPTIONS (DROP access_token, ADD client_id 'simulator-client', ADD client_secret 'simulator-secret', ADD jwt 'hostile');
\! printf '{"access_token":"a\\r\\nX-Injected: y","expires_in":99999999999999999999}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /oauth raw
SELECT result(:'list');
SELECT md5(random()::text) AS token \gset
ALTER USER MAPPING FOR CURRENT_USER SERVER hostile OPTIONS (DROP client_id, DROP client_secret, DROP jwt, ADD access_token :'token');

-- A request limit of any size, and a missing one
\! printf "$ok"'X-Rate-Limit-Group: heavy\r\nX-Rate-Limit-Limit: 99999999999\r\nX-Rate-Limit-Remaining: -5\r\nX-Rate-Limit-Window: 1e9\r\n\r\n{"records":[],"navigation":{}}' | eval "$wire"
SELECT result(:'list');
\! printf "$ok"'X-Rate-Limit-Group: heavy\r\nX-Rate-Limit-Limit: 1\r\nX-Rate-Limit-Remaining: 2147483647\r\nX-Rate-Limit-Window: 1\r\n\r\n{"records":[],"navigation":{}}' | eval "$wire"
SELECT result(:'list');

-- A Retry-After of days is not waited for
ALTER SERVER hostile OPTIONS (SET max_retries '3', SET max_rate_wait '1d');
\! printf 'HTTP/1.1 503 Busy\r\nRetry-After: 90000\r\nContent-Length: 0\r\n\r\n' | eval "$wire"
SELECT result(:'list');
ALTER SERVER hostile OPTIONS (SET max_retries '0', SET max_rate_wait '1min');
\! printf 'HTTP/1.1 429 Enough\r\nRetry-After: 2000000000\r\nX-Rate-Limit-Group: heavy\r\nX-Rate-Limit-Limit: 10\r\nX-Rate-Limit-Window: 60\r\nContent-Length: 0\r\n\r\n' | eval "$wire"
SELECT result(:'list');
SELECT result(:'list');

-- Values that are not in the text of the query are shown neither in a plan nor in
-- the context of an error: only their place is
:ctl reset
ALTER USER MAPPING FOR CURRENT_USER SERVER hostile OPTIONS (SET access_token 'simulator-access-token');
CREATE TABLE secret AS SELECT '4711' AS text, timestamptz '2026-01-01 04:07:11' AS time, ARRAY['4711', 'x'] AS list;
CREATE FUNCTION secret() RETURNS text LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT text FROM secret); END';
CREATE FUNCTION secret_time() RETURNS timestamptz LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT time FROM secret); END';
CREATE FUNCTION result_and_context(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
  context text;
BEGIN
  FOR line IN SELECT explain(query, 'ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF') LOOP
    CONTINUE WHEN line !~ 'Request: |4711';
    RETURN NEXT regexp_replace(line, '^ *', '');
  END LOOP;
  EXECUTE query;
EXCEPTION WHEN others THEN
  GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
  RETURN NEXT regexp_replace(split_part(context, E'\n', 1), '(dateTo=2026-03-31T12:)[0-9:]{5}', '\1..:..');
END $$;
\set fail '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault --match /call-log --skip 1 --times always status status=400'
\set clear '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" faults --clear'
:fail
SELECT result_and_context($$SELECT FROM hostile.call_log WHERE session_id = (SELECT text FROM secret) AND start_time >= '2026-03-31' AND start_time < '2026-04-01'$$);
:clear
:fail
SELECT result_and_context($$SELECT FROM hostile.call_log WHERE session_id = secret() AND start_time >= '2026-03-31' AND start_time < '2026-04-01'$$);
:clear
:fail
SELECT result_and_context($$SELECT FROM hostile.call_log WHERE start_time >= (SELECT time FROM secret) AND start_time < '2026-02-01'$$);
:clear
:fail
SELECT result_and_context($$SELECT FROM hostile.call_log WHERE start_time >= '2025-12-31' AND start_time < secret_time()$$);
:clear
:fail
SELECT result_and_context($$SELECT FROM hostile.call_log WHERE id = (SELECT text FROM secret)$$);
:clear
:fail
SELECT result_and_context($$SELECT FROM hostile.call_log WHERE id = ANY ((SELECT list FROM secret)::text[])$$);
:clear
:fail
SELECT result_and_context($$SELECT FROM hostile.call_log_changes WHERE since = (SELECT time + interval '89 days' FROM secret)$$);
:clear
-- nor in the URL echoed by a gateway
\! printf 'HTTP/1.1 400 Bad\r\nContent-Type: text/html\r\n\r\n<p>You requested /4711' | eval "$wire"
SELECT details($$SELECT FROM hostile.call_log WHERE session_id = (SELECT text FROM secret)$$);
-- constants, and times computed from the clock, are shown
:fail
SELECT result_and_context($$SELECT FROM hostile.call_log WHERE session_id = '0815' AND start_time >= timestamptz '2026-03-31' - interval '1 day' AND start_time < '2026-04-01'$$);
:clear
:fail
SELECT result_and_context($$SELECT FROM hostile.call_log WHERE id IN ('0815', 'x')$$);
:clear
-- A recording that does not exist
SELECT count(*) FROM hostile.recordings WHERE id = (SELECT text FROM secret);
DROP FUNCTION result_and_context, secret, secret_time;
DROP TABLE secret;

-- The session is still usable
:ctl reset
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE start_time >= '2026-03-30') AS complete FROM calls.call_log WHERE start_time >= '2026-03-30';
DROP FUNCTION result, details;
DROP SCHEMA hostile CASCADE;
DROP SERVER hostile CASCADE;
