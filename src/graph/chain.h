/* SPDX-License-Identifier: MIT
 *
 * The sessions through which a user is online, chained through the members. The order says whose status is the user's: those that set
 * one stand first, the latest before the earlier, and those that never did stand behind them; so the first one's is the user's, and it
 * takes no counting and no searching to know whose follows. The first one's `previous` is the last one, so both ends are at hand.
 *
 * All of it belongs to the holder of the lock of the user's shard.
 */
#ifndef GRAPH_CHAIN_H
#define GRAPH_CHAIN_H

#include "graph/graph_internal.h"

#include <stdbool.h>
#include <stdint.h>

/* Adds a session at one end: as the first if it has said what its status is, otherwise it has none. */
void chain_add(const struct graph *graph, struct user *user, uint32_t session, bool first);
/* A session that is there has said what its status is: it becomes the first. */
void chain_lead(const struct graph *graph, struct user *user, uint32_t session);
/* Takes a session out, whose status may have been changed before. */
void chain_remove(const struct graph *graph, struct user *user, uint32_t session);

/* The user's status, NULL when it has none; the reference is its session's. */
static inline struct text *
chain_status(const struct graph *graph, const struct user *user)
{
    return user->has_status ? member_at(graph, user_sessions(user))->status : NULL;
}

#endif
