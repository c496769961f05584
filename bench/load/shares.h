/* SPDX-License-Identifier: MIT
 *
 * A run that is split over processes: a process holds so many descriptors only, and has one core. Each plays a share: users and friends of its own.
 * The first one is the program that was started; it alone measures the server and reports. They meet between the phases, and what each has counted
 * stands in memory that all share.
 */
#ifndef LOAD_SHARES_H
#define LOAD_SHARES_H

#include "load/tally.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { SHARES_MAX = 64 };

struct shares {
    uint32_t count;
    _Atomic uint32_t arrived, generation; /* of a meeting */
    _Atomic int64_t stop_ns;              /* when Ctrl-C was heard, or 0: end the phase, report what there is */
    _Atomic bool abandoned;               /* it was heard by one that had nothing to report yet */
    _Atomic bool failed;                  /* one of them is saying why it fails */
    bool over;                            /* what stage_over answers; as start_ns */
    int64_t start_ns;                     /* of the phase; written by the first while all meet */
    struct tally tallies[];
};

/* Ends the program when a process of it fails, and lets Ctrl-C and SIGTERM set `stop_ns`; the second one ends it at once, with status 130. */
struct shares *shares_new(uint32_t count);

/* Starts the other processes; returns the number of the share that the caller plays from now on. */
uint32_t shares_start(struct shares *shares);

/* Returns when every share has come here; meanwhile calls wait(context), which may not take long. */
void shares_meet(struct shares *shares, void (*wait)(void *context), void *context);

/* Ends the other processes' part: in them, it does not return; in the first, it waits until they have ended. */
void shares_end(struct shares *shares, uint32_t share);

static inline bool
shares_stopping(const struct shares *shares)
{
    return atomic_load_explicit(&shares->stop_ns, memory_order_relaxed) != 0;
}

/* Adds up what all have counted; they must have met. */
void shares_sum(const struct shares *shares, struct tally *sum);

#endif
