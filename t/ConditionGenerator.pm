# Random conditions on the rows of one table, reproducible by seed.
#
# An empty result proves little, so there is a witness: a row that most of the
# conditions accept, often at a bound. A window that is too narrow loses it.
# Other conditions have values that no call has, NULLs, contradictions, changes
# of the clock, operators that look like others.
#
# An item is a table under an alias: {alias, name, table, witness}.
package ConditionGenerator;

use strict;
use warnings;

use CallTables;
use Exporter qw(import);

our @EXPORT_OK = qw(pick chance weighted quote);

my %values = (
	type => [ 'Voice', 'Fax' ],
	direction => [ 'Inbound', 'Outbound' ],
	transport => [ 'PSTN', 'VoIP' ],
	recording_type => [ 'Automatic', 'OnDemand' ],
	'message type' => [ 'Fax', 'SMS', 'VoiceMail', 'Pager' ],
	'read status' => [ 'Read', 'Unread' ],
	availability => [ 'Alive', 'Deleted', 'Purged' ],
	'extension type' => [ 'User', 'Department', 'IvrMenu', 'ParkLocation', 'Limited' ],
	status => [ 'Enabled', 'Disabled', 'NotActivated' ]);

# witnesses: rows of each table. seams: days on which the clock changes.
sub new
{
	my ($class, $seed, $witnesses, $seams) = @_;

	srand $seed;
	return bless { witnesses => $witnesses, seams => $seams }, $class;
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

# weighted(5, 'a', 1, 'b') is mostly a
sub weighted
{
	my @choices = @_;
	my $total = 0;

	$total += $choices[ 2 * $_ ] foreach 0 .. $#choices / 2;
	my $rest = rand $total;
	while (($rest -= $choices[0]) >= 0 && @choices > 2)
	{
		splice @choices, 0, 2;
	}
	return $choices[1];
}

sub quote
{
	my ($text) = @_;
	return defined $text ? q(') . ($text =~ s/'/''/gr) . q(') : 'NULL';
}

# An expression of that type: itself, or instead a parameter or a sub-select
sub operand
{
	my ($self, $type, $expression) = @_;

	return "(SELECT $expression)::$type" if chance(0.05);
	return $expression if $self->{style} eq 'plain' || chance(0.3);
	push @{ $self->{parameters} }, [ $type, $expression ];
	my $number = @{ $self->{parameters} };
	return $self->{style} eq 'prepared' ? "\$$number" : "v$number";
}

# ----------
# Items
# ----------

# That table as an item, with a witness: if possible, a row of the call that the
# query is about
sub item
{
	my ($self, $name, $alias) = @_;
	my $table = $tables{$name};
	my $rows = $self->{witnesses}{$name};
	my ($call) = grep { $table->{columns}{$_} eq 'call' } sort keys %{ $table->{columns} };
	my @same = grep { $call && ($_->{$call} // '') eq ($self->{call} // '') } @$rows;
	my $witness = pick(@same && chance(0.8) ? @same : @$rows) // {};

	$self->{call} //= $witness->{$call} if $call;
	return { alias => $alias, name => $name, table => $table, witness => $witness };
}

# An expression on a row c, as one on the item
sub of_item
{
	my ($item, $text) = @_;

	$text =~ s/\{time\}/$item->{table}{time}/g;
	$text =~ s/\{key\}/$item->{table}{key}[0]/g;
	$text =~ s/(?<![\w'])c(?=[.)]|$)/$item->{alias}/g;
	return $text;
}

sub column
{
	my ($item, $name) = @_;
	return "$item->{alias}.$name";
}

sub time_of
{
	my ($item) = @_;
	return column($item, $item->{table}{time});
}

# The key columns, as a list
sub key_of
{
	my ($item) = @_;
	return map { column($item, $_) } @{ $item->{table}{key} };
}

# The names of the item's columns that hold one of these
sub columns_of
{
	my ($item, @kinds) = @_;
	my $columns = $item->{table}{columns};
	my %wanted = map { $_ => 1 } @kinds;

	return grep { $wanted{ $columns->{$_} } } sort keys %$columns;
}

# A date of the item: usually the one that can be pushed down
sub time_column
{
	my ($item) = @_;
	return chance(0.8) ? $item->{table}{time} : pick(columns_of($item, 'time'));
}

# ----------
# Conditions on dates
# ----------

# Local times that do not exist, exist twice, or are next to those
sub seam
{
	my ($self) = @_;
	return pick(@{ $self->{seams} }) . ' ' . pick('00:00', '01:30', '02:00', '02:30', '03:00', '23:59:59.999');
}

# The date of a random row of the table, as a literal
sub some_moment
{
	my ($self, $item) = @_;
	my $row = pick(@{ $self->{witnesses}{ $item->{name} } });

	return 'timestamptz ' . quote($row->{ $item->{table}{time} } // 'epoch');
}

sub time_operand
{
	my ($self, $item) = @_;
	my $moment = $self->some_moment($item);
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

	return '(SELECT ' . pick('max', 'min') . '(moment) FROM few)' if chance(0.05);
	return $self->operand($type, $expression);
}

my %commutator = ('<' => '>', '<=' => '>=', '=' => '=', '>=' => '<=', '>' => '<');
my %negator = ('<' => '>=', '<=' => '>', '=' => '<>', '>=' => '<', '>' => '<=');

# Time zones with clock changes on unusual days, by unusual amounts, or without
my @zones = (
	'Africa/Cairo', 'Africa/Casablanca', 'America/Adak', 'America/New_York', 'America/Nuuk',
	'America/St_Johns', 'America/Santiago', 'Antarctica/Troll', 'Antarctica/Casey', 'Asia/Beirut',
	'Asia/Kathmandu', 'Asia/Kolkata', 'Asia/Tehran', 'Atlantic/Azores', 'Australia/Eucla',
	'Australia/Lord_Howe', 'Europe/Dublin', 'Europe/London', 'Pacific/Apia', 'Pacific/Chatham',
	'Pacific/Easter', 'Pacific/Kiritimati', 'Pacific/Norfolk', 'UTC', 'EST5EDT', 'EST', 'MET',
	'AAA-14BBB-20', 'XYZ+30');

sub zones
{
	return @zones;
}

# The time that a function makes of an expression, and the type of that; its
# place is %s, and it may take %z, a zone
my @functions = (
	[ 'date', '(%s)::date' ],
	[ 'timestamp', '(%s)::timestamp' ],
	[ 'timestamptz', "date_trunc('day', %s)" ],
	[ 'timestamptz', "date_trunc('hour', %s, %z)" ],
	([ 'timestamp', '(%s AT TIME ZONE %z)' ]) x 2,
	([ 'date', '(%s AT TIME ZONE %z)::date' ]) x 3,
	([ 'timestamp', "date_trunc('day', %s AT TIME ZONE %z)" ]) x 2,
	[ 'timestamp', "date_trunc('hour', (%s AT TIME ZONE %z)::timestamp)" ],
	[ 'timestamptz', "date_trunc('month', (%s)::date)" ],
	[ 'timestamptz', "date_trunc('month', (%s AT TIME ZONE %z)::date)" ],
	[ 'timestamptz', '((%s AT TIME ZONE %z)::date)::timestamptz' ],
	[ 'timestamp', "((%s AT TIME ZONE %z)::timestamptz AT TIME ZONE 'Asia/Kolkata')" ],
	[ 'numeric', 'extract(epoch FROM %s)' ],
	[ 'bigint', 'extract(epoch FROM %s)::bigint' ],
	[ 'int', 'floor(extract(epoch FROM %s))::int' ],
	[ 'float8', "date_part('epoch', %s)" ],
	[ 'timestamptz', "(%s + interval '1 hour 1.5 seconds')" ],
	[ 'timestamptz', "(%s - interval '1 month 3 days')" ],
	[ 'timestamptz', "(%s + interval '2 days')" ],
	[ 'date', "(%s - interval '5 hours')::date" ],
	[ 'int', 'extract(year FROM %s)::int' ],
	[ 'numeric', 'extract(year FROM %s AT TIME ZONE %z)' ],
	[ 'float8', "date_part('year', (%s)::date)" ],
	[ 'text', "to_char(%s, 'YYYY-MM')" ],
	[ 'text', "to_char(%s AT TIME ZONE %z, 'YYYYMMDD')" ],
	[ 'text', "to_char((%s)::date, 'yyyy')" ],
	[ 'text', q{to_char(%s, 'YYyy-MM')} ],
	[ 'text', q{to_char(%s, 'yyyymmDd')} ],
	[ 'numeric', 'extract(year FROM to_timestamp(extract(epoch FROM %s) * 2))' ],
	[ 'numeric', '(extract(epoch FROM %s) * 1000)' ],
	[ 'float8', "(date_part('epoch', %s) * 1e9)" ],
	[ 'bigint', '(extract(epoch FROM %s)::bigint / 86400)' ],
	[ 'numeric', '(floor(extract(epoch FROM %s) / 300) * 300)' ],
	[ 'timestamptz', 'to_timestamp(floor(extract(epoch FROM %s) / 3600) * 3600)' ],
	[ 'timestamptz', "date_trunc('day', to_timestamp(floor(date_part('epoch', %s) / 7200) * 7200))" ],
	[ 'timestamptz', "date_bin('15 minutes', %s, timestamptz '2001-01-01')" ],
	[ 'timestamp', "date_bin('1 day', %s AT TIME ZONE %z, timestamp '2030-01-01 05:00')" ],
	[ 'timestamp', "(date_trunc('week', (%s)::timestamp + interval '1 day') - interval '1 day')" ],
	[ 'timestamptz', "date_trunc('month', date_trunc('week', %s))" ],
	[ 'date', "(date_trunc('quarter', (%s)::date))::date" ],
	[ 'date', "(date_trunc('month', (%s AT TIME ZONE %z)::date) + interval '1 month')::date" ],
	[ 'date', '((%s)::date - 3)' ],
	[ 'timestamptz', '(((%s AT TIME ZONE %z)::date + 1)::timestamp)::timestamptz' ],
	[ 'timestamptz', '%s' ]);

# A condition on a function of a time, compared with the same function of these
# times, or of others
sub function_condition
{
	my ($self, $c, $low, $high) = @_;
	my ($type, $function) = @{ pick(@functions) };
	my $zone = quote(pick(@zones));
	my ($column, $a, $b) = map { $function =~ s/%s/$_/r } $c, "($low)", "($high)";

	# a zone that is known at execution only
	my $later = chance(0.2) ? "(SELECT ${zone}::text)" : $zone;
	$column =~ s/%z/$later/;
	s/%z/$zone/ foreach $a, $b;
	my $range = { timestamptz => 'tstzrange', timestamp => 'tsrange', date => 'daterange' }->{$type};
	my $multirange = ($range // '') =~ s/range/multirange/r;
	my $bounds = quote(pick('[]', '[)', '()'));
	($a, $b) = map { $self->operand($type, $_) } $a, $b;
	my $operator = pick('<', '<=', '=', '>=', '>');

	return pick(
		"$column BETWEEN $a AND $b",
		"$column BETWEEN SYMMETRIC $b AND $a",
		"($column >= $a AND $column <= $b)",
		"$column IN ($a, $b)",
		"$column = ANY (ARRAY[$b, NULL, $a])",
		"$column $operator ANY (ARRAY[$b, $a])",
		"($column $operator $a OR $column = $b)",
		"($column $operator $a) IS TRUE",
		"(($column = $a) IS TRUE OR ($column > $a AND $column < $b))",
		"$column $operator ALL (ARRAY[$a, $b])",
		$range ? ("$column <@ ${multirange}($range(least($a, $b), greatest($a, $b), $bounds), $range($b, NULL, '()'))",
			"${multirange}($range(NULL, least($a, $b), $bounds), $range(greatest($a, $b), NULL)) @> $column",
			"$column <@ $range(least($a, $b), greatest($a, $b), $bounds)",
			"$range(least($a, $b), NULL) @> $column",
			"$column <@ $range(NULL, greatest($a, $b), '[]')") : "$a $operator $column");
}

# Conditions that compare a row with a time
sub compound_condition
{
	my ($self, $item, $c, $low, $high) = @_;
	my ($key) = key_of($item);
	my $id = quote($item->{witness}{ $item->{table}{key}[0] });
	my ($a, $b) = map { $self->operand('timestamptz', $_) } $low, $high;
	my $operator = pick('<', '<=', '>=', '>');
	my $age = pick("interval '1 second'", "interval '1 day'", "interval '3 months'",
		"interval '-2 hours'", "interval '25 days 1 hour'");

	my $days = pick(0, 1, 3, -1, 40, 365);

	return pick(
		"age($b, $c) $operator $age",
		"age($c, $b) $operator $age",
		"age($c\::timestamp) $operator $age",
		"$c - $a $operator $age",
		"($b)::date - ($c)::date $operator $days",
		"($c)::date - ($a)::date $operator $days",
		"(($b)::date - ($c)::date) / 49711 $operator $days",
		"extract(day FROM age($b, $c)) $operator $days",
		"date_part('epoch', age($c, $a)) / 86400 $operator $days",
		"date_part('day', $b - $c) $operator $days",
		"extract(day FROM $c - $a) $operator $days",
		"extract(epoch FROM $b - $c) / 3600 $operator $days",
		"floor(extract(epoch FROM now() - $c) / 86400)::int $operator $days",
		"extract(epoch FROM ($b)::timestamp - ($c)::timestamp) $operator $days * 86400.5",
		"($c, $key) $operator ($a, $id)",
		"($b, $id) $operator ($c, $key)",
		"($c, $key) $operator ($b, $id)",
		"$b - $c $operator $age",
		"$age $operator $b - $c",
		"now() - $c $operator $age",
		"($c = $a OR $c BETWEEN $a AND $b OR ($c > $b AND $c < $b + $age))",
		"(($c < $a OR $c > $b) AND ($c >= $a OR $c <= $b))");
}

# An operand that is on this side ('<=', '=' or '>=') of the witness, or on it
sub witness_time_operand
{
	my ($self, $literal, $side) = @_;
	my $moment = "timestamptz $literal";
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

	return $literal if chance(0.1);
	return $self->operand(@{ pick(@{ $operands{$side} }) });
}

# A condition on a date that the witness usually satisfies
sub witness_time_condition
{
	my ($self, $item) = @_;
	my $name = time_column($item);
	my $c = column($item, $name);
	my $literal = quote($item->{witness}{$name} // return "$c IS NULL");
	my $side = pick('<=', '>=', '<=', '>=', '=');
	my $a = $self->witness_time_operand($literal, $side);
	my ($low, $high) = map { $self->witness_time_operand($literal, $_) } '<=', '>=';
	my $operator = $commutator{$side};
	my @span = map { "timestamptz $literal" . pick('', '', " $_ interval '1 hour'",
		" $_ interval '1 day'") } '-', '+';

	return $self->function_condition($c, @span) if chance(0.3);
	return $self->compound_condition($item, $c, @span) if chance(0.15);
	$operator =~ s/=// if $side ne '=' && $a =~ / [-+] /;
	return pick(
		("$c $operator $a") x 5,
		"$a $commutator{$operator} $c",
		"NOT $c $negator{$operator} $a",
		("$c BETWEEN $low AND $high") x 2,
		"($c >= $low AND $c <= $high)",
		"$c = ANY (ARRAY[($a)::timestamptz, ($low)::timestamptz])",
		("date_trunc('day', $c) $operator date_trunc('day', ($a)::timestamptz)") x 2,
		("$c\::date $operator ($a)::date") x 2,
		"$c IN ($a, $high)");
}

sub time_condition
{
	my ($self, $item) = @_;
	my $c = column($item, time_column($item));
	my ($a, $b) = ($self->time_operand($item), $self->time_operand($item));
	my $operator = pick('<', '<=', '=', '>=', '>', '>=', '>', '<>');
	my @span = map { "timestamptz '" . $self->seam . q(') } 1, 2;

	return $self->function_condition($c, @span) if chance(0.3);
	return $self->compound_condition($item, $c, @span) if chance(0.15);
	return pick(
		("$c $operator $a") x 6,
		("$a $operator $c") x 2,
		("$c BETWEEN $a AND $b") x 3,
		"$c BETWEEN SYMMETRIC $a AND $b",
		"$c NOT BETWEEN $a AND $b",
		"NOT $c $operator $a",
		"$c = ANY (ARRAY[($a)::timestamptz, NULL, ($b)::timestamptz])",
		"$c > ALL (ARRAY[($a)::timestamptz, ($b)::timestamptz])",
		"$c IN ($a, $b)",
		"$c + interval '1 hour' > $a",
		"$c\::date = ($a)::date",
		"$c\::date $operator ($a)::" . pick('date', 'date', 'timestamp', 'timestamptz'),
		"$c\::timestamp $operator ($a)::" . pick('timestamp', 'date', 'timestamptz'),
		"date_trunc(" . quote(pick('hour', 'day', 'WEEK', 'month', 'year')) . ", $c"
		  . pick('', '', '::timestamp', ", 'Asia/Kolkata'") . ") $operator $a",
		"($c AT TIME ZONE 'Asia/Kolkata') >= ($a)::timestamp",
		"$c IS " . pick('NULL', 'NOT NULL'),
		"$c IS DISTINCT FROM $a");
}

# ----------
# Conditions on texts
# ----------

sub text_value
{
	my ($self, $item, $name) = @_;
	my $known = $values{ $item->{table}{columns}{$name} };

	return $item->{witness}{$name} if chance(0.6);
	return undef if chance(0.1);
	return pick('', 'voice', 'Nonsense', 'Hologram', 'All', ' Fax', q(O'Dell), 'ü', '%', '0')
	  if chance(0.3);
	return $known ? pick(@$known) : pick(@{ $self->{witnesses}{ $item->{name} } })->{$name};
}

sub text_operand
{
	my ($self, $item, $name) = @_;
	return $self->operand('text', quote($self->text_value($item, $name)) . '::text');
}

sub array_operand
{
	my ($self, $item, $name) = @_;
	my @texts = map { quote($self->text_value($item, $name)) } 1 .. 1 + rand 3;
	my $array = 'ARRAY[' . join(', ', @texts) . ']::text[]';

	return $self->operand('text[]', pick(
			($array) x 5,
			"ARRAY[$array, $array]",
			"$array\::varchar[]",
			('ARRAY[]::text[]') x 2,
			'NULL::text[]'));
}

# A condition on a text that the witness satisfies
sub witness_text_condition
{
	my ($self, $item, $name) = @_;
	my $c = column($item, $name);
	my $value = $item->{witness}{$name} // return "$c IS NULL";
	my $a = $self->operand('text', quote($value) . '::text');
	my $b = $self->text_operand($item, $name);
	my $array = $self->operand('text[]', 'ARRAY[' . join(', ', quote($value),
			map { quote($self->text_value($item, $name)) } 1 .. rand 3) . ']::text[]');

	return pick(
		("$c = $a") x 4,
		"$a = $c",
		"($c = $b OR $c = $a)",
		"($c = $b OR $c = ANY ($array))",
		"(($c = $a AND ($c = $b OR $c = ANY ($array))) OR $c = $a OR $c = 'Hologram')",
		"($c = $a OR $c = $b) IS TRUE",
		"$c IN ($b, $a)",
		("$c = ANY ($array)") x 3,
		"$c = ANY (ARRAY[$array, $array])",
		"$c = ALL (ARRAY[$a, $a])",
		"$c = ALL (ARRAY[]::text[])",
		"$c IS NOT NULL",
		"($c = $a OR $c = $b)",
		"NOT $c <> $a",
		"$c = ($a)::name",
		"$c\::varchar = ($a)::varchar",
		"$c = upper($a) COLLATE ignore_case",
		"$c = coalesce($a, $b)");
}

# The column of few that holds the same, or at least a text
sub column_of_few
{
	my ($item, $name) = @_;
	my ($column) = columns_of({ table => $tables{few} }, $item->{table}{columns}{$name});

	return $column // 'type';
}

sub text_condition
{
	my ($self, $item, $name) = @_;
	my $c = column($item, $name);
	my ($a, $b) = ($self->text_operand($item, $name), $self->text_operand($item, $name));
	my $array = $self->array_operand($item, $name);
	my $local = column_of_few($item, $name);

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
		"$c\::varchar = ($a)::varchar",
		"$c\::varchar(3) = $a",
		"$c = ($a)::name",
		"$c = ($a)::char(20)",
		qq{$c = $a COLLATE "C"},
		"$c = $a COLLATE ignore_case",
		"lower($c) = lower($a)",
		"coalesce($c, 'Fax') = $a",
		"$c = coalesce($a, $b)",
		"$c || '' = $a",
		"($c = $a) IS NOT TRUE",
		"$c = (SELECT min($local) FROM few WHERE n < 4)",
		"$c IN (SELECT $local FROM few)",
		"$c NOT IN (SELECT $local FROM few WHERE n < 5)",
		"$c = ANY (ARRAY(SELECT $local FROM few))");
}

# ----------
# Conditions and their combinations
# ----------

sub enumerated_column
{
	my ($item) = @_;
	return pick(columns_of($item, keys %values));
}

sub identifying_column
{
	my ($item) = @_;
	return pick(columns_of($item,
			qw(recording session telephony call message conversation site department extension)));
}

# A condition that the witness and other rows satisfy
sub several_rows_condition
{
	my ($self, $item) = @_;
	my $name = chance(0.7) ? (columns_of($item, 'call', 'message'))[0] : identifying_column($item);
	my @rows = map { pick(@{ $self->{witnesses}{ $item->{name} } }) } 1 .. 2 + rand 8;
	my $hidden = pick(@{ $self->{witnesses}{hidden} });

	push @rows, { $name => $hidden->{id} }
	  if $hidden && $item->{table}{columns}{$name} eq 'call' && chance(0.5);
	my $values = join ', ', map { quote($_->{$name}) } $item->{witness}, @rows;

	return column($item, $name) . ' = ANY (' . $self->operand('text[]', "ARRAY[$values]::text[]") . ')';
}

# OR of conditions on an id and on the time, at least one of which the witness
# satisfies, with others
sub either_condition
{
	my ($self, $item) = @_;
	my @conditions = ($self->witness_text_condition($item, identifying_column($item)),
		$self->witness_time_condition($item));

	push @conditions, $self->text_condition($item, identifying_column($item)) if chance(0.3);
	foreach my $condition (@conditions)
	{
		$condition = "($condition AND " . $self->witness_text_condition($item, enumerated_column($item)) . ')'
		  if chance(0.2);
	}
	return '(' . join(' OR ', chance(0.5) ? reverse @conditions : @conditions) . ')';
}

# A condition that the witness satisfies
sub witness_condition
{
	my ($self, $item) = @_;
	my $kind = rand;

	return $self->either_condition($item) if chance(0.08);
	return $self->witness_time_condition($item) if $kind < 0.52;
	return $self->witness_text_condition($item, enumerated_column($item)) if $kind < 0.82;
	return $self->several_rows_condition($item) if $kind < 0.88;
	return $self->witness_text_condition($item, identifying_column($item));
}

# A condition with a sub-select on a local table
sub exists_condition
{
	my ($item) = @_;
	my $name = pick(enumerated_column($item), identifying_column($item));
	my $other = column_of_few($item, $name);

	return pick('', 'NOT ') . 'EXISTS (SELECT FROM few f WHERE '
	  . "f.$other = " . column($item, $name) . ' AND f.n ' . pick('< 4', '> 3', '= 10')
	  . pick('', ' AND f.moment < ' . time_of($item)) . ')';
}

# Any condition
sub condition
{
	my ($self, $item, $depth) = @_;
	my $kind = rand;

	if ($depth > 0 && chance(0.3))
	{
		my ($a, $b) = map { $self->condition($item, $depth - 1) } 1, 2;
		return pick("($a AND $b)", "($a OR $b)", "NOT ($a)", "(NOT ($a) AND $b)",
			"(CASE WHEN $a THEN $b END)::boolean");
	}
	return $self->time_condition($item) if $kind < 0.4;
	return $self->text_condition($item, enumerated_column($item)) if $kind < 0.70;
	return $self->text_condition($item, identifying_column($item)) if $kind < 0.84;
	return exists_condition($item) if $kind < 0.89;
	return of_item($item, pick(@{ $item->{table}{others} // ['true'] }));
}

# Conditions combined by AND: each can be pushed down separately
sub where
{
	my ($self, $item) = @_;
	my @conditions = map { $self->witness_condition($item) } 1 .. 1 + rand 2;

	push @conditions, $self->condition($item, 2) if chance(0.4);
	return join ' AND ', @conditions;
}

# A condition satisfied by the witness and few other rows, so that the work per
# row stays cheap
sub selective
{
	my ($self, $item) = @_;
	my $name = identifying_column($item);
	my @some = map { $_->{$name} } map { pick(@{ $self->{witnesses}{ $item->{name} } }) } 1, 2;
	my $ids = join ', ', map { quote($_) } grep { defined } $item->{witness}{$name}, @some;
	my $t = time_of($item);
	my $moment = 'timestamptz ' . quote($item->{witness}{ $item->{table}{time} } // 'epoch');
	my $days = 1 + int rand 20;
	my $low = $self->operand('timestamptz', "$moment - interval '$days days'");
	my $high = $self->operand('timestamptz', "$moment + interval '1 hour'");

	return "$t BETWEEN $low AND $high" if $ids eq '' || chance(0.5);
	return column($item, $name) . pick(" IN ($ids)", " = ANY ('{}' || ARRAY[$ids])");
}

1;
