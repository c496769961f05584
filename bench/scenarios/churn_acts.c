/* SPDX-License-Identifier: MIT */
#include "scenarios/churn.h"

enum { HAUNTED_PART = 10 /* at most one of so many */ };

static uint32_t
witness_of(const struct churn *churn, uint32_t person)
{
    return person % churn->witnesses;
}

static void
text_say(struct churn *churn, uint32_t client)
{
    crowd_say(&churn->stage->crowd, client, churn->text.bytes, churn->text.used);
    churn->text.used = 0;
}

/* Connects a session of the person, which says hello with the whole list. */
static void
seat_take(struct churn *churn, uint32_t person, int device)
{
    uint32_t *users = churn->snapshot, count = churn_list(churn, person, UINT32_MAX, users);

    churn->text.used = 0;
    churn->stage->plan->talk->login(&churn->text, churn_user(churn, person), users, count);
    crowd_join(&churn->stage->crowd, churn_client(churn, person, device), churn->text.bytes, churn->text.used);
    churn->text.used = 0;
    churn_books_sit(churn, person, device);
}

/* The person comes or goes, which its witness will be told. */
static void
transition_order(struct churn *churn, uint32_t person, int64_t due_ns)
{
    struct crowd *crowd = &churn->stage->crowd;
    struct person *it = &churn->persons[person];
    uint32_t witness = witness_of(churn, person);

    it->ordered_ns = crowd_clock_ns();
    belief_change(&it->truth);
    it->moving = true;
    churn->movers[witness] = person;
    crowd_transition(crowd, it->ordered_ns);
    crowd_expect(crowd, witness, churn_user(churn, person), it->truth.online, due_ns);
    churn_books_move(churn, person);
}

void
churn_arrive(struct churn *churn, uint32_t person, int64_t due_ns)
{
    transition_order(churn, person, due_ns);
    seat_take(churn, person, 0);
    churn->acts[ACT_ARRIVE]++;
}

/* Ends the session in one of three ways. */
static void
seat_leave(struct churn *churn, uint32_t person, int device, enum churn_act how)
{
    struct crowd *crowd = &churn->stage->crowd;
    uint32_t client = churn_client(churn, person, device);

    churn_books_rise(churn, person, device);
    if (how == ACT_GOODBYE) {
        churn->stage->plan->talk->leave(&churn->text, churn_user(churn, person), true);
        text_say(churn, client);
    }
    if (!crowd_joined(crowd, client))
        return;
    if (how == ACT_CRASH)
        crowd_crash(crowd, client);
    else
        crowd_drop(crowd, client);
}

static void
depart(struct churn *churn, uint32_t person, int device, int64_t due_ns)
{
    enum churn_act how = ACT_GOODBYE + random_below(&churn->stage->random, churn->stage->plan->udp ? 1 : 3);

    transition_order(churn, person, due_ns);
    seat_leave(churn, person, device, how);
    churn->acts[how]++;
}

static void
beat(struct churn *churn, uint32_t person, int device)
{
    churn->stage->plan->talk->beat(&churn->text, churn_user(churn, person));
    text_say(churn, churn_client(churn, person, device));
    churn->acts[ACT_BEAT]++;
}

/* In a dialect with names in two steps, of which each is one message. */
static void
relist(struct churn *churn, uint32_t person, int device)
{
    const struct talk *talk = churn->stage->plan->talk;
    uint32_t client = churn_client(churn, person, device), user = churn_user(churn, person);
    uint32_t *users = churn->snapshot, old, place, count;

    if (churn->persons[person].seats[device].awaits || (place = churn_friend_change(churn, person)) == UINT32_MAX) {
        beat(churn, person, device);
        return;
    }
    if (talk->names_users) {
        for (uint32_t i = churn->persons[person].listed; i < person_room(&churn->persons[person]); i++)
            if (churn->persons[person].friends[i].state == FRIEND_DROPPED)
                old = churn_user(churn, churn->persons[person].friends[i].person);
        talk->relist(&churn->text, user, &old, 1, NULL, 0);
        text_say(churn, client);
        count = 1;
        users[0] = churn_user(churn, churn->persons[person].friends[place].person);
    } else {
        count = churn_list(churn, person, UINT32_MAX, users);
    }
    talk->relist(&churn->text, user, NULL, 0, users, count);
    text_say(churn, client);
    churn_books_added(churn, person, device, place);
    churn->acts[ACT_RELIST]++;
}

/* A second device comes, or one of two goes. Nobody is told. */
static void
device_change(struct churn *churn, uint32_t person)
{
    struct person *it = &churn->persons[person];
    int device = it->seats[0].state == SEAT_EMPTY ? 0 : it->seats[1].state == SEAT_EMPTY ? 1 : (int)random_below(&churn->stage->random, 2);

    if (it->seats[device].state == SEAT_EMPTY)
        seat_take(churn, person, device);
    else
        seat_leave(churn, person, device, churn->stage->plan->udp ? ACT_GOODBYE : ACT_CLOSE);
    it->resting = true;
    churn->acts[ACT_DEVICE]++;
}

/* Over UDP: vanishes and says hello from another port. */
static void
haunt(struct churn *churn, uint32_t person, int device)
{
    struct person *it = &churn->persons[person];

    seat_leave(churn, person, device, ACT_CLOSE);
    seat_take(churn, person, device);
    it->resting = it->haunted = true;
    churn->haunted++;
    churn->acts[ACT_CRASH]++;
}

/* Somebody begins a hello and leaves it at that; over TCP the server ends that some time, or the next stranger does. */
static void
stranger_come(struct churn *churn)
{
    struct crowd *crowd = &churn->stage->crowd;
    uint32_t client = churn_stranger(churn, churn->strangers++ % CHURN_STRANGERS);

    if (crowd_joined(crowd, client))
        crowd_drop(crowd, client);
    churn->text.used = 0;
    churn->stage->plan->talk->login(&churn->text, crowd->clients[client].user, NULL, 0);
    crowd_join(crowd, client, churn->text.bytes, churn->text.used / 2);
    churn->text.used = 0;
    if (churn->stage->plan->udp)
        crowd_drop(crowd, client);
    churn->acts[ACT_STRANGER]++;
}

/* Of a hundred things that those do who are there. */
static void
there_act(struct churn *churn, uint32_t person, int64_t due_ns)
{
    enum { DEPARTS = 35, RELISTS = DEPARTS + 20, DEVICES = RELISTS + 4, VANISHES = DEVICES + 2 };
    struct person *it = &churn->persons[person];
    bool both = it->seats[0].state != SEAT_EMPTY && it->seats[1].state != SEAT_EMPTY;
    int device = it->seats[0].state != SEAT_EMPTY ? 0 : 1;
    uint32_t roll = random_below(&churn->stage->random, 100);
    bool may_go = !it->haunted && !it->resting, may_vanish = may_go && !both && churn->haunted < churn->people / HAUNTED_PART;

    if (roll < DEPARTS && may_go && !both)
        depart(churn, person, device, due_ns);
    else if (roll >= DEPARTS && roll < RELISTS && !it->resting && !both)
        relist(churn, person, device);
    else if (roll >= RELISTS && roll < DEVICES && may_go)
        device_change(churn, person);
    else if (roll >= DEVICES && roll < VANISHES && may_vanish && churn->stage->plan->udp)
        haunt(churn, person, device);
    else
        beat(churn, person, device);
}

bool
churn_act(struct churn *churn, int64_t due_ns)
{
    enum { TRIES = 64 };

    if (random_below(&churn->stage->random, 100) == 0) {
        stranger_come(churn);
        return true;
    }
    for (int i = 0; i < TRIES; i++) {
        uint32_t person = random_below(&churn->stage->random, churn->people);

        if (churn->movers[witness_of(churn, person)] != UINT32_MAX)
            continue;
        if (churn->persons[person].truth.online)
            there_act(churn, person, due_ns);
        else
            churn_arrive(churn, person, due_ns);
        return true;
    }
    return false;
}
