/* SPDX-License-Identifier: MIT
 *
 * celebrity: one user whom everybody watches comes and goes. The figures are the time from there until the last watcher
 * has been told, and the server's processor time for one of them.
 *
 * Clients: 0 to sessions - 1 watch, the last one is watched.
 */
#include "support/failure.h"
#include "support/stage.h"

#include <stdlib.h>

static void
population_gather(struct stage *stage, struct hellos *hellos)
{
    uint32_t celebrity = stage->sessions;
    struct rows told;

    rows_init(&told);
    for (uint32_t client = 0; client < celebrity; client++) {
        hellos_add(hellos, client, &celebrity, 1);
        rows_end(&told);
    }
    hellos_add(hellos, celebrity, NULL, 0);
    for (uint32_t client = 0; client < celebrity; client++)
        rows_put(&told, client);
    rows_end(&told);
    stage_table(stage, &told, &told);
    rows_done(&told);
    stage_gather(stage, 0, celebrity, hellos, 0);
    stage_roll_call(stage, 0, celebrity, celebrity, hellos, celebrity);
}

void
scenario_celebrity(struct stage *stage)
{
    struct crowd *crowd = &stage->crowd;
    uint32_t celebrity = stage->sessions;
    struct hellos hellos;
    double *times_ms = memory_new((size_t)stage->rounds * 2, sizeof *times_ms);
    size_t length;

    crowd_init(crowd, stage->sessions + 1, stage->port);
    hellos_init(&hellos);
    crowd->jsonrpc = hellos.jsonrpc = stage->jsonrpc;
    population_gather(stage, &hellos);

    const char *hello = hellos_at(&hellos, celebrity, &length);
    struct meter start = meter_read(stage);

    for (uint32_t i = 0; i < stage->rounds * 2; i++) {
        int64_t start_ns = crowd_clock_ns();
        bool online = i % 2 == 0;

        for (uint32_t client = 0; client < celebrity; client++)
            crowd_expect(crowd, client, online);
        start_ns = crowd_clock_ns();
        if (online)
            crowd_join(crowd, celebrity, hello, length);
        else
            crowd_leave(crowd, celebrity);
        crowd_settle(crowd, stage->deadline_ns);
        times_ms[i] = (double)(crowd->heard_ns - start_ns) / 1e6;
    }

    struct meter spent = meter_since(stage, &start);

    stage_check(stage);
    stage_report(stage, "ms_until_all_told", values_median(times_ms, (size_t)stage->rounds * 2), "ms");
    stage_report(stage, "ms_slowest", times_ms[stage->rounds * 2 - 1], "ms");
    stage_report(stage, "cpu_us_per_notification", (double)spent.cpu_ns / 1e3 / ((double)celebrity * stage->rounds * 2), "us");
    stage_report(stage, "user_share", (double)spent.user_ns / (double)(spent.user_ns + spent.system_ns + 1), "ratio");
    crowd_done(crowd);
    hellos_done(&hellos);
    free(times_ms);
}
