-- Reports of calls: results, days, hours, extensions, missed callers who were not
-- called back, time to answer, duration.
--
--   psql -X -f examples/reporting.sql
--   psql -X -v source=archive -v since=2026-10-01 -v until=2026-11-01 -f examples/reporting.sql
--
-- source        the table to read: the call log itself, or a copy of it (archive.sql)
-- since, until  calls that started in [since, until); default: the last 28 days
-- country_code  of numbers without one
-- extensions    people and call queues (extension_names.sql)
--
-- Days and hours are those of the session's time zone (PGTZ=America/New_York psql ...).

\if :{?source}       \else \set source 'calls.call_log' \endif
\if :{?country_code} \else \set country_code 1          \endif
\if :{?until}        \else \set until 'infinity'        \endif
\if :{?since}        \else
SELECT CURRENT_DATE - 28 AS since \gset
\endif
\set ON_ERROR_STOP on
\set QUIET on
\ir phone_digits.sql
\ir extension_names.sql

-- Copy once, report often: only this statement sends requests (one per
-- 1000 calls). The legs are contained in the same response, so there is no need to read
-- call_log_legs as well.
--
-- The column outcome defines answered and missed calls, since the
-- API has no such field. Compare it with the first report.
SELECT 'DROP TABLE pg_temp.call' WHERE to_regclass('pg_temp.call') IS NOT NULL \gexec
CREATE TEMPORARY TABLE call AS
SELECT id, start_time, duration, direction, result, legs,
       CASE
         WHEN lower(result) IN ('accepted', 'call accepted', 'call connected', 'connected', 'answered elsewhere')
           THEN 'answered'
         WHEN lower(result) IN ('missed', 'voicemail', 'sent to voicemail', 'abandoned', 'hang up', 'no answer', 'busy',
                                'declined', 'rejected')
           THEN 'missed'
         ELSE 'other'
       END AS outcome,
       -- the other side of the call
       CASE direction WHEN 'Inbound' THEN from_phone_number ELSE to_phone_number END AS number,
       CASE direction WHEN 'Inbound' THEN from_name ELSE to_name END AS name,
       pg_temp.phone_digits(CASE direction WHEN 'Inbound' THEN from_phone_number ELSE to_phone_number END, :'country_code') AS digits,
       -- our side; if the record of a call has no extension, its legs may have one
       coalesce(extension_id, (jsonb_path_query_first(legs, '$[*].extension.id') #>> '{}')::bigint) AS extension_id,
       CASE direction WHEN 'Inbound' THEN to_extension_number ELSE from_extension_number END AS extension_number
FROM :source
WHERE start_time >= :'since' AND start_time < :'until'
  AND type = 'Voice'
  AND deleted IS NOT TRUE;        -- an archive keeps deleted calls
ANALYZE call;

\echo
\echo '== Results, and what they count as'
SELECT direction, outcome, result, count(*) AS calls
FROM call
GROUP BY direction, outcome, result
ORDER BY direction, outcome, calls DESC, result;

\echo
\echo '== Days; those without a call, too'
SELECT day::date,
       count(id) AS calls,
       count(*) FILTER (WHERE direction = 'Inbound') AS inbound,
       count(*) FILTER (WHERE direction = 'Inbound' AND outcome = 'missed') AS missed,
       -- share of the answered calls, not counting blocked ones and the like
       round(100.0 * count(*) FILTER (WHERE direction = 'Inbound' AND outcome = 'answered')
             / nullif(count(*) FILTER (WHERE direction = 'Inbound' AND outcome <> 'other'), 0), 1) AS answered_percent,
       justify_hours(coalesce(sum(duration) FILTER (WHERE outcome = 'answered'), 0) * interval '1 second') AS answered_time
FROM generate_series((SELECT date_trunc('day', min(start_time)) FROM call),
                     (SELECT max(start_time) FROM call), interval '1 day') AS day
LEFT JOIN call ON date_trunc('day', start_time) = day
GROUP BY day
ORDER BY day;

\echo
\echo '== Hours of the day: when do people call, and when do we miss them (▒)'
SELECT to_char(hour, 'FM00') AS hour,
       count(id) AS inbound,
       count(*) FILTER (WHERE outcome = 'missed') AS missed,
       repeat('█', (40.0 * count(*) FILTER (WHERE outcome <> 'missed') / nullif(max(count(id)) OVER (), 0))::int)
       || repeat('▒', (40.0 * count(*) FILTER (WHERE outcome = 'missed') / nullif(max(count(id)) OVER (), 0))::int) AS histogram
FROM generate_series(0, 23) AS hour
LEFT JOIN call ON extract(hour FROM start_time) = hour AND direction = 'Inbound'
GROUP BY hour
ORDER BY hour;

\echo
\echo '== Extensions: people, call queues; one row for calls without an extension'
SELECT coalesce(e.name, extension_id::text) AS name,
       mode() WITHIN GROUP (ORDER BY extension_number) AS number,      -- may be missing in some calls
       count(*) FILTER (WHERE direction = 'Outbound') AS outbound,
       count(*) FILTER (WHERE direction = 'Inbound') AS inbound,
       count(*) FILTER (WHERE direction = 'Inbound' AND outcome = 'answered') AS answered,
       count(*) FILTER (WHERE direction = 'Inbound' AND outcome = 'missed') AS missed,
       round(100.0 * count(*) FILTER (WHERE direction = 'Inbound' AND outcome = 'answered')
             / nullif(count(*) FILTER (WHERE direction = 'Inbound' AND outcome <> 'other'), 0), 1) AS answered_percent,
       justify_hours(coalesce(sum(duration) FILTER (WHERE outcome = 'answered'), 0) * interval '1 second') AS answered_time
FROM call
LEFT JOIN extension_name e ON e.id = extension_id
GROUP BY extension_id, e.name
ORDER BY count(*) DESC, extension_id;

\echo
\echo '== Missed and not called back'
SELECT digits AS number,
       left(mode() WITHIN GROUP (ORDER BY name), 30) AS name,
       count(*) AS missed,
       max(start_time) AS last_missed
FROM call m
WHERE direction = 'Inbound' AND outcome = 'missed' AND digits IS NOT NULL
  AND NOT EXISTS (SELECT FROM call later
                  WHERE later.digits = m.digits AND later.start_time > m.start_time AND later.outcome = 'answered')
GROUP BY digits
ORDER BY last_missed DESC, number
LIMIT 20;

\echo
\echo '== Time to answer, in seconds: from the start of the call to the start of the leg that answered'
-- The first leg (master) is the call itself. The first other leg that was
-- answered has the extension that picked up. Calls without such a leg are
-- not included.
SELECT date_trunc('week', start_time)::date AS week,
       count(*) AS answered_calls,
       round(avg(seconds), 1) AS average,
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)::numeric, 1) AS median,
       round(percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds)::numeric, 1) AS nine_of_ten_within
FROM call,
LATERAL (SELECT extract(epoch FROM min((leg ->> 'startTime')::timestamptz) - start_time) AS seconds
         FROM jsonb_array_elements(legs) WITH ORDINALITY AS l (leg, n)
         WHERE n > 1 AND (leg ->> 'master') IS DISTINCT FROM 'true'
           AND lower(leg ->> 'result') IN ('accepted', 'call accepted', 'call connected', 'connected')) AS answer
WHERE direction = 'Inbound' AND outcome = 'answered' AND seconds IS NOT NULL
GROUP BY week
ORDER BY week;

\echo
\echo '== How long answered calls last'
WITH bound (low, high) AS (
  VALUES (0, 10), (10, 30), (30, 60), (60, 180), (180, 600), (600, 1800), (1800, NULL)
)
SELECT concat_ws(' to ', low, coalesce(high::text, 'more')) AS seconds,
       count(id) AS calls,
       repeat('█', (40.0 * count(id) / nullif(max(count(id)) OVER (), 0))::int) AS histogram
FROM bound
LEFT JOIN call ON outcome = 'answered' AND duration >= low AND (high IS NULL OR duration < high)
GROUP BY low, high
ORDER BY low;
