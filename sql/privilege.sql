-- Which user mapping is used, and privileges.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set VERBOSITY terse
\set day 'start_time >= ''2026-03-30'' AND start_time < ''2026-03-31'''
SELECT count(*) AS n FROM truth.calls WHERE :day \gset
\set complete 'SELECT count(*) = :n AS complete FROM'
CREATE ROLE regress_call_log_reader;
GRANT USAGE ON SCHEMA calls TO regress_call_log_reader;
GRANT SELECT ON calls.call_log TO regress_call_log_reader;
CREATE VIEW calls.view AS SELECT * FROM calls.call_log;
CREATE VIEW calls.invoker_view WITH (security_invoker) AS SELECT * FROM calls.call_log;
CREATE FUNCTION calls.count_of_owner() RETURNS bigint LANGUAGE sql SECURITY DEFINER
  AS $$ SELECT count(*) FROM calls.call_log WHERE start_time >= '2026-03-30' AND start_time < '2026-03-31' $$;
CREATE TABLE calls.parent (LIKE calls.call_log) PARTITION BY RANGE (start_time);
CREATE FOREIGN TABLE calls.child PARTITION OF calls.parent FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') SERVER ringcentral OPTIONS (resource 'call_log');
CREATE VIEW calls.parent_view AS SELECT * FROM calls.parent;
CREATE MATERIALIZED VIEW calls.snapshot AS SELECT * FROM calls.call_log WHERE :day;
GRANT SELECT ON calls.view, calls.invoker_view, calls.parent, calls.parent_view, calls.snapshot TO regress_call_log_reader;

-- A reader without a user mapping can use only that of the owner of a view or function
SET ROLE regress_call_log_reader;
:complete calls.call_log WHERE :day;
:complete calls.invoker_view WHERE :day;
:complete calls.parent WHERE :day;
:complete calls.view WHERE :day;
:complete calls.parent_view WHERE :day;
:complete calls.snapshot;
SELECT calls.count_of_owner() = :n AS complete;
-- both in one query, with different mappings
SELECT count(*) FROM (SELECT id FROM calls.view WHERE :day) v JOIN (SELECT id FROM calls.call_log WHERE :day) c USING (id);
-- a role that may read a table does not need USAGE on the server
SELECT * FROM call_log_fdw_check('ringcentral');
CREATE FOREIGN TABLE pg_temp.own (id text) SERVER ringcentral OPTIONS (resource 'call_log');
CREATE USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (access_token 'simulator-access-token');
RESET ROLE;

-- The user mapping of PUBLIC is used by roles without their own; its options are not visible
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (access_token 'simulator-access-token');
SET ROLE regress_call_log_reader;
:complete calls.call_log WHERE :day;
:complete calls.invoker_view WHERE :day;
:complete calls.parent WHERE :day;
SELECT count(*) > 0 AS mappings, count(umoptions) AS options FROM pg_user_mappings;
SELECT count(*) FROM pg_user_mapping;
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER ringcentral TO regress_call_log_reader;
SET ROLE regress_call_log_reader;
SELECT step, ok, found FROM call_log_fdw_check('ringcentral') WHERE step = 'login';
SELECT count(umoptions) AS options FROM pg_user_mappings;
RESET ROLE;
DROP USER MAPPING FOR PUBLIC SERVER ringcentral;

-- Mappings with files require pg_read_server_files
SET ROLE regress_call_log_reader;
\set VERBOSITY default
CREATE USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (client_id 'a', client_secret 'b', jwt_file '/c');
\set VERBOSITY terse
RESET ROLE;
CREATE USER MAPPING FOR regress_call_log_reader SERVER ringcentral OPTIONS (client_id 'a', client_secret 'b', jwt_file '/c');
SET ROLE regress_call_log_reader;
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (SET jwt_file '/d');
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (SET client_id 'd');
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (DROP jwt_file, ADD jwt 'd');
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (DROP client_secret, ADD client_secret_file '/d');
RESET ROLE;
GRANT pg_read_server_files TO regress_call_log_reader;
SET ROLE regress_call_log_reader;
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (DROP client_secret, ADD client_secret_file '/d');
DROP USER MAPPING FOR CURRENT_USER SERVER ringcentral;
RESET ROLE;
REVOKE pg_read_server_files FROM regress_call_log_reader;

-- With USAGE a role may create its own
SET ROLE regress_call_log_reader;
CREATE USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (access_token 'not-a-good-token');
SELECT count(*) FROM calls.call_log WHERE :day;
:complete calls.view WHERE :day;
ALTER USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (SET access_token 'simulator-access-token');
:complete calls.call_log WHERE :day;
RESET ROLE;

-- Comments on one's own tables only
CREATE SCHEMA regress_call_log_schema AUTHORIZATION regress_call_log_reader;
CREATE FOREIGN TABLE regress_call_log_schema.other (id text) SERVER ringcentral OPTIONS (resource 'call_log');
SET ROLE regress_call_log_reader;
CREATE FOREIGN TABLE regress_call_log_schema.own (id text, since text OPTIONS (json_path 'startTime')) SERVER ringcentral OPTIONS (resource 'call_log');
SELECT call_log_fdw_comment('regress_call_log_schema');
RESET ROLE;
SELECT objoid::regclass, objsubid, description FROM pg_description
  WHERE objoid IN ('regress_call_log_schema.own'::regclass, 'regress_call_log_schema.other'::regclass) ORDER BY objsubid;

SET client_min_messages = warning;
DROP SCHEMA regress_call_log_schema CASCADE;
DROP MATERIALIZED VIEW calls.snapshot;
DROP FUNCTION calls.count_of_owner;
DROP VIEW calls.view, calls.invoker_view, calls.parent_view;
DROP TABLE calls.parent;
DROP OWNED BY regress_call_log_reader;
DROP ROLE regress_call_log_reader;
RESET client_min_messages;
