/* SPDX-License-Identifier: MIT
 *
 * A session's way from open to freed, and its bytes in; flush.c has its bytes out. On its worker's thread.
 */
#include "net/session.h"

#include "base/assert.h"
#include "net/entrance.h"
#include "net/session_internal.h"
#include "net/worker.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

void
session_name(const struct session *session, char name[SESSION_NAME])
{
    snprintf(name, SESSION_NAME, "%u-%x", handle_worker(session->handle), session->handle.generation);
}

bool
session_from(const struct session *session, struct udp_address *from)
{
    struct tcp_address peer = {.length = sizeof peer.v6};

    if (session->transport != &transport_tcp || getpeername(session->descriptor, &peer.any, &peer.length) < 0)
        return false;
    udp_address_of(&peer, from);
    return true;
}

void
session_peer(const struct session *session, char text[TCP_ADDRESS_TEXT])
{
    const struct udp_address *client = entrance_client(session);
    struct udp_address from;

    if (session_is_datagram(session))
        udp_address_format(&session->address, text);
    else if (client != NULL)
        udp_address_format(client, text);
    else if (session_from(session, &from))
        udp_address_format(&from, text);
    else
        snprintf(text, TCP_ADDRESS_TEXT, "%s", session->transport == &transport_tcp ? "gone" : session->transport->name);
}

/* Makes the poller's idea of the session what its state asks for. */
void
session_poll(struct worker *worker, struct session *session)
{
    bool read = session->state == SESSION_OPEN ? !session->paused && !session->held : session->state != SESSION_ENDED;
    bool watch = session->state == SESSION_OPEN && session->held && !session->paused && !session->end_seen;
    uint8_t interest = (read && !session->input_ended ? INTEREST_READ : 0) | (session->blocked ? INTEREST_WRITE : 0) | (watch ? INTEREST_END : 0);
    struct epoll_event event = {
        .events = (interest & INTEREST_READ ? EPOLLIN : 0) | (interest & INTEREST_WRITE ? EPOLLOUT : 0) | (interest & INTEREST_END ? EPOLLRDHUP : 0),
        .data.u64 = (uint64_t)session->handle.place << 32 | session->handle.generation,
    };
    int operation = session->polled ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    if (session->state == SESSION_ENDED || session_is_datagram(session) || (session->polled && session->interest == interest))
        return;
    if (epoll_ctl(worker->poller, operation, session->descriptor, &event) < 0) {
        session_end(worker, session); /* only adding can fail, for want of memory or watches */
        return;
    }
    session->polled = true;
    session->interest = interest;
}

void
session_unpoll(struct worker *worker, struct session *session)
{
    if (session->polled)
        (void)epoll_ctl(worker->poller, EPOLL_CTL_DEL, session->descriptor, NULL);
    session->polled = false;
}

void
session_end(struct worker *worker, struct session *session)
{
    if (session->state == SESSION_ENDED)
        return;
    if (!session_is_datagram(session))
        deadline_stop(&session->delivery);
    else if (session->state == SESSION_OPEN)
        datagrams_forget(worker, session);
    session->state = SESSION_ENDED;
    deadline_stop(&session->deadline);
    list_remove(&session->due);
    list_append(&worker->ended, &session->due);
}

void
session_linger(struct worker *worker, struct session *session)
{
    if (session->input_ended) {
        session_end(worker, session); /* nothing can come that a close would answer with a reset */
        return;
    }
    session->transport->finish(session->descriptor);
    session->state = SESSION_LINGERING;
    session->blocked = false; /* a socket that is shut for writing is always writable */
    session_poll(worker, session);
}

void
session_close(struct worker *worker, struct session *session)
{
    if (session->state != SESSION_OPEN)
        return;
    if (session_is_datagram(session))
        datagrams_forget(worker, session);
    session->state = SESSION_CLOSING;
    deadlines_start(&worker->deadlines[DEADLINE_LINGER], &session->deadline, worker->now_ms);
    if (!list_is_linked(&session->due))
        list_append(&worker->due, &session->due); /* the flush at the end of the turn goes on from here */
}

int
session_send(struct worker *worker, struct session *session, struct line *line)
{
    int error;

    if (session->mute || session->state == SESSION_LINGERING || session->state == SESSION_ENDED)
        return 0; /* nothing can be said any more */
    error = write_queue_append(&session->queue, &worker->pool, line);
    if (error < 0)
        return error;
    counter_add(&worker->counters.lines, 1);
    session->lines++;
    if (!session->blocked && !list_is_linked(&session->due))
        list_append(&worker->due, &session->due);
    return 0;
}

void
session_want_room(struct worker *worker, struct session *session)
{
    session->wants_room = true;
    if (!session->blocked && session->state == SESSION_OPEN && !list_is_linked(&session->due))
        list_append(&worker->due, &session->due);
}

void
session_mute(struct worker *worker, struct session *session)
{
    session->mute = true;
    deadline_stop(&session->delivery);
    session->blocked = false;
    write_queue_clear(&session->queue, &worker->pool);
    if (session->state != SESSION_OPEN) {
        session_end(worker, session);
        return;
    }
    session_poll(worker, session);
    /* What the layer above waits for has happened: nothing is queued any more. It may have stopped reading until then. */
    if (session->wants_room && !list_is_linked(&session->due))
        list_append(&worker->due, &session->due);
}

void
session_writable(struct worker *worker, struct session *session)
{
    session_flush(worker, session);
}

/* Until a shortened peer time-out has passed, silence may only mean that the kernel has not asked the peer so often yet. */
static bool
has_been_asked(const struct worker *worker)
{
    return worker->now_ms - worker->peer_timeout_from_ms >= worker->config->silence_ms;
}

void
session_watch_delivery(struct worker *worker, struct session *session)
{
    uint64_t soon_ms = worker->deadlines[DEADLINE_DELIVERY].timeout_ms;
    /* It was heard of when it connected. */
    bool is_new = worker->now_ms - session->opened_s * UINT64_C(1000) <= soon_ms;

    deadlines_start(&worker->deadlines[is_new ? DEADLINE_HEARD : DEADLINE_DELIVERY], &session->delivery, worker->now_ms);
}

/*
 * A peer that owes an acknowledgement, and of which nothing at all was heard for too long, is gone. One that takes no more because its
 * program does not read is not held to that: it cannot be told from a dead one, as the kernel probes it seldom.
 *
 * A look is a system call. One that has just been heard of cannot have been silent for too long before that time has passed, so it is not
 * looked at earlier, however much is sent to it; and then only if something was.
 */
void
session_delivery_due(struct worker *worker, struct session *session)
{
    uint64_t soon_ms = worker->deadlines[DEADLINE_DELIVERY].timeout_ms;
    uint32_t silent_ms = 0;
    enum delivery delivery;

    if (!session->unchecked)
        return;
    delivery = session->transport->delivery(session->descriptor, &silent_ms);
    session->unchecked = delivery != DELIVERY_DONE;
    if (delivery == DELIVERY_UNDER_WAY && silent_ms >= worker->config->silence_ms && has_been_asked(worker)) {
        session->timed_out = true;
        session->transport->give_up(session->descriptor);
        session_mute(worker, session);
    } else if (delivery != DELIVERY_DONE) {
        deadlines_start(&worker->deadlines[DEADLINE_DELIVERY], &session->delivery, worker->now_ms);
    } else if (silent_ms <= soon_ms) {
        deadlines_start(&worker->deadlines[DEADLINE_HEARD], &session->delivery, worker->now_ms);
    }
}

void
session_pause(struct worker *worker, struct session *session, bool paused)
{
    if (session->paused == paused)
        return;
    session->paused = paused;
    session_poll(worker, session);
}

/* Reads and forgets what a peer still sends to a session that is closing. */
static void
session_drain(struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    ssize_t length = session->transport->receive(session->descriptor, worker->write_buffer, WRITE_BYTES); /* free between two flushes */

    if (length > 0 || length == -EAGAIN)
        return;
    session->input_ended = true;
    if (length < 0 || session->state == SESSION_LINGERING)
        session_end(worker, session);
    else
        session_poll(worker, session);
}

/* Reads one slice of an open session's input. False: there was none. */
static bool
session_read(struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    const struct session_handler *handler = worker->config->handler;
    ssize_t length;

    if (session->held || (session->entering && !entrance_pass(worker, session)))
        return false;
    length = session->transport->receive(session->descriptor, worker->read_buffer, READ_BYTES);
    if (length == -EAGAIN)
        return false;
    if (length > 0) {
        handler->received(worker->config->context, worker, session, worker->read_buffer, (size_t)length);
        return true;
    }
    session->input_ended = true;
    session->timed_out = session->timed_out || length == -ETIMEDOUT;
    if (length == 0)
        handler->input_ended(worker->config->context, worker, session); /* closes; the flush at the end of the turn tells the poller if need be */
    else
        session_end(worker, session);
    return false;
}

void
session_readable(struct worker *worker, struct session *session)
{
    if (session->state == SESSION_OPEN)
        (void)session_read(worker, session);
    else
        session_drain(worker, session);
}

void
session_catch_up(struct worker *worker, struct session *session)
{
    bool more = true;

    for (int slices = 0; more && slices < CATCH_UP_SLICES; slices++)
        more = session->state == SESSION_OPEN && !session->paused && !session->input_ended && session_read(worker, session);
}
