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

CREATE FUNCTION call_log_fdw_requests()
RETURNS bigint
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE;

COMMENT ON FUNCTION call_log_fdw_requests() IS
  'requests that this session has sent, logins aside';

/* ----------
 * Keeping a copy: the procedure call_log_fdw_sync, at the end, and what it is
 * made of.  Nothing but the procedure and the table of its state is for users.
 *
 * The procedure cannot set search_path, since it COMMITs.  So what runs in the
 * caller's path qualifies every name and operator that it writes into a
 * statement; what only reads the catalogs sets its own.
 * ----------
 */

CREATE TABLE call_log_fdw_sync_state (
  target regclass PRIMARY KEY,
  source regclass NOT NULL,
  changes regclass,
  since timestamptz NOT NULL,
  missing tstzmultirange NOT NULL,
  synced_at timestamptz,
  sync_token text,
  rows bigint NOT NULL DEFAULT 0,
  requests bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now());

COMMENT ON TABLE call_log_fdw_sync_state IS
  'how far call_log_fdw_sync has come with each table; delete a row to begin anew';
COMMENT ON COLUMN call_log_fdw_sync_state.target IS 'the local table';
COMMENT ON COLUMN call_log_fdw_sync_state.source IS 'the foreign table that it is a copy of';
COMMENT ON COLUMN call_log_fdw_sync_state.changes IS 'the foreign table of changes, which sync_token belongs to';
COMMENT ON COLUMN call_log_fdw_sync_state.since IS 'how far back the copy is to reach';
COMMENT ON COLUMN call_log_fdw_sync_state.missing IS 'start times that are still to be read from the source';
COMMENT ON COLUMN call_log_fdw_sync_state.synced_at IS 'what changed until then, by RingCentral''s clock, is in';
COMMENT ON COLUMN call_log_fdw_sync_state.sync_token IS 'where the next changes begin';
COMMENT ON COLUMN call_log_fdw_sync_state.rows IS 'rows inserted or updated so far';
COMMENT ON COLUMN call_log_fdw_sync_state.requests IS 'requests that it took so far';

SELECT pg_catalog.pg_extension_config_dump('call_log_fdw_sync_state', '');

-- A row is for those who own its table; that of a table which was dropped, for anybody to clear away
ALTER TABLE call_log_fdw_sync_state ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON call_log_fdw_sync_state USING (
  coalesce((SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = target), true));
GRANT SELECT, INSERT, UPDATE, DELETE ON call_log_fdw_sync_state TO PUBLIC;

CREATE FUNCTION call_log_fdw_sync_may_commit()
RETURNS boolean
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE;

CREATE FUNCTION call_log_fdw_sync_table(
  foreign_table regclass,
  OUT resource text,
  OUT account_id text,
  OUT of_account boolean,
  OUT complete boolean,
  OUT page_size integer,
  OUT newest_first boolean,
  OUT history interval)
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE;

-- What the clock behind a foreign table shows; asks for it unless an answer has told already
CREATE FUNCTION call_log_fdw_sync_clock(foreign_table regclass)
RETURNS timestamptz
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE;

CREATE FUNCTION call_log_fdw_sync_columns(
  foreign_table regclass,
  OUT column_name name,
  OUT path text)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT STABLE;

CREATE TYPE call_log_fdw_sync_run AS (
  -- what is copied
  target regclass,
  source regclass,
  resource text,
  page_size integer,
  sorted boolean,               -- may it be relied on that the list comes newest first?
  complete boolean,             -- does the source hold all calls, so that one can ask by id?
  columns name[],               -- those that the list has
  id_column name,
  time_column name,
  deleted_column name,          -- null: the target has none
  key_columns name[],           -- what tells rows apart
  audio_columns name[],         -- those that cost requests of their own
  audio_column name,            -- that of the content, which is null until it was asked for; null: the target has none
  changes regclass,             -- null: there is none
  changes_page_size integer,
  change_columns text[],        -- what to select there for the columns, see call_log_fdw_sync_match_changes

  -- how
  newest_first boolean,
  since timestamptz,            -- how far back the target is to reach
  settle interval,
  recheck interval,
  max_requests bigint,
  leave_requests integer,
  max_bytes bigint,

  -- how far it has come
  began_at timestamptz,
  requests_before bigint,
  width interval,               -- of the next part of the log, where its size is not known otherwise
  seconds_read float8,          -- of the log
  changes_due timestamptz,
  caught_up boolean,            -- have all changes been read?
  rows bigint,
  recordings bigint,            -- whose audio was fetched
  bytes bigint,                 -- of that
  reported_at timestamptz,      -- when that was said
  gone integer,                 -- recordings in a row that RingCentral does not have
  probes text[],                -- recordings to try before all older ones are given up
  finished boolean);

-- Names in a statement: each in its place in the template, with commas between
CREATE FUNCTION call_log_fdw_sync_list(names name[], template text DEFAULT '%1$I', separator text DEFAULT ', ')
RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(format(template, n.name), separator ORDER BY n.position)
  FROM unnest(names) WITH ORDINALITY n (name, position)
$$;

-- A number of things: 1 call, 2 calls
CREATE FUNCTION call_log_fdw_sync_count(n bigint, thing text)
RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('%s %s%s', n, thing, CASE WHEN n <> 1 THEN 's' END)
$$;

-- What happens to the target
CREATE FUNCTION call_log_fdw_sync_say(target regclass, what text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE NOTICE '%: %', target, what;
END $$;

-- The column of a foreign table that holds what is at that path
CREATE FUNCTION call_log_fdw_sync_column(foreign_table regclass, path text)
RETURNS name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT c.column_name FROM @extschema@.call_log_fdw_sync_columns(foreign_table) c WHERE c.path = $2 LIMIT 1
$$;

-- ---- what is to be done ----

-- What is wrong with how the procedure was called
CREATE FUNCTION call_log_fdw_sync_check_call(
  source regclass, target text, since timestamptz, settle interval, recheck interval, may_commit boolean)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  IF source IS NULL OR target IS NULL OR settle IS NULL THEN
    RAISE EXCEPTION 'source, target and settle of call_log_fdw_sync must not be null' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  IF settle < interval '1 minute' OR recheck < interval '0' OR NOT pg_catalog.isfinite(since) THEN
    RAISE EXCEPTION 'since must be finite, settle a minute or more, recheck not negative' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT may_commit THEN
    RAISE EXCEPTION 'call_log_fdw_sync cannot be called inside a transaction block or a function'
      USING ERRCODE = 'active_sql_transaction', DETAIL = 'It commits after each step.', HINT = 'CALL it by itself.';
  END IF;
  PERFORM @extschema@.call_log_fdw_sync_check_source(source);
END $$;

-- Can this be copied?
CREATE FUNCTION call_log_fdw_sync_check_source(source regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  resource text := (@extschema@.call_log_fdw_sync_table(source)).resource;
  start_path text := CASE resource WHEN 'recordings' THEN '^startTime' ELSE 'startTime' END;
  start_time name := @extschema@.call_log_fdw_sync_column(source, start_path);
BEGIN
  IF resource IS NULL THEN
    RAISE EXCEPTION '% is not a foreign table of call_log_fdw', source USING ERRCODE = 'wrong_object_type';
  END IF;
  IF resource NOT IN ('call_log', 'recordings') THEN
    RAISE EXCEPTION 'cannot keep a copy of %, whose resource is %', source, resource
      USING ERRCODE = 'wrong_object_type', HINT = 'It must be call_log, whose column legs has the legs of calls, or recordings.';
  END IF;
  IF @extschema@.call_log_fdw_sync_column(source, 'id') IS NULL OR NOT EXISTS (SELECT FROM pg_attribute a
      WHERE a.attrelid = source AND a.attname = start_time AND a.atttypid = 'timestamptz'::regtype) THEN
    RAISE EXCEPTION '% needs columns for the id and the start time of a call', source
      USING ERRCODE = 'undefined_column', HINT = 'The start time must be timestamp with time zone.';
  END IF;
  IF NOT has_table_privilege(source, 'SELECT') THEN
    RAISE EXCEPTION 'permission denied for foreign table %', source USING ERRCODE = 'insufficient_privilege';
  END IF;
END $$;

-- Make the table, unless it is there
CREATE FUNCTION call_log_fdw_sync_create(source regclass, target text)
RETURNS regclass
LANGUAGE plpgsql
AS $$
DECLARE
  name text := @extschema@.call_log_fdw_sync_list(pg_catalog.parse_ident(target)::name[], '%1$I', '.');
  recordings boolean := (@extschema@.call_log_fdw_sync_table(source)).resource OPERATOR(pg_catalog.=) 'recordings';
  paths text[] := CASE WHEN recordings THEN '{id,^id,^startTime}' ELSE '{id,NULL,startTime}' END;
BEGIN
  IF pg_catalog.to_regclass(target) IS NOT NULL THEN
    RETURN pg_catalog.to_regclass(target);
  END IF;
  EXECUTE pg_catalog.format('CREATE TABLE %s (LIKE %s, PRIMARY KEY (%s))', name, source,
    pg_catalog.concat_ws(', ', pg_catalog.quote_ident(@extschema@.call_log_fdw_sync_column(source, paths[1])),
                         pg_catalog.quote_ident(@extschema@.call_log_fdw_sync_column(source, paths[2]))));
  EXECUTE pg_catalog.format('CREATE INDEX ON %s (%I)', name, @extschema@.call_log_fdw_sync_column(source, paths[3]));
  RAISE NOTICE 'created table %', name;
  RETURN name::regclass;
END $$;

-- The columns of a unique index of the target on the first of the candidates, perhaps others of them, and nothing else; of
-- a partitioned table, which cannot have one, all candidates
CREATE FUNCTION call_log_fdw_sync_find_key(target regclass, candidates name[])
RETURNS name[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN c.relkind = 'p' THEN candidates ELSE (
    SELECT k.columns
    FROM pg_index i
    CROSS JOIN LATERAL (
      SELECT array_agg(a.attname) AS columns, bool_and(coalesce(a.attname = ANY (candidates), false)) AS fits
      FROM generate_series(0, i.indnkeyatts - 1) n
      LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n]) k
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
      AND k.fits AND candidates[1] = ANY (k.columns)
    ORDER BY cardinality(k.columns) LIMIT 1) END
  FROM pg_class c
  WHERE c.oid = target
$$;

-- Columns of the source that the target has as well
CREATE FUNCTION call_log_fdw_sync_common_columns(
  source regclass, target regclass, OUT column_name name, OUT path text, OUT type regtype)
RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT c.column_name, c.path, CASE WHEN s.atttypid = t.atttypid THEN s.atttypid::regtype END
  FROM @extschema@.call_log_fdw_sync_columns(source) c
  JOIN pg_attribute s ON s.attrelid = source AND s.attname = c.column_name
  JOIN pg_attribute t ON t.attrelid = target AND t.attname = c.column_name
  WHERE t.attgenerated = '' AND t.attidentity <> 'a'
  ORDER BY s.attnum
$$;

-- The columns to copy, and what each is for
CREATE FUNCTION call_log_fdw_sync_find_columns(run call_log_fdw_sync_run)
RETURNS call_log_fdw_sync_run
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  start_time text := CASE run.resource WHEN 'recordings' THEN '^startTime' ELSE 'startTime' END;
  call_id name;
BEGIN
  SELECT array_agg(c.column_name) FILTER (WHERE c.path !~ '^[&@]'),
         array_agg(c.column_name) FILTER (WHERE c.path ~ '^[&@]'),
         min(c.column_name::text) FILTER (WHERE c.path = 'id'),
         min(c.column_name::text) FILTER (WHERE c.path = '^id'),
         min(c.column_name::text) FILTER (WHERE c.path = start_time AND c.type = 'timestamptz'::regtype),
         min(c.column_name::text) FILTER (WHERE c.path = 'deleted' AND c.type = 'boolean'::regtype),
         min(c.column_name::text) FILTER (WHERE c.path = '@')
  INTO run.columns, run.audio_columns, run.id_column, call_id, run.time_column, run.deleted_column, run.audio_column
  FROM @extschema@.call_log_fdw_sync_common_columns(run.source, run.target) c;
  IF run.id_column IS NOT NULL THEN
    run.key_columns := @extschema@.call_log_fdw_sync_find_key(run.target, array_remove(ARRAY[run.id_column, call_id], NULL));
  END IF;
  RETURN run;
END $$;

-- Can it be copied into that?
CREATE FUNCTION call_log_fdw_sync_check_target(run call_log_fdw_sync_run)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (SELECT c.relkind NOT IN ('r', 'p') FROM pg_class c WHERE c.oid = run.target) THEN
    RAISE EXCEPTION '% is not a table', run.target USING ERRCODE = 'wrong_object_type';
  END IF;
  IF NOT (SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = run.target) THEN
    RAISE EXCEPTION 'must be owner of table %', run.target USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF run.id_column IS NULL OR run.time_column IS NULL THEN
    RAISE EXCEPTION 'table % lacks the column for the id or for the start time of a call that % has', run.target, run.source
      USING ERRCODE = 'undefined_column', HINT = 'They must have the same names, and the start time the same type.';
  END IF;
  IF run.key_columns IS NULL THEN
    RAISE EXCEPTION 'table % has no unique index on column "%"', run.target, run.id_column
      USING ERRCODE = 'invalid_column_reference',
        HINT = format('ALTER TABLE %s ADD PRIMARY KEY (%I);', run.target, run.id_column);
  END IF;
  IF NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = run.target AND a.attname = run.id_column) THEN
    RAISE NOTICE 'table % has no index on column "%", so each step reads all of it', run.target, run.id_column
      USING HINT = format('CREATE INDEX ON %s (%I);', run.target, run.id_column);
  END IF;
END $$;

-- Does it list the changes of the source?
CREATE FUNCTION call_log_fdw_sync_has_changes(run call_log_fdw_sync_run, changes regclass)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT run.resource = 'call_log' AND run.complete AND s.of_account
    AND c.resource = 'call_log_changes' AND c.account_id = s.account_id
    AND (SELECT count(DISTINCT f.ftserver) = 1 FROM pg_foreign_table f WHERE f.ftrelid IN (run.source, changes))
  FROM @extschema@.call_log_fdw_sync_table(run.source) s, @extschema@.call_log_fdw_sync_table(changes) c
$$;

-- What to select from a table of changes: for each of the columns the one that holds the same, or the value that it always
-- has; then those by which one asks and goes on.  Null where there is none.
CREATE FUNCTION call_log_fdw_sync_match_changes(run call_log_fdw_sync_run, changes regclass)
RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT array_agg(
    CASE WHEN s.path ~ '^=' THEN format('%L::%s', substr(s.path, 2), format_type(a.atttypid, a.atttypmod))
         ELSE quote_ident(@extschema@.call_log_fdw_sync_column(changes, s.path)) END ORDER BY n.position)
    || ARRAY(SELECT quote_ident(@extschema@.call_log_fdw_sync_column(changes, p.path))
             FROM unnest('{%syncInfo.syncToken,lastModifiedTime,?sinceToken,?since}'::text[]) WITH ORDINALITY p (path, position)
             ORDER BY p.position)
  FROM unnest(run.columns) WITH ORDINALITY n (name, position)
  JOIN @extschema@.call_log_fdw_sync_columns(run.source) s ON s.column_name = n.name
  JOIN pg_attribute a ON a.attrelid = run.source AND a.attname = n.name
$$;

-- The table of changes in the source's schema
CREATE FUNCTION call_log_fdw_sync_find_changes(run call_log_fdw_sync_run)
RETURNS regclass
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT c.oid::regclass
  FROM pg_class c
  WHERE c.relkind = 'f' AND c.relnamespace = (SELECT s.relnamespace FROM pg_class s WHERE s.oid = run.source)
    AND @extschema@.call_log_fdw_sync_has_changes(run, c.oid::regclass)
  ORDER BY array_position(@extschema@.call_log_fdw_sync_match_changes(run, c.oid::regclass), NULL) IS NOT NULL,
    c.relname <> 'call_log_changes', c.relname
  LIMIT 1
$$;

-- From what the copy is kept up to date
CREATE FUNCTION call_log_fdw_sync_use_changes(run call_log_fdw_sync_run, changes regclass)
RETURNS call_log_fdw_sync_run
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  missing int;
BEGIN
  IF changes IS NOT NULL AND @extschema@.call_log_fdw_sync_has_changes(run, changes) IS NOT TRUE THEN
    RAISE EXCEPTION '% does not list the changes of %', changes, run.source
      USING ERRCODE = 'wrong_object_type',
        HINT = 'It must be a foreign table of the resource call_log_changes, of the same server and account.';
  END IF;
  run.changes := coalesce(changes, @extschema@.call_log_fdw_sync_find_changes(run));
  IF run.changes IS NULL THEN
    RETURN run;
  END IF;
  run.change_columns := @extschema@.call_log_fdw_sync_match_changes(run, run.changes);
  run.changes_page_size := (@extschema@.call_log_fdw_sync_table(run.changes)).page_size;
  missing := array_position(run.change_columns, NULL);
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION '% lacks column "%"', run.changes,
        (run.columns || '{sync_token,last_modified_time,since_token,since}'::name[])[missing]
      USING ERRCODE = 'undefined_column', HINT = 'Add it, with the same json_path as in the table of calls if it has one there.';
  END IF;
  IF NOT has_table_privilege(run.changes, 'SELECT') THEN
    RAISE EXCEPTION 'permission denied for foreign table %', run.changes USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN run;
END $$;

-- Everything that does not change while the procedure runs
CREATE FUNCTION call_log_fdw_sync_plan(source regclass, target regclass, changes regclass)
RETURNS call_log_fdw_sync_run
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  run @extschema@.call_log_fdw_sync_run;
BEGIN
  run.source := source;
  run.target := target;
  SELECT t.resource, t.page_size, t.newest_first, t.complete INTO run.resource, run.page_size, run.sorted, run.complete
  FROM @extschema@.call_log_fdw_sync_table(source) t;
  run := @extschema@.call_log_fdw_sync_find_columns(run);
  PERFORM @extschema@.call_log_fdw_sync_check_target(run);
  run := @extschema@.call_log_fdw_sync_use_changes(run, changes);
  run.began_at := clock_timestamp();
  run.reported_at := clock_timestamp();
  run.requests_before := @extschema@.call_log_fdw_requests();
  run.width := '1 day';
  run.seconds_read := 0;
  run.rows := 0;
  run.bytes := 0;
  run.recordings := 0;
  run.gone := 0;
  run.caught_up := run.changes IS NULL;
  run.finished := false;
  RETURN run;
END $$;

-- What is to be read, from what was before and what is asked for now
CREATE FUNCTION call_log_fdw_sync_find_missing(run call_log_fdw_sync_run, state call_log_fdw_sync_state)
RETURNS tstzmultirange
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(range_agg(r.part), '{}')
  FROM (SELECT unnest(state.missing)
        UNION ALL
        SELECT tstzrange(least(run.since, state.since), state.since)
        UNION ALL
        SELECT tstzrange(greatest(state.since, state.synced_at - run.settle), NULL)
        WHERE state.synced_at IS NOT NULL AND run.changes IS NULL
        UNION ALL
        SELECT tstzrange(greatest(state.since, state.synced_at - run.recheck), NULL)
        WHERE state.synced_at IS NOT NULL AND run.recheck IS NOT NULL) r (part)
$$;

-- Begin, or go on where the last run ended
CREATE FUNCTION call_log_fdw_sync_begin(run call_log_fdw_sync_run)
RETURNS call_log_fdw_sync_run
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  state @extschema@.call_log_fdw_sync_state;
BEGIN
  DELETE FROM @extschema@.call_log_fdw_sync_state s WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = s.target);
  SELECT * INTO state FROM @extschema@.call_log_fdw_sync_state s WHERE s.target = run.target;
  IF NOT FOUND THEN
    run.since := coalesce(
      run.since, @extschema@.call_log_fdw_sync_clock(run.source) - (@extschema@.call_log_fdw_sync_table(run.source)).history);
    INSERT INTO @extschema@.call_log_fdw_sync_state (target, source, changes, since, missing)
    VALUES (run.target, run.source, run.changes, run.since, tstzmultirange(tstzrange(run.since, NULL)));
    run.changes_due := clock_timestamp() + interval '15 minutes';
    RETURN run;
  END IF;
  IF state.source <> run.source AND EXISTS (SELECT FROM pg_class c WHERE c.oid = state.source) THEN
    RAISE EXCEPTION 'table % is a copy of %', run.target, state.source
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('To make it one of %s: %s', run.source,
        format('DELETE FROM @extschema@.call_log_fdw_sync_state WHERE target = %L::regclass;', run.target));
  END IF;
  UPDATE @extschema@.call_log_fdw_sync_state s
  SET missing = @extschema@.call_log_fdw_sync_find_missing(run, state), since = least(s.since, run.since),
      source = run.source, changes = run.changes, sync_token = CASE WHEN s.changes = run.changes THEN s.sync_token END
  WHERE s.target = run.target
  RETURNING s.since INTO run.since;
  run.changes_due := clock_timestamp();
  RETURN run;
END $$;

-- ---- one at a time ----

-- The key of the advisory lock: pg_locks shows the table of states as classid, the target as objid
CREATE FUNCTION call_log_fdw_sync_lock_key(target regclass)
RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT '@extschema@.call_log_fdw_sync_state'::regclass::oid::bigint << 32 | target::oid::bigint
$$;

-- The process that has the lock
CREATE FUNCTION call_log_fdw_sync_lock_holder(target regclass)
RETURNS integer
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT l.pid FROM pg_locks l
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.classid = '@extschema@.call_log_fdw_sync_state'::regclass AND l.objid = target
    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
$$;

-- Take the lock, which outlives transactions.  A call that was cancelled just while it committed may have left it behind in
-- this session.
CREATE FUNCTION call_log_fdw_sync_lock(target regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF @extschema@.call_log_fdw_sync_lock_holder(target) IS DISTINCT FROM pg_backend_pid() AND
    NOT pg_try_advisory_lock(@extschema@.call_log_fdw_sync_lock_key(target)) THEN
    RAISE EXCEPTION 'table % is being synced by another session', target
      USING ERRCODE = 'lock_not_available',
        DETAIL = format('It is that of process %s.', @extschema@.call_log_fdw_sync_lock_holder(target)),
        HINT = 'Let it finish. It may be interrupted, too: the next call goes on from there.';
  END IF;
END $$;

CREATE FUNCTION call_log_fdw_sync_unlock(target regclass)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pg_advisory_unlock(@extschema@.call_log_fdw_sync_lock_key(target))
$$;

-- ---- rows on their way ----

-- A place for rows, of the target's types, until the end of the transaction.  Their number tells in which order they came.
CREATE FUNCTION call_log_fdw_sync_open_stage(run call_log_fdw_sync_run, columns name[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  EXECUTE pg_catalog.format(
    'CREATE TEMPORARY TABLE call_log_fdw_sync_stage ON COMMIT DROP AS '
    'SELECT %s, NULL::text AS "#token", NULL::timestamptz AS "#time", 0::bigint AS "#number" FROM %s WITH NO DATA',
    @extschema@.call_log_fdw_sync_list(columns), run.target);
END $$;

-- The newest so many of this part of the log; their number.  That they come sorted must not be left to the planner's choice:
-- to sort them here would mean to read the whole part.
CREATE FUNCTION call_log_fdw_sync_stage_list(run call_log_fdw_sync_run, part tstzrange, most bigint)
RETURNS bigint
LANGUAGE plpgsql
SET enable_sort = off
AS $$
DECLARE
  n bigint;
BEGIN
  TRUNCATE pg_temp.call_log_fdw_sync_stage;
  EXECUTE pg_catalog.format(
    'INSERT INTO pg_temp.call_log_fdw_sync_stage (%1$s, "#time", "#number") '
    'SELECT *, pg_catalog.row_number() OVER () FROM (SELECT %1$s, %3$I AS "#time" FROM %2$s '
    'WHERE %3$I OPERATOR(pg_catalog.>=) $1 AND %3$I OPERATOR(pg_catalog.<) $2 %4$s LIMIT %5$s) x',
    @extschema@.call_log_fdw_sync_list(run.columns), run.source, run.time_column,
    CASE WHEN run.sorted THEN pg_catalog.format('ORDER BY %I DESC', run.time_column) END, most)
    USING pg_catalog.lower(part), coalesce(pg_catalog.upper(part), 'infinity');
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;

-- So many changes since the token, or, without one, since the time; their number, null when the token is refused
CREATE FUNCTION call_log_fdw_sync_stage_changes(run call_log_fdw_sync_run, token text, since timestamptz, most bigint)
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  specials text[] := run.change_columns[pg_catalog.cardinality(run.columns) + 1:];
  n bigint;
BEGIN
  TRUNCATE pg_temp.call_log_fdw_sync_stage;
  EXECUTE pg_catalog.format(
    'INSERT INTO pg_temp.call_log_fdw_sync_stage (%1$s, "#token", "#time", "#number") '
    'SELECT *, pg_catalog.row_number() OVER () FROM (SELECT %2$s, %3$s, %4$s FROM %5$s '
    'WHERE %6$s OPERATOR(pg_catalog.=) %7$s LIMIT %8$s) x',
    @extschema@.call_log_fdw_sync_list(run.columns),
    pg_catalog.array_to_string(run.change_columns[:pg_catalog.cardinality(run.columns)], ', '),
    specials[1], specials[2], run.changes, specials[CASE WHEN token IS NULL THEN 4 ELSE 3 END],
    CASE WHEN token IS NULL THEN '$2' ELSE '$1' END, most)
    USING token, since;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
EXCEPTION WHEN SQLSTATE 'HV00B' THEN
  IF token IS NULL THEN
    RAISE;
  END IF;
  RETURN NULL;
END $$;

-- Bring the stage's rows into the target, each as it came last, without touching what is equal to the last bit; how many
-- were not.  The uri names the view that was asked for, so it is no difference.
CREATE FUNCTION call_log_fdw_sync_merge(run call_log_fdw_sync_run, columns name[])
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  condition text := @extschema@.call_log_fdw_sync_list(run.key_columns, 't.%1$I OPERATOR(pg_catalog.=) s.%1$I', ' AND ');
  compared name[] := ARRAY(SELECT c FROM pg_catalog.unnest(columns) c
                           WHERE c OPERATOR(pg_catalog.<>) ALL (pg_catalog.array_append(run.key_columns, 'uri')));
  n bigint;
BEGIN
  EXECUTE pg_catalog.format(
    'DELETE FROM pg_temp.call_log_fdw_sync_stage t USING pg_temp.call_log_fdw_sync_stage s '
    'WHERE %s AND (t."#time", t."#number") OPERATOR(pg_catalog.<) (s."#time", s."#number")', condition);
  EXECUTE pg_catalog.format('ANALYZE pg_temp.call_log_fdw_sync_stage (%s)', @extschema@.call_log_fdw_sync_list(run.key_columns));
  EXECUTE pg_catalog.format(
    'MERGE INTO %s t USING pg_temp.call_log_fdw_sync_stage s ON %s '
    'WHEN MATCHED AND ROW(%s)::record OPERATOR(pg_catalog.*<>) ROW(%s)::record THEN UPDATE SET %s '
    'WHEN NOT MATCHED AND s.%I OPERATOR(pg_catalog.>=) $1 THEN INSERT (%s) VALUES (%s)',
    run.target, condition,
    @extschema@.call_log_fdw_sync_list(compared, 't.%1$I'), @extschema@.call_log_fdw_sync_list(compared, 's.%1$I'),
    @extschema@.call_log_fdw_sync_list(columns, '%1$I = s.%1$I'), run.time_column,
    @extschema@.call_log_fdw_sync_list(columns), @extschema@.call_log_fdw_sync_list(columns, 's.%1$I')) USING run.since;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;

-- Calls of the target that the list, which the stage has complete for this part of the log, does not show.  Those older
-- than any that it shows may only be past the time that RingCentral keeps them.
CREATE FUNCTION call_log_fdw_sync_find_absent(run call_log_fdw_sync_run, part tstzrange)
RETURNS text[]
LANGUAGE plpgsql
AS $$
DECLARE
  ids text[];
BEGIN
  EXECUTE pg_catalog.format(
    'SELECT pg_catalog.array_agg(t.%1$I::text) FROM %2$s t '
    'WHERE t.%3$I OPERATOR(pg_catalog.>=) $1 AND t.%3$I OPERATOR(pg_catalog.<) $2 AND t.%4$I IS NOT TRUE '
    'AND t.%3$I OPERATOR(pg_catalog.>) (SELECT pg_catalog.min(s."#time") FROM pg_temp.call_log_fdw_sync_stage s) '
    'AND NOT EXISTS (SELECT FROM pg_temp.call_log_fdw_sync_stage s WHERE s.%1$I OPERATOR(pg_catalog.=) t.%1$I)',
    run.id_column, run.target, run.time_column, run.deleted_column)
    INTO ids USING pg_catalog.lower(part), coalesce(pg_catalog.upper(part), 'infinity');
  RETURN ids;
END $$;

-- Ask for them by id: those that are still there have moved to another time, the others are marked as deleted
CREATE FUNCTION call_log_fdw_sync_settle_absent(run call_log_fdw_sync_run, ids text[])
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  n bigint;
BEGIN
  TRUNCATE pg_temp.call_log_fdw_sync_stage;
  EXECUTE pg_catalog.format(
    'INSERT INTO pg_temp.call_log_fdw_sync_stage (%1$s) SELECT %1$s FROM %2$s WHERE %3$I OPERATOR(pg_catalog.=) ANY ($1)',
    @extschema@.call_log_fdw_sync_list(run.columns), run.source, run.id_column) USING ids;
  EXECUTE pg_catalog.format(
    'UPDATE %1$s t SET %2$I = true WHERE t.%3$I::text OPERATOR(pg_catalog.=) ANY ($1) '
    'AND NOT EXISTS (SELECT FROM pg_temp.call_log_fdw_sync_stage s WHERE s.%3$I OPERATOR(pg_catalog.=) t.%3$I)',
    run.target, run.deleted_column, run.id_column) USING ids;
  GET DIAGNOSTICS n = ROW_COUNT;
  IF n > 0 THEN
    PERFORM @extschema@.call_log_fdw_sync_say(run.target,
      pg_catalog.concat(@extschema@.call_log_fdw_sync_count(n, 'call'), ' not in the call log any longer, marked as deleted'));
  END IF;
  RETURN n + @extschema@.call_log_fdw_sync_merge(run, run.columns);
END $$;

-- ---- the call log ----

-- The part of what is missing to read next: the newest, or the oldest, and where one cannot take as much as comes, no more than
-- what is expected to fit
CREATE FUNCTION call_log_fdw_sync_next_part(run call_log_fdw_sync_run, missing tstzmultirange)
RETURNS tstzrange
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  parts tstzrange[] := ARRAY(SELECT unnest(missing));
  part tstzrange := parts[CASE WHEN run.newest_first THEN cardinality(parts) ELSE 1 END];
  clock timestamptz := @extschema@.call_log_fdw_sync_clock(run.source);
BEGIN
  IF NOT run.newest_first AND lower(part) + run.width < coalesce(upper(part), clock) THEN
    RETURN tstzrange(lower(part), lower(part) + run.width);
  ELSIF run.newest_first AND NOT run.sorted AND coalesce(upper(part), clock) - run.width > lower(part) THEN
    RETURN tstzrange(coalesce(upper(part), clock) - run.width, upper(part));
  END IF;
  RETURN part;
END $$;

-- How much of the part is in the stage, with n rows when at most so many were asked for.  If there may be more, it is complete
-- down to the second of the oldest; but nothing of it is when they are not sorted.
CREATE FUNCTION call_log_fdw_sync_part_read(run call_log_fdw_sync_run, part tstzrange, n bigint, most bigint)
RETURNS tstzrange
LANGUAGE plpgsql
AS $$
DECLARE
  oldest timestamptz;
BEGIN
  IF n < most THEN
    RETURN part;
  ELSIF NOT run.sorted THEN
    RETURN 'empty';
  END IF;
  EXECUTE 'SELECT pg_catalog.min("#time") FROM pg_temp.call_log_fdw_sync_stage' INTO oldest;
  RETURN part OPERATOR(pg_catalog.*) pg_catalog.tstzrange(pg_catalog.date_trunc('second', oldest) + interval '1 second', NULL);
END $$;

-- How wide the next part should be: where the list is sorted, for ten requests, of which each takes as much as comes; else for
-- one that it must fit into
CREATE FUNCTION call_log_fdw_sync_next_width(run call_log_fdw_sync_run, part tstzrange, n bigint, most bigint)
RETURNS interval
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT least(run.width * 2, interval '1 year',
    (coalesce(upper(part), clock_timestamp()) - lower(part)) *
    (most * CASE WHEN run.sorted THEN 10 ELSE 0.7 END / nullif(n, 0))::float8)
$$;

-- Fill the stage with the next part of the log, in one request unless more calls began in a second than a page holds; says how
-- much of the log that is.  With several pages, a call could be lost between them while another one is rewritten.
CREATE FUNCTION call_log_fdw_sync_read_part(
  INOUT run call_log_fdw_sync_run, missing tstzmultirange, OUT done tstzrange, OUT n bigint)
LANGUAGE plpgsql
AS $$
DECLARE
  most bigint := run.page_size - run.page_size / 500;  -- one or two more may come, of the second after the part
  part tstzrange;
BEGIN
  LOOP
    part := @extschema@.call_log_fdw_sync_next_part(run, missing);
    n := @extschema@.call_log_fdw_sync_stage_list(run, part, most);
    done := @extschema@.call_log_fdw_sync_part_read(run, part, n, most);
    EXIT WHEN NOT pg_catalog.isempty(done);
    IF run.sorted OR run.width <= interval '1 second' THEN
      most := most * 2;
    ELSE
      run.width := run.width / 4;
    END IF;
  END LOOP;
  run.width := @extschema@.call_log_fdw_sync_next_width(run, done, n, most);
END $$;

-- When the whole log will have been read, if the rest of it is like what was read so far; null when that is so
CREATE FUNCTION call_log_fdw_sync_time_left(run call_log_fdw_sync_run, missing tstzmultirange)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  clock timestamptz := @extschema@.call_log_fdw_sync_clock(run.source);
  seconds float8 := (SELECT sum(extract(epoch FROM coalesce(upper(p), clock) - lower(p))) FROM unnest(missing) p);
  minutes float8 := ceil(seconds / nullif(run.seconds_read, 0) * extract(epoch FROM clock_timestamp() - run.began_at) / 60);
BEGIN
  RETURN CASE WHEN minutes <= 1 THEN 'less than a minute left'
              WHEN minutes > 1 THEN format('about %s minutes left', minutes) END;
END $$;

-- Note what was read, and say it
CREATE FUNCTION call_log_fdw_sync_note_part(
  run call_log_fdw_sync_run, done tstzrange, n bigint, changed bigint, sent bigint, clock timestamptz)
RETURNS call_log_fdw_sync_run
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  state @extschema@.call_log_fdw_sync_state;
BEGIN
  UPDATE @extschema@.call_log_fdw_sync_state s
  SET missing = s.missing - tstzmultirange(done), rows = s.rows + changed, requests = s.requests + sent,
      updated_at = clock_timestamp(),
      synced_at = CASE WHEN s.synced_at IS NULL OR (run.changes IS NULL AND upper_inf(done)) THEN clock ELSE s.synced_at END
  WHERE s.target = run.target
  RETURNING * INTO STRICT state;
  run.rows := run.rows + changed;
  run.seconds_read := run.seconds_read + extract(epoch FROM coalesce(upper(done), clock) - lower(done));
  PERFORM @extschema@.call_log_fdw_sync_say(run.target, concat_ws(', ',
    format('%s from %s to %s', @extschema@.call_log_fdw_sync_count(n, 'row'), date_trunc('second', lower(done)),
           coalesce(date_trunc('second', upper(done))::text, 'now')),
    @extschema@.call_log_fdw_sync_count(sent, 'request'), @extschema@.call_log_fdw_sync_time_left(run, state.missing)));
  RETURN run;
END $$;

-- Copy the next part of the log
CREATE FUNCTION call_log_fdw_sync_copy_part(run call_log_fdw_sync_run, state call_log_fdw_sync_state)
RETURNS call_log_fdw_sync_run
LANGUAGE plpgsql
AS $$
DECLARE
  began timestamptz := pg_catalog.clock_timestamp();
  sent bigint := @extschema@.call_log_fdw_requests();
  part record;
  clock timestamptz;
  changed bigint;
  absent text[];
BEGIN
  PERFORM @extschema@.call_log_fdw_sync_open_stage(run, run.columns);
  SELECT * INTO part FROM @extschema@.call_log_fdw_sync_read_part(run, state.missing);
  run := part.run;
  clock := @extschema@.call_log_fdw_sync_clock(run.source) - (pg_catalog.clock_timestamp() - began);
  changed := @extschema@.call_log_fdw_sync_merge(run, run.columns);
  IF run.complete AND run.deleted_column IS NOT NULL THEN
    absent := @extschema@.call_log_fdw_sync_find_absent(run, part.done);
  END IF;
  IF absent IS NOT NULL THEN
    changed := changed + @extschema@.call_log_fdw_sync_settle_absent(run, absent);
  END IF;
  sent := @extschema@.call_log_fdw_requests() - sent;
  RETURN @extschema@.call_log_fdw_sync_note_part(run, part.done, part.n, changed, sent, clock);
END $$;

-- ---- changes ----

-- Fill the stage with changes, some pages at once; where to go on, and whether that is the present.  When as many came as were
-- asked for, the last page may be cut short, so it is left for the next time.
CREATE FUNCTION call_log_fdw_sync_read_changes(run call_log_fdw_sync_run, state call_log_fdw_sync_state,
  OUT n bigint, OUT token text, OUT complete boolean)
LANGUAGE plpgsql
AS $$
DECLARE
  start text := state.sync_token;
  pages bigint := 10;
BEGIN
  IF run.max_requests IS NOT NULL THEN
    pages := greatest(least(pages, run.max_requests - @extschema@.call_log_fdw_requests() + run.requests_before), 2);
  END IF;
  LOOP
    n := @extschema@.call_log_fdw_sync_stage_changes(run, start, state.synced_at - run.settle, pages * run.changes_page_size);
    IF n IS NULL THEN
      start := NULL;
      PERFORM @extschema@.call_log_fdw_sync_say(run.target, pg_catalog.format(
        'RingCentral does not know the token any longer, reading all changes since %s',
        pg_catalog.date_trunc('second', state.synced_at - run.settle)));
      CONTINUE;
    END IF;
    complete := n < pages * run.changes_page_size;
    IF NOT complete THEN
      EXECUTE 'DELETE FROM pg_temp.call_log_fdw_sync_stage WHERE "#token" OPERATOR(pg_catalog.=) '
        '(SELECT s."#token" FROM pg_temp.call_log_fdw_sync_stage s ORDER BY s."#number" DESC LIMIT 1)';
    END IF;
    EXECUTE 'SELECT "#token" FROM pg_temp.call_log_fdw_sync_stage ORDER BY "#number" DESC LIMIT 1' INTO token;
    EXIT WHEN complete OR token IS NOT NULL;
    pages := pages * 2;
  END LOOP;
  token := coalesce(token, start);
END $$;

-- Copy changes
CREATE FUNCTION call_log_fdw_sync_copy_changes(run call_log_fdw_sync_run, state call_log_fdw_sync_state)
RETURNS call_log_fdw_sync_run
LANGUAGE plpgsql
AS $$
DECLARE
  began timestamptz := pg_catalog.clock_timestamp();
  sent bigint := @extschema@.call_log_fdw_requests();
  part record;
  clock timestamptz;
  changed bigint;
BEGIN
  PERFORM @extschema@.call_log_fdw_sync_open_stage(run, run.columns);
  SELECT * INTO part FROM @extschema@.call_log_fdw_sync_read_changes(run, state);
  clock := @extschema@.call_log_fdw_sync_clock(run.source) - (pg_catalog.clock_timestamp() - began);
  changed := @extschema@.call_log_fdw_sync_merge(run, run.columns);
  sent := @extschema@.call_log_fdw_requests() - sent;
  UPDATE @extschema@.call_log_fdw_sync_state s
  SET sync_token = part.token, synced_at = CASE WHEN part.complete THEN clock ELSE s.synced_at END,
      rows = s.rows + changed, requests = s.requests + sent, updated_at = pg_catalog.clock_timestamp()
  WHERE s.target OPERATOR(pg_catalog.=) run.target;
  PERFORM @extschema@.call_log_fdw_sync_say(run.target, pg_catalog.concat_ws(', ',
    @extschema@.call_log_fdw_sync_count(part.n, 'change'), @extschema@.call_log_fdw_sync_count(sent, 'request')));
  run.rows := run.rows + changed;
  IF part.complete THEN
    run.caught_up := true;
    run.changes_due := pg_catalog.clock_timestamp() + interval '15 minutes';
  END IF;
  RETURN run;
END $$;

-- ---- audio ----

-- The recording to ask for next, null when there is none: the newest that was not asked for yet; after many in a row that
-- RingCentral does not have, one of each age, to see whether it has any that are older
CREATE FUNCTION call_log_fdw_sync_next_recording(INOUT run call_log_fdw_sync_run, OUT id text)
LANGUAGE plpgsql
AS $$
BEGIN
  IF run.gone = 20 AND run.probes IS NULL THEN
    EXECUTE pg_catalog.format(
      'SELECT pg_catalog.array_agg(x.id) FROM (SELECT DISTINCT ON (y.age) y.id FROM ('
      'SELECT %1$I::text AS id, pg_catalog.row_number() OVER (ORDER BY %2$I) AS n, '
      'pg_catalog.ntile(20) OVER (ORDER BY %2$I) AS age '
      'FROM %3$s WHERE %4$I IS NULL) y ORDER BY y.age, y.n DESC) x',
      run.id_column, run.time_column, run.target, run.audio_column) INTO run.probes;
  END IF;
  IF run.probes IS NOT NULL THEN
    id := run.probes[1];
    run.probes := run.probes[2:];
    RETURN;
  END IF;
  EXECUTE pg_catalog.format('SELECT %1$I::text FROM %2$s WHERE %3$I IS NULL ORDER BY %4$I DESC LIMIT 1',
    run.id_column, run.target, run.audio_column, run.time_column) INTO id;
END $$;

-- RingCentral does not have it, or none of those that were not asked for yet: an empty value says so
CREATE FUNCTION call_log_fdw_sync_give_up(run call_log_fdw_sync_run, id text)
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  n bigint;
BEGIN
  EXECUTE pg_catalog.format(
    'UPDATE %1$s SET %2$I = '''' WHERE %2$I IS NULL AND ($1 IS NULL OR %3$I::text OPERATOR(pg_catalog.=) $1)',
    run.target, run.audio_column, run.id_column) USING id;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;

-- Fetch one recording; its size in bytes, null when RingCentral does not have it
CREATE FUNCTION call_log_fdw_sync_fetch_recording(run call_log_fdw_sync_run, id text)
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  columns name[] := pg_catalog.array_prepend(run.id_column, run.audio_columns);
  bytes bigint;
BEGIN
  PERFORM @extschema@.call_log_fdw_sync_open_stage(run, columns);
  EXECUTE pg_catalog.format(
    'INSERT INTO pg_temp.call_log_fdw_sync_stage (%1$s) SELECT %1$s FROM %2$s WHERE %3$I OPERATOR(pg_catalog.=) $1',
    @extschema@.call_log_fdw_sync_list(columns), run.source, run.id_column) USING id;
  EXECUTE pg_catalog.format(
    'UPDATE %1$s t SET %2$s FROM pg_temp.call_log_fdw_sync_stage s WHERE t.%3$I OPERATOR(pg_catalog.=) s.%3$I',
    run.target, @extschema@.call_log_fdw_sync_list(run.audio_columns, '%1$I = s.%1$I'), run.id_column);
  EXECUTE pg_catalog.format(
    'SELECT pg_catalog.octet_length(s.%I) FROM pg_temp.call_log_fdw_sync_stage s', run.audio_column) INTO bytes;
  RETURN bytes;
END $$;

-- Take down what became of a recording that was asked for, null if there was none left to ask for
CREATE FUNCTION call_log_fdw_sync_note_recording(run call_log_fdw_sync_run, id text, bytes bigint)
RETURNS call_log_fdw_sync_run
LANGUAGE plpgsql
AS $$
DECLARE
  n bigint;
BEGIN
  IF bytes IS NOT NULL THEN
    run.recordings := run.recordings + 1;
    run.bytes := run.bytes + bytes;
    run.gone := 0;
    run.probes := NULL;
  ELSIF id IS NOT NULL THEN
    PERFORM @extschema@.call_log_fdw_sync_give_up(run, id);
    run.gone := run.gone + 1;
  ELSIF run.probes IS NOT NULL THEN
    n := @extschema@.call_log_fdw_sync_give_up(run, NULL);
    PERFORM @extschema@.call_log_fdw_sync_say(run.target, pg_catalog.format(
      'giving up %s, since RingCentral does not have any that old', @extschema@.call_log_fdw_sync_count(n, 'recording')));
    run.probes := NULL;
  ELSE
    run.finished := true;
  END IF;
  RETURN run;
END $$;

-- How much of that there was; null where there is to be none
CREATE FUNCTION call_log_fdw_sync_describe_audio(run call_log_fdw_sync_run)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('audio of %s, %s', @extschema@.call_log_fdw_sync_count(run.recordings, 'recording'), pg_size_pretty(run.bytes))
  WHERE run.audio_column IS NOT NULL
$$;

-- Copy the audio of a recording
CREATE FUNCTION call_log_fdw_sync_copy_recording(run call_log_fdw_sync_run)
RETURNS call_log_fdw_sync_run
LANGUAGE plpgsql
AS $$
DECLARE
  sent bigint := @extschema@.call_log_fdw_requests();
  next record;
  bytes bigint;
BEGIN
  SELECT * INTO next FROM @extschema@.call_log_fdw_sync_next_recording(run);
  IF next.id IS NOT NULL THEN
    bytes := @extschema@.call_log_fdw_sync_fetch_recording(run, next.id);
  END IF;
  run := @extschema@.call_log_fdw_sync_note_recording(next.run, next.id, bytes);
  sent := @extschema@.call_log_fdw_requests() - sent;
  UPDATE @extschema@.call_log_fdw_sync_state s SET requests = s.requests + sent, updated_at = pg_catalog.clock_timestamp()
  WHERE s.target OPERATOR(pg_catalog.=) run.target;
  IF run.reported_at < pg_catalog.clock_timestamp() - interval '1 minute' THEN
    PERFORM @extschema@.call_log_fdw_sync_say(run.target, @extschema@.call_log_fdw_sync_describe_audio(run));
    run.reported_at := pg_catalog.clock_timestamp();
  END IF;
  RETURN run;
END $$;

-- ---- all of it ----

-- What is due
CREATE FUNCTION call_log_fdw_sync_next_step(run call_log_fdw_sync_run, missing tstzmultirange)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN run.changes IS NOT NULL AND
      (isempty(missing) AND NOT run.caught_up OR run.changes_due <= clock_timestamp()) THEN 'changes'
    WHEN NOT isempty(missing) THEN 'part'
    WHEN run.audio_column IS NOT NULL AND NOT run.finished THEN 'recording'
  END
$$;

-- Why to stop before everything is done, null if there is no reason
CREATE FUNCTION call_log_fdw_sync_find_limit(run call_log_fdw_sync_run, step text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN run.requests_before + run.max_requests <
         @extschema@.call_log_fdw_requests() + CASE step WHEN 'recording' THEN 2 ELSE 1 END THEN 'max_requests'
    WHEN step = 'recording' AND run.bytes >= run.max_bytes THEN 'max_bytes'
  END
$$;

-- Do what is due next, as much of it as is to be committed at once
CREATE FUNCTION call_log_fdw_sync_do_step(run call_log_fdw_sync_run)
RETURNS call_log_fdw_sync_run
LANGUAGE plpgsql
AS $$
DECLARE
  state @extschema@.call_log_fdw_sync_state;
  step text;
  reached text;
BEGIN
  PERFORM pg_catalog.set_config('call_log_fdw.leave_requests', pg_catalog.format('%s', run.leave_requests), true);
  IF run.changes_due IS NULL THEN
    run := @extschema@.call_log_fdw_sync_begin(run);
  END IF;
  SELECT * INTO STRICT state FROM @extschema@.call_log_fdw_sync_state s WHERE s.target OPERATOR(pg_catalog.=) run.target;
  step := @extschema@.call_log_fdw_sync_next_step(run, state.missing);
  reached := @extschema@.call_log_fdw_sync_find_limit(run, step);
  IF reached IS NOT NULL THEN
    PERFORM @extschema@.call_log_fdw_sync_say(run.target,
      pg_catalog.format('stopping at %s, the next call goes on from here', reached));
    run.finished := true;
  ELSIF step OPERATOR(pg_catalog.=) 'changes' THEN
    run := @extschema@.call_log_fdw_sync_copy_changes(run, state);
  ELSIF step OPERATOR(pg_catalog.=) 'part' THEN
    run := @extschema@.call_log_fdw_sync_copy_part(run, state);
  ELSIF step OPERATOR(pg_catalog.=) 'recording' THEN
    run := @extschema@.call_log_fdw_sync_copy_recording(run);
  ELSE
    run.finished := true;
  END IF;
  SET CONSTRAINTS ALL IMMEDIATE;  -- so that the COMMIT cannot fail, where no handler is
  RETURN run;
END $$;

-- What came of it
CREATE FUNCTION call_log_fdw_sync_report(run call_log_fdw_sync_run)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT @extschema@.call_log_fdw_sync_say(run.target, concat_ws(', ',
    @extschema@.call_log_fdw_sync_count(run.rows, 'row') || ' new or changed',
    @extschema@.call_log_fdw_sync_describe_audio(run),
    @extschema@.call_log_fdw_sync_count(@extschema@.call_log_fdw_requests() - run.requests_before, 'request') || ' in all'))
$$;

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
  leave_requests integer DEFAULT 1)
LANGUAGE plpgsql
AS $$
DECLARE
  run @extschema@.call_log_fdw_sync_run;
BEGIN
  PERFORM @extschema@.call_log_fdw_sync_check_call(source, target, since, settle, recheck,
    @extschema@.call_log_fdw_sync_may_commit());
  run := @extschema@.call_log_fdw_sync_plan(source, @extschema@.call_log_fdw_sync_create(source, target), changes);
  run.newest_first := newest_first;
  run.settle := settle;
  run.max_requests := max_requests;
  run.max_bytes := max_bytes;
  run.leave_requests := leave_requests;
  run.since := since;
  run.recheck := recheck;
  PERFORM @extschema@.call_log_fdw_sync_lock(run.target);
  COMMIT;
  LOOP
    -- A block with EXCEPTION cannot COMMIT, so the lock could only be left behind between two of them
    BEGIN
      run := @extschema@.call_log_fdw_sync_do_step(run);
    EXCEPTION WHEN OTHERS OR query_canceled THEN
      PERFORM @extschema@.call_log_fdw_sync_unlock(run.target);
      RAISE;
    END;
    COMMIT;
    EXIT WHEN run.finished;
  END LOOP;
  PERFORM @extschema@.call_log_fdw_sync_unlock(run.target);
  PERFORM @extschema@.call_log_fdw_sync_report(run);
END $$;

COMMENT ON PROCEDURE call_log_fdw_sync(regclass, text, regclass, timestamptz, boolean, interval, interval, bigint, bigint, integer) IS
  'make and keep a local copy of a foreign table of calls or recordings';

/* ----------
 * Comments: IMPORT FOREIGN SCHEMA may create tables and nothing else.
 * ----------
 */

-- What a column shows, from its JSON path
CREATE FUNCTION call_log_fdw_describe(path text)
RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE left(path, 1)
    WHEN '$' THEN 'the whole record, as received'
    WHEN '#' THEN 'number of the row in its call, from 1'
    WHEN '@' THEN 'the audio; takes a request for each row'
    WHEN '&' THEN 'field ' || substr(path, 2) || ' of the recording; takes a request for each row'
    WHEN '^' THEN 'field ' || substr(path, 2) || ' of the call'
    WHEN '%' THEN 'field ' || substr(path, 2) || ' of the answer'
    WHEN '?' THEN 'what the query asks for: ' || substr(path, 2)
    WHEN '=' THEN 'the same in every row'
    ELSE 'field ' || path END
$$;

CREATE FUNCTION call_log_fdw_comment(schema regnamespace)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c record;
  n bigint := 0;
BEGIN
  FOR c IN
    SELECT t.oid::regclass AS foreign_table, f.column_name, f.path
    FROM pg_class t CROSS JOIN LATERAL @extschema@.call_log_fdw_sync_columns(t.oid::regclass) f
    WHERE t.relnamespace = schema AND t.relkind = 'f' AND pg_has_role(t.relowner, 'USAGE')
  LOOP
    EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', c.foreign_table, c.column_name, @extschema@.call_log_fdw_describe(c.path));
    n := n + 1;
  END LOOP;
  RETURN n;
END $$;

COMMENT ON FUNCTION call_log_fdw_comment(regnamespace) IS
  'say in a comment on each column of one''s own foreign tables of a schema which field of the API it is; returns how many';
