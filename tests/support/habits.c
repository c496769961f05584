/* SPDX-License-Identifier: MIT */
#include "support/habits.h"

#include <check.h>
#include <stdlib.h>

enum {
    NEARBY = 14,   /* neighbours on each side whom a user may list */
    STRANGERS = 6, /* at most, of a usual list */
    POPULAR = 4,   /* users with low numbers whom many list */
    LONG_LIST = 250,
    WINDOW = 24, /* neighbours who are all given something to do in a free round */
    VISITS_MAX = 2
};

static struct friends *
random_list(struct population *population, unsigned user)
{
    struct dice *dice = &population->dice;
    unsigned users[LONG_LIST + 2 * NEARBY + POPULAR], count = 0, kept = 0;
    unsigned strangers = dice_chance(dice, 1) ? LONG_LIST : dice_below(dice, STRANGERS + 1);

    if (dice_chance(dice, 3))
        return friends_new(NULL, 0);
    for (unsigned distance = 1; distance <= NEARBY; distance++) {
        if (dice_chance(dice, 60))
            users[count++] = (user + distance) % population->count;
        if (dice_chance(dice, 60))
            users[count++] = (user + population->count - distance % population->count) % population->count;
    }
    for (unsigned i = 0; i < strangers; i++)
        users[count++] = dice_below(dice, population->count);
    for (unsigned popular = 0; popular < POPULAR; popular++)
        if (dice_chance(dice, 7))
            users[count++] = popular;
    for (unsigned i = 0; i < count; i++)
        if (users[i] != user)
            users[kept++] = users[i];
    return friends_new(users, kept);
}

/* A way of leaving whose end can be seen, or any. */
static enum device_leaving
visible_leaving(struct dice *dice)
{
    return dice_chance(dice, 60) ? LEAVE_GOODBYE : LEAVE_HALF_CLOSE;
}

static enum device_leaving
any_leaving(struct dice *dice)
{
    return dice_below(dice, LEAVE_WAYS);
}

static struct device *
come(struct population *population, struct script *script, unsigned user, bool waits)
{
    struct device *device = population_device(population, user);

    script_come(script, device, random_list(population, user), waits);
    return device;
}

/* Comes and goes a few times, one after the other, and mostly stays in the end. */
static void
visits(struct population *population, struct script *script, unsigned user, bool waits)
{
    struct dice *dice = &population->dice;

    for (unsigned left = dice_below(dice, VISITS_MAX + 1); left > 0; left--) {
        script_leave(script, come(population, script, user, waits), visible_leaving(dice), false);
        waits = true;
    }
    if (dice_chance(dice, 80))
        come(population, script, user, waits);
}

static void
script_of_absent(struct population *population, struct script *script, unsigned user)
{
    struct dice *dice = &population->dice;
    unsigned choice = dice_below(dice, 100);

    if (choice < 60) {
        come(population, script, user, false);
    } else if (choice < 70) {
        come(population, script, user, false);
        come(population, script, user, false);
    } else if (choice < 90) {
        visits(population, script, user, false);
    } else {
        struct device *device = come(population, script, user, false);

        if (dice_chance(dice, 30))
            script_relist(script, device, random_list(population, user));
        script_leave(script, device, any_leaving(dice), false);
    }
}

/* Some other list, or away from this one and back to it, or the same. */
static void
relist(struct population *population, struct script *script, unsigned user, struct device *device)
{
    struct dice *dice = &population->dice;
    const struct friends *friends = device_last_state(device)->friends;
    unsigned choice = dice_below(dice, 100);

    if (choice < 15) {
        script_relist(script, device, friends_copy(friends));
        return;
    }
    if (choice < 40) {
        struct friends *back = friends_copy(friends);

        script_relist(script, device, friends_new(friends->users, friends->count / 2));
        script_relist(script, device, back);
        return;
    }
    for (unsigned times = dice_chance(dice, 25) ? 2 : 1; times > 0; times--)
        script_relist(script, device, random_list(population, user));
}

static void
all_leave(struct population *population, struct script *script, const struct person *person)
{
    for (unsigned i = 0; i < person->device_count; i++)
        script_leave(script, person->devices[i], any_leaving(&population->dice), false);
}

/* One device goes and another comes at the same time. */
static void
hand_over(struct population *population, struct script *script, unsigned user, struct device *device)
{
    struct dice *dice = &population->dice;

    if (dice_chance(dice, 50)) {
        script_leave(script, device, any_leaving(dice), false);
        come(population, script, user, false);
    } else {
        come(population, script, user, false);
        script_leave(script, device, any_leaving(dice), false);
    }
}

static void
script_of_present(struct population *population, struct script *script, unsigned user)
{
    struct dice *dice = &population->dice;
    const struct person *person = &population->persons[user];
    struct device *device = person->devices[dice_below(dice, person->device_count)];
    unsigned choice = dice_below(dice, 100);

    if (choice < 28) {
        relist(population, script, user, device);
    } else if (choice < 33) {
        script_beat(script, device);
    } else if (choice < 45 && person->device_count < PERSON_DEVICES) {
        come(population, script, user, false);
    } else if (choice < 62) {
        if (dice_chance(dice, 25))
            script_relist(script, device, random_list(population, user));
        script_leave(script, device, any_leaving(dice), false);
    } else if (choice < 70) {
        all_leave(population, script, person);
    } else if (choice < 84) {
        hand_over(population, script, user, device);
    } else {
        script_leave(script, device, visible_leaving(dice), false);
        visits(population, script, user, true);
    }
}

static struct script *
random_script(struct population *population, unsigned user)
{
    struct script *script = calloc(1, sizeof *script);

    ck_assert_ptr_nonnull(script);
    if (population->persons[user].device_count == 0)
        script_of_absent(population, script, user);
    else
        script_of_present(population, script, user);
    return script;
}

static void
give_random_script(struct population *population, unsigned user)
{
    struct script *script;

    if (population->persons[user].script != NULL)
        return;
    script = random_script(population, user);
    if (script->count > 0)
        population_assign(population, user, script);
    else
        free(script);
}

void
habits_free_round(struct population *population, unsigned users)
{
    for (unsigned given = 0; given < users; given += WINDOW) {
        unsigned first = dice_below(&population->dice, population->count);

        /* Neighbours, and as many who do not know each other. */
        for (unsigned i = 0; i < WINDOW / 2; i++)
            give_random_script(population, (first + i) % population->count);
        for (unsigned i = 0; i < WINDOW / 2; i++)
            give_random_script(population, dice_below(&population->dice, population->count));
    }
}

void
habits_all_come(struct population *population)
{
    for (unsigned user = 0; user < population->count; user++) {
        struct script *script;

        if (population->persons[user].device_count > 0)
            continue;
        script = calloc(1, sizeof *script);
        ck_assert_ptr_nonnull(script);
        come(population, script, user, false);
        if (dice_chance(&population->dice, 15))
            come(population, script, user, false);
        population_assign(population, user, script);
    }
}

void
habits_all_leave(struct population *population, bool crash)
{
    for (unsigned user = 0; user < population->count; user++) {
        const struct person *person = &population->persons[user];
        struct script *script;

        if (person->device_count == 0)
            continue;
        script = calloc(1, sizeof *script);
        ck_assert_ptr_nonnull(script);
        for (unsigned i = 0; i < person->device_count; i++)
            script_leave(script, person->devices[i], crash ? LEAVE_CRASH : any_leaving(&population->dice), false);
        population_assign(population, user, script);
    }
}

void
habits_all_visit(struct population *population)
{
    for (unsigned user = 0; user < population->count; user++) {
        struct script *script = calloc(1, sizeof *script);

        ck_assert_ptr_nonnull(script);
        ck_assert_uint_eq(population->persons[user].device_count, 0);
        script_leave(script, come(population, script, user, false), LEAVE_GOODBYE, false);
        population_assign(population, user, script);
    }
}

/* What has been given out in an exact round so far, by user. */
struct plan {
    bool *active;       /* has transitions */
    bool *moves;        /* has devices that come or go */
    unsigned *awaited;  /* lists that change in this round begin or cease to have this user */
    unsigned *informed; /* departures that tell this user's devices because it is on the leaver's list */
};

static bool
device_moves(const struct device *device)
{
    for (unsigned i = 1; i < device->state_count; i++)
        if (device->states[i].exists != device->states[0].exists)
            return true;
    return false;
}

/* Is this user on some of the device's lists of this round, and not on others? */
static bool
list_changes(const struct device *device, unsigned user)
{
    for (unsigned i = 1; i < device->state_count; i++)
        if (friends_have(device->states[i].friends, user) != friends_have(device->states[0].friends, user))
            return true;
    return false;
}

/* Is there somebody on changing lists of this device who is active, or (mark) notes them all. */
static bool
changes_race(struct plan *plan, const struct device *device, bool mark)
{
    for (unsigned i = 0; i < device->state_count; i++) {
        const struct friends *friends = device->states[i].friends;

        for (unsigned at = 0; friends != NULL && at < friends->count; at++) {
            if (!list_changes(device, friends->users[at]))
                continue;
            if (mark)
                plan->awaited[friends->users[at]]++;
            else if (plan->active[friends->users[at]])
                return true;
        }
    }
    return false;
}

static bool
departures_race(struct plan *plan, const struct outcome *outcome, bool mark)
{
    for (unsigned word = 0; word < outcome->count; word++) {
        const struct friends *last = outcome->last[word];

        for (unsigned at = 0; last != NULL && at < last->count; at++) {
            if (mark)
                plan->informed[last->users[at]]++;
            else if (plan->moves[last->users[at]])
                return true;
        }
    }
    return false;
}

/* Can a script be given to the user so that nothing in it races with another? If so, what it does is noted. */
static bool
plan_take(struct plan *plan, const struct population *population, unsigned user, const struct script *script)
{
    struct outcome outcomes[SCRIPT_OUTCOMES];
    bool moves = false;

    if (script->count == 0 || script_outcomes(script, population->persons[user].device_count, outcomes) != 1)
        return false;
    for (unsigned i = 0; i < script->count; i++) {
        moves = moves || device_moves(script->steps[i].device);
        if (changes_race(plan, script->steps[i].device, false))
            return false;
    }
    if ((outcomes[0].count > 0 && plan->awaited[user] > 0) || (moves && plan->informed[user] > 0) || departures_race(plan, &outcomes[0], false))
        return false;
    for (unsigned i = 0; i < script->count; i++)
        changes_race(plan, script->steps[i].device, true);
    departures_race(plan, &outcomes[0], true);
    plan->active[user] = outcomes[0].count > 0;
    plan->moves[user] = moves;
    return true;
}

/* Takes everything back that a script has planned. */
static void
script_forget(struct population *population, struct script *script)
{
    for (unsigned i = script->count; i-- > 0;) {
        bool again = false;

        for (unsigned earlier = 0; earlier < i; earlier++)
            again = again || script->steps[earlier].device == script->steps[i].device;
        if (!again)
            population_unplan(population, script->steps[i].device);
    }
    free(script);
}

unsigned
habits_exact_round(struct population *population, unsigned users)
{
    struct plan plan = {
        .active = calloc(population->count, sizeof(bool)),
        .moves = calloc(population->count, sizeof(bool)),
        .awaited = calloc(population->count, sizeof(unsigned)),
        .informed = calloc(population->count, sizeof(unsigned)),
    };
    unsigned given = 0;

    ck_assert(plan.active != NULL && plan.moves != NULL && plan.awaited != NULL && plan.informed != NULL);
    for (unsigned attempt = 0; attempt < users * 2 && given < users; attempt++) {
        unsigned user = dice_below(&population->dice, population->count);
        struct script *script;

        if (population->persons[user].script != NULL)
            continue;
        script = random_script(population, user);
        if (plan_take(&plan, population, user, script)) {
            population_assign(population, user, script);
            given++;
        } else {
            script_forget(population, script);
        }
    }
    free(plan.active);
    free(plan.moves);
    free(plan.awaited);
    free(plan.informed);
    return given;
}
