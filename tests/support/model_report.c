/* SPDX-License-Identifier: MIT
 *
 * What a person needs to find out why a round went wrong: the device, its lists, what came, what was allowed, and what the
 * users concerned did last. On standard error; the failure itself is one sentence.
 */
#include "support/model_internal.h"

#include <inttypes.h>
#include <stdio.h>

enum { SEQUENCES_SHOWN = 12, FRIENDS_SHOWN = 60 };

static void
show_history(const struct person *person)
{
    unsigned first = person->history_count > PERSON_HISTORY ? person->history_count - PERSON_HISTORY : 0;

    for (unsigned i = first; i < person->history_count; i++)
        fprintf(stderr, "      %s\n", person->history[i % PERSON_HISTORY]);
}

/* The user's transitions as its auditor heard them, and what its script could come to. */
static void
show_person(const struct person *person)
{
    fprintf(stderr, "    user %" PRId64 ": its auditor heard \"%.*s\"; possible were", person->id, (int)person->auditor->heard_count,
        person->auditor->heard_count > 0 ? person->auditor->heard : "");
    for (unsigned i = 0; i < person->outcome_count; i++)
        fprintf(stderr, " \"%.*s\"", (int)person->outcomes[i].count, person->outcomes[i].words);
    fprintf(stderr, "; it had %u devices\n", person->device_count);
    show_history(person);
}

/* The sequences of a set, each from the root; `words` holds the way to this node. */
static void
show_sequences(const struct wording *wording, unsigned node, char *words, unsigned length, unsigned *shown)
{
    if (wording->nodes[node].complete && (*shown)++ < SEQUENCES_SHOWN)
        fprintf(stderr, " \"%.*s\"", (int)length, words);
    for (int word = 0; word < 2; word++) {
        if (wording->nodes[node].next[word] == 0)
            continue;
        words[length] = word == 0 ? '+' : '-';
        show_sequences(wording, wording->nodes[node].next[word], words, length + 1, shown);
    }
}

static void
show_states(const struct population *population, const struct device *device)
{
    for (unsigned i = 0; i < device->state_count; i++) {
        const struct friends *friends = device->states[i].friends;

        if (!device->states[i].exists) {
            fprintf(stderr, "    not there\n");
            continue;
        }
        fprintf(stderr, "    lists %u:", friends->count);
        for (unsigned at = 0; at < friends->count && at < FRIENDS_SHOWN; at++)
            fprintf(stderr, " %" PRId64 "%s", population->persons[friends->users[at]].id,
                population->persons[friends->users[at]].script != NULL ? "*" : "");
        fprintf(stderr, "\n");
    }
}

static void
show_device(struct model *model, const struct device *device)
{
    static const char *phases[] = {"apart", "silent", "there", "leaving", "gone"};
    const struct population *population = model->population;
    char words[SCRIPT_STEPS + 1];

    fprintf(stderr, "  device d%u of user %" PRId64 " (%s%s) heard \"%.*s\". In this round, in this order (* does something in it):\n",
        device->number, device->user_id, phases[device->phase], device->deaf ? ", left without listening" : "", (int)device->heard_count,
        device->heard_count > 0 ? device->heard : "");
    show_states(population, device);
    if (device->user != DEVICE_NOBODY)
        show_history(&population->persons[device->user]);
    fprintf(stderr, "  It may have heard, in any mixture, one of these about each of these users:\n");
    model_concerned(model, device);
    for (unsigned i = 0; i < model->concerned_count; i++) {
        unsigned shown = 0;

        model_wording(population, device, model->concerned[i], false, model->wording);
        fprintf(stderr, "    about %" PRId64 ":", population->persons[model->concerned[i]].id);
        show_sequences(model->wording, 0, words, 0, &shown);
        fprintf(stderr, "%s\n", shown > SEQUENCES_SHOWN ? " ..." : "");
        show_person(&population->persons[model->concerned[i]]);
    }
}

static void
show_title(const struct population *population)
{
    fprintf(stderr, "ALO_TEST_SEED=%" PRIu64 ", %u users, round %u:\n", population->seed, population->count, population->round);
}

void
model_report_outcome(struct population *population, const struct person *person)
{
    show_title(population);
    show_person(person);
    population_fail(population, "the transitions of user %" PRId64 " are \"%.*s\", which is none of the possible ones (see above)", person->id,
        (int)person->auditor->heard_count, person->auditor->heard_count > 0 ? person->auditor->heard : "");
}

void
model_report_device(struct model *model, const struct device *device, bool incomplete)
{
    show_title(model->population);
    show_device(model, device);
    population_fail(model->population, "device %u of user %" PRId64 " heard \"%.*s\", %s (see above)", device->number, device->user_id,
        (int)device->heard_count, device->heard_count > 0 ? device->heard : "",
        incomplete ? "and what is missing does not come" : "which the rules do not allow");
}

void
model_report_pair(struct model *model, const struct device *device, const struct device *other)
{
    show_title(model->population);
    show_device(model, device);
    show_device(model, other);
    population_fail(model->population, "users %" PRId64 " and %" PRId64 " list each other and came at once, and neither heard of the other",
        device->user_id, other->user_id);
}
