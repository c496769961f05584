/* SPDX-License-Identifier: MIT
 *
 * What happened when: a run cut into points of equal length, each with its latencies, what was counted and how many were online.
 * Memory is fixed and holds no pointers (it may be shared between processes): when the points are used up, each two become one and
 * the interval doubles, so that a run of any length has between half of them and all. One writer; whoever adds series up does so
 * when their writers have stopped.
 */
#ifndef REPORT_SERIES_H
#define REPORT_SERIES_H

#include "report/buckets.h"
#include "report/histogram.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SERIES_POINTS = 1024, /* more than a plot has pixels for; each is 5 KB, and only those used are ever touched */
    SERIES_BITS = 5,      /* latencies are at most 1/32 too high: less than the width of a line in a plot */
};

enum series_counter { SERIES_TRANSITIONS, SERIES_ERRORS, SERIES_COUNTERS };

struct series_point {
    int64_t max_ns; /* exact */
    int64_t online; /* the last one told; only if online_known */
    bool online_known;
    uint32_t delivered; /* how many latencies */
    uint32_t counters[SERIES_COUNTERS];
    uint32_t latencies[BUCKETS(SERIES_BITS)];
};

struct series {
    int64_t start_ns, interval_ns;
    int64_t end_ns; /* the latest moment that something was told for */
    uint32_t used;  /* points up to the last one that something was told for */
    struct series_point points[SERIES_POINTS];
};

/* The series was all zero. What is before the start counts as at the start. */
void series_begin(struct series *series, int64_t start_ns, int64_t interval_ns);

/* Something was delivered, so long after it was due. */
void series_latency(struct series *series, int64_t now_ns, int64_t latency_ns);
void series_count(struct series *series, int64_t now_ns, enum series_counter counter, uint32_t times);
/* So many are online from now on, until the next word about it. */
void series_online(struct series *series, int64_t now_ns, int64_t online);

/* Adds another share of the same run: both have the same start, and began with the same interval. */
void series_add(struct series *into, const struct series *from);

/* What a reader wants of one stretch of the run. */
struct series_sample {
    double start_s, seconds; /* from the start of the run, and how long it is */
    uint64_t delivered, transitions, errors;
    int64_t online;
    int64_t p50_ns, p99_ns, max_ns; /* 0 when nothing was delivered */
};

/* How many samples there are. The run's end seldom falls on a point's: less than half a point at the end, whose rates would be
 * noise, is part of the sample before it. */
uint32_t series_length(const struct series *series);
struct series_sample series_sample(const struct series *series, uint32_t sample);

#endif
