/* SPDX-License-Identifier: MIT
 *
 * The interleavings that the order of news has to have an answer for, each hammered over real sockets on several workers: a
 * user changes connections, friends arrive at once, a friend is listed again while its departure is being told. The others, which need
 * the model, are in test_interleavings_model.c.
 */
#include "support/device.h"
#include "support/dice.h"
#include "support/duet.h"
#include "support/pace.h"
#include "support/population.h"
#include "support/session.h"
#include "support/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORKERS = 4, STRANGERS = 150, ID_BYTES = 24, FIRST_LOOK_MS = 50 };

static struct device *
connected(const struct server *server, int64_t user_id)
{
    static unsigned numbers;
    struct device *device = device_new(numbers++, DEVICE_NOBODY, user_id);

    device_connect(device, server);
    return device;
}

/*
 * Ids of users who never come, as the beginning of a list. Whoever lists them is longer at arriving and at leaving, which gives others
 * time to do something meanwhile.
 */
static const char *
strangers(void)
{
    static char list[STRANGERS * ID_BYTES];
    size_t length = 0;

    if (list[0] == '\0')
        for (int64_t id = user_ids_reserve(STRANGERS), end = id + STRANGERS; id < end; id++)
            length += (size_t)snprintf(list + length, sizeof list - length, "%" PRId64 ",", id);
    return list;
}

/* Lists one friend, after the strangers if there are to be any. */
static void
say_hello(const struct device *device, bool with_strangers, int64_t friend_id)
{
    char text[STRANGERS * ID_BYTES + 128];
    int length = snprintf(
        text, sizeof text, "{\"user_id\": %" PRId64 ", \"friends\": [%s%" PRId64 "]}", device->user_id, with_strangers ? strangers() : "", friend_id);

    device_send(device, text, (size_t)length);
}

static void
say_goodbye_and_free(struct device *device)
{
    device_leave(device, LEAVE_GOODBYE);
    device_await_end(device);
    device_free(device);
}

/* ---- Users leave on one connection and come on another at once ---- */

/* The number of movers has no factor in common with that of the workers, who take connections in turn: so one's next is another worker's. */
enum { MOVERS = 41, MOVER_WATCHERS = 12, MOVES = 100, MOVE_STAGES = 4, SHOWN_WORDS = 24 };

struct moves {
    struct device *leaving[MOVERS], *coming[MOVERS];
    enum device_leaving how[MOVERS];
    bool with_strangers[MOVERS];
};

static void
move(void *context, int voice, unsigned mover)
{
    const struct moves *moves = context;

    if (voice == 0)
        device_leave(moves->leaving[mover], moves->how[mover]);
    else
        say_hello(moves->coming[mover], moves->with_strangers[mover], moves->coming[mover]->user_id);
}

/* One after the other, so that the server has a processor more to itself, in either order. */
static void
move_alone(struct moves *moves, struct dice *dice)
{
    for (unsigned mover = 0; mover < MOVERS; mover++) {
        int first = (int)dice_below(dice, 2);

        move(moves, first, mover);
        move(moves, 1 - first, mover);
    }
}

/* Everybody is there on one connection, moves to another many times, and leaves. */
static void
move_about(struct population *population, unsigned count)
{
    struct moves moves;

    for (unsigned mover = 0; mover < MOVERS; mover++) {
        moves.coming[mover] = connected(population->server, population->persons[mover].id);
        say_hello(moves.coming[mover], true, moves.coming[mover]->user_id);
    }
    for (unsigned i = 0; i < count; i++) {
        for (unsigned mover = 0; mover < MOVERS; mover++) {
            moves.leaving[mover] = moves.coming[mover];
            moves.coming[mover] = connected(population->server, population->persons[mover].id);
            moves.how[mover] = dice_below(&population->dice, LEAVE_WAYS);
            moves.with_strangers[mover] = dice_chance(&population->dice, 50);
        }
        if (i % 2 == 0)
            duet_play(MOVERS, move, &moves);
        else
            move_alone(&moves, &population->dice);
        for (unsigned mover = 0; mover < MOVERS; mover++) {
            if (moves.leaving[mover]->phase == DEVICE_LEAVING)
                device_await_end(moves.leaving[mover]);
            device_free(moves.leaving[mover]);
        }
        population_pump(population, 0);
    }
    for (unsigned mover = 0; mover < MOVERS; mover++)
        say_goodbye_and_free(moves.coming[mover]);
    population_await_departures(population);
    population_fence(population);
}

/* A watcher of one mover, who was away before and is away now, heard arrivals and departures in turn, as the mover's auditor did. */
static void
check_watcher(const struct population *population, const struct device *watcher)
{
    const struct device *auditor = population->persons[watcher->states[0].friends->users[0]].auditor;
    size_t count = watcher->heard_count, at = 0;

    while (at < count && watcher->heard[at] == (at % 2 == 0 ? '+' : '-'))
        at++;
    if (at < count || count % 2 != 0 || count == 0) {
        size_t from = at > SHOWN_WORDS ? at - SHOWN_WORDS : 0, to = at < count ? at + 1 : count;

        population_fail(population, "of %zu words heard about one user, those before number %zu are no arrivals and departures in turn: %.*s", count,
            to + 1, (int)(to - from), watcher->heard + from);
    }
    if (auditor->heard_count != count)
        population_fail(population, "two watchers of one user heard %zu and %zu words", count, auditor->heard_count);
}

START_TEST(test_moves)
{
    struct population *population = population_new(MOVERS, dice_seed("moves"), "--workers 16 --hello-timeout 600");
    unsigned moves = pace_scaled(MOVES);

    for (unsigned mover = 0; mover < MOVERS; mover++)
        for (int i = 0; i < MOVER_WATCHERS; i++)
            population_observe(population, friends_new(&mover, 1));
    population_settle(population);
    population_end_round(population);
    for (int stage = 0; stage < MOVE_STAGES; stage++) {
        move_about(population, moves);
        for (unsigned i = 0; i < population->device_count; i++)
            check_watcher(population, population->devices[i]);
        population_end_round(population);
    }
    population_free(population);
}
END_TEST

/* ---- Two friends arrive at once ---- */

enum { PAIRS = 50, PAIR_ROUNDS = 60 };

struct pairs {
    struct device *friends[2][PAIRS];
};

static void
arrive(void *context, int voice, unsigned turn)
{
    const struct pairs *pairs = context;

    say_hello(pairs->friends[voice][turn], true, pairs->friends[1 - voice][turn]->user_id);
}

/* At least one of the two hears of the other; and when one leaves, the other, who must be there, hears it. */
static void
part(struct device *one, struct device *other)
{
    int64_t deadline = pace_deadline_ms();

    while (one->heard_count + other->heard_count == 0) {
        ck_assert(device_listen(one) && device_listen(other));
        ck_assert_msg(pace_left_ms(deadline) > 0, "of two friends who arrived at once neither hears of the other");
    }
    device_leave(one, LEAVE_GOODBYE);
    device_await_end(one);
    while (device_count_heard(other, 0, '-') == 0)
        device_await(other, other->heard_count + 1);
    device_leave(other, LEAVE_GOODBYE);
    device_await_end(other);

    unsigned arrivals = device_count_heard(other, 0, '+');
    ck_assert_msg(one->heard_count <= 1 && device_count_heard(one, 0, '-') == 0 && one->heard_count + arrivals > 0 && arrivals <= 1 &&
            other->heard_count == arrivals + 1 && other->heard[arrivals] == '-',
        "two friends arrived at once and one left; that one heard \"%.*s\", the other \"%.*s\"", (int)one->heard_count,
        one->heard_count > 0 ? one->heard : "", (int)other->heard_count, other->heard);
    device_free(one);
    device_free(other);
}

START_TEST(test_friends_at_once)
{
    struct server *server = server_start("--workers %d", WORKERS);
    unsigned rounds = pace_scaled(PAIR_ROUNDS);

    for (unsigned round = 0; round < rounds; round++) {
        struct pairs pairs;

        for (int i = 0; i < PAIRS; i++)
            for (int voice = 0; voice < 2; voice++)
                pairs.friends[voice][i] = connected(server, user_ids_reserve(1));
        if (round % 2 == 0)
            duet_play(PAIRS, arrive, &pairs);
        for (unsigned i = 0; round % 2 == 1 && i < 2 * PAIRS; i++)
            arrive(&pairs, (int)(i % 2), i / 2); /* the same, but with more of the processors left to the server */
        for (int i = 0; i < PAIRS; i++)
            part(pairs.friends[i % 2][i], pairs.friends[1 - i % 2][i]);
    }
    server_stop(server);
}
END_TEST

/* ---- A friend is unlisted and listed again while news of that friend is under way ---- */

enum { CROWD = 2000, LISTERS = 8, LISTINGS = 40, LISTING_BEACONS = 6 };

/* Sends two lists at once: one without the friend, one with the friend and the beacons. */
static void
list_again(const struct device *lister, int64_t friend_id, int64_t beacon)
{
    char list[256 + LISTING_BEACONS * ID_BYTES];
    int length = snprintf(list, sizeof list, "{\"user_id\": %" PRId64 ", \"friends\": []}{\"user_id\": %" PRId64 ", \"friends\": [%" PRId64,
        lister->user_id, lister->user_id, friend_id);

    for (int i = 0; i < LISTING_BEACONS; i++)
        length += snprintf(list + length, sizeof list - (size_t)length, ", %" PRId64, beacon + i);
    length += snprintf(list + length, sizeof list - (size_t)length, "]}");
    device_send(lister, list, (size_t)length);
}

/* Beacons come until every lister has heard one, so that all their lists are in force. Returns how many came. */
static unsigned
beacons_come(const struct server *server, struct device *const *listers, int64_t beacon, struct device **beacons)
{
    unsigned came = 0, heard = 0;
    int look_ms = pace_stretched_ms(FIRST_LOOK_MS);

    while (heard < LISTERS) {
        int64_t deadline = pace_now_ms() + look_ms;

        ck_assert_msg(came < LISTING_BEACONS, "lists do not come into force");
        beacons[came] = connected(server, beacon + came);
        say_hello(beacons[came], false, beacon + came);
        came++;
        for (heard = 0; heard < LISTERS && pace_left_ms(deadline) > 0;) {
            ck_assert(device_listen(listers[heard]));
            heard += device_count_heard(listers[heard], 0, '+') > 0;
        }
        look_ms *= 2;
    }
    return came;
}

/*
 * The friend has left, which its thousands of watchers are still being told, the listers last. They list the friend anew, and somebody else
 * whose news is told at once. Whoever hears that first is told of the departure after a listing that is younger.
 */
static void
lists_meet_departure(const struct server *server, struct device *const *listers, int64_t friend_id)
{
    struct device *beacons[LISTING_BEACONS], *visitor = connected(server, friend_id);
    int64_t beacon = user_ids_reserve(LISTING_BEACONS);
    unsigned came;

    say_hello(visitor, false, friend_id);
    for (int i = 0; i < LISTERS; i++) {
        device_await(listers[i], 1);
        ck_assert(listers[i]->heard_count == 1 && listers[i]->heard[0] == '+');
        device_begin_round(listers[i]);
    }
    say_goodbye_and_free(visitor);
    for (int i = 0; i < LISTERS; i++)
        list_again(listers[i], friend_id, beacon);
    came = beacons_come(server, listers, beacon, beacons);
    for (unsigned i = 0; i < came; i++)
        say_goodbye_and_free(beacons[i]);
    for (int i = 0; i < LISTERS; i++) {
        struct device *lister = listers[i];

        while (device_count_heard(lister, 0, '-') < came + 1)
            device_await(lister, lister->heard_count + 1);
        ck_assert_msg(lister->heard[0] == '-' && device_count_heard(lister, 0, '-') == came + 1 && device_count_heard(lister, 0, '+') <= came,
            "a friend left, was listed anew, and %u others came and went: heard was %.*s", came, (int)lister->heard_count, lister->heard);
        device_begin_round(lister);
    }
}

START_TEST(test_listed_again)
{
    struct population *population = population_new(1, dice_seed("listed again"), "--workers 2 --hello-timeout 600");
    struct device *listers[LISTERS], *beacons[LISTING_BEACONS];
    unsigned crowd = pace_scaled(CROWD), listings = pace_scaled(LISTINGS), friend = 0, came;
    int64_t friend_id = population->persons[0].id, beacon = user_ids_reserve(LISTING_BEACONS);

    for (unsigned i = 0; i < crowd; i++)
        population_observe(population, friends_new(&friend, 1));
    population_settle(population);
    population_end_round(population);
    for (int i = 0; i < LISTERS; i++) {
        listers[i] = connected(population->server, user_ids_reserve(1));
        list_again(listers[i], friend_id, beacon);
    }
    came = beacons_come(population->server, listers, beacon, beacons);
    for (unsigned i = 0; i < came; i++)
        say_goodbye_and_free(beacons[i]);
    for (int i = 0; i < LISTERS; i++) {
        while (device_count_heard(listers[i], 0, '-') < came)
            device_await(listers[i], listers[i]->heard_count + 1);
        device_begin_round(listers[i]);
    }
    for (unsigned i = 0; i < listings; i++)
        lists_meet_departure(population->server, listers, friend_id);
    for (int i = 0; i < LISTERS; i++) {
        device_leave(listers[i], LEAVE_GOODBYE);
        device_await_end(listers[i]);
        ck_assert_uint_eq(listers[i]->heard_count, 0);
        device_free(listers[i]);
    }
    for (unsigned i = 0; i < population->device_count; i++) {
        struct device *watcher = population->devices[i];

        device_await(watcher, 2 * (size_t)listings);
        for (size_t word = 0; word < watcher->heard_count; word++)
            ck_assert_msg(watcher->heard_count == 2 * (size_t)listings && watcher->heard[word] == (word % 2 == 0 ? '+' : '-'),
                "one of the crowd heard %.*s", (int)watcher->heard_count, watcher->heard);
    }
    population_end_round(population);
    population_free(population);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("interleavings");
    TCase *tcase = tcase_create("hammered");

    (void)strangers(); /* made before there are threads */
    tcase_set_timeout(tcase, pace_test_timeout_s());
    tcase_add_test(tcase, test_moves);
    tcase_add_test(tcase, test_friends_at_once);
    tcase_add_test(tcase, test_listed_again);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
