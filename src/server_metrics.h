/* SPDX-License-Identifier: MIT
 *
 * What the server's parts have counted, summed up and written as metrics. It reads their counters, which each have one writer, and takes no
 * lock of theirs: nobody waits for it. Any thread.
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "base/buffer.h"
#include "net/acceptor.h"
#include "presence/presence.h"

#include <stdbool.h>
#include <stdint.h>

/* The parts that are looked at. They stay where they are until nobody asks any more. */
struct server_parts {
    struct worker *workers;
    uint32_t worker_count;
    const struct acceptor *acceptor;
    const struct admission *admission;
    const struct admission *datagram_admission;
    const struct pressure *pressure;
    const struct presence *presence;
    int64_t started_ms; /* since the epoch */
};

void server_metrics_write(const struct server_parts *parts, bool is_ready, struct buffer *out);

#endif
