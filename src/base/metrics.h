/* SPDX-License-Identifier: MIT
 *
 * A counter with one writing thread that anybody may read: no lock, no atomic read-modify-write.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/sync.h"

#include <stdatomic.h>
#include <stdint.h>

struct counter {
    _Atomic uint64_t value;
};

static inline void
counter_init(struct counter *counter)
{
    atomic_init(&counter->value, 0);
    /* helgrind: one writer, and readers for whom a slightly old number is good enough. */
    RACE_IGNORE(&counter->value, sizeof counter->value);
}

/* The writing thread only. */
static inline void
counter_add(struct counter *counter, uint64_t amount)
{
    uint64_t value = atomic_load_explicit(&counter->value, memory_order_relaxed);

    atomic_store_explicit(&counter->value, value + amount, memory_order_relaxed);
}

static inline uint64_t
counter_read(const struct counter *counter)
{
    return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

#endif
