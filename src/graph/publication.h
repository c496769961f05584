/* SPDX-License-Identifier: MIT
 *
 * One transition on its way out: the audience is filled under the user's lock and handed to the graph's publisher.
 */
#ifndef GRAPH_PUBLICATION_H
#define GRAPH_PUBLICATION_H

#include "graph/graph_internal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes sure that the audience at a seat has room for `count` handles; for a few at least. Returns 0 or -ENOMEM. Not under a lock. */
int audience_reserve(const struct graph *graph, struct seat *seat, size_t count);

/* Has it? */
static inline bool
audience_is_ready(const struct seat *seat, size_t count)
{
    return count == 0 || (seat->audience != NULL && seat->audience->capacity >= count);
}

/*
 * Notes a transition, and publishes it to the user's watchers and to the seat's candidates that are not among them, if there is anybody. The seat's
 * audience has room for all. `what` says what happened; who and when are filled in, and the audience takes references of its own.
 */
void publish(struct graph *graph, struct shard *shard, uint32_t worker, uint32_t index, struct transition what) REQUIRES(shard->mutex);

#endif
