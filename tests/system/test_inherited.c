/* SPDX-License-Identifier: MIT
 *
 * Socket activation: the sockets are opened by the test, handed over, and outlive the servers that serve them. What cannot be served is refused.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/session.h"
#include "support/sockets.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 3, ADDRESSES = 20 };

/* Somebody listens there, or will. */
static struct server
server_at(uint16_t port)
{
    return (struct server){.port = port};
}

/* A user says hello at this socket, and the session hears of it; then it goes. */
static void
expect_served(struct session *watcher, int64_t user, uint16_t port, const char *address)
{
    struct server there = server_at(port);
    struct client *client = client_connect_with(&there, &(struct client_options){.address = address});

    client_hello(client, user, NULL);
    client_expect(watcher->client, ONLINE);
    client_close(client);
    client_expect(watcher->client, OFFLINE);
}

START_TEST(tcp_sockets_are_served_whatever_they_are_called)
{
    struct sockets sockets = {.count = 0};
    uint16_t one = 0, two = 0, six = 0;

    sockets_add(&sockets, "tcp", socket_open(AF_INET, SOCK_STREAM, &one));
    sockets_add(&sockets, "alo.socket", socket_open(AF_INET, SOCK_STREAM, &two));
    sockets_add(&sockets, "unknown", socket_open(AF_INET6, SOCK_STREAM, &six));
    struct server there = server_at(two);
    struct client *early = client_connect(&there); /* before there is a server: it waits in the kernel */
    struct server *server = sockets_start(&sockets, "--workers 3 --port 1");

    ck_assert_uint_eq(server->port, one);
    ck_assert_int_eq(server_event_number(server, "listening", 0, "listeners"), 3);
    struct session *watcher = session_open_on(server, early, 1, "2");
    expect_served(watcher, 2, one, NULL);
    expect_served(watcher, 2, two, NULL);
    expect_served(watcher, 2, six, "::1");
    expect_served(watcher, 2, six, NULL);
    session_leave(watcher);
    server_stop(server);
    sockets_close(&sockets);
}
END_TEST

/* A server goes and another comes; who connects in between waits. */
START_TEST(sockets_outlive_the_server)
{
    struct sockets sockets = {.count = 0};
    uint16_t port = 0;

    sockets_add(&sockets, NULL, socket_open(AF_INET, SOCK_STREAM, &port));
    for (int round = 0; round < 3; round++) {
        struct server there = server_at(port);
        struct client *client = client_connect(&there);
        struct server *server = sockets_start(&sockets, "--workers 3");
        struct session *session = session_open_on(server, client, 1, "");

        session_leave(session);
        server_stop(server);
    }
    sockets_close(&sockets);
}
END_TEST

static uint16_t
add_udp_group(struct sockets *sockets, int family, unsigned count)
{
    uint16_t port = 0;

    for (unsigned i = 0; i < count; i++)
        sockets_add(sockets, "udp", socket_open(family, SOCK_DGRAM, &port));
    return port;
}

/* Clients of many addresses, so on all workers: each stays where it is, over TCP news goes both ways, and a restart loses no datagram. */
START_TEST(each_worker_has_a_udp_socket)
{
    struct sockets sockets = {.count = 0};
    uint16_t port = add_udp_group(&sockets, _i == 0 ? AF_INET : AF_INET6, WORKERS), tcp = 0;
    struct udp_client *clients[ADDRESSES];

    sockets_add(&sockets, "tcp", socket_open(AF_INET, SOCK_STREAM, &tcp));
    struct server there = server_at(port);
    for (int i = 0; i < ADDRESSES; i++)
        clients[i] = udp_client_open(&there);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < ADDRESSES; i++)
            udp_client_hello(clients[i], 100 + i, "1"); /* nobody serves yet */
        struct server *server = sockets_start(&sockets, "--workers 0");

        ck_assert_int_eq(server_event_number(server, "listening", 0, "workers"), WORKERS);
        for (int i = 0; i < ADDRESSES; i++)
            udp_client_probe(clients[i]); /* the session knows its address: an unknown one is answered nothing */
        struct session *session = session_open(server, 1, "100");
        for (int i = 0; i < ADDRESSES; i++)
            udp_client_expect(clients[i], ONLINE);
        udp_client_goodbye(clients[0], 100);
        client_expect(session->client, OFFLINE);
        session_close(session);
        for (int i = 1; i < ADDRESSES; i++)
            udp_client_expect(clients[i], OFFLINE);
        server_stop(server);
    }
    for (int i = 0; i < ADDRESSES; i++)
        udp_client_close(clients[i]);
    sockets_close(&sockets);
}
END_TEST

/* One sentence that says this, and exit status 2. */
static void
expect_refusal(const struct sockets *sockets, const char *flags, const char *words)
{
    struct server *server = sockets_launch(sockets, flags);
    int status = server_wait(server);
    const char *sentence = server_line(server, 0);

    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 2, "the wait status is %#x", (unsigned)status);
    ck_assert_ptr_nonnull(sentence);
    ck_assert_msg(strstr(sentence, words) != NULL, "the sentence is: %s", sentence);
    ck_assert_ptr_null(server_line(server, 1));
    server_free(server);
}

static const struct {
    const char *name;
    int family, type;
    bool listens;
    const char *words;
} wrong[] = {
    {"tcp", AF_INET, SOCK_DGRAM, false, "passes \"tcp\", which is a UDP socket"},
    {"udp", AF_INET, SOCK_STREAM, true, "passes \"udp\", which is a TCP socket that listens"},
    {"unix", AF_INET, SOCK_STREAM, true, "passes \"unix\", which is a TCP socket that listens"},
    {"tpc", AF_INET, SOCK_STREAM, true, "passes \"tpc\", which is a TCP socket that listens"},
    {"tcp", AF_INET, SOCK_STREAM, false, "passes \"tcp\", which is neither"},
    {"alo.socket", AF_UNIX, SOCK_DGRAM, false, "passes \"alo.socket\", which is neither"},
};
enum { WRONG = sizeof wrong / sizeof wrong[0] };

START_TEST(what_cannot_be_served_is_refused)
{
    struct sockets sockets = {.count = 0};
    uint16_t port = 0, fine = 0;

    sockets_add(&sockets, "tcp", socket_open(AF_INET, SOCK_STREAM, &fine));
    if (wrong[_i].family == AF_INET && (wrong[_i].listens || wrong[_i].type == SOCK_DGRAM))
        sockets_add(&sockets, wrong[_i].name, socket_open(wrong[_i].family, wrong[_i].type, &port));
    else
        sockets_add(&sockets, wrong[_i].name, socket(wrong[_i].family, wrong[_i].type | SOCK_CLOEXEC, 0));
    expect_refusal(&sockets, "", wrong[_i].words);
    sockets_close(&sockets);
}
END_TEST

START_TEST(udp_sockets_must_be_as_many_as_workers)
{
    struct sockets sockets = {.count = 0};

    (void)add_udp_group(&sockets, AF_INET, 2);
    expect_refusal(&sockets, "--workers 3", "2 UDP sockets of 127.0.0.1:");
    expect_refusal(&sockets, "--workers 1", "workers number 1");
    expect_refusal(&sockets, "--workers 2 --udp off", "UDP is off");
    (void)add_udp_group(&sockets, AF_INET, 3);
    expect_refusal(&sockets, "", "workers number 2");
    sockets_close(&sockets);
}
END_TEST

static const struct {
    const char *told, *first_name;
} disagreeing[] = {{"99", NULL}, {"two", NULL}, {"-2", NULL}, {"99999999999", NULL}, {NULL, "tcp:tcp"}};
enum { DISAGREEING = sizeof disagreeing / sizeof disagreeing[0] };

/* More than there are, no number, names of others: it does not listen somewhere else instead. */
START_TEST(sockets_that_are_not_there_are_refused)
{
    struct sockets sockets = {.told = disagreeing[_i].told};
    uint16_t port = 0, other = 0;

    sockets_add(&sockets, disagreeing[_i].first_name, socket_open(AF_INET, SOCK_STREAM, &port));
    sockets_add(&sockets, disagreeing[_i].first_name == NULL ? NULL : "tcp", socket_open(AF_INET, SOCK_STREAM, &other));
    expect_refusal(&sockets, "", "cannot take the sockets of the service manager");
    sockets_close(&sockets);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("inherited");
    TCase *tests = tcase_create("inherited");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, tcp_sockets_are_served_whatever_they_are_called);
    tcase_add_test(tests, sockets_outlive_the_server);
    tcase_add_loop_test(tests, each_worker_has_a_udp_socket, 0, 2);
    tcase_add_loop_test(tests, what_cannot_be_served_is_refused, 0, WRONG);
    tcase_add_loop_test(tests, sockets_that_are_not_there_are_refused, 0, DISAGREEING);
    tcase_add_test(tests, udp_sockets_must_be_as_many_as_workers);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
