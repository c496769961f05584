/* SPDX-License-Identifier: MIT
 *
 * What a worker does with its mail: connections that the acceptor hands over, a stop, another configuration. News, and questions of operators, are the
 * layer above's. In the worker's turn.
 */
#include "base/log.h"
#include "net/entrance.h"
#include "net/reconfiguration.h"
#include "net/session_internal.h"
#include "net/worker.h"
#include "net/worker_internal.h"
#include "transport/tcp.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    TOLD_PER_TURN = 128,  /* connections whose kernel is told of another peer time-out: at some 4 µs each, half a millisecond */
    STOP_LINGER_MS = 500, /* how long a stop waits for clients that have got everything and only have to close */
};

static void
log_connected(const struct session *session, bool refused)
{
    char address[TCP_ADDRESS_TEXT], name[SESSION_NAME];

    session_peer(session, address);
    session_name(session, name);
    log_event(LEVEL_DEBUG, refused ? "refused" : "connected", LOG_FIELD_TEXT("connection", name), LOG_FIELD_TEXT("peer", address));
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
            worker_free_session(worker, session); /* only waited to tell its departure, which is no news any more */
        } else if (session_is_datagram(session)) {
            session_flush(worker, session);
            session_end(worker, session);
        } else {
            handler->stopping(worker->config->context, worker, session);
        }
    }
}

bool
worker_tell_peer_timeout(struct worker *worker)
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

void
worker_take_mail(struct worker *worker)
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
