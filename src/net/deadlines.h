/* SPDX-License-Identifier: MIT
 *
 * Deadlines of one kind that all have the same time-out: a list in the order in which they were started is a list in the order
 * in which they fall due, so starting, stopping and finding the next are O(1) and a tick costs what is due.
 * One worker's; times are clock_monotonic_ms().
 */
#ifndef NET_DEADLINES_H
#define NET_DEADLINES_H

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

struct deadline {
    struct list link;
    uint64_t at_ms;
};

struct deadlines {
    struct list waiting;
    uint64_t timeout_ms;
};

#define DEADLINE_NEVER UINT64_MAX

void deadlines_init(struct deadlines *deadlines, uint64_t timeout_ms);
/* Another time-out from now on. Those that run keep their time, but none runs longer than one that is started now: that costs a step for each such. */
void deadlines_change(struct deadlines *deadlines, uint64_t timeout_ms, uint64_t now_ms);
/* Starts a deadline from now on, or starts it again. */
void deadlines_start(struct deadlines *deadlines, struct deadline *deadline, uint64_t now_ms);
/* Stops a deadline; one that does not run is left alone. */
void deadline_stop(struct deadline *deadline);
bool deadline_is_running(const struct deadline *deadline);
/* When the next one falls due; DEADLINE_NEVER when none runs. */
uint64_t deadlines_next(const struct deadlines *deadlines);
/* Takes one that is due, or NULL. */
struct deadline *deadlines_take_due(struct deadlines *deadlines, uint64_t now_ms);

#endif
