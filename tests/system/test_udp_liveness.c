/* SPDX-License-Identifier: MIT
 *
 * Silence over UDP. How much time passes is measured by the server's own clock: an address that is meant to fall silent says when the others
 * would have.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/session.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_S = 3, PULSE_MS = 100, CLOCK_USER = 800 };

static struct server *
server_with_timeout(void)
{
    return server_start("--workers 3 --udp-timeout %d", pace_seconds(TIMEOUT_S));
}

START_TEST(silence_is_a_departure)
{
    struct server *server = server_with_timeout();
    struct session *watcher = session_open(server, 1, "2");
    struct udp_client *client = udp_client_open(server), *friend = udp_client_enter(server, 3, "2");
    int64_t begun = pace_now_ms();

    udp_client_hello(client, 2, "1, 3");
    client_expect(watcher->client, ONLINE);
    udp_client_hello(friend, 3, NULL);
    client_expect(watcher->client, OFFLINE);
    ck_assert_msg(pace_now_ms() - begun >= pace_seconds(TIMEOUT_S) * 1000, "it came after %d ms", (int)(pace_now_ms() - begun));
    udp_client_expect(friend, ONLINE);
    session_fence(watcher);
    /* The address has no session any more: another hello is an arrival. */
    udp_client_hello(client, 2, "1");
    client_expect(watcher->client, ONLINE);
    client_expect(watcher->client, OFFLINE);
    udp_client_close(client);
    udp_client_close(friend);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* Each of these keeps a session, for three times as long as silence would have ended it. */
START_TEST(anything_keeps_a_session)
{
    static const char *const signs[] = {"", "beat", "{\"user_id\": 100}", "{\"user_id\": 100, \"friends\": [1]}",
        "{\"user_id\": 100, \"friends\": null}", "{", "[]", "nonsense \xff\xfe", "{\"user_id\": \"wrong\"}", "{\"user_id\": 5, \"online\": false}"};
    enum { SIGNS = sizeof signs / sizeof signs[0], PERIODS = 3 };
    struct server *server = server_with_timeout();
    struct session *watcher = session_open(server, 1, "100, 101, 102, 103, 104, 105, 106, 107, 108, 109");
    struct session *clock = session_open(server, 2, "800");
    struct udp_client *clients[SIGNS], *silent = udp_client_open(server);
    char texts[SIGNS][80];

    for (int i = 0; i < SIGNS; i++) {
        char *user;

        clients[i] = udp_client_open(server);
        udp_client_hello(clients[i], 100 + i, "");
        client_expect(watcher->client, ONLINE);
        strcpy(texts[i], signs[i]);
        user = strstr(texts[i], "100");
        if (user != NULL)
            user[2] = (char)('0' + i);
    }
    for (int period = 0; period < PERIODS; period++) {
        udp_client_hello(silent, CLOCK_USER, NULL);
        client_expect(clock->client, ONLINE);
        while (!client_wait(clock->client, PULSE_MS))
            for (int i = 0; i < SIGNS; i++)
                udp_client_send(clients[i], texts[i]);
        client_expect(clock->client, OFFLINE);
    }
    ck_assert_msg(!client_poll(watcher->client), "a session that gave signs of life has ended");
    for (int i = 0; i < SIGNS; i++)
        client_expect(watcher->client, OFFLINE);
    for (int i = 0; i < SIGNS; i++)
        udp_client_close(clients[i]);
    udp_client_close(silent);
    session_leave(clock);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* What others send from elsewhere does not keep a session, whatever they say. */
START_TEST(only_the_address_itself_keeps_its_session)
{
    struct server *server = server_with_timeout();
    struct session *watcher = session_open(server, 1, "2");
    struct udp_client *client = udp_client_open(server), *other = udp_client_open(server);

    udp_client_hello(client, 2, "1");
    client_expect(watcher->client, ONLINE);
    while (!client_wait(watcher->client, PULSE_MS)) {
        udp_client_send(other, "beat");
        udp_client_goodbye(other, 2);
    }
    client_expect(watcher->client, OFFLINE);
    udp_client_close(client);
    udp_client_close(other);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* Being told something is no sign of life. */
START_TEST(news_does_not_keep_a_session)
{
    struct server *server = server_with_timeout();
    struct session *watcher = session_open(server, 1, "2");
    struct udp_client *client = udp_client_open(server);

    udp_client_hello(client, 2, "900");
    client_expect(watcher->client, ONLINE);
    while (!client_wait(watcher->client, PULSE_MS))
        user_visit(server, 900, NULL);
    client_expect(watcher->client, OFFLINE);
    udp_client_close(client);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* A user whose one device is silent is still there on the other. */
START_TEST(silence_ends_one_session_only)
{
    struct server *server = server_with_timeout();
    struct session *watcher = session_open(server, 1, "2"), *clock = session_open(server, 3, "800"), *desk = session_open(server, 2, "");
    struct udp_client *phone = udp_client_open(server), *silent = udp_client_open(server);

    client_expect(watcher->client, ONLINE);
    udp_client_hello(phone, 2, "");
    udp_client_probe(phone);
    udp_client_hello(silent, CLOCK_USER, NULL);
    client_expect(clock->client, ONLINE OFFLINE);
    session_fence(watcher);
    session_leave(desk);
    client_expect(watcher->client, OFFLINE);
    udp_client_close(phone);
    udp_client_close(silent);
    session_leave(watcher);
    session_leave(clock);
    server_stop(server);
}
END_TEST

/* Many at once, and each is told of once. */
START_TEST(many_fall_silent_at_once)
{
    struct server *server = server_with_timeout();
    unsigned count = pace_scaled(5000);
    struct session *watcher;
    struct udp_host host;
    char *list = malloc(count * 8), text[64];

    list[0] = '\0';
    for (unsigned i = 0, used = 0; i < count; i++)
        used += (unsigned)sprintf(list + used, i == 0 ? "%u" : ", %u", 10000 + i);
    watcher = session_open(server, 1, list);
    udp_host_open(&host, server);
    for (unsigned i = 0; i < count; i++) {
        snprintf(text, sizeof text, "{\"user_id\": %u}", 10000 + i);
        udp_host_send(&host, i, text);
        if (i % 64 == 63) /* no more than fits into the socket's buffer */
            for (int j = 0; j < 64; j++)
                client_expect(watcher->client, ONLINE);
    }
    for (unsigned i = 0; i < count % 64; i++)
        client_expect(watcher->client, ONLINE);
    for (unsigned i = 0; i < count; i++)
        client_expect(watcher->client, OFFLINE);
    session_fence(watcher);
    session_leave(watcher);
    udp_host_close(&host);
    free(list);
    server_stop(server);
}
END_TEST

static Suite *
udp_liveness_suite(void)
{
    Suite *suite = suite_create("udp_liveness");
    TCase *tests = tcase_create("udp_liveness");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, silence_is_a_departure);
    tcase_add_test(tests, anything_keeps_a_session);
    tcase_add_test(tests, only_the_address_itself_keeps_its_session);
    tcase_add_test(tests, news_does_not_keep_a_session);
    tcase_add_test(tests, silence_ends_one_session_only);
    tcase_add_test(tests, many_fall_silent_at_once);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(udp_liveness_suite());
}
