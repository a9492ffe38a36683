# Callers choose their name: no name makes a query fail, with any encoding of
# the database. Invalid text is replaced by U+FFFD if the encoding has it, else
# by a question mark, in text, in arrays and in JSON.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;

my $unknown = "\x{FFFD}";

# Names as they are in JSON, bytes and escapes, and what they mean
my @names = (
	[ 'Plain', 'Plain' ],
	[ '', '' ],
	[ 'caf\u00e9', "caf\x{E9}" ],
	[ "caf\xC3\xA9", "caf\x{E9}" ],
	[ '\u20ac 5', "\x{20AC} 5" ],
	[ "\xE6\x9D\xB1\xE4\xBA\xAC", "\x{6771}\x{4EAC}" ],
	[ '\u041f\u0440\u0438\u0432\u0435\u0442', "\x{41F}\x{440}\x{438}\x{432}\x{435}\x{442}" ],
	[ '\u05e9\u05dc\u05d5\u05dd', "\x{5E9}\x{5DC}\x{5D5}\x{5DD}" ],
	[ '\ud83d\ude00!', "\x{1F600}!" ],
	[ "\xF0\x9F\x98\x80", "\x{1F600}" ],
	[ 'a\u0000b', "a${unknown}b" ],
	[ '\ud83d', $unknown ],
	[ '\ude00\ud83dx', "$unknown${unknown}x" ],
	[ '\uFFFD', $unknown ],
	[ "a\xFFb", "a${unknown}b" ],
	[ "cut \xC3", "cut $unknown" ],
	[ "cut \xE6\x9D", "cut $unknown$unknown" ],
	[ "\xED\xA0\xBD", $unknown x 3 ],
	[ "tab\tbell\x07", "tab\tbell\x07" ],
	[ '\"\\\\\/\n\u0022\u005c', "\"\\/\n\"\\" ],
	[ "\xC3\xA9" x 5000, "\x{E9}" x 5000 ],
	[ ("\xE6\x9D\xB1" x 3000) . '\u0000', ("\x{6771}" x 3000) . $unknown ],
	[ ('x' x 8191) . "\xC3\xA9", ('x' x 8191) . "\x{E9}" ],
);

my $simulator = Simulator->start(calls => 0);
my $node = start_cluster('');

foreach my $i (0 .. $#names)
{
	my $start = sprintf '2026-03-30T12:00:%02dZ', $i;
	my $name = $names[$i][0];

	$simulator->inject($start,
		qq({"id":"$i","startTime":"$start","from":{"name":"$name","$name":1},"metadataCategories":["x","$name"]}));
}

# Result for a character in each encoding: itself, or its replacement
$node->safe_psql('postgres', q{
	CREATE FUNCTION shown(c text, encoding text) RETURNS bytea LANGUAGE plpgsql AS $$
	BEGIN
		IF encoding IN ('UTF8', 'SQL_ASCII') OR ascii(c) < 128 THEN
			RETURN convert_to(c, 'UTF8');
		END IF;
		RETURN convert(convert_to(c, 'UTF8'), 'UTF8', encoding);
	EXCEPTION WHEN others THEN
		RETURN '?';
	END $$;
});

# The bytes of all names, in hexadecimal
sub expected_bytes
{
	my ($encoding) = @_;
	my %codes = map { ord($_) => 1 } map { split //, $_->[1] } @names;
	my @codes = sort { $a <=> $b } keys %codes;
	my $list = join ',', @codes;
	my %shown;
	my @all;

	@shown{@codes} = split /\n/, $node->safe_psql('postgres', qq{
		SELECT encode(shown(chr(c), '$encoding'), 'hex') FROM unnest(ARRAY[$list]) WITH ORDINALITY u (c, n) ORDER BY n});
	push @all, join '', map { $shown{ ord($_) } } split //, $_->[1] foreach @names;
	return @all;
}

my @encodings = split /\n/, $node->safe_psql('postgres', q{
	SELECT pg_encoding_to_char(n) FROM generate_series(0, 34) n
	WHERE pg_encoding_to_char(n) <> ''});

foreach my $encoding (@encodings)
{
	my $database = lc "db_$encoding";
	my $status = $node->psql('postgres',
		"CREATE DATABASE $database ENCODING '$encoding' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
	next if $status != 0;    # an encoding of clients only
	my $url = $simulator->url;

	$node->safe_psql($database, qq{
		CREATE EXTENSION call_log_fdw;
		CREATE SERVER s FOREIGN DATA WRAPPER call_log_fdw OPTIONS (base_url '$url');
		CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (access_token '$Simulator::access_token');
		CREATE FOREIGN TABLE calls (id text, start_time timestamptz, from_name text, attrs jsonb,
			short varchar OPTIONS (json_path 'from.name'), party json OPTIONS (json_path 'from'),
			metadata_categories text[]) SERVER s OPTIONS (resource 'call_log');
	});
	my ($status_of_query, $output, $error) = $node->psql($database, qq{
		SET client_encoding = '$encoding';
		SELECT encode(textsend(from_name), 'hex') || ',' || encode(textsend(short), 'hex') || ',' ||
			encode(textsend(attrs->'from'->>'name'), 'hex') || ',' || encode(textsend(party->>'name'), 'hex') || ',' ||
			encode(textsend(metadata_categories[2]), 'hex') || ',' ||
			encode(textsend(attrs#>>'{metadataCategories,1}'), 'hex')
		FROM calls ORDER BY start_time;
		SELECT count(DISTINCT k) > 5 FROM calls, jsonb_object_keys(attrs->'from') k;
	});
	my @lines = split /\n/, $output;
	is(pop @lines, 't', "$encoding: names of fields are read as well");
	my @expected = map { join ',', ($_) x 6 } expected_bytes($encoding);
	is_deeply(\@lines, \@expected, "$encoding: every name is shown") or diag($error);
	$node->safe_psql('postgres', "DROP DATABASE $database");
}

$node->stop;
done_testing();
