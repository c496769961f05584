/* SPDX-License-Identifier: MIT
 *
 * celebrity: one user whom everybody watches comes and goes. The figures are the time from there until the last watcher has been told, and the server's
 * processor time for one of them.
 *
 * Clients: 0 to sessions - 1 watch, then the celebrity (of the first share alone), then the share's pilot.
 */
#include "load/failure.h"
#include "load/options.h"
#include "scenarios/stage.h"

#include <stdlib.h>

/* Everybody must have been told by all processes what is due before it happens. */
static const int64_t ahead_ns = 20000000;

/* The celebrity's number in the whole population: the first share has the most sessions. */
static uint32_t
celebrity_user(const struct stage *stage)
{
    return (stage->plan->sessions + stage->shares->count - 1) / stage->shares->count;
}

static void
population_gather(struct stage *stage, struct hellos *hellos)
{
    uint32_t watchers = stage->sessions, pilot = watchers + 1, first = stage->crowd.setting.first_user;
    uint32_t listed[2] = {celebrity_user(stage), first + pilot};
    struct rows told;

    hellos->first_user = 0; /* the celebrity is no user of this share */
    rows_init(&told);
    for (uint32_t client = 0; client <= pilot; client++) {
        hellos_add(hellos, first + client, listed, client < watchers ? 2 : 0);
        for (uint32_t i = 0; client >= watchers && i < watchers; i++)
            rows_put(&told, i);
        rows_end(&told);
    }
    stage_table(stage, &told, &told);
    rows_done(&told);
    stage_gather(stage, 0, watchers, hellos, 0);
    stage_roll_call(stage, 0, watchers, pilot, hellos);
}

/* Returns in the first share how long it took until the last one was told. */
static double
transition_play(struct stage *stage, const struct hellos *hellos, bool online)
{
    struct crowd *crowd = &stage->crowd;
    uint32_t celebrity = stage->sessions;
    int64_t last_ns = 0;

    if (stage->share == 0)
        stage->shares->start_ns = crowd_clock_ns() + ahead_ns;
    stage_meet(stage);

    int64_t due_ns = stage->shares->start_ns, now_ns;

    for (uint32_t client = 0; client < stage->sessions; client++)
        crowd_expect(crowd, client, celebrity_user(stage), online, due_ns);
    stage_meet(stage);
    while ((now_ns = crowd_clock_ns()) < due_ns)
        crowd_poll(crowd, due_ns - now_ns);
    if (stage->share == 0) {
        size_t length;
        const char *hello = hellos_at(hellos, celebrity, &length);

        crowd_transition(crowd, due_ns);
        if (online)
            crowd_join(crowd, celebrity, hello, length);
        else
            crowd_leave(crowd, celebrity);
    }
    crowd_settle(crowd);
    stage->shares->tallies[stage->share].numbers[0] = (double)(crowd->heard_ns - due_ns);
    stage_meet(stage);
    for (uint32_t share = 0; share < stage->shares->count; share++)
        if (stage->shares->tallies[share].numbers[0] > (double)last_ns)
            last_ns = (int64_t)stage->shares->tallies[share].numbers[0];
    stage_meet(stage);
    return (double)last_ns / 1e6;
}

static void
celebrity_play(struct stage *stage)
{
    static struct phase phase;
    uint32_t most = stage->plan->rounds * 2, count = 0;
    struct hellos hellos;
    double *times_ms = memory_new(most, sizeof *times_ms);

    stage_crowd(stage, stage->sessions + 2);
    stage_hellos(stage, &hellos);
    population_gather(stage, &hellos);
    stage_phase_begin(stage);
    while (count < most && !stage_over(stage)) {
        times_ms[count] = transition_play(stage, &hellos, count % 2 == 0);
        count++;
    }
    stage_phase_end(stage, &phase);
    stage_finish(stage);
    stage_figure(stage, REPORT_THROUGHPUT, "ms_until_all_told", values_median(times_ms, count), "ms", "until all are told, median");
    stage_figure(stage, REPORT_THROUGHPUT, "ms_slowest", count > 0 ? times_ms[count - 1] : 0, "ms", "until all are told, slowest");
    stage_rate(stage, &phase, "notifications", (double)phase.sum.counts.heard, "notification");
    stage_cost(stage, &phase, "notification", (double)phase.sum.counts.heard);
    stage_counts(stage, &phase);
    crowd_done(&stage->crowd);
    hellos_done(&hellos);
    free(times_ms);
}

const struct scenario scenario_celebrity = {
    .name = "celebrity",
    .about = "everybody watches one who comes and goes: time until all have been told",
    .takes = OPTION_SESSIONS | OPTION_ROUNDS | OPTION_UDP | OPTION_PROCESSES,
    .defaults = {.sessions = 15000, .rounds = 10},
    .play = celebrity_play,
};
