/* SPDX-License-Identifier: MIT */
#include "report/series.h"

#include "base/assert.h"

#include <string.h>

/* This part of an interval is a length. */
enum { SHORTEST = 100 };

void
series_begin(struct series *series, int64_t start_ns, int64_t interval_ns)
{
    ASSERT(interval_ns > 0 && series->used == 0);
    series->start_ns = series->end_ns = start_ns;
    series->interval_ns = interval_ns;
}

/* All but online, which is not a sum over time. */
static void
point_add(struct series_point *into, const struct series_point *from)
{
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
    into->delivered += from->delivered;
    for (uint32_t i = 0; i < SERIES_COUNTERS; i++)
        into->counters[i] += from->counters[i];
    if (from->delivered == 0)
        return;
    for (uint32_t i = 0; i < BUCKETS(SERIES_BITS); i++)
        into->latencies[i] += from->latencies[i];
}

static void
point_online(struct series_point *point, int64_t online)
{
    point->online = online;
    point->online_known = true;
}

static void
series_fold(struct series *series)
{
    for (uint32_t i = 0; i < series->used; i++) {
        struct series_point *from = &series->points[i], *into = &series->points[i / 2];

        if (from == into)
            continue;
        if (i % 2 == 0)
            *into = *from;
        else {
            point_add(into, from);
            if (from->online_known)
                point_online(into, from->online);
        }
        memset(from, 0, sizeof *from);
    }
    series->used = (series->used + 1) / 2;
    series->interval_ns *= 2;
}

static struct series_point *
series_point(struct series *series, int64_t now_ns)
{
    int64_t offset_ns = now_ns > series->start_ns ? now_ns - series->start_ns : 0;

    while (offset_ns / series->interval_ns >= SERIES_POINTS)
        series_fold(series);

    uint32_t point = (uint32_t)(offset_ns / series->interval_ns);

    if (point >= series->used)
        series->used = point + 1;
    if (now_ns > series->end_ns)
        series->end_ns = now_ns;
    return &series->points[point];
}

void
series_latency(struct series *series, int64_t now_ns, int64_t latency_ns)
{
    struct series_point *point = series_point(series, now_ns);
    int64_t value = bucket_value(latency_ns);

    point->delivered++;
    point->latencies[bucket_of(value, SERIES_BITS)]++;
    if (value > point->max_ns)
        point->max_ns = value;
}

void
series_count(struct series *series, int64_t now_ns, enum series_counter counter, uint32_t times)
{
    series_point(series, now_ns)->counters[counter] += times;
}

void
series_online(struct series *series, int64_t now_ns, int64_t online)
{
    point_online(series_point(series, now_ns), online);
}

void
series_add(struct series *into, const struct series *from)
{
    int64_t into_online = 0, from_online = 0;
    bool known = false;

    if (from->interval_ns == 0)
        return;
    if (into->interval_ns == 0)
        series_begin(into, from->start_ns, from->interval_ns);
    ASSERT(into->start_ns == from->start_ns);
    while (into->interval_ns < from->interval_ns)
        series_fold(into);

    uint32_t each = (uint32_t)(into->interval_ns / from->interval_ns);
    uint32_t from_used = (from->used + each - 1) / each;

    ASSERT(into->interval_ns == from->interval_ns * each);
    if (from_used > into->used)
        into->used = from_used;
    if (from->end_ns > into->end_ns)
        into->end_ns = from->end_ns;
    /* A share that tells nothing in some point is as many as it was before. */
    for (uint32_t i = 0; i < into->used; i++) {
        struct series_point *point = &into->points[i];

        if (point->online_known) {
            into_online = point->online;
            known = true;
        }
        for (uint32_t j = i * each; j < (i + 1) * each && j < from->used; j++) {
            point_add(point, &from->points[j]);
            if (from->points[j].online_known) {
                from_online = from->points[j].online;
                known = true;
            }
        }
        if (known)
            point_online(point, into_online + from_online);
    }
}

uint32_t
series_length(const struct series *series)
{
    if (series->used <= 1)
        return series->used;

    int64_t rest_ns = series->end_ns - series->start_ns - (int64_t)(series->used - 1) * series->interval_ns;

    return rest_ns < series->interval_ns / 2 ? series->used - 1 : series->used;
}

/* The latencies as the highest value of each bucket, so that a percentile of them errs upwards, as all do. */
static void
sample_latencies(struct series_sample *sample, const struct series_point *point)
{
    struct histogram histogram = {0};

    for (uint32_t i = 0; i < BUCKETS(SERIES_BITS); i++)
        histogram_record_many(&histogram, bucket_highest(i, SERIES_BITS), point->latencies[i]);
    histogram.max_ns = point->max_ns;
    sample->p50_ns = histogram_percentile(&histogram, 50);
    sample->p99_ns = histogram_percentile(&histogram, 99);
    sample->max_ns = point->max_ns;
}

struct series_sample
series_sample(const struct series *series, uint32_t sample)
{
    bool last = sample + 1 == series_length(series);
    struct series_point sum = {0};
    struct series_sample result = {.start_s = (double)sample * (double)series->interval_ns / 1e9};

    ASSERT(sample < series_length(series));
    for (uint32_t i = sample; i < (last ? series->used : sample + 1); i++)
        point_add(&sum, &series->points[i]);
    result.seconds = (double)series->interval_ns / 1e9;
    /* The end is that of the run, except where it ended almost as it began: a rate over next to nothing would mean nothing. */
    if (last && series->end_ns - series->start_ns > series->interval_ns / SHORTEST)
        result.seconds = (double)(series->end_ns - series->start_ns) / 1e9 - result.start_s;
    result.delivered = sum.delivered;
    result.transitions = sum.counters[SERIES_TRANSITIONS];
    result.errors = sum.counters[SERIES_ERRORS];
    for (uint32_t i = last ? series->used : sample + 1; i-- > 0;) {
        if (series->points[i].online_known) {
            result.online = series->points[i].online;
            break;
        }
    }
    sample_latencies(&result, &sum);
    return result;
}
