-- extension_name (id, type, name): names of people and call queues for the ids in calls.
-- Used by billing.sql, crm.sql, reconciliation.sql, report.sql and reporting.sql.
--
-- extensions   the foreign table extensions, or a copy of it; default:
--              calls.extensions
--
-- One request, which does not count toward the limit of the call log. If the table does
-- not exist, or is not readable (the app needs the permission Read Accounts),
-- extension_name is empty, and ids are shown without names.

\if :{?extensions} \else \set extensions 'calls.extensions' \endif
SELECT 'DROP TABLE pg_temp.extension_name' WHERE to_regclass('pg_temp.extension_name') IS NOT NULL \gexec
CREATE TEMPORARY TABLE extension_name (id bigint, type text, name text);
SELECT format($do$
DO $$
BEGIN
  INSERT INTO pg_temp.extension_name
  SELECT id, type, coalesce(nullif(name, ''), 'Extension ' || extension_number) FROM %s;
EXCEPTION WHEN insufficient_privilege OR undefined_object THEN
  RAISE WARNING 'could not read the names of extensions: %%', SQLERRM;
END $$ $do$, to_regclass(:'extensions'))
WHERE to_regclass(:'extensions') IS NOT NULL \gexec
ANALYZE extension_name;
