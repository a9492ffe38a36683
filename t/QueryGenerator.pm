# Random queries on the tables of CallTables, reproducible by seed.
#
# A query is generated once and executed in two schemas. Its operands are
# constants, parameters of a prepared statement or variables of a PL/pgSQL
# function. Its result is returned as one text, so that two results are easy to
# compare, or through a cursor; if rows or their order depend on ties, it shows
# only the columns that do not.
package QueryGenerator;

use strict;
use warnings;

use CallTables;
use CompanyQueries qw(people_query calls_of_people_query messages_query team_query search_query);
use ConditionGenerator qw(pick chance weighted quote);
use List::Util qw(shuffle uniq);
use ReceiverGenerator qw(received);
use parent -norequire, 'ConditionGenerator';

BEGIN
{
	no strict 'refs';
	*$_ = \&{"ConditionGenerator::$_"}
	  foreach qw(of_item column time_of key_of columns_of);
}

# Without abbreviations such as EST, which are in a package of their own on some
# systems, and without offsets of 16 hours or more, which are no valid input
my @time_zones = ('UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland',
	'AAA-6BBB-12', grep { m{/} } ConditionGenerator::zones());

# Number of executions: a plan becomes generic at the sixth one
my @plans = (
	[ 'force_custom_plan', 1 ],
	[ 'force_generic_plan', 1 ],
	[ 'force_generic_plan', 2 ],
	[ 'auto', 6 ]);

# Settings of the planner, and their other values
my %settings = (
	from_collapse_limit => [ 1, 3 ],
	join_collapse_limit => [ 1, 3 ],
	geqo_threshold => [2],
	work_mem => ['64kB'],
	hash_mem_multiplier => [1],
	cursor_tuple_fraction => [ 1, 0.01 ],
	cpu_tuple_cost => [10],
	random_page_cost => [1000],
	enable_partitionwise_join => ['on'],
	enable_partitionwise_aggregate => ['on'],
	constraint_exclusion => [ 'on', 'off' ]);

# Further settings of the planner, which are on by default: for most kinds of node
sub add_switches
{
	my ($self, @names) = @_;
	$self->{switches} = [@names];
	return;
}

# ----------
# Items
# ----------

# Where the server may write files
sub set_directory
{
	my ($self, $directory) = @_;
	$self->{directory} = $directory;
	return;
}

my @single = (
	10, 'call_log', 4, 'call_log_legs', 3, 'active_calls', 3, 'recordings',
	2, 'history', 1, 'sides', 1, 'spread', 2, 'renamed', 2, 'everything', 1, 'voice',
	1, 'deleted_too', 1, 'unblocked', 1, 'branches');

my @local = (3, 'few', 1, 'tickets');

sub foreign_item
{
	my ($self, $alias) = @_;
	return $self->item(weighted(@single), $alias);
}

# The same where no call is needed
sub listed_item
{
	my ($self, $alias) = @_;
	return chance(0.15) ? $self->item('messages', $alias) : $self->foreign_item($alias);
}

sub local_item
{
	my ($self, $alias) = @_;
	return $self->item(weighted(@local), $alias);
}

sub from
{
	my ($item) = @_;
	return "$item->{name} $item->{alias}";
}

# Select list of the item
sub output
{
	my ($item) = @_;
	my $outputs = $item->{table}{outputs};

	return of_item($item, pick(@$outputs)) if $outputs && chance(0.7);
	return join ', ', key_of($item);
}

# An order without ties, usually by the date of the list
sub total_order
{
	my ($item) = @_;
	my @dates = columns_of($item, 'time', 'other time');
	my $time = column($item, chance(0.8) ? $item->{table}{time} : pick(@dates)) . ' '
	  . weighted(6, 'DESC', 1, 'DESC NULLS LAST', 2, 'ASC', 1, 'NULLS FIRST');
	my @order = ($time, key_of($item));

	unshift @order, column($item, pick(columns_of($item, 'type', 'direction', 'recording_type')))
	  if chance(0.15);
	return join ', ', @order;
}

sub some_rows
{
	my ($self) = @_;
	return weighted(
		6, 'LIMIT ' . int rand 20,
		2, 'LIMIT 5 OFFSET ' . int rand 60,
		1, 'OFFSET ' . int rand 60,
		1, 'FETCH FIRST ROW ONLY',
		1, 'LIMIT (SELECT max(n) FROM few WHERE n < 8)',
		1, 'LIMIT ' . $self->operand('bigint', int rand 30),
		1, pick('LIMIT NULL', 'LIMIT ALL'),
		1, 'LIMIT 200');
}

# ----------
# Joins
# ----------

my @identities = qw(call session telephony recording);

# Columns of two items with the same contents, as [one, other], if any
sub common_columns
{
	my ($one, $other, @kinds) = @_;
	my @pairs;

	foreach my $kind (@kinds)
	{
		foreach my $a (columns_of($one, $kind))
		{
			push @pairs, map { [ column($one, $a), column($other, $_) ] } columns_of($other, $kind);
		}
	}
	return @pairs;
}

# A condition that joins an item to an earlier one, with few matches
sub join_condition
{
	my ($self, $one, $other) = @_;
	my @pairs = common_columns($one, $other, @identities);
	my ($a, $b) = map { time_of($_) } $one, $other;
	my $step = pick("'1 second'", "'1 hour'", "'3 days'");
	my $on = weighted(
		6, 'identity',
		2, "$a = $b",
		1, "$a BETWEEN $b - interval $step AND $b",
		1, "$a >= $b AND $a < $b + interval $step",
		1, "$b <= $a AND $a < $b\::date + 1");

	$on = join ' = ', shuffle(identical(@{ pick(@pairs) })) if $on eq 'identity';
	$on = on_day($a, $other) if $other->{name} eq 'few' && chance(0.15);
	$on .= ' AND ' . $self->further_condition($one, $other) if chance(0.25);
	return $on;
}

# The same with many matches: all that began before
sub wide_join_condition
{
	my ($self, $one, $other) = @_;
	my ($a, $b) = map { time_of($_) } $one, $other;

	return chance(0.85) ? $self->join_condition($one, $other)
	  : "$a " . pick('<', '<=', '<=', '>') . " $b";
}

# Join of a column with one of an outer row: itself or an expression of it
sub identical
{
	my ($x, $y) = @_;
	return ($x, weighted(8, $y, 1, "coalesce($y, 'none')", 1, "$y || ''", 1, "CASE WHEN $y <> '' THEN $y END"));
}

# Dates without a time zone, of a row of few
sub on_day
{
	my ($time, $few) = @_;
	my ($day, $stamp) = map { column($few, $_) } 'day', 'stamp';

	return pick(
		"$time >= $day AND $time < $day + 1",
		"$time = $stamp",
		"$time BETWEEN $stamp - interval '1 hour' AND $day + 1",
		"$day = $time\::date");
}

# A condition on both items that would have too many matches alone
sub further_condition
{
	my ($self, $one, $other) = @_;
	my ($a, $b) = map { time_of($_) } $one, $other;
	my @pairs = common_columns($one, $other, @identities,
		qw(type direction transport recording_type));
	my ($x, $y) = @{ pick(@pairs) };

	return weighted(
		3, "$x = $y",
		1, "$x IS NOT DISTINCT FROM $y",
		1, "$x <> $y",
		1, "$x IN ($y, 'Fax')",
		1, "coalesce($x, $y) = $y",
		1, "($x = $y OR $a > $b)",
		2, "$a >= $b",
		1, "$a < $b + interval '10 days'");
}

# FROM with two to four items; returns it and the items
sub join_tree
{
	my ($self) = @_;
	my $local = chance(0.6);
	my @items = $local ? $self->local_item('a') : $self->foreign_item('a');
	my $tree = from($items[0]);

	foreach my $alias ('b', 'c', 'd')
	{
		last if @items > 1 && chance($alias eq 'c' ? 0.55 : 0.75);
		my $item = @items > 1 && chance(0.3) ? $self->local_item($alias) : $self->foreign_item($alias);
		my $partner = pick(@items);
		my $on = $self->join_condition($item, $partner);

		$tree = $self->joined($tree, $item, $partner, $on);
		push @items, $item;
	}
	return ($tree, $local, @items);
}

sub joined
{
	my ($self, $tree, $item, $partner, $on) = @_;
	my $type = weighted(9, 'JOIN', 5, 'LEFT JOIN', 1, 'RIGHT JOIN', 1, 'FULL JOIN', 4, 'LATERAL');

	if ($type eq 'LATERAL')
	{
		my $lateral = $self->lateral($item, $partner, $on);
		return chance(0.5) ? "$tree CROSS JOIN LATERAL $lateral"
		  : "$tree LEFT JOIN LATERAL $lateral ON " . pick('true', 'true', time_of($item) . ' IS NOT NULL');
	}

	# what can be merged or hashed
	$on = join ' = ', @{ pick(common_columns($item, $partner, @identities)) }
	  if $type eq 'FULL JOIN';
	$on .= ' AND ' . $self->where($item) if $type =~ /^(LEFT )?JOIN/ && chance(0.4);
	return "$tree $type " . from($item) . " ON $on";
}

# A sub-select that shows the columns of the item for a row of the partner. It
# has the item's alias.
sub lateral
{
	my ($self, $item, $partner, $on) = @_;
	my $from = 'FROM ' . from($item) . " WHERE $on";

	$from .= ' AND ' . $self->where($item) if chance(0.4);
	my $extra = $item->{alias} . '.*, ' . pick('1', (key_of($partner))[0],
		'coalesce(' . join(', ', map { time_of($_) } $item, $partner) . ')') . ' AS extra';

	$item->{extra} = 1;
	return "(SELECT $extra $from) $item->{alias}" if chance(0.5);
	return "(SELECT $extra $from ORDER BY " . total_order($item) . ' '
	  . pick('LIMIT 1', 'LIMIT 3', 'OFFSET 1') . ") $item->{alias}";
}

# Keys and a few more columns of all items
sub outputs
{
	my (@items) = @_;
	my @columns = map { key_of($_) } @items;

	push @columns, map { column($_, 'extra') } grep { $_->{extra} } @items;
	push @columns, map { time_of($_) } pick(@items);
	push @columns, output_of_joined(pick(@items));
	return join ', ', map { "$columns[$_] AS o$_" } 0 .. $#columns;
}

sub output_of_joined
{
	my ($item) = @_;
	return column($item, pick(columns_of($item, @identities, 'type')));
}

sub join_query
{
	my ($self) = @_;
	my ($tree, $local, @items) = $self->join_tree;
	my @where = $self->selective($local && chance(0.7) ? $items[0] : pick(@items));

	push @where, map { $self->where($_) } pick(@items) if chance(0.6);
	@where = () if $local && chance(0.5);
	push @where, output_of_joined($items[-1]) . pick(' IS NULL', ' IS NULL', ' IS NOT NULL')
	  if $tree =~ /(?:LEFT|FULL|RIGHT) JOIN/ && chance(0.25);
	my $where = @where ? ' WHERE ' . join ' AND ', shuffle(@where) : '';
	my $x = column($items[0], pick(columns_of($items[0], 'type', 'recording_type')));
	my $t = time_of($items[-1]);

	return "SELECT count(*), count(DISTINCT @{[ (key_of($items[-1]))[0] ]}), max($t) FROM $tree$where" if chance(0.08);
	return "SELECT $x, count(*), max($t) FROM $tree$where GROUP BY $x" if chance(0.08);
	return "SELECT $t FROM $tree$where ORDER BY $t DESC NULLS LAST LIMIT 7" if chance(0.08);
	return 'SELECT ' . outputs(@items) . " FROM $tree$where";
}

# A table of the same columns as the call log, under the alias c
sub some_calls
{
	my ($self) = @_;
	return $self->item(pick('call_log', 'call_log', 'active_calls', 'voice'), 'c');
}

# Joins with functions and values
sub value_join_query
{
	my ($self) = @_;
	my $item = $self->some_calls;
	my $from = from($item);
	my $name = pick('id', 'session_id');
	my @rows = map { pick(@{ $self->{witnesses}{ $item->{name} } }) } 1 .. 1 + rand 4;
	my $values = join ', ', map { '(' . quote($rows[$_]{$name}) . ", $_)" } 0 .. $#rows;
	my $moment = 'timestamptz ' . quote($item->{witness}{start_time});
	my $month = "date_trunc('month', $moment)";
	my $day = "date_trunc('day', $moment)";
	my $where = $self->where($item);

	return pick(
		"SELECT v.n, c.id FROM (VALUES $values) v (x, n) LEFT JOIN $from ON c.$name = v.x AND $where",
		"SELECT c.id, x FROM unnest(ARRAY(SELECT v.x FROM (VALUES $values) v (x, n))) x"
		  . " JOIN $from ON c.$name = x",
		"SELECT g, (SELECT count(*) FROM $from WHERE c.start_time >= g AND c.start_time < g + interval '1 day')"
		  . " FROM generate_series($day - interval '2 days', $day + interval '1 day', interval '1 day') g",
		"SELECT g, c.id FROM generate_series($month, $month + interval '2 months', interval '1 month') g"
		  . " LEFT JOIN $from ON c.start_time >= g AND c.start_time < g + interval '1 month' AND $where",
		"SELECT c.id FROM calls_since(" . $self->operand('timestamptz', $day) . ') c'
		  . " WHERE c.start_time < $day + interval '9 days'");
}

# Other joins
sub odd_join_query
{
	my ($self) = @_;
	my $item = $self->some_calls;
	my $from = from($item);
	my $where = $self->where($item);

	return pick(
		"SELECT id, session_id, leg_number FROM $from JOIN call_log_legs l USING (session_id) WHERE $where",
		"SELECT c.id FROM few NATURAL LEFT JOIN (SELECT id, session_id FROM $from WHERE $where) c",
		"SELECT r.n, c.id FROM few r, $from WHERE c.id = ANY (ARRAY[r.id, r.session_id]) AND $where",
		"SELECT r.n, c.id FROM few r, $from WHERE (c.id, c.session_id) = (r.id, r.session_id)",
		"SELECT r.n, c.id FROM few r, $from WHERE (c.id = r.id OR c.session_id = r.session_id) AND $where",
		"SELECT r.n, c.id FROM few r JOIN $from ON c.session_id = r.session_id FOR SHARE OF r",
		"SELECT r.n, c.id FROM few r, $from WHERE c.id IN"
		  . ' (SELECT x.id FROM few x WHERE x.n <= r.n ORDER BY x.n LIMIT 3)',
		("SELECT r.n, l.id, l.x, t.ticket FROM few r"
			  . " LEFT JOIN LATERAL (SELECT c.id, c.session_id, r.n AS x FROM $from WHERE $where) l ON true"
			  . ' JOIN tickets t ON t.session = l.session_id') x 2,
		"SELECT r.n, l.id, m.leg_number FROM few r"
		  . " LEFT JOIN LATERAL (SELECT c.* FROM $from WHERE c.session_id = r.session_id) l ON true"
		  . ' LEFT JOIN LATERAL (SELECT g.* FROM call_log_legs g'
		  . ' WHERE g.call_id = l.id AND g.call_start_time >= r.moment) m ON true',
		'SELECT r.n, c.id FROM few r, calls_of(r.session_id) c',
		'SELECT r.n, c.id FROM few r LEFT JOIN calls_of(r.session_id) c ON c.type = r.type',
		'SELECT r.n, (SELECT max(c.start_time) FROM calls_of(r.session_id) c) FROM few r');
}

# ----------
# Sub-selects
# ----------

# Two items; the outer one has few rows
sub outer_and_inner
{
	my ($self) = @_;
	my $local = chance(0.5);
	my $outer = $local ? $self->local_item('o') : $self->foreign_item('o');
	my $inner = $local || chance(0.7) ? $self->foreign_item('i') : $self->local_item('i');
	my $some = $local && chance(0.6) ? 'true' : $self->selective($outer);

	return ($outer, $inner, $some);
}

sub subselect_query
{
	my ($self) = @_;
	my ($outer, $inner, $some) = $self->outer_and_inner;
	my $correlated = chance(0.55);
	my $condition = $correlated ? $self->correlated($outer, $inner) : $self->uncorrelated($outer, $inner);

	$some = 'true' if !$correlated && chance(0.5);
	$condition = "($condition OR " . $self->condition($outer, 0) . ')' if chance(0.15);
	return 'SELECT ' . output($outer) . ' FROM ' . from($outer)
	  . ' WHERE ' . join ' AND ', shuffle($some, $condition);
}

# A condition with a sub-select that depends on the row
sub correlated
{
	my ($self, $outer, $inner) = @_;
	my $on = $self->wide_join_condition($inner, $outer);
	my $from = from($inner) . " WHERE $on";
	my ($x, $y) = @{ pick(common_columns($outer, $inner, @identities)) };
	my $t = time_of($inner);

	$from .= ' AND ' . $self->where($inner) if chance(0.6);
	return pick(
		("EXISTS (SELECT FROM $from)") x 3,
		("NOT EXISTS (SELECT FROM $from)") x 3,
		"$x IN (SELECT $y FROM $from)",
		"$x NOT IN (SELECT $y FROM $from)",
		"(SELECT count(*) FROM $from) " . pick('= 0', '> 0', '> 1'),
		time_of($outer) . " >= (SELECT max($t) FROM $from)",
		time_of($outer) . " = ANY (SELECT $t FROM $from)",
		"EXISTS (SELECT FROM $from ORDER BY $t DESC LIMIT 1)",
		"EXISTS (SELECT count(*) FROM $from HAVING count(*) > 1)");
}

# A condition with one that does not
sub uncorrelated
{
	my ($self, $outer, $inner) = @_;
	my ($x, $y) = @{ pick(common_columns($outer, $inner, @identities)) };
	my ($time, $t) = map { time_of($_) } $outer, $inner;
	my $from = from($inner) . ' WHERE ' . $self->where($inner);

	return pick(
		("$x IN (SELECT $y FROM $from)") x 3,
		("$x NOT IN (SELECT $y FROM $from AND $y IS NOT NULL)") x 2,
		"$x NOT IN (SELECT $y FROM $from)",
		"NOT ($x = ANY (SELECT $y FROM $from))",
		("$x = ANY (ARRAY(SELECT $y FROM $from))") x 3,
		"$x <> ALL (ARRAY(SELECT $y FROM $from))",
		"($x, $time) IN (SELECT $y, $t FROM $from)",
		("$time >= (SELECT " . pick('min', 'max') . "($t) FROM $from)") x 2,
		"$time > ALL (SELECT $t FROM $from)",
		"$x = (SELECT max($y) FROM $from)",
		"EXISTS (SELECT FROM $from)",
		"NOT EXISTS (SELECT FROM $from)");
}

# Sub-selects in the select list
sub scalar_query
{
	my ($self) = @_;
	my ($outer, $inner, $some) = $self->outer_and_inner;
	my $on = $self->wide_join_condition($inner, $outer);
	my $from = from($inner) . " WHERE $on";
	my ($key) = key_of($inner);
	my $t = time_of($inner);

	$from .= ' AND ' . $self->where($inner) if chance(0.5);
	my $select = pick(
		"(SELECT count(*) FROM $from)",
		"(SELECT " . pick('min', 'max') . "($t) FROM $from)",
		"(SELECT $key FROM $from ORDER BY " . total_order($inner) . ' LIMIT 1)',
		"ARRAY(SELECT $key FROM $from ORDER BY 1)",
		"EXISTS (SELECT FROM $from)",
		"(SELECT string_agg($key\::text, ',' ORDER BY $key\::text) FROM $from)");

	return 'SELECT ' . join(', ', key_of($outer)) . ", $select FROM " . from($outer) . " WHERE $some";
}

# ----------
# Aggregates and windows
# ----------

sub plain_query
{
	my ($self) = @_;
	my $item = $self->listed_item('c');
	my $lock = $item->{name} =~ /^(call|active|recordings|renamed)/ && chance(0.05) ? ' FOR SHARE' : '';

	return 'SELECT ' . output($item) . ' FROM ' . from($item) . ' WHERE ' . $self->where($item) . $lock;
}

# Rows without any column
sub bare_query
{
	my ($self) = @_;
	my $item = $self->listed_item('c');
	my $from = 'FROM ' . from($item);

	return pick(
		("SELECT count(*) $from") x 3,
		"SELECT EXISTS (SELECT $from), NOT EXISTS (SELECT $from OFFSET 1000)",
		"SELECT 1 $from " . $self->some_rows,
		"SELECT $from",
		"SELECT count(*) $from, few WHERE few.n < 4",
		"SELECT n, (SELECT count(*) $from WHERE few.n < 3) FROM few");
}

sub aggregate_query
{
	my ($self) = @_;
	my $item = $self->listed_item('c');
	my $from = 'FROM ' . from($item) . (chance(0.9) ? ' WHERE ' . $self->where($item) : '');
	my $t = time_of($item);
	my ($key) = key_of($item);
	my ($x, $y) = map { column($item, $_) }
	  map { pick(columns_of($item, qw(type direction transport recording_type))) } 1, 2;
	my $having = chance(0.3) ? ' HAVING count(*) > ' . int rand 5 : '';
	my $extreme = pick('min', 'max');

	return pick(
		"SELECT count(*) $from",
		"SELECT count(*) FILTER (WHERE @{[ $self->witness_condition($item) ]}), count($x) $from",
		("SELECT $extreme($t) $from") x 3,
		"SELECT min($t), max($t), count(DISTINCT $x) $from",
		"SELECT max($t) $from HAVING max($t) > now() - interval '60 days'",
		"SELECT $x, $y, count(*), max($t) $from GROUP BY 1, 2$having",
		"SELECT $x, string_agg($key\::text, ',' ORDER BY $t DESC, @{[ join ', ', key_of($item) ]}) $from GROUP BY 1",
		"SELECT date_trunc('month', $t), count(DISTINCT $x) $from GROUP BY 1$having",
		"SELECT $x, $y, count(*), grouping($x, $y) $from GROUP BY "
		  . pick("ROLLUP ($x, $y)", "CUBE ($x, $y)", "GROUPING SETS (($x), ($y), ())") . $having,
		"SELECT DISTINCT $x, $y $from",
		"SELECT DISTINCT ON ($x) $x, $t, $key $from ORDER BY $x, $t DESC, @{[ join ', ', key_of($item) ]}",
		"SELECT $t, count(*) $from GROUP BY $t ORDER BY $t DESC " . $self->some_rows,
		"SELECT DISTINCT $t $from ORDER BY $t DESC " . $self->some_rows);
}

sub window_query
{
	my ($self) = @_;
	my $item = $self->listed_item('c');
	my $from = 'FROM ' . from($item) . ' WHERE ' . $self->where($item);
	my $t = time_of($item);
	my $keys = join ', ', key_of($item);
	my $x = column($item, pick(columns_of($item, qw(type direction transport recording_type))));
	my $n = 1 + int rand 6;

	return pick(
		"SELECT $keys, row_number() OVER (PARTITION BY $x ORDER BY $t DESC, $keys) $from",
		"SELECT $keys, rank() OVER (ORDER BY $t DESC), count(*) OVER (PARTITION BY $x) $from",
		"SELECT $keys, lag($t) OVER (ORDER BY $t DESC, $keys) $from",
		"SELECT $keys, count(*) OVER (ORDER BY $t RANGE BETWEEN interval '1 day' PRECEDING AND CURRENT ROW) $from",
		"SELECT $keys, first_value(($keys)) OVER w, dense_rank() OVER (ORDER BY $t) $from"
		  . " WINDOW w AS (ORDER BY $t DESC, $keys)",
		"SELECT * FROM (SELECT $keys, row_number() OVER (ORDER BY $t DESC, $keys) AS position $from) w"
		  . " WHERE position <= $n",
		"SELECT * FROM (SELECT $t, rank() OVER (ORDER BY $t DESC) AS position $from) w WHERE position < $n");
}

# ----------
# Order and limits
# ----------

# A part of a row, or of its order: [text, whether its rows come in order]
sub ordered_query
{
	my ($self) = @_;
	my $item = $self->listed_item('c');
	my $from = 'FROM ' . from($item) . (chance(0.8) ? ' WHERE ' . $self->where($item) : '');
	my $rows = chance(0.8) ? $self->some_rows : '';

	my $columns = join ', ', time_of($item), key_of($item);
	return ("SELECT $columns $from ORDER BY " . total_order($item) . " $rows", 1);
}

# Ties determine all columns but that of the order: as above
sub tied_query
{
	my ($self) = @_;
	my $item = $self->listed_item('c');
	my $from = 'FROM ' . from($item) . (chance(0.7) ? ' WHERE ' . $self->where($item) : '');
	my $t = chance(0.85) ? time_of($item) : column($item, pick(columns_of($item, 'time', 'other time')));
	my $direction = weighted(5, 'DESC', 1, 'ASC', 1, 'DESC NULLS LAST');
	my $n = 1 + int rand 12;

	return weighted(
		3, "SELECT $t $from ORDER BY $t $direction " . $self->some_rows,
		2, "SELECT $t $from ORDER BY $t $direction FETCH FIRST $n ROWS WITH TIES",
		1, "SELECT $t $from ORDER BY $t $direction OFFSET $n FETCH FIRST 3 ROWS WITH TIES"), 1;
}

# Any rows are correct if their number is, and all of them belong to the result
sub subset_query
{
	my ($self) = @_;
	my $item = $self->listed_item('c');
	my $where = chance(0.7) ? $self->where($item) : 'true';
	my $key = "concat_ws(' ', " . join(', ', key_of($item)) . ')';
	my $from = from($item) . " WHERE $where";
	my $rows = $self->some_rows;

	return "SELECT count(*), count(DISTINCT k), bool_and(k IN (SELECT $key FROM {truth}.$from))"
	  . " FROM (SELECT $key AS k FROM $from $rows) q";
}

# ----------
# Several queries as one
# ----------

# Call, session and date of some rows of a table
sub member_query
{
	my ($self, $alias) = @_;
	my $item = $self->foreign_item($alias);
	my ($call, $session) = map { column($item, (columns_of($item, $_))[0]) } 'call', 'session';

	return "SELECT $call\::text AS call, $session\::text AS session, @{[ time_of($item) ]} AS moment FROM "
	  . from($item) . ' WHERE ' . $self->where($item);
}

sub set_query
{
	my ($self) = @_;
	my $text = '(' . $self->member_query('c') . ')';

	foreach my $alias ('d', 'e')
	{
		last if $alias eq 'e' && chance(0.7);
		my $operator = weighted(
			3, 'UNION ALL', 2, 'UNION', 2, 'EXCEPT', 1, 'EXCEPT ALL', 1, 'INTERSECT', 1, 'INTERSECT ALL');
		$text = "($text $operator (" . $self->member_query($alias) . '))';
	}
	return $text if chance(0.5);
	return "SELECT * FROM $text s WHERE moment > "
	  . $self->operand('timestamptz', q(now() - interval '100 days'))
	  if chance(0.3);
	return "SELECT f.n, s.* FROM few f " . pick('', 'LEFT ') . "JOIN $text s ON "
	  . pick('s.call = f.id', 's.session = f.session_id', 's.moment >= f.moment AND s.moment < f.moment::date + 1')
	  if chance(0.4);
	return "SELECT * FROM $text s ORDER BY moment DESC, call, session LIMIT " . int rand 30;
}

sub cte_query
{
	my ($self) = @_;
	my $materialized = pick('', 'MATERIALIZED', 'NOT MATERIALIZED');
	my $w = "WITH w AS $materialized (" . $self->member_query('c') . ')';
	my $item = $self->foreign_item('i');
	my $from = from($item);
	my $keys = join ', ', key_of($item);
	my ($call) = map { column($item, $_) } columns_of($item, 'call');

	return pick(
		"$w SELECT call, (SELECT count(*) FROM w) FROM w",
		"$w SELECT a.call, b.moment FROM w a JOIN w b ON b.session = a.session",
		"$w SELECT w.call, $keys FROM w JOIN $from ON $call = w.call AND " . $self->selective($item),
		"$w SELECT @{[ output($item) ]} FROM $from WHERE $call NOT IN (SELECT call FROM w)",
		"$w, v AS (SELECT max(moment) AS newest FROM w)"
		  . " SELECT call FROM w, v WHERE moment > newest - interval '30 days'",
		$self->recursive_query);
}

# Recursion from one call to the previous one, and from one row to the next
sub recursive_query
{
	my ($self) = @_;
	my $item = $self->item('call_log', 'c');
	my $step = 'SELECT c.id, c.start_time FROM call_log c WHERE';

	return pick(
		"WITH RECURSIVE w AS (($step @{[ $self->where($item) ]} ORDER BY start_time DESC, id LIMIT 1)"
		  . " UNION ALL (SELECT n.* FROM w, LATERAL ($step c.start_time <= w.start_time"
		  . ' AND (c.start_time, c.id) < (w.start_time, w.id)'
		  . ' ORDER BY c.start_time DESC, c.id DESC LIMIT 1) n)) SELECT * FROM w LIMIT 5',
		'WITH RECURSIVE w AS (SELECT n, id FROM few WHERE n < 4'
		  . ' UNION SELECT w.n + 1, c.id FROM w JOIN few f ON f.n = w.n + 1'
		  . ' LEFT JOIN call_log c ON c.session_id = f.session_id WHERE w.n < 6) SELECT * FROM w');
}

# Rows that change a local table: [text, whether in order, text before it]
sub change_query
{
	my ($self) = @_;
	my $item = $self->foreign_item('c');
	my $on = $self->join_condition($item, $self->item('few', 'r'));
	my $where = $self->where($item);
	my $from = from($item);
	my ($key, $t) = ((key_of($item))[0], time_of($item));

	my $change = pick(
		"UPDATE mine r SET n = r.n + 100 FROM $from WHERE $on AND $where RETURNING r.n, r.id",
		"UPDATE mine r SET n = (SELECT count(*) FROM $from WHERE $on AND $where) RETURNING r.n, r.id",
		"DELETE FROM mine r USING $from WHERE $on RETURNING r.n",
		"DELETE FROM mine r WHERE NOT EXISTS (SELECT FROM $from WHERE $on AND $where) RETURNING r.n",
		"INSERT INTO mine (n, id, moment) SELECT row_number() OVER (ORDER BY $key, $t), $key, $t"
		  . " FROM $from WHERE $where RETURNING n, id, moment");
	return ('SELECT * FROM d', 0, "d AS ($change)");
}

# ----------
# Loops and cursors
# ----------

# A query for each row of another one, and other statements of PL/pgSQL
sub loop_body
{
	my ($self) = @_;
	my $outer = $self->local_item('o');
	my $inner = $self->foreign_item('i');
	my $on = $self->wide_join_condition($inner, $outer);
	my $from = from($inner);
	my $where = $self->where($inner);
	my $all = 'SELECT ' . join(', ', key_of($inner)) . " FROM $from WHERE $on";
	my $ordered = "$all ORDER BY " . total_order($inner);
	my ($a) = key_of($outer);
	my $loop = "FOR o IN SELECT * FROM $outer->{name} ORDER BY $outer->{table}{key}[0] LIMIT 8 LOOP";
	my $append = "result := result || concat_ws(' ', $a, found);";
	my ($call) = map { column($inner, $_) } columns_of($inner, 'call');
	my $t = time_of($inner);

	return pick(
		"$loop FOR found IN $all AND $where LOOP $append END LOOP; END LOOP;",
		"$loop FOR found IN $ordered LOOP $append EXIT; END LOOP; END LOOP;",
		"$loop SELECT count(*) INTO found FROM $from WHERE $on; $append END LOOP;",
		"$loop IF EXISTS ($all AND $where) THEN result := result || $a\::text; END IF; END LOOP;",
		"$loop OPEN walk FOR $ordered; MOVE FORWARD 1 IN walk; FETCH walk INTO found; $append CLOSE walk;"
		  . ' END LOOP;',
		"MERGE INTO mine USING (SELECT $call, max($t) FROM $from WHERE $where GROUP BY 1) s (id, t)"
		  . ' ON mine.id = s.id WHEN MATCHED THEN UPDATE SET moment = s.t'
		  . ' WHEN NOT MATCHED THEN INSERT (n, id, moment) VALUES (99, s.id, s.t);'
		  . ' FOR found IN SELECT n, id, moment FROM mine LOOP result := result || found::text; END LOOP;');
}

# Moves of a cursor over a number of rows; a scrollable one moves back as well
sub cursor_moves
{
	my ($name, $scrolls) = @_;
	my @moves = map {
		my $n = 1 + int rand 30;
		my @forward = (
			"FETCH $n FROM $name", "FETCH $n FROM $name", "MOVE $n IN $name", "FETCH NEXT FROM $name",
			"SAVEPOINT x; FETCH $n FROM $name; ROLLBACK TO x", "SAVEPOINT x; FETCH $n FROM $name; RELEASE x");
		my @back = (
			"FETCH BACKWARD $n FROM $name", "FETCH PRIOR FROM $name", "FETCH FIRST FROM $name",
			"FETCH LAST FROM $name", "FETCH ABSOLUTE $n FROM $name", "FETCH RELATIVE -2 FROM $name",
			"MOVE BACKWARD ALL IN $name", "FETCH RELATIVE 0 FROM $name");
		pick(@forward, $scrolls ? @back : ())
	} 1 .. 2 + rand 5;

	push @moves, "FETCH ALL FROM $name" if chance(0.7);
	return @moves;
}

sub cursor_script
{
	my ($self) = @_;
	my @moves;
	my $script = '';

	$self->{style} = 'plain';
	foreach my $name ('k1', 'k2')
	{
		last if $name eq 'k2' && chance(0.6);
		my ($text) = $self->ordered_query;
		my $scroll = weighted(3, 'SCROLL', 2, 'NO SCROLL');
		my $hold = chance(0.1) ? 'WITH HOLD ' : '';

		$script .= "DECLARE $name $scroll CURSOR ${hold}FOR $text;\n";
		push @moves, [ map { "$_;\n" } cursor_moves($name, $scroll eq 'SCROLL') ];
	}
	while (@moves)
	{
		my $next = pick(@moves);
		$script .= shift @$next;
		@moves = grep { @$_ } @moves;
	}
	return $script . "CLOSE ALL;\n";
}

# ----------
# Rows for receivers other than the client
# ----------

# Whole rows of a table, or of a join, wide ones and several for a row of the
# outer side; and the name of a column
sub source_query
{
	my ($self) = @_;
	my $inner = $self->item(
		weighted(6, 'call_log_legs', 2, 'call_log', 1, 'active_calls', 1, 'sides', 1, 'spread',
			1, 'history', 1, 'renamed', 1, 'everything'), 'i');
	my ($call) = columns_of($inner, 'call');
	my $where = $self->where($inner);

	return ("SELECT * FROM @{[ from($inner) ]} WHERE $where", $call) if chance(0.25);

	my $outer = chance(0.8) ? $self->local_item('o') : $self->foreign_item('o');
	my ($a, $b) = @{ pick(common_columns($outer, $inner, 'call', 'call', 'session')) };
	my $wide = "repeat($a\::text, 100 + 150 * (ascii(md5($a\::text)) % 16))";
	my $from = "(SELECT o.*, $wide AS wide FROM @{[ from($outer) ]}"
	  . ($outer->{table}{foreign} ? ' WHERE ' . $self->selective($outer) : '') . ' OFFSET 0) o';
	my @columns = ('o.wide', $a, key_of($outer));
	my $on = "$a = $b";

	# the clause allocates memory, of another size for each pair of rows
	$on .= " AND length(repeat($b\::text, 20 * ascii(md5(concat($a, @{[ join ', ', key_of($inner) ]}))))) > 0"
	  if chance(0.6);
	$on .= " AND $where" if chance(0.3);
	if (chance(0.2))
	{
		$from .= pick(' WHERE', ' WHERE NOT') . " EXISTS (SELECT FROM @{[ from($inner) ]} WHERE $on)";
	}
	else
	{
		$from .= pick('', '', ' LEFT') . " JOIN @{[ from($inner) ]} ON $on";
		push @columns, $b, shuffle(map { column($inner, $_) } sort keys %{ $inner->{table}{columns} });
	}
	@columns = uniq @columns;    # one twice would need a projection
	return ('SELECT ' . join(', ', map { "$columns[$_] AS c$_" } 0 .. $#columns) . " FROM $from", 'c1');
}

# ----------
# Scripts for psql
# ----------

my @forms = (
	18, 'plain_query', 10, 'aggregate_query', 12, 'ordered_query', 5, 'tied_query',
	4, 'subset_query', 18, 'join_query', 4, 'value_join_query', 5, 'odd_join_query', 10, 'subselect_query',
	5, 'scalar_query', 5, 'window_query', 5, 'set_query', 5, 'cte_query',
	3, 'bare_query', 3, 'change_query', 4, 'loop', 4, 'cursor', 12, 'received',
	6, 'people_query', 8, 'calls_of_people_query', 6, 'messages_query', 5, 'team_query', 10, 'search_query');

sub random_settings
{
	my ($self, $form) = @_;
	my %chosen = (timezone => pick(@time_zones));

	foreach my $name (sort keys %settings)
	{
		$chosen{$name} = pick(@{ $settings{$name} }) if chance(0.08);
	}
	foreach my $name (@{ $self->{switches} })
	{
		$chosen{$name} //= 'off' if chance(0.13);
	}

	# a search takes the number from elsewhere
	delete $chosen{enable_nestloop} if $form =~ /^(search|team)_query/;
	return %chosen;
}

# A query as a hash: form; settings that it needs around it; script, its
# statements, usually with a short result; rows, the same with all rows;
# receiver of the rows, if not the client; commits, whether the script commits;
# sorted, whether the lines of the result must be sorted to be compared; once, a
# single statement for EXPLAIN, if it can be one; of_one_table, whether it scans
# one only once
sub next_query
{
	my ($self) = @_;
	my $form = $ENV{CALL_LOG_TEST_FORM} || weighted(@forms);
	my $plan = weighted(4, $plans[0], 3, $plans[1], 1, $plans[2], 1, $plans[3]);
	my %chosen = $self->random_settings($form);
	my %query = (of_one_table => scalar($form =~ /^(plain|bare|aggregate|ordered|tied|window)_query/));

	$chosen{plan_cache_mode} = $plan->[0];
	$query{settings} = join '; ', map { "SET LOCAL $_ = '$chosen{$_}'" } sort keys %chosen;
	$self->{style} = weighted(6, 'plain', 3, 'prepared', 2, 'function');
	$self->{parameters} = [];
	delete $self->{call};
	if ($form eq 'cursor')
	{
		$query{script} = $query{rows} = $self->cursor_script;
	}
	elsif ($form eq 'received')
	{
		$self->{style} = 'plain';
		my ($text, $key) = $self->source_query;

		($query{script}, $query{receiver}) = received($text, $key, $self->{directory});
		$query{commits} = $query{script} =~ s/<settings>/$query{settings}/;
		$query{rows} = "SELECT q::text FROM ($text) q;\n";
		$query{once} = $text;
	}
	elsif ($form eq 'loop')
	{
		$self->{style} = 'function';
		$query{script} = $query{rows} = $self->loop($self->loop_body);
	}
	else
	{
		my ($text, $in_order, $with) = $self->$form;
		my $order = $in_order ? '' : ' ORDER BY q::text COLLATE "C"';
		my $start = $with ? "WITH $with " : '';
		my $digest = qq{${start}SELECT concat_ws('|', count(*), md5(string_agg(q::text, E'\\n'$order)))
			FROM ($text) q};

		if ($self->{style} ne 'function' && chance(0.3))
		{
			$digest = "$start$text";
			$query{sorted} = !$in_order;
		}
		$query{rows} = $self->wrap("${start}SELECT q::text FROM ($text) q", 1);
		$query{script} = $self->wrap($digest, $plan->[1]);
		$query{once} = $digest unless @{ $self->{parameters} };
	}
	return \%query;
}

# EXECUTE, sometimes with a NULL, or in another time zone
sub execution
{
	my ($self) = @_;
	my @arguments = map { $_->[1] } @{ $self->{parameters} };
	my $zone = chance(0.15) ? "SET LOCAL timezone = '" . pick(@time_zones) . "';\n" : '';

	$arguments[ rand @arguments ] = 'NULL' if chance(0.15);
	return "${zone}EXECUTE p (" . join(', ', @arguments) . ");\n";
}

# The statements that run a query in the current style, several times
sub wrap
{
	my ($self, $query, $times) = @_;
	my @parameters = @{ $self->{parameters} };

	if ($self->{style} eq 'prepared' && @parameters)
	{
		my $types = join ', ', map { $_->[0] } @parameters;
		return "PREPARE p ($types) AS $query;\n"
		  . join '', map { $self->execution } 1 .. $times;
	}
	return $self->function("RETURN QUERY $query;", 'SETOF text', '') . "SELECT pg_temp.f();\n" x $times
	  if $self->{style} eq 'function';
	return "$query;\n";
}

sub function
{
	my ($self, $body, $type, $declarations) = @_;
	my $n = 0;
	my $variables = join '', map { 'v' . ++$n . " $_->[0] := $_->[1]; " } @{ $self->{parameters} };

	return "CREATE FUNCTION pg_temp.f() RETURNS $type LANGUAGE plpgsql AS "
	  . "\$f\$ DECLARE $declarations$variables BEGIN $body END \$f\$;\n";
}

sub loop
{
	my ($self, $body) = @_;
	my $digest = q{concat_ws('|', cardinality(result),
		(SELECT md5(string_agg(x, ' ' ORDER BY x COLLATE "C")) FROM unnest(result) x))};

	return $self->function("$body RETURN $digest;", 'text',
		"o record; found record; walk refcursor; result text[] := '{}'; ")
	  . "SELECT pg_temp.f();\n";
}

1;
