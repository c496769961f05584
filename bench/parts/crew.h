/* SPDX-License-Identifier: MIT
 *
 * The threads of a case. They stay from batch to batch, so that what a thread does once in its life (the allocator's caches) is not measured,
 * and sleep between batches.
 */
#ifndef PARTS_CREW_H
#define PARTS_CREW_H

#include "parts/measure.h"

#include <stdint.h>

struct cost {
    double wall_ns, cpu_ns; /* from the moment at which the first thread begins until the last has ended; of all threads together */
    uint64_t operations;    /* of all threads, the helpers not counted */
};

struct crew;

/* The calling thread is number 0 of it. */
struct crew *crew_start(const struct micro *micro, void *subject);
void crew_stop(struct crew *crew);

/* A batch: prepares, does `operations` on each thread, cleans up, and adds what the middle part took. */
void crew_run(struct crew *crew, uint64_t operations, struct cost *cost);

#endif
