/* SPDX-License-Identifier: MIT
 *
 * The PROXY protocol where it is switched on, and only there: the test plays the proxy. Unless it is about TCP, the headers come by a Unix socket,
 * so that friends (and what tests/support makes of them) can come by TCP without.
 */
#include "support/client.h"
#include "support/http.h"
#include "support/pace.h"
#include "support/rpc_client.h"
#include "support/session.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE "PROXY TCP4 192.0.2.7 192.0.2.1 4711 8080\r\n"

/* Version 2 for [2001:db8::5]:4711, with a value behind it, and what the proxy says of itself. */
static const char binary[] = "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x28\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x06"
                             "\x12\x67\x1f\x90\x04\0\x01!";
static const char local[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

static char directory[] = "/tmp/alo-proxy-XXXXXX";
static char address[64];

static struct server *
begin(const char *flags)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(address, sizeof address, "unix:%s/s", directory);
    return server_start("--verbose --proxy-protocol unix --listen %s %s", address, flags);
}

static void
end(struct server *server)
{
    server_stop(server);
    ck_assert_int_eq(rmdir(directory), 0);
}

static struct client *
proxy_connect(const struct server *server)
{
    return client_connect_with(server, &(struct client_options){.address = address});
}

static struct client *
proxied(const struct server *server)
{
    struct client *client = proxy_connect(server);

    client_send(client, LINE);
    return client;
}

/* The stream ends without a word, in order or with a reset. */
static void
expect_cut(struct client *client)
{
    ck_assert_str_eq(client_read_to_end(client), "");
    client_close(client);
}

static void
expect_refusal(struct server *server, unsigned nth, const char *reason)
{
    const char *line = server_event(server, "proxy_header_refused", nth);

    ck_assert_msg(strstr(line, reason) != NULL, "%s", line);
    ck_assert_ptr_nonnull(strstr(line, "\"level\":\"warn\""));
    ck_assert_ptr_nonnull(strstr(line, "\"peer\":\"unix\""));
}

START_TEST(both_versions_and_both_dialects)
{
    struct server *server = begin("");
    struct client *client = proxy_connect(server);
    struct session *watcher = session_open(server, 1, "2, 3"), *classic = session_open_on(server, proxied(server), 2, "1, 3");
    struct rpc_client *rpc;

    client_expect(watcher->client, ONLINE);
    client_send_bytes(client, binary, sizeof binary - 1);
    rpc = rpc_login_on(rpc_open_on(server, client), "3", "1, 2", "1, 2");
    client_expect(watcher->client, ONLINE);
    client_expect(classic->client, ONLINE);
    ck_assert_ptr_nonnull(strstr(server_event(server, "listening", 0), "\"proxy_protocol\":\"unix\""));
    rpc_fence(rpc);
    session_leave(classic);
    rpc_expect_offline(rpc, "2", "goodbye");
    rpc_reset(rpc);
    client_expect(watcher->client, OFFLINE OFFLINE);
    session_leave(watcher);
    end(server);
}
END_TEST

/* The nth line about a connection that came by a proxy. */
static const char *
proxied_line(struct server *server, unsigned nth)
{
    for (unsigned i = 0;; i++) {
        const char *line = server_event(server, "connected", i);

        if (strstr(line, "\"proxy\":") != NULL && nth-- == 0)
            return line;
    }
}

START_TEST(the_real_address_is_in_the_log)
{
    static const struct {
        const char *header;
        size_t length;
        const char *peer;
    } headers[] = {
        {LINE, sizeof LINE - 1, "\"peer\":\"192.0.2.7:4711\""},
        {binary, sizeof binary - 1, "\"peer\":\"[2001:db8::5]:4711\""},
        {local, sizeof local - 1, "\"peer\":\"unix\""},
        {"PROXY UNKNOWN\r\n", 15, "\"peer\":\"unix\""},
    };
    struct server *server = begin("");

    for (unsigned i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        struct client *client = proxy_connect(server);

        client_send_bytes(client, headers[i].header, headers[i].length);
        client_send(client, "{\"online\": false}");
        client_expect_end(client);
        client_close(client);
        ck_assert_msg(strstr(proxied_line(server, i), headers[i].peer) != NULL, "%s", proxied_line(server, i));
        ck_assert_ptr_nonnull(strstr(proxied_line(server, i), "\"proxy\":\"unix\""));
    }
    end(server);
}
END_TEST

/* So many sessions are listed to operators with this peer. */
static void
expect_listed(struct server *server, const char *peer, int count)
{
    struct http_answer answer = http_get((uint16_t)server_event_number(server, "listening", 0, "admin_port"), "/api/v1/sessions");
    int found = 0;

    for (const char *at = answer.body; (at = strstr(at, peer)) != NULL; at++)
        found++;
    ck_assert_msg(answer.status == 200 && found == count, "%s", answer.body);
    http_answer_done(&answer);
}

/* With no limit, and with limits of which something is counted to the end, or up to the login. */
START_TEST(the_real_address_is_told_to_operators)
{
    static const char *const flags[] = {
        "--admin-port 0", "--admin-port 0 --max-connections-per-address 9", "--admin-port 0 --login-rate-per-address 5"};
    struct server *server = begin(flags[_i]);
    struct session *watcher = session_open(server, 1, "2, 3");
    struct client *one = proxied(server), *two = proxy_connect(server), *three = proxy_connect(server);

    (void)proxied_line(server, 0);
    expect_listed(server, "\"peer\": \"192.0.2.7:4711\"", 1);
    client_hello(one, 2, NULL);
    client_send_bytes(two, binary, sizeof binary - 1);
    client_hello(two, 3, NULL);
    client_send_bytes(three, local, sizeof local - 1);
    client_expect(watcher->client, ONLINE ONLINE);
    (void)proxied_line(server, 2);
    expect_listed(server, "\"peer\": \"192.0.2.7:4711\"", 1);
    expect_listed(server, "\"peer\": \"[2001:db8::5]:4711\"", 1);
    expect_listed(server, "\"peer\": \"unix\"", 1);
    expect_listed(server, "\"peer\": \"127.0.0.1:", 1);
    client_close(one);
    client_close(two);
    client_close(three);
    client_expect(watcher->client, OFFLINE OFFLINE);
    session_leave(watcher);
    end(server);
}
END_TEST

/* Byte by byte, and in one piece with what the client says. */
START_TEST(a_header_comes_in_any_pieces)
{
    struct server *server = begin("");
    struct session *watcher = session_open(server, 1, "2");

    for (size_t cut = 1; cut < sizeof LINE + 14; cut++) {
        static const char all[] = LINE "{\"user_id\": 2}{\"online\": false}";
        struct client *client = proxy_connect(server);

        client_send_bytes(client, all, cut);
        client_send_bytes(client, all + cut, sizeof all - 1 - cut);
        client_expect_end(client);
        client_expect(watcher->client, ONLINE OFFLINE);
        client_close(client);
    }

    struct client *client = proxy_connect(server);

    client_send_pieces(client, LINE "{\"user_id\": 2}", 1);
    client_expect(watcher->client, ONLINE);
    client_close(client);
    client_expect(watcher->client, OFFLINE);
    client = proxy_connect(server);
    for (size_t i = 0; i < sizeof binary - 1; i++)
        client_send_bytes(client, binary + i, 1);
    client_hello(client, 2, NULL);
    client_expect(watcher->client, ONLINE);
    client_close(client);
    client_expect(watcher->client, OFFLINE);
    session_leave(watcher);
    end(server);
}
END_TEST

START_TEST(a_wrong_or_missing_header_closes_and_is_logged)
{
    static const char *const wrong[][2] = {
        {"{\"user_id\": 1}", "does not begin with PROXY"}, {"PROXY TCP4 1.2.3.4\r\n", "two addresses"}, {"\r\n\r\n{\"user_id\": 1}", "signature"}};
    struct server *server = begin("");
    unsigned count = sizeof wrong / sizeof wrong[0];
    struct session *watcher = session_open(server, 9, "1");

    for (unsigned i = 0; i < count; i++) {
        struct client *client = proxy_connect(server);

        (void)client_try_send(client, wrong[i][0], strlen(wrong[i][0]));
        expect_cut(client);
        expect_refusal(server, i, wrong[i][1]);
    }

    struct client *client = proxy_connect(server);

    client_send(client, "PROXY TCP4 ");
    client_half_close(client);
    expect_cut(client);
    expect_refusal(server, count, "ended inside");

    /* Who only looks whether the port is open is no mistake. */
    client = proxy_connect(server);
    client_half_close(client);
    expect_cut(client);
    client = proxy_connect(server);
    (void)client_try_send(client, "?", 1);
    expect_cut(client);
    expect_refusal(server, count + 1, "does not begin");
    session_fence(watcher);
    session_leave(watcher);
    end(server);
}
END_TEST

START_TEST(a_flood_of_wrong_headers_is_cut_in_the_log)
{
    struct server *server = begin("");

    for (int i = 0; i < 60; i++) {
        struct client *client = proxy_connect(server);

        (void)client_try_send(client, "?", 1);
        expect_cut(client);
    }
    ck_assert_ptr_nonnull(strstr(server_event(server, "suppressed", 0), "proxy_header_refused"));
    end(server);
}
END_TEST

START_TEST(a_late_header_closes_and_is_logged)
{
    char flags[64];

    snprintf(flags, sizeof flags, "--hello-timeout %d", pace_seconds(1));
    struct server *server = begin(flags);
    struct client *silent = proxy_connect(server), *slow = proxy_connect(server), *late = proxied(server);

    client_send(slow, "PROXY");
    expect_cut(silent);
    expect_cut(slow);
    client_expect_error(late, "hello_timeout"); /* its header came, so it is a client */
    client_close(late);
    (void)server_event(server, "proxy_header_refused", 1);
    end(server);
}
END_TEST

START_TEST(only_where_it_is_switched_on)
{
    struct server *server = begin("");
    struct client *client = client_connect(server);

    client_send(client, LINE);
    client_expect_error(client, "bad_json");
    client_close(client);
    end(server);

    server = server_start("--proxy-protocol tcp --verbose");
    struct client *one = client_connect(server), *two = client_connect(server), *three = client_connect(server);
    struct udp_client *datagrams = udp_client_open(server);

    client_send(one, LINE "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"params\": {\"user_id\": 1, \"friends\": [2, 3]}, \"id\": 1}");
    (void)client_read_line(one); /* its list is in force */
    (void)client_try_send(two, "{\"user_id\": 2}", 14);
    expect_cut(two);
    ck_assert_ptr_nonnull(strstr(server_event(server, "proxy_header_refused", 0), "\"peer\":\"127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(proxied_line(server, 0), "\"proxy\":\"127.0.0.1:"));
    udp_client_hello(datagrams, 3, NULL); /* datagrams have no such header */
    ck_assert_ptr_nonnull(strstr(client_read_line(one), "\"user_id\": 3"));
    client_send(three, LINE "{\"user_id\": 2}");
    ck_assert_ptr_nonnull(strstr(client_read_line(one), "\"user_id\": 2"));
    udp_client_close(datagrams);
    client_close(one);
    client_close(three);
    server_stop(server);
}
END_TEST

/* Over --max-sessions it is the client who is told, through its proxy. */
START_TEST(a_full_server_says_so)
{
    struct server *server = begin("--max-sessions 1");
    struct client *first = proxied(server), *second;

    (void)proxied_line(server, 0);
    second = proxied(server);
    client_expect_error(second, "server_full");
    client_close(first);
    client_close(second);
    end(server);
}
END_TEST

START_TEST(a_stop_does_not_wait_for_headers)
{
    struct server *server = begin("");
    struct client *silent = proxy_connect(server), *slow = proxy_connect(server), *client = proxied(server);

    client_send(slow, "PROXY TCP4 1");
    (void)proxied_line(server, 0);
    server_signal(server, SIGTERM);
    client_expect_error(client, "shutting_down");
    client_close(client);
    client_close(silent);
    client_close(slow);
    ck_assert_int_eq(server_wait(server), 0);
    server_free(server);
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(a_wrong_value_is_said)
{
    struct server *server = server_launch("--port 0 --proxy-protocol tcp,udp");
    int status = server_wait(server);

    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2);
    ck_assert_ptr_nonnull(strstr(server_line(server, 0), "allowed is none, tcp, unix, or tcp,unix"));
    server_free(server);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("system/proxy");
    TCase *tests = tcase_create("proxy");

    tcase_add_test(tests, both_versions_and_both_dialects);
    tcase_add_test(tests, the_real_address_is_in_the_log);
    tcase_add_loop_test(tests, the_real_address_is_told_to_operators, 0, 3);
    tcase_add_test(tests, a_header_comes_in_any_pieces);
    tcase_add_test(tests, a_wrong_or_missing_header_closes_and_is_logged);
    tcase_add_test(tests, a_flood_of_wrong_headers_is_cut_in_the_log);
    tcase_add_test(tests, a_late_header_closes_and_is_logged);
    tcase_add_test(tests, only_where_it_is_switched_on);
    tcase_add_test(tests, a_full_server_says_so);
    tcase_add_test(tests, a_stop_does_not_wait_for_headers);
    tcase_add_test(tests, a_wrong_value_is_said);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
