/* SPDX-License-Identifier: MIT */
#include "torture/folk.h"

#include "support/pace.h"
#include "torture/folk_internal.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MIXED_PERCENT = 50,
    ROUND_MS_MIN = 40, /* from one to the next: the machine is to have time for the faults as well */
    BEACON_AGAIN_MS = 500,
    EVENTS = 64,
    BEACON_BYTES = 96,
    PATIENCE_S = 90,
};

int64_t
folk_rpc_beacon(const struct folk *folk)
{
    return folk->first_id + folk->count;
}

int64_t
folk_classic_beacon(const struct folk *folk)
{
    return folk->first_id + folk->count + 1;
}

bool
folk_expects(const struct folk *folk, const struct person *person)
{
    if (!person->moves)
        return person->was_online;
    return folk->mixed || folk->stage > 0 || !person->wanted ? person->wanted : person->was_online;
}

void
folk_init(struct folk *folk, const char *name, unsigned count, unsigned far, uint64_t seed, const struct way *near, const struct way *link)
{
    /* Nobody else's number is near these, whatever a byte of garbage does to one. */
    static int64_t next_id = INT64_C(7000000000000);

    *folk = (struct folk){
        .name = name, .near = *near, .far = *link, .dice = {.state = seed}, .count = count, .first_id = next_id, .patience_s = PATIENCE_S};
    next_id += 100000;
    folk->people = calloc(count, sizeof *folk->people);
    folk->lists = calloc((size_t)count * count, sizeof *folk->lists);
    folk->poller = epoll_create1(EPOLL_CLOEXEC);
    folk->beacon_socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    folk->beacon_to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(near->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    ck_assert(folk->people != NULL && folk->lists != NULL && folk->poller >= 0 && folk->beacon_socket >= 0);
    for (unsigned i = 0; i < count; i++) {
        struct person *person = &folk->people[i];

        person->id = folk->first_id + i;
        person->rpc = dice_chance(&folk->dice, 50);
        person->far = i < far;
        plan_friends(folk, i);
    }
}

void
folk_done(struct folk *folk)
{
    for (unsigned i = 0; i < folk->count; i++)
        talk_close(&folk->people[i].talk, false);
    talk_close(&folk->asker.talk, false);
    close(folk->poller);
    close(folk->beacon_socket);
    free(folk->people);
    free(folk->lists);
}

bool
folk_rests(const struct folk *folk)
{
    return folk->step == FOLK_RESTS;
}

unsigned
folk_online(const struct folk *folk)
{
    unsigned online = 0;

    for (unsigned i = 0; i < folk->count; i++)
        online += folk->people[i].phase == PERSON_THERE;
    return online;
}

void
folk_be_patient(struct folk *folk)
{
    folk->deadline_ms = pace_now_ms() + (int64_t)pace_seconds(folk->patience_s) * 1000;
}

/* Those who move in this stage begin to. */
static void
begin_moves(struct folk *folk)
{
    folk->asker.has_answer = false;
    folk->step = FOLK_MOVES;
    for (unsigned i = 0; i < folk->count; i++) {
        struct person *person = &folk->people[i];

        if (!person->moves)
            continue;
        if (!person->wanted && folk->stage == 0)
            person_leave(folk, person);
        else if (person->wanted && (folk->mixed || folk->stage == 1))
            person_come(folk, person);
    }
}

/* Nobody moves yet; who is there is there. */
static void
begin_round(struct folk *folk)
{
    folk->round++;
    folk->stage = 0;
    folk->begun_ms = pace_now_ms();
    folk_be_patient(folk);
    for (unsigned i = 0; i < folk->count; i++) {
        struct person *person = &folk->people[i];

        person->was_online = person->phase == PERSON_THERE;
        person->wanted = person->was_online;
        person->moves = false;
        person->changes = person->heard_count = 0;
        person->heard[0] = '\0';
        person->round_at = 0;
    }
}

static bool
all_moved(struct folk *folk)
{
    int64_t now = pace_now_ms();
    bool moved = true;

    for (unsigned i = 0; i < folk->count; i++) {
        struct person *person = &folk->people[i];

        if (person->phase == PERSON_COMING && person->talk.client == NULL && now >= person->retry_ms)
            person_come(folk, person);
        moved = moved && person->phase != PERSON_LEAVING && (person->phase != PERSON_COMING || (!person->rpc && person->talk.client != NULL));
    }
    return moved;
}

/* The truth is as it should be, so who has said a hello of the classic dialect is there. */
static void
arrive(struct folk *folk)
{
    for (unsigned i = 0; i < folk->count; i++)
        if (folk->people[i].phase == PERSON_COMING)
            folk->people[i].phase = PERSON_THERE;
}

static void
beacon_say(struct folk *folk)
{
    char text[BEACON_BYTES];
    int length =
        snprintf(text, sizeof text, "{\"user_id\": %" PRId64 "%s}", folk_classic_beacon(folk), folk->step == FOLK_PARTS ? ", \"online\": false" : "");

    (void)sendto(folk->beacon_socket, text, (size_t)length, 0, (struct sockaddr *)&folk->beacon_to, sizeof folk->beacon_to);
    folk->beacon_ms = pace_now_ms() + BEACON_AGAIN_MS;
}

/* Have all heard of the beacon's coming, or its going? */
static bool
all_heard(struct folk *folk)
{
    bool heard = true;

    for (unsigned i = 0; i < folk->count; i++)
        if (folk->people[i].phase == PERSON_THERE)
            heard = judge_has_heard(folk, &folk->people[i], folk->step == FOLK_PARTS) && heard;
    return heard && asker_has_said(folk);
}

static void
end_round(struct folk *folk)
{
    int64_t now = pace_now_ms();

    judge_round(folk);
    for (unsigned i = 0; i < folk->count; i++) {
        struct person *person = &folk->people[i];

        folk->books.moves += person->moves;
        if (person->round_at > 0)
            person->last_at = person->round_at;
    }
    folk->books.rounds++;
    if (now - folk->begun_ms > folk->books.slowest_ms)
        folk->books.slowest_ms = now - folk->begun_ms;
    folk->next_ms = folk->begun_ms + ROUND_MS_MIN;
    folk->step = FOLK_RESTS;
    folk->reunion = false;
    begin_round(folk); /* what comes between the rounds is of none */
}

/* Goes on by a step; false when that has to wait. */
static bool
folk_step(struct folk *folk)
{
    switch (folk->step) {
    case FOLK_RESTS:
        if (folk->pauses || pace_now_ms() < folk->next_ms || !folk->asker.there)
            return false;
        begin_round(folk);
        folk->mixed = !folk->balanced && dice_chance(&folk->dice, MIXED_PERCENT);
        plan_moves(folk);
        begin_moves(folk);
        return true;
    case FOLK_MOVES:
        if (!all_moved(folk))
            return false;
        folk->step = FOLK_ASKS;
        return true;
    case FOLK_ASKS:
        if (!all_moved(folk) || !asker_agrees(folk))
            return false;
        arrive(folk);
        if (!folk->mixed && folk->stage == 0) {
            folk->stage = 1;
            begin_moves(folk);
            return true;
        }
        asker_say(folk);
        folk->step = FOLK_HEARS;
        beacon_say(folk);
        return true;
    case FOLK_HEARS:
        if (!all_heard(folk))
            return false;
        folk->step = FOLK_PARTS;
        beacon_say(folk);
        return true;
    case FOLK_PARTS:
        if (!all_heard(folk))
            return false;
        end_round(folk);
        return false;
    }
    return false;
}

static void
folk_take(struct folk *folk)
{
    struct epoll_event events[EVENTS];
    int count = EVENTS;

    for (int again = 0; again < 16 && count == EVENTS; again++) {
        count = epoll_wait(folk->poller, events, EVENTS, 0);
        for (int i = 0; i < count; i++) {
            struct person *person = events[i].data.ptr;

            if (events[i].data.ptr != &folk->asker && person->talk.client != NULL)
                person_listen(folk, person);
        }
    }
    for (unsigned i = 0; i < folk->count; i++)
        talk_push(&folk->people[i].talk);
    asker_turn(folk);
}

/* What a round that does not end waits for. */
static void
fail_waiting(struct folk *folk)
{
    static const char *const steps[] = {
        "rests", "waits until all have moved", "waits for the truth", "waits for the beacon", "waits for the beacon's end"};

    for (unsigned i = 0; i < folk->count; i++) {
        const struct person *person = &folk->people[i];

        if (folk->step >= FOLK_HEARS && person->phase == PERSON_THERE && !judge_has_heard(folk, &folk->people[i], folk->step == FOLK_PARTS))
            judge_missed(folk, person);
        if (folk->step == FOLK_MOVES && (person->phase == PERSON_LEAVING || person->phase == PERSON_COMING))
            ck_abort_msg("%s: %" PRId64 " waits in vain to %s", folk->name, person->id, person->phase == PERSON_LEAVING ? "leave" : "come");
    }
    ck_abort_msg("%s: round %" PRIu64 " does not end: it %s; the server and we differ about %" PRId64, folk->name, folk->round, steps[folk->step],
        folk->asker.differs);
}

void
folk_turn(struct folk *folk)
{
    folk_take(folk);
    while (folk_step(folk))
        ;
    if (folk->step == FOLK_RESTS)
        return;
    if ((folk->step == FOLK_HEARS || folk->step == FOLK_PARTS) && pace_now_ms() >= folk->beacon_ms)
        beacon_say(folk);
    if (folk->shortage)
        folk_be_patient(folk);
    if (pace_left_ms(folk->deadline_ms) == 0)
        fail_waiting(folk);
}

/* Reads what the dead server had still said. Behind the link the end of a connection may never arrive. */
static void
hear_the_rest(struct folk *folk, struct person *person)
{
    int64_t deadline = pace_deadline_ms();

    while (person->talk.client != NULL && !person->far && !talk_take(&person->talk))
        ck_assert_msg(pace_left_ms(deadline) > 0, "%s: the server is dead, and the connection of %" PRId64 " is not", folk->name, person->id);
    if (person->phase != PERSON_COMING)
        person_hear(folk, person);
    if (folk->step != FOLK_RESTS && person->phase != PERSON_COMING)
        judge_leftovers(folk, person);
    talk_close(&person->talk, person->far);
    person_gone(person);
    person->last_at = 0; /* nor does the server know it any more */
}

void
folk_crashed(struct folk *folk)
{
    bool *wanted = calloc(folk->count, sizeof *wanted);

    ck_assert_ptr_nonnull(wanted);
    for (unsigned i = 0; i < folk->count; i++) {
        hear_the_rest(folk, &folk->people[i]);
        wanted[i] = folk->people[i].wanted;
    }
    asker_lost(folk);
    begin_round(folk);
    for (unsigned i = 0; i < folk->count; i++)
        folk->people[i].moves = folk->people[i].wanted = wanted[i];
    free(wanted);
    folk->mixed = folk->reunion = true;
    begin_moves(folk);
}

void
folk_cut(struct folk *folk, bool silent)
{
    ck_assert(folk_rests(folk));
    begin_round(folk);
    for (unsigned i = 0; i < folk->count; i++) {
        struct person *person = &folk->people[i];

        person->moves = person->far && person->was_online;
        person->wanted = person->was_online && !person->moves;
        person->how = silent ? BY_CUT : BY_BREAK;
    }
    folk->cut = folk->mixed = true;
    begin_moves(folk);
}
