/* SPDX-License-Identifier: MIT
 *
 * slow: some of the sessions never read. The same population comes and goes (scenarios/flapping.h) first without them and then with them, so that one run
 * says what they do to the others' latency and to the server's memory; then they read again, which says what has become of them.
 *
 * The slow are listed by nobody, so that their end is no news but (classic) to those whom they list; they list such as come and go and nobody else, so
 * that what they do not read is as much as a list can bring. Their receive buffers are small: what they do not read waits in the server.
 *
 * In the end each must have been told: when it was not cut, in the classic dialect exactly what was due, in one with names nothing twice and the true
 * state of each whom it lists; when it was cut, no more than that. In JSON-RPC nobody may be cut.
 */
#include "load/cost.h"
#include "load/failure.h"
#include "load/options.h"
#include "scenarios/flapping.h"

#include <stdlib.h>
#include <string.h>

enum { RECEIVE_BYTES = 4096, QUIET_MS = 300, POLL_NS = 20000000 };

/* What shares hand to the first one. */
enum { NUMBER_CUT, NUMBER_ENDED, NUMBER_STAYED, NUMBER_DUE, NUMBER_HEARD, NUMBERS, NUMBER_THROUGH_S = NUMBERS };

struct reader {
    uint64_t heard[2];
    bool ended, cut; /* cut: it was told that it is too slow */
};

struct slow {
    struct flapping flapping;
    struct reader *readers;
    struct belief *beliefs; /* of each reader, one for each of its list */
    uint64_t ends_told;     /* to those who come and go and are listed by a reader whose session has ended */
    uint64_t ends_allowed;  /* how many those can be */
    struct phase without, with;
    int64_t rss_before_bytes, rss_most_bytes;
    double through_s; /* how long they then took to read what was due */
    int64_t deaf_ns;  /* since when the readers do not read */
};

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
static void
readers_gather(struct slow *slow)
{
    struct flapping *flapping = &slow->flapping;
    struct stage *stage = flapping->stage;
    struct crowd *crowd = &stage->crowd;
    uint32_t first = flapping_slow_first(flapping);

    crowd->receive_bytes = RECEIVE_BYTES;
    stage_gather(stage, first, flapping->slow, &flapping->hellos, first);
    crowd->receive_bytes = 0;
    stage_roll_call(stage, first, flapping->slow, first - 1, &flapping->hellos);
    slow->readers = memory_new(flapping->slow + 1, sizeof *slow->readers);
    slow->beliefs = memory_new((size_t)flapping->slow * stage->plan->friends + 1, sizeof *slow->beliefs);
    flapping->slow_due = memory_new(flapping->slow + 1, sizeof *flapping->slow_due);
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
    crowd->context = slow;
    crowd->took = reader_took;
    crowd->ended = reader_ended;
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
static void
readers_read(struct slow *slow)
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
    slow->through_s = (double)(crowd_clock_ns() - start_ns) / 1e9;
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

/* What has become of them, for the first share. */
static void
readers_check(struct slow *slow)
{
    struct flapping *flapping = &slow->flapping;
    struct crowd *crowd = &flapping->stage->crowd;
    double *numbers = crowd->setting.tally->numbers;

    memset(numbers, 0, NUMBERS * sizeof *numbers);
    numbers[NUMBER_THROUGH_S] = slow->through_s;
    for (uint32_t reader = 0; reader < flapping->slow; reader++) {
        const struct reader *it = &slow->readers[reader];

        reader_check(slow, reader);
        numbers[it->cut ? NUMBER_CUT : it->ended ? NUMBER_ENDED : NUMBER_STAYED]++;
        numbers[NUMBER_DUE] += (double)(flapping->slow_due[reader][0] + flapping->slow_due[reader][1]);
        numbers[NUMBER_HEARD] += (double)(it->heard[0] + it->heard[1]);
    }
    if (slow->ends_told > slow->ends_allowed)
        crowd_wrong(crowd, &crowd->setting.tally->counts.extra, crowd_clock_ns(),
            "those who come and go were told of %llu departures, and %llu are possible", (unsigned long long)slow->ends_told,
            (unsigned long long)slow->ends_allowed);
    stage_meet(flapping->stage);
}

/* The first share's: what they do to the others. */
static void
latencies_report(struct slow *slow, bool both)
{
    static const double percents[] = {50, 99};
    static const char *const names[] = {"p50_ratio", "p99_ratio"},
                             *const texts[] = {"p50 with the slow, as a ratio", "p99 with the slow, as a ratio"};
    struct stage *stage = slow->flapping.stage;

    if (both)
        stage_rate(stage, &slow->with, "notifications", (double)slow->with.sum.counts.heard, "notification");
    stage_rate(stage, &slow->without, "notifications_without", (double)slow->without.sum.counts.heard, "without_slow");
    for (int i = 0; both && i < 2; i++) {
        int64_t without_ns = histogram_percentile(&slow->without.sum.latency, percents[i]);

        stage_figure(stage, REPORT_THROUGHPUT, names[i],
            without_ns > 0 ? (double)histogram_percentile(&slow->with.sum.latency, percents[i]) / (double)without_ns : 0, "", texts[i]);
    }
}

/* The first share's: what has become of them, and what they took. */
static void
readers_report(struct slow *slow)
{
    struct stage *stage = slow->flapping.stage;
    double sum[NUMBERS] = {0}, readers = stage->plan->slow, through_s = 0;

    for (uint32_t share = 0; share < stage->shares->count; share++) {
        const double *numbers = stage->shares->tallies[share].numbers;

        for (int i = 0; i < NUMBERS; i++)
            sum[i] += numbers[i];
        through_s = numbers[NUMBER_THROUGH_S] > through_s ? numbers[NUMBER_THROUGH_S] : through_s;
    }
    stage_figure(stage, REPORT_THROUGHPUT, "slow_due", sum[NUMBER_DUE] / readers, "", "changes due to each slow one");
    stage_figure(stage, REPORT_THROUGHPUT, "slow_heard", sum[NUMBER_HEARD] / readers, "", "changes it was told in the end");
    stage_figure(stage, REPORT_THROUGHPUT, "slow_cut", sum[NUMBER_CUT], "", "slow ones closed with too_slow");
    stage_figure(stage, REPORT_THROUGHPUT, "slow_ended", sum[NUMBER_ENDED], "", "slow ones closed before they read that");
    stage_figure(stage, REPORT_THROUGHPUT, "slow_stayed", sum[NUMBER_STAYED], "", "slow ones still connected");
    stage_figure(stage, REPORT_THROUGHPUT, "slow_read_seconds", through_s, "s", "until the last of them had read all that was left");
    if (stage->target->process == 0)
        return;
    stage_figure(stage, REPORT_SERVER, "rss_before_bytes", (double)slow->rss_before_bytes, "B", "RSS before they stop reading");
    stage_figure(stage, REPORT_SERVER, "rss_most_bytes", (double)slow->rss_most_bytes, "B", "RSS while they do not read, at most");
    stage_figure(
        stage, REPORT_SERVER, "rss_bytes_per_slow", (double)(slow->rss_most_bytes - slow->rss_before_bytes) / readers, "B", "growth per slow one");
}

static void
phase_play(struct slow *slow, struct phase *phase)
{
    struct stage *stage = slow->flapping.stage;

    stage_phase_begin(stage);
    flapping_play(&slow->flapping, stage->plan->run_ns, UINT64_MAX);
    stage_phase_end(stage, phase);
}

static void
with_readers_play(struct slow *slow)
{
    struct stage *stage = slow->flapping.stage;
    pid_t process = stage->target->process;

    readers_gather(slow);
    stage_quiet(stage, QUIET_MS);
    stage_meet(stage);
    slow->rss_before_bytes = stage->rss_most_bytes = process != 0 ? cost_rss_bytes(process) : 0;
    phase_play(slow, &slow->with);
    slow->rss_most_bytes = stage->rss_most_bytes;
    readers_read(slow);
    stage_finish(stage);
    readers_check(slow);
}

static void
slow_play(struct stage *stage)
{
    static struct slow slow;
    uint32_t slow_part = stage_part(stage, stage->plan->slow);
    bool both;

    if (stage->plan->talk == &talk_floor)
        failure_usage("slow is about what a server does with those who do not read, and the floor does nothing with them");
    if (slow_part >= stage->sessions)
        failure_usage("--slow is how many of the --sessions do not read, and some must");
    slow.flapping = (struct flapping){.stage = stage, .stay = stage->sessions - slow_part, .slow = slow_part};
    flapping_gather(&slow.flapping);
    if (stage->plan->warm_up_ns > 0)
        flapping_play(&slow.flapping, stage->plan->warm_up_ns, UINT64_MAX);
    phase_play(&slow, &slow.without);
    both = !stage_over(stage);
    if (both)
        with_readers_play(&slow);
    else
        stage_finish(stage);
    flapping_schedule_report(stage, both ? &slow.with : &slow.without);
    latencies_report(&slow, both);
    if (both) {
        readers_report(&slow);
        stage_cost(stage, &slow.with, "notification", (double)slow.with.sum.counts.heard);
    }
    stage_counts(stage, both ? &slow.with : &slow.without);
    flapping_done(&slow.flapping);
    free(slow.readers);
    free(slow.beliefs);
    free(slow.flapping.slow_due);
}

const struct scenario scenario_slow = {
    .name = "slow",
    .about = "some never read: what that does to the others' latency and to memory, and what becomes of the slow",
    .takes = OPTION_SESSIONS | OPTION_FRIENDS | OPTION_FLAPPING | OPTION_SLOW | OPTION_RATE | OPTION_IN_FLIGHT | OPTION_SECONDS | OPTION_WARM_UP |
        OPTION_GRAPH | OPTION_MUTUAL | OPTION_PROCESSES,
    .defaults = {.sessions = 4000,
        .friends = 50,
        .flapping = 200,
        .slow = 500,
        .rate = 10000,
        .in_flight = 16,
        .run_ns = 10 * INT64_C(1000000000),
        .warm_up_ns = 1000000000},
    .play = slow_play,
};
