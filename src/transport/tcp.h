/* SPDX-License-Identifier: MIT
 *
 * TCP: listening sockets, and the transport of the sockets that they accept. What every connection needs is set on the listening socket,
 * once: Linux hands TCP_NODELAY, keep-alive and TCP_NOTSENT_LOWAT down to accepted sockets, which saves five system calls a connection.
 */
#ifndef TRANSPORT_TCP_H
#define TRANSPORT_TCP_H

#include "transport/transport.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

extern const struct transport transport_tcp;

struct tcp_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t length;
};

enum { TCP_ADDRESSES_MAX = 16, TCP_ADDRESS_TEXT = 64 };

/*
 * Reads --bind: "localhost" (127.0.0.1 and ::1), "all" (0.0.0.0 and ::) or numeric addresses with commas between. Returns how many, or -EINVAL.
 * *optional: an address of a family that this machine lacks may be left out (so for the two words).
 */
int tcp_addresses_parse(const char *text, struct tcp_address addresses[TCP_ADDRESSES_MAX], bool *optional);

/* Would listening on both, on the same port, be listening on something twice? */
bool tcp_addresses_collide(const struct tcp_address *one, const struct tcp_address *other);

/* Opens a listening socket on `port` (0: the kernel chooses; it is written into *address). A peer gone without a word is noticed within
 * `peer_timeout_s` while the connection is quiet. Returns the non-blocking descriptor, or -errno. */
int tcp_listen(struct tcp_address *address, uint16_t port, uint32_t peer_timeout_s);

/* Another time for a connection, or for those that a listening socket will take from now on. False with errno. */
bool tcp_set_peer_timeout(int descriptor, uint32_t peer_timeout_s);

/* Makes a socket that listens already, opened by somebody else, as tcp_listen would have made it; its address goes to *address. Returns 0 or -errno. */
int tcp_adopt(int descriptor, struct tcp_address *address, uint32_t peer_timeout_s);

uint16_t tcp_address_port(const struct tcp_address *address);
/* Writes "127.0.0.1:8080" or "[::1]:8080". */
void tcp_address_format(const struct tcp_address *address, char text[TCP_ADDRESS_TEXT]);

#endif
