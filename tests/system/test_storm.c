/* SPDX-License-Identifier: MIT
 *
 * The limits that keep a storm of newcomers, or one address, from being everybody's trouble: who comes too soon waits and is not refused, and nobody
 * else notices. Crowds come from 127.0.0.5 and the like; what tests/support makes comes from 127.0.0.1. Times are only measured from
 * below: a rate is kept, however slow the machine.
 */
#include "support/client.h"
#include "support/config_file.h"
#include "support/pace.h"
#include "support/rpc_client.h"
#include "support/session.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CROWD_MAX = 100 };

static struct client *
hello_from(const struct server *server, const char *source, int64_t user)
{
    struct client *client = client_connect_from(server, source);

    client_hello(client, user, NULL);
    return client;
}

/* "first, first + 1, …" */
static const char *
ids(int64_t first, int count)
{
    static char text[CROWD_MAX * 24];
    char *end = text;

    for (int i = 0; i < count; i++)
        end += sprintf(end, "%s%" PRId64, i > 0 ? ", " : "", first + i);
    return text;
}

static void
crowd_open(const struct server *server, struct client **crowd, int count, const char *source, int64_t first)
{
    for (int i = 0; i < count; i++)
        crowd[i] = hello_from(server, source, first + i);
}

static void
crowd_close(struct client **crowd, int count)
{
    for (int i = 0; i < count; i++)
        client_close(crowd[i]);
}

static void
expect_arrivals(struct session *watcher, int count)
{
    for (int i = 0; i < count; i++)
        client_expect(watcher->client, ONLINE);
}

/* All come in, none sooner than the rate allows, and no time-out runs while they wait. */
START_TEST(logins_come_at_the_rate)
{
    enum { COUNT = 60, RATE = 40, BURST = RATE / 10 };
    struct server *server = server_start("--login-rate %d --hello-timeout 1", RATE);
    struct session *watcher = session_open(server, 1, ids(100, COUNT));
    struct client *crowd[COUNT];
    int64_t begin = pace_now_ms();

    crowd_open(server, crowd, COUNT, NULL, 100);
    expect_arrivals(watcher, COUNT);
    ck_assert_int_ge(pace_now_ms() - begin, (COUNT - BURST - 1) * 1000 / RATE - 20);
    (void)server_event(server, "logins_delayed", 0);
    session_fence(watcher);
    crowd_close(crowd, COUNT);
    server_stop(server);
}
END_TEST

/* Whom the next change is about that the watcher hears, which may stand in one line with others. One watcher in each test. */
static int64_t
next_arrival(struct rpc_client *watcher)
{
    static const char key[] = "\"user_id\": ";
    static char line[CROWD_MAX * 64];
    static const char *at = line;

    if (strstr(at, key) == NULL) {
        const char *text = client_read_line(watcher->client);

        ck_assert_ptr_nonnull(text);
        ck_assert_int_lt(snprintf(line, sizeof line, "%s", text), (int)sizeof line);
        at = line;
    }
    at = strstr(at, key);
    ck_assert_ptr_nonnull(at);
    at += sizeof key - 1;
    return strtoll(at, NULL, 10);
}

/* One address has a hundred newcomers waiting; another's single one has its turn after at most a few of them. */
START_TEST(addresses_have_their_turns)
{
    enum { COUNT = 80 };
    struct server *server = server_start("--login-rate 20 --workers 1");
    struct rpc_client *watcher = rpc_open(server);
    struct client *crowd[COUNT], *single;
    char friends[CROWD_MAX * 24 + 64];
    int before = 0;

    snprintf(friends, sizeof friends, "\"user_id\": 1, \"friends\": [7, %s]", ids(100, COUNT));
    rpc_call(watcher, "1", "login", friends);
    (void)client_read_line(watcher->client);
    crowd_open(server, crowd, COUNT, "127.0.0.5", 100);
    (void)next_arrival(watcher); /* the crowd is at the gate */
    single = hello_from(server, "127.0.0.6", 7);
    while (next_arrival(watcher) != 7)
        ck_assert_int_lt(++before, COUNT / 2);
    crowd_close(crowd, COUNT);
    client_close(single);
    rpc_close(watcher);
    server_stop(server);
}
END_TEST

START_TEST(an_address_over_its_login_rate_waits_alone)
{
    enum { COUNT = 30, RATE = 10 };
    struct server *server = server_start("--login-rate-per-address %d", RATE);
    struct session *watcher = session_open(server, 1, ids(100, COUNT)), *other = session_open(server, 2, "7");
    struct client *crowd[COUNT], *single;
    int64_t begin = pace_now_ms();

    crowd_open(server, crowd, COUNT, "127.0.0.5", 100);
    (void)server_event(server, "logins_delayed", 0);
    single = hello_from(server, "127.0.0.6", 7);
    client_expect(other->client, ONLINE);
    expect_arrivals(watcher, COUNT);
    ck_assert_int_ge(pace_now_ms() - begin, (COUNT - RATE - 1) * 1000 / RATE - 20);
    crowd_close(crowd, COUNT);
    client_close(single);
    session_close(watcher);
    session_close(other);
    server_stop(server);
}
END_TEST

/* Who hangs up while it waits takes nobody's turn. What it had said is carried out then, and with it it goes. */
START_TEST(who_hangs_up_while_waiting_comes_last)
{
    enum { AHEAD = 3 }; /* of those who hang up, so that their turn does not come while the test is slow */
    struct server *server = server_start("--login-rate-per-address 1 --workers 1 --verbose");
    struct rpc_client *watcher = rpc_open(server);
    struct client *first, *gone, *reset, *last, *ahead[AHEAD];

    rpc_call(watcher, "1", "login", "\"user_id\": 1, \"friends\": [2, 3, 4, 5]");
    (void)client_read_line(watcher->client);
    first = hello_from(server, "127.0.0.5", 2);
    ck_assert_int_eq(next_arrival(watcher), 2);
    crowd_open(server, ahead, AHEAD, "127.0.0.5", 100);
    gone = hello_from(server, "127.0.0.5", 3);
    reset = hello_from(server, "127.0.0.5", 4);
    (void)server_event(server, "logins_delayed", 0);
    (void)server_event(server, "connected", 3 + AHEAD); /* a reset before that has no address */
    client_close(gone);
    client_reset(reset);
    last = hello_from(server, "127.0.0.5", 5);
    ck_assert_int_eq(next_arrival(watcher), 5);
    for (int64_t one = 0, i = 0; i < 2; i++) { /* each comes and goes; the poller may have told of them in either order */
        int64_t user = next_arrival(watcher);

        ck_assert(user != one && (user == 3 || user == 4));
        ck_assert_int_eq(next_arrival(watcher), user);
        one = user;
    }
    crowd_close(ahead, AHEAD);
    client_close(first);
    rpc_expect_offline(watcher, "2", "closed");
    client_close(last);
    rpc_expect_offline(watcher, "5", "closed");
    rpc_close(watcher);
    server_stop(server);
}
END_TEST

START_TEST(connections_of_an_address)
{
    enum { LIMIT = 8 };
    struct server *server = server_start("--max-connections-per-address %d", LIMIT);
    struct session *watcher = session_open(server, 1, ids(100, LIMIT));
    struct client *crowd[LIMIT], *over, *other = client_connect_from(server, "127.0.0.6");
    struct rpc_client *rpc;

    crowd_open(server, crowd, LIMIT, "127.0.0.5", 100);
    expect_arrivals(watcher, LIMIT);
    over = client_connect_from(server, "127.0.0.5");
    client_expect_error(over, "server_full");
    client_close(over);
    ck_assert_ptr_nonnull(strstr(server_event(server, "address_full", 0), "\"peer\":\"127.0.0.5:"));
    rpc = rpc_open_on(server, other);
    rpc_expect_call(rpc, "ping", "", "\"pong\"");

    /* Room again means served again. */
    client_goodbye(crowd[0], 100);
    client_expect_end(crowd[0]);
    client_expect(watcher->client, OFFLINE);
    for (bool is_refused = true; is_refused;) { /* the server may hear of it later than of the next connection */
        client_close(crowd[0]);
        crowd[0] = hello_from(server, "127.0.0.5", 100);
        is_refused = client_wait(crowd[0], pace_stretched_ms(50));
    }
    client_expect(watcher->client, ONLINE);
    session_fence(watcher);
    crowd_close(crowd, LIMIT);
    rpc_close(rpc);
    session_close(watcher);
    server_stop(server);
}
END_TEST

/* Many more than are told with patience: all are told and closed, and others come in. */
START_TEST(a_flood_from_one_address)
{
    enum { COUNT = 300 };
    struct server *server = server_start("--max-connections-per-address 4 --workers 1");
    struct client *crowd[COUNT], *other;

    for (int i = 0; i < COUNT; i++)
        crowd[i] = client_connect_from(server, "127.0.0.5");
    for (int i = 4; i < COUNT; i++)
        client_expect_error(crowd[i], "server_full");
    other = client_connect_from(server, "127.0.0.6");
    client_send(other, "?");
    client_expect_error(other, "bad_json");
    client_close(other);
    crowd_close(crowd, COUNT);
    server_stop(server);
}
END_TEST

/* By themselves: a forged address must not keep its owner's connections out. */
START_TEST(datagrams_count_as_connections)
{
    struct server *server = server_start("--max-connections-per-address 1 --workers 1");
    struct rpc_client *watcher = rpc_open_on(server, client_connect_from(server, "127.0.0.5"));
    struct udp_client *first = udp_client_open(server), *second = udp_client_open(server);
    struct client *stream;

    rpc_call(watcher, "1", "login", "\"user_id\": 1, \"friends\": [2, 3, 4, 5]");
    (void)client_read_line(watcher->client);
    stream = hello_from(server, NULL, 2);
    rpc_expect_online(watcher, "2", NULL);
    udp_client_hello(first, 3, NULL);
    rpc_expect_online(watcher, "3", NULL);
    udp_client_hello(second, 4, "100000000, 100000001, 100000002, 100000003");
    udp_client_expect_error(second, "server_full");
    udp_client_send(first, "{\"online\": false}");
    rpc_expect_offline(watcher, "3", "goodbye");
    udp_client_hello(second, 4, NULL);
    rpc_expect_online(watcher, "4", NULL);
    udp_client_hello(second, 5, NULL); /* a client that was restarted on its port: the former session makes room for the new one */
    rpc_expect_offline(watcher, "4", "closed");
    rpc_expect_online(watcher, "5", NULL);
    client_close(stream);
    udp_client_close(first);
    udp_client_close(second);
    rpc_close(watcher);
    server_stop(server);
}
END_TEST

/* Behind a proxy it is the client's address that counts, and of IPv6 its network. */
START_TEST(the_address_is_the_one_that_the_proxy_says)
{
    static const struct {
        const char *header;
        bool has_room;
    } clients[] = {
        {"PROXY TCP4 192.0.2.1 192.0.2.9 1 8080\r\n", true},
        {"PROXY TCP4 192.0.2.1 192.0.2.9 2 8080\r\n", false},
        {"PROXY TCP4 192.0.2.2 192.0.2.9 3 8080\r\n", true},
        {"PROXY TCP6 2001:db8:0:1::1 2001:db8::9 4 8080\r\n", true},
        {"PROXY TCP6 2001:db8:0:1:f::2 2001:db8::9 5 8080\r\n", false},
        {"PROXY TCP6 2001:db8:0:2::1 2001:db8::9 6 8080\r\n", true},
        {"PROXY UNKNOWN\r\n", true}, /* the proxy itself */
        {"PROXY UNKNOWN\r\n", false},
    };
    enum { COUNT = sizeof clients / sizeof clients[0] };
    struct server *server = server_start("--proxy-protocol tcp --max-connections-per-address 1 --login-rate 1000");
    struct client *all[COUNT];

    for (int i = 0; i < COUNT; i++) {
        all[i] = client_connect(server);
        client_send(all[i], clients[i].header);
        client_send(all[i], "{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1}");
        if (clients[i].has_room)
            ck_assert_str_eq(client_read_line(all[i]), "{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": 1}\n");
        else
            client_expect_error(all[i], "server_full");
    }
    crowd_close(all, COUNT);
    server_stop(server);
}
END_TEST

/* A reload puts limits up and takes them away, and those who wait are let in. */
START_TEST(a_reload_changes_them)
{
    config_set_up();
    struct server *server = server_start("--workers 1 --config %s", config_path);
    struct session *watcher = session_open(server, 1, ids(100, 20));
    struct client *crowd[20], *over;

    config_write("login-rate-per-address = 1\nmax-connections-per-address = 20\n");
    server_signal(server, SIGHUP);
    (void)server_event(server, "reloaded", 0);
    crowd_open(server, crowd, 20, "127.0.0.5", 100);
    (void)server_event(server, "logins_delayed", 0);
    over = client_connect_from(server, "127.0.0.5");
    client_expect_error(over, "server_full");
    config_write("");
    server_signal(server, SIGHUP);
    expect_arrivals(watcher, 20);
    session_fence(watcher);
    crowd_close(crowd, 20);
    client_close(over);
    session_close(watcher);
    server_stop(server);
    config_tear_down();
}
END_TEST

/* Limits or not: the time for a hello runs against whoever says nothing, and against half a hello whose turn has come. */
START_TEST(who_says_nothing_is_not_waited_for)
{
    struct server *server = server_start("--login-rate 1000 --login-rate-per-address 1000 --hello-timeout 1");
    struct client *silent = client_connect(server), *half = client_connect(server);

    client_send(half, "{\"user_id\"");
    client_expect_error(silent, "hello_timeout");
    client_expect_error(half, "hello_timeout");
    client_close(silent);
    client_close(half);
    server_stop(server);
}
END_TEST

START_TEST(a_stop_does_not_wait_for_those_who_wait)
{
    enum { COUNT = 20 };
    struct server *server = server_start("--login-rate 1 --stop-timeout 3600");
    struct client *crowd[COUNT];

    crowd_open(server, crowd, COUNT, "127.0.0.5", 100);
    (void)server_event(server, "logins_delayed", 0);
    server_signal(server, SIGTERM);
    crowd_close(crowd, COUNT);
    ck_assert_int_eq(server_wait(server), 0);
    server_free(server);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("system/storm");
    TCase *tests = tcase_create("storm");

    tcase_add_test(tests, logins_come_at_the_rate);
    tcase_add_test(tests, addresses_have_their_turns);
    tcase_add_test(tests, an_address_over_its_login_rate_waits_alone);
    tcase_add_test(tests, who_hangs_up_while_waiting_comes_last);
    tcase_add_test(tests, connections_of_an_address);
    tcase_add_test(tests, a_flood_from_one_address);
    tcase_add_test(tests, datagrams_count_as_connections);
    tcase_add_test(tests, the_address_is_the_one_that_the_proxy_says);
    tcase_add_test(tests, a_reload_changes_them);
    tcase_add_test(tests, who_says_nothing_is_not_waited_for);
    tcase_add_test(tests, a_stop_does_not_wait_for_those_who_wait);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
