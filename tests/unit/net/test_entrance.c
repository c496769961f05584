/* SPDX-License-Identifier: MIT
 *
 * What newcomers have to pass, with a real worker and the parrot as the layer above.
 */
#include "net/entrance.h"

#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/parrot.h"
#include "support/unit/peer.h"

#include <stdlib.h>
#include <string.h>

#define LINE "PROXY TCP4 192.0.2.7 192.0.2.1 4711 8080\r\n"

static struct gate gate;

static void
begin(struct gate_limits limits)
{
    parrot_init(1);
    ck_assert_int_eq(gate_init(&gate, &limits), 0);
    parrot.config.gate = &gate;
}

static void
end(void)
{
    parrot_close();
    gate_done(&gate);
}

/* A connection that the worker gets; nothing is expected of it. */
static int
come(bool proxied)
{
    int peer;
    struct socket_mail *letter = parrot_prepare(&peer);

    letter->proxied = proxied;
    parrot_hand_over(0, letter);
    return peer;
}

START_TEST(nobody_hears_of_it_before_its_header_is_there)
{
    begin((struct gate_limits){0});
    parrot_start();
    int peer = come(true), other = parrot_connect(0);

    for (const char *at = LINE; *at != '\0'; at++) {
        char piece[2] = {*at, '\0'};

        peer_send(peer, piece);
    }
    parrot_expect("opened");
    peer_send(peer, "echo a\n");
    peer_expect(peer, "a\n");
    peer_close(peer);
    parrot_expect("input_ended");
    parrot_expect("ended");
    peer = come(true);
    peer_send(peer, LINE "echo b\n");
    parrot_expect("opened");
    peer_expect(peer, "b\n");
    peer_close(peer);
    peer_close(other);
    end();
}
END_TEST

START_TEST(a_wrong_header_ends_it)
{
    begin((struct gate_limits){0});
    parrot_start();
    static const char *const wrong[] = {"echo a\n", "PROXY TCP4\r\n"};

    for (int i = 0; i < 2; i++) {
        int peer = come(true);

        peer_send(peer, wrong[i]);
        parrot_expect("ended");
        peer_expect_over(peer);
        peer_close(peer);
    }
    int half = come(true), none = come(true);

    peer_send(half, "PROXY ");
    peer_half_close(half);
    parrot_expect("ended");
    peer_half_close(none);
    parrot_expect("ended");
    peer_close(half);
    peer_close(none);
    end();
}
END_TEST

START_TEST(a_late_header_ends_it)
{
    begin((struct gate_limits){0});
    parrot.config.timeouts_ms[DEADLINE_HELLO] = 30;
    parrot_start();
    int silent = come(true), half, plain;

    parrot_expect("ended");
    peer_expect_over(silent);
    half = come(true);
    peer_send(half, "PROXY ");
    parrot_expect("ended");
    plain = parrot_connect(0);
    parrot_expect("hello"); /* the layer above's */
    peer_close(silent);
    peer_close(half);
    peer_close(plain);
    end();
}
END_TEST

START_TEST(over_the_limit_of_its_address_it_is_refused)
{
    enum { MANY = 40 };
    begin((struct gate_limits){.address_connections = 1});
    parrot_start();
    int peers[MANY], first = parrot_connect(0), patient = 0;

    for (int i = 0; i < MANY; i++)
        peers[i] = come(false);
    for (int i = 0; i < MANY; i++) {
        const char *event = parrot_event();

        ck_assert(strcmp(event, "refused") == 0 || strcmp(event, "ended") == 0);
        patient += strcmp(event, "refused") == 0;
    }
    ck_assert_int_ge(patient, 1);
    ck_assert_int_lt(patient, MANY);
    for (int i = 0; i < MANY; i++)
        peer_close(peers[i]);
    peer_send(first, "echo a\n");
    peer_expect(first, "a\n");
    peer_close(first);
    end();
}
END_TEST

START_TEST(who_waits_is_read_when_its_turn_comes)
{
    begin((struct gate_limits){.address_login_rate = 2});
    parrot.config.timeouts_ms[DEADLINE_HELLO] = 60000;
    parrot_start();
    int peers[3];

    for (int i = 0; i < 3; i++) {
        peers[i] = parrot_connect(0); /* who says nothing takes no turn */
        ck_assert(!peer_has_input(peers[i]));
    }
    int64_t begun = pace_now_ms();

    for (int i = 0; i < 3; i++)
        peer_send(peers[i], "echo a\n");
    for (int i = 0; i < 3; i++)
        peer_expect(peers[i], "a\n");
    ck_assert_int_ge(pace_now_ms() - begun, 480);
    for (int i = 0; i < 3; i++)
        peer_close(peers[i]);
    end();
}
END_TEST

/* With an end, or with a reset: what had come by then is read. */
START_TEST(who_hangs_up_while_it_waits_is_read_when_its_turn_comes)
{
    begin((struct gate_limits){.address_login_rate = 1});
    parrot_start();
    int first = parrot_connect(0), second = parrot_connect(0);

    peer_send(first, "echo a\n");
    peer_expect(first, "a\n");
    peer_send(second, "note 0\n");
    if (_i == 0)
        peer_close(second);
    else
        peer_reset(second);
    parrot_expect("note");
    if (_i == 0)
        parrot_expect("input_ended");
    parrot_expect("ended");
    peer_close(first);
    parrot_expect("input_ended");
    parrot_expect("ended");
    end();
}
END_TEST

/* A socket that was reset has no address any more, though what it had sent can still be read; that must not count as no limit. */
START_TEST(who_was_reset_before_it_came_is_let_go_unread)
{
    begin((struct gate_limits){.address_login_rate = 1});
    parrot_start();
    int first = parrot_connect(0), peer;
    struct socket_mail *letter = parrot_prepare(&peer);

    peer_send(first, "echo a\n");
    peer_expect(first, "a\n");
    peer_send(peer, "note 0\n");
    (void)peer_wait_any(&letter->descriptor, 1);
    peer_reset(peer);
    parrot_hand_over(0, letter);
    parrot_expect("ended");
    peer_close(first);
    end();
}
END_TEST

START_TEST(a_stop_does_not_wait_for_turns)
{
    begin((struct gate_limits){.login_rate = 1});
    parrot_start();
    int peers[4];

    for (int i = 0; i < 4; i++) {
        peers[i] = parrot_connect(0);
        peer_send(peers[i], "echo a\n");
    }
    peer_expect(peers[0], "a\n");
    end();
    for (int i = 0; i < 4; i++)
        peer_close(peers[i]);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("net/entrance");
    TCase *tests = tcase_create("entrance");

    tcase_add_test(tests, nobody_hears_of_it_before_its_header_is_there);
    tcase_add_test(tests, a_wrong_header_ends_it);
    tcase_add_test(tests, a_late_header_ends_it);
    tcase_add_test(tests, over_the_limit_of_its_address_it_is_refused);
    tcase_add_test(tests, who_waits_is_read_when_its_turn_comes);
    tcase_add_loop_test(tests, who_hangs_up_while_it_waits_is_read_when_its_turn_comes, 0, 2);
    tcase_add_test(tests, who_was_reset_before_it_came_is_let_go_unread);
    tcase_add_test(tests, a_stop_does_not_wait_for_turns);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
