/* SPDX-License-Identifier: MIT
 *
 * A worker's sessions: they are found by handle or one after the other, made, and freed once they have ended. In the worker's turn.
 */
#include "base/log.h"
#include "net/entrance.h"
#include "net/session_internal.h"
#include "net/worker.h"
#include "net/worker_internal.h"

#include <stdlib.h>

enum { MS_PER_S = 1000 };

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
worker_find(struct worker *worker, struct handle handle)
{
    struct session *session = worker_session_at(worker, handle_slot(handle));

    return session == NULL || session->handle.generation != handle.generation ? NULL : session;
}

struct session *
worker_session(struct worker *worker, struct handle handle)
{
    struct session *session = worker_find(worker, handle);

    if (session == NULL)
        counter_add(&worker->counters.stale, 1);
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

void
worker_free_session(struct worker *worker, struct session *session)
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

void
worker_free_ended(struct worker *worker)
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
            worker_free_session(worker, sessions[i]);
    }
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
