/* SPDX-License-Identifier: MIT
 *
 * Which users a session watches: a list of edges (graph/edge.h), replaced, added to, taken from and ended. On the thread of the session's
 * worker; takes shard locks itself, one at a time.
 */
#ifndef GRAPH_EDGES_H
#define GRAPH_EDGES_H

#include "base/user_id.h"
#include "graph/friend_list.h"
#include "graph/graph.h"

#include <stdint.h>

/*
 * Puts a new list in the place of the session's old one, if any; `self` is left out of it. The snapshot (NULL: not wanted) gets those online
 * whose edges begin, and has room for `count` more. On -ENOMEM the lists are mixed: end them.
 */
int edges_replace(
    struct graph *graph, uint32_t session, struct user_id self, const struct user_id *friends, uint32_t count, struct snapshot *snapshot);
/* As graph_follow, where the snapshot is empty and has room for `count`. */
int edges_add(struct graph *graph, uint32_t session, struct user_id self, const struct user_id *friends, uint32_t count, uint32_t most,
    struct snapshot *snapshot);
/* As graph_unfollow. */
int edges_remove(struct graph *graph, uint32_t session, const struct user_id *friends, uint32_t count, void (*ended)(void *context, uint32_t index),
    void *context);
/* Ends all edges of a list and frees it; returns how many there were. */
uint32_t edges_end(struct graph *graph, struct friend_list *list);

#endif
