/* SPDX-License-Identifier: MIT
 *
 * What a newcomer has to pass before the layer above hears of it: the header of the PROXY protocol, where its listener demands one. Only newcomers
 * have a struct door, so nobody else pays for it. On the session's worker's thread.
 *
 * A proxy whose header is wrong, late or missing is no client, so it is not told anything; the log is.
 */
#ifndef NET_ENTRANCE_H
#define NET_ENTRANCE_H

#include "base/sync.h"
#include "net/session.h"

#include <stdbool.h>

struct worker;

/* A connection that must bring a header was taken over. False: there is no memory. */
bool entrance_open(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* There is something to read. True when it is the client's, which may be received. */
bool entrance_pass(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* The time for the header is over. */
void entrance_due(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* The session has ended. */
void entrance_leave(struct session *session) REQUIRES(worker_role);

/* Has the session still to bring its header? */
static inline bool
entrance_is_pending(const struct session *session)
{
    return session->door != NULL;
}

#endif
