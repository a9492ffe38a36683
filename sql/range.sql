-- Ranges, which PostgreSQL 17 and later rewrite as comparisons (range_1.out).
\pset format unaligned
\pset tuples_only on
SET timezone = 'America/New_York';
SET datestyle = 'ISO';
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time <@ tstzrange '[2026-03-01, 2026-03-02)'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE tstzrange(NULL, '2026-03-02', '[]') @> start_time AND tsrange '[2026-03-01,)' @> start_time::timestamp$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time::date <@ daterange '[2026-03-01, 2026-03-02]'$$);
SELECT * FROM explain($$SELECT id FROM calls.call_log WHERE start_time <@ tstzrange 'empty'$$);
