/* SPDX-License-Identifier: MIT
 *
 * alo-bench against the real server, in small: every scenario over TCP and UDP and in both dialects, what it prints, how it stops; and against a server
 * that lies. How fast anything is does not matter here.
 */
#include "support/bench.h"
#include "support/lying_server.h"
#include "support/pace.h"
#include "support/program.h"
#include "support/server.h"
#include "support/unit.h"
#include "support/xml.h"

#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    const char *flags;
    const char *about; /* what the latencies are named, and the event that costs */
} runs[] = {
    {"fanout --sessions 60 --flapping 6 --friends 10 --seconds 0.5 --warm-up 0.1", "notification"},
    {"fanout --sessions 60 --flapping 6 --friends 10 --seconds 0.5 --warm-up 0 --protocol jsonrpc", "notification"},
    {"fanout --sessions 60 --flapping 6 --friends 10 --seconds 0.5 --warm-up 0 --rate 500 --graph zipf", "notification"},
    {"fanout --sessions 60 --flapping 6 --friends 10 --seconds 60 --notifications 500 --mutual --protocol jsonrpc", "notification"},
    {"fanout --sessions 60 --flapping 6 --friends 10 --seconds 0.5 --warm-up 0 --udp --rate 500", "notification"},
    {"fanout --sessions 60 --flapping 6 --friends 10 --seconds 0.5 --warm-up 0 --udp --protocol jsonrpc --in-flight 1", "notification"},
    {"fanout --sessions 60 --flapping 6 --friends 10 --seconds 0.5 --warm-up 0 --processes 2", "notification"},
    {"storm --sessions 100 --friends 10 --rounds 2", "login"},
    {"storm --sessions 100 --friends 10 --graph zipf --protocol jsonrpc --processes 2", "login"},
    {"storm --sessions 100 --friends 10 --mutual --graph zipf --rounds 2", "login"},
    {"storm --sessions 300 --friends 10 --udp --rounds 2", "login"},
    {"storm --sessions 300 --friends 10 --udp --mutual --processes 2", "login"},
    {"storm --sessions 300 --friends 10 --udp --mutual --protocol jsonrpc", "login"},
    {"celebrity --sessions 50 --rounds 2", "notification"},
    {"celebrity --sessions 50 --rounds 2 --protocol jsonrpc --processes 2", "notification"},
    {"celebrity --sessions 50 --rounds 2 --udp", "notification"},
};

/* The server's process is found by the port. */
START_TEST(scenarios_account_for_everything)
{
    struct server *server = server_start("--workers 2");
    json_t *report = bench_expect_json(bench_start("%s --target 127.0.0.1:%u --json " BENCH_PATIENT, runs[_i].flags, server->port));
    char name[64];

    ck_assert_int_gt(bench_latency(report, runs[_i].about, "count"), 0);
    ck_assert_int_gt(bench_latency(report, runs[_i].about, "p50_ns"), 0);
    ck_assert_int_ge(bench_latency(report, runs[_i].about, "max_ns"), bench_latency(report, runs[_i].about, "p99_ns"));
    ck_assert_double_gt(bench_figure(report, "notifications"), 0);
    ck_assert_double_eq(bench_figure(report, "missing"), 0);
    ck_assert_double_eq(bench_figure(report, "extra"), 0);
    ck_assert_double_eq(bench_figure(report, "late"), 0);
    snprintf(name, sizeof name, "cpu_us_per_%s", runs[_i].about);
    ck_assert_double_gt(bench_figure(report, name), 0);
    ck_assert_double_gt(bench_figure(report, "rss_bytes"), 100000);
    json_decref(report);
    server_stop(server);
}
END_TEST

static const char *const idle_runs[] = {
    "idle --sessions 200 --friends 10 --rounds 1 --seconds 0.1 --give-back 0",
    "idle --sessions 200 --friends 10 --rounds 1 --seconds 0.1 --give-back 0 --protocol jsonrpc --processes 2",
    "idle --sessions 500 --friends 10 --rounds 1 --seconds 0.1 --give-back 0 --udp",
    "idle --sessions 200 --friends 10 --rounds 1 --seconds 0.1 --give-back 0 --mutual --graph zipf",
    "idle --sessions 2500 --friends 10 --rounds 1 --seconds 0.1 --give-back 0 --udp --mutual",
};

START_TEST(idle_measures_memory_and_rest)
{
    struct server *server = server_start("--workers 2");
    json_t *report = bench_expect_json(bench_start("%s --target 127.0.0.1:%u --json " BENCH_PATIENT, idle_runs[_i], server->port));

    ck_assert_double_gt(bench_figure(report, "rss_before_bytes"), 100000);
    ck_assert_double_gt(bench_figure(report, "rss_all_bytes"), 100000);
    ck_assert_double_gt(bench_figure(report, "cpu_us_per_login"), 0);
    ck_assert_double_gt(bench_figure(report, "cpu_us_per_heartbeat"), 0);
    ck_assert_double_ge(bench_figure(report, "rest_cpu_us_per_second"), 0);
    ck_assert_double_gt(bench_figure(report, "rss_after_bytes"), 100000);
    (void)bench_figure(report, "rss_bytes_per_session");
    json_decref(report);
    server_stop(server);
}
END_TEST

#define IDLE_DATAGRAMS "idle --udp --sessions 500 --rounds 1 --seconds 0.1 --give-back 0 "

/* A refusal is longer than three hellos without friends, so there the server says nothing. */
static const struct {
    const char *flags;
    int status;
    const char *said;
} full[] = {
    {IDLE_DATAGRAMS "--friends 10", 1, "the server refuses a session: {\"error\": {\"code\": \"server_full\""},
    {IDLE_DATAGRAMS "--friends 0", 1, "400 of 500 sessions are not there"},
    {IDLE_DATAGRAMS "--seconds 30", 2, "without a sign of life"},
};

START_TEST(idle_over_udp_finds_out_who_is_not_there)
{
    struct server *server = server_start("--max-udp-sessions 100");

    bench_expect_end(bench_start("%s --target 127.0.0.1:%u " BENCH_PATIENT, full[_i].flags, server->port), full[_i].status, full[_i].said);
    server_stop(server);
}
END_TEST

/* There is no room for two populations. */
START_TEST(idle_over_udp_leaves_nobody_behind)
{
    struct server *server = server_start("--max-udp-sessions 600");

    for (int i = 0; i < 2; i++)
        json_decref(bench_expect_json(bench_start(IDLE_DATAGRAMS "--friends 10 --target 127.0.0.1:%u --json " BENCH_PATIENT, server->port)));
    server_stop(server);
}
END_TEST

/* One user cannot come and go as often as that asks for. */
START_TEST(a_schedule_that_was_not_kept_is_named)
{
    static const char flags[] = "fanout --sessions 60 --flapping 1 --friends 10 --seconds 0.5 --warm-up 0 --rate 10000000";
    struct server *server = server_start("--workers 2");
    json_t *report = bench_expect_json(bench_start("%s --target 127.0.0.1:%u --json " BENCH_PATIENT, flags, server->port));

    ck_assert_double_gt(bench_figure(report, "unordered"), 100000);
    ck_assert_ptr_nonnull(json_object_get(json_object_get(report, "facts"), "schedule"));
    json_decref(report);
    bench_expect_end(bench_start("%s --target 127.0.0.1:%u --late-after 600", flags, server->port), 0, "the schedule was not kept");
    report = bench_expect_json(bench_start(
        "fanout --sessions 60 --friends 10 --flapping 30 --seconds 1 --rate 20 --target 127.0.0.1:%u --json " BENCH_PATIENT, server->port));
    ck_assert_double_le(bench_figure(report, "unordered"), 20);
    json_decref(report);
    server_stop(server);
}
END_TEST

START_TEST(the_same_seed_makes_the_same_load)
{
    struct server *server = server_start("--workers 2");
    const char *flags = "fanout --sessions 60 --flapping 1 --friends 10 --notifications 100 --seconds 60 --warm-up 0 --seed 5";
    double told[2];

    for (int i = 0; i < 2; i++) {
        json_t *report = bench_expect_json(bench_start("%s --target 127.0.0.1:%u --json " BENCH_PATIENT, flags, server->port));

        told[i] = bench_figure(report, "notifications");
        json_decref(report);
    }
    ck_assert_double_eq(told[0], told[1]);
    server_stop(server);
}
END_TEST

/* Each phase of a storm is counted by itself and called by its name; in mutual lists, friends are told as well as witnesses. */
START_TEST(a_storm_tells_its_phases_apart)
{
    struct server *server = server_start("--workers 2");
    const char *flags = _i == 0 ? "" : _i == 1 ? "--udp" : "--mutual";
    json_t *report =
        bench_expect_json(bench_start("storm --sessions 300 --friends 10 %s --target 127.0.0.1:%u --json " BENCH_PATIENT, flags, server->port));
    const json_t *phases = json_object_get(report, "phases");
    double logins = json_number_value(json_object_get(json_object_get(phases, "logins"), "seconds"));

    ck_assert_double_eq(bench_figure(report, "logins_transitions"), 300);
    ck_assert_double_eq(bench_figure(report, "logouts_transitions"), 300);
    ck_assert_double_eq(bench_figure(report, "transitions"), 600);
    if (_i < 2) {
        ck_assert_double_eq(bench_figure(report, "logins_notifications"), 300);
        ck_assert_double_eq(bench_figure(report, "logouts_notifications"), 300);
    } else {
        ck_assert_double_gt(bench_figure(report, "logins_notifications"), 1500);
    }
    ck_assert_double_gt(bench_figure(report, "logouts_seconds"), 0);
    ck_assert_double_gt(bench_figure(report, "cpu_us_per_logout"), 0);
    ck_assert_double_eq_tol(bench_figure(report, "logins_seconds"), logins, 0.001);
    ck_assert_double_ge(json_number_value(json_object_get(json_object_get(phases, "logouts"), "start_s")), logins);
    json_decref(report);
    bench_expect_end(bench_start("storm --sessions 300 --friends 10 %s --target 127.0.0.1:%u " BENCH_PATIENT, flags, server->port), 0,
        "logouts: notifications delivered");
    server_stop(server);
}
END_TEST

/* Witnesses have taken most of the room. A refusal is longer than three hellos without friends, so the server says nothing. */
START_TEST(a_storm_over_udp_finds_out_who_is_not_there)
{
    struct server *server = server_start("--max-udp-sessions 320");

    bench_expect_end(bench_start("storm --sessions 100 --friends 0 --udp --quiet --late-after 2 --target 127.0.0.1:%u", server->port), 1,
        "sessions are not there: the server has refused or lost them");
    server_stop(server);
}
END_TEST

START_TEST(the_table_names_what_was_run_and_the_plot_is_xml)
{
    struct server *server = server_start("--workers 2");
    char path[] = "/tmp/alo-test-bench-XXXXXX", text[256 << 10];
    int file = mkstemp(path);
    ssize_t length;

    ck_assert_int_ge(file, 0);
    bench_expect_end(bench_start("fanout --sessions 60 --flapping 6 --friends 10 --seconds 0.3 --target 127.0.0.1:%u --plot %s " BENCH_PATIENT,
                         server->port, path),
        0, "notifications delivered");
    length = read(file, text, sizeof text - 1);
    ck_assert_int_gt(length, 0);
    text[length] = '\0';
    ck_assert_msg(xml_wrong(text) == NULL, "%s", xml_wrong(text));
    ck_assert_ptr_nonnull(strstr(text, "<svg"));
    ck_assert_ptr_nonnull(strstr(text, "fanout"));
    close(file);
    unlink(path);
    server_stop(server);
}
END_TEST

static const struct {
    const char *flags;
    int status;
    const char *said;
} refused[] = {
    {"", 2, "name a scenario"},
    {"nothing", 2, "there is no scenario \"nothing\""},
    {"fanout --colour", 2, "there is no option \"--colour\""},
    {"fanout --rounds 3", 2, "fanout does not know --rounds"},
    {"fanout --sessions", 2, "--sessions takes N"},
    {"fanout --sessions 12x", 2, "--sessions takes a number from 1 to 10000000, and \"12x\" is none"},
    {"fanout --sessions=0", 2, "--sessions takes a number"},
    {"fanout --seconds 1.2.3", 2, "--seconds takes seconds"},
    {"fanout --seconds .", 2, "--seconds takes seconds"},
    {"fanout --seconds 0", 2, "more than 0"},
    {"fanout --plot /nowhere/at/all.svg --target 127.0.0.1:1 --quiet", 1, "/nowhere/at/all.svg cannot be written"},
    {"fanout --graph tree", 2, "--graph takes uniform or zipf"},
    {"fanout --protocol smoke", 2, "there is no --protocol smoke"},
    {"fanout --udp --protocol floor", 2, "not spoken over UDP"},
    {"fanout --mutual=yes", 2, "--mutual takes no value"},
    {"fanout --target a:b:c", 2, "--target takes HOST:PORT"},
    {"fanout --sessions 10 --flapping 6", 2, "twice as many sessions"},
    {"fanout --sessions 500000 --processes 64 --protocol redis --target 127.0.0.1:1 --quiet", 2, "names for 900000 users"},
    {"fanout --sessions 9000000 --processes 1", 2, "too many"},
    {"storm --in-flight 250 --target 127.0.0.1:1 --quiet", 2, "fewer than 250 logins in flight"},
    {"fanout --target 127.0.0.1:1 --quiet", 1, "cannot connect to the server: Connection refused"},
    {"celebrity --udp --target 127.0.0.1:1 --quiet", 1, "the server ended the connection"},
    {"fanout --pid 1073741823", 1, "what process 1073741823 costs cannot be read"},
    {"--help", 0, "SCENARIOS"},
    {"--version", 0, "alo-bench 0."},
};

START_TEST(wrong_arguments_get_one_sentence)
{
    struct program *program = bench_start("%s", refused[_i].flags);

    program_hang_up(program);
    bench_expect_end(program, refused[_i].status, refused[_i].said);
}
END_TEST

START_TEST(ctrl_c_reports_what_was_measured)
{
    struct server *server = server_start("--workers 2");
    struct program *program =
        bench_start_at_terminal("fanout --sessions 60 --flapping 6 --friends 10 --seconds 86400 --warm-up 0 --processes %d --target 127.0.0.1:%u "
                                "--late-after 600",
            _i, server->port);

    program_expect(program, " of 86400"); /* the line of progress, when it measures */
    kill(program->process, SIGINT);
    bench_expect_end(program, 130, "notifications delivered");
    server_stop(server);
}
END_TEST

/* What the line of progress says before the signal, and what the report must not hold because of it. */
static const struct {
    const char *flags, *seen, *unsaid;
} broken_off[] = {
    {"idle --sessions 200 --friends 0 --rounds 10000 --seconds 1 --give-back 0", " 200 online", " at rest"},
    {"idle --sessions 200 --friends 10 --rounds 10000 --seconds 1 --give-back 0 --processes 2", " 200 online", " at rest"},
    {"idle --sessions 200 --friends 10 --rounds 1 --seconds 86400 --give-back 0", " 200 online", "all have gone"},
    {"idle --udp --sessions 400000 --friends 10 --rounds 10000 --seconds 1 --give-back 0", " online", "per login"},
};

START_TEST(idle_reports_nothing_that_ctrl_c_broke_off)
{
    struct server *server = server_start("--workers 2");
    struct program *program = bench_start_at_terminal("%s --target 127.0.0.1:%u --late-after 600", broken_off[_i].flags, server->port);
    int status;

    program_expect(program, broken_off[_i].seen);
    kill(program->process, SIGINT);
    status = program_wait(program);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 130, "it ended with wait status %#x and said: %s", (unsigned)status, program->text);
    ck_assert_msg(strstr(program->text, broken_off[_i].unsaid) == NULL, "%s", program->text);
    program_free(program);
    server_stop(server);
}
END_TEST

START_TEST(ctrl_c_before_anything_was_measured_says_so)
{
    struct lying_server server = lying_server_start(LIE_NONE, 0, 0);
    /* With more sessions than that server has room for, the roll call does not end. */
    struct program *program = bench_start("celebrity --sessions 300 --target 127.0.0.1:%u --pid %d", server.port, (int)server.process);

    program_expect(program, "online");
    kill(program->process, SIGINT);
    bench_expect_end(program, 130, "stopped before anything was measured");
    lying_server_stop(&server);
}
END_TEST

START_TEST(an_error_of_the_server_is_passed_on)
{
    struct server *server = server_start("--max-friends 5");

    bench_expect_end(
        bench_start("fanout --sessions 60 --flapping 6 --friends 10 --target 127.0.0.1:%u " BENCH_PATIENT, server->port), 1, "too_many_friends");
    server_stop(server);
}
END_TEST

/* 20 sessions, two users who come and go: 100020 and 100021. There is room for four in a storm beside its witnesses. */
#define LIE_FANOUT "fanout --sessions 20 --flapping 2 --friends 8 --warm-up 0 --seconds 30 --notifications 100 --in-flight 1 "
#define LIE_STORM "storm --sessions 4 --friends 2 "

static const struct {
    enum lie lie;
    int64_t first, last; /* users about whom it lies */
    const char *flags;
    int status;
    const char *said;
} lies[] = {
    {LIE_NONE, 100020, 100021, LIE_FANOUT BENCH_PATIENT, 0, "notifications delivered"},
    {LIE_SWALLOW, 100020, 100021, LIE_FANOUT "--quiet --late-after 2", 1, "was never told that user 10002"},
    {LIE_REPEAT, 100020, 100021, LIE_FANOUT BENCH_PATIENT, 1, "was told that somebody left, and nothing of that kind was due"},
    {LIE_NONE, 100000, 100003, LIE_STORM "--mutual " BENCH_PATIENT, 0, "notifications delivered"},
    {LIE_SWALLOW, 100000, 100003, LIE_STORM "--quiet --late-after 2", 1, "was never told that user 10000"},
    {LIE_REPEAT, 100000, 100003, LIE_STORM BENCH_PATIENT, 1, "was told that somebody left, and nothing of that kind was due"},
};

START_TEST(a_server_that_lies_is_found_out)
{
    struct lying_server server = lying_server_start(lies[_i].lie, lies[_i].first, lies[_i].last);

    bench_expect_end(bench_start("%s --target 127.0.0.1:%u", lies[_i].flags, server.port), lies[_i].status, lies[_i].said);
    lying_server_stop(&server);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("bench");
    TCase *tests = tcase_create("bench");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_loop_test(tests, scenarios_account_for_everything, 0, sizeof runs / sizeof runs[0]);
    tcase_add_loop_test(tests, idle_measures_memory_and_rest, 0, sizeof idle_runs / sizeof idle_runs[0]);
    tcase_add_test(tests, a_schedule_that_was_not_kept_is_named);
    tcase_add_test(tests, the_same_seed_makes_the_same_load);
    tcase_add_loop_test(tests, a_storm_tells_its_phases_apart, 0, 3);
    tcase_add_test(tests, a_storm_over_udp_finds_out_who_is_not_there);
    tcase_add_test(tests, the_table_names_what_was_run_and_the_plot_is_xml);
    tcase_add_loop_test(tests, wrong_arguments_get_one_sentence, 0, sizeof refused / sizeof refused[0]);
    tcase_add_loop_test(tests, ctrl_c_reports_what_was_measured, 1, 3);
    tcase_add_loop_test(tests, idle_over_udp_finds_out_who_is_not_there, 0, sizeof full / sizeof full[0]);
    tcase_add_test(tests, idle_over_udp_leaves_nobody_behind);
    tcase_add_loop_test(tests, idle_reports_nothing_that_ctrl_c_broke_off, 0, sizeof broken_off / sizeof broken_off[0]);
    tcase_add_test(tests, ctrl_c_before_anything_was_measured_says_so);
    tcase_add_test(tests, an_error_of_the_server_is_passed_on);
    tcase_add_loop_test(tests, a_server_that_lies_is_found_out, 0, sizeof lies / sizeof lies[0]);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
