/* SPDX-License-Identifier: MIT */
#include "graph/friend_list.h"

#include "base/assert.h"

#include <errno.h>
#include <stdlib.h>

_Static_assert(sizeof(struct listing) == 8, "the other half of the 16 bytes of an edge");

int
friend_list_open(struct friend_list *list, uint32_t capacity)
{
    struct list_segment *segment;

    ASSERT(friend_list_former(list) == NULL && capacity < LIST_SEGMENT_BIT);
    segment = malloc(sizeof *segment + (size_t)capacity * sizeof segment->entries[0]);
    if (segment == NULL)
        return -ENOMEM;
    segment->capacity = capacity;
    segment->used = 0;
    list->current ^= LIST_SEGMENT_BIT;
    list->segments[list->current >> 31] = segment;
    return 0;
}

void
friend_list_take(struct friend_list *list, uint32_t user)
{
    struct list_segment *segment = friend_list_current(list);

    ASSERT(segment->used < segment->capacity);
    segment->entries[segment->used++].user = user;
}

void
friend_list_close_former(struct friend_list *list)
{
    uint32_t former = (list->current ^ LIST_SEGMENT_BIT) >> 31;

    free(list->segments[former]);
    list->segments[former] = NULL;
}

void
friend_list_done(struct friend_list *list)
{
    free(list->segments[0]);
    free(list->segments[1]);
    *list = (struct friend_list){0};
}
