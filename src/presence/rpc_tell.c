/* SPDX-License-Identifier: MIT
 *
 * How a client of the JSON-RPC dialect is told news. A transition's text is made once on each worker, as a whole notification; a client that is
 * told one thing gets that very line, one that is told more gets the changes of several lines put into one.
 *
 * A notification is made when it can leave and not sooner: until then a newer change takes the place of an older one. So beyond what the kernel
 * has taken, a client that does not read has one change for each friend waiting, and the end of the change that was being sent.
 */
#include "base/assert.h"
#include "net/worker.h"
#include "presence/changes.h"
#include "presence/input.h"
#include "presence/old_news.h"
#include "presence/rpc.h"

#include <errno.h>
#include <string.h>

enum {
    STREAM_BYTES = 4096,   /* of one notification: a client reads whole lines */
    DATAGRAM_BYTES = 1200, /* fits through any path without being cut into pieces */
    SCRATCH_KEPT = 16 << 10,
};

/* What stands between two changes. */
static const char between[] = ", ";
enum { BETWEEN_BYTES = sizeof between - 1 };

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
    int put;

    if (old_news_has(client->old_news, transition->index, part->sequence))
        return;
    if (part->text == NULL)
        part->text = transition_line(presence_desk(presence, worker), transition);
    put = part->text == NULL ? -ENOMEM : changes_put(&client->changes, transition->index, part->text);
    if (put < 0) {
        client_fail_for_memory(presence, worker, client);
        return;
    }
    if (put > 0)
        counter_add(&presence_tally(presence, worker)->merged, 1);
    session_want_room(worker, &client->session);
}

static size_t
change_bytes(const struct desk *desk, const struct line *line)
{
    return line->length - desk->changes_begin - desk->changes_end;
}

/* Several changes in one notification, as many as it holds: *count. */
static struct line *
gather(struct desk *desk, const struct changes *changes, uint64_t seq, size_t bytes, uint32_t *count)
{
    struct buffer *scratch = &desk->scratch;
    uint32_t place = 0;
    const struct line *line;

    jsonrpc_write_changes_begin(scratch, seq);
    for (*count = 0; (line = changes_next(changes, &place)) != NULL; ++*count) {
        if (*count > 0 && scratch->length + BETWEEN_BYTES + change_bytes(desk, line) + desk->changes_end > bytes)
            break;
        if (*count > 0)
            buffer_append(scratch, between, BETWEEN_BYTES);
        buffer_append(scratch, line->bytes + desk->changes_begin, change_bytes(desk, line));
    }
    jsonrpc_write_changes_end(scratch);
    return line_of(desk);
}

/* The next notification, of the client's *count oldest changes, which still wait. NULL: no memory. */
static struct line *
next_notification(struct desk *desk, const struct client *client, uint32_t *count)
{
    uint32_t place = 0;
    struct line *line;

    if (session_is_datagram(&client->session))
        return gather(desk, client->changes, client->seq + 1, DATAGRAM_BYTES, count);
    if (changes_count(client->changes) > 1)
        return gather(desk, client->changes, 0, STREAM_BYTES, count);
    *count = 1;
    line = changes_next(client->changes, &place);
    line->references++;
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
    uint32_t count;
    struct line *line = next_notification(presence_desk(presence, worker), client, &count);
    bool queued = line != NULL && session_send(worker, &client->session, line) == 0;

    line_drop(line);
    if (!queued) {
        client_fail_for_memory(presence, worker, client);
        return false;
    }
    client->seq++;
    counter_add(&presence_tally(presence, worker)->notifications[TALLY_JSONRPC][client_transport(client)], count);
    while (count-- > 0)
        changes_take_first(&client->changes);
    return true;
}

/*
 * Of a notification of `count` changes so many bytes have left. Takes away the changes that have begun to leave, and cuts the line short behind
 * them; the others wait on, and newer ones may take their places. A notification that has begun has a change. Returns how many have begun.
 */
static uint32_t
take_begun(const struct desk *desk, struct client *client, struct line *line, uint32_t count, size_t sent)
{
    size_t end = desk->changes_begin;
    uint32_t taken = 0;

    for (; taken < count && sent > (taken == 0 ? 0 : end); taken++) {
        uint32_t place = 0;

        end += (taken == 0 ? 0 : BETWEEN_BYTES) + change_bytes(desk, changes_next(client->changes, &place));
        changes_take_first(&client->changes);
    }
    if (sent == 0 || end + desk->changes_end == line->length)
        return taken;
    memmove(line->bytes + end, line->bytes + line->length - desk->changes_end, desk->changes_end);
    line->length = (uint32_t)(end + desk->changes_end);
    return taken;
}

struct line *
rpc_room(struct presence *presence, struct worker *worker, struct client *client, uint32_t *count)
{
    struct line *line;

    if (client->backlogged) { /* the answers have left: it may ask again */
        client->backlogged = false;
        session_pause(worker, &client->session, client->parked);
    }
    if (client->session.state != SESSION_OPEN || client->changes == NULL || answers_wait(client))
        return NULL;
    if (session_is_datagram(&client->session)) {
        if (queue_next(presence, worker, client) && client->changes != NULL)
            session_want_room(worker, &client->session);
        return NULL;
    }
    line = next_notification(presence_desk(presence, worker), client, count);
    if (line == NULL)
        client_fail_for_memory(presence, worker, client); /* nothing waits for it any more */
    return line;
}

void
rpc_told(struct presence *presence, struct worker *worker, struct client *client, struct line *line, uint32_t count, size_t sent)
{
    struct desk *desk = presence_desk(presence, worker);

    counter_add(&desk->tally.notifications[TALLY_JSONRPC][TALLY_TCP], take_begun(desk, client, line, count, sent));
    if (client->changes != NULL)
        session_want_room(worker, &client->session);
}

void
rpc_tell_all(struct presence *presence, struct worker *worker, struct client *client)
{
    while (client->changes != NULL && !answers_wait(client) && queue_next(presence, worker, client))
        ;
}

void
rpc_tell_drain(struct presence *presence, struct worker *worker, struct client *client, uint32_t retry_after_ms)
{
    struct desk *desk = presence_desk(presence, worker);
    struct line *line;

    jsonrpc_write_drain(&desk->scratch, session_is_datagram(&client->session) ? ++client->seq : 0, retry_after_ms);
    line = line_of(desk);
    if (line != NULL)
        (void)session_send(worker, &client->session, line); /* without memory nothing is said */
    line_drop(line);
}
