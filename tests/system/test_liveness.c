/* SPDX-License-Identifier: MIT
 *
 * Time-outs: no hello, and a message begun and not finished. How much time passes is measured by the server's own clock: a
 * connection that is meant to time out says when the others would have. Peers that vanish are in test_vanish.c.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/session.h"
#include "support/unit.h"

#include <string.h>

enum { TIMEOUT_S = 1, LONG_S = 60 };

/* A server with one of the time-outs short and the other long. */
static struct server *
server_with_timeouts(int hello_s, int message_s)
{
    return server_start("--hello-timeout %d --message-timeout %d", pace_seconds(hello_s), pace_seconds(message_s));
}

/* Lets one hello timeout pass: a silent connection begins now and is told when it is over. */
static void
hello_timeout_pass(struct server *server)
{
    struct client *silent = client_connect(server);

    client_expect_error(silent, "hello_timeout");
    client_close(silent);
}

static void
message_timeout_pass(struct server *server)
{
    struct client *silent = client_connect(server);

    client_send(silent, "{");
    client_expect_error(silent, "message_timeout");
    client_close(silent);
}

/* Sends this byte again and again, in as many segments, until the server says something. */
static void
client_drip(struct client *client, char byte)
{
    int64_t deadline = pace_deadline_ms();

    while (!client_wait(client, 10)) {
        ck_assert_msg(pace_left_ms(deadline) > 0, "the server lets a client drip for ever");
        client_try_send(client, &byte, 1);
    }
}

START_TEST(silence_is_no_hello)
{
    struct server *server = server_with_timeouts(TIMEOUT_S, LONG_S);
    int64_t begun = pace_now_ms();
    struct client *client = client_connect(server);

    client_expect_error(client, "hello_timeout");
    ck_assert_int_eq(client->end_error, 0);
    ck_assert_msg(pace_now_ms() - begun >= pace_seconds(TIMEOUT_S) * 1000, "it came after %d ms", (int)(pace_now_ms() - begun));
    client_close(client);
    server_stop(server);
}
END_TEST

/* Neither is white space, nor a hello that does not end. */
START_TEST(dripping_is_no_hello)
{
    struct server *server = server_with_timeouts(TIMEOUT_S, LONG_S);
    struct client *spaces = client_connect(server), *letters = client_connect(server);

    client_drip(spaces, '\n');
    client_expect_error(spaces, "hello_timeout");
    client_send(letters, "{\"user_id\": 2, \"text\": \"");
    client_drip(letters, 'a');
    client_expect_error(letters, "hello_timeout");
    client_close(spaces);
    client_close(letters);
    server_stop(server);
}
END_TEST

/* After its hello a session may be silent for as long as it likes. */
START_TEST(session_may_be_silent)
{
    struct server *server = server_with_timeouts(TIMEOUT_S, TIMEOUT_S);
    struct session *session = session_open(server, 1, "2"), *mute = session_open(server, 2, "");

    client_expect(session->client, ONLINE);
    for (int i = 0; i < 3; i++)
        hello_timeout_pass(server);
    session_fence(session);
    session_fence(mute);
    session_leave(mute);
    client_expect(session->client, OFFLINE);
    session_leave(session);
    server_stop(server);
}
END_TEST

/* A message that does not end, before the hello and after it; friends hear of the session's end. */
START_TEST(message_is_not_finished)
{
    struct server *server = server_with_timeouts(LONG_S, TIMEOUT_S);
    struct session *watcher = session_open(server, 1, "2"), *listed = session_open(server, 3, "");
    struct session *session = session_open(server, 2, "3");
    struct client *client = client_connect(server);
    int64_t begun = pace_now_ms();

    client_expect(watcher->client, ONLINE);
    client_send(client, "{\"user_id\": 4");
    client_expect_error(client, "message_timeout");
    ck_assert_int_ge(pace_now_ms() - begun, pace_seconds(TIMEOUT_S) * 1000);

    client_send(session->client, "{\"user_id\": 2, \"friends\": [");
    client_expect_error(session->client, "message_timeout");
    ck_assert_int_eq(session->client->end_error, 0);
    client_expect(watcher->client, OFFLINE);
    client_expect(listed->client, OFFLINE);
    session_fence(watcher);
    session_fence(listed);
    client_close(client);
    session_close(session);
    session_leave(watcher);
    session_leave(listed);
    server_stop(server);
}
END_TEST

/* Bytes that keep coming do not put the end off: a message has so long from its first byte to its last. */
START_TEST(message_drips)
{
    struct server *server = server_with_timeouts(LONG_S, TIMEOUT_S);
    struct session *session = session_open(server, 2, "");

    client_send(session->client, "{\"user_id\": 2, \"text\": \"");
    client_drip(session->client, 'a');
    client_expect_error(session->client, "message_timeout");
    session_close(session);
    server_stop(server);
}
END_TEST

/* But each message has its own time, also when it begins in the segment in which the one before ends. */
START_TEST(each_message_has_its_time)
{
    struct server *server = server_with_timeouts(LONG_S, TIMEOUT_S);
    struct session *session = session_open(server, 2, "");
    struct client *clock = client_connect(server);
    int periods = 0;

    client_send(session->client, "{\"user_id\"");
    client_send(clock, "{");
    while (periods < 2) {
        client_wait(clock, 10);
        client_send(session->client, ": 2} {\"user_id\"");
        if (client_poll(clock)) {
            client_expect_error(clock, "message_timeout");
            client_close(clock);
            clock = client_connect(server);
            client_send(clock, "{");
            periods++;
        }
    }
    client_send(session->client, ": 2}");
    message_timeout_pass(server);
    session_fence(session);
    client_close(clock);
    session_leave(session);
    server_stop(server);
}
END_TEST

/* Connections that all began at once are all told, each once. */
START_TEST(many_time_out_at_once)
{
    enum { CLIENTS = 200 };
    struct server *server = server_with_timeouts(TIMEOUT_S, LONG_S);
    struct client *clients[CLIENTS];

    for (int i = 0; i < CLIENTS; i++)
        clients[i] = client_connect(server);
    for (int i = 0; i < CLIENTS; i++) {
        client_expect_error(clients[i], "hello_timeout");
        client_close(clients[i]);
    }
    server_stop(server);
}
END_TEST

static Suite *
liveness_suite(void)
{
    Suite *suite = suite_create("liveness");
    TCase *tests = tcase_create("liveness");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, silence_is_no_hello);
    tcase_add_test(tests, dripping_is_no_hello);
    tcase_add_test(tests, session_may_be_silent);
    tcase_add_test(tests, message_is_not_finished);
    tcase_add_test(tests, message_drips);
    tcase_add_test(tests, each_message_has_its_time);
    tcase_add_test(tests, many_time_out_at_once);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(liveness_suite());
}
