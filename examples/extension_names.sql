-- extension_name (id, type, name): the people and call queues behind the ids of calls.
-- billing.sql, crm.sql, reconciliation.sql, report.sql and reporting.sql use it.
--
-- extensions   the foreign table extensions, or a copy of it; calls.extensions, if it is
--              not set
--
-- One request, which does not count against the limit of the call log. Where there is no
-- such table, or its reader may not read it (the app needs the permission Read Accounts),
-- extension_name is empty, and there are ids without names.

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
