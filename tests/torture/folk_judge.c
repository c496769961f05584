/* SPDX-License-Identifier: MIT
 *
 * What the folk may be told in a round, and what they must.
 */
#include "torture/folk_internal.h"

#include <check.h>
#include <inttypes.h>
#include <string.h>

/* A friend's place in somebody's list, or -1. */
static int
friend_place(const struct person *person, unsigned about)
{
    for (unsigned i = 0; i < person->friend_count; i++)
        if (person->friends[i] == about)
            return (int)i;
    return -1;
}

static const char *
reason_due(enum person_leaving how)
{
    switch (how) {
    case BY_GOODBYE: return "goodbye";
    case BY_CUT: return "timeout";
    case BY_HALF_CLOSE:
    case BY_CLOSE:
    case BY_RESET:
    case BY_BREAK: break;
    }
    return "closed";
}

/* The same transition has one time, and no user's times go back. */
static void
judge_time(struct folk *folk, const struct person *person, struct person *friend, int64_t at)
{
    ck_assert_msg(at > 0 && at >= friend->last_at, "%s: %" PRId64 " was told of %" PRId64 " at %" PRId64 ", which is before %" PRId64, folk->name,
        person->id, friend->id, at, friend->last_at);
    ck_assert_msg(friend->round_at == 0 || friend->round_at == at, "%s: one transition of %" PRId64 " has two times, %" PRId64 " and %" PRId64,
        folk->name, friend->id, friend->round_at, at);
    friend->round_at = at;
}

void
judge_change(struct folk *folk, struct person *person, unsigned about, bool online, const char *reason, int64_t at)
{
    struct person *friend = &folk->people[about];
    int place = friend_place(person, about);
    const char *state = online ? "online" : "offline";

    ck_assert_msg(place >= 0, "%s: %" PRId64 " was told of %" PRId64 ", whom it does not follow", folk->name, person->id, friend->id);
    ck_assert_msg(friend->moves, "%s: %" PRId64 " was told that %" PRId64 " is %s, who did not move", folk->name, person->id, friend->id, state);
    ck_assert_msg(online == friend->wanted, "%s: %" PRId64 " was told that %" PRId64 " is %s", folk->name, person->id, friend->id, state);
    ck_assert_msg(
        person->believes[place] != online, "%s: %" PRId64 " was told twice that %" PRId64 " is %s", folk->name, person->id, friend->id, state);
    if (!online)
        ck_assert_msg(reason != NULL && strcmp(reason, reason_due(friend->how)) == 0,
            "%s: %" PRId64 " was told that %" PRId64 " left by %s, it was %s", folk->name, person->id, friend->id,
            reason != NULL ? reason : "(nothing)", reason_due(friend->how));
    judge_time(folk, person, friend, at);
    person->believes[place] = online;
    person->changes++;
}

void
judge_snapshot(struct folk *folk, struct person *person, unsigned about)
{
    int place = about < folk->count ? friend_place(person, about) : -1;

    ck_assert_msg(place >= 0, "%s: the snapshot of %" PRId64 " has somebody whom it does not follow", folk->name, person->id);
    const struct person *friend = &folk->people[about];
    ck_assert_msg(friend->was_online || (friend->moves && friend->wanted), "%s: the snapshot of %" PRId64 " has a ghost: %" PRId64, folk->name,
        person->id, friend->id);
    person->believes[place] = true;
}

/* How many arrivals and departures of this round concern it. */
static void
count_due(const struct folk *folk, const struct person *person, unsigned *arrivals, unsigned *departures)
{
    unsigned number = person_number(folk, person);

    *arrivals = *departures = 0;
    for (unsigned other = 0; other < folk->count; other++) {
        if (!folk->people[other].moves || other == number)
            continue;
        bool listed = folk_lists(folk, number, other);
        if (folk->people[other].wanted)
            *arrivals += listed;
        else
            *departures += listed || (!person->rpc && folk_lists(folk, other, number));
    }
}

static unsigned
count_words(const struct person *person, char word)
{
    unsigned count = 0;

    for (unsigned i = 0; i < person->heard_count; i++)
        count += person->heard[i] == word;
    return count;
}

/* Of the classic dialect. Who comes in this round can be told of arrivals only, so the first departure that it hears is the beacon's. */
static bool
classic_has_heard(struct folk *folk, struct person *person, bool gone)
{
    unsigned arrivals, departures, came = count_words(person, '+'), left = count_words(person, '-');

    count_due(folk, person, &arrivals, &departures);
    if (person->moves)
        departures = 0;
    ck_assert_msg(came <= arrivals + 1 && left <= departures + gone,
        "%s: %" PRId64 " heard %s in round %" PRIu64 ", before the beacon %s; but %u arrivals and %u departures concern it, and the beacon's",
        folk->name, person->id, person->heard, folk->round, gone ? "was known to be gone" : "left", arrivals, departures);
    if (person->moves)
        return came > 0 && left == gone;
    return came == arrivals + 1 && left == departures + gone;
}

bool
judge_has_heard(struct folk *folk, struct person *person, bool gone)
{
    return person->rpc ? person->beacon == folk->asker.number : classic_has_heard(folk, person, gone);
}

void
judge_missed(struct folk *folk, const struct person *person)
{
    unsigned arrivals, departures;

    count_due(folk, person, &arrivals, &departures);
    if (person->rpc)
        ck_abort_msg("%s: %" PRId64 " was told %u changes of %u, and the beacon's number %" PRId64 " instead of %" PRId64, folk->name, person->id,
            person->changes, arrivals + departures, person->beacon, folk->asker.number);
    ck_abort_msg("%s: %" PRId64 " heard '%s' and misses something: %u arrivals and %u departures concern it, and the beacon's", folk->name,
        person->id, person->heard, arrivals, departures);
}

/* What is left of a word that a leaver need not have heard. */
static void
judge_leaver(const struct folk *folk, const struct person *person)
{
    unsigned arrivals, departures;

    count_due(folk, person, &arrivals, &departures);
    ck_assert_msg(person->rpc || (count_words(person, '+') <= arrivals && count_words(person, '-') <= departures),
        "%s: %" PRId64 " left and heard %s before, but %u arrivals and %u departures concern it", folk->name, person->id, person->heard, arrivals,
        departures);
}

void
judge_leftovers(struct folk *folk, const struct person *person)
{
    unsigned arrivals, departures;

    count_due(folk, person, &arrivals, &departures);
    ck_assert_msg(person->rpc || (count_words(person, '+') <= arrivals + 1 && count_words(person, '-') <= departures + 1),
        "%s: %" PRId64 " heard %s before the server died, but %u arrivals and %u departures concern it", folk->name, person->id, person->heard,
        arrivals, departures);
}

/* Who was there to the end. Returns what it was told of the round. */
static unsigned
judge_there(struct folk *folk, struct person *person)
{
    unsigned count = person->heard_count;

    if (!person->rpc) {
        ck_assert_msg(count >= 2 && strcmp(person->heard + count - 2, "+-") == 0,
            "%s: %" PRId64 " heard %s, and the beacon was the last to come and go", folk->name, person->id, person->heard);
        return count - 2;
    }
    for (unsigned i = 0; i < person->friend_count; i++) {
        const struct person *friend = &folk->people[person->friends[i]];

        ck_assert_msg(person->believes[i] == friend->wanted, "%s: %" PRId64 " believes that %" PRId64 " is %s, but it is %s", folk->name, person->id,
            friend->id, person->believes[i] ? "online" : "offline", friend->wanted ? "online" : "offline");
    }
    return person->changes;
}

/* Of two friends who came at once, at least one was told of the other. */
static void
judge_pairs(const struct folk *folk, uint64_t told_to_comers)
{
    uint64_t pairs = 0;

    for (unsigned a = 0; a < folk->count; a++)
        for (unsigned b = 0; b < a && folk->people[a].moves && folk->people[a].wanted; b++)
            pairs += folk->people[b].moves && folk->people[b].wanted && folk_lists(folk, a, b) && folk_lists(folk, b, a);
    ck_assert_msg(told_to_comers >= pairs, "%s: %" PRIu64 " pairs of friends came at once, and only %" PRIu64 " of their members were told",
        folk->name, pairs, told_to_comers);
}

void
judge_round(struct folk *folk)
{
    uint64_t told_to_comers = 0, told = 0;

    for (unsigned i = 0; i < folk->count; i++) {
        struct person *person = &folk->people[i];

        if (person->phase == PERSON_THERE) {
            unsigned heard = judge_there(folk, person);

            told += heard;
            told_to_comers += person->moves ? heard : 0;
        } else if (person->moves) {
            judge_leaver(folk, person);
        }
    }
    judge_pairs(folk, told_to_comers);
    folk->books.told += told;
}
