/* SPDX-License-Identifier: MIT
 *
 * How sessions end (rule 6 of the classic dialect): each way closes the connection and is told to friends once, in order with
 * what came before and with what comes after.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/session.h"
#include "support/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const char *const goodbyes[] = {
    "{\"user_id\": 2, \"online\": false}",
    "{\"online\": false}",
    "{\"online\":false,\"user_id\":2}\r\n",
    "{\n  \"user_id\": 2,\n  \"online\": false\n}\n",
    "{\"user_id\": 2, \"online\": false, \"reason\": {\"text\": \"bed time\"}}",
};
enum { GOODBYES = sizeof goodbyes / sizeof goodbyes[0] };

START_TEST(goodbye_closes_and_is_told_once)
{
    struct server *server = server_start("--workers 3");
    struct session *friend = session_open(server, 1, "2");
    struct session *session = session_open(server, 2, "1");

    client_expect(friend->client, ONLINE);
    client_send(session->client, goodbyes[_i]);
    client_expect_end(session->client);
    ck_assert_int_eq(session->client->end_error, 0);
    client_expect(friend->client, OFFLINE);
    session_fence(friend);
    session_close(session);
    session_fence(friend);
    session_leave(friend);
    server_stop(server);
}
END_TEST

/* A goodbye before any hello just closes: no word, no news, whoever it names. */
START_TEST(goodbye_before_hello_just_closes)
{
    struct server *server = server_start("--workers 3");
    struct session *friend = session_open(server, 1, "2"), *user = session_open(server, 2, "");
    struct client *client = client_connect(server);

    client_expect(friend->client, ONLINE);
    client_send(client, goodbyes[_i]);
    client_expect_end(client);
    ck_assert_int_eq(client->end_error, 0);
    session_fence(friend);
    session_leave(user);
    client_expect(friend->client, OFFLINE);
    client_close(client);
    session_leave(friend);
    server_stop(server);
}
END_TEST

START_TEST(goodbye_of_another_user_is_a_mismatch)
{
    struct server *server = server_start("--workers 3");
    struct session *friend = session_open(server, 1, "2, 3"), *other = session_open(server, 3, "");
    struct session *session = session_open(server, 2, "1");

    client_expect(friend->client, ONLINE ONLINE);
    client_send(session->client, "{\"user_id\": 3, \"online\": false}");
    client_expect_error(session->client, "user_mismatch");
    client_expect(friend->client, OFFLINE);
    session_fence(friend);
    session_close(session);
    session_leave(other);
    client_expect(friend->client, OFFLINE);
    session_leave(friend);
    server_stop(server);
}
END_TEST

/* The ways to end that are not a goodbye. */
static void
end_by_close(struct session *session)
{
    session_close(session);
}

static void
end_by_reset(struct session *session)
{
    session_reset(session);
}

static void
end_by_half_close(struct session *session)
{
    client_half_close(session->client);
    client_expect_end(session->client);
    ck_assert_int_eq(session->client->end_error, 0);
    session_close(session);
}

static void
end_within_a_message(struct session *session)
{
    client_send(session->client, "{\"user_id\": 2, \"fri");
    client_half_close(session->client);
    client_read_to_end(session->client);
    session_close(session);
}

static void
end_by_error(struct session *session)
{
    client_send(session->client, "{\"user_id\": 2, \"friends\": 5}");
    client_expect_error(session->client, "bad_message");
    session_close(session);
}

static void
end_by_close_with_unread_news(struct session *session)
{
    user_visit(session->server, 1000, NULL);
    client_wait(session->client, pace_left_ms(pace_deadline_ms()));
    client_close(session->client);
    session->client = NULL;
    session_close(session);
}

static void (*const ends[])(struct session *session) = {
    end_by_close,
    end_by_reset,
    end_by_half_close,
    end_within_a_message,
    end_by_error,
    end_by_close_with_unread_news,
};
enum { ENDS = sizeof ends / sizeof ends[0] };

/* Watchers hear of each kind of end once, and so do the listed. */
START_TEST(every_end_is_told_once)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2"), *listed = session_open(server, 3, "");
    struct session *both = session_open(server, 4, "2"), *session = session_open(server, 2, "3, 4, 1000");

    client_expect(watcher->client, ONLINE);
    client_expect(both->client, ONLINE);
    ends[_i](session);
    client_expect(watcher->client, OFFLINE);
    client_expect(both->client, OFFLINE);
    client_expect(listed->client, OFFLINE);
    session_fence(watcher);
    session_fence(both);
    session_fence(listed);

    /* And the user can come again. */
    session = session_open(server, 2, "");
    client_expect(watcher->client, ONLINE);
    session_leave(session);
    client_expect(watcher->client, OFFLINE);
    client_expect(both->client, ONLINE OFFLINE);
    session_leave(watcher);
    session_leave(both);
    session_leave(listed);
    server_stop(server);
}
END_TEST

/* Half-closed behind several objects: all are carried out, in order, then it ends. */
START_TEST(objects_before_a_half_close_are_carried_out)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2"), *first = session_open(server, 5, ""), *last = session_open(server, 6, "2");
    struct client *client = client_connect(server);

    client_send(client, "{\"user_id\": 2, \"friends\": [5]}\n{\"user_id\": 2}\n{\"user_id\": 2, \"friends\": [6]}\n");
    client_half_close(client);
    client_expect(watcher->client, ONLINE OFFLINE);
    client_expect(last->client, ONLINE OFFLINE);
    client_expect_end(client);
    session_fence(first);
    session_fence(last);
    session_fence(watcher);
    client_close(client);
    session_leave(watcher);
    session_leave(first);
    session_leave(last);
    server_stop(server);
}
END_TEST

/* The same when the connection is closed whole. The client was told nothing, so its closing sends no reset. */
START_TEST(objects_before_a_close_are_carried_out)
{
    enum { TIMES = 200 };
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2");

    for (int i = 0; i < TIMES; i++) {
        struct client *client = client_connect(server);

        client_send(client, "{\"user_id\": 2}{\"user_id\": 2, \"friends\": [1]}");
        client_close(client);
        client_expect(watcher->client, ONLINE OFFLINE);
    }
    session_fence(watcher);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* And by a reset, if the server had them by then: it sleeps while they arrive and the reset after them. */
START_TEST(objects_before_a_reset_are_carried_out)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2"), *first = session_open(server, 5, ""), *last = session_open(server, 6, "");
    struct session *session = session_open(server, 2, "5");

    client_expect(watcher->client, ONLINE);
    server_signal(server, SIGSTOP);
    client_hello(session->client, 2, "1");
    client_hello(session->client, 2, "6");
    session_reset(session);
    server_signal(server, SIGCONT);
    client_expect(watcher->client, OFFLINE);
    client_expect(last->client, OFFLINE);
    session_fence(watcher);
    session_fence(first);
    session_fence(last);
    session_leave(watcher);
    session_leave(first);
    session_leave(last);
    server_stop(server);
}
END_TEST

/* And before an error in the same segment. */
START_TEST(objects_before_an_error_are_carried_out)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2"), *listed = session_open(server, 6, "");
    struct client *client = client_connect(server);

    client_send(client, "{\"user_id\": 2, \"friends\": [5]}{\"user_id\": 2, \"friends\": [6]}{\"user_id\": }{\"user_id\": 2, \"friends\": [5]}");
    client_expect_error(client, "bad_json");
    client_expect(watcher->client, ONLINE OFFLINE);
    client_expect(listed->client, OFFLINE);
    session_fence(watcher);
    session_fence(listed);
    client_close(client);
    session_leave(watcher);
    session_leave(listed);
    server_stop(server);
}
END_TEST

/* A user whose old connection ends while the new one begins, on any two threads: the watcher hears the departure and the
 * arrival or neither, never the other way round, and its last word is the truth. */
START_TEST(reconnecting_keeps_the_order)
{
    enum { TIMES = 300 };
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2");
    struct session *session = session_open(server, 2, "");

    client_expect(watcher->client, ONLINE);
    for (int i = 0; i < TIMES; i++) {
        struct client *next = client_connect(server);

        if (i % 2 == 0)
            client_goodbye(session->client, 2);
        else
            client_half_close(session->client);
        client_hello(next, 2, NULL);
        client_expect_end(session->client);
        session_close(session);
        session = session_open_on(server, next, 2, "");
    }
    session_leave(session);

    char *history = session_history(watcher);
    ck_assert_uint_eq(strlen(history) % 2, 1);
    for (size_t i = 0; history[i] != '\0'; i++)
        ck_assert_msg(history[i] == (i % 2 == 0 ? '-' : '+'), "out of order: %s", history);
    free(history);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* Of two friends who arrive at once, at least one hears of the other. */
START_TEST(friends_who_arrive_at_once)
{
    enum { TIMES = 300 };
    struct server *server = server_start("--workers 3");

    for (int i = 0; i < TIMES; i++) {
        struct client *one = client_connect(server), *two = client_connect(server);
        int64_t deadline = pace_deadline_ms();
        bool heard = false;

        client_send(one, "{\"user_id\": 1, \"friends\": [2]}");
        client_send(two, "{\"user_id\": 2, \"friends\": [1]}");
        while (!heard && pace_left_ms(deadline) > 0)
            heard = client_wait(one, 1) || client_wait(two, 1);
        ck_assert_msg(heard, "both have arrived and neither knows");
        if (client_poll(one))
            client_expect(one, ONLINE);
        if (client_poll(two))
            client_expect(two, ONLINE);
        client_goodbye(one, 1);
        client_goodbye(two, 2);
        client_read_to_end(one);
        client_read_to_end(two);
        client_close(one);
        client_close(two);
    }
    server_stop(server);
}
END_TEST

static Suite *
ends_suite(void)
{
    Suite *suite = suite_create("ends");
    TCase *tests = tcase_create("ends");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_loop_test(tests, goodbye_closes_and_is_told_once, 0, GOODBYES);
    tcase_add_loop_test(tests, goodbye_before_hello_just_closes, 0, GOODBYES);
    tcase_add_test(tests, goodbye_of_another_user_is_a_mismatch);
    tcase_add_loop_test(tests, every_end_is_told_once, 0, ENDS);
    tcase_add_test(tests, objects_before_a_half_close_are_carried_out);
    tcase_add_test(tests, objects_before_a_close_are_carried_out);
    tcase_add_test(tests, objects_before_a_reset_are_carried_out);
    tcase_add_test(tests, objects_before_an_error_are_carried_out);
    tcase_add_test(tests, reconnecting_keeps_the_order);
    tcase_add_test(tests, friends_who_arrive_at_once);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(ends_suite());
}
