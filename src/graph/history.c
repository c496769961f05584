/* SPDX-License-Identifier: MIT
 *
 * Reading is a walk back over the ring, a slice at a time, so that nobody waits for the shard's lock as long as all of it takes. What is overwritten
 * meanwhile has been forgotten.
 */
#include "graph/graph.h"
#include "graph/graph_internal.h"

#include <stdlib.h>

enum { SLICE = 64 }; /* places that are looked at under one lock: sixteen cache lines, some 2 µs */

_Static_assert((int)HISTORY_SHARDS == (int)SHARD_COUNT, "each shard has a ring");

struct past *
history_new(void)
{
    enum { LINE_BYTES = HISTORY_LINE * sizeof(struct past) };

    _Static_assert(LINE_BYTES == 64, "a cache line");
    return aligned_alloc(LINE_BYTES, (size_t)HISTORY_SHARDS * HISTORY_LENGTH * sizeof(struct past)); /* what was not written is not read */
}

/* Goes on from the transition before *number; returns whether there is more to look at. */
static bool
look_back(const struct history *history, uint32_t hash, uint64_t *number, struct graph_history *found)
{
    uint64_t oldest = history->count > HISTORY_LENGTH ? history->count - HISTORY_LENGTH : 0;

    for (int left = SLICE; left > 0 && *number > oldest; left--) {
        const struct past *past = history_place(history, --*number);

        if (past->hash != hash)
            continue;
        if (found->count == GRAPH_HISTORY) {
            found->older = OLDER_UNTOLD;
            return false;
        }
        found->past[found->count++] = (struct graph_past){.at_ms = past->at_ms, .online = past->online, .reason = past->reason};
    }
    if (*number > oldest)
        return true;
    found->older = oldest > 0 ? OLDER_FORGOTTEN : OLDER_NONE;
    return false;
}

void
graph_remember(struct graph *graph, uint32_t worker, struct user_id id, struct graph_history *history)
{
    uint64_t hash = hash_of(graph, id), number = UINT64_MAX;
    struct shard *shard = shard_of_hash(graph, hash);
    bool more = true;

    (void)worker;
    *history = (struct graph_history){0};
    while (more) {
        shard_lock(shard);
        if (number > shard->history.count)
            number = shard->history.count;
        more = look_back(&shard->history, (uint32_t)hash, &number, history);
        mutex_unlock(&shard->mutex);
    }
}
