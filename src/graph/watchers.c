/* SPDX-License-Identifier: MIT */
#include "graph/watchers.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct watcher) == 8, "half of the 16 bytes of an edge");

enum { CAPACITY_MIN = 2 };

/* The next larger capacity of a flat array: 2, 4 … 16 by twos, then four steps from one power of two to the next. */
static uint32_t
flat_step(uint32_t capacity)
{
    if (capacity < 16)
        return capacity + CAPACITY_MIN;
    return capacity + (1U << (29 - __builtin_clz(capacity)));
}

static uint32_t
block_size(uint32_t block)
{
    return block == 0 ? WATCHERS_FLAT : 1U << (WATCHERS_FLAT_BITS + block - 1);
}

/* The number of blocks that make up a capacity. */
static uint32_t
block_count(uint32_t capacity)
{
    return capacity == WATCHERS_FLAT ? 1 : 33 - (uint32_t)__builtin_clz((capacity - 1) >> WATCHERS_FLAT_BITS);
}

/* Moves a flat array into a block of another capacity. */
static bool
flat_resize(struct watchers *watchers, uint32_t capacity, struct spare *spare)
{
    struct watcher *flat = spare_take(spare, capacity * sizeof *flat);

    if (flat == NULL)
        return false;
    if (watchers->count > 0)
        memcpy(flat, watchers->flat, watchers->count * sizeof *flat);
    spare_discard(spare, watchers->flat);
    watchers->flat = flat;
    watchers->capacity = capacity & INT32_MAX;
    return true;
}

/* From one flat array to a table of blocks whose first is that array. */
static bool
spread_out(struct watchers *watchers, struct spare *spare)
{
    struct watcher **blocks = spare_take(spare, WATCHERS_BLOCKS * sizeof *blocks);

    if (blocks == NULL)
        return false;
    memset(blocks, 0, WATCHERS_BLOCKS * sizeof *blocks);
    blocks[0] = watchers->flat;
    watchers->blocks = blocks;
    watchers->spread = 1;
    return true;
}

static bool
block_add(struct watchers *watchers, struct spare *spare)
{
    uint32_t block = block_count(watchers->capacity);

    ASSERT(block < WATCHERS_BLOCKS);
    watchers->blocks[block] = spare_take(spare, (size_t)block_size(block) * sizeof(struct watcher));
    if (watchers->blocks[block] == NULL)
        return false;
    watchers->capacity = (watchers->capacity + block_size(block)) & INT32_MAX;
    return true;
}

bool
watchers_add(struct watchers *watchers, struct watcher watcher, struct spare *spare)
{
    if (watchers->count == watchers->capacity) {
        if (watchers->capacity < WATCHERS_FLAT) {
            if (!flat_resize(watchers, flat_step(watchers->capacity), spare))
                return false;
        } else if ((!watchers->spread && !spread_out(watchers, spare)) || !block_add(watchers, spare)) {
            return false;
        }
    }
    *watchers_at(watchers, watchers->count++) = watcher;
    return true;
}

bool
watchers_remove(struct watchers *watchers, uint32_t index, struct spare *spare)
{
    uint32_t last = watchers->count - 1;

    ASSERT(index < watchers->count);
    watchers->count = last;
    if (index != last)
        *watchers_at(watchers, index) = *watchers_at(watchers, last);
    if (last == 0) {
        for (uint32_t block = 1; watchers->spread && block < WATCHERS_BLOCKS; block++)
            spare_discard(spare, watchers->blocks[block]);
        if (watchers->spread)
            spare_discard(spare, watchers->blocks[0]);
        spare_discard(spare, watchers->flat);
        *watchers = (struct watchers){0};
    }
    return index != last;
}

bool
watchers_shrink(struct watchers *watchers, struct spare *spare)
{
    if (watchers->spread) {
        uint32_t top = block_count(watchers->capacity) - 1;

        /* The top block is half of the capacity: free it only when a quarter is in use, so that a user whose audience wavers
         * does not allocate at every step. */
        while (top > 0 && watchers->count <= watchers->capacity / 4) {
            spare_discard(spare, watchers->blocks[top]);
            watchers->blocks[top] = NULL;
            watchers->capacity = (watchers->capacity - block_size(top)) & INT32_MAX;
            top--;
        }
        if (top == 0 && watchers->count <= WATCHERS_FLAT / 2) {
            struct watcher *flat = watchers->blocks[0];

            spare_discard(spare, watchers->blocks);
            watchers->flat = flat;
            watchers->spread = 0;
        }
        return true;
    }
    if (watchers->capacity <= 8 || watchers->count > watchers->capacity / 2)
        return true;
    uint32_t capacity = CAPACITY_MIN;

    while (capacity < watchers->count + 1)
        capacity = flat_step(capacity);
    return flat_resize(watchers, capacity, spare);
}

void
watchers_done(struct watchers *watchers)
{
    for (uint32_t block = 0; watchers->spread && block < WATCHERS_BLOCKS; block++)
        free(watchers->blocks[block]);
    free(watchers->flat);
    *watchers = (struct watchers){0};
}
