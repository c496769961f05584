/* SPDX-License-Identifier: MIT
 *
 * What the worker's loop calls of a session; nobody else does. On the worker's thread.
 */
#ifndef NET_SESSION_INTERNAL_H
#define NET_SESSION_INTERNAL_H

#include "base/sync.h"
#include "net/session.h"

struct worker;

enum {
    INTEREST_READ = 1,
    INTEREST_WRITE = 2,
    INTEREST_END = 4,      /* of a newcomer that waits for its turn: whether it hangs up */
    READ_BYTES = 16 << 10, /* a client that sends endlessly is served in slices of this size */
    WRITE_BYTES = 64 << 10,
    CATCH_UP_SLICES = 65, /* more than the largest message that may be allowed */
};

/* Tells the poller what the session waits for. */
void session_poll(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* Takes it out of the poller. */
void session_unpoll(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* Is there something to write? Asks the layer above when the queue is empty. */
bool session_has_more(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* A new session in a slot of its own, all else still to be set; NULL without memory. */
struct session *worker_new_session(struct worker *worker) REQUIRES(worker_role);
/* Ends it now; it is freed at the end of the turn. */
void session_end(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* The poller says that there is something to read, or room to write. */
void session_readable(struct worker *worker, struct session *session) REQUIRES(worker_role);
void session_writable(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* It is time to look whether the peer takes what was sent. */
void session_delivery_due(struct worker *worker, struct session *session) REQUIRES(worker_role);

#endif
