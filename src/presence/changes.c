/* SPDX-License-Identifier: MIT
 *
 * See changes.h. A row in the order of arrival; few are looked through, many are found through a map.
 */
#include "presence/changes.h"

#include "base/assert.h"
#include "base/index_map.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    CAPACITY_MIN = 4,
    LOOKED_THROUGH = 16, /* with up to so much room there is no map */
};

/* A place in the map of one who has no change any more: maps forget nothing. */
#define NOWHERE UINT32_MAX

struct change {
    struct line *line; /* NULL: it was removed */
    uint32_t user;
};

struct changes {
    uint32_t first, end, capacity; /* entries[first..end) are in use */
    uint32_t count;                /* of those, the ones that were not removed */
    struct index_map map;          /* from users to entries, when there is more room than LOOKED_THROUGH */
    struct change entries[];
};

static struct change *
find(struct changes *changes, uint32_t user)
{
    if (changes->capacity > LOOKED_THROUGH) {
        const uint32_t *place = index_map_find(&changes->map, user);

        return place == NULL || *place == NOWHERE ? NULL : &changes->entries[*place];
    }
    for (uint32_t i = changes->first; i < changes->end; i++)
        if (changes->entries[i].user == user && changes->entries[i].line != NULL)
            return &changes->entries[i];
    return NULL;
}

/* Makes it anew with room for at least one more, without gaps. */
static int
renew(struct changes **changes)
{
    struct changes *old = *changes, *larger;
    uint32_t count = old == NULL ? 0 : old->count;
    uint32_t capacity = count < CAPACITY_MIN ? CAPACITY_MIN : count + count / 2 + 1;
    struct index_map map = {0};

    larger = malloc(sizeof *larger + capacity * sizeof larger->entries[0]);
    if (larger == NULL)
        return -ENOMEM;
    if (capacity > LOOKED_THROUGH && index_map_begin(&map, capacity) < 0) {
        free(larger);
        return -ENOMEM;
    }
    *larger = (struct changes){.capacity = capacity, .map = map};
    for (uint32_t i = old == NULL ? 0 : old->first; old != NULL && i < old->end; i++) {
        if (old->entries[i].line == NULL)
            continue;
        if (capacity > LOOKED_THROUGH)
            index_map_set(&larger->map, old->entries[i].user, larger->end);
        larger->entries[larger->end++] = old->entries[i];
    }
    larger->count = larger->end;
    if (old != NULL)
        index_map_done(&old->map);
    free(old);
    *changes = larger;
    return 0;
}

int
changes_put(struct changes **changes, uint32_t user, struct line *line)
{
    struct change *change = *changes == NULL ? NULL : find(*changes, user);

    if (change != NULL) {
        line->references++;
        line_drop(change->line);
        change->line = line;
        return 1;
    }
    if (*changes == NULL || (*changes)->end == (*changes)->capacity) {
        int error = renew(changes);

        if (error < 0)
            return error;
    }
    if ((*changes)->capacity > LOOKED_THROUGH)
        index_map_set(&(*changes)->map, user, (*changes)->end);
    line->references++;
    (*changes)->entries[(*changes)->end++] = (struct change){.line = line, .user = user};
    (*changes)->count++;
    return 0;
}

/* Gives up one entry's line; frees everything when it was the last. */
static void
drop(struct changes **changes, struct change *change)
{
    if ((*changes)->capacity > LOOKED_THROUGH)
        index_map_set(&(*changes)->map, change->user, NOWHERE);
    line_drop(change->line);
    change->line = NULL;
    if (--(*changes)->count == 0)
        changes_free(changes);
}

void
changes_remove(struct changes **changes, uint32_t user)
{
    struct change *change = *changes == NULL ? NULL : find(*changes, user);

    if (change != NULL)
        drop(changes, change);
}

uint32_t
changes_count(const struct changes *changes)
{
    return changes == NULL ? 0 : changes->count;
}

struct line *
changes_next(const struct changes *changes, uint32_t *place)
{
    if (changes == NULL)
        return NULL;
    if (*place < changes->first)
        *place = changes->first;
    while (*place < changes->end)
        if (changes->entries[(*place)++].line != NULL)
            return changes->entries[*place - 1].line;
    return NULL;
}

void
changes_take_first(struct changes **changes)
{
    struct changes *all = *changes;

    ASSERT(changes_count(all) > 0);
    while (all->entries[all->first].line == NULL)
        all->first++;
    drop(changes, &all->entries[all->first]);
    if (*changes != NULL)
        all->first++;
}

void
changes_free(struct changes **changes)
{
    struct changes *all = *changes;

    if (all == NULL)
        return;
    for (uint32_t i = all->first; i < all->end; i++)
        line_drop(all->entries[i].line);
    index_map_done(&all->map);
    free(all);
    *changes = NULL;
}
