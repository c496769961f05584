/* SPDX-License-Identifier: MIT */
#include "graph/watchers.h"

#include "base/assert.h"
#include "base/prefetch.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct watcher) == 8, "half of the 16 bytes of an edge");

/* Of the bit fields: to say that what is put into them fits. */
enum { STEP_MASK = (1 << 6) - 1, EXTENT_MASK = (1 << 13) - 1, SMALL = 8, COPY_EXPECTED = 64, LINE = 8 };

_Static_assert((int)WATCHERS_FLAT_STEP + (int)WATCHERS_BLOCKS <= (int)STEP_MASK && (int)WATCHERS_FLAT < (int)EXTENT_MASK,
    "every step and every extent has room");

/* The entries of a step: 0, 2, 4 … 16 by twos, then four steps from one power of two to the next; from two blocks on they double. */
static uint32_t
capacity_of(uint32_t step)
{
    if (step <= 8)
        return 2 * step;
    if (step <= WATCHERS_FLAT_STEP)
        return (16 + 4 * (step % 4)) << ((step - 8) / 4);
    return 1U << (WATCHERS_FLAT_BITS + step - WATCHERS_FLAT_STEP - 1);
}

uint32_t
watchers_capacity(const struct watchers *watchers)
{
    return capacity_of(watchers->step);
}

/* Moves a flat array without holes into a block of another step. */
static bool
flat_resize(struct watchers *watchers, uint32_t step, struct spare *spare)
{
    struct watcher *flat = spare_take(spare, capacity_of(step) * sizeof *flat);

    if (flat == NULL) {
        /* It comes soon: what is to be copied is in another processor's cache, mostly. */
        for (uint32_t i = 0; i < watchers->extent && i < COPY_EXPECTED; i += LINE)
            prefetch_for_writing(&watchers->flat[i], 1);
        return false;
    }
    if (watchers->extent > 0)
        memcpy(flat, watchers->flat, watchers->extent * sizeof *flat);
    spare_discard(spare, watchers->flat);
    watchers->flat = flat;
    watchers->step = step & STEP_MASK;
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
    watchers->step = WATCHERS_FLAT_STEP + 1;
    return true;
}

static uint32_t
block_size(uint32_t block)
{
    return block == 0 ? WATCHERS_FLAT : 1U << (WATCHERS_FLAT_BITS + block - 1);
}

static bool
block_add(struct watchers *watchers, struct spare *spare)
{
    uint32_t block = watchers->step - WATCHERS_FLAT_STEP;

    ASSERT(block < WATCHERS_BLOCKS);
    watchers->blocks[block] = spare_take(spare, (size_t)block_size(block) * sizeof(struct watcher));
    if (watchers->blocks[block] == NULL)
        return false;
    watchers->step = (watchers->step + 1) & STEP_MASK;
    return true;
}

/* Makes room for one more. False when memory is wanted first. */
static bool
grow(struct watchers *watchers, struct spare *spare)
{
    if (watchers->step < WATCHERS_FLAT_STEP)
        return flat_resize(watchers, watchers->step + 1, spare);
    return (watchers_are_spread(watchers) || spread_out(watchers, spare)) && block_add(watchers, spare);
}

/* Takes the first hole out of the row of holes. */
static uint32_t
hole_take(struct watchers *watchers)
{
    uint32_t index = watchers->hole - 1;

    watchers->hole = watchers->flat[index].place & EXTENT_MASK;
    return index;
}

void
watchers_expect(const struct watchers *watchers)
{
    if (!watchers_are_spread(watchers) && watchers->count > 0)
        prefetch_for_writing(watchers->flat + (watchers->hole > 0 ? watchers->hole - 1U : watchers->extent), 1);
}

bool
watchers_add(struct watchers *watchers, struct watcher watcher, uint32_t *index, struct spare *spare)
{
    uint32_t extent = watchers_extent(watchers);
    bool spread;

    if (watchers->hole == 0 && extent == watchers_capacity(watchers) && !grow(watchers, spare))
        return false;
    spread = watchers_are_spread(watchers);
    *index = spread || watchers->hole == 0 ? extent : hole_take(watchers);
    if (!spread && *index == extent)
        watchers->extent++;
    watchers->count++;
    *watchers_at(watchers, *index) = watcher;
    return true;
}

/* Frees everything of an array whose last watcher has gone. */
static void
discard(struct watchers *watchers, struct spare *spare)
{
    if (watchers_are_spread(watchers))
        for (uint32_t block = 0; block < WATCHERS_BLOCKS; block++)
            spare_discard(spare, watchers->blocks[block]);
    spare_discard(spare, watchers->flat);
    *watchers = (struct watchers){.count = 0};
}

bool
watchers_remove(struct watchers *watchers, uint32_t index, struct spare *spare)
{
    ASSERT(index < watchers_extent(watchers));
    if (--watchers->count == 0) {
        discard(watchers, spare);
    } else if (watchers_are_spread(watchers)) {
        *watchers_at(watchers, index) = *watchers_at(watchers, watchers->count);
        return index != watchers->count;
    } else if (index + 1 == watchers->extent) {
        watchers->extent--;
    } else {
        watchers->flat[index] = (struct watcher){.member = WATCHERS_NONE, .place = watchers->hole};
        watchers->hole = (index + 1) & EXTENT_MASK;
    }
    return false;
}

bool
watchers_are_sparse(const struct watchers *watchers)
{
    uint32_t capacity = watchers_capacity(watchers);

    if (watchers_are_spread(watchers))
        return watchers->count <= capacity / 4;
    return capacity > SMALL && (watchers->count <= SMALL / 2 || watchers->count <= capacity / 8);
}

uint32_t
watchers_close_hole(struct watchers *watchers)
{
    while (watchers->hole != 0) {
        uint32_t index = hole_take(watchers);

        while (watchers->extent > watchers->count && watchers->flat[watchers->extent - 1].member == WATCHERS_NONE)
            watchers->extent--;
        if (index < watchers->extent) {
            watchers->flat[index] = watchers->flat[--watchers->extent];
            return index;
        }
    }
    return WATCHERS_NONE;
}

bool
watchers_shrink(struct watchers *watchers, struct spare *spare)
{
    uint32_t step = 1;

    if (watchers_are_spread(watchers)) {
        /* The top block is half of the capacity: it goes only when a quarter is in use, so that a user whose audience wavers does not
         * allocate at every step. */
        while (watchers->step > WATCHERS_FLAT_STEP + 1 && watchers_are_sparse(watchers)) {
            watchers->step = (watchers->step - 1) & STEP_MASK;
            spare_discard(spare, watchers->blocks[watchers->step - WATCHERS_FLAT_STEP]);
            watchers->blocks[watchers->step - WATCHERS_FLAT_STEP] = NULL;
        }
        if (watchers->step == WATCHERS_FLAT_STEP + 1 && watchers->count <= WATCHERS_FLAT / 2) {
            struct watcher *flat = watchers->blocks[0];

            spare_discard(spare, watchers->blocks);
            watchers->flat = flat;
            watchers->step = WATCHERS_FLAT_STEP;
            watchers->extent = watchers->count & EXTENT_MASK;
        }
        return true;
    }
    if (!watchers_are_sparse(watchers))
        return true;
    ASSERT(watchers->extent == watchers->count);
    while (capacity_of(step) < watchers->count + 1)
        step++;
    return flat_resize(watchers, step, spare);
}

void
watchers_done(struct watchers *watchers)
{
    for (uint32_t block = 0; watchers_are_spread(watchers) && block < WATCHERS_BLOCKS; block++)
        free(watchers->blocks[block]);
    free(watchers->flat);
    *watchers = (struct watchers){.count = 0};
}
