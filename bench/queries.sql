-- Typical queries, each with the minimum number of requests.
--
-- A query starts after an empty line, with its name. The next line has the
-- minimum, an SQL expression that may read the truth, and the reason why no client can
-- send less, even if it knows the query and local tables. A page has
-- 1000 records, a request by id 50; requests that are needed per value (by
-- session, for details, for audio) are counted for each.
--
-- The schemas calls and my_calls contain foreign tables; bench/queries.py runs each
-- query on their copies, too, and compares the rows. In brackets after the name:
-- "any rows" compares the number of rows, "no copy" nothing; "documented" ones
-- are contained in README.md or docs/ verbatim. Local tables are in queries_setup.sql.

-- Who missed calls this week [documented]
-- minimum 2: about 210 calls are one page, the directory is another request
SELECT coalesce(e.name, 'unknown') AS name, count(*) AS missed
FROM calls.call_log c LEFT JOIN calls.extensions e ON e.id = c.extension_id
WHERE c.start_time >= CURRENT_DATE - 7
  AND c.direction = 'Inbound' AND c.result IN ('Missed', 'Voicemail')
GROUP BY e.name ORDER BY missed DESC;

-- Missed calls of each day of a week
-- minimum 1: about 210 calls are one page
SELECT start_time::date AS day, count(*) AS missed
FROM calls.call_log
WHERE start_time >= CURRENT_DATE - 7 AND direction = 'Inbound' AND result = 'Missed'
GROUP BY day ORDER BY day;

-- The newest ten of a day [documented]
-- minimum 1: ten calls
SELECT start_time, direction, result, duration, from_phone_number, to_phone_number
FROM calls.call_log WHERE start_time > now() - interval '1 day' ORDER BY start_time DESC LIMIT 10;

-- The audio of a day, unless copied already [no copy]
-- minimum 1 + (SELECT count(DISTINCT id) FROM truth.recordings WHERE call_start_time >= now() - interval '1 day'): the list, then each recording
INSERT INTO audio (id, call_id, content)                     -- run again to continue
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

-- Unanswered outgoing voice calls of a quarter
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
-- minimum 0: there can be no call
SELECT * FROM calls.call_log WHERE start_time >= '2026-06-01' AND start_time < '2026-01-01';

-- A direction that is not documented
-- minimum 1: a call may have it nevertheless, and a day is one page
SELECT count(*) FROM calls.call_log WHERE direction = 'foo' AND start_time > now() - interval '1 day';

-- Two directions at once
-- minimum 0: no call has both
SELECT count(*) FROM calls.call_log WHERE direction = 'Inbound' AND direction = ANY (ARRAY['Outbound']) AND start_time > now() - interval '1 day';

-- Only the columns, for a tool that reads them
-- minimum 0: no row is requested
SELECT * FROM calls.call_log LIMIT 0;

-- Yesterday, as often written
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
-- minimum 1: about 900 calls; there is no reliable filter by caller
SELECT k.name, count(*), max(c.start_time) FROM customers k
JOIN calls.call_log c ON c.from_phone_number = k.phone_number
WHERE c.start_time >= now() - interval '30 days' GROUP BY k.name ORDER BY k.name;

-- Calls of a week that are not in the archive
-- minimum 1: a week is one page
SELECT id, start_time FROM calls.call_log c
WHERE start_time >= now() - interval '7 days' AND NOT EXISTS (SELECT FROM archive a WHERE a.id = c.id);

-- Calls newer than the archive, for a copy
-- minimum 1: about 30 calls
SELECT id, start_time FROM calls.call_log WHERE start_time > (SELECT max(start_time) FROM archive);

-- The longest three calls of each of seven days, by a window function
-- minimum 1: a week is one page
SELECT day, id, duration FROM (
  SELECT start_time::date AS day, id, duration,
         row_number() OVER (PARTITION BY start_time::date ORDER BY duration DESC NULLS LAST, id) AS n
  FROM calls.call_log WHERE start_time >= CURRENT_DATE - 6) AS ranked
WHERE n <= 3 ORDER BY day, n;

-- The longest three calls of each of seven days, day by day
-- minimum 1: a week is one page
SELECT day, c.id, c.duration FROM generate_series(CURRENT_DATE - 6, CURRENT_DATE, interval '1 day') AS day,
  LATERAL (SELECT id, duration FROM calls.call_log
           WHERE start_time >= day AND start_time < day + interval '1 day'
           ORDER BY duration DESC NULLS LAST, id LIMIT 3) AS c;

-- Calls of each of fourteen days, by a correlated sub-select
-- minimum 1: about 420 calls
SELECT day, (SELECT count(*) FROM calls.call_log WHERE start_time >= day AND start_time < day + interval '1 day') AS calls
FROM generate_series(CURRENT_DATE - 13, CURRENT_DATE, interval '1 day') AS day;

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
-- minimum 1: all calls between them are one page
SELECT id FROM calls.call_log
WHERE (start_time >= CURRENT_DATE - 3 AND start_time < CURRENT_DATE - 2) OR (start_time >= CURRENT_DATE - 10 AND start_time < CURRENT_DATE - 9);

-- A range whose ends are in any order
-- minimum 1: three days
SELECT id FROM calls.call_log WHERE start_time BETWEEN SYMMETRIC now() - interval '1 day' AND now() - interval '4 days';

-- The moments of three tickets
-- minimum 3: each of the moments, between which are thousands of calls
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

-- A type that is not documented
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

-- Tableau: a connection is tried [any rows]
-- minimum 1: one record
SELECT TRUE AS "COL" FROM "calls"."call_log" "call_log" LIMIT 1;

-- Tableau: a range of dates
-- minimum 1: about 210 calls
SELECT CAST(DATE_TRUNC('DAY', CAST("call_log"."start_time" AS TIMESTAMP)) AS TIMESTAMP) AS "tdy:start_time:ok",
  COUNT(DISTINCT "call_log"."id") AS "ctd:id:ok"
FROM "calls"."call_log" "call_log"
WHERE (("call_log"."start_time" >= CAST(CURRENT_DATE - 7 AS TIMESTAMP)) AND ("call_log"."start_time" < CAST(CURRENT_DATE AS TIMESTAMP)))
GROUP BY 1 HAVING (COUNT(1) > 0);

-- Tableau: a year as a number
-- minimum (SELECT ceil(count(*) / 1000.0) FROM truth.call_log WHERE start_time >= date_trunc('year', now())): the calls of the year
SELECT "call_log"."direction", COUNT(1) FROM "calls"."call_log" "call_log"
WHERE (CAST(EXTRACT(YEAR FROM "call_log"."start_time") AS INTEGER) = CAST(EXTRACT(YEAR FROM now()) AS INTEGER))
GROUP BY 1;

-- Tableau: a month of this year and the same month of the year before
-- minimum (SELECT sum(greatest(1, ceil(n / 1000.0))) FROM (SELECT count(id) AS n FROM (VALUES (1), (11)) m(ago) LEFT JOIN truth.call_log ON date_trunc('month', start_time) = date_trunc('month', CURRENT_DATE - ago * interval '1 month') GROUP BY ago) counts): either month is a page, and eight others are between them
SELECT CAST(DATE_TRUNC('MONTH', CAST("call_log"."start_time" AS DATE)) AS DATE) AS "tmn:start_time:ok", COUNT(1) FROM "calls"."call_log" "call_log"
WHERE (CAST(DATE_TRUNC('MONTH', CAST("call_log"."start_time" AS DATE)) AS DATE) IN
  ((date_trunc('month', CURRENT_DATE - interval '1 month'))::date, (date_trunc('month', CURRENT_DATE - interval '11 months'))::date))
GROUP BY 1;

-- Tableau: only the ten who called most
-- minimum 1: a week is one page, which both parts of the query can read
SELECT "call_log"."from_phone_number", "call_log"."result", COUNT(1)
FROM "calls"."call_log" "call_log"
  INNER JOIN (SELECT "call_log"."from_phone_number" AS "from_phone_number", COUNT(1) AS "$__alias__0"
    FROM "calls"."call_log" "call_log" WHERE ("call_log"."start_time" >= CAST(CURRENT_DATE - 6 AS TIMESTAMP))
    GROUP BY 1 ORDER BY 2 DESC NULLS LAST, 1 ASC LIMIT 10) "t0" ON ("call_log"."from_phone_number" = "t0"."from_phone_number")
WHERE ("call_log"."start_time" >= CAST(CURRENT_DATE - 6 AS TIMESTAMP))
GROUP BY 1, 2;

-- Metabase: the previous thirty days
-- minimum 1: about 900 calls
SELECT CAST("calls"."call_log"."start_time" AS date) AS "start_time", COUNT(*) AS "count" FROM "calls"."call_log"
WHERE ("calls"."call_log"."start_time" >= CAST((NOW() + (INTERVAL '-30 day')) AS date)) AND ("calls"."call_log"."start_time" < CAST(NOW() AS date))
GROUP BY CAST("calls"."call_log"."start_time" AS date) ORDER BY CAST("calls"."call_log"."start_time" AS date) ASC;

-- Metabase: weeks that begin on Sunday, filtered afterwards
-- minimum 1: less than a page
SELECT "source"."start_time", "source"."count" FROM (
  SELECT (CAST(DATE_TRUNC('week', (CAST("calls"."call_log"."start_time" AS timestamp) + (INTERVAL '1 day'))) AS timestamp) + (INTERVAL '-1 day')) AS "start_time", COUNT(*) AS "count"
  FROM "calls"."call_log"
  GROUP BY (CAST(DATE_TRUNC('week', (CAST("calls"."call_log"."start_time" AS timestamp) + (INTERVAL '1 day'))) AS timestamp) + (INTERVAL '-1 day'))) AS "source"
WHERE "source"."start_time" >= CURRENT_DATE - 10;

-- Metabase: its sample of values [any rows]
-- minimum (SELECT 1 + ceil((least(count(*), 10000) - 1000) / 999.0) FROM truth.call_log): pages that have the last record of the one before again, as calls may leave the list in between
SELECT "source"."id", "source"."start_time", "source"."direction", SUBSTRING("source"."from_name", 1, 1234) FROM (
  SELECT * FROM "calls"."call_log") AS "source" LIMIT 10000;

-- Power BI: incremental refresh
-- minimum 1: about 300 calls
select "_"."id", "_"."start_time", "_"."duration" from "calls"."call_log" "_"
where "_"."start_time" >= cast(CURRENT_DATE - 20 as timestamp) and "_"."start_time" < cast(CURRENT_DATE - 10 as timestamp);

-- Power BI: DirectQuery
-- minimum 1: about 900 calls
select "rows"."direction" as "direction", sum(cast("rows"."duration" as decimal)) as "a0"
from (select "_"."direction", "_"."duration" from (select * from "calls"."call_log" "$Table") "_"
      where "_"."start_time" >= cast(CURRENT_DATE - 29 as timestamp) and not "_"."direction" is null) "rows"
group by "direction" limit 1000001;

-- Grafana: a panel of hours
-- minimum 1: about 60 calls
SELECT floor(extract(epoch from start_time)/3600)*3600 AS "time", direction AS metric, count(*) AS value
FROM calls.call_log WHERE start_time BETWEEN now() - interval '2 days' AND now() GROUP BY 1, 2 ORDER BY 1, 2;

-- Grafana: hours, filtered afterwards
-- minimum 1: about 60 calls
SELECT * FROM (SELECT to_timestamp(floor(extract(epoch from start_time)/3600)*3600) AS "time", count(*) AS value
               FROM calls.call_log GROUP BY 1) AS hours
WHERE "time" >= now() - interval '2 days' ORDER BY 1;

-- Grafana: milliseconds since 1970
-- minimum 1: about 60 calls
SELECT id, extract(epoch from start_time) * 1000 AS "time" FROM calls.call_log
WHERE extract(epoch from start_time) * 1000 BETWEEN floor(extract(epoch from now()) * 1000) - 172800000 AND extract(epoch from now()) * 1000;

-- Grafana: date_bin
-- minimum 1: about 60 calls
SELECT date_bin('15 minutes', start_time, timestamptz '2001-01-01') AS "time", count(*) FROM calls.call_log
WHERE date_bin('15 minutes', start_time, timestamptz '2001-01-01') >= now() - interval '2 days' GROUP BY 1 ORDER BY 1;

-- Superset: a range as text
-- minimum 1: about 210 calls
SELECT DATE_TRUNC('day', start_time) AS __timestamp, COUNT(*) AS count FROM calls.call_log
WHERE start_time >= TO_TIMESTAMP(to_char(now() - interval '7 days', 'YYYY-MM-DD HH24:MI:SS.US'), 'YYYY-MM-DD HH24:MI:SS.US')
  AND start_time < TO_TIMESTAMP(to_char(now(), 'YYYY-MM-DD HH24:MI:SS.US'), 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY DATE_TRUNC('day', start_time) ORDER BY count DESC, 1 LIMIT 10000;

-- Superset: a chart of the largest series
-- minimum 1: a week is one page, which both parts of the query can read
SELECT DATE_TRUNC('day', start_time) AS __timestamp, result AS result, COUNT(*) AS count FROM calls.call_log
  JOIN (SELECT result AS result__, COUNT(*) AS mme_inner__ FROM calls.call_log
        WHERE start_time >= CURRENT_DATE - 6 AND start_time < CURRENT_DATE + 1 GROUP BY result ORDER BY mme_inner__ DESC, 1 LIMIT 3) AS series_limit
  ON result = result__
WHERE start_time >= CURRENT_DATE - 6 AND start_time < CURRENT_DATE + 1 GROUP BY 1, 2;

-- Shares of the total
-- minimum 1: a week is one page, which both parts of the query can read
SELECT result, round(100.0 * count(*) / (SELECT count(*) FROM calls.call_log WHERE start_time >= now() - interval '7 days'), 1) AS percent
FROM calls.call_log WHERE start_time >= now() - interval '7 days' GROUP BY result;

-- Missed calls that were returned within a day
-- minimum 1: a week is one page, which both parts of the query can read
SELECT m.id, min(b.start_time) - m.start_time AS after FROM calls.call_log m
  JOIN calls.call_log b ON b.to_phone_number = m.from_phone_number AND b.start_time > m.start_time AND b.start_time < m.start_time + interval '1 day'
WHERE m.start_time >= now() - interval '7 days' AND m.result = 'Missed' AND b.start_time >= now() - interval '7 days'
GROUP BY m.id, m.start_time;

-- Looker: the last seven days
-- minimum 1: about 210 calls
SELECT (DATE(call_log.start_time)) AS "call_log.start_date", COUNT(*) AS "call_log.count" FROM calls.call_log AS call_log
WHERE ((( call_log.start_time ) >= ((SELECT (DATE_TRUNC('day', CURRENT_TIMESTAMP) + (-6 || ' day')::INTERVAL)))
  AND ( call_log.start_time ) < ((SELECT ((DATE_TRUNC('day', CURRENT_TIMESTAMP) + (-6 || ' day')::INTERVAL) + (7 || ' day')::INTERVAL)))))
GROUP BY 1 ORDER BY 1 DESC LIMIT 500;

-- dbt: a source's freshness
-- minimum 1: the first of the list
select max(start_time) as max_loaded_at, now() as snapshotted_at from calls.call_log;

-- dbt: an incremental model
-- minimum 1: about 30 calls
select id, start_time, direction from calls.call_log
where start_time > (select coalesce(max(start_time), '1900-01-01') from archive);

-- dbt: a test that ids are unique
-- minimum 1: about 210 calls
select count(*) as failures, count(*) != 0 as should_warn from (
  select id as unique_field, count(*) as n_records from calls.call_log
  where start_time >= current_date - 6 group by id having count(*) > 1) dbt_internal_test;

-- Django: is there one?
-- minimum 1: a call of the first page
SELECT 1 AS "a" FROM "calls"."call_log" WHERE ("call_log"."direction" = 'Inbound' AND "call_log"."start_time" >= now() - interval '7 days') LIMIT 1;

-- Django: a month of a year
-- minimum 1: not more than a page
SELECT COUNT(*) AS "__count" FROM "calls"."call_log"
WHERE ("call_log"."start_time" BETWEEN date_trunc('month', now()) AND now() AND EXTRACT(MONTH FROM "call_log"."start_time" AT TIME ZONE 'UTC') = EXTRACT(MONTH FROM now()));

-- ODBC: rows by their keys
-- minimum 1: four ids
SELECT "id", "start_time", "duration" FROM "calls"."call_log"
WHERE "id" = (SELECT min(id) FROM few) OR "id" = (SELECT max(id) FROM few) OR "id" = (SELECT id FROM one) OR "id" = 'none';

-- A month by its name
-- minimum 1: not more than a page
SELECT to_char(start_time, 'YYYY-MM-DD') AS day, count(*) FROM calls.call_log
WHERE to_char(start_time, 'YYYY-MM') = to_char(now(), 'YYYY-MM') GROUP BY 1 ORDER BY 1;

-- A difference of dates
-- minimum 1: a week
SELECT count(*) FROM calls.call_log WHERE CURRENT_DATE - start_time::date <= 7;

-- A difference in days
-- minimum 1: a week
SELECT count(*) FROM calls.call_log WHERE date_part('day', now() - start_time) < 7;

-- An age
-- minimum 1: a week
SELECT count(*) FROM calls.call_log WHERE age(start_time) < interval '7 days';

-- Later than all of these
-- minimum 1: a week
SELECT count(*) FROM calls.call_log WHERE start_time > ALL (ARRAY[now() - interval '7 days', now() - interval '14 days', now() - interval '200 days']);

-- Two holidays of a multirange
-- minimum 2: either is a page, and most of a year is between them
SELECT count(*) FROM calls.call_log
WHERE start_time <@ tstzmultirange(tstzrange(CURRENT_DATE - 3, CURRENT_DATE - 2), tstzrange(CURRENT_DATE - 303, CURRENT_DATE - 302));

-- The calls of three sessions
-- minimum (SELECT count(DISTINCT session_id) FROM few): one request finds one session, and the list of all calls is longer
SELECT id, start_time, result FROM calls.call_log WHERE session_id = ANY (ARRAY(SELECT session_id FROM few));

-- 600 calls of the last month by their ids
-- minimum 1: the list of the month, where 600 ids are 12 requests
SELECT id, duration FROM calls.call_log
WHERE start_time >= now() - interval '29 days' AND id = ANY (ARRAY(SELECT id FROM truth.call_log WHERE start_time >= now() - interval '29 days' ORDER BY md5(id) LIMIT 600));

-- When was the first call?
-- minimum (SELECT 1 + (count(*) > 500)::int FROM truth.call_log WHERE start_time < now() - interval '366 days'): the page around the day until which RingCentral keeps calls, and the one before it if that has more than half a page of older calls: no response shows where a list begins
SELECT min(start_time) FROM calls.call_log;

-- The first ten calls of a year
-- minimum 1: a page of its first days
SELECT id, start_time FROM calls.call_log WHERE start_time >= now() - interval '1 year' ORDER BY start_time, id LIMIT 10;
