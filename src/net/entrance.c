/* SPDX-License-Identifier: MIT */
#include "net/entrance.h"

#include "net/session_internal.h"
#include "net/worker.h"
#include "transport/proxy_header.h"
#include "transport/stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TURNED_AWAY_MAX = 8
}; /* connections over the limit of their address that a worker tells so with patience; further ones are just told and closed */

struct door {
    struct session *session;
    struct gate_pass pass;
    struct proxy_header *header; /* NULL where none is due any more */
    struct hold hold;            /* it has said too much */
    struct udp_address client;   /* whom a proxy speaks for, with has_client */
    bool has_client;
    bool waits;       /* for its turn */
    bool turned_away; /* counted in its worker's */
};

void
entrance_init(struct entrance *entrance)
{
    *entrance = (struct entrance){0};
    holds_init(&entrance->holds);
}

static void
keep_ticking(struct worker *worker) REQUIRES(worker_role)
{
    struct entrance *entrance = &worker->entrance;

    if ((entrance->waiting > 0 || entrance->holds.count > 0) && !deadline_is_running(&entrance->tick))
        deadlines_start(worker_deadlines(worker, DEADLINE_ENTRANCE), &entrance->tick, worker->now_ms);
}

static struct door *
door_new(struct session *session)
{
    struct door *door = calloc(1, sizeof *door);

    if (door != NULL)
        door->session = session;
    session->door = door;
    return door;
}

const struct udp_address *
entrance_client(const struct session *session)
{
    return session->door != NULL && session->door->has_client ? &session->door->client : NULL;
}

void
entrance_leave(struct worker *worker, struct session *session)
{
    struct door *door = session->door;

    if (door == NULL)
        return;
    gate_leave(worker->config->gate, &door->pass, worker->now_ms);
    worker->entrance.waiting -= door->waits;
    worker->entrance.turned_away -= door->turned_away;
    holds_remove(&worker->entrance.holds, &door->hold);
    free(door->header);
    free(door);
    session->door = NULL;
}

/* Lets it be a session like any other. Its door stays only if something is counted there, or to know the proxy's client. */
static void
let_in(struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    session->entering = false;
    if (gate_limits_sessions(worker->config->gate))
        return;
    if (session->door->has_client)
        gate_leave(worker->config->gate, &session->door->pass, worker->now_ms);
    else
        entrance_leave(worker, session);
}

/* There are as many connections from its address as there may be. Only so many are told with patience. */
static void
turn_away(struct worker *worker, struct session *session, const char *peer) REQUIRES(worker_role)
{
    const struct worker_config *config = worker->config;

    log_event(LEVEL_WARN, "address_full", LOG_FIELD_TEXT("peer", peer),
        LOG_FIELD_NUMBER("max_connections_per_address", gate_limits_now(config->gate).address_connections));
    session->entering = false;
    if (worker->entrance.turned_away < TURNED_AWAY_MAX) {
        session->door->turned_away = true;
        worker->entrance.turned_away++;
        config->handler->opened(config->context, worker, session, true);
        return;
    }
    (void)session->transport->send(session->descriptor, config->refusal, config->refusal_length);
    session->transport->finish(session->descriptor);
    (void)session->transport->receive(session->descriptor, worker->read_buffer, READ_BYTES); /* or its reset would destroy the line */
    session_end(worker, session);
}

static void
log_connected(const struct session *session, const char *peer, const char *proxy)
{
    char name[SESSION_NAME];

    session_name(session, name);
    if (proxy == NULL)
        log_event(LEVEL_DEBUG, "connected", LOG_FIELD_TEXT("connection", name), LOG_FIELD_TEXT("peer", peer));
    else
        log_event(LEVEL_DEBUG, "connected", LOG_FIELD_TEXT("connection", name), LOG_FIELD_TEXT("peer", peer), LOG_FIELD_TEXT("proxy", proxy));
}

/* It is known where the newcomer comes from (NULL: from no address): the layer above is told of it. False: there is no memory. */
static bool
arrive(struct worker *worker, struct session *session, const struct udp_address *from, const char *proxy) REQUIRES(worker_role)
{
    const struct worker_config *config = worker->config;
    char peer[TCP_ADDRESS_TEXT];
    int error = 0;

    if (from != NULL)
        udp_address_format(from, peer);
    else
        session_peer(session, peer);
    if (gate_is_on(config->gate))
        error = gate_enter(config->gate, &session->door->pass, from != NULL ? GATE_STREAM : GATE_NOWHERE, from, worker->now_ms);
    if (error == -ENOMEM)
        return false;
    if (log_enabled(LEVEL_DEBUG))
        log_connected(session, peer, proxy);
    if (error == -EUSERS) {
        turn_away(worker, session, peer);
        return true;
    }
    /* A limit may be put up between two questions: who has not entered is not asked for more. */
    if (session->door->pass.source == NULL || !gate_limits_logins(config->gate))
        let_in(worker, session);
    config->handler->opened(config->context, worker, session, false);
    return true;
}

bool
entrance_open(struct worker *worker, struct session *session, bool proxied)
{
    struct door *door = door_new(session);
    struct udp_address from;

    if (door == NULL)
        return false;
    session->entering = true;
    if (!session_from(session, &from) && session->transport == &transport_tcp) {
        session_end(worker, session); /* reset before it was looked at; it must not pass for one without an address */
        return true;
    }
    if (!proxied)
        return arrive(worker, session, session->transport == &transport_tcp ? &from : NULL, NULL);
    door->header = calloc(1, sizeof *door->header);
    return door->header != NULL;
}

/* The connection is given up because of its header. */
static void
refuse(struct worker *worker, struct session *session, const char *problem) REQUIRES(worker_role)
{
    char name[SESSION_NAME], peer[TCP_ADDRESS_TEXT];

    session_name(session, name);
    session_peer(session, peer);
    log_event(
        LEVEL_WARN, "proxy_header_refused", LOG_FIELD_TEXT("connection", name), LOG_FIELD_TEXT("peer", peer), LOG_FIELD_TEXT("reason", problem));
    session_end(worker, session);
}

/* The header is complete. */
static void
header_done(struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    struct door *door = session->door;
    struct udp_address from = door->header->source;
    /* Where it does not say, the proxy itself asks whether we are well, or does not know. */
    bool has_address = door->header->knows_source || session_from(session, &from);
    char proxy[TCP_ADDRESS_TEXT];

    session_peer(session, proxy);
    door->has_client = door->header->knows_source;
    door->client = from;
    free(door->header);
    door->header = NULL;
    if (!has_address && session->transport == &transport_tcp) {
        session_end(worker, session); /* reset meanwhile */
        return;
    }
    if (!arrive(worker, session, has_address ? &from : NULL, proxy)) {
        log_event(LEVEL_WARN, "no_memory", LOG_FIELD_TEXT("for", "a connection"));
        session_end(worker, session);
    }
}

/* Takes what has come of the header, and no more. */
static void
read_header(struct worker *worker, struct session *session, size_t length) REQUIRES(worker_role)
{
    struct proxy_header *header = session->door->header;
    size_t consumed;
    enum proxy_result result = proxy_header_take(header, worker->read_buffer, length, &consumed);

    if (result == PROXY_WRONG) {
        refuse(worker, session, header->problem);
        return;
    }
    (void)session->transport->receive(session->descriptor, worker->read_buffer, consumed);
    if (result == PROXY_DONE)
        header_done(worker, session);
}

/* It may not log in yet: nothing is read from it, and no time runs against it. */
static void
wait_for_turn(struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    if (worker->entrance.waiting++ == 0) {
        struct gate_limits limits = gate_limits_now(worker->config->gate);

        log_event(LEVEL_WARN, "logins_delayed", LOG_FIELD_NUMBER("login_rate", limits.login_rate),
            LOG_FIELD_NUMBER("login_rate_per_address", limits.address_login_rate));
    }
    session->door->waits = true;
    session->held = true;
    deadline_stop(&session->deadline);
    session_poll(worker, session);
    keep_ticking(worker);
}

bool
entrance_pass(struct worker *worker, struct session *session)
{
    /* Only looked at: what comes behind a header, or comes too soon, is not ours to take. */
    ssize_t length = session->held ? -EAGAIN : stream_peek(session->descriptor, worker->read_buffer, READ_BYTES);

    if (length == -EAGAIN)
        return false;
    if (session->door->header != NULL) {
        if (length > 0) {
            read_header(worker, session, (size_t)length);
            return false; /* the poller tells if there is more behind it */
        }
        /* Who looks only whether the port is open sends nothing, and is no mistake. */
        if (session->door->header->at > 0)
            refuse(worker, session, "it ended inside its header");
        else
            session_end(worker, session);
        return false;
    }
    if (length <= 0)
        return true; /* its end needs no turn */
    if (!gate_ask(worker->config->gate, &session->door->pass, worker->number, worker->now_ms)) {
        wait_for_turn(worker, session);
        return false;
    }
    let_in(worker, session);
    return true;
}

void
entrance_due(struct worker *worker, struct session *session)
{
    (void)entrance_pass(worker, session); /* it may be we who had no time to read */
    if (session->state != SESSION_OPEN || session->held)
        return;
    if (session->entering && session->door->header != NULL)
        refuse(worker, session, session->door->header->at > 0 ? "it did not end in time" : "none came in time");
    else
        worker->config->handler->deadline(worker->config->context, worker, DEADLINE_HELLO, &session->deadline);
}

static void
go_on(struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    session->held = false;
    session->end_seen = false;
    session_poll(worker, session);
}

void
entrance_hung_up(struct worker *worker, struct session *session)
{
    ssize_t length;

    if (session->entering) { /* it has said something, or it would not wait */
        session->end_seen = gate_hung_up(worker->config->gate, &session->door->pass);
        if (session->end_seen)
            session_poll(worker, session);
        else
            session_end(worker, session);
        return;
    }
    length = stream_peek(session->descriptor, worker->read_buffer, 1);
    if (length > 0) { /* its end is behind that, and is found there when it may go on */
        session->end_seen = true;
        session_poll(worker, session);
    } else if (length == 0) {
        holds_remove(&worker->entrance.holds, &session->door->hold);
        go_on(worker, session);
        session_readable(worker, session);
    } else if (length != -EAGAIN) { /* the socket tells why it is lost only once */
        session->timed_out = session->timed_out || length == -ETIMEDOUT;
        session_end(worker, session);
    }
}

static void
collect(struct worker *worker) REQUIRES(worker_role)
{
    struct list granted, *link;

    list_init(&granted);
    gate_collect(worker->config->gate, worker->number, worker->now_ms, &granted);
    while ((link = list_take_first(&granted)) != NULL) {
        struct door *door = LIST_ENTRY(LIST_ENTRY(link, struct gate_pass, link), struct door, pass);
        struct session *session = door->session;

        door->waits = false;
        worker->entrance.waiting--;
        let_in(worker, session);
        if (session->state == SESSION_OPEN)
            deadlines_start(worker_deadlines(worker, DEADLINE_HELLO), &session->deadline, worker->now_ms);
        go_on(worker, session);
    }
}

/* The door of one that has been taken from the list of those who may go on, or all; NULL at its end. */
static struct door *
next_held(struct list *held)
{
    struct list *link = list_take_first(held);

    return link == NULL ? NULL : LIST_ENTRY(LIST_ENTRY(link, struct hold, link), struct door, hold);
}

void
entrance_tick(struct worker *worker)
{
    struct list due;
    struct door *door;

    if (worker->entrance.waiting > 0)
        collect(worker);
    list_init(&due);
    (void)holds_take_due(&worker->entrance.holds, worker->now_ms, &due);
    while ((door = next_held(&due)) != NULL)
        go_on(worker, door->session);
    keep_ticking(worker);
}

/* It may not say more before then. */
static void
hold(struct worker *worker, struct door *door, uint32_t wait_ms) REQUIRES(worker_role)
{
    holds_add(&worker->entrance.holds, &door->hold, worker->now_ms + wait_ms, worker->now_ms);
}

void
entrance_reconfigure(struct worker *worker)
{
    struct list held;
    struct door *door;

    list_init(&held);
    holds_take_all(&worker->entrance.holds, &held);
    while ((door = next_held(&held)) != NULL)
        hold(worker, door, gate_charge(worker->config->gate, &door->pass, 0, worker->now_ms));
}

void
entrance_charge(struct worker *worker, struct session *session)
{
    uint32_t wait_ms;
    bool was_held;

    if (session->door->pass.source == NULL)
        return;
    wait_ms = gate_charge(worker->config->gate, &session->door->pass, 1, worker->now_ms);
    if (wait_ms == 0 || session_is_datagram(session) || session->state != SESSION_OPEN)
        return;
    was_held = hold_waits(&session->door->hold);
    hold(worker, session->door, wait_ms);
    if (was_held)
        return;
    if (log_enabled(LEVEL_DEBUG)) {
        char name[SESSION_NAME];

        session_name(session, name);
        log_event(LEVEL_DEBUG, "messages_delayed", LOG_FIELD_TEXT("connection", name), LOG_FIELD_NUMBER("wait_ms", wait_ms));
    }
    session->held = true;
    session_poll(worker, session);
    keep_ticking(worker);
}

bool
entrance_open_datagram(struct worker *worker, struct session *session)
{
    struct gate *gate = worker->config->gate;
    struct door *door;
    char peer[TCP_ADDRESS_TEXT];
    int error;

    if (!gate_is_on(gate))
        return true;
    door = door_new(session);
    error = door == NULL ? -ENOMEM : gate_enter(gate, &door->pass, GATE_DATAGRAMS, &session->address, worker->now_ms);
    if (error == 0 && !gate_ask_now(gate, &door->pass, worker->now_ms))
        error = -EAGAIN;
    if (error == 0) {
        let_in(worker, session);
        return true;
    }
    udp_address_format(&session->address, peer);
    if (error == -EUSERS)
        log_event(LEVEL_WARN, "address_full", LOG_FIELD_TEXT("peer", peer),
            LOG_FIELD_NUMBER("max_connections_per_address", gate_limits_now(gate).address_connections), LOG_FIELD_TEXT("transport", "udp"));
    else if (error == -EAGAIN)
        log_event(LEVEL_WARN, "login_refused", LOG_FIELD_TEXT("peer", peer), LOG_FIELD_NUMBER("login_rate", gate_limits_now(gate).login_rate),
            LOG_FIELD_NUMBER("login_rate_per_address", gate_limits_now(gate).address_login_rate), LOG_FIELD_TEXT("transport", "udp"));
    entrance_leave(worker, session);
    return false;
}

bool
entrance_takes_datagram(struct worker *worker, struct session *session)
{
    if (session->door == NULL || gate_charge_now(worker->config->gate, &session->door->pass, worker->now_ms))
        return true;
    log_event(
        LEVEL_DEBUG, "datagram_dropped", LOG_FIELD_NUMBER("message_rate_per_address", gate_limits_now(worker->config->gate).address_message_rate));
    return false;
}
