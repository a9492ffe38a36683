# Several accounts: as a view or a partitioned table over several servers, and
# as a partitioned table over several PostgreSQL nodes with postgres_fdw.
# Conditions are pushed down to the API through all of them.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use List::Util qw(min);
use Simulator;
use Test::More;

my $page_size = 100;
my $now = time;
my @accounts = ('north', 'south');

# The clocks are not frozen, as queries use now(). A week has one full page and
# some calls more, so that one call at its border changes no count of pages.
my (%simulator, %node);
foreach my $account (@accounts)
{
	$simulator{$account} = Simulator->start(
		calls => 600,
		no_empty_last_page => undef,
		days => 30,
		seed => 1 + keys %simulator);
	$node{$account} = start_named_cluster($account, "timezone = 'UTC'");
	create_server(
		$node{$account}, 'calls',
		$simulator{$account}->url,
		server => { page_size => $page_size });
	$node{$account}->safe_psql(
		'postgres', qq{
		CREATE VIEW account_calls AS SELECT '$account'::text AS account, * FROM calls.call_log}
	);
}

sub days_ago
{
	my ($days) = @_;
	return timestamp($now - $days * 86_400, '.000');
}

# "account|id" of the calls since then, by default all, newest first
sub expected
{
	my ($accounts, $since) = @_;
	my @calls;

	foreach my $account (@$accounts)
	{
		push @calls,
		  map { [ "$account|$_->[0]", $_->[1] ] }
		  $simulator{$account}->truth_index;
	}
	return map { $_->[0] }
	  sort { $b->[1] cmp $a->[1] || $a->[0] cmp $b->[0] }
	  grep { $_->[1] ge($since // '') } @calls;
}

sub clear_logs
{
	$_->clear_log foreach values %simulator;
	return;
}

# How many requests for calls, by account
sub request_counts
{
	return map { scalar $simulator{$_}->requests('/call-log') } @accounts;
}

# Run a query with the minimum of requests: the rows, and the number of requests
sub check_query
{
	my ($node, $sql, $rows, $requests, $what) = @_;

	clear_logs();
	is($node->safe_psql('postgres', $sql), join("\n", @$rows), "$what: rows");
	is_deeply([ request_counts() ], $requests, "$what: requests");
	return;
}

my $week = days_ago(7);
my %pages = map { $_ => pages_of($_) } @accounts;

sub pages_of
{
	my ($account) = @_;
	my $calls = expected([$account], $week);
	return int(($calls + $page_size - 1) / $page_size);
}

# ----------
# One node, a server for each account
# ----------

my $one = $node{north};
create_server(
	$one, 'south',
	$simulator{south}->url,
	server => { page_size => $page_size });
$one->safe_psql(
	'postgres', q{
	CREATE VIEW all_calls AS
	SELECT 'north' AS account, * FROM calls.call_log
	UNION ALL
	SELECT 'south', * FROM south.call_log});
check_all($one, 'all_calls', 'one node');

# The same as partitions: a column with a constant value names the account
$one->safe_psql(
	'postgres', q{
	CREATE TABLE calls_by_account (account text, id text, start_time timestamptz, direction text)
	PARTITION BY LIST (account)});
foreach my $account (@accounts)
{
	my $server = $account eq 'north' ? 'calls' : $account;

	$one->safe_psql(
		'postgres', qq{
		CREATE FOREIGN TABLE calls_of_$account (
			account text OPTIONS (value '$account'), id text, start_time timestamptz, direction text)
		SERVER $server OPTIONS (resource 'call_log');
		ALTER TABLE calls_by_account ATTACH PARTITION calls_of_$account FOR VALUES IN ('$account')}
	);
}
check_all($one, 'calls_by_account', 'partitions');
$one->safe_psql('postgres',
	"ALTER SERVER $_ OPTIONS (ADD async_capable 'true')")
  foreach 'calls', 'south';
check_all($one, 'all_calls', 'one node, async_capable');
check_at_once($one, 'all_calls');

# ----------
# A node for each account, and one that has none
# ----------

my $hub = new_cluster('hub');
$hub->append_conf('postgresql.conf', "timezone = 'UTC'\n");
$hub->start;
$hub->safe_psql(
	'postgres', q{
	CREATE EXTENSION postgres_fdw;
	CREATE TABLE call (account text, id text, start_time timestamptz, direction text, result text)
	PARTITION BY LIST (account)});
foreach my $account (@accounts)
{
	my $host = $node{$account}->host;
	my $port = $node{$account}->port;

	$hub->safe_psql(
		'postgres', qq{
		CREATE SERVER $account FOREIGN DATA WRAPPER postgres_fdw
		OPTIONS (host '$host', port '$port', dbname 'postgres', fetch_size '50', async_capable 'true');
		CREATE USER MAPPING FOR CURRENT_USER SERVER $account;
		CREATE FOREIGN TABLE $account PARTITION OF call FOR VALUES IN ('$account')
		SERVER $account OPTIONS (table_name 'account_calls')});
}
check_all($hub, 'call', 'several nodes');
check_at_once($hub, 'call');

sub check_all
{
	my ($node, $table, $what) = @_;
	my @all = @pages{@accounts};

	check_query(
		$node,
		"SELECT account, id FROM $table WHERE start_time >= '$week' ORDER BY start_time DESC, account, id",
		[ expected(\@accounts, $week) ],
		\@all,
		"$what, a range of time");
	foreach my $account (@accounts)
	{
		like(
			($simulator{$account}->list_requests)[0]{query},
			qr/dateFrom=@{[ substr days_ago(7), 0, 10 ]}/,
			"$what, requests of $account have the range");
	}
	check_query(
		$node,
		"SELECT account, id FROM $table WHERE account = 'south' AND start_time >= '$week' ORDER BY start_time DESC, id",
		[ expected(['south'], $week) ],
		[ 0, $pages{south} ],
		"$what, one account");
	check_query(
		$node,
		"SELECT count(*) FROM $table WHERE start_time >= (SELECT now() - interval '1 day') AND direction = 'Inbound' AND direction = ANY ('{Outbound}')",
		[0],
		[ 0, 0 ],
		"$what, two directions");

	my ($id) = map { /\|(.*)/ } expected(['south']);
	check_query(
		$node, "SELECT account FROM $table WHERE id = '$id'",
		['south'], [ 1, 1 ],
		"$what, an id");
	check_newest($node, $table, $what);
	return;
}

# One page each, or two if the next one was prefetched
sub check_newest
{
	my ($node, $table, $what) = @_;
	my @newest = (expected(\@accounts))[ 0 .. 9 ];

	clear_logs();
	is( $node->safe_psql(
			'postgres',
			"SELECT account, id FROM $table ORDER BY start_time DESC, account, id LIMIT 10"
		),
		join("\n", @newest),
		"$what, the newest: rows");
	foreach my $account (@accounts)
	{
		my @requests = $simulator{$account}->list_requests;

		cmp_ok(scalar @requests,
			'>=', 1, "$what, the newest: $account is asked");
		cmp_ok(scalar @requests, '<=', 2, 'for as many as needed');
	}
	return;
}

# Both requests are sent before the first response.
sub check_at_once
{
	my ($node, $table) = @_;
	my $session = open_session($node);
	my $pid = backend_pid($session);

	clear_logs();
	$_->fault('hang', match => '/call-log', times => 'always')
	  foreach values %simulator;
	start_in($session,
		"SELECT count(*) FROM $table WHERE start_time >= '$week'");
	wait_until('both accounts are asked', sub { min(request_counts()) >= 1 });
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
	my (undef, $canceled) = finish_in($session);
	like(
		$canceled,
		qr/canceling statement/,
		"$table: concurrently, and the query can be canceled");
	$_->clear_faults foreach values %simulator;
	$session->quit;
	return;
}

# ----------
# What postgres_fdw sends
# ----------

# It does not send now(), so that all calls are requested, but sends the value
# of a sub-select.
sub first_date
{
	my ($condition) = @_;

	clear_logs();
	$hub->safe_psql('postgres',
		"SELECT FROM call WHERE account = 'north' AND $condition");
	my ($request) = $simulator{north}->list_requests;
	my ($date) = $request->{query} =~ /dateFrom=([^&]+)/;
	return $date;
}

my $date = first_date("start_time >= now() - interval '3 days'");
cmp_ok($date, 'lt', days_ago(365), 'now(): postgres_fdw does not send it');
$date = first_date("start_time >= (SELECT now() - interval '3 days')");
cmp_ok($date, 'ge', days_ago(4), 'now() in a sub-select: it is sent');

check_query(
	$hub,
	"SELECT account, count(*) FROM call WHERE start_time >= '$week' GROUP BY account ORDER BY account",
	[ map { "$_|" . expected([$_], $week) } @accounts ],
	[ @pages{@accounts} ],
	'counts by account');

# Errors are passed on, and this node does not know the credentials.
$simulator{north}->fault(
	'status',
	match => '/call-log',
	status => 403,
	code => 'CMN-401',
	message => 'denied');
my (undef, undef, $error) = $hub->psql('postgres',
	"SELECT count(*) FROM north WHERE start_time >= '$week'");
like($error, qr/ERROR:.*403.*denied/s, "the API's error");
is( $hub->safe_psql(
		'postgres',
		q{SELECT count(*) FROM pg_user_mapping WHERE umoptions::text ~ 'simulator'}
	),
	0,
	'no credentials');

# ----------
# Two users of one account copy its history, each within a limit of its own
# ----------

my %user = map {
	$_ => Simulator->start(
		clock => '2026-03-31T12:00:00Z',
		calls => 3000,
		days => 200,
		seed => 3,
		rate_limit => 10,
		rate_window => 1)
} 'first', 'second';
create_server($one, $_, $user{$_}->url, server => { page_size => 100 })
  foreach keys %user;
my $keeper = open_session($one);
start_in($keeper,
	q{CALL call_log_fdw_sync('first.call_log', 'archive', since => '2025-12-22')}
);
$one->safe_psql(
	'postgres', q{
	CREATE TABLE older AS SELECT * FROM second.call_log
	WHERE start_time >= '2025-09-01' AND start_time < '2025-12-22'});
finish_in($keeper);
$keeper->quit;
my @truth = $user{first}->truth_index;
is( $one->safe_psql(
		'postgres',
		'SELECT count(*) FROM (TABLE archive UNION ALL TABLE older) AS all_calls'),
	scalar(@truth),
	'two users copy the whole history');
foreach my $name (keys %user)
{
	my @requests = $user{$name}->requests('/call-log');

	cmp_ok(scalar(@requests), '<', @truth / 100, "$name: for a part of the requests");
	is(scalar(grep { $_->{status} == 429 } @requests), 0, 'within its limit');
}

done_testing();
