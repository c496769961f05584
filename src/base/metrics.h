/* SPDX-License-Identifier: MIT
 *
 * Counters and distributions with one writing thread that anybody may read: no lock, no atomic read-modify-write, so that counting costs the
 * writer a load and a store. Who sums up several of them sees each as it was a moment ago.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/sync.h"

#include <stdatomic.h>
#include <stddef.h>
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

/* For a number that also goes down. The writing thread only. */
static inline void
counter_set(struct counter *counter, uint64_t value)
{
    atomic_store_explicit(&counter->value, value, memory_order_relaxed);
}

static inline uint64_t
counter_read(const struct counter *counter)
{
    return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

/* Adds up several counters that stand side by side, such as a struct of nothing else; `sum` is the caller's own. */
static inline void
counters_sum(struct counter *sum, const struct counter *counters, size_t count)
{
    for (size_t i = 0; i < count; i++)
        counter_add(&sum[i], counter_read(&counters[i]));
}

static inline void
counters_init(struct counter *counters, size_t count)
{
    for (size_t i = 0; i < count; i++)
        counter_init(&counters[i]);
}

/* How many counters a struct of nothing but counters is. */
#define COUNTERS_IN(type) (sizeof(type) / sizeof(struct counter))

/*
 * How many values there were of each size: bucket b holds those above 2^(b-1) and up to 2^b, the first 0 and 1, the last all that are larger than the
 * one before it takes. Sizes a factor of two apart tell an operator what matters, and finding the bucket is one instruction.
 */
enum { DISTRIBUTION_BUCKETS = 26 };

struct distribution {
    struct counter buckets[DISTRIBUTION_BUCKETS];
    struct counter sum; /* of the values */
};

static inline uint32_t
distribution_bucket(uint64_t value)
{
    uint32_t bucket = value <= 1 ? 0 : 64 - (uint32_t)__builtin_clzll(value - 1);

    return bucket < DISTRIBUTION_BUCKETS ? bucket : DISTRIBUTION_BUCKETS - 1;
}

/* Counts a value so many times. The writing thread only. */
static inline void
distribution_add(struct distribution *distribution, uint64_t value, uint64_t times)
{
    counter_add(&distribution->buckets[distribution_bucket(value)], times);
    counter_add(&distribution->sum, value * times);
}

#endif
