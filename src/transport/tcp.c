/* SPDX-License-Identifier: MIT */
#include "transport/tcp.h"

#include "transport/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h> /* glibc's struct tcp_info ends before the window */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    KEEPALIVE_IDLE_MAX = 32767, /* seconds; Linux takes no more */
    KEEPALIVE_PARTS = 12,       /* of the peer time-out; a probe is sent every part */
};

static enum delivery
tcp_delivery(int descriptor, uint32_t *silent_ms)
{
    struct tcp_info info;
    socklen_t length = sizeof info;

    memset(&info, 0, sizeof info);
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
        return DELIVERY_DONE; /* no connection any more: whoever reads or writes will find that */
    *silent_ms = info.tcpi_last_ack_recv;
    if (info.tcpi_unacked == 0 && info.tcpi_notsent_bytes == 0)
        return DELIVERY_DONE;
    /* Nothing in flight and yet something to send: the window is too small for it. Then the kernel probes, seldomer and seldomer. */
    if (info.tcpi_unacked == 0 || info.tcpi_snd_wnd == 0)
        return DELIVERY_UNREAD;
    return DELIVERY_UNDER_WAY;
}

const struct transport transport_tcp = {
    .name = "tcp",
    .is_plain = true,
    .receive = stream_receive,
    .send = stream_send,
    .finish = stream_finish,
    .delivery = tcp_delivery,
    .give_up = stream_give_up,
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

/* 0.0.0.0 or ::, which stands for all addresses of its family. */
static bool
is_for_all(const struct tcp_address *address)
{
    return address->any.sa_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr) : address->v4.sin_addr.s_addr == INADDR_ANY;
}

bool
tcp_addresses_collide(const struct tcp_address *one, const struct tcp_address *other)
{
    if (one->any.sa_family != other->any.sa_family)
        return false; /* sockets for IPv6 take no IPv4 here */
    if (is_for_all(one) || is_for_all(other))
        return true;
    return one->any.sa_family == AF_INET6 ? IN6_ARE_ADDR_EQUAL(&one->v6.sin6_addr, &other->v6.sin6_addr)
                                          : one->v4.sin_addr.s_addr == other->v4.sin_addr.s_addr;
}

static bool
option_set(int descriptor, int level, int name, int value)
{
    return setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

/*
 * Keep-alive finds a dead peer of a quiet connection: a probe after half of the time, then one every twelfth, and it is given up one
 * twelfth early, which is for timers that the kernel rounds up. While something sent is unacknowledged Linux sends no such probes; then the
 * session's worker asks for the delivery. TCP_USER_TIMEOUT would save it the asking, but it ends live connections too whose
 * reader is slow (window closed, probes answered) as soon as the kernel alone holds what is left for it.
 */
bool
tcp_set_peer_timeout(int descriptor, uint32_t peer_timeout_s)
{
    int idle = peer_timeout_s / 2 < KEEPALIVE_IDLE_MAX ? (int)(peer_timeout_s / 2) : KEEPALIVE_IDLE_MAX;
    int interval = peer_timeout_s / KEEPALIVE_PARTS > 0 ? (int)(peer_timeout_s / KEEPALIVE_PARTS) : 1;
    int probes = ((int)peer_timeout_s - idle) / interval - 1;

    return option_set(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, idle) && option_set(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, interval) &&
        option_set(descriptor, IPPROTO_TCP, TCP_KEEPCNT, probes);
}

/* What a socket that listens already can be given too. */
static bool
options_set(int descriptor, uint32_t peer_timeout_s)
{
    return option_set(descriptor, IPPROTO_TCP, TCP_NODELAY, 1) && option_set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1) &&
        tcp_set_peer_timeout(descriptor, peer_timeout_s) &&
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
    if (!option_set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) ||
        (address->any.sa_family == AF_INET6 && !option_set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1)) || !options_set(descriptor, peer_timeout_s) ||
        bind(descriptor, &address->any, address->length) < 0 || listen(descriptor, STREAM_BACKLOG) < 0 ||
        getsockname(descriptor, &address->any, &address->length) < 0) {
        error = errno;
        close(descriptor);
        return -error;
    }
    return descriptor;
}

int
tcp_adopt(int descriptor, struct tcp_address *address, uint32_t peer_timeout_s)
{
    address->length = sizeof address->v6;
    return options_set(descriptor, peer_timeout_s) && getsockname(descriptor, &address->any, &address->length) == 0 ? 0 : -errno;
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
