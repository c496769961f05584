/* SPDX-License-Identifier: MIT
 *
 * UDP: sockets that share one port, and datagrams received and sent in batches. None of these waits.
 *
 * A socket of a group is opened closed, so to speak: it drops what comes until udp_begin. The kernel spreads addresses over the sockets that
 * it has at that moment, so a datagram that came while the group was still growing would find another socket than those after it.
 *
 * ICMP errors (nobody listens there any more) are deliberately not asked for: anybody can forge them, and silence tells the same.
 */
#ifndef TRANSPORT_UDP_H
#define TRANSPORT_UDP_H

#include "transport/tcp.h"
#include "transport/transport.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Says of a session that it is one of datagrams. It moves no bytes: those go through the batches of the worker's sockets. */
extern const struct transport transport_udp;

/* Where a datagram came from, small and comparable byte by byte. */
struct udp_address {
    uint8_t host[16]; /* IPv6; IPv4 is mapped into it (::ffff:192.0.2.1) */
    uint32_t scope;   /* the interface of a link-local address */
    uint16_t port;
    uint8_t socket; /* which of its owner's sockets it came to; its owner sets it */
    uint8_t local;  /* which of this machine's addresses it was sent to, as struct udp_locals knows them; 0: the kernel knows */
};

_Static_assert(sizeof(struct udp_address) == 24, "no padding: it is hashed and compared as bytes");

enum {
    UDP_BATCH = 64,                 /* datagrams of one system call */
    UDP_DATAGRAM_BYTES = 1 << 16,   /* no datagram is longer */
    UDP_BUFFER_BYTES = 4 << 20,     /* what is asked for; the kernel cuts it to net.core.rmem_max and wmem_max */
    UDP_LOCALS_MAX = UINT8_MAX + 1, /* addresses of this machine that are told apart; after that many the kernel chooses */
};

/*
 * The addresses of this machine that datagrams were sent to, where a socket is bound to all of them: the answer must come from the same one, or
 * the client, and every firewall on the way, takes it for somebody else's. One owner's; never shrinks.
 */
struct udp_locals {
    uint32_t count; /* the one with number 0 is nobody's */
    struct {
        uint8_t host[16];
        uint32_t interface; /* of a link-local address */
    } known[UDP_LOCALS_MAX];
};

/*
 * Opens a socket of the group of this address and port. The first of a group fails with -EADDRINUSE when anybody else has the port; the
 * others join it. Returns the descriptor, which drops everything until udp_begin, or -errno.
 */
int udp_open(const struct tcp_address *address, uint16_t port, bool joins);
/* Makes a socket that is bound already, opened by somebody else, fit for a group; its address goes to *address. It receives all the time. Returns 0 or -errno. */
int udp_adopt(int descriptor, struct tcp_address *address);
/* From now on the socket receives. */
void udp_begin(int descriptor);

/* A datagram of a batch. Its bytes are good until the next batch is received. */
struct udp_received {
    struct udp_address from;
    const char *bytes;
    size_t length;
    bool truncated; /* it was longer than its memory: the rest is lost */
};

/* Memory to receive batches in, with so many bytes for each datagram. NULL without memory. */
struct udp_inbox *udp_inbox_new(size_t datagram_bytes);
void udp_inbox_free(struct udp_inbox *inbox);
/* Receives what is there, up to UDP_BATCH datagrams. Returns how many; 0 when there are none now. */
uint32_t udp_receive(int descriptor, struct udp_inbox *inbox, struct udp_locals *locals);
/* One of the datagrams of the last batch. */
void udp_inbox_read(const struct udp_inbox *inbox, uint32_t which, struct udp_received *received);

/* Datagrams to send together. Their bytes are the caller's and must stay until they have been sent. */
struct udp_outbox {
    uint32_t first, count; /* those in between wait */
    struct mmsghdr headers[UDP_BATCH];
    struct iovec bytes[UDP_BATCH];
    union {
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } to[UDP_BATCH];
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    } from[UDP_BATCH];
};

static inline bool
udp_outbox_is_full(const struct udp_outbox *outbox)
{
    return outbox->count == UDP_BATCH;
}

/* Adds a datagram; there must be room. */
void udp_outbox_put(struct udp_outbox *outbox, const struct udp_address *to, const struct udp_locals *locals, const char *bytes, size_t length);
/*
 * Sends what waits, in order; one that cannot be sent (no route, forbidden, too long) is skipped and counted in *lost. Returns 0 when nothing waits any
 * more (the outbox is empty again), or -EAGAIN when the socket takes no more now: then those from `first` on still wait.
 */
int udp_send(int descriptor, struct udp_outbox *outbox, uint32_t *lost);

/* The one address as the other; what it does not say is 0. */
void udp_address_of(const struct tcp_address *address, struct udp_address *mapped);
/* Maps an IPv4 address, four bytes in the order of the network, into IPv6; and says whether one is such. */
void udp_host_map(const void *four, uint8_t host[16]);
bool udp_host_is_mapped(const uint8_t host[16]);

/* Writes "192.0.2.1:4000" or "[2001:db8::1]:4000". */
void udp_address_format(const struct udp_address *address, char text[TCP_ADDRESS_TEXT]);

#endif
