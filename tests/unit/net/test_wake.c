/* SPDX-License-Identifier: MIT
 *
 * Who has the turn of a worker that got mail: its own thread, or, when it sleeps and the mail is little, the thread that posted it.
 */
#include "net/worker.h"

#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/parrot.h"
#include "support/unit/peer.h"

#include <stdio.h>
#include <string.h>

START_TEST(little_mail_does_not_wake_a_sleeper)
{
    parrot_open(2);
    int peer = parrot_connect(0);

    parrot_await_sleep(1);
    peer_send(peer, "tell 1 1\n");
    parrot_expect("told by 0");
    parrot_await_sleep(1);
    peer_send(peer, "tell 1 120\n");
    parrot_expect("told by 0");
    peer_close(peer);
    parrot_close();
}
END_TEST

START_TEST(much_mail_wakes_a_sleeper)
{
    parrot_open(2);
    int peer = parrot_connect(0);

    parrot_await_sleep(1);
    peer_send(peer, "tell 1 200\n");
    parrot_expect("told by 1");
    parrot_await_sleep(1);
    peer_send(peer, "tell 1 100\ntell 1 100\n"); /* much together */
    parrot_expect("told by 1");
    parrot_expect("told by 1");
    peer_close(peer);
    parrot_close();
}
END_TEST

/* What one thread tells is little all in all, however many workers it is for, and also when it comes at the end of a turn. */
START_TEST(little_for_each_of_many_is_much)
{
    enum { WORKERS = 3 };
    unsigned told[WORKERS] = {0};

    parrot_open(WORKERS);
    int peer = parrot_connect(0);

    peer_send(peer, "bequeath 100\necho ready\n");
    peer_expect(peer, "ready\n");
    for (uint32_t i = 1; i < WORKERS; i++)
        parrot_await_sleep(i);
    peer_close(peer);
    parrot_expect("input_ended");
    parrot_expect("ended");
    for (uint32_t i = 1; i < WORKERS; i++) {
        uint32_t by;

        ck_assert_int_eq(sscanf(parrot_event(), "told by %u", &by), 1);
        ck_assert_uint_lt(by, WORKERS);
        told[by]++;
    }
    for (uint32_t i = 0; i < WORKERS; i++)
        ck_assert_uint_eq(told[i], i > 0);
    parrot_close();
}
END_TEST

/* With much to tell itself, a worker has no turn of others. */
START_TEST(who_has_much_to_do_wakes_a_sleeper)
{
    parrot_open(2);
    int peer = parrot_connect(0);

    parrot_post(0, 200); /* under way until mail of no weight settles it */
    parrot_await_sleep(1);
    peer_send(peer, "tell 1 1\n");
    parrot_expect("told by 1");
    parrot_post(0, 0);
    peer_close(peer);
    parrot_close();
}
END_TEST

START_TEST(who_is_awake_takes_its_own_mail)
{
    parrot_open(2);
    int peer = parrot_connect(0), other = parrot_connect(1);

    peer_send(other, "hold\n");
    parrot_expect("held");
    peer_send(peer, "tell 1 1\n");
    peer_send(peer, "echo posted\n"); /* in a turn after that */
    peer_expect(peer, "posted\n");
    parrot_let_go();
    parrot_expect("told by 1");
    peer_close(peer);
    peer_close(other);
    parrot_close();
}
END_TEST

/* Whoever stands in has one turn; a worker with more to do is woken. */
START_TEST(what_is_left_is_its_own_to_do)
{
    parrot_open(2);
    int peer = parrot_connect(0);

    parrot_await_sleep(1);
    peer_send(peer, "again 1\n");
    parrot_expect("told by 0");
    parrot_expect("again by 1");
    peer_close(peer);
    parrot_close();
}
END_TEST

/* It had gone to sleep without an end. */
START_TEST(a_deadline_begun_for_a_sleeper_is_kept)
{
    parrot_init(2);
    parrot.config.timeouts_ms[DEADLINE_BRAKE] = 1;
    parrot_start();
    int peer = parrot_connect(0);

    parrot_await_sleep(1);
    ck_assert_uint_eq(parrot.workers[1].asleep_until_ms, DEADLINE_NEVER);
    peer_send(peer, "later 1\n");
    parrot_expect("told by 0");
    parrot_expect("later by 1");
    peer_close(peer);
    parrot_close();
}
END_TEST

/* All post to all, some much and some little, and each mail is taken once; then they are stopped while they still do. */
START_TEST(all_for_all_at_once)
{
    enum { WORKERS = 4, ROUNDS = 300 };
    int peers[WORKERS];
    unsigned told = 0, rounds = pace_scaled(ROUNDS);

    parrot_open(WORKERS);
    for (uint32_t i = 0; i < WORKERS; i++)
        peers[i] = parrot_connect(i);
    for (unsigned round = 0; round < rounds; round++) {
        for (uint32_t i = 0; i < WORKERS; i++) {
            char text[64];

            snprintf(text, sizeof text, "tell %u 1\ntell %u 150\n", (i + round) % WORKERS, (i + 1 + round / WORKERS) % WORKERS);
            peer_send(peers[i], text);
        }
        for (unsigned i = 0; i < 2 * WORKERS && round < rounds - 1; i++)
            told += strncmp(parrot_event(), "told by ", 8) == 0;
    }
    ck_assert_uint_eq(told, 2 * WORKERS * (rounds - 1));
    parrot_stop();
    for (uint32_t i = 0; i < WORKERS; i++)
        peer_close(peers[i]);
    parrot_done();
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("wake");
    TCase *tests = tcase_create("wake");

    tcase_add_test(tests, little_mail_does_not_wake_a_sleeper);
    tcase_add_test(tests, much_mail_wakes_a_sleeper);
    tcase_add_test(tests, little_for_each_of_many_is_much);
    tcase_add_test(tests, who_has_much_to_do_wakes_a_sleeper);
    tcase_add_test(tests, who_is_awake_takes_its_own_mail);
    tcase_add_test(tests, what_is_left_is_its_own_to_do);
    tcase_add_test(tests, a_deadline_begun_for_a_sleeper_is_kept);
    tcase_add_test(tests, all_for_all_at_once);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
