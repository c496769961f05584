/* SPDX-License-Identifier: MIT
 *
 * What the server tells a service manager, and when it does not: a thread that stands still starves the watchdog. The manager is the test's; with a real
 * one the same is tried by scripts/check-systemd.
 */
#include "support/client.h"
#include "support/hold.h"
#include "support/manager.h"
#include "support/pace.h"
#include "support/process.h"
#include "support/session.h"
#include "support/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Looks are half as long apart. */
enum { WATCHDOG_MS = 1000, US_PER_MS = 1000 };

static const char *const threads[] = {"alo-worker-0", "alo-worker-1", "alo-worker-2", "alo-acceptor"};
static const char *const thread_names[] = {"worker 0", "worker 1", "worker 2", "acceptor"};
enum { THREADS = sizeof threads / sizeof threads[0] };

static uint64_t
watchdog_us(void)
{
    return (uint64_t)pace_stretched_ms(WATCHDOG_MS) * US_PER_MS;
}

/* It runs one thread at a time, so one that is held may hold all. */
static bool
is_under_valgrind(void)
{
    return getenv("ALO_WRAPPER") != NULL;
}

/* Waits until the status says this. */
static void
expect_status(struct manager *manager, const char *status)
{
    const char *told;

    do
        told = manager_expect(manager, "STATUS=");
    while (strcmp(told, status) != 0);
}

START_TEST(it_says_that_it_is_ready_and_how_it_does)
{
    struct manager *manager = manager_new(watchdog_us());
    struct server *server = server_start("--workers 3");

    (void)manager_expect(manager, "READY=1");
    expect_status(manager, "users online: 0, connections: 0, UDP sessions: 0");
    struct client *first = client_connect(server), *second = client_connect(server), *silent = client_connect(server);
    client_hello(first, 1, NULL);
    client_hello(second, 1, NULL);
    expect_status(manager, "users online: 1, connections: 3, UDP sessions: 0");
    client_close(silent);
    client_close(first);
    expect_status(manager, "users online: 1, connections: 1, UDP sessions: 0");
    client_close(second);
    expect_status(manager, "users online: 0, connections: 0, UDP sessions: 0");
    server_stop(server);
    manager_free(manager);
}
END_TEST

START_TEST(it_says_that_it_stops_and_how_long_that_may_take)
{
    struct manager *manager = manager_new(watchdog_us());
    struct server *server = server_start("--stop-timeout 100");

    (void)manager_expect(manager, "READY=1");
    server_signal(server, SIGTERM);
    (void)manager_expect(manager, "STOPPING=1");
    ck_assert_int_eq(server_wait(server), 0);
    server_free(server);
    manager_free(manager);
}
END_TEST

/* Who runs it in a container waits as long as a service manager is told to. */
START_TEST(a_container_is_given_the_time_that_a_stop_may_take)
{
    struct manager *manager = manager_new(0);
    struct server *server = server_start("--workers 1");
    FILE *compose = fopen("scripts/compose.yaml", "r");
    char line[128];
    unsigned grace_s = 0;

    server_signal(server, SIGTERM);
    unsigned long at_most_us = strtoul(manager_expect(manager, "EXTEND_TIMEOUT_USEC="), NULL, 10);
    ck_assert_ptr_nonnull(compose);
    while (grace_s == 0 && fgets(line, sizeof line, compose) != NULL)
        (void)sscanf(line, " stop_grace_period: %us", &grace_s);
    fclose(compose);
    ck_assert_uint_ge(grace_s * 1000000UL, at_most_us);
    ck_assert_int_eq(server_wait(server), 0);
    server_free(server);
    manager_free(manager);
}
END_TEST

START_TEST(it_says_that_it_drains)
{
    struct manager *manager = manager_new(watchdog_us());
    struct server *server = server_start("--workers 2 --drain-time 3600");
    struct session *session = session_open(server, 1, "");

    expect_status(manager, "users online: 1, connections: 1, UDP sessions: 0");
    server_signal(server, SIGUSR2);
    expect_status(manager, "draining, users online: 1, connections: 1, UDP sessions: 0");
    session_close(session);
    expect_status(manager, "draining, users online: 0, connections: 0, UDP sessions: 0");
    server_stop(server);
    manager_free(manager);
}
END_TEST

/* Whatever comes of it, it begins and ends. */
START_TEST(it_says_when_a_reload_begins_and_ends)
{
    struct manager *manager = manager_new(0);
    struct server *server = server_start("--workers 2");

    (void)manager_expect(manager, "READY=1");
    for (int i = 0; i < 2; i++) {
        server_signal(server, SIGHUP);
        (void)manager_expect(manager, "RELOADING=1");
        (void)server_event(server, "reloaded", (unsigned)i);
        (void)manager_expect(manager, "READY=1");
    }
    server_stop(server);
    manager_free(manager);
}
END_TEST

START_TEST(without_a_watchdog_it_tells_its_status_all_the_same)
{
    struct manager *manager = manager_new(0);
    struct server *server = server_start("--workers 1");

    (void)manager_expect(manager, "READY=1");
    expect_status(manager, "users online: 0, connections: 0, UDP sessions: 0");
    struct session *session = session_open(server, 1, "");
    expect_status(manager, "users online: 1, connections: 1, UDP sessions: 0");
    session_close(session);
    ck_assert_uint_eq(manager_drain(manager, "WATCHDOG=1"), 0);
    server_stop(server);
    manager_free(manager);
}
END_TEST

/* One thread stands still: no food from the moment at which the question goes unanswered; when it goes on, food again. */
START_TEST(every_thread_must_turn)
{
    if (is_under_valgrind())
        return;

    struct manager *manager = manager_new(watchdog_us());
    struct server *server = server_start("--workers 3");
    char quoted[32];

    for (int i = 0; i < 3; i++)
        (void)manager_expect(manager, "WATCHDOG=1");
    pid_t thread = thread_called(server->process, threads[_i]);
    ck_assert_int_gt(thread, 0);
    ck_assert(thread_hold(thread));
    const char *line = server_event(server, "threads_silent", 0);
    snprintf(quoted, sizeof quoted, "\"%s\"", thread_names[_i]);
    ck_assert_msg(strstr(line, quoted) != NULL, "the line is: %s", line);
    (void)manager_drain(manager, "WATCHDOG=1"); /* an answer from before it was held */
    (void)server_event(server, "threads_silent", 2);
    ck_assert_uint_eq(manager_drain(manager, "WATCHDOG=1"), 0);
    thread_release(thread);
    (void)manager_expect(manager, "WATCHDOG=1");
    (void)manager_expect(manager, "WATCHDOG=1");
    server_stop(server);
    manager_free(manager);
}
END_TEST

/* The friend sets a status. */
static void
set_status(struct client *friend, unsigned number)
{
    char text[128];

    snprintf(text, sizeof text, "{\"jsonrpc\": \"2.0\", \"method\": \"status\", \"params\": {\"status\": \"status %u\"}}", number);
    client_send(friend, text);
}

/* The watcher is told of it. */
static void
expect_status_of(struct client *watcher, unsigned number)
{
    char text[32];
    const char *told = client_read_line(watcher);

    snprintf(text, sizeof text, "\"status %u\"", number);
    ck_assert_msg(told != NULL && strstr(told, text) != NULL, "told: %s", told != NULL ? told : "nothing");
}

/* Holds a thread at a moment at which its worker sleeps: then another has its turns, and the watcher hears. Counts the statuses. */
static void
hold_asleep(pid_t thread, struct client *friend, struct client *watcher, unsigned *number)
{
    int64_t deadline = pace_deadline_ms();
    bool heard = false;

    while (!heard) {
        ck_assert_msg(pace_left_ms(deadline) > 0, "nobody has the turns of a worker that sleeps");
        ck_assert(thread_hold(thread));
        set_status(friend, ++*number);
        heard = client_wait(watcher, pace_stretched_ms(200));
        if (!heard)
            thread_release(thread); /* it was awake */
        expect_status_of(watcher, *number);
    }
}

/* The held worker's sessions are told what happens, by threads that have its turns: it counts as standing still all the same. */
START_TEST(nobody_turns_for_another)
{
    enum { TOLD = 5 };

    if (is_under_valgrind())
        return;

    struct manager *manager = manager_new(watchdog_us());
    struct server *server = server_start("--workers 2");
    struct client *friend = client_connect(server), *watcher = client_connect(server); /* of worker 0 and worker 1 */
    unsigned number = 0;

    client_send(friend, "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"login\", \"params\": {\"user_id\": 2}}");
    ck_assert_ptr_nonnull(client_read_line(friend));
    client_send(watcher, "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"login\", \"params\": {\"user_id\": 1, \"friends\": [2]}}");
    ck_assert_ptr_nonnull(client_read_line(watcher));
    (void)manager_expect(manager, "WATCHDOG=1");
    pid_t thread = thread_called(server->process, "alo-worker-1");
    hold_asleep(thread, friend, watcher, &number);
    for (unsigned round = 0; round < 3; round++) {
        if (round == 1)
            (void)manager_drain(manager, "WATCHDOG=1"); /* an answer from before it was held */
        for (int i = 0; i < TOLD; i++) {
            set_status(friend, ++number);
            expect_status_of(watcher, number);
        }
        (void)server_event(server, "threads_silent", round);
    }
    ck_assert_uint_eq(manager_drain(manager, "WATCHDOG=1"), 0);
    thread_release(thread);
    (void)manager_expect(manager, "WATCHDOG=1");
    client_close(friend);
    client_close(watcher);
    server_stop(server);
    manager_free(manager);
}
END_TEST

/* Threads that serve sessions answer too, and the answer comes although more waits for them than one turn takes. */
START_TEST(busy_threads_turn)
{
    enum { FED = 4 };
    struct manager *manager = manager_new(watchdog_us());
    struct server *server = server_start("--workers 2");
    struct session *watcher = session_open(server, 1, "2");

    (void)manager_drain(manager, "WATCHDOG=1");
    for (int fed = 0; fed < FED; fed += (int)manager_drain(manager, "WATCHDOG=1"))
        user_visit(server, 2, NULL);
    session_close(watcher);
    server_stop(server);
    manager_free(manager);
}
END_TEST

/* A server that nobody uses wakes up for the watchdog and for nothing else: the main thread twice in a look, the others once. */
START_TEST(nothing_wakes_more_often_than_the_watchdog_needs)
{
    enum { WORKERS = 3, LOOKS = 4, SPARE = 8 };

    if (pace_is_tooled())
        return;
    struct manager *manager = manager_new(watchdog_us());
    struct server *server = server_start("--workers 3");

    for (int i = 0; i < 3; i++)
        (void)manager_expect(manager, "WATCHDOG=1");
    int64_t before = process_sleeps(server->process);
    for (int i = 0; i < LOOKS; i++)
        (void)manager_expect(manager, "WATCHDOG=1");
    int64_t sleeps = process_sleeps(server->process) - before;
    /* The allocator's thread may wake up for what the start has freed. */
    ck_assert_int_le(sleeps, (int64_t)LOOKS * (2 + WORKERS + 1) + SPARE);
    server_stop(server);
    manager_free(manager);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("systemd");
    TCase *tests = tcase_create("systemd");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, it_says_that_it_is_ready_and_how_it_does);
    tcase_add_test(tests, it_says_that_it_stops_and_how_long_that_may_take);
    tcase_add_test(tests, a_container_is_given_the_time_that_a_stop_may_take);
    tcase_add_test(tests, it_says_that_it_drains);
    tcase_add_test(tests, it_says_when_a_reload_begins_and_ends);
    tcase_add_test(tests, without_a_watchdog_it_tells_its_status_all_the_same);
    tcase_add_loop_test(tests, every_thread_must_turn, 0, THREADS);
    tcase_add_test(tests, nobody_turns_for_another);
    tcase_add_test(tests, busy_threads_turn);
    tcase_add_test(tests, nothing_wakes_more_often_than_the_watchdog_needs);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
