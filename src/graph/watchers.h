/* SPDX-License-Identifier: MIT
 *
 * A user's end of the edges: who watches it. An array in which a removed watcher is replaced by the last one, so that adding
 * and removing are O(1); the other end is told of the move (graph.c does that).
 *
 * Up to WATCHERS_FLAT entries it is one block that is copied when it grows, in the steps of jemalloc's size classes, so
 * that little is wasted; beyond, further blocks double in size and nothing is ever copied. Guarded by the shard's mutex of the user that
 * owns it; memory comes and goes through a spare.
 */
#ifndef GRAPH_WATCHERS_H
#define GRAPH_WATCHERS_H

#include "base/spare.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    WATCHERS_FLAT_BITS = 12,
    WATCHERS_FLAT = 1 << WATCHERS_FLAT_BITS,
    WATCHERS_BLOCKS = 32 - WATCHERS_FLAT_BITS, /* enough for 2^31 watchers */
};

struct watcher {
    uint32_t member; /* the session that watches */
    uint32_t place;  /* where this edge stands in that session's friend list */
};

struct watchers {
    union {
        struct watcher *flat;    /* while capacity <= WATCHERS_FLAT and not spread */
        struct watcher **blocks; /* WATCHERS_BLOCKS pointers, the first to WATCHERS_FLAT entries, the next as many, then doubling */
    };
    uint32_t count;
    uint32_t capacity : 31;
    uint32_t spread : 1; /* `blocks` is in use */
};

static inline struct watcher *
watchers_at(const struct watchers *watchers, uint32_t index)
{
    uint32_t block;

    if (!watchers->spread)
        return &watchers->flat[index];
    if (index < WATCHERS_FLAT)
        return &watchers->blocks[0][index];
    block = 32 - (uint32_t)__builtin_clz(index >> WATCHERS_FLAT_BITS);
    return &watchers->blocks[block][index - (1U << (WATCHERS_FLAT_BITS + block - 1))];
}

/* Appends a watcher. False when memory is wanted first: refill the spare and call again. */
bool watchers_add(struct watchers *watchers, struct watcher watcher, struct spare *spare);
/* Removes the watcher at `index`. True when the last one moved there: it is watchers_at(index) now. */
bool watchers_remove(struct watchers *watchers, uint32_t index, struct spare *spare);
/* Gives memory back where less than half of it is in use. False when memory is wanted to do it; not doing it is no error. */
bool watchers_shrink(struct watchers *watchers, struct spare *spare);
/* Frees everything, whatever is in it. */
void watchers_done(struct watchers *watchers);

#endif
