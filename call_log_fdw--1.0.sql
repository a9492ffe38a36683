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
