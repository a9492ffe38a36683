-- Run by script/demo. The API is the simulator, whose calls end now.
\getenv url CALL_LOG_SIMULATOR
\getenv media CALL_LOG_SIMULATOR_MEDIA
\pset null '·'
\pset linestyle unicode
\pset format wrapped
\pset columns 100
\pset footer off

\echo
\echo '-- Once per database: extension, server, user mapping.'
CREATE EXTENSION call_log_fdw;
CREATE SERVER ringcentral FOREIGN DATA WRAPPER call_log_fdw
  OPTIONS (base_url :'url', media_url :'media');
CREATE USER MAPPING FOR CURRENT_USER SERVER ringcentral
  OPTIONS (client_id 'simulator-client', client_secret 'simulator-secret',
    jwt 'simulator.jwt.assertion');

\echo
\echo '-- The tables of the account, and those of the user who logs in.'
CREATE SCHEMA calls;
CREATE SCHEMA my_calls;
IMPORT FOREIGN SCHEMA account FROM SERVER ringcentral INTO calls;
IMPORT FOREIGN SCHEMA extension FROM SERVER ringcentral INTO my_calls;

\echo
\echo '-- The last inbound calls, with names from the company directory.'
SELECT to_char(c.start_time, 'Dy HH24:MI') AS time, c.from_phone_number, c.from_name, c.duration,
  e.name AS whose, c.result
FROM calls.call_log AS c
JOIN calls.extensions AS e ON e.id = c.extension_id
WHERE c.start_time > now() - interval '7 days' AND c.direction = 'Inbound'
  AND c.from_name IS NOT NULL
ORDER BY c.start_time DESC
LIMIT 8;

\echo
\echo '-- The estimated cost of a query: EXPLAIN sends nothing.'
\pset tuples_only on
EXPLAIN
SELECT count(*) FROM calls.call_log
WHERE start_time >= CURRENT_DATE - 7 AND direction = 'Inbound' AND result = 'Missed';

\echo
\echo '-- And its actual cost.'
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
SELECT count(*) FROM calls.call_log;
\pset tuples_only off

\echo
\echo '-- How calls were routed: a row for each leg.'
SELECT call_id, leg_number AS leg, leg_type, direction, result, duration
FROM calls.call_log_legs
WHERE call_start_time > now() - interval '3 days' AND leg_number <= 3
ORDER BY call_start_time DESC, leg_number
LIMIT 6;

\echo
\echo '-- Recordings, with their audio; type and duration require a request per row.'
SELECT id, to_char(call_start_time, 'Dy HH24:MI') AS time, type, content_type, duration,
  length(content) AS bytes
FROM calls.recordings
WHERE call_start_time > now() - interval '7 days'
ORDER BY call_start_time DESC
LIMIT 3;

\echo
\echo '-- Calls in progress.'
SELECT start_time::timestamptz(0), direction, from_phone_number, to_phone_number, result
FROM calls.active_calls
WHERE result = 'In Progress'
LIMIT 5;

\echo
\echo '-- New and changed calls, to keep a copy up to date.'
SELECT id, start_time::timestamptz(0), result, last_modified_time::timestamptz(0)
FROM calls.call_log_changes
WHERE since = now() - interval '3 days'
LIMIT 4;

\echo
\echo '-- A local copy, and reports from it without requests:'
\echo '-- examples/archive.sql and examples/dashboard.sql.'
\set ECHO none
SELECT CURRENT_DATE - 60 AS since \gset
\ir ../examples/archive.sql
\set source archive
\ir ../examples/dashboard.sql
\set ECHO queries

\echo
\echo '-- Calls by hour of the day.'
SELECT to_char(start_time, 'HH24:00') AS hour, count(*) AS calls,
  repeat('█', (60 * count(*) / max(count(*)) OVER ())::int) AS " "
FROM archive
WHERE direction = 'Inbound'
GROUP BY hour ORDER BY hour;

\echo
\echo '-- Calls of the copy by person, with names from the company directory.'
SELECT e.name AS whose, e.department, count(*) AS calls,
  round(100.0 * count(*) FILTER (WHERE result = 'Accepted') / count(*)) AS answered_percent,
  justify_hours(sum(duration) * interval '1 second') AS time_on_the_phone
FROM archive AS c
JOIN calls.extensions AS e ON e.id = c.extension_id
WHERE c.direction = 'Inbound' AND c.type = 'Voice'
GROUP BY whose, e.department ORDER BY calls DESC;

\echo
\echo '-- Diagnosis, step by step.'
SELECT step, ok, found FROM call_log_fdw_check('ringcentral');

\echo
\echo '-- Requests sent, and remaining requests.'
SELECT throttling_group, requests, pg_size_pretty(bytes) AS received, remaining, request_limit
FROM call_log_fdw_stats
JOIN call_log_fdw_rate_limits USING (base_url, client_id, owner_id, throttling_group);
