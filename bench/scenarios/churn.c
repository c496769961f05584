/* SPDX-License-Identifier: MIT */
#include "scenarios/churn.h"

#include "load/cost.h"
#include "load/failure.h"
#include "load/options.h"

#include <string.h>

enum { QUARTERS = 4, ACTS_BETWEEN = 64 /* before what came of them is read */ };

static const int64_t second_ns = 1000000000, wait_ns = 50000000;

static const struct {
    const char *name, *text;
} acts[ACTS] = {
    {"arrivals", "arrivals"},
    {"goodbyes", "departures with a goodbye"},
    {"closes", "departures by a plain close"},
    {"crashes", "departures by a reset"},
    {"relists", "lists changed"},
    {"heartbeats", "signs of life"},
    {"devices", "second devices that came or went"},
    {"strangers", "messages begun and never ended"},
};

/* The witnesses come, each with the pilot and its part of the people in its list. */
static void
witnesses_gather(struct churn *churn)
{
    struct stage *stage = churn->stage;
    struct hellos hellos;
    struct rows lists;

    rows_init(&lists);
    stage_hellos(stage, &hellos);
    for (uint32_t witness = 0; witness < churn->witnesses; witness++) {
        rows_put(&lists, churn->witnesses);
        for (uint32_t person = witness; person < churn->people; person += churn->witnesses)
            rows_put(&lists, churn_client(churn, person, 0));
        rows_end(&lists);
    }
    rows_end(&lists);
    for (uint32_t client = 0; client <= churn->witnesses; client++)
        hellos_add(&hellos, client, rows_at(&lists, client), rows_length(&lists, client));
    stage_gather(stage, 0, churn->witnesses, &hellos, 0);
    stage_roll_call(stage, 0, churn->witnesses, churn->witnesses, &hellos);
    rows_done(&lists);
    hellos_done(&hellos);
}

/* Everybody comes, as fast as that is told. */
static void
people_gather(struct churn *churn)
{
    struct stage *stage = churn->stage;
    uint32_t in_flight = stage_part(stage, stage->plan->in_flight) + 1;

    for (uint32_t person = 0; person < churn->people && !stage_stopping(stage); person++) {
        while ((stage->crowd.under_way >= in_flight || churn->movers[person % churn->witnesses] != UINT32_MAX) &&
            !stage_stalled(stage, crowd_clock_ns())) {
            crowd_poll(&stage->crowd, wait_ns);
            if (stage->plan->udp)
                churn_books_give_up(churn, crowd_clock_ns());
        }
        if (stage_stalled(stage, crowd_clock_ns()))
            break;
        churn_arrive(churn, person, crowd_clock_ns());
    }
    churn_books_rest(churn);
}

/* Does what may be done now. Returns until when nothing more is due. */
static int64_t
acts_order(struct churn *churn, uint32_t in_flight)
{
    const struct stage *stage = churn->stage;
    double rate = (double)stage->plan->rate / stage->shares->count;
    int64_t now_ns = crowd_clock_ns();

    for (int i = 0; i < ACTS_BETWEEN; i++) {
        now_ns = crowd_clock_ns();
        if (rate > 0 && churn->next_ns > now_ns)
            return churn->next_ns < now_ns + wait_ns ? churn->next_ns : now_ns + wait_ns;
        if ((rate == 0 && stage->crowd.under_way >= in_flight) || !churn_act(churn, rate > 0 ? churn->next_ns : now_ns))
            return now_ns + wait_ns;
        if (rate > 0)
            churn->next_ns += (int64_t)(1e9 / rate);
    }
    return now_ns;
}

/* Returns how long it took, without the rest. */
static int64_t
quarter_play(struct churn *churn)
{
    struct stage *stage = churn->stage;
    uint32_t in_flight = stage_part(stage, stage->plan->in_flight) + 1;
    int64_t start_ns = crowd_clock_ns(), now_ns = start_ns, end_ns = start_ns + stage->plan->run_ns / QUARTERS;

    churn->next_ns = start_ns;
    while (now_ns < end_ns && !stage_stopping(stage) && !stage_stalled(stage, now_ns)) {
        int64_t next_ns = acts_order(churn, in_flight);

        now_ns = crowd_clock_ns();
        next_ns = next_ns < end_ns ? next_ns : end_ns;
        crowd_poll(&stage->crowd, next_ns > now_ns ? next_ns - now_ns : 0);
        if (stage->plan->udp)
            churn_books_give_up(churn, now_ns);
    }
    now_ns = crowd_clock_ns();
    churn_books_rest(churn);
    return now_ns - start_ns;
}

/* What all shares have done, for the first one. */
static void
acts_report(struct churn *churn, const struct phase *phase)
{
    struct stage *stage = churn->stage;
    double seconds = (double)phase->spent.wall_ns / (double)second_ns, all = 0, sum[ACTS + 1] = {0};

    for (int act = 0; act <= ACTS; act++)
        for (uint32_t share = 0; share < stage->shares->count; share++)
            sum[act] += stage->shares->tallies[share].numbers[act];
    for (int act = 0; act < ACTS; act++)
        all += sum[act];
    stage_figure(stage, REPORT_THROUGHPUT, "actions_per_second", all / seconds, "1/s", "actions");
    for (int act = 0; act < ACTS; act++) {
        char name[REPORT_NAME_BYTES];

        snprintf(name, sizeof name, "%s_per_second", acts[act].name);
        stage_figure(stage, REPORT_THROUGHPUT, name, sum[act] / seconds, "1/s",
            act == ACT_CRASH && stage->plan->udp ? "vanished and back from another port" : acts[act].text);
    }
    stage_figure(stage, REPORT_THROUGHPUT, "strangers_closed", sum[ACTS], "", "strangers closed by the server");
    stage_rate(stage, phase, "notifications", (double)phase->sum.counts.heard, "notification");
    stage_cost(stage, phase, "action", all);
    stage_cost(stage, phase, "notification", (double)phase->sum.counts.heard);
}

static void
memory_report(struct stage *stage, const int64_t *rss_bytes, uint32_t quarters)
{
    if (stage->target->process == 0 || quarters == 0)
        return;
    stage_figure(stage, REPORT_SERVER, "rss_first_bytes", (double)rss_bytes[0], "B", "RSS after the first quarter");
    stage_figure(stage, REPORT_SERVER, "rss_last_bytes", (double)rss_bytes[quarters - 1], "B", "RSS after the last quarter");
    stage_figure(stage, REPORT_SERVER, "rss_growth_bytes", (double)(rss_bytes[quarters - 1] - rss_bytes[0]), "B", "growth from that to that");
}

static void
churn_measure(struct churn *churn)
{
    static struct phase phase;
    struct stage *stage = churn->stage;
    double *numbers = stage->crowd.setting.tally->numbers;
    int64_t rss_bytes[QUARTERS] = {0}, played_ns = 0;
    uint32_t quarters = 0;

    memset(churn->acts, 0, sizeof churn->acts);
    stage_phase_begin(stage);
    stage->end_ns = crowd_clock_ns() + stage->plan->run_ns;
    while (quarters < QUARTERS && !stage_over(stage)) {
        played_ns += quarter_play(churn);
        if (stage->share == 0 && stage->target->process != 0)
            rss_bytes[quarters] = cost_memory_now(stage->target->process).rss_bytes;
        quarters++;
    }
    for (int act = 0; act < ACTS; act++)
        numbers[act] = (double)churn->acts[act];
    numbers[ACTS] = (double)churn->strangers_ended;
    stage_phase_end(stage, &phase);
    stage_finish(stage);
    phase.spent.wall_ns = played_ns > 0 ? played_ns : 1;
    acts_report(churn, &phase);
    memory_report(stage, rss_bytes, quarters);
    stage_counts(stage, &phase);
}

static void
churn_play(struct stage *stage)
{
    static struct churn churn;
    const struct talk *talk = stage->plan->talk;

    if (talk->relist == NULL || talk->beat == NULL)
        failure_usage("churn changes lists and gives signs of life, and --protocol %s has no words for that", talk->name);
    churn.stage = stage;
    churn.people = stage->sessions;
    churn.witnesses = churn.people < CHURN_WITNESSES ? churn.people : CHURN_WITNESSES;
    if (stage->plan->friends == 0 || stage->plan->friends + CHURN_DROPPED >= churn.people)
        failure_usage("churn needs a friend for everybody, and in each process more sessions than friends");
    stage_crowd(stage, churn_stranger(&churn, CHURN_STRANGERS));
    for (uint32_t person = 0; person < churn.people; person++)
        stage->crowd.clients[churn_client(&churn, person, 1)].user = churn_user(&churn, person);
    churn_people_make(&churn);
    witnesses_gather(&churn);
    churn_books_listen(&churn);
    people_gather(&churn);
    churn_measure(&churn);
    crowd_done(&stage->crowd);
    churn_people_done(&churn);
}

static uint64_t
churn_descriptors(const struct plan *plan)
{
    return 2 * (uint64_t)plan->sessions + CHURN_WITNESSES;
}

const struct scenario scenario_churn = {
    .name = "churn",
    .about = "everything at once: people who come, go, crash, change lists, bring devices; and strangers",
    .takes = OPTION_SESSIONS | OPTION_FRIENDS | OPTION_RATE | OPTION_IN_FLIGHT | OPTION_SECONDS | OPTION_GRAPH | OPTION_MUTUAL | OPTION_UDP |
        OPTION_PROCESSES,
    .defaults = {.sessions = 2000, .friends = 50, .rate = 500, .in_flight = 16, .graph = PLAN_ZIPF, .run_ns = 20 * INT64_C(1000000000)},
    .play = churn_play,
    .descriptors = churn_descriptors,
};
