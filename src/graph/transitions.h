/* SPDX-License-Identifier: MIT
 *
 * How a session makes its user come and go, and what status the user has through it. On the thread of the session's worker; takes shard
 * locks itself, one at a time.
 */
#ifndef GRAPH_TRANSITIONS_H
#define GRAPH_TRANSITIONS_H

#include "base/user_id.h"
#include "graph/graph.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Makes the user online through the session; news if it was not, and then arrival->transition is true, or if the session's status is another than the
 * user's was. An absent session gives up its place. Returns 0, or -ENOMEM: nothing happened.
 */
int arrive(struct graph *graph, uint32_t session, struct user_id id, struct graph_arrival *arrival);
/*
 * Ends the session's part in its user being online; news if it was the last, or if the user's status is another without it. The sessions of
 * listed users live in other shards: they are gathered before the lock is taken, and then it is looked at again whether this is still the
 * last session. -ENOMEM: nothing happened.
 */
int depart(struct graph *graph, uint32_t session, enum leave_reason reason, bool *transition);
/* As graph_lose, but a session that has ended still has its list. */
int lose_session(struct graph *graph, uint32_t session, bool *absent);
/* As graph_set_status. */
int change_status(struct graph *graph, uint32_t session, struct text *status);

#endif
