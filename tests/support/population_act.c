/* SPDX-License-Identifier: MIT
 *
 * Carrying out the scripts of a round, mixed with one another.
 */
#include "support/pace.h"
#include "support/population_internal.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    STEPS_BETWEEN_LOOKS = 8, /* so many are taken before we listen again */
    AHEAD_PERCENT = 70,      /* of the devices that come in this round connect before it begins, so that their hellos come close together */
    WAIT_MS = 20
};

static void
step_take(struct population *population, const struct step *step)
{
    struct device *device = step->device;
    char text[64];
    int length;

    population->steps++;
    switch (step->kind) {
    case STEP_COME:
        if (device->phase == DEVICE_APART)
            population_connect(population, device);
        population_hello(population, device, step->friends);
        break;
    case STEP_RELIST: population_hello(population, device, step->friends); break;
    case STEP_BEAT:
        length = device->number % 2 == 0 ? snprintf(text, sizeof text, "{\"user_id\": %" PRId64 "}\n", device->user_id)
                                         : snprintf(text, sizeof text, "{\"user_id\":%" PRId64 ",\"friends\":null}", device->user_id);
        device_send(device, text, (size_t)length);
        break;
    case STEP_LEAVE: population_leave(population, device, step->how); break;
    }
}

/* Takes some of the steps that a user may take now. Returns how many. */
static unsigned
script_go_on(struct population *population, struct dice *dice, struct script *script)
{
    unsigned taken = 0, most = 1 + dice_below(dice, SCRIPT_STEPS);

    while (taken < most && script->next < script->count && script_is_ready(script)) {
        step_take(population, &script->steps[script->next++]);
        taken++;
    }
    return taken;
}

/* Connects most of those that will come, and lists the users who have something to do, in a random order. */
static unsigned
prepare(struct population *population, struct dice *dice, unsigned *users)
{
    unsigned count = 0;

    for (unsigned user = 0; user < population->count; user++) {
        const struct script *script = population->persons[user].script;

        if (script == NULL)
            continue;
        users[count++] = user;
        for (unsigned i = 0; i < script->count; i++)
            if (script->steps[i].kind == STEP_COME && dice_chance(dice, AHEAD_PERCENT))
                population_connect(population, script->steps[i].device);
    }
    dice_shuffle(dice, users, count);
    return count;
}

/* Waits for the end of all connections that were ended in a way that lets the end be seen. */
static void
await_ends(struct population *population)
{
    int64_t deadline = pace_deadline_ms();

    for (unsigned i = 0; i < population->device_count; i++) {
        while (population->devices[i]->phase == DEVICE_LEAVING) {
            if (pace_left_ms(deadline) == 0)
                population_fail(population, "device %u of user %" PRId64 " has left and the server does not close", population->devices[i]->number,
                    population->devices[i]->user_id);
            population_pump(population, WAIT_MS);
        }
    }
}

void
population_act(struct population *population)
{
    /* Not the population's dice: how often these are thrown depends on how fast the server is. */
    struct dice dice = {.state = population->seed + population->round};
    unsigned *users = malloc((population->count + 1) * sizeof *users);
    int64_t deadline = pace_deadline_ms();
    unsigned taken = 0;

    ck_assert_ptr_nonnull(users);
    for (unsigned left = prepare(population, &dice, users); left > 0;) {
        unsigned before = taken, kept = 0;

        for (unsigned i = 0; i < left; i++) {
            struct script *script = population->persons[users[i]].script;

            taken += script_go_on(population, &dice, script);
            if (taken % STEPS_BETWEEN_LOOKS == 0)
                population_pump(population, 0);
            if (script->next < script->count)
                users[kept++] = users[i];
        }
        left = kept;
        if (taken > before)
            deadline = pace_deadline_ms();
        else if (pace_left_ms(deadline) == 0)
            population_fail(population, "user %" PRId64 " waits in vain for the end of a connection", population->persons[users[0]].id);
        else
            population_pump(population, WAIT_MS);
    }
    free(users);
    await_ends(population);
}
