/* SPDX-License-Identifier: MIT */
#include "presence/old_news.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

enum { CAPACITY_MIN = 8 };

struct entry {
    uint64_t through;
    uint32_t user;
};

struct old_news {
    uint64_t all_through;
    uint64_t last; /* no mail above this number is old */
    uint32_t count, capacity;
    struct entry entries[];
};

/* Makes it, or makes room for one more, without what has passed. */
static struct old_news *
reserve(struct old_news **old, uint64_t told)
{
    struct old_news *all = *old;
    uint32_t kept = 0, capacity;

    for (uint32_t i = 0; all != NULL && i < all->count; i++)
        if (all->entries[i].through > told)
            all->entries[kept++] = all->entries[i];
    if (all != NULL)
        all->count = kept;
    if (all != NULL && kept < all->capacity)
        return all;
    capacity = kept < CAPACITY_MIN ? CAPACITY_MIN : kept * 2;
    all = realloc(all, sizeof *all + capacity * sizeof all->entries[0]);
    if (all == NULL)
        return NULL;
    if (*old == NULL)
        *all = (struct old_news){0};
    all->capacity = capacity;
    *old = all;
    return all;
}

int
old_news_add(struct old_news **old, uint32_t user, uint64_t through, uint64_t told)
{
    struct old_news *all = *old;

    if (through <= told)
        return 0; /* nothing is under way */
    if (all == NULL || all->count == all->capacity)
        all = reserve(old, told);
    if (all == NULL)
        return -ENOMEM;
    all->entries[all->count++] = (struct entry){.through = through, .user = user};
    all->last = through;
    return 0;
}

int
old_news_add_all(struct old_news **old, uint64_t through, uint64_t told)
{
    struct old_news *all;

    if (through <= told)
        return 0;
    all = reserve(old, told);
    if (all == NULL)
        return -ENOMEM;
    all->count = 0; /* all of them are in it */
    all->all_through = all->last = through;
    return 0;
}

bool
old_news_has(const struct old_news *old, uint32_t user, uint64_t sequence)
{
    if (old == NULL || sequence > old->last)
        return false;
    if (sequence <= old->all_through)
        return true;
    for (uint32_t i = 0; i < old->count; i++)
        if (old->entries[i].user == user && sequence <= old->entries[i].through)
            return true;
    return false;
}

void
old_news_settle(struct old_news **old, uint64_t told)
{
    if (*old != NULL && (*old)->last <= told)
        old_news_free(old);
}

void
old_news_free(struct old_news **old)
{
    free(*old);
    *old = NULL;
}
