/* SPDX-License-Identifier: MIT
 *
 * alo-bench slow and churn against the real server, in small: nothing is wrong, what they are about really happens, and they say so.
 */
#include "support/bench.h"
#include "support/pace.h"
#include "support/server.h"
#include "support/unit.h"

#include <string.h>

static void
expect_nothing_wrong(const json_t *report)
{
    ck_assert_double_gt(bench_figure(report, "notifications"), 0);
    ck_assert_double_eq(bench_figure(report, "missing"), 0);
    ck_assert_double_eq(bench_figure(report, "extra"), 0);
    ck_assert_double_eq(bench_figure(report, "late"), 0);
}

#define SLOW "slow --sessions 60 --slow 10 --flapping 6 --friends 10 --seconds 3 --warm-up 0 --rate 5000 "

/* The server's options, those of the run, and whether the slow are cut. */
static const struct {
    const char *server, *flags;
    bool cut;
} slow_runs[] = {
    {"--workers 2 --queue-limit 20", SLOW, true},
    {"--workers 2 --queue-limit 20", SLOW "--rate 0 --processes 2 --mutual", true},
    {"--workers 2 --queue-limit 100000", SLOW, false},
    {"--workers 2 --queue-limit 20", SLOW "--protocol jsonrpc", false},
    {"--workers 2 --queue-limit 20", SLOW "--protocol jsonrpc --rate 0 --processes 2", false},
};

START_TEST(the_slow_are_cut_or_told_in_the_end)
{
    struct server *server = server_start("%s", slow_runs[_i].server);
    json_t *report = bench_expect_json(bench_start("%s --target 127.0.0.1:%u --json " BENCH_PATIENT, slow_runs[_i].flags, server->port));

    expect_nothing_wrong(report);
    ck_assert_double_eq(bench_figure(report, "slow_cut") + bench_figure(report, "slow_ended"), slow_runs[_i].cut ? 10 : 0);
    ck_assert_double_eq(bench_figure(report, "slow_stayed"), slow_runs[_i].cut ? 0 : 10);
    ck_assert_double_gt(bench_figure(report, "slow_heard"), 0);
    if (slow_runs[_i].cut || strstr(slow_runs[_i].flags, "jsonrpc") != NULL)
        ck_assert_double_gt(bench_figure(report, "slow_due"), bench_figure(report, "slow_heard"));
    else
        ck_assert_double_eq(bench_figure(report, "slow_due"), bench_figure(report, "slow_heard"));
    ck_assert_double_gt(bench_figure(report, "p99_ratio"), 0);
    ck_assert_int_gt(bench_latency(report, "without_slow", "count"), 0);
    ck_assert_int_gt(bench_latency(report, "notification", "count"), 0);
    ck_assert_double_ge(bench_figure(report, "rss_most_bytes"), bench_figure(report, "rss_before_bytes"));
    json_decref(report);
    server_stop(server);
}
END_TEST

#define CHURN "churn --sessions 60 --friends 10 --seconds 2 "

static const char *const churn_runs[] = {
    CHURN "--rate 1000",
    CHURN "--rate 0 --graph uniform --processes 2",
    CHURN "--rate 1000 --protocol jsonrpc",
    CHURN "--rate 0 --in-flight 50 --protocol jsonrpc --processes 2",
    CHURN "--rate 1000 --udp",
    CHURN "--rate 1000 --udp --protocol jsonrpc",
};

START_TEST(churn_accounts_for_everything)
{
    static const char *const kinds[] = {"arrivals", "goodbyes", "closes", "crashes", "relists", "heartbeats", "devices", "strangers"};
    struct server *server = server_start("--workers 2");
    json_t *report = bench_expect_json(bench_start("%s --target 127.0.0.1:%u --json " BENCH_PATIENT, churn_runs[_i], server->port));
    bool udp = strstr(churn_runs[_i], "--udp") != NULL;

    expect_nothing_wrong(report);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char name[64];

        snprintf(name, sizeof name, "%s_per_second", kinds[i]);
        if (!udp || strcmp(kinds[i], "closes") != 0)
            ck_assert_msg(bench_figure(report, name) > 0, "no %s", kinds[i]);
    }
    ck_assert_int_gt(bench_latency(report, "notification", "count"), 0);
    ck_assert_double_gt(bench_figure(report, "cpu_us_per_action"), 0);
    ck_assert_double_gt(bench_figure(report, "rss_last_bytes"), 100000);
    json_decref(report);
    server_stop(server);
}
END_TEST

START_TEST(strangers_are_shown_the_door)
{
    struct server *server = server_start("--workers 2 --message-timeout 1");
    json_t *report = bench_expect_json(bench_start(
        CHURN "--seconds 4 --rate 500 --target 127.0.0.1:%u --json --protocol %s " BENCH_PATIENT, server->port, _i ? "jsonrpc" : "classic"));

    expect_nothing_wrong(report);
    ck_assert_double_gt(bench_figure(report, "strangers_closed"), 0);
    json_decref(report);
    server_stop(server);
}
END_TEST

static const struct {
    const char *flags, *said;
} refused[] = {
    {"slow --sessions 60 --slow 60 --flapping 6 --friends 10", "some must"},
    {"slow --udp", "slow does not know --udp"},
    {"slow --protocol floor", "the floor does nothing with them"},
    {"churn --sessions 10 --friends 10", "more sessions than friends"},
    {"churn --friends 0", "a friend for everybody"},
    {"churn --protocol floor", "has no words for that"},
};

START_TEST(what_cannot_be_played_gets_one_sentence)
{
    bench_expect_end(bench_start("%s " BENCH_PATIENT, refused[_i].flags), 2, refused[_i].said);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("bench_scenarios");
    TCase *tests = tcase_create("bench_scenarios");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_loop_test(tests, the_slow_are_cut_or_told_in_the_end, 0, sizeof slow_runs / sizeof slow_runs[0]);
    tcase_add_loop_test(tests, churn_accounts_for_everything, 0, sizeof churn_runs / sizeof churn_runs[0]);
    tcase_add_loop_test(tests, strangers_are_shown_the_door, 0, 2);
    tcase_add_loop_test(tests, what_cannot_be_played_gets_one_sentence, 0, sizeof refused / sizeof refused[0]);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
