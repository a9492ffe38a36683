-- call_log_search: calls found by the API for a phone number or an extension number.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
\set ctl '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py"'
\set log '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E "s/(date(From|To)=20(26|23)-03-31T12:)[0-9:]{5}/\\\\1..:../g; s/phoneNumber=[0-9]+/phoneNumber=N/"'
:ctl reset
SELECT from_phone_number AS number FROM truth.calls WHERE from_phone_number ~ '^\+1[0-9]{10}$' AND direction = 'Inbound' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1 \gset
SELECT ltrim(:'number', '+') AS digits \gset
SELECT from_extension_number AS extension FROM truth.calls WHERE from_extension_number IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1 \gset
CREATE VIEW truth.found AS SELECT c.*, n.number FROM truth.calls c CROSS JOIN LATERAL (SELECT DISTINCT ltrim(p, '+') AS number FROM unnest(ARRAY[from_phone_number, to_phone_number]) p WHERE p ~ '^\+?[0-9]+$') n;
:ctl clear

SELECT count(*) > 0 AS some FROM calls.call_log WHERE start_time >= '2026-03-31';

-- The columns return the number as given; a time range narrows the search
:ctl clear
SELECT * FROM explain(format('SELECT id FROM calls.call_log_search WHERE search_phone_number = %L AND start_time >= ''2026-03-01''', '+15551230000'));
SELECT count(*) > 5 AS some, bool_and(search_phone_number = :'number') AS shown, bool_and(search_extension_number IS NULL) AS other,
  bool_and(id IN (SELECT id FROM truth.found WHERE number = :'digits')) AS found,
  count(*) = (SELECT count(*) FROM truth.found WHERE number = :'digits' AND start_time >= '2025-10-01') AS all
  FROM calls.call_log_search WHERE search_phone_number = :'number' AND start_time >= '2025-10-01';
:log
SELECT count(*) = (SELECT count(*) FROM truth.found WHERE number = :'digits' AND start_time >= '2025-10-01' AND direction = 'Inbound' AND type = 'Voice' AND duration > 60) AS equal
  FROM calls.call_log_search WHERE :'digits' = search_phone_number AND start_time >= '2025-10-01' AND direction = 'Inbound' AND type = 'Voice' AND duration > 60;
:log
SELECT count(*) > 0 AS some, bool_and(search_extension_number = :'extension') AS shown FROM calls.call_log_search WHERE search_extension_number = :'extension' AND start_time >= '2026-03-01';
:log
SELECT count(*) > 0 AS some, min(search_phone_number) = :'number' AS shown, bool_and(id IN (SELECT id FROM truth.mine)) AS own FROM mine.call_log_search
  WHERE search_phone_number = :'number' AND transport IN ('PSTN', 'VoIP');
:log

-- Session ids are checked by PostgreSQL, since the API rejects them together with a number
SELECT session_id AS session, start_time AS start FROM truth.found WHERE number = :'digits' ORDER BY start_time DESC, id LIMIT 1 \gset
SELECT count(*) = (SELECT count(*) FROM truth.found WHERE number = :'digits' AND session_id = :'session' AND start_time >= '2025-10-01') AS equal
  FROM calls.call_log_search WHERE search_phone_number = :'number' AND session_id = :'session' AND start_time >= '2025-10-01';
:log

-- The newest call is a request for one record
SELECT start_time = :'start' AS equal FROM calls.call_log_search WHERE search_phone_number = :'number' ORDER BY start_time DESC LIMIT 1;
:log

-- Several numbers: from a table, in a subquery, in a prepared statement
CREATE TABLE contact AS SELECT number, 'No. ' || row_number() OVER (ORDER BY count(*) DESC, number) AS name FROM truth.found WHERE start_time >= '2026-01-01' AND length(number) = 11 GROUP BY number ORDER BY count(*) DESC, number LIMIT 5;
ANALYZE contact;
SELECT * FROM explain('SELECT k.name, count(*) FROM contact k JOIN calls.call_log_search c ON c.search_phone_number = k.number WHERE c.start_time >= ''2026-01-01'' GROUP BY 1') line WHERE line ~ 'Scan|Loop|Join|Request';
SELECT k.name, count(*) FROM contact k JOIN calls.call_log_search c ON c.search_phone_number = k.number WHERE c.start_time >= '2026-01-01' GROUP BY 1
  EXCEPT ALL SELECT k.name, count(*) FROM contact k JOIN truth.found USING (number) WHERE start_time >= '2026-01-01' GROUP BY 1;
:log
SELECT k.name, l.id IS NOT DISTINCT FROM (SELECT id FROM truth.found f WHERE f.number = k.number ORDER BY start_time DESC, id LIMIT 1) AS latest FROM contact k
  LEFT JOIN LATERAL (SELECT * FROM calls.call_log_search c WHERE c.search_phone_number = k.number AND start_time >= '2026-01-01' ORDER BY start_time DESC, id LIMIT 1) l ON true ORDER BY 1;
SELECT count(DISTINCT name) FROM contact k LEFT JOIN calls.call_log_search c ON c.search_phone_number = '+' || k.number AND c.start_time >= '2026-03-31';
:ctl clear
PREPARE search(text) AS SELECT count(*) > 0 AS some FROM calls.call_log_search WHERE search_phone_number = $1 AND start_time >= '2026-01-01';
SET plan_cache_mode = force_generic_plan;
EXECUTE search(:'number');
RESET plan_cache_mode;

-- A number as people write it; the column shows it as it is written
SELECT count(*) > 5 AS some, count(DISTINCT search_phone_number) AS one, min(search_phone_number) = format('+1 (%s) %s-%s', substr(:'digits', 2, 3), substr(:'digits', 5, 3), substr(:'digits', 8)) AS shown FROM calls.call_log_search
  WHERE search_phone_number = format('+1 (%s) %s-%s', substr(:'digits', 2, 3), substr(:'digits', 5, 3), substr(:'digits', 8)) AND start_time >= '2025-10-01';
:log

-- An invalid number finds nothing, and nothing is sent
:ctl clear
SELECT count(*) FROM calls.call_log_search WHERE search_phone_number = 'unknown';
SELECT count(*) FROM calls.call_log_search WHERE search_phone_number = '+';
SELECT count(*) FROM calls.call_log_search WHERE search_phone_number = '() -';
SELECT count(*) FROM calls.call_log_search WHERE search_phone_number = '1+5';
SELECT count(*) FROM calls.call_log_search WHERE search_extension_number = '1-0-1';
SELECT count(*) FROM calls.call_log_search WHERE search_phone_number = '1234567890123456';
SELECT count(*) FROM calls.call_log_search WHERE search_phone_number = NULL::text;
SELECT count(*) FROM calls.call_log_search WHERE search_phone_number = :'number' AND search_phone_number = :'digits';
:log

-- Required and invalid conditions
SELECT count(*) FROM calls.call_log_search;
SELECT count(*) FROM calls.call_log_search WHERE search_phone_number IN ('1', '2');
SELECT count(*) FROM calls.call_log_search WHERE search_phone_number LIKE '%1';
SELECT count(*) FROM calls.call_log_search WHERE search_phone_number = '1' OR search_phone_number = '2';
SELECT count(*) FROM calls.call_log_search WHERE search_phone_number = from_phone_number;
SELECT count(*) FROM calls.call_log_search WHERE search_phone_number = '1' AND search_extension_number = '2';
SET enable_nestloop = off;
SELECT count(*) > 0 AS some FROM contact k JOIN calls.call_log_search c ON c.search_phone_number = k.number WHERE c.start_time >= '2026-01-01';
RESET enable_nestloop;
SELECT * FROM explain('SELECT * FROM calls.call_log_search');
CREATE FOREIGN TABLE x (search_phone_number text) SERVER ringcentral OPTIONS (resource 'call_log_search', extension_number '101');
ANALYZE calls.call_log_search;
DROP TABLE contact;
DROP VIEW truth.found;
:ctl clear
