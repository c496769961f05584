/* SPDX-License-Identifier: MIT */
#include "support/unit/peer.h"

#include "support/pace.h"
#include "support/unit/require.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the kernel doubles and then may keep unread. Much less makes the rest trickle through a tiny window. */
enum { NARROW_BYTES = 16 << 10 };

/* Waits for events on a descriptor, or fails the test. */
static void
wait_for(int peer, short events, const char *file, int line)
{
    int64_t deadline = pace_deadline_ms();
    struct pollfd polled = {.fd = peer, .events = events};

    while (poll(&polled, 1, pace_left_ms(deadline)) <= 0)
        REQUIRE(pace_left_ms(deadline) > 0, "%s:%d: nothing came", file, line);
}

static int
connect_with(uint16_t port, bool narrow)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int bytes = NARROW_BYTES, one = 1;

    REQUIRE(peer >= 0, "%s", strerror(errno));
    if (narrow)
        REQUIRE(setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) == 0, "%s", strerror(errno));
    REQUIRE(setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0, "%s", strerror(errno));
    REQUIRE(connect(peer, (struct sockaddr *)&address, sizeof address) == 0, "%s", strerror(errno));
    return peer;
}

int
peer_connect(uint16_t port)
{
    return connect_with(port, false);
}

int
peer_connect_narrow(uint16_t port)
{
    return connect_with(port, true);
}

size_t
peer_send_bytes(int peer, const void *bytes, size_t length)
{
    size_t sent = 0;

    while (sent < length) {
        ssize_t part = send(peer, (const char *)bytes + sent, length - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (part >= 0)
            sent += (size_t)part;
        else if (errno == EAGAIN)
            wait_for(peer, POLLOUT, __FILE__, __LINE__);
        else
            return sent;
    }
    return sent;
}

void
peer_send(int peer, const char *text)
{
    REQUIRE(peer_send_bytes(peer, text, strlen(text)) == strlen(text), "the other end has closed before it was sent \"%s\"", text);
}

/* Reads up to `size` bytes; 0 at the end, -errno when the connection is lost. */
static ssize_t
read_some(int peer, char *bytes, size_t size, const char *file, int line)
{
    ssize_t length;

    wait_for(peer, POLLIN, file, line);
    length = recv(peer, bytes, size, 0);
    return length < 0 ? -errno : length;
}

void
peer_expect_at(int peer, const char *text, const char *file, int line)
{
    size_t wanted = strlen(text), length = 0;
    char bytes[4096];

    REQUIRE(wanted < sizeof bytes, "too much to expect at once");
    while (length < wanted) {
        ssize_t part = read_some(peer, bytes + length, wanted - length, file, line);

        length += part > 0 ? (size_t)part : 0;
        bytes[length] = '\0';
        REQUIRE(part > 0 && strncmp(bytes, text, length) == 0, "%s:%d: read \"%s\"%s where \"%s\" should come", file, line, bytes,
            part > 0        ? ""
                : part == 0 ? " and the end"
                            : " and a reset",
            text);
    }
}

bool
peer_read_line_at(int peer, char *text, size_t size, const char *file, int line)
{
    size_t length = 0;

    while (length + 1 < size) {
        /* Looks first, so that nothing behind the line is taken. */
        wait_for(peer, POLLIN, file, line);
        ssize_t seen = recv(peer, text + length, size - 1 - length, MSG_PEEK);
        if (seen <= 0)
            return false;
        const char *end = memchr(text + length, '\n', (size_t)seen);
        size_t part = end != NULL ? (size_t)(end - text) + 1 - length : (size_t)seen;

        REQUIRE(recv(peer, text + length, part, 0) == (ssize_t)part, "%s", strerror(errno));
        length += part;
        text[length] = '\0';
        if (end != NULL)
            return true;
    }
    ck_abort_msg("%s:%d: a line of more than %zu bytes: %s", file, line, size, text);
}

void
peer_expect_line_at(int peer, const char *beginning, const char *file, int line)
{
    char text[1024] = "";

    REQUIRE(peer_read_line_at(peer, text, sizeof text, file, line) && strncmp(text, beginning, strlen(beginning)) == 0,
        "%s:%d: read \"%s\" where a line that begins with \"%s\" should come", file, line, text, beginning);
}

void
peer_expect_end_at(int peer, const char *file, int line)
{
    char bytes[1024];
    ssize_t length = read_some(peer, bytes, sizeof bytes - 1, file, line);

    bytes[length > 0 ? length : 0] = '\0';
    REQUIRE(length == 0, "%s:%d: read %zd bytes, \"%s\", where the end should come", file, line, length, bytes);
}

void
peer_expect_over_at(int peer, const char *file, int line)
{
    char bytes[4096];

    while (read_some(peer, bytes, sizeof bytes, file, line) > 0)
        ;
}

bool
peer_has_input(int peer)
{
    struct pollfd polled = {.fd = peer, .events = POLLIN};

    return poll(&polled, 1, 0) > 0;
}

int
peer_wait_any_at(const int *peers, int count, const char *file, int line)
{
    int64_t deadline = pace_deadline_ms();
    struct pollfd polled[16];

    REQUIRE(count <= 16, "too many to wait for");
    for (int i = 0; i < count; i++)
        polled[i] = (struct pollfd){.fd = peers[i], .events = POLLIN};
    while (poll(polled, (nfds_t)count, pace_left_ms(deadline)) <= 0)
        REQUIRE(pace_left_ms(deadline) > 0, "%s:%d: nothing came from anybody", file, line);
    for (int i = 0; i < count; i++)
        if (polled[i].revents != 0)
            return i;
    return -1;
}

void
peer_half_close(int peer)
{
    REQUIRE(shutdown(peer, SHUT_WR) == 0, "%s", strerror(errno));
}

void
peer_close(int peer)
{
    close(peer);
}

void
peer_reset(int peer)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    REQUIRE(setsockopt(peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0, "%s", strerror(errno));
    close(peer);
}
