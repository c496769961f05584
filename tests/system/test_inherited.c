/* SPDX-License-Identifier: MIT
 *
 * Socket activation: the sockets are opened by the test, handed over, and outlive the servers that serve them.
 */
#include "support/client.h"
#include "support/ctl.h"
#include "support/http.h"
#include "support/pace.h"
#include "support/rpc_client.h"
#include "support/session.h"
#include "support/sockets.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
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

/* Clients of many addresses, so on all workers: each stays where it is, over TCP news goes both ways, and a restart loses no datagram. */
START_TEST(each_worker_has_a_udp_socket)
{
    struct sockets sockets = {.count = 0};
    uint16_t port = sockets_add_udp(&sockets, _i == 0 ? AF_INET : AF_INET6, WORKERS), tcp = 0;
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

static char directory[] = "/tmp/alo-inherited-XXXXXX";

/* A path in a directory that begin_files has made and end_files removes. */
static void
path_make(char path[64], const char *name)
{
    snprintf(path, 64, "%s/%s", directory, name);
}

static void
begin_files(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void
end_files(struct sockets *sockets)
{
    char command[64];

    sockets_close(sockets);
    snprintf(command, sizeof command, "rm -r %s", directory);
    ck_assert_int_eq(system(command), 0);
}

static struct client *
connect_by(const char *path)
{
    struct server nowhere = server_at(0);
    char address[80];

    snprintf(address, sizeof address, "unix:%s", path);
    return client_connect_with(&nowhere, &(struct client_options){.address = address});
}

/* Only Unix sockets: no address is opened. Their files are the manager's, so they stay, and who connects between two servers waits. */
START_TEST(unix_sockets_are_served_and_their_files_stay)
{
    struct sockets sockets = {.count = 0};
    char one[64], two[64], unseen[64];

    begin_files();
    path_make(one, "one");
    path_make(two, "two");
    snprintf(unseen, sizeof unseen, "@alo-test-%d", (int)getpid());
    sockets_add(&sockets, "unix", socket_open_local(one));
    sockets_add(&sockets, "alo.socket", socket_open_local(two));
    sockets_add(&sockets, "unknown", socket_open_local(unseen));
    for (int round = 0; round < 2; round++) {
        struct client *early = connect_by(one), *late = connect_by(two);
        struct server *server = sockets_start(&sockets, "--bind 127.0.0.1");
        const char *line = server_event(server, "listening", 0);
        char names[256], address[96];

        snprintf(names, sizeof names, "\"unix\":\"unix:%s,unix:%s,unix:%s\"", one, two, unseen);
        snprintf(address, sizeof address, "\"address\":\"unix:%s\"", one);
        ck_assert_msg(strstr(line, names) != NULL && strstr(line, address) != NULL && strstr(line, "\"udp\":false") != NULL, "%s", line);
        ck_assert_int_eq(server_event_number(server, "listening", 0, "listeners"), 3);
        ck_assert_uint_eq(server->port, 0);
        struct rpc_client *watcher = rpc_login_on(rpc_open_on(server, early), "1", "2", "");

        client_hello(late, 2, NULL);
        rpc_expect_online(watcher, "2", NULL);
        client_close(late);
        rpc_expect_offline(watcher, "2", "closed");
        rpc_logout(watcher);
        server_stop(server);
        ck_assert_int_eq(access(one, F_OK), 0);
        ck_assert_int_eq(access(two, F_OK), 0);
    }
    end_files(&sockets);
}
END_TEST

/* What --listen names is opened beside them, and is the server's own. */
START_TEST(unix_sockets_have_those_of_the_options_beside_them)
{
    struct sockets sockets = {.count = 0};
    char given[64], own[64], flags[96], names[160];
    uint16_t port = 0;

    begin_files();
    path_make(given, "given");
    path_make(own, "own");
    sockets_add(&sockets, "unix", socket_open_local(given));
    sockets_add(&sockets, "tcp", socket_open(AF_INET, SOCK_STREAM, &port));
    snprintf(flags, sizeof flags, "--listen unix:%s", own);
    snprintf(names, sizeof names, "\"unix\":\"unix:%s,unix:%s\"", given, own);
    struct server *server = sockets_start(&sockets, flags);
    struct session *session = session_open_on(server, connect_by(given), 1, "2");

    ck_assert_ptr_nonnull(strstr(server_event(server, "listening", 0), names));
    ck_assert_uint_eq(server->port, port);
    expect_served(session, 2, port, NULL);
    snprintf(flags, sizeof flags, "unix:%s", own);
    expect_served(session, 2, port, flags);
    session_leave(session);
    server_stop(server);
    ck_assert_int_eq(access(given, F_OK), 0);
    ck_assert_int_eq(access(own, F_OK), -1);
    end_files(&sockets);
}
END_TEST

/* Says hello as a proxy does for somebody; the log knows him. */
static void
expect_proxied(struct server *server, unsigned nth, struct client *client, const char *proxy)
{
    const char *line;

    client_send(client, "PROXY TCP4 192.0.2.7 192.0.2.1 4711 8080\r\n{\"online\": false}");
    client_expect_end(client);
    client_close(client);
    line = server_event(server, "connected", nth);
    ck_assert_msg(strstr(line, "\"peer\":\"192.0.2.7:4711\"") != NULL && strstr(line, proxy) != NULL, "%s", line);
}

START_TEST(headers_of_proxies_are_read_where_they_are_switched_on)
{
    struct sockets sockets = {.count = 0};
    char path[64];
    uint16_t port = 0;

    begin_files();
    path_make(path, "s");
    sockets_add(&sockets, "unix", socket_open_local(path));
    sockets_add(&sockets, "tcp", socket_open(AF_INET, SOCK_STREAM, &port));
    struct server *server = sockets_start(&sockets, "--verbose --proxy-protocol tcp,unix");

    expect_proxied(server, 0, connect_by(path), "\"proxy\":\"unix\"");
    expect_proxied(server, 1, client_connect(server), "\"proxy\":\"127.0.0.1:");
    server_stop(server);
    server = sockets_start(&sockets, "--verbose --proxy-protocol unix");
    expect_proxied(server, 0, connect_by(path), "\"proxy\":\"unix\"");
    struct session *session = session_open(server, 1, ""); /* over TCP, without a header */

    session_leave(session);
    server_stop(server);
    end_files(&sockets);
}
END_TEST

/* After a drain the server listens no more, but the manager's socket does: who comes then waits for the next server. */
START_TEST(a_drain_leaves_newcomers_to_the_next_server)
{
    struct sockets sockets = {.count = 0};
    char path[64];

    begin_files();
    path_make(path, "s");
    sockets_add(&sockets, "unix", socket_open_local(path));
    struct server *server = sockets_start(&sockets, "--drain-time 1");

    server_signal(server, SIGUSR2);
    (void)server_event(server, "drained", 0);
    struct client *late = connect_by(path);
    client_send(late, "{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1}");
    server_stop(server);
    server = sockets_start(&sockets, "");
    ck_assert_str_eq(client_read_line(late), "{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": 1}\n");
    client_close(late);
    server_stop(server);
    end_files(&sockets);
}
END_TEST

static struct http_answer
get_by(const char *path, const char *page)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char request[80];
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\n\r\n", page);

    memcpy(address.sun_path, path, strlen(path) + 1);
    ck_assert_int_eq(connect(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(send(descriptor, request, (size_t)length, 0), length);
    return http_read(descriptor);
}

static void
expect_answer(struct http_answer answer, const char *words)
{
    ck_assert_int_eq(answer.status, 200);
    ck_assert_msg(strstr(answer.body, words) != NULL, "%s", answer.body);
    http_answer_done(&answer);
}

/* How many sessions it says that its descriptors allow. */
static int64_t
sessions_allowed(const struct sockets *sockets, const char *flags)
{
    struct server *server = sockets_start(sockets, flags);
    int64_t allowed = server_event_number(server, "listening", 0, "max_sessions");

    server_stop(server);
    return allowed;
}

/* And none for those that --bind would have opened. */
START_TEST(descriptors_are_kept_for_udp_sockets)
{
    struct sockets sockets = {.count = 0};
    uint16_t port = 0;

    sockets_add(&sockets, "tcp", socket_open(AF_INET, SOCK_STREAM, &port));
    int64_t without = sessions_allowed(&sockets, "--workers 3 --udp off");
    ck_assert_int_eq(sessions_allowed(&sockets, "--workers 3 --bind 127.0.0.1,127.0.0.2"), without);
    for (int addresses = 1; addresses <= 2; addresses++) {
        (void)sockets_add_udp(&sockets, AF_INET, 3);
        ck_assert_int_eq(sessions_allowed(&sockets, "--workers 3 --bind 127.0.0.1"), without - addresses * 3);
    }
    sockets_close(&sockets);
}
END_TEST

/* With sockets for operators only, clients come by what the options say. */
START_TEST(operators_come_by_sockets_too)
{
    struct sockets sockets = {.count = 0};
    char path[64];
    uint16_t one = 0, two = 0, open = 0;
    char exposed[32];

    begin_files();
    path_make(path, "admin");
    sockets_add(&sockets, "admin", socket_open_local(path));
    sockets_add(&sockets, "admin", socket_open(AF_INET, SOCK_STREAM, &one));
    sockets_add(&sockets, "admin", socket_open(AF_INET, SOCK_STREAM, &two));
    sockets_add(&sockets, "admin", socket_open(AF_INET6, SOCK_STREAM, &open)); /* to everybody, and that is said */
    snprintf(exposed, sizeof exposed, "\"[::]:%u\"", open);
    for (int round = 0; round < 2; round++) {
        struct server *server = sockets_start(&sockets, "--bind 127.0.0.1 --admin-bind 127.0.0.1 --admin-port 1"); /* they are not looked at */
        struct session *session = session_open(server, 1, "2");
        struct udp_client *datagrams = udp_client_open(server);

        ck_assert_int_eq(server_event_number(server, "listening", 0, "listeners"), 1);
        ck_assert_int_eq(server_event_number(server, "listening", 0, "admin_port"), one);
        ck_assert_ptr_nonnull(strstr(server_event(server, "admin_exposed", 0), exposed));
        udp_client_hello(datagrams, 2, NULL);
        client_expect(session->client, ONLINE);
        expect_answer(http_get(one, "/readyz"), "");
        expect_answer(http_get(two, "/api/v1/users/2"), "\"online\"");
        expect_answer(get_by(path, "/metrics"), "alo_users_online 2\n");
        expect_answer(get_by(path, "/api/v1/sessions"), "\"sessions\"");
        udp_client_close(datagrams);
        session_close(session);
        server_stop(server);
        ck_assert_int_eq(access(path, F_OK), 0);
    }
    end_files(&sockets);
}
END_TEST

/* By a Unix socket only there is no port; sockets for clients beside them are for clients alone. */
START_TEST(operators_and_clients_each_have_their_own)
{
    struct sockets sockets = {.count = 0};
    char admin[64], clients[64], where[80], words[160];

    begin_files();
    path_make(admin, "admin");
    path_make(clients, "clients");
    sockets_add(&sockets, "unix", socket_open_local(clients));
    sockets_add(&sockets, "admin", socket_open_local(admin));
    struct server *server = sockets_start(&sockets, "--admin-port 1");
    struct rpc_client *client = rpc_login_on(rpc_open_on(server, connect_by(clients)), "1", "", "");

    ck_assert_int_eq(server_event_number(server, "listening", 0, "listeners"), 1);
    ck_assert_int_eq(server_event_number(server, "listening", 0, "admin_port"), 0);
    expect_answer(get_by(admin, "/readyz"), "");
    snprintf(where, sizeof where, "unix:%s", admin);
    ctl_expect(where, "ready", 0, "ready\n");
    ctl_expect(where, "user 1", 0, "user 1 is online");
    snprintf(words, sizeof words, "cannot connect to the admin interface at unix:%s-not: No such file", admin);
    strcat(where, "-not");
    ctl_expect(where, "ready", 1, words);
    struct http_answer answer = get_by(clients, "/readyz");
    ck_assert_int_eq(answer.status, 0);
    http_answer_done(&answer);
    rpc_logout(client);
    server_stop(server);
    end_files(&sockets);
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
    tcase_add_test(tests, unix_sockets_are_served_and_their_files_stay);
    tcase_add_test(tests, unix_sockets_have_those_of_the_options_beside_them);
    tcase_add_test(tests, headers_of_proxies_are_read_where_they_are_switched_on);
    tcase_add_test(tests, a_drain_leaves_newcomers_to_the_next_server);
    tcase_add_test(tests, descriptors_are_kept_for_udp_sockets);
    tcase_add_test(tests, operators_come_by_sockets_too);
    tcase_add_test(tests, operators_and_clients_each_have_their_own);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
