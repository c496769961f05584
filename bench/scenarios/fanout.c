/* SPDX-License-Identifier: MIT
 *
 * fanout: some users come and go among many who stay (scenarios/flapping.h). The figures are how long a notification takes from the moment its change was
 * due, and the server's processor time for one.
 */
#include "load/options.h"
#include "scenarios/flapping.h"

static void
fanout_play(struct stage *stage)
{
    struct flapping flapping = {.stage = stage, .stay = stage->sessions};
    static struct phase phase;

    flapping_gather(&flapping);
    if (stage->plan->warm_up_ns > 0)
        flapping_play(&flapping, stage->plan->warm_up_ns, UINT64_MAX);
    flapping.unordered = 0;
    stage_phase_begin(stage);
    flapping_play(&flapping, stage->plan->run_ns, stage->plan->notifications > 0 ? stage_part(stage, stage->plan->notifications) : UINT64_MAX);
    stage_phase_end(stage, &phase);
    stage_finish(stage);
    flapping_schedule_report(stage, &phase);
    stage_rate(stage, &phase, "notifications", (double)phase.sum.counts.heard, "notification");
    stage_cost(stage, &phase, "notification", (double)phase.sum.counts.heard);
    stage_counts(stage, &phase);
    flapping_done(&flapping);
}

const struct scenario scenario_fanout = {
    .name = "fanout",
    .about = "some users come and go among many who stay: how long a notification takes, and what it costs",
    .takes = OPTION_SESSIONS | OPTION_FRIENDS | OPTION_FLAPPING | OPTION_RATE | OPTION_IN_FLIGHT | OPTION_NOTIFICATIONS | OPTION_SECONDS |
        OPTION_WARM_UP | OPTION_GRAPH | OPTION_MUTUAL | OPTION_UDP | OPTION_PROCESSES,
    .defaults = {.sessions = 8000, .friends = 50, .flapping = 200, .in_flight = 16, .run_ns = 10 * INT64_C(1000000000), .warm_up_ns = 1000000000},
    .play = fanout_play,
};
