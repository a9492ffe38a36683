# examples/*.sql: each returns the same as a computation in Perl from the truth,
# with no more requests than pages.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use Encode qw(encode_utf8);
use File::Basename qw(basename);
use JSON::PP;
use List::Util qw(all max min sum0 uniq);
use POSIX qw(ceil floor strftime);
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;
use Time::Local qw(timegm);

my $examples = "$FindBin::RealBin/../examples";
my $page_size = 200;
my $day = 24 * 60 * 60;

# Noon in the local time zone, so that no day ends during the test, and days
# differ from those of UTC.
my $now = time;
my $offset = 3600 * (12 - (gmtime $now)[2]);
$ENV{PGTZ} = sprintf '<test>%+d', -$offset / 3600;
my $today = floor(($now + $offset) / $day) * $day - $offset;

my $simulator = Simulator->start(
	calls => 900,
	days => 70,
	no_empty_last_page => undef,
	clock => timestamp($now));
my $node = start_cluster("timezone = '$ENV{PGTZ}'");

# ----------
# Data
# ----------

# Seconds since 1970 of a time as the API or PostgreSQL writes it
sub epoch
{
	my ($text) = @_;
	my ($year, $month, $mday, $hour, $minute, $second, $fraction, $zone) =
	  $text =~ /^(\d+)-(\d+)-(\d+)[T ](\d+):(\d+):(\d+)(\.\d+)?(Z|[+-]\d+)$/
	  or die "no time: $text";

	return timegm($second, $minute, $hour, $mday, $month - 1, $year) +
	  ($fraction // 0) - 3600 * ($zone eq 'Z' ? 0 : $zone);
}

sub local_date
{
	my ($time) = @_;
	return strftime('%Y-%m-%d', gmtime($time + $offset));
}

# For the numbers that occur in the simulator
sub digits
{
	my ($number) = @_;

	return undef unless defined $number;
	return $1 if $number =~ /^\+(\d{8,15})$/;
	return $1 if $number =~ /^(1\d{10})$/;
	return "1$1" if $number =~ /^([2-9]\d{9})$/;
	return "1$1$2$3" if $number =~ /^\((\d{3})\)(\d{3})-(\d{4})$/;
	return undef;
}

my %outcomes = (
	answered => [ 'Accepted', 'Call connected' ],
	missed => [
		'Missed', 'Voicemail', 'Abandoned', 'Hang Up',
		'Hang up', 'No Answer', 'Busy'
	],
	other => [
		'Blocked',
		'Stopped',
		'Ringing Elsewhere',
		'Wrong Number',
		'IP Phone Offline',
		'International Restriction',
		'ResultEmpty',
		'In Progress'
	]);
my %outcome = map {
	my $name = $_;
	map { $_ => $name } @{ $outcomes{$name} }
} keys %outcomes;

# All current calls of the simulator, newest first, with the changes above
my @truth;

sub truth
{
	return @truth if @truth;
	@truth = map { decode_json($_) } split /\n/,
	  $simulator->control('GET', 'truth', { format => 'json' });

	foreach my $call (@truth)
	{
		my $inbound = $call->{direction} eq 'Inbound';
		my $theirs = $call->{ $inbound ? 'from' : 'to' } // {};

		$call->{start} = epoch($call->{startTime});
		$call->{inbound} = $inbound;
		$call->{outcome} = $outcome{ $call->{result} } // 'fax';
		$call->{name} = $theirs->{name};
		$call->{digits} = digits($theirs->{phoneNumber});
	}
	return @truth;
}

# Change a call: rewrite, delete, appear; returns its id
sub change
{
	my ($what, %members) = @_;

	@truth = ();
	return decode_json($simulator->control('POST', $what, \%members))->{id};
}

# Of the record, else of its first leg that has one
sub extension_of
{
	my ($call) = @_;
	my @ids = map { $_->{extension}{id} // () } $call,
	  @{ $call->{legs} // [] };
	return $ids[0] // '';
}

# Names and types of people and call queues, by id
my %directory;
foreach my $entry (map { decode_json($_) } split /\n/,
	$simulator->control('GET', 'truth', { resource => 'extensions', format => 'json' }))
{
	my $person = join ' ', grep { defined && $_ ne '' } @$entry{qw(firstName lastName)};
	my ($name) = grep { defined && $_ ne '' } $entry->{name}, $person,
	  'Extension ' . ($entry->{extensionNumber} // '');
	$directory{ $entry->{id} } = { name => $name, type => $entry->{type} };
}

# Of the extension of a call; '' where it has none
sub name_of
{
	my ($call) = @_;
	my $id = extension_of($call);
	return $id eq '' ? '' : encode_utf8($directory{$id}{name});
}

sub between
{
	my ($from, $to, @calls) = @_;
	return grep { $_->{start} >= $from && $_->{start} < $to } @calls;
}

sub voice
{
	return grep { $_->{type} eq 'Voice' } @_;
}

sub with_outcome
{
	my ($outcome, @calls) = @_;
	return grep { $_->{outcome} eq $outcome } @calls;
}

# ([key, calls with it] ...), sorted by key
sub grouped
{
	my ($key_of, @calls) = @_;
	my %groups;

	push @{ $groups{ $key_of->($_) } }, $_ foreach @calls;
	return map { [ $_, @{ $groups{$_} } ] } sort keys %groups;
}

# As round(numeric, digits) does; '' is NULL
sub rounded
{
	my ($value, $digits) = @_;
	return defined $value ? sprintf("%.${digits}f", $value + 1e-9) : '';
}

sub answered_percent
{
	my @calls = grep { $_->{inbound} && $_->{outcome} ne 'other' } @_;

	return rounded(
		@calls ? 100 * with_outcome('answered', @calls) / @calls : undef, 1);
}

# ----------
# Running examples
# ----------

# Rows of a text in CSV
sub rows_of
{
	my ($text) = @_;
	my (@rows, @row);

	while ($text =~ /\G(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/gc)
	{
		my ($quoted, $bare, $end) = ($1, $2, $3);

		push @row, defined $quoted ? $quoted =~ s/""/"/gr : $bare;
		next if $end eq ',';
		push @rows, [@row] unless @row == 1 && $row[0] eq '';
		@row = ();
	}
	return @rows;
}

# Run an example; variables are name=value. Returns psql's stderr, its exit
# status, and of each title the rows below it.
sub run_example
{
	my ($name, @variables) = @_;

	$simulator->clear_log;
	my ($output, $errors, $status) =
	  run_script($node, "$examples/$name.sql", undef, [ '--csv', '-t' ], @variables);
	my (undef, @parts) = split /^== (.*)\n/m, $output;
	my %sections;
	while (my ($title, $text) = splice @parts, 0, 2)
	{
		$sections{ $title =~ s/\W.*//r } = [ rows_of($text) ];
	}
	return ($errors, $status, %sections);
}

# The same, when it must succeed
sub sections_of
{
	my ($name, @variables) = @_;
	my ($errors, $status, %sections) = run_example($name, @variables);

	is($errors, '', "$name @variables: no complaint");
	is($status, 0, 'it ends well');
	return %sections;
}

# The numbers of lists and batches by id, and one for the names; the only other
# requests are logins and those for the time, which do not count
sub check_requests
{
	my ($calls, $batches, $what, $searches) = @_;
	my $lists = ceil($calls / $page_size) + ($searches // 0);
	my $names = $simulator->requests('/directory/entries');
	my $others = grep { $_->{path} !~ m{^/restapi(/oauth/token)?$} }
	  $simulator->requests;

	is(scalar($simulator->list_requests), $lists, "$what: a request a page");
	is(scalar($simulator->by_id_requests), $batches, "$what: requests by id");
	is($names, 1, "$what: one request for the names");
	is($others, $lists + $batches + $names, "$what: no other request");
	return;
}

# The columns of these numbers
sub columns
{
	my ($rows, @columns) = @_;
	return [ map { [ @$_[@columns] ] } @$rows ];
}

# ----------
# A number in several spellings, recently and in the last month
# ----------

my $known = '+1 (415) 555-7007';
my @spellings =
  ('+14155557007', '"14155557007"', '(415)555-7007', '"4155557007"');

create_server($node, 'calls', $simulator->url,
	server => { page_size => $page_size, max_retries => 0 });
{
	my @voice = voice(truth());
	my $month = last_month();
	my @chosen = map { @$_[ 0 .. 7 ] }
	  [ between($today - 20 * $day, $today - 5 * $day, @voice) ],
	  [ between($month->{from}, $month->{to}, @voice) ];

	foreach my $i (0 .. $#chosen)
	{
		my $side = $chosen[$i]{inbound} ? 'from' : 'to';
		change(
			'rewrite',
			id => $chosen[$i]{id},
			"$side.phoneNumber" => $spellings[ $i % 4 ]);
	}
}

# First day, and times where it begins and ends
sub last_month
{
	my (undef, undef, undef, undef, $month, $year) = gmtime($now + $offset);
	my ($from_month, $from_year) =
	  $month == 0 ? (11, $year - 1) : ($month - 1, $year);
	my $from = timegm(0, 0, 0, 1, $from_month, $from_year + 1900) - $offset;
	my $to = timegm(0, 0, 0, 1, $month, $year + 1900) - $offset;

	return { first => local_date($from), from => $from, to => $to };
}

is_deeply(
	[ map { basename($_) } sort glob "$examples/*.sql" ],
	[
		map { "$_.sql" }
		  qw(archive billing crm current dashboard extension_names phone_digits reconciliation
		  recording_player report reporting schedule)
	],
	'examples that have a test: here, in t/007_player.pl and t/025_report.pl');

# ----------
# phone_digits.sql
# ----------

# number, in the USA, in Germany
my @numbers = (
	[ '+1 (415) 555-0100', '14155550100', '14155550100' ],
	[ '4155550100', '14155550100', '' ],
	[ '1-415-555-0100', '14155550100', '' ],
	[ '(415) 555-0100 ext. 12', '14155550100', '' ],
	[ '415.555.0100x12', '14155550100', '' ],
	[ '+44 20 7946 0000', '442079460000', '442079460000' ],
	[ '011 44 20 7946 0000', '442079460000', '' ],
	[ '0044 20 7946 0000', '442079460000', '442079460000' ],
	[ '030 1234567', '', '49301234567' ],
	[ '49 30 1234567', '', '49301234567' ],
	map { [ $_, '', '' ] } '+1855201XXXX',
	'911',
	'75010',
	'*86',
	'101',
	'',
	'+',
	'anonymous',
	'+1234567890123456');
my $values = join ', ', map { "(\$\$$_->[0]\$\$)" } @numbers;

is( $node->safe_psql(
		'postgres', qq{
		\\i $examples/phone_digits.sql
		SELECT number, pg_temp.phone_digits(number), pg_temp.phone_digits(number, '49')
		FROM (VALUES $values) AS v (number)}),
	join("\n", map { join '|', @$_ } @numbers),
	'phone_digits');

# ----------
# reporting.sql
# ----------

my ($since, $until) = ($today - 28 * $day, $today - $day);
my @reported = voice(between($since, $until, truth()));
my @range = ('since=' . local_date($since), 'until=' . local_date($until));
my %report = sections_of('reporting', 'source=calls.call_log', @range);

check_requests(scalar(@reported), 0, 'reporting');
is_deeply(
	$report{Results},
	[
		sort {
				 $a->[0] cmp $b->[0]
			  || $a->[1] cmp $b->[1]
			  || $b->[3] <=> $a->[3]
			  || $a->[2] cmp $b->[2]
		  }
		  map {
			my ($key, @calls) = @$_;
			[ split(/\t/, $key), scalar @calls ]
		  } grouped(
			sub { join "\t", @{ $_[0] }{qw(direction outcome result)} },
			@reported)
	],
	'results');
check_days($report{Days});
check_hours($report{Hours});
check_extensions($report{Extensions});
check_missed($report{Missed});
check_time_to_answer($report{Time});
check_durations($report{How});

# Seconds of an interval
sub seconds
{
	my ($days, $hours, $minutes, $seconds) =
	  $_[0] =~ /^(?:(\d+) days? )?(\d+):(\d+):(\d+)$/
	  or die "no interval: $_[0]";

	return (($days // 0) * 24 + $hours) * 3600 + $minutes * 60 + $seconds;
}

sub answered_time
{
	return sum0 map { $_->{duration} // 0 } with_outcome('answered', @_);
}

sub check_days
{
	my ($rows) = @_;
	my $first =
	  floor(($reported[-1]{start} + $offset) / $day) * $day - $offset;
	my @expected;

	for (my $begin = $first; $begin <= $reported[0]{start}; $begin += $day)
	{
		my @calls = between($begin, $begin + $day, @reported);
		my @inbound = grep { $_->{inbound} } @calls;

		push @expected,
		  [
			local_date($begin),
			scalar @calls,
			scalar @inbound,
			scalar(with_outcome('missed', @inbound)),
			answered_percent(@calls),
			answered_time(@calls)
		  ];
	}
	$_->[5] = seconds($_->[5]) foreach @$rows;
	is_deeply($rows, \@expected, 'days');
	return;
}

sub check_hours
{
	my ($rows) = @_;
	my @expected;

	foreach my $hour (0 .. 23)
	{
		my @calls = grep {
			$_->{inbound}
			  && (gmtime($_->{start} + $offset))[2] == $hour
		} @reported;
		push @expected,
		  [
			sprintf('%02d', $hour),
			scalar @calls,
			scalar with_outcome('missed', @calls)
		  ];
	}
	my $most = max map { $_->[1] } @expected;
	foreach my $row (@expected)
	{
		my ($missed, $others) =
		  map { floor(40 * $_ / $most + 0.5) } $row->[2],
		  $row->[1] - $row->[2];
		push @$row, "\xe2\x96\x88" x $others . "\xe2\x96\x92" x $missed;
	}
	is_deeply($rows, \@expected, 'hours');
	return;
}

sub check_extensions
{
	my ($rows) = @_;
	my @expected;

	foreach my $group (grouped(\&extension_of, @reported))
	{
		my ($id, @calls) = @$group;
		my @inbound = grep { $_->{inbound} } @calls;

		push @expected,
		  [
			name_of($calls[0]),
			@calls - @inbound,
			scalar @inbound,
			scalar(with_outcome('answered', @inbound)),
			scalar(with_outcome('missed', @inbound)),
			answered_percent(@calls),
			answered_time(@calls)
		  ];
	}
	$_->[7] = seconds($_->[7]) foreach @$rows;
	is_deeply(
		[ sort { $a->[0] cmp $b->[0] } @{ columns($rows, 0, 2 .. 7) } ],
		[ sort { $a->[0] cmp $b->[0] } @expected ],
		'extensions, by name');
	is_deeply(
		[ sort map { $_->[1] } grep { $_->[0] ne '' } @$rows ],
		[ sort qw(101 102 103 104 105 2001 2002 90210) ],
		'their numbers');
	return;
}

sub check_missed
{
	my ($rows) = @_;
	my %contact;    # time of the last conversation with a number
	my %waiting;

	foreach my $call (grep { defined $_->{digits} }
		with_outcome('answered', @reported))
	{
		$contact{ $call->{digits} } = max $contact{ $call->{digits} } // 0,
		  $call->{start};
	}
	foreach my $call (grep { $_->{inbound} && defined $_->{digits} }
		with_outcome('missed', @reported))
	{
		push @{ $waiting{ $call->{digits} } }, $call->{start}
		  unless ($contact{ $call->{digits} } // 0) > $call->{start};
	}
	my @expected = sort { $b->[2] <=> $a->[2] || $a->[0] cmp $b->[0] }
	  map { [ $_, scalar @{ $waiting{$_} }, max @{ $waiting{$_} } ] }
	  keys %waiting;

	cmp_ok(scalar @expected, '>', 20, 'enough missed calls to test with');
	cmp_ok(
		scalar @expected,
		'<',
		scalar(grep { $_->{inbound} } with_outcome('missed', @reported)),
		'some were called back');
	$_->[3] = epoch($_->[3]) foreach @$rows;
	is_deeply(
		columns($rows, 0, 2, 3),
		[ @expected[ 0 .. 19 ] ],
		'missed, not called back');
	return;
}

# As percentile_cont
sub percentile
{
	my ($fraction, @values) = @_;
	@values = sort { $a <=> $b } @values;
	my $position = $fraction * $#values;
	my ($low, $high) = @values[ floor($position), ceil($position) ];

	return $low + ($high - $low) * ($position - floor($position));
}

sub seconds_to_answer
{
	my ($call) = @_;
	my @legs = @{ $call->{legs} // [] };

	shift @legs;
	my @starts = map { epoch($_->{startTime}) }
	  grep { !$_->{master} && $_->{result} =~ /^(?:Accepted|Connected)$/ }
	  @legs;
	return @starts ? min(@starts) - $call->{start} : ();
}

sub check_time_to_answer
{
	my ($rows) = @_;
	my $monday = sub {
		my $begin = floor(($_[0]{start} + $offset) / $day);
		return local_date(($begin - ($begin + 3) % 7) * $day - $offset);
	};
	my @expected;

	foreach my $group (
		grouped(
			$monday,
			grep { $_->{inbound} } with_outcome('answered', @reported)))
	{
		my ($week, @calls) = @$group;
		my @seconds = map { seconds_to_answer($_) } @calls or next;

		push @expected,
		  [
			$week,
			scalar @seconds,
			map { rounded($_, 1) } sum0(@seconds) / @seconds,
			percentile(0.5, @seconds),
			percentile(0.9, @seconds)
		  ];
	}
	is_deeply($rows, \@expected, 'time to answer');
	return;
}

sub check_durations
{
	my ($rows) = @_;
	my @bounds = (0, 10, 30, 60, 180, 600, 1800, 9**9);
	my @expected;

	foreach my $i (0 .. $#bounds - 1)
	{
		push @expected, scalar grep {
				 defined $_->{duration}
			  && $_->{duration} >= $bounds[$i]
			  && $_->{duration} < $bounds[ $i + 1 ]
		} with_outcome('answered', @reported);
	}
	is_deeply([ map { $_->[1] } @$rows ], \@expected, 'how long calls last');
	is(scalar(grep { length $_->[2] == 3 * 40 } @$rows),
		1, 'the longest bar is the longest');
	return;
}

# Without calls, there is a report as well
%report = sections_of('reporting', 'since=2020-01-01', 'until=2020-01-02');
is_deeply(
	[
		map { scalar @{ $report{$_} } }
		  qw(Results Days Hours Extensions Missed Time How)
	],
	[ 0, 0, 24, 0, 0, 0, 7 ],
	'no calls');

# ----------
# dashboard.sql
# ----------

sub days_expected
{
	my ($days) = @_;
	my @expected;

	foreach my $group (
		grouped(
			sub { local_date($_[0]{start}) },
			voice(between($today - $days * $day, $now + $day, truth()))))
	{
		my ($date, @calls) = @$group;
		my @inbound = grep { $_->{inbound} } @calls;

		push @expected,
		  [
			$date,
			scalar @calls,
			scalar @inbound,
			scalar with_outcome('missed', @inbound),
			answered_percent(@calls)
		  ];
	}
	@expected = reverse @expected;
	return [ @expected[ 0 .. min(6, $#expected) ] ];
}

my @dashboard =
  ('dashboard', 'source=calls.call_log', 'days=20', "timezone=$ENV{PGTZ}");
my $shown = scalar voice(between($today - 20 * $day, $now + $day, truth()));
my %dashboard = sections_of(@dashboard);
is_deeply($dashboard{The}, days_expected(20), 'dashboard');
check_requests($shown, 0, 'dashboard, the first time');

sub names_expected
{
	my ($days) = @_;
	my @calls = grep { extension_of($_) ne '' }
	  voice(between($today - $days * $day, $now + $day, truth()));
	my @expected;

	foreach my $group (grouped(\&extension_of, @calls))
	{
		my ($id, @calls) = @$group;
		my @inbound = grep { $_->{inbound} } @calls;
		my @missed = with_outcome('missed', @inbound);

		push @expected,
		  [
			name_of($calls[0]), $directory{$id}{type},
			scalar @inbound, scalar @missed,
			answered_percent(@calls)
		  ];
	}
	return [ sort { $b->[3] <=> $a->[3] || $a->[0] cmp $b->[0] } @expected ];
}

is_deeply($dashboard{Who}, names_expected(20), 'dashboard, by name');

# New, deleted and changed calls
change(
	'appear',
	startTime => timestamp($today - 3 * $day),
	type => 'Voice',
	result => 'Missed',
	direction => 'Inbound');
{
	my @calls = grep { $_->{inbound} }
	  voice(between($today - 6 * $day, $today, truth()));
	change('delete', id => $calls[0]{id});
	change('rewrite', id => $calls[1]{id}, result => 'Missed');
}
my $changed = days_expected(20);
isnt(
	encode_json($changed),
	encode_json($dashboard{The}),
	'calls have changed');
$node->safe_psql('postgres', 'CREATE ROLE viewer LOGIN');
$simulator->fault(
	'status',
	match => '/call-log',
	status => 503,
	times => 'always');
my ($errors, $status) = run_example(@dashboard, 'reader=viewer');
isnt($status, 0, 'refresh while the API is away');
like($errors, qr/ERROR.*503/, 'it says why');
is($node->safe_psql('postgres', 'SELECT count(*) FROM dashboard.call'),
	$shown, 'the previous rows are kept');
$simulator->clear_faults;
%dashboard = sections_of(@dashboard, 'reader=viewer');
is_deeply($dashboard{The}, $changed, 'dashboard, refreshed');
is_deeply($dashboard{Who}, names_expected(20), 'names, too');
check_requests(
	scalar voice(between($today - 20 * $day, $now + $day, truth())),
	0, 'dashboard, refreshed');

$simulator->clear_log;
is( $node->safe_psql(
		'postgres',
		"SET ROLE viewer; SELECT sum(calls) FROM dashboard.calls_per_day"),
	$shown,
	'a reader needs no user mapping');
is( $node->safe_psql(
		'postgres',
		"SET ROLE viewer; SELECT count(*) > 5 FROM dashboard.calls_by_name"),
	't',
	'nor for names');
my (undef, undef, $denied) =
  $node->psql('postgres', "SET ROLE viewer; SELECT * FROM dashboard.call");
like($denied, qr/permission denied/, 'and does not see individual calls');
is(scalar($simulator->requests), 0, 'reading the dashboard sends nothing');

# ----------
# crm.sql
# ----------

my @recent = between($today - 60 * $day, $now + $day, truth());
$node->safe_psql(
	'postgres', q{
	CREATE TABLE contact (name text, phone_number text);
	INSERT INTO contact VALUES ('Known', '001 415 555 7007'),
		('Silent', '+49 30 1234567'), ('Ours', '1-800-555-0100')}
);
my %crm = sections_of(
	'crm', 'source=calls.call_log',
	'contacts=contact', 'days=60',
	"number=$known");
check_requests(scalar(@recent), 0, 'crm', 1);

my @ours = grep { ($_->{digits} // '') eq '14155557007' } @recent;
my @last =
  grep { defined }
  (sort { $b->{start} <=> $a->{start} || $a->{id} cmp $b->{id} } @ours)
  [ 0 .. 19 ];
is(scalar(uniq map { $_->[2] } @{ $crm{The} }),
	4, 'all formats of the number');
foreach my $row (@{ $crm{The} })
{
	$row->[0] = epoch($row->[0]);
}
is_deeply(
	columns($crm{The}, 0, 1, 4 .. 8),
	[
		map {
			my $id = $_->{extension}{id};
			[
				$_->{start},
				$_->{inbound} ? 'from' : 'to',
				defined $id ? encode_utf8($directory{$id}{name}) : '',
				@$_{qw(type result)},
				$_->{duration} // '',
				$_->{recording}{id} // ''
			]
		} @last
	],
	'calls from or to a number');
{
	my %ours = map { ($_->{start} => 1) } @ours;
	my @found = map { epoch($_->[0]) } @{ $crm{What} };

	cmp_ok(scalar @found, '>', 0, 'the API finds some of them');
	is(scalar(grep { !$ours{$_} } @found), 0, 'and no others');
	is_deeply(\@found, [ sort { $b <=> $a } @found ], 'newest first');
}
is_deeply(
	columns($crm{Contacts}, 0, 2 .. 7),
	[
		[ 'Ours', 0, 0, 0, 0, '', '' ],
		[ 'Silent', 0, 0, 0, 0, '', '' ],
		[
			'Known',
			scalar(grep { $_->{inbound} } @ours),
			scalar(grep { !$_->{inbound} } @ours),
			scalar(
				grep {
						 $_->{inbound}
					  && $_->{result} =~ /^(?:Missed|Voicemail|Abandoned)$/
				} @ours),
			sum0(map { $_->{duration} // 0 } @ours),
			local_date($last[0]{start}),
			max(0, ceil(($today - $last[0]{start}) / $day))
		]
	],
	'contacts');
{
	my @strangers = map {
		my ($digits, @calls) = @$_;
		@calls > 2 && $digits ne '14155557007'
		  ? [ $digits, scalar @calls ]
		  : ()
	} grouped(sub { $_[0]{digits} },
		grep { $_->{inbound} && defined $_->{digits} } @recent);
	@strangers =
	  sort { $b->[1] <=> $a->[1] || $a->[0] cmp $b->[0] } @strangers;
	is_deeply(columns($crm{Who}, 0, 2),
		[ @strangers[ 0 .. min(9, $#strangers) ] ], 'strangers');
}
%crm = sections_of('crm', 'days=60');
cmp_ok(scalar @{ $crm{The} },
	'>', 1, 'without a number: those of who called most');
is(scalar @{ $crm{Contacts} }, 10, 'without contacts: an example of them');

# ----------
# billing.sql
# ----------

my $month = last_month();
my @billed = voice(between($month->{from}, $month->{to}, truth()));

sub billed_seconds
{
	my ($first, $step, $call) = @_;
	my $duration = $call->{duration} // 0;

	return 0 if $duration == 0 || $call->{outcome} ne 'answered';
	return $first if $duration <= $first;
	return $first + $step * ceil(($duration - $first) / $step);
}

sub invoice_line
{
	my ($first, $step, $name, @calls) = @_;
	my @charged = grep { billed_seconds($first, $step, $_) } @calls;

	return [
		$name,
		scalar @calls,
		scalar @charged,
		@charged
		? rounded(sum0(map { $_->{duration} } @charged) / 60, 2)
		: '',
		rounded(
			sum0(map { billed_seconds($first, $step, $_) } @charged) / 60, 2),
		map {
			my $name = $_;
			rounded(sum0(map { $_->{billing}{$name} } @calls), 3)
		} qw(costIncluded costPurchased)
	];
}

# The costs of an invoice have as many digits as the API sends.
sub lines
{
	my ($rows) = @_;
	return [
		map { [ @$_[ 0 .. 4 ], rounded($_->[5], 3), rounded($_->[6], 3) ] }
		  @$rows ];
}

$node->safe_psql(
	'postgres', q{
	CREATE TABLE customer (customer text, phone_number text);
	INSERT INTO customer VALUES ('Acme', '415-555-7007'),
		('Other', '+14155557007'), ('Acme', '(415) 555 7007')}
);
my %billing = sections_of(
	'billing', 'source=calls.call_log',
	"month=$month->{first}", 'customers=customer',
	'first=30', 'step=6');
check_requests(scalar(@billed), 0, 'billing');
is_deeply(
	lines($billing{Minutes}),
	[
		invoice_line(
			30, 6, '(none)',
			grep { ($_->{digits} // '') ne '14155557007' } @billed),
		invoice_line(
			30, 6, 'Acme',
			grep { ($_->{digits} // '') eq '14155557007' } @billed),
		invoice_line(30, 6, 'All calls', @billed)
	],
	'minutes and costs');
is_deeply($billing{To}, [], 'the legs add up to the calls');
is_deeply(
	[
		sort { $a->[0] cmp $b->[0] }
		map { [ @$_[ 0 .. 2 ], map { rounded($_, 3) } @$_[ 3, 4 ] ] }
		  @{ $billing{Those} }
	],
	[
		sort { $a->[0] cmp $b->[0] }
		map {
			my ($id, @calls) = @$_;
			[ @{ invoice_line(30, 6, name_of($calls[0]), @calls) }[ 0, 1, 4 .. 6 ] ]
		} grouped(\&extension_of, @billed)
	],
	'by name');

change('rewrite', id => $billed[0]{id}, 'billing.costPurchased' => 77);
@billed = voice(between($month->{from}, $month->{to}, truth()));
%billing = sections_of('billing');
is_deeply(
	lines($billing{Minutes})->[-1],
	invoice_line(60, 60, 'All calls', @billed),
	'the last month, full minutes, as it is');
is_deeply(
	[ map { $_->[0] } @{ $billing{To} } ],
	[ $billed[0]{id} ],
	'legs that do not add up to their call are reported');

# ----------
# archive.sql
# ----------

# The procedure reports its progress on stderr. Returns the months.
sub months_of_archive
{
	my (@variables) = @_;
	my ($errors, $status, %sections) =
	  run_example('archive', 'source=calls.call_log', @variables);

	unlike($errors, qr/ERROR|WARNING/, "archive @variables");
	is($status, 0, 'it ends well');
	return columns($sections{The}, 0 .. 2);
}

# Expected requests for the calls of the API, and for a number of deleted ones
sub months_expected
{
	my ($calls, @deleted) = @_;
	my $month = sub { substr local_date($_[0]{start}), 0, 7 };
	my @months;

	foreach my $group (grouped($month, @$calls, @deleted))
	{
		my ($name, @calls) = @$group;
		my $gone = grep { $month->($_) eq $name } @deleted;
		unshift @months, [ $name, scalar @calls, $gone ];
	}
	return \@months;
}

sub is_archive_complete
{
	my ($calls, $what) = @_;
	my $rows = $node->safe_psql('postgres',
		'SELECT id, result FROM archive WHERE deleted IS NOT TRUE');

	is_deeply([ sort split /\n/, $rows ],
		[ sort map { "$_->{id}|$_->{result}" } @$calls ], $what);
	return;
}

my $kept_since = $today - 40 * $day;
my @archived = between($kept_since, $now + $day, truth());
my @archive = ('since=' . local_date($kept_since));
is_deeply(
	months_of_archive(@archive),
	months_expected(\@archived),
	'archive: months');
is_archive_complete(\@archived, 'all calls');
cmp_ok(
	scalar($simulator->list_requests),
	'<=',
	ceil(@archived / ($page_size - 2)) + 1,
	'hardly more requests than pages');
is($node->safe_psql('postgres', 'SELECT count(*) FROM archive_other'),
	0, 'each month has a partition');

is_deeply(
	months_of_archive(@archive),
	months_expected(\@archived),
	'again: the same');
is(scalar($simulator->requests('/account/')),
	2, 'one request for changes, one for deletions');

my ($gone) = between($kept_since, $today - 30 * $day, @archived);
my ($changed_id) =
  map { $_->{id} } between($today - 9 * $day, $today, @archived);
change('delete', id => $gone->{id});
change('rewrite', id => $changed_id, result => 'Missed');
change('appear', startTime => timestamp($today - 35 * $day));
@archived = between($kept_since, $now + $day, truth());
is_deeply(
	months_of_archive('recheck=40 days'),
	months_expected(\@archived, $gone),
	'calls that have changed');
is_archive_complete(\@archived, 'all of them in their current state');

# The same reports without requests
@range =
  ('since=' . local_date($today - 20 * $day), 'until=' . local_date($today));
my %from_log = sections_of('reporting', @range);
my %from_archive = sections_of('reporting', 'source=archive', @range);
is_deeply(\%from_archive, \%from_log, 'reports from the archive');
is(scalar($simulator->requests('/account/')), 1, 'send nothing but one for the names');

# Who may not read the names has a report without them.
$simulator->fault('status', match => '/directory/entries', status => 403, times => 'always');
($errors, $status, %from_archive) = run_example('reporting', 'source=archive', @range);
like($errors, qr/WARNING:  could not read the names of extensions: .*403/, 'no names: a warning');
is($status, 0, 'and no error');
is_deeply($from_archive{Days}, $from_log{Days}, 'the same report');
is( scalar(grep { $_->[0] =~ /^\d*$/ } @{ $from_archive{Extensions} }),
	scalar @{ $from_log{Extensions} },
	'with ids');
$simulator->clear_faults;

# ----------
# current.sql, schedule.sql
# ----------

# Current calls are shown with one request; older ones without
($errors, $status) = run_example('current', 'source=calls.call_log');
is("$errors$status", '0', 'current.sql runs');
change('appear', startTime => timestamp($now - 30));
my @latest = between($now - $day / 2, $now - 60, @archived);
my ($old) = grep { $_->{type} eq 'Voice' } between($now - 9 * $day, $now - 3 * $day, @archived);
change('rewrite', id => $latest[0]{id}, result => 'Rejected');

# calls that get a start on the other side of the bound are as in the copy
change('rewrite', id => $latest[1]{id}, startTime => timestamp($now - 5 * $day));
change('rewrite', id => $old->{id}, startTime => timestamp($now - 600));
@archived = between($kept_since, $now + $day, truth());
$simulator->clear_log;
is( $node->safe_psql(
		'postgres',
		'SELECT count(*), count(DISTINCT id) FROM current_calls WHERE deleted IS NOT TRUE'),
	@archived . '|' . @archived,
	'current: the copy and newer calls, each once');
is(scalar($simulator->requests('/account/')), 1, 'one request');
is($node->safe_psql('postgres',
		"SELECT result FROM current_calls WHERE id = '$latest[0]{id}'"),
	'Rejected', 'a recent call that has changed');
$simulator->clear_log;
$node->safe_psql('postgres',
	q{SELECT jsonb_agg(c) FROM current_calls c WHERE start_time >= CURRENT_DATE});
is(scalar($simulator->requests('/account/')), 1, 'all columns: one request');
$simulator->clear_log;
$node->safe_psql('postgres',
	q{SELECT count(*) FROM current_calls WHERE start_time < CURRENT_DATE - 2});
is(scalar($simulator->requests('/account/')), 0, 'nothing recent, no request');
$node->safe_psql('postgres', q{CALL call_log_fdw_sync('calls.call_log', 'archive')});
is( $node->safe_psql(
		'postgres',
		'SELECT count(*), count(DISTINCT id) FROM current_calls WHERE deleted IS NOT TRUE'),
	@archived . '|' . @archived,
	'the same after an update of the copy');
my ($scheduled) = run_example('schedule', 'source=calls.call_log');
is($scheduled, '', 'schedule.sql runs without pg_cron');

# ----------
# reconciliation.sql
# ----------

@range = (
	'since=' . local_date($today - 10 * $day),
	'until=' . local_date($today - 2 * $day));
my @compared = between($today - 10 * $day, $today - 2 * $day, truth());
my %found = sections_of('reconciliation', @range);
is_deeply(
	[ @found{qw(How Which)} ],
	[ [ [ scalar @compared, scalar @compared, 0, 0, 0 ] ], [] ],
	'no difference');
check_requests(scalar(@compared), 0, 'reconciliation without differences');

my ($deleted, $moved_out, $rewritten, $lost, $undeleted) =
  map { $_->{id} } grep { $_->{id} =~ /^\w/ } @compared;
my ($moved_in) =
  map { $_->{id} } between($today - 20 * $day, $today - 15 * $day, truth());
my ($inside, $outside) =
  map { timestamp($today - $_ * $day) } 5, 20;

change('delete', id => $deleted);
change('rewrite', id => $moved_out, startTime => $outside);
change('rewrite', id => $moved_in, startTime => $inside);
change('rewrite', id => $rewritten, result => 'Accepted', reason => 'None');
my $new = change('appear', startTime => $inside);
$node->safe_psql(
	'postgres', qq{
	DELETE FROM archive WHERE id = '$lost';
	UPDATE archive SET deleted = true WHERE id = '$undeleted'});
@compared = between($today - 10 * $day, $today - 2 * $day, truth());

%found = sections_of('reconciliation', @range, 'repair=on');
is_deeply(
	$found{How},
	[ [ scalar @compared, @compared - 2, 3, 1, 3 ] ],
	'the number of differences');
is_deeply(
	[ sort { $a->[0] cmp $b->[0] } @{ columns($found{Which}, 0, 3) } ],
	[
		sort { $a->[0] cmp $b->[0] }[ $deleted, 'only in the archive' ],
		(map { [ $_, 'differs' ] } $moved_out, $moved_in, $rewritten),
		(map { [ $_, 'only in the call log' ] } $lost, $undeleted, $new)
	],
	'these');
my %fields = map { @$_[ 0, 4 ] } @{ $found{Which} };
like(
	$fields{$moved_out},
	qr/^lastModifiedTime, startTime$/,
	'which fields differ');
my %whose = map { @$_[ 0, 2 ] } @{ $found{Which} };
is_deeply(
	[ map { $whose{ $_->{id} } } grep { $_->{id} =~ /^(?:\Q$new\E|\Q$moved_in\E)$/ } @compared ],
	[
		map { defined $_->{extension}{id} ? encode_utf8($directory{ $_->{extension}{id} }{name}) : '' }
		grep { $_->{id} =~ /^(?:\Q$new\E|\Q$moved_in\E)$/ } @compared
	],
	'whose they are');
check_requests(scalar(@compared), 1,
	'reconciliation with two that are not in the list');

%found = sections_of('reconciliation', @range);
is_deeply([ @found{qw(How Which)} ],
	[ [ [ scalar @compared, scalar @compared, 0, 0, 0 ] ], [] ], 'repaired');
is( $node->safe_psql(
		'postgres',
		"SELECT deleted, count(*) OVER () FROM archive WHERE id = '$deleted'"
	),
	't|1',
	'deleted calls are marked');

# faxes of an extension's call log compared with those of its message store
$node->safe_psql(
	'postgres', q{
	CREATE SCHEMA mine;
	IMPORT FOREIGN SCHEMA extension FROM SERVER calls INTO mine;
	CREATE TABLE my_archive AS SELECT * FROM mine.call_log}
);
copy_truth(
	$node, $simulator, 'mine', 'my_messages',
	resource => 'messages',
	level => 'extension');
%found = sections_of(
	'reconciliation', 'archive=my_archive', 'log=mine.call_log',
	'messages=mine.messages',
	'since=' . local_date($today - 40 * $day),
	'until=' . local_date($today - 2 * $day));
my $only = $node->safe_psql(
	'postgres', q{
	SELECT count(*) FROM my_messages m WHERE type = 'Fax'
	AND creation_time >= CURRENT_DATE - 40 AND creation_time < CURRENT_DATE - 2
	AND NOT EXISTS (SELECT FROM my_archive c WHERE c.message_id = m.id)}
);
cmp_ok($only, '>', 0, 'faxes that only the message store has');
is( scalar(grep { $_->[2] eq 'only in the message store' }
		  @{ $found{Faxes} }),
	min($only, 20),
	'are found');

done_testing();
