/* SPDX-License-Identifier: MIT
 *
 * Who says more than --message-rate-per-address allows is held: it is read later, nobody else notices, and it may leave all the same. Times are only
 * measured from below: a rate is kept, however slow the machine.
 */
#include "support/client.h"
#include "support/config_file.h"
#include "support/pace.h"
#include "support/rpc_client.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* So many hellos of user 2, one after another. */
#define HELLO "{\"user_id\": 2}"
#define HELLOS_SIZE(count) ((count) * (sizeof HELLO - 1) + 1)

static void
hellos_write(char *text, int count)
{
    for (int i = 0; i < count; i++)
        memcpy(text + (size_t)i * (sizeof HELLO - 1), HELLO, sizeof HELLO);
}

/* Nothing is lost, the others are not held up, and no time-out runs against whom we do not read. */
START_TEST(messages_over_the_rate_are_read_later)
{
    enum { COUNT = 60, RATE = 20 };
    struct server *server = server_start("--message-rate-per-address %d --message-timeout 1 --verbose", RATE);
    struct rpc_client *rpc = rpc_open_on(server, client_connect_from(server, "127.0.0.5")),
                      *other = rpc_open_on(server, client_connect_from(server, "127.0.0.6"));
    int64_t begin = pace_now_ms();

    for (int i = 0; i < COUNT; i++)
        rpc_call(rpc, "1", "ping", "");
    client_send(rpc->client, "{\"jsonrpc\": \"2.0\", \"id\": 2, \"meth");
    (void)server_event(server, "messages_delayed", 0);
    client_send(rpc->client, "od\": \"ping\"}");
    rpc_expect_call(other, "ping", "", "\"pong\"");
    for (int i = 0; i < COUNT; i++)
        rpc_expect_result(rpc, "1", "\"pong\"");
    rpc_expect_result(rpc, "2", "\"pong\"");
    rpc_call(rpc, "3", "ping", "");
    rpc_expect_result(rpc, "3", "\"pong\"");
    ck_assert_int_ge(pace_now_ms() - begin, (COUNT - RATE) * 1000 / RATE - 20);
    rpc_close(rpc);
    rpc_close(other);
    server_stop(server);
}
END_TEST

/* With nothing unread its end is news at once, however much its address owes. */
START_TEST(who_is_held_may_leave)
{
    enum { COUNT = 600, RATE = 1 };
    struct server *server = server_start("--message-rate-per-address %d --verbose --workers 1", RATE);
    struct rpc_client *watcher = rpc_open_on(server, client_connect_from(server, "127.0.0.6"));
    char hellos[HELLOS_SIZE(COUNT)];

    hellos_write(hellos, COUNT);
    rpc_call(watcher, "1", "login", "\"user_id\": 1, \"friends\": [2]");
    (void)client_read_line(watcher->client);
    for (unsigned i = 0; i < 3; i++) {
        char address[16];

        snprintf(address, sizeof address, "127.0.0.%u", 7 + i);
        struct client *client = client_connect_from(server, address);

        client_send(client, hellos);
        rpc_expect_online(watcher, "2", NULL);
        (void)server_event(server, "messages_delayed", i);
        if (i == 0)
            client_close(client);
        else if (i == 1)
            client_reset(client);
        else
            client_half_close(client);
        rpc_expect_offline(watcher, "2", "closed");
        if (i == 2) {
            client_expect_end(client);
            client_close(client);
        }
    }
    rpc_close(watcher);
    server_stop(server);
}
END_TEST

/* One who is lost inside a message has made no mistake. */
START_TEST(who_is_held_may_be_lost)
{
    enum { COUNT = 20, RATE = 1 };
    struct server *server = server_start("--message-rate-per-address %d --verbose --workers 1", RATE);
    struct rpc_client *watcher = rpc_open_on(server, client_connect_from(server, "127.0.0.6"));
    struct client *client = client_connect_from(server, "127.0.0.7"), *other = client_connect_from(server, "127.0.0.8");
    char hellos[HELLOS_SIZE(COUNT) + 16];

    hellos_write(hellos, COUNT);
    strcat(hellos, "{\"user_id\"");
    rpc_call(watcher, "1", "login", "\"user_id\": 1, \"friends\": [2]");
    (void)client_read_line(watcher->client);
    client_send(client, hellos);
    rpc_expect_online(watcher, "2", NULL);
    (void)server_event(server, "messages_delayed", 0);
    client_reset(client);
    rpc_expect_offline(watcher, "2", "closed");
    client_send(other, "[]");
    client_expect_error(other, "bad_message");
    ck_assert_ptr_nonnull(strstr(server_event(server, "client_error", 0), "bad_message"));
    client_close(other);
    rpc_close(watcher);
    server_stop(server);
}
END_TEST

/* What it had sent is carried out when it may, and then it ends. */
START_TEST(who_is_held_may_leave_behind_its_last_words)
{
    enum { COUNT = 60, RATE = 20 };
    struct server *server = server_start("--message-rate-per-address %d --verbose --workers 1", RATE);
    struct rpc_client *watcher = rpc_open_on(server, client_connect_from(server, "127.0.0.6"));
    struct rpc_client *rpc = rpc_open_on(server, client_connect_from(server, "127.0.0.7"));

    rpc_call(watcher, "1", "login", "\"user_id\": 1, \"friends\": [2]");
    (void)client_read_line(watcher->client);
    rpc_call(rpc, "1", "login", "\"user_id\": 2");
    (void)client_read_line(rpc->client);
    rpc_expect_online(watcher, "2", NULL);
    int64_t begin = pace_now_ms();

    client_send(rpc->client, "[");
    for (int i = 0; i < COUNT; i++)
        client_send(rpc->client, i == 0 ? "{\"jsonrpc\": \"2.0\", \"method\": \"ping\"}" : ",{\"jsonrpc\": \"2.0\", \"method\": \"ping\"}");
    client_send(rpc->client, "]");
    (void)server_event(server, "messages_delayed", 0);
    rpc_call(rpc, "2", "status", "\"status\": \"late\"");
    client_half_close(rpc->client);
    rpc_expect_online(watcher, "2", "\"late\"");
    ck_assert_int_ge(pace_now_ms() - begin, (COUNT - RATE) * 1000 / RATE - 20);
    rpc_expect_offline(watcher, "2", "closed");
    rpc_expect_result(rpc, "2", "{}");
    client_expect_end(rpc->client);
    rpc_close(rpc);
    rpc_close(watcher);
    server_stop(server);
}
END_TEST

/* A batch counts as what is in it. */
START_TEST(calls_of_a_batch_are_messages)
{
    enum { COUNT = 60, RATE = 20 };
    struct server *server = server_start("--message-rate-per-address %d", RATE);
    struct rpc_client *rpc = rpc_open_on(server, client_connect_from(server, "127.0.0.5"));
    int64_t begin = pace_now_ms();

    client_send(rpc->client, "[");
    for (int i = 0; i < COUNT; i++)
        client_send(rpc->client, i == 0 ? "{\"jsonrpc\": \"2.0\", \"method\": \"ping\"}" : ",{\"jsonrpc\": \"2.0\", \"method\": \"ping\"}");
    client_send(rpc->client, ",{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1}]");
    (void)client_read_line(rpc->client);
    rpc_call(rpc, "3", "ping", "");
    rpc_expect_result(rpc, "3", "\"pong\"");
    ck_assert_int_ge(pace_now_ms() - begin, (COUNT - RATE) * 1000 / RATE - 20);
    rpc_close(rpc);
    server_stop(server);
}
END_TEST

START_TEST(datagrams_are_counted_too)
{
    struct server *server = server_start("--login-rate-per-address 2 --message-rate-per-address 5 --verbose");
    struct rpc_client *watcher = rpc_open_on(server, client_connect_from(server, "127.0.0.5"));
    struct udp_client *first = udp_client_open(server), *second = udp_client_open(server), *third = udp_client_open(server);

    rpc_call(watcher, "1", "login", "\"user_id\": 1, \"friends\": [2, 3, 4, 5]");
    (void)client_read_line(watcher->client);
    udp_client_hello(first, 2, NULL);
    rpc_expect_online(watcher, "2", NULL);
    udp_client_hello(second, 3, NULL);
    rpc_expect_online(watcher, "3", NULL);
    udp_client_hello(third, 4, "100000000, 100000001, 100000002, 100000003"); /* long enough to be answered */
    udp_client_expect_error(third, "server_full");
    ck_assert_ptr_nonnull(strstr(server_event(server, "login_refused", 0), "\"transport\":\"udp\""));

    /* What is one too many is lost; the session is not. */
    for (int i = 0; i < 12; i++)
        udp_client_send(first, "beat");
    (void)server_event(server, "datagram_dropped", 0);
    rpc_expect_call(watcher, "online", "\"users\": [2, 3, 4]", "{\"online\": [2, 3]}");
    udp_client_close(first);
    udp_client_close(second);
    udp_client_close(third);
    rpc_close(watcher);
    server_stop(server);
}
END_TEST

/* Who owes a quarter of an hour by one rate is read at once when there is none any more. */
START_TEST(a_reload_reaches_those_who_have_said_too_much)
{
    enum { CALLS = 900 };
    static const char ping[] = "{\"jsonrpc\": \"2.0\", \"method\": \"ping\"}";
    static char batch[CALLS * (sizeof ping + 1) + 2] = "[";
    char *at = batch + 1;
    struct server *server;
    struct rpc_client *greedy;

    for (int i = 0; i < CALLS; i++)
        at += sprintf(at, "%s%s", i > 0 ? "," : "", ping);
    *at = ']';
    config_set_up();
    config_write("message-rate-per-address = 1\n");
    server = server_start("--config %s --verbose", config_path);
    greedy = rpc_open(server);
    client_send(greedy->client, batch);
    (void)server_event(server, "messages_delayed", 0);
    config_write("");
    server_signal(server, SIGHUP);
    rpc_expect_call(greedy, "ping", "", "\"pong\"");
    rpc_close(greedy);
    server_stop(server);
    config_tear_down();
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("message_rate");
    TCase *tests = tcase_create("message_rate");

    tcase_add_test(tests, messages_over_the_rate_are_read_later);
    tcase_add_test(tests, who_is_held_may_leave);
    tcase_add_test(tests, who_is_held_may_be_lost);
    tcase_add_test(tests, who_is_held_may_leave_behind_its_last_words);
    tcase_add_test(tests, calls_of_a_batch_are_messages);
    tcase_add_test(tests, datagrams_are_counted_too);
    tcase_add_test(tests, a_reload_reaches_those_who_have_said_too_much);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
