/* SPDX-License-Identifier: MIT */
#include "scenarios/storm.h"

#include "load/failure.h"
#include "load/options.h"

#include <stdlib.h>

/* Over UDP: so many of this share's users are there, says the server; or the program ends. */
static void
people_count(struct storm *storm, uint32_t expected)
{
    struct stage *stage = storm->stage;
    uint32_t online;

    if (!stage->plan->udp || stage_stopping(stage))
        return;
    online = census_online(storm->census, stage->crowd.setting.first_user, stage->sessions);
    if (online < expected)
        failure_exit("%u of %u sessions are not there: the server has refused or lost them", expected - online, expected);
    if (online > expected)
        failure_exit("%u sessions are still there after they have said goodbye", online - expected);
}

static void
round_play(struct storm *storm, struct phase *in, struct phase *out)
{
    struct stage *stage = storm->stage;

    stage_phase_begin(stage);
    storm_come(storm);
    stage_phase_end(stage, in);
    people_count(storm, stage->sessions);
    stage_phase_begin(stage);
    storm_leave(storm);
    stage_phase_end(stage, out);
    people_count(storm, 0);
}

/* The server's processor time for one of the phase's transitions. */
static double
phase_cpu_us(const struct phase *phase)
{
    return phase->sum.counts.transitions > 0 ? (double)phase->spent.cpu_ns / 1e3 / (double)phase->sum.counts.transitions : 0;
}

/* The rounds after the first: processor time of a login and a logout, medians; 0 when there were none. */
static void
warm_rounds_play(struct storm *storm, double *login_us, double *logout_us)
{
    static struct phase in, out;
    struct stage *stage = storm->stage;
    double *in_us = memory_new(stage->plan->rounds, sizeof *in_us), *out_us = memory_new(stage->plan->rounds, sizeof *out_us);
    uint32_t count = 0;

    while (count + 1 < stage->plan->rounds && !stage_over(stage)) {
        round_play(storm, &in, &out);
        in_us[count] = phase_cpu_us(&in);
        out_us[count] = phase_cpu_us(&out);
        count++;
    }
    *login_us = values_median(in_us, count);
    *logout_us = values_median(out_us, count);
    free(in_us);
    free(out_us);
}

/* For the first share: what all had to say again. */
static void
repeats_report(struct storm *storm)
{
    struct stage *stage = storm->stage;
    double repeats = 0;

    if (!stage->plan->udp)
        return;
    stage->crowd.setting.tally->numbers[0] = (double)storm->repeats;
    stage_meet(stage);
    for (uint32_t share = 0; share < stage->shares->count; share++)
        repeats += stage->shares->tallies[share].numbers[0];
    stage_figure(stage, REPORT_ERRORS, "repeats", repeats, "", "hellos and goodbyes said again, no error");
}

static void
storm_report(struct stage *stage, const struct phase *in, const struct phase *out)
{
    double logins = (double)in->sum.counts.transitions, logouts = (double)out->sum.counts.transitions;
    static struct phase both;

    stage_rate(stage, in, "logins", logins, "login");
    stage_phase_counts(stage, in, "logins", "sessions");
    stage_rate(stage, out, "logouts", logouts, "logout");
    stage_phase_counts(stage, out, "logouts", "sessions");
    stage_cost(stage, in, "login", logins);
    stage_cost(stage, out, "logout", logouts);
    stage_phase_add(&both, in);
    stage_phase_add(&both, out);
    stage_counts(stage, &both);
    stage_figure(stage, REPORT_THROUGHPUT, "seconds", (double)both.spent.wall_ns / 1e9, "s", "logins and logouts: measured");
    stage_figure(stage, REPORT_THROUGHPUT, "transitions", (double)both.sum.counts.transitions, "", "logins and logouts: sessions");
    stage_figure(stage, REPORT_THROUGHPUT, "notifications", (double)both.sum.counts.heard, "", "logins and logouts: notifications");
}

static void
storm_play(struct stage *stage)
{
    static struct phase in_first, out_first;
    static struct storm storm;
    uint32_t pilot = stage->sessions + STORM_WITNESSES;
    double warm_in_us, warm_out_us;

    storm.stage = stage;
    if (stage_part(stage, stage->plan->in_flight) >= STORM_WITNESSES)
        failure_usage("storm has fewer than %d logins in flight in each process", STORM_WITNESSES);
    if (stage->plan->udp)
        storm.census = census_new(stage->target, stage->share);
    stage_crowd(stage, pilot + 1);
    stage_hellos(stage, &storm.hellos);
    storm_people_make(&storm);
    stage_gather(stage, stage->sessions, STORM_WITNESSES, &storm.hellos, stage->sessions);
    stage_roll_call(stage, stage->sessions, STORM_WITNESSES, pilot, &storm.hellos);
    round_play(&storm, &in_first, &out_first);
    warm_rounds_play(&storm, &warm_in_us, &warm_out_us);
    stage_finish(stage);
    storm_report(stage, &in_first, &out_first);
    repeats_report(&storm);
    if (warm_in_us > 0) {
        stage_figure(stage, REPORT_SERVER, "warm_cpu_us_per_login", warm_in_us, "us", "CPU per login, later rounds");
        stage_figure(stage, REPORT_SERVER, "warm_cpu_us_per_logout", warm_out_us, "us", "CPU per logout, later rounds");
    }
    if (storm.census != NULL)
        census_free(storm.census);
    crowd_done(&stage->crowd);
    storm_people_done(&storm);
}

static uint64_t
storm_descriptors(const struct plan *plan)
{
    return plan->sessions;
}

const struct scenario scenario_storm = {
    .name = "storm",
    .about = "all log in as fast as they can, then all leave at once: what a login and a logout cost",
    .takes = OPTION_SESSIONS | OPTION_FRIENDS | OPTION_IN_FLIGHT | OPTION_ROUNDS | OPTION_GRAPH | OPTION_MUTUAL | OPTION_UDP | OPTION_PROCESSES,
    .defaults = {.sessions = 8000, .friends = 50, .in_flight = 64, .rounds = 1},
    .play = storm_play,
    .descriptors = storm_descriptors,
    .descriptors_each = STORM_WITNESSES,
};
