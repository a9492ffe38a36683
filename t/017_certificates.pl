# Trusted certificate authorities: those of the system, or only those of
# sslrootcert; and no TLS older than 1.2.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use CallLog;
use PostgreSQL::Test::Utils;
use Simulator;
use Test::More;

plan skip_all => 'openssl is missing' unless `openssl version 2>&1` =~ /SSL/;

my $directory = PostgreSQL::Test::Utils::tempdir();
my $unsafe = 'could not establish a TLS connection to RingCentral';

# ----------
# Authorities, and servers with their certificates
# ----------

sub make_authority
{
	my ($name) = @_;

	system_or_bail('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes',
		'-days', '2', '-subj', "/CN=$name",
		'-keyout', "$directory/$name.key", '-out', "$directory/$name.crt");
	return "$directory/$name.crt";
}

# Certificate and key of a server, as the simulator's options
sub make_server_certificate
{
	my ($name, $authority, $extension, $subject) = @_;
	my $file = "$directory/$name";

	append_to_file("$file.ext", "$extension\n");
	system_or_bail('openssl', 'req', '-newkey', 'rsa:2048', '-nodes', '-utf8',
		'-subj', '/CN=' . ($subject // $name),
		'-keyout', "$file.key", '-out', "$file.csr");
	system_or_bail('openssl', 'x509', '-req', '-in', "$file.csr", '-days', '2',
		'-CA', "$directory/$authority.crt", '-CAkey', "$directory/$authority.key",
		'-CAcreateserial', '-extfile', "$file.ext", '-out', "$file.crt");
	return (tls_cert => "$file.crt", tls_key => "$file.key");
}

# ----------
# Authorities of the system: a directory of the test instead of the real one,
# for the processes that load this library
# ----------

my $library_source = <<'END';
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *
moved(const char *path, char *copy)
{
	static const char *const prefixes[] = {"/etc/ssl/", "/etc/pki/"};

	for (int i = 0; i < 2; i++)
	{
		const char *name = strrchr(path, '/');

		if (strncmp(path, prefixes[i], strlen(prefixes[i])) != 0)
			continue;
		snprintf(copy, 4096, "%s%s", DIRECTORY, name);
		return copy;
	}
	return path;
}

#define REAL(function) \
	static __typeof__(&function) real; \
	char copy[4096]; \
	if (real == NULL) \
		real = (__typeof__(&function)) dlsym(RTLD_NEXT, #function)

#define MOVE_STAT(function, type) \
int function(const char *path, struct type *s) \
{ \
	REAL(function); \
	return real(moved(path, copy), s); \
}

#define MOVE_FOPEN(function) \
FILE *function(const char *path, const char *mode) \
{ \
	REAL(function); \
	return real(moved(path, copy), mode); \
}

MOVE_STAT(stat, stat)
MOVE_STAT(stat64, stat64)
MOVE_FOPEN(fopen)
MOVE_FOPEN(fopen64)
END

# Path of the library; undef: it cannot be built
sub build_library
{
	my ($authorities) = @_;
	my $library = "$directory/authorities.so";

	append_to_file("$directory/authorities.c", $library_source);
	system('cc', '-shared', '-fPIC', "-DDIRECTORY=\"$authorities\"",
		'-o', $library, "$directory/authorities.c", '-ldl') == 0
	  or return;
	return $library;
}

# A directory with this authority alone, as a bundle and by its hash
sub make_system_directory
{
	my ($certificate) = @_;
	my $authorities = "$directory/authorities";
	my ($hash) = run_command(
		[ 'openssl', 'x509', '-subject_hash', '-noout', '-in', $certificate ]);

	mkdir $authorities;
	append_to_file("$authorities/$_", slurp_file($certificate))
	  foreach "$hash.0", 'ca-certificates.crt', 'ca-bundle.crt', 'cert.pem';
	return $authorities;
}

make_authority($_) foreach 'known', 'other', 'impostor';
my %known = make_server_certificate('server', 'known', 'subjectAltName=IP:127.0.0.1');
my %odd = make_server_certificate('odd', 'known', 'keyUsage=digitalSignature',
	"B\xc3\xbccher");
my $library = build_library(make_system_directory("$directory/known.crt"));
my $simulator = Simulator->start(calls => 5, %known);

# Allow what OpenSSL's configuration forbids
append_to_file("$directory/openssl.cnf", <<'END');
openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = lenient
[lenient]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
END

my $node;
{
	local $ENV{OPENSSL_CONF} = "$directory/openssl.cnf";
	local $ENV{LD_PRELOAD} = $library if $library;
	$node = start_cluster(q{shared_preload_libraries = 'call_log_fdw'});
}
my $session = open_session($node);

sub ask_server
{
	my ($name, $url, %server) = @_;

	create_server($node, $name, $url,
		server => { max_retries => 0, request_timeout => '5s', %server });
	return ask($session, "SELECT count(*) FROM $name.call_log");
}

# ----------
# sslrootcert replaces the system's authorities
# ----------

my ($rows, $error) = ask_server('by_option', $simulator->url,
	sslrootcert => "$directory/known.crt");
is($rows, 5, 'an authority of sslrootcert is trusted');

SKIP:
{
	skip 'there is no C compiler', 3 unless $library;

	($rows) = ask_server('by_system', $simulator->url);
	is($rows, 5, 'without sslrootcert an authority of the system is trusted');
	($rows, $error) = ask_server('by_other', $simulator->url,
		sslrootcert => "$directory/other.crt");
	is($rows, '', 'with another one in sslrootcert it is not');
	like($error, qr/ERROR:  08\w+: |ERROR:  HV00N: $unsafe/, 'the connection is refused');
}

# A changed file takes effect for the next connection
sub test_changed_file
{
	my $file = "$directory/changing.crt";

	append_to_file($file, slurp_file("$directory/known.crt"));
	($rows) = ask_server('changing', $simulator->url, sslrootcert => $file);
	is($rows, 5, 'a file that names the authority');
	ask($session, 'SELECT call_log_fdw_disconnect()');
	unlink $file;
	append_to_file($file, slurp_file("$directory/other.crt"));
	(undef, $error) = ask($session, 'SELECT count(*) FROM changing.call_log');
	like($error, qr/$unsafe/, 'and no longer names it');
	return;
}

test_changed_file();

# ----------
# A file that cannot be used
# ----------

my $missing = "$directory/missing.crt";
my $unreadable = "$directory/unreadable.crt";
my $empty = "$directory/empty.crt";

append_to_file($_, '') foreach $unreadable, $empty;
chmod 0, $unreadable;

sub check_file
{
	my ($name, $file, $detail) = @_;

	(undef, $error) = ask_server($name, $simulator->url, sslrootcert => $file);
	like($error, qr/ERROR:  HV00N: could not use the certificates of option "sslrootcert"/,
		"$name: the error names the option");
	like($error, qr/DETAIL:  .*$detail/, "$name: and the reason");
	like($error, qr/HINT:  .*operating system user/, "$name: and the operating system user");
	return;
}

check_file('missing', $missing, qr/"\Q$missing\E": No such file or directory/);
check_file('unreadable', $unreadable, qr/"\Q$unreadable\E": Permission denied/);
check_file('empty', $empty, qr/\Q$empty\E/);

# ----------
# Old versions of TLS
# ----------

# An openssl s_server that speaks this version alone; its process and port
sub start_old_server
{
	my ($version) = @_;
	local $ENV{OPENSSL_CONF} = "$directory/openssl.cnf";
	my $pid = open my $output, '-|', 'openssl', 's_server', $version, '-www',
	  '-accept', '127.0.0.1:0', '-cert', $known{tls_cert}, '-key', $known{tls_key}
	  or die "could not start openssl s_server: $!";

	while (my $line = readline $output)
	{
		return ($pid, $output, $1) if $line =~ /^ACCEPT .*:(\d+)$/;
	}
	return ($pid, $output);
}

sub speaks
{
	my ($version, $port) = @_;
	local $ENV{OPENSSL_CONF} = "$directory/openssl.cnf";
	return `openssl s_client $version -connect 127.0.0.1:$port </dev/null 2>&1` =~
	  /Cipher\s+(is|:) (?!\(NONE\)|0000)\S/;
}

foreach my $version ('-tls1_1', '-tls1_2')
{
	my $old = $version eq '-tls1_1';
	my ($pid, $output, $port) = start_old_server($version);

  SKIP:
	{
		skip "this OpenSSL does not speak $version", 1
		  unless $port && speaks($version, $port);
		(undef, $error) = ask_server('tls' . $version =~ s/\W/_/gr, "https://127.0.0.1:$port",
			sslrootcert => "$directory/known.crt");
		if ($old)
		{
			like($error, qr/$unsafe/, 'TLS 1.1 is refused');
		}
		else
		{
			unlike($error, qr/$unsafe/, 'TLS 1.2 is spoken');
		}
	}
	kill 'TERM', $pid;
	close $output;
}

# ----------
# What libcurl writes, in a database of another encoding
# ----------

sub test_encoding
{
	my $odd = Simulator->start(calls => 5, %odd);
	my %server = (base_url => $odd->url, sslrootcert => "$directory/known.crt",
		max_retries => 0);
	my @texts;

	foreach my $encoding ('UTF8', 'LATIN1', 'SQL_ASCII')
	{
		my $database = lc $encoding;

		$node->safe_psql('postgres', qq{CREATE DATABASE $database TEMPLATE template0
			ENCODING '$encoding' LC_COLLATE 'C' LC_CTYPE 'C'});
		$node->safe_psql($database, 'CREATE EXTENSION call_log_fdw;
			CREATE SERVER odd FOREIGN DATA WRAPPER call_log_fdw ' .
			options_clause(%server) . ';
			CREATE USER MAPPING FOR CURRENT_USER SERVER odd ' .
			options_clause(%Simulator::login) . ';
			CREATE SCHEMA odd;
			IMPORT FOREIGN SCHEMA account FROM SERVER odd INTO odd');
		my (undef, undef, $message) = $node->psql($database,
			"SET client_encoding = '" . ($encoding eq 'LATIN1' ? 'UTF8' : $encoding) .
			"'; SELECT count(*) FROM odd.call_log");
		push @texts, $message =~ /DETAIL:  (.*)/;
	}
	like($texts[0], qr/'B\xc3\xbccher'/, 'UTF-8 stays UTF-8');
	is($texts[1], $texts[0], 'and becomes Latin 1');
	like($texts[2], qr/'B\?+cher'/, 'and question marks where no encoding is known');
	return;
}

test_encoding();
$session->quit;
done_testing();
