-- A web page with an audio player for each recording: one file, which needs
-- no other files and runs no script, to listen to or to send to a colleague.
--
--   psql -X -f examples/recording_player.sql > player.html
--   psql -X -v days=30 -v where="direction = 'Inbound' AND duration > 60" \
--     -f examples/recording_player.sql > player.html
--
-- schema   schema of the account's tables
-- days     number of days in addition to today
-- where    any condition on the columns of the table recorded, below
-- title    the heading of the page
--
-- Each recording needs a request, and the API allows about ten per minute: use a
-- narrow condition. Times are in the session's time zone (PGTZ=...). It
-- requires the privilege USAGE on the foreign server. The page contains the audio
-- itself, so it is as confidential as the calls.

\if :{?schema} \else \set schema 'calls'           \endif
\if :{?days}   \else \set days   '7'               \endif
\if :{?where}  \else \set where  'true'            \endif
\if :{?title}  \else \set title  'Call recordings' \endif

-- Only the page is written to stdout, completely or, after an error,
-- not at all. Notices and warnings are written to stderr.
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

-- The objects created here are temporary.
BEGIN READ WRITE;

-- The recordings with fields of their calls. These are contained in the same
-- response, so no join is needed; type and duration of the audio
-- would require another request for each, so they are not among the columns.
SELECT format('SERVER %I OPTIONS (%s)', srvname,
              string_agg(format('%I %L', option_name, option_value), ', ')) AS source
FROM pg_foreign_table
JOIN pg_foreign_server s ON s.oid = ftserver, pg_options_to_table(ftoptions)
WHERE ftrelid = format('%I.recordings', :'schema')::regclass
GROUP BY srvname
\gset

CREATE FOREIGN TABLE pg_temp.recorded (
  id text,
  type text,                                    -- Automatic or OnDemand
  call_id text               OPTIONS (json_path '^id'),
  call_start_time timestamptz OPTIONS (json_path '^startTime'),
  duration bigint            OPTIONS (json_path '^duration'),       -- of the call, in seconds
  direction text             OPTIONS (json_path '^direction'),
  result text                OPTIONS (json_path '^result'),
  from_name text             OPTIONS (json_path '^from.name'),
  from_phone_number text     OPTIONS (json_path '^from.phoneNumber'),
  from_extension_number text OPTIONS (json_path '^from.extensionNumber'),
  to_name text               OPTIONS (json_path '^to.name'),
  to_phone_number text       OPTIONS (json_path '^to.phoneNumber'),
  to_extension_number text   OPTIONS (json_path '^to.extensionNumber'),
  content bytea
) :source;

-- Names are sent by the caller's telephone.
CREATE FUNCTION pg_temp.html(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT replace(replace(replace(replace(replace($1,
    '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;')
$$;

-- bdi: right-to-left names do not affect the text after them
CREATE FUNCTION pg_temp.party(name text, number text, extension text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(nullif(concat_ws(' ',
    '<bdi class="name">' || pg_temp.html(nullif(name, '')) || '</bdi>',
    '<bdi class="number">' || pg_temp.html(nullif(number, '')) || '</bdi>',
    '<span class="number">ext. <bdi>' || pg_temp.html(nullif(extension, '')) || '</bdi></span>'), ''),
    '<span class="number">unknown</span>')
$$;

CREATE FUNCTION pg_temp.clock(seconds bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT regexp_replace(to_char(make_interval(secs => seconds), 'HH24:MI:SS'), '^(00:)?0?', '')
$$;

SELECT $css$
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #fff; --line: #dfe2e7; --text: #1b1f26; --quiet: #59616e;
  --in: #0b6b3a; --in-back: #dff3e7; --out: #1a4fb4; --out-back: #e2ebfb; --gone: #7a4d00; --gone-back: #fdf1d9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171c; --card: #1e2229; --line: #343a44; --text: #e8eaee; --quiet: #a3abb8;
    --in: #7fd8a4; --in-back: #173425; --out: #9dbdf9; --out-back: #1b2b4b; --gone: #f0c674; --gone-back: #3a2f17;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 52rem; padding: 2rem 1rem 3rem;
  background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 2rem 0 .75rem; font-size: 1.05rem; }
header p, footer { margin: .5rem 0 0; color: var(--quiet); }
.empty { margin-top: 2rem; padding: 3rem 1rem; border: 1px dashed var(--line); border-radius: .75rem; text-align: center; }
article {
  margin: 0 0 .75rem; padding: 1rem 1.25rem;
  background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
}
h3 { display: flex; align-items: center; gap: .75rem; margin: 0 0 .75rem; font-size: 1.1rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
[data-direction] { padding: .1rem .6rem; border-radius: 1rem; border: 1px solid var(--line); font-size: .8rem; font-weight: 600; }
[data-direction=Inbound] { border-color: transparent; background: var(--in-back); color: var(--in); }
[data-direction=Outbound] { border-color: transparent; background: var(--out-back); color: var(--out); }
dl { display: grid; grid-template-columns: 2fr 2fr 1fr 1fr; gap: .5rem 1.25rem; margin: 0; }
dt { color: var(--quiet); font-size: .8rem; }
dd { margin: 0; text-align: left; font-variant-numeric: tabular-nums; }
.name { display: block; font-weight: 600; }
.number { display: inline-block; margin-right: .4rem; }
.name ~ .number { color: var(--quiet); font-size: .9rem; }
audio { display: block; width: 100%; height: 2.75rem; margin-top: 1rem; }
.gone { margin: 1rem 0 0; padding: .5rem .75rem; border-radius: .5rem; background: var(--gone-back); color: var(--gone); font-size: .9rem; }
footer { margin-top: 2rem; font-size: .85rem; }
@media (max-width: 40rem) {
  body { padding: 1.25rem .75rem 2rem; }
  article { padding: 1rem; }
  dl { grid-template-columns: 1fr 1fr; }
}
@media print {
  audio { display: none; }
  article { break-inside: avoid; }
}
$css$ AS css \gset

-- Build the whole page before its first line is printed. Only here requests are sent:
-- each recording that satisfies the conditions is fetched once. Its first bytes
-- determine the type of the audio. The page may use this style and embedded
-- audio, and no other resources.
CREATE TEMPORARY TABLE page AS
WITH shown AS MATERIALIZED (
  SELECT *, row_number() OVER (ORDER BY call_start_time DESC, call_id, id) AS number
  FROM pg_temp.recorded
  WHERE call_start_time >= CURRENT_DATE - :'days'::int AND (:where
  )
),
head AS (
  SELECT format($html$<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-%1$s'; media-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%2$s</title>
<style>%3$s</style>
</head>
<body>
<header>
<h1>%2$s</h1>
<p>%4$s since %5$s%6$s. Times are in %7$s.</p>
</header>
<main>%8$s$html$,
    encode(sha256(convert_to(:'css', 'UTF8')), 'base64'),
    pg_temp.html(:'title'),
    :'css',
    CASE count(*) WHEN 0 THEN 'No recordings' WHEN 1 THEN '1 recording' ELSE count(*) || ' recordings' END,
    to_char(CURRENT_DATE - :'days'::int, 'FMDD FMMonth YYYY'),
    CASE WHEN count(content) < count(*) THEN ', ' || count(*) - count(content) || ' of them without audio' END,
    pg_temp.html(current_setting('TimeZone')),
    CASE WHEN count(*) = 0 THEN E'\n<p class="empty">There are no recordings to show.</p>' END) AS html
  FROM shown
),
cards AS (
  SELECT number, concat(
    CASE WHEN lag(call_start_time::date) OVER (ORDER BY number) IS DISTINCT FROM call_start_time::date
      THEN to_char(call_start_time, '"<h2>"FMDay, FMDD FMMonth YYYY"</h2>"') || E'\n' END,
    format($html$<article aria-labelledby="call%1$s">
<h3 id="call%1$s"><time datetime="%2$s">%3$s</time> <span data-direction="%4$s">%4$s</span></h3>
<dl id="about%1$s">
<div><dt>From</dt><dd>%5$s</dd></div>
<div><dt>To</dt><dd>%6$s</dd></div>
<div><dt>Call lasted</dt><dd>%7$s</dd></div>
<div><dt>Recorded</dt><dd>%8$s</dd></div>
</dl>
$html$,
      number,
      to_char(call_start_time, 'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM'),
      to_char(call_start_time, 'HH24:MI'),
      pg_temp.html(direction),
      pg_temp.party(from_name, from_phone_number, from_extension_number),
      pg_temp.party(to_name, to_phone_number, to_extension_number),
      coalesce(pg_temp.clock(duration), 'unknown'),
      CASE type WHEN 'Automatic' THEN 'automatically' WHEN 'OnDemand' THEN 'on demand'
                ELSE coalesce(pg_temp.html(type), 'unknown') END),
    CASE WHEN content IS NULL
      THEN '<p class="gone">The audio is gone. RingCentral keeps recordings for about 90 days.</p>'
      ELSE format('<audio controls preload="metadata" aria-labelledby="call%1$s about%1$s" src="data:%2$s;base64,%3$s"></audio>',
                  number,
                  CASE substr(content, 1, 4) WHEN 'RIFF' THEN 'audio/wav' ELSE 'audio/mpeg' END,
                  translate(encode(content, 'base64'), E'\n', '')) END,
    E'\n</article>') AS html
  FROM shown
)
SELECT 1 AS part, 0::bigint AS number, html FROM head
UNION ALL
SELECT 2, number, html FROM cards
UNION ALL
SELECT 3, 0, format($html$</main>
<footer>Made by call_log_fdw on %s. The recordings are in this file: keep it as confidential as the calls.</footer>
</body>
</html>$html$, to_char(now(), 'FMDD FMMonth YYYY, HH24:MI'));

-- Row by row, so that psql does not keep it all in memory.
\set FETCH_COUNT 1
SELECT html FROM page ORDER BY part, number;
ROLLBACK;
