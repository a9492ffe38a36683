# Secrets in files instead of catalogs and dumps: when they are read, invalid
# files, and wiping them from memory.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use MIME::Base64 qw(encode_base64);
use POSIX qw(mkfifo);
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;

my $simulator = Simulator->start(calls => 20, seed => 5, days => 50);
my $node = start_cluster(
	q{shared_preload_libraries = 'call_log_fdw'},
	'log_min_messages = debug5',
	'log_statement = none');

my $directory = PostgreSQL::Test::Utils::tempdir();
my %file = (client_secret_file => "$directory/client_secret", jwt_file => "$directory/jwt");

sub write_file
{
	my ($file, $content) = @_;

	unlink $file;
	append_to_file($file, $content);
	return;
}

# The secrets that the simulator accepts, in the files
sub write_files
{
	write_file($file{client_secret_file}, "$Simulator::login{client_secret}\n");
	write_file($file{jwt_file}, "$Simulator::login{jwt}\r\n\n");
	return;
}

write_files();
create_server($node, 'calls', $simulator->url,
	server => { max_retries => 0, media_url => $simulator->media_url },
	mapping => { client_id => $Simulator::login{client_id}, %file });
my $calls = () = $simulator->truth_index;
my $query = 'SELECT count(*) FROM calls.call_log';
my $session = open_session($node);

sub log_in
{
	ask($session, 'SELECT call_log_fdw_disconnect()');
	return ask($session, $query);
}

my ($rows, $error) = log_in();
is($rows, $calls, 'a login with secrets from files');
is(scalar($simulator->logins), 1, 'one for two files');

# ----------
# Valid and invalid files
# ----------

sub check_file
{
	my ($name, $problem) = @_;

	(undef, $error) = log_in();
	like($error, qr/^ERROR:  \w{5}: could not read the file of option "jwt_file": $problem$/m, $name);
	unlike($error, qr/\Q$directory/, "$name: the user does not see its name");
	like($error, qr/^HINT:  .*operating system user of the database server can read/m, "$name: hint");
	return;
}

$simulator->clear_log;
unlink $file{jwt_file};
check_file('missing', 'No such file or directory');
write_file($file{jwt_file}, '');
check_file('empty', 'it is empty');
write_file($file{jwt_file}, "\n\n");
check_file('nothing but line breaks', 'it is empty');
write_file($file{jwt_file}, 'x' x 8193);
check_file('too large', 'it is larger than 8192 bytes');
write_file($file{jwt_file}, "not.the.jwt\nnot.the.jwt\n");
check_file('two lines', 'it contains spaces, line breaks or other control characters');
write_file($file{jwt_file}, "not.the.jwt\0x");
check_file('a zero byte', 'it contains spaces, line breaks or other control characters');
chmod 0, $file{jwt_file};
check_file('unreadable', 'Permission denied');
unlink $file{jwt_file};
mkdir $file{jwt_file};
check_file('a directory', 'it is not a regular file');
rmdir $file{jwt_file};
mkfifo($file{jwt_file}, 0600);
check_file('a pipe', 'it is not a regular file');
is(scalar($simulator->logins), 0, 'nothing was sent');

write_file($file{jwt_file}, 'x' x 8192);
(undef, $error) = log_in();
like($error, qr/RingCentral answered 400/, 'the largest is sent');

# ----------
# Time of reading
# ----------

write_file($file{jwt_file}, 'not.the.jwt');
(undef, $error) = log_in();
like($error, qr/invalid_grant/, 'another content is another jwt');

write_files();
my $other = open_session($node);
$simulator->clear_log;
($rows) = log_in();
is($rows, $calls, 'the right content again');
($rows) = ask($other, $query);
is($rows, $calls, 'another session with the same content');
is(scalar($simulator->logins), 1, 'shares the login');

unlink $file{jwt_file};
($rows) = ask($session, $query);
is($rows, $calls, 'a deleted file is noticed by the next login only');

write_file($file{jwt_file}, 'not.the.jwt');
my $third = open_session($node);
(undef, $error) = ask($third, $query);
like($error, qr/invalid_grant/,
	'a session that reads other content does not get the token of the old one');
write_files();
$_->quit foreach $other, $third;

# ----------
# Catalogs and dumps
# ----------

my $catalog = $node->safe_psql('postgres', 'TABLE pg_user_mapping; TABLE pg_user_mappings');
like($catalog, qr/\Q$file{jwt_file}/, 'the catalog names the file');
check_secrets('the catalog', $catalog);
my $dump = "$directory/dump.sql";
$node->command_ok([ 'pg_dumpall', '--file', $dump, '--dbname', $node->connstr('postgres') ],
	'pg_dumpall');
like(slurp_file($dump), qr/\Q$file{jwt_file}/, 'names the file as well');
check_secrets('the dump', slurp_file($dump));

# ----------
# Memory of the backend after a login, and after one that failed
# ----------

# Which of these texts are in the process's memory; undef: it cannot be read
sub find_in_memory
{
	my ($pid, @texts) = @_;
	my %found;

	open my $memory, '<:raw', "/proc/$pid/mem" or return;
	foreach my $line (split /\n/, slurp_file("/proc/$pid/maps"))
	{
		my ($start, $end, $name) = $line =~ m{^(\w+)-(\w+) rw..\s+\S+\s+\S+\s+\S+\s*(.*)};
		next if !defined $start;
		my ($from, $left) = (hex $start, hex($end) - hex($start));
		my $tail = '';

		sysseek $memory, $from, 0 or next;
		while ($left > 0)
		{
			my $n = sysread $memory, my $chunk, $left > 1048576 ? 1048576 : $left;
			last if !$n;
			$left -= $n;
			$chunk = $tail . $chunk;
			foreach my $text (@texts)
			{
				$found{"$text in " . ($name || 'memory')} = 1 if index($chunk, $text) >= 0;
			}
			$tail = substr $chunk, -200;
		}
	}
	return sort keys %found;
}

sub test_memory
{
	my ($name, $prepare, @texts) = @_;
	my $own = open_session($node);
	my $pid = backend_pid($own);

	$prepare->($own);
	is_deeply([ find_in_memory($pid, @texts) ], [], "$name: no secret is left in memory");
	$own->quit;
	return;
}

my @login = (
	$Simulator::login{client_secret}, $Simulator::login{jwt},
	encode_base64("$Simulator::login{client_id}:$Simulator::login{client_secret}", ''));
my $plain = open_session($node);
my $readable = open(my $probe, '<', '/proc/' . backend_pid($plain) . '/mem');

SKIP:
{
	skip 'the memory of a backend cannot be read', 5 unless $readable;

	ask($plain, q{SELECT 'easy-to-find-' || 'in-memory'});
	isnt(scalar(my @all = find_in_memory(backend_pid($plain), 'easy-to-find-in-memory')),
		0, 'the memory can be searched');
	log_in();
	ask($session, 'SELECT call_log_fdw_disconnect()');
	test_memory('a login', sub { my ($own) = @_; ask($own, $query); }, @login);
	log_in();
	ask($session, 'SELECT call_log_fdw_disconnect()');
	test_memory(
		'a login and its end',
		sub {
			my ($own) = @_;
			ask($own, $query);
			ask($own, 'SELECT call_log_fdw_disconnect()');
		},
		@login,
		'simulator-access-token-');
	$simulator->fault('status', match => '/oauth', status => 401, times => 'always');
	ask($session, 'SELECT call_log_fdw_disconnect()');
	test_memory('a login that was refused', sub { my ($own) = @_; ask($own, $query); }, @login);
	$simulator->clear_faults;
	$simulator->fault('hang', match => '/oauth');
	test_memory(
		'a login that was canceled',
		sub {
			my ($own) = @_;
			ask($own, "SET statement_timeout = '500ms'");
			ask($own, $query);
		},
		@login);
	$simulator->clear_faults;
	# secrets in the catalog remain in PostgreSQL's caches
}

$_->quit foreach $session, $plain;
$node->stop;
my $log = slurp_file($node->logfile);
like($log, qr/DETAIL:  The file is "\Q$file{jwt_file}\E"/, 'the log has the name of the file');
check_secrets('the server log', $log);
check_secrets('any message', $messages);

done_testing();
