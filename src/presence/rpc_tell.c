/* SPDX-License-Identifier: MIT
 *
 * How a client of the JSON-RPC dialect is told news. A transition's text is made once on each worker, as a whole notification; a client that is
 * told one thing gets that very line, one that is told more gets the changes of several lines put into one.
 */
#include "base/assert.h"
#include "net/worker.h"
#include "presence/changes.h"
#include "presence/input.h"
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

/* Is this news from before the client left off following that user? Only while it waits for such news to pass. */
static bool
is_old(const struct client *client, uint32_t user)
{
    const struct rpc_progress *progress = client->parked && client->input != NULL ? client->input->progress : NULL;
    const uint32_t *muted;

    if (progress == NULL)
        return false;
    muted = (const uint32_t *)(const void *)progress->muted.bytes;
    for (size_t i = 0; i < progress->muted.length / sizeof *muted; i++)
        if (muted[i] == user)
            return true;
    return progress->mute;
}

void
rpc_tell(struct presence *presence, struct worker *worker, struct client *client, const struct transition *transition, void **line)
{
    if (is_old(client, transition->index))
        return;
    if (*line == NULL)
        *line = transition_line(presence_desk(presence, worker), transition);
    if (*line == NULL || changes_put(&client->changes, transition->index, *line) < 0)
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

void
rpc_room(struct presence *presence, struct worker *worker, struct client *client)
{
    struct line *line;

    if (client->backlogged) { /* the answers have left: it may ask again */
        client->backlogged = false;
        session_pause(worker, &client->session, client->parked);
    }
    if (client->changes == NULL || answers_wait(client))
        return;
    line = next_notification(presence_desk(presence, worker), client);
    if (line == NULL || session_send(worker, &client->session, line) < 0)
        client_fail_for_memory(presence, worker, client);
    else if (client->changes != NULL)
        session_want_room(worker, &client->session);
    line_drop(line);
}
