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

/*
 * A longer batch has a turn in which all of it is looked at, and is then carried out in slices: in each turn, calls that are together no longer than
 * that, or one. It is as much as is read from a client in one turn, so the calls of a batch have the turns that they would have had one by one.
 */
enum { SLICE_BYTES = 16 << 10 };

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
    if (session_is_datagram(&client->session) && client->session.queue.count >= desk_config(work->presence, work->worker)->queue_limit) {
        counter_add(&work->worker->counters.lost, 1);
        return;
    }
    if (work->progress->is_batch)
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

/*
 * May the client wait for its next turn? From an address more would come meanwhile that could not be carried out, and a datagram does not hold much. And
 * whoever waits for memory to leave with, or for its user to come back, cannot wait for anything else.
 */
static bool
can_be_sliced(const struct client *client)
{
    return !session_is_datagram(&client->session) && !client->departing && !client->absent;
}

/* Carries out one call after the other, for as long as this turn goes. */
static enum outcome
calls_carry_out(struct rpc_work *work, struct jsonrpc_message *message) REQUIRES(worker_role)
{
    struct presence *presence = work->presence;
    struct decoder *decoder = presence_desk(presence, work->worker)->decoder;
    struct rpc_progress *progress = work->progress;

    for (; progress->done < message->count && work->client->session.state == SESSION_OPEN; progress->done++) {
        struct json_element place = jsonrpc_next(message, progress->at);
        struct jsonrpc_call call;
        enum outcome outcome;

        if (work->spent > 0 && work->spent + (place.end - progress->at) > SLICE_BYTES && message->is_batch && can_be_sliced(work->client))
            return SLICE;
        if (jsonrpc_call_read(decoder, &desk_config(presence, work->worker)->limits, message, place, &call) < 0) {
            client_fail_for_memory(presence, work->worker, work->client);
            return DONE;
        }
        outcome = rpc_call_carry_out(work, &call);
        if (outcome != DONE)
            return outcome;
        if (progress->done > 0)
            worker_charge(work->worker, &work->client->session); /* the first was counted as the message */
        work->spent += place.end - progress->at;
        progress->at = place.end;
    }
    return DONE;
}

/* Carries out what is left of the message, and answers when nothing is. */
static enum outcome
rest_carry_out(struct rpc_work *work, struct jsonrpc_message *message) REQUIRES(worker_role)
{
    enum outcome outcome;

    old_news_settle(&work->client->old_news, news_told_through(presence_desk(work->presence, work->worker), work->worker));
    outcome = calls_carry_out(work, message);
    if (outcome != DONE)
        return outcome;
    if (work->client->session.state == SESSION_OPEN)
        answers_send(work);
    if (work->progress->closes)
        session_close(work->worker, &work->client->session);
    return DONE;
}

enum outcome
rpc_message_carry_out(struct presence *presence, struct worker *worker, struct client *client, struct jsonrpc_message *message,
    struct rpc_progress *progress, size_t budget)
{
    struct rpc_progress begun = {.budget = budget};
    struct rpc_work work = {.presence = presence, .worker = worker, .client = client, .progress = progress != NULL ? progress : &begun};
    enum outcome outcome;

    if (work.progress->count == 0 && message->length > SLICE_BYTES)
        work.spent = message->length; /* it has just been read */
    work.progress->is_batch = message->is_batch;
    work.progress->count = message->count;
    outcome = rest_carry_out(&work, message);

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

/* The message is to wait for its turn, which reading it would take already. False: no memory. */
static bool
put_off(struct desk *desk)
{
    desk->progress = calloc(1, sizeof *desk->progress);
    return desk->progress != NULL;
}

/* Reads the message, or takes it up where it had stopped; as jsonrpc_read. */
static int
read_message(const struct protocol_limits *limits, const char *text, size_t length, struct json_text *tree, const struct rpc_progress *progress,
    struct jsonrpc_message *message, int *failure, struct protocol_error *error)
{
    if (tree != NULL)
        return jsonrpc_take(limits, text, length, tree, message, failure, error);
    if (progress == NULL || !progress->is_batch)
        return jsonrpc_read(limits, text, length, message, failure, error);
    jsonrpc_take_up(text, length, progress->count, message);
    return 0;
}

enum outcome
rpc_carry_out(struct presence *presence, struct worker *worker, struct client *client, const char *text, size_t length, struct json_text *tree,
    struct rpc_progress *progress)
{
    const struct protocol_limits *limits = &desk_config(presence, worker)->limits;
    struct jsonrpc_message message;
    struct protocol_error error;
    enum outcome outcome;
    int failure, result;

    if (tree == NULL && progress == NULL && text[0] == '[' && length > SLICE_BYTES && put_off(presence_desk(presence, worker)))
        return SLICE;
    result = read_message(limits, text, length, tree, progress, &message, &failure, &error);
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

void
rpc_break_off(struct presence *presence, struct worker *worker, struct client *client)
{
    struct rpc_progress *progress = client->parked ? client->input->progress : NULL;
    struct rpc_work work = {.presence = presence, .worker = worker, .client = client, .progress = progress};

    if (progress == NULL)
        return;
    client->input->progress = NULL;
    answers_send(&work);
    rpc_progress_free(progress);
}
