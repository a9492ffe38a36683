-- A report of calls as a web page: calls by hour, answered and missed by day, call
-- queues and people by name, missed callers who were not called back. One file, which
-- needs no other files and runs no script.
--
--   psql -X -v source=archive -f examples/report.sql > report.html
--   psql -X -v source=archive -v since=2026-10-01 -v until=2026-11-01 -v title='October' \
--     -f examples/report.sql > report.html
--
-- source        the table to read: the call log itself, or a copy of it (archive.sql)
-- extensions    people and call queues (extension_names.sql)
-- since, until  calls that started in [since, until); default: the last 28 whole days
-- title         the heading of the page
-- country_code  of numbers without one
--
-- With a copy of the calls it needs one request, for the names, which does not count
-- toward the limit of the call log. Days and hours are those of the session's time zone
-- (PGTZ=America/New_York psql ...). Charts have up to 92 days, then weeks, then months.

\if :{?source}       \else \set source 'calls.call_log' \endif
\if :{?title}        \else \set title 'Calls'           \endif
\if :{?country_code} \else \set country_code 1          \endif

-- Only the page is written to stdout, completely or, after an error, not at all.
\set ON_ERROR_STOP on
\set QUIET on
\set ECHO none
\timing off
\pset format unaligned
\pset tuples_only on
\pset expanded off
\pset pager off
\pset null ''
\encoding UTF8
SET jit = off;          -- to compile a query as long as this one takes longer than to run it

\if :{?since}
\else
SELECT CURRENT_DATE - 28 AS since \gset
\endif
\if :{?until}
\else
SELECT CURRENT_DATE AS until \gset
\endif
\ir phone_digits.sql
\ir extension_names.sql

-- Names are sent by the caller's telephone.
CREATE FUNCTION pg_temp.html(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT replace(replace(replace(replace(replace($1,
    '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;')
$$;

CREATE FUNCTION pg_temp.number(numeric) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT to_char($1, 'FM999,999,999,990')
$$;

SELECT $css$
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #fff; --line: #dfe2e7; --text: #1b1f26; --quiet: #59616e;
  --answered: #2f6fb3; --missed: #c65d12;
  --l0: #eef0f3; --l1: #d3e3f4; --l2: #a6c8e8; --l3: #6fa5d6; --l4: #3a7bbb; --l5: #174f8a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171c; --card: #1e2229; --line: #343a44; --text: #e8eaee; --quiet: #a3abb8;
    --answered: #6ba6e6; --missed: #ef9a55;
    --l0: #262b33; --l1: #1f3a57; --l2: #28557f; --l3: #3a77ad; --l4: #64a0d8; --l5: #a9d0f5;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 64rem; padding: 2rem 1rem 3rem;
  background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
}
h1 { overflow-wrap: anywhere; margin: 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 0 0 .75rem; font-size: 1.05rem; }
header p, footer, .none { margin: .5rem 0 0; color: var(--quiet); }
section, .figures > div { padding: 1.1rem 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
section, .figures, .pair { margin-top: 1rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
.pair section { margin: 0; }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1rem; margin-bottom: 0; }
dt { color: var(--quiet); font-size: .85rem; }
dd { margin: 0; font-size: 1.7rem; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
dd small { font-size: .95rem; font-weight: 400; color: var(--quiet); }
.chart { overflow-x: auto; }
.chart svg { display: block; width: 100%; min-width: 40rem; height: auto; }
svg text { fill: var(--quiet); font: 12px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--line); stroke-width: 1; }
.answered { fill: var(--answered); }
.missed { fill: var(--missed); }
.l0 { fill: var(--l0); } .l1 { fill: var(--l1); } .l2 { fill: var(--l2); }
.l3 { fill: var(--l3); } .l4 { fill: var(--l4); } .l5 { fill: var(--l5); }
.key { margin: 0 0 .5rem; color: var(--quiet); font-size: .85rem; }
.key svg { width: .7rem; height: .7rem; margin: 0 .3rem 0 0; }
.key span { margin-right: 1rem; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
th { color: var(--quiet); font-size: .8rem; font-weight: 400; text-align: right; }
th, td { padding: .3rem .35rem; border-top: 1px solid var(--line); text-align: right; vertical-align: top; }
thead th { border-top: 0; vertical-align: bottom; }
th:first-child, td:first-child { padding-left: 0; text-align: left; }
tbody th { color: var(--text); font-size: inherit; overflow-wrap: anywhere; }
th small { display: inline-block; color: var(--quiet); }
td { white-space: nowrap; }
.bar { display: block; width: 100%; height: .45rem; margin-top: .25rem; }
details { margin-top: .75rem; color: var(--quiet); font-size: .85rem; }
details div { overflow-x: auto; }
details table { margin-top: .5rem; font-size: .8rem; }
footer { margin-top: 2rem; font-size: .85rem; }
@media (max-width: 44rem) {
  .pair { grid-template-columns: 1fr; }
  .figures { grid-template-columns: 1fr 1fr; }
}
@media print {
  details { display: none; }
  section { break-inside: avoid; }
}
$css$ AS css \gset

-- All calls, once; the column outcome defines answered and missed calls, since
-- the API has no such field (see reporting.sql).
WITH call AS MATERIALIZED (
  SELECT start_time, duration, direction = 'Inbound' AS inbound, extension_id, legs,
         CASE
           WHEN lower(result) IN ('accepted', 'call accepted', 'call connected', 'connected', 'answered elsewhere')
             THEN 'answered'
           WHEN lower(result) IN ('missed', 'voicemail', 'sent to voicemail', 'abandoned', 'hang up', 'no answer', 'busy',
                                  'declined', 'rejected')
             THEN 'missed'
           ELSE 'other'
         END AS outcome,
         from_name AS caller,
         pg_temp.phone_digits(CASE direction WHEN 'Inbound' THEN from_phone_number ELSE to_phone_number END,
                              :'country_code') AS digits
  FROM :source
  WHERE start_time >= :'since' AND start_time < :'until'
    AND type = 'Voice' AND deleted IS NOT TRUE
),
total AS (
  SELECT count(*) AS calls,
         count(*) FILTER (WHERE inbound) AS inbound,
         count(*) FILTER (WHERE inbound AND outcome = 'answered') AS answered,
         count(*) FILTER (WHERE inbound AND outcome = 'missed') AS missed,
         coalesce(sum(duration) FILTER (WHERE outcome = 'answered'), 0) AS seconds
  FROM call
),
span AS (
  SELECT since, until,
         CASE WHEN until - since > interval '730 days' THEN 'month'
              WHEN until - since > interval '92 days' THEN 'week'
              ELSE 'day' END AS unit
  FROM (VALUES (:'since'::timestamptz, least(:'until'::timestamptz, now()))) AS asked (since, until)
),

-- A bar for each day: place is its number, from 0, of places
period AS (
  SELECT begins, row_number() OVER (ORDER BY begins) - 1 AS place, count(*) OVER () AS places,
         coalesce(answered, 0) AS answered, coalesce(missed, 0) AS missed
  FROM span
  CROSS JOIN generate_series(date_trunc(unit, since), until - interval '1 microsecond', ('1 ' || unit)::interval) AS begins
  LEFT JOIN (SELECT date_trunc(unit, start_time) AS begins,
                    count(*) FILTER (WHERE outcome = 'answered') AS answered,
                    count(*) FILTER (WHERE outcome = 'missed') AS missed
             FROM call, span WHERE inbound GROUP BY 1) AS counted USING (begins)
),
axis AS (               -- at most five lines, at multiples of 1, 2 or 5
  SELECT step, step * ceil(highest / step) AS top
  FROM (SELECT greatest(max(answered + missed), 1)::numeric AS highest FROM period) AS p,
  LATERAL (SELECT min(digit * 10::numeric ^ zeros) AS step
           FROM (VALUES (1), (2), (5)) AS d (digit), generate_series(0, 9) AS zeros
           WHERE digit * 10::numeric ^ zeros * 4 >= highest) AS s
),
day_chart AS (
  SELECT concat(
    (SELECT string_agg(format('<line class="grid" x1="44" x2="900" y1="%1$s" y2="%1$s"/><text x="38" y="%2$s" text-anchor="end">%3$s</text>',
                              round(210 - 200 * line / top, 1), round(214 - 200 * line / top, 1), pg_temp.number(line)), E'\n')
     FROM axis, generate_series(0, top, step) AS line),
    E'\n',
    (SELECT string_agg(concat(
         format('<g><title>%s: %s answered, %s missed</title>', label, answered, missed),
         format('<rect class="answered" x="%s" y="%s" width="%s" height="%s"/>', x, 210 - low, width, low),
         format('<rect class="missed" x="%s" y="%s" width="%s" height="%s"/></g>', x, 210 - low - high, width, high),
         CASE WHEN place % ceil(places / 12.0) = 0
           THEN format('<text x="%s" y="230" text-anchor="middle">%s</text>', round(x + width / 2, 1),
                       to_char(begins, CASE unit WHEN 'month' THEN 'Mon YY' ELSE 'FMDD Mon' END)) END), E'\n' ORDER BY place)
     FROM period, axis, span,
     LATERAL (SELECT round(44 + 856.0 * (place + 0.14) / places, 1) AS x, round(856.0 * 0.72 / places, 1) AS width,
                     round(200 * answered / top, 1) AS low, round(200 * missed / top, 1) AS high,
                     CASE unit WHEN 'month' THEN to_char(begins, 'FMMonth YYYY')
                               WHEN 'week' THEN to_char(begins, '"Week of "FMDD FMMonth')
                               ELSE to_char(begins, 'FMDay, FMDD FMMonth') END AS label) AS bar)) AS svg,
    (SELECT string_agg(format('<tr><th scope="row">%s</th><td>%s</td><td>%s</td></tr>',
                              to_char(begins, 'FMDD Mon YYYY'), answered, missed), E'\n' ORDER BY place)
     FROM period) AS rows
),

-- A field for each hour of the week, in five steps
hour_of_week AS (
  SELECT weekday, hour, count(start_time) AS calls, max(count(start_time)) OVER () AS most,
         to_char(date '2024-01-01' + (weekday - 1)::int, 'FMDay') AS name,
         row_number() OVER (ORDER BY count(start_time) DESC, weekday, hour) AS rank
  FROM generate_series(1, 7) AS weekday CROSS JOIN generate_series(0, 23) AS hour
  LEFT JOIN call ON inbound AND extract(isodow FROM start_time) = weekday AND extract(hour FROM start_time) = hour
  GROUP BY weekday, hour
),
hour_chart AS (
  SELECT string_agg(format('<rect class="l%s" x="%s" y="%s" width="32.5" height="26" rx="4"><title>%s %s:00 to %s:00: %s</title></rect>',
                           CASE WHEN calls = 0 THEN 0 ELSE ceil(5.0 * calls / most) END,
                           44 + 35.7 * hour, 4 + 29 * (weekday - 1),
                           name, to_char(hour, 'FM00'), to_char(hour + 1, 'FM00'),
                           CASE calls WHEN 1 THEN '1 call' ELSE pg_temp.number(calls) || ' calls' END),
                    E'\n' ORDER BY weekday, hour) AS svg,
         max(calls) AS most,
         (SELECT string_agg(concat(format('<tr><th scope="row">%s</th>', name), cells, '</tr>'), E'\n' ORDER BY weekday)
          FROM (SELECT weekday, name, string_agg('<td>' || calls || '</td>', '' ORDER BY hour) AS cells
                FROM hour_of_week GROUP BY weekday, name) AS d) AS rows,
         max(format('%ss, %s:00 to %s:00', name, to_char(hour, 'FM00'), to_char(hour + 1, 'FM00'))) FILTER (WHERE rank = 1) AS busiest
  FROM hour_of_week
),

-- A call belongs to a queue if its record or one of its legs has its id.
queue AS (
  SELECT name, count(*) AS calls,
         count(*) FILTER (WHERE outcome = 'answered') AS answered,
         count(*) FILTER (WHERE outcome = 'missed') AS missed
  FROM call,
  LATERAL (SELECT extension_id AS id UNION
           SELECT (jsonb_path_query(legs, '$[*].extension.id') #>> '{}')::bigint) AS side
  JOIN extension_name USING (id)
  WHERE inbound AND type = 'Department'
  GROUP BY id, name
  ORDER BY calls DESC, name
  LIMIT 10
),
queue_rows AS (
  SELECT string_agg(format($html$<tr><th scope="row"><bdi>%s</bdi><svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="answered" width="%s" height="4"/><rect class="missed" x="%s" width="%s" height="4"/></svg></th><td>%s</td><td>%s</td><td>%s</td></tr>$html$,
                           pg_temp.html(name), low, low, round(100.0 * missed / most, 1),
                           pg_temp.number(answered), pg_temp.number(missed),
                           coalesce(round(100.0 * answered / nullif(answered + missed, 0)) || '%', '')), E'\n' ORDER BY calls DESC, name) AS html
  FROM (SELECT *, greatest(max(answered + missed) OVER (), 1) AS most FROM queue) AS q,
  LATERAL (SELECT round(100.0 * answered / most, 1) AS low) AS bar
),

-- A call belongs to a person if its record, or else its first leg with an extension, has its id.
person AS (
  SELECT coalesce(name, 'Extension ' || own.id) AS name,
         count(*) FILTER (WHERE inbound) AS answered,
         count(*) FILTER (WHERE NOT inbound) AS made,
         sum(duration) AS seconds
  FROM call,
  LATERAL (SELECT coalesce(extension_id, (jsonb_path_query_first(legs, '$[*].extension.id') #>> '{}')::bigint) AS id) AS own
  LEFT JOIN extension_name USING (id)
  WHERE outcome = 'answered' AND own.id IS NOT NULL AND type IS DISTINCT FROM 'Department'
  GROUP BY own.id, name
  ORDER BY count(*) DESC, 1
  LIMIT 10
),
person_rows AS (
  SELECT string_agg(format('<tr><th scope="row"><bdi>%s</bdi></th><td>%s</td><td>%s</td><td>%s</td></tr>',
                           pg_temp.html(name), pg_temp.number(answered), pg_temp.number(made), pg_temp.number(round(seconds / 60.0))),
                    E'\n' ORDER BY answered + made DESC, name) AS html
  FROM person
),

-- Missed callers without a later conversation
waiting AS (
  SELECT digits, left(mode() WITHIN GROUP (ORDER BY caller), 60) AS caller, count(*) AS missed, max(start_time) AS last_missed
  FROM (SELECT *, max(start_time) FILTER (WHERE outcome = 'answered') OVER (PARTITION BY digits) AS last_answered
        FROM call WHERE digits IS NOT NULL) AS c
  WHERE inbound AND outcome = 'missed' AND start_time >= coalesce(last_answered, '-infinity')
  GROUP BY digits
  ORDER BY last_missed DESC, digits
  LIMIT 10
),
waiting_rows AS (
  SELECT string_agg(format('<tr><th scope="row"><bdi>%s</bdi> <small>+%s</small></th><td>%s</td><td><time datetime="%s">%s</time></td></tr>',
                           coalesce(pg_temp.html(nullif(btrim(caller), '')), 'unknown'), digits, pg_temp.number(missed),
                           to_char(last_missed, 'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM'), to_char(last_missed, 'FMDD Mon, HH24:MI')),
                    E'\n' ORDER BY last_missed DESC, digits) AS html
  FROM waiting
)

SELECT concat(
  format($html$<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-%1$s'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%2$s</title>
<style>%3$s</style>
</head>
<body>
<header>
<h1>%2$s</h1>
<p>%4$s to %5$s. Times are in %6$s.</p>
</header>
<main>
<dl class="figures">
<div><dt>Calls</dt><dd>%7$s</dd></div>
<div><dt>Inbound, answered</dt><dd>%8$s</dd></div>
<div><dt>Inbound, missed</dt><dd>%9$s</dd></div>
<div><dt>Hours of answered calls</dt><dd>%10$s</dd></div>
</dl>
$html$,
    encode(sha256(convert_to(:'css', 'UTF8')), 'base64'), pg_temp.html(:'title'), :'css',
    to_char(since, 'FMDD FMMonth YYYY'), to_char(until - interval '1 microsecond', 'FMDD FMMonth YYYY'),
    pg_temp.html(current_setting('TimeZone')),
    pg_temp.number(calls),
    pg_temp.number(answered) || coalesce(format(' <small>%s%%</small>', round(100.0 * answered / nullif(answered + missed, 0), 1)), ''),
    pg_temp.number(missed),
    pg_temp.number(round(seconds / 3600.0))),

  CASE WHEN inbound = 0 THEN E'<section><p class="none">There are no inbound calls to show.</p></section>\n' ELSE concat(
    format($html$<section aria-labelledby="days">
<h2 id="days">Inbound calls by %1$s</h2>
<p class="key"><span><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="answered" width="10" height="10" rx="2"/></svg>answered</span> <span><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="missed" width="10" height="10" rx="2"/></svg>missed</span></p>
<div class="chart">
<svg viewBox="0 0 916 236" role="img" aria-labelledby="days-title days-text">
<title id="days-title">Answered and missed inbound calls by %1$s</title>
<desc id="days-text">A bar for each %1$s: %2$s calls were answered, %3$s were missed. The table below has the same figures.</desc>
%4$s
</svg>
</div>
<details><summary>The same as a table</summary>
<div><table><thead><tr><th scope="col">From</th><th scope="col">Answered</th><th scope="col">Missed</th></tr></thead>
<tbody>
%5$s
</tbody></table></div></details>
</section>
$html$, unit, pg_temp.number(answered), pg_temp.number(missed), day_chart.svg, day_chart.rows),

    format($html$<section aria-labelledby="hours">
<h2 id="hours">Inbound calls by weekday and hour</h2>
<div class="chart">
<svg viewBox="0 0 916 248" role="img" aria-labelledby="hours-title hours-text">
<title id="hours-title">Inbound calls by weekday and hour</title>
<desc id="hours-text">A field for each hour of the week; the darker or, on a dark page, the brighter, the more calls. Most calls: %1$s. The table below has the same figures.</desc>
%2$s
%3$s
%4$s
<g>%5$s<text x="726" y="244" text-anchor="end">no call</text><text x="876" y="244">%6$s</text></g>
</svg>
</div>
<details><summary>The same as a table</summary>
<div><table><thead><tr><th scope="col">Hour</th>%7$s</tr></thead>
<tbody>
%8$s
</tbody></table></div></details>
</section>
$html$, busiest,
      (SELECT string_agg(format('<text x="36" y="%s" text-anchor="end">%s</text>', 21 + 29 * (weekday - 1), left(name, 3)), '' ORDER BY weekday)
       FROM hour_of_week WHERE hour = 0),
      (SELECT string_agg(format('<text x="%s" y="222" text-anchor="middle">%s</text>', 60.2 + 35.7 * hour, to_char(hour, 'FM00')), '')
       FROM generate_series(0, 23) AS hour),
      hour_chart.svg,
      (SELECT string_agg(format('<rect class="l%s" x="%s" y="234" width="20" height="11" rx="3"/>', step, 732 + 23 * step), '')
       FROM generate_series(0, 5) AS step),
      pg_temp.number(most),
      (SELECT string_agg(format('<th scope="col">%s</th>', to_char(hour, 'FM00')), '') FROM generate_series(0, 23) AS hour),
      hour_chart.rows),

    E'<div class="pair">\n',
    format($html$<section aria-labelledby="queues">
<h2 id="queues">Call queues</h2>
%s
</section>
$html$, coalesce('<table><thead><tr><th scope="col">Queue</th><th scope="col">Answered</th><th scope="col">Missed</th><th scope="col">Rate</th></tr></thead>'
                 || E'\n<tbody>\n' || queue_rows.html || E'\n</tbody></table>', '<p class="none">No call names a queue.</p>')),
    format($html$<section aria-labelledby="people">
<h2 id="people">People</h2>
%s
</section>
$html$, coalesce('<table><thead><tr><th scope="col">Name</th><th scope="col">Answered</th><th scope="col">Made</th><th scope="col">Minutes</th></tr></thead>'
                 || E'\n<tbody>\n' || person_rows.html || E'\n</tbody></table>', '<p class="none">No call names a person.</p>')),
    E'</div>\n',
    format($html$<section aria-labelledby="waiting">
<h2 id="waiting">Missed and not called back</h2>
%s
</section>
$html$, coalesce('<table><thead><tr><th scope="col">Caller</th><th scope="col">Missed</th><th scope="col">Last</th></tr></thead>'
                 || E'\n<tbody>\n' || waiting_rows.html || E'\n</tbody></table>', '<p class="none">No caller is waiting.</p>'))) END,

  format($html$</main>
<footer>Made by call_log_fdw on %s. The page names callers and their numbers: keep it as confidential as the calls.</footer>
</body>
</html>$html$, to_char(now(), 'FMDD FMMonth YYYY, HH24:MI')))
FROM total, span, day_chart, hour_chart, queue_rows, person_rows, waiting_rows;
