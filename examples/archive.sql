-- An archive: a local copy of the call log, by months, that is kept up to date.
-- RingCentral keeps calls for about a year; here they stay. The other examples read
-- it with -v source=archive, without asking RingCentral.
--
-- Run this once to make it, and then from cron; at night with a recheck:
--
--   psql -X -f examples/archive.sql
--   PGOPTIONS='-c client_min_messages=warning'
--   */15 * * * *  psql -X -q -d mydb -f /path/to/archive.sql >/dev/null
--   30 3 * * *    psql -X -q -d mydb -v recheck='7 days' -f /path/to/archive.sql >/dev/null
--
-- source    the call log
-- archive   the copy
-- since     how far back; by default as far as it reaches already, else twelve months
-- recheck   read so many days again, to notice calls that were deleted at RingCentral
--
-- The first run takes a request for 1000 calls: a million calls are 100 minutes at
-- ten a minute. Interrupt it when you like: the next run goes on where it was. After
-- that, a run is one request, unless more than 1000 calls have changed.

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

-- Months are cut in one time zone, whoever runs this.
SET timezone = 'UTC';
SET client_min_messages = warning;              -- of tables that are there already
CREATE TABLE IF NOT EXISTS :archive (LIKE :source) PARTITION BY RANGE (start_time);

-- A partition a month, up to the next month: no call should have to wait for its own.
SELECT format('CREATE TABLE IF NOT EXISTS %s_%s PARTITION OF %s FOR VALUES FROM (%L) TO (%L)',
              :'archive', to_char(month, 'YYYY_MM'), :'archive', month, month + interval '1 month')
FROM generate_series(date_trunc('month', :'since'::timestamptz), now() + interval '1 month', interval '1 month') AS month
\gexec
SELECT format('CREATE TABLE IF NOT EXISTS %s_other PARTITION OF %s DEFAULT', :'archive', :'archive')
\gexec

-- Not unique: that index would have to contain start_time as well, which a call that
-- is rewritten may change. The procedure takes care that an id is there once.
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
