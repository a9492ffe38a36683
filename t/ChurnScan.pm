# Random scans of lists that change during the scan: the list, its changes, the
# query, and the calls that it must return.
package ChurnScan;

use strict;
use warnings;

use Exporter qw(import);
use List::Util qw(min max);
use POSIX qw(strftime);
use Time::Local qw(timegm);

our @EXPORT_OK = qw(random_scan @page_sizes $clock);

# The API's clock is frozen, at the end of a second
our $clock = '2026-03-31T12:00:00.999Z';
my $now = timegm(0, 0, 12, 31, 2, 2026) * 1000 + 999;

# Tables of all page sizes; the last one is the default
our @page_sizes = (1, 2, 7, 100, 1000);
my %most_calls = (1 => 20, 2 => 40, 7 => 90, 100 => 260, 1000 => 260);

# Records that leave a list are lost by a reader of numbered pages, unless the
# pages overlap: those of one or two records do not, nor those of an API that
# filters records after paging or changes their order. New records are not lost.
my @arrivals = qw(late present);

sub pick
{
	my (@values) = @_;
	return $values[ rand @values ];
}

# Milliseconds since 1970 as the API writes them
sub stamp
{
	my ($milliseconds) = @_;
	return strftime('%Y-%m-%dT%H:%M:%S', gmtime int($milliseconds / 1000))
	  . sprintf('.%03dZ', $milliseconds % 1000);
}

# Two times within the list's span, possibly whole seconds
sub random_range
{
	my ($data) = @_;
	my $oldest = $now - 1000 * ($data->{youngest} + $data->{span});
	my @times = sort { $a <=> $b } map { $oldest + int(rand 1000 * $data->{span}) } 1, 2;

	@times = map { $_ - $_ % 1000 } @times if rand() < 0.5;
	return map { stamp($_) } @times;
}

# ----------
# The rows of a version of a call
# ----------

sub rows_of_call
{
	my ($id) = @_;
	return $id;
}

sub rows_of_legs
{
	my ($id, $version) = @_;
	my $legs = $version->{record}{legs} // [];
	return map { "$id $_" } 1 .. @$legs;
}

sub rows_of_recordings
{
	my ($id, $version) = @_;
	my @parts = ($version->{record}, @{ $version->{record}{legs} // [] });
	my %ids = map { $_->{recording}{id} => 1 } grep { $_->{recording} } @parts;

	return map { "$id $_" } sort keys %ids;
}

sub rows_of_changes
{
	my ($id, $version) = @_;
	return "$id $version->{lastModifiedTime}";
}

# Select list: a row's key, its call's start, direction and tag
my %tables = (
	call_log => { key => 'id', time => 'start_time', direction => 'direction',
		rows => \&rows_of_call },
	active_calls => { key => 'id', time => 'start_time', direction => 'direction',
		rows => \&rows_of_call },
	call_log_legs => { key => q{call_id || ' ' || leg_number}, time => 'call_start_time',
		direction => 'call_direction', rows => \&rows_of_legs },
	recordings => { key => q{call_id || ' ' || id}, time => 'call_start_time',
		direction => 'NULL', rows => \&rows_of_recordings },
	messages => { key => 'id', time => 'creation_time', direction => 'direction',
		rows => \&rows_of_call },
	call_log_changes => {
		key => q{id || ' ' || to_char(last_modified_time, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')},
		time => 'start_time', direction => 'direction', rows => \&rows_of_changes });

sub columns_of
{
	my ($scan, $tag) = @_;
	my $table = $tables{ $scan->{table} };

	return "$tag, $table->{key}, to_char($table->{time}, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), "
	  . ($scan->{table} eq 'recordings' ? "coalesce(call_id, '')" : $table->{direction});
}

# ----------
# Queries
# ----------

# A condition and the same on a version of a call
sub random_condition
{
	my ($scan) = @_;
	my $table = $tables{ $scan->{table} };
	my ($from, $to) = random_range($scan->{data});
	my $direction = pick('Inbound', 'Outbound');
	my @conditions = ([ 'true', sub { 1 } ]);

	push @conditions, [ "$table->{time} >= '$from' AND $table->{time} < '$to'",
		sub { $_[0]{startTime} ge $from && $_[0]{startTime} lt $to } ];
	push @conditions, [ "$table->{time} > '$from'", sub { $_[0]{startTime} gt $from } ];
	push @conditions, [ "$table->{time} <= '$to'", sub { $_[0]{startTime} le $to } ];
	push @conditions, [ "$table->{direction} = '$direction'",
		sub { ($_[0]{direction} // '') eq $direction } ]
	  if $scan->{table} ne 'recordings';
	return pick(@conditions, $conditions[0]);
}

sub make_plain
{
	my ($scan) = @_;
	my ($condition, $matches) = @{ random_condition($scan) };

	$scan->{matches} = $matches;
	return 'SELECT ' . columns_of($scan, 0) . " FROM {schema}.$scan->{table} WHERE $condition";
}

sub make_sorted
{
	my ($scan) = @_;
	$scan->{sorted} = 1;
	return make_plain($scan) . " ORDER BY $tables{$scan->{table}}{time} DESC";
}

sub make_limited
{
	my ($scan) = @_;
	my $query = rand() < 0.5 ? make_plain($scan) : make_sorted($scan);

	$scan->{limit} = pick(1, 1, 2, 5, 1 + int(rand $scan->{data}{calls} + 5));
	return "$query LIMIT $scan->{limit}";
}

# The oldest calls, which are searched for if that is fewer requests
sub make_oldest
{
	my ($scan) = @_;
	my $query = make_plain($scan) . " ORDER BY $tables{$scan->{table}}{time}" . pick('', ', id');

	$scan->{oldest_first} = 1;
	$scan->{limit} = pick(1, 1, 2, 5, 1 + int(rand $scan->{data}{calls}));
	return "$query LIMIT $scan->{limit}";
}

# Two ranges, of which the later one is read first
sub make_ranges
{
	my ($scan) = @_;
	my $time = $tables{ $scan->{table} }{time};
	my ($a, $b, $c, $d) = sort map { random_range($scan->{data}) } 1, 2;

	$scan->{matches} = sub {
		my $t = $_[0]{startTime};
		return ($t ge $a && $t lt $b) || ($t ge $c && $t lt $d);
	};
	$scan->{sorted} = rand() < 0.5;
	return 'SELECT ' . columns_of($scan, 0) . " FROM {schema}.$scan->{table}
		WHERE ($time >= '$a' AND $time < '$b') OR ($time >= '$c' AND $time < '$d')"
	  . ($scan->{sorted} ? " ORDER BY $time DESC" : '');
}

# Fetched in parts; possibly not to the end
sub make_cursor
{
	my ($scan) = @_;
	my $query = rand() < 0.5 ? make_plain($scan) : make_sorted($scan);
	my @fetches = map { 'FETCH ' . (1 + int(rand 20)) . ' FROM c;' } 1 .. 3;

	if (rand() < 0.7)
	{
		push @fetches, 'FETCH ALL FROM c;';
	}
	else
	{
		$scan->{limit} = 0;
		$scan->{limit} += $_ foreach map { /(\d+)/ } @fetches;
	}
	return "BEGIN; DECLARE c CURSOR FOR $query; @fetches COMMIT";
}

# The same again, and other windows, some of them twice
sub make_rescans
{
	my ($scan) = @_;
	my $query = make_plain($scan);

	$scan->{tags} = [ 1 .. 3 ];
	$query =~ s/^SELECT 0/SELECT n/;
	$query =~ s/ WHERE / WHERE n > 0 AND /;
	return 'SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off;'
	  . ($query =~ s/ FROM / FROM generate_series(1, 3) n, /r)
	  . '; RESET ALL; SET timezone = UTC';
}

sub make_windows
{
	my ($scan) = @_;
	my $time = $tables{ $scan->{table} }{time};
	my ($from, $to) = random_range($scan->{data});
	my @tags = map { pick(1, 2, 3) } 1 .. 4;
	my %bounds = (1 => [ $from, $to ], 2 => [ $to, stamp($now) ], 3 => [ stamp(0), $from ]);
	my $columns = columns_of($scan, 'n');
	my $rows = join ', ', map { "($_, '$bounds{$tags[$_]}[0]', '$bounds{$tags[$_]}[1]')" } 0 .. $#tags;

	$scan->{tags} = [ 0 .. $#tags ];
	$scan->{matches} = sub {
		my ($version, $tag) = @_;
		my ($low, $high) = @{ $bounds{ $tags[$tag] } };
		return $version->{startTime} ge $low && $version->{startTime} lt $high;
	};
	return "SELECT $columns FROM (VALUES $rows) w (n, low, high), {schema}.$scan->{table}
		WHERE $time >= low::timestamptz AND $time < high::timestamptz";
}

# Two concurrent scans
sub make_append
{
	my ($scan) = @_;
	my $query = make_plain($scan);

	$scan->{tags} = [ 0, 1 ];
	return "$query UNION ALL " . ($query =~ s/^SELECT 0/SELECT 1/r);
}

# Ids that the runner puts into a table
sub make_ids
{
	my ($scan) = @_;
	my ($ids, $columns) = ('SELECT id FROM chosen', columns_of($scan, 0));

	$scan->{by_id} = 1;
	return "SELECT $columns FROM {schema}.$scan->{table} c WHERE id = ANY (ARRAY($ids))" if rand() < 0.5;
	return "SET enable_hashjoin = off; SET enable_mergejoin = off; SELECT "
	  . ($columns =~ s/\bid\b/c.id/r)
	  . " FROM chosen JOIN {schema}.$scan->{table} c ON c.id = chosen.id; RESET ALL; SET timezone = UTC";
}

sub make_changes
{
	my ($scan) = @_;
	return 'SELECT ' . columns_of($scan, 0) . " FROM {schema}.call_log_changes WHERE since = '2001-01-01'";
}

# A request per row, so that no page is prefetched
sub make_details
{
	my ($scan) = @_;
	return make_plain($scan) . q{ AND coalesce(content_type, '') <> '-'};
}

# Shapes of queries, the tables that they are for, and their weight
my @shapes = (
	[ plain => \&make_plain, [qw(call_log call_log call_log_legs recordings messages)], 5 ],
	[ sorted => \&make_sorted, [qw(call_log call_log_legs messages)], 3 ],
	[ limited => \&make_limited, [qw(call_log call_log messages)], 4 ],
	[ oldest => \&make_oldest, [qw(call_log call_log messages)], 3 ],
	[ ranges => \&make_ranges, [qw(call_log messages)], 3 ],
	[ cursor => \&make_cursor, [qw(call_log)], 2 ],
	[ rescans => \&make_rescans, [qw(call_log)], 1 ],
	[ windows => \&make_windows, [qw(call_log call_log_legs)], 2 ],
	[ append => \&make_append, [qw(call_log)], 2 ],
	[ ids => \&make_ids, [qw(call_log)], 1 ],
	[ changes => \&make_changes, [qw(call_log_changes)], 1 ],
	[ details => \&make_details, [qw(recordings)], 1 ],
	[ unordered => \&make_plain, [qw(call_log)], 3 ],
	[ 'order broken' => \&make_plain, [qw(call_log)], 1 ],
	[ crowded => \&make_plain, [qw(call_log)], 1 ],
	[ active => \&make_plain, [qw(active_calls)], 1 ]);
my @weighted = map { my $shape = $_; ($shape) x $shape->[3] } @shapes;

# ----------
# Scans
# ----------

# Many calls in a second, or few
sub random_data
{
	my ($page_size) = @_;
	my $calls = 1 + int(rand $most_calls{$page_size});

	return {
		calls => $calls,
		seed => 1 + int(rand 50),
		span => pick(1, 2, max(1, int($calls / 10)), $calls, 1000 * $calls),
		youngest => pick(0, 0, 180),
		bounds => pick('inclusive', 'exclusive', 'seconds'),
		empty_last_page => pick('on', 'off'),
		short_pages => pick('off', 'off', 'off', 'on') };
}

# Do numbered pages overlap?
sub overlaps
{
	my ($scan) = @_;
	return $scan->{shape} eq 'unordered' && $scan->{page_size} >= 7 && $scan->{data}{short_pages} eq 'off';
}

# The scan of this number, from this seed
sub random_scan
{
	my ($seed, $number) = @_;

	srand($seed * 1_000_003 + $number);
	my ($shape, $make, $its_tables) = @{ pick(@weighted) };
	my $page_size = $shape eq 'unordered' ? pick(1, 7, 7, 7, 100) : pick(@page_sizes);
	my $scan = {
		number => $number,
		shape => $shape,
		table => pick(@$its_tables),
		level => pick('account', 'account', 'account', 'extension'),
		tags => [0],
		matches => sub { 1 },
		page_size => $page_size,
		data => random_data($page_size),
		churn => { rate => pick(0.3, 1, 2, 4), seed => 1 + int(rand 1_000_000) } };

	if ($scan->{table} eq 'messages')
	{
		# records without a call are derived from their number
		$scan->{level} = 'extension';
		$scan->{data}{messages} = $scan->{data}{calls} * 5;
		@{ $scan->{churn} }{qw(resource kinds)} =
		  ('messages', 'delete,edit,late,tie,present,shuffle');
	}
	$scan->{level} = 'account' if $scan->{table} =~ /^call_log_changes$/;
	$scan->{by_number} = 1 if $shape =~ /^(unordered|order broken|crowded|active)$/;
	$scan->{churn}{kinds} = join ',', @arrivals, overlaps($scan) ? qw(delete delete rewrite) : ()
	  if $scan->{by_number};

	$scan->{unsorted} = int(rand 3) if $shape eq 'order broken';

	# an API that lowers page sizes, so that no page holds all calls of a second
	@{ $scan->{data} }{qw(max_per_page span)} = (pick(3, 10), pick(1, 2)) if $shape eq 'crowded';

	# a list that grows faster than it is read has no end
	my $read = min($page_size, $scan->{data}{max_per_page} // $page_size);
	$scan->{churn}{rate} = min($scan->{churn}{rate}, $scan->{by_number} ? $read / 4 : $read);
	$scan->{schema} = "$scan->{level}_$page_size" . ($shape =~ /^(?:unordered|oldest)$/ ? "_$shape" : '');
	$scan->{rows} = $tables{ $scan->{table} }{rows};
	$scan->{sql} = $make->($scan) =~ s/\{schema\}/$scan->{schema}/gr;
	return $scan;
}

1;
