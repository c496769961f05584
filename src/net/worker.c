/* SPDX-License-Identifier: MIT
 *
 * The worker's loop, as worker.h describes it. Sessions are only freed at the end of a turn, so that no step of a turn holds a
 * pointer to one that is gone.
 */
#include "net/worker.h"

#include "base/assert.h"
#include "base/clock.h"
#include "net/entrance.h"
#include "net/session_internal.h"
#include "net/worker_internal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>

enum {
    EVENTS_PER_TURN = 64, /* at some 20 µs each, mail waits for about a millisecond */
    PRESSURE_WAIT_MS = 1, /* how soon a worker looks again whether reading is allowed */
    NS_PER_US = 1000,
    NS_PER_MS = 1000000,
};

/* How long epoll may sleep until then. */
static int
sleep_ms(uint64_t until_ms)
{
    uint64_t now;

    if (until_ms == DEADLINE_NEVER)
        return -1;
    now = until_ms == 0 ? 0 : clock_monotonic_ms();
    if (until_ms <= now)
        return 0;
    return until_ms - now > INT_MAX ? INT_MAX : (int)(until_ms - now);
}

/* Waits for events. While it does, others may have the worker's turn, so an event may be about a session that is gone when this returns. */
static int
sleep_for_events(struct worker *worker, struct epoll_event *events) REQUIRES(worker_role, worker->turn)
{
    uint64_t until_ms = worker_wakes_at_ms(worker);
    int count, timeout_ms = sleep_ms(until_ms);

    if (timeout_ms == 0)
        return epoll_wait(worker->poller, events, EVENTS_PER_TURN, 0);
    worker->asleep_until_ms = until_ms;
    worker->asleep = true;
    baton_give(&worker->turn);
    count = epoll_wait(worker->poller, events, EVENTS_PER_TURN, timeout_ms);
    baton_take(&worker->turn);
    worker->asleep = false;
    return count;
}

/* Is an event about a socket for datagrams? A handle's generation is never 0. */
static bool
is_of_datagrams(const struct epoll_event *event)
{
    return event->data.u64 != WORKER_WAKE_EVENT && (uint32_t)event->data.u64 == 0;
}

/* The session that an event is about; NULL when it is about none (mail is taken every turn anyway) or about one that ended earlier in this turn. */
static struct session *
session_of_event(struct worker *worker, const struct epoll_event *event) REQUIRES(worker_role)
{
    struct handle handle = {.place = (uint32_t)(event->data.u64 >> 32), .generation = (uint32_t)event->data.u64};
    struct session *session;

    if (event->data.u64 == WORKER_WAKE_EVENT)
        return NULL;
    session = worker_find(worker, handle);
    return session == NULL || session->state == SESSION_ENDED ? NULL : session;
}

static void
handle_event(struct worker *worker, const struct epoll_event *event) REQUIRES(worker_role)
{
    struct session *session;

    if (is_of_datagrams(event)) {
        datagrams_event(worker, (uint32_t)(event->data.u64 >> 32), event->events);
        return;
    }
    session = session_of_event(worker, event);
    if (session == NULL)
        return;
    if ((session->interest & INTEREST_END) && (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))) {
        entrance_hung_up(worker, session);
        return;
    }
    if (event->events & EPOLLOUT)
        session_writable(worker, session);
    if (session->state == SESSION_ENDED)
        return;
    if (session->interest & INTEREST_READ) {
        if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            session_readable(worker, session);
    } else if (event->events & (EPOLLHUP | EPOLLERR)) {
        /* Both directions are gone. A paused or held session still has input to carry out: it is looked at again when it goes on. */
        if (session->state == SESSION_OPEN && (session->paused || session->held))
            session_unpoll(worker, session);
        else
            session_end(worker, session);
    }
}

/* A turn begins: its time is looked up once, in the finest unit that anybody needs. */
void
worker_take_time(struct worker *worker)
{
    worker->now_ns = clock_monotonic_ns();
    worker->now_ms = worker->now_ns / NS_PER_MS;
}

/*
 * Under pressure nothing is read, so that the senders wait; mail is taken, and those who wait for room are written to. What is
 * readable is reported again and again meanwhile, which the poller does in turn, so it hides nobody who is writable.
 */
static void
wait_under_pressure(struct worker *worker) REQUIRES(worker_role)
{
    struct pollfd wake = {.fd = worker->mailbox.wake_descriptor, .events = POLLIN};
    struct epoll_event events[EVENTS_PER_TURN];
    int count;

    (void)poll(&wake, 1, worker->more || worker->self_posted || !list_is_empty(&worker->due) ? 0 : PRESSURE_WAIT_MS);
    if (wake.revents & POLLIN)
        mailbox_slept(&worker->mailbox);
    count = epoll_wait(worker->poller, events, EVENTS_PER_TURN, 0);
    ASSERT(count >= 0 || errno == EINTR);
    worker_take_time(worker);
    for (int i = 0; i < count; i++) {
        struct session *session = session_of_event(worker, &events[i]);

        if (session != NULL && (events[i].events & EPOLLOUT))
            session_writable(worker, session);
        else if (is_of_datagrams(&events[i]))
            datagrams_event(worker, (uint32_t)(events[i].data.u64 >> 32), events[i].events & EPOLLOUT);
    }
}

/* Waits for events and handles them. */
static void
wait_and_read(struct worker *worker) REQUIRES(worker_role, worker->turn)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int count;

    if (pressure_is_high(worker->config->pressure) && !worker->stopping) {
        wait_under_pressure(worker);
        worker->datagrams.behind = true;
        worker->datagrams.caught_up_ms = worker->now_ms; /* nothing is read, so nothing can be caught up with */
        return;
    }
    count = sleep_for_events(worker, events);
    ASSERT(count >= 0 || errno == EINTR);
    worker_take_time(worker);
    if (count < EVENTS_PER_TURN)
        worker->datagrams.behind = false; /* all sockets that have something are looked at */
    for (int i = 0; i < count; i++)
        handle_event(worker, &events[i]);
    if (!worker->datagrams.behind)
        worker->datagrams.caught_up_ms = worker->now_ms;
}

/* A turn is over: what it took, and what the layer above wants to know about it. */
static void
end_turn(struct worker *worker) REQUIRES(worker_role)
{
    uint64_t now_ns = clock_monotonic_ns();

    distribution_add(&worker->counters.turn, (now_ns - worker->now_ns) / NS_PER_US, 1);
    if (worker->config->handler->written != NULL)
        worker->config->handler->written(worker->config->context, worker, now_ns);
}

void
worker_tell(struct worker *worker)
{
    worker_take_mail(worker);
    worker->more = worker->config->handler->turn(worker->config->context, worker);
    worker->more = worker_tell_peer_timeout(worker) || worker->more;
    worker_wake_for_much(worker);
    worker_flush(worker);
}

void
worker_finish(struct worker *worker)
{
    worker_free_ended(worker);
    if (ring_error(worker->ring) < 0)
        worker_lose_ring(worker, ring_error(worker->ring));
    datagrams_send(worker);
    end_turn(worker);
}

static void
turn(struct worker *worker) REQUIRES(worker_role, worker->turn)
{
    wait_and_read(worker);
    worker_wake_for_much(worker);
    worker_tell(worker);
    worker_fall_due(worker);
    worker_finish(worker);
    worker_wake_others(worker);
    pulse_look(worker->config->pulse, worker->number); /* here, for only the worker's own thread comes here */
}

/* When stopping: is anybody left who is worth waiting for? */
static bool
is_finished(struct worker *worker) REQUIRES(worker_role)
{
    const struct session *session;

    if (!worker->stopping)
        return false;
    if (worker->sessions.count == 0 || worker->now_ms >= worker->stop_at_ms)
        return true;
    if (worker->now_ms < worker->linger_at_ms)
        return false;
    for (uint32_t slot = 0; (session = worker_next_session(worker, &slot, HANDLE_SLOTS_MAX)) != NULL; slot++)
        if (session->state < SESSION_LINGERING)
            return false;
    return true;
}

void *
worker_run(void *argument)
{
    struct worker *worker = argument;
    struct session *session;

    thread_role_enter(&worker_role);
    baton_take(&worker->turn);
    worker_take_time(worker);
    while (!is_finished(worker))
        turn(worker);
    for (uint32_t slot = 0; (session = worker_next_session(worker, &slot, HANDLE_SLOTS_MAX)) != NULL; slot++)
        session_end(worker, session);
    worker_free_ended(worker);
    worker_wake_others(worker);
    baton_give(&worker->turn);
    thread_role_leave(&worker_role);
    return NULL;
}
