-- IMPORT FOREIGN SCHEMA
\d calls.call_log
\d calls.call_log_legs
\d calls.recordings
SELECT foreign_table_schema, foreign_table_name, option_name, option_value
  FROM information_schema.foreign_table_options
  WHERE foreign_table_schema IN ('calls', 'mine')
  ORDER BY 1, 2, 3;

-- Tables that exist at both levels have the same columns
SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'calls' AND table_name NOT IN ('call_log_changes', 'recordings')
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
