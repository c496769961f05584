/* SPDX-License-Identifier: MIT
 *
 * fanout: a population whose sessions stay, each with a list of friends drawn evenly, and some users who come and go as
 * fast as a bounded number of events in flight allows. The figure is the server's processor time for one notification.
 *
 * What each session must hear is known beforehand, because the users who come and go list only such as stay. News carries
 * no names, so each of them has one witness, a session that hears of nobody else: when the witness has heard it, the
 * transition has happened and the next one may be ordered.
 *
 * Clients: 0 to sessions - 1 stay (the first `flapping` of them are the witnesses), then those who come and go, then two
 * pilots. Everybody says hello with an empty list first and with the whole list once all are there, so that gathering is
 * no news to anybody.
 */
#include "support/failure.h"
#include "support/stage.h"

#include <stdlib.h>

struct fanout {
    struct stage *stage;
    struct rows friends;  /* of every client */
    struct rows arrive;   /* whom each user's arrival is told */
    struct rows leave;    /* whom its departure is told: its watchers and those it lists */
    struct hellos hellos; /* whole lists, by client */
    uint32_t *ready;      /* ring: users whose last transition has been told */
    uint32_t ready_first, ready_count;
    uint64_t limit; /* notifications under way */
};

static uint32_t
users_count(const struct stage *stage)
{
    return stage->sessions + stage->flapping + 2;
}

static void
friends_draw(struct fanout *fanout)
{
    struct stage *stage = fanout->stage;
    uint32_t stay = stage->sessions, flap = stage->flapping, pilot = stay + flap + 1;

    if (stage->friends < 3 || stay < 2 * flap || flap == 0)
        failure_exit("fanout needs at least 3 friends, and twice as many sessions as users who come and go");
    rows_init(&fanout->friends);
    for (uint32_t client = 0; client < stay; client++) {
        rows_put(&fanout->friends, pilot);
        if (client < flap) {
            rows_put(&fanout->friends, stay + client);
            rows_pick(&fanout->friends, &stage->random, stage->friends - 2, 0, stay, client);
        } else {
            rows_pick(&fanout->friends, &stage->random, stage->friends - 1, 0, stay + flap, client);
        }
        rows_end(&fanout->friends);
    }
    for (uint32_t client = stay; client < stay + flap; client++) {
        rows_pick(&fanout->friends, &stage->random, stage->friends, flap, stay - flap, client);
        rows_end(&fanout->friends);
    }
    rows_end(&fanout->friends);
    rows_end(&fanout->friends);
}

/* Who watches each user who comes and goes, as rows that begin with the first of these. */
static void
watchers_find(const struct fanout *fanout, struct rows *watchers)
{
    const struct stage *stage = fanout->stage;
    uint32_t stay = stage->sessions, flap = stage->flapping;
    uint32_t *counts = memory_new(flap, sizeof *counts);
    uint32_t *lists = memory_new((size_t)flap * stay, sizeof *lists);

    for (uint32_t client = 0; client < stay; client++) {
        const uint32_t *row = rows_at(&fanout->friends, client);

        for (uint32_t i = 0; i < rows_length(&fanout->friends, client); i++)
            if (row[i] >= stay && row[i] < stay + flap)
                lists[(size_t)(row[i] - stay) * stay + counts[row[i] - stay]++] = client;
    }
    rows_init(watchers);
    for (uint32_t user = 0; user < flap; user++) {
        for (uint32_t i = 0; i < counts[user]; i++)
            rows_put(watchers, lists[(size_t)user * stay + i]);
        rows_end(watchers);
    }
    free(counts);
    free(lists);
}

static void
audiences_make(struct fanout *fanout)
{
    const struct stage *stage = fanout->stage;
    uint32_t stay = stage->sessions, flap = stage->flapping;
    struct rows watchers;

    watchers_find(fanout, &watchers);
    rows_init(&fanout->arrive);
    rows_init(&fanout->leave);
    for (uint32_t user = 0; user < users_count(stage); user++) {
        for (uint32_t client = 0; user >= stay + flap && client < stay; client++) {
            rows_put(&fanout->arrive, client);
            rows_put(&fanout->leave, client);
        }
        if (user >= stay && user < stay + flap) {
            const uint32_t *row = rows_at(&watchers, user - stay);

            for (uint32_t i = 0; i < rows_length(&watchers, user - stay); i++) {
                rows_put(&fanout->arrive, row[i]);
                rows_put(&fanout->leave, row[i]);
            }
            row = rows_at(&fanout->friends, user);
            for (uint32_t i = 0; i < rows_length(&fanout->friends, user); i++)
                if (!rows_has(&fanout->leave, row[i]))
                    rows_put(&fanout->leave, row[i]);
        }
        rows_end(&fanout->arrive);
        rows_end(&fanout->leave);
    }
    rows_done(&watchers);
}

/* Brings everybody on stage: there with a list of the pilot only, then with the whole list, each known by roll call. */
static void
population_gather(struct fanout *fanout)
{
    struct stage *stage = fanout->stage;
    uint32_t stay = stage->sessions, pilot = stay + stage->flapping;
    struct hellos first;

    hellos_init(&first);
    for (uint32_t client = 0; client < stay; client++)
        hellos_add(&first, client, &pilot, 1);
    for (uint32_t client = 0; client < users_count(stage); client++)
        hellos_add(&fanout->hellos, client, rows_at(&fanout->friends, client), rows_length(&fanout->friends, client));
    stage_gather(stage, 0, stay, &first, 0);
    stage_roll_call(stage, 0, stay, pilot, &fanout->hellos, pilot);
    for (uint32_t client = 0; client < stay; client++) {
        size_t length;
        const char *hello = hellos_at(&fanout->hellos, client, &length);

        crowd_say(&stage->crowd, client, hello, length);
    }
    stage_roll_call(stage, 0, stay, pilot + 1, &fanout->hellos, pilot + 1);
    hellos_done(&first);
}

static void
witness_told(void *context, uint32_t client, bool online)
{
    struct fanout *fanout = context;
    uint32_t flap = fanout->stage->flapping;

    (void)online;
    if (client < flap)
        fanout->ready[(fanout->ready_first + fanout->ready_count++) % flap] = client;
}

static uint32_t
transition_order(struct fanout *fanout)
{
    struct stage *stage = fanout->stage;
    uint32_t user = stage->sessions + fanout->ready[fanout->ready_first];
    bool online = stage->crowd.clients[user].descriptor < 0;
    const struct rows *audience = online ? &fanout->arrive : &fanout->leave;

    fanout->ready_first = (fanout->ready_first + 1) % stage->flapping;
    fanout->ready_count--;
    for (uint32_t i = 0; i < rows_length(audience, user); i++)
        crowd_expect(&stage->crowd, rows_at(audience, user)[i], online);
    if (online) {
        size_t length;
        const char *hello = hellos_at(&fanout->hellos, user, &length);

        crowd_join(&stage->crowd, user, hello, length);
    } else {
        crowd_leave(&stage->crowd, user);
    }
    return rows_length(audience, user);
}

/* Returns the number of transitions that it took. */
static uint32_t
notifications_play(struct fanout *fanout, uint64_t wanted)
{
    struct crowd *crowd = &fanout->stage->crowd;
    uint64_t ordered = 0;
    uint32_t transitions = 0;

    while (ordered < wanted) {
        while (fanout->ready_count > 0 && crowd->due - crowd->heard < fanout->limit && ordered < wanted) {
            ordered += transition_order(fanout);
            transitions++;
        }
        crowd_wait(crowd, fanout->stage->deadline_ns);
    }
    crowd_settle(crowd, fanout->stage->deadline_ns);
    return transitions;
}

void
scenario_fanout(struct stage *stage)
{
    struct fanout fanout = {.stage = stage};
    uint64_t watchers, listed;

    crowd_init(&stage->crowd, users_count(stage), stage->port);
    hellos_init(&fanout.hellos);
    friends_draw(&fanout);
    audiences_make(&fanout);
    stage_table(stage, &fanout.arrive, &fanout.leave);
    population_gather(&fanout);

    fanout.ready = memory_new(stage->flapping, sizeof *fanout.ready);
    for (uint32_t i = 0; i < stage->flapping; i++)
        fanout.ready[fanout.ready_count++] = i;
    watchers = fanout.arrive.start[stage->sessions + stage->flapping];
    listed = fanout.leave.start[stage->sessions + stage->flapping];
    fanout.limit = (watchers + listed) / 2 / stage->flapping * stage->in_flight;
    stage->crowd.told = witness_told;
    stage->crowd.context = &fanout;

    notifications_play(&fanout, stage->notifications / 10);

    uint64_t heard = stage->crowd.heard;
    struct meter start = meter_read(stage);
    uint32_t transitions = notifications_play(&fanout, stage->notifications);
    struct meter spent = meter_since(stage, &start);
    double count = (double)(stage->crowd.heard - heard);

    stage_check(stage);
    stage_report(stage, "cpu_us_per_notification", (double)spent.cpu_ns / 1e3 / count, "us");
    stage_report(stage, "user_share", (double)spent.user_ns / (double)(spent.user_ns + spent.system_ns + 1), "ratio");
    stage_report(stage, "notifications_per_second", count / ((double)spent.wall_ns / 1e9), "1/s");
    stage_report(stage, "switches_per_notification", (double)spent.switches / count, "1");
    stage_report(stage, "notifications", count, "1");
    stage_report(stage, "transitions", transitions, "1");

    crowd_done(&stage->crowd);
    hellos_done(&fanout.hellos);
    rows_done(&fanout.friends);
    rows_done(&fanout.arrive);
    rows_done(&fanout.leave);
    free(fanout.ready);
}
