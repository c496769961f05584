/* SPDX-License-Identifier: MIT
 *
 * Stopping: every session is told, nobody is told that others went, what is queued still arrives, and it takes only so long. Which
 * signals stop the server, and which do not.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/pair.h"
#include "support/session.h"
#include "support/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
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
    expect_stopped(server);
}
END_TEST

/* Friends who list each other, on several threads: none of them hears of another one's end when all end. */
START_TEST(stop_makes_no_news)
{
    enum { FRIENDS = 40 };
    struct server *server = server_start("--workers 3");
    struct session *sessions[FRIENDS], *watcher;
    char list[FRIENDS * 8], *end = list;

    for (int i = 0; i < FRIENDS; i++) {
        sessions[i] = session_open(server, 100 + i, "1");
        end += sprintf(end, "%s%d", i > 0 ? ", " : "", 100 + i);
    }
    watcher = session_open(server, 1, list);
    server_signal(server, SIGTERM);
    client_expect_error(watcher->client, "shutting_down");
    for (int i = 0; i < FRIENDS; i++) {
        client_expect(sessions[i]->client, ONLINE);
        client_expect_error(sessions[i]->client, "shutting_down");
        session_close(sessions[i]);
    }
    session_close(watcher);
    expect_stopped(server);
}
END_TEST

/* What was queued for a session before the stop reaches it before the last line. */
START_TEST(queued_news_still_arrives)
{
    enum { VISITS = 2000 };
    struct server *server = server_start("--queue-limit 100000 --stop-timeout 60");
    struct client *client = client_connect_with(server, &(struct client_options){.small_buffers = true});
    struct session *slow = session_open_on(server, client, 1, "5"), *prompt = session_open(server, 2, "5");

    for (int i = 0; i < VISITS; i++) {
        user_visit(server, 5, NULL);
        client_expect(prompt->client, ONLINE OFFLINE);
    }
    server_signal(server, SIGTERM);
    client_expect_error(prompt->client, "shutting_down");
    for (int i = 0; i < VISITS; i++)
        client_expect(slow->client, ONLINE OFFLINE);
    client_expect_error(slow->client, "shutting_down");
    session_close(prompt);
    session_close(slow);
    expect_stopped(server);
}
END_TEST

/* Makes a session that has more to read than it does, so that a stop has to wait for it. */
static struct session *
holder_open(struct server *server)
{
    enum { VISITS = 4000 };
    struct client *client = client_connect_with(server, &(struct client_options){.small_buffers = true});
    struct session *holder = session_open_on(server, client, 1, "5"), *prompt = session_open(server, 2, "5");

    for (int i = 0; i < VISITS; i++) {
        user_visit(server, 5, NULL);
        client_expect(prompt->client, ONLINE OFFLINE);
    }
    session_leave(prompt);
    return holder;
}

/* A client that does not read holds the stop up for the time that it may, and not longer. */
START_TEST(stop_waits_so_long_only)
{
    enum { STOP_TIMEOUT_S = 2 };
    struct server *server = server_start("--queue-limit 100000 --stop-timeout %d", STOP_TIMEOUT_S);
    struct session *holder = holder_open(server), *other = session_open(server, 3, "");
    int64_t begun = pace_now_ms();

    server_signal(server, SIGTERM);
    client_expect_error(other->client, "shutting_down");
    expect_stopped(server);
    ck_assert_int_ge(pace_now_ms() - begun, STOP_TIMEOUT_S * 1000);
    session_close(holder);
    session_close(other);
}
END_TEST

/* A second signal does not wait: with a stop that may take an hour, the deadline of this test is the proof. */
START_TEST(second_signal_ends_at_once)
{
    struct server *server = server_start("--queue-limit 100000 --stop-timeout 3600");
    struct session *holder = holder_open(server), *other = session_open(server, 3, "");

    server_signal(server, SIGTERM);
    client_expect_error(other->client, "shutting_down");
    ck_assert(!server_has_ended(server));
    server_signal(server, stopping_signals[_i]);
    int status = server_wait(server);
    ck_assert_msg(WIFEXITED(status) || WTERMSIG(status) == stopping_signals[_i], "the server ended with signal %d", WTERMSIG(status));
    server_free(server);
    session_close(holder);
    session_close(other);
}
END_TEST

/* Connections that the server has not accepted when it is told to stop: they end, and nothing waits for them. */
START_TEST(stop_with_a_backlog)
{
    enum { WAITING = 100 };
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);
    struct client *clients[WAITING];

    server_signal(server, SIGSTOP);
    for (int i = 0; i < WAITING; i++) {
        clients[i] = client_connect(server);
        client_hello(clients[i], 1000 + i, "1000, 1001, 1002");
    }
    server_signal(server, SIGTERM);
    server_signal(server, SIGCONT);
    pair_expect_error(pair, "shutting_down");
    for (int i = 0; i < WAITING; i++) {
        const char *text = client_read_to_end(clients[i]);

        ck_assert_msg(strstr(text, "false") == NULL, "told of a departure: %s", text);
        client_close(clients[i]);
    }
    expect_stopped(server);
}
END_TEST

struct storm {
    struct sockaddr_in address;
    _Atomic bool over;
    _Atomic unsigned logins;
};

/* Logs in again and again without ever reading, until nobody listens any more. On a thread of its own, so it checks nothing. */
static void *
storm_run(void *argument)
{
    static const char hello[] = "{\"user_id\": 2, \"friends\": [1]}";
    enum { OPEN = 200 };
    struct storm *storm = argument;
    int sockets[OPEN];
    unsigned at = 0;

    memset(sockets, -1, sizeof sockets);
    while (!atomic_load(&storm->over)) {
        int *slot = &sockets[at++ % OPEN];

        if (*slot >= 0)
            close(*slot);
        *slot = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(*slot, (struct sockaddr *)&storm->address, sizeof storm->address) < 0)
            continue;
        send(*slot, hello, sizeof hello - 1, MSG_NOSIGNAL);
        atomic_fetch_add(&storm->logins, 1);
    }
    for (int i = 0; i < OPEN; i++)
        if (sockets[i] >= 0)
            close(sockets[i]);
    return NULL;
}

/* While clients keep coming: it stops all the same, and the session that watches them hears arrivals and departures in turn, then the stop. */
START_TEST(stop_in_a_storm_of_logins)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2");
    struct storm storm = {.address = {.sin_family = AF_INET, .sin_port = htons(server->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
    int64_t deadline = pace_deadline_ms();
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, storm_run, &storm), 0);
    while (atomic_load(&storm.logins) < 1000 && pace_left_ms(deadline) > 0)
        sched_yield();
    server_signal(server, SIGTERM);
    const char *line, *wanted = ONLINE;
    while (strstr(line = client_read_line(watcher->client), "error") == NULL) {
        ck_assert_str_eq(line, wanted);
        wanted = wanted[sizeof "{\"online\": " - 1] == 't' ? OFFLINE : ONLINE;
    }
    ck_assert_msg(strstr(line, "\"shutting_down\"") != NULL, "told: %s", line);
    client_expect_end(watcher->client);
    expect_stopped(server);
    atomic_store(&storm.over, true);
    pthread_join(thread, NULL);
    session_close(watcher);
}
END_TEST

/* Signals that mean nothing to the server do not end it. */
START_TEST(other_signals_do_nothing)
{
    static const int harmless[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGCHLD, SIGURG, SIGWINCH};
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);

    for (unsigned i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        server_signal(server, harmless[i]);
        pair_exchange(pair);
    }
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        server_signal(server, number);
    pair_exchange(pair);
    server_signal(server, SIGSTOP);
    server_signal(server, SIGCONT);
    pair_exchange(pair);
    pair_close(pair);
    server_stop(server);
}
END_TEST

static Suite *
stop_suite(void)
{
    Suite *suite = suite_create("stop");
    TCase *tests = tcase_create("stop");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_loop_test(tests, everybody_is_told, 0, STOPPING_SIGNALS);
    tcase_add_test(tests, stop_makes_no_news);
    tcase_add_test(tests, queued_news_still_arrives);
    tcase_add_test(tests, stop_waits_so_long_only);
    tcase_add_loop_test(tests, second_signal_ends_at_once, 0, STOPPING_SIGNALS);
    tcase_add_test(tests, stop_with_a_backlog);
    tcase_add_test(tests, stop_in_a_storm_of_logins);
    tcase_add_test(tests, other_signals_do_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(stop_suite());
}
