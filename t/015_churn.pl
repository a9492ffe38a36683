# Calls are deleted, changed, added late and change their position while a scan
# reads their list, between any two requests. Every call that existed,
# unchanged, from before the scan until after it must be returned exactly once;
# one that changed at most once, in one of its versions, and exactly once if it
# was visible all the time. No change may cause an error. Few additional
# requests are sent.
#
# CALL_LOG_TEST_SCANS and CALL_LOG_TEST_SEED set number and seed of the random
# scans; CALL_LOG_TEST_SCAN=N runs scan N alone.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use ChurnScan qw(random_scan @page_sizes $clock);
use JSON::PP;
use List::Util qw(max sum0);
use POSIX qw(ceil);
use Simulator;
use Test::More;

my $scans = $ENV{CALL_LOG_TEST_SCANS} || 300;
my $seed = $ENV{CALL_LOG_TEST_SEED} || 1;
my @numbers = $ENV{CALL_LOG_TEST_SCAN} // (1 .. $scans);

my $simulator = Simulator->start(calls => 1, clock => $clock, gzip_min => 0);
my $node = start_cluster();

foreach my $page_size (@page_sizes)
{
	my %options = (page_size => $page_size, async_capable => 'true');

	create_server($node, "account_$page_size", $simulator->url,
		server => \%options, mapping => { access_token => $Simulator::access_token });
	import_tables($node, "account_$page_size", "extension_$page_size", 'extension');
	foreach my $level ('account', 'extension')
	{
		import_tables($node, "account_$page_size", "${level}_${page_size}_unordered", $level,
			newest_first => 'false');

		# no scan shows how short these lists are, so that a search is expected to be shorter
		import_tables($node, "account_$page_size", "${level}_${page_size}_oldest", $level);
	}
}
$node->safe_psql('postgres', 'CREATE TABLE chosen (id text)');
my $session = open_session($node);
run_in($session, 'SET timezone = UTC');

# ----------
# Running a scan
# ----------

sub latest_request
{
	return decode_json($simulator->control('GET', 'churn'))->{request};
}

# Records visible from one request to another, in the scan's list
sub history_of
{
	my ($scan, $first, $last) = @_;
	my %whole = $scan->{table} =~ /legs|recordings/ ? (records => 'true') : ();

	return decode_json($simulator->control('GET', 'history',
			{ from => $first, to => $last, level => $scan->{level}, %whole }))->{records};
}

# The ids that a scan by id requests: every second one, or each
sub choose_ids
{
	my ($scan) = @_;
	my @ids = map { $_->{id} } @{ history_of($scan, 0, 0) };

	@ids = @ids[ grep { $_ % 2 } 0 .. $#ids ] if $scan->{number} % 2;
	$scan->{chosen} = { map { $_ => 1 } @ids };
	run_in($session, 'TRUNCATE chosen; INSERT INTO chosen VALUES '
		  . join(', ', map { "('$_')" } @ids, 'nobodyHasThisId') . '; ANALYZE chosen');
	return;
}

# Rows as [tag, key, time, direction], the error, and the visible records. only:
# the numbers of the changes that happen; all if there are none.
sub run_scan
{
	my ($scan, @only) = @_;

	$simulator->control('POST', 'reset', $scan->{data});
	$simulator->control('POST', 'churn', { rate => 0 });
	choose_ids($scan) if $scan->{by_id};
	$simulator->control('POST', 'churn',
		{ %{ $scan->{churn} }, match => '/restapi/', only => join(',', @only) });
	$simulator->fault('unsorted', match => '/call-log?', skip => $scan->{unsorted})
	  if defined $scan->{unsorted};
	my $before = latest_request();
	my ($output, $error) = run_in($session, $scan->{sql});
	my $after = latest_request();

	run_in($session, 'ROLLBACK') if $error;
	my @rows = map { [ split /\|/, $_, -1 ] } split /\n/, $output;
	return { rows => \@rows, error => $error,
		history => history_of($scan, $before + 1, $after) };
}

# ----------
# Checking the rows
# ----------

# Does this version satisfy the scan's conditions?
sub is_asked_for
{
	my ($scan, $record, $version, $tag) = @_;
	return 0 if $version->{deleted} || ($scan->{chosen} && !$scan->{chosen}{ $record->{id} });
	return $scan->{matches}->($version, $tag);
}

# Did the call exist from before the first request until the last one, possibly
# changed, but always visible?
sub is_always_there
{
	my ($scan, $record, $tag) = @_;
	my @versions = @{ $record->{versions} };

	return 0 if grep { !is_asked_for($scan, $record, $_, $tag) } @versions;
	return 1 if $record->{unchanged};
	return 0 if $scan->{by_number} || $scan->{oldest_first} || $scan->{table} !~ /^(call_log|messages)$/;
	return $versions[0]{from} == 0 && !defined $versions[-1]{until};
}

# The keys of rows that must be returned for this tag, as { key => time }
sub expected_rows
{
	my ($scan, $result, $tag) = @_;
	my %expected;

	foreach my $record (grep { is_always_there($scan, $_, $tag) } @{ $result->{history} })
	{
		my $version = $record->{versions}[-1];
		$expected{$_} = $version->{startTime} foreach $scan->{rows}->($record->{id}, $version);
	}
	return \%expected;
}

# All keys that existed at any time, each with its times and directions
sub known_rows
{
	my ($scan, $result) = @_;
	my %known;

	foreach my $record (@{ $result->{history} })
	{
		foreach my $version (@{ $record->{versions} })
		{
			my $direction = $scan->{table} eq 'recordings' ? '' : $version->{direction} // '';
			$known{$_}{"$version->{startTime} $direction"} = 1
			  foreach $scan->{rows}->($record->{id}, $version);
		}
	}
	return \%known;
}

# A list of invalid rows, with the reasons
sub check_rows
{
	my ($scan, $result) = @_;
	my $known = known_rows($scan, $result);
	my (%seen, %last, @problems);

	foreach my $row (@{ $result->{rows} })
	{
		my ($tag, $key, $time, $direction) = @$row;

		push @problems, "twice: $key" if $seen{"$tag $key"}++;
		push @problems, "not newest first: $key" if $scan->{sorted} && $time gt ($last{$tag} // '~');
		push @problems, "not oldest first: $key" if $scan->{oldest_first} && $time lt ($last{$tag} // '');
		push @problems, "never there: $key, $time, $direction"
		  if $scan->{table} ne 'active_calls' && !$known->{$key}{ "$time " . ($scan->{table} eq 'recordings' ? '' : $direction) };
		$last{$tag} = $time;
	}
	return @problems;
}

# A list of missing rows. A limited scan returns the newest, the oldest, or any.
sub check_completeness
{
	my ($scan, $result) = @_;
	my %returned = map { ("$_->[0] $_->[1]" => 1) } @{ $result->{rows} };
	my $full = $scan->{limit} && @{ $result->{rows} } >= $scan->{limit};
	my $last = $full ? $result->{rows}[-1][2] : $scan->{oldest_first} ? '~' : '';
	my @problems;

	return if $scan->{table} eq 'active_calls' || ($full && !$scan->{sorted} && !$scan->{oldest_first});
	foreach my $tag (@{ $scan->{tags} })
	{
		my $expected = expected_rows($scan, $result, $tag);
		push @problems, map { "lost: $_, $expected->{$_}" }
		  grep { ($scan->{oldest_first} ? $expected->{$_} lt $last : $expected->{$_} gt $last)
			  && !$returned{"$tag $_"} } sort keys %$expected;
	}
	return @problems;
}

sub problems_of
{
	my ($scan, $result) = @_;
	my $error = $result->{error} =~ /^(.*ERROR: .*)/m ? $1 : '';

	return $error if $error;
	return (check_rows($scan, $result), check_completeness($scan, $result));
}

# ----------
# Reducing a failure
# ----------

# A minimal set of these changes with which the scan still fails, as far as
# bisection finds one in some seconds
sub shrink
{
	my ($scan, @changes) = @_;
	my $part = @changes;
	my $deadline = time + 20;

	while ($part >= 1)
	{
		my $start = 0;
		while ($start < @changes && time < $deadline)
		{
			my @fewer = @changes;
			splice @fewer, $start, $part;
			if (@fewer && problems_of($scan, run_scan($scan, @fewer)))
			{
				@changes = @fewer;
			}
			else
			{
				$start += $part;
			}
		}
		$part = $part > 1 ? ceil($part / 2) : 0;
	}
	return @changes;
}

sub show_failure
{
	my ($scan) = @_;
	my $changes = decode_json($simulator->control('GET', 'churn'))->{changes};
	my @numbers = shrink($scan, map { $_->{number} } @$changes);
	my @problems = problems_of($scan, run_scan($scan, @numbers));
	my $happened = decode_json($simulator->control('GET', 'churn'))->{changes};

	diag("to repeat: CALL_LOG_TEST_SEED=$seed CALL_LOG_TEST_SCAN=$scan->{number}");
	diag("$scan->{shape}, page size $scan->{page_size}: $scan->{sql}");
	diag(join ' ', map { "$_=$scan->{data}{$_}" } sort keys %{ $scan->{data} });
	diag("before request $_->{request}: $_->{kind} $_->{id}") foreach @$happened;
	diag("$_->{status} $_->{path}?$_->{query}: $_->{records} records") foreach $simulator->requests;
	diag($_) foreach @problems;
	return;
}

# ----------
# The tests
# ----------

my (%tried, %failed, %errors);

note "CALL_LOG_TEST_SCANS=$scans CALL_LOG_TEST_SEED=$seed";
foreach my $number (@numbers)
{
	my $scan = random_scan($seed, $number);
	my $result = run_scan($scan);
	my @problems = problems_of($scan, $result);

	$tried{ $scan->{shape} }++;
	next if !@problems;
	$failed{ $scan->{shape} }++;
	$errors{ $problems[0] =~ s/: .*//r }++;
	show_failure($scan) if sum0(values %failed) <= 3;
}
note sprintf('%-12s %5d scans, %5d wrong', $_, $tried{$_}, $failed{$_} // 0) foreach sort keys %tried;
note "$_: $errors{$_} scans" foreach sort keys %errors;
is(sum0(values %failed), 0, scalar(@numbers) . ' scans of changing lists');

# ----------
# Additional requests
# ----------

# Overlap of pages: calls of a second, and of the first moment of the next
sub largest_overlap
{
	my (@starts) = @_;
	my %calls;

	$calls{ substr $_, 0, 19 }++ foreach @starts;
	return max(values %calls) + 1;
}

# A call per second, in pages of this size
sub test_price
{
	my ($page_size) = @_;

	$simulator->control('POST', 'reset',
		{ calls => 3000, span => 3000, empty_last_page => 'off' });
	my @starts = map { $_->[1] } $simulator->truth_index;
	my $most = ceil(@starts / ($page_size - largest_overlap(@starts)));
	my ($plan, $error) = run_in($session,
		"EXPLAIN (ANALYZE, COSTS off, TIMING off) SELECT id FROM account_$page_size.call_log");
	my $requests = $simulator->list_requests;
	my ($duplicates) = $plan =~ /Duplicates Dropped: (\d+)/;

	is($error, '', "pages of $page_size: no error");
	cmp_ok($requests, '<=', $most, sprintf('%d calls, at most %d requests', scalar(@starts), $most));
	cmp_ok($duplicates, '>=', $requests - 1, 'EXPLAIN ANALYZE shows duplicates');
	cmp_ok($duplicates, '<=', ($requests - 1) * largest_overlap(@starts), 'as expected');
	return;
}

test_price($_) foreach 100, 1000;

$session->quit;
$node->stop;
done_testing();
