/* SPDX-License-Identifier: MIT
 *
 * A handle names a session from any thread without pointing at it: the worker that owns it, its slot in
 * that worker's table, and the generation of that slot. Only the owner can turn it into a session, and a
 * handle whose generation has passed names nothing.
 */
#ifndef BASE_HANDLE_H
#define BASE_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    HANDLE_SLOT_BITS = 24,                             /* 16 million sessions a worker */
    HANDLE_WORKERS_MAX = 1 << (32 - HANDLE_SLOT_BITS), /* 256 workers */
    HANDLE_SLOTS_MAX = 1 << HANDLE_SLOT_BITS,
};

struct handle {
    uint32_t place;      /* worker in the upper 8 bits, slot in the lower 24 */
    uint32_t generation; /* never 0 for a session that exists */
};

static inline struct handle
handle_of(uint32_t worker, uint32_t slot, uint32_t generation)
{
    return (struct handle){.place = worker << HANDLE_SLOT_BITS | slot, .generation = generation};
}

static inline uint32_t
handle_worker(struct handle handle)
{
    return handle.place >> HANDLE_SLOT_BITS;
}

static inline uint32_t
handle_slot(struct handle handle)
{
    return handle.place & (HANDLE_SLOTS_MAX - 1);
}

static inline bool
handle_equal(struct handle a, struct handle b)
{
    return a.place == b.place && a.generation == b.generation;
}

#endif
