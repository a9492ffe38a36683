# Random queries on the tables beside the call log, as methods of QueryGenerator:
# people, their calls and messages, and what the API finds for a number. A query
# returns its text, and whether its rows come in order.
package CompanyQueries;

use strict;
use warnings;

use ConditionGenerator qw(pick chance weighted quote);
use Exporter qw(import);

our @EXPORT_OK = qw(people_query calls_of_people_query messages_query team_query search_query);

BEGIN
{
	no strict 'refs';
	*$_ = \&{"ConditionGenerator::$_"} foreach qw(of_item column time_of key_of columns_of);
}

# ----------
# People
# ----------

# Conditions on a row of the directory, that its witness meets as a rule
sub person_condition
{
	my ($self, $item) = @_;
	my $name = pick(columns_of($item, 'extension type', 'extension type', 'site', 'status', 'department', 'extension'));
	my $condition = weighted(
		5, 'witness',
		3, 'any',
		2, 'other');

	return $self->witness_text_condition($item, $name) if $condition eq 'witness';
	return $self->text_condition($item, $name) if $condition eq 'any';
	return of_item($item, pick(@{ $item->{table}{others} }));
}

sub where_person
{
	my ($self, $item) = @_;
	my @conditions = map { person_condition($self, $item) } 1 .. 1 + rand 2;
	my $where = join ' AND ', @conditions;

	return $where if chance(0.7);
	return "($where OR " . person_condition($self, $item) . ')' if chance(0.7);
	return "NOT ($where)";
}

sub people_query
{
	my ($self) = @_;
	my ($c, $d) = map { $self->item('extensions', $_) } 'c', 'd';
	my $from = 'FROM extensions c';
	my $where = where_person($self, $c);
	my $name = pick(columns_of($c, 'extension type', 'site', 'status', 'department'));
	my $other = where_person($self, $d);
	my $same = pick("d.$name = c.$name", "d.$name IS NOT DISTINCT FROM c.$name", 'd.id = c.id + 1000',
		'd.id = c.id', "d.extension_number > c.extension_number AND d.$name = c.$name");
	my $n = 1 + int rand 12;
	my $show = of_item($c, pick(@{ $c->{table}{outputs} }));

	return pick(
		("SELECT $show $from WHERE $where") x 4,
		"SELECT count(*), count(DISTINCT c.$name), max(c.id) $from",
		"SELECT c.$name, count(*), min(c.id) $from WHERE $where GROUP BY 1",
		"SELECT DISTINCT c.$name $from",
		"SELECT count(*), count(DISTINCT id) FROM (SELECT id $from LIMIT $n) q",
		"SELECT c.id, d.id $from " . pick('', 'LEFT ') . "JOIN extensions d ON $same AND $other WHERE $where",
		"SELECT c.id, d.id $from FULL JOIN extensions d ON d.$name = c.$name AND d.id = c.id",
		"SELECT c.id, l.id $from CROSS JOIN LATERAL (SELECT d.id FROM extensions d WHERE $same ORDER BY d.id LIMIT 2) l WHERE $where",
		"SELECT c.id $from WHERE " . pick('', 'NOT ') . "EXISTS (SELECT FROM extensions d WHERE $same AND $other)",
		"SELECT c.id $from WHERE c.$name " . pick('', 'NOT ') . "IN (SELECT d.$name FROM extensions d WHERE $other)",
		"SELECT c.id, (SELECT count(*) FROM extensions d WHERE $same) $from WHERE $where",
		"SELECT c.id $from WHERE $where UNION ALL SELECT d.id FROM extensions d WHERE $other",
		"WITH RECURSIVE w AS ((SELECT id FROM extensions WHERE id = " . quote($c->{witness}{id} // '731900211008')
		  . ') UNION SELECT d.id FROM w JOIN extensions d ON d.id = w.id + 1000) SELECT * FROM w',
		"SELECT t.id, c.name FROM team t " . pick('', 'LEFT ') . "JOIN extensions c ON "
		  . pick('c.id = t.id', 'c.id::text = t.id_text', 'c.site_id = t.site_id AND c.id > t.id') . " AND $where");
}

# ----------
# Calls of people
# ----------

# How a call and a person belong together
sub calls_on
{
	return weighted(
		6, 'e.id = c.extension_id',
		2, 'e.id::text = c.from_extension_id',
		2, 'e.id::text = c.to_extension_id',
		1, 'e.extension_number = c.from_extension_number',
		1, 'e.id IN (c.extension_id, c.to_extension_id::bigint)');
}

sub calls_of_people_query
{
	my ($self) = @_;
	my $c = $self->item(pick('call_log', 'call_log', 'active_calls', 'call_log_legs'), 'c');
	my $e = $self->item('extensions', 'e');
	my $from = "FROM $c->{name} c";
	my $on = calls_on();
	my $calls = $self->where($c);
	my $people = where_person($self, $e);
	my $keys = join ', ', key_of($c);
	my $t = time_of($c);
	my $join = pick('JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN');
	my $some = chance(0.6) ? " AND $people" : '';

	return pick(
		("SELECT e.name, count(*) FILTER (WHERE c.result = 'Missed') $from JOIN extensions e ON e.id = c.extension_id"
			  . " WHERE $calls GROUP BY 1") x 2,
		("SELECT $keys, e.id, e.name $from $join extensions e ON $on$some WHERE $calls") x 4,
		"SELECT $keys, e.id $from FULL JOIN extensions e ON e.id = c.extension_id WHERE e.id IS NULL OR $people",
		"SELECT $keys, e.name, f.name $from JOIN extensions e ON e.id = c.extension_id"
		  . " LEFT JOIN extensions f ON f.id::text = c.from_extension_id WHERE $calls",
		"SELECT e.id, e.name, count($t), max($t) FROM extensions e LEFT JOIN $c->{name} c ON $on AND $calls WHERE $people GROUP BY 1, 2",
		"SELECT $keys $from WHERE $calls AND " . pick('', 'NOT ') . "EXISTS (SELECT FROM extensions e WHERE $on$some)",
		"SELECT e.id FROM extensions e WHERE $people AND " . pick('', 'NOT ') . "EXISTS (SELECT $from WHERE $on AND $calls)",
		"SELECT $keys $from WHERE $calls AND c.extension_id " . pick('', 'NOT ') . "IN (SELECT e.id FROM extensions e WHERE $people)",
		"SELECT e.id, l.t FROM extensions e CROSS JOIN LATERAL (SELECT $t AS t $from WHERE $on AND $calls"
		  . " ORDER BY $t DESC LIMIT 2) l WHERE $people",
		"SELECT $keys, (SELECT e.name FROM extensions e WHERE e.id = c.extension_id) $from WHERE $calls",
		"SELECT t.name, $keys, e.site_name FROM team t JOIN extensions e ON e.id = t.id"
		  . " $join $c->{name} c ON c.extension_id = e.id AND $calls");
}

# ----------
# Messages
# ----------

sub messages_query
{
	my ($self) = @_;
	my $m = $self->item('messages', 'm');
	my $c = $self->item('call_log', 'c');
	my $l = $self->item('letters', 'l');
	my $messages = $self->where($m);
	my $calls = $self->where($c);
	my $on = weighted(
		4, 'm.id = l.message',
		2, 'm.conversation_id = l.conversation',
		1, 'm.creation_time = l.seen',
		1, "m.creation_time BETWEEN l.seen - interval '1 day' AND l.seen AND m.type = l.kind",
		1, 'm.id = l.message AND m.read_status IS NOT DISTINCT FROM l.state');
	my $of_call = weighted(
		3, 'm.id = c.message_id',
		1, 'm.creation_time BETWEEN c.start_time AND c.start_time + interval \'10 minutes\' AND m.from_phone_number = c.from_phone_number');
	my $some = $self->selective($c);
	my $join = pick('JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN');
	my $order = 'ORDER BY m.creation_time DESC, m.id';
	my $n = 1 + int rand 9;

	return pick(
		("SELECT l.message, m.id, m.subject FROM letters l $join messages m ON $on AND $messages") x 3,
		"SELECT l.message, m.id FROM letters l FULL JOIN messages m ON m.id = l.message",
		"SELECT l.message, q.id FROM letters l CROSS JOIN LATERAL (SELECT m.id FROM messages m WHERE $on $order LIMIT $n) q",
		"SELECT l.message FROM letters l WHERE " . pick('', 'NOT ') . "EXISTS (SELECT FROM messages m WHERE $on AND $messages)",
		"SELECT m.id FROM messages m WHERE $messages AND " . pick('', 'NOT ') . "EXISTS (SELECT FROM letters l WHERE $on)",
		"SELECT m.id FROM messages m WHERE m.id " . pick('', 'NOT ') . "IN (SELECT l.message FROM letters l WHERE l.message IS NOT NULL)",
		"SELECT l.message, (SELECT max(m.creation_time) FROM messages m WHERE $on) FROM letters l",
		"SELECT c.id, m.id, m.type FROM call_log c $join messages m ON $of_call WHERE $calls",
		"SELECT c.id FROM call_log c WHERE $calls AND " . pick('', 'NOT ') . "EXISTS (SELECT FROM messages m WHERE m.id = c.message_id)",
		"SELECT m.id, e.name FROM messages m $join extensions e ON e.id = m.extension_id WHERE $messages",
		"SELECT m.id, o.id FROM messages m JOIN messages o ON o.conversation_id = m.conversation_id"
		  . " AND o.creation_time < m.creation_time WHERE $messages",
		"SELECT m.type, m.direction, count(*), max(m.creation_time) FROM messages m WHERE $messages GROUP BY 1, 2");
}

# Messages of the extensions that a query names
sub team_query
{
	my ($self) = @_;
	my $m = $self->item('team_messages', 'm');
	my $where = $self->where($m);
	my $id = $m->{witness}{extension_id};

	$id = pick(0, -1, '731910000008', '9223372036854775807') if chance(0.1);
	my $operand = weighted(4, $self->operand('bigint', "bigint '$id'"), 1, "$id", 1, "(SELECT bigint '$id')");
	my $named = weighted(4, "m.extension_id = $operand", 1, "$operand = m.extension_id");
	my $on = weighted(
		5, 'm.extension_id = t.id',
		1, 't.id = m.extension_id AND m.creation_time > now() - interval \'100 days\'',
		1, 'm.extension_id = t.id_text::bigint',
		1, "m.extension_id = t.id AND m.direction = 'Inbound' AND m.type <> 'Fax'");
	my $show = of_item($m, pick(@{ $m->{table}{outputs} }));
	my $from = 'FROM team_messages m WHERE';
	my $order = 'ORDER BY m.creation_time DESC, m.id';
	my $n = 1 + int rand 6;

	return ("SELECT m.creation_time, m.id $from $named AND $where $order LIMIT $n", 1) if chance(0.15);
	return pick(
		("SELECT $show $from $named AND $where") x 3,
		"SELECT count(*), max(m.creation_time), min(m.extension_id) $from $named",
		("SELECT t.id, m.id, m.type FROM team t " . pick('', 'LEFT ') . "JOIN team_messages m ON $on AND $where") x 3,
		"SELECT e.name, count(*) FROM extensions e JOIN team_messages m ON m.extension_id = e.id"
		  . ' WHERE e.id IN (SELECT id FROM team) GROUP BY 1',
		"SELECT t.id, l.id FROM team t LEFT JOIN LATERAL (SELECT m.* $from $on AND $where $order LIMIT $n) l ON true",
		"SELECT t.id FROM team t WHERE " . pick('', 'NOT ') . "EXISTS (SELECT $from $on AND $where)",
		"SELECT t.id, (SELECT max(m.creation_time) $from $on AND $where) FROM team t",
		"SELECT t.name, m.id, c.id FROM team t JOIN team_messages m ON $on JOIN call_log c ON c.message_id = m.id",
		"SELECT m.id $from $named AND $where EXCEPT SELECT m.id FROM messages m");
}

# ----------
# Searches
# ----------

# A condition on the number of a search, with an operand that the witness meets
sub searched
{
	my ($self, $item) = @_;
	my ($name) = grep { defined $item->{witness}{$_} } columns_of($item, 'phone searched', 'extension searched');
	my $value = $item->{witness}{$name};

	$value = pick('15550001234', 'unknown', '', '+', '12', '1' x 20) if chance(0.08);
	my $operand = $self->operand('text', quote($value) . '::text');

	return weighted(5, "i.$name = $operand", 1, "$operand = i.$name", 1, "i.$name = coalesce($operand, 'x')",
		1, "i.$name = ($operand)::varchar");
}

sub search_query
{
	my ($self) = @_;
	my $i = $self->item('call_log_search', 'i');
	my $searched = searched($self, $i);
	my $where = $self->where($i);
	my $show = of_item($i, pick(@{ $i->{table}{outputs} }));
	my $from = 'FROM call_log_search i WHERE';
	my $name = pick('phone', 'phone', 'extension');
	my $on = weighted(
		5, "i.search_${name}_number = k.$name",
		1, "k.$name = i.search_${name}_number",
		1, "i.search_phone_number = ltrim(k.phone, '+')",
		1, "i.search_${name}_number = k.$name AND i.start_time >= k.moment",
		1, "i.search_${name}_number = k.$name AND i.start_time > k.moment - interval '30 days' AND i.type = 'Voice'");
	my $contacts = 'FROM contacts k';
	my $order = 'ORDER BY i.start_time DESC, i.id';
	my $n = 1 + int rand 6;

	return ("SELECT i.start_time, i.id $from $searched AND $where $order LIMIT $n", 1) if chance(0.1);
	return pick(
		("SELECT $show $from $searched AND $where") x 3,
		"SELECT count(*), max(i.start_time), min(i.search_phone_number) $from $searched",
		"SELECT i.type, i.direction, count(*) $from $searched AND $where GROUP BY 1, 2",
		("SELECT k.n, i.id, i.search_phone_number, i.search_extension_number $contacts "
			  . pick('', 'LEFT ') . "JOIN call_log_search i ON $on AND $where") x 3,
		"SELECT k.n, l.id $contacts LEFT JOIN LATERAL (SELECT i.* $from $on AND $where $order LIMIT $n) l ON true",
		"SELECT k.n, l.id, l.k $contacts CROSS JOIN LATERAL (SELECT i.id, k.n AS k $from $on) l",
		"SELECT k.n $contacts WHERE " . pick('', 'NOT ') . "EXISTS (SELECT $from $on AND $where)",
		"SELECT k.n, (SELECT count(*) $from $on AND $where) $contacts",
		"SELECT k.n, ARRAY(SELECT i.id $from $on ORDER BY 1) $contacts",
		"SELECT c.id FROM call_log c WHERE c.id " . pick('', 'NOT ') . "IN (SELECT i.id $from $searched AND $where)",
		"SELECT i.id, c.leg_number FROM call_log_search i JOIN call_log_legs c ON c.call_id = i.id WHERE $searched AND $where",
		"SELECT i.id, e.name FROM call_log_search i LEFT JOIN extensions e ON e.id = i.extension_id WHERE $searched",
		"SELECT k.n, i.id, e.name $contacts JOIN call_log_search i ON $on JOIN extensions e ON e.id = i.extension_id",
		"SELECT i.id $from $searched UNION ALL SELECT i.id $from $searched AND $where",
		"SELECT k.n, max(i.start_time) $contacts JOIN call_log_search i ON $on GROUP BY 1");
}

1;
