-- The calls up to this moment: a local copy, as archive.sql or one CALL makes it, and
-- from RingCentral what began since the copy was kept up to date last. A query that
-- asks for the last hours sends one request; one that asks for older calls only, none.
--
--   psql -X -f examples/current.sql
--   SELECT count(*) FROM current_calls WHERE start_time >= CURRENT_DATE;
--
-- source    the call log
-- archive   the copy
-- current   the view
-- overlap   calls of that long before the copy was kept up to date come from
--           RingCentral as well: they may have been rewritten since
--
-- Older calls that are rewritten are as they were when the copy was kept up to date.

\if :{?source}  \else \set source 'calls.call_log' \endif
\if :{?archive} \else \set archive archive         \endif
\if :{?current} \else \set current current_calls   \endif
\if :{?overlap} \else \set overlap '1 hour'        \endif
\set ON_ERROR_STOP on
\set QUIET on

-- The columns that both have, by name
SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
FROM pg_attribute a
JOIN pg_attribute s ON s.attname = a.attname AND s.attrelid = :'source'::regclass
WHERE a.attrelid = :'archive'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND NOT s.attisdropped
\gset

-- Whoever may not see how far the copy is gets the copy alone.
CREATE OR REPLACE VIEW :current AS
SELECT :columns FROM :archive
WHERE start_time < coalesce((SELECT synced_at - interval :'overlap' FROM call_log_fdw_sync_state
                             WHERE target = :'archive'::regclass), 'infinity')
UNION ALL
SELECT :columns FROM :source
WHERE start_time >= coalesce((SELECT synced_at - interval :'overlap' FROM call_log_fdw_sync_state
                              WHERE target = :'archive'::regclass), 'infinity');
