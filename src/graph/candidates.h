/* SPDX-License-Identifier: MIT
 *
 * The second half of the protocol's rule 2: the sessions of the users whom a leaver lists. They live in other shards, so they are gathered
 * one shard at a time, before the leaver's own is locked. Who is offline is seen without its lock: whose
 * arrival the leaver may have been told of is seen online (user_sessions()); whoever arrives meanwhile is as one who arrives after the look. They stand at the seat of the leaver's worker.
 */
#ifndef GRAPH_CANDIDATES_H
#define GRAPH_CANDIDATES_H

#include "graph/graph_internal.h"

/*
 * Finds the sessions of the users on a list, but not those that only follow, and begins the map at the seat that tells which of them are
 * told already. On -ENOMEM there are none. Takes shard locks, one at a time.
 */
int candidates_gather(struct graph *graph, struct seat *seat, const struct friend_list *list);

#endif
