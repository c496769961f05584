/* SPDX-License-Identifier: MIT
 *
 * A worker's deadlines: what is due in a turn, how much of it, and when something will be. In the worker's turn.
 */
#include "net/entrance.h"
#include "net/session_internal.h"
#include "net/worker.h"
#include "net/worker_internal.h"

enum { SILENT_PER_TURN = 256 }; /* sessions that end by silence, or users who do not come back: at some 10 µs each, a few milliseconds */

/* A closing session has had its time. One that a stop waits for has the stop's time instead, to take what is queued for it. */
static void
linger_due(struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    if (!worker->stopping || session->state != SESSION_CLOSING)
        session_end(worker, session);
}

/* Is it a time that a client may take to send something? */
static bool
is_of_input(enum deadline_kind kind)
{
    return kind == DEADLINE_HELLO || kind == DEADLINE_MESSAGE || kind == DEADLINE_SILENCE;
}

/* Is it a time in which a user may come back? */
static bool
is_of_grace(enum deadline_kind kind)
{
    return kind == DEADLINE_GRACE || kind == DEADLINE_GRACE_DATAGRAM;
}

/* Is it a time for what would make more news? Under pressure that waits; and it is we who do not read what has been sent in time. */
static bool
waits_for_calm(enum deadline_kind kind)
{
    return is_of_input(kind) || is_of_grace(kind) || kind == DEADLINE_DRAIN;
}

/*
 * How many deadlines of a kind may fall due in this turn. A crowd that falls silent at once (a network that is gone, say) is a lot of news: the
 * worker goes on doing its other work meanwhile. While datagrams wait to be looked at, a silent address may not be silent at all; but a flood
 * keeps the dead alive for one more time-out only.
 */
static uint32_t
due_at_most(const struct worker *worker, enum deadline_kind kind)
{
    const struct datagrams *datagrams = &worker->datagrams;

    if (waits_for_calm(kind) && !worker->stopping && pressure_is_high(worker->config->pressure))
        return 0;
    if (is_of_grace(kind))
        return SILENT_PER_TURN;
    if (kind != DEADLINE_SILENCE)
        return UINT32_MAX;
    return datagrams->behind && worker->now_ms - datagrams->caught_up_ms < worker->deadlines[kind].timeout_ms ? 0 : SILENT_PER_TURN;
}

void
worker_fall_due(struct worker *worker)
{
    for (enum deadline_kind kind = 0; kind < DEADLINE_KINDS; kind++) {
        uint32_t left = due_at_most(worker, kind);
        struct deadline *deadline;

        while (left-- > 0 && (deadline = deadlines_take_due(&worker->deadlines[kind], worker->now_ms)) != NULL) {
            if (kind == DEADLINE_LINGER)
                linger_due(worker, LIST_ENTRY(deadline, struct session, deadline));
            else if (kind == DEADLINE_ENTRANCE)
                entrance_tick(worker);
            else if (kind == DEADLINE_HELLO && LIST_ENTRY(deadline, struct session, deadline)->entering)
                entrance_due(worker, LIST_ENTRY(deadline, struct session, deadline));
            else if (kind == DEADLINE_DELIVERY || kind == DEADLINE_HEARD)
                session_delivery_due(worker, LIST_ENTRY(deadline, struct session, delivery));
            else if (kind == DEADLINE_DRAIN)
                drain_tick(worker);
            else
                worker->config->handler->deadline(worker->config->context, worker, kind, deadline);
        }
    }
}

uint64_t
worker_wakes_at_ms(const struct worker *worker)
{
    uint64_t next = worker->stopping ? worker->stop_at_ms : DEADLINE_NEVER;

    if (worker->more || worker->self_posted || !list_is_empty(&worker->due) || !list_is_empty(&worker->ended))
        return 0;
    if (worker->stopping && worker->now_ms < worker->linger_at_ms)
        next = worker->linger_at_ms;
    for (enum deadline_kind kind = 0; kind < DEADLINE_KINDS; kind++)
        if (deadlines_next(&worker->deadlines[kind]) < next)
            next = deadlines_next(&worker->deadlines[kind]);
    return next;
}
