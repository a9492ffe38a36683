-- Unit tests of the modules that need no I/O (t/unit). Each row is a failure.
SET timezone = 'UTC';
\getenv library CALL_LOG_UNIT
\set library :library '/unit'
CREATE FUNCTION call_log_fdw_unit(OUT what text, OUT got text, OUT expected text) RETURNS SETOF record
AS :'library' LANGUAGE C;
SELECT * FROM call_log_fdw_unit();
DROP FUNCTION call_log_fdw_unit;

-- The table of docs/pushdown.md agrees with the code: no row may be missing on
-- either side.
CREATE FUNCTION call_log_fdw_filters(OUT resource text, OUT col text, OUT parameter text) RETURNS SETOF record
AS :'library' LANGUAGE C;
CREATE TABLE page (n serial, line text);
\copy page (line) FROM PROGRAM 'cat "$PG_ABS_SRCDIR/docs/pushdown.md"' WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')
CREATE VIEW documented AS
  WITH section AS (
    SELECT n, btrim(split_part(line, '|', 2), '` ') AS resource, split_part(line, '|', 3) AS conditions
    FROM page
    WHERE line LIKE '| %'
  ), filled AS (
    SELECT conditions, (SELECT resource FROM section s WHERE s.n <= section.n AND s.resource <> '' ORDER BY n DESC LIMIT 1) AS resource
    FROM section
  )
  SELECT DISTINCT resource, m[1] AS col FROM filled, regexp_matches(conditions, '`([a-z_]+)[` ]', 'g') m
  WHERE resource <> 'table';
SELECT resource, col FROM call_log_fdw_filters() EXCEPT SELECT resource, col FROM documented;
SELECT resource, col FROM documented EXCEPT SELECT resource, col FROM call_log_fdw_filters();
DROP VIEW documented;
DROP TABLE page;
DROP FUNCTION call_log_fdw_filters;
