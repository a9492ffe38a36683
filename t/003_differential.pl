# Generated queries on foreign tables must return the same as on a local copy of
# the simulator's data, for all pushed conditions, plans and kinds of execution,
# and for all interpretations of date bounds and page sizes by the API.
#
# CALL_LOG_TEST_QUERIES and CALL_LOG_TEST_SEED select the queries, and
# CALL_LOG_TEST_FORM selects one form of query, such as "received". The data is
# that of today, so repeating a failure on another day requires its clock as
# well: CALL_LOG_TEST_CLOCK.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use CallTables;
use IPC::Run;
use List::Util qw(sum0);
use POSIX qw(ceil strftime);
use PostgreSQL::Test::Utils;
use QueryGenerator;
use Simulator;
use Test::More;

my $queries = $ENV{CALL_LOG_TEST_QUERIES} || 5000;
my $seed = $ENV{CALL_LOG_TEST_SEED} || 1;
my $clock =
  $ENV{CALL_LOG_TEST_CLOCK} || strftime('%Y-%m-%dT%H:%M:00Z', gmtime);

my $repeat =
  "CALL_LOG_TEST_QUERIES=$queries CALL_LOG_TEST_SEED=$seed CALL_LOG_TEST_CLOCK=$clock";
note $repeat;

# Concurrent psqls: one computes while the other waits
my $sessions = 2;

my $simulator = Simulator->start(
	calls => 400,
	seed => $seed,
	clock => $clock,
	recordings_kept => 100_000,
	gzip_min => 0);
my $node = start_cluster('jit = off');

# ----------
# Tables
# ----------

create_server($node, 'calls', $simulator->url,
	server => { media_url => $simulator->media_url });
create_collation($node, 'shared');
create_truth($node, $simulator, "truth_$_", $_, 'calls') foreach 'account', 'extension';
create_local_tables($node, 'shared', 'truth_account');

# Bounds of partitions: at a call, and in between
my $seams = [ split /\n/, $node->safe_psql('postgres', q{
	SET timezone = 'UTC';
	(SELECT start_time FROM truth_account.call_log ORDER BY start_time OFFSET 150 LIMIT 1)
	UNION ALL
	(SELECT start_time + interval '1.5 ms' FROM truth_account.call_log ORDER BY start_time OFFSET 300 LIMIT 1)}) ];

# Schemas with foreign tables. With expensive rows and cheap requests, the
# planner prefers many requests.
my %expensive_rows = (fdw_startup_cost => 1, fdw_tuple_cost => 5);
my %schemas = (
	account_20 => { page_size => 20, async_capable => 'true' },
	account_1000 => { page_size => 1000, %expensive_rows },
	extension_20 => { page_size => 20, async_capable => 'true', %expensive_rows },
	extension_1000 => { page_size => 1000 });

# As the first one, except for the order, which must not add requests to a query
my $unordered = 'account_20_unordered';
my %witnesses;

create_foreign_tables($node, $unordered, 'account', 'truth_account', $seams,
	%{ $schemas{account_20} }, newest_first => 'false');
foreach my $schema (sort keys %schemas)
{
	create_foreign_tables($node, $schema, level_of($schema), truth_of($schema), $seams,
		%{ $schemas{$schema} });
	$witnesses{ truth_of($schema) } //= find_witnesses($node, truth_of($schema), 'shared');
}

sub level_of
{
	my ($schema) = @_;
	return $schema =~ s/_.*//r;
}

sub truth_of
{
	my ($schema) = @_;
	return 'truth_' . level_of($schema);
}

# Days on which the clock changes somewhere, and others
my ($year) = $clock =~ /^(\d+)/;
my $days = [ split /\n/, $node->safe_psql('postgres', qq{
	SELECT day::date FROM generate_series(date '@{[ $year - 1 ]}-01-01',
		date '$year-12-31', interval '1 day') day
	WHERE extract(dow FROM day) = 0 AND extract(month FROM day) IN (3, 4, 9, 10, 11)
		OR extract(day FROM day) IN (1, 31)}) ];

my @switches = split /\n/, $node->safe_psql('postgres', q{
	SELECT name FROM pg_settings
	WHERE name ~ '^(call_log_fdw\.)?enable_' AND vartype = 'bool' AND setting = 'on' ORDER BY name});

# ----------
# Running queries
# ----------

# Set-up of a session before its first query
my $prologue = q{
	SET client_min_messages = error;
	CREATE TEMP TABLE mine AS TABLE shared.few;
};

# The parts of a test of a query, each with a schema: its result on the foreign
# tables and on the truth; optionally its plan; and its requests with and
# without order
sub sides_of
{
	my ($query) = @_;
	my %sides = (
		foreign => [ $query->{schemas}{foreign}, $query->{script} ],
		local => [ $query->{schemas}{local}, $query->{script} ]);
	my $explain = sub { [ $_[0], "EXPLAIN ($_[1]) $query->{once};\n" ] };

	if ($query->{compared_with})
	{
		$sides{plan} = $explain->($query->{schemas}{foreign}, 'ANALYZE, VERBOSE, TIMING off');
		$sides{other} = $explain->($query->{compared_with}, 'ANALYZE, VERBOSE, TIMING off');
	}
	elsif ($query->{explained})
	{
		$sides{plan} = $explain->($query->{schemas}{foreign}, 'VERBOSE');
	}
	return %sides;
}

# These parts of a query in one transaction, that is, with the same now(). The
# output of a part follows its marker.
sub script_of
{
	my ($query, $number, %sides) = @_;
	my $begin = "BEGIN; $query->{settings};\n";
	my $script = $begin;

	foreach my $side (sort keys %sides)
	{
		my ($schema, $text) = @{ $sides{$side} };

		$script .= "SAVEPOINT s; SET LOCAL search_path = $schema, shared;\n"
		  . marker("$number $side") . $text . marker("end of $side")
		  . ($query->{commits} ? "COMMIT; $begin" : 'ROLLBACK TO s;') . " DEALLOCATE ALL;\n";
	}
	return ($script =~ s/\{truth\}/$query->{schemas}{local}/gr) . "COMMIT;\n";
}

sub marker
{
	my ($text) = @_;
	return "\\echo == $text\n\\warn == $text\n";
}

# Start psql on a script; its output is written to files
sub start_psql
{
	my ($script) = @_;
	my $base = PostgreSQL::Test::Utils::tempdir_short() . '/psql';
	my %run = map { $_ => "$base.$_" } 'input', 'output', 'error';

	append_to_file($run{input}, $prologue . $script);
	$run{handle} = IPC::Run::start(
		[ 'psql', '-XqAt', '-d', $node->connstr('postgres'), '-f', $run{input} ],
		'>', $run{output}, '2>', $run{error},
		IPC::Run::timeout(10 * $PostgreSQL::Test::Utils::timeout_default));
	return \%run;
}

# Output between the markers, as {"number side" => text}
sub split_output
{
	my ($text) = @_;
	my (undef, %parts) = split /^== (\d+ \w+|end of \w+)$/m, $text;

	s/\A\n|\n\z//g foreach values %parts;
	return %parts;
}

# Run scripts concurrently; returns output and errors of all, as hashes
sub run_scripts
{
	my (@scripts) = @_;
	my @runs = map { start_psql($_) } @scripts;

	$_->{handle}->finish foreach @runs;
	return map {
		my $name = $_;
		+{ map { split_output(slurp_file($_->{$name})) } @runs }
	} 'output', 'error';
}

# ----------
# Comparing
# ----------

# Normalize a result: equal ones become the same text
sub comparable
{
	my ($query, $result) = @_;
	return $query->{sorted} ? join "\n", sort split /\n/, $result, -1 : $result;
}

# Its rows on both sides, with the plans of all statements
sub explained_rows
{
	my ($query, $number) = @_;
	my %sides = map { $_ => [ $query->{schemas}{$_}, $query->{rows} ] } 'foreign', 'local';

	return run_scripts(q{
		LOAD 'auto_explain';
		SET auto_explain.log_min_duration = 0;
		SET auto_explain.log_analyze = on;
		SET auto_explain.log_verbose = on;
		SET auto_explain.log_timing = off;
		SET auto_explain.log_nested_statements = on;
		SET client_min_messages = log;
	} . script_of($query, $number, %sides));
}

sub show_difference
{
	my ($query, $results, $number) = @_;
	my ($rows, $plans) = explained_rows($query, $number);
	my %count;

	foreach my $side ('foreign', 'local')
	{
		diag(sprintf("%s: %.2000s\nplans, %s: %.20000s", $side, $results->{$side},
				$side, $plans->{"$number $side"} // ''));
		$count{$_}{$side}++ foreach split /\n/, $rows->{"$number $side"} // '';
	}
	my @different = grep {
		($count{$_}{foreign} // 0) != ($count{$_}{local} // 0)
	} sort keys %count;
	foreach my $row (splice @different, 0, 5)
	{
		diag(sprintf('foreign %d, local %d: %.300s',
				$count{$row}{foreign} // 0, $count{$row}{local} // 0, $row));
	}
	diag(script_of($query, $number, sides_of($query)));
	diag("query $number, to repeat: $repeat");
	return;
}

my %seen;    # number of queries with each property

# Count properties of the plans
my %of_plans = (
	'newest first' => qr/Call Log Order: newest first/,
	'parameterized scan' => qr/Pushed Conditions: .*\w\.\w+\)?(?:::text)? = (?:\(?\w+\.\w|\$\d)/,
	'by id' => qr{call-log/[^?]},
	'batched join' => qr/Call Log Join/,
	'page of the limit' => qr/Page Size: (?!20\b|1000\b)\d/,
	map { $_ => qr/-> +$_/ } 'Nested Loop', 'Hash', 'Merge', 'Materialize', 'Incremental Sort',
	'Append', 'WindowAgg');

sub look_at
{
	my ($query, $results) = @_;
	my $plan = $results->{plan} // '';

	$seen{queries}++;
	$seen{"received by $query->{receiver}"}++ if $query->{receiver};
	$seen{'batched join below a receiver'}++ if $query->{receiver} && $plan =~ $of_plans{'batched join'};
	$seen{rows}++ if $results->{local} !~ /\A(?:0\|?|)\s*\z/;
	foreach my $what (keys %of_plans)
	{
		$seen{$what}++ if $plan =~ $of_plans{$what};
	}
	return;
}

# A scan in order may request one small page in addition, and no more. A search for
# the oldest calls may take two requests for each bit of the seconds of three years.
sub check_order_is_cheap
{
	my ($query, $results) = @_;
	my $search = $results->{plan} =~ /Order: oldest first/ ? 2 * 27 : 0;
	my @ordered = ($results->{plan} =~ /^ *Requests: (\d+)/mg);
	my @plain = ($results->{other} =~ /^ *Requests: (\d+)/mg);

	return if sum0(@ordered) <= sum0(@plain) + @ordered + $search;
	$seen{'too many requests'}++;
	diag("$query->{settings};\n$query->{once}\n$results->{plan}\n$results->{other}");
	return;
}

# Compare the results of some queries; number of those that differ
sub compare
{
	my ($chosen) = @_;
	my @scripts = ('') x $sessions;
	my $different = 0;

	foreach my $number (0 .. $#$chosen)
	{
		my $query = $chosen->[$number];
		$scripts[ $number % $sessions ] .= script_of($query, $number, sides_of($query));
	}
	my ($output, $error) = run_scripts(@scripts);
	foreach my $number (0 .. $#$chosen)
	{
		my $query = $chosen->[$number];
		my %sides = sides_of($query);
		my %errors = map { $_ => $error->{"$number $_"} // 'no result' } keys %sides;
		my %results = map { $_ => ($output->{"$number $_"} // '') . $errors{$_} } keys %sides;

		look_at($query, \%results);
		check_order_is_cheap($query, \%results) if $query->{compared_with};
		next
		  if comparable($query, $results{foreign}) eq comparable($query, $results{local})
		  && join('', values %errors) !~ /\S/;
		$different++;
		show_difference($query, \%results, $number) if $different <= 3;
	}
	return $different;
}

# The API accepts all requests
sub check_requests
{
	my @requests = map { "$_->[2] $_->[0]?$_->[1]" } $simulator->request_lines;
	my @lists = grep { m{^\d+ \S*/call-log\?} } @requests;
	my @refused = grep { !m{^200 |^207 \S*/call-log/|^404 \S*/(?:call-log|recording|extension)/} } @requests;
	my @dateless = grep { !/dateFrom=.*dateTo=/ } @lists, grep { m{/message-store\?} } @requests;

	is(scalar(@refused), 0, 'no request was refused') or diag($refused[0]);
	is(scalar(@dateless), 0, 'each list request has dateFrom and dateTo')
	  or diag($dateless[0]);
	$seen{$_}++ foreach map { /[?&](\w+)=/g } grep { m{/(?:call-log|entries|message-store)\?} } @requests;
	return;
}

# ----------
# The tests
# ----------

# Possible behavior of the API that is not documented
my @behaviors = map {
	my $bounds = $_;
	map { { bounds => $bounds, short_pages => $_ } } 'off', 'on'
} 'inclusive', 'exclusive', 'seconds';

# Queries on all schemas
sub make_queries
{
	my ($round) = @_;
	my $count = ceil($queries / @behaviors / keys %schemas);
	my @made;

	foreach my $schema (sort keys %schemas)
	{
		my $truth = truth_of($schema);
		my $generator = QueryGenerator->new($seed . $round . @made, $witnesses{$truth}, $days);

		$generator->add_switches(@switches);
		$generator->set_directory($node->basedir);
		foreach my $query (map { $generator->next_query } 1 .. $count)
		{
			$query->{schemas} = { foreign => $schema, local => $truth };
			$query->{explained} = $query->{once} && rand() < 0.2;
			$query->{compared_with} = $unordered
			  if $query->{explained} && $query->{of_one_table} && $schema eq 'account_20';
			push @made, $query;
		}
	}
	return \@made;
}

foreach my $round (0 .. $#behaviors)
{
	my $behavior = $behaviors[$round];

	subtest join(', ', map { "$_ $behavior->{$_}" } sort keys %$behavior) => sub {
		my $chosen = make_queries($round);

		$simulator->set(%$behavior);
		$simulator->clear_log;
		is(compare($chosen), 0, scalar(@$chosen) . ' queries agree');
		check_requests();
	};
}

# Make sure that the test is not trivial
note map { "$_: $seen{$_}\n" } sort keys %seen;
if ($queries >= 2000)
{
	cmp_ok($seen{rows}, '>', $seen{queries} / 2, 'most results have rows');
	ok($seen{$_}, "$_ was there")
	  foreach qw(type direction transport recordingType sessionId
	  telephonySessionId dateFrom phoneNumber extensionNumber messageType readStatus
	  conversationId siteId), sort keys %of_plans, 'batched join below a receiver',
	  map { "received by $_" } ReceiverGenerator::receiver_names();
}

is($seen{'too many requests'} // 0, 0, 'no query sends more requests because of its order');

# Warnings in the server's log, such as leaks. That a recording is missing is
# expected for ids that do not exist, whether or not the warning shows the id.
my @warnings = grep { !/ recording "|a requested recording / } slurp_file($node->logfile) =~
  /^.*(?:(?:WARNING|PANIC):  |TRAP: |terminated by signal).*$/mg;
is(scalar(@warnings), 0, 'no warning in the server log')
  or diag($warnings[0]);

$node->stop;
done_testing();
