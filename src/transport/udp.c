/* SPDX-License-Identifier: MIT */
#include "transport/udp.h"

#include "base/assert.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct transport transport_udp = {.name = "udp"};

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct udp_inbox {
    size_t datagram_bytes;
    struct mmsghdr headers[UDP_BATCH];
    struct iovec bytes[UDP_BATCH];
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } from[UDP_BATCH];
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    } to[UDP_BATCH];
    uint8_t locals[UDP_BATCH];
    char slab[]; /* pages that no datagram has filled yet cost nothing */
};

static bool
option_set(int descriptor, int level, int name, int value)
{
    return setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

bool
udp_host_is_mapped(const uint8_t host[16])
{
    return memcmp(host, mapped_prefix, sizeof mapped_prefix) == 0;
}

void
udp_host_map(const void *four, uint8_t host[16])
{
    memcpy(host, mapped_prefix, sizeof mapped_prefix);
    memcpy(host + sizeof mapped_prefix, four, 4);
}

void
udp_address_of(const struct tcp_address *address, struct udp_address *mapped)
{
    *mapped = (struct udp_address){.port = tcp_address_port(address)};
    if (address->any.sa_family == AF_INET6) {
        memcpy(mapped->host, &address->v6.sin6_addr, 16);
        mapped->scope = address->v6.sin6_scope_id;
    } else {
        udp_host_map(&address->v4.sin_addr, mapped->host);
    }
}

/* Makes the socket drop everything. */
static bool
shut(int descriptor)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = {.len = 1, .filter = &nothing};

    return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

static bool
is_any(const struct tcp_address *address)
{
    return address->any.sa_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr) : address->v4.sin_addr.s_addr == INADDR_ANY;
}

/* What a bound socket can be given too. */
static bool
options_set(int descriptor, const struct tcp_address *address)
{
    bool six = address->any.sa_family == AF_INET6;

    /* Over the machine's usual limit where this process has the right to; else as much as anybody may have. */
    if (!option_set(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, UDP_BUFFER_BYTES))
        (void)option_set(descriptor, SOL_SOCKET, SO_RCVBUF, UDP_BUFFER_BYTES);
    if (!option_set(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, UDP_BUFFER_BYTES))
        (void)option_set(descriptor, SOL_SOCKET, SO_SNDBUF, UDP_BUFFER_BYTES);
    return !is_any(address) || (six ? option_set(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) : option_set(descriptor, IPPROTO_IP, IP_PKTINFO, 1));
}

int
udp_open(const struct tcp_address *address, uint16_t port, bool joins)
{
    struct tcp_address bound = *address;
    int descriptor = socket(bound.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error;

    if (descriptor < 0)
        return -errno;
    if (bound.any.sa_family == AF_INET6)
        bound.v6.sin6_port = htons(port);
    else
        bound.v4.sin_port = htons(port);
    /* The first one binds without sharing, so that the group is never one of another program; then it is opened for the others. */
    if (!options_set(descriptor, &bound) || (bound.any.sa_family == AF_INET6 && !option_set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1)) ||
        !shut(descriptor) || (joins && !option_set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1)) || bind(descriptor, &bound.any, bound.length) < 0 ||
        (!joins && !option_set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1))) {
        error = errno;
        close(descriptor);
        return -error;
    }
    return descriptor;
}

int
udp_adopt(int descriptor, struct tcp_address *address)
{
    address->length = sizeof address->v6;
    return getsockname(descriptor, &address->any, &address->length) == 0 && options_set(descriptor, address) ? 0 : -errno;
}

void
udp_begin(int descriptor)
{
    (void)option_set(descriptor, SOL_SOCKET, SO_DETACH_FILTER, 0);
}

struct udp_inbox *
udp_inbox_new(size_t datagram_bytes)
{
    struct udp_inbox *inbox = malloc(sizeof *inbox + UDP_BATCH * datagram_bytes);

    if (inbox == NULL)
        return NULL;
    memset(inbox, 0, sizeof *inbox);
    inbox->datagram_bytes = datagram_bytes;
    for (uint32_t i = 0; i < UDP_BATCH; i++) {
        inbox->bytes[i] = (struct iovec){.iov_base = inbox->slab + i * datagram_bytes, .iov_len = datagram_bytes};
        inbox->headers[i].msg_hdr = (struct msghdr){
            .msg_name = &inbox->from[i],
            .msg_namelen = sizeof inbox->from[i],
            .msg_iov = &inbox->bytes[i],
            .msg_iovlen = 1,
            .msg_control = &inbox->to[i],
            .msg_controllen = sizeof inbox->to[i],
        };
    }
    return inbox;
}

void
udp_inbox_free(struct udp_inbox *inbox)
{
    free(inbox);
}

/* The number of an address of this machine; 0 when it is one too many. */
static uint8_t
local_number(struct udp_locals *locals, const uint8_t host[16], uint32_t interface)
{
    if (locals->count == 0)
        locals->count = 1;
    for (uint32_t i = 1; i < locals->count; i++)
        if (memcmp(locals->known[i].host, host, 16) == 0 && locals->known[i].interface == interface)
            return (uint8_t)i;
    if (locals->count == UDP_LOCALS_MAX)
        return 0;
    memcpy(locals->known[locals->count].host, host, 16);
    locals->known[locals->count].interface = interface;
    return (uint8_t)locals->count++;
}

/* Which of this machine's addresses a datagram was sent to, if the socket was asked to say so. */
static uint8_t
local_of(struct msghdr *header, struct udp_locals *locals)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL; part = CMSG_NXTHDR(header, part)) {
        uint8_t host[16];

        if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;

            memcpy(&info, CMSG_DATA(part), sizeof info);
            udp_host_map(&info.ipi_spec_dst, host);
            return local_number(locals, host, 0);
        }
        if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;

            memcpy(&info, CMSG_DATA(part), sizeof info);
            if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
                return 0;
            return local_number(locals, info.ipi6_addr.s6_addr, IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0);
        }
    }
    return 0;
}

uint32_t
udp_receive(int descriptor, struct udp_inbox *inbox, struct udp_locals *locals)
{
    int count;

    do
        count = recvmmsg(descriptor, inbox->headers, UDP_BATCH, MSG_DONTWAIT, NULL);
    while (count < 0 && errno == EINTR);
    /* An error that is not EAGAIN was consumed by being told; if it is the machine's trouble, the poller will call again. */
    for (int i = 0; i < count; i++) {
        struct msghdr *header = &inbox->headers[i].msg_hdr;

        inbox->locals[i] = header->msg_controllen > 0 ? local_of(header, locals) : 0;
        header->msg_namelen = sizeof inbox->from[i];
        header->msg_controllen = sizeof inbox->to[i];
    }
    return count < 0 ? 0 : (uint32_t)count;
}

void
udp_inbox_read(const struct udp_inbox *inbox, uint32_t which, struct udp_received *received)
{
    *received = (struct udp_received){
        .from.local = inbox->locals[which],
        .bytes = inbox->slab + which * inbox->datagram_bytes,
        .length = inbox->headers[which].msg_len,
        .truncated = (inbox->headers[which].msg_hdr.msg_flags & MSG_TRUNC) != 0,
    };
    if (inbox->from[which].any.sa_family == AF_INET6) {
        memcpy(received->from.host, &inbox->from[which].v6.sin6_addr, 16);
        received->from.scope = inbox->from[which].v6.sin6_scope_id;
        received->from.port = ntohs(inbox->from[which].v6.sin6_port);
    } else {
        udp_host_map(&inbox->from[which].v4.sin_addr, received->from.host);
        received->from.port = ntohs(inbox->from[which].v4.sin_port);
    }
}

/* Says which address of this machine the datagram is to come from. */
static void
local_put(struct udp_outbox *outbox, uint32_t at, const struct udp_locals *locals, uint8_t local)
{
    struct msghdr *header = &outbox->headers[at].msg_hdr;
    struct cmsghdr *part = &outbox->from[at].align;

    memset(&outbox->from[at], 0, sizeof outbox->from[at]);
    header->msg_control = part;
    if (udp_host_is_mapped(locals->known[local].host)) {
        struct in_pktinfo info = {0};

        memcpy(&info.ipi_spec_dst, locals->known[local].host + 12, 4);
        header->msg_controllen = CMSG_SPACE(sizeof info);
        *part = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
        memcpy(CMSG_DATA(part), &info, sizeof info);
    } else {
        struct in6_pktinfo info = {.ipi6_ifindex = locals->known[local].interface};

        memcpy(&info.ipi6_addr, locals->known[local].host, 16);
        header->msg_controllen = CMSG_SPACE(sizeof info);
        *part = (struct cmsghdr){.cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
        memcpy(CMSG_DATA(part), &info, sizeof info);
    }
}

void
udp_outbox_put(struct udp_outbox *outbox, const struct udp_address *to, const struct udp_locals *locals, const char *bytes, size_t length)
{
    uint32_t at = outbox->count++;
    struct msghdr *header = &outbox->headers[at].msg_hdr;

    ASSERT(at < UDP_BATCH);
    outbox->bytes[at] = (struct iovec){.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
    *header = (struct msghdr){.msg_name = &outbox->to[at], .msg_iov = &outbox->bytes[at], .msg_iovlen = 1};
    if (udp_host_is_mapped(to->host)) {
        outbox->to[at].v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(to->port)};
        memcpy(&outbox->to[at].v4.sin_addr, to->host + 12, 4);
        header->msg_namelen = sizeof outbox->to[at].v4;
    } else {
        outbox->to[at].v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(to->port), .sin6_scope_id = to->scope};
        memcpy(&outbox->to[at].v6.sin6_addr, to->host, 16);
        header->msg_namelen = sizeof outbox->to[at].v6;
    }
    if (to->local > 0)
        local_put(outbox, at, locals, to->local);
}

int
udp_send(int descriptor, struct udp_outbox *outbox, uint32_t *lost)
{
    while (outbox->first < outbox->count) {
        int sent = sendmmsg(descriptor, outbox->headers + outbox->first, outbox->count - outbox->first, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent >= 0) {
            outbox->first += (uint32_t)sent;
        } else if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) {
            return -EAGAIN;
        } else if (errno != EINTR) {
            outbox->first++; /* the error is about the first of them: whoever it is for cannot be reached now */
            ++*lost;
        }
    }
    outbox->first = outbox->count = 0;
    return 0;
}

void
udp_address_format(const struct udp_address *address, char text[TCP_ADDRESS_TEXT])
{
    struct tcp_address full = {0};

    if (udp_host_is_mapped(address->host)) {
        full.v4.sin_family = AF_INET;
        full.v4.sin_port = htons(address->port);
        memcpy(&full.v4.sin_addr, address->host + 12, 4);
    } else {
        full.v6.sin6_family = AF_INET6;
        full.v6.sin6_port = htons(address->port);
        memcpy(&full.v6.sin6_addr, address->host, 16);
    }
    tcp_address_format(&full, text);
}
