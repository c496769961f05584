/* SPDX-License-Identifier: MIT
 *
 * A drain: everybody is let go in turn and told when to come back, nobody is let in, friends hear of it as of any departure, and a population that does what it
 * is told comes to another server without a spike. With ALO_TEST_VERBOSE, that server's arrivals are printed.
 */
#include "alo/client.h"

#include "support/client.h"
#include "support/pace.h"
#include "support/rpc_client.h"
#include "support/server.h"
#include "support/session.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CROWD_MOST = 400, DRAIN_S = 4, SLOT_MS = 100, WATCHER = 100000, KINDS = 4 };

/* One of the crowd. What it speaks and over what goes in turn. */
struct guest {
    int user;
    bool is_udp, is_rpc;
    struct client *client;  /* one of these two */
    struct udp_client *udp; /* */
    int64_t told_ms;        /* when it was let go; 0: not yet */
    int64_t back_ms;        /* when it is to come back; 0: it has */
    int asked_ms;           /* to stay away for so long */
};

static struct guest crowd[CROWD_MOST];
static int crowd_count;

/* A list of the other guests, long enough for an error to fit into three times the datagram. */
static void
hello_of(const struct guest *guest, char text[static 256])
{
    if (guest->is_rpc)
        sprintf(text, "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"params\": {\"user_id\": %d, \"friends\": []}, \"id\": 1}", guest->user);
    else
        sprintf(text, "{\"user_id\": %d, \"friends\": [700001, 700002, 700003, 700004, 700005, 700006]}", guest->user);
}

static void
guest_come(struct guest *guest, const struct server *server)
{
    char text[256];

    hello_of(guest, text);
    if (guest->is_udp) {
        guest->udp = udp_client_open(server);
        udp_client_send(guest->udp, text);
        if (guest->is_rpc)
            (void)udp_client_receive(guest->udp, "the answer to a login");
    } else {
        guest->client = client_connect(server);
        client_send(guest->client, text);
        if (guest->is_rpc)
            (void)client_read_line(guest->client);
    }
}

static void
guest_close(struct guest *guest)
{
    if (guest->udp != NULL)
        udp_client_close(guest->udp);
    client_close(guest->client);
    guest->udp = NULL;
    guest->client = NULL;
}

/* The last word of the server. Notes when to come back. */
static void
guest_take(struct guest *guest, const char *line)
{
    static const char rpc[] = "{\"jsonrpc\": \"2.0\", \"method\": \"drain\", \"params\": {\"retry_after_ms\": %d}}\n%n";
    static const char rpc_udp[] = "{\"jsonrpc\": \"2.0\", \"method\": \"drain\", \"params\": {\"seq\": 1, \"retry_after_ms\": %d}}\n%n";
    static const char classic[] = "{\"error\": {\"code\": \"shutting_down\", \"message\": \"the server is being drained, come back in %d ms\"}}\n%n";
    int retry_ms = -1, length = 0;

    ck_assert_ptr_nonnull(line);
    sscanf(line, guest->is_rpc ? guest->is_udp ? rpc_udp : rpc : classic, &retry_ms, &length);
    ck_assert_msg(length > 0 && (size_t)length == strlen(line), "user %d was told: %s", guest->user, line);
    ck_assert_int_ge(retry_ms, 0);
    guest->told_ms = pace_now_ms();
    guest->back_ms = guest->told_ms + retry_ms;
    guest->asked_ms = retry_ms;
    if (!guest->is_udp)
        client_expect_end(guest->client);
    guest_close(guest);
}

/* Waits until one of them was told something, or has to come back. */
static void
crowd_wait(int64_t deadline_ms)
{
    struct pollfd polled[CROWD_MOST];
    nfds_t count = 0;
    int64_t next_ms = deadline_ms;

    for (int i = 0; i < crowd_count; i++) {
        if (crowd[i].told_ms == 0)
            polled[count++] = (struct pollfd){.fd = crowd[i].is_udp ? crowd[i].udp->socket : crowd[i].client->socket, .events = POLLIN};
        else if (crowd[i].back_ms != 0 && crowd[i].back_ms < next_ms)
            next_ms = crowd[i].back_ms;
    }
    (void)poll(polled, count, pace_left_ms(next_ms));
    ck_assert_int_gt(pace_left_ms(deadline_ms), 0);
}

/* All of the crowd are let go and come to another server. */
static void
crowd_move(const struct server *to)
{
    int64_t deadline = pace_deadline_ms();

    for (int left = crowd_count; left > 0;) {
        crowd_wait(deadline);
        for (int i = 0; i < crowd_count; i++) {
            struct guest *guest = &crowd[i];

            if (guest->told_ms == 0 && guest->is_udp && udp_client_has_input(guest->udp))
                guest_take(guest, udp_client_receive(guest->udp, "the last word"));
            else if (guest->told_ms == 0 && !guest->is_udp && client_poll(guest->client))
                guest_take(guest, client_read_line(guest->client));
            else if (guest->told_ms != 0 && guest->back_ms != 0 && pace_now_ms() >= guest->back_ms) {
                guest->back_ms = 0;
                guest_come(guest, to);
                left--;
            }
        }
    }
}

static int
compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return a < b ? -1 : a > b;
}

/* When the crowd arrived, as the other server's watcher was told, in order. */
static void
arrivals_read(struct rpc_client *watcher, int64_t *times)
{
    int told = 0;

    while (told < crowd_count) {
        const char *line = client_read_line(watcher->client);

        ck_assert_ptr_nonnull(line);
        for (const char *at = line; (at = strstr(at, "\"online\": true, \"at\": ")) != NULL; at++) {
            ck_assert_int_lt(told, crowd_count);
            ck_assert_int_eq(sscanf(at, "\"online\": true, \"at\": %ld", &times[told]), 1);
            told++;
        }
    }
    qsort(times, (size_t)crowd_count, sizeof *times, compare_times);
}

/* The most that arrived within any slot, as so many times of what an even stream would have brought. */
static double
peak_to_mean(const int64_t *times, int slot_ms)
{
    int peak = 0;

    for (int first = 0, last = 0; last < crowd_count; last++) {
        while (times[last] - times[first] >= slot_ms)
            first++;
        peak = last - first + 1 > peak ? last - first + 1 : peak;
    }
    return (double)peak * DRAIN_S * 1000 / slot_ms / crowd_count;
}

START_TEST(a_population_moves_without_a_spike)
{
    struct server *from = server_start("--workers 3 --drain-time %d", DRAIN_S), *to = server_start("--workers 2");
    int64_t times[CROWD_MOST];
    char list[CROWD_MOST * 8] = "";
    int longest_ms[KINDS] = {0};

    crowd_count = (int)pace_scaled(CROWD_MOST);
    for (int i = 0; i < crowd_count; i++) {
        crowd[i] = (struct guest){.user = i + 1, .is_udp = i / 2 % 2 == 1, .is_rpc = i % 2 == 1};
        guest_come(&crowd[i], from);
        sprintf(list + strlen(list), "%s%d", i == 0 ? "" : ", ", i + 1);
    }
    struct rpc_client *watcher = rpc_open(to);
    char *login = malloc(sizeof list + 100);
    sprintf(login, "\"user_id\": %d, \"friends\": [%s]", WATCHER, list);
    rpc_call(watcher, "1", "login", login);
    (void)client_read_line(watcher->client);
    free(login);

    server_signal(from, SIGUSR2);
    crowd_move(to);
    for (int i = 0; i < crowd_count; i++)
        longest_ms[i % KINDS] = crowd[i].asked_ms > longest_ms[i % KINDS] ? crowd[i].asked_ms : longest_ms[i % KINDS];
    for (int kind = 0; kind < KINDS; kind++)
        ck_assert_int_ge(longest_ms[kind], 500); /* about a second, but for a server that is late */
    arrivals_read(watcher, times);
    if (getenv("ALO_TEST_VERBOSE") != NULL)
        fprintf(stderr, "%d came in %.1f s; the fullest %d ms had %.2f times the mean, the fullest %d ms %.2f times\n", crowd_count,
            (double)(times[crowd_count - 1] - times[0]) / 1000, SLOT_MS, peak_to_mean(times, SLOT_MS), DRAIN_S * 250,
            peak_to_mean(times, DRAIN_S * 250));
    /* A quarter of the time; a test that this machine stops for a moment makes a spike of its own. */
    if (!pace_is_tooled())
        ck_assert_double_le(peak_to_mean(times, DRAIN_S * 250), 2);
    ck_assert_int_eq(server_event_number(from, "drained", 0, "let_go"), crowd_count);
    for (int i = 0; i < crowd_count; i++)
        guest_close(&crowd[i]);
    rpc_close(watcher);
    server_stop(from);
    server_stop(to);
}
END_TEST

/* The kernel says that nobody listens. */
static void
expect_no_listener(const struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(descriptor, (struct sockaddr *)&address, sizeof address), -1);
    ck_assert_int_eq(errno, ECONNREFUSED);
    close(descriptor);
}

/* A hello from a new address is refused; soon, as each worker has to hear of the drain first. */
static void
expect_no_session(const struct server *server)
{
    int64_t deadline = pace_deadline_ms();
    bool refused = false;

    while (!refused) {
        struct udp_client *stranger = udp_client_open(server);

        udp_client_hello(stranger, 3, "11, 12, 14, 15, 16, 17, 18, 19, 20"); /* nobody who is there */
        udp_client_goodbye(stranger, 3);
        udp_client_send(stranger, "{\"user_id\": \"wrong, and so long that the answer is not longer than three times all of this\"}");
        refused = strstr(udp_client_receive(stranger, "a refusal, or what is wrong with the second"), "\"shutting_down\"") != NULL;
        udp_client_close(stranger);
        ck_assert_int_gt(pace_left_ms(deadline), 0);
    }
}

/* Those who are there are served until their time has come; a second signal changes nothing; SIGTERM is quick. */
START_TEST(nobody_is_let_in_and_a_stop_does_not_wait)
{
    struct server *server = server_start("--workers 3 --drain-time 3600 --verbose");
    struct session *classic = session_open(server, 1, "2");

    server_signal(server, SIGUSR2);
    ck_assert_int_ge(server_event_number(server, "draining", 0, "connections"), 1); /* a beacon of the session may not be gone yet */
    ck_assert_int_eq(server_event_number(server, "draining", 0, "drain_time_s"), 3600);
    server_signal(server, SIGUSR2);
    server_signal(server, SIGHUP);
    (void)server_event(server, "reloaded", 0);
    expect_no_listener(server);
    expect_no_session(server);
    client_hello(classic->client, 1, NULL);
    client_send(classic->client, "{\"user_id\": 7}");
    client_expect_error(classic->client, "user_mismatch");
    ck_assert_int_eq(server_event_number(server, "drained", 0, "let_go"), 0);
    expect_no_session(server); /* it serves on until it is stopped */
    session_close(classic);
    server_stop(server);
}
END_TEST

START_TEST(a_stop_in_the_middle_is_a_stop)
{
    struct server *server = server_start("--workers 3 --drain-time 3600");
    struct session *classic = session_open(server, 1, "2");
    struct rpc_client *rpc = rpc_login(server, "2", "1", "1");

    client_expect(classic->client, ONLINE);
    server_signal(server, SIGUSR2);
    (void)server_event(server, "draining", 0);
    server_signal(server, SIGTERM);
    client_expect_error(classic->client, "shutting_down"); /* which is no news */
    rpc_expect_last_error(rpc, "null", -32000, "shutting_down");
    ck_assert_int_eq(server_wait(server), 0);
    session_close(classic);
    rpc_close(rpc);
    server_free(server);
}
END_TEST

/* Of two friends the one who goes second hears of the first, and both hear the last word last. */
START_TEST(a_departure_is_news_as_ever)
{
    struct server *server = server_start("--workers 2 --drain-time 1");
    struct session *sessions[2] = {session_open(server, 1, "2"), session_open(server, 2, "1")};
    int heard = 0;

    client_expect(sessions[0]->client, ONLINE);
    server_signal(server, SIGUSR2);
    for (int i = 0; i < 2; i++) {
        const char *line = client_read_line(sessions[i]->client);

        ck_assert_ptr_nonnull(line);
        if (strcmp(line, OFFLINE) == 0) {
            heard++;
            line = client_read_line(sessions[i]->client);
        }
        ck_assert_ptr_nonnull(line);
        ck_assert_ptr_nonnull(strstr(line, "\"shutting_down\""));
        client_expect_end(sessions[i]->client);
        session_close(sessions[i]);
    }
    ck_assert_int_eq(heard, 1);
    (void)server_event(server, "drained", 0);
    server_stop(server);
}
END_TEST

/* libalo tells the program when to come back. */
START_TEST(the_library_is_told)
{
    struct server *server = server_start("--workers 2 --drain-time 1");
    const struct alo_options options = {.udp = _i == 1, .request_timeout_ms = pace_left_ms(pace_deadline_ms())};
    struct alo_client *client = alo_new(&options);
    struct alo_event event;
    char address[32];

    sprintf(address, "127.0.0.1:%d", server->port);
    ck_assert_int_eq(alo_connect(client, address), ALO_OK);
    ck_assert_int_eq(alo_login(client, alo_user_number(1), NULL, 0, NULL), ALO_OK);
    server_signal(server, SIGUSR2);
    ck_assert_int_eq(alo_next_event(client, &event, pace_left_ms(pace_deadline_ms())), ALO_OK);
    ck_assert_int_eq(event.kind, ALO_EVENT_LOST);
    ck_assert_str_eq(alo_error_code(client), "shutting_down");
    ck_assert_int_ge(alo_retry_after_ms(client), 0);
    ck_assert_int_le(alo_retry_after_ms(client), 2000);
    alo_close(client);
    (void)server_event(server, "drained", 0);
    server_stop(server);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("drain");
    TCase *tests = tcase_create("drain");

    tcase_add_test(tests, a_population_moves_without_a_spike);
    tcase_add_test(tests, nobody_is_let_in_and_a_stop_does_not_wait);
    tcase_add_test(tests, a_stop_in_the_middle_is_a_stop);
    tcase_add_test(tests, a_departure_is_news_as_ever);
    tcase_add_loop_test(tests, the_library_is_told, 0, 2);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
