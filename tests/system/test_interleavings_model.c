/* SPDX-License-Identifier: MIT
 *
 * Interleavings with so much of a choice that it takes the model to tell right from wrong, each hammered over real sockets on several
 * workers: departures tell sessions that come and go meanwhile, friends who are kept in a new list, users with thousands of watchers.
 */
#include "support/dice.h"
#include "support/habits.h"
#include "support/model.h"
#include "support/pace.h"
#include "support/population.h"
#include "support/unit.h"

#include <stdlib.h>

/* ---- Departures tell the sessions of listed users, who come and go meanwhile ---- */

enum { LEAVERS = 60, FOLLOWERS = 6, DEPARTURES = 25 };

static struct script *
script_new(void)
{
    struct script *script = calloc(1, sizeof *script);

    ck_assert_ptr_nonnull(script);
    return script;
}

/* The users whom a leaver lists: all or half of its followers. */
static struct friends *
followers_of(unsigned leaver, unsigned leavers, bool half)
{
    unsigned users[FOLLOWERS];

    for (unsigned i = 0; i < FOLLOWERS; i++)
        users[i] = leavers + leaver * FOLLOWERS + i;
    return friends_new(users, half ? FOLLOWERS / 2 : FOLLOWERS);
}

/* A second device of a follower comes, or goes if it is there. Half of them list the leaver as well. */
static void
follower_stirs(struct population *population, unsigned follower, unsigned leaver)
{
    const struct person *person = &population->persons[follower];
    struct script *script = script_new();

    if (person->device_count < 2)
        script_come(script, population_device(population, follower), friends_new(&leaver, dice_below(&population->dice, 2)), false);
    else
        script_leave(script, person->devices[dice_below(&population->dice, 2)], dice_below(&population->dice, LEAVE_WAYS), false);
    population_assign(population, follower, script);
}

/* A leaver who is there leaves, with all devices at once; one who is not comes. */
static void
leaver_stirs(struct population *population, unsigned leaver, unsigned leavers)
{
    struct dice *dice = &population->dice;
    const struct person *person = &population->persons[leaver];
    struct script *script = script_new();

    for (unsigned i = 0; i < person->device_count; i++)
        script_leave(script, person->devices[i], dice_below(dice, LEAVE_WAYS), false);
    for (unsigned left = person->device_count > 0 ? 0 : dice_chance(dice, 30) ? 2 : 1; left > 0; left--)
        script_come(script, population_device(population, leaver), followers_of(leaver, leavers, left == 2), false);
    population_assign(population, leaver, script);
}

START_TEST(test_reciprocal)
{
    unsigned leavers = pace_scaled(LEAVERS), departures = pace_scaled(DEPARTURES);
    struct population *population = population_new(leavers * (1 + FOLLOWERS), dice_seed("reciprocal"), "--workers 4 --hello-timeout 600");
    struct model_totals totals = {0};

    for (unsigned follower = leavers; follower < population->count; follower++)
        follower_stirs(population, follower, (follower - leavers) / FOLLOWERS);
    model_round(population, false, &totals);
    for (unsigned i = 0; i < 2 * departures; i++) {
        for (unsigned leaver = 0; leaver < leavers; leaver++)
            leaver_stirs(population, leaver, leavers);
        for (unsigned follower = leavers; follower < population->count; follower++)
            if (dice_chance(&population->dice, 60))
                follower_stirs(population, follower, (follower - leavers) / FOLLOWERS);
        model_round(population, false, &totals);
    }
    habits_all_leave(population, false);
    model_round(population, false, &totals);
    population_free(population);
}
END_TEST

/* Comes, or leaves and comes back, a few times, one after the other. */
static void
flap(struct population *population, unsigned user, const struct friends *friends)
{
    const struct person *person = &population->persons[user];
    struct script *script = script_new();
    bool waits = person->device_count > 0;
    struct device *device;

    if (waits)
        script_leave(script, person->devices[0], LEAVE_GOODBYE, false);
    for (unsigned visits = dice_below(&population->dice, 3); visits > 0; visits--) {
        device = population_device(population, user);
        script_come(script, device, friends_copy(friends), waits);
        script_leave(script, device, LEAVE_GOODBYE, false);
        waits = true;
    }
    script_come(script, population_device(population, user), friends_copy(friends), waits);
    population_assign(population, user, script);
}

/* ---- Friends who are in the old list and in the new one come and go ---- */

enum { KEPT = 6, KEEPERS = 60, IDLE = 250, KEEPING_ROUNDS = 25, KEEPING_LISTS = 6 };

/* All who are kept, and a different half of those who never come each time: changing such a list takes a while. */
static struct friends *
keeper_lists(struct population *population)
{
    unsigned users[KEPT + IDLE], count = 0;

    while (count < KEPT) {
        users[count] = count;
        count++;
    }
    for (unsigned idle = KEPT + KEEPERS; idle < population->count; idle++)
        if (dice_chance(&population->dice, 50))
            users[count++] = idle;
    return friends_new(users, count);
}

START_TEST(test_kept)
{
    struct population *population = population_new(KEPT + KEEPERS + IDLE, dice_seed("kept"), "--workers 4 --hello-timeout 600");
    unsigned rounds = pace_scaled(KEEPING_ROUNDS);
    struct friends *nobody = friends_new(NULL, 0);
    struct model_totals totals = {0};

    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned keeper = KEPT; keeper < KEPT + KEEPERS; keeper++) {
            struct script *script = script_new();

            if (round == 0)
                script_come(script, population_device(population, keeper), keeper_lists(population), false);
            for (int i = 0; i < KEEPING_LISTS && round > 0; i++)
                script_relist(script, population->persons[keeper].devices[0], keeper_lists(population));
            population_assign(population, keeper, script);
        }
        for (unsigned kept = 0; kept < KEPT && round > 0; kept++)
            flap(population, kept, nobody);
        model_round(population, true, &totals);
    }
    free(nobody);
    habits_all_leave(population, false);
    model_round(population, false, &totals);
    population_free(population);
}
END_TEST

/* ---- Users with thousands of watchers come and go while these change their lists ---- */

enum { STAR, AUTHOR, CELEBRITIES, CELEBRITY_ROUNDS = 10, CROWD = 2000, READER_EVERY = 3 };

/*
 * Everybody watches the star. The author lists nearly everybody, of whom few, the readers, watch the author: so its departures tell a large
 * audience and its arrivals a small one, which must not be quicker.
 */
static bool
is_reader(unsigned watcher)
{
    return watcher % READER_EVERY == 0;
}

static struct friends *
celebrities_listed(struct dice *dice, unsigned watcher)
{
    static const unsigned celebrities[CELEBRITIES] = {AUTHOR, STAR};

    if (!is_reader(watcher))
        return friends_new(&celebrities[1], 1);
    return friends_new(celebrities, 1 + dice_below(dice, 2));
}

static struct friends *
celebrity_lists(const struct population *population, unsigned celebrity)
{
    unsigned *users = calloc(population->count, sizeof *users), count = 0;

    ck_assert_ptr_nonnull(users);
    for (unsigned user = CELEBRITIES; celebrity == AUTHOR && user < population->count; user++)
        if (!is_reader(user))
            users[count++] = user;

    struct friends *friends = friends_new(users, count);
    free(users);
    return friends;
}

static void
watcher_stirs(struct population *population, unsigned watcher)
{
    struct dice *dice = &population->dice;
    const struct person *person = &population->persons[watcher];
    struct script *script = script_new();

    if (person->device_count == 0) {
        script_come(script, population_device(population, watcher), celebrities_listed(dice, watcher), false);
    } else {
        for (unsigned lists = 1 + dice_below(dice, 2); lists > 0; lists--) {
            if (dice_chance(dice, 70))
                script_relist(script, person->devices[0], friends_new(NULL, 0));
            script_relist(script, person->devices[0], celebrities_listed(dice, watcher));
        }
    }
    population_assign(population, watcher, script);
}

START_TEST(test_celebrity)
{
    unsigned crowd = pace_scaled(CROWD), rounds = pace_scaled(CELEBRITY_ROUNDS);
    struct population *population = population_new(CELEBRITIES + crowd, dice_seed("celebrity"), "--workers 3 --hello-timeout 600");
    struct model_totals totals = {0};

    population_add_choir(population, CELEBRITIES + crowd);
    for (unsigned watcher = CELEBRITIES; watcher < population->count; watcher++)
        watcher_stirs(population, watcher);
    model_round(population, false, &totals);
    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned celebrity = 0; celebrity < CELEBRITIES; celebrity++) {
            struct friends *friends = celebrity_lists(population, celebrity);

            flap(population, celebrity, friends);
            free(friends);
        }
        for (unsigned watcher = CELEBRITIES; watcher < population->count; watcher++)
            if (dice_chance(&population->dice, round % 2 == 0 ? 10 : 50))
                watcher_stirs(population, watcher);
        model_round(population, false, &totals);
    }
    habits_all_leave(population, false);
    model_round(population, false, &totals);
    population_free(population);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("interleavings, model");
    TCase *tcase = tcase_create("hammered");

    tcase_set_timeout(tcase, pace_test_timeout_s());
    tcase_add_test(tcase, test_reciprocal);
    tcase_add_test(tcase, test_kept);
    tcase_add_test(tcase, test_celebrity);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
