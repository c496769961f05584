/* SPDX-License-Identifier: MIT
 *
 * What each method does. Each function runs to its end, or returns WAIT or BRAKE and is called again later: what it had done by then, doing it
 * again changes nothing.
 */
#include "net/worker.h"
#include "presence/changes.h"
#include "presence/datagram.h"
#include "presence/news.h"
#include "presence/old_news.h"
#include "presence/rpc_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* When the answers to a batch are longer than this, the rest of it is refused: a small question can have a large answer. */
enum { ANSWERS_MAX = 1 << 20 };

/* Begins an answer; returns where. */
static size_t
answer_begin(struct rpc_work *work)
{
    struct buffer *answers = &work->progress->answers;
    size_t begin = answers->length;

    if (begin > 0)
        buffer_append_text(answers, ", ");
    else if (work->progress->is_batch)
        buffer_append_text(answers, "[");
    return begin;
}

/* Would what has been answered be over the budget, with what ends the line? Then takes the answer that began there back. */
static bool
answer_is_over(struct rpc_work *work, size_t begin)
{
    struct rpc_progress *progress = work->progress;

    if (progress->budget == 0 || progress->answers.length + 2 <= progress->budget)
        return false;
    progress->answers.length = begin;
    return true;
}

static void
answer_error(struct rpc_work *work, const struct jsonrpc_id *id, int code, const struct protocol_error *error)
{
    size_t begin;

    counter_add(&work->presence->desks[work->worker->number].tally.errors[error->code], 1);
    if (id->kind == JSONRPC_ID_NONE)
        return;
    begin = answer_begin(work);
    jsonrpc_write_error(&work->progress->answers, id, code, error_code_name(error->code), error->message);
    /* An error is no longer than that over UDP; nor are all that a stranger is told. */
    if (work->progress->budget > 0 && work->progress->answers.length - (work->client == NULL ? 0 : begin) > DATAGRAM_ERROR_MAX)
        work->progress->answers.length = begin;
    else
        (void)answer_is_over(work, begin);
}

static enum outcome __attribute__((format(printf, 4, 5)))
refuse(struct rpc_work *work, const struct jsonrpc_id *id, enum error_code code, const char *format, ...)
{
    struct protocol_error error;
    char text[sizeof error.message];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    protocol_error_set(&error, code, "%s", text);
    answer_error(work, id, JSONRPC_SERVER_ERROR, &error);
    return DONE;
}

/* There is an answer that does not fit what may be sent to an address that nobody has proved. */
static void
refuse_size(struct rpc_work *work, const struct jsonrpc_id *id)
{
    (void)refuse(work, id, ERROR_TOO_LARGE, "the answer would be over three times your datagram");
}

static enum outcome
fail_for_memory(struct rpc_work *work) REQUIRES(worker_role)
{
    client_fail_for_memory(work->presence, work->worker, work->client);
    return DONE;
}

static void
answer_empty(struct rpc_work *work, const struct jsonrpc_id *id)
{
    size_t begin;

    if (id->kind == JSONRPC_ID_NONE)
        return;
    begin = answer_begin(work);
    jsonrpc_write_empty(&work->progress->answers, id);
    if (answer_is_over(work, begin))
        refuse_size(work, id);
}

/* Answers with a snapshot of these users; a login's with the session's name. */
static enum outcome
answer_snapshot(struct rpc_work *work, const struct jsonrpc_call *call, bool is_login) REQUIRES(worker_role)
{
    struct desk *desk = presence_desk(work->presence, work->worker);
    const struct snapshot *snapshot = &desk->snapshot;
    struct jsonrpc_online *online;
    char name[SESSION_NAME];
    size_t begin;

    if (call->id.kind == JSONRPC_ID_NONE)
        return DONE;
    online = malloc((snapshot->count + 1) * sizeof *online);
    if (online == NULL)
        return fail_for_memory(work);
    for (uint32_t i = 0; i < snapshot->count; i++)
        online[i] = (struct jsonrpc_online){.user = call->friends[snapshot->entries[i].which], .status = snapshot->entries[i].status};
    session_name(&work->client->session, name);
    begin = answer_begin(work);
    jsonrpc_write_online(&work->progress->answers, &call->id, online, snapshot->count, is_login ? name : NULL,
        session_is_datagram(&work->client->session) ? desk_config(work->presence, work->worker)->datagram_heartbeat_s
                                                    : desk_config(work->presence, work->worker)->stream_heartbeat_s);
    if (answer_is_over(work, begin))
        refuse_size(work, &call->id);
    free(online);
    return DONE;
}

/*
 * On UDP an answer that would not fit is refused before anything is done. Between this look and the deed somebody may come, and then the
 * deed is done and refused: asking again answers for it. Only where there is a budget.
 */
bool
rpc_snapshot_fits(struct rpc_work *work, const struct jsonrpc_call *call, bool is_login, enum outcome *outcome)
{
    struct desk *desk = presence_desk(work->presence, work->worker);
    size_t before = work->progress->answers.length;
    bool fits;

    if (work->progress->budget == 0 || call->id.kind == JSONRPC_ID_NONE)
        return true;
    *outcome = DONE;
    if (graph_ask(work->presence->graph, work->worker->number, call->friends, call->friend_count, &desk->snapshot) < 0) {
        *outcome = fail_for_memory(work);
        return false;
    }
    /* Written and taken back: its length is all that counts. */
    struct rpc_progress *progress = work->progress;
    size_t budget = progress->budget;

    progress->budget = 0;
    *outcome = answer_snapshot(work, call, is_login);
    if (work->client->session.state != SESSION_OPEN)
        return false; /* it has failed for want of memory */
    fits = progress->answers.length + 2 <= budget;
    progress->answers.length = before;
    progress->budget = budget;
    snapshot_clear(&desk->snapshot);
    if (!fits)
        refuse_size(work, &call->id);
    return fits;
}

/* Mail up to which everything has been told, and up to which it is under way. */
static uint64_t
told_through(const struct rpc_work *work) REQUIRES(worker_role)
{
    return news_told_through(presence_desk(work->presence, work->worker), work->worker);
}

/* The user whom a client of datagrams is, says hello afresh: its list is replaced, and answered as if it was new. */
static enum outcome
log_in_again(struct rpc_work *work, const struct jsonrpc_call *call) REQUIRES(worker_role)
{
    struct presence *presence = work->presence;
    struct client *client = work->client;
    struct desk *desk = presence_desk(presence, work->worker);
    enum outcome outcome;
    int error;

    if (!user_id_equal(call->user, graph_user(presence->graph, work->worker->number, client->member)))
        return refuse(
            work, &call->id, ERROR_ALREADY_LOGGED_IN, "this address is logged in as another user; only a datagram's first call changes that");
    if (call->has_status && client_is_braked(presence, client, call->user))
        return BRAKE;
    if (!rpc_snapshot_fits(work, call, true, &outcome))
        return outcome;
    /* A friend in both lists is not watched for a moment: what happens then is in the snapshot, and what is under way is older. */
    (void)graph_unlist(presence->graph, work->worker->number, client->member);
    changes_free(&client->changes);
    if (old_news_add_all(&client->old_news, mailbox_posted(&work->worker->mailbox), told_through(work)) < 0)
        return fail_for_memory(work);
    error = graph_follow(presence->graph, work->worker->number, client->member, call->friends, call->friend_count,
        desk_config(presence, work->worker)->limits.friends, &desk->snapshot);
    if (error == 0 && call->has_status)
        error = client_set_status(presence, work->worker, client, call->status, call->status_length);
    outcome = error < 0 ? fail_for_memory(work) : answer_snapshot(work, call, true);
    snapshot_clear(&desk->snapshot);
    return outcome;
}

static enum outcome
log_in(struct rpc_work *work, const struct jsonrpc_call *call) REQUIRES(worker_role)
{
    struct presence *presence = work->presence;
    struct client *client = work->client;
    struct desk *desk = presence_desk(presence, work->worker);
    struct graph_hello hello = {
        .handle = client->session.handle,
        .user = call->user,
        .friends = call->friends,
        .friend_count = call->friend_count,
        .follows_only = true,
    };
    enum outcome outcome = DONE;
    int error = 0;

    if (client->logged_in && session_is_datagram(&client->session))
        return log_in_again(work, call);
    if (client->logged_in)
        return refuse(work, &call->id, ERROR_ALREADY_LOGGED_IN, "this session is logged in already");
    if (client_is_braked(presence, client, call->user))
        return BRAKE;
    if (!rpc_snapshot_fits(work, call, true, &outcome))
        return outcome;
    if (call->has_status && call->status != NULL) {
        hello.status = text_new(call->status, call->status_length);
        error = hello.status == NULL ? -ENOMEM : 0;
    }
    if (error == 0)
        error = client_enter(presence, work->worker, client, &hello, &desk->snapshot);
    text_drop(hello.status);
    outcome = error < 0 ? fail_for_memory(work) : answer_snapshot(work, call, true);
    snapshot_clear(&desk->snapshot);
    return outcome;
}

static enum outcome
follow(struct rpc_work *work, const struct jsonrpc_call *call) REQUIRES(worker_role)
{
    struct presence *presence = work->presence;
    struct desk *desk = presence_desk(presence, work->worker);
    uint32_t most = desk_config(presence, work->worker)->limits.friends;
    enum outcome outcome;
    int error;

    if (!rpc_snapshot_fits(work, call, false, &outcome))
        return outcome;
    error = graph_follow(presence->graph, work->worker->number, work->client->member, call->friends, call->friend_count, most, &desk->snapshot);
    if (error == -E2BIG)
        return refuse(work, &call->id, ERROR_TOO_MANY_FRIENDS, "with these the session would follow more than %u users", most);
    outcome = error < 0 ? fail_for_memory(work) : answer_snapshot(work, call, false);
    snapshot_clear(&desk->snapshot);
    return outcome;
}

/* The edges that end. */
struct ending {
    uint32_t *users; /* the graph's short names, room for all that were named */
    uint32_t count;
};

static void
edge_ended(void *context, uint32_t user)
{
    struct ending *ending = context;

    ending->users[ending->count++] = user;
}

/* What waits about these users is old, and so is what is under way. */
static int
forget_news(struct rpc_work *work, const struct ending *ending) REQUIRES(worker_role)
{
    uint64_t posted = mailbox_posted(&work->worker->mailbox), told = told_through(work);
    int error = 0;

    for (uint32_t i = 0; i < ending->count && error == 0; i++) {
        changes_remove(&work->client->changes, ending->users[i]);
        error = old_news_add(&work->client->old_news, ending->users[i], posted, told);
    }
    return error;
}

static enum outcome
unfollow(struct rpc_work *work, const struct jsonrpc_call *call) REQUIRES(worker_role)
{
    struct presence *presence = work->presence;
    struct ending ending = {.users = malloc((call->friend_count + 1) * sizeof *ending.users)};
    int error = ending.users == NULL ? -ENOMEM : 0;

    if (error == 0)
        error = graph_unfollow(presence->graph, work->worker->number, work->client->member, call->friends, call->friend_count, edge_ended, &ending);
    if (error == 0)
        error = forget_news(work, &ending);
    free(ending.users);
    if (error < 0)
        return fail_for_memory(work);
    answer_empty(work, &call->id);
    return DONE;
}

static enum outcome
ask(struct rpc_work *work, const struct jsonrpc_call *call) REQUIRES(worker_role)
{
    struct desk *desk = presence_desk(work->presence, work->worker);
    enum outcome outcome;

    if (graph_ask(work->presence->graph, work->worker->number, call->friends, call->friend_count, &desk->snapshot) < 0)
        return fail_for_memory(work);
    outcome = answer_snapshot(work, call, false);
    snapshot_clear(&desk->snapshot);
    return outcome;
}

static enum outcome
set_status(struct rpc_work *work, const struct jsonrpc_call *call) REQUIRES(worker_role)
{
    struct presence *presence = work->presence;
    struct client *client = work->client;

    if (client_is_braked(presence, client, graph_user(presence->graph, work->worker->number, client->member)))
        return BRAKE;
    if (client_set_status(presence, work->worker, client, call->status, call->status_length) < 0)
        return fail_for_memory(work);
    answer_empty(work, &call->id);
    return DONE;
}

static enum outcome
ping(struct rpc_work *work, const struct jsonrpc_call *call)
{
    size_t begin;

    if (call->id.kind == JSONRPC_ID_NONE)
        return DONE;
    begin = answer_begin(work);
    jsonrpc_write_pong(&work->progress->answers, &call->id);
    if (answer_is_over(work, begin))
        refuse_size(work, &call->id);
    return DONE;
}

static enum outcome
log_out(struct rpc_work *work, const struct jsonrpc_call *call) REQUIRES(worker_role)
{
    answer_empty(work, &call->id);
    changes_free(&work->client->changes);
    client_leave(work->presence, work->worker, work->client, LEAVE_GOODBYE);
    work->progress->closes = true;
    return DONE;
}

enum outcome
rpc_call_carry_out(struct rpc_work *work, const struct jsonrpc_call *call)
{
    if (call->failure != 0) {
        answer_error(work, &call->id, call->failure, &call->error);
        /* More than a limit allows was sent: the stream is not trusted any more. A datagram ends by itself. */
        if (call->error.code == ERROR_TOO_MANY_FRIENDS && work->client != NULL && !session_is_datagram(&work->client->session)) {
            work->client->end = END_ERROR;
            client_leave(work->presence, work->worker, work->client, LEAVE_CLOSED);
            work->progress->closes = true;
        }
        return DONE;
    }
    if (call->method == JSONRPC_PING)
        return ping(work, call);
    if (work->client == NULL || work->progress->closes || (!work->client->logged_in && call->method != JSONRPC_LOGIN))
        return refuse(work, &call->id, ERROR_NOT_LOGGED_IN, "log in first");
    if (work->progress->answers.length > ANSWERS_MAX && call->id.kind != JSONRPC_ID_NONE)
        return refuse(work, &call->id, ERROR_TOO_LARGE, "the answers to this batch are over %d bytes, ask for less at a time", ANSWERS_MAX);
    switch (call->method) {
    case JSONRPC_LOGIN: return log_in(work, call);
    case JSONRPC_FOLLOW: return follow(work, call);
    case JSONRPC_UNFOLLOW: return unfollow(work, call);
    case JSONRPC_ONLINE: return ask(work, call);
    case JSONRPC_STATUS: return set_status(work, call);
    case JSONRPC_PING: break;
    case JSONRPC_LOGOUT: return log_out(work, call);
    }
    return DONE;
}
