/* SPDX-License-Identifier: MIT
 *
 * Which counter of a log-linear histogram a value belongs to, as HdrHistogram does it (Gil Tene; described at
 * http://hdrhistogram.org and in the comments of its Java class AbstractHistogram): below 2^(bits + 1) each value has a counter
 * of its own; above that each power of two is divided into 2^bits counters of equal width. So a counter is never wider than
 * 1/2^bits of the smallest value in it, and finding it takes a count of leading zeros and a shift.
 */
#ifndef REPORT_BUCKETS_H
#define REPORT_BUCKETS_H

#include <stdint.h>

enum { VALUE_BITS = 42 }; /* 2^42 ns are an hour and 13 minutes */

#define VALUE_MAX_NS INT64_C(3600000000000)

/* How many counters there are when values up to VALUE_MAX_NS are kept. */
#define BUCKETS(bits) ((VALUE_BITS - (bits) + 1) << (bits))

/* What is recorded for ns: a latency below the clock's step or above an hour is neither lost nor believed. */
static inline int64_t
bucket_value(int64_t ns)
{
    return ns < 1 ? 1 : ns > VALUE_MAX_NS ? VALUE_MAX_NS : ns;
}

/* value is one of bucket_value's. */
static inline uint32_t
bucket_of(int64_t value, uint32_t bits)
{
    uint32_t highest = 63 - (uint32_t)__builtin_clzll((uint64_t)value);
    uint32_t shift = highest > bits ? highest - bits : 0;

    return (shift << bits) + (uint32_t)(value >> shift);
}

/* The highest value that has this counter. */
static inline int64_t
bucket_highest(uint32_t bucket, uint32_t bits)
{
    uint32_t shift = bucket >> bits > 1 ? (bucket >> bits) - 1 : 0;

    return ((int64_t)(bucket - (shift << bits) + 1) << shift) - 1;
}

#endif
