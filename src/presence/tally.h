/* SPDX-License-Identifier: MIT
 *
 * What is counted at one worker's desk: who came and went, what was told, what was wrong, and how long it took. The desk's worker writes, anybody
 * reads (base/metrics.h). Never anything about one user.
 */
#ifndef PRESENCE_TALLY_H
#define PRESENCE_TALLY_H

#include "base/metrics.h"
#include "protocol/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { TALLY_TCP, TALLY_UDP, TALLY_TRANSPORTS };
enum { TALLY_CLASSIC, TALLY_JSONRPC, TALLY_DIALECTS };

/* How a session ended. */
enum session_end {
    END_UNSAID,   /* nothing was said about it yet: the peer closed, or was lost */
    END_GOODBYE,  /* it said goodbye, or logged out */
    END_CLOSED,   /* end of input, a reset */
    END_TIMEOUT,  /* nothing was heard of it for too long */
    END_ERROR,    /* what it sent, or did not, was wrong; `errors` says how */
    END_STOPPED,  /* the server stopped, or was drained */
    END_OPERATOR, /* an operator closed it */
    END_KINDS,
};

struct tally {
    struct counter logins[TALLY_DIALECTS][TALLY_TRANSPORTS]; /* sessions that said who they are */
    struct counter logouts[TALLY_DIALECTS][TALLY_TRANSPORTS];
    struct counter arrivals, departures;                            /* of users */
    struct counter absences;                                        /* users who counted as online after the loss of their last session; */
    struct counter returns, vanished;                               /* of these, the ones who came back, and the ones who did not */
    struct counter ended[END_KINDS][TALLY_TRANSPORTS];              /* sessions, those that never said who they are among them */
    struct counter notifications[TALLY_DIALECTS][TALLY_TRANSPORTS]; /* changes told, one for each that a session was told of */
    struct counter merged;                                          /* changes that took the place of an older one that still waited */
    struct counter errors[ERROR_CODES];                             /* told to clients, or that would have been */
    struct counter unfinished_bytes;                                /* memory for messages that are not complete: goes down, too */
    struct distribution audience; /* sessions that one transition is told to; of transitions that somebody is told of */
    struct distribution delay;    /* microseconds from the reading of a change to the writing of its notifications, each counted */
};

/* Notifications of this turn whose writing is still to come: when the changes that led to them were read, and how many. */
enum { TOLD_KINDS = 32 };

struct told {
    uint32_t count;
    struct {
        uint64_t since_ns;
        uint64_t notifications;
    } kinds[TOLD_KINDS];
};

/* Notes notifications that have just been told. Changes of one turn of one worker have one time, so there are few kinds; of too many the last are taken for one. */
void told_add(struct told *told, uint64_t since_ns, uint32_t notifications);
/* They have been written: counts how long that took, and begins anew. */
void told_written(struct told *told, struct distribution *delay, uint64_t now_ns);

#endif
