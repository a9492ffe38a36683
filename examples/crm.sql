-- Calls and contacts: all calls from or to a number, in any format, and
-- figures for each contact, as for a CRM.
--
--   psql -X -v number='(415) 555-0100' -f examples/crm.sql
--   psql -X -v source=archive -v contacts=crm.contact -v days=365 -f examples/crm.sql
--
-- source        the table to read: the call log itself, or a copy of it (archive.sql)
-- days          number of days to read
-- contacts      a table with the columns name and phone_number; default:
--               names that occur in the calls, as an example
-- number        list the calls of this number; default: that of the most frequent caller
-- search        the foreign table call_log_search, if in another schema
-- extensions    people and call queues (extension_names.sql)
-- country_code  of numbers without one
--
-- The API can search for a number, see the last query, but may find only
-- records with certain formats of it. So read a time range
-- once, normalize all numbers, and search locally.

\if :{?source}       \else \set source 'calls.call_log' \endif
\if :{?days}         \else \set days 90                 \endif
\if :{?country_code} \else \set country_code 1          \endif
\set ON_ERROR_STOP on
\set QUIET on
\ir phone_digits.sql
\ir extension_names.sql

-- Copy once (one request per 1000 calls), then query the copy. A
-- call between two numbers has a row for each of them; the column theirs marks the
-- external one.
SELECT 'DROP TABLE pg_temp.number_call' WHERE to_regclass('pg_temp.number_call') IS NOT NULL \gexec
CREATE TEMPORARY TABLE number_call AS
WITH call AS MATERIALIZED (
  SELECT id, start_time, duration, direction, type, result, recording_id, extension_id,
         from_phone_number, from_name, to_phone_number, to_name
  FROM :source
  WHERE start_time >= CURRENT_DATE - :days AND deleted IS NOT TRUE
)
SELECT digits, side, (side = 'from') = (direction = 'Inbound') AS theirs, number, name,
       id, start_time, duration, type, result, recording_id, extension_id
FROM call,
LATERAL (VALUES ('from', from_phone_number, from_name), ('to', to_phone_number, to_name)) AS party (side, number, name),
LATERAL pg_temp.phone_digits(number, :'country_code') AS digits
WHERE digits IS NOT NULL;
CREATE INDEX ON number_call (digits, start_time);
ANALYZE number_call;

\if :{?contacts}
\else
SELECT 'DROP TABLE pg_temp.contact' WHERE to_regclass('pg_temp.contact') IS NOT NULL \gexec
CREATE TEMPORARY TABLE contact AS
SELECT 'Customer ' || row_number() OVER (ORDER BY count(*) DESC, digits) AS name, '+' || digits AS phone_number
FROM number_call
WHERE theirs
GROUP BY digits
ORDER BY count(*) DESC, digits
LIMIT 10;
\set contacts contact
\endif

\if :{?number}
\else
SELECT '+' || digits AS number FROM number_call WHERE theirs GROUP BY digits ORDER BY count(*) DESC, digits LIMIT 1 \gset
\endif

\echo
\echo '== The last calls from or to' :number
SELECT start_time, side, number AS written_as, left(n.name, 20) AS name, e.name AS with, n.type, result, duration, recording_id
FROM number_call n
LEFT JOIN extension_name e ON e.id = extension_id
WHERE digits = pg_temp.phone_digits(:'number', :'country_code')
ORDER BY start_time DESC, n.id
LIMIT 20;

\echo
\echo '== Contacts: how often, how long, when last'
SELECT c.name, c.phone_number,
       count(*) FILTER (WHERE side = 'from') AS from_them,
       count(*) FILTER (WHERE side = 'to') AS to_them,
       count(*) FILTER (WHERE side = 'from' AND result IN ('Missed', 'Voicemail', 'Abandoned')) AS missed,
       coalesce(sum(duration), 0) AS seconds,
       max(start_time)::date AS last_call,
       CURRENT_DATE - max(start_time)::date AS days_ago
FROM :contacts c
LEFT JOIN number_call n ON theirs AND n.digits = pg_temp.phone_digits(c.phone_number, :'country_code')
GROUP BY c.name, c.phone_number
ORDER BY last_call NULLS FIRST, c.name, c.phone_number;

\echo
\echo '== Who calls us again and again and is no contact'
SELECT digits AS number, left(mode() WITHIN GROUP (ORDER BY name), 30) AS name,
       count(*) AS calls, max(start_time) AS last_call
FROM number_call n
WHERE theirs AND side = 'from'
  AND NOT EXISTS (SELECT FROM :contacts c WHERE pg_temp.phone_digits(c.phone_number, :'country_code') = n.digits)
GROUP BY digits
HAVING count(*) > 2
ORDER BY calls DESC, digits
LIMIT 10;

\if :{?search}
\else
\set search 'calls.call_log_search'
\endif
SELECT to_regclass(:'search') IS NOT NULL AS can_search \gset
\if :can_search
-- One request for any time range. RingCentral may not find calls
-- whose record contains the number in another format, or masked.
\echo
\echo '== What RingCentral itself finds for' :number
SELECT start_time, direction, type, result, duration, from_phone_number, to_phone_number
FROM :search
WHERE search_phone_number = '+' || pg_temp.phone_digits(:'number', :'country_code')
  AND start_time >= CURRENT_DATE - :days
ORDER BY start_time DESC
LIMIT 20;
\endif
