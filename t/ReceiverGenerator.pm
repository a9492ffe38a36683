# Receivers of the rows of a query: each keeps them for some time, in its own
# way, and the kept rows are compared. The node that returns them may be
# directly below, without a projection that copies the slot.
package ReceiverGenerator;

use strict;
use warnings;

use ConditionGenerator qw(pick chance weighted);
use Exporter qw(import);

our @EXPORT_OK = qw(received receiver_names);

# Count and fingerprint of the rows in r
my $digest = q{SELECT count(*), md5(string_agg(md5(r::text), '' ORDER BY r::text COLLATE "C")) FROM};

# Statements that put the rows of <query> into a temporary table r, or <shape>
# them like it. <key> is one of their columns, <file> a file of the server's.
my $shape = 'CREATE TEMP TABLE r AS SELECT * FROM (<query>) q WITH NO DATA;';
my %of_statements = (
	'CREATE TABLE AS' => 'CREATE TEMP TABLE r AS <query>;',
	'SELECT INTO' => 'SELECT * INTO TEMP r FROM (<query>) q;',
	'EXECUTE' => 'PREPARE q AS <query>; CREATE TEMP TABLE r AS EXECUTE q;',
	'INSERT' => "$shape INSERT INTO r <query>;",
	'INSERT with an index' => "$shape CREATE INDEX ON r (<key>); INSERT INTO r <query>;",
	'INSERT RETURNING' => "$shape CREATE TEMP TABLE s AS TABLE r;"
	  . ' WITH i AS (INSERT INTO s <query> RETURNING *) INSERT INTO r TABLE i;',
	'partitions' => "$shape ALTER TABLE r RENAME TO s;"
	  . ' CREATE TEMP TABLE r (LIKE s) PARTITION BY HASH (<key>);'
	  . ' CREATE TEMP TABLE r0 PARTITION OF r FOR VALUES WITH (MODULUS 2, REMAINDER 0);'
	  . ' CREATE TEMP TABLE r1 PARTITION OF r FOR VALUES WITH (MODULUS 2, REMAINDER 1);'
	  . ' INSERT INTO r <query>;',
	'COPY' => "COPY (<query>) TO '<file>'; $shape COPY r FROM '<file>';",
	'materialized view' => 'CREATE MATERIALIZED VIEW shared.<name> AS <query>;'
	  . ' CREATE TEMP TABLE r AS TABLE shared.<name>;',
	'REFRESH' => 'CREATE MATERIALIZED VIEW shared.<name> AS <query> WITH NO DATA;'
	  . ' REFRESH MATERIALIZED VIEW shared.<name>; CREATE TEMP TABLE r AS TABLE shared.<name>;');

# The same with a function in PL/pgSQL, whose result is of the type of r
my %of_functions = (
	'RETURN QUERY' => 'RETURN QUERY <query>;',
	'RETURN QUERY EXECUTE' => 'RETURN QUERY EXECUTE $x$<query>$x$;',
	'FOR IN' => 'FOR a IN <query> LOOP RETURN NEXT a; END LOOP;',
	'array of rows' => 'FOREACH a IN ARRAY ARRAY(SELECT q::r FROM (<query>) q) LOOP RETURN NEXT a; END LOOP;',
	'cursor' => 'OPEN k FOR <query>; LOOP FETCH k INTO a; EXIT WHEN NOT FOUND; RETURN NEXT a; END LOOP;',
	'scrolling cursor' => 'OPEN k SCROLL FOR <query>; MOVE LAST IN k; MOVE ABSOLUTE 0 IN k;'
	  . ' LOOP FETCH k INTO a; EXIT WHEN NOT FOUND; RETURN NEXT a; END LOOP;');

# The same with a node of the executor above the one that gives the rows
my %of_nodes = (
	'Sort' => 'SELECT * FROM (<query> OFFSET 0) q ORDER BY <key>',
	'sort with a limit' => 'SELECT * FROM (<query> OFFSET 0) q ORDER BY <key> COLLATE "C", q::text COLLATE "C" LIMIT 30',
	'Unique' => 'SELECT DISTINCT * FROM (SELECT q::text FROM (<query> OFFSET 0) q) q',
	'hash join' => 'SELECT f.n AS f, q.* FROM few f JOIN (<query> OFFSET 0) q ON f.id = q.<key>::text',
	'loops' => 'SELECT f.n AS f, q.* FROM few f, (<query> OFFSET 0) q WHERE f.n < 4',
	'WindowAgg' => 'SELECT q.*, count(*) OVER (PARTITION BY <key>) AS f, lag(q::text) OVER (ORDER BY q::text COLLATE "C") AS g'
	  . ' FROM (<query> OFFSET 0) q',
	'Append' => '(<query>) UNION ALL (<query>)',
	'common table' => 'WITH w AS MATERIALIZED (<query>) SELECT * FROM w UNION ALL SELECT * FROM w',
	'aggregates' => q{SELECT <key>, array_agg(q ORDER BY q::text COLLATE "C")::text AS f, min(q::text COLLATE "C") AS g}
	  . ' FROM (<query> OFFSET 0) q GROUP BY <key>');

# A cursor that outlives its transaction
my $held = "$shape DECLARE k CURSOR WITH HOLD FOR <query>; COMMIT; BEGIN; <settings>;"
  . ' <fetch> CLOSE k;';

sub receiver_names
{
	return (sort keys %of_statements, keys %of_functions, keys %of_nodes), 'held cursor';
}

my $fetch = 'DO $f$ DECLARE k refcursor := $$k$$; a r; BEGIN'
  . ' LOOP FETCH k INTO a; EXIT WHEN NOT FOUND; INSERT INTO r SELECT a.*; END LOOP; END $f$;';

sub function
{
	my ($body) = @_;
	return "CREATE TEMP TABLE shape AS SELECT * FROM (<query>) q WITH NO DATA;"
	  . ' CREATE FUNCTION pg_temp.f() RETURNS SETOF shape LANGUAGE plpgsql AS $f$'
	  . ' DECLARE a shape; k refcursor; BEGIN ' . ($body =~ s/::r\b/::shape/r) . ' END $f$;'
	  . ' CREATE TEMP TABLE r AS SELECT * FROM pg_temp.f();';
}

# Statements that have one of the receivers read the rows of a query with that
# key column, and return a fingerprint of the received rows; and the receiver's
# name
sub received
{
	my ($query, $key, $directory) = @_;
	my $name = pick(receiver_names());
	my $body = $of_statements{$name}
	  // ($of_functions{$name} ? function($of_functions{$name}) : undef)
	  // ($of_nodes{$name} ? "CREATE TEMP TABLE r AS $of_nodes{$name};" : $held);
	my %words = (
		query => $query,
		key => $key,
		name => 'm' . int rand 1e9,
		file => "$directory/rows" . int(rand 1e9));

	$body =~ s/<fetch>/$fetch/;
	$body =~ s/<(query|key|name|file)>/$words{$1}/g;
	return ("$body\n$digest r;\nDROP TABLE r;\n", $name);
}

1;
