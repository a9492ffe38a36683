-- IMPORT FOREIGN SCHEMA
\d calls.call_log
\d calls.call_log_legs
\d calls.recordings
SELECT foreign_table_schema, foreign_table_name, option_name, option_value
  FROM information_schema.foreign_table_options
  WHERE foreign_table_schema IN ('calls', 'mine')
  ORDER BY 1, 2, 3;

-- Tables that exist at both levels have the same columns
SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'calls' AND table_name NOT IN ('call_log_changes', 'extensions')
EXCEPT
SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'mine';

CREATE SCHEMA "other Calls";
IMPORT FOREIGN SCHEMA company FROM SERVER ringcentral INTO "other Calls";
IMPORT FOREIGN SCHEMA account LIMIT TO (nothing) FROM SERVER ringcentral INTO "other Calls";
IMPORT FOREIGN SCHEMA account EXCEPT (call_log, active_calls) FROM SERVER ringcentral INTO "other Calls";
SELECT table_name FROM information_schema.tables WHERE table_schema = 'other Calls' ORDER BY 1;
IMPORT FOREIGN SCHEMA account LIMIT TO (call_log) FROM SERVER ringcentral INTO "other Calls";
SELECT table_name FROM information_schema.tables WHERE table_schema = 'other Calls' ORDER BY 1;
IMPORT FOREIGN SCHEMA account FROM SERVER ringcentral INTO "other Calls";
IMPORT FOREIGN SCHEMA account FROM SERVER ringcentral INTO "other Calls" OPTIONS (import_default 'true');
DROP SCHEMA "other Calls" CASCADE;

-- IMPORT sends nothing
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear

-- Comments on the columns of all tables of this extension, and of no others
CREATE SCHEMA commented;
IMPORT FOREIGN SCHEMA account FROM SERVER ringcentral INTO commented;
CREATE FOREIGN TABLE commented.own (account text OPTIONS (value 'east'), caller text OPTIONS (json_path 'from.name')) SERVER ringcentral OPTIONS (resource 'call_log');
CREATE TABLE commented.local (id text);
SELECT call_log_fdw_comment('commented') = (SELECT count(*) FROM information_schema.columns WHERE table_schema = 'commented' AND table_name <> 'local') AS all;
SELECT attrelid::regclass, attname, col_description(attrelid, attnum) FROM pg_attribute
  WHERE attrelid::regclass::text LIKE 'commented.%' AND attname IN ('account', 'caller', 'from_phone_number', 'attrs', 'leg_number', 'call_id', 'duration', 'content', 'since', 'sync_token')
  ORDER BY 1, attnum;
SET client_min_messages = warning;
DROP SCHEMA commented CASCADE;
RESET client_min_messages;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear
