/* SPDX-License-Identifier: MIT
 *
 * A session: one connection, or one address that datagrams come from, owned for ever by one worker, touched in that worker's turn only (worker.h); everybody else holds a handle.
 * What is embedded here is what an idle session costs; buffers exist only while there is something in them.
 *
 * States: open → closing (no input is carried out any more; what is queued still leaves) → lingering (writing is shut; what the
 * peer still sends is read and forgotten, so that its reset does not destroy our last line) → ended (freed at the end of the turn).
 */
#ifndef NET_SESSION_H
#define NET_SESSION_H

#include "base/handle.h"
#include "base/list.h"
#include "net/deadlines.h"
#include "net/write_queue.h"
#include "transport/transport.h"
#include "transport/udp.h"

#include <stdbool.h>
#include <stdint.h>

enum session_state { SESSION_OPEN, SESSION_CLOSING, SESSION_LINGERING, SESSION_ENDED };

struct session {
    struct handle handle;
    int descriptor; /* -1 once closed, and where there is none of its own (datagrams.h) */
    enum session_state state : 8;
    bool paused : 1;      /* the layer above wants no input now */
    bool input_ended : 1; /* the peer will send nothing more */
    bool blocked : 1;     /* the socket took less than there was to send; we wait for room */
    bool mute : 1;        /* nothing can be written any more: the peer is lost */
    bool timed_out : 1;   /* it was lost because nothing was heard of it for too long */
    bool polled : 1;      /* the poller knows the descriptor */
    bool wants_room : 1;  /* the layer above has more to say as soon as the queue is empty */
    bool entering : 1;    /* it has not passed the entrance yet */
    bool held : 1;        /* the worker wants no input now: it is to wait for its turn, or has said too much */
    bool end_seen : 1;    /* while it is held: it has ended behind what it has sent, and nothing more is to be known of that */
    bool closed : 1;      /* it has ended, and only the layer above still holds it */
    bool unchecked : 1;   /* something was sent after the last look whether the peer takes it */
    uint8_t interest;     /* what the poller was told: session.c's bits */
    const struct transport *transport;
    struct door *door;        /* what it has to pass, or what is counted of it (entrance.h); NULL for most */
    struct list due;          /* in its worker's list of sessions with something to write, or of ended ones */
    struct deadline deadline; /* hello, or silence; then linger */
    union {
        struct deadline delivery;   /* a connection's: runs while its peer owes an acknowledgement, or lately gave one */
        struct udp_address address; /* of a session of datagrams */
    };
    struct write_queue queue;
    uint32_t opened_s; /* by the worker's clock, in seconds */
    uint32_t lines;    /* that it was sent, or that are queued for it */
};

/* Is it one of datagrams? */
static inline bool
session_is_datagram(const struct session *session)
{
    return session->transport == &transport_udp;
}

#endif
