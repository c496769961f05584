/* SPDX-License-Identifier: MIT
 *
 * Signs of life, with workers that do not run: the test answers for them. The acceptor is a real one.
 */
#include "net/pulse.h"

#include "net/acceptor.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/peer.h"

#include <poll.h>
#include <string.h>

enum { WORKERS = 3 };

static struct pressure pressure;
static struct pulse pulse;
static struct worker_config config;
static struct worker workers[WORKERS];
static struct acceptor acceptor;

static void
begin(void)
{
    pressure_init(&pressure);
    ck_assert_int_eq(pulse_init(&pulse, WORKERS), 0);
    config = (struct worker_config){.pulse = &pulse};
    for (int i = 0; i < WORKERS; i++)
        ck_assert_int_eq(mailbox_init(&workers[i].mailbox, &pressure), 0);
    acceptor = (struct acceptor){.workers = workers, .worker_count = WORKERS, .config = &config};
    ck_assert_int_eq(acceptor_start(&acceptor), 0);
}

static void
end(void)
{
    acceptor_stop(&acceptor);
    for (int i = 0; i < WORKERS; i++)
        mailbox_done(&workers[i].mailbox);
    pulse_done(&pulse);
}

/* The worker was woken, with no mail, and looks whether it is asked. A second look answers nothing. */
static void
answer(int worker)
{
    struct mailbox *mailbox = &workers[worker].mailbox;

    (void)peer_wait_any(&mailbox->wake_descriptor, 1);
    mailbox_slept(mailbox);
    ck_assert_ptr_null(mailbox_take(mailbox));
    pulse_look(&pulse, (uint32_t)worker);
    pulse_look(&pulse, (uint32_t)worker);
}

/* Waits until those who have not answered are these. */
static void
expect_missing(const char *expected)
{
    char names[PULSE_NAMES];
    int64_t deadline = pace_deadline_ms();

    do {
        pulse_name_missing(&pulse, names);
        ck_assert_msg(pace_left_ms(deadline) > 0, "missing: %s", names);
    } while (strcmp(names, expected) != 0);
}

START_TEST(only_when_everyone_has_answered_it_is_answered)
{
    begin();
    for (int round = 0; round < 3; round++) {
        pulse_ask(&pulse, workers, &acceptor);
        expect_missing("worker 0, worker 1, worker 2");
        for (int i = WORKERS - 1; i >= 0; i--) {
            ck_assert(!pulse_is_answered(&pulse));
            answer(i);
        }
        ck_assert(pulse_is_answered(&pulse));
        expect_missing("");
    }
    end();
}
END_TEST

START_TEST(the_last_answer_wakes_the_asker)
{
    struct pollfd polled;

    begin();
    polled = (struct pollfd){.fd = pulse.descriptor, .events = POLLIN};
    pulse_ask(&pulse, workers, &acceptor);
    expect_missing("worker 0, worker 1, worker 2");
    answer(0);
    answer(2);
    ck_assert_int_eq(poll(&polled, 1, 0), 0);
    answer(1);
    ck_assert_int_eq(poll(&polled, 1, 0), 1);
    ck_assert(pulse_is_answered(&pulse));
    ck_assert_int_eq(poll(&polled, 1, 0), 0);
    end();
}
END_TEST

START_TEST(many_names_are_cut)
{
    char names[PULSE_NAMES];

    ck_assert_int_eq(pulse_init(&pulse, HANDLE_WORKERS_MAX), 0);
    for (uint32_t thread = 0; thread <= HANDLE_WORKERS_MAX; thread++)
        atomic_store(&pulse.owes[thread], true);
    pulse_name_missing(&pulse, names);
    ck_assert_uint_eq(strlen(names), PULSE_NAMES - 1);
    pulse_done(&pulse);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("pulse");
    TCase *tests = tcase_create("pulse");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, only_when_everyone_has_answered_it_is_answered);
    tcase_add_test(tests, the_last_answer_wakes_the_asker);
    tcase_add_test(tests, many_names_are_cut);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
