/* call_log_fdw--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION call_log_fdw" to load this file. \quit

CREATE FUNCTION call_log_fdw_handler()
RETURNS fdw_handler
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT;

CREATE FUNCTION call_log_fdw_validator(text[], oid)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT;

CREATE FOREIGN DATA WRAPPER call_log_fdw
  HANDLER call_log_fdw_handler
  VALIDATOR call_log_fdw_validator;

CREATE FUNCTION call_log_fdw_version()
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT STABLE PARALLEL SAFE;

COMMENT ON FUNCTION call_log_fdw_version() IS
  'version of call_log_fdw and of the libraries that it runs with';

CREATE FUNCTION call_log_fdw_rate_limits(
  OUT base_url text,
  OUT client_id text,
  OUT owner_id text,
  OUT throttling_group text,
  OUT request_limit integer,
  OUT window_seconds integer,
  OUT learned boolean,
  OUT remaining integer,
  OUT closed_until timestamptz,
  OUT waiting integer,
  OUT shared boolean)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE;

CREATE VIEW call_log_fdw_rate_limits AS
  SELECT * FROM call_log_fdw_rate_limits();

COMMENT ON VIEW call_log_fdw_rate_limits IS
  'request limits of RingCentral users and apps, and what is left of them';

CREATE FUNCTION call_log_fdw_stats(
  OUT base_url text,
  OUT client_id text,
  OUT owner_id text,
  OUT throttling_group text,
  OUT requests bigint,
  OUT refused bigint,
  OUT failed bigint,
  OUT bytes bigint,
  OUT waits bigint,
  OUT wait_time interval,
  OUT stats_since timestamptz)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE;

CREATE VIEW call_log_fdw_stats AS
  SELECT * FROM call_log_fdw_stats();

COMMENT ON VIEW call_log_fdw_stats IS
  'requests to RingCentral and how they went';

CREATE FUNCTION call_log_fdw_stats_reset()
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE;

COMMENT ON FUNCTION call_log_fdw_stats_reset() IS
  'let call_log_fdw_stats count from zero';

CREATE FUNCTION call_log_fdw_activity(
  OUT pid integer,
  OUT datid oid,
  OUT usesysid oid,
  OUT server text,
  OUT foreign_table text,
  OUT scan_start timestamptz,
  OUT state text,
  OUT state_change timestamptz,
  OUT requests bigint,
  OUT retries bigint,
  OUT pages bigint,
  OUT records bigint,
  OUT duplicates bigint,
  OUT bytes bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE;

CREATE VIEW call_log_fdw_activity AS
  SELECT a.pid, d.datname, r.rolname AS usename, a.server, a.foreign_table, a.scan_start, a.state, a.state_change,
         a.requests, a.retries, a.pages, a.records, a.duplicates, a.bytes
  FROM call_log_fdw_activity() a
  LEFT JOIN pg_database d ON d.oid = a.datid
  LEFT JOIN pg_roles r ON r.oid = a.usesysid;

COMMENT ON VIEW call_log_fdw_activity IS
  'scans of foreign tables under way';

CREATE FUNCTION call_log_fdw_check(
  server name,
  OUT step text,
  OUT ok boolean,
  OUT found text,
  OUT hint text)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE;

COMMENT ON FUNCTION call_log_fdw_check(name) IS
  'try step by step what works with a foreign server; sends some requests';

CREATE FUNCTION call_log_fdw_disconnect()
RETURNS boolean
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE;

COMMENT ON FUNCTION call_log_fdw_disconnect() IS
  'close the idle connections of this session and forget its tokens';

-- The functions are for the views, which anybody may read
GRANT SELECT ON call_log_fdw_rate_limits, call_log_fdw_stats, call_log_fdw_activity TO PUBLIC;
REVOKE ALL ON FUNCTION call_log_fdw_stats_reset() FROM PUBLIC;
