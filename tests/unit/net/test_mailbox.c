/* SPDX-License-Identifier: MIT
 *
 * A mailbox: wakes its owner only when it was empty, keeps the order, and makes pressure when its owner does not keep up.
 */
#include "net/mailbox.h"

#include "support/unit.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

static struct pressure pressure;
static struct mailbox mailbox;

static void
open_mailbox(void)
{
    pressure_init(&pressure);
    ck_assert_int_eq(mailbox_init(&mailbox, &pressure), 0);
}

static void
close_mailbox(void)
{
    mailbox_done(&mailbox);
}

static bool
is_awake(void)
{
    struct pollfd polled = {.fd = mailbox.wake_descriptor, .events = POLLIN};

    return poll(&polled, 1, 0) == 1;
}

START_TEST(only_the_first_mail_asks_for_a_wake_up)
{
    struct mail mails[3] = {{0}};

    ck_assert(mailbox_post(&mailbox, &mails[0]));
    ck_assert(!mailbox_post(&mailbox, &mails[1]));
    ck_assert(mailbox_take(&mailbox) == &mails[0]);
    ck_assert(mailbox_post(&mailbox, &mails[2]));
    ck_assert(mailbox_take(&mailbox) == &mails[2]);
}
END_TEST

START_TEST(posting_itself_makes_no_system_call_and_a_wake_up_is_consumed_once)
{
    struct mail mail = {0};

    mailbox_post(&mailbox, &mail);
    ck_assert(!is_awake());
    mailbox_wake(&mailbox);
    mailbox_wake(&mailbox);
    ck_assert(is_awake());
    mailbox_slept(&mailbox);
    ck_assert(!is_awake());
    mailbox_slept(&mailbox); /* nothing to consume is no error */
    mailbox_take(&mailbox);
}
END_TEST

START_TEST(mail_is_taken_whole_and_in_order)
{
    struct mail mails[5] = {{0}};
    const struct mail *mail;
    int count = 0;

    for (int i = 0; i < 5; i++)
        mailbox_post(&mailbox, &mails[i]);
    for (mail = mailbox_take(&mailbox); mail != NULL; mail = mail->next)
        ck_assert(mail == &mails[count++]);
    ck_assert_int_eq(count, 5);
    ck_assert_ptr_null(mailbox_take(&mailbox));
    ck_assert_uint_eq(mailbox_posted(&mailbox), 5);
}
END_TEST

START_TEST(pressure_is_high_above_the_high_mark_until_below_the_low_one)
{
    struct mail first = {.weight = MAILBOX_HIGH}, second = {.weight = 1};

    mailbox_post(&mailbox, &first);
    ck_assert(!pressure_is_high(&pressure));
    mailbox_post(&mailbox, &second);
    ck_assert(pressure_is_high(&pressure));
    mailbox_take(&mailbox); /* taking is not dealing with it */
    ck_assert(pressure_is_high(&pressure));
    mailbox_settle(&mailbox, MAILBOX_HIGH - MAILBOX_LOW + 1);
    ck_assert(pressure_is_high(&pressure));
    mailbox_settle(&mailbox, 1);
    ck_assert(!pressure_is_high(&pressure));
    mailbox_settle(&mailbox, MAILBOX_LOW - 1);
    ck_assert_uint_eq(mailbox.weight, 0);
}
END_TEST

START_TEST(pressure_of_one_mailbox_does_not_end_with_another)
{
    struct mailbox other;
    struct mail here = {.weight = MAILBOX_HIGH + 1}, there = {.weight = MAILBOX_HIGH + 1};

    ck_assert_int_eq(mailbox_init(&other, &pressure), 0);
    mailbox_post(&mailbox, &here);
    mailbox_post(&other, &there);
    mailbox_settle(&other, MAILBOX_HIGH + 1);
    ck_assert(pressure_is_high(&pressure));
    mailbox_settle(&mailbox, MAILBOX_HIGH + 1);
    ck_assert(!pressure_is_high(&pressure));
    mailbox_take(&mailbox);
    mailbox_take(&other);
    mailbox_done(&other);
}
END_TEST

enum { POSTERS = 4, MAILS = 20000 };

struct numbered {
    struct mail mail;
    int poster, number;
};

static void *
post_many(void *argument)
{
    struct numbered *mails = argument;

    for (int i = 0; i < MAILS; i++)
        if (mailbox_post(&mailbox, &mails[i].mail))
            mailbox_wake(&mailbox);
    return NULL;
}

START_TEST(an_owner_that_sleeps_until_woken_gets_all_mail_of_all_posters_in_each_posters_order)
{
    struct numbered *mails = calloc((size_t)POSTERS * MAILS, sizeof *mails);
    struct pollfd polled = {.fd = mailbox.wake_descriptor, .events = POLLIN};
    pthread_t threads[POSTERS];
    int next[POSTERS] = {0};
    int left = POSTERS * MAILS;

    ck_assert_ptr_nonnull(mails);
    for (int poster = 0; poster < POSTERS; poster++) {
        for (int i = 0; i < MAILS; i++)
            mails[poster * MAILS + i] = (struct numbered){.poster = poster, .number = i};
        ck_assert_int_eq(pthread_create(&threads[poster], NULL, post_many, mails + (size_t)poster * MAILS), 0);
    }
    while (left > 0) {
        ck_assert_int_eq(poll(&polled, 1, 60000), 1); /* a lost wake-up would end here */
        mailbox_slept(&mailbox);
        for (const struct mail *mail = mailbox_take(&mailbox); mail != NULL; mail = mail->next) {
            const struct numbered *numbered = (const struct numbered *)(const void *)mail;

            ck_assert_int_eq(numbered->number, next[numbered->poster]++);
            left--;
        }
    }
    for (int poster = 0; poster < POSTERS; poster++)
        pthread_join(threads[poster], NULL);
    free(mails);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("mailbox");
    TCase *tcase = tcase_create("mailbox");

    tcase_add_checked_fixture(tcase, open_mailbox, close_mailbox);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, only_the_first_mail_asks_for_a_wake_up);
    tcase_add_test(tcase, posting_itself_makes_no_system_call_and_a_wake_up_is_consumed_once);
    tcase_add_test(tcase, mail_is_taken_whole_and_in_order);
    tcase_add_test(tcase, pressure_is_high_above_the_high_mark_until_below_the_low_one);
    tcase_add_test(tcase, pressure_of_one_mailbox_does_not_end_with_another);
    tcase_add_test(tcase, an_owner_that_sleeps_until_woken_gets_all_mail_of_all_posters_in_each_posters_order);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
