# examples/report.sql creates a page of calls: correct figures with the minimum
# number of requests, with names, safe with any names, light and dark, and a
# browser shows it.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use Chromium;
use JSON::PP;
use List::Util qw(max);
use POSIX qw(ceil strftime);
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;

$ENV{PGTZ} = 'UTC';

my $script = "$FindBin::RealBin/../examples/report.sql";
my $page_size = 200;
my $hostile = q(<script>alert(1)</script>"onerror='alert(1)' &lt;);
my $shown_hostile = '&lt;script&gt;alert(1)&lt;/script&gt;&quot;onerror=&#39;alert(1)&#39; &amp;lt;';

# Noon, far from midnight
my $now = time - time % 86400 + 43200;
my $simulator = Simulator->start(
	calls => 900,
	days => 60,
	no_empty_last_page => undef,
	clock => timestamp($now));
my $node = start_cluster();

sub run_report
{
	my ($psqlrc, @variables) = @_;

	$simulator->clear_log;
	return run_script($node, $script, $psqlrc, [], @variables);
}

# The cells of the rows of a section's table
sub rows_of
{
	my ($page, $section) = @_;
	my ($body) =
	  $page =~ m{<section aria-labelledby="$section">.*?<tbody>(.*?)</tbody>}s
	  or return [];

	return [
		map { [ m{<t[hd][^>]*>(.*?)</t[hd]>}gs ] }
		  $body =~ m{<tr>(.*?)</tr>}gs
	];
}

# The names of a section's table, without their marks
sub names_of
{
	return [
		map { [ $_->[0] =~ m{<bdi>(.*?)</bdi>}, @$_[ 1 .. $#$_ ] ] }
		  @{ rows_of(@_) }
	];
}

sub rows_from
{
	my ($sql) = @_;
	return [ map { [ split /\|/, $_, -1 ] } split /\n/,
		$node->safe_psql('postgres', $sql) ];
}

# ----------
# Data
# ----------

my ($since, $until) =
  map { strftime('%Y-%m-%d', gmtime($now - 86400 * $_)) } 40, 1;
my @range = ("since=$since", "until=$until");

# A caller with a hostile name is the last missed one.
{
	my $start = timestamp($now - 86400 * 2 + 43000);
	$simulator->inject(
		$start,
		encode_json({
				id => 'hostile',
				startTime => $start,
				type => 'Voice',
				direction => 'Inbound',
				result => 'Missed',
				duration => 9,
				extension => { id => 731900217008 },
				from => { name => $hostile, phoneNumber => '+14155557001' },
				to => { name => $hostile }
			}));
}
create_server($node, 'calls', $simulator->url,
	server => { page_size => $page_size });
copy_truth($node, $simulator, 'calls', 'archive');
copy_truth($node, $simulator, 'calls', 'people', resource => 'extensions');
$node->safe_psql(
	'postgres', qq{
	CREATE VIEW shown AS
	SELECT *, direction = 'Inbound' AS inbound,
		result IN ('Accepted', 'Call connected') AS answered,
		result IN ('Missed', 'Voicemail', 'Abandoned', 'Hang Up', 'Hang up', 'No Answer', 'Busy') AS missed
	FROM archive
	WHERE type = 'Voice' AND deleted IS NOT TRUE AND start_time >= '$since' AND start_time < '$until'});
my $calls = $node->safe_psql('postgres', 'SELECT count(*) FROM shown');

# ----------
# The page
# ----------

my ($page, $errors, $status) =
  run_report(undef, @range, "title=$hostile", 'source=calls.call_log');

is("$errors$status", '0', 'it ends well');
is(scalar($simulator->list_requests), ceil($calls / $page_size), 'a request a page');
is(scalar($simulator->requests('/directory/entries')), 1, 'one for the names');
is( scalar($simulator->requests('/account/')),
	ceil($calls / $page_size) + 1,
	'no other request');

my ($figures) = $page =~ m{<dl class="figures">(.*?)</dl>}s;
is_deeply(
	[ map { tr/,//dr } $figures =~ m{<dd>([\d,]+)}g ],
	rows_from(
		q{SELECT count(*), count(*) FILTER (WHERE inbound AND answered), count(*) FILTER (WHERE inbound AND missed),
			round(sum(duration) FILTER (WHERE answered) / 3600.0) FROM shown}
	)->[0],
	'figures');
is_deeply(
	rows_of($page, 'days'),
	rows_from(
		qq{SELECT to_char(day, 'FMDD Mon YYYY'), count(*) FILTER (WHERE answered), count(*) FILTER (WHERE missed)
			FROM generate_series('$since'::timestamptz, '$until'::timestamptz - interval '1 day', '1 day') AS day
			LEFT JOIN shown ON inbound AND start_time::date = day::date GROUP BY day ORDER BY day}
	),
	'days');
is_deeply(
	[ map { @$_[ 1 .. 24 ] } @{ rows_of($page, 'hours') } ],
	[
		map { $_->[0] } @{ rows_from(
			q{SELECT count(id) FROM generate_series(0, 167) AS n
				LEFT JOIN shown ON inbound AND extract(isodow FROM start_time) - 1 = n / 24
					AND extract(hour FROM start_time) = n % 24
				GROUP BY n ORDER BY n}
		) }
	],
	'hours of the week');
is_deeply(
	[ map { $_->[0] } @{ rows_of($page, 'hours') } ],
	[qw(Monday Tuesday Wednesday Thursday Friday Saturday Sunday)],
	'weekdays');

my $ids = q{(SELECT extension_id::text UNION SELECT leg #>> '{extension,id}' FROM jsonb_array_elements(legs) AS leg)};
my $first = q{coalesce(extension_id::text, (SELECT leg #>> '{extension,id}' FROM jsonb_array_elements(legs) WITH ORDINALITY AS l (leg, n)
	WHERE leg ? 'extension' ORDER BY n LIMIT 1))};
is_deeply(
	names_of($page, 'queues'),
	rows_from(
		qq{SELECT name, count(*) FILTER (WHERE answered), count(*) FILTER (WHERE missed),
			coalesce(round(100.0 * count(*) FILTER (WHERE answered) / nullif(count(*) FILTER (WHERE answered OR missed), 0)) || '%', '')
			FROM people JOIN shown ON inbound AND people.id::text IN $ids
			WHERE people.type = 'Department' GROUP BY 1 ORDER BY count(*) DESC, 1}
	),
	'call queues, by name');
is_deeply(
	[
		map { [ map { $_ =~ s/&#39;/'/gr =~ s/&quot;/"/gr =~ s/&amp;/&/gr } @$_ ] }
		  @{ names_of($page, 'people') }
	],
	rows_from(
		qq{SELECT coalesce(nullif(name, ''), 'Extension ' || p.extension_number),
			count(*) FILTER (WHERE inbound), count(*) FILTER (WHERE NOT inbound), round(sum(duration) / 60.0)
			FROM shown JOIN people p ON p.id::text = $first
			WHERE answered AND p.type <> 'Department' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 10}
	),
	'people, by name');
my $waiting = names_of($page, 'waiting');
is(scalar @$waiting, 10, 'ten who were not called back');
like($page, qr/\+14155557001/, 'the last one among them');

# the bars have the heights of their figures
{
	my ($chart) = $page =~ m{aria-labelledby="days-title days-text">(.*?)</svg>}s;
	my @bars = $chart =~ m{class="answered" x="[\d.]+" y="[\d.]+" width="[\d.]+" height="([\d.]+)"}g;
	my @answered = map { $_->[1] } @{ rows_of($page, 'days') };
	my $scale = max(@bars) / max(@answered);
	is(scalar(grep { abs($bars[$_] - $scale * $answered[$_]) > 0.5 } 0 .. $#bars),
		0, 'bars as high as their figures');
	is(scalar @bars, scalar @answered, 'a bar for each day');
}

like($page, qr/\A<!DOCTYPE html>\n.*<\/html>\n\z/s, 'nothing but the page');
unlike($page, qr/<script|="onerror|<[^>]*"onerror/i, 'names are escaped');
unlike($page, qr/\b(?:src|href|style)=/, 'nothing from elsewhere, no style but its own');
is(scalar(() = $page =~ /\Q$shown_hostile\E/g),
	3, 'what is hostile is shown as it is: title twice, caller');

my $psqlrc = PostgreSQL::Test::Utils::tempdir() . '/psqlrc';
append_to_file($psqlrc, "\\set QUIET on\n\\timing on\n\\x on\n"
	  . "\\pset format aligned\n\\pset footer on\n\\pset null none\n");
my ($again) = run_report($psqlrc, @range, "title=$hostile");
ok($again =~ s/<footer>.*//sr eq $page =~ s/<footer>.*//sr,
	'the same page with any settings in .psqlrc');

# ----------
# Copies, other ranges, an empty result
# ----------

my ($copied) = run_report(undef, @range, "title=$hostile", 'source=archive');
ok($copied =~ s/<footer>.*//sr eq $page =~ s/<footer>.*//sr, 'from the archive: the same');
is(scalar($simulator->requests('/account/')), 1, 'with one request, for the names');
($copied) = run_report(undef, @range, "title=$hostile", 'source=archive', 'extensions=people');
ok($copied =~ s/<footer>.*//sr eq $page =~ s/<footer>.*//sr, 'with a copy of the names: the same');
is(scalar($simulator->requests), 0, 'with none');

$node->safe_psql('postgres',
	q{UPDATE people SET name = $$} . $hostile . q{$$ WHERE type IN ('Department', 'User')});
my ($worst) = run_report(undef, @range, 'source=archive', 'extensions=people');
is(scalar(() = $worst =~ /\Q$shown_hostile\E/g),
	1 + @{ rows_of($worst, 'queues') } + @{ rows_of($worst, 'people') },
	'hostile names of queues and people');
unlike($worst, qr/<script|="onerror|<[^>]*"onerror/i, 'are escaped');

my ($nameless, $complaints, $end) =
  run_report(undef, @range, 'source=archive', 'extensions=none');
is("$complaints$end", '0', 'without names it ends well');
like($nameless, qr/No call names a queue/, 'and shows no queue');
like($nameless, qr/<bdi>Extension \d+<\/bdi>/, 'and people by id');

foreach my $case ([ 92, 'day' ], [ 93, 'week' ], [ 731, 'month' ])
{
	my ($days, $unit) = @$case;
	my ($long) = run_report(undef, 'source=archive', 'extensions=people', "until=$until",
		'since=' . strftime('%Y-%m-%d', gmtime($now - 86400 * ($days + 1))));
	like($long, qr/Inbound calls by $unit</, "$days days: by $unit");
	my $sum = 0;
	$sum += $_->[1] + $_->[2] foreach @{ rows_of($long, 'days') };
	is( $sum,
		$node->safe_psql('postgres', qq{
			SELECT count(*) FROM archive WHERE type = 'Voice' AND deleted IS NOT TRUE AND direction = 'Inbound'
			AND start_time >= '$until'::timestamptz - interval '$days days' AND start_time < '$until'
			AND result IN ('Accepted', 'Missed', 'Voicemail', 'Abandoned', 'Hang Up', 'Hang up')}),
		'all of them');
}

my ($empty, $warnings, $code) =
  run_report(undef, 'since=2020-01-01', 'until=2020-01-03', 'source=archive', 'extensions=people');
is("$warnings$code", '0', 'an empty result is no error');
like($empty, qr/There are no inbound calls to show/, 'the page states it');
is(scalar(() = $empty =~ /<rect|<table/g), 0, 'and shows none');

# ----------
# Errors: no partial page
# ----------

check_no_page($node, $script, 'a table that is not there', qr/ERROR: .*"unknown"/, 'source=unknown');
check_no_page($node, $script, 'no date', qr/ERROR: .*"x"/, 'since=x');

# ----------
# In a browser
# ----------

# The minimum contrast of texts with their background
my $least_contrast = <<'END';
(() => {
	const parse = color => color.match(/[\d.]+/g).map(Number);
	const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
		.map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = element => {
		for (let e = element; e; e = e.parentElement) {
			const color = parse(getComputedStyle(e).backgroundColor);
			if (color.length == 3 || color[3] > 0) return light(color);
		}
	};
	const texts = [...document.querySelectorAll('h1, h2, p, dt, dd, small, th, td, summary, footer, svg text')];
	return Math.min(...texts.filter(e => e.textContent).map(e => {
		const own = light(parse(getComputedStyle(e)[e instanceof SVGElement ? 'fill' : 'color']));
		const other = behind(e);
		return (Math.max(own, other) + 0.05) / (Math.min(own, other) + 0.05);
	}));
})()
END

sub test_browser
{
	my ($browser) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . '/report.html';
	my %background;

	append_to_file($file, $page);
	foreach my $scheme (qw(light dark))
	{
		$browser->command('Emulation.setEmulatedMedia',
			features => [ { name => 'prefers-color-scheme', value => $scheme } ]);
		$browser->open_page($file);
		cmp_ok($browser->evaluate($least_contrast),
			'>=', 4.5, "$scheme: all texts have enough contrast");
		$background{$scheme} =
		  $browser->evaluate('getComputedStyle(document.body).backgroundColor');
	}
	isnt($background{light}, $background{dark}, 'light and dark differ');
	is_deeply([ $browser->requested_urls ], ["file://$file"], 'no request for anything else');
	is_deeply([ $browser->events('Log.entryAdded') ], [], 'no complaints');
	is($browser->evaluate('document.scripts.length'), 0, 'no script');
	is($browser->evaluate('document.title'), $hostile, 'the title as it is');
	is_deeply(
		$browser->evaluate(q{[...document.querySelectorAll('svg[role=img]')].map(svg =>
			svg.getAttribute('aria-labelledby').split(' ').map(id =>
				document.getElementById(id).textContent.length > 10).join())}),
		[ 'true,true', 'true,true' ],
		'each chart has a title and a description');
	is($browser->evaluate(q{document.querySelectorAll('section:has(svg[role=img]) details table').length}),
		2, 'and a table with the same figures');
	is($browser->evaluate(q{[...document.querySelectorAll('#hours ~ .chart svg text')].filter(text => {
			const box = text.getBoundingClientRect(), svg = text.ownerSVGElement.getBoundingClientRect();
			return box.left < svg.left || box.right > svg.right || box.bottom > svg.bottom;
		}).length}),
		0, 'no label is cut off');
	$browser->command(
		'Emulation.setDeviceMetricsOverride',
		width => 360,
		height => 800,
		deviceScaleFactor => 1,
		mobile => JSON::PP::false);
	is($browser->evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
		0, 'a narrow page does not scroll sideways');
	return;
}

SKIP:
{
	my $browser = Chromium->start or skip 'chromium is not installed', 1;

	subtest 'in Chromium' => sub { test_browser($browser) };
}

$node->stop;
done_testing();
