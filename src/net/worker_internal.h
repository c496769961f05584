/* SPDX-License-Identifier: MIT
 *
 * What a worker's loop (worker.c), those who make workers (crew.c) and those who wake them (wake.c) have to know of each other.
 */
#ifndef NET_WORKER_INTERNAL_H
#define NET_WORKER_INTERNAL_H

#include "net/worker.h"

#include <stdbool.h>
#include <stdint.h>

#define WORKER_WAKE_EVENT UINT64_MAX /* event data of the mailbox's descriptor; no handle looks like it */

/* A worker's thread from beginning to end; its argument is the struct worker. */
void *worker_run(void *argument);

/* A turn begins: its time is looked up once, in the finest unit that anybody needs. */
void worker_take_time(struct worker *worker) REQUIRES(worker_role);

/* The session in a slot; NULL when there is none. */
struct session *worker_session_at(struct worker *worker, uint32_t slot) REQUIRES(worker_role);

/* Frees a session that has ended and whose socket is closed, unless the layer above is not ready. */
void worker_free_session(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* Closes the sockets of those that have ended, many in one system call, which takes them out of the poller too; and frees them. */
void worker_free_ended(struct worker *worker) REQUIRES(worker_role);

/* Takes all of its mail, and does what it says. */
void worker_take_mail(struct worker *worker) REQUIRES(worker_role);
/*
 * Tells the kernel of a changed peer time-out, for a share of the connections in each turn; later ones are dealt with when they are adopted. Returns
 * whether there is more to do.
 */
bool worker_tell_peer_timeout(struct worker *worker) REQUIRES(worker_role);
/* Does what is due, of what would be much a share. */
void worker_fall_due(struct worker *worker) REQUIRES(worker_role);

/* The worker has no ring, or not any more: says why. Without one it costs more to tell many, and nothing else is different. */
void worker_lose_ring(struct worker *worker, int error);

/* The part of a turn that needs no events: takes the mail, tells the news, writes once per session that has something due. */
void worker_tell(struct worker *worker) REQUIRES(worker_role);
/* Writes to every session that something was queued for, once. */
void worker_flush(struct worker *worker) REQUIRES(worker_role);
/* The end of a turn: frees what has ended, sends the datagrams, counts what it took. */
void worker_finish(struct worker *worker) REQUIRES(worker_role);
/* When it has something to do even if nothing happens: 0 is now, DEADLINE_NEVER is never. */
uint64_t worker_wakes_at_ms(const struct worker *worker) REQUIRES(worker_role);

/* Wakes those who got mail in this turn, if it is so much that they should tell it while this worker does its own part. */
void worker_wake_for_much(struct worker *worker) REQUIRES(worker_role);
/* Has the turns of those who sleep and got little; wakes the others who got mail. */
void worker_wake_others(struct worker *worker) REQUIRES(worker_role);

#endif
