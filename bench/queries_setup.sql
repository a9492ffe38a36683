-- Tables of bench/queries.sql: foreign tables, their copies, and some local ones.
\getenv url CALL_LOG_SIMULATOR
\getenv media CALL_LOG_SIMULATOR_MEDIA
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS call_log_fdw;
CREATE SERVER ringcentral FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url :'url', media_url :'media');
CREATE USER MAPPING FOR CURRENT_USER SERVER ringcentral
  OPTIONS (client_id 'simulator-client', client_secret 'simulator-secret', jwt 'simulator.jwt.assertion');

CREATE SCHEMA calls;
CREATE SCHEMA my_calls;
IMPORT FOREIGN SCHEMA account FROM SERVER ringcentral INTO calls;
IMPORT FOREIGN SCHEMA extension FROM SERVER ringcentral INTO my_calls;

CREATE SCHEMA truth;
CREATE SCHEMA my_truth;
CREATE TABLE truth.call_log (LIKE calls.call_log);
CREATE TABLE truth.call_log_legs (LIKE calls.call_log_legs);
CREATE TABLE truth.active_calls (LIKE calls.active_calls);
CREATE TABLE truth.recordings (LIKE calls.recordings);
CREATE TABLE truth.extensions (LIKE calls.extensions);
CREATE TABLE my_truth.call_log (LIKE my_calls.call_log);
CREATE TABLE my_truth.messages (LIKE my_calls.messages);
\copy truth.call_log FROM PROGRAM 'python3 simulator/ctl.py truth' CSV HEADER
\copy truth.call_log_legs FROM PROGRAM 'python3 simulator/ctl.py truth --resource call_log_legs' CSV HEADER
\copy truth.active_calls FROM PROGRAM 'python3 simulator/ctl.py truth --resource active_calls' CSV HEADER
\copy truth.recordings FROM PROGRAM 'python3 simulator/ctl.py truth --resource recordings' CSV HEADER
\copy truth.extensions FROM PROGRAM 'python3 simulator/ctl.py truth --resource extensions' CSV HEADER
\copy my_truth.call_log FROM PROGRAM 'python3 simulator/ctl.py truth --level extension' CSV HEADER
\copy my_truth.messages FROM PROGRAM 'python3 simulator/ctl.py truth --level extension --resource messages' CSV HEADER

CREATE TABLE tickets AS SELECT id, session_id, 'ticket ' || id AS note FROM truth.call_log ORDER BY md5(id) LIMIT 120;
CREATE TABLE few AS SELECT * FROM tickets ORDER BY id LIMIT 3;
CREATE TABLE new_tickets AS TABLE few;
CREATE TABLE cyclic AS
  SELECT i * 100 + n - 100 AS n, id FROM generate_series(1, 20) i,
    (SELECT row_number() OVER (ORDER BY id) AS n, id FROM tickets ORDER BY id LIMIT 100) t ORDER BY 1;
CREATE TABLE one AS SELECT id, session_id FROM few LIMIT 1;
CREATE TABLE customers AS
  SELECT DISTINCT ON (from_phone_number) from_phone_number AS phone_number, 'customer ' || id AS name
  FROM truth.call_log WHERE from_phone_number LIKE '+1%' ORDER BY from_phone_number, id LIMIT 40;
CREATE TABLE archive AS SELECT id, start_time, direction FROM truth.call_log WHERE start_time < now() - interval '1 day';
CREATE TABLE audio (id text PRIMARY KEY, call_id text, content bytea);

-- All calls: those older than a month are a copy, the others a foreign table
CREATE TABLE live_part AS SELECT date_trunc('day', now() - interval '30 days') AS begins;
CREATE TABLE calls_of_all_time (id text, start_time timestamptz, direction text) PARTITION BY RANGE (start_time);
SELECT begins FROM live_part \gset
CREATE TABLE old_part PARTITION OF calls_of_all_time FOR VALUES FROM (MINVALUE) TO (:'begins');
CREATE FOREIGN TABLE new_part PARTITION OF calls_of_all_time FOR VALUES FROM (:'begins') TO (MAXVALUE)
  SERVER ringcentral OPTIONS (resource 'call_log');
INSERT INTO old_part SELECT id, start_time, direction FROM truth.call_log WHERE start_time < :'begins';
CREATE VIEW truth.calls_of_all_time AS SELECT id, start_time, direction FROM truth.call_log;

VACUUM ANALYZE tickets, cyclic, few, one, customers, archive, audio, live_part, old_part;
