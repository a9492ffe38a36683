# Random queries on call_log, the same for the same seed.
#
# A query is made once and asked of two tables. Its operands are constants,
# parameters of a prepared statement or variables of a PL/pgSQL function, and
# its result comes as one text, so that two results are easy to compare.
#
# A result of no rows proves little, so each query has a witness: a call that
# most of its conditions let pass, often just so. Whoever narrows the window too
# much loses it. The rest is what may confuse an FDW: values that no call has,
# NULLs, contradictions, changes of the clock, operators that look like others.
package QueryGenerator;

use strict;
use warnings;

use List::Util qw(shuffle);

my @time_zones =
  ('UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland');

# What is executed how often: a plan becomes generic at the sixth time
my @plans = (
	[ 'force_custom_plan', 1 ],
	[ 'force_generic_plan', 1 ],
	[ 'force_generic_plan', 2 ],
	[ 'auto', 6 ]);

my %values = (
	type => [ 'Voice', 'Fax' ],
	direction => [ 'Inbound', 'Outbound' ],
	transport => [ 'PSTN', 'VoIP' ],
	recording_type => [ 'Automatic', 'OnDemand' ]);

# Conditions that nobody can push, or that look as if one could
my @others = (
	'c.duration > 60',
	'c.duration IS NULL',
	'c.duration_ms % 2 = 0',
	q{c.result = 'Missed'},
	q{c.result <> 'Accepted'},
	q{c.result IN ('Hang Up', 'Hang up')},
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
	q{c.last_modified_time > c.start_time + interval '2 minutes'},
	q{c.attrs ->> 'result' = 'Busy'},
	'jsonb_array_length(c.legs) > 1',
	'c.from_extension_number = c.to_extension_number',
	'c.id > c.session_id',
	'c.deleted IS NULL',
	'c.start_time::date - c.last_modified_time::date = 0',
	q{date_trunc('day', c.start_time) = c.start_time},
	'extract(dow FROM c.start_time) = 0',
	q{c.start_time::text LIKE '%00'},
	'c.start_time::date IN (SELECT day FROM ref)',
	q{(c.type, c.direction) = ('Voice', 'Inbound')},
	'(c.type, c.direction) IN (SELECT type, direction FROM ref)',
	'random() >= 0',
	'true',
	'NULL');

my @columns = (
	'c.id, c.start_time',
	'c.id, c.type, c.direction, c.result, c.duration',
	'c.id, c.session_id, c.telephony_session_id, c.from_name, c.to_name',
	'c.id, c.recording_id, c.recording_type, c.recording_content_uri',
	'c.id, c.transport, c.last_modified_time, c.billing_cost_purchased',
	'c.id, c.metadata_categories, c.extension_id, c.legs',
	'c.id, c.attrs',
	q{to_jsonb(c) - 'uri'},
	'1');

# calls: those that may be a witness, as hashes; their start time is moment.
# seams: days on which the clock changes
sub new
{
	my ($class, $seed, $calls, $seams) = @_;

	srand $seed;
	return bless { calls => $calls, seams => $seams }, $class;
}

sub pick
{
	return $_[ rand @_ ];
}

sub chance
{
	my ($probability) = @_;
	return rand() < $probability;
}

sub quote
{
	my ($text) = @_;
	return defined $text ? q(') . ($text =~ s/'/''/gr) . q(') : 'NULL';
}

# An expression of that type: as it is, or in place of it a parameter
sub operand
{
	my ($self, $type, $expression) = @_;

	return $expression if $self->{style} eq 'plain' || chance(0.3);
	push @{ $self->{parameters} }, [ $type, $expression ];
	my $number = @{ $self->{parameters} };
	return $self->{style} eq 'prepared' ? "\$$number" : "v$number";
}

# ----------
# Conditions on start_time
# ----------

# Local times that do not exist, exist twice, or are next to those
sub seam
{
	my ($self) = @_;
	return pick(@{ $self->{seams} }) . ' ' . pick('00:00', '01:30', '02:00', '02:30', '03:00', '23:59:59.999');
}

sub time_operand
{
	my ($self) = @_;
	my $moment = "timestamptz '" . pick(@{ $self->{calls} })->{moment} . q(');
	my $step = "interval '" . pick('1 microsecond', '1 millisecond',
		'999 milliseconds', '1 second', '1 day', '1 month') . q(');
	my $unit = pick('second', 'hour', 'day', 'month');
	my $days = int rand 400;
	my ($type, $expression) = @{
		pick(
			([ 'timestamptz', $moment ]) x 4,
			([ 'timestamptz', "$moment - $step" ]) x 3,
			([ 'timestamptz', "$moment + $step" ]) x 2,
			[ 'timestamptz', "date_trunc('$unit', $moment)" ],
			[ 'timestamptz', "to_timestamp(extract(epoch FROM $moment))" ],
			([ 'timestamptz', "now() - interval '$days days'" ]) x 2,
			[ 'timestamptz', "now() + interval '1 day'" ],
			[ 'timestamptz', "timestamptz '" . $self->seam . q(') ],
			[ 'timestamptz', "timestamptz '" . $self->seam . q(-03:30') ],
			[ 'timestamptz', 'timestamptz ' . quote(pick('infinity', '-infinity', 'epoch')) ],
			[ 'timestamptz', 'timestamptz ' . quote(pick(
				'0044-03-15 12:00 BC', '1969-12-31 23:59:59.5+00', '1970-01-01 00:00+00',
				'9999-12-31 23:59+00', '294000-01-01 00:00+00')) ],
			[ 'timestamptz', 'NULL::timestamptz' ],
			([ 'timestamp', "($moment)::timestamp" ]) x 2,
			[ 'timestamp', "($moment AT TIME ZONE 'UTC')" ],
			([ 'timestamp', "timestamp '" . $self->seam . q(') ]) x 2,
			[ 'timestamp', "localtimestamp - interval '$days days'" ],
			[ 'timestamp', "timestamp 'infinity'" ],
			([ 'date', "($moment)::date" ]) x 2,
			[ 'date', "date '" . pick(@{ $self->{seams} }) . q(') ],
			[ 'date', "CURRENT_DATE - $days" ],
			[ 'date', q{date '-infinity'} ]) };

	return '(SELECT ' . pick('max', 'min') . '(moment) FROM ref)' if chance(0.05);
	return $self->operand($type, $expression);
}

my %commutator = ('<' => '>', '<=' => '>=', '=' => '=', '>=' => '<=', '>' => '<');
my %negator = ('<' => '>=', '<=' => '>', '=' => '<>', '>=' => '<', '>' => '<=');

# An operand that is on this side ('<=', '=' or '>=') of the witness, or on it
sub witness_time_operand
{
	my ($self, $side) = @_;
	my $moment = "timestamptz '$self->{witness}{moment}'";
	my $step = "interval '" . pick('1 microsecond', '1 millisecond', '1 second') . q(');
	my @exact = (
		([ 'timestamptz', $moment ]) x 3,
		[ 'timestamptz', "to_timestamp(extract(epoch FROM $moment))" ],
		([ 'timestamp', "($moment)::timestamp" ]) x 2);
	my %operands = (
		'=' => \@exact,
		'<=' => [
			@exact,
			[ 'timestamptz', "$moment - $step" ],
			[ 'timestamptz', "date_trunc('second', $moment)" ],
			[ 'timestamp', "($moment)::timestamp - $step" ],
			([ 'date', "($moment)::date" ]) x 2 ],
		'>=' => [
			@exact,
			[ 'timestamptz', "$moment + $step" ],
			[ 'timestamp', "($moment)::timestamp + $step" ],
			([ 'date', "($moment)::date + 1" ]) x 2 ]);

	return quote($self->{witness}{moment}) if chance(0.1);
	return $self->operand(@{ pick(@{ $operands{$side} }) });
}

# A condition on start_time that the witness meets, as a rule
sub witness_time_condition
{
	my ($self) = @_;
	my $side = pick('<=', '>=', '<=', '>=', '=');
	my $a = $self->witness_time_operand($side);
	my ($low, $high) = map { $self->witness_time_operand($_) } '<=', '>=';
	my $operator = $commutator{$side};

	$operator =~ s/=// if $side ne '=' && $a =~ / [-+] /;
	return pick(
		("c.start_time $operator $a") x 5,
		"$a $commutator{$operator} c.start_time",
		"NOT c.start_time $negator{$operator} $a",
		("c.start_time BETWEEN $low AND $high") x 2,
		"(c.start_time >= $low AND c.start_time <= $high)",
		"c.start_time = ANY (ARRAY[($a)::timestamptz, ($low)::timestamptz])",
		"c.start_time IN ($a, $high)");
}

sub time_condition
{
	my ($self) = @_;
	my ($a, $b) = ($self->time_operand, $self->time_operand);
	my $operator = pick('<', '<=', '=', '>=', '>', '>=', '>', '<>');

	return pick(
		("c.start_time $operator $a") x 6,
		("$a $operator c.start_time") x 2,
		("c.start_time BETWEEN $a AND $b") x 3,
		"c.start_time BETWEEN SYMMETRIC $a AND $b",
		"c.start_time NOT BETWEEN $a AND $b",
		"NOT c.start_time $operator $a",
		"c.start_time = ANY (ARRAY[($a)::timestamptz, NULL, ($b)::timestamptz])",
		"c.start_time > ALL (ARRAY[($a)::timestamptz, ($b)::timestamptz])",
		"c.start_time IN ($a, $b)",
		"c.start_time + interval '1 hour' > $a",
		"c.start_time::date = ($a)::date",
		"c.start_time::timestamp $operator ($a)::timestamp",
		"(c.start_time AT TIME ZONE 'Asia/Kolkata') >= ($a)::timestamp",
		'c.start_time IS ' . pick('NULL', 'NOT NULL'),
		"c.start_time IS DISTINCT FROM $a");
}

# ----------
# Conditions on texts
# ----------

sub text_value
{
	my ($self, $column) = @_;
	my $known = $values{$column};

	return $self->{witness}{$column} if chance(0.6);
	return undef if chance(0.1);
	return pick('', 'voice', 'Nonsense', 'All', ' Fax', q(O'Dell), 'ü', '%', '0')
	  if chance(0.3);
	return $known ? pick(@$known) : pick(@{ $self->{calls} })->{$column};
}

sub text_operand
{
	my ($self, $column) = @_;
	return $self->operand('text', quote($self->text_value($column)) . '::text');
}

sub array_operand
{
	my ($self, $column) = @_;
	my @texts = map { quote($self->text_value($column)) } 1 .. 1 + rand 3;
	my $array = 'ARRAY[' . join(', ', @texts) . ']::text[]';

	return $self->operand('text[]', pick(
			($array) x 5,
			"ARRAY[$array, $array]",
			('ARRAY[]::text[]') x 2,
			'NULL::text[]'));
}

# A condition on a text that the witness meets
sub witness_text_condition
{
	my ($self, $name) = @_;
	my $c = "c.$name";
	my $value = $self->{witness}{$name} // return "$c IS NULL";
	my $a = $self->operand('text', quote($value) . '::text');
	my $b = $self->text_operand($name);
	my $array = $self->operand('text[]', 'ARRAY[' . join(', ', quote($value),
			map { quote($self->text_value($name)) } 1 .. rand 3) . ']::text[]');

	return pick(
		("$c = $a") x 4,
		"$a = $c",
		"$c IN ($b, $a)",
		("$c = ANY ($array)") x 3,
		"$c = ANY (ARRAY[$array, $array])",
		"$c = ALL (ARRAY[$a, $a])",
		"$c = ALL (ARRAY[]::text[])",
		"$c IS NOT NULL",
		"($c = $a OR $c = $b)",
		"NOT $c <> $a",
		"$c = ($a)::name",
		"${c}::varchar = ($a)::varchar",
		"$c = upper($a) COLLATE ignore_case",
		"$c = coalesce($a, $b)");
}

sub text_condition
{
	my ($self, $name) = @_;
	my $c = "c.$name";
	my ($a, $b) = ($self->text_operand($name), $self->text_operand($name));
	my $array = $self->array_operand($name);

	return pick(
		("$c = $a") x 6,
		"$a = $c",
		"$c <> $a",
		("$c IN ($a, $b)") x 3,
		("$c = ANY ($array)") x 4,
		"$c NOT IN ($a, $b)",
		"$c <> ALL ($array)",
		"$c = ALL ($array)",
		"$c <> ANY ($array)",
		"$c IS NULL",
		("$c IS NOT NULL") x 2,
		"$c IS DISTINCT FROM $a",
		"$c IS NOT DISTINCT FROM $a",
		"$c LIKE 'V%'",
		"$c ILIKE $a",
		"$c BETWEEN $a AND $b",
		"$c >= $a",
		"${c}::varchar = ($a)::varchar",
		"${c}::varchar(3) = $a",
		"$c = ($a)::name",
		"$c = ($a)::char(20)",
		qq{$c = $a COLLATE "C"},
		"$c = $a COLLATE ignore_case",
		"lower($c) = lower($a)",
		"coalesce($c, 'Fax') = $a",
		"$c = coalesce($a, $b)",
		"$c || '' = $a",
		"($c = $a) IS NOT TRUE",
		"$c = (SELECT min($name) FROM ref WHERE n < 4)",
		"$c IN (SELECT $name FROM ref)");
}

# ----------
# Conditions and their combinations
# ----------

my @enumerated = sort keys %values;
my @identifying = ('recording_id', 'session_id', 'telephony_session_id', 'id');

# A condition that the witness meets
sub witness_condition
{
	my ($self) = @_;
	my $kind = rand;

	return $self->witness_time_condition if $kind < 0.55;
	return $self->witness_text_condition(pick(@enumerated)) if $kind < 0.85;
	return $self->witness_text_condition(pick(@identifying));
}

# Any condition
sub condition
{
	my ($self, $depth) = @_;
	my $kind = rand;

	if ($depth > 0 && chance(0.3))
	{
		my ($a, $b) = ($self->condition($depth - 1), $self->condition($depth - 1));
		return pick("($a AND $b)", "($a OR $b)", "NOT ($a)", "(NOT ($a) AND $b)",
			"(CASE WHEN $a THEN $b END)::boolean");
	}
	return $self->time_condition if $kind < 0.4;
	return $self->text_condition(pick(@enumerated)) if $kind < 0.72;
	return $self->text_condition(pick(@identifying)) if $kind < 0.87;
	return pick(@others);
}

# Conditions that all hold: what can be pushed one by one
sub where
{
	my ($self) = @_;
	my @conditions = map { $self->witness_condition } 1 .. 1 + rand 2;

	push @conditions, $self->condition(2) if chance(0.4);
	return join ' AND ', @conditions;
}

# ----------
# Queries; {T} is the table
# ----------

sub plain_query
{
	my ($self) = @_;
	return 'SELECT ' . pick(@columns) . ' FROM {T} c WHERE ' . $self->where;
}

sub aggregate_query
{
	my ($self) = @_;
	my $from = 'FROM {T} c WHERE ' . $self->where;

	return pick(
		"SELECT count(*) $from",
		"SELECT min(c.start_time), max(c.start_time), sum(c.duration) $from",
		"SELECT c.direction, c.result, count(*) $from GROUP BY 1, 2",
		"SELECT date_trunc('month', c.start_time), count(DISTINCT c.type) $from GROUP BY 1",
		"SELECT DISTINCT c.transport, c.recording_type $from",
		"SELECT c.id, row_number() OVER (PARTITION BY c.type ORDER BY c.start_time, c.id) $from");
}

sub ordered_query
{
	my ($self) = @_;
	my $direction = pick('ASC', 'DESC');

	return 'SELECT c.id, c.start_time FROM {T} c WHERE ' . $self->where
	  . " ORDER BY c.start_time $direction, c.id"
	  . pick('', ' LIMIT ' . int rand 20, ' LIMIT 5 OFFSET ' . int rand 200);
}

sub join_query
{
	my ($self) = @_;
	my $on = pick(
		'c.direction = r.direction AND c.start_time >= r.moment',
		'c.session_id = r.session_id',
		'c.telephony_session_id = r.telephony_session_id AND c.session_id = r.session_id',
		'c.start_time::date = r.day',
		'c.start_time BETWEEN r.moment AND r.moment + r.n * interval \'1 day\'',
		'c.type = r.type AND c.recording_type = r.recording_type AND c.start_time < r.day');
	my $where = $self->where;

	return pick(
		"SELECT r.n, c.id FROM ref r JOIN {T} c ON $on WHERE $where",
		"SELECT r.n, c.id FROM ref r LEFT JOIN {T} c ON $on AND $where",
		"SELECT r.n FROM ref r WHERE EXISTS (SELECT FROM {T} c WHERE $on AND $where)",
		"SELECT r.n FROM ref r WHERE NOT EXISTS (SELECT FROM {T} c WHERE $on AND $where)",
		"SELECT r.n, (SELECT count(*) FROM {T} c WHERE $on AND $where) FROM ref r",
		"SELECT r.n, l.id FROM ref r CROSS JOIN LATERAL (SELECT c.id FROM {T} c"
		  . " WHERE $on AND $where ORDER BY c.start_time DESC, c.id LIMIT 3) l",
		"SELECT c.id FROM {T} c WHERE c.id IN (SELECT d.id FROM {T} d WHERE d.type = 'Fax') AND $where",
		"SELECT c.id, d.id FROM {T} c JOIN {T} d USING (session_id) WHERE $where",
		"SELECT c.id FROM {T} c WHERE $where UNION ALL SELECT c.id FROM {T} c WHERE $where",
		"WITH w AS MATERIALIZED (SELECT c.* FROM {T} c WHERE $where)"
		  . ' SELECT c.id, (SELECT count(*) FROM w) FROM w c');
}

# ----------
# What is sent to psql
# ----------

# A query: settings is what it needs around it, text with {T} what it asks
sub next_query
{
	my ($self) = @_;
	my $plan = pick(@plans);
	my @settings = ("SET LOCAL timezone = '" . pick(@time_zones) . q('));

	$self->{style} = pick('plain', 'plain', 'prepared', 'function');
	$self->{parameters} = [];
	$self->{witness} = pick(@{ $self->{calls} });
	push @settings, "SET LOCAL plan_cache_mode = $plan->[0]";
	push @settings, map { "SET LOCAL enable_$_ = " . pick('on', 'off') }
	  qw(hashjoin mergejoin material memoize);

	my $form = pick(('plain_query') x 5, ('aggregate_query') x 2, ('ordered_query') x 2,
		('join_query') x 3);
	my $text = $self->$form;
	my $order = $form eq 'ordered_query' ? '' : ' ORDER BY q::text COLLATE "C"';
	my $digest = qq{SELECT concat_ws('|', count(*), md5(string_agg(q::text, E'\\n'$order)))
		FROM ($text) q};

	return {
		settings => join(";\n", @settings),
		text => $text,
		rows => $self->wrap("SELECT q::text FROM ($text) q", 1, 'SETOF text'),
		script => $self->wrap($digest, $plan->[1], 'SETOF text') };
}

# The statements that run a query in the present style, several times
sub wrap
{
	my ($self, $query, $times, $result) = @_;
	my @parameters = @{ $self->{parameters} };

	if ($self->{style} eq 'prepared' && @parameters)
	{
		my $types = join ', ', map { $_->[0] } @parameters;
		my $arguments = join ', ', map { $_->[1] } @parameters;
		return "PREPARE p ($types) AS $query;\n"
		  . "EXECUTE p ($arguments);\n" x $times
		  . "DEALLOCATE p;\n";
	}
	if ($self->{style} eq 'function')
	{
		my $n = 0;
		my $variables = join '', map { 'v' . ++$n . " $_->[0] := $_->[1]; " } @parameters;
		return "CREATE OR REPLACE FUNCTION pg_temp.f() RETURNS $result LANGUAGE plpgsql AS "
		  . "\$f\$ DECLARE $variables BEGIN RETURN QUERY $query; END \$f\$;\n"
		  . "SELECT pg_temp.f();\n" x $times;
	}
	return "$query;\n";
}

1;
