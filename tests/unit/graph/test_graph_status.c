/* SPDX-License-Identifier: MIT
 *
 * A user's status is the one set last by any of its sessions that are still there. Watchers are told when it becomes another, and only then.
 */
#include "graph/graph.h"

#include "base/clock.h"
#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/circle.h"
#include "support/unit/require.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct visit watcher; /* of user 2, and of 3 */
static struct snapshot snapshot;

static void
open_circle(void)
{
    circle_open(3);
    snapshot = (struct snapshot){0};
    watcher = come(0, 1, FRIENDS(2, 3));
}

/* Whatever a test did: nobody heard anything that it did not ask for. */
static void
close_circle(void)
{
    expect_silence();
    snapshot_done(&snapshot);
    circle_close();
}

/* The status that who asks now is answered; "-" when the user is offline. */
static const char *
status_of(int64_t user)
{
    static char text[32];

    ck_assert_int_eq(circle_try_ask(0, &user, 1, &snapshot), 0);
    snprintf(text, sizeof text, "%s", snapshot.count == 0 ? "0-" : circle_snapshot(&snapshot));
    snapshot_clear(&snapshot);
    return text + 1;
}

START_TEST(an_arrival_carries_the_status)
{
    enter(1, 2, NO_FRIENDS, "away", NULL);
    enter(1, 3, NO_FRIENDS, NULL, NULL);
    expect_heard(&watcher, "2+away 3+");
    ck_assert_str_eq(status_of(2), "away");
    ck_assert_str_eq(status_of(3), "");
    ck_assert_str_eq(status_of(4), "-");
}
END_TEST

START_TEST(a_status_that_becomes_another_is_told)
{
    struct visit visit = enter(1, 2, NO_FRIENDS, NULL, NULL);

    say(&visit, "away");
    say(&visit, "away");
    say(&visit, "busy");
    say(&visit, NULL);
    say(&visit, NULL);
    say(&visit, "");
    expect_heard(&watcher, "2+ 2=away 2=busy 2= 2="); /* the empty status is one, and another than none */
    leave(&visit);
    expect_heard(&watcher, "2-");
}
END_TEST

START_TEST(only_watchers_are_told)
{
    struct visit listed = come(2, 9, NO_FRIENDS), follower = enter(2, 8, FRIENDS(2), NULL, NULL);
    struct visit visit = enter(1, 2, FRIENDS(9), "away", NULL), second = enter(0, 2, NO_FRIENDS, NULL, NULL);

    say(&visit, "busy");
    say(&second, "gone");
    leave(&second);
    expect_heard(&watcher, "2+away 2=busy 2=gone 2=busy");
    expect_heard(&follower, "2+away 2=busy 2=gone 2=busy");
    expect_heard(&listed, "");
    expect_heard(&visit, "");
}
END_TEST

START_TEST(the_status_set_last_counts)
{
    struct visit phone = enter(1, 2, NO_FRIENDS, "phone", NULL), laptop = enter(2, 2, NO_FRIENDS, NULL, NULL);

    expect_heard(&watcher, "2+phone"); /* a session that has none changes nothing */
    say(&laptop, "laptop");
    expect_heard(&watcher, "2=laptop");
    say(&phone, "phone2");
    expect_heard(&watcher, "2=phone2");
    say(&laptop, NULL); /* none counts as set, too */
    expect_heard(&watcher, "2=");
    ck_assert_str_eq(status_of(2), "");
}
END_TEST

START_TEST(a_second_session_may_come_with_another_status)
{
    enter(1, 2, NO_FRIENDS, "one", NULL);
    struct visit second = enter(2, 2, NO_FRIENDS, "two", NULL), third = enter(0, 2, NO_FRIENDS, "two", NULL);

    ck_assert(!second.transition && !third.transition);
    expect_heard(&watcher, "2+one 2=two");
    leave(&second);
    expect_heard(&watcher, "");
    leave(&third);
    expect_heard(&watcher, "2=one");
}
END_TEST

START_TEST(a_users_status_falls_back_to_the_one_set_before)
{
    struct visit none = come(0, 2, NO_FRIENDS);
    struct visit first = enter(1, 2, NO_FRIENDS, "first", NULL), second = enter(2, 2, NO_FRIENDS, "second", NULL);
    struct visit third = enter(0, 2, NO_FRIENDS, NULL, NULL);

    say(&third, "third");
    expect_heard(&watcher, "2+ 2=first 2=second 2=third");
    leave(&second); /* was not in force */
    expect_heard(&watcher, "");
    leave(&third);
    expect_heard(&watcher, "2=first");
    leave(&first);
    expect_heard(&watcher, "2=");
    leave(&none);
    expect_heard(&watcher, "2-");
}
END_TEST

START_TEST(a_session_that_set_none_hides_earlier_ones_until_it_leaves)
{
    struct visit first = enter(1, 2, NO_FRIENDS, "first", NULL), second = enter(2, 2, NO_FRIENDS, NULL, NULL);

    say(&second, NULL);
    expect_heard(&watcher, "2+first 2=");
    leave(&second);
    expect_heard(&watcher, "2=first");
    leave(&first);
    expect_heard(&watcher, "2-");
}
END_TEST

/* Many devices that speak, come and go at random, held against counting which spoke last. */
START_TEST(whoever_of_many_spoke_last_is_believed)
{
    enum { DEVICES = 12, STEPS = 5000 };
    struct {
        bool there;
        struct visit visit;
        unsigned spoke; /* when; 0: never */
        char status[8];
    } devices[DEVICES] = {{0}};
    unsigned seed = 5, steps = pace_scaled(STEPS);
    char shown[8] = "";

    for (unsigned step = 1; step <= steps; step++) {
        int at = rand_r(&seed) % DEVICES, latest = -1;
        bool was_there = devices[at].there, anybody = false;
        const char *statuses[] = {NULL, "a", "b", "c"}, *status = statuses[rand_r(&seed) % 4];
        char expected[16] = "";

        if (was_there && rand_r(&seed) % 2 == 0) {
            leave(&devices[at].visit);
            devices[at].there = false;
        } else {
            if (was_there)
                say(&devices[at].visit, status);
            else
                devices[at].visit = enter((uint32_t)at % 3, 2, NO_FRIENDS, status, NULL);
            devices[at].there = true;
            devices[at].spoke = was_there || status != NULL ? step : 0;
            snprintf(devices[at].status, sizeof devices[at].status, "%s", status == NULL ? "" : status);
        }
        for (int i = 0; i < DEVICES; i++) {
            anybody = anybody || devices[i].there;
            if (devices[i].there && (latest < 0 || devices[i].spoke > devices[latest].spoke))
                latest = i;
        }
        if (!anybody)
            snprintf(expected, sizeof expected, "2-");
        else if (devices[at].visit.transition && !was_there)
            snprintf(expected, sizeof expected, "2+%s", devices[latest].status);
        else if (strcmp(shown, devices[latest].status) != 0)
            snprintf(expected, sizeof expected, "2=%s", devices[latest].status);
        snprintf(shown, sizeof shown, "%s", anybody ? devices[latest].status : "");

        const char *heard = circle_heard(&watcher);

        REQUIRE(strcmp(heard, expected) == 0, "step %u: heard \"%s\" where \"%s\" should be", step, heard, expected);
        REQUIRE(strcmp(status_of(2), anybody ? shown : "-") == 0, "step %u", step);
        (void)circle_unheard();
    }
}
END_TEST

static struct visit other;

static void
other_device_leaves(void *context)
{
    (void)context;
    leave(&other);
}

static void
other_device_comes(void *context)
{
    (void)context;
    other = enter(1, 2, NO_FRIENDS, "other", NULL);
}

/* A device with a status leaves while another comes or goes: what is told is one of the two orders. */
START_TEST(devices_may_come_and_go_while_one_leaves)
{
    long stride = 100 / (long)pace_scaled(100);

    for (long nth = 1; nth < 8; nth += stride) {
        for (int comes = 0; comes < 2; comes++) {
            close_circle();
            open_circle();
            if (!comes)
                other = enter(1, 2, NO_FRIENDS, "other", NULL);
            struct visit visit = enter(2, 2, FRIENDS(1, 7), "mine", NULL);

            (void)circle_heard(&watcher);
            faults_interrupt(nth, comes ? other_device_comes : other_device_leaves, NULL);
            leave(&visit);
            faults_interrupt(0, NULL, NULL);

            char heard[32];

            snprintf(heard, sizeof heard, "%s", circle_heard(&watcher));
            if (comes)
                ck_assert_msg(strcmp(heard, "2=other") == 0 || strcmp(heard, "2-") == 0 || strcmp(heard, "2- 2+other") == 0, "%s", heard);
            else
                ck_assert_msg(strcmp(heard, "2=other") == 0 || strcmp(heard, "2=other 2-") == 0 || strcmp(heard, "2-") == 0, "%s", heard);
            (void)circle_unheard();
        }
    }
}
END_TEST

/* Time in the news never runs backwards for a user, whatever the clock does; not even when it was forgotten in between. */
START_TEST(the_time_of_news_never_decreases)
{
    static const long long offsets_ms[] = {0, 5000, 1000, -100000, 0, 6000, -5};
    uint64_t before = 0;

    relist(&watcher, NO_FRIENDS);
    for (size_t i = 0; i < sizeof offsets_ms / sizeof offsets_ms[0]; i++) {
        faults_clock(offsets_ms[i]);
        relist(&watcher, FRIENDS(2));
        struct visit visit = enter(1, 2, NO_FRIENDS, NULL, NULL);

        ck_assert_uint_ge(circle_latest_at_ms(), before);
        before = circle_latest_at_ms();
        say(&visit, "x");
        ck_assert_uint_ge(circle_latest_at_ms(), before);
        leave(&visit);
        ck_assert_uint_ge(circle_latest_at_ms(), before);
        before = circle_latest_at_ms();
        relist(&watcher, NO_FRIENDS);
        (void)circle_unheard();
    }
    faults_clock(0);
    /* And it is the clock's time, at the latest that it ever was. */
    ck_assert_uint_gt(before + 1000 * 60, (uint64_t)clock_realtime_ms() + 6000);
    ck_assert_uint_le(before, (uint64_t)clock_realtime_ms() + 6000);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("graph_status");
    TCase *tests = tcase_create("graph_status");

    tcase_add_checked_fixture(tests, open_circle, close_circle);
    tcase_add_test(tests, an_arrival_carries_the_status);
    tcase_add_test(tests, a_status_that_becomes_another_is_told);
    tcase_add_test(tests, only_watchers_are_told);
    tcase_add_test(tests, the_status_set_last_counts);
    tcase_add_test(tests, a_second_session_may_come_with_another_status);
    tcase_add_test(tests, a_users_status_falls_back_to_the_one_set_before);
    tcase_add_test(tests, a_session_that_set_none_hides_earlier_ones_until_it_leaves);
    tcase_add_test(tests, whoever_of_many_spoke_last_is_believed);
    tcase_add_test(tests, devices_may_come_and_go_while_one_leaves);
    tcase_add_test(tests, the_time_of_news_never_decreases);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
