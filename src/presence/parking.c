/* SPDX-License-Identifier: MIT
 *
 * Those who wait for news stand in the order of their tickets, so looking at the first is enough. Those who are braked wait for something that
 * other workers finish, so they are looked at every turn, and a deadline sees to it that there is a turn. Those with long batches have their slices
 * one after the other, a few of them in each turn, however many they are.
 */
#include "presence/parking.h"

#include "net/worker.h"
#include "presence/input.h"
#include "presence/news.h"

/* Clients that have a slice in one turn: at one or two milliseconds each, others wait for as long as that. */
enum { SLICES_PER_TURN = 2 };

/* Those who do not wait for anything that wakes this worker are looked at soon. */
static void
look_again(struct worker *worker, struct desk *desk) REQUIRES(worker_role)
{
    if (!deadline_is_running(&desk->brake))
        deadlines_start(worker_deadlines(worker, DEADLINE_BRAKE), &desk->brake, worker->now_ms);
}

static struct list *
list_for(struct desk *desk, enum outcome outcome)
{
    return outcome == BRAKE ? &desk->braked : outcome == SLICE ? &desk->sliced : &desk->parked;
}

void
parking_enter(struct presence *presence, struct worker *worker, struct client *client, enum outcome outcome, size_t length)
{
    struct desk *desk = presence_desk(presence, worker);

    deadline_stop(&client->input->deadline);
    if (outcome == SLICE)
        input_offer(presence, worker, client->input, INPUT_SLICED);
    else
        input_withdraw(client->input); /* its turn comes soon */
    client->input->message_length = length;
    client->parked = true;
    client->turn = (struct list){0};
    list_append(list_for(desk, outcome), &client->turn);
    session_pause(worker, &client->session, true);
    if (outcome == BRAKE && !client->logged_in && !session_is_datagram(&client->session))
        deadline_stop(&client->session.deadline); /* its hello has come */
    if (outcome != WAIT)
        look_again(worker, desk);
}

void
parking_leave(struct client *client)
{
    if (!client->parked)
        return;
    client->parked = false;
    list_remove(&client->turn);
    input_withdraw(client->input);
}

static void
release_braked(struct presence *presence, struct worker *worker, struct desk *desk) REQUIRES(worker_role)
{
    struct list looked_at, *link;

    list_init(&looked_at);
    list_move_all(&looked_at, &desk->braked);
    while ((link = list_take_first(&looked_at)) != NULL) {
        struct client *client = LIST_ENTRY(link, struct client, turn);

        if (atomic_load_explicit(&presence->celebrating[client->ticket], memory_order_relaxed) == 0)
            client_resume(presence, worker, client);
        else
            list_append(&desk->braked, link);
    }
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
    if (!list_is_empty(&desk->braked) || !list_is_empty(&desk->sliced))
        look_again(worker, desk);
}

bool
parking_give_turns(struct presence *presence, struct worker *worker)
{
    struct desk *desk = presence_desk(presence, worker);
    struct list chosen, *link;

    /* What they ask makes news, which is not asked for while there is too much; and a server that stops does not begin anything. */
    if (pressure_is_high(worker->config->pressure) || atomic_load_explicit(&presence->stopping, memory_order_relaxed))
        return false;
    list_init(&chosen);
    for (int left = SLICES_PER_TURN; left > 0 && (link = list_take_first(&desk->sliced)) != NULL; left--)
        list_append(&chosen, link);
    while ((link = list_take_first(&chosen)) != NULL)
        client_resume(presence, worker, LIST_ENTRY(link, struct client, turn));
    return !list_is_empty(&desk->sliced);
}
