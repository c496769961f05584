/* SPDX-License-Identifier: MIT
 *
 * The classic dialect over UDP: sessions, news across transports, lists, goodbyes, and who can do what to whom.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/session.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { BEACON = 900, OTHER_BEACON = 901 };

START_TEST(news_crosses_transports_both_ways)
{
    struct server *server = server_start("--workers 3");
    struct session *stream = session_open(server, 1, "2, 3");
    struct udp_client *datagrams = udp_client_enter(server, 2, "1, 3, 900");

    client_expect(stream->client, ONLINE);
    struct udp_client *third = udp_client_enter(server, 3, "");
    client_expect(stream->client, ONLINE);
    udp_client_expect(datagrams, ONLINE);
    udp_client_goodbye(third, 3);
    client_expect(stream->client, OFFLINE);
    udp_client_expect(datagrams, OFFLINE);

    session_leave(stream);
    udp_client_expect(datagrams, OFFLINE);
    udp_client_fence(datagrams, BEACON);
    udp_client_close(third);
    udp_client_close(datagrams);
    server_stop(server);
}
END_TEST

/* The second half of rule 2, for a leaver and for one who is listed. */
START_TEST(listed_friends_hear_of_a_departure)
{
    struct server *server = server_start("--workers 3");
    struct session *stream = session_open(server, 1, "");
    struct udp_client *listed = udp_client_enter(server, 3, "900");
    struct udp_client *leaver = udp_client_enter(server, 2, "1, 3");

    udp_client_goodbye(leaver, 2);
    client_expect(stream->client, OFFLINE);
    udp_client_expect(listed, OFFLINE);
    struct session *other = session_open(server, 2, "3");
    session_leave(other);
    udp_client_expect(listed, OFFLINE);
    udp_client_fence(listed, BEACON);
    session_fence(stream);
    session_leave(stream);
    udp_client_close(listed);
    udp_client_close(leaver);
    server_stop(server);
}
END_TEST

/* Devices of both kinds: only the first arrival and the last departure are news. */
START_TEST(a_user_may_have_sessions_of_both_kinds)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "5");
    struct udp_client *phone = udp_client_enter(server, 5, "900");

    client_expect(watcher->client, ONLINE);
    struct session *desk = session_open(server, 5, "");
    struct udp_client *tablet = udp_client_enter(server, 5, "901");
    session_fence(watcher);
    udp_client_goodbye(phone, 5);
    session_leave(desk);
    session_fence(watcher);
    udp_client_fence(tablet, OTHER_BEACON);
    udp_client_goodbye(tablet, 5);
    client_expect(watcher->client, OFFLINE);
    session_fence(watcher);
    session_leave(watcher);
    udp_client_close(phone);
    udp_client_close(tablet);
    server_stop(server);
}
END_TEST

START_TEST(a_hello_again_replaces_the_list_and_one_without_a_list_does_not)
{
    struct server *server = server_start("--workers 3");
    struct udp_client *client = udp_client_enter(server, 1, "2, 3, 900");
    struct session *two, *three, *four;

    udp_client_hello(client, 1, NULL);
    udp_client_send(client, "{\"user_id\": 1, \"friends\": null}");
    udp_client_probe(client);
    two = session_open(server, 2, "");
    udp_client_expect(client, ONLINE);
    udp_client_hello(client, 1, "3, 4, 900");
    udp_client_probe(client);
    udp_client_fence(client, BEACON);
    session_leave(two);
    four = session_open(server, 4, "");
    udp_client_expect(client, ONLINE);
    three = session_open(server, 3, "");
    udp_client_expect(client, ONLINE);
    udp_client_fence(client, BEACON);
    session_leave(three);
    udp_client_expect(client, OFFLINE);
    session_leave(four);
    udp_client_expect(client, OFFLINE);
    udp_client_close(client);
    server_stop(server);
}
END_TEST

/* Each of them ends the session: the friend's next goodbye from there does nothing, and a hello is an arrival again. */
START_TEST(a_goodbye_ends_the_session)
{
    static const char *const goodbyes[] = {"{\"user_id\": 2, \"online\": false}", "{\"online\": false}",
        " { \"online\" : false , \"user_id\" : 2 } \n", "{\"online\": false, \"friends\": [1], \"reason\": \"bye\"}"};
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2");
    struct udp_client *client = udp_client_open(server);

    for (size_t i = 0; i < sizeof goodbyes / sizeof goodbyes[0]; i++) {
        udp_client_hello(client, 2, "1");
        client_expect(watcher->client, ONLINE);
        udp_client_send(client, goodbyes[i]);
        client_expect(watcher->client, OFFLINE);
        udp_client_send(client, goodbyes[i]);
        udp_client_probe(client);
        session_fence(watcher);
    }
    udp_client_close(client);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

START_TEST(a_goodbye_of_another_user_is_a_mismatch_and_ends_nothing)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2, 7");
    struct udp_client *client = udp_client_enter(server, 2, "900");

    client_expect(watcher->client, ONLINE);
    udp_client_send(client, "{\"user_id\": 7, \"online\": false, \"why\": \"so that an answer fits into three times this\"}");
    udp_client_expect_error(client, "user_mismatch");
    session_fence(watcher);
    udp_client_fence(client, BEACON);
    udp_client_close(client);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* Whoever knows a user's id can neither log the user out nor take the session over, not even from the next port. */
START_TEST(strangers_cannot_log_others_out)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2, 3");
    struct udp_client *client = udp_client_enter(server, 2, "900");
    struct session *stream = session_open(server, 3, "");
    struct udp_client *stranger = udp_client_open(server), *neighbour = udp_client_open_at(server, "127.0.0.1", "127.0.0.2", udp_client_port(client));

    client_expect(watcher->client, ONLINE ONLINE);
    udp_client_goodbye(stranger, 2);
    udp_client_goodbye(neighbour, 2);
    udp_client_goodbye(stranger, 3);
    udp_client_send(neighbour, "{\"online\": false}");
    udp_client_probe(stranger);
    udp_client_probe(neighbour);
    session_fence(watcher);
    udp_client_fence(client, BEACON);
    session_fence(stream);
    udp_client_close(stranger);
    udp_client_close(neighbour);
    udp_client_close(client);
    session_leave(stream);
    client_expect(watcher->client, OFFLINE);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

START_TEST(a_hello_of_another_user_ends_the_session_and_begins_a_new_one)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2, 3");
    struct udp_client *client = udp_client_enter(server, 2, "900");

    client_expect(watcher->client, ONLINE);
    udp_client_hello(client, 3, "901");
    client_expect(watcher->client, OFFLINE ONLINE);
    udp_client_probe(client);
    session_fence(watcher);
    user_visit(server, BEACON, NULL);
    udp_client_fence(client, OTHER_BEACON);
    udp_client_goodbye(client, 2); /* of the user that was: too short for an answer */
    udp_client_probe(client);
    session_fence(watcher);
    udp_client_goodbye(client, 3);
    client_expect(watcher->client, OFFLINE);
    udp_client_close(client);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* A client that was restarted on its port: to the server it is the same. */
START_TEST(the_same_user_on_the_same_port_is_the_same_session)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2");
    struct udp_client *client = udp_client_enter(server, 2, "900");
    uint16_t port = udp_client_port(client);

    client_expect(watcher->client, ONLINE);
    udp_client_close(client);
    client = udp_client_open_at(server, "127.0.0.1", "127.0.0.1", port);
    udp_client_hello(client, 2, "901");
    udp_client_probe(client);
    session_fence(watcher);
    user_visit(server, BEACON, NULL);
    udp_client_fence(client, OTHER_BEACON);
    udp_client_close(client);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

START_TEST(both_families_of_addresses_are_served)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "4, 6");
    struct udp_client *six = udp_client_open_at(server, "::1", NULL, 0);

    udp_client_hello(six, 6, "4, 900");
    client_expect(watcher->client, ONLINE);
    struct udp_client *four = udp_client_enter(server, 4, "6");
    client_expect(watcher->client, ONLINE);
    udp_client_expect(six, ONLINE);
    udp_client_probe(six);
    udp_client_goodbye(six, 6);
    udp_client_expect(four, OFFLINE);
    client_expect(watcher->client, OFFLINE);
    udp_client_close(six);
    udp_client_close(four);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* A socket that is bound to all addresses answers and tells from the one that it was asked at: a connected client hears nothing else. */
START_TEST(an_answer_comes_from_the_address_that_was_asked)
{
    struct server *server = server_start("--workers 3 --bind all");
    struct session *watcher = session_open(server, 1, "2, 6");
    struct udp_client *client = udp_client_open_at(server, "127.0.0.77", NULL, 0);
    struct udp_client *six = udp_client_open_at(server, "::1", NULL, 0);

    udp_client_probe(client);
    udp_client_hello(client, 2, "1, 900");
    client_expect(watcher->client, ONLINE);
    udp_client_fence(client, BEACON);
    udp_client_probe(six);
    udp_client_hello(six, 6, "1, 901");
    client_expect(watcher->client, ONLINE);
    udp_client_fence(six, OTHER_BEACON);
    udp_client_close(client);
    udp_client_close(six);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* Over TCP the server says that it stops; here it is silent, and makes no news of it either. */
START_TEST(a_stop_sends_nothing)
{
    struct server *server = server_start("--workers 3");
    struct session *stream = session_open(server, 1, "2");
    struct udp_client *client = udp_client_enter(server, 2, "1"), *other = udp_client_enter(server, 3, "1, 2");

    client_expect(stream->client, ONLINE);
    server_signal(server, SIGTERM);
    client_expect_error(stream->client, "shutting_down");
    ck_assert_int_eq(server_wait(server), 0);
    ck_assert(!udp_client_has_input(client));
    ck_assert(!udp_client_has_input(other));
    udp_client_close(client);
    udp_client_close(other);
    session_close(stream);
    server_free(server);
}
END_TEST

static Suite *
udp_suite(void)
{
    Suite *suite = suite_create("udp");
    TCase *tests = tcase_create("udp");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, news_crosses_transports_both_ways);
    tcase_add_test(tests, listed_friends_hear_of_a_departure);
    tcase_add_test(tests, a_user_may_have_sessions_of_both_kinds);
    tcase_add_test(tests, a_hello_again_replaces_the_list_and_one_without_a_list_does_not);
    tcase_add_test(tests, a_goodbye_ends_the_session);
    tcase_add_test(tests, a_goodbye_of_another_user_is_a_mismatch_and_ends_nothing);
    tcase_add_test(tests, strangers_cannot_log_others_out);
    tcase_add_test(tests, a_hello_of_another_user_ends_the_session_and_begins_a_new_one);
    tcase_add_test(tests, the_same_user_on_the_same_port_is_the_same_session);
    tcase_add_test(tests, both_families_of_addresses_are_served);
    tcase_add_test(tests, an_answer_comes_from_the_address_that_was_asked);
    tcase_add_test(tests, a_stop_sends_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(udp_suite());
}
