/* SPDX-License-Identifier: MIT
 *
 * Another configuration for workers that run.
 */
#include "net/reconfiguration.h"

#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/parrot.h"
#include "support/unit/peer.h"

#include <stdlib.h>
#include <string.h>

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
    tcase_add_test(tests, a_shorter_time_ends_who_waits_already);
    tcase_add_test(tests, who_waits_has_patience_for_so_long_only);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
