/* SPDX-License-Identifier: MIT */
#include "scenarios/slow.h"

#include "load/cost.h"
#include "load/failure.h"
#include "load/options.h"

#include <stdlib.h>
#include <string.h>

enum { QUIET_MS = 300 };

static const int64_t fall_behind_ns = 60000000000; /* at most */

/* One part, without them or with them. */
static void
part_play(struct slow *slow, struct phase *total, struct histogram *part)
{
    static struct phase phase;
    struct stage *stage = slow->flapping.stage;

    stage_phase_begin(stage);
    flapping_play(&slow->flapping, stage->plan->run_ns / stage->plan->rounds, UINT64_MAX);
    stage_phase_end(stage, &phase);
    stage_phase_add(total, &phase);
    histogram_add(part, &phase.sum.latency);
}

/* So many more changes become due to each slow one, as fast as possible. */
static void
fall_behind(struct slow *slow)
{
    struct stage *stage = slow->flapping.stage;

    slow->flapping.rush = true;
    if (stage->plan->behind > 0)
        flapping_play(&slow->flapping, fall_behind_ns, flapping_slow_told(&slow->flapping, stage->plan->behind));
    slow->flapping.rush = false;
    stage_quiet(stage, QUIET_MS);
    stage_meet(stage);
}

/* In the first share: how many descriptors the server has beyond those of all who believe to be connected; negative: it has ended some. */
static int64_t
descriptors_beyond(struct slow *slow)
{
    struct stage *stage = slow->flapping.stage;
    int64_t beyond = 0;

    stage->crowd.setting.tally->numbers[SLOW_ONLINE] = stage->crowd.online;
    stage_meet(stage);
    if (stage->share == 0 && stage->target->process != 0)
        beyond = cost_descriptors(stage->target->process);
    for (uint32_t share = 0; share < stage->shares->count; share++)
        beyond -= (int64_t)stage->shares->tallies[share].numbers[SLOW_ONLINE];
    stage_meet(stage);
    return beyond;
}

static double
readers_gone(struct slow *slow, int64_t all)
{
    int64_t beyond = descriptors_beyond(slow);

    return beyond < all ? (double)(all - beyond) : 0;
}

/* They come, fall behind, are behind while the others are measured, fall behind further, read and leave. Who has been cut in a dialect that merges nothing
 * has little time to read why. */
static void
readers_play(struct slow *slow, struct slow_round *round)
{
    struct stage *stage = slow->flapping.stage;
    pid_t process = stage->target->process;
    int64_t all, behind_bytes;

    slow_readers_come(slow);
    stage_quiet(stage, QUIET_MS);
    all = descriptors_beyond(slow);
    if (slow->rss_before_bytes == 0 && process != 0)
        slow->rss_before_bytes = cost_rss_bytes(process);
    if (stage->share == 0 && process != 0)
        stage->rss_most_bytes = stage->rss_most_bytes > 0 ? stage->rss_most_bytes : slow->rss_before_bytes;
    fall_behind(slow);
    round->gone_before = readers_gone(slow, all);
    behind_bytes = process != 0 ? cost_rss_bytes(process) : 0;
    part_play(slow, &slow->with, &slow->within);
    stage_quiet(stage, QUIET_MS);
    round->gone_then = readers_gone(slow, all);
    if (stage->plan->talk->may_merge)
        fall_behind(slow);
    round->later_bytes = (process != 0 ? cost_rss_bytes(process) : 0) - behind_bytes;
    slow_readers_read(slow);
    stage_finish(stage);
    slow_readers_check(slow);
    slow_readers_leave(slow);
    stage_quiet(stage, QUIET_MS);
    stage_meet(stage);
}

static double
ratio_of(const struct histogram *a, const struct histogram *b, double percent)
{
    int64_t of = histogram_percentile(b, percent);

    return of > 0 ? (double)histogram_percentile(a, percent) / (double)of : 0;
}

static void
rounds_play(struct slow *slow)
{
    static struct histogram last, next;
    struct stage *stage = slow->flapping.stage;

    part_play(slow, &slow->without, &next);
    while (slow->played < stage->plan->rounds && !stage_over(stage)) {
        struct slow_round *round = &slow->rounds[slow->played];

        last = next;
        memset(&next, 0, sizeof next);
        memset(&slow->within, 0, sizeof slow->within);
        readers_play(slow, round);
        if (!stage_over(stage))
            part_play(slow, &slow->without, &next);
        slow->beside = last;
        histogram_add(&slow->beside, &next);
        round->p50_ratio = ratio_of(&slow->within, &slow->beside, 50);
        round->p99_ratio = ratio_of(&slow->within, &slow->beside, 99);
        slow->played++;
    }
    slow->rss_most_bytes = stage->rss_most_bytes;
}

/* The median of one number of all rounds; *least and *most may be NULL. */
static double
rounds_median(const struct slow *slow, double (*number)(const struct slow_round *round), double *least, double *most)
{
    double *values = memory_new(slow->played, sizeof *values), median;

    for (uint32_t i = 0; i < slow->played; i++)
        values[i] = number(&slow->rounds[i]);
    median = values_median(values, slow->played);
    if (least != NULL)
        *least = values[0];
    if (most != NULL)
        *most = values[slow->played - 1];
    free(values);
    return median;
}

static double
number_p50(const struct slow_round *round)
{
    return round->p50_ratio;
}

static double
number_p99(const struct slow_round *round)
{
    return round->p99_ratio;
}

static double
number_later(const struct slow_round *round)
{
    return (double)round->later_bytes;
}

static double
number_gone_before(const struct slow_round *round)
{
    return round->gone_before;
}

static double
number_gone_then(const struct slow_round *round)
{
    return round->gone_then;
}

/* The first share's: what they do to the others. */
static void
latencies_report(struct slow *slow)
{
    struct stage *stage = slow->flapping.stage;
    double least, most, median;

    if (slow->played > 0)
        stage_rate(stage, &slow->with, "notifications", (double)slow->with.sum.counts.heard, "notification");
    stage_rate(stage, &slow->without, "notifications_without", (double)slow->without.sum.counts.heard, "without_slow");
    if (slow->played == 0)
        return;
    stage_figure(
        stage, REPORT_THROUGHPUT, "p50_ratio", rounds_median(slow, number_p50, NULL, NULL), "", "p50 with the slow, to that without, median");
    median = rounds_median(slow, number_p99, &least, &most);
    stage_figure(stage, REPORT_THROUGHPUT, "p99_ratio", median, "", "p99 with the slow, to that without, median");
    stage_figure(stage, REPORT_THROUGHPUT, "p99_ratio_least", least, "", "the same, least of all rounds");
    stage_figure(stage, REPORT_THROUGHPUT, "p99_ratio_most", most, "", "the same, most of all rounds");
    stage_figure(stage, REPORT_THROUGHPUT, "p99_ratio_whole", ratio_of(&slow->with.sum.latency, &slow->without.sum.latency, 99), "",
        "p99 of all rounds together, as a ratio");
}

/* The first share's: what the server took for them. */
static void
memory_report(struct slow *slow)
{
    struct stage *stage = slow->flapping.stage;
    double readers = stage->plan->slow;

    if (stage->target->process == 0)
        return;
    if (stage->target->accepts) {
        stage_figure(stage, REPORT_SERVER, "slow_gone_before", rounds_median(slow, number_gone_before, NULL, NULL), "",
            "slow ones ended before the others are measured, median");
        stage_figure(stage, REPORT_SERVER, "slow_gone_then", rounds_median(slow, number_gone_then, NULL, NULL), "",
            "slow ones ended when they have been, median");
    }
    stage_figure(stage, REPORT_SERVER, "rss_before_bytes", (double)slow->rss_before_bytes, "B", "RSS before they fall behind");
    stage_figure(stage, REPORT_SERVER, "rss_most_bytes", (double)slow->rss_most_bytes, "B", "RSS while they do not read, at most");
    stage_figure(
        stage, REPORT_SERVER, "rss_bytes_per_slow", (double)(slow->rss_most_bytes - slow->rss_before_bytes) / readers, "B", "growth per slow one");
    stage_figure(stage, REPORT_SERVER, "rss_bytes_per_slow_later", rounds_median(slow, number_later, NULL, NULL) / readers, "B",
        "of it, while they fell behind further");
}

/* The first share's: what has become of them. */
static void
readers_report(struct slow *slow)
{
    struct stage *stage = slow->flapping.stage;
    double sum[SLOW_SUMS] = {0}, through_s = 0, all = (double)stage->plan->slow * slow->played;

    memcpy(stage->crowd.setting.tally->numbers, slow->numbers, sizeof slow->numbers);
    stage_meet(stage);
    for (uint32_t share = 0; share < stage->shares->count; share++) {
        const double *numbers = stage->shares->tallies[share].numbers;

        for (int i = 0; i < SLOW_SUMS; i++)
            sum[i] += numbers[i];
        through_s = numbers[SLOW_THROUGH_S] > through_s ? numbers[SLOW_THROUGH_S] : through_s;
    }
    stage_figure(stage, REPORT_THROUGHPUT, "slow_due", sum[SLOW_DUE] / all, "", "changes due to each slow one");
    stage_figure(stage, REPORT_THROUGHPUT, "slow_heard", sum[SLOW_HEARD] / all, "", "changes it was told in the end");
    stage_figure(stage, REPORT_THROUGHPUT, "slow_cut", sum[SLOW_CUT] / slow->played, "", "slow ones closed with too_slow, of a round");
    stage_figure(stage, REPORT_THROUGHPUT, "slow_ended", sum[SLOW_ENDED] / slow->played, "", "slow ones closed before they read that");
    stage_figure(stage, REPORT_THROUGHPUT, "slow_stayed", sum[SLOW_STAYED] / slow->played, "", "slow ones still connected");
    stage_figure(stage, REPORT_THROUGHPUT, "slow_read_seconds", through_s, "s", "until the last of them had read all that was left");
}

static void
slow_play(struct stage *stage)
{
    static struct slow slow;
    uint32_t slow_part = stage_part(stage, stage->plan->slow);

    if (stage->plan->talk == &talk_floor)
        failure_usage("slow is about what a server does with those who do not read, and the floor does nothing with them");
    if (slow_part >= stage->sessions)
        failure_usage("--slow is how many of the --sessions do not read, and some must");
    slow.flapping = (struct flapping){.stage = stage, .stay = stage->sessions - slow_part, .slow = slow_part};
    slow.rounds = memory_new(stage->plan->rounds, sizeof *slow.rounds);
    flapping_gather(&slow.flapping);
    slow_readers_make(&slow);
    if (stage->plan->warm_up_ns > 0)
        flapping_play(&slow.flapping, stage->plan->warm_up_ns, UINT64_MAX);
    slow.flapping.unordered = 0;
    rounds_play(&slow);
    stage_finish(stage);
    flapping_schedule_report(stage, slow.played > 0 ? &slow.with : &slow.without);
    latencies_report(&slow);
    if (slow.played > 0) {
        readers_report(&slow);
        memory_report(&slow);
        stage_cost(stage, &slow.with, "notification", (double)slow.with.sum.counts.heard);
    }
    stage_counts(stage, slow.played > 0 ? &slow.with : &slow.without);
    flapping_done(&slow.flapping);
    slow_readers_done(&slow);
    free(slow.rounds);
}

const struct scenario scenario_slow = {
    .name = "slow",
    .about = "some never read: what that does to the others' latency and to memory, and what becomes of the slow",
    .takes = OPTION_SESSIONS | OPTION_FRIENDS | OPTION_FLAPPING | OPTION_SLOW | OPTION_BEHIND | OPTION_RATE | OPTION_IN_FLIGHT | OPTION_SECONDS |
        OPTION_WARM_UP | OPTION_ROUNDS | OPTION_GRAPH | OPTION_MUTUAL | OPTION_PROCESSES,
    .defaults = {.sessions = 4000,
        .friends = 50,
        .flapping = 200,
        .slow = 500,
        .behind = 500,
        .rounds = 3,
        .rate = 10000,
        .in_flight = 16,
        .run_ns = 9 * INT64_C(1000000000),
        .warm_up_ns = 1000000000},
    .play = slow_play,
};
