/* SPDX-License-Identifier: MIT
 *
 * idle: sessions rise in steps and stay; then each of them gets its list of friends, in steps again; then all give a sign of life, some rounds; then
 * nothing happens; then all leave. The figures are the slope of the server's resident memory over the first steps (per session) and over the second
 * (per friend that is listed), the processor time of a login and of a sign of life, processor time and switches at rest, and what is left when all have
 * gone. A protocol that cannot change a list says hello with friends at once, and the first slope then holds them, too.
 *
 * Sessions that are told something only on the way up are told nothing that counts here, so that is read and not checked.
 */
#include "scenarios/idle.h"
#include "load/cost.h"
#include "load/draw.h"
#include "load/failure.h"
#include "load/options.h"

enum { STEP = 1000, QUIET_MS = 300, POLL_NS = 100000000 };

struct idle {
    struct stage *stage;
    uint32_t steps;    /* of the rise */
    uint32_t step;     /* clients of this share in one */
    bool lists_follow; /* lists come after all are there */
    uint64_t edges;    /* that the steps after the first have listed */
};

void
idle_lists_draw(struct stage *stage, struct rows *friends, uint32_t first, uint32_t count)
{
    const struct plan *plan = stage->plan;

    /* Half of a mutual list is drawn by the others. */
    for (uint32_t client = 0; client < count; client++) {
        draw_row(friends, &stage->random, plan->graph, plan->mutual ? (plan->friends + 1) / 2 : plan->friends, 0, count, client);
        rows_end(friends);
    }
    if (plan->mutual)
        draw_mutual(friends, count);
    for (uint32_t i = 0; i < friends->start[count]; i++)
        friends->items[i] += first;
}

/* The next clients come. */
static void
step_rise(struct idle *idle, uint32_t first)
{
    struct stage *stage = idle->stage;
    struct hellos hellos;
    struct rows friends;

    stage_hellos(stage, &hellos);
    rows_init(&friends);
    if (!idle->lists_follow)
        idle_lists_draw(stage, &friends, first, idle->step);
    for (uint32_t i = 0; i < idle->step; i++)
        hellos_add(
            &hellos, first + i, friends.items + (idle->lists_follow ? 0 : friends.start[i]), idle->lists_follow ? 0 : rows_length(&friends, i));
    stage_gather(stage, first, idle->step, &hellos, 0);
    rows_done(&friends);
    hellos_done(&hellos);
}

/* The next clients get their lists. */
static void
step_list(struct idle *idle, uint32_t first)
{
    struct stage *stage = idle->stage;
    struct talk_text text = {0};
    struct rows friends;

    uint32_t base = stage->crowd.setting.first_user;

    rows_init(&friends);
    idle_lists_draw(stage, &friends, base + first, idle->step);
    if (first > 0)
        idle->edges += friends.start[idle->step];
    for (uint32_t i = 0; i < idle->step && !stage_stopping(stage); i++) {
        text.used = 0;
        stage->plan->talk->relist(&text, base + first + i, NULL, 0, rows_at(&friends, i), rows_length(&friends, i));
        crowd_say(&stage->crowd, first + i, text.bytes, text.used);
        crowd_poll(&stage->crowd, 0);
    }
    talk_text_done(&text);
    rows_done(&friends);
}

/* All steps, in all shares; *slope is what one session adds to the server's memory. False: the run ended before all had been played. */
static bool
steps_play(struct idle *idle, void (*play)(struct idle *idle, uint32_t first), struct phase *phase, struct cost_memory *slope)
{
    struct stage *stage = idle->stage;
    struct cost_memory first = {0}, last = {0};
    double added = (double)(idle->steps - 1) * idle->step * stage->shares->count;

    stage_phase_begin(stage);
    for (uint32_t step = 0; step < idle->steps; step++) {
        if (!stage_stopping(stage))
            play(idle, step * idle->step);
        stage_quiet(stage, QUIET_MS);
        stage_meet(stage);
        last = cost_memory_now(stage->target->process);
        if (step == 0)
            first = last;
        stage_meet(stage);
    }
    stage_phase_end(stage, phase);
    slope->rss_bytes = (int64_t)((double)(last.rss_bytes - first.rss_bytes) / added * 1000);
    slope->private_bytes = (int64_t)((double)(last.private_bytes - first.private_bytes) / added * 1000);
    return !stage_stopping(stage);
}

/* In the first share: how many friends one of those who came after the first step lists; mutual lists differ in length. */
static double
edges_each(struct idle *idle)
{
    struct stage *stage = idle->stage;
    double edges = 0;

    stage->crowd.setting.tally->numbers[0] = (double)idle->edges;
    stage_meet(stage);
    for (uint32_t share = 0; share < stage->shares->count; share++)
        edges += stage->shares->tallies[share].numbers[0];
    return edges / ((double)(idle->steps - 1) * idle->step * stage->shares->count);
}

static void
rise_play(struct idle *idle)
{
    static struct phase phase;
    struct stage *stage = idle->stage;
    struct cost_memory slope;
    double sessions = (double)idle->steps * idle->step * stage->shares->count, friends;

    if (!steps_play(idle, step_rise, &phase, &slope))
        return;
    stage_figure(stage, REPORT_SERVER, "rss_bytes_per_session", (double)slope.rss_bytes / 1000, "B", "RSS per session");
    stage_figure(stage, REPORT_SERVER, "private_bytes_per_session", (double)slope.private_bytes / 1000, "B", "private memory per session");
    stage_cost(stage, &phase, "login", sessions);
    if (stage->plan->friends == 0 || !idle->lists_follow || !steps_play(idle, step_list, &phase, &slope))
        return;
    friends = edges_each(idle);
    stage_figure(stage, REPORT_SERVER, "rss_bytes_per_friend", (double)slope.rss_bytes / 1000 / friends, "B", "RSS per listed friend");
    stage_figure(
        stage, REPORT_SERVER, "private_bytes_per_friend", (double)slope.private_bytes / 1000 / friends, "B", "private memory per listed friend");
}

static void
round_play(void *context)
{
    struct idle *idle = context;
    struct stage *stage = idle->stage;
    struct talk_text text = {0};

    for (uint32_t client = 0; client < idle->steps * idle->step; client++) {
        text.used = 0;
        stage->plan->talk->beat(&text, stage->crowd.setting.first_user + client);
        crowd_say(&stage->crowd, client, text.bytes, text.used);
        if (client % STEP != STEP - 1)
            continue;
        crowd_poll(&stage->crowd, 0);
        if (stage_stopping(stage))
            break;
    }
    stage_quiet(stage, QUIET_MS);
    talk_text_done(&text);
}

uint32_t
idle_rounds(struct stage *stage, void (*play)(void *context), void *context, struct phase *total)
{
    static struct phase phase;
    uint32_t rounds = 0;

    total->spent = (struct meter){.cpu_ns = 0};
    for (uint32_t round = 0; round < stage->plan->rounds && !stage_over(stage); round++) {
        stage_phase_begin(stage);
        play(context);
        stage_phase_end(stage, &phase);
        if (stage_stopping(stage))
            continue; /* somebody may have broken this one off */
        total->spent.cpu_ns += phase.spent.cpu_ns;
        total->spent.user_ns += phase.spent.user_ns;
        total->spent.system_ns += phase.spent.system_ns;
        total->spent.switches += phase.spent.switches;
        total->spent.wall_ns += phase.spent.wall_ns;
        rounds++;
    }
    return rounds;
}

static void
beats_play(struct idle *idle)
{
    static struct phase total;
    struct stage *stage = idle->stage;

    if (stage->plan->talk->beat != NULL)
        stage_cost(
            stage, &total, "heartbeat", (double)idle_rounds(stage, round_play, idle, &total) * idle->steps * idle->step * stage->shares->count);
}

void
idle_rest(struct stage *stage)
{
    static struct phase phase;
    int64_t end_ns;
    bool rests;

    stage_quiet(stage, QUIET_MS); /* the allocator still gives back what the last logins used for a moment */
    stage_phase_begin(stage);
    rests = !stage_stopping(stage);
    end_ns = crowd_clock_ns() + stage->plan->run_ns;
    while (crowd_clock_ns() < end_ns && !stage_stopping(stage))
        crowd_poll(&stage->crowd, POLL_NS);
    stage_phase_end(stage, &phase);
    if (stage->share != 0 || !rests || phase.spent.wall_ns < POLL_NS)
        return;
    stage_figure(stage, REPORT_SERVER, "rest_cpu_us_per_second", (double)phase.spent.cpu_ns / 1e3 / ((double)phase.spent.wall_ns / 1e9), "us",
        "CPU at rest, per second");
    stage_figure(stage, REPORT_SERVER, "rest_switches_per_second", (double)phase.spent.switches / ((double)phase.spent.wall_ns / 1e9), "",
        "context switches at rest, per second");
}

void
idle_memory(struct stage *stage, const char *name, const char *text)
{
    stage_figure(stage, REPORT_SERVER, name, (double)cost_memory_now(stage->target->process).rss_bytes, "B", text);
}

/* Allocators give memory back after some seconds only; jemalloc's dirty pages decay over ten. */
void
idle_give_back(struct stage *stage)
{
    int64_t end_ns = crowd_clock_ns() + stage->plan->give_back_ns;

    stage_quiet(stage, QUIET_MS);
    while (crowd_clock_ns() < end_ns && !stage_stopping(stage))
        crowd_poll(&stage->crowd, POLL_NS);
    stage_meet(stage);
    if (!stage_stopping(stage))
        idle_memory(stage, "rss_after_bytes", "RSS when all have gone");
}

static void
idle_play(struct stage *stage)
{
    struct idle idle = {.stage = stage, .lists_follow = stage->plan->talk->relist != NULL};

    if (stage->target->process == 0)
        failure_exit("idle measures the server's memory and needs its process: run it on the same machine, and name it with --pid");
    if (stage->plan->udp) {
        idle_datagrams_play(stage);
        return;
    }
    idle.steps = stage->plan->sessions >= 2 * STEP ? stage->plan->sessions / STEP : 2;
    idle.step = stage->plan->sessions / idle.steps / stage->shares->count;
    if (idle.step == 0 || stage->plan->friends >= idle.step)
        failure_usage("idle needs more sessions than that: friends are drawn from steps of %u", idle.step);
    idle_memory(stage, "rss_before_bytes", "RSS before");
    stage_crowd(stage, idle.steps * idle.step);
    rise_play(&idle);
    if (!stage_stopping(stage))
        idle_memory(stage, "rss_all_bytes", "RSS with all");
    beats_play(&idle);
    idle_rest(stage);
    for (uint32_t client = 0; client < idle.steps * idle.step; client++)
        crowd_leave(&stage->crowd, client);
    idle_give_back(stage);
    crowd_done(&stage->crowd);
}

const struct scenario scenario_idle = {
    .name = "idle",
    .about = "sessions rise in steps, get friends, give signs of life and do nothing: memory, and CPU at rest",
    .takes = OPTION_SESSIONS | OPTION_FRIENDS | OPTION_ROUNDS | OPTION_SECONDS | OPTION_GIVE_BACK | OPTION_GRAPH | OPTION_MUTUAL | OPTION_UDP |
        OPTION_PROCESSES,
    .defaults = {.sessions = 15000, .friends = 50, .rounds = 5, .run_ns = 2 * INT64_C(1000000000), .give_back_ns = 12 * INT64_C(1000000000)},
    .play = idle_play,
    .descriptors = idle_descriptors,
};
