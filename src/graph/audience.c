/* SPDX-License-Identifier: MIT */
#include "graph/audience.h"

#include "base/assert.h"
#include "base/sync.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, LARGE = 64 * PAGE };

/* A large block is given page by page when it is touched first, which takes as long as filling it: that is to be over before the user is locked. */
static void
touch(char *bytes, size_t length)
{
    for (size_t at = 0; length >= LARGE && at < length; at += PAGE)
        bytes[at] = 0;
}

struct audience *
audience_new(uint32_t workers, size_t capacity)
{
    size_t head = sizeof(struct audience) + workers * sizeof(struct audience_part);
    struct audience *audience;

    if (capacity > UINT32_MAX / 2)
        return NULL;
    audience = malloc(head + capacity * sizeof(struct handle));
    if (audience == NULL)
        return NULL;
    touch((char *)audience, head + capacity * sizeof(struct handle));
    memset(audience, 0, head);
    audience->capacity = (uint32_t)capacity;
    audience->part_count = workers;
    audience->handles = (struct handle *)(void *)((char *)audience + head);
    for (uint32_t worker = 0; worker < workers; worker++)
        audience->parts[worker].audience = audience;
    return audience;
}

void
audience_free(struct audience *audience)
{
    if (audience == NULL)
        return;
    text_drop(audience->transition.user.name);
    text_drop(audience->transition.status);
    free(audience);
}

void
audience_part_done(struct audience_part *part)
{
    struct audience *audience = part->audience;

    /* helgrind sees neither the counter nor the order that it makes between the workers and the free. */
    RACE_HAPPENS_BEFORE(audience);
    uint32_t left = atomic_fetch_sub_explicit(&audience->unfinished, 1, memory_order_acq_rel);

    ASSERT(left > 0);
    if (left == 1) {
        RACE_HAPPENS_AFTER(audience);
        if (audience->gauge != NULL)
            atomic_fetch_sub_explicit(audience->gauge, 1, memory_order_relaxed);
        audience_free(audience);
    }
}
