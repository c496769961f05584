/* SPDX-License-Identifier: MIT
 *
 * The server as a whole, in the test's own process: starting, what keeps it from starting, its limits, its stop, and many clients at once for the
 * tools that look for races. What it says on the wire is in tests/system.
 */
#include "server.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/guest.h"
#include "support/unit/peer.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* It does not start, and says why in a sentence with these words. */
static void
expect_problem(const struct options *options, int error, const char *first_words, const char *second_words)
{
    char problem[SERVER_PROBLEM] = "";
    struct server *server = NULL;

    ck_assert_int_eq(server_start(options, &server, problem), error);
    ck_assert_ptr_null(server);
    ck_assert_msg(strstr(problem, first_words) != NULL && strstr(problem, second_words) != NULL, "the problem is: %s", problem);
}

START_TEST(it_serves_until_it_is_stopped)
{
    struct options options = guest_options();
    struct server *server = guest_server(&options);
    int watcher = guest_settle(server, 1, "2");
    char address[64];

    snprintf(address, sizeof address, "127.0.0.1:%u", server_port(server));
    ck_assert_str_eq(server_address(server), address);
    int friend = guest_enter(server, 2, "1");
    peer_expect(watcher, ONLINE);
    peer_close(friend);
    peer_expect(watcher, OFFLINE);
    peer_close(watcher);
    server_stop(server);
}
END_TEST

START_TEST(a_stop_is_told_and_is_no_news)
{
    struct options options = guest_options();
    struct server *server = guest_server(&options);
    int peers[3] = {guest_settle(server, 1, "2, 3"), guest_settle(server, 4, "1"), peer_connect(server_port(server))};

    server_stop(server);
    for (int i = 0; i < 3; i++) {
        /* The one without a hello may not even have been accepted. */
        if (i < 2) {
            peer_expect_line(peers[i], ERROR_BEGINS("shutting_down"));
            peer_expect_end(peers[i]);
        } else {
            peer_expect_over(peers[i]);
        }
        peer_close(peers[i]);
    }
}
END_TEST

/* The first has heard of the star when the stop comes, most of the others have not: its news is told in slices. */
START_TEST(a_stop_does_not_cut_news_short)
{
    enum { CROWD = 1500, STAR = 1 };
    struct options options = guest_options();

    options.workers = 1;
    struct server *server = guest_server(&options);
    int *crowd = calloc(CROWD, sizeof *crowd);
    unsigned count = pace_scaled(CROWD);

    ck_assert_ptr_nonnull(crowd);
    for (unsigned i = 0; i < count; i++)
        crowd[i] = guest_settle(server, 1000 + i, "1");
    int star = guest_enter(server, STAR, NULL);
    (void)peer_wait_any(crowd, 1);
    server_stop(server);
    for (unsigned i = 0; i < count; i++) {
        peer_expect(crowd[i], ONLINE);
        peer_expect_line(crowd[i], ERROR_BEGINS("shutting_down"));
        peer_expect_end(crowd[i]);
        peer_close(crowd[i]);
    }
    peer_close(star);
    free(crowd);
}
END_TEST

START_TEST(it_may_be_started_again_on_the_same_port)
{
    struct options options = guest_options();
    struct server *server = guest_server(&options);

    options.port = server_port(server);
    int guest = guest_settle(server, 1, "2");
    server_stop(server);
    server = guest_server(&options);
    ck_assert_uint_eq(server_port(server), options.port);
    peer_close(guest);
    peer_close(guest_settle(server, 1, "2"));
    server_stop(server);
}
END_TEST

START_TEST(a_port_that_is_taken_is_a_problem)
{
    struct options options = guest_options();
    struct server *server = guest_server(&options);
    char address[64];

    options.port = server_port(server);
    snprintf(address, sizeof address, "127.0.0.1:%u", options.port);
    expect_problem(&options, -EADDRINUSE, address, "--port");
    server_stop(server);
}
END_TEST

START_TEST(wrong_options_are_problems)
{
    struct options options = guest_options();

    options.store = "redis";
    expect_problem(&options, -EINVAL, "--store redis", "light");
    options = guest_options();
    options.bind = "somewhere";
    expect_problem(&options, -EINVAL, "--bind somewhere", "localhost");
    options.bind = "192.0.2.1";
    expect_problem(&options, -EADDRNOTAVAIL, "192.0.2.1:0", "annot");
}
END_TEST

/* The kernel gives one family a port; the other must get the same. */
START_TEST(localhost_is_both_families_where_there_are_two)
{
    struct options options = guest_options();

    options.bind = "localhost";
    struct server *server = guest_server(&options);
    peer_close(guest_settle(server, 1, "2"));
    server_stop(server);
}
END_TEST

START_TEST(workers_are_as_many_as_processors_unless_told)
{
    struct options options = guest_options();

    options.workers = 0;
    struct server *server = guest_server(&options);
    peer_close(guest_settle(server, 1, "2"));
    server_stop(server);
}
END_TEST

START_TEST(threads_that_cannot_be_started_are_a_problem)
{
    struct options options = guest_options();

    options.workers = 3;
    for (int nth = 1; nth <= 4; nth++) { /* the last is the acceptor's */
        faults_thread(nth);
        expect_problem(&options, -EAGAIN, "cannot start the threads", strerror(EAGAIN));
    }
    options.admin_port = 0;
    options.admin_bind = "127.0.0.1";
    options.admin_token_file = "none";
    faults_thread(5);
    expect_problem(&options, -EAGAIN, "cannot start the admin interface", strerror(EAGAIN));
    faults_thread(0);
    server_stop(guest_server(&options));
}
END_TEST

START_TEST(without_memory_it_does_not_start)
{
    struct options options = guest_options();
    struct server *server = NULL;
    int error = -ENOMEM;
    long nth;

    for (nth = 1; error != 0; nth++) {
        char problem[SERVER_PROBLEM] = "";

        faults_allocation(nth, 0);
        error = server_start(&options, &server, problem);
        faults_allocation(0, 0);
        ck_assert(error == 0 || error == -ENOMEM);
        ck_assert((error == 0) == (problem[0] == '\0'));
    }
    ck_assert_int_gt(nth, 10);
    server_stop(server);
}
END_TEST

START_TEST(without_descriptors_it_does_not_start)
{
    struct options options = guest_options();
    struct rlimit low = {.rlim_cur = 100, .rlim_max = 100};

    if (pace_is_tooled())
        return; /* valgrind keeps limits of its own */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
    expect_problem(&options, -EMFILE, "the limit of 100 file descriptors is too low", "needed");
}
END_TEST

START_TEST(descriptors_that_run_out_while_starting_are_a_problem)
{
    struct options options = guest_options();
    struct rlimit limit;

    if (pace_is_tooled())
        return;
    /* Enough by the limit, but somebody else in the process has nearly all of them. A listener, two for each worker, two for the acceptor. */
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max = 300;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int left = 0; left < 7; left++) {
        char problem[SERVER_PROBLEM] = "";
        struct server *server;
        int hoard[300], hoarded = 0;

        while ((hoard[hoarded] = dup(0)) >= 0)
            hoarded++;
        for (int i = 0; i < left; i++)
            close(hoard[--hoarded]);
        int error = server_start(&options, &server, problem);
        while (hoarded > 0)
            close(hoard[--hoarded]);
        ck_assert_msg(error == -EMFILE, "with %d: error %d, %s", left, error, problem);
        ck_assert_str_ne(problem, "");
    }
    server_stop(guest_server(&options));
}
END_TEST

/* A user who is watched by `watcher` comes in, or is refused. Places of those who left before may be free only a moment later, so it is tried again. */
static int
enter_when_there_is_room(const struct server *server, int watcher, int64_t user)
{
    for (int64_t deadline = pace_deadline_ms();;) {
        int peer = guest_enter(server, user, NULL);
        int ready[2] = {watcher, peer};

        ck_assert_int_gt(pace_left_ms(deadline), 0);
        if (peer_wait_any(ready, 2) == 0) {
            peer_expect(watcher, ONLINE);
            return peer;
        }
        peer_close(peer);
    }
}

START_TEST(over_max_sessions_newcomers_are_told_so)
{
    enum { LIMIT = 5 };
    struct options options = guest_options();
    int peers[LIMIT];

    options.max_sessions = LIMIT;
    struct server *server = guest_server(&options);
    peers[0] = guest_settle(server, 1, "10, 11, 12, 13, 14");
    for (int i = 1; i < LIMIT; i++)
        peers[i] = enter_when_there_is_room(server, peers[0], 10 + i);
    for (int i = 0; i < 3; i++) {
        int late = peer_connect(server_port(server));

        peer_expect_line(late, ERROR_BEGINS("server_full"));
        peer_expect_end(late);
        peer_close(late);
    }
    peer_close(peers[2]);
    peer_expect(peers[0], OFFLINE);
    peers[2] = enter_when_there_is_room(server, peers[0], 10);
    for (int i = 0; i < LIMIT; i++)
        peer_close(peers[i]);
    server_stop(server);
}
END_TEST

/* While accept fails, those who are there are served, and newcomers are taken when it works again. */
START_TEST(errors_of_accept_pass)
{
    static const int errors[] = {EMFILE, ENFILE, ENOMEM, ECONNABORTED};
    struct options options = guest_options();
    struct server *server = guest_server(&options);
    int watcher = guest_settle(server, 1, "2");

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        faults_accept(errors[i], 2);
        int friend = guest_enter(server, 2, NULL);

        peer_expect(watcher, ONLINE);
        guest_hello(watcher, 1, NULL);
        peer_close(friend);
        peer_expect(watcher, OFFLINE);
    }
    faults_accept(EMFILE, 1); /* the reserve takes it */
    int refused = peer_connect(server_port(server));
    peer_expect_line(refused, ERROR_BEGINS("server_full"));
    peer_expect_end(refused);
    peer_close(refused);
    peer_close(watcher);
    server_stop(server);
}
END_TEST

START_TEST(a_poller_that_takes_no_more_costs_the_newcomer)
{
    struct options options = guest_options();
    struct server *server = guest_server(&options);
    int watcher = guest_settle(server, 1, "2");

    faults_epoll_add(ENOSPC, 1);
    int refused = peer_connect(server_port(server));
    peer_expect_line(refused, ERROR_BEGINS("server_full"));
    peer_expect_over(refused);
    peer_close(refused);
    int friend = guest_enter(server, 2, NULL);
    peer_expect(watcher, ONLINE);
    peer_close(friend);
    peer_expect(watcher, OFFLINE);
    peer_close(watcher);
    server_stop(server);
}
END_TEST

/* Many clients at once do everything that there is, in good order and bad; afterwards the server is as before. */
enum { CLIENTS = 4, ROUNDS = 300, USERS = 6 };

struct client_task {
    pthread_t thread;
    const struct server *server;
    unsigned seed;
};

static void
random_hello(int peer, unsigned *seed, int user)
{
    char text[256];
    int length = sprintf(text, "{\"user_id\": %d, \"friends\": [%d", 100 + user, 100 + rand_r(seed) % USERS);

    for (int i = rand_r(seed) % USERS; i > 0; i--)
        length += sprintf(text + length, ", %d", 100 + rand_r(seed) % USERS);
    length += sprintf(text + length, "]}");
    (void)peer_send_bytes(peer, text, (size_t)length);
}

static void *
come_and_go(void *argument)
{
    struct client_task *task = argument;
    unsigned rounds = pace_scaled(ROUNDS);

    for (unsigned round = 0; round < rounds; round++) {
        int user = rand_r(&task->seed) % USERS;
        int peer = peer_connect(server_port(task->server));

        random_hello(peer, &task->seed, user);
        for (int i = rand_r(&task->seed) % 3; i > 0; i--)
            random_hello(peer, &task->seed, user);
        switch (rand_r(&task->seed) % 5) {
        case 0: peer_close(peer); break;
        case 1: peer_reset(peer); break;
        case 2:
            peer_half_close(peer);
            peer_expect_over(peer);
            peer_close(peer);
            break;
        case 3:
            (void)peer_send_bytes(peer, "}", 1);
            peer_expect_over(peer);
            peer_close(peer);
            break;
        default:
            (void)peer_send_bytes(peer, OFFLINE, strlen(OFFLINE));
            peer_expect_over(peer);
            peer_close(peer);
            break;
        }
    }
    return NULL;
}

START_TEST(many_clients_at_once_leave_it_as_it_was)
{
    struct client_task tasks[CLIENTS];
    struct options options = guest_options();

    options.workers = 3;
    struct server *server = guest_server(&options);
    int before = guest_settle(server, 1, "2");

    for (unsigned i = 0; i < CLIENTS; i++) {
        tasks[i] = (struct client_task){.server = server, .seed = i + 1};
        ck_assert_int_eq(pthread_create(&tasks[i].thread, NULL, come_and_go, &tasks[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_join(tasks[i].thread, NULL), 0);
    int friend = guest_enter(server, 2, NULL);
    peer_expect(before, ONLINE);
    /* All of them are offline: who lists them is told of each one's arrival. */
    int watcher = guest_settle(server, 3, "100, 101, 102, 103, 104, 105");
    for (int user = 100; user < 100 + USERS; user++) {
        guest_visit(server, user, NULL);
        peer_expect(watcher, ONLINE OFFLINE);
    }
    peer_close(friend);
    peer_close(before);
    peer_close(watcher);
    server_stop(server);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("server");
    TCase *tests = tcase_create("server");

    tcase_add_test(tests, it_serves_until_it_is_stopped);
    tcase_add_test(tests, a_stop_is_told_and_is_no_news);
    tcase_add_test(tests, a_stop_does_not_cut_news_short);
    tcase_add_test(tests, it_may_be_started_again_on_the_same_port);
    tcase_add_test(tests, a_port_that_is_taken_is_a_problem);
    tcase_add_test(tests, wrong_options_are_problems);
    tcase_add_test(tests, localhost_is_both_families_where_there_are_two);
    tcase_add_test(tests, workers_are_as_many_as_processors_unless_told);
    tcase_add_test(tests, threads_that_cannot_be_started_are_a_problem);
    tcase_add_test(tests, without_memory_it_does_not_start);
    tcase_add_test(tests, without_descriptors_it_does_not_start);
    tcase_add_test(tests, descriptors_that_run_out_while_starting_are_a_problem);
    tcase_add_test(tests, over_max_sessions_newcomers_are_told_so);
    tcase_add_test(tests, errors_of_accept_pass);
    tcase_add_test(tests, a_poller_that_takes_no_more_costs_the_newcomer);
    tcase_add_test(tests, many_clients_at_once_leave_it_as_it_was);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
