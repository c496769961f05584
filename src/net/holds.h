/* SPDX-License-Identifier: MIT
 *
 * Things that wait for times of their own, however different: which of them are due is found without looking at the others. They lie in classes by the
 * power of two of the ticks that are left to them, and a class is looked at as often as its power of two has passed; what is not due then goes down
 * to a lower one. So each is looked at some twenty times at most, however long it waits, and starting, stopping and moving one are O(1).
 *
 * Where all have the same time-out, deadlines.h is simpler. One worker's; times are clock_monotonic_ms().
 */
#ifndef NET_HOLDS_H
#define NET_HOLDS_H

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HOLDS_TICK_MS = 10,
    HOLDS_CLASSES = 40, /* more than a year; who waits for longer is looked at more often */
};

/* Embedded in what waits. All zeros: it does not. */
struct hold {
    struct list link;
    uint64_t until_ms;
};

struct holds {
    struct list classes[HOLDS_CLASSES];
    uint64_t ticks; /* as of the last look */
    uint32_t count;
};

void holds_init(struct holds *holds);
/* It waits until then, or waits for something else from now on. */
void holds_add(struct holds *holds, struct hold *hold, uint64_t until_ms, uint64_t now_ms);
/* It does not wait any more; one that does not is left alone. */
void holds_remove(struct holds *holds, struct hold *hold);
/* Appends all that are due to a list, through their links: they wait no more. Returns how many were looked at. To be called every tick while some wait. */
uint32_t holds_take_due(struct holds *holds, uint64_t now_ms, struct list *due);
/* Appends all of them. */
void holds_take_all(struct holds *holds, struct list *all);

static inline bool
hold_waits(const struct hold *hold)
{
    return list_is_linked(&hold->link);
}

#endif
