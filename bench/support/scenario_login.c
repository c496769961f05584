/* SPDX-License-Identifier: MIT
 *
 * login: fresh logins as fast as a bounded number in flight allows, each with a whole list of friends and one witness who
 * is told; then all leave, and the witnesses are told again. The figures are the server's processor time for one login
 * (accept, parse, the edges, one notification) and for one logout.
 *
 * The listed friends are users who are not there, so that a login tells its witness and nobody else. There are more
 * witnesses than logins in flight, so that news for one of them hardly ever comes together.
 *
 * Clients: 0 to sessions - 1 log in, then the witnesses, then a pilot; users from there on only stand in lists.
 */
#include "support/failure.h"
#include "support/stage.h"

#include <stdlib.h>

enum { WITNESSES = 250, ROUNDS_MAX = 100 };

struct login {
    struct stage *stage;
    struct hellos hellos; /* by client */
};

static void
population_make(struct login *login)
{
    struct stage *stage = login->stage;
    uint32_t users = stage->sessions, pilot = users + WITNESSES;
    struct rows friends, told;

    rows_init(&friends);
    for (uint32_t user = 0; user < users; user++) {
        rows_pick(&friends, &stage->random, stage->friends, pilot + 1, users, user);
        rows_end(&friends);
    }
    for (uint32_t witness = 0; witness < WITNESSES; witness++) {
        rows_put(&friends, pilot);
        for (uint32_t user = witness; user < users; user += WITNESSES)
            rows_put(&friends, user);
        rows_end(&friends);
    }
    rows_end(&friends);
    for (uint32_t client = 0; client <= pilot; client++)
        hellos_add(&login->hellos, client, rows_at(&friends, client), rows_length(&friends, client));
    rows_done(&friends);

    rows_init(&told);
    for (uint32_t client = 0; client <= pilot; client++) {
        for (uint32_t i = 0; client == pilot && i < WITNESSES; i++)
            rows_put(&told, users + i);
        if (client < users)
            rows_put(&told, users + client % WITNESSES);
        rows_end(&told);
    }
    stage_table(stage, &told, &told);
    rows_done(&told);
}

/* Everybody comes, or everybody leaves. */
static void
transitions_play(struct login *login, bool online)
{
    struct stage *stage = login->stage;
    struct crowd *crowd = &stage->crowd;

    for (uint32_t user = 0; user < stage->sessions; user++) {
        while (crowd->due - crowd->heard >= stage->in_flight)
            crowd_wait(crowd, stage->deadline_ns);
        crowd_expect(crowd, stage->sessions + user % WITNESSES, online);
        if (online) {
            size_t length;
            const char *hello = hellos_at(&login->hellos, user, &length);

            crowd_join(crowd, user, hello, length);
        } else {
            crowd_leave(crowd, user);
        }
    }
    crowd_settle(crowd, stage->deadline_ns);
}

void
scenario_login(struct stage *stage)
{
    struct login login = {.stage = stage};
    double in_us[ROUNDS_MAX], out_us[ROUNDS_MAX];
    uint32_t pilot = stage->sessions + WITNESSES;
    struct meter sum = {.cpu_ns = 0};

    if (stage->rounds < 1 || stage->rounds > ROUNDS_MAX)
        failure_exit("--rounds takes 1 to %d", ROUNDS_MAX);
    crowd_init(&stage->crowd, pilot + 1, stage->port);
    hellos_init(&login.hellos);
    population_make(&login);
    stage_gather(stage, stage->sessions, WITNESSES, &login.hellos, stage->sessions);
    stage_roll_call(stage, stage->sessions, WITNESSES, pilot, &login.hellos, pilot);

    for (uint32_t round = 0; round < stage->rounds; round++) {
        struct meter start = meter_read(stage);

        transitions_play(&login, true);

        struct meter spent = meter_since(stage, &start);

        in_us[round] = (double)spent.cpu_ns / 1e3 / stage->sessions;
        sum.user_ns += spent.user_ns;
        sum.system_ns += spent.system_ns;
        sum.wall_ns += spent.wall_ns;
        sum.switches += spent.switches;
        start = meter_read(stage);
        transitions_play(&login, false);
        spent = meter_since(stage, &start);
        sum.user_ns += spent.user_ns;
        sum.system_ns += spent.system_ns;
        out_us[round] = (double)spent.cpu_ns / 1e3 / stage->sessions;
    }
    stage_check(stage);
    stage_report(stage, "first_round_cpu_us_per_login", in_us[0], "us");
    stage_report(stage, "cpu_us_per_login", values_median(in_us, stage->rounds), "us");
    stage_report(stage, "cpu_us_per_logout", values_median(out_us, stage->rounds), "us");
    stage_report(stage, "user_us_per_login_and_logout", (double)sum.user_ns / 1e3 / ((double)stage->sessions * stage->rounds), "us");
    stage_report(stage, "system_us_per_login_and_logout", (double)sum.system_ns / 1e3 / ((double)stage->sessions * stage->rounds), "us");
    stage_report(stage, "user_share", (double)sum.user_ns / (double)(sum.user_ns + sum.system_ns + 1), "ratio");
    stage_report(stage, "logins_per_second", (double)stage->sessions * stage->rounds / ((double)sum.wall_ns / 1e9), "1/s");
    stage_report(stage, "switches_per_login", (double)sum.switches / ((double)stage->sessions * stage->rounds), "1");
    crowd_done(&stage->crowd);
    hellos_done(&login.hellos);
}
