/* SPDX-License-Identifier: MIT
 *
 * A client's steps that every way of talking has in common: it comes and goes, something is said to it, it is told news, it ends. What it says
 * is the subject of conversation.c, and in JSON-RPC of rpc.c.
 */
#include "presence/client.h"

#include "base/log.h"
#include "net/worker.h"
#include "presence/changes.h"
#include "presence/datagram.h"
#include "presence/grace.h"
#include "presence/input.h"
#include "presence/news.h"
#include "presence/old_news.h"
#include "presence/parking.h"
#include "presence/rpc.h"

#include <errno.h>

void
client_log_no_memory(const struct client *client, const char *purpose)
{
    char name[SESSION_NAME];

    session_name(&client->session, name);
    log_event(LEVEL_WARN, "no_memory", LOG_FIELD_TEXT("connection", name), LOG_FIELD_TEXT("for", purpose));
}

void
client_note_end(struct client *client, enum session_end end)
{
    if (client->end == END_UNSAID)
        client->end = end;
}

static enum session_end
end_of_reason(enum leave_reason reason)
{
    return reason == LEAVE_GOODBYE ? END_GOODBYE : reason == LEAVE_TIMEOUT ? END_TIMEOUT : END_CLOSED;
}

static void
count_logout(struct presence *presence, struct worker *worker, const struct client *client) REQUIRES(worker_role)
{
    counter_add(&presence_tally(presence, worker)->logouts[client_dialect(client)][client_transport(client)], 1);
}

/* Ends the client's part in the graph; a loss may leave it absent. -ENOMEM: nothing has happened. */
static int
leave_graph(struct presence *presence, struct worker *worker, struct client *client, enum leave_reason reason) REQUIRES(worker_role)
{
    struct user_id user;
    bool transition, absent = false;
    int error;

    if (reason != LEAVE_GOODBYE && grace_is_given(presence, worker, client)) {
        error = graph_lose(presence->graph, worker->number, client->member, &absent);
        if (absent)
            grace_begin(presence, worker, client, reason);
        return error;
    }
    user = graph_user(presence->graph, worker->number, client->member);
    (void)text_share(user.name); /* the graph may give its own up */
    error = graph_logout(presence->graph, worker->number, client->member, reason, &transition);
    if (error == 0 && transition) {
        counter_add(&presence_tally(presence, worker)->departures, 1);
        presence->store->announce(presence->store_state, user, false);
    }
    text_drop(user.name);
    return error;
}

void
client_leave(struct presence *presence, struct worker *worker, struct client *client, enum leave_reason reason)
{
    client_note_end(client, end_of_reason(reason));
    parking_leave(client);
    changes_free(&client->changes);
    old_news_free(&client->old_news);
    input_free(presence, worker, client->input);
    client->input = NULL;
    if (!client->logged_in)
        return;
    if (atomic_load_explicit(&presence->stopping, memory_order_relaxed)) {
        client->logged_in = false; /* the graph is freed as a whole */
        count_logout(presence, worker, client);
        if (client->departing)
            deadline_stop(&client->retry);
        return;
    }
    if (leave_graph(presence, worker, client, reason) < 0) {
        if (!client->departing) {
            client->retry = (struct deadline){0};
            client_log_no_memory(client, "telling a departure; it is kept and tried again");
        }
        client->departing = true;
        client->reason = reason;
        deadlines_start(worker_deadlines(worker, DEADLINE_RETRY), &client->retry, worker->now_ms);
        return;
    }
    client->logged_in = false;
    count_logout(presence, worker, client);
}

void
client_say(struct presence *presence, struct worker *worker, struct client *client, const struct protocol_error *error)
{
    const struct dialect *dialect = client->dialect != NULL ? client->dialect : &dialect_classic;
    char text[ERROR_LINE_MAX];
    struct line *line;

    counter_add(&presence_tally(presence, worker)->errors[error->code], 1);
    if (log_enabled(LEVEL_DEBUG)) {
        char name[SESSION_NAME];

        session_name(&client->session, name);
        log_event(LEVEL_DEBUG, "client_error", LOG_FIELD_TEXT("connection", name), LOG_FIELD_TEXT("code", error_code_name(error->code)),
            LOG_FIELD_TEXT("message", error->message));
    }
    line = line_new(text, dialect->encode_error(error, text));
    if (line != NULL)
        (void)session_send(worker, &client->session, line); /* without memory nothing is said */
    line_drop(line);
}

void
client_fail(struct presence *presence, struct worker *worker, struct client *client, const struct protocol_error *error)
{
    if (client->session.state != SESSION_OPEN)
        return;
    client_note_end(client, error->code == ERROR_SHUTTING_DOWN ? END_STOPPED : END_ERROR);
    client_say(presence, worker, client, error);
    client_leave(presence, worker, client, LEAVE_CLOSED);
    session_close(worker, &client->session);
}

void
client_dismiss(struct presence *presence, struct worker *worker, struct client *client)
{
    struct protocol_error error;

    client_note_end(client, END_OPERATOR);
    if (session_is_datagram(&client->session)) {
        datagram_end(presence, worker, client, LEAVE_CLOSED);
        return;
    }
    rpc_break_off(presence, worker, client);
    protocol_error_set(&error, ERROR_SHUTTING_DOWN, "an operator has closed this session");
    client_fail(presence, worker, client, &error);
}

void
client_fail_for_memory(struct presence *presence, struct worker *worker, struct client *client)
{
    struct protocol_error error;

    protocol_error_set(&error, ERROR_SERVER_FULL, "the server is out of memory, try again later");
    client_log_no_memory(client, "a client's message; its session ends");
    client_fail(presence, worker, client, &error);
}

int
client_enter(struct presence *presence, struct worker *worker, struct client *client, const struct graph_hello *hello, struct snapshot *snapshot)
{
    struct graph_arrival arrival;
    int error = graph_enter(presence->graph, worker->number, hello, &client->member, &arrival, snapshot);

    if (error < 0)
        return error;
    client->logged_in = true;
    client->ticket = 0;
    counter_add(&presence_tally(presence, worker)->logins[client_dialect(client)][client_transport(client)], 1);
    if (!session_is_datagram(&client->session))
        deadline_stop(&client->session.deadline);
    if (arrival.transition) {
        counter_add(&presence_tally(presence, worker)->arrivals, 1);
        presence->store->announce(presence->store_state, hello->user, true);
    } else if (arrival.replaced.generation != 0) {
        grace_return(presence, worker, arrival.replaced);
    }
    return 0;
}

int
client_log_in(struct presence *presence, struct worker *worker, struct client *client, const struct message *message)
{
    const struct graph_hello hello = {
        .handle = client->session.handle, .user = message->user, .friends = message->friends, .friend_count = message->friend_count};

    return client_enter(presence, worker, client, &hello, NULL);
}

bool
client_is_braked(const struct presence *presence, struct client *client, struct user_id user)
{
    uint32_t group = presence_group(presence, user);

    if (atomic_load_explicit(&presence->celebrating[group], memory_order_relaxed) == 0)
        return false;
    client->ticket = group;
    return true;
}

int
client_set_status(struct presence *presence, struct worker *worker, struct client *client, const char *status, size_t length)
{
    struct text *text = status == NULL ? NULL : text_new(status, length);
    int error;

    if (status != NULL && text == NULL)
        return -ENOMEM;
    error = graph_set_status(presence->graph, worker->number, client->member, text);
    text_drop(text);
    return error;
}

bool
client_news_is_under_way(struct presence *presence, struct worker *worker, uint64_t *ticket)
{
    *ticket = mailbox_posted(&worker->mailbox);
    return news_told_through(presence_desk(presence, worker), worker) < *ticket;
}

void
client_opened(struct presence *presence, struct worker *worker, struct client *client, bool refused)
{
    struct protocol_error error;

    if (!refused)
        return;
    protocol_error_set(&error, ERROR_SERVER_FULL, "there are as many connections as there may be, in all or from your address, try again later");
    client_fail(presence, worker, client, &error);
}

/* Why a session ended that did not say goodbye. */
static enum leave_reason
loss_of(const struct client *client)
{
    return client->session.timed_out ? LEAVE_TIMEOUT : LEAVE_CLOSED;
}

void
client_input_ended(struct presence *presence, struct worker *worker, struct client *client)
{
    struct protocol_error error;

    if (client->input != NULL) {
        protocol_error_set(&error, ERROR_BAD_JSON, "the input ended inside a message");
        client_fail(presence, worker, client, &error);
        return;
    }
    client_leave(presence, worker, client, loss_of(client));
    session_close(worker, &client->session);
}

/* Datagrams may get lost: where too many wait, the newest does. */
static void
tell_datagram(struct presence *presence, struct worker *worker, struct session *session, struct line *line) REQUIRES(worker_role)
{
    if (session->queue.count >= desk_config(presence, worker)->queue_limit)
        session_flush(worker, session);
    if (session->queue.count >= desk_config(presence, worker)->queue_limit || session_send(worker, session, line) < 0)
        counter_add(&worker->counters.lost, 1);
    else
        counter_add(&presence_tally(presence, worker)->notifications[TALLY_CLASSIC][TALLY_UDP], 1);
}

static void
tell_classic(struct presence *presence, struct worker *worker, struct client *client, struct line *line) REQUIRES(worker_role)
{
    struct session *session = &client->session;
    struct protocol_error error;

    if (session_send(worker, session, line) < 0) {
        client_fail_for_memory(presence, worker, client);
        return;
    }
    counter_add(&presence_tally(presence, worker)->notifications[TALLY_CLASSIC][TALLY_TCP], 1);
    if (session->queue.count <= desk_config(presence, worker)->queue_limit)
        return;
    session_flush(worker, session); /* much came before the poller could tell that there is room: that does not make it slow */
    if (session->queue.count <= desk_config(presence, worker)->queue_limit)
        return;
    write_queue_cut(&session->queue, &worker->pool);
    protocol_error_set(&error, ERROR_TOO_SLOW, "more than %u notifications waited for you to read", desk_config(presence, worker)->queue_limit);
    client_fail(presence, worker, client, &error);
}

void
client_tell(struct presence *presence, struct worker *worker, struct client *client, struct audience_part *part)
{
    const struct transition *transition = &part->audience->transition;
    const struct desk *desk = presence_desk(presence, worker);
    struct line *line = transition->online ? desk->online_line : desk->offline_line;

    if (client->session.state != SESSION_OPEN)
        return;
    if (client->dialect == &dialect_jsonrpc)
        rpc_tell(presence, worker, client, part);
    else if (transition->status_only)
        return; /* the classic dialect hears nothing of statuses */
    else if (session_is_datagram(&client->session))
        tell_datagram(presence, worker, &client->session, line);
    else
        tell_classic(presence, worker, client, line);
}

struct client *
client_find(struct worker *worker, struct handle handle)
{
    struct session *session = worker_find(worker, handle);

    return session == NULL ? NULL : client_of(session);
}

void
client_retry(struct presence *presence, struct worker *worker, struct client *client)
{
    if (client->absent) {
        grace_end(presence, worker, client);
        return;
    }
    client_leave(presence, worker, client, client->reason);
    if (client->logged_in)
        return;
    client->departing = false;
    if (client->session.closed && !client->absent)
        worker_release(worker, &client->session);
}

/* Counts the end of a session, which may be looked at more than once. */
static void
count_end(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role)
{
    if (client->counted)
        return;
    client_note_end(client, atomic_load_explicit(&presence->stopping, memory_order_relaxed) ? END_STOPPED : end_of_reason(loss_of(client)));
    counter_add(&presence_tally(presence, worker)->ended[client->end][client_transport(client)], 1);
    client->counted = true;
}

bool
client_ended(struct presence *presence, struct worker *worker, struct client *client)
{
    bool is_first = !client->counted;

    count_end(presence, worker, client);
    if (client->absent && is_first)
        grace_closed(presence, client);
    if (client->absent && atomic_load_explicit(&presence->stopping, memory_order_relaxed))
        grace_forget(presence, client);
    if (!client->departing || atomic_load_explicit(&presence->stopping, memory_order_relaxed))
        client_leave(presence, worker, client, loss_of(client));
    return !client->logged_in && !client->absent;
}
