-- All calls up to now: a local copy, created by archive.sql or one CALL, and the calls
-- from RingCentral that started since its last update. A query for
-- the last hours sends one request; one for older calls only, none.
--
--   psql -X -f examples/current.sql
--   SELECT count(*) FROM current_calls WHERE start_time >= CURRENT_DATE;
--
-- source    the call log
-- archive   the copy
-- current   the view
-- overlap   calls of this time span before the last update are read from
--           RingCentral as well: they may have changed since
--
-- Older calls have the state of the last update.

\if :{?source}  \else \set source 'calls.call_log' \endif
\if :{?archive} \else \set archive archive         \endif
\if :{?current} \else \set current current_calls   \endif
\if :{?overlap} \else \set overlap '1 hour'        \endif
\set ON_ERROR_STOP on
\set QUIET on

-- Common columns, by name
SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
FROM pg_attribute a
JOIN pg_attribute s ON s.attname = a.attname AND s.attrelid = :'source'::regclass
WHERE a.attrelid = :'archive'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND NOT s.attisdropped
\gset

-- A role that may not read the progress of the copy sees only the copy.
CREATE OR REPLACE VIEW :current AS
SELECT :columns FROM :archive
WHERE start_time < coalesce((SELECT synced_at - interval :'overlap' FROM call_log_fdw_sync_state
                             WHERE target = :'archive'::regclass), 'infinity')
UNION ALL
SELECT :columns FROM :source
WHERE start_time >= coalesce((SELECT synced_at - interval :'overlap' FROM call_log_fdw_sync_state
                              WHERE target = :'archive'::regclass), 'infinity');
