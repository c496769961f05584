/* SPDX-License-Identifier: MIT
 *
 * The worker's loop, as worker.h describes it. Sessions are only freed at the end of a turn, so that no step of a turn holds a
 * pointer to one that is gone.
 */
#include "net/worker.h"

#include "base/assert.h"
#include "base/clock.h"
#include "net/entrance.h"
#include "net/reconfiguration.h"
#include "net/session_internal.h"
#include "net/worker_internal.h"
#include "transport/tcp.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    EVENTS_PER_TURN = 64,  /* at some 20 µs each, mail waits for about a millisecond */
    SILENT_PER_TURN = 256, /* sessions that end by silence, or users who do not come back: at some 10 µs each, a few milliseconds */
    TOLD_PER_TURN = 128,   /* connections whose kernel is told of another peer time-out: at some 4 µs each, half a millisecond */
    PRESSURE_WAIT_MS = 1,  /* how soon a worker looks again whether reading is allowed */
    NS_PER_US = 1000,
    NS_PER_MS = 1000000,
    MS_PER_S = 1000,
    STOP_LINGER_MS = 500, /* how long a stop waits for clients that have got everything and only have to close */
};

struct session *
worker_session_at(struct worker *worker, uint32_t slot)
{
    struct session *session;

    if (!slots_exists(&worker->sessions, slot))
        return NULL;
    session = slots_at(&worker->sessions, slot);
    return session->handle.generation == 0 ? NULL : session; /* a free slot's is 0 */
}

struct session *
worker_next_session(struct worker *worker, uint32_t *slot, uint32_t end)
{
    while (*slot < end) {
        uint32_t segment = slots_segment(*slot);
        struct session *session = worker_session_at(worker, *slot);

        if (session != NULL)
            return session;
        if (slots_exists(&worker->sessions, *slot))
            ++*slot;
        else
            *slot = slots_segment_start(segment) + slots_segment_size(segment);
    }
    return NULL;
}

struct session *
worker_session(struct worker *worker, struct handle handle)
{
    struct session *session = worker_session_at(worker, handle_slot(handle));

    if (session == NULL || session->handle.generation != handle.generation) {
        counter_add(&worker->counters.stale, 1);
        return NULL;
    }
    return session;
}

void
worker_release(struct worker *worker, struct session *session)
{
    uint32_t slot = handle_slot(session->handle);

    if (session->closed)
        worker->kept--;
    session->handle.generation = 0;
    free(slots_give(&worker->sessions, slot));
}

/* Frees a session that has ended and whose socket is closed, unless the layer above is not ready. */
static void
free_session(struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    if (!session->closed) {
        if (!session_is_datagram(session))
            admission_leave(worker->config->admission);
        entrance_leave(worker, session);
        session->descriptor = -1;
        session->polled = false;
        session->closed = true;
        worker->kept++;
        write_queue_clear(&session->queue, &worker->pool);
        counter_add(&worker->counters.closed, 1);
        if (session_is_datagram(session))
            counter_add(&worker->counters.datagram_closed, 1);
        if (log_enabled(LEVEL_DEBUG)) {
            char name[SESSION_NAME];

            session_name(session, name);
            log_event(LEVEL_DEBUG, "disconnected", LOG_FIELD_TEXT("connection", name));
        }
    }
    if (worker->config->handler->ended(worker->config->context, worker, session))
        worker_release(worker, session);
}

/* Closes the sockets of those that have ended, many in one system call, which takes them out of the poller too; and frees them. */
static void
free_ended(struct worker *worker) REQUIRES(worker_role)
{
    struct session *sessions[RING_CALLS];
    int descriptors[RING_CALLS];
    struct list *link;

    while (!list_is_empty(&worker->ended)) {
        uint32_t count = 0, open = 0;

        while (count < RING_CALLS && (link = list_take_first(&worker->ended)) != NULL) {
            const struct session *session = sessions[count++] = LIST_ENTRY(link, struct session, due);

            if (session->descriptor >= 0)
                descriptors[open++] = session->descriptor;
        }
        ring_close(worker->ring, descriptors, open);
        for (uint32_t i = 0; i < count; i++)
            free_session(worker, sessions[i]);
    }
}

static void
log_connected(const struct session *session, bool refused)
{
    char address[TCP_ADDRESS_TEXT], name[SESSION_NAME];

    session_peer(session, address);
    session_name(session, name);
    log_event(LEVEL_DEBUG, refused ? "refused" : "connected", LOG_FIELD_TEXT("connection", name), LOG_FIELD_TEXT("peer", address));
}

struct session *
worker_new_session(struct worker *worker)
{
    uint32_t slot = slots_take(&worker->sessions);
    struct session *session;

    if (slot == SLOTS_NONE) {
        if (slots_grow(&worker->sessions) < 0)
            return NULL;
        slot = slots_take(&worker->sessions);
    }
    if (++worker->generation == 0)
        worker->generation = 1;
    session = slots_at(&worker->sessions, slot);
    session->handle = handle_of(worker->number, slot, worker->generation);
    session->opened_s = (uint32_t)(worker->now_ms / MS_PER_S);
    return session;
}

/* Takes a connection over from the acceptor. */
static void
adopt(struct worker *worker, const struct socket_mail *mail) REQUIRES(worker_role)
{
    struct session *session = worker_new_session(worker);

    if (session == NULL) {
        (void)mail->transport->send(mail->descriptor, worker->config->refusal, worker->config->refusal_length);
        close(mail->descriptor);
        admission_leave(worker->config->admission);
        log_event(LEVEL_WARN, "no_memory", LOG_FIELD_TEXT("for", "a connection"));
        return;
    }
    session->descriptor = mail->descriptor;
    session->transport = mail->transport;
    counter_add(&worker->counters.opened, 1);
    if (worker->peer_timeout_from_ms > 0 &&
        session->transport == &transport_tcp) /* it may have been connecting since before the listener had another one */
        (void)tcp_set_peer_timeout(session->descriptor, worker->config->peer_timeout_s);
    deadlines_start(&worker->deadlines[DEADLINE_HELLO], &session->deadline, worker->now_ms);
    session_poll(worker, session);
    if (!mail->refused && (mail->proxied || gate_is_on(worker->config->gate)) && session->state != SESSION_ENDED) {
        if (entrance_open(worker, session, mail->proxied))
            return;
        session_end(worker, session);
    }
    if (session->state == SESSION_ENDED) {
        (void)mail->transport->send(mail->descriptor, worker->config->refusal, worker->config->refusal_length);
        return;
    }
    if (log_enabled(LEVEL_DEBUG))
        log_connected(session, mail->refused);
    worker->config->handler->opened(worker->config->context, worker, session, mail->refused);
}

/* Begins to stop: what has happened is told to its end, without slices, and then every session is said goodbye to. */
static void
begin_stop(struct worker *worker) REQUIRES(worker_role)
{
    const struct session_handler *handler = worker->config->handler;
    struct session *session;

    while (handler->turn(worker->config->context, worker))
        ; /* each turn tells a share */
    worker->stopping = true;
    worker->stop_at_ms = worker->now_ms + worker->config->stop_timeout_ms;
    worker->linger_at_ms = worker->now_ms + STOP_LINGER_MS;
    datagrams_stop(worker);
    for (uint32_t slot = 0; (session = worker_next_session(worker, &slot, HANDLE_SLOTS_MAX)) != NULL; slot++) {
        if (session->closed) {
            free_session(worker, session); /* only waited to tell its departure, which is no news any more */
        } else if (session_is_datagram(session)) {
            session_flush(worker, session);
            session_end(worker, session);
        } else {
            handler->stopping(worker->config->context, worker, session);
        }
    }
}

/*
 * Tells the kernel of a changed peer time-out, for a share of the connections in each turn; later ones are dealt with when they are adopted. Returns
 * whether there is more to do.
 */
static bool
tell_peer_timeout(struct worker *worker) REQUIRES(worker_role)
{
    for (uint32_t left = TOLD_PER_TURN; left > 0 && worker->peer_timeout_slot < HANDLE_SLOTS_MAX; left--) {
        const struct session *session = worker_next_session(worker, &worker->peer_timeout_slot, HANDLE_SLOTS_MAX);

        if (session != NULL && session->transport == &transport_tcp && session->descriptor >= 0)
            (void)tcp_set_peer_timeout(session->descriptor, worker->config->peer_timeout_s); /* a lost peer is found anyway */
        worker->peer_timeout_slot++;
    }
    return worker->peer_timeout_slot < HANDLE_SLOTS_MAX;
}

/* The configuration of before is not looked at again once this is taken. */
static void
take_config(struct worker *worker, struct reconfiguration *reconfiguration) REQUIRES(worker_role)
{
    if (reconfiguration->config->peer_timeout_s != worker->config->peer_timeout_s) {
        worker->peer_timeout_from_ms = worker->now_ms;
        worker->peer_timeout_slot = 0;
    }
    worker->config = reconfiguration->config;
    for (enum deadline_kind kind = 0; kind < DEADLINE_KINDS; kind++)
        deadlines_change(&worker->deadlines[kind], worker->config->timeouts_ms[kind], worker->now_ms);
    entrance_reconfigure(worker);
    worker->config->handler->configured(worker->config->context, worker, reconfiguration->settings);
    reconfiguration_taken(reconfiguration);
}

static void
take_mail(struct worker *worker) REQUIRES(worker_role)
{
    struct mail *mail = mailbox_take(&worker->mailbox);

    worker->self_posted = false;
    while (mail != NULL) {
        struct mail *next = mail->next;

        worker->mails_taken++;
        if (mail->tag == MAIL_SOCKET) {
            struct socket_mail *socket = (struct socket_mail *)(void *)mail;

            adopt(worker, socket);
            free(socket);
        } else if (mail->tag == MAIL_STOP) {
            begin_stop(worker);
        } else if (mail->tag == MAIL_CONFIG) {
            take_config(worker, ((struct config_mail *)(void *)mail)->reconfiguration);
        } else if (mail->tag == MAIL_DRAIN) {
            drain_begin(worker, ((struct drain_mail *)(void *)mail)->drain);
        } else {
            worker->config->handler->mail(worker->config->context, worker, mail);
        }
        mail = next;
    }
}

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

static void
fall_due(struct worker *worker) REQUIRES(worker_role)
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
    session = worker_session_at(worker, handle_slot(handle));
    return session == NULL || session->handle.generation != handle.generation || session->state == SESSION_ENDED ? NULL : session;
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
    take_mail(worker);
    worker->more = worker->config->handler->turn(worker->config->context, worker);
    worker->more = tell_peer_timeout(worker) || worker->more;
    worker_wake_for_much(worker);
    worker_flush(worker);
}

void
worker_finish(struct worker *worker)
{
    free_ended(worker);
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
    fall_due(worker);
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
    free_ended(worker);
    worker_wake_others(worker);
    baton_give(&worker->turn);
    thread_role_leave(&worker_role);
    return NULL;
}
