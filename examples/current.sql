-- The calls up to this moment: a local copy, as archive.sql or call_log_fdw_sync makes it,
-- with the changes since its last update. A query whose range of start_time ends before
-- the last hours reads the copy alone; any other sends one request, for what has changed.
--
--   psql -X -f examples/current.sql
--   SELECT count(*) FROM current_calls WHERE start_time >= CURRENT_DATE;
--
-- source    the call log
-- changes   its changes, a foreign table of the resource call_log_changes
-- archive   the copy
-- current   the view
-- overlap   changes of calls that began this long before the last update, or later,
--           are included; older calls, and deletions, are as in the copy

\if :{?source}  \else \set source 'calls.call_log'          \endif
\if :{?changes} \else \set changes 'calls.call_log_changes' \endif
\if :{?archive} \else \set archive archive                  \endif
\if :{?current} \else \set current current_calls            \endif
\if :{?overlap} \else \set overlap '1 day'                  \endif
\set ON_ERROR_STOP on
\set QUIET on

-- The columns that all three have, by name
SELECT string_agg(format('a.%I', a.attname), ', ' ORDER BY a.attnum) AS columns,
       string_agg(format('c.%I', a.attname), ', ' ORDER BY a.attnum) AS changed_columns
FROM pg_attribute a
JOIN pg_attribute s ON s.attname = a.attname AND s.attrelid = :'source'::regclass
JOIN pg_attribute c ON c.attname = a.attname AND c.attrelid = :'changes'::regclass
WHERE a.attrelid = :'archive'::regclass AND a.attnum > 0
  AND NOT a.attisdropped AND NOT s.attisdropped AND NOT c.attisdropped
\gset

-- State of the copy; a role that may not read it gets the copy alone
\set state 'FROM call_log_fdw_sync_state WHERE target = ' :'archive' '::regclass'
\set recent 'coalesce((SELECT synced_at - interval ' :'overlap' ' ' :state '), ''infinity'')'
\set token '(SELECT sync_token ' :state ')'

CREATE OR REPLACE VIEW :current AS
-- older calls
SELECT :columns
FROM :archive a
WHERE a.start_time < :recent
UNION ALL
-- recent ones that have not changed
SELECT :columns
FROM :archive a
WHERE a.start_time >= :recent
  AND NOT EXISTS (SELECT FROM :changes c
                  WHERE c.since_token = :token AND c.id = a.id AND c.start_time >= :recent)
UNION ALL
-- recent ones that are new or have changed; both references to the changes are one request
SELECT :changed_columns
FROM :changes c
WHERE c.since_token = :token AND c.start_time >= :recent
  AND NOT EXISTS (SELECT FROM :archive a WHERE a.id = c.id AND a.start_time < :recent);
