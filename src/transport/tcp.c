/* SPDX-License-Identifier: MIT */
#include "transport/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,             /* the kernel cuts it to net.core.somaxconn */
    KEEPALIVE_IDLE_MAX = 32767, /* seconds; Linux takes no more */
};

static ssize_t
tcp_receive(int descriptor, char *bytes, size_t size)
{
    ssize_t length;

    do
        length = recv(descriptor, bytes, size, MSG_DONTWAIT);
    while (length < 0 && errno == EINTR);
    return length < 0 ? -errno : length;
}

static ssize_t
tcp_send(int descriptor, const char *bytes, size_t length)
{
    ssize_t sent;

    do
        sent = send(descriptor, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    /* ENOBUFS and ENOMEM are the machine's trouble, not the peer's: as good as a full socket buffer. */
    if (sent < 0)
        return errno == ENOBUFS || errno == ENOMEM ? -EAGAIN : -errno;
    return sent;
}

static void
tcp_finish(int descriptor)
{
    (void)shutdown(descriptor, SHUT_WR); /* ENOTCONN: the peer was quicker */
}

static void
tcp_reader_waits(int descriptor, bool waits, unsigned timeout_ms)
{
    unsigned value = waits ? 0 : timeout_ms;

    /* With a closed window the kernel would end a live connection after TCP_USER_TIMEOUT, answered probes or not. */
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, sizeof value);
}

const struct transport transport_tcp = {
    .name = "tcp",
    .receive = tcp_receive,
    .send = tcp_send,
    .finish = tcp_finish,
    .reader_waits = tcp_reader_waits,
};

/* One numeric address, without a port. */
static bool
address_parse(const char *text, struct tcp_address *address)
{
    *address = (struct tcp_address){0};
    if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->length = sizeof address->v4;
        return true;
    }
    if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->length = sizeof address->v6;
        return true;
    }
    return false;
}

int
tcp_addresses_parse(const char *text, struct tcp_address addresses[TCP_ADDRESSES_MAX], bool *optional)
{
    char copy[TCP_ADDRESSES_MAX * (INET6_ADDRSTRLEN + 1)];
    char *rest = copy;
    const char *word;
    int count = 0;

    *optional = true;
    if (strcmp(text, "localhost") == 0)
        text = "127.0.0.1,::1";
    else if (strcmp(text, "all") == 0)
        text = "0.0.0.0,::";
    else
        *optional = false;
    if (strlen(text) >= sizeof copy)
        return -EINVAL;
    memcpy(copy, text, strlen(text) + 1);
    while ((word = strsep(&rest, ",")) != NULL) {
        if (count == TCP_ADDRESSES_MAX || !address_parse(word, &addresses[count]))
            return -EINVAL;
        count++;
    }
    return count;
}

static bool
option_set(int descriptor, int level, int name, int value)
{
    return setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

unsigned
tcp_user_timeout_ms(uint32_t peer_timeout_s)
{
    return peer_timeout_s * 1000 / 4 * 3; /* the rest is for timers that the kernel rounds up */
}

/*
 * Keep-alive finds a dead peer of a quiet connection: a probe after half of the time, then one every twelfth; TCP_USER_TIMEOUT, which
 * Linux also holds against unanswered probes, ends it. The same time-out finds the dead peer of a connection with unacknowledged data.
 */
static bool
options_set(int descriptor, const struct tcp_address *address, uint32_t peer_timeout_s)
{
    int idle = peer_timeout_s / 2 < KEEPALIVE_IDLE_MAX ? (int)(peer_timeout_s / 2) : KEEPALIVE_IDLE_MAX;
    int interval = peer_timeout_s / 12 > 0 ? (int)(peer_timeout_s / 12) : 1;

    return option_set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) &&
        (address->any.sa_family != AF_INET6 || option_set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1)) &&
        option_set(descriptor, IPPROTO_TCP, TCP_NODELAY, 1) && option_set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1) &&
        option_set(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, idle) && option_set(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, interval) &&
        option_set(descriptor, IPPROTO_TCP, TCP_KEEPCNT, 6) &&
        option_set(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)tcp_user_timeout_ms(peer_timeout_s)) &&
        /* What the peer's window does not take waits in our queue, where it is counted, and not in the kernel's. */
        option_set(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 1);
}

int
tcp_listen(struct tcp_address *address, uint16_t port, uint32_t peer_timeout_s)
{
    int descriptor = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error;

    if (descriptor < 0)
        return -errno;
    if (address->any.sa_family == AF_INET6)
        address->v6.sin6_port = htons(port);
    else
        address->v4.sin_port = htons(port);
    if (!options_set(descriptor, address, peer_timeout_s) || bind(descriptor, &address->any, address->length) < 0 ||
        listen(descriptor, BACKLOG) < 0 || getsockname(descriptor, &address->any, &address->length) < 0) {
        error = errno;
        close(descriptor);
        return -error;
    }
    return descriptor;
}

uint16_t
tcp_address_port(const struct tcp_address *address)
{
    return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port : address->v4.sin_port);
}

void
tcp_address_format(const struct tcp_address *address, char text[TCP_ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (address->any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof host);
        snprintf(text, TCP_ADDRESS_TEXT, "[%s]:%u", host, tcp_address_port(address));
    } else {
        inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof host);
        snprintf(text, TCP_ADDRESS_TEXT, "%s:%u", host, tcp_address_port(address));
    }
}
