/* SPDX-License-Identifier: MIT */
#include "net/mailbox.h"

#include "base/assert.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/peer.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>

static struct pressure pressure;
static struct mailbox mailbox, other;

static void
begin(void)
{
    pressure_init(&pressure);
    ck_assert_int_eq(mailbox_init(&mailbox, &pressure), 0);
    ck_assert_int_eq(mailbox_init(&other, &pressure), 0);
}

static void
end(void)
{
    mailbox_done(&mailbox);
    mailbox_done(&other);
}

START_TEST(mail_is_taken_in_the_order_in_which_it_was_posted)
{
    struct mail mails[5] = {{.tag = 0}, {.tag = 1}, {.tag = 2}, {.tag = 3}, {.tag = 4}};
    uint32_t expected = 0;

    for (int i = 0; i < 5; i++)
        mailbox_post(&mailbox, &mails[i]);
    for (const struct mail *mail = mailbox_take(&mailbox); mail != NULL; mail = mail->next)
        ck_assert_uint_eq(mail->tag, expected++);
    ck_assert_uint_eq(expected, 5);
    ck_assert_ptr_null(mailbox_take(&mailbox));
}
END_TEST

START_TEST(only_the_first_mail_in_an_empty_box_asks_for_a_wake_up)
{
    struct mail mails[3] = {{0}};

    ck_assert(mailbox_post(&mailbox, &mails[0]));
    ck_assert(!mailbox_post(&mailbox, &mails[1]));
    ck_assert(!mailbox_post(&mailbox, &mails[2]));
    ck_assert(mailbox_post(&other, &(struct mail){0}));
    (void)mailbox_take(&mailbox);
    (void)mailbox_take(&other);
    ck_assert(mailbox_post(&mailbox, &mails[0]));
    (void)mailbox_take(&mailbox);
}
END_TEST

START_TEST(posting_does_not_wake_and_waking_does)
{
    struct mail mail = {0};

    mailbox_post(&mailbox, &mail);
    ck_assert(!peer_has_input(mailbox.wake_descriptor));
    mailbox_wake(&mailbox);
    mailbox_wake(&mailbox);
    ck_assert(peer_has_input(mailbox.wake_descriptor));
    mailbox_slept(&mailbox);
    ck_assert(!peer_has_input(mailbox.wake_descriptor));
    mailbox_slept(&mailbox); /* woken by something else: no harm */
    (void)mailbox_take(&mailbox);
}
END_TEST

START_TEST(all_that_was_ever_posted_is_counted)
{
    struct mail mails[2] = {{0}};

    ck_assert_uint_eq(mailbox_posted(&mailbox), 0);
    mailbox_post(&mailbox, &mails[0]);
    mailbox_post(&mailbox, &mails[1]);
    (void)mailbox_take(&mailbox);
    mailbox_post(&mailbox, &mails[0]);
    ck_assert_uint_eq(mailbox_posted(&mailbox), 3);
    (void)mailbox_take(&mailbox);
}
END_TEST

START_TEST(anybody_sees_how_much_is_in_it)
{
    struct mail mails[2] = {{.weight = 3}, {.weight = 4}};

    mailbox_post(&mailbox, &mails[0]);
    mailbox_post(&mailbox, &mails[1]);
    ck_assert_uint_eq(counter_read(&mailbox.depth), 2);
    ck_assert_uint_eq(counter_read(&mailbox.weight), 7);
    (void)mailbox_take(&mailbox);
    ck_assert_uint_eq(counter_read(&mailbox.depth), 0);
    ck_assert_uint_eq(counter_read(&mailbox.weight), 7); /* taken is not told */
    mailbox_settle(&mailbox, 5);
    ck_assert_uint_eq(counter_read(&mailbox.weight), 2);
    mailbox_settle(&mailbox, 2);
}
END_TEST

START_TEST(pressure_is_high_above_the_high_mark_until_below_the_low_one)
{
    struct mail most = {.weight = MAILBOX_HIGH}, one = {.weight = 1};

    mailbox_post(&mailbox, &most);
    ck_assert(!pressure_is_high(&pressure));
    mailbox_post(&mailbox, &one);
    ck_assert(pressure_is_high(&pressure));
    (void)mailbox_take(&mailbox); /* taken is not told */
    ck_assert(pressure_is_high(&pressure));
    mailbox_settle(&mailbox, MAILBOX_HIGH - MAILBOX_LOW);
    ck_assert(pressure_is_high(&pressure));
    mailbox_settle(&mailbox, 1);
    ck_assert(pressure_is_high(&pressure)); /* at the mark */
    mailbox_settle(&mailbox, 1);
    ck_assert(!pressure_is_high(&pressure));
    mailbox_settle(&mailbox, MAILBOX_LOW - 1);
}
END_TEST

START_TEST(pressure_lasts_until_the_last_mailbox_is_relieved)
{
    struct mail first = {.weight = MAILBOX_HIGH + 1}, second = {.weight = MAILBOX_HIGH + 1}, more = {.weight = MAILBOX_HIGH};

    mailbox_post(&mailbox, &first);
    mailbox_post(&mailbox, &more);
    mailbox_post(&other, &second);
    (void)mailbox_take(&mailbox);
    (void)mailbox_take(&other);
    mailbox_settle(&mailbox, MAILBOX_HIGH + 1);
    mailbox_settle(&mailbox, MAILBOX_HIGH);
    ck_assert(pressure_is_high(&pressure));
    mailbox_settle(&other, MAILBOX_HIGH + 1);
    ck_assert(!pressure_is_high(&pressure));
}
END_TEST

START_TEST(mail_must_be_taken_before_the_end)
{
    static struct mail mail;

    mailbox_post(&mailbox, &mail);
    mailbox_done(&mailbox);
}
END_TEST

START_TEST(without_a_descriptor_there_is_no_mailbox)
{
    struct rlimit limit, none;
    struct mailbox third;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    int error = mailbox_init(&third, &pressure);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_lt(error, 0);
}
END_TEST

/* Posters and an owner at once: nothing is lost, each poster's mail comes in its order, and a wake-up is asked for once per taking. */
enum { POSTERS = 3, LETTERS = 20000 };

struct letter {
    struct mail mail;
    uint32_t number;
};

struct poster {
    pthread_t thread;
    struct letter *letters;
    uint32_t count, wakes;
};

static void *
post_letters(void *argument)
{
    struct poster *poster = argument;

    for (uint32_t i = 0; i < poster->count; i++) {
        poster->letters[i] = (struct letter){.mail = {.tag = (uint32_t)(poster->letters[i].mail.tag), .weight = 1}, .number = i};
        if (mailbox_post(&mailbox, &poster->letters[i].mail)) {
            poster->wakes++;
            mailbox_wake(&mailbox);
        }
    }
    return NULL;
}

START_TEST(many_may_post_while_the_owner_takes)
{
    static struct letter letters[POSTERS][LETTERS];
    struct poster posters[POSTERS];
    uint32_t next[POSTERS] = {0}, count = pace_scaled(LETTERS), taken = 0, takings = 0, wakes = 0;

    for (uint32_t i = 0; i < POSTERS; i++) {
        for (uint32_t j = 0; j < count; j++)
            letters[i][j].mail.tag = i;
        posters[i] = (struct poster){.letters = letters[i], .count = count};
        ck_assert_int_eq(pthread_create(&posters[i].thread, NULL, post_letters, &posters[i]), 0);
    }
    while (taken < POSTERS * count) {
        (void)peer_wait_any(&mailbox.wake_descriptor, 1);
        mailbox_slept(&mailbox);
        const struct mail *mail = mailbox_take(&mailbox);

        takings += mail != NULL;
        while (mail != NULL) {
            const struct letter *letter = (const struct letter *)(const void *)mail;

            ASSERT(letter->number == next[mail->tag]++);
            mail = mail->next;
            taken++;
            mailbox_settle(&mailbox, 1);
        }
    }
    for (int i = 0; i < POSTERS; i++) {
        ck_assert_int_eq(pthread_join(posters[i].thread, NULL), 0);
        wakes += posters[i].wakes;
    }
    ck_assert_uint_eq(wakes, takings);
    ck_assert_uint_eq(mailbox_posted(&mailbox), (uint64_t)POSTERS * count);
    ck_assert_ptr_null(mailbox_take(&mailbox));
    ck_assert(!pressure_is_high(&pressure));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("mailbox");
    TCase *tests = tcase_create("mailbox");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, mail_is_taken_in_the_order_in_which_it_was_posted);
    tcase_add_test(tests, only_the_first_mail_in_an_empty_box_asks_for_a_wake_up);
    tcase_add_test(tests, posting_does_not_wake_and_waking_does);
    tcase_add_test(tests, all_that_was_ever_posted_is_counted);
    tcase_add_test(tests, anybody_sees_how_much_is_in_it);
    tcase_add_test(tests, pressure_is_high_above_the_high_mark_until_below_the_low_one);
    tcase_add_test(tests, pressure_lasts_until_the_last_mailbox_is_relieved);
    tcase_add_test_raise_signal(tests, mail_must_be_taken_before_the_end, SIGABRT);
    tcase_add_test(tests, without_a_descriptor_there_is_no_mailbox);
    tcase_add_test(tests, many_may_post_while_the_owner_takes);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
