/* SPDX-License-Identifier: MIT
 *
 * Those who wait for news stand in the order of their tickets, so looking at the first is enough. Those who are braked wait for something that
 * other workers finish, so they are looked at every turn, and a deadline sees to it that there is a turn.
 */
#include "presence/parking.h"

#include "net/worker.h"
#include "presence/input.h"
#include "presence/news.h"

void
parking_enter(struct presence *presence, struct worker *worker, struct client *client, enum outcome outcome, size_t length)
{
    struct desk *desk = presence_desk(presence, worker);

    deadline_stop(&client->input->deadline);
    client->input->message_length = length;
    client->parked = true;
    client->turn = (struct list){0};
    list_append(outcome == BRAKE ? &desk->braked : &desk->parked, &client->turn);
    session_pause(worker, &client->session, true);
    if (outcome != BRAKE)
        return;
    if (!client->logged_in && !session_is_datagram(&client->session))
        deadline_stop(&client->session.deadline); /* its hello has come */
    if (!deadline_is_running(&desk->brake))
        deadlines_start(worker_deadlines(worker, DEADLINE_BRAKE), &desk->brake, worker->now_ms);
}

void
parking_leave(struct client *client)
{
    if (!client->parked)
        return;
    client->parked = false;
    list_remove(&client->turn);
}

static void
release_braked(struct presence *presence, struct worker *worker, struct desk *desk) REQUIRES(worker_role)
{
    struct list looked_at, *link;

    list_init(&looked_at);
    while ((link = list_take_first(&desk->braked)) != NULL)
        list_append(&looked_at, link);
    while ((link = list_take_first(&looked_at)) != NULL) {
        struct client *client = LIST_ENTRY(link, struct client, turn);

        if (atomic_load_explicit(&presence->celebrating[client->ticket], memory_order_relaxed) == 0)
            client_resume(presence, worker, client);
        else
            list_append(&desk->braked, link);
    }
    if (!list_is_empty(&desk->braked) && !deadline_is_running(&desk->brake))
        deadlines_start(worker_deadlines(worker, DEADLINE_BRAKE), &desk->brake, worker->now_ms);
}

void
parking_release(struct presence *presence, struct worker *worker)
{
    struct desk *desk = presence_desk(presence, worker);

    while (!list_is_empty(&desk->parked)) {
        struct client *client = LIST_ENTRY(desk->parked.next, struct client, turn);

        if (client->ticket > news_told_through(desk, worker))
            break;
        client_resume(presence, worker, client);
    }
    if (!list_is_empty(&desk->braked))
        release_braked(presence, worker, desk);
}
