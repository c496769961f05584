/* SPDX-License-Identifier: MIT
 *
 * Clients that begin and do not go on: with half a message, without a word, with a reset. It ends the session that does it and nothing else.
 * While it goes on, two friends hear each other exactly.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/pair.h"
#include "support/session.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A message begun and never finished costs its session after a while, silence before a hello as well; the others are not concerned. */
START_TEST(half_a_message_and_silence)
{
    enum { CLIENTS = 200, TIMEOUT_S = 4 };
    struct server *server = server_start("--workers 3 --message-timeout %d --hello-timeout 3600", pace_seconds(TIMEOUT_S));
    struct pair *pair = pair_open(server);
    struct session *watcher = session_open(server, 1, "2"), *session = session_open(server, 2, "");
    struct client *clients[CLIENTS];

    client_expect(watcher->client, ONLINE);
    client_send(session->client, "{\"user_id\": 2, \"friends\": [");
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_connect(server);
        client_send(clients[i], i % 2 == 0 ? "{" : "{\"user_id\": 3, \"friends\": [4, 5");
    }
    pair_exchange(pair);
    for (int i = 0; i < CLIENTS; i++) {
        client_expect_error(clients[i], "message_timeout");
        client_close(clients[i]);
    }
    client_expect_error(session->client, "message_timeout");
    client_expect(watcher->client, OFFLINE);
    session_fence(watcher);
    session_close(session);
    session_leave(watcher);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* Thousands at once: nobody minds, and each that is finished after all is carried out. */
START_TEST(thousands_of_unfinished_messages)
{
    enum { CLIENTS = 5000, USER = 100000 };
    struct server *server = server_start("--workers 3 --message-timeout 3600 --hello-timeout 3600");
    struct pair *pair = pair_open(server);
    struct session *listed = session_open(server, 1, "");
    unsigned count = pace_scaled(CLIENTS), finished = 0;
    struct client **clients = calloc(count, sizeof *clients);
    char text[64];

    ck_assert_ptr_nonnull(clients);
    for (unsigned i = 0; i < count; i++) {
        clients[i] = client_connect(server);
        snprintf(text, sizeof text, "{\"user_id\": %u, \"friends\": [1", USER + i);
        client_send(clients[i], text);
        if (i % 1000 == 0)
            pair_exchange(pair);
    }
    pair_exchange(pair);
    for (unsigned i = 0; i < count; i++) {
        if (i % 3 == 0) {
            client_send(clients[i], "]}{\"online\": false}");
            finished++;
        } else if (i % 3 == 1) {
            client_reset(clients[i]);
        } else {
            client_send(clients[i], "]]");
        }
    }
    pair_exchange(pair);
    for (unsigned i = 0; i < count; i++) {
        if (i % 3 == 0)
            client_expect_end(clients[i]);
        else if (i % 3 == 2)
            client_expect_error(clients[i], "bad_json");
        if (i % 3 != 1)
            client_close(clients[i]);
    }
    for (unsigned i = 0; i < finished; i++)
        client_expect(listed->client, OFFLINE); /* each finished one had listed it, and left */
    session_fence(listed);
    free(clients);
    session_leave(listed);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* They wait for their time-out; nobody else has to. */
START_TEST(thousands_of_silent_connections)
{
    enum { CLIENTS = 5000, TIMEOUT_S = 6 };
    struct server *server = server_start("--workers 3 --hello-timeout %d", pace_seconds(TIMEOUT_S));
    struct pair *pair = pair_open(server);
    unsigned count = pace_scaled(CLIENTS);
    struct client **clients = calloc(count, sizeof *clients);

    ck_assert_ptr_nonnull(clients);
    for (unsigned i = 0; i < count; i++)
        clients[i] = client_connect(server);
    pair_exchange(pair);
    for (unsigned i = 0; i < count; i++) {
        client_expect_error(clients[i], "hello_timeout");
        client_close(clients[i]);
    }
    pair_exchange(pair);
    free(clients);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* In each state that a connection can have. Of those who said hello the words are in order, whatever of it was seen in time. */
START_TEST(connect_and_reset)
{
    static const char *const said[] = {"", "{\"user_id\": 2, \"fri", "{\"user_id\": 2}", "?", "{\"user_id\": 2, \"friends\": [1]}{"};
    enum { TIMES = 2000, SAID = sizeof said / sizeof said[0], EXCHANGE_EVERY = 250 };
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);
    struct session *watcher = session_open(server, 1, "2");

    for (unsigned i = 0; i < pace_scaled(TIMES); i++) {
        struct client *client = client_connect(server);

        client_send(client, said[i % SAID]);
        client_reset(client);
        if (i % EXCHANGE_EVERY == 0)
            pair_exchange(pair);
    }
    /* Whoever is left of them ends soon; a last one comes and goes in order, so that a departure is the last word. */
    user_visit(server, 2, NULL);
    pair_exchange(pair);
    char *history = session_history(watcher);
    for (size_t i = 0; history[i] != '\0'; i++)
        ck_assert_msg(history[i] == (i % 2 == 0 ? '+' : '-'), "out of order: %s", history);
    ck_assert_uint_ge(strlen(history), 1);
    if (strlen(history) % 2 == 1) {
        client_expect(watcher->client, OFFLINE);
        session_fence(watcher);
    }
    free(history);
    session_leave(watcher);
    pair_close(pair);
    server_stop(server);
}
END_TEST

static Suite *
unfinished_input_suite(void)
{
    Suite *suite = suite_create("unfinished input");
    TCase *tests = tcase_create("unfinished input");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, half_a_message_and_silence);
    tcase_add_test(tests, thousands_of_unfinished_messages);
    tcase_add_test(tests, thousands_of_silent_connections);
    tcase_add_test(tests, connect_and_reset);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(unfinished_input_suite());
}
