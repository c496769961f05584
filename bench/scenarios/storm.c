/* SPDX-License-Identifier: MIT
 *
 * storm: fresh logins as fast as a bounded number in flight allows, each with a whole list of friends and one witness who is told; then all leave at
 * once, and the witnesses are told again. The figures are logins and logouts a second and the server's processor time for one (accept, parse, the edges,
 * one notification). The first round, in a server that has seen nobody yet, is the one that counts; further rounds are the same in a warm one.
 *
 * The listed friends are users who are not there, so that a login tells its witness and nobody else. There are more witnesses than logins in flight, so
 * that news for one of them hardly ever comes together.
 *
 * Clients: 0 to sessions - 1 log in, then the witnesses, then a pilot; users from there on only stand in lists.
 */
#include "load/draw.h"
#include "load/failure.h"
#include "load/options.h"
#include "scenarios/stage.h"

#include <stdlib.h>

enum {
    WITNESSES = 250,
    CLOSES = 64, /* in a row, before what they led to is read */
};

static const int64_t wait_ns = 20000000;

struct storm {
    struct stage *stage;
    struct hellos hellos;           /* by client */
    double warm_in_us, warm_out_us; /* processor time of a login and a logout in the rounds after the first, medians; 0: there were none */
};

static void
population_make(struct storm *storm)
{
    struct stage *stage = storm->stage;
    uint32_t users = stage->sessions, pilot = users + WITNESSES;
    struct rows friends, told;

    rows_init(&friends);
    rows_init(&told);
    for (uint32_t user = 0; user < users; user++) {
        draw_row(&friends, &stage->random, stage->plan->graph, stage->plan->friends, pilot + 1, users, user);
        rows_end(&friends);
        rows_put(&told, users + user % WITNESSES);
        rows_end(&told);
    }
    for (uint32_t witness = 0; witness < WITNESSES; witness++) {
        rows_put(&friends, pilot);
        for (uint32_t user = witness; user < users; user += WITNESSES)
            rows_put(&friends, user);
        rows_end(&friends);
        rows_end(&told);
    }
    rows_end(&friends);
    for (uint32_t i = 0; i < WITNESSES; i++)
        rows_put(&told, users + i);
    rows_end(&told);
    for (uint32_t client = 0; client <= pilot; client++)
        hellos_add(&storm->hellos, client, rows_at(&friends, client), rows_length(&friends, client));
    stage_table(stage, &told, &told);
    rows_done(&friends);
    rows_done(&told);
}

/* Orders that the user comes or leaves, now. */
static void
transition_order(struct storm *storm, uint32_t user, bool online)
{
    struct stage *stage = storm->stage;
    struct crowd *crowd = &stage->crowd;
    int64_t now_ns = crowd_clock_ns();

    crowd_transition(crowd, now_ns);
    crowd_expect(crowd, stage->sessions + user % WITNESSES, crowd->setting.first_user + user, online, now_ns);
    if (online) {
        size_t length;
        const char *hello = hellos_at(&storm->hellos, user, &length);

        crowd_join(crowd, user, hello, length);
    } else {
        crowd_leave(crowd, user);
    }
}

static void
all_come(struct storm *storm)
{
    struct stage *stage = storm->stage;
    struct crowd *crowd = &stage->crowd;
    uint32_t in_flight = stage_part(stage, stage->plan->in_flight) + 1;

    for (uint32_t user = 0; user < stage->sessions && !stage_stopping(stage); user++) {
        while (crowd->under_way >= in_flight && !stage_stalled(stage, crowd_clock_ns()))
            crowd_poll(crowd, wait_ns);
        if (stage_stalled(stage, crowd_clock_ns()))
            break;
        transition_order(storm, user, true);
    }
    crowd_settle(crowd);
}

static void
all_leave(struct storm *storm)
{
    struct stage *stage = storm->stage;
    struct crowd *crowd = &stage->crowd;

    for (uint32_t user = 0; user < stage->sessions; user++) {
        if (crowd_joined(crowd, user))
            transition_order(storm, user, false);
        if (user % CLOSES == CLOSES - 1)
            crowd_poll(crowd, 0);
    }
    crowd_settle(crowd);
}

static void
round_play(struct storm *storm, struct phase *in, struct phase *out)
{
    struct stage *stage = storm->stage;

    stage_phase_begin(stage);
    all_come(storm);
    stage_phase_end(stage, in);
    stage_phase_begin(stage);
    all_leave(storm);
    stage_phase_end(stage, out);
}

/* The server's processor time for one of the phase's transitions. */
static double
phase_cpu_us(const struct phase *phase)
{
    return phase->sum.counts.transitions > 0 ? (double)phase->spent.cpu_ns / 1e3 / (double)phase->sum.counts.transitions : 0;
}

/* The rounds after the first. */
static void
warm_rounds_play(struct storm *storm)
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
    storm->warm_in_us = values_median(in_us, count);
    storm->warm_out_us = values_median(out_us, count);
    free(in_us);
    free(out_us);
}

static void
storm_play(struct stage *stage)
{
    static struct phase in_first, out_first;
    struct storm storm = {.stage = stage};
    uint32_t pilot = stage->sessions + WITNESSES;

    stage_crowd(stage, pilot + 1);
    stage_hellos(stage, &storm.hellos);
    population_make(&storm);
    stage_gather(stage, stage->sessions, WITNESSES, &storm.hellos, stage->sessions);
    stage_roll_call(stage, stage->sessions, WITNESSES, pilot, &storm.hellos);
    round_play(&storm, &in_first, &out_first);
    warm_rounds_play(&storm);
    stage_finish(stage);
    stage_rate(stage, &in_first, "logins", (double)in_first.sum.counts.transitions, "login");
    stage_rate(stage, &out_first, "logouts", (double)out_first.sum.counts.transitions, "logout");
    stage_cost(stage, &in_first, "login", (double)in_first.sum.counts.transitions);
    stage_cost(stage, &out_first, "logout", (double)out_first.sum.counts.transitions);
    if (storm.warm_in_us > 0) {
        stage_figure(stage, REPORT_SERVER, "warm_cpu_us_per_login", storm.warm_in_us, "us", "CPU per login, later rounds");
        stage_figure(stage, REPORT_SERVER, "warm_cpu_us_per_logout", storm.warm_out_us, "us", "CPU per logout, later rounds");
    }
    stage_counts(stage, &in_first);
    crowd_done(&stage->crowd);
    hellos_done(&storm.hellos);
}

static uint64_t
storm_descriptors(const struct plan *plan)
{
    return plan->sessions;
}

const struct scenario scenario_storm = {
    .name = "storm",
    .about = "all log in as fast as they can, then all leave at once: what a login and a logout cost",
    .takes = OPTION_SESSIONS | OPTION_FRIENDS | OPTION_IN_FLIGHT | OPTION_ROUNDS | OPTION_GRAPH | OPTION_PROCESSES,
    .defaults = {.sessions = 8000, .friends = 50, .in_flight = 64, .rounds = 1},
    .play = storm_play,
    .descriptors = storm_descriptors,
    .descriptors_each = WITNESSES,
};
