/* SPDX-License-Identifier: MIT
 *
 * Sockets that a test opens and hands to servers that it starts, as socket activation does. They outlive the servers.
 */
#ifndef SUPPORT_SOCKETS_H
#define SUPPORT_SOCKETS_H

#include "support/server.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { SOCKETS_MAX = 20 };

struct sockets {
    int descriptors[SOCKETS_MAX];
    const char *names[SOCKETS_MAX]; /* NULL in all: without LISTEN_FDNAMES */
    unsigned count;
    const char *told; /* NULL, or what LISTEN_FDS says instead of how many there are */
};

/* A socket on a loopback address of this family, IPv4 or IPv6, whose port (0: the kernel chooses) goes to *port. One of SOCK_STREAM listens. UDP ones share. */
int socket_open(int family, int type, uint16_t *port);
/* A Unix socket that listens at a path, or at a name without a file: @name. */
int socket_open_local(const char *path);
/* Adds it; it belongs to the sockets. */
void sockets_add(struct sockets *sockets, const char *name, int descriptor);
/* Adds so many UDP sockets that share a port, which is returned. */
uint16_t sockets_add_udp(struct sockets *sockets, int family, unsigned count);
void sockets_close(struct sockets *sockets);

/* As server_start and server_launch, with the sockets. */
struct server *sockets_start(const struct sockets *sockets, const char *flags);
struct server *sockets_launch(const struct sockets *sockets, const char *flags);

#endif
