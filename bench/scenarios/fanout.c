/* SPDX-License-Identifier: MIT
 *
 * fanout: a population whose sessions stay, each with a list of friends, and some users who come and go: by a fixed schedule (--rate), or as fast as a
 * bounded number of changes in flight allows. The figures are how long a notification takes from the moment its change was due, and the server's
 * processor time for one.
 *
 * What each session must hear is known beforehand, because the users who come and go list only such as stay. Each of them has one witness, a session
 * that hears of nobody else who comes and goes: when the witness has heard it, the transition has happened and the user's next one may be ordered. A
 * schedule does not wait for that: the next one is due when it is due, and what it waits for its turn counts as latency.
 *
 * Clients: 0 to sessions - 1 stay (the first `flapping` of them are the witnesses), then those who come and go, then two pilots. Where a list can be
 * changed, everybody says hello with a list of the first pilot only and gets the whole one when all are there, so that gathering is no news to
 * anybody; elsewhere those who list each other hear each other arrive, which is waited for and not counted.
 */
#include "load/draw.h"
#include "load/failure.h"
#include "load/options.h"
#include "scenarios/stage.h"

#include <stdlib.h>

enum { GATHER_QUIET_MS = 300, PACE = 16, PACE_NS = 1000000 };

static const int64_t second_ns = 1000000000;

struct fanout {
    struct stage *stage;
    struct rows friends; /* of every client */
    struct rows arrive;  /* whom each user's arrival is told */
    struct rows leave;   /* whom its departure is told: its watchers, and those it lists where the dialect does so */
    struct hellos hellos;
    uint32_t *ready; /* ring of users, counted from the first who comes and goes, whose last transition has been told */
    uint32_t ready_first, ready_count;
    int64_t *ordered_ns; /* when each user's transition was ordered that has not been told; 0: it has */
    uint64_t limit;      /* notifications under way */
    int64_t next_ns;     /* when the next transition is due */
};

static uint32_t
users_count(const struct stage *stage)
{
    return stage->sessions + stage->flapping + 2;
}

/* Half of a mutual list is drawn by the others. */
static uint32_t
drawn_count(const struct plan *plan, uint32_t own)
{
    uint32_t count = plan->friends - own;

    return plan->mutual ? (count + 1) / 2 : count;
}

static void
friends_draw(struct fanout *fanout)
{
    struct stage *stage = fanout->stage;
    const struct plan *plan = stage->plan;
    uint32_t stay = stage->sessions, flap = stage->flapping, pilot = stay + flap;

    if (plan->friends < 4 || stay < 2 * flap || flap == 0)
        failure_usage("fanout needs at least 4 friends, and in each process twice as many sessions as users who come and go");
    rows_init(&fanout->friends);
    for (uint32_t client = 0; client < stay; client++) {
        rows_put(&fanout->friends, pilot);
        rows_put(&fanout->friends, pilot + 1);
        if (client < flap) {
            rows_put(&fanout->friends, stay + client);
            draw_row(&fanout->friends, &stage->random, plan->graph, drawn_count(plan, 3), 0, stay, client);
        } else {
            draw_row(&fanout->friends, &stage->random, plan->graph, drawn_count(plan, 2), 0, stay + flap, client);
        }
        rows_end(&fanout->friends);
    }
    for (uint32_t client = stay; client < stay + flap; client++) {
        draw_row(&fanout->friends, &stage->random, plan->graph, drawn_count(plan, 0), flap, stay - flap, client);
        rows_end(&fanout->friends);
    }
    rows_end(&fanout->friends);
    rows_end(&fanout->friends);
    if (plan->mutual)
        draw_mutual(&fanout->friends, stay + flap);
}

static void
audiences_make(struct fanout *fanout)
{
    const struct stage *stage = fanout->stage;
    uint32_t stay = stage->sessions;
    struct rows watchers;

    rows_init(&watchers);
    rows_reverse(&fanout->friends, users_count(stage), &watchers);
    rows_init(&fanout->arrive);
    rows_init(&fanout->leave);
    for (uint32_t user = 0; user < users_count(stage); user++) {
        for (uint32_t i = 0; user >= stay && i < rows_length(&watchers, user); i++) {
            rows_put(&fanout->arrive, rows_at(&watchers, user)[i]);
            rows_put(&fanout->leave, rows_at(&watchers, user)[i]);
        }
        for (uint32_t i = 0; stage->plan->talk->tells_listed && user >= stay && i < rows_length(&fanout->friends, user); i++)
            if (!rows_has(&fanout->leave, rows_at(&fanout->friends, user)[i]))
                rows_put(&fanout->leave, rows_at(&fanout->friends, user)[i]);
        rows_end(&fanout->arrive);
        rows_end(&fanout->leave);
    }
    rows_done(&watchers);
}

/* Everybody who stays changes from a list of the first pilot to the whole one, which begins with it. */
static void
lists_change(struct fanout *fanout)
{
    struct stage *stage = fanout->stage;
    struct crowd *crowd = &stage->crowd;
    struct talk_text text = {0};
    uint32_t *list = memory_new(users_count(stage), sizeof *list), first = crowd->setting.first_user;

    for (uint32_t client = 0; client < stage->sessions; client++) {
        uint32_t count = rows_length(&fanout->friends, client);

        for (uint32_t i = 0; i < count; i++)
            list[i] = first + rows_at(&fanout->friends, client)[i];
        text.used = 0;
        stage->plan->talk->relist(&text, first + client, list, 1, list, count);
        crowd_say(crowd, client, text.bytes, text.used);
        if (client % PACE == 0)
            crowd_poll(crowd, stage->plan->udp ? PACE_NS : 0);
    }
    talk_text_done(&text);
    free(list);
}

static void
population_gather(struct fanout *fanout)
{
    struct stage *stage = fanout->stage;
    bool changes = stage->plan->talk->relist != NULL;
    uint32_t stay = stage->sessions, pilot = stay + stage->flapping;
    struct hellos first;

    stage_hellos(stage, &first);
    for (uint32_t client = 0; client < users_count(stage); client++) {
        hellos_add(&fanout->hellos, client, rows_at(&fanout->friends, client), rows_length(&fanout->friends, client));
        hellos_add(&first, client, &pilot, client < stay ? 1 : 0);
    }
    stage_table(stage, &fanout->arrive, &fanout->leave);
    stage_gather(stage, 0, stay, changes ? &first : &fanout->hellos, 0);
    if (changes) {
        stage_roll_call(stage, 0, stay, pilot, &first);
        lists_change(fanout);
    } else {
        stage_quiet(stage, GATHER_QUIET_MS);
    }
    stage_roll_call(stage, 0, stay, pilot + 1, &fanout->hellos);
    hellos_done(&first);
}

static void
user_ready(struct fanout *fanout, uint32_t user)
{
    fanout->ready[(fanout->ready_first + fanout->ready_count++) % fanout->stage->flapping] = user;
    fanout->ordered_ns[user] = 0;
}

static void
witness_told(void *context, uint32_t client, bool online)
{
    struct fanout *fanout = context;

    (void)online;
    if (fanout->ordered_ns[client] != 0)
        user_ready(fanout, client);
}

/* Over UDP the news may have been lost, or the change itself. */
static void
witnesses_give_up(struct fanout *fanout, int64_t now_ns)
{
    for (uint32_t user = 0; user < fanout->stage->flapping; user++)
        if (fanout->ordered_ns[user] != 0 && now_ns - fanout->ordered_ns[user] > second_ns)
            user_ready(fanout, user);
}

/* Lets the next user come or go. Returns to how many that is news. */
static uint32_t
transition_order(struct fanout *fanout, int64_t now_ns, int64_t due_ns)
{
    struct stage *stage = fanout->stage;
    struct crowd *crowd = &stage->crowd;
    uint32_t flapper = fanout->ready[fanout->ready_first], client = stage->sessions + flapper;
    bool online = !crowd_joined(crowd, client);
    const struct rows *audience = online ? &fanout->arrive : &fanout->leave;
    uint32_t count = rows_length(audience, client);

    fanout->ready_first = (fanout->ready_first + 1) % stage->flapping;
    fanout->ready_count--;
    fanout->ordered_ns[flapper] = now_ns;
    crowd_transition(crowd, now_ns);
    for (uint32_t i = 0; i < count; i++)
        crowd_expect(crowd, rows_at(audience, client)[i], crowd->setting.first_user + client, online, due_ns);
    if (online) {
        size_t length;
        const char *hello = hellos_at(&fanout->hellos, client, &length);

        crowd_join(crowd, client, hello, length);
    } else {
        crowd_leave(crowd, client);
    }
    return count;
}

/* Orders what may be ordered now. Returns until when nothing more is due. */
static int64_t
transitions_order(struct fanout *fanout, uint64_t *ordered, uint64_t wanted)
{
    const struct stage *stage = fanout->stage;
    double rate = (double)stage->plan->rate / stage->shares->count;
    int64_t now_ns = crowd_clock_ns();

    while (fanout->ready_count > 0 && *ordered < wanted) {
        uint32_t told;

        now_ns = crowd_clock_ns();
        if (rate > 0 ? fanout->next_ns > now_ns : stage->crowd.under_way >= fanout->limit)
            break;
        told = transition_order(fanout, now_ns, rate > 0 ? fanout->next_ns : now_ns);
        *ordered += told;
        if (rate > 0)
            fanout->next_ns += (int64_t)(told / rate * 1e9);
    }
    return rate > 0 && fanout->ready_count > 0 && fanout->next_ns < now_ns + 50000000 ? fanout->next_ns : now_ns + 50000000;
}

/* For so long, or until so many notifications have been ordered. */
static void
play(struct fanout *fanout, int64_t run_ns, uint64_t wanted)
{
    struct stage *stage = fanout->stage;
    int64_t now_ns = crowd_clock_ns(), end_ns = now_ns + run_ns;
    uint64_t ordered = 0;

    stage->end_ns = end_ns;
    fanout->next_ns = now_ns;
    while (now_ns < end_ns && ordered < wanted && !stage_stopping(stage) && !stage_stalled(stage, now_ns)) {
        int64_t next_ns = transitions_order(fanout, &ordered, wanted);

        now_ns = crowd_clock_ns();
        next_ns = next_ns < end_ns ? next_ns : end_ns;
        crowd_poll(&stage->crowd, next_ns > now_ns ? next_ns - now_ns : 0);
        if (stage->plan->udp)
            witnesses_give_up(fanout, now_ns);
    }
    crowd_settle(&stage->crowd);
}

static void
fanout_play(struct stage *stage)
{
    struct fanout fanout = {.stage = stage};
    static struct phase phase;
    uint64_t told;

    stage_crowd(stage, users_count(stage));
    stage_hellos(stage, &fanout.hellos);
    friends_draw(&fanout);
    audiences_make(&fanout);
    population_gather(&fanout);

    fanout.ready = memory_new(stage->flapping, sizeof *fanout.ready);
    fanout.ordered_ns = memory_new(stage->flapping, sizeof *fanout.ordered_ns);
    for (uint32_t i = 0; i < stage->flapping; i++)
        fanout.ready[fanout.ready_count++] = i;
    told = fanout.arrive.start[stage->sessions + stage->flapping] + fanout.leave.start[stage->sessions + stage->flapping];
    fanout.limit = told / 2 / stage->flapping * stage_part(stage, stage->plan->in_flight) + 1;
    stage->crowd.told = witness_told;
    stage->crowd.told_below = stage->flapping;
    stage->crowd.context = &fanout;

    if (stage->plan->warm_up_ns > 0)
        play(&fanout, stage->plan->warm_up_ns, UINT64_MAX);
    stage_phase_begin(stage);
    play(&fanout, stage->plan->run_ns, stage->plan->notifications > 0 ? stage_part(stage, stage->plan->notifications) : UINT64_MAX);
    stage_phase_end(stage, &phase);
    stage_finish(stage);
    stage_rate(stage, &phase, "notifications", (double)phase.sum.counts.heard, "notification");
    stage_cost(stage, &phase, "notification", (double)phase.sum.counts.heard);
    stage_counts(stage, &phase);

    crowd_done(&stage->crowd);
    hellos_done(&fanout.hellos);
    rows_done(&fanout.friends);
    rows_done(&fanout.arrive);
    rows_done(&fanout.leave);
    free(fanout.ready);
    free(fanout.ordered_ns);
}

const struct scenario scenario_fanout = {
    .name = "fanout",
    .about = "some users come and go among many who stay: how long a notification takes, and what it costs",
    .takes = OPTION_SESSIONS | OPTION_FRIENDS | OPTION_FLAPPING | OPTION_RATE | OPTION_IN_FLIGHT | OPTION_NOTIFICATIONS | OPTION_SECONDS |
        OPTION_WARM_UP | OPTION_GRAPH | OPTION_MUTUAL | OPTION_UDP | OPTION_PROCESSES,
    .defaults = {.sessions = 8000, .friends = 50, .flapping = 200, .in_flight = 16, .run_ns = 10 * INT64_C(1000000000), .warm_up_ns = 1000000000},
    .play = fanout_play,
};
