/* SPDX-License-Identifier: MIT
 *
 * A list for a session that has one must wait for news that is under way, as over TCP (client.c). Meanwhile the client is parked with
 * it; a further list waits behind it, and of several only the newest: each says all of it.
 */
#include "presence/datagram.h"

#include "base/log.h"
#include "net/worker.h"
#include "presence/input.h"
#include "presence/parking.h"
#include "protocol/decoder.h"
#include "protocol/framer.h"
#include "protocol/jsonrpc.h"
#include "protocol/plain_hello.h"

#include <errno.h>
#include <string.h>

/* The object in a datagram, without the white space around it. */
struct object {
    const char *text;
    size_t length;
};

/* One piece of work: what came, and from whom. */
struct visit {
    struct presence *presence;
    struct worker *worker;
    struct client *client; /* NULL: no session has this address */
    const struct datagram *datagram;
    struct object object;
};

static bool
is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct object
object_of(const struct datagram *datagram)
{
    struct object object = {.text = datagram->bytes, .length = datagram->length};

    while (object.length > 0 && is_space(object.text[0])) {
        object.text++;
        object.length--;
    }
    while (object.length > 0 && is_space(object.text[object.length - 1]))
        object.length--;
    return object;
}

static bool
is_classic(const struct client *client)
{
    return client == NULL || client->dialect == &dialect_classic;
}

void
datagram_refuse(struct presence *presence, struct worker *worker, const struct client *client, const struct datagram *datagram,
    const struct protocol_error *error)
{
    static const char key[] = "\"error\"";
    const struct dialect *dialect = client != NULL && client->dialect != NULL ? client->dialect : &dialect_classic;
    char line[ERROR_LINE_MAX];
    size_t length = dialect->encode_error(error, line);

    counter_add(&presence_tally(presence, worker)->errors[error->code], 1);
    if (log_enabled(LEVEL_DEBUG)) {
        char address[TCP_ADDRESS_TEXT];

        udp_address_format(&datagram->from, address);
        log_event(LEVEL_DEBUG, "client_error", LOG_FIELD_TEXT("peer", address), LOG_FIELD_TEXT("code", error_code_name(error->code)),
            LOG_FIELD_TEXT("message", error->message));
    }
    if (length > DATAGRAM_ERROR_MAX || length > DATAGRAM_FACTOR * datagram->length)
        return;
    /* An error is never answered with another: two servers, set on each other by a forged address, would not stop. */
    if (memmem(datagram->bytes, datagram->length, key, sizeof key - 1) == NULL)
        worker_answer(worker, datagram, line, length);
}

static void
refuse(const struct visit *visit, const struct protocol_error *error) REQUIRES(worker_role)
{
    datagram_refuse(visit->presence, visit->worker, visit->client, visit->datagram, error);
}

void
datagram_newcomer_refused(const struct worker *worker, struct protocol_error *error)
{
    if (worker_is_draining(worker))
        protocol_error_set(error, ERROR_SHUTTING_DOWN, "the server is being drained");
    else
        protocol_error_set(error, ERROR_SERVER_FULL, "the server has no room for another session, try again later");
}

static void
refuse_for_room(const struct visit *visit, const char *what) REQUIRES(worker_role)
{
    struct protocol_error error;

    protocol_error_set(&error, ERROR_SERVER_FULL, "the server has no %s, try again later", what);
    refuse(visit, &error);
}

void
datagram_end(struct presence *presence, struct worker *worker, struct client *client, enum leave_reason reason)
{
    client_leave(presence, worker, client, reason);
    session_close(worker, &client->session);
}

/* The list takes effect. False: there is no memory for it, and the session has ended. */
static bool
relist(struct presence *presence, struct worker *worker, struct client *client, const struct message *message) REQUIRES(worker_role)
{
    if (graph_relist(presence->graph, worker->number, client->member, message->friends, message->friend_count) == 0)
        return true;
    log_event(LEVEL_WARN, "no_memory", LOG_FIELD_TEXT("for", "a client's message; its session ends"));
    datagram_end(presence, worker, client, LEAVE_CLOSED);
    return false;
}

/* The list waits for news that is under way, or behind one that does. False: there is no room for it to wait. */
static bool
wait_with_list(struct presence *presence, struct worker *worker, struct client *client, uint64_t ticket, struct object object) REQUIRES(worker_role)
{
    if (client->parked)
        client->input->length = client->input->message_length; /* one that waited behind the first is out of date */
    if (client_keep(presence, worker, client, object.text, object.length) < 0)
        return false;
    if (!client->parked) {
        client->ticket = ticket;
        parking_enter(presence, worker, client, WAIT, object.length);
    }
    return true;
}

static void
hello_again(const struct visit *visit, const struct message *message) REQUIRES(worker_role)
{
    struct client *client = visit->client;
    uint64_t ticket = 0;

    if (!message->has_friends)
        return;
    if (client->parked || client_news_is_under_way(visit->presence, visit->worker, &ticket)) {
        if (!wait_with_list(visit->presence, visit->worker, client, ticket, visit->object))
            refuse_for_room(visit, "room for another message");
    } else if (!relist(visit->presence, visit->worker, client, message)) {
        refuse_for_room(visit, "memory");
    }
}

static void
log_in(const struct visit *visit, const struct message *message) REQUIRES(worker_role)
{
    struct session *session = worker_open_datagram(visit->worker, visit->datagram);
    struct client *client = session == NULL ? NULL : client_of(session);

    if (client == NULL) {
        struct protocol_error error;

        datagram_newcomer_refused(visit->worker, &error);
        refuse(visit, &error);
        return;
    }
    client->dialect = &dialect_classic;
    if (client_is_braked(visit->presence, client, message->user)) {
        if (client_keep(visit->presence, visit->worker, client, visit->object.text, visit->object.length) == 0) {
            parking_enter(visit->presence, visit->worker, client, BRAKE, visit->object.length);
            return;
        }
    } else if (client_log_in(visit->presence, visit->worker, client, message) == 0) {
        return;
    }
    session_close(visit->worker, session);
    refuse_for_room(visit, "memory");
}

/* A classic message: from a client that speaks this dialect, from one that was restarted and spoke another before, or from somebody new. */
static void
carry_out(const struct visit *visit, const struct message *message) REQUIRES(worker_role)
{
    struct client *client = visit->client;
    struct user_id user = {0};
    struct protocol_error error;

    if (client == NULL) {
        if (message->kind == MESSAGE_HELLO)
            log_in(visit, message);
        return;
    }
    if (!client->logged_in) { /* it waits to be; only a goodbye changes that */
        if (message->kind == MESSAGE_GOODBYE)
            datagram_end(visit->presence, visit->worker, client, LEAVE_GOODBYE);
        return;
    }
    user = graph_user(visit->presence->graph, visit->worker->number, client->member);
    if (message->kind == MESSAGE_GOODBYE) {
        if (!message->has_user || user_id_equal(message->user, user)) {
            datagram_end(visit->presence, visit->worker, client, LEAVE_GOODBYE);
            return;
        }
        protocol_error_set(&error, ERROR_USER_MISMATCH, "this address has a session of another user than %lld", (long long)message->user.number);
        refuse(visit, &error);
    } else if (is_classic(client) && user_id_equal(message->user, user)) {
        hello_again(visit, message);
    } else {
        datagram_end(visit->presence, visit->worker, client, LEAVE_CLOSED);
        log_in(visit, message);
    }
}

/* Is the datagram one object or array within the limits, at least as far as its brackets tell? One that is over a limit is refused. */
static bool
is_framed(const struct visit *visit) REQUIRES(worker_role)
{
    struct framer framer;
    struct protocol_error error;
    size_t skipped, consumed;
    enum framer_result result;

    framer_init(&framer);
    result = framer_scan(
        &framer, &desk_config(visit->presence, visit->worker)->limits, visit->object.text, visit->object.length, &skipped, &consumed, &error);
    if (result == FRAMER_ERROR && (error.code == ERROR_TOO_LARGE || error.code == ERROR_TOO_MANY_FRIENDS))
        refuse(visit, &error);
    return result == FRAMER_MESSAGE && consumed == visit->object.length;
}

/* Whatever is no plain hello: another message, a wrong one, one of the other dialect, or junk. */
static void
carry_out_strange(const struct visit *visit) REQUIRES(worker_role)
{
    struct decoder *decoder = presence_desk(visit->presence, visit->worker)->decoder;
    struct object object = visit->object;
    struct protocol_error error;
    struct message message;
    struct json_text tree;
    int result;

    if (!is_framed(visit))
        return;
    result = jsonrpc_detect(&desk_config(visit->presence, visit->worker)->limits, object.text, object.length, &tree, &error);
    /* An answer is never answered, for the same reason as an error of the classic dialect. */
    if (result > 0 && jsonrpc_is_answer(&tree)) {
        json_text_done(&tree);
        return;
    }
    if (result > 0) {
        rpc_datagram(visit->presence, visit->worker, visit->client, visit->datagram, &tree);
        return;
    }
    if (result == 0)
        result = dialect_classic.decode(decoder, &desk_config(visit->presence, visit->worker)->limits, object.text, object.length, &message, &error);
    if (result == 0)
        carry_out(visit, &message);
    else if (result == -ENOMEM)
        refuse_for_room(visit, "memory");
    else if (error.code != ERROR_BAD_JSON && object.text[0] == '{')
        refuse(visit, &error); /* else it is no JSON object: junk */
}

void
datagram_received(struct presence *presence, struct worker *worker, struct client *client, const struct datagram *datagram)
{
    const struct visit visit = {.presence = presence, .worker = worker, .client = client, .datagram = datagram, .object = object_of(datagram)};
    const struct protocol_limits *limits = &desk_config(presence, worker)->limits;
    struct message message;

    if (visit.object.length == 0 || (visit.object.text[0] != '{' && visit.object.text[0] != '['))
        return; /* a sign of life, or nothing at all */
    if (datagram->truncated || visit.object.length > limits->message_bytes) {
        struct protocol_error error;

        protocol_error_set(&error, ERROR_TOO_LARGE, "longer than the %zu bytes that are allowed", limits->message_bytes);
        refuse(&visit, &error);
        return;
    }

    struct decoder *decoder = presence_desk(presence, worker)->decoder;

    decoder_begin(decoder);
    if (plain_hello_read(decoder, limits, visit.object.text, visit.object.length, &message) == 0)
        carry_out(&visit, &message);
    else
        carry_out_strange(&visit);
}

/* The first message of a client that had to wait to log in, or a list that had to wait. */
static enum outcome
resume_first(struct presence *presence, struct worker *worker, struct client *client, const struct message *message) REQUIRES(worker_role)
{
    if (client->logged_in) {
        (void)relist(presence, worker, client, message);
        return DONE;
    }
    if (client_is_braked(presence, client, message->user))
        return BRAKE;
    if (client_log_in(presence, worker, client, message) < 0)
        datagram_end(presence, worker, client, LEAVE_CLOSED);
    return DONE;
}

enum outcome
datagram_resume(struct presence *presence, struct worker *worker, struct client *client, const struct input *input, struct rpc_progress *progress)
{
    struct decoder *decoder = presence_desk(presence, worker)->decoder;
    const struct protocol_limits *limits = &desk_config(presence, worker)->limits;
    struct object later = {.text = input->bytes + input->message_length, .length = input->length - input->message_length};
    struct protocol_error error;
    struct message message;
    uint64_t ticket;

    if (client->dialect == &dialect_jsonrpc)
        return rpc_datagram_resume(presence, worker, client, input->bytes, input->message_length, progress);
    /* It was read before, so only memory can be missing; then the list stays as it is. */
    if (dialect_classic.decode(decoder, limits, input->bytes, input->message_length, &message, &error) == 0 &&
        resume_first(presence, worker, client, &message) == BRAKE)
        return BRAKE;
    if (later.length == 0 || client->session.state != SESSION_OPEN)
        return DONE;
    if (client_news_is_under_way(presence, worker, &ticket))
        (void)wait_with_list(presence, worker, client, ticket, later);
    else if (dialect_classic.decode(decoder, limits, later.text, later.length, &message, &error) == 0)
        (void)relist(presence, worker, client, &message);
    return DONE;
}

void
datagram_silence(struct presence *presence, struct worker *worker, struct client *client)
{
    datagram_end(presence, worker, client, LEAVE_TIMEOUT);
}
