/* SPDX-License-Identifier: MIT
 *
 * What a client of a connection says: bytes become messages. One is carried out as soon as it is complete, with few exceptions: a new list for a
 * session that has one waits until all news that was under way when it came has been told (news from before a listing is never told after
 * it); a celebrity's login or status, for its older news; a long batch has several turns. Until then the client is parked: its message is kept and
 * nothing more is read from it.
 */
#include "presence/client.h"

#include "net/worker.h"
#include "presence/datagram.h"
#include "presence/input.h"
#include "presence/parking.h"
#include "presence/rpc.h"
#include "protocol/decoder.h"
#include "protocol/framer.h"
#include "protocol/plain_hello.h"

#include <errno.h>

/* A message that was read, of the classic dialect. */
static enum outcome
classic_carry_out(struct presence *presence, struct worker *worker, struct client *client, const struct message *message, bool waited)
    REQUIRES(worker_role)
{
    struct protocol_error error;

    client->dialect = &dialect_classic;
    if (client->logged_in && message->has_user && !user_id_equal(message->user, graph_user(presence->graph, worker->number, client->member))) {
        protocol_error_set(&error, ERROR_USER_MISMATCH, "this session belongs to user %lld, not to user %lld",
            (long long)graph_user(presence->graph, worker->number, client->member).number, (long long)message->user.number);
        client_fail(presence, worker, client, &error);
    } else if (message->kind == MESSAGE_GOODBYE) {
        client_leave(presence, worker, client, LEAVE_GOODBYE);
        session_close(worker, &client->session);
    } else if (!client->logged_in) {
        if (client_is_braked(presence, client, message->user))
            return BRAKE;
        if (client_log_in(presence, worker, client, message) < 0)
            client_fail_for_memory(presence, worker, client);
    } else if (message->has_friends) {
        uint64_t ticket;

        /* One that has waited does not wait again: news never ends on a busy server. */
        if (!waited && client_news_is_under_way(presence, worker, &ticket)) {
            client->ticket = ticket;
            return WAIT;
        }
        if (graph_relist(presence->graph, worker->number, client->member, message->friends, message->friend_count) < 0)
            client_fail_for_memory(presence, worker, client);
    }
    return DONE;
}

/*
 * Carries out one complete message, or says that it must wait; `waited`: it did, and with `progress` (taken) it was begun. The first message picks the
 * dialect. Nearly every one is a plain hello of the classic dialect, so that is tried first.
 */
static enum outcome
carry_out(struct presence *presence, struct worker *worker, struct client *client, const char *text, size_t length, bool waited,
    struct rpc_progress *progress) REQUIRES(worker_role)
{
    struct decoder *decoder = presence_desk(presence, worker)->decoder;
    const struct protocol_limits *limits = &desk_config(presence, worker)->limits;
    struct protocol_error error;
    struct message message;
    struct json_text tree;
    int result = 0;

    if (!waited)
        worker_charge(worker, &client->session);
    if (client->dialect == &dialect_jsonrpc)
        return rpc_carry_out(presence, worker, client, text, length, NULL, progress);
    decoder_begin(decoder);
    result = plain_hello_read(decoder, limits, text, length, &message);
    if (result == -ENOMSG) {
        int detected = client->dialect == NULL ? jsonrpc_detect(limits, text, length, &tree, &error) : 0;

        if (detected > 0) {
            client->dialect = &dialect_jsonrpc;
            return rpc_carry_out(presence, worker, client, text, length, &tree, NULL);
        }
        result = detected < 0 ? detected : dialect_classic.decode(decoder, limits, text, length, &message, &error);
        if (result == -EBADMSG)
            client_fail(presence, worker, client, &error);
    }
    if (result == -ENOMEM)
        client_fail_for_memory(presence, worker, client);
    return result < 0 ? DONE : classic_carry_out(presence, worker, client, &message, waited);
}

/* The session that holds an unfinished message ends, and what it holds is there for others. */
static void
evict(struct presence *presence, struct worker *worker, struct client *holder, const struct protocol_error *error) REQUIRES(worker_role)
{
    rpc_break_off(presence, worker, holder);
    client_fail(presence, worker, holder, error);
    /* One that has ended by itself in this turn is left at the turn's end only, which is too late for those who need room now. */
    parking_leave(holder);
    input_free(presence, worker, holder->input);
    holder->input = NULL;
}

int
client_keep(struct presence *presence, struct worker *worker, struct client *client, const char *bytes, size_t length)
{
    struct protocol_error error;
    struct input *larger;
    int result;

    protocol_error_set(&error, ERROR_SERVER_FULL, "all unfinished messages together are over the server's limit, try again later");
    while ((result = input_append(presence, worker, &client->input, client, bytes, length)) == -ENOSPC) {
        larger = input_larger(presence, worker, client->input, length);
        if (larger == NULL)
            break;
        evict(presence, worker, larger->client, &error);
    }
    return result;
}

/* The same. False: the client has failed. */
static bool
keep(struct presence *presence, struct worker *worker, struct client *client, const char *bytes, size_t length) REQUIRES(worker_role)
{
    struct protocol_error error;
    int result = client_keep(presence, worker, client, bytes, length);

    protocol_error_set(&error, ERROR_SERVER_FULL, "all unfinished messages together are over the server's limit, try again later");
    if (result == -ENOSPC)
        client_fail(presence, worker, client, &error);
    else if (result < 0)
        client_fail_for_memory(presence, worker, client);
    return result == 0;
}

/* Keeps a complete message, and whatever came after it, until it can be carried out. */
static void
park(struct presence *presence, struct worker *worker, struct client *client, enum outcome outcome, const char *text, size_t length, const char *rest,
    size_t rest_length) REQUIRES(worker_role)
{
    struct desk *desk = presence_desk(presence, worker);

    if ((client->input == NULL && !keep(presence, worker, client, text, length)) || !keep(presence, worker, client, rest, rest_length)) {
        rpc_progress_free(desk->progress);
        desk->progress = NULL;
        return;
    }
    client->input->progress = desk->progress;
    desk->progress = NULL;
    parking_enter(presence, worker, client, outcome, length);
}

/* Keeps the bytes of a message that is not complete yet; from its first byte on it has so much time and no more. */
static void
keep_unfinished(struct presence *presence, struct worker *worker, struct client *client, const struct framer *framer, const char *bytes,
    size_t length) REQUIRES(worker_role)
{
    bool begins = client->input == NULL;
    struct framer state = *framer;

    if (!keep(presence, worker, client, bytes, length))
        return;
    client->input->framer = state;
    if (begins) {
        deadlines_start(worker_deadlines(worker, DEADLINE_MESSAGE), &client->input->deadline, worker->now_ms);
        input_offer(presence, worker, client->input, INPUT_UNFINISHED);
    }
}

void
client_received(struct presence *presence, struct worker *worker, struct client *client, const char *bytes, size_t length)
{
    while (length > 0 && client->session.state == SESSION_OPEN && !client->parked) {
        struct framer framer;
        struct protocol_error error;
        size_t skipped, consumed;
        enum framer_result result;

        if (client->input != NULL)
            framer = client->input->framer;
        else
            framer_init(&framer);
        result = framer_scan(&framer, &desk_config(presence, worker)->limits, bytes, length, &skipped, &consumed, &error);
        if (result == FRAMER_ERROR) {
            client_fail(presence, worker, client, &error);
            return;
        }
        if (result == FRAMER_MORE) {
            if (framer_in_message(&framer))
                keep_unfinished(presence, worker, client, &framer, bytes + skipped, length - skipped);
            return;
        }

        const char *text = bytes + skipped;
        size_t text_length = consumed - skipped;

        if (client->input != NULL) {
            if (!keep(presence, worker, client, bytes, consumed))
                return;
            text = client->input->bytes;
            text_length = client->input->length;
        }
        bytes += consumed;
        length -= consumed;

        struct input *input = client->input;

        client->input = NULL; /* the text stays while it is carried out, also when the client has left by then */

        enum outcome outcome = carry_out(presence, worker, client, text, text_length, false, NULL);

        if (outcome != DONE) {
            client->input = input;
            park(presence, worker, client, outcome, text, text_length, bytes, length);
            return;
        }
        input_free(presence, worker, input);
    }
}

/* Is the time over in which it might have said who it is? */
static bool
is_late(const struct client *client)
{
    return client->session.state == SESSION_OPEN && !session_is_datagram(&client->session) && !client->logged_in && !client->parked &&
        !deadline_is_running(&client->session.deadline);
}

static void
hello_fail(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role)
{
    struct protocol_error error;

    if (client->dialect == &dialect_jsonrpc)
        protocol_error_set(&error, ERROR_HELLO_TIMEOUT, "no login came in time");
    else
        protocol_error_set(&error, ERROR_HELLO_TIMEOUT, "no hello came in time; send {\"user_id\": 1, \"friends\": [2, 3]}");
    client_fail(presence, worker, client, &error);
}

void
client_resume(struct presence *presence, struct worker *worker, struct client *client)
{
    struct input *input = client->input;
    struct rpc_progress *progress = input->progress;
    enum outcome outcome;

    parking_leave(client);
    client->input = NULL; /* ours now: what follows may begin an input of its own */
    input->progress = NULL;
    if (session_is_datagram(&client->session))
        outcome = datagram_resume(presence, worker, client, input, progress);
    else
        outcome = carry_out(presence, worker, client, input->bytes, input->message_length, true, progress);
    if (outcome != DONE) { /* there is more of it that must wait */
        client->input = input;
        input->progress = presence_desk(presence, worker)->progress;
        presence_desk(presence, worker)->progress = NULL;
        parking_enter(presence, worker, client, outcome, input->message_length);
        return;
    }
    session_pause(worker, &client->session, client->backlogged);
    if (!session_is_datagram(&client->session))
        client_received(presence, worker, client, input->bytes + input->message_length, input->length - input->message_length);
    input_free(presence, worker, input);
    if (is_late(client)) /* its time was over while it waited, and what it waited with was no login; one may have come that we did not read */
        client_hello_due(presence, worker, client);
}

void
client_hello_due(struct presence *presence, struct worker *worker, struct client *client)
{
    session_catch_up(worker, &client->session);
    if (client->logged_in || client->parked)
        return;
    if (!client->session.held)
        hello_fail(presence, worker, client);
    else if (!client->session.entering) /* it is we who do not read; the time begins anew for one that waits for its turn, when that has come */
        deadlines_start(worker_deadlines(worker, DEADLINE_HELLO), &client->session.deadline, worker->now_ms);
}

void
client_message_due(struct presence *presence, struct worker *worker, struct client *client)
{
    struct protocol_error error;

    session_catch_up(worker, &client->session);
    if (client->input == NULL || client->parked || deadline_is_running(&client->input->deadline))
        return;                                       /* it ended, and perhaps another has begun */
    if (client->backlogged || client->session.held) { /* its end may have come, and it is we who do not read it */
        deadlines_start(worker_deadlines(worker, DEADLINE_MESSAGE), &client->input->deadline, worker->now_ms);
        return;
    }
    protocol_error_set(&error, ERROR_MESSAGE_TIMEOUT, "a message was begun and not finished in time: is a closing brace or quote missing?");
    client_fail(presence, worker, client, &error);
}
