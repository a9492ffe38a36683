# The API simulator as a child process of the test, and its control API.
#
# my $simulator = Simulator->start(calls => 500, short_pages => undef);
#
# The options are those of the command line, see simulator/README.md; an option
# without a value is undef. The simulator ends with the object.
package Simulator;

use strict;
use warnings;

use Carp qw(croak);
use File::Basename qw(dirname);
use HTTP::Tiny;
use JSON::PP;

my $program = dirname(__FILE__) . '/../simulator';
my $http = HTTP::Tiny->new(http_proxy => undef, timeout => 180);

# Credentials accepted by it
our %login = (
	client_id => 'simulator-client',
	client_secret => 'simulator-secret',
	jwt => 'simulator.jwt.assertion');
our $access_token = 'simulator-access-token';

# The extension of the user who logs in
our $own_extension = 731900211008;

sub start
{
	my ($class, %options) = @_;
	my @arguments;

	foreach my $name (sort keys %options)
	{
		push @arguments, '--' . ($name =~ tr/_/-/r);
		push @arguments, $options{$name} if defined $options{$name};
	}
	my $pid = open my $output, '-|', 'python3', $program, '--exit-with-parent',
	  @arguments
	  or croak "could not start python3: $!";
	my $url = readline $output;
	croak "the simulator does not start: @arguments" unless defined $url;
	chomp $url;
	return bless { pid => $pid, output => $output, url => $url }, $class;
}

sub DESTROY
{
	my ($self) = @_;
	local $?;    # closing a pipe sets it, and it is the test's exit status

	kill 'TERM', $self->{pid};
	kill 'CONT', $self->{pid};
	close $self->{output};
	return;
}

# Accept connections and requests, but respond to none of them before thaw
sub freeze
{
	my ($self) = @_;
	kill 'STOP', $self->{pid};
	return;
}

sub thaw
{
	my ($self) = @_;
	kill 'CONT', $self->{pid};
	return;
}

# Host of the audio of recordings
sub media_url
{
	my ($self) = @_;
	return decode_json($self->control('GET', 'urls'))->{media};
}

sub url
{
	my ($self) = @_;
	return $self->{url};
}

sub control
{
	my ($self, $method, $name, $parameters, %request) = @_;
	my $query = $http->www_form_urlencode($parameters // {});
	my $response = $http->request($method, "$self->{url}/simulator/$name?$query",
		\%request);

	croak "simulator: $method $name?$query: $response->{content}"
	  unless $response->{success};
	return $response->{content};
}

# fault('status', match => 'call-log', skip => 1, status => 503)
sub fault
{
	my ($self, $kind, %parameters) = @_;
	my $body = delete $parameters{body};

	$self->control('POST', 'faults', { kind => $kind, %parameters },
		defined $body ? (content => $body) : ());
	return;
}

sub clear_faults
{
	my ($self) = @_;
	$self->control('DELETE', 'faults');
	return;
}

# Change options while it runs
sub set
{
	my ($self, %changes) = @_;
	$self->control('POST', 'options', \%changes);
	return;
}

# Restore the state at the start; issued tokens and the log are deleted. Then
# set options, including those of the data set:
#
# reset(calls => 200, seed => 7, span => 3, bounds => 'exclusive')
sub reset
{
	my ($self, %options) = @_;
	$self->control('POST', 'reset', \%options);
	return;
}

# Change calls before each request from now on, and record their history:
#
# churn(rate => 2, seed => 7, kinds => 'delete,rewrite')
sub churn
{
	my ($self, %parameters) = @_;
	$self->control('POST', 'churn', \%parameters);
	return;
}

# Stop it; returns the changes, as hashes: number, request, kind, id
sub stop_churn
{
	my ($self) = @_;
	return @{ decode_json($self->control('DELETE', 'churn'))->{changes} };
}

# The number of the latest request since churn began
sub request_number
{
	my ($self) = @_;
	return decode_json($self->control('GET', 'churn'))->{request};
}

# The records that requests from one number to another could see, as a hash by
# id of hashes: unchanged, versions. As JSON, for SQL to read: history_json.
sub history
{
	my ($self, %parameters) = @_;
	my $records = decode_json($self->history_json(%parameters))->{records};
	return map { $_->{id} => $_ } @$records;
}

sub history_json
{
	my ($self, %parameters) = @_;
	return $self->control('GET', 'history', \%parameters);
}

# The requests since the last clear_log, oldest first, as hashes: method, path,
# query, status, at (its time), connection, records ...
sub requests
{
	my ($self, $path) = @_;
	my $log = decode_json($self->control('GET', 'requests'));
	return grep { index($_->{path}, $path // '') >= 0 } @$log;
}

# The same for thousands of requests: [path, query, status] of each
sub request_lines
{
	my ($self) = @_;
	my $log = $self->control('GET', 'requests');
	my @lines;

	push @lines, [ $1, $2, $3 ]
	  while $log =~ /"path":"([^"]*)","query":"([^"]*)".*?"status":(\w+)/g;
	return @lines;
}

sub list_requests
{
	my ($self) = @_;
	return grep { $_->{path} =~ m{/call-log$} } $self->requests;
}

sub by_id_requests
{
	my ($self) = @_;
	return $self->requests('/call-log/');
}

sub logins
{
	my ($self) = @_;
	return $self->requests('/oauth/token');
}

sub clear_log
{
	my ($self) = @_;
	$self->control('GET', 'requests', { clear => 'true' });
	return;
}

# A request of another program with the same access token
sub get
{
	my ($self, $path) = @_;
	$http->get("$self->{url}$path",
		{ headers => { Authorization => "Bearer $access_token" } });
	return;
}

# Put a record, given as raw JSON, into the account's list
sub inject
{
	my ($self, $start_time, $json) = @_;
	$self->control('POST', 'records', { startTime => $start_time },
		content => $json);
	return;
}

# Add a call late, with this result
sub appear
{
	my ($self, $start_time, $result) = @_;
	$self->control('POST', 'appear',
		{ startTime => $start_time, result => $result });
	return;
}

# Write all records that a list shows into a file, as CSV with a header
sub write_truth
{
	my ($self, $file, %scope) = @_;

	open my $out, '>:raw', $file or croak "could not open $file: $!";
	$self->control('GET', 'truth', { view => 'simple', %scope },
		data_callback => sub { print $out $_[0] });
	close $out or croak "could not write $file: $!";
	return;
}

# [id, startTime] of all records that the account's list shows, newest first
sub truth_index
{
	my ($self) = @_;
	my @index;
	my $rest = '';

	$self->control(
		'GET', 'truth',
		{ format => 'json' },
		data_callback => sub {
			$rest .= $_[0];
			while ($rest =~ s/\A(.*)\n//)
			{
				my $record = $1;
				my ($id) = $record =~ /"id":"([^"]*)"/;
				my ($start) = $record =~ /"startTime":"([^"]*)"/;
				push @index, [ $id, $start ];
			}
		});
	return @index;
}

1;
