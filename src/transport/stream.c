/* SPDX-License-Identifier: MIT */
#include "transport/stream.h"

#include <errno.h>
#include <sys/socket.h>

static ssize_t
receive_with(int descriptor, char *bytes, size_t size, int flags)
{
    ssize_t length;

    do
        length = recv(descriptor, bytes, size, MSG_DONTWAIT | flags);
    while (length < 0 && errno == EINTR);
    return length < 0 ? -errno : length;
}

ssize_t
stream_receive(int descriptor, char *bytes, size_t size)
{
    return receive_with(descriptor, bytes, size, 0);
}

ssize_t
stream_peek(int descriptor, char *bytes, size_t size)
{
    return receive_with(descriptor, bytes, size, MSG_PEEK);
}

ssize_t
stream_sent(ssize_t result)
{
    /* These are the machine's trouble, not the peer's: as good as a full socket buffer. */
    return result == -ENOBUFS || result == -ENOMEM ? -EAGAIN : result;
}

ssize_t
stream_send(int descriptor, const char *bytes, size_t length)
{
    ssize_t sent;

    do
        sent = send(descriptor, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return stream_sent(sent < 0 ? -errno : sent);
}

void
stream_finish(int descriptor)
{
    (void)shutdown(descriptor, SHUT_WR); /* ENOTCONN: the peer was quicker */
}

void
stream_give_up(int descriptor)
{
    (void)shutdown(descriptor, SHUT_RDWR);
}
