/* SPDX-License-Identifier: MIT
 *
 * Rules 1 to 3 of the classic dialect: who is told of an arrival and of a departure, how often, and who is not.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/session.h"
#include "support/unit.h"

START_TEST(arrival_is_told_to_watchers_once)
{
    struct server *server = server_start("--workers 3");
    struct session *first = session_open(server, 1, "5"), *second = session_open(server, 2, "4, 5, 6");
    struct session *stranger = session_open(server, 3, "6");

    struct session *friend = session_open(server, 5, "");
    client_expect(first->client, ONLINE);
    client_expect(second->client, ONLINE);
    session_fence(first);
    session_fence(second);
    session_fence(stranger);
    session_fence(friend);

    session_leave(friend);
    client_expect(first->client, OFFLINE);
    client_expect(second->client, OFFLINE);
    session_leave(first);
    session_leave(second);
    session_leave(stranger);
    server_stop(server);
}
END_TEST

START_TEST(departure_is_told_to_watchers_once)
{
    struct server *server = server_start("--workers 3");
    struct session *friend = session_open(server, 5, "");
    struct session *first = session_open(server, 1, "5"), *second = session_open(server, 2, "4, 5, 6");
    struct session *stranger = session_open(server, 3, "6");

    session_leave(friend);
    client_expect(first->client, OFFLINE);
    client_expect(second->client, OFFLINE);
    session_fence(first);
    session_fence(second);
    session_fence(stranger);
    session_leave(first);
    session_leave(second);
    session_leave(stranger);
    server_stop(server);
}
END_TEST

/* The second half of rule 2: those whom the leaver listed hear it too, though they do not watch; each of their sessions. */
START_TEST(departure_is_told_to_listed_friends)
{
    struct server *server = server_start("--workers 3");
    struct session *listed = session_open(server, 1, ""), *device = session_open(server, 1, "7");
    struct session *other = session_open(server, 2, "");
    struct session *leaver = session_open(server, 5, "1, 3");

    session_fence(listed);
    session_fence(device);
    session_leave(leaver);
    client_expect(listed->client, OFFLINE);
    client_expect(device->client, OFFLINE);
    session_fence(listed);
    session_fence(device);
    session_fence(other);
    session_leave(device);
    session_leave(listed);
    session_leave(other);
    server_stop(server);
}
END_TEST

/* Both halves of rule 2 apply to friends who list each other; they still hear it once. */
START_TEST(departure_is_told_once_when_both_apply)
{
    struct server *server = server_start("--workers 3");
    struct session *first = session_open(server, 1, "2"), *device = session_open(server, 1, "2");
    struct session *second = session_open(server, 2, "1");

    client_expect(first->client, ONLINE);
    client_expect(device->client, ONLINE);
    session_leave(second);
    client_expect(first->client, OFFLINE);
    client_expect(device->client, OFFLINE);
    session_fence(first);
    session_fence(device);
    session_leave(device);
    session_leave(first);
    server_stop(server);
}
END_TEST

/* Rule 3, first half. One's own id may be listed, by several devices; it is ignored. */
START_TEST(nobody_hears_about_themselves)
{
    struct server *server = server_start("--workers 3");
    struct session *observer = session_open(server, 9, "1");
    struct session *first = session_open(server, 1, "1, 1, 2");

    client_expect(observer->client, ONLINE);
    struct session *second = session_open(server, 1, "1"), *third = session_open(server, 1, "");
    session_fence(first);
    session_fence(second);
    session_leave(first);
    session_fence(second);
    session_fence(third);
    session_leave(third);
    session_relist(second, "1, 3");
    session_fence(second);
    session_fence(observer);
    session_leave(second);
    client_expect(observer->client, OFFLINE);
    session_fence(observer);
    session_leave(observer);
    server_stop(server);
}
END_TEST

/* Rule 3, second half: neither a hello nor one with another list tells who is there already. */
START_TEST(nobody_is_told_who_is_online)
{
    struct server *server = server_start("--workers 3");
    struct session *friend = session_open(server, 5, ""), *other = session_open(server, 6, "");
    struct session *session = session_open(server, 1, "5");

    session_fence(session);
    session_relist(session, "5, 6");
    session_fence(session);
    session_relist(session, "6");
    session_fence(session);
    session_fence(friend);
    session_leave(other);
    client_expect(session->client, OFFLINE);
    session_leave(friend);
    session_fence(session);
    session_leave(session);
    server_stop(server);
}
END_TEST

/* Only a user's first arrival and last departure are news. */
START_TEST(devices_between_are_silent)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "5");
    struct session *first = session_open(server, 5, "1"), *second, *third;

    client_expect(watcher->client, ONLINE);
    second = session_open(server, 5, "1");
    third = session_open(server, 5, "");
    session_fence(watcher);
    session_leave(first);
    session_fence(watcher);
    first = session_open(server, 5, "1");
    session_leave(third);
    session_reset(second);
    session_fence(watcher);
    session_fence(first);
    session_leave(first);
    client_expect(watcher->client, OFFLINE);
    session_fence(watcher);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* Rule 7, and of rule 2: the list of the last session counts, not those of sessions before. */
START_TEST(devices_have_lists_of_their_own)
{
    struct server *server = server_start("--workers 3");
    struct session *phone = session_open(server, 1, "5"), *desk = session_open(server, 1, "6");
    struct session *five = session_open(server, 5, "");

    client_expect(phone->client, ONLINE);
    session_fence(desk);
    struct session *six = session_open(server, 6, "");
    client_expect(desk->client, ONLINE);
    session_fence(phone);

    session_leave(phone);
    session_fence(five);
    session_leave(desk);
    client_expect(six->client, OFFLINE);
    session_fence(five);
    session_fence(six);
    session_leave(five);
    session_leave(six);
    server_stop(server);
}
END_TEST

/* News of one friend, to one watcher, many times: each in its turn. */
START_TEST(many_transitions_in_order)
{
    enum { VISITS = 300 };
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "5");

    for (int i = 0; i < VISITS; i++) {
        struct client *friend = client_connect(server);

        client_hello(friend, 5, "1");
        client_goodbye(friend, 5);
        client_expect(watcher->client, ONLINE OFFLINE);
        client_expect_end(friend);
        client_close(friend);
    }
    session_fence(watcher);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

static Suite *
news_suite(void)
{
    Suite *suite = suite_create("news");
    TCase *tests = tcase_create("news");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, arrival_is_told_to_watchers_once);
    tcase_add_test(tests, departure_is_told_to_watchers_once);
    tcase_add_test(tests, departure_is_told_to_listed_friends);
    tcase_add_test(tests, departure_is_told_once_when_both_apply);
    tcase_add_test(tests, nobody_hears_about_themselves);
    tcase_add_test(tests, nobody_is_told_who_is_online);
    tcase_add_test(tests, devices_between_are_silent);
    tcase_add_test(tests, devices_have_lists_of_their_own);
    tcase_add_test(tests, many_transitions_in_order);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(news_suite());
}
