/* SPDX-License-Identifier: MIT */
#include "support/model.h"

#include "support/model_internal.h"
#include "support/pace.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 5 };

static bool
is_active(const struct person *person)
{
    for (unsigned i = 0; i < person->outcome_count; i++)
        if (person->outcomes[i].count > 0)
            return true;
    return false;
}

/* Keeps the outcomes that agree with what the auditor heard. False when it must have more to hear. */
static bool
outcomes_narrow(struct population *population, struct person *person)
{
    const struct device *auditor = person->auditor;
    unsigned kept = 0;
    bool begun = false;

    for (unsigned i = 0; i < person->outcome_count; i++) {
        const struct outcome *outcome = &person->outcomes[i];
        bool agrees = outcome->count >= auditor->heard_count &&
            (auditor->heard_count == 0 || memcmp(outcome->words, auditor->heard, auditor->heard_count) == 0);

        begun = begun || agrees;
        if (agrees && outcome->count == auditor->heard_count)
            person->outcomes[kept++] = *outcome;
    }
    if (!begun)
        model_report_outcome(population, person);
    if (kept > 0)
        person->outcome_count = kept;
    return kept > 0;
}

/* Waits until it is known what each user's transitions were. */
static void
find_outcomes(struct population *population)
{
    int64_t deadline = pace_deadline_ms();

    population_fence(population);
    for (unsigned user = 0; user < population->count; user++) {
        struct person *person = &population->persons[user];

        while (person->script != NULL && !outcomes_narrow(population, person)) {
            if (pace_left_ms(deadline) == 0)
                model_report_outcome(population, person);
            population_pump(population, WAIT_MS);
        }
    }
    population_fence(population); /* what the auditors have just heard, all others have heard now */
}

static void
teller_add(struct tellers *tellers, unsigned user)
{
    if (tellers->count > 0 && tellers->users[tellers->count - 1] == user)
        return;
    if (tellers->count == tellers->room) {
        tellers->room = tellers->room * 2 + 8;
        tellers->users = realloc(tellers->users, tellers->room * sizeof *tellers->users);
        ck_assert_ptr_nonnull(tellers->users);
    }
    tellers->users[tellers->count++] = user;
}

/* Notes for each user whose departures tell its devices because they list it. */
static void
find_tellers(struct model *model)
{
    const struct population *population = model->population;

    for (unsigned user = 0; user < population->count; user++)
        model->tellers[user].count = 0;
    for (unsigned user = 0; user < population->count; user++) {
        const struct person *person = &population->persons[user];

        for (unsigned i = 0; i < person->outcome_count; i++) {
            for (unsigned word = 0; word < person->outcomes[i].count; word++) {
                const struct friends *last = person->outcomes[i].last[word];

                for (unsigned at = 0; last != NULL && at < last->count; at++)
                    teller_add(&model->tellers[last->users[at]], user);
            }
        }
    }
}

/* One device's times, as far as one user matters, and that user's transitions. */
struct hearing {
    const struct outcome *outcome;
    bool watches[DEVICE_STATES], exists[DEVICE_STATES];
    unsigned state_count;
    bool reciprocal[SCRIPT_STEPS]; /* a departure that the device's user is told of in any case */
    bool last_heard;               /* leave out what does not hear the last transition */
    char heard[SCRIPT_STEPS];
    unsigned heard_count;
    struct wording *wording;
};

/* Puts the transitions from this one on into the states from this one on, in every way. */
static void
listen(struct hearing *hearing, unsigned word, unsigned state)
{
    if (word == hearing->outcome->count) {
        wording_add(hearing->wording, hearing->heard, hearing->heard_count);
        return;
    }
    for (unsigned at = state; at < hearing->state_count; at++) {
        bool heard = hearing->watches[at] || (hearing->reciprocal[word] && hearing->exists[at]);

        if (!heard && hearing->last_heard && word + 1 == hearing->outcome->count)
            continue;
        if (heard)
            hearing->heard[hearing->heard_count++] = hearing->outcome->words[word];
        listen(hearing, word + 1, at);
        hearing->heard_count -= heard;
    }
}

void
model_wording(const struct population *population, const struct device *device, unsigned user, bool last_heard, struct wording *wording)
{
    const struct person *person = &population->persons[user];
    struct hearing hearing = {.wording = wording, .last_heard = last_heard};

    for (unsigned i = 0; i < device->state_count; i++) {
        bool exists = device->states[i].exists, watches = friends_have(device->states[i].friends, user);
        unsigned last = hearing.state_count;

        if (last > 0 && hearing.exists[last - 1] == exists && hearing.watches[last - 1] == watches)
            continue;
        hearing.exists[last] = exists;
        hearing.watches[last] = watches;
        hearing.state_count++;
    }
    wording_clear(wording);
    for (unsigned i = 0; i < person->outcome_count; i++) {
        hearing.outcome = &person->outcomes[i];
        for (unsigned word = 0; word < hearing.outcome->count; word++)
            hearing.reciprocal[word] = device->user != DEVICE_NOBODY && friends_have(hearing.outcome->last[word], device->user);
        listen(&hearing, 0, 0);
    }
}

/* Adds a user to those who concern the device, unless it is there already or does nothing. */
static void
concern(struct model *model, unsigned user)
{
    if (model->seen[user] == model->looks || !is_active(&model->population->persons[user]))
        return;
    model->seen[user] = model->looks;
    model->concerned[model->concerned_count++] = user;
}

void
model_concerned(struct model *model, const struct device *device)
{
    model->looks++;
    model->concerned_count = 0;
    for (unsigned i = 0; i < device->state_count; i++) {
        const struct friends *friends = device->states[i].friends;

        for (unsigned at = 0; friends != NULL && at < friends->count; at++)
            concern(model, friends->users[at]);
    }
    if (device->user == DEVICE_NOBODY)
        return;
    for (unsigned i = 0; i < model->tellers[device->user].count; i++)
        concern(model, model->tellers[device->user].users[i]);
}

/*
 * Builds what the device may have heard; of `certain`, a user or DEVICE_NOBODY, it has heard the last transition.
 */
static enum wording_match
match(struct model *model, const struct device *device, unsigned certain)
{
    model_concerned(model, device);
    expectation_clear(model->expectation);
    for (unsigned i = 0; i < model->concerned_count; i++) {
        unsigned user = model->concerned[i];

        model_wording(model->population, device, user, user == certain, model->wording);
        expectation_add(model->expectation, model->wording);
    }
    return expectation_match(model->expectation, device->heard, device->heard_count);
}

static void
look_at(struct model *model, struct device *device, bool exact, struct model_totals *totals)
{
    struct population *population = model->population;
    int64_t deadline = 0;

    for (;;) {
        enum wording_match result = match(model, device, DEVICE_NOBODY);

        if (result == WORDING_WHOLE || (result == WORDING_BEGUN && device->deaf))
            break;
        if (deadline == 0)
            deadline = pace_deadline_ms();
        if (result == WORDING_WRONG || device->socket < 0 || pace_left_ms(deadline) == 0)
            model_report_device(model, device, result == WORDING_BEGUN);
        population_pump(population, WAIT_MS);
    }
    bool is_exact = expectation_is_exact(model->expectation);

    if (exact && !is_exact)
        population_fail(population, "the test itself is wrong: device %u could have heard one thing or another", device->number);
    totals->devices += model->concerned_count > 0;
    totals->free += !is_exact;
    totals->counted += model->expectation->long_count > WORDING_LONG;
}

/* The only device of a user who came in this round and stays, with one list; NULL where it was not that simple. */
static struct device *
lone_newcomer(const struct person *person)
{
    const struct script *script = person->script;
    struct device *device = NULL;

    if (person->device_count > 0 || script == NULL || person->outcome_count != 1)
        return NULL;
    for (unsigned i = 0; i < script->count; i++) {
        if (!device_last_state(script->steps[i].device)->exists || script->steps[i].device == device)
            continue;
        if (device != NULL)
            return NULL;
        device = script->steps[i].device;
    }
    return device != NULL && device->state_count == 2 ? device : NULL;
}

/* Of two friends who come at once, at least one hears of the other. */
static void
look_at_pairs(struct model *model, struct model_totals *totals)
{
    const struct population *population = model->population;

    for (unsigned user = 0; user < population->count; user++) {
        const struct device *device = lone_newcomer(&population->persons[user]);
        const struct friends *friends = device == NULL ? NULL : device_last_state(device)->friends;

        for (unsigned i = 0; friends != NULL && i < friends->count; i++) {
            unsigned other_user = friends->users[i];
            const struct device *other = other_user > user ? lone_newcomer(&population->persons[other_user]) : NULL;

            if (other == NULL || !friends_have(device_last_state(other)->friends, user))
                continue;
            totals->pairs++;
            if (match(model, device, other_user) != WORDING_WHOLE && match(model, other, user) != WORDING_WHOLE)
                model_report_pair(model, device, other);
        }
    }
}

static struct model *
model_new(struct population *population)
{
    struct model *model = calloc(1, sizeof *model);

    ck_assert_ptr_nonnull(model);
    model->population = population;
    model->tellers = calloc(population->count, sizeof *model->tellers);
    model->seen = calloc(population->count, sizeof *model->seen);
    model->concerned = calloc(population->count, sizeof *model->concerned);
    model->expectation = malloc(sizeof *model->expectation);
    model->wording = malloc(sizeof *model->wording);
    ck_assert(model->tellers != NULL && model->seen != NULL && model->concerned != NULL && model->expectation != NULL && model->wording != NULL);
    return model;
}

static void
model_free(struct model *model)
{
    for (unsigned user = 0; user < model->population->count; user++)
        free(model->tellers[user].users);
    free(model->tellers);
    free(model->seen);
    free(model->concerned);
    free(model->expectation);
    free(model->wording);
    free(model);
}

void
model_round(struct population *population, bool exact, struct model_totals *totals)
{
    struct model *model = model_new(population);

    population_act(population);
    population_await_departures(population);
    find_outcomes(population);
    population_settle(population);
    find_tellers(model);
    for (unsigned i = 0; i < population->device_count; i++)
        look_at(model, population->devices[i], exact, totals);
    look_at_pairs(model, totals);
    model_free(model);
    population_end_round(population);
}
