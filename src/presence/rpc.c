/* SPDX-License-Identifier: MIT */
#include "presence/rpc.h"

#include "base/log.h"
#include "net/worker.h"
#include "presence/changes.h"
#include "presence/input.h"
#include "presence/news.h"
#include "presence/old_news.h"
#include "presence/rpc_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
rpc_progress_free(struct rpc_progress *progress)
{
    if (progress == NULL)
        return;
    buffer_done(&progress->answers);
    free(progress);
}

/* Who asks and does not read the answers is not read from until they have left. */
static void
hold_back(struct worker *worker, struct client *client) REQUIRES(worker_role)
{
    if (!client->session.blocked || client->session.state != SESSION_OPEN)
        return;
    client->backlogged = true;
    session_pause(worker, &client->session, true);
    session_want_room(worker, &client->session);
}

/* Sends what has been answered as one line. */
static void
answers_send(struct rpc_work *work) REQUIRES(worker_role)
{
    struct buffer *answers = &work->progress->answers;
    struct client *client = work->client;
    struct line *line;

    if (answers->length == 0 && !answers->failed)
        return;
    if (session_is_datagram(&client->session) && client->session.queue.count >= work->presence->config.queue_limit) {
        counter_add(&work->worker->counters.lost, 1);
        return;
    }
    if (work->message->is_batch)
        buffer_append_text(answers, "]");
    buffer_append_text(answers, "\n");
    line = answers->failed ? NULL : line_new(answers->bytes, answers->length);
    if (line == NULL || session_send(work->worker, &client->session, line) < 0)
        client_fail_for_memory(work->presence, work->worker, client);
    line_drop(line);
    if (client->changes != NULL)
        session_want_room(work->worker, &client->session); /* they may have been kept back, behind these answers */
    hold_back(work->worker, client);
}

/* Carries out the calls that are left. */
static enum outcome
calls_carry_out(struct rpc_work *work) REQUIRES(worker_role)
{
    struct presence *presence = work->presence;
    struct decoder *decoder = presence_desk(presence, work->worker)->decoder;

    old_news_settle(&work->client->old_news, news_told_through(presence_desk(presence, work->worker), work->worker));
    for (; work->progress->done < work->message->count && work->client->session.state == SESSION_OPEN; work->progress->done++) {
        struct jsonrpc_call call;
        enum outcome outcome;

        if (jsonrpc_call_read(decoder, &presence->config.limits, work->message, work->progress->done, &call) < 0) {
            client_fail_for_memory(presence, work->worker, work->client);
            return DONE;
        }
        outcome = rpc_call_carry_out(work, &call);
        if (outcome != DONE)
            return outcome;
    }
    if (work->client->session.state == SESSION_OPEN)
        answers_send(work);
    if (work->closes)
        session_close(work->worker, &work->client->session);
    return DONE;
}

enum outcome
rpc_message_carry_out(struct presence *presence, struct worker *worker, struct client *client, const struct jsonrpc_message *message,
    struct rpc_progress *progress, size_t budget)
{
    struct rpc_progress begun = {.budget = budget};
    struct rpc_work work = {
        .presence = presence, .worker = worker, .client = client, .message = message, .progress = progress != NULL ? progress : &begun};
    enum outcome outcome = calls_carry_out(&work);

    if (outcome != DONE && progress == NULL) {
        progress = malloc(sizeof *progress);
        if (progress != NULL)
            *progress = begun;
    }
    if (outcome != DONE && progress != NULL) {
        presence_desk(presence, worker)->progress = progress;
        return outcome;
    }
    if (outcome != DONE)
        client_fail_for_memory(presence, worker, client);
    if (progress == NULL)
        buffer_done(&begun.answers);
    rpc_progress_free(progress);
    return DONE;
}

/* Nothing can be carried out, but the stream goes on. */
static void
answer_invalid(struct presence *presence, struct worker *worker, struct client *client, const struct protocol_error *error) REQUIRES(worker_role)
{
    client_say(presence, worker, client, error);
    hold_back(worker, client);
}

enum outcome
rpc_carry_out(struct presence *presence, struct worker *worker, struct client *client, const char *text, size_t length, struct json_text *tree,
    struct rpc_progress *progress)
{
    const struct protocol_limits *limits = &presence->config.limits;
    struct jsonrpc_message message;
    struct protocol_error error;
    enum outcome outcome;
    int failure;
    int result =
        tree != NULL ? jsonrpc_take(limits, tree, &message, &failure, &error) : jsonrpc_read(limits, text, length, &message, &failure, &error);

    if (result == -ENOMEM) {
        rpc_progress_free(progress);
        client_fail_for_memory(presence, worker, client);
        return DONE;
    }
    if (result < 0) {
        rpc_progress_free(progress);
        if (failure == JSONRPC_INVALID_REQUEST)
            answer_invalid(presence, worker, client, &error);
        else
            client_fail(presence, worker, client, &error);
        return DONE;
    }
    outcome = rpc_message_carry_out(presence, worker, client, &message, progress, 0);
    jsonrpc_message_done(&message);
    return outcome;
}
