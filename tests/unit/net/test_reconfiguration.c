/* SPDX-License-Identifier: MIT
 *
 * Another configuration for workers that run.
 */
#include "net/reconfiguration.h"

#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/parrot.h"
#include "support/unit/peer.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool
wait_long(struct reconfiguration *reconfiguration)
{
    return reconfiguration_wait(reconfiguration, (uint32_t)pace_left_ms(pace_deadline_ms()));
}

START_TEST(there_is_nobody_to_wait_for_at_first)
{
    struct reconfiguration reconfiguration;

    reconfiguration_init(&reconfiguration, &parrot.config, "");
    ck_assert(reconfiguration_wait(&reconfiguration, 0));
    reconfiguration_done(&reconfiguration);
}
END_TEST

START_TEST(each_worker_takes_it_and_the_former_one_is_not_looked_at_again)
{
    enum { ROUNDS = 20 };

    parrot_open(3);
    int peer = parrot_connect(1);
    struct worker_config *former = NULL;
    struct reconfiguration rounds[ROUNDS];

    for (int round = 0; round < ROUNDS; round++) {
        struct worker_config *config = malloc(sizeof *config);

        *config = parrot.config;
        config->timeouts_ms[DEADLINE_MESSAGE] = 1000 + (uint64_t)round;
        reconfiguration_init(&rounds[round], config, "settings");
        workers_reconfigure(parrot.workers, 3, &rounds[round]);
        ck_assert(wait_long(&rounds[round]));
        for (int worker = 0; worker < 3; worker++)
            parrot_expect("settings");
        if (former != NULL) {
            memset(former, 0xee, sizeof *former);
            free(former);
        }
        former = config;
        peer_send(peer, "echo still\n");
        peer_expect(peer, "still\n");
    }
    parrot_stop();
    for (int worker = 0; worker < 3; worker++) {
        ck_assert_ptr_eq(parrot.workers[worker].config, former);
        ck_assert_uint_eq(parrot.workers[worker].deadlines[DEADLINE_MESSAGE].timeout_ms, 1000 + ROUNDS - 1);
    }
    parrot_done();
    for (int round = 0; round < ROUNDS; round++)
        reconfiguration_done(&rounds[round]);
    free(former);
    peer_close(peer);
}
END_TEST

/* Who has posted it mail wakes it, or has its turn, at the end of the own one; that may be a long turn. */
START_TEST(a_sleeper_with_mail_from_a_worker_in_a_long_turn_takes_it_at_once)
{
    struct reconfiguration reconfiguration;

    parrot_open(2);
    int peer = parrot_connect(0);

    parrot_await_sleep(1);
    peer_send(peer, "tell 1 1\nhold\n");
    parrot_expect("held");
    reconfiguration_init(&reconfiguration, &parrot.config, "settings");
    workers_reconfigure(parrot.workers, 2, &reconfiguration);
    parrot_expect("told by 1");
    parrot_expect("settings");
    parrot_let_go();
    parrot_expect("settings");
    ck_assert(wait_long(&reconfiguration));
    peer_close(peer);
    parrot_close();
    reconfiguration_done(&reconfiguration);
}
END_TEST

START_TEST(a_shorter_time_ends_who_waits_already)
{
    struct reconfiguration reconfiguration;
    struct worker_config config;

    parrot_open(1);
    int peer = parrot_connect(0);

    config = parrot.config;
    config.timeouts_ms[DEADLINE_HELLO] = 1;
    reconfiguration_init(&reconfiguration, &config, "settings");
    workers_reconfigure(parrot.workers, 1, &reconfiguration);
    parrot_expect("settings");
    parrot_expect("hello");
    ck_assert(wait_long(&reconfiguration));
    parrot_close();
    reconfiguration_done(&reconfiguration);
    peer_close(peer);
}
END_TEST

/* The kernel's time until it asks a silent peer, of the latest connection. */
static int
idle_s(void)
{
    int value = 0;
    socklen_t length = sizeof value;

    ck_assert_int_eq(getsockopt(parrot_latest(), IPPROTO_TCP, TCP_KEEPIDLE, &value, &length), 0);
    return value;
}

START_TEST(the_kernel_is_told_of_another_peer_timeout)
{
    enum { BEFORE = 300 }; /* more than a turn's share */
    struct reconfiguration reconfigurations[2];
    struct worker_config configs[2];
    int peers[BEFORE], late = -1;

    parrot_open(1);
    for (int i = 0; i < BEFORE; i++)
        peers[i] = parrot_connect(0);
    ck_assert_int_eq(idle_s(), 30);
    for (int i = 0; i < 2; i++) {
        configs[i] = parrot.config;
        configs[i].peer_timeout_s = i == 0 ? 600 : 60;
        reconfiguration_init(&reconfigurations[i], &configs[i], "settings");
        workers_reconfigure(parrot.workers, 1, &reconfigurations[i]);
        ck_assert(wait_long(&reconfigurations[i]));
        parrot_expect("settings");
        for (int64_t deadline = pace_deadline_ms(); idle_s() != (i == 0 ? 300 : 30);)
            ck_assert_int_gt(pace_left_ms(deadline), 0);
        if (i == 0) { /* that of before is what this listener has still, as one had when it was connected to */
            late = parrot_connect(0);
            ck_assert_int_eq(idle_s(), 300);
        }
    }
    for (int i = 0; i < BEFORE; i++) {
        peer_send(peers[i], "echo still\n");
        peer_expect(peers[i], "still\n");
        peer_close(peers[i]);
    }
    peer_close(late);
    parrot_close();
    for (int i = 0; i < 2; i++)
        reconfiguration_done(&reconfigurations[i]);
}
END_TEST

START_TEST(nobody_is_too_silent_for_a_peer_timeout_that_has_just_begun)
{
    struct reconfiguration reconfigurations[2];
    struct worker_config configs[2];

    parrot_open(1);
    int peer = parrot_connect(0);
    peer_send(peer, "vanish\n");
    peer_expect(peer, "gone\n");
    for (int i = 0; i < 2; i++) {
        configs[i] = parrot.config;
        configs[i].peer_timeout_s = 5 + (uint32_t)i;
        configs[i].silence_ms = i == 0 ? 3600000 : 2;
        configs[i].timeouts_ms[DEADLINE_DELIVERY] = 1;
        configs[i].timeouts_ms[DEADLINE_HEARD] = 1;
        reconfiguration_init(&reconfigurations[i], &configs[i], "settings");
        workers_reconfigure(parrot.workers, 1, &reconfigurations[i]);
        ck_assert(wait_long(&reconfigurations[i]));
        for (int asked = 0; i == 0 && asked < 3;)
            asked += strcmp(parrot_event(), "asked") == 0;
    }
    for (const char *word = parrot_event(); strcmp(word, "ended") != 0; word = parrot_event())
        ck_assert_msg(strcmp(word, "asked") == 0 || strcmp(word, "settings") == 0 || strcmp(word, "input_ended") == 0, "%s", word);
    peer_close(peer);
    parrot_close();
    for (int i = 0; i < 2; i++)
        reconfiguration_done(&reconfigurations[i]);
}
END_TEST

START_TEST(who_waits_has_patience_for_so_long_only)
{
    struct reconfiguration reconfiguration;

    parrot_init(2);
    ck_assert_int_eq(workers_init(parrot.workers, 2, &parrot.config), 0);
    parrot.initialised = true;
    reconfiguration_init(&reconfiguration, &parrot.config, "settings");
    workers_reconfigure(parrot.workers, 2, &reconfiguration); /* they do not run yet */
    ck_assert(!reconfiguration_wait(&reconfiguration, 0));
    ck_assert(!reconfiguration_wait(&reconfiguration, 10));
    parrot_start();
    ck_assert(wait_long(&reconfiguration));
    parrot_expect("settings");
    parrot_expect("settings");
    parrot_close();
    reconfiguration_done(&reconfiguration);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("reconfiguration");
    TCase *tests = tcase_create("reconfiguration");

    tcase_add_test(tests, there_is_nobody_to_wait_for_at_first);
    tcase_add_test(tests, each_worker_takes_it_and_the_former_one_is_not_looked_at_again);
    tcase_add_test(tests, a_sleeper_with_mail_from_a_worker_in_a_long_turn_takes_it_at_once);
    tcase_add_test(tests, a_shorter_time_ends_who_waits_already);
    tcase_add_test(tests, the_kernel_is_told_of_another_peer_timeout);
    tcase_add_test(tests, nobody_is_too_silent_for_a_peer_timeout_that_has_just_begun);
    tcase_add_test(tests, who_waits_has_patience_for_so_long_only);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
