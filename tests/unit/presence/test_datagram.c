/* SPDX-License-Identifier: MIT
 *
 * What datagrams do, step by step: lists that wait for news, what is lost when too much waits, and want of memory.
 */
#include "presence/datagram.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/stage.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

/* Long enough for an error to fit into three times this. */
#define WRONG "{\"user_id\": \"wrong, and with so many words that the answer is not longer than three times all of this\"}"

static struct actor *
logged_in(uint32_t worker, int64_t user, const char *friends)
{
    struct actor *actor = stage_correspond(worker);

    stage_hello(actor, user, friends);
    return actor;
}

START_TEST(news_is_told_across_transports_and_workers)
{
    struct actor *datagrams = logged_in(0, 1, "2, 3"), *stream = stage_login(1, 2, "1, 3"), *third;

    stage_settle();
    stage_expect(datagrams, "+");
    third = logged_in(2, 3, NULL);
    stage_settle();
    stage_expect(datagrams, "+");
    stage_expect(stream, "+");
    stage_receive(third, "{\"online\": false}");
    stage_settle();
    stage_expect(stream, "-");
    stage_end_input(stream);
    stage_settle();
    stage_expect(datagrams, "- -");
}
END_TEST

START_TEST(silence_ends_a_session_and_a_sign_of_life_does_not)
{
    struct actor *watcher = stage_login(1, 1, "2, 3"), *silent, *alive;

    silent = logged_in(0, 2, NULL);
    alive = logged_in(0, 3, NULL);
    stage_settle();
    stage_expect(watcher, "+ +");
    for (int i = 0; i < 4; i++) {
        stage_pass_ms(STAGE_SILENCE_MS / 2 - 1);
        stage_receive(alive, i % 2 == 0 ? "beat" : "");
        stage_expect(watcher, i == 2 ? "-" : "");
    }
    stage_receive(silent, "beat"); /* of nobody any more */
    ck_assert_uint_eq(stage_census().members, 2);
    ck_assert_uint_eq(admission_count(&stage.datagram_admission), 1);
    stage_pass_ms(STAGE_SILENCE_MS - 1);
    stage_expect(watcher, "");
    stage_pass_ms(1);
    stage_expect(watcher, "-");
}
END_TEST

START_TEST(a_new_list_waits_for_the_news_under_way)
{
    struct actor *watcher = logged_in(0, 1, "2");

    stage_login(1, 2, NULL); /* in the mailbox of worker 0 */
    stage_hello(watcher, 1, "");
    ck_assert_uint_eq(stage_census().edges, 1); /* still watched */
    stage_receive(watcher, "beat");
    stage_hello(watcher, 1, NULL);
    stage_receive(watcher, WRONG);
    stage_turn(0);
    ck_assert_uint_eq(stage_census().edges, 0);
    stage_expect(watcher, "bad_message +"); /* an answer waits for nothing */
    ck_assert_uint_eq(stage.presence->desks[0].unfinished, 0);
}
END_TEST

/* The first list waits for news; of those that come meanwhile the newest takes effect after it, and waits for news of its own. */
START_TEST(of_lists_that_come_while_one_waits_the_newest_counts)
{
    struct actor *watcher = logged_in(0, 1, "2");
    struct actor *friend = stage_login(1, 2, NULL);

    stage_hello(watcher, 1, "3, 4, 5");
    stage_hello(watcher, 1, "6, 7, 8, 9");
    stage_hello(watcher, 1, "7");
    stage_take_mail(0);
    stage_end_input(friend); /* after the lists came, before the first takes effect */
    ck_assert(!stage_tell(0));
    ck_assert_uint_eq(stage_census().edges, 3);
    stage_write(0);
    stage_expect(watcher, "+");
    stage_settle();
    ck_assert_uint_eq(stage_census().edges, 1);
    stage_expect(watcher, "-");
    stage_login(1, 7, NULL);
    stage_settle();
    stage_expect(watcher, "+");
}
END_TEST

/* Old mail about a friend is told before the friend is unlisted, so it cannot be told after the friend was listed again. */
START_TEST(a_friend_is_unlisted_and_listed_again_with_old_mail_under_way)
{
    struct actor *watcher = logged_in(0, 1, "2");
    struct actor *friend = stage_login(1, 2, NULL);

    stage_hello(watcher, 1, "");
    stage_end_input(friend);
    stage_hello(watcher, 1, "2");
    stage_settle();
    stage_expect(watcher, "+ -");
    ck_assert_uint_eq(stage_census().edges, 1);
    stage_login(1, 2, NULL);
    stage_settle();
    stage_expect(watcher, "+");
}
END_TEST

START_TEST(a_session_may_end_while_its_list_waits)
{
    static const char *const news[] = {"+ -", "+ - +", "+ - -"}; /* the last silence is also that of user 8 */
    struct actor *observer = stage_login(2, 9, "8, 10, 11, 12");

    for (int way = 0; way < 3; way++) {
        struct actor *client = logged_in(0, 10 + way, "2"), *friend = stage_login(1, 2, NULL);

        stage_hello(client, 10 + way, "3");
        stage_hello(client, 10 + way, "4");
        switch (way) {
        case 0: stage_receive(client, "{\"online\": false}"); break;
        case 1: stage_hello(client, 8, NULL); break;
        default: stage_pass_ms(STAGE_SILENCE_MS); break;
        }
        stage_settle();
        stage_expect(observer, news[way]);
        ck_assert_uint_eq(stage.presence->desks[0].unfinished, 0);
        ck_assert_uint_eq(stage_census().edges, 4);
        stage_end_input(friend);
        stage_settle();
    }
}
END_TEST

/* It is said that there is no room for it; the old list stays, and nothing ends. */
START_TEST(a_list_that_has_no_room_to_wait_is_refused)
{
    struct presence_config config = stage_usual();
    struct actor *watchers[5], *friend;

    stage_close();
    config.limits.message_bytes = 256;
    config.unfinished_limit = 1; /* so a worker has as much as one message of that size may need, which is four of the smallest */
    stage_open_with(3, &config);
    for (int i = 0; i < 5; i++)
        watchers[i] = logged_in(0, 11 + i, "2");
    friend = stage_login(1, 2, NULL);
    for (int i = 0; i < 5; i++)
        stage_hello(watchers[i], 11 + i, "3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14");
    stage_settle();
    for (int i = 0; i < 5; i++)
        stage_expect(watchers[i], i < 4 ? "+" : "server_full +");
    stage_end_input(friend);
    stage_settle();
    for (int i = 0; i < 5; i++)
        stage_expect(watchers[i], i < 4 ? "" : "-");
    ck_assert_uint_eq(stage.presence->desks[0].unfinished, 0);
}
END_TEST

/* Where too many wait, the newest are lost, and the session goes on. */
START_TEST(a_queue_has_its_limit)
{
    struct presence_config config = stage_usual();

    stage_close();
    config.queue_limit = 16;
    stage_open_with(2, &config);

    struct actor *watcher = logged_in(0, 1, "2");
    const struct worker_counters *counters = &stage.workers[0].counters;
    const char *heard;

    faults_send_batch(EAGAIN, 1);
    for (int i = 0; i < 60; i++) {
        struct actor *friend = stage_login(1, 2, NULL);

        stage_end_input(friend);
        stage_turn(1);
        stage_turn(0); /* 64 fit into the batch, 16 behind it */
    }
    ck_assert_uint_eq(counter_read(&counters->lost), 40);
    datagrams_event(&stage.workers[0], 0, EPOLLOUT);
    stage_settle();
    heard = stage_heard(watcher);
    ck_assert_uint_eq(strlen(heard), 80 * 2 - 1);
    ck_assert_uint_eq(strspn(heard, "+- "), strlen(heard));
    stage_login(1, 2, NULL);
    stage_settle();
    stage_expect(watcher, "+");
}
END_TEST

/* A login for which there is no memory is refused, and leaves nothing. */
START_TEST(want_of_memory_costs_a_newcomer)
{
    struct actor *watcher = stage_login(1, 1, "2"), *client = stage_correspond(0);
    int refused = 0;

    stage_hello(client, 2, "1, 2, 3"); /* so that what a worker has once and for all is there */
    stage_receive(client, "{\"online\": false}");
    stage_settle();
    stage_expect(watcher, "+ -");
    for (long nth = 1;; nth++) {
        bool failed;

        faults_allocation(nth, 0);
        stage_hello(client, 2, "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20");
        failed = faults_allocations() >= nth;
        faults_allocation(0, 0);
        stage_settle();
        if (!failed)
            break;
        if (stage_census().members == 1) {
            stage_expect(client, "server_full");
            stage_expect(watcher, "");
            ck_assert_uint_eq(admission_count(&stage.datagram_admission), 0);
            refused++;
        } else {
            stage_receive(client, "{\"online\": false}");
            stage_settle();
            stage_expect(watcher, "+ -");
        }
    }
    ck_assert_int_gt(refused, 2);
    stage_expect(watcher, "+");
}
END_TEST

/* A new list for which there is none: it waits no longer, or the session ends; in any case what is left is right. */
START_TEST(want_of_memory_costs_a_list_or_the_session)
{
    struct actor *watcher = stage_login(1, 1, "2");

    for (long nth = 1;; nth++) {
        struct actor *client = stage_correspond(0);
        bool failed;

        stage_hello(client, 2, "3");
        stage_settle();
        stage_expect(watcher, "+");
        stage_login(1, 3, NULL);
        faults_allocation(nth, 0);
        stage_hello(client, 2, "4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27");
        stage_turn(0);
        failed = faults_allocations() >= nth;
        faults_allocation(0, 0);
        stage_settle();
        if (stage_census().users_online == 2) {
            stage_expect(watcher, "-"); /* its session has ended */
        } else {
            stage_expect(watcher, "");
            stage_receive(client, "{\"online\": false}");
            stage_settle();
            stage_expect(watcher, "-");
        }
        if (!failed)
            break;
    }
}
END_TEST

/* A departure for which there is no memory is told later; the address is free for another session at once. */
START_TEST(a_departure_is_told_later)
{
    struct actor *watcher = stage_login(1, 1, "2, 3"), *client = logged_in(0, 2, NULL);

    stage_settle();
    stage_expect(watcher, "+");
    faults_allocation(1, 1);
    stage_receive(client, "{\"online\": false}");
    faults_allocation(0, 0);
    ck_assert_uint_eq(stage_census().members, 2);
    stage_hello(client, 3, NULL);
    stage_settle();
    stage_expect(watcher, "+");
    stage_pass_ms(STAGE_RETRY_MS);
    stage_expect(watcher, "-");
    ck_assert_uint_eq(stage_census().members, 2);
    ck_assert_uint_eq(stage.workers[0].sessions.count, 1);
}
END_TEST

static Suite *
datagram_suite(void)
{
    Suite *suite = suite_create("datagram");
    TCase *tests = tcase_create("datagram");

    tcase_add_checked_fixture(tests, stage_open_three, stage_close);
    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, news_is_told_across_transports_and_workers);
    tcase_add_test(tests, silence_ends_a_session_and_a_sign_of_life_does_not);
    tcase_add_test(tests, a_new_list_waits_for_the_news_under_way);
    tcase_add_test(tests, of_lists_that_come_while_one_waits_the_newest_counts);
    tcase_add_test(tests, a_friend_is_unlisted_and_listed_again_with_old_mail_under_way);
    tcase_add_test(tests, a_session_may_end_while_its_list_waits);
    tcase_add_test(tests, a_list_that_has_no_room_to_wait_is_refused);
    tcase_add_test(tests, a_queue_has_its_limit);
    tcase_add_test(tests, want_of_memory_costs_a_newcomer);
    tcase_add_test(tests, want_of_memory_costs_a_list_or_the_session);
    tcase_add_test(tests, a_departure_is_told_later);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(datagram_suite());
}
