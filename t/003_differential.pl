# Generated queries on the foreign table must return what they return on a
# local copy of the simulator's data, whatever of them is pushed down, and
# however the API reads its date bounds and cuts its pages.
#
# CALL_LOG_TEST_QUERIES and CALL_LOG_TEST_SEED change what is tried. The data is
# that of today, so to repeat a failure on another day takes its clock as well:
# CALL_LOG_TEST_CLOCK.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use JSON::PP;
use POSIX qw(strftime);
use PostgreSQL::Test::Utils;
use QueryGenerator;
use Simulator;
use Test::More;

my $queries = $ENV{CALL_LOG_TEST_QUERIES} || 480;
my $seed = $ENV{CALL_LOG_TEST_SEED} || 1;
my $clock =
  $ENV{CALL_LOG_TEST_CLOCK} || strftime('%Y-%m-%dT%H:%M:00Z', gmtime);

my $repeat =
  "CALL_LOG_TEST_QUERIES=$queries CALL_LOG_TEST_SEED=$seed CALL_LOG_TEST_CLOCK=$clock";
note $repeat;

my $simulator = Simulator->start(calls => 1500, seed => $seed, clock => $clock);
my $node = start_cluster();

create_server($node, 'calls', $simulator->url);
foreach my $level ('account', 'extension')
{
	import_tables($node, 'calls', "${level}_$_", $level, page_size => $_)
	  foreach 100, 1000;
	copy_truth($node, $simulator, "${level}_1000", "${level}_copy",
		level => $level);
}

# A few rows to join with, and a collation that only looks like equality
$node->safe_psql(
	'postgres', q{
	CREATE TABLE ref AS
		SELECT row_number() OVER (ORDER BY id) AS n, id, session_id,
			telephony_session_id, recording_id, type, direction, transport,
			recording_type, start_time AS moment, start_time::date AS day
		FROM (SELECT * FROM account_copy ORDER BY md5(id) LIMIT 9) few;
	INSERT INTO ref (n) VALUES (10);
	ANALYZE ref;
	DO $$ BEGIN
		CREATE COLLATION ignore_case (provider = icu,
			locale = 'und-u-ks-level2', deterministic = false);
	EXCEPTION WHEN OTHERS THEN
		CREATE COLLATION ignore_case FROM "C";
	END $$;
});

# ----------
# The queries
# ----------

# What conditions are made from, of some calls
sub some_calls
{
	my $calls = $node->safe_psql(
		'postgres', q{
		SET timezone = 'UTC';
		SELECT json_agg(few ORDER BY md5(id)) FROM (
			SELECT id, start_time::text AS moment, session_id,
				telephony_session_id, recording_id, type, direction, transport,
				recording_type
			FROM extension_copy ORDER BY md5(id) LIMIT 100) few});

	return JSON::PP->new->decode($calls);
}

# Days on which the clock changes somewhere, and others
sub seams
{
	my ($year) = $clock =~ /^(\d+)/;
	return [ split /\n/, $node->safe_psql('postgres', qq{
		SELECT day::date FROM generate_series(date '@{[ $year - 1 ]}-01-01',
			date '$year-12-31', interval '1 day') day
		WHERE extract(dow FROM day) = 0 AND extract(month FROM day) IN (3, 4, 9, 10, 11)
			OR extract(day FROM day) IN (1, 31)}) ];
}

my $generator = QueryGenerator->new($seed, some_calls(), seams());
my @all = map { $generator->next_query } 1 .. $queries;

# ----------
# Running them
# ----------

sub psql
{
	my ($script) = @_;
	my ($output, $error) = ('', '');

	$node->psql(
		'postgres', "\\set ON_ERROR_ROLLBACK on\n$script",
		stdout => \$output,
		stderr => \$error,
		on_error_stop => 0);
	return ($output, $error);
}

# One query on both tables in one transaction, that is, at one time now()
sub script_of
{
	my ($query, $part, $number, %tables) = @_;
	my $script = "BEGIN;\n$query->{settings};\n";

	foreach my $side (sort keys %tables)
	{
		$script .= "\\echo == $number $side\n\\warn == $number $side\n";
		$script .= $query->{$part} =~ s/\{T\}/$tables{$side}/gr;
	}
	return $script . "COMMIT;\n";
}

# Output between the markers, as {"number side" => text}
sub split_output
{
	my ($text) = @_;
	my (undef, %parts) = split /^== (\d+ \w+)$/m, $text;

	s/\A\n|\n\z//g foreach values %parts;
	return \%parts;
}

sub explain_difference
{
	my ($query, $results, $number, %tables) = @_;
	my ($output) = psql(script_of($query, 'rows', $number, %tables));
	my $rows = split_output($output);
	my %count;

	foreach my $side (sort keys %tables)
	{
		diag("$side: " . $results->{$side});
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
	diag("$query->{settings};\n$query->{script}");
	diag("to repeat: $repeat");
	return;
}

# Compare the results of some queries; number of those that differ
sub compare
{
	my ($chosen, %tables) = @_;
	my $script = '';
	my $different = 0;

	foreach my $number (0 .. $#$chosen)
	{
		$script .= script_of($chosen->[$number], 'script', $number, %tables);
	}
	my ($output, $error) = map { split_output($_) } psql($script);
	foreach my $number (0 .. $#$chosen)
	{
		my %results = map {
			$_ => ($output->{"$number $_"} // '') . ($error->{"$number $_"} // '')
		} keys %tables;

		next
		  if $results{foreign} eq $results{local}
		  && $results{local} =~ /^\d+(\|\w+)?$/m;
		$different++;
		explain_difference($chosen->[$number], \%results, $number, %tables)
		  if $different <= 3;
	}
	return $different;
}

my %pushed;

sub check_requests
{
	my @requests = $simulator->list_requests;
	my @refused = (
		(grep { $_->{status} != 200 } @requests),
		(grep { $_->{status} !~ /^(200|207|404)$/ } $simulator->by_id_requests));
	my @dateless = grep { $_->{query} !~ /dateFrom=.*dateTo=/ } @requests;

	is(scalar(@refused), 0, 'no request was refused')
	  or diag("$refused[0]{path}?$refused[0]{query}: $refused[0]{status}");
	is(scalar(@dateless), 0, 'each request has dateFrom and dateTo')
	  or diag("$dateless[0]{path}?$dateless[0]{query}");
	foreach my $request (@requests)
	{
		$pushed{ $_->[0] }++ foreach @{ $request->{parameters} };
	}
	return;
}

my @configurations;
foreach my $bounds ('inclusive', 'exclusive', 'seconds')
{
	foreach my $short_pages ('off', 'on')
	{
		foreach my $level ('account', 'extension')
		{
			push @configurations,
			  {
				bounds => $bounds,
				short_pages => $short_pages,
				level => $level,
				page_size => $_ }
			  foreach 100, 1000;
		}
	}
}

foreach my $index (0 .. $#configurations)
{
	my $configuration = $configurations[$index];
	my ($level, $page_size) = @$configuration{qw(level page_size)};
	my @chosen =
	  map { $all[$_] } grep { $_ % @configurations == $index } 0 .. $#all;

	subtest join(', ', map { "$_ $configuration->{$_}" } sort keys %$configuration) =>
	  sub {
		$simulator->set(
			bounds => $configuration->{bounds},
			short_pages => $configuration->{short_pages});
		$simulator->clear_log;
		is( compare(
				\@chosen,
				foreign => "${level}_$page_size.call_log",
				local => "${level}_copy"),
			0,
			scalar(@chosen) . ' queries agree');
		check_requests();
	  };
}

# A test of nothing but full scans would pass as well
if ($queries >= 400)
{
	ok($pushed{$_}, "$_ was pushed")
	  foreach qw(type direction transport recordingType sessionId
	  telephonySessionId dateFrom);
}

$node->stop;
done_testing();
