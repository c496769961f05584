/* SPDX-License-Identifier: MIT
 *
 * The friend graph: which users are online through which sessions, and which sessions watch whom. It knows no sockets, no
 * protocol and no mailboxes; it answers a transition with an audience, which it hands to a publisher.
 *
 * Shared by all workers. Each worker has a seat: the members (a session as the graph sees it) and the scratch memory of that worker.
 * Every function but graph_new and graph_free runs on the thread of the worker whose number it is given, and takes shard locks
 * itself, one at a time; call it with none held.
 */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include "base/handle.h"
#include "base/sync.h"
#include "base/user_id.h"
#include "graph/audience.h"

#include <stdbool.h>
#include <stdint.h>

struct graph;

/*
 * Receives each audience that is not empty, with the lock of the user's shard held, so that one user's news enters every mailbox in the
 * order in which it happened. It may append to mailboxes (leaf locks) and nothing else. Ownership passes to it: each part
 * whose count is above zero must end in audience_part_done. `worker` is the worker on whose thread this happens.
 */
typedef void graph_publish(void *context, uint32_t worker, struct audience *audience);

/* A graph for this many workers, or NULL (no memory, no randomness for the hash key). */
struct graph *graph_new(uint32_t workers, graph_publish *publish, void *context);
/* Frees everything, sessions that are still there included, without news. No worker may run any more. */
void graph_free(struct graph *graph);

/*
 * The answer to the question who of many is online: taken friend by friend, each at the moment at which its edge begins, under its shard's lock, so
 * that it fits together with the transitions that are published afterwards: none is missed, none is in both.
 */
struct snapshot_entry {
    uint32_t which;      /* place in the array that was asked about; duplicates are answered once, for the first */
    struct text *status; /* a reference of the snapshot's, or NULL */
};

struct snapshot {                   /* set to zero: valid and empty */
    struct snapshot_entry *entries; /* those who are online, in the order of the array */
    uint32_t count, capacity;
};

/* Gives up the references; keeps the memory for the next use up to a few KiB. */
void snapshot_clear(struct snapshot *snapshot);
void snapshot_done(struct snapshot *snapshot);

/* What a session says when it begins. */
struct graph_hello {
    struct handle handle;
    struct user_id user; /* a name is copied when it is new to the graph */
    const struct user_id *friends;
    uint32_t friend_count;
    /* It hears of exactly those it watches (JSON-RPC): the second half of the protocol's rule 2, departures of users who list it, is not for it. */
    bool follows_only;
    struct text *status; /* NULL: none was set. The graph takes a reference of its own */
};

/* What the beginning of a session came to. */
struct graph_arrival {
    bool transition;        /* its user was offline before */
    struct handle replaced; /* of the lost session whose place it took (graph_lose), which may be logged out now; generation 0: there was none */
};

/*
 * As graph_login, for every dialect; graph_login is this for the classic one. *snapshot (NULL: not wanted) says who of the friends was online
 * when its edge began; the user itself is never in it. An arrival carries the user's status. On -ENOMEM nothing has happened, and the snapshot is empty.
 */
int graph_enter(struct graph *graph, uint32_t worker, const struct graph_hello *hello, uint32_t *member, struct graph_arrival *arrival,
    struct snapshot *snapshot) REQUIRES(worker_role);

/*
 * The session watches these users too. Those that it watches already, duplicates and the user itself are passed over, and are not in the
 * snapshot. Returns 0; -E2BIG, and nothing has happened, when it would watch more than `most`; -ENOMEM: it may watch some of them, and the
 * session must be ended.
 */
int graph_follow(struct graph *graph, uint32_t worker, uint32_t member, const struct user_id *friends, uint32_t count, uint32_t most,
    struct snapshot *snapshot) REQUIRES(worker_role);

/*
 * The session watches these users no longer; those it does not watch are passed over. For each edge that ends, ended(context, index) is called,
 * with no lock held and `index` as in struct transition. Returns 0, or -ENOMEM, and nothing has happened.
 */
int graph_unfollow(struct graph *graph, uint32_t worker, uint32_t member, const struct user_id *friends, uint32_t count,
    void (*ended)(void *context, uint32_t index), void *context) REQUIRES(worker_role);

/* The session watches nobody any more; returns how many edges ended. */
uint32_t graph_unlist(struct graph *graph, uint32_t worker, uint32_t member) REQUIRES(worker_role);

/*
 * The session sets its status (NULL: none, which counts as set). A user's status is the one set last by any of its sessions that are still
 * there. When it becomes another, that is published (status_only). The graph takes a reference of its own. -ENOMEM: nothing has happened.
 */
int graph_set_status(struct graph *graph, uint32_t worker, uint32_t member, struct text *status) REQUIRES(worker_role);

/* Who of these is online now? Watches nobody; the user itself may be asked about. -ENOMEM: the snapshot is empty. */
int graph_ask(struct graph *graph, uint32_t worker, const struct user_id *users, uint32_t count, struct snapshot *snapshot) REQUIRES(worker_role);

/*
 * A session begins: it watches `friends` (duplicates count once, the user itself is ignored), then its user is online through it; if it
 * was not before, that is published and *transition is true. *member names the session from here on. Returns 0, or -ENOMEM: then nothing
 * has happened.
 */
int graph_login(struct graph *graph, uint32_t worker, struct handle handle, struct user_id user, const struct user_id *friends, uint32_t count,
    uint32_t *member, bool *transition) REQUIRES(worker_role);

/*
 * Replaces the session's list. Friends in both lists are watched without a gap. -ENOMEM: the session watches some mixture of both lists
 * and must be ended.
 */
int graph_relist(struct graph *graph, uint32_t worker, uint32_t member, const struct user_id *friends, uint32_t count) REQUIRES(worker_role);

/*
 * The session ends. If it was its user's last, that is published to the user's watchers and to the sessions of the users on the
 * session's list (of those who do not only follow), once to each, and *transition is true; then its list ends. If others are left and the
 * user's status falls back to another one, that is published (status_only). -ENOMEM: nothing has happened; try again later.
 */
int graph_logout(struct graph *graph, uint32_t worker, uint32_t member, enum leave_reason reason, bool *transition) REQUIRES(worker_role);

/*
 * The session was lost, and its user may come back. If it was its user's last, *absent is true, and the user stays online through it: nobody is
 * told anything until either a session of the user begins, which takes its place, or graph_logout ends it, which is news as ever unless its
 * place was taken. Until then nothing else may be asked of it but graph_absent_user and graph_lists. If others are left, it has ended, as by graph_logout.
 * -ENOMEM: nothing has happened.
 */
int graph_lose(struct graph *graph, uint32_t worker, uint32_t member, bool *absent) REQUIRES(worker_role);
/* The user of an absent session, with a reference of the caller's. False: its place was taken. */
bool graph_absent_user(struct graph *graph, uint32_t worker, uint32_t member, struct user_id *user) REQUIRES(worker_role);

/* The user of a session. */
struct user_id graph_user(const struct graph *graph, uint32_t worker, uint32_t member) REQUIRES(worker_role);

/*
 * What there is to know of one user, for an operator: taken under the lock of its shard, which is held for as long as it takes to copy this. Of a
 * user with very many sessions only the first are named.
 */
enum { GRAPH_FACTS_SESSIONS = 64 };

struct graph_facts {
    bool online;
    bool absent; /* its last session was lost, and it counts as online for a while; then it has no sessions, but this one: */
    struct handle lost;
    bool went_online;               /* its last transition, when changed_at_ms is not 0 */
    enum leave_reason left_because; /* if it went offline */
    uint64_t changed_at_ms;         /* since the epoch; 0: nobody watches it, and it is offline */
    uint32_t watchers;              /* sessions that list it */
    uint32_t sessions;              /* those that are named */
    bool has_more_sessions;
    struct handle handles[GRAPH_FACTS_SESSIONS];
};

void graph_look(struct graph *graph, uint32_t worker, struct user_id user, struct graph_facts *facts) REQUIRES(worker_role);

/* The last transitions of one user that are remembered (graph/history.h), the newest first; of a user whom nobody has heard of, too. */
enum { GRAPH_HISTORY = 4 };

struct graph_history {
    uint32_t count;
    struct graph_past {
        uint64_t at_ms; /* since the epoch */
        bool online;
        enum leave_reason reason; /* if it went offline */
    } past[GRAPH_HISTORY];
    enum { OLDER_NONE, OLDER_UNTOLD, OLDER_FORGOTTEN } older; /* what there was before: nothing; more that is remembered; more, perhaps */
};

void graph_remember(struct graph *graph, uint32_t worker, struct user_id user, struct graph_history *history) REQUIRES(worker_role);
/* Is the user on the session's list? And how many are? Both look through the list. */
bool graph_lists(struct graph *graph, uint32_t worker, uint32_t member, struct user_id user) REQUIRES(worker_role);
uint32_t graph_list_length(const struct graph *graph, uint32_t worker, uint32_t member) REQUIRES(worker_role);

/* What the graph holds, for tests and logs; exact when no worker runs, about right otherwise. Any thread. */
struct graph_census {
    uint64_t users; /* entries, the ones that are only watched included */
    uint64_t users_online;
    uint64_t edges;
    uint64_t members;
};
struct graph_census graph_census(struct graph *graph);
/* How many users are online: takes no lock and looks at no user. About right; exact when no worker runs. Any thread. */
uint64_t graph_users_online(const struct graph *graph);

/* How often a worker had to wait for a shard's lock. Takes none. Any thread. */
uint64_t graph_lock_waits(const struct graph *graph);

#endif
