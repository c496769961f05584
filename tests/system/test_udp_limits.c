/* SPDX-License-Identifier: MIT
 *
 * What bounds UDP: how many sessions, buffers that overflow, ports that are taken, and a server that is to do without.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/port.h"
#include "support/program.h"
#include "support/session.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BEACON = 900, OTHER_BEACON = 901, FLOOD = 20000 };

START_TEST(udp_can_be_switched_off)
{
    struct server *server = server_start("--workers 3 --udp off");
    struct session *session = session_open(server, 1, "2");
    struct udp_client *client = udp_client_open(server);

    ck_assert_ptr_nonnull(strstr(server_event(server, "listening", 0), "\"udp\":false"));
    udp_client_expect_nobody(client);
    session_fence(session);
    udp_client_close(client);
    session_leave(session);
    server_stop(server);
}
END_TEST

START_TEST(the_log_says_that_udp_is_served)
{
    struct server *server = server_start("--workers 3");

    ck_assert_ptr_nonnull(strstr(server_event(server, "listening", 0), "\"udp\":true"));
    server_stop(server);
}
END_TEST

/* A socket of this process that has this UDP port of 127.0.0.1; whether it would share it decides nothing. */
static int
port_take(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int taken = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;

    ck_assert_int_ge(taken, 0);
    ck_assert_int_eq(setsockopt(taken, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one), 0);
    ck_assert_int_eq(bind(taken, (struct sockaddr *)&address, sizeof address), 0);
    return taken;
}

START_TEST(a_udp_port_that_is_taken_is_said)
{
    uint16_t port = port_of_ones_own();
    int taken = port_take(port);
    struct server *server = server_launch("--port %u --bind 127.0.0.1", port);

    ck_assert_int_ne(server_wait(server), 0);
    ck_assert_ptr_nonnull(strstr(server_line(server, 0), "cannot serve UDP on 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(server_line(server, 0), "--udp off"));
    server_free(server);
    server = server_start("--port %u --bind 127.0.0.1 --udp off", port);
    server_stop(server);
    close(taken);
}
END_TEST

START_TEST(over_the_limit_newcomers_are_refused_and_nobody_else_notices)
{
    struct server *server = server_start("--workers 3 --max-udp-sessions 2");
    struct session *watcher = session_open(server, 1, "2, 3, 4");
    struct udp_client *first = udp_client_enter(server, 2, "900"), *second = udp_client_enter(server, 3, "901"), *third = udp_client_open(server);

    client_expect(watcher->client, ONLINE ONLINE);
    udp_client_hello(third, 4, "1, 2, 3, 5, 6, 7, 8, 9, 10");
    udp_client_expect_error(third, "server_full");
    udp_client_hello(third, 4, NULL); /* too short to be answered */
    udp_client_probe(third);
    session_fence(watcher);
    udp_client_fence(first, BEACON);
    udp_client_fence(second, OTHER_BEACON);
    udp_client_hello(first, 2, "901, 902");
    udp_client_hello(second, 5, "900");
    client_expect(watcher->client, OFFLINE);
    udp_client_goodbye(first, 2);
    client_expect(watcher->client, OFFLINE);
    udp_client_hello(third, 4, "1");
    client_expect(watcher->client, ONLINE);
    session_fence(watcher);
    udp_client_close(first);
    udp_client_close(second);
    udp_client_close(third);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* Sessions over UDP need no descriptors and are not counted as connections. */
START_TEST(connections_and_udp_sessions_are_counted_apart)
{
    struct server *server = server_start("--workers 2 --max-sessions 16");
    struct session *watcher = session_open(server, 1, "2");
    struct udp_client *clients[40];

    for (int i = 0; i < 40; i++)
        clients[i] = udp_client_enter(server, 2, "");
    client_expect(watcher->client, ONLINE);
    session_fence(watcher);
    for (int i = 0; i < 40; i++)
        udp_client_close(clients[i]);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* One socket, thousands of addresses: each is a session of its own, and hears what it should. */
START_TEST(one_process_can_have_many_sessions)
{
    struct server *server = server_start("--workers 3");
    unsigned count = pace_scaled(8000), heard = 0; /* what they hear at once fits into the buffer of one socket */
    bool *seen = calloc(count, sizeof *seen);
    struct udp_host host;
    char text[128];

    udp_host_open(&host, server);
    for (unsigned i = 0; i < count; i++) {
        snprintf(text, sizeof text, "{\"user_id\": %u, \"friends\": [\"wrong, so that an answer says that the datagram has come\"]}", i);
        if (i % 2 == 0)
            snprintf(text, sizeof text, "{\"user_id\": %u, \"friends\": [900]}", 10000 + i);
        udp_host_send(&host, i, text);
        if (i % 2 == 1)
            ck_assert_uint_eq(udp_host_receive(&host, text, sizeof text), i);
    }
    user_visit(server, BEACON, NULL);
    while (heard < count / 2 * 2) {
        uint32_t which = udp_host_receive(&host, text, sizeof text);

        ck_assert_uint_lt(which, count);
        ck_assert(which % 2 == 0);
        ck_assert_str_eq(text, seen[which] ? OFFLINE : ONLINE);
        seen[which] = true;
        heard++;
    }
    udp_host_close(&host);
    free(seen);
    server_stop(server);
}
END_TEST

/* Datagrams that the server cannot keep up with are lost, and so are those that a client does not read. Nothing else happens. */
START_TEST(buffers_that_overflow_lose_datagrams_only)
{
    struct server *server = server_start("--workers 1");
    struct session *watcher = session_open(server, 1, "2");
    struct udp_client *client = udp_client_enter(server, 2, "900"), *deaf = udp_client_open(server);
    int small = 2048;

    ck_assert_int_eq(setsockopt(deaf->socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    udp_client_hello(deaf, 3, "900");
    client_expect(watcher->client, ONLINE);
    server_signal(server, SIGSTOP);
    for (int i = 0; i < FLOOD; i++)
        udp_client_send(client, "beat, beat, beat, beat, beat, beat, beat, beat, beat, beat, beat, beat, beat, beat, beat, beat");
    server_signal(server, SIGCONT);
    session_fence(watcher);
    for (int i = 0; i < 100; i++)
        udp_client_fence(client, BEACON);
    udp_client_probe(client);
    session_fence(watcher);
    udp_client_close(deaf);
    udp_client_close(client);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* Nobody listens at the client's port any more, so each datagram comes back as an ICMP error; the session ends by silence and not by that. */
START_TEST(a_port_that_was_closed_is_silent_and_no_more)
{
    struct server *server = server_start("--workers 1");
    struct session *watcher = session_open(server, 1, "2");
    struct udp_client *client = udp_client_enter(server, 2, "900"), *other = udp_client_enter(server, 3, "900");
    uint16_t port = udp_client_port(client);

    client_expect(watcher->client, ONLINE);
    udp_client_close(client);
    for (int i = 0; i < 20; i++)
        udp_client_fence(other, BEACON);
    session_fence(watcher);
    client = udp_client_open_at(server, "127.0.0.1", "127.0.0.1", port);
    udp_client_probe(client);
    udp_client_fence(client, BEACON);
    session_fence(watcher);
    udp_client_close(client);
    udp_client_close(other);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* What a person would do. */
START_TEST(netcat_is_a_client)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2");
    char command[64];

    if (!program_exists("nc")) {
        fprintf(stderr, "NOT TESTED: nc is not installed\n");
    } else {
        snprintf(command, sizeof command, "nc -u -q 0 127.0.0.1 %d", server->port);

        struct program *program = program_start(PROGRAM_PIPES, command);

        program_say(program, "{\"user_id\": 2, \"friends\": [1]}\n");
        client_expect(watcher->client, ONLINE);
        struct session *friend = session_open(server, 1, "");
        session_leave(friend);
        program_say(program, "beat\n");
        session_leave(watcher);
        program_expect(program, "{\"online\": false}");
        watcher = session_open(server, 1, "2");
        program_expect(program, "{\"online\": true}");
        program_say(program, "{\"online\": false}\n");
        client_expect(watcher->client, OFFLINE);
        program_hang_up(program);
        program_wait(program);
        program_free(program);
    }
    session_leave(watcher);
    server_stop(server);
}
END_TEST

static Suite *
udp_limits_suite(void)
{
    Suite *suite = suite_create("udp_limits");
    TCase *tests = tcase_create("udp_limits");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, udp_can_be_switched_off);
    tcase_add_test(tests, the_log_says_that_udp_is_served);
    tcase_add_test(tests, a_udp_port_that_is_taken_is_said);
    tcase_add_test(tests, over_the_limit_newcomers_are_refused_and_nobody_else_notices);
    tcase_add_test(tests, connections_and_udp_sessions_are_counted_apart);
    tcase_add_test(tests, one_process_can_have_many_sessions);
    tcase_add_test(tests, buffers_that_overflow_lose_datagrams_only);
    tcase_add_test(tests, a_port_that_was_closed_is_silent_and_no_more);
    tcase_add_test(tests, netcat_is_a_client);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(udp_limits_suite());
}
