/* SPDX-License-Identifier: MIT
 *
 * Those who do not read: how they come, what each of them is told when it reads again, and how they leave.
 */
#include "load/failure.h"
#include "scenarios/slow.h"

#include <stdlib.h>
#include <string.h>

enum { RECEIVE_BYTES = 4096, POLL_NS = 20000000 };

static double
larger(double a, double b)
{
    return a > b ? a : b;
}

static struct belief *
reader_beliefs(const struct slow *slow, uint32_t reader)
{
    return slow->beliefs + (size_t)reader * slow->flapping.stage->plan->friends;
}

/* Whom the reader lists at this place of its list, counted from the first who comes and goes; UINT32_MAX: nobody of these. */
static uint32_t
reader_follows(const struct slow *slow, uint32_t reader, uint32_t place)
{
    uint32_t client = rows_at(&slow->flapping.friends, flapping_slow_first(&slow->flapping) + reader)[place] - slow->flapping.stay;

    return client < slow->flapping.stage->flapping ? client : UINT32_MAX;
}

/* It is told something by name. */
static void
reader_believe(struct slow *slow, uint32_t reader, const struct talk_word *word)
{
    struct flapping *flapping = &slow->flapping;
    struct crowd *crowd = &flapping->stage->crowd;
    uint32_t client = flapping_slow_first(flapping) + reader, first = crowd->setting.first_user;

    for (uint32_t i = 0; i < rows_length(&flapping->friends, client); i++) {
        uint32_t flapper = reader_follows(slow, reader, i);

        if (flapper == UINT32_MAX || first + flapping->stay + flapper != word->user)
            continue;
        if (!belief_hear(&reader_beliefs(slow, reader)[i], word->online, &flapping->truths[flapper]))
            crowd_wrong(crowd, &crowd->setting.tally->counts.extra, crowd_clock_ns(), "user %u, who did not read, was told twice that user %u %s",
                crowd_id(crowd, client), TALK_ID_FIRST + word->user, word->online ? "came" : "left");
        return;
    }
    crowd_wrong(crowd, &crowd->setting.tally->counts.extra, crowd_clock_ns(),
        "user %u, who did not read, was told of user %u, whom it does not follow", first + client, word->user);
}

/* Words to the slow; and to those whom they list, where the dialect tells these that they ended. */
static bool
reader_took(void *context, uint32_t client, const struct talk_word *word)
{
    struct slow *slow = context;
    const struct flapping *flapping = &slow->flapping;

    if (client < flapping->stay || word->kind != TALK_NEWS)
        return false;
    if (client < flapping_slow_first(flapping)) {
        bool may_be = !word->online && flapping->stage->plan->talk->tells_listed;

        slow->ends_told += may_be;
        return may_be;
    }

    uint32_t reader = client - flapping_slow_first(flapping);

    slow->readers[reader].heard[word->online]++;
    if (word->user != TALK_NOBODY)
        reader_believe(slow, reader, word);
    return true;
}

static bool
reader_ended(void *context, uint32_t client, const char *why)
{
    struct slow *slow = context;
    const struct flapping *flapping = &slow->flapping;

    if (client < flapping_slow_first(flapping))
        return false;

    struct reader *reader = &slow->readers[client - flapping_slow_first(flapping)];

    reader->ended = true;
    reader->cut = strstr(why, "\"too_slow\"") != NULL;
    slow->ends_allowed += rows_length(&flapping->friends, client);
    return true;
}

/* The slow come, while nobody else comes or goes, and stop reading. */
void
slow_readers_come(struct slow *slow)
{
    struct flapping *flapping = &slow->flapping;
    struct stage *stage = flapping->stage;
    struct crowd *crowd = &stage->crowd;
    uint32_t first = flapping_slow_first(flapping);

    crowd->took = NULL; /* the pilot is no friend of theirs */
    crowd->receive_bytes = RECEIVE_BYTES;
    stage_gather(stage, first, flapping->slow, &flapping->hellos, first);
    crowd->receive_bytes = 0;
    stage_roll_call(stage, first, flapping->slow, first - 1, &flapping->hellos);
    memset(slow->readers, 0, flapping->slow * sizeof *slow->readers);
    memset(slow->beliefs, 0, (size_t)flapping->slow * stage->plan->friends * sizeof *slow->beliefs);
    memset(slow->due, 0, flapping->slow * sizeof *slow->due);
    flapping->slow_due = slow->due;
    for (uint32_t reader = 0; reader < flapping->slow; reader++) {
        for (uint32_t i = 0; i < rows_length(&flapping->friends, first + reader); i++) {
            uint32_t flapper = reader_follows(slow, reader, i);
            const struct belief_truth *truth = &flapping->truths[flapper];

            if (flapper != UINT32_MAX)
                (void)belief_begin(&reader_beliefs(slow, reader)[i], truth->online, truth->changes, truth);
        }
        crowd_deafen(crowd, first + reader, true);
    }
    slow->deaf_ns = crowd_clock_ns();
    crowd->took = reader_took;
}

/* The place in the list of somebody whose true state the reader does not believe; UINT32_MAX: there is none. */
static uint32_t
reader_errs(const struct slow *slow, uint32_t reader)
{
    uint32_t count = rows_length(&slow->flapping.friends, flapping_slow_first(&slow->flapping) + reader);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t flapper = reader_follows(slow, reader, i);

        if (flapper != UINT32_MAX && reader_beliefs(slow, reader)[i].online != slow->flapping.truths[flapper].online)
            return i;
    }
    return UINT32_MAX;
}

/* Whether it has been told all that is due to it, or the server has ended its session. */
static bool
reader_through(const struct slow *slow, uint32_t number)
{
    const struct reader *reader = &slow->readers[number];
    const uint64_t *due = slow->flapping.slow_due[number];

    if (slow->flapping.stage->plan->talk->may_merge)
        return reader->ended || reader_errs(slow, number) == UINT32_MAX;
    return reader->ended || (reader->heard[0] >= due[0] && reader->heard[1] >= due[1]);
}

/*
 * They read again until they are through, or nothing has come for as long as a notification may take and as long as they did not read: a kernel that found
 * no room and missed the word that there is some again asks, each time after twice as long.
 */
void
slow_readers_read(struct slow *slow)
{
    struct flapping *flapping = &slow->flapping;
    struct crowd *crowd = &flapping->stage->crowd;
    int64_t start_ns = crowd_clock_ns(), last_ns = start_ns, most_ns = flapping->stage->plan->late_ns + start_ns - slow->deaf_ns;
    uint32_t next = 0;

    for (uint32_t reader = 0; reader < flapping->slow; reader++)
        crowd_deafen(crowd, flapping_slow_first(flapping) + reader, false);
    while (crowd_clock_ns() - last_ns < most_ns) {
        while (next < flapping->slow && reader_through(slow, next))
            next++;
        if (next == flapping->slow)
            break;
        crowd_poll(crowd, POLL_NS);
        last_ns = crowd->heard_ns > start_ns ? crowd->heard_ns : start_ns;
    }
    slow->numbers[SLOW_THROUGH_S] = larger(slow->numbers[SLOW_THROUGH_S], (double)(crowd_clock_ns() - start_ns) / 1e9);
}

static void
reader_check(struct slow *slow, uint32_t number)
{
    struct flapping *flapping = &slow->flapping;
    struct crowd *crowd = &flapping->stage->crowd;
    struct tally_counts *counts = &crowd->setting.tally->counts;
    const struct reader *reader = &slow->readers[number];
    const uint64_t *due = flapping->slow_due[number];
    bool names = flapping->stage->plan->talk->names_users;
    uint32_t user = crowd_id(crowd, flapping_slow_first(flapping) + number), errs;

    if (reader->ended && flapping->stage->plan->talk == &talk_jsonrpc)
        crowd_wrong(crowd, &counts->missing, crowd_clock_ns(), "user %u, who did not read, was cut off", user);
    for (int online = 0; online < 2; online++) {
        bool extra = reader->heard[online] > due[online];

        if (extra || (!flapping->stage->plan->talk->may_merge && !reader->ended && reader->heard[online] < due[online]))
            crowd_wrong(crowd, extra ? &counts->extra : &counts->missing, crowd_clock_ns(),
                "user %u, who did not read, was told %llu times that somebody %s, and %llu were due", user, (unsigned long long)reader->heard[online],
                online ? "came" : "left", (unsigned long long)due[online]);
    }
    if (names && !reader->ended && (errs = reader_errs(slow, number)) != UINT32_MAX)
        crowd_wrong(crowd, &counts->missing, crowd_clock_ns(), "user %u, who did not read, was not told in the end whether user %u is online", user,
            crowd_id(crowd, flapping->stay) + reader_follows(slow, number, errs));
}

void
slow_readers_check(struct slow *slow)
{
    struct flapping *flapping = &slow->flapping;
    struct crowd *crowd = &flapping->stage->crowd;
    double *numbers = slow->numbers;

    for (uint32_t reader = 0; reader < flapping->slow; reader++) {
        const struct reader *it = &slow->readers[reader];

        reader_check(slow, reader);
        numbers[it->cut ? SLOW_CUT : it->ended ? SLOW_ENDED : SLOW_STAYED]++;
        numbers[SLOW_DUE] += (double)(flapping->slow_due[reader][0] + flapping->slow_due[reader][1]);
        numbers[SLOW_HEARD] += (double)(it->heard[0] + it->heard[1]);
    }
    if (slow->ends_told > slow->ends_allowed)
        crowd_wrong(crowd, &crowd->setting.tally->counts.extra, crowd_clock_ns(),
            "those who come and go were told of %llu departures, and %llu are possible", (unsigned long long)slow->ends_told,
            (unsigned long long)slow->ends_allowed);
}

void
slow_readers_leave(struct slow *slow)
{
    struct flapping *flapping = &slow->flapping;
    struct crowd *crowd = &flapping->stage->crowd;
    uint32_t first = flapping_slow_first(flapping);

    flapping->slow_due = NULL;
    for (uint32_t client = first; client < first + flapping->slow; client++) {
        if (!crowd_joined(crowd, client))
            continue;
        slow->ends_allowed += rows_length(&flapping->friends, client);
        crowd_leave(crowd, client);
    }
}

void
slow_readers_make(struct slow *slow)
{
    struct flapping *flapping = &slow->flapping;
    struct crowd *crowd = &flapping->stage->crowd;

    slow->readers = memory_new(flapping->slow + 1, sizeof *slow->readers);
    slow->beliefs = memory_new((size_t)flapping->slow * flapping->stage->plan->friends + 1, sizeof *slow->beliefs);
    slow->due = memory_new(flapping->slow + 1, sizeof *slow->due);
    crowd->context = slow;
    crowd->ended = reader_ended;
}

void
slow_readers_done(struct slow *slow)
{
    free(slow->readers);
    free(slow->beliefs);
    free(slow->due);
}
