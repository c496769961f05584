/* SPDX-License-Identifier: MIT
 *
 * Stopping: every session is told, nobody is told that others went, what is queued still arrives, and it takes only so long. Which
 * signals stop the server, and which do not.
 */
#include "support/client.h"
#include "support/crowd.h"
#include "support/flood.h"
#include "support/pace.h"
#include "support/pair.h"
#include "support/port.h"
#include "support/session.h"
#include "support/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const int stopping_signals[] = {SIGTERM, SIGINT};
enum { STOPPING_SIGNALS = sizeof stopping_signals / sizeof stopping_signals[0] };

/* Waits for an end in order. */
static void
expect_stopped(struct server *server)
{
    int status = server_wait(server);

    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the server ended with wait status %#x", (unsigned)status);
    server_free(server);
}

/* Connects a socket of its own, blocking; -1 when nobody listens. */
static int
knock(const struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int knocker = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(knocker, 0);
    if (connect(knocker, (struct sockaddr *)&address, sizeof address) == 0)
        return knocker;
    ck_assert_msg(errno == ECONNREFUSED || errno == ECONNRESET, "connect: %s", strerror(errno));
    close(knocker);
    return -1;
}

/* Waits until nobody is let in any more. */
static void
expect_refused(const struct server *server)
{
    int64_t deadline = pace_deadline_ms();

    for (int knocker = knock(server); knocker >= 0; knocker = knock(server)) {
        close(knocker);
        ck_assert_msg(pace_left_ms(deadline) > 0, "a server that stops still accepts");
    }
}

/* Friends of each other, a session in the middle of a message, one before its first word: each hears of the stop, and of nothing else. */
START_TEST(everybody_is_told)
{
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);
    struct session *halfway = session_open(server, 1, "2"), *friend = session_open(server, 2, "1");
    struct client *silent = client_connect(server), *begun = client_connect(server);

    client_expect(halfway->client, ONLINE);
    client_send(halfway->client, "{\"user_id\": 1, \"fri");
    client_send(begun, "{\"user_id\": ");
    session_fence(friend);
    server_signal(server, stopping_signals[_i]);
    pair_expect_error(pair, "shutting_down");
    client_expect_error(halfway->client, "shutting_down");
    client_expect_error(friend->client, "shutting_down");
    client_expect_error(silent, "shutting_down");
    client_expect_error(begun, "shutting_down");
    session_close(halfway);
    session_close(friend);
    client_close(silent);
    client_close(begun);
    expect_refused(server);
    expect_stopped(server);
}
END_TEST

/* Everybody is a friend of everybody, so any word of anybody's end would be heard. */
START_TEST(nobody_hears_that_others_go)
{
    enum { MEMBERS = 400 };
    struct server *server = server_start("--workers 4");
    struct crowd *crowd = crowd_new(server);
    unsigned members = pace_scaled(MEMBERS);
    char *all = malloc(members * 8), *end = all;

    ck_assert_ptr_nonnull(all);
    for (unsigned i = 0; i < members; i++)
        end += sprintf(end, "%s%u", i > 0 ? "," : "", 1000 + i);
    struct session *witness = session_open(server, 1, all);
    for (unsigned i = 0; i < members; i++)
        crowd_add(crowd, 1000 + i, all);
    for (unsigned i = 0; i < members; i++)
        client_expect(witness->client, ONLINE);
    server_signal(server, SIGTERM);
    for (unsigned i = 0; i < members; i++) {
        struct client *client = crowd->members[i].client;
        const char *text;

        /* How many of them had come before it did depends; that none went does not. */
        while ((text = client_read_line(client)) != NULL && strcmp(text, ONLINE) == 0)
            ;
        ck_assert_msg(text != NULL && strstr(text, "\"shutting_down\"") != NULL, "a member of the crowd was told: %s",
            text != NULL ? text : "the end without a word");
        client_expect_end(client);
    }
    client_expect_error(witness->client, "shutting_down");
    session_close(witness);
    crowd_free(crowd);
    free(all);
    expect_stopped(server);
}
END_TEST

/* Clients that send at that moment, right things and wrong, are told as well. */
START_TEST(those_who_send_without_end_do_not_hold_the_stop)
{
    static const char *const texts[] = {"{\"user_id\": 7}", "{\"user_id\": 8, \"friends\": [1, 2, 3]}", " \r\n"};
    enum { TEXTS = sizeof texts / sizeof texts[0] };
    struct server *server = server_start("--workers 2 --stop-timeout 3600");
    struct client *clients[TEXTS];
    struct flood *floods[TEXTS];

    for (int i = 0; i < TEXTS; i++) {
        clients[i] = client_connect(server);
        client_send(clients[i], texts[i % 2]);
        floods[i] = flood_start(clients[i], texts[i]);
    }
    for (int i = 0; i < TEXTS; i++)
        flood_expect_progress(floods[i], 1);
    server_signal(server, SIGTERM);
    for (int i = 0; i < TEXTS; i++) {
        flood_expect_end(floods[i]);
        flood_stop(floods[i]);
        client_expect_error_line(clients[i], "shutting_down");
        client_close(clients[i]);
    }
    expect_stopped(server);
}
END_TEST

enum { DEAF_VISITS = 600, DEAF_USER = 2 };

/* A session that has not read what it was told: an arrival and a departure so many times, far more than its socket takes. */
static struct session *
deaf_open(const struct server *server)
{
    struct client *client = client_connect_with(server, &(struct client_options){.small_buffers = true});
    struct session *deaf = session_open_on(server, client, 1, "2");

    for (int i = 0; i < DEAF_VISITS; i++)
        user_visit(server, DEAF_USER, NULL);
    return deaf;
}

/* Milliseconds since midnight in a log line's time. */
static int64_t
line_time_ms(const char *line)
{
    const char *time = strstr(line, "T");
    int hours, minutes, seconds, milliseconds;

    ck_assert_ptr_nonnull(time);
    ck_assert_int_eq(sscanf(time, "T%d:%d:%d.%dZ", &hours, &minutes, &seconds, &milliseconds), 4);
    return ((hours * 60 + minutes) * INT64_C(60) + seconds) * 1000 + milliseconds;
}

/* One who does not read holds the stop, but only for so long. */
START_TEST(who_does_not_read_holds_the_stop_for_its_time_out)
{
    enum { TIMEOUT_S = 4, DAY_MS = 24 * 60 * 60 * 1000 };
    struct server *server = server_start("--workers 3 --stop-timeout %d", TIMEOUT_S);
    struct pair *pair = pair_open(server);
    struct session *deaf = deaf_open(server);

    server_signal(server, SIGTERM);
    pair_expect_error(pair, "shutting_down"); /* and nobody else waits for it */
    int64_t began = line_time_ms(server_event(server, "stopping", 0));
    int64_t took = line_time_ms(server_event(server, "stopped", 0)) - began;
    if (took < 0)
        took += DAY_MS;
    ck_assert_msg(took >= TIMEOUT_S * 1000 - 100, "the stop gave up after %d ms of %d s", (int)took, TIMEOUT_S);
    session_close(deaf);
    expect_stopped(server);
}
END_TEST

/* It has all that was queued and its last line when it reads after all. */
START_TEST(who_reads_late_is_told_everything)
{
    struct server *server = server_start("--workers 3 --stop-timeout 3600");
    struct session *deaf = deaf_open(server);

    server_signal(server, SIGTERM);
    server_event(server, "stopping", 0);
    expect_refused(server);
    ck_assert(!server_has_ended(server));
    for (int i = 0; i < DEAF_VISITS; i++)
        client_expect(deaf->client, ONLINE OFFLINE);
    client_expect_error(deaf->client, "shutting_down");
    session_close(deaf);
    expect_stopped(server);
}
END_TEST

/* The second signal ends it at once, whoever would still have to be waited for. */
START_TEST(second_signal_ends_it_at_once)
{
    const char *wrapper = getenv("ALO_WRAPPER");

    if (wrapper != NULL && strstr(wrapper, "leak-check") != NULL) {
        fprintf(stderr, "NOT TESTED: a tool that looks for leaks finds what a process holds that ends at once\n");
        return;
    }
    struct server *server = server_start("--workers 3 --stop-timeout 3600");
    struct session *deaf = deaf_open(server);

    server_signal(server, SIGTERM);
    server_event(server, "stopping", 0);
    ck_assert(!server_has_ended(server));
    server_signal(server, stopping_signals[_i]);
    int status = server_wait(server);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == stopping_signals[_i], "it ended with wait status %#x", (unsigned)status);
    server_free(server);
    session_close(deaf);
}
END_TEST

enum { STORMERS = 4, STORM_SOCKETS = 4000 };

/* Logs users in over new connections until nobody listens any more; its sockets are then open for the test to look at. */
struct stormer {
    const struct server *server;
    int64_t first_user;
    pthread_t thread;
    int sockets[STORM_SOCKETS];
    int count;
};

static void *
stormer_run(void *argument)
{
    struct stormer *stormer = argument;
    char hello[64];

    while (stormer->count < STORM_SOCKETS) {
        int stranger = knock(stormer->server);

        if (stranger < 0)
            break;
        int length = snprintf(hello, sizeof hello, "{\"user_id\": %lld, \"friends\": [1]}", (long long)stormer->first_user + stormer->count);
        if (send(stranger, hello, (size_t)length, MSG_NOSIGNAL) == length)
            stormer->sockets[stormer->count++] = stranger;
        else
            close(stranger); /* the server has closed already, and sending has used up the word of it */
    }
    return NULL;
}

/* Each was told of the stop, or was still on its way to the server and finds the connection reset; nothing else. */
static void
stormer_check(struct stormer *stormer)
{
    for (int i = 0; i < stormer->count; i++) {
        char text[1024];
        size_t length = 0;
        ssize_t got;

        while ((got = recv(stormer->sockets[i], text + length, sizeof text - 1 - length, 0)) > 0)
            length += (size_t)got;
        text[length] = '\0';
        if (got == 0)
            ck_assert_msg(strncmp(text, "{\"error\": {\"code\": \"shutting_down\"", 34) == 0 && strchr(text, '\n') == text + length - 1,
                "one of the storm was told: %s", text);
        else
            ck_assert_msg(errno == ECONNRESET, "recv: %s", strerror(errno));
        close(stormer->sockets[i]);
    }
}

/* Stopped in the middle of many logins at once: who is there hears of arrivals, then of the stop, and never of a departure. */
START_TEST(stopped_while_logins_storm)
{
    struct server *server = server_start("--workers 3");
    struct session *witness = session_open(server, 2, "1");
    struct stormer *stormers = calloc(STORMERS, sizeof *stormers);
    struct client *watcher = client_connect(server);
    char *hello = malloc(STORMERS * STORM_SOCKETS * 8 + 64), *end = hello;
    const char *line;

    ck_assert_ptr_nonnull(stormers);
    ck_assert_ptr_nonnull(hello);
    end += sprintf(end, "{\"user_id\": 1, \"friends\": [10000");
    for (int i = 1; i < 2000; i++)
        end += sprintf(end, ",%d", 10000 * (1 + i % STORMERS) + i / STORMERS);
    end += sprintf(end, "]}");
    client_send(watcher, hello);
    client_expect(witness->client, ONLINE); /* so none of the storm, who all list it, hears that it came */
    for (int i = 0; i < STORMERS; i++) {
        stormers[i].server = server;
        stormers[i].first_user = 10000 * (1 + i);
        ck_assert_int_eq(pthread_create(&stormers[i].thread, NULL, stormer_run, &stormers[i]), 0);
    }
    client_expect(watcher, ONLINE ONLINE ONLINE ONLINE ONLINE ONLINE ONLINE ONLINE); /* it has begun */
    server_signal(server, SIGTERM);
    while ((line = client_read_line(watcher)) != NULL && strcmp(line, ONLINE) == 0)
        ;
    ck_assert_msg(line != NULL && strstr(line, "\"shutting_down\"") != NULL, "in the storm somebody was told: %s", line != NULL ? line : "the end");
    client_expect_end(watcher);
    client_expect_error(witness->client, "shutting_down");
    for (int i = 0; i < STORMERS; i++) {
        ck_assert_int_eq(pthread_join(stormers[i].thread, NULL), 0);
        stormer_check(&stormers[i]);
    }
    client_close(watcher);
    session_close(witness);
    free(hello);
    free(stormers);
    expect_stopped(server);
}
END_TEST

/* Each is taken, as the log says, and nobody notices. */
static void
send_signals(const int *numbers, unsigned count)
{
    struct server *server = server_start("--workers 3 --verbose");
    struct pair *pair = pair_open(server);

    for (unsigned i = 0; i < count; i++) {
        server_signal(server, numbers[i]);
        ck_assert_int_eq(server_event_number(server, "signal_ignored", i, "signal"), numbers[i]);
    }
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}

/* What is no request to stop is not taken for one. */
START_TEST(other_signals_do_nothing)
{
    static const int standard[] = {SIGUSR1, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGURG, SIGWINCH, SIGCHLD, SIGPWR};

    send_signals(standard, sizeof standard / sizeof standard[0]);
}
END_TEST

/* So many at a time as the log tells one by one. */
START_TEST(real_time_signals_do_nothing)
{
    enum { AT_A_TIME = 15 };
    int numbers[AT_A_TIME];
    unsigned count = 0;

    for (int number = SIGRTMIN; number < SIGRTMAX; number++) { /* valgrind keeps the last one for itself */
        numbers[count++] = number;
        if (count == AT_A_TIME || number == SIGRTMAX - 1) {
            send_signals(numbers, count);
            count = 0;
        }
    }
}
END_TEST

/* These leave no word: it is halted and goes on; SIGPIPE may be taken by the log, whose own writing can cause one. */
START_TEST(halted_continued_and_piped)
{
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);

    server_signal(server, SIGPIPE);
    server_signal(server, SIGSTOP);
    server_signal(server, SIGCONT);
    pair_exchange(pair);
    server_signal(server, SIGPIPE);
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* A shell without job control starts what runs in the background with SIGINT ignored; it stops all the same. */
START_TEST(signals_that_were_ignored_stop_it)
{
    struct server *server = server_start_under("env --ignore-signal=INT --ignore-signal=TERM", "");
    struct pair *pair = pair_open(server);

    server_signal(server, stopping_signals[_i]);
    pair_expect_error(pair, "shutting_down");
    expect_stopped(server);
}
END_TEST

/* Again and again on the same port, although the server's ends of the old connections are still known to the kernel. */
START_TEST(started_and_stopped_many_times)
{
    enum { TIMES = 40 };
    uint16_t port = port_of_ones_own();

    for (unsigned i = 0; i < pace_scaled(TIMES); i++) {
        struct server *server = server_start("--bind 127.0.0.1 --port %d --workers %d", port, 1 + i % 4);
        struct pair *pair = pair_open(server);
        server_signal(server, stopping_signals[i % STOPPING_SIGNALS]);
        pair_expect_error(pair, "shutting_down");
        expect_stopped(server);
    }
}
END_TEST

/* A signal that comes before it listens, even before it runs, is not lost: it stops in order as soon as it has started. */
START_TEST(stopped_while_it_starts)
{
    enum { TIMES = 40 };
    sigset_t stop, before;

    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    for (unsigned i = 0; i < pace_scaled(TIMES); i++) {
        sigprocmask(SIG_BLOCK, &stop, &before); /* what is started inherits it, so that the signal can wait for the server */
        struct server *server = server_launch("--port 0 --workers %d", 1 + i % 8);
        sigprocmask(SIG_SETMASK, &before, NULL);
        server_signal(server, SIGTERM);
        expect_stopped(server);
    }
}
END_TEST

static Suite *
stop_suite(void)
{
    Suite *suite = suite_create("stop");
    TCase *tests = tcase_create("stop");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_loop_test(tests, everybody_is_told, 0, STOPPING_SIGNALS);
    tcase_add_test(tests, nobody_hears_that_others_go);
    tcase_add_test(tests, those_who_send_without_end_do_not_hold_the_stop);
    tcase_add_test(tests, who_does_not_read_holds_the_stop_for_its_time_out);
    tcase_add_test(tests, who_reads_late_is_told_everything);
    tcase_add_loop_test(tests, second_signal_ends_it_at_once, 0, STOPPING_SIGNALS);
    tcase_add_test(tests, stopped_while_logins_storm);
    tcase_add_test(tests, other_signals_do_nothing);
    tcase_add_test(tests, real_time_signals_do_nothing);
    tcase_add_test(tests, halted_continued_and_piped);
    tcase_add_loop_test(tests, signals_that_were_ignored_stop_it, 0, STOPPING_SIGNALS);
    tcase_add_test(tests, started_and_stopped_many_times);
    tcase_add_test(tests, stopped_while_it_starts);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(stop_suite());
}
