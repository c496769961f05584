/* SPDX-License-Identifier: MIT
 *
 * Notifications that are due and have not come yet: queues in the order in which they became due, of entries that one pool holds. Which one a
 * notification is, is found by the name in it, or by its kind alone where the dialect gives no name.
 */
#ifndef LOAD_PENDING_H
#define LOAD_PENDING_H

#include <stdbool.h>
#include <stdint.h>

/* Of the pool's entries; 0 is none. */
struct pending_queue {
    uint32_t first, last;
};

struct pending_entry {
    int64_t due_ns;
    uint32_t user;
    uint32_t next;
    bool online;
    bool undone; /* need not come any more, but may */
};

struct pending_pool {
    struct pending_entry *entries; /* the first is never used */
    uint32_t used, room;
    uint32_t spare; /* list of entries to be used again */
};

/* All zero is an empty pool and an empty queue. */
void pending_done(struct pending_pool *pool);

void pending_put(struct pending_pool *pool, struct pending_queue *queue, uint32_t user, bool online, int64_t due_ns);

/* Takes the oldest out. False: there is none. */
bool pending_take(struct pending_pool *pool, struct pending_queue *queue, struct pending_entry *entry);

/*
 * Takes out the oldest that says this of the user, and those of the same user before it, which it has made obsolete; *merged counts up those of them that
 * were not undone already. False: there is none, and nothing changes.
 */
bool pending_take_user(
    struct pending_pool *pool, struct pending_queue *queue, uint32_t user, bool online, struct pending_entry *entry, uint64_t *merged);

/*
 * Marks what has undone itself: of each user whose entries are an even number, all; of the others, all but the last. Returns how many that are now and were
 * not before. They are still found, because the server may tell them all the same, until they are forgotten.
 */
uint64_t pending_mark_undone(struct pending_pool *pool, const struct pending_queue *queue);

/* Takes out what is undone of the user. */
void pending_forget_undone(struct pending_pool *pool, struct pending_queue *queue, uint32_t user);

#endif
