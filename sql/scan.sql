-- Whole tables: every row once, with the minimum number of requests.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set log '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E "s/(date(From|To)=20(26|23)-03-31T12:)[0-9:]{5}/\\\\1..:../g"'
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" clear

-- The first query of a session logs in
SELECT count(*) = (SELECT count(*) FROM truth.calls) AS complete FROM calls.call_log;
:log

-- Column by column, duplicates counted; attrs and legs included
SELECT count(*) AS differences FROM (SELECT * FROM calls.call_log EXCEPT ALL SELECT * FROM truth.calls) x;
SELECT count(*) AS differences FROM (SELECT * FROM truth.calls EXCEPT ALL SELECT * FROM calls.call_log) x;
SELECT count(*) AS differences FROM (SELECT * FROM mine.call_log EXCEPT ALL SELECT * FROM truth.mine) x;
SELECT count(*) AS differences FROM (SELECT * FROM truth.mine EXCEPT ALL SELECT * FROM mine.call_log) x;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | grep -c view=Detailed

-- view=Detailed is requested only if a column needs it
\set one_day 'start_time >= ''2026-03-30'' AND start_time < ''2026-03-31'''
SELECT count(id), count(from_name), count(duration) > 0 AS durations FROM calls.call_log WHERE :one_day \gset
SELECT count(billing_cost_included) > 0 AS billing FROM calls.call_log WHERE :one_day;
SELECT count(*) > 0 AS transports FROM calls.call_log WHERE :one_day AND transport = 'VoIP';
SELECT count(attrs->>'legs') > 0 AS legs FROM calls.call_log WHERE :one_day;
:log

-- User-defined tables: fewer columns, other names, other types
CREATE FOREIGN TABLE brief (
  began timestamptz OPTIONS (json_path 'startTime'),
  caller varchar(40) OPTIONS (json_path 'from.phoneNumber'),
  sender jsonb OPTIONS (json_path 'from'),
  seconds text OPTIONS (json_path 'duration'),
  first_leg text OPTIONS (json_path 'legs.0.legType'),
  dropped text,
  id text
) SERVER ringcentral OPTIONS (resource 'call_log');
ALTER FOREIGN TABLE brief DROP COLUMN dropped;
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE :one_day) AS complete,
       bool_and(b.began = t.start_time AND b.caller IS NOT DISTINCT FROM t.from_phone_number
                AND b.sender IS NOT DISTINCT FROM t.attrs->'from' AND b.seconds IS NOT DISTINCT FROM t.duration::text
                AND b.first_leg IS NOT DISTINCT FROM t.legs->0->>'legType') AS equal
  FROM brief b JOIN truth.calls t USING (id)
  WHERE began >= '2026-03-30' AND began < '2026-03-31';
SELECT count(b) > 0 AS whole_rows FROM brief b WHERE began >= '2026-03-30' AND began < '2026-03-31';
SELECT DISTINCT tableoid::regclass FROM brief WHERE began >= '2026-03-30' AND began < '2026-03-31';
:log
DROP FOREIGN TABLE brief;

-- history: time span of a query without a lower bound; a bound in the query takes precedence
CREATE FOREIGN TABLE week (id text, start_time timestamptz) SERVER ringcentral
  OPTIONS (resource 'call_log', history '7 days');
SELECT count(*) = (SELECT count(*) FROM truth.calls WHERE start_time >= '2026-03-24 12:00:00') AS complete FROM week
  WHERE start_time >= '2026-03-24 12:00:00';
SELECT count(*) < 2000 AS "a week" FROM week;
SELECT count(*) FROM week WHERE start_time < '2026-01-01';
:log
DROP FOREIGN TABLE week;

-- show_deleted, show_blocked, extension_number and ids are sent
CREATE FOREIGN TABLE everything (id text, deleted boolean, start_time timestamptz) SERVER ringcentral
  OPTIONS (resource 'call_log', extension_id '~', show_deleted 'true', show_blocked 'false', extension_number '101', page_size '500');
SELECT count(*) FILTER (WHERE deleted) > 0 AS deleted FROM everything;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | head -1 | sed -E "s/(date(From|To)=20(26|23)-03-31T12:)[0-9:]{5}/\1..:../g"
DROP FOREIGN TABLE everything;
