/* SPDX-License-Identifier: MIT
 *
 * See drain.h. On the worker's thread, but for workers_drain.
 */
#include "net/drain.h"

#include "base/hash.h"
#include "base/log.h"
#include "net/session_internal.h"
#include "net/worker.h"
#include "net/worker_internal.h"

enum {
    RETURN_MS = 1000,     /* from being let go to coming back: more than a worker is late, so that lateness does not show in when they come back */
    GO_PER_TURN = 64,     /* sessions: at some 20 µs each, a millisecond */
    LOOK_PER_TURN = 4096, /* slots, most of which may be free */
};

void
workers_drain(struct worker *workers, uint32_t count, struct drain *drain)
{
    atomic_init(&drain->left, count);
    RACE_IGNORE(&drain->left, sizeof drain->left); /* helgrind: a plain count */
    for (uint32_t number = 0; number < count; number++) {
        struct drain_mail *letter = &workers[number].drain.mail;

        *letter = (struct drain_mail){.mail.tag = MAIL_DRAIN, .drain = drain};
        if (mailbox_post(&workers[number].mailbox, &letter->mail))
            mailbox_wake(&workers[number].mailbox);
    }
}

bool
worker_is_draining(const struct worker *worker)
{
    return worker->drain.drain != NULL;
}

/* How many slots there are up to the last that was ever taken. */
static uint32_t
slots_in_use(const struct slots *slots)
{
    for (uint32_t segment = SLOTS_SEGMENTS; segment-- > 0;)
        if (slots->segments[segment] != NULL)
            return slots_segment_start(segment) + slots->fresh[segment];
    return 0;
}

static uint32_t
common_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* Jumps of about the golden section visit every slot once, and at any moment those visited lie evenly between the others. */
static uint32_t
step_over(uint32_t slots)
{
    uint32_t step = (uint32_t)((uint64_t)slots * 618 / 1000) + 1;

    while (common_divisor(slots, step) != 1)
        step++;
    return step;
}

/* A number below 2^32 that looks like chance and is different for each session of each worker. */
static uint32_t
jitter(const struct worker *worker)
{
    static const struct hash_key key = {{0, 0}}; /* it need not be a secret */
    const uint32_t place[2] = {worker->number, worker->drain.gone};

    return (uint32_t)hash_bytes(&key, place, sizeof place);
}

/*
 * In how many milliseconds the next session to go should come back: the time is cut into as many slots as there are sessions. Each goes at the end of its own,
 * and comes back in the one after that, a second later; chance takes the moment in it.
 */
static uint32_t
retry_after_ms(const struct worker *worker)
{
    const struct worker_drain *drain = &worker->drain;
    uint64_t chance = jitter(worker), elapsed_ms = worker->now_ms - drain->began_ms;
    uint64_t time_ms = drain->drain->time_ms;
    uint64_t back_ms = RETURN_MS + (time_ms * (drain->gone + UINT64_C(1)) + (time_ms * chance >> 32)) / drain->total;

    /* So late that its slot is over: those who are let go as fast as it goes come back like that. */
    if (back_ms <= elapsed_ms)
        return (uint32_t)(RETURN_MS * chance >> 32);
    return (uint32_t)(back_ms - elapsed_ms);
}

/* How many should have gone by now. */
static uint32_t
due(const struct worker *worker)
{
    const struct worker_drain *drain = &worker->drain;
    uint64_t elapsed_ms = worker->now_ms - drain->began_ms;

    return elapsed_ms >= drain->drain->time_ms ? drain->total : (uint32_t)(drain->total * elapsed_ms / drain->drain->time_ms);
}

/* What has arrived of a session is still carried out; that may end it. */
static void
let_go(struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    if (!session_is_datagram(session))
        session_catch_up(worker, session);
    if (session->state != SESSION_OPEN)
        return;
    worker->config->handler->draining(worker->config->context, worker, session, retry_after_ms(worker));
    worker->drain.gone++;
    counter_add(&worker->counters.drained, 1);
}

/* This worker has no sessions any more, nor will it have others. */
static void
finish(struct worker *worker) REQUIRES(worker_role)
{
    struct drain *drain = worker->drain.drain;
    uint64_t sessions = 0;

    if (atomic_fetch_sub_explicit(&drain->left, 1, memory_order_acq_rel) > 1)
        return;
    for (uint32_t number = 0; number < worker->crew_count; number++)
        sessions += counter_read(&worker->crew[number].counters.drained);
    log_event(LEVEL_INFO, "drained", LOG_FIELD_NUMBER("let_go", sessions), LOG_FIELD_NUMBER("duration_ms", worker->now_ms - worker->drain.began_ms));
}

void
drain_begin(struct worker *worker, struct drain *shared)
{
    struct worker_drain *drain = &worker->drain;

    drain->drain = shared;
    drain->began_ms = worker->now_ms;
    drain->total = worker->sessions.count - worker->kept;
    drain->slots = slots_in_use(&worker->sessions);
    drain->step = step_over(drain->slots);
    drain_tick(worker);
}

void
drain_tick(struct worker *worker)
{
    struct worker_drain *drain = &worker->drain;
    uint32_t end = due(worker), first = drain->gone;

    for (uint32_t looks = 0; looks < LOOK_PER_TURN && drain->looked < drain->slots; looks++) {
        struct session *session;

        if (drain->gone >= end || drain->gone - first >= GO_PER_TURN)
            break;
        session = worker_session_at(worker, (uint32_t)((uint64_t)drain->looked++ * drain->step % drain->slots));
        if (session != NULL)
            let_go(worker, session);
    }
    if (worker->sessions.count == worker->kept)
        finish(worker);
    else
        deadlines_start(&worker->deadlines[DEADLINE_DRAIN], &drain->tick, worker->now_ms);
}
