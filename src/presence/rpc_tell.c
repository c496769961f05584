/* SPDX-License-Identifier: MIT
 *
 * How a client of the JSON-RPC dialect is told news. A transition's text is made once on each worker, as a whole notification; a client that is
 * told one thing gets that very line, one that is told more gets the changes of several lines put into one.
 */
#include "base/assert.h"
#include "net/worker.h"
#include "presence/changes.h"
#include "presence/input.h"
#include "presence/old_news.h"
#include "presence/rpc.h"

#include <string.h>

enum {
    STREAM_BYTES = 4096,   /* of one notification; what is queued cannot be merged any more, so it is not much */
    DATAGRAM_BYTES = 1200, /* fits through any path without being cut into pieces */
    SCRATCH_KEPT = 16 << 10,
};

static const char *
reason_name(enum leave_reason reason)
{
    return reason == LEAVE_GOODBYE ? "goodbye" : reason == LEAVE_TIMEOUT ? "timeout" : "closed";
}

static struct line *
line_of(struct desk *desk)
{
    struct line *line = desk->scratch.failed ? NULL : line_new(desk->scratch.bytes, desk->scratch.length);

    buffer_reset(&desk->scratch, SCRATCH_KEPT);
    return line;
}

/* The whole notification of one transition. */
static struct line *
transition_line(struct desk *desk, const struct transition *transition)
{
    jsonrpc_write_changes_begin(&desk->scratch, 0);
    jsonrpc_write_change(&desk->scratch, transition->user, transition->online, transition->at_ms, transition->status,
        transition->online ? NULL : reason_name(transition->reason));
    jsonrpc_write_changes_end(&desk->scratch);
    return line_of(desk);
}

void
rpc_tell(struct presence *presence, struct worker *worker, struct client *client, struct audience_part *part)
{
    const struct transition *transition = &part->audience->transition;

    if (old_news_has(client->old_news, transition->index, part->sequence))
        return;
    if (part->text == NULL)
        part->text = transition_line(presence_desk(presence, worker), transition);
    if (part->text == NULL || changes_put(&client->changes, transition->index, part->text) < 0)
        client_fail_for_memory(presence, worker, client);
    else
        session_want_room(worker, &client->session);
}

/* Puts changes of the client into one notification, as many as it holds, and takes them away. */
static struct line *
gather(struct desk *desk, struct client *client, uint64_t seq, size_t bytes)
{
    struct buffer *scratch = &desk->scratch;
    bool first = true;

    jsonrpc_write_changes_begin(scratch, seq);
    while (client->changes != NULL) {
        const struct line *line = changes_first(client->changes);
        size_t length = line->length - desk->changes_begin - desk->changes_end;

        if (!first && scratch->length + 2 + length + desk->changes_end > bytes)
            break;
        if (!first)
            buffer_append_text(scratch, ", ");
        buffer_append(scratch, line->bytes + desk->changes_begin, length);
        changes_take_first(&client->changes);
        first = false;
    }
    jsonrpc_write_changes_end(scratch);
    return line_of(desk);
}

static struct line *
next_notification(struct desk *desk, struct client *client)
{
    struct line *line;

    if (session_is_datagram(&client->session))
        return gather(desk, client, ++client->seq, DATAGRAM_BYTES);
    if (changes_count(client->changes) > 1)
        return gather(desk, client, 0, STREAM_BYTES);
    line = changes_first(client->changes);
    line->references++;
    changes_take_first(&client->changes);
    return line;
}

/* Does a batch wait that has answered calls already? What amends their snapshots must not come before those answers. */
static bool
answers_wait(const struct client *client)
{
    const struct rpc_progress *progress = client->parked && client->input != NULL ? client->input->progress : NULL;

    return progress != NULL && progress->answers.length > 0;
}

/* Queues one notification. False: the client has failed. */
static bool
queue_next(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role)
{
    struct line *line = next_notification(presence_desk(presence, worker), client);
    bool queued = line != NULL && session_send(worker, &client->session, line) == 0;

    line_drop(line);
    if (!queued)
        client_fail_for_memory(presence, worker, client);
    return queued;
}

void
rpc_room(struct presence *presence, struct worker *worker, struct client *client)
{
    if (client->backlogged) { /* the answers have left: it may ask again */
        client->backlogged = false;
        session_pause(worker, &client->session, client->parked);
    }
    if (client->changes == NULL || answers_wait(client))
        return;
    if (queue_next(presence, worker, client) && client->changes != NULL)
        session_want_room(worker, &client->session);
}

void
rpc_tell_all(struct presence *presence, struct worker *worker, struct client *client)
{
    while (client->changes != NULL && queue_next(presence, worker, client))
        ;
}
