-- Compare the archive with the call log: missing calls on either side, and
-- differences, for a time range.
--
--   psql -X -v archive=archive -f examples/reconciliation.sql
--   psql -X -v archive=archive -v since=2026-10-01 -v until=2026-11-01 -v repair=on -f examples/reconciliation.sql
--
-- archive       a local copy of the call log with the same columns (archive.sql)
-- log           the call log
-- since, until  calls that started in [since, until); by default the seven days that
--               ended yesterday, since calls of the last hours may still change
-- messages      the foreign table messages of an extension, to compare its faxes
--               with those of its call log, which must be the setting log
-- extensions    people and call queues (extension_names.sql)
-- repair        on: make the archive equal to the call log; needs no additional request
--
-- RingCentral keeps calls for about a year. Older calls are in the archive only,
-- which is not a difference: use a later range.

\if :{?archive} \else \set archive archive       \endif
\if :{?log}     \else \set log 'calls.call_log'  \endif
\if :{?repair}  \else \set repair off            \endif
\if :{?since}
\else
SELECT CURRENT_DATE - 8 AS since \gset
\endif
\if :{?until}
\else
SELECT CURRENT_DATE - 1 AS until \gset
\endif
\set ON_ERROR_STOP on
\set QUIET on
\ir extension_names.sql

-- One request per 1000 calls. attrs is the whole current record,
-- so that all differences are found.
SELECT 'DROP TABLE pg_temp.logged' WHERE to_regclass('pg_temp.logged') IS NOT NULL \gexec
CREATE TEMPORARY TABLE logged AS
SELECT * FROM :log WHERE start_time >= :'since' AND start_time < :'until';

-- Do calls missing in the call log exist outside of the range?
-- A call of a queue changes when it is answered, and may then start before
-- the range. 50 ids are one request; without missing calls none is sent.
INSERT INTO logged
SELECT * FROM :log
WHERE id = ANY (ARRAY(SELECT id FROM :archive a
                      WHERE start_time >= :'since' AND start_time < :'until' AND deleted IS NOT TRUE
                        AND NOT EXISTS (SELECT FROM logged l WHERE l.id = a.id)));
ANALYZE logged;

SELECT 'DROP TABLE pg_temp.difference' WHERE to_regclass('pg_temp.difference') IS NOT NULL \gexec
CREATE TEMPORARY TABLE difference AS
WITH archived AS (
  SELECT * FROM :archive
  WHERE deleted IS NOT TRUE
    AND (start_time >= :'since' AND start_time < :'until' OR id IN (SELECT id FROM logged))
), present AS (
  SELECT * FROM logged WHERE deleted IS NOT TRUE        -- by id, the API returns deleted calls, too
)
SELECT id, coalesce(p.start_time, a.start_time) AS start_time, coalesce(p.extension_id, a.extension_id) AS extension_id,
       CASE WHEN p.id IS NULL THEN 'only in the archive'
            WHEN a.id IS NULL THEN 'only in the call log'
            ELSE 'differs' END AS what,
       CASE WHEN p.id = a.id THEN
         (SELECT string_agg(key, ', ' ORDER BY key)
          FROM jsonb_each(p.attrs) AS new FULL JOIN jsonb_each(a.attrs) AS old USING (key)
          WHERE new.value IS DISTINCT FROM old.value) END AS fields
FROM present p
FULL JOIN archived a USING (id)
WHERE p.attrs IS DISTINCT FROM a.attrs;

\echo
\echo '== How many calls there are, and how many differ'
SELECT (SELECT count(*) FROM logged WHERE start_time >= :'since' AND start_time < :'until' AND deleted IS NOT TRUE) AS in_the_log,
       (SELECT count(*) FROM :archive
        WHERE start_time >= :'since' AND start_time < :'until' AND deleted IS NOT TRUE) AS in_the_archive,
       count(*) FILTER (WHERE what = 'only in the call log') AS only_in_the_log,
       count(*) FILTER (WHERE what = 'only in the archive') AS only_in_the_archive,
       count(*) FILTER (WHERE what = 'differs') AS different
FROM difference;

\echo
\echo '== Which'
SELECT d.id, start_time, coalesce(e.name, extension_id::text) AS whose, what, fields
FROM difference d
LEFT JOIN extension_name e ON e.id = extension_id
ORDER BY start_time DESC, d.id
LIMIT 20;

\if :{?messages}
-- A fax is in both: in the call log with the id of its message. The store may have
-- another time, so the range is extended by a day on both sides.
\echo
\echo '== Faxes that only the call log or only the message store has'
WITH logged_fax AS (
  SELECT message_id, start_time, direction, result FROM logged
  WHERE type = 'Fax' AND start_time >= :'since' AND start_time < :'until'
), stored_fax AS (
  SELECT id, creation_time, direction, message_status FROM :messages
  WHERE type = 'Fax' AND creation_time >= :'since'::timestamptz - interval '1 day'
    AND creation_time < :'until'::timestamptz + interval '1 day'
)
SELECT coalesce(l.start_time, s.creation_time) AS time, coalesce(l.direction, s.direction) AS direction,
       CASE WHEN s.id IS NULL THEN 'only in the call log' ELSE 'only in the message store' END AS what,
       coalesce(l.result, s.message_status) AS result
FROM logged_fax l FULL JOIN stored_fax s ON s.id = l.message_id
WHERE (s.id IS NULL OR l.message_id IS NULL)
  AND coalesce(l.start_time, s.creation_time) >= :'since' AND coalesce(l.start_time, s.creation_time) < :'until'
ORDER BY 1 DESC
LIMIT 20;
\endif

\if :repair
-- Calls that RingCentral no longer has are kept, marked as deleted.
BEGIN;
UPDATE :archive SET deleted = true
WHERE id IN (SELECT id FROM difference WHERE what = 'only in the archive');
DELETE FROM :archive
WHERE id IN (SELECT id FROM difference WHERE what <> 'only in the archive');
INSERT INTO :archive
SELECT * FROM logged
WHERE id IN (SELECT id FROM difference WHERE what <> 'only in the archive');
COMMIT;
\echo '== Repaired.'
\endif
