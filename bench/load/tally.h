/* SPDX-License-Identifier: MIT
 *
 * What one process of the benchmark has counted. It stands in memory that the processes share: written by one of them, read by the others when all
 * have met (load/shares.h), but for the atomic fields, which the first one reads for the progress line.
 */
#ifndef LOAD_TALLY_H
#define LOAD_TALLY_H

#include "report/histogram.h"
#include "report/series.h"

#include <stdatomic.h>
#include <stdint.h>

enum { TALLY_ERROR_BYTES = 240, TALLY_NUMBERS = 32 };

/* Counts that only grow. */
struct tally_counts {
    uint64_t due;         /* notifications that were ordered */
    uint64_t heard;       /* news that came while what came had to be due */
    uint64_t transitions; /* arrivals and departures that were ordered */
    uint64_t missing, extra, late;
    uint64_t lost;   /* missing over UDP, where that is no error */
    uint64_t merged; /* undone before they were told, which some dialects may leave out */
};

struct tally {
    struct tally_counts counts;
    struct histogram latency;
    struct series series;
    double numbers[TALLY_NUMBERS];       /* what a scenario hands to the first process */
    char first_error[TALLY_ERROR_BYTES]; /* a sentence; empty when all is well */
    _Atomic uint64_t shown_heard, shown_errors, shown_online;
};

static inline uint64_t
tally_errors(const struct tally_counts *counts)
{
    return counts->missing + counts->extra + counts->late;
}

#endif
