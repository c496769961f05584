/* SPDX-License-Identifier: MIT
 *
 * The JSON-RPC dialect over UDP: answers are no longer than three times what they answer, and an address that has no session is only answered
 * what costs nothing, unless it logs in.
 */
#include "net/worker.h"
#include "presence/datagram.h"
#include "presence/input.h"
#include "presence/parking.h"
#include "presence/rpc_internal.h"

#include <errno.h>
#include <string.h>

enum { ANSWER_MAX = 65000 }; /* a little less than a datagram holds */

static size_t
budget_for(const struct datagram *datagram)
{
    size_t budget = DATAGRAM_FACTOR * datagram->length;

    return budget < ANSWER_MAX ? budget : ANSWER_MAX;
}

/* The error that there is nothing to carry out, in this dialect's form whatever the address spoke before. */
static void
answer_error(struct worker *worker, const struct datagram *datagram, const struct protocol_error *error) REQUIRES(worker_role)
{
    char line[ERROR_LINE_MAX];
    size_t length = dialect_jsonrpc.encode_error(error, line);

    if (length <= DATAGRAM_ERROR_MAX && length <= budget_for(datagram))
        worker_answer(worker, datagram, line, length);
}

/* Sends what has been answered without a session, or beside it, and frees it. */
static void
answers_send(struct worker *worker, const struct datagram *datagram, const struct jsonrpc_message *message, struct buffer *answers)
    REQUIRES(worker_role)
{
    if (answers->length > 0) {
        if (message->is_batch)
            buffer_append_text(answers, "]");
        buffer_append_text(answers, "\n");
        if (!answers->failed)
            worker_answer(worker, datagram, answers->bytes, answers->length);
    }
    buffer_done(answers);
}

/* Nobody is logged in at this address, and nobody wants to be. */
static void
answer_stranger(struct presence *presence, struct worker *worker, const struct datagram *datagram, struct jsonrpc_message *message)
    REQUIRES(worker_role)
{
    struct rpc_progress progress = {.budget = budget_for(datagram), .is_batch = message->is_batch};
    struct rpc_work work = {.presence = presence, .worker = worker, .progress = &progress};
    struct decoder *decoder = presence_desk(presence, worker)->decoder;
    struct json_element place = {0};
    struct jsonrpc_call call;

    for (; progress.done < message->count; progress.done++) {
        place = jsonrpc_next(message, place.end);
        if (jsonrpc_call_read(decoder, &desk_config(presence, worker)->limits, message, place, &call) == 0)
            (void)rpc_call_carry_out(&work, &call);
    }
    answers_send(worker, datagram, message, &progress.answers);
}

/* Would a login be refused because of its answer's size? Then that is answered, and nothing has been done. */
static bool
refuse_size(struct presence *presence, struct worker *worker, struct client *client, const struct datagram *datagram,
    const struct jsonrpc_message *message, const struct jsonrpc_call *login) REQUIRES(worker_role)
{
    struct rpc_progress progress = {.budget = budget_for(datagram), .is_batch = message->is_batch};
    struct rpc_work work = {.presence = presence, .worker = worker, .client = client, .progress = &progress};
    enum outcome outcome;
    bool fits = rpc_snapshot_fits(&work, login, true, &outcome);

    answers_send(worker, datagram, message, &progress.answers);
    return !fits;
}

/* Whose session a message that begins with a login is for: the address's own, or a new one. NULL: there is none, and that has been answered. */
static struct client *
client_for_login(struct presence *presence, struct worker *worker, struct client *client, const struct datagram *datagram,
    const struct jsonrpc_message *message, const struct jsonrpc_call *login) REQUIRES(worker_role)
{
    struct protocol_error error;
    struct session *session;

    if (client != NULL) {
        bool same = client->dialect == &dialect_jsonrpc &&
            (!client->logged_in || user_id_equal(graph_user(presence->graph, worker->number, client->member), login->user));

        if (same)
            return client;
        if (refuse_size(presence, worker, client, datagram, message, login))
            return NULL;
        datagram_end(presence, worker, client, LEAVE_CLOSED); /* a client that was started again on the same port */
    }
    session = worker_open_datagram(worker, datagram);
    if (session == NULL) {
        datagram_newcomer_refused(worker, &error);
        answer_error(worker, datagram, &error);
        return NULL;
    }
    client_of(session)->dialect = &dialect_jsonrpc;
    return client_of(session);
}

/* A client that waits with a message is still answered a ping, and may log out; anything else may be sent again. */
static void
carry_out_parked(struct presence *presence, struct worker *worker, struct client *client, const struct datagram *datagram,
    struct jsonrpc_message *message, const struct jsonrpc_call *call) REQUIRES(worker_role)
{
    struct buffer answer = {0};

    if (call->failure == 0 && call->method == JSONRPC_PING && !message->is_batch)
        answer_stranger(presence, worker, datagram, message);
    if (call->failure != 0 || call->method != JSONRPC_LOGOUT || message->is_batch)
        return;
    datagram_end(presence, worker, client, LEAVE_GOODBYE);
    if (call->id.kind != JSONRPC_ID_NONE)
        jsonrpc_write_empty(&answer, &call->id);
    answers_send(worker, datagram, message, &answer);
}

/* Keeps a message that must wait. */
static void
park(struct presence *presence, struct worker *worker, struct client *client, enum outcome outcome, const struct datagram *datagram)
    REQUIRES(worker_role)
{
    struct desk *desk = presence_desk(presence, worker);

    if (client_keep(presence, worker, client, datagram->bytes, datagram->length) < 0) {
        rpc_progress_free(desk->progress);
        desk->progress = NULL;
        client_fail_for_memory(presence, worker, client);
        return;
    }
    client->input->progress = desk->progress;
    desk->progress = NULL;
    parking_enter(presence, worker, client, outcome, datagram->length);
}

/* A login that was refused leaves no session behind. */
static void
close_if_nobody(struct worker *worker, struct client *client) REQUIRES(worker_role)
{
    if (!client->logged_in && client->session.state == SESSION_OPEN)
        session_close(worker, &client->session);
}

static void
carry_out(struct presence *presence, struct worker *worker, struct client *client, const struct datagram *datagram, struct jsonrpc_message *message)
    REQUIRES(worker_role)
{
    struct decoder *decoder = presence_desk(presence, worker)->decoder;
    struct jsonrpc_call call;
    enum outcome outcome;

    if (jsonrpc_call_read(decoder, &desk_config(presence, worker)->limits, message, jsonrpc_next(message, 0), &call) < 0)
        return; /* out of memory: it may be sent again */
    if (client != NULL && client->parked && client->dialect == &dialect_jsonrpc) {
        carry_out_parked(presence, worker, client, datagram, message, &call);
        return;
    }
    if (call.failure == 0 && call.method == JSONRPC_LOGIN) {
        client = client_for_login(presence, worker, client, datagram, message, &call);
        if (client == NULL)
            return;
    } else if (client == NULL || client->dialect != &dialect_jsonrpc || !client->logged_in) {
        answer_stranger(presence, worker, datagram, message);
        return;
    }
    outcome = rpc_message_carry_out(presence, worker, client, message, NULL, budget_for(datagram));
    if (outcome == DONE)
        close_if_nobody(worker, client);
    else
        park(presence, worker, client, outcome, datagram);
}

void
rpc_datagram(struct presence *presence, struct worker *worker, struct client *client, const struct datagram *datagram, struct json_text *tree)
{
    struct jsonrpc_message message;
    struct protocol_error error;
    int failure;

    if (jsonrpc_take(&desk_config(presence, worker)->limits, datagram->bytes, datagram->length, tree, &message, &failure, &error) < 0) {
        answer_error(worker, datagram, &error);
        return;
    }
    carry_out(presence, worker, client, datagram, &message);
    jsonrpc_message_done(&message);
}

enum outcome
rpc_datagram_resume(
    struct presence *presence, struct worker *worker, struct client *client, const char *text, size_t length, struct rpc_progress *progress)
{
    enum outcome outcome = rpc_carry_out(presence, worker, client, text, length, NULL, progress);

    if (outcome == DONE)
        close_if_nobody(worker, client);
    return outcome;
}
