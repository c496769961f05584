/* SPDX-License-Identifier: MIT
 *
 * What an operator asks the workers: about sessions, of which each worker answers for its own, and to close some. The question goes to every worker as
 * mail, is worked on at the desks a slice a turn, so that nobody's news waits, and each part comes back as mail when it is done.
 *
 * An inquiry belongs to whoever made it, all the time; a worker may touch its part from when it was posted until it has come back.
 */
#ifndef PRESENCE_INQUIRY_H
#define PRESENCE_INQUIRY_H

#include "base/mail.h"
#include "base/user_id.h"
#include "graph/graph.h"
#include "net/mailbox.h"
#include "net/worker.h"

#include <stdbool.h>
#include <stdint.h>

enum inquiry_kind {
    INQUIRY_SESSIONS,      /* the first `wanted` sessions in an order, and how many there are */
    INQUIRY_USERS,         /* one or two users, and their sessions */
    INQUIRY_CLOSE_SESSION, /* ends the session of that name */
    INQUIRY_CLOSE_USER,    /* ends all sessions of the first user */
};

enum inquiry_order {
    ORDER_AGE,   /* the oldest first */
    ORDER_QUEUE, /* those for whom most waits */
    ORDER_RATE,  /* those who are sent most, over the time since they came */
    ORDER_NEWEST,
};

enum { INQUIRY_WANTED_MAX = 1000 };

/* A session as it is told to an operator. */
struct session_view {
    uint64_t key;   /* what it is sorted by, the largest first */
    uint32_t which; /* of the two users whose it is; 0 in a list of sessions */
    struct handle handle;
    struct user_id user; /* with a reference of its own; only if it is logged in */
    bool logged_in;
    bool is_datagram;
    bool is_jsonrpc;
    bool is_waiting; /* for room in its socket: its client does not read as fast as it is told */
    bool is_parked;  /* its next message waits for earlier news */
    bool is_closing;
    bool lists_other; /* the other one of the two users is on its list */
    uint32_t age_s;
    uint32_t lines;  /* sent to it, or waiting for it, since it came */
    uint32_t queued; /* lines and changes that wait for it */
    uint32_t lists;  /* users on its list */
    char peer[TCP_ADDRESS_TEXT];
};

struct inquiry;

/* One worker's part. */
struct inquiry_part {
    struct mail mail; /* first: its way there and back */
    struct inquiry *inquiry;
    uint32_t slot;      /* where the walk over the sessions goes on */
    uint32_t total;     /* sessions seen, or closed */
    uint32_t count;     /* of views */
    uint32_t described; /* of those, so many are complete */
    bool lost_lists;    /* the second user is in grace, and the session that was lost, this worker's, lists the first */
    bool news_waits;    /* something about the second user, or one of its group, is still to be told by this worker */
    struct graph_facts facts[2];
    struct graph_history history; /* of the second user; the first worker's part only */
    struct session_view *views;
};

struct inquiry {
    enum inquiry_kind kind;
    enum inquiry_order order;
    uint32_t wanted;         /* views that a part has room for */
    struct user_id users[2]; /* with references of its own */
    uint32_t user_count;
    uint32_t worker, generation; /* the name of the session to be closed */
    struct mailbox *answers;     /* where the parts come back to; who takes them owns it */
    uint32_t returned;           /* the asker's: parts that have */
    uint32_t part_count;
    struct inquiry_part parts[];
};

struct presence;

/* An inquiry for so many workers that asks nothing yet; NULL without memory. */
struct inquiry *inquiry_new(enum inquiry_kind kind, uint32_t workers, uint32_t wanted);
/* Frees it. All parts have come back, or no worker runs any more. NULL is allowed. */
void inquiry_free(struct inquiry *inquiry);
/* Posts the parts to the workers. Any thread. */
void inquiry_ask(struct inquiry *inquiry, struct worker *workers);

static inline struct inquiry_part *
inquiry_part_of(struct mail *mail)
{
    return (struct inquiry_part *)(void *)mail;
}

/* Which of the two comes first, as qsort wants it. No two are equal, so that pages of a list fit together. */
int session_view_compare(const struct session_view *one, const struct session_view *other);

/* A part has come to its worker. */
void inquiry_arrive(struct presence *presence, struct worker *worker, struct mail *mail) REQUIRES(worker_role);
/* Works on the oldest one for a slice. True: there is more to do. */
bool inquiry_work(struct presence *presence, struct worker *worker) REQUIRES(worker_role);

#endif
