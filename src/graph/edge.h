/* SPDX-License-Identifier: MIT
 *
 * One edge: a session watches a user. It is begun, moved and ended under the lock of the shard of that user, which these functions take. On the
 * thread of the session's worker, whose seat holds the map that says where in the session's list a user stands already.
 */
#ifndef GRAPH_EDGE_H
#define GRAPH_EDGE_H

#include "base/user_id.h"
#include "graph/friend_list.h"
#include "graph/graph.h"

#include <stdint.h>

/*
 * Makes the session watch friends[which], whose hash is given, in the vacancy of its list's current segment, and puts it into the map. If it is online, the snapshot
 * (which has room, or is NULL) says so from the moment at which the edge begins. Who stands in the former segment only moves over; who stands
 * in the current one is passed over. Returns 0 or -ENOMEM: nothing has happened.
 */
int edge_begin(struct graph *graph, uint32_t session, const struct user_id *friends, uint32_t which, uint64_t hash, struct snapshot *snapshot);
/* Moves the entry of an edge, which stays, from `place` in the former segment of a list to the vacancy of the current one. */
void edge_move(struct graph *graph, struct friend_list *list, uint32_t place);
/*
 * Says that edges are being ended one after another, and that the one at `offset` of the segment is next: asks for the memory of those behind
 * it, most of which another worker's processor wrote last.
 */
void edge_expect_end(struct graph *graph, const struct list_segment *segment, uint32_t offset);
/* Ends the edge of an entry of a list, and leaves the entry empty. */
void edge_end(struct graph *graph, struct friend_list *list, uint32_t place);

#endif
