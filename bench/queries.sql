-- Queries that people run, each with the fewest requests that can answer it.
--
-- A query begins after an empty line, with its name. The next line has the
-- minimum, an SQL expression that may look at the truth, and why no client can
-- do with less, whatever it knows of the query and of local tables. A page has
-- 1000 records, a request by id 50; what a request must be repeated for (by
-- session, for details, for audio) counts as often.
--
-- The schemas calls and my_calls are the API's; bench/queries.py runs each
-- query on their copies, too, and compares the rows. In brackets after the name:
-- "any rows" compares how many there are, "no copy" nothing; "documented" ones
-- stand in README.md or docs/, word by word; "not met" ones send more than the
-- minimum, as is known, and are no error. Local tables are in
-- queries_setup.sql.

-- Who missed calls this week [documented]
-- minimum 2: about 210 calls are one page, the directory is another request
SELECT e.name, count(*) AS missed
FROM calls.call_log c JOIN calls.extensions e ON e.id = c.extension_id
WHERE c.start_time >= CURRENT_DATE - 7 AND c.direction = 'Inbound' AND c.result = 'Missed'
GROUP BY e.name ORDER BY missed DESC;

-- Missed calls of each day of a week [documented]
-- minimum 1: about 210 calls are one page
SELECT start_time::date AS day, count(*) AS missed
FROM calls.call_log
WHERE start_time >= CURRENT_DATE - 7 AND direction = 'Inbound' AND result = 'Missed'
GROUP BY day ORDER BY day;

-- The last hour [documented]
-- minimum 1: a few calls
SELECT * FROM calls.call_log WHERE start_time > now() - interval '1 hour';

-- The audio of a day, as far as it is not here [no copy]
-- minimum 1 + (SELECT count(DISTINCT id) FROM truth.recordings WHERE call_start_time >= now() - interval '1 day'): the list, then each recording
INSERT INTO audio (id, call_id, content)                     -- run it again, and it goes on
SELECT id, call_id, content FROM calls.recordings r
WHERE call_start_time >= now() - interval '1 day' AND id <> ALL (ARRAY(SELECT id FROM audio))
ON CONFLICT (id) DO NOTHING;

-- What has changed since yesterday [documented, no copy]
-- minimum 1: less than 250, as many as come at once
SELECT DISTINCT ON (id) * FROM calls.call_log_changes
WHERE since = CURRENT_DATE - 1 ORDER BY id, last_modified_time DESC;

-- Calls in progress [documented]
-- minimum 1: about 50
SELECT start_time, direction, from_phone_number, to_phone_number
FROM calls.active_calls WHERE result = 'In Progress';

-- A copy for an afternoon [documented, no copy]
-- minimum 1: about 800 calls
CREATE TEMPORARY TABLE call AS
SELECT * FROM calls.call_log
WHERE start_time >= CURRENT_DATE - 28 AND type = 'Voice';

-- Any ten calls [any rows]
-- minimum 1: ten records of one page
SELECT id, start_time, direction, result FROM calls.call_log LIMIT 10;

-- The newest twenty
-- minimum 1: the list begins with them
SELECT start_time, direction, from_name, to_name, duration, result
FROM calls.call_log ORDER BY start_time DESC LIMIT 20;

-- The third page of a web application
-- minimum 1: the 75 newest are on one page
SELECT id, start_time, direction, duration FROM calls.call_log
ORDER BY start_time DESC, id OFFSET 50 LIMIT 25;

-- The newest ten, and those of the same moment as the last of them
-- minimum 1: they are on the first page
SELECT id, start_time FROM calls.call_log ORDER BY start_time DESC FETCH FIRST 10 ROWS WITH TIES;

-- More of the newest than a page holds
-- minimum 2: 1500 records
SELECT id, start_time FROM calls.call_log ORDER BY start_time DESC LIMIT 1500;

-- When was the last call?
-- minimum 1: the first of the list
SELECT max(start_time) FROM calls.call_log;

-- When was the last fax?
-- minimum 1: the first of a list of faxes
SELECT max(start_time) FROM calls.call_log WHERE type = 'Fax';

-- The last five missed calls
-- minimum 1: about one of ten is, so they are on the first page
SELECT start_time, from_phone_number, to_name FROM calls.call_log
WHERE direction = 'Inbound' AND result = 'Missed' ORDER BY start_time DESC LIMIT 5;

-- Was any call of this week blocked?
-- minimum 1: a week is one page
SELECT EXISTS (SELECT FROM calls.call_log
               WHERE start_time >= now() - interval '7 days' AND result = 'Blocked');

-- Calls of each day of a month
-- minimum 1: about 900 calls
SELECT date_trunc('day', start_time) AS day, count(*), sum(duration)
FROM calls.call_log WHERE start_time >= CURRENT_DATE - 29 GROUP BY 1 ORDER BY 1;

-- Directions and results of a quarter, with totals
-- minimum 3: about 2700 calls
SELECT direction, result, count(*) FROM calls.call_log
WHERE start_time >= CURRENT_DATE - 90 GROUP BY ROLLUP (direction, result) ORDER BY 1, 2;

-- Outgoing voice calls of a quarter that nobody answered
-- minimum (SELECT ceil(count(*) / 1000.0) FROM truth.call_log WHERE start_time >= CURRENT_DATE - 90 AND type = 'Voice' AND direction = 'Outbound'): type and direction are the API's to apply, the result is not
SELECT to_phone_number, count(*) FROM calls.call_log
WHERE start_time >= CURRENT_DATE - 90 AND type = 'Voice' AND direction = 'Outbound' AND result = 'No Answer'
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10;

-- All faxes of a year
-- minimum (SELECT ceil(count(*) / 1000.0) FROM truth.call_log WHERE start_time >= CURRENT_DATE - 365 AND type = 'Fax'): type is the API's to apply
SELECT id, start_time, result FROM calls.call_log
WHERE type = 'Fax' AND start_time >= CURRENT_DATE - 365;

-- Recorded calls of two weeks
-- minimum 1: those are one page
SELECT id, start_time, recording_id FROM calls.call_log
WHERE recording_id IS NOT NULL AND start_time BETWEEN now() - interval '14 days' AND now();

-- A date range that ends before it begins
-- minimum 0: nobody can have called then
SELECT * FROM calls.call_log WHERE start_time >= '2026-06-01' AND start_time < '2026-01-01';

-- A direction that is not documented
-- minimum 1: a call may have it all the same, and a day is one page
SELECT count(*) FROM calls.call_log WHERE direction = 'foo' AND start_time > now() - interval '1 day';

-- Two directions at once
-- minimum 0: no call has both
SELECT count(*) FROM calls.call_log WHERE direction = 'Inbound' AND direction = ANY (ARRAY['Outbound']) AND start_time > now() - interval '1 day';

-- Only the columns, for a tool that asks for them
-- minimum 0: no row is asked for
SELECT * FROM calls.call_log LIMIT 0;

-- Yesterday, as many people write it
-- minimum 1: about 30 calls
SELECT count(*) FROM calls.call_log WHERE start_time::date = CURRENT_DATE - 1;

-- One call by its id
-- minimum 1: one record
SELECT start_time, duration, attrs FROM calls.call_log WHERE id = (SELECT id FROM one);

-- The legs of a call
-- minimum 1: one record
SELECT leg_number, start_time, leg_type, result FROM calls.call_log_legs
WHERE call_id = (SELECT id FROM one) ORDER BY leg_number;

-- 120 tickets with their calls, by an array
-- minimum 3: 50 ids, 50 and 20
SELECT id, start_time, duration FROM calls.call_log WHERE id = ANY (ARRAY(SELECT id FROM tickets));

-- Three tickets with their calls, by a join
-- minimum 1: three ids
SELECT f.note, c.start_time, c.duration FROM few f JOIN calls.call_log c USING (id);

-- Three tickets with their calls, by a sub-select
-- minimum 1: three ids
SELECT start_time, duration FROM calls.call_log WHERE id IN (SELECT id FROM few);

-- All tickets with their calls, by a join
-- minimum 3: 50 ids, 50 and 20
SELECT t.note, c.start_time, c.duration FROM tickets t LEFT JOIN calls.call_log c USING (id);

-- The records of a session
-- minimum 1: the API finds them by it
SELECT id, start_time, result FROM calls.call_log WHERE session_id = (SELECT session_id FROM one);

-- The sessions of three tickets
-- minimum (SELECT count(DISTINCT session_id) FROM few): one request finds one session, and the list of all calls is longer
SELECT c.id, c.start_time, f.note FROM few f JOIN calls.call_log c USING (session_id);

-- Customers who called within a month
-- minimum 1: about 900 calls; who called is no parameter to rely on
SELECT k.name, count(*), max(c.start_time) FROM customers k
JOIN calls.call_log c ON c.from_phone_number = k.phone_number
WHERE c.start_time >= now() - interval '30 days' GROUP BY k.name ORDER BY k.name;

-- Calls of a week that the archive has not
-- minimum 1: a week is one page
SELECT id, start_time FROM calls.call_log c
WHERE start_time >= now() - interval '7 days' AND NOT EXISTS (SELECT FROM archive a WHERE a.id = c.id);

-- What is newer than the archive, for a copy
-- minimum 1: about 30 calls
SELECT id, start_time FROM calls.call_log WHERE start_time > (SELECT max(start_time) FROM archive);

-- The longest three calls of each of seven days, by a window function
-- minimum 1: a week is one page
SELECT day, id, duration FROM (
  SELECT start_time::date AS day, id, duration,
         row_number() OVER (PARTITION BY start_time::date ORDER BY duration DESC NULLS LAST, id) AS n
  FROM calls.call_log WHERE start_time >= CURRENT_DATE - 6) AS ranked
WHERE n <= 3 ORDER BY day, n;

-- The longest three calls of each of seven days, day by day [not met]
-- minimum 1: a week is one page
SELECT day, c.id, c.duration FROM generate_series(CURRENT_DATE - 6, CURRENT_DATE, interval '1 day') AS day,
  LATERAL (SELECT id, duration FROM calls.call_log
           WHERE start_time >= day AND start_time < day + interval '1 day'
           ORDER BY duration DESC NULLS LAST, id LIMIT 3) AS c;

-- Time between the calls of an extension
-- minimum 1: about 300 calls of ten days
SELECT extension_id, start_time, start_time - lag(start_time) OVER (PARTITION BY extension_id ORDER BY start_time, id)
FROM calls.call_log WHERE start_time >= now() - interval '10 days';

-- A week, used twice
-- minimum 1: a week is one page
WITH week AS (SELECT * FROM calls.call_log WHERE start_time >= CURRENT_DATE - 6)
SELECT w.id, w.duration FROM week w WHERE w.duration > (SELECT avg(duration) FROM week) ORDER BY w.id;

-- A prepared statement with a plan for any parameter
-- minimum 1: a week is one page
SET LOCAL plan_cache_mode = force_generic_plan;
PREPARE of_days(int, text) AS SELECT count(*) FROM calls.call_log
  WHERE start_time >= now() - $1 * interval '1 day' AND direction = $2;
EXECUTE of_days(7, 'Inbound');
DEALLOCATE of_days;

-- A cursor of which the first rows are read
-- minimum 1: the first page has them
DECLARE newest CURSOR FOR SELECT id, start_time FROM calls.call_log
  WHERE start_time >= CURRENT_DATE - 90 ORDER BY start_time DESC;
FETCH 50 FROM newest;
CLOSE newest;

-- In a function, with a variable
-- minimum 1: a day
DO $$
DECLARE
  since timestamptz := now() - interval '1 day';
  found bigint;
BEGIN
  SELECT count(*) INTO found FROM calls.call_log WHERE start_time >= since;
  PERFORM set_config('bench.found', found::text, true);
END $$;
SELECT current_setting('bench.found');

-- Partitions: the archive's part of the calls
-- minimum 0: it is a local table
SELECT count(*) FROM calls_of_all_time WHERE start_time < (SELECT begins FROM live_part) - interval '1 day';

-- Partitions: this week's calls
-- minimum 1: a week is one page
SELECT direction, count(*) FROM calls_of_all_time WHERE start_time >= CURRENT_DATE - 6 GROUP BY 1 ORDER BY 1;

-- Recordings of a week
-- minimum 1: the list of the calls has them
SELECT id, call_start_time, type FROM calls.recordings WHERE call_start_time >= now() - interval '7 days';

-- Long recordings of two days
-- minimum 1 + (SELECT count(DISTINCT id) FROM truth.recordings WHERE call_start_time >= now() - interval '2 days'): the list, then what is known of each
SELECT id, duration FROM calls.recordings
WHERE call_start_time >= now() - interval '2 days' AND duration > 30;

-- Costs by type of leg
-- minimum 1: about 90 calls
SELECT leg_type, count(*), sum(billing_cost_included) FROM calls.call_log_legs
WHERE call_start_time >= now() - interval '3 days' GROUP BY 1 ORDER BY 1;

-- My own calls over the telephone network
-- minimum 1: of an extension less than a page
SELECT id, start_time, duration FROM my_calls.call_log
WHERE transport = 'PSTN' AND start_time >= now() - interval '60 days';

-- Two calls by OR
-- minimum 1: two ids
SELECT id, start_time FROM calls.call_log WHERE id = (SELECT min(id) FROM few) OR id = (SELECT max(id) FROM few);

-- Ids by OR, IN and AND
-- minimum 1: three ids at most
SELECT id, start_time FROM calls.call_log
WHERE (id = (SELECT min(id) FROM few) OR id IN ((SELECT max(id) FROM few), 'none')) AND type IS NOT NULL;

-- Two days of a month
-- minimum 1: the days between them are one page as well
SELECT id, start_time FROM calls.call_log WHERE start_time::date IN (CURRENT_DATE - 3, CURRENT_DATE - 10);

-- Two ranges
-- minimum 1: all between them is one page
SELECT id FROM calls.call_log
WHERE (start_time >= CURRENT_DATE - 3 AND start_time < CURRENT_DATE - 2) OR (start_time >= CURRENT_DATE - 10 AND start_time < CURRENT_DATE - 9);

-- A range whose ends are in any order
-- minimum 1: three days
SELECT id FROM calls.call_log WHERE start_time BETWEEN SYMMETRIC now() - interval '1 day' AND now() - interval '4 days';

-- The moments of three tickets
-- minimum (SELECT greatest(1, ceil(count(*) / 1000.0)) FROM truth.call_log WHERE start_time BETWEEN (SELECT min(start_time) FROM truth.call_log JOIN few USING (id)) AND (SELECT max(start_time) FROM truth.call_log JOIN few USING (id))): the list between the first and the last
SELECT id FROM calls.call_log WHERE start_time = ANY (ARRAY(SELECT start_time FROM truth.call_log JOIN few USING (id)));

-- A range type
-- minimum 1: a week
SELECT id FROM calls.call_log WHERE start_time <@ tstzrange(now() - interval '7 days', now());

-- A range type that contains
-- minimum 1: a week
SELECT id FROM calls.call_log WHERE tstzrange(now() - interval '7 days', NULL) @> start_time;

-- The next page by key
-- minimum 1: twenty records of one page
SELECT id, start_time FROM calls.call_log
WHERE (start_time, id) < (now() - interval '5 days', 'x') ORDER BY start_time DESC, id DESC LIMIT 20;

-- A day in New York
-- minimum 1: about 30 calls
SELECT id FROM calls.call_log WHERE (start_time AT TIME ZONE 'America/New_York')::date = CURRENT_DATE - 2;

-- Days in Berlin
-- minimum 1: about 60 calls
SELECT date_trunc('day', start_time AT TIME ZONE 'Europe/Berlin') AS day, count(*) FROM calls.call_log
WHERE date_trunc('day', start_time AT TIME ZONE 'Europe/Berlin') >= CURRENT_DATE - 2 GROUP BY 1;

-- This month, as Tableau writes it
-- minimum 1: not more than a page
SELECT count(*) FROM calls.call_log WHERE date_trunc('month', start_time::date) = date_trunc('month', now());

-- By the seconds since 1970
-- minimum 1: a day
SELECT count(*) FROM calls.call_log WHERE extract(epoch FROM start_time) >= extract(epoch FROM now()) - 86400;

-- By the seconds since 1970, as whole numbers
-- minimum 1: a day
SELECT count(*) FROM calls.call_log WHERE extract(epoch FROM start_time)::bigint >= extract(epoch FROM now())::bigint - 86400;

-- Shifted by hours
-- minimum 1: two days
SELECT count(*) FROM calls.call_log WHERE start_time + interval '2 hours' >= now() - interval '1 day';

-- Days that begin at five o'clock
-- minimum 1: two days
SELECT count(*) FROM calls.call_log WHERE (start_time - interval '5 hours')::date = CURRENT_DATE - 1;

-- By age
-- minimum 1: a week
SELECT count(*) FROM calls.call_log WHERE now() - start_time < interval '7 days';

-- A condition that is true
-- minimum 1: a week
SELECT count(*) FROM calls.call_log WHERE (start_time > now() - interval '7 days') IS TRUE;

-- A type that nobody documents
-- minimum 1: a week is one page
SELECT count(*) FROM calls.call_log WHERE type IN ('Voice', 'Hologram') AND start_time > now() - interval '7 days';

-- 100 ids, each in 20 rows, in turn
-- minimum 2: 50 ids and 50
SELECT t.n, c.duration FROM cyclic t JOIN calls.call_log c USING (id);

-- Calls of half of the tickets, by a condition on the ticket
-- minimum 1: 50 ids
SELECT t.n, c.duration FROM cyclic t LEFT JOIN calls.call_log c ON c.id = t.id AND t.n <= 50;

-- Tickets that were never analyzed
-- minimum 1: three ids
SELECT f.note, c.duration FROM new_tickets f JOIN calls.call_log c USING (id);

-- Calls of the call queues, by name
-- minimum 2: a week is one page, the directory is another request
SELECT e.name, c.result, count(*) FROM calls.extensions e LEFT JOIN calls.call_log c
  ON c.extension_id = e.id AND c.start_time >= CURRENT_DATE - 7
WHERE e.type = 'Department' GROUP BY 1, 2;

-- Who owns a number
-- minimum 1: the directory
SELECT name, extension_number FROM calls.extensions
WHERE phone_numbers @> '[{"phoneNumber": "+14155550100"}]';

-- Names and calls of ids that are known
-- minimum 4: 120 ids are three requests, the directory is another one
SELECT t.id, e.name FROM tickets t JOIN calls.call_log c USING (id) LEFT JOIN calls.extensions e ON e.id = c.extension_id;

-- The calls that the API finds for five customers [no copy]
-- minimum 5: it takes one number in a request
SELECT p.name, s.start_time, s.result
FROM (SELECT * FROM customers ORDER BY name LIMIT 5) p
JOIN calls.call_log_search s ON s.search_phone_number = p.phone_number AND s.start_time >= CURRENT_DATE - 90;

-- The texts of a week
-- minimum 1: few are one page
SELECT creation_time, direction, from_phone_number, subject FROM my_calls.messages
WHERE creation_time >= CURRENT_DATE - 7 AND type = 'SMS';
