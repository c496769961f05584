/* SPDX-License-Identifier: MIT
 *
 * The dialect does not answer a hello. Whether a guest is logged in is found out by somebody who lists the guest, comes, and goes: the guest is
 * told of the departure if it was there. How many such departures are still under way is not known, but they come before an arrival
 * that is made afterwards.
 */
#include "support/unit/guest.h"

#include "base/log.h"
#include "support/pace.h"
#include "support/unit/peer.h"

#include <check.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* Nobody else has these ids: one for all, and one for each guest below it. */
enum { PROBE = -1, BEACON_FIRST = -1 };
enum { TEXT_MAX = 1 << 16, LOOK_MS = 5, LONG_S = 100000 };

struct options
guest_options(void)
{
    return (struct options){
        .bind = "127.0.0.1",
        .listen = "none",
        .listen_mode = "660",
        .proxy_protocol = "none",
        .workers = 2,
        .hello_timeout_s = LONG_S,
        .message_timeout_s = LONG_S,
        .peer_timeout_s = 3600,
        .udp = true,
        .udp_timeout_s = LONG_S,
        .stop_timeout_s = 3,
        .max_friends = 10000,
        .max_message = 256 << 10,
        .max_unfinished = 256 << 20,
        .max_nesting = 32,
        .max_udp_sessions = 1000,
        .queue_limit = 4096,
        .admin_port = -1,
        .store = "light",
    };
}

struct server *
guest_server(const struct options *options)
{
    char problem[SERVER_PROBLEM] = "";
    struct server *server = NULL;

    log_set_level(LEVEL_ERROR);
    int error = server_start(options, &server, problem);
    ck_assert_msg(error == 0, "error %d: %s", error, problem);
    return server;
}

void
guest_hello(int peer, int64_t user, const char *friends)
{
    static char text[TEXT_MAX];
    int length =
        snprintf(text, sizeof text, friends == NULL ? "{\"user_id\": %" PRId64 "}" : "{\"user_id\": %" PRId64 ", \"friends\": [%s]}", user, friends);

    ck_assert_int_lt(length, TEXT_MAX);
    (void)peer_send_bytes(peer, text, (size_t)length);
}

int
guest_enter(const struct server *server, int64_t user, const char *friends)
{
    int peer = peer_connect(server_port(server));

    guest_hello(peer, user, friends);
    return peer;
}

void
guest_visit(const struct server *server, int64_t user, const char *friends)
{
    int peer = guest_enter(server, user, friends);

    peer_send(peer, "{\"online\": false}");
    peer_expect_end(peer);
    peer_close(peer);
}

int
guest_settle(const struct server *server, int64_t user, const char *friends)
{
    static char list[TEXT_MAX];
    int64_t deadline = pace_deadline_ms();
    struct pollfd polled = {.events = POLLIN};
    int64_t beacon_user = BEACON_FIRST - user;
    char line[64], self[32];

    ck_assert_int_gt(user, 0);
    snprintf(list, sizeof list, "%s%s%" PRId64, friends == NULL ? "" : friends, friends == NULL || friends[0] == '\0' ? "" : ", ", beacon_user);
    snprintf(self, sizeof self, "%" PRId64, user);
    polled.fd = guest_enter(server, user, list);
    do {
        ck_assert_int_gt(pace_left_ms(deadline), 0);
        int probe = guest_enter(server, PROBE, self);

        peer_send(probe, "{\"online\": false}");
        while (peer_read_line(probe, line, sizeof line))
            ; /* it may come so early that it hears the user arrive */
        peer_close(probe);
    } while (poll(&polled, 1, LOOK_MS) == 0);

    int beacon = guest_enter(server, beacon_user, NULL);
    do
        ck_assert(peer_read_line(polled.fd, line, sizeof line));
    while (strcmp(line, OFFLINE) == 0);
    ck_assert_str_eq(line, ONLINE);
    peer_close(beacon);
    peer_expect(polled.fd, OFFLINE);
    return polled.fd;
}
