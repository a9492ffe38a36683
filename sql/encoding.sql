-- A database with another encoding: requests are UTF-8, responses are converted.
\getenv url CALL_LOG_SIMULATOR
SELECT current_database() AS regression \gset
CREATE DATABASE regress_call_log_latin1 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
\c regress_call_log_latin1
CREATE EXTENSION call_log_fdw;
CREATE SERVER ringcentral FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url :'url');
CREATE USER MAPPING FOR CURRENT_USER SERVER ringcentral OPTIONS (access_token 'simulator-access-token');
IMPORT FOREIGN SCHEMA account FROM SERVER ringcentral INTO public;
SET client_encoding = 'UTF8';
SET timezone = 'UTC';
\! printf '%s' '{"id": "cafe", "sessionId": "1", "startTime": "2026-02-03T03:33:33.123Z", "from": {"name": "café"}, "to": {"name": "ca\u0066\u00e9"}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT from_name, to_name, attrs FROM call_log WHERE start_time = '2026-02-03 03:33:33.123';
SELECT octet_length(from_name) FROM call_log WHERE start_time = '2026-02-03 03:33:33.123' AND from_name = 'café';
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear
SELECT count(*) FROM call_log WHERE telephony_session_id = 'é' AND start_time > '2026-02-03' AND start_time < '2026-02-04';
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" records --clear
\! printf '%s' '{"id": "tokyo", "sessionId": "2", "startTime": "2026-02-03T03:33:33.123Z", "from": {"name": "東京", "phoneNumber": "1"}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT id, from_phone_number FROM call_log WHERE start_time = '2026-02-03 03:33:33.123';
SELECT from_name FROM call_log WHERE start_time = '2026-02-03 03:33:33.123';
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" records --clear
\c :regression
DROP DATABASE regress_call_log_latin1;
