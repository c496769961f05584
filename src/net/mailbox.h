/* SPDX-License-Identifier: MIT
 *
 * A worker's mailbox: anyone may post, its owner takes everything at once. Its mutex is a leaf lock: it may be taken while a
 * shard is held, and nothing is taken while it is held. The owner is woken through an eventfd only when the box goes from empty to
 * non-empty, and by the poster after it has released its locks. (The shape is that of h2o's multithread queue.)
 *
 * A mailbox never makes its poster wait and never drops mail. What bounds it is pressure: when the weight of the mail that
 * was posted and not yet settled is above a high-water mark, workers stop reading from clients until it is below the low one.
 */
#ifndef NET_MAILBOX_H
#define NET_MAILBOX_H

#include "base/mail.h"
#include "base/metrics.h"
#include "base/sync.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    MAILBOX_HIGH = 1 << 18, /* sessions to be told: 2 MiB of handles */
    /* Not far below: until it is reached nobody is read from, and the way from half of it would take seconds. */
    MAILBOX_LOW = MAILBOX_HIGH - MAILBOX_HIGH / 64,
};

/* How many mailboxes are over their high-water mark; shared by all of a server's. */
struct pressure {
    _Atomic uint32_t mailboxes;
};

struct mailbox {
    struct mutex mutex;
    struct mail *first, *last; /* under the mutex */
    uint64_t posted;           /* mails ever posted; under the mutex */
    struct counter weight;     /* of mail that is not settled; written under the mutex, read by anybody */
    struct counter depth;      /* mails in it; likewise */
    bool over;                 /* counted in pressure; under the mutex */
    struct pressure *pressure;
    int wake_descriptor; /* an eventfd, for the owner's poller */
};

void pressure_init(struct pressure *pressure);
/* Is some mailbox too full, so that nothing should be read from clients? Any thread. */
bool pressure_is_high(const struct pressure *pressure);

/* Returns 0 or -errno (descriptors). */
int mailbox_init(struct mailbox *mailbox, struct pressure *pressure);
/* Closes it; the owner of the mail that is left must have taken it. */
void mailbox_done(struct mailbox *mailbox);

/* Appends a mail, which is the mailbox's until it is taken. True: the box was empty, so mailbox_wake is due once no lock is held. */
bool mailbox_post(struct mailbox *mailbox, struct mail *mail);
/* Wakes the owner. Not under a lock: it is a system call. */
void mailbox_wake(struct mailbox *mailbox);
/* Posts and wakes, whatever is in the box: a worker that has posted to it wakes the owner at the end of its turn only, which may be a long one. */
void mailbox_order(struct mailbox *mailbox, struct mail *mail);
/* Takes all mail, in order, chained through next. In the owner's turn only. */
struct mail *mailbox_take(struct mailbox *mailbox);
/* Consumes the wake-up that made the descriptor readable. The owner only. */
void mailbox_slept(struct mailbox *mailbox);
/* How many mails have ever been posted. */
uint64_t mailbox_posted(struct mailbox *mailbox);
/* Of all mail that is not settled: about how many sessions are to be told. */
uint64_t mailbox_weight(struct mailbox *mailbox);
/* Says that mail of this weight has been dealt with. In the owner's turn only. */
void mailbox_settle(struct mailbox *mailbox, uint32_t weight);

#endif
