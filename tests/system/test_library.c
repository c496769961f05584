/* SPDX-License-Identifier: MIT
 *
 * libalo and the real server: both dialects over TCP and UDP, and what becomes of a session when the server goes and comes again.
 */
#include "alo/client.h"

#include "support/client.h"
#include "support/pace.h"
#include "support/port.h"
#include "support/server.h"
#include "support/session.h"
#include "support/unit.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One program's side. */
struct party {
    struct alo_client *client;
    struct alo_event event;
};

static struct party
join(const char *address, struct alo_options options)
{
    struct party party = {NULL, {0}};

    options.request_timeout_ms = pace_left_ms(pace_deadline_ms()) / 2;
    party.client = alo_new(&options);
    ck_assert_ptr_nonnull(party.client);
    ck_assert_msg(alo_connect(party.client, address) == ALO_OK, "%s", alo_error_text(party.client));
    return party;
}

static struct party
join_server(const struct server *server, struct alo_options options)
{
    char address[32];

    snprintf(address, sizeof address, "127.0.0.1:%d", server->port);
    return join(address, options);
}

#define must(party, call) ck_assert_msg((call) == ALO_OK, "%s: %s: %s", #call, alo_error_text((party)->client), alo_error_code((party)->client))

static void
next(struct party *party, enum alo_event_kind kind)
{
    must(party, alo_next_event(party->client, &party->event, pace_left_ms(pace_deadline_ms())));
    ck_assert_int_eq(party->event.kind, kind);
}

static void
expect(struct party *party, struct alo_user user, bool online, bool snapshot)
{
    next(party, ALO_EVENT_PRESENCE);
    ck_assert_pstr_eq(party->event.user.name, user.name);
    ck_assert_int_eq(party->event.user.number, user.number);
    ck_assert_int_eq(party->event.online, online);
    ck_assert_int_eq(party->event.snapshot, snapshot);
    ck_assert_int_eq(party->event.at_ms == 0, snapshot);
}

static void
expect_status(struct party *party, struct alo_user user, const char *status)
{
    expect(party, user, true, party->event.snapshot);
    ck_assert_pstr_eq(party->event.status, status);
}

static const struct alo_user one = {NULL, 1}, bob = {"bob \xE2\x82\xAC\"", 0};

/* All that there is, between a user with an integer id and one with a string, over each pair of transports. */
START_TEST(a_conversation)
{
    struct server *server = server_start("--workers 3");
    struct party a = join_server(server, (struct alo_options){.udp = _i & 1}), b = join_server(server, (struct alo_options){.udp = _i & 2});
    const struct alo_user both[] = {bob, one};
    struct alo_presence presences[2];

    must(&a, alo_ping(a.client));
    must(&a, alo_login(a.client, one, &bob, 1, "here"));
    ck_assert_str_ne(alo_session_id(a.client), "");
    must(&b, alo_login(b.client, bob, NULL, 0, NULL));
    expect(&a, bob, true, false);
    must(&b, alo_online(b.client, both, 2, presences));
    ck_assert(presences[0].online && presences[1].online);
    ck_assert_pstr_eq(presences[0].status, NULL);
    ck_assert_pstr_eq(presences[1].status, "here");
    must(&b, alo_follow(b.client, both, 2));
    b.event.snapshot = true;
    expect_status(&b, one, "here");
    must(&a, alo_set_status(a.client, "away\n"));
    b.event.snapshot = false;
    expect_status(&b, one, "away\n");
    must(&a, alo_set_status(a.client, NULL));
    expect_status(&b, one, NULL);
    must(&b, alo_unfollow(b.client, &one, 1));
    must(&a, alo_set_status(a.client, "gone"));
    must(&b, alo_ping(b.client));
    ck_assert_int_eq(alo_next_event(b.client, &b.event, 0), ALO_TIMEOUT);
    must(&b, alo_logout(b.client));
    expect(&a, bob, false, false);
    ck_assert_int_eq(a.event.reason, ALO_REASON_GOODBYE);
    alo_close(b.client);
    must(&a, alo_logout(a.client));
    alo_close(a.client);
    server_stop(server);
}
END_TEST

START_TEST(refusals)
{
    struct server *server = server_start("--max-friends 2");
    struct party a = join_server(server, (struct alo_options){.udp = _i});
    const struct alo_user many[] = {{NULL, 2}, {NULL, 3}, {NULL, 4}};

    ck_assert_int_eq(alo_login(a.client, one, many, 3, NULL), ALO_REFUSED);
    ck_assert_str_eq(alo_error_code(a.client), "too_many_friends");
    alo_close(a.client);
    server_stop(server);
}
END_TEST

START_TEST(the_server_stops)
{
    struct server *server = server_start("--workers 1");
    struct party a = join_server(server, (struct alo_options){0});

    must(&a, alo_login(a.client, one, &bob, 1, NULL));
    server_stop(server);
    next(&a, ALO_EVENT_ERROR);
    ck_assert_str_eq(alo_error_code(a.client), "shutting_down");
    next(&a, ALO_EVENT_LOST);
    ck_assert_str_eq(alo_error_code(a.client), "shutting_down");
    ck_assert_int_eq(alo_next_event(a.client, &a.event, -1), ALO_NOT_CONNECTED);
    alo_close(a.client);
}
END_TEST

/* By UDP a server that was started again is logged in to by itself, and the state becomes true again. */
START_TEST(the_server_comes_again)
{
    uint16_t port = port_of_ones_own();
    struct server *server = server_start("--workers 1 --port %u", port);
    struct party a = join_server(server, (struct alo_options){.udp = true, .heartbeat_ms = 50}), b = join_server(server, (struct alo_options){0});

    must(&b, alo_login(b.client, bob, NULL, 0, NULL));
    must(&a, alo_login(a.client, one, &bob, 1, "still here"));
    expect(&a, bob, true, true);
    alo_close(b.client);
    expect(&a, bob, false, false);
    ck_assert_int_eq(a.event.reason, ALO_REASON_CLOSED);
    server_stop(server);
    server = server_start("--workers 1 --port %u", port);
    b = join_server(server, (struct alo_options){0});
    must(&b, alo_login(b.client, bob, &one, 1, NULL));
    next(&a, ALO_EVENT_PRESENCE); /* in the snapshot of its new login, or after it */
    ck_assert(a.event.online);
    next(&b, ALO_EVENT_PRESENCE);
    ck_assert_pstr_eq(b.event.status, "still here");
    alo_close(a.client);
    alo_close(b.client);
    server_stop(server);
}
END_TEST

/* Heartbeats keep a session that is silent otherwise; without them it ends. */
START_TEST(heartbeats)
{
    int timeout_s = pace_seconds(3);
    struct server *server = server_start("--udp-timeout %d", timeout_s);
    struct party a = join_server(server, (struct alo_options){.udp = true, .classic = _i, .heartbeat_ms = _i ? timeout_s * 300 : 0}),
                 b = join_server(server, (struct alo_options){.udp = true});
    int64_t until = pace_now_ms() + 1500 * (int64_t)timeout_s;

    must(&b, alo_login(b.client, bob, &one, 1, NULL));
    must(&a, alo_login(a.client, one, NULL, 0, NULL));
    expect(&b, one, true, false);
    for (int64_t left = until - pace_now_ms(); left > 0; left = until - pace_now_ms()) {
        struct pollfd two[] = {{.fd = alo_fd(a.client), .events = POLLIN}, {.fd = alo_fd(b.client), .events = POLLIN}};
        int a_ms = alo_timeout_ms(a.client), b_ms = alo_timeout_ms(b.client), wait_ms = a_ms < b_ms ? a_ms : b_ms;

        ck_assert_int_ge(wait_ms, 0);
        ck_assert_int_ge(poll(two, 2, wait_ms < left ? wait_ms : (int)left), 0);
        ck_assert_int_eq(alo_next_event(a.client, &a.event, 0), ALO_TIMEOUT);
        ck_assert_int_eq(alo_next_event(b.client, &b.event, 0), ALO_TIMEOUT);
    }
    expect(&b, one, false, false); /* a is silent now */
    ck_assert_int_eq(b.event.reason, ALO_REASON_TIMEOUT);
    alo_close(a.client);
    alo_close(b.client);
    server_stop(server);
}
END_TEST

/* More friends, and longer statuses, than an answer to a short datagram may hold. */
START_TEST(large_snapshots)
{
    enum { FRIENDS = 40 };
    struct server *server = server_start("--workers 2");
    struct party a = join_server(server, (struct alo_options){.udp = true});
    struct party friends[FRIENDS];
    struct alo_user users[FRIENDS];
    char status[257];
    unsigned seen = 0;

    memset(status, 's', 256);
    status[256] = '\0';
    for (int i = 0; i < FRIENDS; i++) {
        friends[i] = join_server(server, (struct alo_options){0});
        users[i] = alo_user_number(100 + i);
        must(&friends[i], alo_login(friends[i].client, users[i], NULL, 0, status));
    }
    must(&a, alo_login(a.client, one, users, FRIENDS, NULL));
    for (int i = 0; i < FRIENDS; i++) {
        next(&a, ALO_EVENT_PRESENCE);
        ck_assert(a.event.online && a.event.snapshot);
        ck_assert_pstr_eq(a.event.status, status);
        seen++;
        alo_close(friends[i].client);
    }
    ck_assert_uint_eq(seen, FRIENDS);
    alo_close(a.client);
    server_stop(server);
}
END_TEST

/* The list that is in force is seen by who is heard of: of two users the one that is unfollowed is not. */
START_TEST(classic)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 9, "1");
    struct party a = join_server(server, (struct alo_options){.classic = true, .udp = _i});
    const struct alo_user two = {NULL, 2}, three = {NULL, 3};

    must(&a, alo_login(a.client, one, &two, 1, NULL));
    client_expect(watcher->client, ONLINE);
    must(&a, alo_follow(a.client, &three, 1));
    must(&a, alo_unfollow(a.client, &two, 1));
    must(&a, alo_ping(a.client));
    /* 3 comes and goes until it is heard of. */
    do
        user_visit(server, 3, NULL);
    while (alo_next_event(a.client, &a.event, pace_stretched_ms(20)) == ALO_TIMEOUT);
    ck_assert_int_eq(a.event.kind, ALO_EVENT_SOMEONE);
    ck_assert(a.event.online);
    must(&a, alo_logout(a.client));
    client_expect(watcher->client, OFFLINE);
    session_leave(watcher);
    alo_close(a.client);
    server_stop(server);
}
END_TEST

/* Both dialects are friends of each other. */
START_TEST(dialects)
{
    struct server *server = server_start("--workers 3");
    struct party a = join_server(server, (struct alo_options){.classic = true, .udp = _i}), b = join_server(server, (struct alo_options){0});
    const struct alo_user two = {NULL, 2};

    must(&b, alo_login(b.client, two, &one, 1, NULL));
    must(&a, alo_login(a.client, one, &two, 1, NULL));
    expect(&b, one, true, false);
    must(&b, alo_logout(b.client));
    next(&a, ALO_EVENT_SOMEONE);
    ck_assert(!a.event.online);
    must(&a, alo_logout(a.client));
    alo_close(a.client);
    alo_close(b.client);
    server_stop(server);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("library");
    TCase *tests = tcase_create("library");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_loop_test(tests, classic, 0, 2);
    tcase_add_loop_test(tests, a_conversation, 0, 4);
    tcase_add_loop_test(tests, refusals, 0, 2);
    tcase_add_test(tests, the_server_stops);
    tcase_add_test(tests, the_server_comes_again);
    tcase_add_loop_test(tests, heartbeats, 0, 2);
    tcase_add_test(tests, large_snapshots);
    tcase_add_loop_test(tests, dialects, 0, 2);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
