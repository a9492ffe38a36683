-- An archive: a local copy of the call log, partitioned by month, kept up to date.
-- RingCentral keeps calls for about a year; the archive keeps them longer. The other
-- examples read it with -v source=archive, without requests.
--
-- Run this once to create it, and then from cron; at night with a recheck:
--
--   psql -X -f examples/archive.sql
--   PGOPTIONS='-c client_min_messages=warning'
--   */15 * * * *  psql -X -q -d mydb -f /path/to/archive.sql >/dev/null
--   30 3 * * *    psql -X -q -d mydb -v recheck='7 days' -f /path/to/archive.sql >/dev/null
--
-- source    the call log
-- archive   the copy
-- since     lower bound of the start times; default: that of the copy, else twelve months ago
-- recheck   read this time span again, to find calls deleted at RingCentral
--
-- The first run needs a request per 1000 calls: a million calls take 100 minutes at
-- ten per minute. It can be interrupted: the next run continues. After
-- that, a run is two requests, unless more than 1000 calls have changed.

\if :{?source}  \else \set source 'calls.call_log' \endif
\if :{?archive} \else \set archive archive         \endif
\if :{?recheck} \else \set recheck ''              \endif
\if :{?since}
\else
SELECT coalesce((SELECT since FROM call_log_fdw_sync_state WHERE target = to_regclass(:'archive')),
                date_trunc('month', CURRENT_DATE) - interval '12 months') AS since \gset
\endif
\set ON_ERROR_STOP on
\set QUIET on

-- Bounds of months in a fixed time zone, independent of the session's.
SET timezone = 'UTC';
SET client_min_messages = warning;              -- of existing tables
CREATE TABLE IF NOT EXISTS :archive (LIKE :source) PARTITION BY RANGE (start_time);

-- A partition per month, up to the next month, so that it exists in time.
SELECT format('CREATE TABLE IF NOT EXISTS %s_%s PARTITION OF %s FOR VALUES FROM (%L) TO (%L)',
              :'archive', to_char(month, 'YYYY_MM'), :'archive', month, month + interval '1 month')
FROM generate_series(date_trunc('month', :'since'::timestamptz), now() + interval '1 month', interval '1 month') AS month
\gexec
SELECT format('CREATE TABLE IF NOT EXISTS %s_other PARTITION OF %s DEFAULT', :'archive', :'archive')
\gexec

-- Not unique: a unique index would have to contain start_time as well, which may
-- change. The procedure ensures that each id exists once.
SELECT format('CREATE INDEX ON %s (%I)', :'archive', name)
FROM (VALUES ('id'), ('start_time')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
                  WHERE indrelid = :'archive'::regclass AND attname = name)
\gexec
RESET client_min_messages;
RESET timezone;

CALL call_log_fdw_sync(:'source', :'archive', since => :'since', recheck => nullif(:'recheck', '')::interval);

\echo
\echo '== The archive'
SELECT to_char(start_time, 'YYYY-MM') AS month, count(*) AS calls, count(*) FILTER (WHERE deleted) AS deleted,
       max(start_time) AS newest
FROM :archive
GROUP BY month
ORDER BY month DESC;
