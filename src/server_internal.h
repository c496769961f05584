/* SPDX-License-Identifier: MIT
 *
 * What the files that make a server have to know of it: server.c starts and stops it, server_listen.c opens its sockets, server_check.c
 * looks at what it is told before anything is opened. All of it is the main thread's, but for what net/ and presence/ share out.
 */
#ifndef SERVER_INTERNAL_H
#define SERVER_INTERNAL_H

#include "inherited.h"
#include "net/acceptor.h"
#include "net/admission.h"
#include "net/pulse.h"
#include "net/reconfiguration.h"
#include "net/worker.h"
#include "presence/presence.h"
#include "server.h"
#include "server_admin.h"
#include "store/store.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

_Static_assert((int)LOCAL_NAME >= (int)TCP_ADDRESS_TEXT, "an address of either kind must fit");

/* What a reload makes anew. Constant once workers have it, but for the reconfiguration itself. */
struct settings {
    struct worker_config workers;
    struct presence_config presence;
    uint64_t drain_ms; /* over which a drain is spread that begins while they hold */
    struct reconfiguration reconfiguration;
};

struct server {
    struct admission admission;
    struct admission datagram_admission;
    struct gate gate;
    struct pressure pressure;
    struct pulse pulse;
    struct settings first;     /* of the start; the acceptor keeps them */
    struct settings *settings; /* what holds now: &first until a reload */
    struct settings *former;   /* only while a worker has yet to take those that hold now */
    struct acceptor acceptor;
    struct drain drain;
    _Atomic bool draining;
    struct presence *presence;
    struct server_admin admin;
    const struct store *store;
    uint32_t worker_count;
    uint16_t port;
    bool udp;
    struct tcp_address udp_addresses[TCP_ADDRESSES_MAX];
    uint32_t udp_reserve;              /* descriptors that are kept for UDP sockets */
    int udp_count;                     /* addresses; each worker has a socket for every one */
    int *udp_sockets;                  /* of address a and worker w: [a * workers + w]; -1 when it is the worker's or none */
    char address[LOCAL_NAME];          /* the first that it listens on; one of TCP is shorter */
    char unix_sockets[2 * LOCAL_LIST]; /* the manager's, and those of --listen */
    char proxy_protocol[16];           /* --proxy-protocol */
    char refusal[ERROR_LINE_MAX];
    struct worker workers[];
};

/* Writes the sentence, and returns the error. */
int server_fail(char problem[SERVER_PROBLEM], int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Reads --proxy-protocol. False when it is neither of the kinds of listeners, nor both, nor none. */
bool server_proxied_parse(const char *text, bool *tcp, bool *local);

/*
 * Opens all sockets for clients, or takes those of the service manager in the place of the ports. The options have been checked. Returns 0, or -errno
 * and a sentence, and nothing is open.
 */
int server_listen(struct server *server, const struct options *options, const struct inherited *inherited, char problem[SERVER_PROBLEM]);
/* Closes what is open and has not been handed over. */
void server_close_listeners(struct server *server);

#endif
