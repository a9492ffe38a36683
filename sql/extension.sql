-- extensions: the company directory, people and queues by the ids in calls.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
\getenv url CALL_LOG_SIMULATOR
\set ctl '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py"'
\set log '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E "s/(dateTo=2026-03-31T12:)[0-9:]{5}/\\\\1..:../"'
:ctl reset
\d calls.extensions
CREATE TABLE truth.extensions (LIKE calls.extensions);
\copy truth.extensions FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --resource extensions' WITH (FORMAT csv, HEADER)
SELECT count(*) > 40 AS people, count(*) FILTER (WHERE type = 'Department') AS queues, bool_or(name IS NULL) AS nameless FROM truth.extensions;
-- A session with a token from before the reset logs in again here
SELECT count(*) > 0 AS some FROM calls.extensions;
:ctl clear

-- Column by column, in one request
SELECT * FROM explain('SELECT id, name FROM calls.extensions');
SELECT count(*) AS differences FROM (SELECT * FROM calls.extensions EXCEPT ALL SELECT * FROM truth.extensions) x;
:log
SELECT count(*) AS differences FROM (SELECT * FROM truth.extensions EXCEPT ALL SELECT * FROM calls.extensions) x;
SELECT count(*) - count(DISTINCT id) AS twice FROM calls.extensions;
:ctl clear

-- Calls with names: one request of the group Heavy, one of the group Medium
CREATE VIEW missed AS SELECT e.name, count(*) FILTER (WHERE c.result = 'Missed') AS missed FROM calls.call_log c JOIN calls.extensions e ON e.id = c.extension_id WHERE c.start_time >= '2026-03-31' GROUP BY 1;
SELECT * FROM explain('SELECT * FROM missed') line WHERE line ~ 'Scan|Request';
SELECT * FROM missed EXCEPT ALL
  SELECT e.name, count(*) FILTER (WHERE c.result = 'Missed') FROM truth.calls c JOIN truth.extensions e ON e.id = c.extension_id WHERE c.start_time >= '2026-03-31' GROUP BY 1;
:log
SELECT count(*) > 5 AS people FROM missed;
SELECT DISTINCT throttling_group FROM call_log_fdw_rate_limits WHERE base_url = :'url' AND throttling_group IN ('heavy', 'medium') ORDER BY 1;
:ctl clear

-- Cached within a statement, requested again by the next
SELECT count(*) = (SELECT count(*) FROM truth.extensions e JOIN truth.extensions b ON b.department = e.department) AS equal
  FROM truth.extensions e CROSS JOIN LATERAL (SELECT FROM calls.extensions b WHERE b.department = e.department OFFSET 0) x;
SET enable_material = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT count(*) = (SELECT count(*) FROM truth.extensions) AS equal FROM truth.extensions t JOIN calls.extensions e ON e.id + 0 = t.id + 0;
:log
RESET enable_material;
RESET enable_hashjoin;
RESET enable_mergejoin;

-- All scans of a statement share the answers, but not those of several users
SELECT count(*) = (SELECT count(*) FROM truth.extensions a JOIN truth.extensions b USING (site_id)) AS equal FROM calls.extensions a JOIN calls.extensions b USING (site_id);
SELECT count(*) = (SELECT 3 * count(*) FROM truth.extensions) AS equal FROM (TABLE calls.extensions UNION ALL TABLE calls.extensions UNION ALL (SELECT * FROM calls.extensions ORDER BY id)) x;
:log
CREATE ROLE extension_reader;
GRANT USAGE ON SCHEMA calls TO extension_reader;
GRANT SELECT ON calls.extensions TO extension_reader;
CREATE USER MAPPING FOR extension_reader SERVER ringcentral OPTIONS (access_token 'simulator-access-token');
CREATE VIEW of_reader AS TABLE calls.extensions;
ALTER VIEW of_reader OWNER TO extension_reader;
SELECT count(*) = (SELECT 2 * count(*) FROM truth.extensions) AS equal FROM (TABLE calls.extensions UNION ALL TABLE of_reader) x;
:log
DROP VIEW of_reader;
DROP USER MAPPING FOR extension_reader SERVER ringcentral;
DROP OWNED BY extension_reader;
DROP ROLE extension_reader;

-- The cache ends with its statement: an open cursor, an error, little memory
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT a.id FROM calls.extensions a JOIN calls.extensions b USING (id);
MOVE 3 IN c;
SAVEPOINT s;
SELECT 1 / (a.id - (SELECT max(id) FROM calls.extensions)) FROM calls.extensions a;
ROLLBACK TO s;
MOVE 3 IN c;
COMMIT;
MOVE ALL IN c;
CLOSE c;
SET work_mem = '64kB';
SELECT count(*) = (SELECT count(*) FROM truth.extensions) AS equal FROM calls.extensions a JOIN calls.extensions b USING (id);
RESET work_mem;
:log

-- Filters of the API, unless they could lose rows
\set equal '(SELECT array_agg(id ORDER BY id) FROM calls.extensions WHERE :c) IS NOT DISTINCT FROM (SELECT array_agg(id ORDER BY id) FROM truth.extensions WHERE :c) AS equal, (SELECT count(*) > 0 FROM truth.extensions WHERE :c) AS found'
\set c 'type = ''Department'''
SELECT :equal;
\set c 'type = ''User'''
SELECT :equal;
\set c 'type IN (''IvrMenu'', ''Hologram'')'
SELECT :equal;
\set c 'type IN (''IvrMenu'', ''ParkLocation'')'
SELECT :equal;
\set c 'type IN (''IvrMenu'', ''Hologram'') AND type IN (''IvrMenu'', ''User'')'
SELECT :equal;
\set c 'type = ''IvrMenu'' AND type = ''User'''
SELECT :equal;
\set c 'site_id = ''731900251008'''
SELECT :equal;
\set c 'site_id = ''Łódź'' OR name IS NULL'
SELECT :equal;
\set c 'site_id = ''Main site'''
SELECT :equal;
\set c 'id = 731900211008'
SELECT :equal;
\set c 'extension_number = ''101'''
SELECT :equal;
:log

-- Pages, if the API does not return all records at once, or not the number of pages
:ctl reset people=150 directory_all=off directory_page=40
TRUNCATE truth.extensions;
\copy truth.extensions FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --resource extensions' WITH (FORMAT csv, HEADER)
:ctl clear
SELECT count(*) = (SELECT count(*) FROM truth.extensions) AS equal, count(DISTINCT id) = count(*) AS once FROM calls.extensions;
:log
:ctl reset
ALTER FOREIGN TABLE calls.extensions OPTIONS (ADD page_size '30');
SELECT count(DISTINCT id) = count(*) AS once FROM calls.extensions;
:log
SELECT count(*) FROM (SELECT FROM calls.extensions LIMIT 7) x;
:log
SELECT count(*) > 30 AS several_pages FROM calls.extensions WHERE type IN (SELECT type FROM calls.extensions WHERE extension_number = '101');
:log
ALTER FOREIGN TABLE calls.extensions OPTIONS (DROP page_size);
\! printf '%s' '{"paging":{"perPage":1},"records":[{"id":"1","name":"one"}]}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault raw --match page=1
\! printf '%s' '{"paging":{"perPage":1},"records":[{"id":"2","firstName":"","lastName":"Tw\u00f6","department":null},{"id":3,"lastName":7}]}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault raw --match page=2
\! printf '%s' '{"paging":{"perPage":1},"records":[]}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault raw --match page=3
SELECT id, name, department FROM calls.extensions;
:log

-- A list with fewer entries than the API counts is read again, once
\! printf '%s' '{"paging":{"perPage":1000,"totalPages":1,"totalElements":3},"records":[{"id":"1"},{"id":"2"}]}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault raw --match entries
\! printf '%s' '{"paging":{"perPage":1000,"totalPages":1,"totalElements":3},"records":[{"id":"1"},{"id":"3"},{"id":"2"}]}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault raw --match entries
SELECT array_agg(id) FROM calls.extensions;
\! printf '%s' '{"paging":{"perPage":1000,"totalPages":1,"totalElements":3},"records":[{"id":"1"},{"id":"2"}]}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" fault raw --match entries --times 2
SELECT array_agg(id) FROM calls.extensions;
:ctl clear

-- Columns with multiple values
CREATE FOREIGN TABLE own (who text OPTIONS (json_path 'firstName+lastName|name'), where_ text OPTIONS (json_path 'site.name|department'), n bigint OPTIONS (json_path 'id')) SERVER ringcentral OPTIONS (resource 'extensions');
SELECT count(*) FROM own JOIN truth.extensions t ON t.id = n
  WHERE (who, where_) IS DISTINCT FROM (coalesce(nullif(concat_ws(' ', nullif(first_name, ''), nullif(last_name, '')), ''), name), coalesce(site_name, department));
ALTER FOREIGN TABLE own ADD COLUMN bad text OPTIONS (json_path 'name|');
ALTER FOREIGN TABLE own ADD COLUMN bad text OPTIONS (json_path '+name');
ALTER FOREIGN TABLE own ADD COLUMN bad text OPTIONS (json_path 'name|site.+id');
DROP FOREIGN TABLE own;

-- Options and errors
CREATE FOREIGN TABLE mine.extensions (id bigint) SERVER ringcentral OPTIONS (resource 'extensions', extension_id '~');
CREATE FOREIGN TABLE x (id bigint) SERVER ringcentral OPTIONS (resource 'extensions', show_deleted 'true');
CREATE FOREIGN TABLE x (id bigint) SERVER ringcentral OPTIONS (resource 'extensions', extension_number '101');
CREATE FOREIGN TABLE x (id bigint) SERVER ringcentral OPTIONS (resource 'extensions', history '1 day');
CREATE FOREIGN TABLE x (id bigint) SERVER ringcentral OPTIONS (resource 'extensions', newest_first 'true');
CREATE FOREIGN TABLE x (id bigint) SERVER ringcentral OPTIONS (resource 'extensions', account_id '5');
SELECT refused('SELECT * FROM x');
DROP FOREIGN TABLE x;
:ctl set scope=ReadCallLog
SELECT call_log_fdw_disconnect() AS logged_out;
SELECT refused('SELECT count(*) FROM calls.extensions');
:ctl reset
SELECT call_log_fdw_disconnect() AS logged_out;
:ctl fault status status=403 code=ADG-101 message=no --match directory
SELECT refused('SELECT count(*) FROM calls.extensions');
ANALYZE calls.extensions;
DROP VIEW missed;
:ctl clear
