/* SPDX-License-Identifier: MIT
 *
 * The sockets that the service manager has opened. Where there are any for clients, of whatever kind, the server opens no addresses for clients itself:
 * --bind and --port are not looked at. Those for operators stand for --admin-bind and --admin-port in the same way. What --listen names is opened
 * beside them. Main thread, while starting.
 */
#ifndef INHERITED_H
#define INHERITED_H

#include "base/handle.h"
#include "service/admin.h"
#include "service/options.h"
#include "transport/local.h"
#include "transport/tcp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inherited {
    bool any;                   /* for clients */
    struct tcp_address address; /* of the first of them with one; else all zero */
    int tcp[TCP_ADDRESSES_MAX];
    int tcp_count;
    /* UDP sockets by address: each worker serves one of every address. */
    struct inherited_group {
        struct tcp_address address;
        int sockets[HANDLE_WORKERS_MAX];
        uint32_t count;
    } udp[TCP_ADDRESSES_MAX];
    int udp_count;
    int local[LOCAL_PATHS_MAX]; /* Unix sockets; their files are the manager's */
    int local_count;
    char local_names[LOCAL_LIST];   /* as --listen would say them */
    int admin[ADMIN_LISTENERS_MAX]; /* for operators */
    int admin_count;
    struct tcp_address admin_addresses[ADMIN_LISTENERS_MAX]; /* of each; of a Unix socket all zero */
};

/*
 * Takes what there is and makes it ready. *workers may be 0, for as many as there are UDP sockets of one address; it stays 0 without those. Returns 0, or
 * -EINVAL and one sentence in problem when something was handed over that cannot be served.
 */
int inherited_take(struct inherited *inherited, const struct options *options, uint32_t *workers, char *problem, size_t size);

#endif
