/* SPDX-License-Identifier: MIT
 *
 * Which users a session watches: a list of edges, made, replaced and ended as a whole. On the thread of the session's worker; takes shard
 * locks itself, one at a time.
 */
#ifndef GRAPH_EDGES_H
#define GRAPH_EDGES_H

#include "base/user_id.h"
#include "graph/friend_list.h"
#include "graph/graph.h"

#include <stdint.h>

/* Puts a new list in the place of the session's old one, if any; `self` is left out of it. On -ENOMEM the lists are mixed: end them. */
int edges_replace(struct graph *graph, uint32_t session, struct user_id self, const struct user_id *friends, uint32_t count);
/* Ends all edges of a list and frees it. */
void edges_end(struct graph *graph, struct friend_list *list);

#endif
