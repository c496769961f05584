/* SPDX-License-Identifier: MIT */
#include "net/datagrams.h"

#include "base/assert.h"
#include "net/session_internal.h"
#include "net/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Of one socket in one turn, before the others and the TCP sessions have theirs: 256 datagrams, at most some 5 ms of logins. */
enum { BATCHES_PER_TURN = 4 };

/* A socket's name in the poller: no session has the generation 0. */
static uint64_t
event_data(uint32_t number)
{
    return (uint64_t)number << 32;
}

int
worker_add_socket(struct worker *worker, int descriptor)
{
    struct datagrams *datagrams = &worker->datagrams;
    struct datagram_port *port = calloc(1, sizeof *port);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = event_data(datagrams->count)};
    int error = 0;

    ASSERT(datagrams->count < TCP_ADDRESSES_MAX);
    if (datagrams->inbox == NULL) {
        datagrams->inbox = udp_inbox_new(UDP_DATAGRAM_BYTES);
        error = address_table_init(&datagrams->table, &worker->sessions);
    }
    if (port == NULL || datagrams->inbox == NULL)
        error = -ENOMEM;
    if (error == 0 && epoll_ctl(worker->poller, EPOLL_CTL_ADD, descriptor, &event) < 0)
        error = -errno;
    if (error < 0) {
        free(port);
        return error;
    }
    port->descriptor = descriptor;
    list_init(&port->waiting);
    datagrams->ports[datagrams->count++] = port;
    return 0;
}

void
datagrams_done(struct datagrams *datagrams)
{
    for (uint32_t number = 0; number < datagrams->count; number++) {
        struct datagram_port *port = datagrams->ports[number];

        close(port->descriptor);
        for (uint32_t i = port->outbox.first; i < port->outbox.count; i++)
            line_drop(port->lines[i]);
        free(port);
    }
    udp_inbox_free(datagrams->inbox);
    address_table_done(&datagrams->table);
}

static void
port_poll(struct worker *worker, uint32_t number, bool blocked) REQUIRES(worker_role)
{
    struct datagram_port *port = worker->datagrams.ports[number];
    uint32_t input = worker->stopping ? 0 : EPOLLIN;
    struct epoll_event event = {.events = input | (blocked ? EPOLLOUT : 0), .data.u64 = event_data(number)};

    if (port->blocked != blocked)
        ASSERT(epoll_ctl(worker->poller, EPOLL_CTL_MOD, port->descriptor, &event) == 0);
    port->blocked = blocked;
}

/* Sends a socket's batch. True when there is room in it again. */
static bool
port_send(struct worker *worker, uint32_t number) REQUIRES(worker_role)
{
    struct datagram_port *port = worker->datagrams.ports[number];
    uint32_t first = port->outbox.first, end = port->outbox.count, lost = 0;
    int result;

    if (port->blocked)
        return !udp_outbox_is_full(&port->outbox);
    if (first == end)
        return true;
    result = udp_send(port->descriptor, &port->outbox, &lost);
    counter_add(&worker->counters.writes, 1);
    counter_add(&worker->counters.lost, lost);
    for (uint32_t i = first; i < (result == 0 ? end : port->outbox.first); i++)
        line_drop(port->lines[i]);
    port_poll(worker, number, result < 0);
    return !udp_outbox_is_full(&port->outbox);
}

/* Puts a line into a socket's batch, which takes over the caller's reference. There must be room. */
static void
port_put(struct worker *worker, struct datagram_port *port, const struct udp_address *to, struct line *line) REQUIRES(worker_role)
{
    port->lines[port->outbox.count] = line;
    udp_outbox_put(&port->outbox, to, &worker->datagrams.locals, line->bytes, line->length);
}

/* The socket takes more again. */
static void
port_unblock(struct worker *worker, uint32_t number) REQUIRES(worker_role)
{
    struct datagram_port *port = worker->datagrams.ports[number];
    struct list *link;

    port_poll(worker, number, false);
    (void)port_send(worker, number);
    while (!port->blocked && (link = list_take_first(&port->waiting)) != NULL)
        list_append(&worker->due, link);
}

/* Whose a datagram is, and on to the layer above. */
static void
take(struct worker *worker, uint32_t number, uint32_t which) REQUIRES(worker_role)
{
    struct datagrams *datagrams = &worker->datagrams;
    struct udp_received received;
    struct session *session = NULL;
    uint32_t slot;

    udp_inbox_read(datagrams->inbox, which, &received);
    counter_add(&worker->counters.datagrams, 1);
    if (received.from.port == 0)
        return; /* nobody can be answered there */
    received.from.socket = (uint8_t)number;
    slot = address_table_find(&datagrams->table, &received.from);
    if (slot != SLOTS_NONE) {
        session = slots_at(&worker->sessions, slot);
        deadlines_start(&worker->deadlines[DEADLINE_SILENCE], &session->deadline, worker->now_ms);
        if (!entrance_takes_datagram(worker, session))
            return; /* as good as lost on the way, but a sign of life */
    }
    worker->config->handler->datagram(worker->config->context, worker, session,
        &(struct datagram){.from = received.from, .bytes = received.bytes, .length = received.length, .truncated = received.truncated});
}

void
datagrams_event(struct worker *worker, uint32_t number, uint32_t events)
{
    const struct datagram_port *port = worker->datagrams.ports[number];
    uint32_t count = UDP_BATCH;

    if (events & EPOLLOUT)
        port_unblock(worker, number);
    if (!(events & (EPOLLIN | EPOLLERR)) || worker->stopping)
        return;
    for (int batch = 0; batch < BATCHES_PER_TURN && count == UDP_BATCH && !pressure_is_high(worker->config->pressure); batch++) {
        count = udp_receive(port->descriptor, worker->datagrams.inbox, &worker->datagrams.locals);
        for (uint32_t which = 0; which < count; which++)
            take(worker, number, which);
    }
    if (count == UDP_BATCH)
        worker->datagrams.behind = true;
}

void
datagrams_flush_session(struct worker *worker, struct session *session)
{
    uint32_t number = session->address.socket;
    struct datagram_port *port = worker->datagrams.ports[number];
    struct piece piece;

    list_remove(&session->due);
    while (!write_queue_is_empty(&session->queue) || (session->wants_room && session->state == SESSION_OPEN)) {
        /* The layer above is asked only when what it says can leave: until then newer words take the places of older ones. */
        bool is_full = udp_outbox_is_full(&port->outbox) ? !port_send(worker, number) : port->blocked && write_queue_is_empty(&session->queue);

        if (is_full) {
            list_remove(&session->due);
            list_append(&port->waiting, &session->due);
            return;
        }
        if (!session_has_more(worker, session, &piece))
            break;
        port_put(worker, port, &session->address, write_queue_take(&session->queue, &worker->pool));
    }
    if (session->state == SESSION_ENDED)
        return;
    list_remove(&session->due); /* the layer above may have asked for what has left by now */
    if (session->state == SESSION_CLOSING)
        session_end(worker, session);
}

void
datagrams_forget(struct worker *worker, struct session *session)
{
    entrance_leave(worker, session); /* another may begin at the address in this very turn */
    address_table_remove(&worker->datagrams.table, handle_slot(session->handle));
    admission_leave(worker->config->datagram_admission);
}

void
datagrams_send(struct worker *worker)
{
    for (uint32_t number = 0; number < worker->datagrams.count; number++)
        (void)port_send(worker, number);
}

void
datagrams_stop(struct worker *worker)
{
    ASSERT(worker->stopping);
    for (uint32_t number = 0; number < worker->datagrams.count; number++) {
        struct datagram_port *port = worker->datagrams.ports[number];
        struct epoll_event event = {.events = port->blocked ? EPOLLOUT : 0, .data.u64 = event_data(number)};

        ASSERT(epoll_ctl(worker->poller, EPOLL_CTL_MOD, port->descriptor, &event) == 0); /* what is queued may still leave */
    }
}

static void
log_opened(const struct session *session)
{
    char address[TCP_ADDRESS_TEXT], name[SESSION_NAME];

    session_peer(session, address);
    session_name(session, name);
    log_event(LEVEL_DEBUG, "connected", LOG_FIELD_TEXT("connection", name), LOG_FIELD_TEXT("peer", address), LOG_FIELD_TEXT("transport", "udp"));
}

struct session *
worker_open_datagram(struct worker *worker, const struct datagram *datagram)
{
    struct admission *admission = worker->config->datagram_admission;
    uint32_t limit = admission_limit(admission);
    struct session *session = NULL;

    if (worker_is_draining(worker))
        return NULL;
    if (admission_enter(admission) >= limit)
        log_event(LEVEL_WARN, "server_full", LOG_FIELD_NUMBER("max_udp_sessions", limit));
    else
        session = worker_new_session(worker);
    if (session != NULL) {
        session->transport = &transport_udp;
        session->descriptor = -1;
        session->address = datagram->from;
        if (!entrance_open_datagram(worker, session)) {
            worker_release(worker, session);
            session = NULL;
        } else if (address_table_add(&worker->datagrams.table, handle_slot(session->handle)) < 0) {
            entrance_leave(worker, session);
            worker_release(worker, session);
            session = NULL;
        }
    }
    if (session == NULL) {
        admission_leave(admission);
        return NULL;
    }
    counter_add(&worker->counters.opened, 1);
    counter_add(&worker->counters.datagram_opened, 1);
    deadlines_start(&worker->deadlines[DEADLINE_SILENCE], &session->deadline, worker->now_ms);
    if (log_enabled(LEVEL_DEBUG))
        log_opened(session);
    return session;
}

void
worker_answer(struct worker *worker, const struct datagram *datagram, const char *bytes, size_t length)
{
    uint32_t number = datagram->from.socket;
    struct datagram_port *port = worker->datagrams.ports[number];
    struct line *line = !udp_outbox_is_full(&port->outbox) || port_send(worker, number) ? line_new(bytes, length) : NULL;

    if (line == NULL)
        counter_add(&worker->counters.lost, 1);
    else
        port_put(worker, port, &datagram->from, line);
}
