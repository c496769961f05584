/* SPDX-License-Identifier: MIT
 *
 * Friend lists: what a hello may hold, and what a repeated hello does to the list (rules 4 and 5 of the classic dialect).
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/session.h"
#include "support/unit.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The friend comes and goes: the session hears both, and nothing else. */
static void
friend_is_watched(const struct session *session, int64_t friend)
{
    struct session *visitor = session_open(session->server, friend, "");

    client_expect(session->client, ONLINE);
    session_leave(visitor);
    client_expect(session->client, OFFLINE);
}

static void
friend_is_not_watched(struct session *session, int64_t friend)
{
    struct session *visitor = session_open(session->server, friend, "");

    session_fence(session);
    session_leave(visitor);
    session_fence(session);
}

START_TEST(list_is_replaced)
{
    struct server *server = server_start("--workers 3");
    struct session *session = session_open(server, 1, "5, 6");

    session_relist(session, "6, 7");
    friend_is_not_watched(session, 5);
    friend_is_watched(session, 6);
    friend_is_watched(session, 7);
    session_relist(session, "5");
    friend_is_watched(session, 5);
    friend_is_not_watched(session, 6);
    friend_is_not_watched(session, 7);
    session_leave(session);
    server_stop(server);
}
END_TEST

/* A hello with an empty list watches nobody any more. The only worker has read it when it has seen a later client come and go. */
START_TEST(list_is_emptied)
{
    struct server *server = server_start("--workers 1");
    struct session *session = session_open(server, 1, "5"), *other = session_open(server, 2, "5");

    client_send(session->client, "{\"user_id\": 1, \"friends\": []}");
    session_fence(other);
    friend_is_watched(other, 5);
    client_goodbye(session->client, 1);
    client_expect_end(session->client);
    session_close(session);
    session_leave(other);
    server_stop(server);
}
END_TEST

/* Nor is anybody told of the end of a session whose last list was empty. */
START_TEST(empty_list_is_told_nothing_of_the_end)
{
    struct server *server = server_start("--workers 3");
    struct session *session = session_open(server, 1, "5"), *listed = session_open(server, 2, "");

    client_send(session->client, "{\"user_id\": 1, \"friends\": [2]}{\"user_id\": 1, \"friends\": []}");
    client_half_close(session->client);
    client_expect_end(session->client);
    session_close(session);
    session_fence(listed);
    session_leave(listed);
    server_stop(server);
}
END_TEST

/* Each way to leave the list out keeps it. */
START_TEST(list_stays_when_left_out)
{
    static const char *const repeats[] = {
        "{\"user_id\": 1}",
        "{\"user_id\": 1, \"friends\": null}\n",
        "{\"user_id\": 1, \"online\": true}",
        "{\"user_id\": 1, \"friends\": null, \"online\": true, \"name\": \"one\"}\r\n",
    };
    struct server *server = server_start("--workers 3");
    struct session *session = session_open(server, 1, "5"), *observer = session_open(server, 9, "1");

    for (unsigned i = 0; i < sizeof repeats / sizeof repeats[0]; i++) {
        for (int times = 0; times < 3; times++)
            client_send(session->client, repeats[i]);
        session_fence(session);
        friend_is_watched(session, 5);
    }
    session_fence(observer);

    /* They were carried out before this list was. */
    session_relist(session, "5, 6");
    friend_is_watched(session, 5);
    session_fence(observer);
    session_leave(session);
    client_expect(observer->client, OFFLINE);
    session_leave(observer);
    server_stop(server);
}
END_TEST

/* The whole hello again, list and all, as a heartbeat, while the friend comes and goes: each time told once, without a gap. */
START_TEST(whole_hello_is_a_heartbeat)
{
    enum { VISITS = 100 };
    struct server *server = server_start("--workers 3");
    struct session *session = session_open(server, 1, "5, 6"), *observer = session_open(server, 9, "1");
    char *list = session_list(session, "5, 6");

    for (int i = 0; i < VISITS; i++) {
        client_hello(session->client, 1, list);
        struct client *friend = client_connect(server);
        client_hello(friend, 5, NULL);
        client_hello(session->client, 1, list);
        client_goodbye(friend, 5);
        client_hello(session->client, 1, list);
        client_expect(session->client, ONLINE OFFLINE);
        client_expect_end(friend);
        client_close(friend);
    }
    free(list);
    session_relist(session, "5"); /* all of them are carried out when this is */
    session_fence(session);
    session_fence(observer); /* hello again is news to nobody */
    session_leave(session);
    client_expect(observer->client, OFFLINE);
    session_leave(observer);
    server_stop(server);
}
END_TEST

/* Lists that change all the time around a friend who is in each of them: watched without a gap. */
START_TEST(difference_has_no_gap)
{
    enum { VISITS = 100 };
    struct server *server = server_start("--workers 3");
    struct session *session = session_open(server, 1, "5, 6");

    for (int i = 0; i < VISITS; i++) {
        char others[64], *list;

        snprintf(others, sizeof others, "%d, 5, %d", 100 + i, 101 + i);
        list = session_list(session, others);
        struct client *friend = client_connect(server);
        client_hello(friend, 5, "2");
        client_hello(session->client, 1, list);
        client_goodbye(friend, 5);
        client_hello(session->client, 1, i % 2 == 0 ? "5" : list);
        client_hello(session->client, 1, list);
        client_expect(session->client, ONLINE OFFLINE);
        client_expect_end(friend);
        client_close(friend);
        free(list);
    }
    session_relist(session, "5");
    session_fence(session);
    session_leave(session);
    server_stop(server);
}
END_TEST

/* A friend who was online when listed, unlisted, and listed again: no old news of it, and the new in order. */
START_TEST(listed_again_hears_only_what_is_new)
{
    enum { ROUNDS = 100 };
    struct server *server = server_start("--workers 3");
    struct session *session = session_open(server, 1, ""), *observer = session_open(server, 2, "5");

    for (int i = 0; i < ROUNDS; i++) {
        session_relist(session, "5");
        struct client *friend = client_connect(server);
        client_hello(friend, 5, NULL);
        client_expect(observer->client, ONLINE);
        client_expect(session->client, ONLINE);

        session_relist(session, "6");
        client_goodbye(friend, 5);
        client_expect(observer->client, OFFLINE);
        session_fence(session);
        client_close(friend);
    }
    session_leave(session);
    session_leave(observer);
    server_stop(server);
}
END_TEST

/* The last list counts for rule 2, also when it came in the same segment as the goodbye. */
START_TEST(last_list_is_told_of_the_end)
{
    struct server *server = server_start("--workers 3");
    struct session *five = session_open(server, 5, ""), *six = session_open(server, 6, ""), *seven = session_open(server, 7, "");

    struct session *session = session_open(server, 1, "5, 6");
    session_relist(session, "6, 7");
    session_leave(session);
    client_expect(six->client, OFFLINE);
    client_expect(seven->client, OFFLINE);
    session_fence(five);

    session = session_open(server, 1, "5");
    client_send(session->client, "{\"user_id\": 1}{\"user_id\": 1, \"friends\": null}{\"user_id\": 1, \"online\": false}");
    client_expect_end(session->client);
    client_expect(five->client, OFFLINE);
    session_close(session);

    session = session_open(server, 1, "5");
    client_send(session->client, "{\"user_id\": 1, \"friends\": [6]}{\"user_id\": 1, \"online\": false}");
    client_expect_end(session->client);
    client_expect(six->client, OFFLINE);
    session_close(session);

    session_fence(five);
    session_fence(six);
    session_fence(seven);
    session_leave(five);
    session_leave(six);
    session_leave(seven);
    server_stop(server);
}
END_TEST

START_TEST(duplicates_are_watched_once)
{
    struct server *server = server_start("--workers 3");
    struct session *session = session_open(server, 1, "5, 5, 1, 6, 5, 1, 6, 5");
    struct session *friend = session_open(server, 5, "1, 1, 1");

    client_expect(session->client, ONLINE);
    session_fence(session);
    session_leave(friend);
    client_expect(session->client, OFFLINE);
    session_fence(session);
    session_relist(session, "6, 6");
    friend_is_not_watched(session, 5);
    friend_is_watched(session, 6);
    session_leave(session);
    server_stop(server);
}
END_TEST

/* Ids are exact over the whole 64-bit range: neighbours that a double cannot tell apart are different users. */
START_TEST(ids_are_exact)
{
    static const int64_t ids[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 1, 0, -1, INT64_C(9007199254740992), INT64_C(9007199254740993)};
    enum { IDS = sizeof ids / sizeof ids[0] };
    struct server *server = server_start("--workers 3");
    struct session *watchers[IDS];

    for (int i = 0; i < IDS; i++) {
        char friends[32];

        snprintf(friends, sizeof friends, "%" PRId64, ids[i]);
        watchers[i] = session_open(server, 10 + i, friends);
    }
    for (int i = 0; i < IDS; i++) {
        struct session *friend = session_open(server, ids[i], "");

        client_expect(watchers[i]->client, ONLINE);
        for (int j = 0; j < IDS; j++)
            session_fence(watchers[j]);
        session_leave(friend);
        client_expect(watchers[i]->client, OFFLINE);
    }
    for (int i = 0; i < IDS; i++)
        session_leave(watchers[i]);
    server_stop(server);
}
END_TEST

/* Hellos as other programs send them; each begins a session of user 2 that lists nobody. */
static const char *const tolerated[] = {
    "{\"user_id\": 2}",
    "{\"user_id\": 2, \"friends\": null}",
    "{\"friends\": [], \"user_id\": 2}",
    "{\"user_id\": 2, \"friends\": [2, 2, 2]}",
    "{\"user_id\": 2, \"online\": true}",
    "{\"online\": true, \"friends\": null, \"user_id\": 2}",
    "{\"user_id\": 2, \"version\": 1.5, \"big\": 123456789012345678901234567890, \"tiny\": -1e-400}",
    "{\"big\": 1e400, \"user_id\": 2}",
    "{\"big\": [9223372036854775808, -9223372036854775809, -0, -0.0, 1E+2], \"user_id\": 2}",
    "{\"user_id\": 2, \"User_id\": 3, \"user_id \": \"x\", \"FRIENDS\": 7, \"\": null}",
    "{\"user_id\": 2, \"data\": {\"user_id\": \"three\", \"friends\": {\"online\": 0}, \"online\": [false]}}",
    "{\"user_id\": 2, \"text\": \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\uffff\", \"flags\": [true, false, null, {}, []]}",
    "{\"\\u0075ser_id\": 2}",
};
enum { TOLERATED = sizeof tolerated / sizeof tolerated[0] };

START_TEST(hello_is_tolerant)
{
    struct server *server = server_start("--workers 3");
    struct session *observer = session_open(server, 1, "2, 3");
    struct client *client = client_connect(server);

    client_send(client, tolerated[_i]);
    client_expect(observer->client, ONLINE);
    client_send(client, tolerated[_i]); /* and again, with whatever it holds */
    client_send(client, "{\"user_id\": 2, \"online\": false}");
    client_expect(observer->client, OFFLINE);
    client_expect_end(client);
    session_fence(observer);
    client_close(client);
    session_leave(observer);
    server_stop(server);
}
END_TEST

static Suite *
lists_suite(void)
{
    Suite *suite = suite_create("lists");
    TCase *tests = tcase_create("lists");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, list_is_replaced);
    tcase_add_test(tests, list_is_emptied);
    tcase_add_test(tests, empty_list_is_told_nothing_of_the_end);
    tcase_add_test(tests, list_stays_when_left_out);
    tcase_add_test(tests, whole_hello_is_a_heartbeat);
    tcase_add_test(tests, difference_has_no_gap);
    tcase_add_test(tests, listed_again_hears_only_what_is_new);
    tcase_add_test(tests, last_list_is_told_of_the_end);
    tcase_add_test(tests, duplicates_are_watched_once);
    tcase_add_test(tests, ids_are_exact);
    tcase_add_loop_test(tests, hello_is_tolerant, 0, TOLERATED);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(lists_suite());
}
