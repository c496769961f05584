/* SPDX-License-Identifier: MIT */
#include "net/deadlines.h"

#include <stddef.h>

void
deadlines_init(struct deadlines *deadlines, uint64_t timeout_ms)
{
    list_init(&deadlines->waiting);
    deadlines->timeout_ms = timeout_ms;
}

void
deadlines_change(struct deadlines *deadlines, uint64_t timeout_ms, uint64_t now_ms)
{
    deadlines->timeout_ms = timeout_ms;
    for (struct list *link = deadlines->waiting.previous; link != &deadlines->waiting; link = link->previous) {
        struct deadline *deadline = LIST_ENTRY(link, struct deadline, link);

        if (deadline->at_ms <= now_ms + timeout_ms)
            return;
        deadline->at_ms = now_ms + timeout_ms; /* or the list would be out of order */
    }
}

void
deadlines_start(struct deadlines *deadlines, struct deadline *deadline, uint64_t now_ms)
{
    deadline_stop(deadline);
    deadline->at_ms = now_ms + deadlines->timeout_ms;
    list_append(&deadlines->waiting, &deadline->link);
}

void
deadline_stop(struct deadline *deadline)
{
    list_remove(&deadline->link);
}

bool
deadline_is_running(const struct deadline *deadline)
{
    return list_is_linked(&deadline->link);
}

uint64_t
deadlines_next(const struct deadlines *deadlines)
{
    if (list_is_empty(&deadlines->waiting))
        return DEADLINE_NEVER;
    return LIST_ENTRY(deadlines->waiting.next, struct deadline, link)->at_ms;
}

struct deadline *
deadlines_take_due(struct deadlines *deadlines, uint64_t now_ms)
{
    struct deadline *deadline;

    if (deadlines_next(deadlines) > now_ms)
        return NULL;
    deadline = LIST_ENTRY(deadlines->waiting.next, struct deadline, link);
    deadline_stop(deadline);
    return deadline;
}
