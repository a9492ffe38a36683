-- messages: the message store of an extension, read like the call log.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
\getenv url CALL_LOG_SIMULATOR
\set ctl '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py"'
\set log '\\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E "s/(date(From|To)=20(26|23)-03-31T12:)[0-9:]{5}/\\\\1..:../g; s/conversationId=[0-9]+/conversationId=N/"'
:ctl reset
CREATE TABLE truth.messages (LIKE mine.messages);
CREATE TABLE truth.all_messages (LIKE mine.messages);
\copy truth.messages FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --resource messages --level extension' WITH (FORMAT csv, HEADER)
\copy truth.all_messages FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --resource messages --level extension --deleted' WITH (FORMAT csv, HEADER)
SELECT count(*) > 20 AS some, count(*) < (SELECT count(*) FROM truth.all_messages) AS not_all, count(DISTINCT type) AS types FROM truth.messages;
SELECT count(*) > 0 AS some FROM mine.messages WHERE creation_time >= '2026-03-01';
:ctl clear

-- Column by column, in windows of which the first ends now; the request limit is separate
SELECT * FROM explain('SELECT id FROM mine.messages WHERE creation_time >= ''2026-03-01'' AND type IN (''SMS'', ''Fax'') AND read_status = ''Unread''');
SELECT count(*) AS differences FROM (SELECT * FROM mine.messages EXCEPT ALL SELECT * FROM truth.messages) x;
:log
SELECT count(*) AS differences FROM (SELECT * FROM truth.messages EXCEPT ALL SELECT * FROM mine.messages) x;
SELECT throttling_group FROM call_log_fdw_rate_limits WHERE base_url = :'url' AND throttling_group = 'light';
ALTER FOREIGN TABLE mine.messages OPTIONS (ADD page_size '7');
SELECT count(*) = (SELECT count(*) FROM truth.messages) AS equal, count(DISTINCT id) = count(*) AS once FROM mine.messages;
ALTER FOREIGN TABLE mine.messages OPTIONS (DROP page_size);
:ctl clear

-- In order, only the newest ones
SELECT id = (SELECT id FROM truth.messages ORDER BY creation_time DESC, id LIMIT 1) AS equal FROM mine.messages ORDER BY creation_time DESC, id LIMIT 1;
SELECT max(creation_time) = (SELECT max(creation_time) FROM truth.messages) AS equal FROM mine.messages;
:log

-- Filters of the API
\set equal '(SELECT array_agg(id ORDER BY id) FROM mine.messages WHERE :c) IS NOT DISTINCT FROM (SELECT array_agg(id ORDER BY id) FROM truth.messages WHERE :c) AS equal, (SELECT count(*) > 0 FROM truth.messages WHERE :c) AS found'
SELECT conversation_id AS conversation FROM truth.messages WHERE conversation_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1 \gset
\set c 'type = ''Fax'''
SELECT :equal;
\set c 'type IN (''Fax'', ''VoiceMail'') AND direction = ''Inbound'''
SELECT :equal;
\set c 'type IN (''Fax'', ''Text'')'
SELECT :equal;
\set c 'direction = ''Sideways'''
SELECT :equal;
\set c 'read_status = ''Unread'' AND creation_time BETWEEN ''2026-01-01'' AND ''2026-03-01'''
SELECT :equal;
\set c 'read_status IS NULL'
SELECT :equal;
\set c 'conversation_id = ' :'conversation'
SELECT :equal;
\set c 'availability = ''Alive'''
SELECT :equal;
\set c 'availability = ''Deleted'''
SELECT :equal;
\set c 'from_phone_number LIKE ''+1%'' AND creation_time > ''2026-02-01'''
SELECT :equal;
:log

-- Deleted messages; the same rows with any pushed conditions, and with any default of the API
ALTER FOREIGN TABLE mine.messages OPTIONS (ADD show_deleted 'true');
SELECT count(*) AS differences FROM (SELECT * FROM mine.messages EXCEPT ALL SELECT * FROM truth.all_messages) x;
:log
SELECT count(*) = (SELECT count(*) FROM truth.all_messages) AS equal FROM mine.messages;
SELECT count(*) = (SELECT count(*) FROM truth.all_messages WHERE availability = 'Deleted') AS equal FROM mine.messages WHERE availability = 'Deleted';
SELECT count(*) = (SELECT count(*) FROM truth.all_messages WHERE availability <> 'Deleted') AS equal FROM mine.messages WHERE availability <> 'Deleted';
ALTER FOREIGN TABLE mine.messages OPTIONS (DROP show_deleted);
:ctl set deleted_messages=on
SELECT count(*) = (SELECT count(*) FROM truth.messages) AS equal FROM mine.messages;
:ctl set deleted_messages=off

-- Faxes of the call log joined with those of the message store
SELECT count(*) > 0 AS some, count(*) = (SELECT count(*) FROM truth.mine c JOIN truth.messages m ON m.id = c.message_id WHERE c.start_time >= '2026-01-01') AS equal
  FROM mine.call_log c JOIN mine.messages m ON m.id = c.message_id WHERE c.start_time >= '2026-01-01';

-- A team: the mailbox of each of its extensions is a request of its own, one that does not exist has no messages
CREATE TABLE truth.team_messages (LIKE calls.messages);
\copy truth.team_messages FROM PROGRAM 'python3 "$PG_ABS_SRCDIR/simulator/ctl.py" truth --resource messages' WITH (FORMAT csv, HEADER)
ALTER TABLE truth.team_messages DROP COLUMN uri;
CREATE TABLE team AS SELECT extension_id AS id, 'No. ' || row_number() OVER (ORDER BY extension_id) AS name FROM truth.team_messages GROUP BY 1 ORDER BY 1 LIMIT 3;
SELECT id AS one FROM team ORDER BY id LIMIT 1 \gset
ANALYZE team;
:ctl clear
SELECT * FROM explain('SELECT id FROM calls.messages WHERE extension_id = 731900212008 AND creation_time >= ''2026-03-01''');
SELECT * FROM explain('SELECT t.name, count(*) FROM team t JOIN calls.messages m ON m.extension_id = t.id WHERE m.creation_time >= ''2026-01-01'' GROUP BY 1') line WHERE line ~ 'Scan|Loop|Join|Request';
SELECT t.name, count(*) FROM team t JOIN calls.messages m ON m.extension_id = t.id WHERE m.creation_time >= '2026-01-01' GROUP BY 1
  EXCEPT ALL SELECT t.name, count(*) FROM team t JOIN truth.team_messages m ON m.extension_id = t.id WHERE m.creation_time >= '2026-01-01' GROUP BY 1;
\! python3 "$PG_ABS_SRCDIR/simulator/ctl.py" log --clear | sed -E "s/(dateTo=2026-03-31T12:)[0-9:]{5}/\\1..:../; s/extension\/[0-9]+/extension\/N/"
SELECT count(DISTINCT m.extension_id) = 3 AS three, bool_and(e.name IS NOT NULL) AS named FROM calls.extensions e JOIN calls.messages m ON m.extension_id = e.id WHERE e.id IN (SELECT id FROM team) AND m.type = 'SMS';
-- The extension comes from one table, another column's value from a second one
CREATE TABLE directions AS SELECT unnest(ARRAY['Inbound', 'Sideways']) AS direction;
ANALYZE directions;
SELECT array_agg(id ORDER BY id) = (SELECT array_agg(id ORDER BY id) FROM team WHERE EXISTS (SELECT FROM truth.team_messages m WHERE m.extension_id = team.id AND m.direction = 'Inbound')) AS equal
  FROM team WHERE EXISTS (SELECT FROM calls.messages m WHERE m.extension_id = team.id AND m.direction IN (SELECT direction FROM directions));
DROP TABLE directions;
SELECT count(*) = (SELECT count(*) FROM truth.team_messages WHERE extension_id = :one) AS equal FROM calls.messages WHERE :one = extension_id;
SELECT count(*) > 0 AS some, bool_and(extension_id = :one) AS own FROM calls.messages WHERE extension_id = :one::text::int8 AND direction = 'Inbound';
SELECT count(*) FROM calls.messages WHERE extension_id = 5;
\set VERBOSITY terse
CREATE FOREIGN TABLE elsewhere (id text, extension_id text) SERVER ringcentral OPTIONS (resource 'messages', account_id '1');
SELECT count(*) FROM elsewhere WHERE extension_id = '5';
\set VERBOSITY default
DROP FOREIGN TABLE elsewhere;
:ctl clear
CREATE FOREIGN TABLE as_text (id text, extension_id text) SERVER ringcentral OPTIONS (resource 'messages');
SELECT count(*) = (SELECT count(*) FROM truth.team_messages WHERE extension_id = :one) AS equal FROM as_text WHERE extension_id = :'one';
:ctl clear
SELECT count(*) FROM as_text WHERE extension_id = '../1';
SELECT count(*) FROM as_text WHERE extension_id = '~';
SELECT count(*) FROM as_text WHERE extension_id = '';
SELECT count(*) FROM calls.messages WHERE extension_id = -1;
SELECT count(*) FROM calls.messages WHERE extension_id = 1 AND extension_id = 2;
SELECT count(*) FROM calls.messages WHERE extension_id = NULL;
DROP FOREIGN TABLE as_text;
SELECT count(*) FROM calls.messages;
SELECT count(*) FROM calls.messages WHERE extension_id IN (1, 2);
SELECT count(*) FROM calls.messages WHERE extension_id > 1;
SELECT count(*) FROM calls.messages m WHERE extension_id = owner_extension_id::bigint;
SELECT count(*) FROM calls.messages WHERE extension_id / 2 = :one;
ANALYZE calls.messages;
:log
DROP TABLE team, truth.team_messages;

-- A sample for the planner
ANALYZE mine.messages;
SELECT reltuples BETWEEN (SELECT count(*) FROM truth.messages) * 0.5 AND (SELECT count(*) FROM truth.messages) * 2 AS about FROM pg_class WHERE oid = 'mine.messages'::regclass;

-- Options and errors
CREATE FOREIGN TABLE x (id text) SERVER ringcentral OPTIONS (resource 'messages', extension_id '~', show_blocked 'false');
:ctl set denied=ReadMessages
SELECT refused('SELECT count(*) FROM mine.messages');
:ctl reset
:ctl clear
