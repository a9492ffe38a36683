-- Unit tests of the pure rooms (t/unit.c). Each row is a failure.
SET timezone = 'UTC';
\getenv builddir PG_ABS_BUILDDIR
\set library :builddir '/t/unit'
CREATE FUNCTION call_log_fdw_unit(OUT what text, OUT got text, OUT expected text) RETURNS SETOF record
AS :'library' LANGUAGE C;
SELECT * FROM call_log_fdw_unit();
DROP FUNCTION call_log_fdw_unit;
