# The tables of the differential test, and properties for its queries.
#
# Two schemas have the same tables: in one they are foreign, in the other they
# are views on the simulator's truth. The search_path selects the schema, so the
# text of a query is the same for both.
package CallTables;

use strict;
use warnings;

use CallLog;
use Exporter qw(import);
use JSON::PP;
use PostgreSQL::Test::Utils;
use Simulator;

our @EXPORT = qw(
  %tables
  create_collation
  create_foreign_tables
  create_truth
  create_local_tables
  find_witnesses
);

# ----------
# Properties of the columns
# ----------

# Conditions that cannot be pushed down, some of them similar to others that can
my @others_of_all = (
	'c.{key} > c.session_id',
	'extract(dow FROM c.{time}) = 0',
	q{date_trunc('day', c.{time}) = c.{time}},
	q{c.{time}::text LIKE '%00'},
	'c.{time}::date IN (SELECT day FROM few)',
	'random() >= 0',
	'true',
	'NULL');

my @others_of_calls = (
	@others_of_all,
	'c.duration > 60',
	'c.duration IS NULL',
	q{c.result = 'Missed'},
	q{c.result <> 'Accepted'},
	q{c.result IN ('Hang Up', 'Hang up')},
	q{(c.type, c.direction) = ('Voice', 'Inbound')},
	'(c.type, c.direction) IN (SELECT type, direction FROM few)');

my @others_of_parties = (
	'c.duration_ms % 2 = 0',
	q{c.from_name LIKE '%a%'},
	q{c.to_name ~ '^[A-M]'},
	q{c.from_name = ''},
	'c.from_name IS NULL',
	q{c.from_phone_number LIKE '+1%'},
	'c.extension_id = 731900211008',
	'c.extension_id IS NOT NULL',
	'c.short_recording',
	'c.short_recording IS NOT TRUE',
	q{c.metadata_categories @> '{Sales}'},
	'c.metadata_categories IS NOT NULL',
	'c.billing_cost_included > 0.1',
	q{c.attrs ->> 'result' = 'Busy'},
	'c.from_extension_number = c.to_extension_number');

my @others_of_messages = (
	(map { s/session_id/type/r } @others_of_all),
	q{c.message_status = 'Sent'},
	'c.message_status IS NULL',
	q{c.subject LIKE '%a%'},
	'c.extension_id = 731900211008',
	'c.fax_page_count > 1',
	'c.last_modified_time > c.creation_time',
	'jsonb_array_length(c."to") > 1',
	q{c.attrs ->> 'type' = 'Fax'},
	'c.id::bigint % 2 = 0');

my @others_of_records = (
	@others_of_calls,
	@others_of_parties,
	q{c.last_modified_time > c.start_time + interval '2 minutes'},
	'c.start_time::date - c.last_modified_time::date = 0',
	'jsonb_array_length(c.legs) > 1',
	'c.deleted IS NULL');

# time: the date by which the API lists. key: unique columns. columns: those
# used in conditions and joins, and their contents. others: further conditions
# on a row c. outputs: select lists.
my %call_log = (
	time => 'start_time',
	key => ['id'],
	columns => {
		id => 'call',
		session_id => 'session',
		telephony_session_id => 'telephony',
		recording_id => 'recording',
		start_time => 'time',
		last_modified_time => 'other time',
		type => 'type',
		direction => 'direction',
		transport => 'transport',
		recording_type => 'recording_type' },
	others => \@others_of_records,
	outputs => [
		'c.id, c.start_time',
		'c.id, c.type, c.direction, c.result, c.duration',
		'c.id, c.session_id, c.telephony_session_id, c.from_name, c.to_name',
		'c.id, c.recording_id, c.recording_type, c.recording_content_uri',
		'c.id, c.transport, c.last_modified_time, c.billing_cost_purchased',
		'c.id, c.metadata_categories, c.extension_id, c.legs',
		'c.id, c.attrs',
		'c.tableoid::regclass, c.id',
		'to_jsonb(c)',
		'c',
		'1' ]);

my %some_columns = (
	time => 'start_time',
	key => ['id'],
	columns => {
		id => 'call',
		session_id => 'session',
		recording_id => 'recording',
		start_time => 'time',
		type => 'type',
		direction => 'direction' },
	others => \@others_of_calls,
	outputs => [
		'c.id, c.start_time',
		'c.id, c.result',
		'c.type, c.direction, c.session_id',
		'c',
		'1' ]);

our %tables = (
	call_log => { %call_log, foreign => 1 },
	active_calls => { %call_log, foreign => 1 },
	call_log_legs => {
		foreign => 1,
		time => 'call_start_time',
		key => [ 'call_id', 'leg_number' ],
		columns => {
			call_id => 'call',
			session_id => 'session',
			telephony_session_id => 'telephony',
			recording_id => 'recording',
			call_start_time => 'time',
			start_time => 'time',
			call_type => 'type',
			call_direction => 'direction',
			type => 'type',
			direction => 'direction',
			transport => 'transport',
			recording_type => 'recording_type' },
		others => [
			@others_of_calls, @others_of_parties, 'c.leg_number = 1',
			'c.master', 'c.leg_number > 1', 'c.call_type = c.type',
			'c.start_time > c.call_start_time',
			q{c.leg_type LIKE 'S%'} ],
		outputs => [
			'c.call_id, c.leg_number, c.start_time',
			'c.call_id, c.leg_type, c.result, c.master',
			'c.session_id, c.leg_telephony_session_id, c.call_direction',
			'c.call_id, c.attrs',
			'to_jsonb(c)',
			'c',
			'1' ] },
	recordings => {
		foreign => 1,
		time => 'call_start_time',
		key => [ 'id', 'call_id' ],
		columns => {
			id => 'recording',
			call_id => 'call',
			session_id => 'session',
			telephony_session_id => 'telephony',
			call_start_time => 'time',
			type => 'recording_type' },
		others => [
			(map { s/\{key\}/call_id/r } @others_of_all),
			'c.duration > 100',
			q{c.uri LIKE '%7'},
			'c.id <> c.call_id' ],
		outputs => [
			('c.id, c.type, c.call_id') x 3,
			'c.id, c.call_start_time, c.session_id',
			'c.id, c.content_uri',
			'c.id, c.duration',
			'c.id, c.content_type, c.duration, c.telephony_session_id',
			'1' ] },

	# what the API finds for a number; conditions must name one
	call_log_search => {
		%call_log,
		foreign => 1,
		columns => {
			%{ $call_log{columns} },
			search_phone_number => 'phone searched',
			search_extension_number => 'extension searched' },
		outputs => [
			(grep { !/tableoid/ } @{ $call_log{outputs} }),
			'c.id, c.search_phone_number, c.search_extension_number' ] },

	# the owner's messages, and everybody in the company
	messages => {
		foreign => 1,
		time => 'creation_time',
		key => ['id'],
		columns => {
			id => 'message',
			creation_time => 'time',
			last_modified_time => 'other time',
			type => 'message type',
			direction => 'direction',
			read_status => 'read status',
			availability => 'availability',
			conversation_id => 'conversation' },
		others => \@others_of_messages,
		outputs => [
			'c.id, c.creation_time',
			'c.id, c.type, c.direction, c.read_status, c.availability',
			'c.id, c.subject, c."to", c.attachments',
			'c.id, c.attrs',
			'to_jsonb(c)',
			'c',
			'1' ] },
	team_messages => {
		foreign => 1,
		time => 'creation_time',
		key => ['id'],
		columns => {
			id => 'message',
			extension_id => 'extension requested',
			creation_time => 'time',
			last_modified_time => 'other time',
			type => 'message type',
			direction => 'direction',
			read_status => 'read status',
			conversation_id => 'conversation' },
		others => \@others_of_messages,
		outputs => [
			'c.id, c.extension_id, c.creation_time',
			'c.id, c.type, c.direction, c.read_status',
			'c.id, c.attrs',
			'to_jsonb(c)',
			'c',
			'1' ] },
	extensions => {
		foreign => 1,
		key => ['id'],
		columns => {
			type => 'extension type',
			status => 'status',
			extension_number => 'extension',
			department => 'department',
			site_id => 'site' },
		others => [
			'c.id > 731900000000',
			'c.name IS NULL',
			q{c.name LIKE '%a%'},
			'c.hidden',
			'c.hidden IS NOT TRUE',
			q{c.email ~ '^user1'},
			'jsonb_array_length(c.phone_numbers) > 0',
			q{c.attrs ->> 'type' = 'User'} ],
		outputs => [
			'c.id, c.name',
			'c.id, c.type, c.status, c.site_name',
			'c.id, c.first_name, c.last_name, c.phone_numbers',
			'c.id, c.attrs',
			'to_jsonb(c)',
			'c',
			'1' ] },

	# partitioned by time, by direction, by a hash of the id, by table
	branches => {
		%some_columns,
		foreign => 1,
		key => [ 'id', 'branch' ],
		others => [ @others_of_calls, q{c.branch = 'log'}, q{c.branch <> 'active'}, q{c.branch IN (SELECT 'fax')} ] },
	history => { %some_columns, foreign => 1 },
	sides => { %some_columns, foreign => 1 },
	spread => { %some_columns, foreign => 1 },

	# with deleted calls, without blocked ones
	deleted_too => { %some_columns, foreign => 1 },
	unblocked => { %some_columns, foreign => 1 },

	# other names, other types, one field as several columns
	renamed => {
		foreign => 1,
		time => 'began',
		key => ['call'],
		columns => {
			call => 'call',
			same_call => 'call',
			session_id => 'session',
			began => 'time',
			began_second => 'time',
			kind => 'type',
			side => 'direction' },
		others => [
			@others_of_all, 'c.call = c.same_call',
			q{c.any_side = 'INBOUND'},
			q{c.any_side = ANY (ARRAY['inbound', 'Outbound'])},
			'c.any_side IN (SELECT upper(direction) FROM few)',
			q{c.began_text < '2026-05'},
			'c.began_utc > localtimestamp - interval \'100 days\'',
			q{c.began_day = (c.began AT TIME ZONE 'UTC')::date},
			q{c.first_leg IN ('Accept', 'FindMe')} ],
		outputs => [
			'c.call, c.began_utc', 'c.same_call, c.first_leg',
			'c.kind, c.began_day', 'c' ] },

	# views
	everything => {
		foreign => 1,
		time => 'start_time',
		key => [ 'id', 'n' ],
		columns => {
			id => 'call',
			session_id => 'session',
			start_time => 'time',
			type => 'type' },
		others => [ @others_of_all, 'c.n = 2', 'c.n IN (1, 3)' ],
		outputs => [ 'c.id, c.n', 'c.start_time, c.type', 'c' ] },
	voice => { %some_columns, foreign => 1 },

	# local: few rows, one of them all NULL, one of a deleted call; more rows
	few => {
		time => 'moment',
		key => ['n'],
		columns => {
			id => 'call',
			session_id => 'session',
			telephony_session_id => 'telephony',
			recording_id => 'recording',
			moment => 'time',
			type => 'type',
			direction => 'direction',
			transport => 'transport',
			recording_type => 'recording_type' } },
	tickets => {
		time => 'seen',
		key => ['ticket'],
		columns => {
			call => 'call',
			session => 'session',
			recording => 'recording',
			seen => 'time',
			kind => 'type' } },
	letters => {
		time => 'seen',
		key => ['message'],
		columns => {
			message => 'message',
			seen => 'time',
			conversation => 'conversation',
			kind => 'message type',
			state => 'read status' } });

# ----------
# The tables
# ----------

# Tables that only one of the two schemas can have, or that are too slow
my $leave_out = q{
	ALTER FOREIGN TABLE call_log DROP COLUMN uri;
	ALTER FOREIGN TABLE active_calls DROP COLUMN uri;
	ALTER FOREIGN TABLE recordings DROP COLUMN content;
};
my $leave_out_of_search = q{
	ALTER FOREIGN TABLE call_log_search DROP COLUMN uri;
};

# Tables that all schemas have, of whatever level: the directory, the messages of
# the owner, and those of an extension that the query names
my %of_one_level = (
	extensions => [ 'account', 'extensions' ],
	messages => [ 'extension', 'messages' ],
	team_messages => [ 'account', 'messages' ]);

my $some_columns = 'id, session_id, recording_id, start_time, type, direction, result, duration';
my $some_types = q{id text, session_id text, recording_id text,
	start_time timestamptz, type text, direction text, result text,
	duration bigint};

# The same in both schemas
my $views_and_functions = qq{
	CREATE VIEW everything AS
		SELECT id, session_id, start_time, type, 1 AS n FROM call_log
		UNION ALL SELECT id, session_id, start_time, type, 2 FROM active_calls
		UNION ALL SELECT call_id, session_id, call_start_time, call_type,
			leg_number + 2 FROM call_log_legs WHERE leg_number > 1;
	CREATE VIEW voice WITH (security_barrier) AS
		SELECT $some_columns FROM call_log WHERE type = 'Voice';
	CREATE FUNCTION calls_of(text) RETURNS SETOF call_log LANGUAGE sql STABLE
		AS 'SELECT * FROM call_log WHERE session_id = \$1';
	CREATE FUNCTION calls_since(timestamptz) RETURNS SETOF call_log LANGUAGE sql STABLE
		AS 'SELECT * FROM call_log WHERE start_time >= \$1';
};

# Foreign tables that are not imported. <log> is replaced by server and options
# of a call log, <deleted> and so on by those of others; <seam1> and <seam2> are
# the bounds of partitions.
my $foreign_tables = qq{
	CREATE FOREIGN TABLE deleted_too ($some_types) <deleted>;
	CREATE FOREIGN TABLE renamed (
		call varchar OPTIONS (json_path 'id'),
		session_id varchar(30),
		same_call text OPTIONS (json_path 'id'),
		began timestamptz OPTIONS (json_path 'startTime'),
		began_second timestamptz(0) OPTIONS (json_path 'startTime'),
		began_utc timestamp OPTIONS (json_path 'startTime'),
		began_day date OPTIONS (json_path 'startTime'),
		began_text text OPTIONS (json_path 'startTime'),
		kind varchar(8) OPTIONS (json_path 'type'),
		side text OPTIONS (json_path 'direction'),
		any_side text OPTIONS (json_path 'direction') COLLATE shared.ignore_case,
		first_leg text OPTIONS (json_path 'legs.0.legType')) <log>;

	-- an archive that ends where the foreign tables begin
	CREATE TABLE history ($some_types) PARTITION BY RANGE (start_time);
	CREATE TABLE archive PARTITION OF history FOR VALUES FROM (MINVALUE) TO ('<seam1>');
	CREATE TABLE middle PARTITION OF history
		FOR VALUES FROM ('<seam1>') TO ('<seam2>') PARTITION BY LIST (type);
	CREATE FOREIGN TABLE middle_fax PARTITION OF middle FOR VALUES IN ('Fax') <log>;
	CREATE FOREIGN TABLE middle_rest PARTITION OF middle DEFAULT <log>;
	CREATE FOREIGN TABLE present (result text, gone text, type text, duration bigint,
		direction text, start_time timestamptz, id text, session_id text,
		recording_id text) <log>;
	ALTER FOREIGN TABLE present DROP COLUMN gone;
	ALTER TABLE history ATTACH PARTITION present FOR VALUES FROM ('<seam2>') TO (MAXVALUE);
	INSERT INTO archive SELECT $some_columns FROM <truth>.call_log WHERE start_time < '<seam1>';

	CREATE TABLE branches ($some_types, branch text) PARTITION BY LIST (branch);
	CREATE FOREIGN TABLE branch_log ($some_types, branch text OPTIONS (value 'log')) <log>;
	CREATE FOREIGN TABLE branch_active ($some_types, branch text OPTIONS (value 'active')) <active>;
	ALTER TABLE branches ATTACH PARTITION branch_log FOR VALUES IN ('log');
	ALTER TABLE branches ATTACH PARTITION branch_active FOR VALUES IN ('active');
	CREATE TABLE branch_fax PARTITION OF branches DEFAULT;
	INSERT INTO branches SELECT $some_columns, 'fax' FROM <truth>.call_log WHERE type = 'Fax';

	CREATE TABLE sides ($some_types) PARTITION BY LIST (direction);
	CREATE FOREIGN TABLE inbound PARTITION OF sides FOR VALUES IN ('Inbound') <log>;
	CREATE FOREIGN TABLE other_sides PARTITION OF sides DEFAULT <log>;

	CREATE TABLE spread ($some_types) PARTITION BY HASH (id);
	CREATE FOREIGN TABLE spread_0 PARTITION OF spread
		FOR VALUES WITH (MODULUS 2, REMAINDER 0) <log>;
	CREATE FOREIGN TABLE spread_1 PARTITION OF spread
		FOR VALUES WITH (MODULUS 2, REMAINDER 1) <log>;
	ANALYZE archive, branch_fax;
};

# Only lists of extensions can exclude blocked calls
my $unblocked = qq{
	CREATE VIEW unblocked AS SELECT $some_columns FROM call_log
		WHERE result IS DISTINCT FROM 'Blocked';
};
my %unblocked_of = (
	account => $unblocked,
	extension => "CREATE FOREIGN TABLE unblocked ($some_types) <unblocked>;");

# The same tables as views
my $truth_views = qq{
	CREATE VIEW deleted_too AS SELECT $some_columns FROM with_deleted;
	CREATE VIEW renamed AS SELECT id::varchar AS call,
		session_id::varchar(30), id AS same_call, start_time AS began,
		start_time::timestamptz(0) AS began_second,
		start_time AT TIME ZONE 'UTC' AS began_utc,
		(start_time AT TIME ZONE 'UTC')::date AS began_day,
		attrs ->> 'startTime' AS began_text, type::varchar(8) AS kind,
		direction AS side, direction COLLATE shared.ignore_case AS any_side,
		legs -> 0 ->> 'legType' AS first_leg FROM call_log;
	CREATE VIEW history AS SELECT $some_columns FROM call_log;
	CREATE VIEW branches AS
		SELECT $some_columns, 'log' AS branch FROM call_log
		UNION ALL SELECT $some_columns, 'active' FROM active_calls
		UNION ALL SELECT $some_columns, 'fax' FROM call_log WHERE type = 'Fax';
	CREATE VIEW sides AS SELECT $some_columns FROM call_log;
	CREATE VIEW spread AS SELECT $some_columns FROM call_log;
};

# What a search for a number finds, however the number is written: the calls with
# that number in E.164, or those in which an extension took part
my $search_views = q{
	CREATE VIEW call_log_search AS
		SELECT text AS search_phone_number, NULL::text AS search_extension_number, c.*
		FROM call_log c CROSS JOIN LATERAL (SELECT DISTINCT ltrim(party, '+') AS number
			FROM unnest(ARRAY[from_phone_number, to_phone_number]) party
			WHERE party ~ '^\+?[1-9][0-9]{7,14}$') n
		CROSS JOIN LATERAL (VALUES (number), ('+' || number)) v (text)
		UNION ALL
		SELECT NULL, e.extension_number, c.* FROM call_log c
		JOIN (SELECT id AS call, extension_id FROM call_log
			UNION SELECT call_id, extension_id FROM call_log_legs) p ON p.call = c.id
		JOIN extensions e ON e.id = p.extension_id;
};

# A schema with foreign tables of that level; options are those of the tables.
# seams are two times of the truth.
sub create_foreign_tables
{
	my ($node, $schema, $level, $truth, $seams, %options) = @_;
	my @scope = $level eq 'extension' ? (extension_id => '~') : ();
	my %words = (
		log => [ resource => 'call_log' ],
		deleted => [ resource => 'call_log', show_deleted => 'true' ],
		unblocked => [ resource => 'call_log', show_blocked => 'false' ],
		active => [ resource => 'active_calls' ]);

	$_ = 'SERVER calls ' . options_clause(%options, @scope, @$_) foreach values %words;
	@words{qw(truth seam1 seam2)} = ($truth, @$seams);
	my $script = "$foreign_tables$unblocked_of{$level}" =~ s/<(\w+)>/$words{$1}/gr;

	import_tables($node, 'calls', $schema, $level);
	foreach my $table (reverse sort keys %of_one_level)
	{
		my ($its_level, $resource) = @{ $of_one_level{$table} };

		$node->safe_psql('postgres', qq{
			CREATE SCHEMA imported;
			IMPORT FOREIGN SCHEMA $its_level LIMIT TO ($resource) FROM SERVER calls INTO imported;
			DROP FOREIGN TABLE IF EXISTS $schema.$table, $schema.$resource;
			ALTER FOREIGN TABLE imported.$resource SET SCHEMA $schema;
			DROP SCHEMA imported;
		});
		$node->safe_psql('postgres', "ALTER FOREIGN TABLE $schema.$resource RENAME TO $table")
		  if $table ne $resource;
	}
	$node->safe_psql('postgres', join "\n", "SET search_path = $schema;",
		(map { "ALTER FOREIGN TABLE $_ " . options_clause(%options) . ';' }
			qw(call_log active_calls call_log_legs recordings call_log_search messages team_messages)),
		'ALTER FOREIGN TABLE extensions '
		  . options_clause(map { $_ => $options{$_} } grep { $_ ne 'newest_first' } keys %options) . ';',
		$leave_out, $leave_out_of_search, $views_and_functions, $script);
	return;
}

# A schema with a collation that only looks like equality
sub create_collation
{
	my ($node, $schema) = @_;

	$node->safe_psql('postgres', qq{
		CREATE SCHEMA $schema;
		SET search_path = $schema;
		DO \$\$ BEGIN
			CREATE COLLATION ignore_case (provider = icu,
				locale = 'und-u-ks-level2', deterministic = false);
		EXCEPTION WHEN OTHERS THEN
			CREATE COLLATION ignore_case FROM "C";
		END \$\$;
	});
	return;
}

# The same tables with the simulator's truth; like is a schema with the tables
# of an account as they are imported
sub create_truth
{
	my ($node, $simulator, $schema, $level, $like) = @_;
	$node->safe_psql('postgres', "CREATE SCHEMA $schema");
	foreach my $resource (qw(call_log active_calls call_log_legs recordings))
	{
		copy_truth(
			$node, $simulator, $like, "$schema.$resource",
			resource => $resource,
			level => $level);
	}
	foreach my $table (sort keys %of_one_level)
	{
		copy_truth($node, $simulator, $like, "$schema.$table",
			resource => $of_one_level{$table}[1],
			level => $of_one_level{$table}[0]);
	}
	copy_truth($node, $simulator, $like, "$schema.with_deleted",
		level => $level,
		deleted => 'true');
	$node->safe_psql('postgres', join "\n", "SET search_path = $schema;",
		$leave_out =~ s/FOREIGN //gr, $views_and_functions, $unblocked, $truth_views, $search_views);
	return;
}

# Tables to join with
sub create_local_tables
{
	my ($node, $schema, $truth) = @_;

	$node->safe_psql('postgres', qq{
		SET search_path = $schema, $truth;
		CREATE TABLE few AS
			SELECT row_number() OVER (ORDER BY id) AS n, id, session_id,
				telephony_session_id, recording_id, type, direction, transport,
				recording_type, start_time AS moment,
				start_time::date AS day, start_time::timestamp AS stamp
			FROM (SELECT * FROM call_log ORDER BY md5(id) LIMIT 9) c;
		INSERT INTO few (n) VALUES (10);
		INSERT INTO few (n, id, session_id, type, direction, moment)
			SELECT 11, id, session_id, type, direction, start_time FROM deleted_too
			WHERE id NOT IN (SELECT id FROM call_log) ORDER BY id LIMIT 1;
		CREATE TABLE tickets AS
			SELECT 'T-' || row_number() OVER (ORDER BY n, id) AS ticket,
				id::varchar AS call, session_id::varchar(30) AS session,
				recording_id AS recording, start_time AS seen, type::char(8) AS kind
			FROM (SELECT * FROM call_log ORDER BY md5(session_id) LIMIT 14) c,
				generate_series(1, 3) n;
		CREATE TABLE contacts AS
			SELECT row_number() OVER (ORDER BY search_phone_number) AS n,
				search_phone_number AS phone, NULL::text AS extension, start_time AS moment
			FROM (SELECT DISTINCT ON (search_phone_number) * FROM call_log_search
				WHERE search_phone_number IS NOT NULL ORDER BY search_phone_number, id) c
			ORDER BY md5(search_phone_number) LIMIT 6;
		INSERT INTO contacts SELECT n + 10, 'unknown', extension_number, timestamptz '2026-01-01'
			FROM (SELECT extension_number, row_number() OVER (ORDER BY id) AS n
				FROM extensions WHERE id IN (SELECT extension_id FROM call_log)) e WHERE n <= 3;
		INSERT INTO contacts VALUES (20, NULL, NULL, NULL), (21, '15550009999', '999', '2026-01-01');
		CREATE TABLE team AS
			SELECT id, id::text AS id_text, name, site_id FROM extensions
			WHERE id IN (SELECT extension_id FROM call_log) OR md5(id::text) < '3';
		CREATE TABLE letters AS
			SELECT id AS message, creation_time AS seen, conversation_id AS conversation,
				type AS kind, read_status AS state
			FROM messages ORDER BY md5(id) LIMIT 12;
		ANALYZE few, tickets, contacts, team, letters;
	});
	return;
}

# ----------
# Rows for conditions
# ----------

# Some rows of each table, as {table => [{column => text}]}; and the calls that
# not all tables show
sub find_witnesses
{
	my ($node, $schema, $local) = @_;
	my %witnesses;

	foreach my $name (sort keys %tables)
	{
		my $columns = join ', ', map { "$_\::text" } sort keys %{ $tables{$name}{columns} };
		$witnesses{$name} = some_rows($node, "$schema, $local", "SELECT $columns FROM $name");
	}
	$witnesses{hidden} = some_rows($node, $schema,
		'SELECT id FROM deleted_too EXCEPT SELECT id FROM unblocked');
	return \%witnesses;
}

# At most 100 rows of the query, the same ones for the same data
sub some_rows
{
	my ($node, $search_path, $query) = @_;

	return JSON::PP->new->decode($node->safe_psql('postgres', qq{
		SET timezone = 'UTC';
		SET search_path = $search_path;
		SELECT coalesce(json_agg(c ORDER BY md5(c::text)), '[]')
		FROM (SELECT * FROM ($query) c ORDER BY md5(c::text) LIMIT 100) c}));
}

1;
