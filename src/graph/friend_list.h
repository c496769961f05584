/* SPDX-License-Identifier: MIT
 *
 * A session's end of the edges: whom it watches. An entry says which user, and where in that user's array of watchers the other
 * end stands.
 *
 * Who may touch what: everything belongs to the worker of the session, except an entry's `position`, which belongs to the
 * holder of the lock of the shard of the entry's user: any worker that closes a hole among the watchers there moves
 * another into it and must tell this end. So an entry never moves while anybody else may write it: a segment is allocated at
 * its full size and never resized. A new list is built in a second segment beside the first (friends in both lists move
 * over one by one, each under its user's lock), and then the first is freed.
 */
#ifndef GRAPH_FRIEND_LIST_H
#define GRAPH_FRIEND_LIST_H

#include "base/slots.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct listing {
    uint32_t user;             /* index of the user watched; SLOTS_NONE when the edge is gone or was moved */
    _Atomic uint32_t position; /* in that user's watchers, under its shard's lock; without it, good enough to say what memory will be wanted */
};

struct list_segment {
    uint32_t capacity;
    uint32_t used; /* entries filled so far, those gone again included */
    struct listing entries[];
};

/* A place is an entry's offset, with the segment's number in the top bit. */
#define LIST_SEGMENT_BIT (1U << 31)

struct friend_list {
    struct list_segment *segments[2]; /* both NULL: an empty list */
    uint32_t current;                 /* 0 or LIST_SEGMENT_BIT: the segment that new edges go to */
};

static inline uint32_t
listing_position(const struct listing *entry)
{
    return atomic_load_explicit(&entry->position, memory_order_relaxed);
}

static inline void
listing_set_position(struct listing *entry, uint32_t position)
{
    atomic_store_explicit(&entry->position, position, memory_order_relaxed);
}

/* The entry of a place in use. */
static inline struct listing *
friend_list_at(const struct friend_list *list, uint32_t place)
{
    return &list->segments[place >> 31]->entries[place & ~LIST_SEGMENT_BIT];
}

/* The segment of the list in force, and the one being left during a change; NULL where there is none. */
static inline struct list_segment *
friend_list_current(const struct friend_list *list)
{
    return list->segments[list->current >> 31];
}

static inline struct list_segment *
friend_list_former(const struct friend_list *list)
{
    return list->segments[(list->current ^ LIST_SEGMENT_BIT) >> 31];
}

/* Opens an empty segment of `capacity` entries and makes it the current one; what was current becomes the former, which must not
 * exist yet. Returns 0 or -ENOMEM, which changes nothing. */
int friend_list_open(struct friend_list *list, uint32_t capacity);

/* The place that the next entry will have. There must be room. */
static inline uint32_t
friend_list_vacancy(const struct friend_list *list)
{
    return list->current | friend_list_current(list)->used;
}

/* Puts the vacancy into use for a user; its position is set under that user's lock. */
void friend_list_take(struct friend_list *list, uint32_t user);

/* Frees the former segment, whose edges must be gone or moved. */
void friend_list_close_former(struct friend_list *list);
/* Frees everything. */
void friend_list_done(struct friend_list *list);

#endif
