/* SPDX-License-Identifier: MIT
 *
 * A user's end of the edges: who watches it. Each watcher stays at its index, which the other end of the edge knows, so that adding and
 * removing are O(1) and touch nothing but this array.
 *
 * Up to WATCHERS_FLAT entries it is one block that is copied when it grows, in the steps of jemalloc's size classes, so that little is
 * wasted. A watcher that is removed leaves a hole, and the next one that is added fills it. When most of a block is holes or unused it is
 * sparse: then the last ones move into the holes, and the other ends must be told (edge.c does that; so removing is O(1) on the average, and
 * once in some thousand removals from a large block it takes a fifth of a millisecond). Until then up to seven of eight entries may be unused.
 * Beyond, further blocks double in size and nothing is ever copied; there the last watcher takes the place of one removed, at once, so there
 * are no holes.
 *
 * Guarded by the shard's mutex of the user that owns it; memory comes and goes through a spare.
 */
#ifndef GRAPH_WATCHERS_H
#define GRAPH_WATCHERS_H

#include "base/spare.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    WATCHERS_FLAT_BITS = 12,
    WATCHERS_FLAT = 1 << WATCHERS_FLAT_BITS,
    WATCHERS_BLOCKS = 32 - WATCHERS_FLAT_BITS, /* enough for 2^31 watchers */
};

struct watcher {
    uint32_t member; /* the session that watches; WATCHERS_NONE in a hole */
    uint32_t place;  /* where this edge stands in that session's friend list; in a hole, the next hole and one, or 0 */
};

#define WATCHERS_NONE UINT32_MAX

/* The steps in which it grows: up to WATCHERS_FLAT_STEP they are sizes of the one block, those above count blocks. */
enum { WATCHERS_FLAT_STEP = 8 + 4 * (WATCHERS_FLAT_BITS - 4) };

struct watchers {
    union {
        struct watcher *_Atomic flat;    /* up to WATCHERS_FLAT_STEP */
        struct watcher **_Atomic blocks; /* WATCHERS_BLOCKS pointers, the first to WATCHERS_FLAT entries, the next as many, then doubling */
    };
    uint32_t count;
    uint32_t step : 6;
    uint32_t extent : 13; /* of one block: entries in use, the holes among them */
    uint32_t hole : 13;   /* of one block: the first hole and one, or 0 */
};

static inline bool
watchers_are_spread(const struct watchers *watchers)
{
    return watchers->step > WATCHERS_FLAT_STEP;
}

/* How far the entries go; some of them may be holes. */
static inline uint32_t
watchers_extent(const struct watchers *watchers)
{
    return watchers_are_spread(watchers) ? watchers->count : watchers->extent;
}

static inline struct watcher *
watchers_at(const struct watchers *watchers, uint32_t index)
{
    uint32_t block;

    if (!watchers_are_spread(watchers))
        return &watchers->flat[index];
    if (index < WATCHERS_FLAT)
        return &watchers->blocks[0][index];
    block = 32 - (uint32_t)__builtin_clz(index >> WATCHERS_FLAT_BITS);
    return &watchers->blocks[block][index - (1U << (WATCHERS_FLAT_BITS + block - 1))];
}

/* Where the entry of an index is, if all are in one block, else anywhere; for prefetching only. Needs no lock while somebody is known to be in it. */
static inline const void *
watchers_hint(const struct watchers *watchers, uint32_t index)
{
    return atomic_load_explicit(&watchers->flat, memory_order_relaxed) + (index < WATCHERS_FLAT ? index : 0);
}

/* The number of entries that there is memory for. */
uint32_t watchers_capacity(const struct watchers *watchers);
/* One is going to be added soon: asks for the memory. */
void watchers_expect(const struct watchers *watchers);
/* Adds a watcher, whose index goes to *index. False when memory is wanted first: refill the spare and call again. */
bool watchers_add(struct watchers *watchers, struct watcher watcher, uint32_t *index, struct spare *spare);
/* Removes the watcher at `index`. True when the last one moved there: it is watchers_at(index) now. */
bool watchers_remove(struct watchers *watchers, uint32_t index, struct spare *spare);
/* Is so little of its memory in use that some should be given back? Not sooner, because closing holes means telling the other ends. */
bool watchers_are_sparse(const struct watchers *watchers);
/* Moves the last watcher into a hole, whose index it returns; WATCHERS_NONE when there is no hole left. */
uint32_t watchers_close_hole(struct watchers *watchers);
/* Gives memory of sparse ones back, in which there are no holes. False when memory is wanted to do it; not doing it is no error. */
bool watchers_shrink(struct watchers *watchers, struct spare *spare);
/* Frees everything, whatever is in it. */
void watchers_done(struct watchers *watchers);

#endif
