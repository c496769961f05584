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

#define SLOW "slow --sessions 60 --slow 10 --flapping 6 --friends 10 --seconds 1 --rounds 2 --warm-up 0 --rate 5000 "

/* The server's options, those of the run, whether the slow are cut, and how many changes must have become due to each. */
static const struct {
    const char *server, *flags;
    bool cut;
    double due;
} slow_runs[] = {
    {"--workers 2 --queue-limit 20", SLOW "--behind 600", true, 600},
    {"--workers 2 --queue-limit 20", SLOW "--behind 600 --rate 0 --processes 2 --mutual", true, 600},
    {"--workers 2 --queue-limit 100000", SLOW "--behind 600 --rounds 1", false, 600},
    {"--workers 2 --queue-limit 100000", SLOW "--behind 0 --rounds 1", false, 10},
    {"--workers 2 --queue-limit 20", SLOW "--behind 600 --protocol jsonrpc", false, 1200},
    {"--workers 2 --queue-limit 20", SLOW "--behind 600 --protocol jsonrpc --rate 0 --processes 2", false, 1200},
};

START_TEST(the_slow_are_cut_or_told_in_the_end)
{
    struct server *server = server_start("%s", slow_runs[_i].server);
    json_t *report = bench_expect_json(bench_start("%s --target 127.0.0.1:%u --json " BENCH_PATIENT, slow_runs[_i].flags, server->port));
    bool merges = strstr(slow_runs[_i].flags, "jsonrpc") != NULL;

    expect_nothing_wrong(report);
    ck_assert_double_eq(bench_figure(report, "slow_cut") + bench_figure(report, "slow_ended"), slow_runs[_i].cut ? 10 : 0);
    ck_assert_double_eq(bench_figure(report, "slow_stayed"), slow_runs[_i].cut ? 0 : 10);
    ck_assert_double_gt(bench_figure(report, "slow_heard"), 0);
    ck_assert_double_gt(bench_figure(report, "slow_due"), slow_runs[_i].due * 0.95);
    if (slow_runs[_i].cut || merges)
        ck_assert_double_gt(bench_figure(report, "slow_due"), bench_figure(report, "slow_heard"));
    else
        ck_assert_double_eq(bench_figure(report, "slow_due"), bench_figure(report, "slow_heard"));
    ck_assert_double_gt(bench_figure(report, "p99_ratio_least"), 0);
    ck_assert_double_ge(bench_figure(report, "p99_ratio"), bench_figure(report, "p99_ratio_least"));
    ck_assert_double_le(bench_figure(report, "p99_ratio"), bench_figure(report, "p99_ratio_most"));
    ck_assert_int_gt(bench_latency(report, "without_slow", "count"), 0);
    ck_assert_int_gt(bench_latency(report, "notification", "count"), 0);
    ck_assert_double_ge(bench_figure(report, "rss_most_bytes"), bench_figure(report, "rss_before_bytes"));
    if (!slow_runs[_i].cut)
        ck_assert_double_eq(bench_figure(report, "slow_gone_then"), 0);
    json_decref(report);
    server_stop(server);
}
END_TEST

/* Each part with them stands between two without, so these are one more, and all are equally long. */
START_TEST(parts_with_the_slow_and_without_them_alternate)
{
    struct server *server = server_start("--workers 2");
    json_t *report = bench_expect_json(
        bench_start(SLOW "--rate 3000 --seconds 1.5 --rounds 3 --behind 0 --target 127.0.0.1:%u --json " BENCH_PATIENT, server->port));

    ck_assert_double_eq_tol(bench_figure(report, "seconds"), 1.5, 1);
    ck_assert_double_eq_tol((double)bench_latency(report, "notification", "count"), 4500, 450);
    ck_assert_double_eq_tol((double)bench_latency(report, "without_slow", "count"), 6000, 600);
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
    CHURN "--rate 1000 --mutual",
    CHURN "--rate 1000 --mutual --protocol jsonrpc --processes 2",
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

START_TEST(a_drained_population_comes_to_the_other_server)
{
    struct server *from = server_start("--workers 2 --drain-time 1"), *to = server_start("--workers 2");
    json_t *report =
        bench_expect_json(bench_start("drain --sessions 200 --target 127.0.0.1:%u --back-to 127.0.0.1:%u --json --protocol %s " BENCH_PATIENT,
            from->port, to->port, _i ? "jsonrpc" : "classic"));

    ck_assert_double_gt(bench_figure(report, "let_go_seconds"), 0.5);
    ck_assert_double_gt(bench_figure(report, "return_seconds"), 0.5);
    ck_assert_double_ge(bench_figure(report, "return_peak_to_mean"), 1);
    ck_assert_double_gt(bench_figure(report, "return_most_per_100_ms"), 0);
    ck_assert_int_eq(server_event_number(from, "drained", 0, "let_go"), 200);
    json_decref(report);
    server_stop(from);
    server_stop(to);
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
    {"drain", "drain needs --back-to"},
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
    tcase_add_test(tests, parts_with_the_slow_and_without_them_alternate);
    tcase_add_loop_test(tests, churn_accounts_for_everything, 0, sizeof churn_runs / sizeof churn_runs[0]);
    tcase_add_loop_test(tests, strangers_are_shown_the_door, 0, 2);
    tcase_add_loop_test(tests, a_drained_population_comes_to_the_other_server, 0, 2);
    tcase_add_loop_test(tests, what_cannot_be_played_gets_one_sentence, 0, sizeof refused / sizeof refused[0]);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
