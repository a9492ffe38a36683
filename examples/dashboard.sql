-- A dashboard for a BI tool such as Grafana, Metabase or Superset. The
-- tool reads local tables as often as needed; requests are sent once per
-- refresh. Run this once to create it, and then from cron to refresh it:
--
--   psql -X -v reader=grafana -f examples/dashboard.sql
--   */15 * * * *  psql -X -q -d mydb -f /path/to/dashboard.sql >/dev/null
--
-- source      the table to read: the call log itself, or a copy of it (archive.sql)
-- extensions  people and call queues: the foreign table, or a copy of it; none: ids
--             without names. Needs one request, which does not count toward the
--             limit of the call log, and the app's permission Read Accounts
-- days        number of whole days, in addition to today
-- timezone    time zone of days and hours
-- reader      a role that may read the dashboard; it needs neither a user mapping nor
--             any other privilege
--
-- All settings except the reader take effect at creation; to change them, start
-- with DROP SCHEMA dashboard CASCADE.
--
-- A refresh from the call log needs one request per 1000 calls: 14 days with 3000
-- calls are 42 requests, more than four minutes at ten per minute. If that is too
-- much, refresh from an archive, which fetches changes only.
--
-- A tool that reads the foreign table itself would send requests with
-- each click and each automatic reload, within the shared limit.

\if :{?source}     \else \set source 'calls.call_log'       \endif
\if :{?extensions} \else \set extensions 'calls.extensions' \endif
\if :{?days}       \else \set days 14                       \endif
\if :{?timezone}   \else \set timezone UTC                  \endif
\set ON_ERROR_STOP on
\set QUIET on

-- One transaction: after an error, such as an unreachable API, the
-- previous rows are kept.
BEGIN;
SELECT to_regclass('dashboard.call') IS NULL AS is_new \gset
\if :is_new

CREATE SCHEMA IF NOT EXISTS dashboard;

-- The only view that requests calls. Few columns: callers are not needed
-- here. If the record of a call has no extension, its legs may have one. The API has
-- no field for outcome: see reporting.sql.
CREATE MATERIALIZED VIEW dashboard.call AS
SELECT id, start_time, duration, direction,
       coalesce(extension_id, (jsonb_path_query_first(legs, '$[*].extension.id') #>> '{}')::bigint) AS extension_id,
       CASE
         WHEN lower(result) IN ('accepted', 'call accepted', 'call connected', 'connected', 'answered elsewhere')
           THEN 'answered'
         WHEN lower(result) IN ('missed', 'voicemail', 'sent to voicemail', 'abandoned', 'hang up', 'no answer', 'busy',
                                'declined', 'rejected')
           THEN 'missed'
         ELSE 'other'
       END AS outcome
FROM :source
WHERE start_time >= date_trunc('day', now(), :'timezone') - :days * interval '1 day'
  AND type = 'Voice' AND deleted IS NOT TRUE;
CREATE UNIQUE INDEX ON dashboard.call (id);     -- required by REFRESH CONCURRENTLY

-- Small, so that the tool is fast. The time zone is explicit: otherwise each
-- session that refreshes would use its own.
CREATE MATERIALIZED VIEW dashboard.calls_per_hour AS
SELECT date_trunc('hour', start_time, :'timezone') AS hour, direction, outcome,
       count(*) AS calls,
       sum(duration) AS seconds
FROM dashboard.call
GROUP BY hour, direction, outcome;
CREATE UNIQUE INDEX ON dashboard.calls_per_hour (hour, direction, outcome);

-- For the tool: one row per day.
CREATE VIEW dashboard.calls_per_day AS
SELECT (hour AT TIME ZONE :'timezone')::date AS day,
       sum(calls) AS calls,
       coalesce(sum(calls) FILTER (WHERE direction = 'Inbound'), 0) AS inbound,
       coalesce(sum(calls) FILTER (WHERE direction = 'Inbound' AND outcome = 'missed'), 0) AS missed,
       round(100.0 * coalesce(sum(calls) FILTER (WHERE direction = 'Inbound' AND outcome = 'answered'), 0)
             / sum(calls) FILTER (WHERE direction = 'Inbound' AND outcome <> 'other'), 1) AS answered_percent
FROM dashboard.calls_per_hour
GROUP BY day;

-- Calls of people and call queues, one row per day each; calls without an extension are
-- not included.
CREATE MATERIALIZED VIEW dashboard.calls_per_extension AS
SELECT (start_time AT TIME ZONE :'timezone')::date AS day, extension_id,
       count(*) FILTER (WHERE direction = 'Inbound') AS inbound,
       count(*) FILTER (WHERE direction = 'Inbound' AND outcome = 'answered') AS answered,
       count(*) FILTER (WHERE direction = 'Inbound' AND outcome = 'missed') AS missed,
       count(*) FILTER (WHERE direction = 'Outbound') AS outbound,
       sum(duration) AS seconds
FROM dashboard.call
WHERE extension_id IS NOT NULL
GROUP BY day, extension_id;
CREATE UNIQUE INDEX ON dashboard.calls_per_extension (day, extension_id);

SELECT coalesce(to_regclass(:'extensions')::text,
                '(SELECT 0::bigint AS id, '''' AS type, '''' AS name, '''' AS extension_number LIMIT 0) AS none') AS extensions \gset
CREATE MATERIALIZED VIEW dashboard.extension AS
SELECT DISTINCT ON (id) id, type, coalesce(nullif(name, ''), 'Extension ' || extension_number) AS name
FROM :extensions
ORDER BY id;
CREATE UNIQUE INDEX ON dashboard.extension (id);

-- For the tool: people (type = 'User') and call queues (type = 'Department')
CREATE VIEW dashboard.calls_by_name AS
SELECT day, extension_id, coalesce(name, extension_id::text) AS name, type, inbound, answered, missed, outbound, seconds
FROM dashboard.calls_per_extension
LEFT JOIN dashboard.extension ON id = extension_id;

-- Age of the rows, to be shown by the dashboard. In the views above, the time
-- would change every row at each refresh.
CREATE MATERIALIZED VIEW dashboard.refreshed AS SELECT now() AS refreshed;

\else

-- CONCURRENTLY: readers are not blocked.
REFRESH MATERIALIZED VIEW CONCURRENTLY dashboard.call;
REFRESH MATERIALIZED VIEW CONCURRENTLY dashboard.calls_per_hour;
REFRESH MATERIALIZED VIEW CONCURRENTLY dashboard.calls_per_extension;
REFRESH MATERIALIZED VIEW CONCURRENTLY dashboard.extension;
REFRESH MATERIALIZED VIEW dashboard.refreshed;

\endif
COMMIT;

\if :{?reader}
GRANT USAGE ON SCHEMA dashboard TO :"reader";
GRANT SELECT ON dashboard.calls_per_hour, dashboard.calls_per_day, dashboard.calls_by_name, dashboard.refreshed TO :"reader";
\endif

\echo
\echo '== The query of a bar chart'
SELECT * FROM dashboard.calls_per_day ORDER BY day DESC LIMIT 7;

\echo
\echo '== Who misses calls, and of which queue calls are missed'
SELECT name, type, sum(inbound) AS inbound, sum(missed) AS missed,
       round(100.0 * sum(answered) / nullif(sum(answered) + sum(missed), 0), 1) AS answered_percent
FROM dashboard.calls_by_name
GROUP BY extension_id, name, type
ORDER BY sum(missed) DESC, name
LIMIT 10;
