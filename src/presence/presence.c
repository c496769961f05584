/* SPDX-License-Identifier: MIT */
#include "presence/presence.h"

#include "base/assert.h"
#include "presence/client.h"
#include "presence/datagram.h"
#include "presence/desk.h"
#include "presence/grace.h"
#include "presence/input.h"
#include "presence/inquiry.h"
#include "presence/news.h"
#include "presence/parking.h"
#include "presence/rpc.h"
#include "protocol/jsonrpc.h"

#include <stdlib.h>
#include <string.h>

/*
 * The graph's publisher: runs under the lock of the user's shard, on the thread of `number`. The audience may be freed by the
 * worker that gets the last part as soon as that is posted, so nothing of it is looked at afterwards.
 */
static void
publish(void *context, uint32_t number, struct audience *audience) THREAD_ATTRIBUTE(no_thread_safety_analysis)
{
    struct presence *presence = context;
    uint32_t left = atomic_load_explicit(&audience->unfinished, memory_order_relaxed), told = 0;
    bool is_celebrity = false;

    for (uint32_t worker = 0; worker < audience->part_count; worker++) {
        is_celebrity = is_celebrity || audience->parts[worker].count > NEWS_SLICE;
        told += audience->parts[worker].count;
    }
    audience->since_ns = presence->workers[number].now_ns;
    distribution_add(&presence->desks[number].tally.audience, told, 1);
    if (is_celebrity) {
        audience->gauge = &presence->celebrating[presence_group(presence, audience->transition.user)];
        atomic_fetch_add_explicit(audience->gauge, 1, memory_order_relaxed);
    }
    for (uint32_t worker = 0; left > 0; worker++) {
        struct audience_part *part = &audience->parts[worker];

        if (part->count == 0)
            continue;
        left--;
        part->mail.tag = MAIL_NEWS;
        /* A celebrity is braked by itself (client.c): what it has under way is bounded by its watchers, so it is no reason to stop reading from everybody. */
        part->mail.weight = part->count < NEWS_SLICE ? part->count : NEWS_SLICE;
        worker_post(&presence->workers[number], worker, &part->mail);
    }
}

static void
opened(void *context, struct worker *worker, struct session *session, bool refused) REQUIRES(worker_role)
{
    client_opened(context, worker, client_of(session), refused);
}

static void
received(void *context, struct worker *worker, struct session *session, const char *bytes, size_t length) REQUIRES(worker_role)
{
    client_received(context, worker, client_of(session), bytes, length);
}

static void
datagram(void *context, struct worker *worker, struct session *session, const struct datagram *received) REQUIRES(worker_role)
{
    datagram_received(context, worker, session == NULL ? NULL : client_of(session), received);
}

static void
input_ended(void *context, struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    client_input_ended(context, worker, client_of(session));
}

static struct line *
room(void *context, struct worker *worker, struct session *session, uint32_t *count) REQUIRES(worker_role)
{
    return rpc_room(context, worker, client_of(session), count);
}

static void
told(void *context, struct worker *worker, struct session *session, struct line *line, uint32_t count, size_t sent) REQUIRES(worker_role)
{
    rpc_told(context, worker, client_of(session), line, count, sent);
}

static void
stopping(void *context, struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    struct protocol_error error;

    rpc_break_off(context, worker, client_of(session));
    rpc_tell_all(context, worker, client_of(session)); /* what has happened comes before the last word */
    protocol_error_set(&error, ERROR_SHUTTING_DOWN, "the server is stopping");
    client_fail(context, worker, client_of(session), &error);
}

static void
draining(void *context, struct worker *worker, struct session *session, uint32_t retry_after_ms) REQUIRES(worker_role)
{
    struct client *client = client_of(session);
    struct protocol_error error;

    rpc_break_off(context, worker, client);
    rpc_tell_all(context, worker, client); /* what has happened comes before the last word */
    client_note_end(client, END_STOPPED);
    if (client->dialect != &dialect_jsonrpc) {
        protocol_error_set(&error, ERROR_SHUTTING_DOWN, "the server is being drained, come back in %u ms", retry_after_ms);
        client_fail(context, worker, client, &error);
    } else if (session->state == SESSION_OPEN) {
        rpc_tell_drain(context, worker, client, retry_after_ms);
        client_leave(context, worker, client, LEAVE_CLOSED);
        session_close(worker, session);
    }
}

static bool
ended(void *context, struct worker *worker, struct session *session) REQUIRES(worker_role)
{
    return client_ended(context, worker, client_of(session));
}

static void
deadline_due(void *context, struct worker *worker, enum deadline_kind kind, struct deadline *deadline) REQUIRES(worker_role)
{
    struct presence *presence = context;

    switch (kind) {
    case DEADLINE_HELLO: client_hello_due(presence, worker, client_of(LIST_ENTRY(deadline, struct session, deadline))); break;
    case DEADLINE_SILENCE: datagram_silence(presence, worker, client_of(LIST_ENTRY(deadline, struct session, deadline))); break;
    case DEADLINE_MESSAGE: client_message_due(presence, worker, LIST_ENTRY(deadline, struct input, deadline)->client); break;
    case DEADLINE_BRAKE: parking_release(presence, worker); break;
    case DEADLINE_RETRY: client_retry(presence, worker, LIST_ENTRY(deadline, struct client, retry)); break;
    case DEADLINE_GRACE:
    case DEADLINE_GRACE_DATAGRAM: grace_end(presence, worker, LIST_ENTRY(deadline, struct client, retry)); break;
    default: ASSERT(kind == DEADLINE_RETRY); /* the worker keeps the others */
    }
}

/* How much a worker may hold depends on the largest message. */
static void
desk_configure(struct presence *presence, struct desk *desk, const struct presence_config *config)
{
    desk->config = config;
    desk->unfinished_share = input_share(config, presence->worker_count);
}

static void
configured(void *context, struct worker *worker, const void *settings) REQUIRES(worker_role)
{
    desk_configure(context, presence_desk(context, worker), settings);
}

static void
mail_arrived(void *context, struct worker *worker, struct mail *mail) REQUIRES(worker_role)
{
    ASSERT(mail->tag == MAIL_NEWS || mail->tag == MAIL_ASK || mail->tag == MAIL_RETURN);
    if (mail->tag == MAIL_ASK)
        inquiry_arrive(context, worker, mail);
    else if (mail->tag == MAIL_RETURN)
        grace_returned(context, worker, mail);
    else
        news_arrive(context, worker, mail);
}

/* Tells news, lets those go on who waited for it, and gives long batches their turns. */
static bool
turn(void *context, struct worker *worker) REQUIRES(worker_role)
{
    struct presence *presence = context;
    bool more = news_tell(presence, worker);

    more = grace_make_room(presence, worker) || more;
    parking_release(presence, worker);
    more = inquiry_work(presence, worker) || more;
    return parking_give_turns(presence, worker) || more;
}

static void
written(void *context, struct worker *worker, uint64_t now_ns) REQUIRES(worker_role)
{
    struct desk *desk = presence_desk(context, worker);

    told_written(&desk->told, &desk->tally.delay, now_ns);
}

const struct session_handler presence_handler = {
    .session_bytes = sizeof(struct client),
    .opened = opened,
    .received = received,
    .datagram = datagram,
    .input_ended = input_ended,
    .room = room,
    .told = told,
    .stopping = stopping,
    .draining = draining,
    .ended = ended,
    .deadline = deadline_due,
    .configured = configured,
    .mail = mail_arrived,
    .turn = turn,
    .written = written,
};

static bool
desk_init(struct desk *desk)
{
    jsonrpc_write_changes_begin(&desk->scratch, 0);
    desk->changes_begin = desk->scratch.length;
    jsonrpc_write_changes_end(&desk->scratch);
    desk->changes_end = desk->scratch.length - desk->changes_begin;
    desk->scratch.length = 0;
    counters_init(&desk->tally.logins[0][0], COUNTERS_IN(struct tally));
    list_init(&desk->parked);
    list_init(&desk->braked);
    list_init(&desk->sliced);
    for (int i = 0; i < INPUT_KINDS * INPUT_SIZES; i++)
        list_init(&desk->holders[i / INPUT_SIZES][i % INPUT_SIZES]);
    desk->decoder = decoder_new();
    desk->online_line = line_new(dialect_classic.online_line, strlen(dialect_classic.online_line));
    desk->offline_line = line_new(dialect_classic.offline_line, strlen(dialect_classic.offline_line));
    return !desk->scratch.failed && desk->decoder != NULL && desk->online_line != NULL && desk->offline_line != NULL;
}

static void
desk_done(struct desk *desk)
{
    news_drop(desk);
    decoder_free(desk->decoder);
    buffer_done(&desk->scratch);
    snapshot_done(&desk->snapshot);
    line_drop(desk->online_line);
    line_drop(desk->offline_line);
}

struct presence *
presence_new(struct worker *workers, uint32_t count, const struct presence_config *config)
{
    struct presence *presence = calloc(1, sizeof *presence + count * sizeof presence->desks[0]);
    bool ready;

    if (presence == NULL)
        return NULL;
    presence->first_config = *config;
    presence->store = config->store;
    presence->workers = workers;
    presence->worker_count = count;
    /* helgrind: running totals and a flag that is set once; no other memory is published through them. */
    RACE_IGNORE(&presence->celebrating, sizeof presence->celebrating);
    RACE_IGNORE(&presence->stopping, sizeof presence->stopping);
    RACE_IGNORE(&presence->absent, sizeof presence->absent);
    presence->graph = graph_new(count, publish, presence);
    ready = presence->graph != NULL && hash_key_generate(&presence->key) == 0;
    for (uint32_t number = 0; number < count; number++) {
        desk_configure(presence, &presence->desks[number], &presence->first_config);
        ready = desk_init(&presence->desks[number]) && ready;
    }
    if (!ready || config->store->open(&presence->store_state) < 0) {
        presence->store = NULL;
        presence_free(presence);
        return NULL;
    }
    return presence;
}

void
presence_free(struct presence *presence)
{
    if (presence == NULL)
        return;
    if (presence->store != NULL)
        presence->store->close(presence->store_state);
    for (uint32_t number = 0; number < presence->worker_count; number++)
        desk_done(&presence->desks[number]);
    graph_free(presence->graph);
    free(presence);
}

void
presence_stop(struct presence *presence)
{
    atomic_store_explicit(&presence->stopping, true, memory_order_relaxed);
}

uint64_t
presence_users_online(const struct presence *presence)
{
    return graph_users_online(presence->graph);
}

void
presence_count(const struct presence *presence, struct tally *sum)
{
    for (uint32_t number = 0; number < presence->worker_count; number++)
        counters_sum(&sum->logins[0][0], &presence->desks[number].tally.logins[0][0], COUNTERS_IN(struct tally));
}

uint64_t
presence_lock_waits(const struct presence *presence)
{
    return graph_lock_waits(presence->graph);
}

void
presence_drop_mail(struct mail *mail)
{
    if (mail->tag == MAIL_RETURN)
        free(mail);
    else
        audience_part_done(audience_part_of(mail));
}

size_t
presence_refusal(char line[ERROR_LINE_MAX])
{
    struct protocol_error error;

    protocol_error_set(&error, ERROR_SERVER_FULL, "the server has no room for another connection, try again later");
    return dialect_classic.encode_error(&error, line);
}
