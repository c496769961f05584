/* SPDX-License-Identifier: MIT */
#include "support/script.h"

#include <check.h>
#include <string.h>

static struct step *
step_add(struct script *script, enum step_kind kind, struct device *device, bool waits)
{
    struct step *step = &script->steps[script->count];

    ck_assert_uint_lt(script->count, SCRIPT_STEPS);
    for (unsigned i = 0; i < script->count && waits; i++)
        ck_assert(script->steps[i].kind != STEP_LEAVE || script->steps[i].how == LEAVE_GOODBYE || script->steps[i].how == LEAVE_HALF_CLOSE);
    script->count++;
    *step = (struct step){.kind = kind, .device = device, .waits = waits};
    return step;
}

void
script_come(struct script *script, struct device *device, struct friends *friends, bool waits)
{
    step_add(script, STEP_COME, device, waits)->friends = friends;
    device_plan(device, friends);
}

void
script_relist(struct script *script, struct device *device, struct friends *friends)
{
    step_add(script, STEP_RELIST, device, false)->friends = friends;
    device_plan(device, friends);
}

void
script_beat(struct script *script, struct device *device)
{
    step_add(script, STEP_BEAT, device, false);
}

void
script_leave(struct script *script, struct device *device, enum device_leaving how, bool waits)
{
    struct step *step = step_add(script, STEP_LEAVE, device, waits);

    step->how = how;
    step->friends = device_last_state(device)->friends;
    device_plan(device, NULL);
}

bool
script_is_ready(const struct script *script)
{
    for (unsigned i = 0; i < script->next && script->steps[script->next].waits; i++)
        if (script->steps[i].kind == STEP_LEAVE && script->steps[i].device->phase != DEVICE_GONE)
            return false;
    return true;
}

/* The way to the outcomes: some of the steps have been carried out. */
struct progress {
    const struct script *script;
    unsigned done; /* a bit for each step */
    unsigned devices;
    struct outcome outcome;
    struct outcome *outcomes;
    unsigned count;
};

/* Can this step be the next one that the server carries out? */
static bool
is_possible(const struct progress *progress, unsigned number)
{
    const struct script *script = progress->script;
    unsigned fence = 0; /* the leaving steps before this one have all been seen to end */

    if (progress->done & 1U << number)
        return false;
    for (unsigned i = 0; i <= number; i++)
        if (script->steps[i].waits)
            fence = i;
    for (unsigned i = 0; i < number; i++) {
        const struct step *step = &script->steps[i];

        if ((step->device == script->steps[number].device || (i < fence && step->kind == STEP_LEAVE)) && !(progress->done & 1U << i))
            return false;
    }
    return true;
}

static bool
outcome_equal(const struct outcome *a, const struct outcome *b)
{
    return a->count == b->count && memcmp(a->words, b->words, a->count) == 0 && memcmp(a->last, b->last, a->count * sizeof a->last[0]) == 0;
}

static void
outcome_keep(struct progress *progress)
{
    for (unsigned i = 0; i < progress->count; i++)
        if (outcome_equal(&progress->outcomes[i], &progress->outcome))
            return;
    ck_assert_uint_lt(progress->count, SCRIPT_OUTCOMES);
    progress->outcomes[progress->count++] = progress->outcome;
}

static void
explore(struct progress *progress)
{
    const struct script *script = progress->script;

    if (progress->done == (1U << script->count) - 1)
        outcome_keep(progress);
    for (unsigned i = 0; i < script->count; i++) {
        const struct step *step = &script->steps[i];
        struct progress before = *progress;
        struct outcome *outcome = &progress->outcome;

        if (!is_possible(progress, i))
            continue;
        progress->done |= 1U << i;
        if (step->kind == STEP_COME && progress->devices++ == 0) {
            outcome->last[outcome->count] = NULL;
            outcome->words[outcome->count++] = '+';
        } else if (step->kind == STEP_LEAVE && --progress->devices == 0) {
            outcome->last[outcome->count] = step->friends;
            outcome->words[outcome->count++] = '-';
        }
        explore(progress);
        before.count = progress->count;
        *progress = before;
    }
}

unsigned
script_outcomes(const struct script *script, unsigned devices, struct outcome outcomes[SCRIPT_OUTCOMES])
{
    struct progress progress = {.script = script, .devices = devices, .outcomes = outcomes};

    explore(&progress);
    return progress.count;
}
