/* SPDX-License-Identifier: MIT */
#include "net/entrance.h"

#include "net/session_internal.h"
#include "net/worker.h"
#include "transport/proxy_header.h"
#include "transport/stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct door {
    struct proxy_header header;
};

bool
entrance_open(struct worker *worker, struct session *session)
{
    (void)worker;
    session->door = calloc(1, sizeof *session->door);
    return session->door != NULL;
}

void
entrance_leave(struct session *session)
{
    free(session->door);
    session->door = NULL;
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

/* The header is complete: from here on it is a session like any other. */
static void
pass(struct worker *worker, struct session *session, const struct proxy_header *header) REQUIRES(worker_role)
{
    if (log_enabled(LEVEL_DEBUG)) {
        char name[SESSION_NAME], proxy[TCP_ADDRESS_TEXT], peer[TCP_ADDRESS_TEXT];

        session_name(session, name);
        session_peer(session, proxy);
        if (header->knows_source)
            udp_address_format(&header->source, peer);
        else
            snprintf(peer, sizeof peer, "%s", proxy); /* the proxy itself asks whether we are well, or does not know */
        log_event(LEVEL_DEBUG, "connected", LOG_FIELD_TEXT("connection", name), LOG_FIELD_TEXT("peer", peer), LOG_FIELD_TEXT("proxy", proxy));
    }
    entrance_leave(session);
    worker->config->handler->opened(worker->config->context, worker, session, false);
}

bool
entrance_pass(struct worker *worker, struct session *session)
{
    struct proxy_header *header = &session->door->header;
    enum proxy_result result;
    size_t consumed;
    /* Looked at first: what comes behind the header is not ours to take. */
    ssize_t length = stream_peek(session->descriptor, worker->read_buffer, READ_BYTES);

    if (length == -EAGAIN)
        return false;
    if (length <= 0) {
        /* Who looks only whether the port is open sends nothing, and is no mistake. */
        if (header->at > 0)
            refuse(worker, session, "it ended inside its header");
        else
            session_end(worker, session);
        return false;
    }
    result = proxy_header_take(header, worker->read_buffer, (size_t)length, &consumed);
    if (result == PROXY_WRONG) {
        refuse(worker, session, header->problem);
        return false;
    }
    (void)session->transport->receive(session->descriptor, worker->read_buffer, consumed);
    if (result == PROXY_MORE)
        return false;
    pass(worker, session, header);
    return session->state == SESSION_OPEN && !session->paused;
}

void
entrance_due(struct worker *worker, struct session *session)
{
    (void)entrance_pass(worker, session); /* it may be we who had no time to read */
    if (session->state != SESSION_OPEN)
        return;
    if (entrance_is_pending(session))
        refuse(worker, session, session->door->header.at > 0 ? "it did not end in time" : "none came in time");
    else
        worker->config->handler->deadline(worker->config->context, worker, DEADLINE_HELLO, &session->deadline);
}
