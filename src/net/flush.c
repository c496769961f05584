/* SPDX-License-Identifier: MIT
 *
 * A session's bytes out. At the end of a turn each session that has something due is written to once, and many of those writes are one system call
 * (transport/ring.h): most sessions have a line or two to be told. One that waits for more is written to by itself. On its worker's thread.
 */
#include "base/assert.h"
#include "net/session_internal.h"
#include "net/worker.h"
#include "net/worker_internal.h"

#include <errno.h>

/* Notes what became of bytes that were to be written. Returns how many have left; what is written to a lost peer has. */
static size_t
note_sent(struct worker *worker, struct session *session, size_t length, ssize_t sent) REQUIRES(worker_role)
{
    counter_add(&worker->counters.writes, 1);
    if (sent < 0 && sent != -EAGAIN) {
        session->timed_out = sent == -ETIMEDOUT;
        session_mute(worker, session);
        return length;
    }
    session->unchecked = session->unchecked || sent > 0;
    if (sent > 0 && !deadline_is_running(&session->delivery))
        session_watch_delivery(worker, session);
    session->blocked = sent < (ssize_t)length;
    return sent < 0 ? 0 : (size_t)sent;
}

/* Queues a line of which so many bytes have left. Without memory the connection is given up: what has begun cannot be finished. */
static void
queue_rest(struct worker *worker, struct session *session, struct line *line, size_t sent) REQUIRES(worker_role)
{
    ASSERT(write_queue_is_empty(&session->queue));
    if (session_send(worker, session, line) == 0) {
        session->queue.offset = (uint32_t)sent;
        return;
    }
    session->transport->give_up(session->descriptor);
    session_mute(worker, session);
}

/* Tells the layer above that so many bytes of its line have left. */
static void
line_sent(struct worker *worker, struct session *session, const struct piece *piece, size_t sent) REQUIRES(worker_role)
{
    struct line *line = piece->line;

    if (sent == line->length && !session->mute) { /* else it counts when it is queued */
        counter_add(&worker->counters.lines, 1);
        session->lines++;
    }
    worker->config->handler->told(worker->config->context, worker, session, line, piece->count, sent);
    if (sent > 0 && sent < line->length)
        queue_rest(worker, session, line, sent);
    line_drop(line);
}

/* What became of a piece: `sent` is what its transport's send has returned. */
static void
piece_sent(struct worker *worker, struct session *session, const struct piece *piece, ssize_t sent) REQUIRES(worker_role)
{
    size_t left = note_sent(worker, session, piece->length, sent);

    if (piece->line != NULL)
        line_sent(worker, session, piece, left);
    else if (!session->mute)
        write_queue_advance(&session->queue, &worker->pool, left);
}

bool
session_has_more(struct worker *worker, struct session *session, struct piece *piece)
{
    piece->line = NULL;
    if (write_queue_is_empty(&session->queue) && session->wants_room && session->state == SESSION_OPEN) {
        session->wants_room = false;
        piece->line = worker->config->handler->room(worker->config->context, worker, session, &piece->count);
    }
    return piece->line != NULL || !write_queue_is_empty(&session->queue);
}

/* Writes until there is no more, or the socket takes no more. */
static void
flush_on(struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    struct piece piece;

    while (!session->blocked && session_has_more(worker, session, &piece)) {
        const char *bytes = piece.line != NULL ? piece.line->bytes : worker->write_buffer;

        piece.length = piece.line != NULL ? piece.line->length : write_queue_peek(&session->queue, worker->write_buffer, WRITE_BYTES);
        if (session->mute && piece.line != NULL)
            line_sent(worker, session, &piece, piece.length); /* as for whoever is lost while it is written to */
        else
            piece_sent(worker, session, &piece, session->transport->send(session->descriptor, bytes, piece.length));
    }
    if (session->state == SESSION_ENDED)
        return;
    list_remove(&session->due); /* the layer above may have asked for what has left by now */
    if (session->state == SESSION_CLOSING && !session->blocked)
        session_linger(worker, session);
    else
        session_poll(worker, session); /* it may have to wait for room now, or no longer */
}

void
session_flush(struct worker *worker, struct session *session)
{
    if (session->state == SESSION_ENDED || session->state == SESSION_LINGERING)
        return;
    if (session_is_datagram(session)) {
        datagrams_flush_session(worker, session);
        return;
    }
    list_remove(&session->due);
    session->blocked = false;
    flush_on(worker, session);
}

enum { TOGETHER_BYTES = 256 }; /* of queued lines, less than so many leave with others: fifteen of the classic dialect */

/* Sessions whose bytes leave together. */
struct batch {
    uint32_t count;
    struct session *sessions[RING_CALLS];
    struct piece pieces[RING_CALLS];
    struct ring_send sends[RING_CALLS];
    char bytes[RING_CALLS][TOGETHER_BYTES]; /* of queued lines, which leave their queues only when they have left */
};

/* Takes the next piece of a session that is in no list into the batch. False: it is to be flushed by itself, or not at all. */
static bool
batch_take(struct worker *worker, struct batch *batch, struct session *session) REQUIRES(worker_role)
{
    struct piece *piece = &batch->pieces[batch->count];
    const char *bytes = batch->bytes[batch->count];

    if (session->state > SESSION_CLOSING || session->mute || !session->transport->is_plain || !session_has_more(worker, session, piece))
        return false;
    if (piece->line != NULL) {
        bytes = piece->line->bytes;
        piece->length = piece->line->length;
    } else {
        piece->length = write_queue_peek(&session->queue, batch->bytes[batch->count], TOGETHER_BYTES);
        if (piece->length == TOGETHER_BYTES)
            return false;
    }
    list_remove(&session->due); /* the layer above may have asked for what is about to leave */
    batch->sends[batch->count] = (struct ring_send){.descriptor = session->descriptor, .bytes = bytes, .length = piece->length};
    batch->sessions[batch->count++] = session;
    return true;
}

/* Sends all pieces, and goes on with those that have more. Nothing happens to their sessions meanwhile. */
static void
batch_send(struct worker *worker, struct batch *batch) REQUIRES(worker_role)
{
    ring_send(worker->ring, batch->sends, batch->count);
    for (uint32_t i = 0; i < batch->count; i++) {
        piece_sent(worker, batch->sessions[i], &batch->pieces[i], batch->sends[i].sent);
        flush_on(worker, batch->sessions[i]);
    }
    batch->count = 0;
}

void
worker_flush(struct worker *worker)
{
    struct batch batch;
    struct list *link;

    batch.count = 0;
    do {
        while (batch.count < RING_CALLS && (link = list_take_first(&worker->due)) != NULL) {
            struct session *session = LIST_ENTRY(link, struct session, due);

            if (!batch_take(worker, &batch, session))
                session_flush(worker, session);
        }
        batch_send(worker, &batch); /* which may find more that is due */
    } while (!list_is_empty(&worker->due));
    queue_pool_trim(&worker->pool, QUEUE_POOL_KEPT);
}
