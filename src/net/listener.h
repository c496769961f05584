/* SPDX-License-Identifier: MIT
 *
 * A listening socket, and what is to become of the connections that come to it. Made by whoever starts the server, then the acceptor's.
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "transport/local.h"
#include "transport/tcp.h"
#include "transport/transport.h"

#include <stdbool.h>
#include <unistd.h>

enum { LISTENERS_MAX = TCP_ADDRESSES_MAX + LOCAL_PATHS_MAX };

struct listener {
    int descriptor;
    const struct transport *transport; /* of its connections */
    bool proxied;                      /* each begins with a header of the PROXY protocol */
    struct local_file file;            /* of a Unix socket; removed when the listener is closed */
};

static inline void
listener_close(const struct listener *listener)
{
    local_remove(&listener->file); /* first: as long as it can be found, somebody answers */
    close(listener->descriptor);
}

#endif
