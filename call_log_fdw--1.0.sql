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
  'versions of call_log_fdw and of the libraries in use';

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
  'request limits of RingCentral users and apps, and remaining requests';

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
  'statistics of requests to RingCentral';

CREATE FUNCTION call_log_fdw_stats_reset()
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE;

COMMENT ON FUNCTION call_log_fdw_stats_reset() IS
  'reset the counters of call_log_fdw_stats';

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
  'scans of foreign tables in progress';

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
  'check connection, login and permissions of a foreign server; sends some requests';

CREATE FUNCTION call_log_fdw_disconnect()
RETURNS boolean
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE;

COMMENT ON FUNCTION call_log_fdw_disconnect() IS
  'close the idle connections of this session and drop its tokens';

-- The functions are used by the views, which are readable by PUBLIC
GRANT SELECT ON call_log_fdw_rate_limits, call_log_fdw_stats, call_log_fdw_activity TO PUBLIC;
REVOKE ALL ON FUNCTION call_log_fdw_stats_reset() FROM PUBLIC;

CREATE FUNCTION call_log_fdw_requests()
RETURNS bigint
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE;

COMMENT ON FUNCTION call_log_fdw_requests() IS
  'number of requests sent by this session, not including logins';

/* ----------
 * Copies.  The two tables are written by the procedure, as their owner.  The owner
 * of the database may read and insert as well, for dump and restore.
 * ----------
 */

CREATE TABLE call_log_fdw_copies (
  schema_name name NOT NULL,
  table_name name NOT NULL,
  table_oid oid NOT NULL,
  source_schema name,
  source_name name,
  source_columns name[] NOT NULL DEFAULT '{}',
  since timestamptz NOT NULL,
  missing tstzmultirange NOT NULL,
  recheck_since timestamptz,                               -- of the last recheck, which may be unfinished
  synced_at timestamptz,
  sync_token text,
  deletions_token text,
  absent text[] NOT NULL DEFAULT '{}',
  witnesses text[] NOT NULL DEFAULT '{}',
  rows bigint NOT NULL DEFAULT 0,
  requests bigint NOT NULL DEFAULT 0,
  bad_values bigint NOT NULL DEFAULT 0,
  next_step smallint NOT NULL DEFAULT 0,
  part_width bigint NOT NULL DEFAULT 86400000000,          -- microseconds
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (schema_name, table_name));

COMMENT ON TABLE call_log_fdw_copies IS
  'progress of call_log_fdw_sync for each table; see the view call_log_fdw_sync_state';

CREATE TABLE call_log_fdw_problems (
  schema_name name NOT NULL,
  table_name name NOT NULL,
  table_oid oid NOT NULL,
  kind text NOT NULL,
  id text NOT NULL,
  reason text NOT NULL,
  tries integer NOT NULL DEFAULT 1,
  first_at timestamptz NOT NULL DEFAULT now(),
  last_at timestamptz NOT NULL DEFAULT now(),
  next_at timestamptz,
  PRIMARY KEY (schema_name, table_name, kind, id));

COMMENT ON TABLE call_log_fdw_problems IS
  'rows that call_log_fdw_sync could not copy; see the view call_log_fdw_sync_problems';

SELECT pg_catalog.pg_extension_config_dump('call_log_fdw_copies', '');
SELECT pg_catalog.pg_extension_config_dump('call_log_fdw_problems', '');
GRANT SELECT, INSERT ON call_log_fdw_copies, call_log_fdw_problems TO pg_database_owner;

-- Only copies that exist and that the current role may read
CREATE VIEW call_log_fdw_sync_state WITH (security_barrier) AS
  SELECT c.oid::regclass AS target, f.oid::regclass AS source, s.since, s.missing, s.synced_at, s.sync_token,
         s.rows, s.requests, s.bad_values, s.created_at, s.updated_at
  FROM call_log_fdw_copies s
  JOIN pg_catalog.pg_namespace n ON n.nspname = s.schema_name
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = s.table_name AND c.relkind IN ('r', 'p')
  LEFT JOIN pg_catalog.pg_namespace m ON m.nspname = s.source_schema
  LEFT JOIN pg_catalog.pg_class f ON f.relnamespace = m.oid AND f.relname = s.source_name AND f.relkind = 'f'
  WHERE pg_catalog.has_table_privilege(c.oid, 'SELECT');

COMMENT ON VIEW call_log_fdw_sync_state IS
  'progress of call_log_fdw_sync for each table';
COMMENT ON COLUMN call_log_fdw_sync_state.target IS 'the local table';
COMMENT ON COLUMN call_log_fdw_sync_state.source IS 'the foreign table that it is a copy of';
COMMENT ON COLUMN call_log_fdw_sync_state.since IS 'lower bound of the start times in the copy';
COMMENT ON COLUMN call_log_fdw_sync_state.missing IS 'range of start times still to be read from the source';
COMMENT ON COLUMN call_log_fdw_sync_state.synced_at IS 'time up to which changes are in the copy, by RingCentral''s clock';
COMMENT ON COLUMN call_log_fdw_sync_state.sync_token IS 'token with which the next changes are requested';
COMMENT ON COLUMN call_log_fdw_sync_state.rows IS 'rows inserted or updated so far';
COMMENT ON COLUMN call_log_fdw_sync_state.requests IS 'requests sent so far';
COMMENT ON COLUMN call_log_fdw_sync_state.bad_values IS 'values that could not be converted and are NULL in the copy, and records that were skipped';

CREATE VIEW call_log_fdw_sync_problems WITH (security_barrier) AS
  SELECT c.oid::regclass AS target, p.kind, p.id, p.reason, p.tries, p.first_at, p.last_at, p.next_at
  FROM call_log_fdw_problems p
  JOIN pg_catalog.pg_namespace n ON n.nspname = p.schema_name
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = p.table_name AND c.relkind IN ('r', 'p')
  WHERE pg_catalog.has_table_privilege(c.oid, 'SELECT');

COMMENT ON VIEW call_log_fdw_sync_problems IS
  'recordings and values that call_log_fdw_sync could not copy';
COMMENT ON COLUMN call_log_fdw_sync_problems.next_at IS 'time of the next attempt; null: given up';

GRANT SELECT ON call_log_fdw_sync_state, call_log_fdw_sync_problems TO PUBLIC;

CREATE PROCEDURE call_log_fdw_sync(
  source regclass,
  target text,
  changes regclass DEFAULT NULL,
  since timestamptz DEFAULT NULL,
  newest_first boolean DEFAULT true,
  settle interval DEFAULT '1 day',
  recheck interval DEFAULT NULL,
  max_requests bigint DEFAULT NULL,
  max_bytes bigint DEFAULT 1073741824,
  leave_requests integer DEFAULT 1,
  add_columns boolean DEFAULT false,
  mark_absent boolean DEFAULT NULL,
  delete_rows boolean DEFAULT false,
  restart boolean DEFAULT false,
  backfill_only boolean DEFAULT false)
AS 'MODULE_PATHNAME'
LANGUAGE C;

COMMENT ON PROCEDURE call_log_fdw_sync(
  regclass, text, regclass, timestamptz, boolean, interval, interval, bigint, bigint, integer, boolean, boolean, boolean,
  boolean, boolean) IS
  'create or update a local copy of a foreign table of calls or recordings';

/* ----------
 * Comments: IMPORT FOREIGN SCHEMA may create tables and nothing else.
 * ----------
 */

CREATE FUNCTION call_log_fdw_comment(schema regnamespace)
RETURNS bigint
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE;

COMMENT ON FUNCTION call_log_fdw_comment(regnamespace) IS
  'comment on the columns of the caller''s foreign tables in a schema with their API fields; returns the number of columns';
