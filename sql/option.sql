-- Options are validated when they are set.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set VERBOSITY default

-- Unknown options are rejected, with a hint
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (pagesize '10');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (jwt 'x');
CREATE FOREIGN TABLE t (id text) SERVER ringcentral OPTIONS (resorce 'call_log');
CREATE FOREIGN TABLE t (id text OPTIONS (path 'id')) SERVER ringcentral OPTIONS (resource 'call_log');
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (client 'x');
ALTER FOREIGN DATA WRAPPER call_log_fdw OPTIONS (ADD base_url 'https://example.com');

-- base_url
\set VERBOSITY terse
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'ftp://example.com');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'http://example.com');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'http://127.0.0.1.example.com');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'https://user:secret@example.com');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'https://example.com/path');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'https://example.com?x=y');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'https://example.com:0');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'https://example.com:99999');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'https://');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'https://:443');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'https://..');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'https://[:::]');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'https://[::1');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'http://[::ffff:127.0.0.1]');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (media_url 'file:///etc/passwd');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (media_url 'https://media.example@example.com');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url E'https://example.com\r\nX: y');
CREATE SERVER s1 FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'https://platform.ringcentral.biz/');
CREATE SERVER s2 FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'http://[::1]:8080');
CREATE SERVER s3 FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'http://localhost:8080');
CREATE SERVER s4 FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url 'https://[2001:db8::1]:443/');
DROP SERVER s1, s2, s3, s4;

-- Numbers, durations, sizes
\set VERBOSITY default
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (page_size '0');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (connect_timeout '10');
\set VERBOSITY terse
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (page_size '1001');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (page_size 'all');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (connect_timeout '-1s');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (connect_timeout '1e3');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (connect_timeout '0x10');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (connect_timeout '');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (request_timeout '10 parsecs');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (max_response_size '1B');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (max_response_size '2GB');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (history 'long');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (history '-1 day');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (history '0');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (history '1000 years');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (fdw_startup_cost 'NaN');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (fdw_tuple_cost '-1');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (account_id 'me');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (sslrootcert 'ca.pem');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (
  connect_timeout '500ms', request_timeout '2min', max_response_size '8MB', page_size '500', history '90 days',
  account_id '400131', fdw_startup_cost '100', fdw_tuple_cost '0.5', sslrootcert '/etc/ssl/cert.pem');
DROP SERVER s;

-- Only superusers may set file names
CREATE ROLE regress_call_log_user;
GRANT USAGE ON FOREIGN DATA WRAPPER call_log_fdw TO regress_call_log_user;
SET ROLE regress_call_log_user;
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (sslrootcert '/etc/ssl/cert.pem');
CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw;
ALTER SERVER s OPTIONS (ADD sslrootcert '/etc/ssl/cert.pem');
DROP SERVER s;
RESET ROLE;
REVOKE USAGE ON FOREIGN DATA WRAPPER call_log_fdw FROM regress_call_log_user;

-- User mappings: complete credentials of one kind; values are never shown
\set VERBOSITY default
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral;
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (client_id 'a', jwt 'secret');
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (client_id 'a', access_token 'secret');
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (access_token E'secret\r\nX-Header: 1');
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (access_token '');
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (client_id 'a', client_secret_file 'secret', jwt 'd');
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (client_id 'a', client_secret_file '', jwt 'd');
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (client_id 'a', client_secret 'b', client_secret_file '/c', jwt 'd');
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (client_id 'a', client_secret 'b', jwt 'c', jwt_file '/d');
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (client_id 'a', client_secret_file '/b');
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (access_token 'a', jwt_file '/b');
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (client_id 'a', client_secret_file '/b', jwt_file '/c');
ALTER USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (DROP jwt_file, ADD jwt 'secret');
DROP USER MAPPING FOR PUBLIC SERVER ringcentral;
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (client_id 'a:b', client_secret 'c', jwt 'd');
CREATE USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (access_token 'secret');
ALTER USER MAPPING FOR PUBLIC SERVER ringcentral OPTIONS (ADD jwt 'secret');
DROP USER MAPPING FOR PUBLIC SERVER ringcentral;

-- Tables
CREATE FOREIGN TABLE t (id text) SERVER ringcentral;
CREATE FOREIGN TABLE t (id text) SERVER ringcentral OPTIONS (resource 'faxes');
CREATE FOREIGN TABLE t (id text) SERVER ringcentral OPTIONS (resource 'call_log', extension_id 'me');
CREATE FOREIGN TABLE t (id text) SERVER ringcentral OPTIONS (resource 'call_log', extension_number '+1');
CREATE FOREIGN TABLE t (id text) SERVER ringcentral OPTIONS (resource 'call_log', show_blocked 'false');
CREATE FOREIGN TABLE t (id text) SERVER ringcentral OPTIONS (resource 'call_log', show_deleted 'perhaps');
CREATE FOREIGN TABLE t (id text OPTIONS (json_path 'from..name')) SERVER ringcentral OPTIONS (resource 'call_log');
\set VERBOSITY terse
CREATE FOREIGN TABLE t (id text OPTIONS (json_path '$.from')) SERVER ringcentral OPTIONS (resource 'call_log');
CREATE FOREIGN TABLE t (id text OPTIONS (json_path 'legs[0].legType')) SERVER ringcentral OPTIONS (resource 'call_log');
CREATE FOREIGN TABLE t (id text OPTIONS (json_path '^')) SERVER ringcentral OPTIONS (resource 'call_log');
CREATE FOREIGN TABLE t (id text OPTIONS (json_path '')) SERVER ringcentral OPTIONS (resource 'call_log');
\set VERBOSITY default
CREATE FOREIGN TABLE t (id text, caller text, number text OPTIONS (json_path 'from.phoneNumber'))
  SERVER ringcentral OPTIONS (resource 'call_log', extension_id '~', show_blocked 'false', show_deleted 'true', page_size '100');
EXPLAIN (COSTS OFF) SELECT caller FROM t;
SELECT regexp_replace(line, '[0-9-]+T[0-9:]+Z', '...', 'g') FROM explain('SELECT id, number FROM t') line;
DROP FOREIGN TABLE t;
-- Constant values
CREATE FOREIGN TABLE t (account text OPTIONS (value 'east'), n int OPTIONS (value '7'), since date OPTIONS (value ''), id text, start_time timestamptz)
  SERVER ringcentral OPTIONS (resource 'call_log');
SELECT account, n, count(*) > 0 AS rows FROM t WHERE account = 'east' AND n = 7 AND start_time > '2026-03-31' GROUP BY account, n;
SELECT count(*) FROM t WHERE account = 'west' AND start_time > '2026-03-31';
SELECT since FROM t LIMIT 1;
-- the next test logs in again
SELECT call_log_fdw_disconnect();
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear
ALTER FOREIGN TABLE t ALTER id OPTIONS (ADD value 'x', ADD json_path 'id');
DROP FOREIGN TABLE t;
DROP ROLE regress_call_log_user;
