/* SPDX-License-Identifier: MIT
 *
 * A list of sessions is made in one walk over the table, with the best so far in a heap whose top is the worst of them. Only those that are left in the end
 * are described, a few a turn, for that takes a look at the whole of their lists.
 */
#include "presence/inquiry.h"

#include "presence/changes.h"
#include "presence/client.h"
#include "presence/desk.h"
#include "presence/grace.h"

#include <stdlib.h>
#include <string.h>

enum { SLICE_SLOTS = 512 }; /* places in the table that are looked at in one turn: some 10 µs, those that are closed apart */
enum { SLICE_CLOSED = 64 };
enum { SLICE_DESCRIBED = 16 }; /* sessions that are described in one turn: some 5 µs each with 10,000 users on their lists */

struct inquiry *
inquiry_new(enum inquiry_kind kind, uint32_t workers, uint32_t wanted)
{
    struct inquiry *inquiry = calloc(1, sizeof *inquiry + workers * sizeof inquiry->parts[0]);

    if (inquiry == NULL)
        return NULL;
    inquiry->kind = kind;
    inquiry->wanted = wanted;
    inquiry->part_count = workers;
    for (uint32_t number = 0; number < workers; number++) {
        struct inquiry_part *part = &inquiry->parts[number];

        part->mail.tag = MAIL_ASK;
        part->inquiry = inquiry;
        part->views = wanted == 0 ? NULL : calloc(wanted, sizeof part->views[0]);
        if (wanted > 0 && part->views == NULL) {
            inquiry_free(inquiry);
            return NULL;
        }
    }
    return inquiry;
}

void
inquiry_free(struct inquiry *inquiry)
{
    if (inquiry == NULL)
        return;
    for (uint32_t number = 0; number < inquiry->part_count; number++) {
        struct inquiry_part *part = &inquiry->parts[number];

        for (uint32_t i = 0; i < part->count; i++)
            text_drop(part->views[i].user.name);
        free(part->views);
    }
    for (uint32_t i = 0; i < inquiry->user_count; i++)
        text_drop(inquiry->users[i].name);
    free(inquiry);
}

void
inquiry_ask(struct inquiry *inquiry, struct worker *workers)
{
    for (uint32_t number = 0; number < inquiry->part_count; number++)
        if (mailbox_post(&workers[number].mailbox, &inquiry->parts[number].mail))
            mailbox_wake(&workers[number].mailbox);
}

static uint32_t
waiting_for(const struct client *client)
{
    return client->session.queue.count + changes_count(client->changes);
}

static uint32_t
age_of(const struct worker *worker, const struct client *client)
{
    return (uint32_t)(worker->now_ms / 1000) - client->session.opened_s;
}

static uint64_t
key_of(const struct worker *worker, const struct client *client, enum inquiry_order order)
{
    uint64_t age_s = age_of(worker, client);

    switch (order) {
    case ORDER_AGE: return age_s;
    case ORDER_NEWEST: return UINT32_MAX - age_s;
    case ORDER_QUEUE: return waiting_for(client);
    case ORDER_RATE: break;
    }
    return client->session.lines * UINT64_C(1000) / (age_s + 1);
}

int
session_view_compare(const struct session_view *one, const struct session_view *other)
{
    if (one->key != other->key)
        return one->key > other->key ? -1 : 1;
    return one->handle.place < other->handle.place ? -1 : one->handle.place > other->handle.place;
}

/* The view at a place of the heap is better than it may be there: moves it down to where it belongs. */
static void
sift_down(struct session_view *views, uint32_t count, uint32_t at)
{
    for (;;) {
        uint32_t worst = at;

        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            if (session_view_compare(&views[child], &views[worst]) > 0)
                worst = child;
        if (worst == at)
            return;

        struct session_view moved = views[at];

        views[at] = views[worst];
        views[worst] = moved;
        at = worst;
    }
}

static void
sift_up(struct session_view *views, uint32_t at)
{
    while (at > 0 && session_view_compare(&views[at], &views[(at - 1) / 2]) > 0) {
        struct session_view moved = views[at];

        views[at] = views[(at - 1) / 2];
        views[(at - 1) / 2] = moved;
        at = (at - 1) / 2;
    }
}

/* Puts a session into the heap if it is among the best so far. */
static void
offer(struct inquiry_part *part, struct handle handle, uint64_t key)
{
    const struct session_view offered = {.key = key, .handle = handle};
    uint32_t wanted = part->inquiry->wanted;

    if (part->count < wanted) {
        part->views[part->count] = offered;
        sift_up(part->views, part->count++);
    } else if (wanted > 0 && session_view_compare(&offered, &part->views[0]) < 0) {
        part->views[0] = offered;
        sift_down(part->views, wanted, 0);
    }
}

/* Fills in what there is to tell of a session that is there; its handle and key are. */
static void
describe(struct presence *presence, struct worker *worker, const struct client *client, struct session_view *view) REQUIRES(worker_role)
{
    const struct session *session = &client->session;

    view->logged_in = client->logged_in;
    view->is_datagram = session_is_datagram(session);
    view->is_jsonrpc = client->dialect == &dialect_jsonrpc;
    view->is_waiting = session->blocked;
    view->is_parked = client->parked;
    view->is_closing = session->state != SESSION_OPEN;
    view->age_s = age_of(worker, client);
    view->lines = session->lines;
    view->queued = waiting_for(client);
    session_peer(session, view->peer);
    if (!client->logged_in)
        return;
    view->user = graph_user(presence->graph, worker->number, client->member);
    (void)text_share(view->user.name);
    view->lists = graph_list_length(presence->graph, worker->number, client->member);
}

/* The walk is over: the heap's sessions that are still there are described, for a slice. True: that was all of them. */
static bool
describe_some(struct presence *presence, struct worker *worker, struct inquiry_part *part) REQUIRES(worker_role)
{
    for (uint32_t left = SLICE_DESCRIBED; left > 0 && part->described < part->count; left--) {
        struct session_view *view = &part->views[part->described];
        const struct client *client = client_find(worker, view->handle);

        if (client == NULL) {
            *view = part->views[--part->count]; /* the order does not matter any more */
            continue;
        }
        describe(presence, worker, client, view);
        part->described++;
    }
    return part->described == part->count;
}

/* What is known of the users, and those of their sessions that are this worker's. */
static void
look_at_users(struct presence *presence, struct worker *worker, struct inquiry_part *part) REQUIRES(worker_role)
{
    const struct inquiry *inquiry = part->inquiry;
    const struct desk *desk = presence_desk(presence, worker);

    for (uint32_t which = 0; which < inquiry->user_count; which++) {
        struct graph_facts *facts = &part->facts[which];

        graph_look(presence->graph, worker->number, inquiry->users[which], facts);
        for (uint32_t i = 0; i < facts->sessions && part->count < inquiry->wanted; i++) {
            struct session_view *view = &part->views[part->count];
            const struct client *client = handle_worker(facts->handles[i]) == worker->number ? client_find(worker, facts->handles[i]) : NULL;

            if (client == NULL || client->absent)
                continue;
            *view = (struct session_view){.handle = facts->handles[i], .which = which};
            describe(presence, worker, client, view);
            view->lists_other = inquiry->user_count == 2 && client->logged_in &&
                graph_lists(presence->graph, worker->number, client->member, inquiry->users[1 - which]);
            part->count++;
        }
    }
    if (inquiry->user_count == 2) {
        const struct graph_facts *facts = &part->facts[1];
        const struct client *lost = facts->absent && handle_worker(facts->lost) == worker->number ? client_find(worker, facts->lost) : NULL;
        uint32_t group = presence_group(presence, inquiry->users[1]);

        if (worker->number == 0)
            graph_remember(presence->graph, worker->number, inquiry->users[1], &part->history);
        part->lost_lists = lost != NULL && lost->absent && graph_lists(presence->graph, worker->number, lost->member, inquiry->users[0]);
        part->news_waits = desk->lane.unfinished[group] + desk->celebrities.unfinished[group] > 0;
    }
}

/* Is the session one of those to be closed? */
static bool
is_meant(struct presence *presence, struct worker *worker, const struct inquiry *inquiry, const struct client *client) REQUIRES(worker_role)
{
    if (inquiry->kind == INQUIRY_CLOSE_SESSION)
        return worker->number == inquiry->worker && client->session.handle.generation == inquiry->generation;
    return client->logged_in && user_id_equal(graph_user(presence->graph, worker->number, client->member), inquiry->users[0]);
}

/* Is it an absent session of the user whose sessions are to be closed? */
static bool
is_meant_though_absent(struct presence *presence, struct worker *worker, const struct inquiry *inquiry, const struct client *client)
    REQUIRES(worker_role)
{
    struct user_id user = {0};
    bool is_meant;

    if (inquiry->kind != INQUIRY_CLOSE_USER || !client->absent)
        return false;
    is_meant = graph_absent_user(presence->graph, worker->number, client->member, &user) && user_id_equal(user, inquiry->users[0]);
    text_drop(user.name);
    return is_meant;
}

/* Walks on over the worker's sessions, for a slice. True: that was all of them. */
static bool
walk(struct presence *presence, struct worker *worker, struct inquiry_part *part) REQUIRES(worker_role)
{
    const struct inquiry *inquiry = part->inquiry;
    uint32_t end = part->slot + SLICE_SLOTS < HANDLE_SLOTS_MAX ? part->slot + SLICE_SLOTS : HANDLE_SLOTS_MAX;
    struct session *session;

    for (uint32_t closed = 0; closed < SLICE_CLOSED && (session = worker_next_session(worker, &part->slot, end)) != NULL; part->slot++) {
        struct client *client = client_of(session);

        if (is_meant_though_absent(presence, worker, inquiry, client)) {
            grace_end(presence, worker, client);
            part->total++;
            closed++;
            continue;
        }
        if (session->closed || session->state == SESSION_ENDED)
            continue;
        if (inquiry->kind == INQUIRY_SESSIONS) {
            offer(part, session->handle, key_of(worker, client, inquiry->order));
            part->total++;
        } else if (session->state == SESSION_OPEN && is_meant(presence, worker, inquiry, client)) {
            client_dismiss(presence, worker, client);
            part->total++;
            closed++;
        }
    }
    return part->slot >= HANDLE_SLOTS_MAX;
}

void
inquiry_arrive(struct presence *presence, struct worker *worker, struct mail *mail)
{
    struct desk *desk = presence_desk(presence, worker);
    struct mail **link = &desk->inquiries;

    while (*link != NULL)
        link = &(*link)->next;
    mail->next = NULL;
    *link = mail;
}

bool
inquiry_work(struct presence *presence, struct worker *worker)
{
    struct desk *desk = presence_desk(presence, worker);
    struct inquiry_part *part;
    struct mailbox *answers;

    if (desk->inquiries == NULL)
        return false;
    part = inquiry_part_of(desk->inquiries);
    if (part->inquiry->kind == INQUIRY_USERS)
        look_at_users(presence, worker, part);
    else if (part->slot < HANDLE_SLOTS_MAX && !walk(presence, worker, part))
        return true;
    if (part->inquiry->kind == INQUIRY_SESSIONS && !describe_some(presence, worker, part))
        return true;
    desk->inquiries = part->mail.next;
    answers = part->inquiry->answers; /* the part is not ours any more once it is posted */
    if (mailbox_post(answers, &part->mail))
        mailbox_wake(answers);
    return desk->inquiries != NULL;
}
