/* SPDX-License-Identifier: MIT
 *
 * A small server of the classic dialect that tells one lie, to see whether a load generator notices. It knows the hello as alo-bench writes it, and serves
 * few clients, in a child process that dies with the test.
 */
#ifndef SUPPORT_LYING_SERVER_H
#define SUPPORT_LYING_SERVER_H

#include <stdint.h>
#include <sys/types.h>

enum lie {
    LIE_NONE,
    LIE_SWALLOW, /* one who should be told is not */
    LIE_REPEAT,  /* one is told twice */
    LIE_SLOW,    /* no lie: one is told everything late, though each word in its turn */
};

struct lying_server {
    pid_t process;
    uint16_t port;
};

/* It lies about the third departure of one of the users from first to last, to the watcher who came last. */
struct lying_server lying_server_start(enum lie lie, int64_t first, int64_t last);
void lying_server_stop(const struct lying_server *server);

#endif
