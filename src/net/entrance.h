/* SPDX-License-Identifier: MIT
 *
 * What a newcomer has to pass before it is a session like any other: the header of the PROXY protocol, where its listener demands one, and the gate
 * (gate.h), where there are limits. Only where there is something to pass does a session have a struct door, and it keeps it only for as long as it is
 * needed: to its end where something is counted there, or where a proxy speaks for its client. On the session's worker's thread.
 *
 * Who has to wait is not read from, so what it says waits in the kernel, and nothing of it is lost or refused. What a newcomer has said who hangs up while it waits for its
 * turn is read when nobody who is there can have the turn; of too many such it is not. A proxy whose header is wrong, late or missing is no client, so it is not told anything; the log is.
 */
#ifndef NET_ENTRANCE_H
#define NET_ENTRANCE_H

#include "base/sync.h"
#include "net/gate.h"
#include "net/holds.h"
#include "net/session.h"

#include <stdbool.h>
#include <stdint.h>

struct worker;

enum { ENTRANCE_TICK_MS = HOLDS_TICK_MS }; /* how soon a worker looks again whose turn has come */

/* What a worker has at its entrance. */
struct entrance {
    struct holds holds;   /* sessions that have said too much, through their doors */
    uint32_t waiting;     /* newcomers for whose turn the gate is asked */
    uint32_t turned_away; /* connections over the limit of their address that are being told so */
    struct deadline tick; /* runs while there are such */
};

void entrance_init(struct entrance *entrance);

/* A connection was taken over, and the layer above is told of it, now or when it has passed. False: there is no memory. */
bool entrance_open(struct worker *worker, struct session *session, bool proxied) REQUIRES(worker_role);
/* There is something to read from a session that is entering. True when it may be received. */
bool entrance_pass(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* The peer of a session that is held will send nothing more. */
void entrance_hung_up(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* The time for a hello is over for a session that is entering. */
void entrance_due(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* Looks whose turn has come. */
void entrance_tick(struct worker *worker) REQUIRES(worker_role);
/* Other limits hold: whoever has said too much waits as long as it would have by these. */
void entrance_reconfigure(struct worker *worker) REQUIRES(worker_role);
/* A session that has a door has said something. */
void entrance_charge(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* Whom a proxy speaks for on this session, as long as its socket is there; NULL: nobody, or the proxy itself. */
const struct udp_address *entrance_client(const struct session *session);
/* The session has ended. */
void entrance_leave(struct worker *worker, struct session *session) REQUIRES(worker_role);

/* A session of datagrams is to begin. False: it may not, or there is no memory. */
bool entrance_open_datagram(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* A datagram has come from its address. False: it is one too many. */
bool entrance_takes_datagram(struct worker *worker, struct session *session) REQUIRES(worker_role);

#endif
