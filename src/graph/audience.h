/* SPDX-License-Identifier: MIT
 *
 * One transition of one user, and everybody who must be told: a single block of memory that is filled under the
 * user's lock, posted to every worker concerned before that lock is released, and freed by the worker that finishes last.
 * Each worker has a part of its own (a mail and a range of handles) and touches no other's.
 */
#ifndef GRAPH_AUDIENCE_H
#define GRAPH_AUDIENCE_H

#include "base/handle.h"
#include "base/mail.h"
#include "base/user_id.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why a session ended. */
enum leave_reason {
    LEAVE_GOODBYE,
    LEAVE_CLOSED, /* end of input, a reset, an error */
    LEAVE_TIMEOUT,
};

/* What happened to a user. */
struct transition {
    struct user_id user; /* the audience has a reference of its own to a name */
    uint32_t index;      /* the graph's short name for the user; it stays the same as long as a session watches the user */
    bool online;
    bool status_only;         /* it was online before, and its status is another now: nothing for the classic dialect */
    enum leave_reason reason; /* when offline: how the last session ended */
    uint64_t at_ms;           /* since the epoch; never decreases from one transition of a user to the next */
    struct text *status;      /* when online: the user's status, a reference of the audience's, or NULL */
};

struct audience;

struct audience_part {
    struct mail mail;          /* this part's way through its worker's mailbox */
    struct audience *audience; /* the whole that this is a part of */
    uint32_t first, count;     /* its range of the handles */
    uint32_t told;             /* how many of them its worker has told so far: the worker's, who works in slices */
    uint64_t sequence;         /* the worker's: the number of this mail among all that it took */
    void *text;                /* the worker's: what it has made of the transition for those it tells, or NULL; gone before the part is done */
};

struct audience {
    struct transition transition;
    _Atomic uint32_t unfinished; /* parts that are not told yet */
    _Atomic uint32_t *gauge;     /* NULL, or the publisher's: one less when the last part has been told */
    uint64_t since_ns;           /* the publisher's: when what led to the transition was read, by clock_monotonic_ns() */
    uint32_t capacity;           /* handles that fit */
    uint32_t part_count;         /* one per worker, the empty ones included */
    struct handle *handles;      /* behind the parts, in the same block */
    struct audience_part parts[];
};

/* A block with room for `capacity` handles, or NULL. Not under a lock. */
struct audience *audience_new(uint32_t workers, size_t capacity);
/* Frees it, and gives up its references to the texts of its transition. NULL is allowed. Not under a lock. */
void audience_free(struct audience *audience);

/* Says that a part has been told to its last handle (or never will be); frees the audience after its last part. Any thread. */
void audience_part_done(struct audience_part *part);

static inline struct audience_part *
audience_part_of(struct mail *mail)
{
    return (struct audience_part *)(void *)((char *)mail - offsetof(struct audience_part, mail));
}

#endif
