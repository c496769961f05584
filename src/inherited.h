/* SPDX-License-Identifier: MIT
 *
 * The sockets for clients that the service manager has opened. Where there are any, the server opens none itself: --bind and --port are not looked at.
 * Main thread, while starting.
 */
#ifndef INHERITED_H
#define INHERITED_H

#include "base/handle.h"
#include "service/options.h"
#include "transport/tcp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inherited {
    bool any;
    struct tcp_address address; /* of the first of them */
    int tcp[TCP_ADDRESSES_MAX];
    int tcp_count;
    /* UDP sockets by address: each worker serves one of every address. */
    struct inherited_group {
        struct tcp_address address;
        int sockets[HANDLE_WORKERS_MAX];
        uint32_t count;
    } udp[TCP_ADDRESSES_MAX];
    int udp_count;
};

/*
 * Takes what there is and makes it ready. *workers may be 0, for as many as there are UDP sockets of one address; it stays 0 without those. Returns 0, or
 * -EINVAL and one sentence in problem when something was handed over that cannot be served.
 */
int inherited_take(struct inherited *inherited, const struct options *options, uint32_t *workers, char *problem, size_t size);

#endif
