/* SPDX-License-Identifier: MIT
 *
 * Between two looks at the class of 2^k ticks there are at most 2^k ticks, and what lies in it had at least as many left: so nothing is late.
 */
#include "net/holds.h"

void
holds_init(struct holds *holds)
{
    *holds = (struct holds){.count = 0};
    for (int power = 0; power < HOLDS_CLASSES; power++)
        list_init(&holds->classes[power]);
}

/* Puts it where it belongs as of the last look. */
static void
place(struct holds *holds, struct hold *hold)
{
    uint64_t until = hold->until_ms / HOLDS_TICK_MS + (hold->until_ms % HOLDS_TICK_MS > 0);
    uint64_t left = until > holds->ticks ? until - holds->ticks : 1;
    int power = 63 - __builtin_clzll(left);

    list_append(&holds->classes[power < HOLDS_CLASSES ? power : HOLDS_CLASSES - 1], &hold->link);
}

void
holds_add(struct holds *holds, struct hold *hold, uint64_t until_ms, uint64_t now_ms)
{
    holds_remove(holds, hold);
    if (holds->count++ == 0)
        holds->ticks = now_ms / HOLDS_TICK_MS; /* nobody has looked since the last one went */
    hold->until_ms = until_ms;
    place(holds, hold);
}

void
holds_remove(struct holds *holds, struct hold *hold)
{
    if (!hold_waits(hold))
        return;
    list_remove(&hold->link);
    holds->count--;
}

uint32_t
holds_take_due(struct holds *holds, uint64_t now_ms, struct list *due)
{
    uint64_t former = holds->ticks, ticks = now_ms / HOLDS_TICK_MS;
    uint32_t looks = 0;

    holds->ticks = ticks;
    for (int power = 0; power < HOLDS_CLASSES && ticks >> power != former >> power; power++) {
        struct list looked_at, *link;

        list_init(&looked_at);
        list_move_all(&looked_at, &holds->classes[power]);
        while ((link = list_take_first(&looked_at)) != NULL) {
            struct hold *hold = LIST_ENTRY(link, struct hold, link);

            looks++;
            if (now_ms < hold->until_ms) {
                place(holds, hold);
                continue;
            }
            holds->count--;
            list_append(due, link);
        }
    }
    return looks;
}

void
holds_take_all(struct holds *holds, struct list *all)
{
    for (int power = 0; power < HOLDS_CLASSES; power++)
        list_move_all(all, &holds->classes[power]);
    holds->count = 0;
}
