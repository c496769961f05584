# SPDX-License-Identifier: MIT
#
# The conversation of tests/system/test_interop.c in Perl, with JSON::RPC::Common from Debian (libjson-rpc-common-perl), which makes and reads the
# messages and leaves their transport to its user. What is written here is a socket: a stream read by lines, or datagrams.
#
#   client.pl <port> tcp|udp

use strict;
use warnings;
use IO::Socket::INET;

if (!eval { require JSON::RPC::Common::Marshal::Text; require JSON::RPC::Common::Procedure::Call; 1 }) {
    print 'not installed: ', $@;
    exit 77;
}

my ($port, $transport) = @ARGV;
my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Proto => $transport) or die "cannot connect: $@";
my $json = JSON->new->canonical->allow_nonref;
my $marshal = JSON::RPC::Common::Marshal::Text->new;
my $last_id = 0;
my @changes;

sub say_words {
    print join(' ', map { ref $_ ? $json->encode($_) : $_ } @_), "\n";
}

# The next message; notifications are put aside.
sub hear {
    my $text;

    if ($transport eq 'udp') {
        defined $socket->recv($text, 65536) or die "cannot receive: $!";
    } else {
        $text = readline $socket;
        return if !defined $text;
    }
    my $message = $marshal->json_to_message($text);
    if ($message->isa('JSON::RPC::Common::Procedure::Call')) {
        die 'an unknown call' if !$message->is_notification || $message->method ne 'presence';
        push @changes, @{ $message->params->{changes} };
    }
    return $message;
}

# Sends a call, which is a notification when no id is given.
sub send_call {
    my ($method, $params, @id) = @_;
    my $call = JSON::RPC::Common::Procedure::Call->inflate(jsonrpc => '2.0', method => $method, @id, $params ? (params => $params) : ());

    $socket->send($marshal->call_to_json($call));
}

# Calls, and returns the answer, whose result or error is looked at by the caller.
sub call {
    my ($method, $params) = @_;

    send_call($method, $params, id => ++$last_id);
    while (defined(my $message = hear())) {
        return $message if $message->isa('JSON::RPC::Common::Procedure::Return') && $message->id == $last_id;
    }
    die 'closed without an answer';
}

sub say_change {
    hear() while !@changes;
    my $change = shift @changes;

    die 'a change without its time' if $change->{at} !~ /^\d+$/;
    say_words('presence', $json->encode($change->{user_id}), $change->{online} ? 'true' : 'false', $change->{status} // $change->{reason} // '');
}

sub say_error {
    my $error = call(@_)->error;

    say_words('error', $error->code, $error->data);
}

$| = 1;
say_words('ping', call('ping')->result);
say_error('follow', { friends => [8] });
my $login = call('login', { user_id => 1, friends => [7, 8] })->result;
die 'no session' if !$login->{session} || !$login->{heartbeat};
say_words('login', $login->{online});
say_change();
say_change();
say_words('follow', call('follow', { friends => ['zoe'] })->result->{online});
say_change();
send_call('status', { status => 'busy' });
say_change();
say_change();
say_words('online', call('online', { users => [7, 8, 'zoe'] })->result->{online});
say_error('fly', {});
say_words('unfollow', call('unfollow', { friends => [7] })->result);
say_words('logout', call('logout')->result);
if ($transport eq 'tcp') {
    die 'something after the end' if defined hear();
    say_words('closed');
}
