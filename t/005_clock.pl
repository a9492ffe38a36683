# The window of a scan ends at the present by the API's clock, so no call is
# lost when the local clock is behind it or ahead of it.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;

my %mappings = (
	'JWT' => \%Simulator::login,
	'access_token' => { access_token => $Simulator::access_token });

# How far the API's clock is ahead of the local one, in seconds
my %skews = (
	'two seconds ahead' => 2,
	'two hours ahead' => 2 * 3600,
	'a year ahead' => 365 * 86400,
	'two hours behind' => -2 * 3600,
	'a year behind' => -365 * 86400);

my $node = start_cluster();
my $servers = 0;

# The ids in the table and in the truth, in one transaction: both see the same
# now(), which must not pass the start of a call in between
sub ids_of
{
	my ($session, $schema, $condition) = @_;
	my ($ids, $error) = run_in(
		$session, join "\n",
		'BEGIN;',
		map({ qq{
		SELECT string_agg(id, ' ' ORDER BY id COLLATE "C")
		FROM $schema.$_ WHERE $condition;} } 'truth', 'call_log'),
		'COMMIT');

	return $error ne '' ? ('', $error) : split /\n/, $ids, 2;
}

sub test_condition
{
	my ($session, $schema, $condition, $name) = @_;
	my ($expected, $ids) = ids_of($session, $schema, $condition);

	is($ids, $expected, "$condition: $name");
	return;
}

# A call that begins in the current second of the API's clock
sub inject_newest
{
	my ($simulator, $start) = @_;

	$simulator->inject($start,
		qq({"id":"newest","startTime":"$start","type":"Voice"}));
	return;
}

sub test_skew
{
	my ($skew, $login) = @_;
	my $schema = 'calls' . $servers++;
	my $now = time + $skews{$skew};
	my $simulator =
	  Simulator->start(calls => 300, days => 20, clock => timestamp($now));
	my $newest = timestamp($now, '.000');
	my $session = open_session($node);

	inject_newest($simulator, $newest);
	create_server($node, $schema, $simulator->url, mapping => $mappings{$login});
	copy_truth($node, $simulator, $schema, "$schema.truth");

	# The conditions are tried before and after the session has learned the
	# clock from a response: each in a separate session, then all in one.
	foreach my $condition (
		'true',
		"start_time >= '$newest'",
		"start_time > timestamptz '$newest' - interval '5 minutes'",
		"start_time = '$newest'",
		"start_time <= 'infinity'",
		"start_time <= now() + interval '5 years'",
		"start_time >= now() - interval '30 days'",
		"start_time >= now() - interval '1 hour'",
		"start_time BETWEEN now() - interval '2 years' AND now()")
	{
		my $own = open_session($node);

		test_condition($own, $schema, $condition, 'the first query of a session');
		test_condition($session, $schema, $condition, 'one of several in a session');
		$own->quit;
	}
	is(scalar(grep { $_->{query} !~ /dateFrom=.*dateTo=/ }
			  $simulator->list_requests),
		0, 'each request has dateFrom and dateTo');
	$session->quit;
	return;
}

# A copy is updated by a session that has not learned the clock
sub test_copy
{
	my ($skew) = @_;
	my $schema = 'calls' . $servers++;
	my $now = time + $skews{$skew};
	my $simulator =
	  Simulator->start(calls => 300, days => 20, clock => timestamp($now));

	create_server($node, $schema, $simulator->url);
	$node->safe_psql('postgres',
		"ALTER SERVER $schema OPTIONS (ADD history '30 days')");
	foreach my $newest ('1', '2')
	{
		$simulator->appear(timestamp($now, '.000'), "newest $newest");
		$node->restart;
		$node->safe_psql('postgres',
			"CALL call_log_fdw_sync('$schema.call_log', '$schema.copy', '$schema.call_log_changes')");
		is($node->safe_psql('postgres', qq{
			SELECT count(*) FROM $schema.copy WHERE result LIKE 'newest%'}),
			$newest, "the copy has the newest call, $newest");
	}
	copy_truth($node, $simulator, $schema, "$schema.truth");
	is($node->safe_psql('postgres', qq{
		SELECT count(*) FROM $schema.truth FULL JOIN $schema.copy USING (id)
		WHERE truth IS NULL OR copy IS NULL}),
		0, 'and all others');
	return;
}

foreach my $skew (sort keys %skews)
{
	subtest "API $skew, a copy" => sub { test_copy($skew) };
}

foreach my $skew (sort keys %skews)
{
	foreach my $login (sort keys %mappings)
	{
		subtest "API $skew, $login" => sub { test_skew($skew, $login) };
	}
}

$node->stop;
done_testing();
