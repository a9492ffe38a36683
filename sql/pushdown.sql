-- Pushed conditions, in EXPLAIN and in the requests; EXPLAIN sends nothing.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set log '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E "s/(date(From|To)=20(26|23)-03-31T12:)[0-9:]{5}/\\\\1..:../g"'
-- Log in and learn the API's clock first, so that only the following requests are logged
SELECT count(*) > 0 AS rows FROM calls.call_log WHERE start_time > '2026-03-31';
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear

-- As of the first response, the API's clock is known
SELECT count(*) FROM calls.call_log WHERE start_time = '2026-03-01 00:00:00.987654';
:log

-- The requested range is extended at both ends: it is not documented whether the API's bounds are inclusive
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time >= '2026-03-01' AND start_time < '2026-03-08'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time > '2026-03-01 00:00:00.5' AND start_time <= '2026-03-08'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time BETWEEN '2026-03-01' AND '2026-03-01 00:00:00.001'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time = '2026-03-01 10:00:00.25'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE '2026-03-08' > start_time AND '2026-03-01' <= start_time$$);
:log

-- Dates and timestamps depend on the session's time zone, also at clock changes
SET timezone = 'America/New_York';
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time >= date '2026-03-08' AND start_time < date '2026-03-09'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time >= timestamp '2026-03-08 12:00' AND start_time < timestamptz '2026-03-08 17:00+00'$$);

-- Functions of the time: the range is extended by what they truncate, and by possible clock changes
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time::date = '2026-03-08'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time::date > '2026-03-08' AND date '2026-03-10' >= start_time::date$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time::timestamp BETWEEN '2026-03-08 02:30' AND '2026-03-08 03:30'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE date_trunc('Month', start_time) = '2026-03-01'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE date_trunc('quarter', start_time, 'Asia/Kolkata') < '2026-01-01'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE date_trunc('hour', start_time::timestamp) = '2026-03-08 02:00'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time::timestamp::date >= '2026-03-08' AND start_time::date < '294276-12-31'$$);
-- not these, and not to extend a range
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE date_trunc('decade', start_time) = '2020-01-01' AND start_time::date <> '2026-03-08' AND start_time::time > '12:00'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time::date <= '2026-03-08' ORDER BY start_time DESC LIMIT 5$$);
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE start_time::date = '2026-03-08') AS equal, count(*) > 0 AS some
  FROM calls.call_log WHERE start_time::date = '2026-03-08';
:log
SELECT d::date, n = (SELECT count(*) FROM truth.calls WHERE start_time::date = d::date) AS equal
  FROM generate_series(date '2026-03-07', date '2026-03-09', interval '1 day') d,
  LATERAL (SELECT count(*) AS n FROM calls.call_log WHERE start_time::date = d::date) x;
SET timezone = 'UTC';
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear

-- Several values: the smallest range that contains them
SET timezone = 'America/New_York';
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time IN ('2026-03-05 10:00', '2026-03-03 12:00', NULL)$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time = ANY (ARRAY[]::timestamptz[])$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time < ANY (ARRAY['2026-03-05 10:00', '2026-03-03 12:00']::timestamp[]) AND start_time > date '2026-03-01'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time::date IN ('2026-03-08', '2026-03-06')$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time BETWEEN SYMMETRIC '2026-03-05' AND '2026-03-03'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE (start_time >= '2026-03-01' AND start_time < '2026-03-02' AND type = 'Fax') OR (start_time >= '2026-03-05' AND start_time < '2026-03-06' AND type = 'Fax')$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE (start_time > '2026-03-01' OR start_time > NULL OR (start_time > '2026-03-05' AND start_time < '2026-03-04')) IS TRUE AND start_time < '2026-03-06'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE (start_time > '2026-03-30' AND type = 'Fax') OR (type = 'Voice' AND start_time < '2026-03-01')$$);
-- Row comparisons: keyset pagination
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE (start_time, id) < ('2026-03-05 10:00', 'b') ORDER BY start_time DESC, id DESC LIMIT 20$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE (timestamptz '2026-03-30 10:00', 'b') <= (start_time, id) AND (start_time, id) <> ('2026-03-31', 'c')$$);
-- Other zones, and other functions
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE (start_time AT TIME ZONE 'Asia/Kolkata')::date = '2026-03-08'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE date_trunc('day', start_time AT TIME ZONE 'Europe/Berlin') = '2026-03-08'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE (start_time AT TIME ZONE 'utc') >= '2026-03-08' AND (start_time AT TIME ZONE 'Etc/GMT+5') < '2026-03-09'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE date_trunc('month', start_time::date) = '2026-02-01'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE date_trunc('month', (start_time AT TIME ZONE 'Asia/Kolkata')::date) = '2026-02-01'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE extract(epoch FROM start_time) >= 1772600000 AND date_part('epoch', start_time) < 1772603600.5$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE extract(epoch FROM start_time)::bigint BETWEEN 1772600000 AND 1772603600$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time + interval '1 hour' > '2026-03-08' AND start_time - interval '1 month' < '2026-02-08'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE timestamptz '2026-03-08' - start_time < interval '1 day' AND interval '1 hour' <= timestamptz '2026-03-08' - start_time$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE date '2026-03-08' - start_time::date <= 30 AND date_part('day', timestamptz '2026-03-08' - start_time) < 1 AND extract(epoch FROM start_time - timestamptz '2026-03-07') / 3600 >= 6$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE age(timestamptz '2026-03-08', start_time) < interval '1 day'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE extract(year FROM start_time) = 2026 AND date_part('year', start_time::date) <= 2026$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE to_char(start_time, 'YYYY-MM') = '2026-02'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE to_char(start_time, 'YYYYMMDD') IN ('20260302', '20260301')$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE extract(epoch FROM start_time) * 1000 BETWEEN 1772600000000 AND 1772603600000$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE to_timestamp(floor(extract(epoch FROM start_time) / 300) * 300) = '2026-03-08 10:00'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE date_bin('5 minutes', start_time, '2000-01-01') = '2026-03-08 10:00'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE (date_trunc('month', start_time::date))::date = '2026-02-01'$$);
-- not these
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE extract(month FROM start_time) = 3 AND extract(epoch FROM start_time::timestamp) > 1772600000 AND extract(year FROM start_time) * 2 > 4050 AND to_char(start_time, 'YYYY-MM') > '2026-01' AND to_char(start_time, 'MM-YYYY') = '03-2026'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE (start_time >= '2026-03-01' OR type = 'Fax') AND (start_time > '2026-03-01') IS NOT FALSE AND NOT start_time::date = '2026-03-01' AND start_time > ALL (ARRAY['2026-03-01']::timestamptz[])$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE extract(hour FROM start_time) = 10 AND start_time + interval '100 years' > '2026-03-01' AND (start_time AT TIME ZONE interval '1 hour') > '2026-03-01' AND (start_time AT TIME ZONE from_name) > '2026-03-01'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE extract(day FROM age(timestamptz '2026-03-08', start_time)) < 5 AND (date '2026-03-08' - start_time::date) / 49711 < 1$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE to_char(start_time, 'YYyy') = '2626' AND to_char(start_time, 'YYYYMMDd') = '20260311' AND extract(year FROM to_timestamp(extract(epoch FROM start_time) * 2)) = 2082$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE ((start_time AT TIME ZONE 'UTC')::timestamptz AT TIME ZONE 'Asia/Kolkata') > '2026-03-01'$$);
-- a zone that is known at execution only: of all offsets that a zone can have
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE (start_time AT TIME ZONE current_setting('timezone'))::date = '2026-03-08'$$);
SELECT zone, n = (SELECT count(*) FROM truth.calls WHERE (start_time AT TIME ZONE zone)::date = '2026-03-08') AS equal
  FROM (VALUES ('Pacific/Kiritimati'), ('AAA+167'), ('AAA-167BBB,M1.1.0,M12.5.0')) v(zone),
  LATERAL (SELECT count(*) AS n FROM calls.call_log WHERE (start_time AT TIME ZONE zone)::date = '2026-03-08') x;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE (start_time AT TIME ZONE 'Asia/Tokyo')::date IN ('2026-03-08', '2026-03-05')) AS equal, count(*) > 0 AS some
  FROM calls.call_log WHERE (start_time AT TIME ZONE 'Asia/Tokyo')::date IN ('2026-03-08', '2026-03-05');
-- A zone whose clock changes by six hours
SET timezone = 'AAA-14BBB-20';
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE start_time >= '2026-03-05' AND start_time + interval '1 day' < '2026-03-08 06:00Z') AS equal
  FROM calls.call_log WHERE start_time >= '2026-03-05' AND start_time + interval '1 day' < '2026-03-08 06:00Z';
SET timezone = 'UTC';
:log

-- Several windows, if the range that contains them needs more requests
CREATE FOREIGN TABLE paged (id text, start_time timestamptz, session_id text) SERVER ringcentral OPTIONS (resource 'call_log', page_size '100');
SELECT * FROM explain($$SELECT id FROM paged WHERE start_time >= '2026-03-30' AND start_time < '2026-03-30 06:00' OR start_time::date = '2026-03-02'$$);
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE start_time >= '2026-03-30' AND start_time < '2026-03-30 06:00' OR start_time::date IN ('2026-03-02', '2026-02-20')) AS equal
  FROM paged WHERE start_time >= '2026-03-30' AND start_time < '2026-03-30 06:00' OR start_time::date IN ('2026-03-02', '2026-02-20');
:log
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE start_time <@ '{[2026-01-01, 2026-01-01 06:00), [2026-03-02, 2026-03-02 06:00), [2026-03-02 08:00, 2026-03-02 12:00]}'::tstzmultirange) AS equal
  FROM paged WHERE start_time <@ '{[2026-01-01, 2026-01-01 06:00), [2026-03-02, 2026-03-02 06:00), [2026-03-02 08:00, 2026-03-02 12:00]}'::tstzmultirange;
SELECT count(*) FROM paged WHERE start_time = ANY (ARRAY['2026-03-02', '2027-03-02', NULL, '2026-02-02']::timestamptz[]);
SELECT count(*) FROM paged WHERE start_time < ALL (ARRAY['2026-03-02', '2026-02-02']::timestamptz[]) AND start_time > ALL (ARRAY['2026-02-01', '2026-01-02']::timestamptz[])
  AND start_time <> ALL (ARRAY['2026-02-01']::timestamptz[]) AND start_time >= ALL (ARRAY['2026-02-01 12:00']::timestamptz[])
EXCEPT SELECT count(*) FROM truth.calls WHERE start_time < '2026-02-02' AND start_time >= '2026-02-01 12:00';
:log
-- newest first, and again for other values
SELECT * FROM explain($$SELECT start_time FROM paged WHERE start_time::date IN ('2026-03-02', '2026-02-02') ORDER BY start_time DESC$$);
SELECT array_agg(start_time) = (SELECT array_agg(start_time ORDER BY start_time DESC) FROM truth.calls WHERE start_time::date IN ('2026-03-02', '2026-02-02')) AS equal
  FROM (SELECT start_time FROM paged WHERE start_time::date IN ('2026-03-02', '2026-02-02') ORDER BY start_time DESC) x;
SELECT day, n = (SELECT count(*) FROM truth.calls WHERE start_time::date IN (day, day - 40)) AS equal
  FROM (VALUES (date '2026-03-02'), ('2026-03-03'), ('2026-03-03')) days(day), LATERAL (SELECT count(*) AS n FROM paged WHERE start_time::date IN (day, day - 40)) x;
:log

-- Bounds out of range are not sent; one in the future becomes now
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time > '-infinity' AND start_time < 'infinity'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time > '0044-03-15 BC' AND start_time < '2026-03-02'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time > '2026-03-01' AND start_time < date '5874897-12-31'$$);

-- Enumerated values
\set week 'start_time >= ''2026-03-01'' AND start_time < ''2026-03-08'''
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE type = 'Voice' AND direction = 'Inbound' AND start_time < '2026-03-08' AND start_time >= '2026-03-01'$$);
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :week AND type = 'Fax') AS equal FROM calls.call_log WHERE :week AND type = 'Fax';
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :week) AS equal FROM calls.call_log WHERE :week AND type IN ('Fax', 'Voice', 'Pigeon', NULL);
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :week AND direction = 'Inbound') AS equal FROM calls.call_log WHERE :week AND direction = ANY (ARRAY['Inbound', 'inbound']) AND 'Inbound' = direction;
SELECT count(*) = (SELECT count(*) FROM truth.mine WHERE :week AND transport = 'PSTN') AS equal FROM mine.call_log WHERE :week AND transport = 'PSTN';
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :week AND transport = 'PSTN') AS equal FROM calls.call_log WHERE :week AND transport = 'PSTN';
:log

-- Recordings
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :week AND recording_id IS NOT NULL) AS equal FROM calls.call_log WHERE :week AND recording_id IS NOT NULL;
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :week AND recording_type = 'OnDemand') AS equal FROM calls.call_log WHERE :week AND recording_type = 'OnDemand' AND recording_id IS NOT NULL;
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :week AND recording_type IS NOT NULL) AS equal FROM calls.call_log WHERE :week AND recording_type IN ('OnDemand', 'Automatic');
SELECT count(*) = 1 AS equal FROM calls.call_log WHERE recording_id = (SELECT min(recording_id) FROM truth.calls WHERE :week) AND :week;
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :week AND recording_id IS NULL) AS equal FROM calls.call_log WHERE :week AND recording_id IS NULL;
:log

-- Session ids: one of them, since their combination is not documented
SELECT id, session_id, telephony_session_id FROM truth.calls
  WHERE :week AND telephony_session_id IS NOT NULL ORDER BY start_time, id LIMIT 1 \gset call_
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE session_id = :'call_session_id' AND start_time >= '2026-03-01') AS equal FROM calls.call_log WHERE session_id = :'call_session_id' AND start_time >= '2026-03-01';
SELECT count(*) > 0 AS found FROM calls.call_log WHERE session_id = :'call_session_id' AND telephony_session_id = :'call_telephony_session_id' AND start_time >= '2026-03-01';
SELECT count(*) > 0 AS found FROM calls.call_log WHERE session_id IN (:'call_session_id', :'call_session_id') AND session_id = ANY (ARRAY['1', :'call_session_id']) AND start_time >= '2026-03-01';
SELECT count(*) > 0 AS found FROM calls.call_log WHERE session_id IN (:'call_session_id', '2') AND :week;
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE session_id IN (:'call_session_id', '2') AND start_time >= '2026-01-01') AS equal FROM paged WHERE session_id IN (:'call_session_id', '2') AND start_time >= '2026-01-01';
SELECT count(*) FROM paged WHERE session_id = ANY (ARRAY(SELECT n::text FROM generate_series(1, 200) n)) AND start_time >= '2026-03-31';
SELECT start_time FROM paged WHERE session_id IN ('1', '2') AND start_time >= '2026-01-01' ORDER BY start_time DESC;
SELECT count(*) FROM calls.call_log WHERE session_id = '' AND :week;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E 's/(essionId=)[^&]*/\1.../; s/(dateTo=2026-03-31T12:)[0-9:]{5}/\1..:../'
-- characters with a meaning in a URI; ids do not contain others, so they are not sent
SELECT count(*) FROM calls.call_log WHERE telephony_session_id = 'Y3M+/x==' AND :week;
SELECT count(*) FROM calls.call_log WHERE telephony_session_id = 'a&b?c#%+ é' AND session_id = '1e5' AND :week;
:log
DROP FOREIGN TABLE paged;

-- Ids in all notations: as one set
SELECT id AS a FROM truth.calls WHERE :week ORDER BY id COLLATE "C" LIMIT 1 \gset
SELECT id AS b FROM truth.calls WHERE :week ORDER BY id COLLATE "C" OFFSET 1 LIMIT 1 \gset
SELECT id AS c FROM truth.calls WHERE :week ORDER BY id COLLATE "C" OFFSET 2 LIMIT 1 \gset
SELECT count(*) FROM calls.call_log WHERE id = :'a' OR id = :'b';
SELECT count(*) FROM calls.call_log WHERE (id = :'a' OR id IN (:'b', :'c') OR (id = 'no' AND duration > 5)) AND type IS NOT NULL;
SELECT count(*) FROM calls.call_log WHERE (id = :'a' OR id = :'b') AND id = ANY (ARRAY[:'b', :'c']);
SELECT count(*) FROM calls.call_log WHERE (id = :'a' AND (type = 'Fax' OR type = 'Voice')) OR (id IN (:'b', :'c') AND (id = :'c' OR id = 'no'));
SELECT count(*) FROM calls.call_log WHERE id = :'a' AND id = :'b' OR id = '';
SELECT count(*) > 0 AS found FROM calls.call_log WHERE (session_id = :'call_session_id' OR session_id = :'call_session_id' AND type = 'Fax') AND :week;
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :week AND (id = :'a' OR type = 'Fax')) AS equal FROM calls.call_log WHERE :week AND (id = :'a' OR type = 'Fax');
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :week AND (type = 'Voice' OR type = 'Fax') AND (direction = 'Inbound' OR direction = 'foo')) AS equal FROM calls.call_log WHERE :week AND (type = 'Voice' OR type = 'Fax') AND (direction = 'Inbound' OR direction = 'foo');
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E 's/(essionId=)[^&]*/\1.../'

-- extensionNumber is never sent together with a session id
CREATE FOREIGN TABLE desk (id text, session_id text, start_time timestamptz) SERVER ringcentral
  OPTIONS (resource 'call_log', extension_number '101');
SELECT count(*) FROM desk WHERE session_id = 'none' AND :week;
:log
DROP FOREIGN TABLE desk;

-- No request at all
SELECT count(*) FROM calls.call_log WHERE start_time > now() AND start_time < now();
SELECT count(*) FROM calls.call_log WHERE start_time > NULL::timestamptz;
SELECT count(*) FROM calls.call_log WHERE start_time > '2026-03-02' AND start_time < '2026-03-01';
SELECT count(*) FROM calls.call_log WHERE start_time > 'infinity';
SELECT count(*) FROM calls.call_log WHERE start_time < '1969-07-20';
SELECT count(*) FROM calls.call_log WHERE start_time > '2100-01-01';
SELECT count(*) FROM calls.call_log WHERE direction = 'Inbound' AND direction = 'Outbound';
SELECT count(*) FROM calls.call_log WHERE direction = 'foo' AND direction = ANY (ARRAY['bar', 'Inbound']);
SELECT count(*) FROM calls.call_log WHERE (type = 'Voice' OR type = 'foo') AND type = 'Fax';
SELECT count(*) FROM calls.call_log WHERE type = ANY (ARRAY[]::text[]);
SELECT count(*) FROM calls.call_log WHERE type = ANY (NULL::text[]);
SELECT count(*) FROM calls.call_log WHERE type = ANY (ARRAY[NULL]::text[]);
SELECT count(*) FROM calls.call_log WHERE recording_id = NULL::text;
SELECT count(*) FROM calls.call_log WHERE session_id = 'a' AND session_id = (SELECT 'b'::text);
SELECT id FROM calls.call_log LIMIT 0;
SELECT count(*) FROM calls.call_log WHERE false;
PREPARE gate(boolean) AS SELECT count(*) FROM calls.call_log WHERE $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE gate(false);
RESET plan_cache_mode;
DEALLOCATE gate;
:log

-- A value that the API does not document can occur in records, so the filter is omitted
SELECT count(*) FROM calls.call_log WHERE :week AND direction = 'foo';
SELECT count(*) FROM calls.call_log WHERE :week AND type IN ('Voice', 'Hologram') AND direction = 'inbound';
SELECT count(*) FROM calls.call_log WHERE :week AND recording_type = 'Manual';
SELECT count(*) FROM mine.call_log WHERE :week AND transport = 'SIP';
SELECT count(*) FROM calls.recordings WHERE type = 'Manual' AND call_start_time >= '2026-03-01' AND call_start_time < '2026-03-08';
-- all documented values are sent
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :week AND type = 'Fax') AS equal FROM calls.call_log WHERE :week AND type IN ('Fax', 'Hologram') AND (type = 'Fax' OR type = 'Voice');
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE type = 'Hologram' AND direction = 'Inbound' ORDER BY start_time DESC LIMIT 3$$);
:log

-- Not pushed down: conditions that the API would evaluate differently, or not at all
CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time < '2026-03-02' AND start_time >= '2026-03-01' AND direction = 'inbound' COLLATE ignore_case$$);
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :week AND direction = 'Inbound') AS equal FROM calls.call_log WHERE :week AND direction = 'inbound' COLLATE ignore_case;
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time < '2026-03-02' AND start_time >= '2026-03-01' AND (type = 'Fax' OR duration > 60) AND result <> 'Accepted' AND lower(direction) = 'inbound' AND direction > 'A' AND NOT type = 'Fax'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time < '2026-03-02' AND start_time >= '2026-03-01' AND start_time < clock_timestamp() AND direction = from_name$$);
CREATE FOREIGN TABLE odd (
  start_time timestamp, direction char(10), type name, session_id bigint
) SERVER ringcentral OPTIONS (resource 'call_log', history '1 day');
SELECT * FROM explain($$SELECT 1 FROM odd WHERE start_time > '2026-03-31' AND direction = 'Inbound' AND type = 'Voice' AND session_id = 1$$);
DROP FOREIGN TABLE odd;
DROP COLLATION ignore_case;
:log

-- Parameters: custom plans, then the generic one
PREPARE by_day(date, text) AS
  SELECT count(*) FROM calls.call_log WHERE start_time >= $1 AND start_time < $1 + 1 AND direction = $2;
EXECUTE by_day('2026-03-01', 'Inbound') \gset
EXECUTE by_day('2026-03-01', 'Inbound') \gset
EXECUTE by_day('2026-03-01', 'Inbound') \gset
EXECUTE by_day('2026-03-01', 'Inbound') \gset
EXECUTE by_day('2026-03-01', 'Inbound') \gset
EXECUTE by_day('2026-03-02', 'Outbound') \gset
SELECT :count = (SELECT count(*) FROM truth.calls WHERE start_time >= '2026-03-02' AND start_time < '2026-03-03' AND direction = 'Outbound') AS equal;
SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE name = 'by_day';
SELECT * FROM explain('EXECUTE by_day(''2026-03-03'', ''Inbound'')');
:log
DEALLOCATE by_day;

-- PL/pgSQL variables, sub-selects, functions of the current time
DO $$
DECLARE
  day date := '2026-03-05';
  kind text := 'Fax';
  n bigint;
BEGIN
  SELECT count(*) INTO n FROM calls.call_log WHERE start_time >= day AND start_time < day + 1 AND type = kind;
  ASSERT n = (SELECT count(*) FROM truth.calls WHERE start_time >= day AND start_time < day + 1 AND type = kind);
END $$;
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE start_time >= '2026-03-30' AND direction = 'Outbound') AS equal
  FROM calls.call_log
  WHERE start_time >= (SELECT max(start_time)::date - 1 FROM truth.calls) AND direction = (SELECT 'Outbound'::text);
SELECT count(*) FROM calls.call_log WHERE start_time > now() + interval '1 year' * random() + interval '100 years';
:log
SELECT line FROM explain($$SELECT id FROM calls.call_log WHERE start_time >= (SELECT max(start_time) FROM truth.calls) AND session_id = (SELECT max(session_id) FROM truth.calls)$$) line
  WHERE line ~ 'Call Log Request';
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time >= '2026-03-30' AND start_time < '2026-03-31'$$, 'ANALYZE, VERBOSE, COSTS OFF, TIMING OFF');
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE type = 'Fax' AND start_time >= '2026-03-30' AND start_time < '2026-03-31'$$, 'FORMAT JSON, COSTS OFF');
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" count --clear
