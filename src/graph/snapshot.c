/* SPDX-License-Identifier: MIT */
#include "graph/snapshot.h"

#include "base/assert.h"

#include <errno.h>
#include <stdlib.h>

enum { KEPT = 256, CAPACITY_MIN = 16 }; /* entries: 4 KiB stay between two uses */

void
snapshot_clear(struct snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->count; i++)
        text_drop(snapshot->entries[i].status);
    snapshot->count = 0;
    if (snapshot->capacity > KEPT)
        snapshot_done(snapshot);
}

void
snapshot_done(struct snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->count; i++)
        text_drop(snapshot->entries[i].status);
    free(snapshot->entries);
    *snapshot = (struct snapshot){0};
}

int
snapshot_reserve(struct snapshot *snapshot, uint32_t count)
{
    struct snapshot_entry *entries;

    if (snapshot == NULL)
        return 0;
    snapshot_clear(snapshot);
    if (count <= snapshot->capacity)
        return 0;
    if (count < CAPACITY_MIN)
        count = CAPACITY_MIN;
    entries = malloc((size_t)count * sizeof *entries);
    if (entries == NULL)
        return -ENOMEM;
    free(snapshot->entries);
    *snapshot = (struct snapshot){.entries = entries, .capacity = count};
    return 0;
}

void
snapshot_add(struct snapshot *snapshot, uint32_t which, struct text *status)
{
    ASSERT(snapshot->count < snapshot->capacity);
    snapshot->entries[snapshot->count++] = (struct snapshot_entry){.which = which, .status = text_share(status)};
}
