-- phone_digits(number): normalizes telephone numbers,
-- so that they can be compared. Used by crm.sql, billing.sql and reporting.sql.
--
--   +1 (415) 555-0100, 4155550100, 1-415-555-0100, 011 1 415... -> 14155550100
--
-- The second argument is the country code for numbers without one. Incomplete
-- numbers become NULL (a masked number such as +1415555XXXX, an extension,
-- 911): no match is better than a wrong one.
--
-- In pg_temp it requires no privilege and is dropped with the session. To keep it, for
-- example for an index, use another schema:
--
--   CREATE INDEX ON archive (phone_digits(from_phone_number));

CREATE OR REPLACE FUNCTION pg_temp.phone_digits(number text, country_code text DEFAULT '1')
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN number ~* '[a-z*#]' OR length(digits) NOT BETWEEN 8 AND 15 THEN NULL ELSE digits END
  FROM regexp_replace(number, '(ext\.?|x)\s*\d+\s*$', '', 'i') AS dialed(number),   -- "... ext. 12"
  LATERAL regexp_replace(number, '\D', '', 'g') AS d(d),
  LATERAL (SELECT CASE
    WHEN number ~ '^\s*\+' THEN d                                                -- complete
    WHEN country_code = '1' AND d ~ '^011' THEN substr(d, 4)                     -- dialed abroad from North America
    WHEN country_code = '1' AND d ~ '^[2-9]\d{9}$' THEN '1' || d
    WHEN d ~ '^00' THEN substr(d, 3)                                             -- dialed abroad from elsewhere
    WHEN country_code <> '1' AND d ~ '^0' THEN country_code || substr(d, 2)      -- within the country
    WHEN d ~ ('^' || country_code) AND length(d) > 9 THEN d                      -- complete, except for the +
  END AS digits) AS whole
$$;
