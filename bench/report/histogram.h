/* SPDX-License-Identifier: MIT
 *
 * How often each latency was seen: values of 1 ns to one hour, at most 1/256 too high, in memory that is fixed, holds no
 * pointers (it may be shared between processes) and is valid and empty when it is all zero. One writer; whoever adds histograms
 * up does so when their writers have stopped. The buckets are those of HdrHistogram, see report/buckets.h.
 */
#ifndef REPORT_HISTOGRAM_H
#define REPORT_HISTOGRAM_H

#include "report/buckets.h"

#include <stdint.h>

enum { HISTOGRAM_BITS = 8 };

struct histogram {
    uint64_t count;
    int64_t min_ns, max_ns; /* exact; 0 while empty */
    uint64_t counts[BUCKETS(HISTOGRAM_BITS)];
};

/* A value outside of the range is recorded as the nearest one inside. */
void histogram_record(struct histogram *histogram, int64_t ns);
void histogram_record_many(struct histogram *histogram, int64_t ns, uint64_t times);

/* Afterwards `into` is as if all values of both had been recorded in it. */
void histogram_add(struct histogram *into, const struct histogram *from);

/* The value that `percent` of the values (0 to 100) do not exceed: the highest that cannot be told apart from the exact one, but
 * never more than the greatest recorded. The exact one is the smallest value with at least that share at or below it (nearest
 * rank). 0 while empty. */
int64_t histogram_percentile(const struct histogram *histogram, double percent);

/* From the middles of the buckets, so at most 1/512 wrong; 0 while empty. */
double histogram_mean(const struct histogram *histogram);

#endif
