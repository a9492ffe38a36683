# examples/recording_player.sql creates a page with a player for each recording:
# the right audio with the minimum number of requests, safe with any names, and
# a browser plays it.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use Chromium;
use Digest::MD5 qw(md5_hex);
use JSON::PP;
use MIME::Base64 qw(decode_base64);
use POSIX qw(ceil);
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;

$ENV{PGTZ} = 'UTC';

my $script = "$FindBin::RealBin/../examples/recording_player.sql";
my $page_size = 20;
my @names = ('<script>alert(1)</script>', q("onerror='alert(1)' x="), '&lt;');

# The clock is frozen, so that no recording expires during the test.
my $now = time;
my $simulator = Simulator->start(
	calls => 300,
	days => 10,
	recordings_kept => 5,
	no_empty_last_page => undef,
	clock => timestamp($now));
my $media_url = $simulator->media_url;
my $node = start_cluster();

# A call with a recording, whose texts are all hostile
sub inject_hostile
{
	my ($number, $name, $type) = @_;
	my $start = timestamp($now - 60 * $number);

	$simulator->inject(
		$start,
		encode_json({
				id => "hostile$number",
				startTime => $start,
				type => 'Voice',
				direction => $name,
				duration => 60,
				from => { name => $name, phoneNumber => $name },
				to => { name => $name, extensionNumber => $name },
				recording => {
					id => "99900$number",
					type => $type,
					contentUri =>
					  "$media_url/restapi/v1.0/account/~/recording/99900$number/content"
				}
		}));
	return;
}

sub run_player
{
	my ($psqlrc, @variables) = @_;

	$simulator->clear_log;
	return run_script($node, $script, $psqlrc, [], @variables);
}

# Time and md5 of the recordings that satisfy the condition, newest first
sub expected
{
	my ($condition) = @_;
	my $rows = $node->safe_psql(
		'postgres', qq{
		SELECT to_char(call_start_time, 'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM'),
			md5(content)
		FROM (
			SELECT r.id, call_id, call_start_time, content, direction, c.duration
			FROM recordings r JOIN calls_truth c ON c.id = call_id) recorded
		WHERE $condition
		ORDER BY call_start_time DESC, call_id, id});

	return map { [ split /\|/, $_, -1 ] } split /\n/, $rows;
}

# The same, from the page
sub shown
{
	my ($page) = @_;
	my @shown;

	foreach my $article ($page =~ m{<article.*?</article>}gs)
	{
		my ($time) = $article =~ /<time datetime="([^"]*)"/;
		my ($audio) = $article =~ m{<audio [^>]*src="data:audio/[^;]*;base64,([^"]*)"};

		push @shown,
		  [ $time, defined $audio ? md5_hex(decode_base64($audio)) : '' ];
	}
	return @shown;
}

# The list page by page, and the audio of each recording once
sub check_requests
{
	my ($calls, $recordings) = @_;
	my %contents;

	$contents{ $_->{path} }++ foreach $simulator->requests('/content');
	is(scalar($simulator->list_requests),
		ceil($calls / $page_size), 'as many list requests as pages');
	is(scalar(keys %contents), $recordings, 'the audio of each recording');
	is(scalar(grep { $_ > 1 } values %contents), 0, 'none of it twice');
	is( scalar($simulator->requests)
		  - $simulator->list_requests
		  - $simulator->logins
		  - keys %contents,
		0,
		'nothing else');
	return;
}

inject_hostile(1, $names[0], 'Automatic');
inject_hostile(2, $names[1], 'OnDemand');
inject_hostile(3, $names[2], $names[0]);
create_server($node, 'calls', $simulator->url,
	server => { media_url => $media_url, page_size => $page_size });
copy_truth($node, $simulator, 'calls', 'calls_truth');
my $truth_file = PostgreSQL::Test::Utils::tempdir() . '/recordings.csv';
$simulator->write_truth($truth_file, resource => 'recordings');
$node->safe_psql(
	'postgres', qq{
	CREATE TABLE recordings (LIKE calls.recordings);
	COPY recordings FROM '$truth_file' (FORMAT csv, HEADER, ENCODING 'UTF8')});
my $calls = $node->safe_psql('postgres',
	'SELECT count(DISTINCT call_id) FROM recordings');

# ----------
# The page
# ----------

my ($page, $errors, $status) = run_player(undef, 'days=30', "title=$names[0]");
my @expected = expected('true');
my $gone = grep { $_->[1] eq '' } @expected;

is($status, 0, 'it ends well');
unlike($errors, qr/ERROR/, 'no error');
cmp_ok($gone, '>', 3, 'some recordings have expired');
cmp_ok(@expected - $gone, '>', 10, 'others are not');
is_deeply([ shown($page) ], \@expected,
	'each recording, newest first, with its audio');
is(scalar(() = $page =~ /<audio /g),
	@expected - $gone, 'as many players as there is audio');
is(scalar(() = $page =~ /class="gone"/g), $gone, 'a note for expired ones');
like($page, qr/\b@{[ scalar @expected ]} recordings .* $gone of them without/,
	'their number');
check_requests($calls, scalar @expected);

like($page, qr/\A<!DOCTYPE html>\n.*<\/html>\n\z/s, 'nothing but the page');
unlike($page, qr/<script|alert\(1\)<|="onerror|<[^>]*"onerror/i,
	'names are escaped');
unlike($page, qr/\b(?:src|href)="(?!data:audio\/)/, 'no external resources');
is(scalar(() = $page =~ /&lt;script&gt;alert\(1\)&lt;\/script&gt;/g),
	9, 'hostile text is shown literally');
like($page, qr/&amp;lt;/, 'also text that looks like an escape');

my $psqlrc = PostgreSQL::Test::Utils::tempdir() . '/psqlrc';
append_to_file($psqlrc, "\\set QUIET on\n\\timing on\n\\x on\n"
	  . "\\pset format aligned\n\\pset footer on\n\\pset null none\n");
my ($again) = run_player($psqlrc, 'days=30', "title=$names[0]");
ok($again =~ s/<footer>.*//sr eq $page =~ s/<footer>.*//sr,
	'the same page with any settings in .psqlrc');

# ----------
# Other conditions, and an empty result
# ----------

my $condition = "direction = 'Inbound' AND duration > 60";
my ($some) = run_player(undef, 'days=30', "where=$condition OR false -- all");
@expected = expected($condition);
cmp_ok(scalar @expected, '>', 3, 'a condition is satisfied by some');
is_deeply([ shown($some) ], \@expected, 'a condition: these recordings');
check_requests($calls, scalar @expected);

my ($empty, $warnings, $end) = run_player(undef, "where=from_name = 'unknown'");
is("$warnings$end", '0', 'an empty result is no error');
like($empty, qr/No recordings since.*There are no recordings to show/s,
	'the page says so');
is(scalar(() = $empty =~ /<audio|<article/g), 0, 'and shows none');
is(scalar($simulator->requests('/content')), 0, 'no audio is fetched');

# ----------
# Errors: no partial page
# ----------

$simulator->fault('status', match => '/content', skip => 5, status => 403);
check_no_page($node, $script, 'audio that is refused', qr/ERROR: .*403/, 'days=30');
$simulator->clear_faults;
check_no_page($node, $script, 'a wrong condition', qr/ERROR: .*"shade"/, 'where=shade = 1');
check_no_page($node, $script, 'a wrong number of days', qr/ERROR: .*integer: "x"/, 'days=x');
check_no_page($node, $script, 'a schema that is not there', qr/ERROR: .*"Unknown"/, 'schema=Unknown');
check_no_page($node, $script, 'recordings that are not foreign', qr/no rows/, 'schema=public');

# ----------
# In a browser
# ----------

# State of each player after it has decoded some audio
my $load_all = <<'END';
Promise.all([...document.querySelectorAll('audio')].map(audio =>
	new Promise(done => {
		const tell = () => done({
			error: audio.error && audio.error.message,
			duration: audio.duration,
			type: audio.src.slice(5, audio.src.indexOf(';'))});
		audio.addEventListener('loadeddata', tell);
		audio.addEventListener('error', tell);
		audio.preload = 'auto';
		if (audio.error || audio.readyState >= audio.HAVE_CURRENT_DATA) tell();
	})))
END

# The directive of the page's policy that blocks such an element
sub forbidden_by
{
	my ($browser, $element, $property, $value) = @_;

	return $browser->evaluate(<<"END");
new Promise(done => {
	const element = document.createElement('$element');
	document.addEventListener('securitypolicyviolation',
		event => done(event.effectiveDirective), {once: true});
	element.$property = '$value';
	document.body.append(element);
	setTimeout(() => done('nothing'), 5000);
})
END
}

sub test_browser
{
	my ($browser) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . '/player.html';

	append_to_file($file, $page);
	$browser->open_page($file);
	my $players = $browser->evaluate($load_all);
	my %types = map { $_->{type} => 1 } @$players;

	is(scalar @$players, scalar(() = $page =~ /<audio /g), 'all players');
	is_deeply([ grep { $_->{error} } @$players ], [], 'no media error');
	is_deeply([ grep { !($_->{duration} // 0 > 0) } @$players ],
		[], 'all have a duration');
	is_deeply([ sort keys %types ], [ 'audio/mpeg', 'audio/wav' ], 'of both kinds');
	is_deeply([ $browser->requested_urls ], ["file://$file"], 'no request for anything else');
	is_deeply([ $browser->events('Log.entryAdded') ], [], 'no complaints');

	is($browser->evaluate('document.scripts.length'), 0, 'no script');
	is($browser->evaluate(q{[...document.querySelectorAll('*')].filter(element =>
			[...element.attributes].some(each => each.name.startsWith('on'))).length}),
		0, 'no event handler');
	my $texts = $browser->evaluate(
		q{[...document.querySelectorAll('article:nth-of-type(-n+3) .name')].map(
			name => name.textContent)});
	is_deeply($texts, [ map { ($_, $_) } @names ], 'names as they are');
	is($browser->evaluate('getComputedStyle(document.body).maxWidth !== "none"'),
		1, 'its own style is allowed');

	is(forbidden_by($browser, 'script', 'textContent', 'alert(1)'),
		'script-src-elem', 'scripts are forbidden');
	is(forbidden_by($browser, 'style', 'textContent', '* {color: red}'),
		'style-src-elem', 'so are other styles');
	is(forbidden_by($browser, 'img', 'src', 'http://127.0.0.1:9/'),
		'img-src', 'so are images');
	is(forbidden_by($browser, 'audio', 'src', 'http://127.0.0.1:9/'),
		'media-src', 'so is audio from elsewhere');
	return;
}

SKIP:
{
	my $browser = Chromium->start or skip 'chromium is not installed', 1;

	subtest 'in Chromium' => sub { test_browser($browser) };
}

$node->stop;
done_testing();
