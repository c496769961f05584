/* SPDX-License-Identifier: MIT */
#include "load/pending.h"

#include "load/failure.h"

#include <stdlib.h>

void
pending_done(struct pending_pool *pool)
{
    free(pool->entries);
    *pool = (struct pending_pool){.entries = NULL};
}

/* An entry to fill in. */
static uint32_t
entry_new(struct pending_pool *pool)
{
    uint32_t at = pool->spare;

    if (at != 0) {
        pool->spare = pool->entries[at].next;
        return at;
    }
    if (pool->used + 1 >= pool->room) {
        if (pool->room > UINT32_MAX / 4)
            failure_exit("too many notifications are under way");
        pool->room = pool->room * 2 + 1024;
        pool->entries = realloc(pool->entries, pool->room * sizeof *pool->entries);
        if (pool->entries == NULL)
            failure_exit("out of memory");
    }
    return ++pool->used;
}

void
pending_put(struct pending_pool *pool, struct pending_queue *queue, uint32_t user, bool online, int64_t due_ns)
{
    uint32_t at = entry_new(pool);

    pool->entries[at] = (struct pending_entry){.due_ns = due_ns, .user = user, .online = online};
    if (queue->last != 0)
        pool->entries[queue->last].next = at;
    else
        queue->first = at;
    queue->last = at;
}

/* Takes the entry behind `before` (0: the first one) out and gives it back. Returns the one that follows now. */
static uint32_t
entry_remove(struct pending_pool *pool, struct pending_queue *queue, uint32_t before)
{
    struct pending_entry *entries = pool->entries;
    uint32_t at = before == 0 ? queue->first : entries[before].next, next = entries[at].next;

    if (before == 0)
        queue->first = next;
    else
        entries[before].next = next;
    if (queue->last == at)
        queue->last = before;
    entries[at].next = pool->spare;
    pool->spare = at;
    return next;
}

bool
pending_take(struct pending_pool *pool, struct pending_queue *queue, struct pending_entry *entry)
{
    if (queue->first == 0)
        return false;
    *entry = pool->entries[queue->first];
    entry_remove(pool, queue, 0);
    return true;
}

/* Removes the entries of the user before the one at `end`, or only those that are undone. Returns how many of them were not. */
static uint64_t
user_remove(struct pending_pool *pool, struct pending_queue *queue, uint32_t user, uint32_t end, bool undone_only)
{
    uint32_t before = 0, at = queue->first;
    uint64_t removed = 0;

    while (at != end) {
        const struct pending_entry *entry = &pool->entries[at];

        if (entry->user == user && (entry->undone || !undone_only)) {
            removed += !entry->undone;
            at = entry_remove(pool, queue, before);
        } else {
            before = at;
            at = entry->next;
        }
    }
    return removed;
}

bool
pending_take_user(struct pending_pool *pool, struct pending_queue *queue, uint32_t user, bool online, struct pending_entry *entry, uint64_t *merged)
{
    for (uint32_t at = queue->first; at != 0; at = pool->entries[at].next) {
        if (pool->entries[at].user != user || pool->entries[at].online != online)
            continue;
        *entry = pool->entries[at];
        *merged += user_remove(pool, queue, user, entry->next, false) - !entry->undone;
        return true;
    }
    return false;
}

uint64_t
pending_mark_undone(struct pending_pool *pool, const struct pending_queue *queue)
{
    uint64_t marked = 0;

    for (uint32_t at = queue->first; at != 0; at = pool->entries[at].next) {
        struct pending_entry *entry = &pool->entries[at];
        uint32_t count = 0, last = at;

        for (uint32_t i = queue->first; i != 0; i = pool->entries[i].next) {
            if (pool->entries[i].user != entry->user)
                continue;
            count++;
            last = i;
        }
        if (!entry->undone && (count % 2 == 0 || at != last)) {
            entry->undone = true;
            marked++;
        }
    }
    return marked;
}

void
pending_forget_undone(struct pending_pool *pool, struct pending_queue *queue, uint32_t user)
{
    user_remove(pool, queue, user, 0, true);
}
