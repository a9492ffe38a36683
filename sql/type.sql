-- Contents of records.  A value that cannot be converted is an error that names
-- the record, the column and the reason, and only for queries that read it.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set VERBOSITY default
\set forget '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" records --clear'
CREATE FOREIGN TABLE odd (
  id text, start_time timestamptz, duration bigint, from_name text, from_phone_number varchar(20), short_recording boolean,
  billing_cost_included numeric, billing_cost_purchased numeric, metadata_categories text[], last_modified_time timestamptz, extension_id bigint,
  legs jsonb, attrs jsonb, party json OPTIONS (json_path 'from')
) SERVER ringcentral OPTIONS (resource 'call_log');
\set one 'FROM odd WHERE start_time = ''2026-02-03 03:33:33.123'''

-- Missing and null fields; text from numbers, numbers from text; an id as number
\! printf '%s' '{"id": 12345, "startTime": "2026-02-03T03:33:33.123Z", "duration": "17", "from": {"name": null}, "metadataCategories": ["a,b", null, "{\"}"], "shortRecording": true, "billing": {"costIncluded": 1.50}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT id, start_time, duration, from_name, from_phone_number, short_recording, billing_cost_included, metadata_categories, legs, party :one;
SELECT attrs :one;
:forget

-- Integers that exceed 64 bits
\! printf '%s' '{"id": "big", "startTime": "2026-02-03T03:33:33.123Z", "duration": 99999999999999999999, "from": {"name": 123456789012345678901234567890}, "extension": {"id": 9223372036854775807}, "billing": {"costIncluded": -99999999999999999999.5, "costPurchased": 1.5E+003}, "legs": [18446744073709551617, 1e400]}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT id, from_name, extension_id, billing_cost_included, billing_cost_purchased, legs->>0 AS leg, length(legs->>1) AS digits :one;
SELECT attrs->>'duration' AS duration, attrs->'from'->>'name' AS name :one;
SELECT duration :one;
:forget

-- Zero bytes and invalid UTF-8
\! printf '%s' '{"id": "zero", "startTime": "2026-02-03T03:33:33.123Z", "from": {"name": "a\u0000b", "phoneNumber": "1"}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT id, from_phone_number, party::text :one;
SELECT from_name :one;
SELECT attrs :one;
:forget
\! printf '{"id": "latin", "startTime": "2026-02-03T03:33:33.123Z", "from": {"name": "caf\351", "phoneNumber": "1"}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT id, from_phone_number :one;
SELECT from_name :one;
SELECT attrs :one;
:forget

-- Values of the wrong type
\! printf '%s' '{"id": "kinds", "startTime": "2026-02-03T03:33:33.123Z", "duration": 1.5, "from": {"name": {"first": "A"}, "phoneNumber": "123456789012345678901"}, "shortRecording": "perhaps", "billing": "free", "metadataCategories": "a", "lastModifiedTime": "now", "extension": [1], "legs": "none"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT id, from_name, legs :one;
SELECT duration :one;
SELECT from_phone_number :one;
SELECT short_recording :one;
SELECT billing_cost_included :one;
SELECT metadata_categories :one;
SELECT last_modified_time :one;
SELECT extension_id :one;
:forget
-- Records that are not JSON, are not objects, or have no id
\set VERBOSITY terse
\! printf '%s' '{"id": "nan", "startTime": "2026-02-03T03:33:33.123Z", "billing": {"costIncluded": NaN}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT billing_cost_included :one;
:forget
\! printf '%s' '{"startTime": "2026-02-03T03:33:33.123Z"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT id :one;
:forget
\! printf '%s' '[]' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT id :one;
:forget
\! printf '%s' 'null' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT id :one;
:forget
\! printf '%s' '{"id": "x", "startTime": tomorrow}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT id :one;
:forget

-- With on_error 'set_null' none of these is an error: they become NULL, and one
-- warning counts them; a record without an id, and a row with NULL where the
-- table does not allow it, are skipped
CREATE FOREIGN TABLE bad (id text) SERVER ringcentral OPTIONS (resource 'call_log', on_error 'ignore');
ALTER FOREIGN TABLE odd OPTIONS (on_error 'set_null');
\! printf '%s' '{"id": "kinds", "startTime": "2026-02-03T03:33:33.123Z", "duration": 1.5, "from": {"name": {"first": "A"}, "phoneNumber": "123456789012345678901"}, "shortRecording": "perhaps", "billing": "free", "metadataCategories": ["a", ["b"]], "lastModifiedTime": "now", "extension": [1], "legs": "none"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
\! printf '%s' '{"id": "good", "startTime": "2026-02-03T03:33:33.123Z", "duration": 2}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
\! printf '%s' '{"id": "huge", "startTime": "2026-02-03T03:33:33.123Z", "duration": 3, "billing": {"costIncluded": 1e999999999}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
\set VERBOSITY default
SELECT id, from_name, duration, from_phone_number AS phone, short_recording AS short, billing_cost_included AS cost, metadata_categories AS cat, last_modified_time AS modified, extension_id AS ext, legs, attrs IS NULL AS attrs :one ORDER BY id;
SELECT id :one AND duration IS NULL;
SELECT id, duration :one AND duration > 0 ORDER BY id;
ANALYZE odd;
\! printf '%s' '{"startTime": "2026-02-03T03:33:33.123Z", "duration": 4}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
\! printf '%s' '{"id": {"a": 1}, "startTime": "2026-02-03T03:33:33.123Z", "duration": 5}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT count(*) :one;
SELECT count(*), count(duration), count(short_recording) :one;
-- Records that are not objects; without an id the warning shows the record
CREATE FOREIGN TABLE strange (id text, start_time timestamptz) SERVER ringcentral OPTIONS (resource 'call_log', on_error 'set_null');
\! for record in 5 null '"text"' '[{"id": "a"}]' true '{"startTime": "2026-02-04T00:00:00Z", "result": "Missed"}'; do printf '%s' "$record" | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-04T00:00:00Z; done
\! printf '%s' '{"id": "sound", "startTime": "2026-02-04T00:00:00Z"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-04T00:00:00Z
SELECT * FROM strange WHERE start_time = '2026-02-04';
SELECT * FROM strange WHERE start_time = '2026-02-04' ORDER BY start_time DESC LIMIT 1;
DROP FOREIGN TABLE strange;
BEGIN;
DECLARE c CURSOR FOR SELECT id :one;
FETCH 1 FROM c;
COMMIT;
ALTER FOREIGN TABLE odd OPTIONS (SET on_error 'stop');
SELECT count(*) :one;
ALTER FOREIGN TABLE odd ALTER duration SET NOT NULL, OPTIONS (SET on_error 'set_null');
SELECT id, duration :one ORDER BY id;
ALTER FOREIGN TABLE odd ALTER duration DROP NOT NULL, OPTIONS (DROP on_error);
-- the option of the server, unless the table has its own
ALTER SERVER ringcentral OPTIONS (ADD on_error 'set_null');
SELECT max(duration) :one;
ALTER FOREIGN TABLE odd OPTIONS (ADD on_error 'stop');
SELECT max(duration) :one;
ALTER FOREIGN TABLE odd OPTIONS (DROP on_error);
ALTER SERVER ringcentral OPTIONS (DROP on_error);
:forget
-- Nor if rows must be sorted by a date that a record lacks
CREATE FOREIGN TABLE timed (id text, start_time timestamptz) SERVER ringcentral OPTIONS (resource 'call_log');
\! printf '%s' '{"id": "soon", "startTime": "soon"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
\! printf '%s' '{"id": "then", "startTime": "2026-02-03T03:33:33.123Z"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
\set last 'FROM timed WHERE start_time BETWEEN ''2026-02-03 03:33:33'' AND ''2026-02-03 03:33:34'' ORDER BY start_time DESC LIMIT 5'
SELECT id :last;
ALTER FOREIGN TABLE timed OPTIONS (on_error 'set_null');
SELECT id :last;
DROP FOREIGN TABLE timed;
:forget
-- Rows that are parts of a record
CREATE FOREIGN TABLE parts (id text OPTIONS (json_path '^id'), start_time timestamptz OPTIONS (json_path '^startTime'), leg_type text) SERVER ringcentral OPTIONS (resource 'call_log_legs', on_error 'set_null');
\! printf '%s' '{"id": "a", "startTime": "2026-02-03T03:33:33.123Z", "legs": "none"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
\! printf '%s' '{"id": "b", "startTime": "2026-02-03T03:33:33.123Z", "legs": [{"legType": "Accept"}, {"legType": "Find"}]}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT id, leg_type FROM parts WHERE start_time = '2026-02-03 03:33:33.123' ORDER BY 2;
DROP FOREIGN TABLE parts;
:forget

-- Constraints of domains are checked
CREATE DOMAIN short AS text NOT NULL CHECK (length(VALUE) < 10);
CREATE FOREIGN TABLE checked (start_time timestamptz, from_name short) SERVER ringcentral OPTIONS (resource 'call_log');
\! printf '%s' '{"id": "long", "startTime": "2026-02-03T03:33:33.123Z", "from": {"name": "Bartholomew"}}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT from_name FROM checked WHERE start_time = '2026-02-03 03:33:33.123';
:forget
\! printf '%s' '{"id": "none", "startTime": "2026-02-03T03:33:33.123Z"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.123Z
SELECT from_name FROM checked WHERE start_time = '2026-02-03 03:33:33.123';
:forget
DROP FOREIGN TABLE checked;
DROP DOMAIN short;

-- A column with less precision than the API
CREATE FOREIGN TABLE rounded (id text, start_time timestamptz, second timestamptz(0) OPTIONS (json_path 'startTime')) SERVER ringcentral OPTIONS (resource 'call_log');
\! printf '%s' '{"id": "up", "startTime": "2026-02-03T03:33:33.623Z"}' | python3 "$PG_ABS_SRCDIR/simulator/ctl.py" record --start-time 2026-02-03T03:33:33.623Z
SELECT id, second FROM rounded WHERE start_time = '2026-02-03 03:33:33.623' AND second = '2026-02-03 03:33:34';
SELECT id FROM rounded WHERE start_time BETWEEN '2026-02-03 03:33:33.6' AND '2026-02-03 03:33:33.7' AND second >= '2026-02-03 03:33:34';
:forget
DROP FOREIGN TABLE rounded;
DROP FOREIGN TABLE odd;
