/* SPDX-License-Identifier: MIT */
#include "report/histogram.h"

#include <math.h>

void
histogram_record(struct histogram *histogram, int64_t ns)
{
    histogram_record_many(histogram, ns, 1);
}

void
histogram_record_many(struct histogram *histogram, int64_t ns, uint64_t times)
{
    int64_t value = bucket_value(ns);

    if (times == 0)
        return;
    if (histogram->count == 0 || value < histogram->min_ns)
        histogram->min_ns = value;
    if (value > histogram->max_ns)
        histogram->max_ns = value;
    histogram->count += times;
    histogram->counts[bucket_of(value, HISTOGRAM_BITS)] += times;
}

void
histogram_add(struct histogram *into, const struct histogram *from)
{
    if (from->count == 0)
        return;
    if (into->count == 0 || from->min_ns < into->min_ns)
        into->min_ns = from->min_ns;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
    into->count += from->count;
    for (uint32_t i = 0; i < BUCKETS(HISTOGRAM_BITS); i++)
        into->counts[i] += from->counts[i];
}

/* Which of the sorted values, counted from 1, is the percentile. 99.9 has no exact binary form: the next smaller number is taken,
 * so that 99.9 % of 41,000 is the 40,959th and not, by a rounding, the next one. */
static uint64_t
percentile_rank(uint64_t count, double percent)
{
    double rank = ceil(nextafter(percent, -1) * (double)count / 100);

    return rank < 1 ? 1 : rank >= (double)count ? count : (uint64_t)rank;
}

int64_t
histogram_percentile(const struct histogram *histogram, double percent)
{
    uint64_t rank = percentile_rank(histogram->count, percent), seen = 0;

    for (uint32_t i = 0; i < BUCKETS(HISTOGRAM_BITS); i++) {
        seen += histogram->counts[i];
        if (seen >= rank) {
            int64_t highest = bucket_highest(i, HISTOGRAM_BITS);

            return highest < histogram->max_ns ? highest : histogram->max_ns;
        }
    }
    return 0;
}

double
histogram_mean(const struct histogram *histogram)
{
    double sum = 0;
    int64_t lowest = 0;

    for (uint32_t i = 0; i < BUCKETS(HISTOGRAM_BITS); i++) {
        int64_t highest = bucket_highest(i, HISTOGRAM_BITS);

        sum += (double)histogram->counts[i] * (double)(lowest + highest) / 2;
        lowest = highest + 1;
    }
    if (histogram->count == 0)
        return 0;
    return fmin(fmax(sum / (double)histogram->count, (double)histogram->min_ns), (double)histogram->max_ns);
}
