/* SPDX-License-Identifier: MIT
 *
 * udp: sessions over UDP, each from an address of its own, rise and are kept alive for some rounds. beat: the same over TCP, to compare. The figures
 * are the server's processor time for a login and for a sign of life (a hello without a list), its memory per session, and what it costs at rest.
 *
 * Everybody lists users who came before, so that edges have both their ends and a login is news to hardly anybody; and if a session was lost, those
 * who list its user would hear of it.
 */
#include "support/address_crowd.h"
#include "support/cost.h"
#include "support/failure.h"
#include "support/stage.h"

#include <stdio.h>

enum {
    FRIENDS_MAX = 24, /* more do not fit into what the crowd sends */
    FIRST_PART = 16,  /* memory is measured from a sixteenth of the sessions on: before that it is the process itself */
    QUIET_MS = 300,
    REST_MS = 2000,
    SWEEP_SECONDS = 14, /* far less than the time-out, for the sweep takes its time too */
    SWEEP_LOOKS = 1024,
};

/* Whoever comes first lists those of an imagined group before. */
static int
hello_write(struct stage *stage, uint32_t client, char text[ADDRESS_CROWD_TEXT])
{
    int length = snprintf(text, ADDRESS_CROWD_TEXT, "{\"user_id\": %u", HELLO_ID_FIRST + client);

    for (uint32_t i = 0; i < stage->friends && client > 0; i++)
        length += snprintf(text + length, (size_t)(ADDRESS_CROWD_TEXT - length), "%s%u", i == 0 ? ", \"friends\": [" : ", ",
            HELLO_ID_FIRST + random_below(&stage->random, client));
    length += snprintf(text + length, (size_t)(ADDRESS_CROWD_TEXT - length), stage->friends > 0 && client > 0 ? "]}" : "}");
    return length;
}

static void
rest_report(struct stage *stage)
{
    struct meter start, rest;
    int64_t end_ns;

    stage_quiet(stage, QUIET_MS);
    start = meter_read(stage);
    end_ns = crowd_clock_ns() + REST_MS * INT64_C(1000000);
    while (crowd_clock_ns() < end_ns)
        crowd_poll(&stage->crowd, 100);
    rest = meter_since(stage, &start);
    stage_report(stage, "rest_cpu_us_per_second", (double)rest.cpu_ns / 1e3 / ((double)rest.wall_ns / 1e9), "us");
}

static void
check(const struct stage *stage)
{
    if (stage->sessions < 2 * FIRST_PART || stage->friends > FRIENDS_MAX)
        failure_exit("%s needs at least %d sessions and takes at most %d friends", stage->scenario, 2 * FIRST_PART, FRIENDS_MAX);
}

/* The sessions that are there give a sign of life. */
static void
sweep(struct stage *stage, struct address_crowd *crowd, uint32_t count)
{
    for (uint32_t client = 0; client < count; client++) {
        char text[64];

        address_crowd_say(crowd, client, text, (size_t)snprintf(text, sizeof text, "{\"user_id\": %u}", HELLO_ID_FIRST + client));
    }
    address_crowd_settle(crowd);
    if (crowd_clock_ns() > stage->deadline_ns)
        failure_exit("the time is up");
}

/* All log in, and those who are there are kept alive meanwhile; *first is the memory after the first part. Returns the processor time of logins alone. */
static int64_t
fill(struct stage *stage, struct address_crowd *crowd, uint32_t part, struct cost_memory *first)
{
    int64_t start_ns = cost_cpu_ns(stage->process), swept_ns = crowd_clock_ns(), sweeps_ns = 0;
    char text[ADDRESS_CROWD_TEXT];

    for (uint32_t client = 0; client < stage->sessions; client++) {
        if (client == part) {
            address_crowd_settle(crowd);
            *first = cost_memory_now(stage->process);
        }
        if (client % SWEEP_LOOKS == 0 && crowd_clock_ns() - swept_ns > SWEEP_SECONDS * INT64_C(1000000000)) {
            address_crowd_settle(crowd);
            swept_ns = crowd_clock_ns();
            sweeps_ns -= cost_cpu_ns(stage->process);
            sweep(stage, crowd, client);
            sweeps_ns += cost_cpu_ns(stage->process);
        }
        address_crowd_say(crowd, client, text, (size_t)hello_write(stage, client, text));
    }
    address_crowd_settle(crowd);
    return cost_cpu_ns(stage->process) - start_ns - sweeps_ns;
}

void
scenario_udp(struct stage *stage)
{
    struct address_crowd *crowd = address_crowd_new(stage->sessions, stage->port);
    struct cost_memory before = cost_memory_now(stage->process), first = before, last;
    uint32_t part = stage->sessions / FIRST_PART;
    struct meter start, spent;
    int64_t fill_ns;

    check(stage);
    crowd_init(&stage->crowd, 1, stage->port); /* only for its clock and its patience */
    fill_ns = fill(stage, crowd, part, &first);
    last = cost_memory_now(stage->process);
    stage_report(stage, "cpu_us_per_login", (double)fill_ns / 1e3 / stage->sessions, "us");

    start = meter_read(stage);
    for (uint32_t round = 0; round < stage->rounds; round++)
        sweep(stage, crowd, stage->sessions);
    spent = meter_since(stage, &start);
    if (address_crowd_departures(crowd) > 0)
        failure_exit("%llu departures were told, so sessions were lost", (unsigned long long)address_crowd_departures(crowd));
    stage_report(stage, "cpu_us_per_heartbeat", (double)spent.cpu_ns / 1e3 / stage->sessions / stage->rounds, "us");
    stage_report(stage, "heartbeats_per_second", (double)stage->sessions * stage->rounds / ((double)spent.wall_ns / 1e9), "1/s");
    stage_report(stage, "seconds_kept_alive", (double)spent.wall_ns / 1e9, "s");
    stage_report(stage, "rss_bytes_per_session", (double)(last.rss_bytes - first.rss_bytes) / (stage->sessions - part), "bytes");
    stage_report(stage, "rss_before", (double)before.rss_bytes / 1024, "KiB");
    stage_report(stage, "rss_all", (double)last.rss_bytes / 1024, "KiB");
    rest_report(stage);
    address_crowd_free(crowd);
    crowd_done(&stage->crowd);
}

void
scenario_beat(struct stage *stage)
{
    struct hellos hellos;
    struct rows friends;
    struct meter start, spent;

    check(stage);
    crowd_init(&stage->crowd, stage->sessions, stage->port);
    hellos_init(&hellos);
    rows_init(&friends);
    for (uint32_t client = 0; client < stage->sessions; client++) {
        if (client > stage->friends)
            rows_pick(&friends, &stage->random, stage->friends, 0, client, client);
        uint32_t row = rows_end(&friends);

        hellos_add(&hellos, client, rows_at(&friends, row), rows_length(&friends, row));
    }
    start = meter_read(stage);
    stage_gather(stage, 0, stage->sessions, &hellos, 0);
    stage_quiet(stage, QUIET_MS);
    spent = meter_since(stage, &start);
    stage_report(stage, "cpu_us_per_login", (double)spent.cpu_ns / 1e3 / stage->sessions, "us");

    crowd_reset(&stage->crowd, true);
    start = meter_read(stage);
    for (uint32_t round = 0; round < stage->rounds; round++) {
        for (uint32_t client = 0; client < stage->sessions; client++) {
            char text[64];

            crowd_say(&stage->crowd, client, text, (size_t)snprintf(text, sizeof text, "{\"user_id\": %u}", HELLO_ID_FIRST + client));
        }
        stage_quiet(stage, QUIET_MS);
    }
    spent = meter_since(stage, &start);
    stage_report(stage, "cpu_us_per_heartbeat", (double)spent.cpu_ns / 1e3 / stage->sessions / stage->rounds, "us");
    rest_report(stage);
    rows_done(&friends);
    hellos_done(&hellos);
    crowd_done(&stage->crowd);
}
