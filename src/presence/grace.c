/* SPDX-License-Identifier: MIT
 *
 * See grace.h. Whether a lost session is its user's last, and whether its user comes back, is decided in the graph, under the user's lock; what
 * happens here afterwards can only be late. In particular the mail about a return only gives memory back sooner than the deadline would.
 */
#include "presence/grace.h"

#include "net/worker.h"
#include "presence/desk.h"

#include <stdlib.h>

enum { GONE_PER_TURN = 256 }; /* as many as may end by silence */

struct return_mail {
    struct mail mail; /* first */
    struct handle replaced;
};

static enum deadline_kind
kind_of(uint32_t transport)
{
    return transport == TALLY_UDP ? DEADLINE_GRACE_DATAGRAM : DEADLINE_GRACE;
}

static const struct admission *
admission_of(const struct worker *worker, uint32_t transport)
{
    return transport == TALLY_UDP ? worker->config->datagram_admission : worker->config->admission;
}

/* Are the absent clients, so many more, and the sessions more than there may be sessions? */
static bool
is_over(const struct presence *presence, const struct worker *worker, uint32_t transport, uint32_t more)
{
    const struct admission *admission = admission_of(worker, transport);
    uint64_t absent = atomic_load_explicit(&presence->absent[transport], memory_order_relaxed);

    return absent + more + admission_count(admission) > admission_limit(admission);
}

bool
grace_is_given(const struct presence *presence, const struct worker *worker, const struct client *client)
{
    uint32_t transport = client_transport(client);

    if (worker->config->timeouts_ms[kind_of(transport)] == 0 || client->end == END_OPERATOR)
        return false;
    return !is_over(presence, worker, transport, client->session.closed ? 1 : 0);
}

void
grace_begin(struct presence *presence, struct worker *worker, struct client *client, enum leave_reason reason)
{
    if (!client->departing)
        client->retry = (struct deadline){0};
    client->absent = true;
    client->reason = reason;
    deadlines_start(worker_deadlines(worker, kind_of(client_transport(client))), &client->retry, worker->now_ms);
    counter_add(&presence_tally(presence, worker)->absences, 1);
    if (client->session.closed)
        grace_closed(presence, client);
}

void
grace_closed(struct presence *presence, const struct client *client)
{
    atomic_fetch_add_explicit(&presence->absent[client_transport(client)], 1, memory_order_relaxed);
}

void
grace_forget(struct presence *presence, struct client *client)
{
    deadline_stop(&client->retry);
    client->absent = false;
    if (client->session.closed)
        atomic_fetch_sub_explicit(&presence->absent[client_transport(client)], 1, memory_order_relaxed);
}

/* Ends the client's part in the graph. False: there is no memory for telling it. */
static bool
vanish(struct presence *presence, struct worker *worker, const struct client *client) REQUIRES(worker_role)
{
    struct user_id user = {0};
    bool transition;
    int error;

    (void)graph_absent_user(presence->graph, worker->number, client->member, &user);
    error = graph_logout(presence->graph, worker->number, client->member, client->reason, &transition);
    if (error == 0 && transition) {
        counter_add(&presence_tally(presence, worker)->departures, 1);
        counter_add(&presence_tally(presence, worker)->vanished, 1);
        presence->store->announce(presence->store_state, user, false);
    }
    text_drop(user.name);
    return error == 0;
}

void
grace_end(struct presence *presence, struct worker *worker, struct client *client)
{
    /* When the server stops, the graph is freed as a whole. */
    if (!atomic_load_explicit(&presence->stopping, memory_order_relaxed) && !vanish(presence, worker, client)) {
        client_log_no_memory(client, "telling a departure; it is kept and tried again");
        deadlines_start(worker_deadlines(worker, DEADLINE_RETRY), &client->retry, worker->now_ms);
        return;
    }
    grace_forget(presence, client);
    if (client->session.closed)
        worker_release(worker, &client->session);
}

void
grace_return(struct presence *presence, struct worker *worker, struct handle replaced)
{
    struct return_mail *letter = malloc(sizeof *letter);

    counter_add(&presence_tally(presence, worker)->returns, 1);
    if (letter == NULL)
        return; /* its deadline frees the session */
    *letter = (struct return_mail){.mail.tag = MAIL_RETURN, .replaced = replaced};
    worker_post(worker, handle_worker(replaced), &letter->mail);
}

void
grace_returned(struct presence *presence, struct worker *worker, struct mail *mail)
{
    struct return_mail *letter = (struct return_mail *)(void *)mail;
    struct client *client = client_find(worker, letter->replaced);

    if (client != NULL && client->absent)
        grace_end(presence, worker, client);
    free(letter);
}

/* Makes room in one transport. True: there is more to do. */
static bool
make_room(struct presence *presence, struct worker *worker, uint32_t transport) REQUIRES(worker_role)
{
    const struct list *waiting = &worker_deadlines(worker, kind_of(transport))->waiting;

    for (uint32_t left = GONE_PER_TURN; !list_is_empty(waiting) && is_over(presence, worker, transport, 0); left--) {
        struct client *oldest = LIST_ENTRY(LIST_ENTRY(waiting->next, struct deadline, link), struct client, retry);

        if (!oldest->session.closed)
            return false; /* it takes no room of its own yet, and the others came later */
        if (left == 0)
            return true;
        grace_end(presence, worker, oldest);
    }
    return false;
}

bool
grace_make_room(struct presence *presence, struct worker *worker)
{
    bool more = make_room(presence, worker, TALLY_TCP);

    return make_room(presence, worker, TALLY_UDP) || more;
}
