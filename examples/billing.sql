-- Minutes and costs of a month, by customer.
--
--   psql -X -f examples/billing.sql
--   psql -X -v source=archive -v month=2026-10-01 -v customers=billing.customer -v first=30 -v step=6 -f examples/billing.sql
--
-- source        the table to read: the call log itself, or a copy of it (archive.sql)
-- month         its first day; the last month, if not given
-- customers     a table with the columns customer and phone_number, one row per
--               number; default: the area codes of numbers, as an example
-- first, step   rounding of each call, in seconds: 60, 60: full minutes; 30, 6: at
--               least half a minute, then tenths of a minute; 1, 1: seconds
-- country_code  of numbers without one
-- extensions    people and call queues (extension_names.sql)
--
-- Months are those of the session's time zone: set that of your invoices
-- (PGTZ=America/New_York psql ...).

\if :{?source}       \else \set source 'calls.call_log' \endif
\if :{?first}        \else \set first 60                \endif
\if :{?step}         \else \set step 60                 \endif
\if :{?country_code} \else \set country_code 1          \endif
\if :{?month}
\else
SELECT (date_trunc('month', CURRENT_DATE) - interval '1 month')::date AS month \gset
\endif
\set ON_ERROR_STOP on
\set QUIET on
\ir phone_digits.sql
\ir extension_names.sql

-- Copy once: one request per 1000 calls. The month must have ended some hours ago,
-- since RingCentral may still add and change calls.
--
-- The record of a call contains costs, and each of its legs contains its part of the
-- same costs. Add up the records or the legs, never both, and never the costs of
-- a join of calls and legs. RingCentral's reference calls both values a cost per
-- minute, while its examples look like the costs of whole calls, which is assumed
-- here: compare a month with RingCentral's invoice before you rely on them.
SELECT 'DROP TABLE pg_temp.billed_call' WHERE to_regclass('pg_temp.billed_call') IS NOT NULL \gexec
CREATE TEMPORARY TABLE billed_call AS
SELECT id, start_time, direction, duration, legs,
       -- where the record of a call names no extension, its legs may
       coalesce(extension_id, (jsonb_path_query_first(legs, '$[*].extension.id') #>> '{}')::bigint) AS extension_id,
       coalesce(billing_cost_included, 0) AS cost_included,         -- your plan covers it
       coalesce(billing_cost_purchased, 0) AS cost_purchased,       -- it does not
       pg_temp.phone_digits(CASE direction WHEN 'Inbound' THEN from_phone_number ELSE to_phone_number END,
                            :'country_code') AS digits,
       -- billed calls: answered ones. The duration counts from the start
       -- of the call, ringing included, as the call log does.
       CASE WHEN lower(result) IN ('accepted', 'call accepted', 'call connected', 'connected', 'answered elsewhere')
              AND duration > 0
         -- the first seconds as a unit, then steps
         THEN :first + :step * ceil(greatest(duration - :first, 0)::numeric / :step)
         ELSE 0
       END AS billed_seconds
FROM :source
WHERE start_time >= :'month'::date AND start_time < :'month'::date + interval '1 month'
  AND type = 'Voice' AND deleted IS NOT TRUE;
ANALYZE billed_call;

\if :{?customers}
\else
SELECT 'DROP TABLE pg_temp.customer' WHERE to_regclass('pg_temp.customer') IS NOT NULL \gexec
CREATE TEMPORARY TABLE customer AS
SELECT DISTINCT 'Customer ' || substr(digits, 2, 3) AS customer, '+' || digits AS phone_number
FROM billed_call
WHERE digits ~ '^1[2-7]';
\set customers customer
\endif

\echo
\echo '== Minutes by customer, and of all calls; billed minutes are rounded call by call'
WITH known AS (             -- a number of two customers must not duplicate its calls
  SELECT DISTINCT ON (digits) digits, customer
  FROM (SELECT customer, pg_temp.phone_digits(phone_number, :'country_code') AS digits FROM :customers) AS c
  ORDER BY digits, customer
)
SELECT CASE WHEN grouping(customer) = 1 THEN 'All calls' ELSE coalesce(customer, '(none)') END AS customer,
       count(*) AS calls,
       count(*) FILTER (WHERE billed_seconds > 0) AS billed_calls,
       round(sum(duration) FILTER (WHERE billed_seconds > 0) / 60, 2) AS exact_minutes,
       round(sum(billed_seconds) / 60, 2) AS billed_minutes,
       sum(cost_included) AS cost_included,
       sum(cost_purchased) AS cost_purchased
FROM billed_call
LEFT JOIN known USING (digits)
GROUP BY ROLLUP (customer)
ORDER BY grouping(customer), sum(billed_seconds) DESC, customer;

\echo
\echo '== Those who cost most: people, call queues; one line may be for calls that name none'
SELECT coalesce(e.name, extension_id::text) AS name,
       count(*) AS calls,
       round(sum(billed_seconds) / 60, 2) AS billed_minutes,
       sum(cost_included) AS cost_included,
       sum(cost_purchased) AS cost_purchased
FROM billed_call
LEFT JOIN extension_name e ON e.id = extension_id
GROUP BY extension_id, e.name
ORDER BY sum(cost_purchased) DESC, sum(billed_seconds) DESC, extension_id
LIMIT 20;

\echo
\echo '== To check: calls whose legs do not add up to their costs'
SELECT id, start_time, cost_included, cost_purchased, leg_included, leg_purchased
FROM billed_call,
LATERAL (SELECT sum((leg #>> '{billing,costIncluded}')::numeric) AS leg_included,
                sum((leg #>> '{billing,costPurchased}')::numeric) AS leg_purchased
         FROM jsonb_array_elements(legs) AS leg) AS leg_cost
WHERE leg_included <> cost_included OR leg_purchased <> cost_purchased
ORDER BY start_time, id
LIMIT 10;
