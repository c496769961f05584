/* SPDX-License-Identifier: MIT
 *
 * idle: sessions rise in blocks of a thousand and stay. The figures are the slope of the server's resident memory from the
 * first block to the last, what is left when all have gone, and the processor time at rest.
 *
 * The friends of a session are drawn from its own block, so that what a block adds (sessions, users, edges at both ends) is
 * the same for every block and the slope holds all of it. Whoever arrives later in the block is news to who is there
 * already: how many lines that makes depends on the order of arrival, so they are checked to be news but not counted.
 */
#include "support/cost.h"
#include "support/failure.h"
#include "support/stage.h"

#include <stdlib.h>

enum {
    BLOCK = 1000,
    QUIET_MS = 300,
    REST_MS = 1000,
    /* Allocators give memory back after some seconds only; jemalloc's dirty pages decay over ten. */
    RETURN_SECONDS = 40,
    RETURN_STILL_SECONDS = 12,
};

static void
block_gather(struct stage *stage, uint32_t first)
{
    struct hellos hellos;
    struct rows friends;

    hellos_init(&hellos);
    hellos.jsonrpc = stage->jsonrpc;
    rows_init(&friends);
    for (uint32_t client = first; client < first + BLOCK; client++) {
        if (stage->friends > 0)
            rows_pick(&friends, &stage->random, stage->friends, first, BLOCK, client);
        uint32_t row = rows_end(&friends);

        hellos_add(&hellos, client, rows_at(&friends, row), rows_length(&friends, row));
    }
    stage_gather(stage, first, BLOCK, &hellos, 0);
    stage_quiet(stage, QUIET_MS);
    rows_done(&friends);
    hellos_done(&hellos);
}

/* Waits until memory has stopped falling for a while, or the patience is over. */
static struct cost_memory
memory_returned(struct stage *stage)
{
    int64_t start_ns = crowd_clock_ns(), now_ns = start_ns, fell_ns = start_ns;
    struct cost_memory least = cost_memory_now(stage->process);

    while (now_ns - start_ns < RETURN_SECONDS * INT64_C(1000000000) && now_ns - fell_ns < RETURN_STILL_SECONDS * INT64_C(1000000000)) {
        crowd_poll(&stage->crowd, 500);
        now_ns = crowd_clock_ns();

        struct cost_memory now = cost_memory_now(stage->process);

        if (now.rss_bytes < least.rss_bytes) {
            least = now;
            fell_ns = now_ns;
        }
    }
    return least;
}

void
scenario_idle(struct stage *stage)
{
    struct cost_memory before = cost_memory_now(stage->process), first = {0}, last = {0};
    uint32_t blocks = stage->sessions / BLOCK;
    double added = (double)(blocks - 1) * BLOCK;

    if (blocks < 2)
        failure_exit("idle needs at least %d sessions", 2 * BLOCK);
    crowd_init(&stage->crowd, blocks * BLOCK, stage->port);
    stage->crowd.jsonrpc = stage->jsonrpc;
    for (uint32_t block = 0; block < blocks; block++) {
        block_gather(stage, block * BLOCK);
        last = cost_memory_now(stage->process);
        if (block == 0)
            first = last;
    }

    stage_quiet(stage, REST_MS); /* the allocator still gives back what the last logins used for a moment */

    struct meter start = meter_read(stage);
    int64_t end_ns = crowd_clock_ns() + REST_MS * INT64_C(1000000);

    while (crowd_clock_ns() < end_ns)
        crowd_poll(&stage->crowd, 100);

    struct meter rest = meter_since(stage, &start);

    for (uint32_t client = 0; client < blocks * BLOCK; client++)
        crowd_leave(&stage->crowd, client);
    stage_quiet(stage, QUIET_MS);

    struct cost_memory after = memory_returned(stage);

    stage_report(stage, "rss_bytes_per_session", (double)(last.rss_bytes - first.rss_bytes) / added, "bytes");
    stage_report(stage, "private_bytes_per_session", (double)(last.private_bytes - first.private_bytes) / added, "bytes");
    stage_report(stage, "rss_before", (double)before.rss_bytes / 1024, "KiB");
    stage_report(stage, "rss_first_block", (double)first.rss_bytes / 1024, "KiB");
    stage_report(stage, "rss_last_block", (double)last.rss_bytes / 1024, "KiB");
    stage_report(stage, "rss_after", (double)after.rss_bytes / 1024, "KiB");
    stage_report(stage, "rest_cpu_us_per_second", (double)rest.cpu_ns / 1e3 / ((double)rest.wall_ns / 1e9), "us");
    stage_report(stage, "rest_switches_per_second", (double)rest.switches / ((double)rest.wall_ns / 1e9), "1/s");
    crowd_done(&stage->crowd);
}
