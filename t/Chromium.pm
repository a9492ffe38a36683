# A headless Chromium, controlled through the DevTools protocol on a pair of
# pipes. https://chromedevtools.github.io/devtools-protocol/
#
# my $browser = Chromium->start;    # undef where there is none
# $browser->open_page($file);
# my $title = $browser->evaluate('document.title');
#
# Evaluated expressions are not subject to the page's Content-Security-Policy.
# The browser ends with the object.
package Chromium;

use strict;
use warnings;

use Carp qw(croak);
use File::Spec::Functions qw(rel2abs);
use IO::Select;
use JSON::PP;
use POSIX qw(_exit dup dup2);
use PostgreSQL::Test::Utils;
use Time::HiRes qw(time);

my @switches = qw(
  --headless --no-sandbox --disable-gpu --disable-quic --no-first-run
  --disable-background-networking --disable-component-update --disable-sync
  --disable-breakpad --disable-dev-shm-usage --remote-debugging-pipe);

sub start
{
	my ($class) = @_;
	my ($program) = grep { -x } map { "$_/chromium" } split /:/, $ENV{PATH};

	return unless defined $program;
	my $home = rel2abs(PostgreSQL::Test::Utils::tempdir_short());

	pipe my $in, my $commands or croak "pipe: $!";
	pipe my $answers, my $out or croak "pipe: $!";
	my $pid = fork // croak "fork: $!";
	run_program($program, $home, $in, $out) if $pid == 0;

	my $self = bless {
		pid => $pid,
		commands => $commands,
		answers => $answers,
		received => '',
		sent => 0,
		events => []
	}, $class;
	my $page = $self->command('Target.createTarget', url => 'about:blank');
	$self->{session} = $self->command(
		'Target.attachToTarget',
		targetId => $page->{targetId},
		flatten => JSON::PP::true)->{sessionId};
	$self->command("$_.enable") foreach qw(Page Network Runtime Log);
	return $self;
}

# In the child: it reads commands from descriptor 3 and responds on 4
sub run_program
{
	my ($program, $home, @ends) = @_;
	my @descriptors = map { fileno $_ } @ends;

	foreach (@descriptors)
	{
		$_ = dup($_) while $_ < 5;
	}
	dup2($descriptors[0], 3);
	dup2($descriptors[1], 4);
	open STDERR, '>', '/dev/null' or _exit(1);
	@ENV{qw(HOME TMPDIR)} = ($home) x 2;
	exec {$program} $program, @switches, "--user-data-dir=$home" or _exit(1);
}

sub DESTROY
{
	my ($self) = @_;
	local $?;    # waitpid sets it, and it is the test's exit status

	kill 'TERM', $self->{pid};
	waitpid $self->{pid}, 0;
	return;
}

# The next message of the browser
sub receive
{
	my ($self) = @_;
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;

	until ($self->{received} =~ /\0/)
	{
		my $length = length $self->{received};

		IO::Select->new($self->{answers})->can_read($deadline - time)
		  or croak 'Chromium does not answer';
		sysread $self->{answers}, $self->{received}, 65536, $length
		  or croak 'Chromium has ended';
	}
	(my $message, $self->{received}) = split /\0/, $self->{received}, 2;
	return decode_json($message);
}

# Returns the result; events received before it are kept
sub command
{
	my ($self, $method, %parameters) = @_;
	my %message = (
		id => ++$self->{sent},
		method => $method,
		params => \%parameters);

	$message{sessionId} = $self->{session} if defined $self->{session};
	syswrite $self->{commands}, encode_json(\%message) . "\0"
	  or croak "could not write to Chromium: $!";
	while (1)
	{
		my $answer = $self->receive;

		if (!defined $answer->{id})
		{
			push @{ $self->{events} }, $answer;
		}
		elsif ($answer->{id} == $message{id})
		{
			croak "$method: $answer->{error}{message}" if $answer->{error};
			return $answer->{result};
		}
	}
}

# The parameters of all such events since the page was opened
sub events
{
	my ($self, $method) = @_;
	return
	  map { $_->{params} } grep { $_->{method} eq $method } @{ $self->{events} };
}

# The URLs requested since the page was opened, without those that contain the data
sub requested_urls
{
	my ($self) = @_;
	return grep { !/^data:/ }
	  map { $_->{request}{url} } $self->events('Network.requestWillBeSent');
}

# Open a file, and wait until all of it is there
sub open_page
{
	my ($self, $file) = @_;

	$self->{events} = [];
	my $result = $self->command('Page.navigate', url => "file://$file");
	croak "$file: $result->{errorText}" if $result->{errorText};
	push @{ $self->{events} }, $self->receive
	  until $self->events('Page.loadEventFired');
	return;
}

# The value of a JavaScript expression, or of its promise
sub evaluate
{
	my ($self, $expression) = @_;
	my $result = $self->command(
		'Runtime.evaluate',
		expression => $expression,
		awaitPromise => JSON::PP::true,
		returnByValue => JSON::PP::true);

	croak $result->{exceptionDetails}{exception}{description}
	  // 'JavaScript failed'
	  if $result->{exceptionDetails};
	return $result->{result}{value};
}

1;
