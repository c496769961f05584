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
    INTEREST_END = 4,      /* of one that is held: whether it hangs up */
    READ_BYTES = 16 << 10, /* a client that sends endlessly is served in slices of this size */
    WRITE_BYTES = 64 << 10,
    CATCH_UP_SLICES = 65, /* more than the largest message that may be allowed */
};

/* Tells the poller what the session waits for. */
void session_poll(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* Takes it out of the poller. */
void session_unpoll(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* What is to be written to a session next. */
struct piece {
    struct line *line; /* the layer above's, asked for when it can leave; NULL: what is queued */
    uint32_t count;    /* the layer above's, of its line */
    size_t length;     /* in bytes */
};

/* Is there something to write? Asks the layer above when the queue is empty. What it is: the piece's line, or NULL, and its count. Datagrams have no line. */
bool session_has_more(struct worker *worker, struct session *session, struct piece *piece) REQUIRES(worker_role);
/* Everything queued has left a session that is closing: shuts down writing, and goes on reading for a moment. */
void session_linger(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* The peer is lost. What it sent before may still be unread, and counts: reading finds the end. */
void session_mute(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* A new session in a slot of its own, all else still to be set; NULL without memory. */
struct session *worker_new_session(struct worker *worker) REQUIRES(worker_role);
/* Ends it now; it is freed at the end of the turn. */
void session_end(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* The poller says that there is something to read, or room to write. */
void session_readable(struct worker *worker, struct session *session) REQUIRES(worker_role);
void session_writable(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* Something was sent, and nobody looks yet whether the peer takes it. */
void session_watch_delivery(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* It is time to look whether the peer takes what was sent. */
void session_delivery_due(struct worker *worker, struct session *session) REQUIRES(worker_role);

#endif
