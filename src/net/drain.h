/* SPDX-License-Identifier: MIT
 *
 * A drain: workers let their sessions go one after the other, spread evenly over a time, and each is told when to come back, evenly over the
 * same time a little later. So neither this server nor the one that they come back to sees a crowd at one instant.
 *
 * Each worker walks over its own sessions, on a tick of its own, in steps that jump over its table: those who came together do not go together,
 * and nobody's place in it depends on who he is. A worker that is late lets a bounded number go in a turn, and the times at which they are told
 * to come back are those of the plan all the same.
 */
#ifndef NET_DRAIN_H
#define NET_DRAIN_H

#include "base/mail.h"
#include "base/sync.h"
#include "net/deadlines.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct worker;

/* What all workers share. */
struct drain {
    uint64_t time_ms;      /* what it is spread over */
    _Atomic uint32_t left; /* workers that still have sessions */
};

struct drain_mail {
    struct mail mail;
    struct drain *drain;
};

/* A worker's own. All zeros: none. */
struct worker_drain {
    struct drain_mail mail;
    struct drain *drain; /* NULL: there is none */
    struct deadline tick;
    uint64_t began_ms;    /* here */
    uint32_t total;       /* sessions when it began */
    uint32_t gone;        /* of these it has let go so many; others went by themselves */
    uint32_t slots, step; /* of the table of sessions, and how far it jumps from one to the next */
    uint32_t looked;      /* at so many slots */
};

/*
 * Has all workers begin to drain, once; drain->time_ms is the caller's to set. No connection is handed to them any more. `drain` lives as long as they do.
 * Any thread but a worker's.
 */
void workers_drain(struct worker *workers, uint32_t count, struct drain *drain);

/* The mail has come. */
void drain_begin(struct worker *worker, struct drain *drain) REQUIRES(worker_role);
/* Lets go whose time has come. */
void drain_tick(struct worker *worker) REQUIRES(worker_role);

/* Does the worker take no newcomers any more? */
bool worker_is_draining(const struct worker *worker);

#endif
