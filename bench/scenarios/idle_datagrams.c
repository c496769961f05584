/* SPDX-License-Identifier: MIT
 *
 * idle over UDP: up to millions of sessions, each from an address of its own, rise and are kept alive for some rounds. The figures are those of idle over
 * TCP; lists are said with the hello, so the slope of the memory holds the friends, too.
 *
 * Everybody lists users who came before, so that edges have both their ends and a login is news to hardly anybody; and if a session was lost, those who
 * list its user would hear of it. Whoever is there is kept alive while the others still come. In the classic dialect.
 */
#include "load/address_crowd.h"
#include "load/cost.h"
#include "load/draw.h"
#include "load/failure.h"
#include "scenarios/idle.h"

enum {
    FIRST_PART = 16,    /* memory is measured from a sixteenth of the sessions on: before that it is the process itself */
    SWEEP_SECONDS = 14, /* far less than the time-out, for the sweep takes its time too */
    SWEEP_LOOKS = 1024,
    SOCKETS = 64, /* more than a crowd of addresses has */
};

static const int64_t second_ns = 1000000000;

struct datagrams {
    struct stage *stage;
    struct address_crowd *crowd;
    uint32_t first_user;
    struct talk_text text;
    struct rows friends;
};

uint64_t
idle_descriptors(const struct plan *plan)
{
    return plan->udp ? SOCKETS : plan->sessions;
}

static void
hello_say(struct datagrams *datagrams, uint32_t client)
{
    struct stage *stage = datagrams->stage;
    struct rows *friends = &datagrams->friends;
    uint32_t count = client > stage->plan->friends ? stage->plan->friends : 0;

    draw_row(friends, &stage->random, stage->plan->graph, count, 0, client, client);
    for (uint32_t i = friends->start[friends->count]; i < friends->start[friends->count + 1]; i++)
        friends->items[i] += datagrams->first_user;
    datagrams->text.used = 0;
    stage->plan->talk->login(&datagrams->text, datagrams->first_user + client, friends->items + friends->start[friends->count], count);
    address_crowd_say(datagrams->crowd, client, datagrams->text.bytes, datagrams->text.used);
    friends->start[friends->count + 1] = friends->start[friends->count]; /* the row is used again */
}

/* The sessions that are there give a sign of life. */
static void
sweep(struct datagrams *datagrams, uint32_t count)
{
    struct stage *stage = datagrams->stage;

    for (uint32_t client = 0; client < count; client++) {
        datagrams->text.used = 0;
        stage->plan->talk->beat(&datagrams->text, datagrams->first_user + client);
        address_crowd_say(datagrams->crowd, client, datagrams->text.bytes, datagrams->text.used);
        if (client % SWEEP_LOOKS == 0)
            crowd_poll(&stage->crowd, 0);
    }
    address_crowd_settle(datagrams->crowd);
}

/* All log in; *first is the memory after the first part. Returns the processor time of what kept the others alive meanwhile. */
static int64_t
fill(struct datagrams *datagrams, uint32_t part, struct cost_memory *first)
{
    struct stage *stage = datagrams->stage;
    int64_t swept_ns = crowd_clock_ns(), sweeps_ns = 0;

    for (uint32_t client = 0; client < stage->sessions; client++) {
        if (client == part) {
            address_crowd_settle(datagrams->crowd);
            *first = cost_memory_now(stage->target->process);
        }
        if (client % SWEEP_LOOKS == 0 && crowd_clock_ns() - swept_ns > SWEEP_SECONDS * second_ns) {
            address_crowd_settle(datagrams->crowd);
            swept_ns = crowd_clock_ns();
            sweeps_ns -= cost_cpu_ns(stage->target->process);
            sweep(datagrams, client);
            sweeps_ns += cost_cpu_ns(stage->target->process);
        }
        hello_say(datagrams, client);
    }
    address_crowd_settle(datagrams->crowd);
    return sweeps_ns;
}

static void
rise_play(struct datagrams *datagrams)
{
    static struct phase phase;
    struct stage *stage = datagrams->stage;
    struct cost_memory first = cost_memory_now(stage->target->process), last;
    uint32_t part = stage->sessions / FIRST_PART;
    int64_t sweeps_ns;

    stage_phase_begin(stage);
    sweeps_ns = fill(datagrams, part, &first);
    stage_phase_end(stage, &phase);
    last = cost_memory_now(stage->target->process);
    phase.spent.cpu_ns -= sweeps_ns;
    stage_cost(stage, &phase, "login", stage->plan->sessions);
    stage_figure(stage, REPORT_SERVER, "rss_bytes_per_session",
        (double)(last.rss_bytes - first.rss_bytes) / (stage->sessions - part) / stage->shares->count, "B", "RSS per session with its friends");
}

static void
beats_play(struct datagrams *datagrams)
{
    static struct phase phase;
    struct stage *stage = datagrams->stage;
    double beats = 0;

    stage_phase_begin(stage);
    for (uint32_t round = 0; round < stage->plan->rounds && !stage_stopping(stage); round++) {
        sweep(datagrams, stage->sessions);
        beats += stage->plan->sessions;
    }
    stage_phase_end(stage, &phase);
    if (stage->share != 0 || beats == 0)
        return;
    stage_cost(stage, &phase, "heartbeat", beats);
    stage_figure(stage, REPORT_THROUGHPUT, "heartbeats_per_second", beats / ((double)phase.spent.wall_ns / 1e9), "1/s", "heartbeats");
    stage_figure(stage, REPORT_SERVER, "cores_at_20_s", (double)phase.spent.cpu_ns / beats * stage->plan->sessions / 20e9, "",
        "cores for a heartbeat of all every 20 s");
    stage_figure(stage, REPORT_THROUGHPUT, "seconds_kept_alive", (double)phase.spent.wall_ns / 1e9, "s", "kept alive");
}

void
idle_datagrams_play(struct stage *stage)
{
    struct datagrams datagrams = {.stage = stage, .first_user = stage->share * stage->users};

    if (stage->plan->talk != &talk_classic || !stage->target->loopback)
        failure_usage("idle over UDP speaks the classic dialect, with a server at a loopback address");
    if (stage->sessions < 2 * FIRST_PART)
        failure_usage("idle over UDP needs at least %d sessions in each process", 2 * FIRST_PART);
    datagrams.crowd = address_crowd_new(stage->sessions, stage->target);
    rows_init(&datagrams.friends);
    idle_memory(stage, "rss_before_bytes", "RSS before");
    stage_crowd(stage, 0); /* only for its clock and its line of progress */
    rise_play(&datagrams);
    idle_memory(stage, "rss_all_bytes", "RSS with all");
    beats_play(&datagrams);
    if (address_crowd_departures(datagrams.crowd) > 0)
        failure_exit("%llu departures were told, so sessions were lost", (unsigned long long)address_crowd_departures(datagrams.crowd));
    idle_rest(stage);
    address_crowd_free(datagrams.crowd);
    rows_done(&datagrams.friends);
    talk_text_done(&datagrams.text);
    crowd_done(&stage->crowd);
}
