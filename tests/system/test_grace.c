/* SPDX-License-Identifier: MIT
 *
 * --offline-grace: a user whose last connection was lost counts as online for a while, and comes back unnoticed. That nothing was said is seen by a
 * fence: somebody else's coming and going is the next that is heard. That the server has noticed a loss is seen by the admin interface.
 */
#include "support/client.h"
#include "support/http.h"
#include "support/pace.h"
#include "support/rpc_client.h"
#include "support/server.h"
#include "support/session.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONG "--offline-grace 3600s --admin-port 0 "

static unsigned
count_of(const char *text, const char *word)
{
    unsigned count = 0;

    for (; (text = strstr(text, word)) != NULL; text++)
        count++;
    return count;
}

/* Asks what the admin interface knows of the user until it has so many sessions, and is in grace or is not. */
static void
wait_until(struct server *server, int64_t user, unsigned sessions, bool in_grace)
{
    uint16_t port = (uint16_t)server_event_number(server, "listening", 0, "admin_port");
    int64_t deadline = pace_deadline_ms();
    char path[64];
    bool seen = false;

    snprintf(path, sizeof path, "/api/v1/users/%lld", (long long)user);
    while (!seen) {
        struct http_answer answer = http_get(port, path);

        ck_assert_int_eq(answer.status, 200);
        seen = count_of(answer.body, "\"session\": ") == sessions && (strstr(answer.body, "\"in_grace\": true") != NULL) == in_grace;
        ck_assert_msg(seen || pace_left_ms(deadline) > 0, "not %u sessions: %s", sessions, answer.body);
        http_answer_done(&answer);
        if (!seen)
            (void)poll(NULL, 0, pace_stretched_ms(10));
    }
}

static void
wait_for_sessions(struct server *server, int64_t user, unsigned sessions)
{
    wait_until(server, user, sessions, false);
}

static void
wait_for_loss(struct server *server, int64_t user)
{
    wait_until(server, user, 0, true);
}

/* The admin interface says this at that path. */
static void
expect_words(struct server *server, const char *path, const char *words)
{
    struct http_answer answer = http_get((uint16_t)server_event_number(server, "listening", 0, "admin_port"), path);

    ck_assert_int_eq(answer.status, 200);
    ck_assert_msg(strstr(answer.body, words) != NULL, "no %s in %s", words, answer.body);
    http_answer_done(&answer);
}

static void
expect_metric(struct server *server, const char *line)
{
    expect_words(server, "/metrics", line);
}

/* How a client may be lost. Each of these frees it. */
static void
by_closing(struct client *client)
{
    client_close(client);
}

static void
by_a_reset(struct client *client)
{
    client_reset(client);
}

static void
by_half_closing(struct client *client)
{
    client_half_close(client);
    client_expect_end(client);
    client_close(client);
}

static void
by_an_error(struct client *client)
{
    client_send(client, "]");
    client_expect_error(client, "bad_json");
    client_close(client);
}

static void
inside_a_message(struct client *client)
{
    client_send(client, "{\"user_id\": 2, \"online\": fal");
    client_close(client);
}

static void (*const losses[])(struct client *client) = {by_closing, by_a_reset, by_half_closing, by_an_error, inside_a_message};
enum { LOSSES = sizeof losses / sizeof losses[0] };

/* User 2, which lists 1. */
static struct client *
two_comes(const struct server *server)
{
    struct client *client = client_connect(server);

    client_hello(client, 2, "1");
    return client;
}

START_TEST(who_comes_back_is_news_to_nobody)
{
    struct server *server = server_start(LONG);
    struct session *friend = session_open(server, 1, "2");
    struct rpc_client *follower = rpc_login(server, "3", "2", "");
    struct client *two = two_comes(server);

    client_expect(friend->client, ONLINE);
    rpc_expect_online(follower, "2", NULL);
    losses[_i](two);
    wait_for_loss(server, 2);
    expect_metric(server, "\nalo_users_in_grace 1\n");
    session_fence(friend);
    rpc_fence(follower);
    two = two_comes(server);
    wait_for_sessions(server, 2, 1);
    expect_metric(server, "\nalo_users_in_grace 0\n");
    expect_metric(server, "\nalo_grace_ends_total{outcome=\"returned\"} 1\n");
    session_fence(friend);
    rpc_fence(follower);
    client_goodbye(two, 2); /* its last session's, so that is news at once */
    client_expect_end(two);
    client_expect(friend->client, OFFLINE);
    rpc_expect_offline(follower, "2", "goodbye");
    client_close(two);
    session_leave(friend);
    rpc_logout(follower);
    server_stop(server);
}
END_TEST

START_TEST(who_does_not_come_back_is_news_when_it_is_over)
{
    enum { GRACE_MS = 700 };
    struct server *server = server_start("--admin-port 0 --offline-grace %d", GRACE_MS);
    struct session *friend = session_open(server, 1, "2"), *listed;
    struct rpc_client *follower = rpc_login(server, "3", "2", "");
    struct client *two;
    int64_t lost_ms;

    listed = session_open(server, 4, "");
    two = client_connect(server);
    client_hello(two, 2, "4");
    client_expect(friend->client, ONLINE);
    rpc_expect_online(follower, "2", NULL);
    lost_ms = pace_now_ms();
    client_reset(two);
    client_expect(friend->client, OFFLINE);
    ck_assert_int_ge(pace_now_ms() - lost_ms, GRACE_MS);
    rpc_expect_offline(follower, "2", "closed");
    client_expect(listed->client, OFFLINE); /* whom its last session listed */
    expect_metric(server, "\nalo_grace_ends_total{outcome=\"gone\"} 1\n");
    session_leave(listed);
    session_leave(friend);
    rpc_logout(follower);
    server_stop(server);
}
END_TEST

/* One of two devices: the other one is there, so nothing waits for anything. */
START_TEST(only_the_last_connection_counts)
{
    struct server *server = server_start(LONG);
    struct session *friend = session_open(server, 1, "2");
    struct client *two = two_comes(server), *device = two_comes(server);

    client_expect(friend->client, ONLINE);
    wait_for_sessions(server, 2, 2);
    client_reset(two);
    wait_for_sessions(server, 2, 1);
    client_goodbye(device, 2);
    client_expect_end(device);
    client_close(device);
    client_expect(friend->client, OFFLINE);
    session_leave(friend);
    server_stop(server);
}
END_TEST

START_TEST(while_it_lasts_the_user_is_online_for_everybody)
{
    struct server *server = server_start(LONG);
    struct rpc_client *two = rpc_login(server, "2", "", ""), *asker, *follower;

    rpc_expect_call(two, "status", "\"status\": \"away\"", "{}");
    rpc_reset(two);
    wait_for_loss(server, 2);
    asker = rpc_login(server, "3", "", "");
    rpc_expect_call(asker, "online", "\"users\": [2, 4]", "{\"online\": [2], \"statuses\": [{\"user_id\": 2, \"status\": \"away\"}]}");
    rpc_expect_call(asker, "follow", "\"friends\": [2]", "{\"online\": [2], \"statuses\": [{\"user_id\": 2, \"status\": \"away\"}]}");
    expect_words(server, "/api/v1/explain?watcher=3&user=2", "\"user\": {\"user_id\": 2, \"online\": true, \"watchers\": 1, ");
    expect_words(server, "/api/v1/explain?watcher=3&user=2", ", \"in_grace\": true, \"sessions\": []}");
    expect_words(server, "/api/v1/users/2?format=table", "user 2 is in grace, watched by 1 sessions; came ");
    two = rpc_login(server, "2", "", ""); /* without the status, which is news */
    rpc_expect_online(asker, "2", NULL);
    rpc_fence(asker);
    follower = rpc_login(server, "5", "2", "2");
    rpc_logout(two);
    rpc_expect_offline(asker, "2", "goodbye");
    rpc_expect_offline(follower, "2", "goodbye");
    rpc_logout(follower);
    rpc_logout(asker);
    server_stop(server);
}
END_TEST

/* Whom the lost session lists, hears of it when the grace is over: that is explained although the user has no session. */
START_TEST(an_explanation_knows_the_list_that_was_lost)
{
    struct server *server = server_start(LONG);
    struct session *one = session_open(server, 1, ""), *three = session_open(server, 3, "");

    client_reset(two_comes(server));
    wait_for_loss(server, 2);
    expect_words(server, "/api/v1/explain?watcher=1&user=2", "\"because\": \"it does not list the user; it hears of the user's departures only, ");
    expect_words(server, "/api/v1/explain?watcher=3&user=2", "\"because\": \"it does not list the user, so it is told nothing of it\"");
    session_leave(one);
    session_leave(three);
    server_stop(server);
}
END_TEST

START_TEST(over_udp_it_begins_when_the_time_out_ends)
{
    enum { TIMEOUT_S = 3 };
    struct server *server = server_start(LONG "--udp-timeout %d", TIMEOUT_S);
    struct session *friend = session_open(server, 1, "2");
    struct udp_client *two = udp_client_enter(server, 2, "");
    int64_t silent_ms = pace_now_ms();

    client_expect(friend->client, ONLINE);
    wait_for_loss(server, 2);
    ck_assert_int_ge(pace_now_ms() - silent_ms, TIMEOUT_S * 1000 - 500); /* it said something before */
    session_fence(friend);
    udp_client_hello(two, 2, "1"); /* a session like any other */
    wait_for_sessions(server, 2, 1);
    session_fence(friend);
    udp_client_goodbye(two, 2);
    client_expect(friend->client, OFFLINE);
    udp_client_close(two);
    session_leave(friend);
    server_stop(server);
}
END_TEST

/* With many in grace for an hour, a stop is as quick as without. */
START_TEST(a_stop_does_not_wait_for_it)
{
    enum { CROWD = 100 };
    struct server *server = server_start(LONG);
    struct session *friend = session_open(server, 1, "2");
    struct client *two, *crowd[CROWD];
    unsigned count = pace_scaled(CROWD);

    for (unsigned i = 0; i < count; i++) {
        crowd[i] = client_connect(server);
        client_hello(crowd[i], 100 + (int)i, "1, 2, 3");
    }
    two = two_comes(server);
    client_expect(friend->client, ONLINE);
    client_reset(two);
    wait_for_loss(server, 2);
    for (unsigned i = 0; i < count; i++) {
        wait_for_sessions(server, 100 + (int)i, 1);
        client_reset(crowd[i]);
    }
    server_signal(server, SIGTERM);
    client_expect_error(friend->client, "shutting_down"); /* nothing before it */
    ck_assert_int_eq(server_wait(server), 0);
    server_free(server);
    session_close(friend);
}
END_TEST

/* Those whom a drain lets go have their grace, too: friends who go later do not hear of it. It is over when the last connection is. */
START_TEST(a_drain_does_not_wait_for_it)
{
    struct server *server = server_start(LONG "--drain-time 1");
    struct session *sessions[2] = {session_open(server, 1, "2"), session_open(server, 2, "1")};

    client_expect(sessions[0]->client, ONLINE);
    server_signal(server, SIGUSR2);
    for (int i = 0; i < 2; i++)
        client_expect_error(sessions[i]->client, "shutting_down");
    (void)server_event(server, "drained", 0);
    for (int i = 0; i < 2; i++) {
        wait_for_loss(server, 1 + i);
        session_close(sessions[i]);
    }
    server_stop(server);
}
END_TEST

START_TEST(a_reload_can_end_it)
{
    char path[] = "/tmp/alo-grace-XXXXXX";
    int descriptor = mkstemp(path);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_gt(fprintf(file, "offline-grace = 3600s\n"), 0);
    ck_assert_int_eq(fflush(file), 0);
    struct server *server = server_start("--admin-port 0 --config %s", path);
    struct session *friend = session_open(server, 1, "2");
    struct client *two = two_comes(server);

    client_expect(friend->client, ONLINE);
    client_reset(two);
    wait_for_loss(server, 2);
    session_fence(friend);
    rewind(file);
    ck_assert_int_gt(fprintf(file, "offline-grace = 0    \n"), 0);
    ck_assert_int_eq(fclose(file), 0);
    server_signal(server, SIGHUP);
    ck_assert_ptr_nonnull(strstr(server_event(server, "reloaded", 0), "\"changed\":\"offline-grace\""));
    client_expect(friend->client, OFFLINE);
    two = two_comes(server);
    client_expect(friend->client, ONLINE);
    client_reset(two);
    client_expect(friend->client, OFFLINE);
    session_leave(friend);
    unlink(path);
    server_stop(server);
}
END_TEST

/* Three connections may be there; the one in grace is the third until two more come. */
START_TEST(it_keeps_no_newcomer_out)
{
    struct server *server = server_start(LONG "--max-sessions 3 --workers 1");
    struct rpc_client *follower = rpc_login(server, "1", "2, 4", "");
    struct client *two = two_comes(server), *newcomer, *another;

    rpc_expect_online(follower, "2", NULL);
    client_reset(two);
    wait_for_loss(server, 2);
    newcomer = client_connect(server);
    client_hello(newcomer, 4, "");
    rpc_expect_online(follower, "4", NULL);
    another = client_connect(server);
    rpc_expect_offline(follower, "2", "closed");
    client_hello(another, 2, "");
    rpc_expect_online(follower, "2", NULL);
    client_reset(newcomer); /* its own place is enough */
    wait_for_loss(server, 4);
    client_close(another);
    rpc_close(follower);
    server_stop(server);
}
END_TEST

/* Nobody of a crowd that is lost and comes back again and again, on all workers, is heard of. */
START_TEST(a_crowd_on_a_bad_network_is_quiet)
{
    enum { CROWD = 40, ROUNDS = 25, FIRST = 1000 };
    struct server *server = server_start(LONG "--workers 4");
    struct client *crowd[CROWD], *watcher = client_connect(server);
    unsigned count = pace_scaled(CROWD), rounds = pace_scaled(ROUNDS);
    char list[CROWD * 8], *at = list;

    for (unsigned i = 0; i < count; i++)
        at += sprintf(at, "%s%d", i == 0 ? "" : ", ", FIRST + (int)i);
    client_hello(watcher, 1, list);
    wait_for_sessions(server, 1, 1);
    for (unsigned i = 0; i < count; i++) {
        crowd[i] = client_connect(server);
        client_hello(crowd[i], FIRST + (int)i, list);
        client_expect(watcher, ONLINE);
    }
    for (unsigned round = 0; round < rounds; round++)
        for (unsigned i = 0; i < count; i++) {
            struct client *former = crowd[i];

            if (i % 3 == 0)
                client_reset(former);
            crowd[i] = client_connect(server);
            client_hello(crowd[i], FIRST + (int)i, list);
            if (i % 3 != 0)
                client_close(former);
        }
    /* The crowd has been heard, and lost once more. */
    for (unsigned i = 0; i < count; i++) {
        wait_for_sessions(server, FIRST + (int)i, 1);
        client_reset(crowd[i]);
    }
    for (unsigned i = 0; i < count; i++)
        wait_for_loss(server, FIRST + (int)i);
    crowd[0] = client_connect(server);
    client_hello(crowd[0], FIRST, "");
    client_goodbye(crowd[0], FIRST);
    client_expect(watcher, OFFLINE); /* the first that it hears */
    client_expect_end(crowd[0]);
    client_close(crowd[0]);
    server_signal(server, SIGTERM);
    client_expect_error(watcher, "shutting_down");
    ck_assert_int_eq(server_wait(server), 0);
    server_free(server);
    client_close(watcher);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("grace");
    TCase *tests = tcase_create("grace");

    tcase_add_loop_test(tests, who_comes_back_is_news_to_nobody, 0, LOSSES);
    tcase_add_test(tests, who_does_not_come_back_is_news_when_it_is_over);
    tcase_add_test(tests, only_the_last_connection_counts);
    tcase_add_test(tests, while_it_lasts_the_user_is_online_for_everybody);
    tcase_add_test(tests, an_explanation_knows_the_list_that_was_lost);
    tcase_add_test(tests, over_udp_it_begins_when_the_time_out_ends);
    tcase_add_test(tests, a_stop_does_not_wait_for_it);
    tcase_add_test(tests, a_drain_does_not_wait_for_it);
    tcase_add_test(tests, a_reload_can_end_it);
    tcase_add_test(tests, it_keeps_no_newcomer_out);
    tcase_add_test(tests, a_crowd_on_a_bad_network_is_quiet);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
