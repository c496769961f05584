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
 * session's list, once to each, and *transition is true; then its list ends. -ENOMEM: nothing has happened; try again later.
 */
int graph_logout(struct graph *graph, uint32_t worker, uint32_t member, bool *transition) REQUIRES(worker_role);

/* The user of a session. */
struct user_id graph_user(const struct graph *graph, uint32_t worker, uint32_t member) REQUIRES(worker_role);

/* What the graph holds, for tests and logs; exact when no worker runs, about right otherwise. Any thread. */
struct graph_census {
    uint64_t users; /* entries, the ones that are only watched included */
    uint64_t users_online;
    uint64_t edges;
    uint64_t members;
};
struct graph_census graph_census(struct graph *graph);

#endif
