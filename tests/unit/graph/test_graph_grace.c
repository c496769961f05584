/* SPDX-License-Identifier: MIT
 *
 * A user whose last session was lost stays online through it, absent, until it is logged out or a session of the user takes its place. What
 * is interleaved is so at every lock, and where memory is wanted, every allocation fails.
 */
#include "graph/graph.h"

#include "support/faults.h"
#include "support/unit.h"
#include "support/unit/attempt.h"
#include "support/unit/circle.h"
#include "support/unit/require.h"

#include <errno.h>
#include <string.h>

enum { CROWD = 200 }; /* more than fits into the audience that a worker has at hand */

/* User 1 lists 2, who does not list it; 3 watches it. */
static struct visit watcher, listed, lost, back;

static void
friends_come(void)
{
    listed = come(1, 2, NO_FRIENDS);
    watcher = come(2, 3, FRIENDS(1));
}

/* And user 1, who is to be lost. */
static void
one_comes(void)
{
    friends_come();
    lost = come(0, 1, FRIENDS(2));
    expect_heard(&watcher, "1+");
}

/* And is lost. */
static void
one_is_lost(void)
{
    one_comes();
    ck_assert(lose(&lost));
}

static void
expect_both_heard(const char *text)
{
    expect_heard(&watcher, text);
    expect_heard(&listed, text);
}

static void
same_user_comes(void)
{
    back = come(1, 1, FRIENDS(2));
}

static void
same_user_leaves(void)
{
    leave(&back);
}

static void
lost_one_ends(void)
{
    leave(&lost);
}

/* ---- One after the other ---- */

START_TEST(who_comes_back_is_news_to_nobody)
{
    circle_open(3);
    one_is_lost();
    expect_census(3, 3, 2, 3);
    same_user_comes();
    ck_assert(!back.transition && handle_equal(back.replaced, lost.handle));
    lost_one_ends();
    ck_assert(!lost.transition);
    expect_silence();
    expect_census(3, 3, 2, 3);
    same_user_leaves();
    ck_assert(back.transition);
    expect_both_heard("1-");
    expect_silence();
    circle_close();
}
END_TEST

START_TEST(who_does_not_is_news_as_ever)
{
    circle_open(3);
    circle_reason(LEAVE_TIMEOUT);
    one_is_lost();
    expect_silence();
    lost_one_ends();
    ck_assert(lost.transition);
    expect_both_heard("1-timeout");
    expect_silence();
    expect_census(3, 2, 1, 2);
    circle_close();
}
END_TEST

START_TEST(a_session_that_is_not_the_last_just_ends)
{
    circle_open(3);
    friends_come();
    struct visit other = come(2, 1, FRIENDS(2));
    lost = come(0, 1, FRIENDS(2));
    expect_heard(&watcher, "1+");
    ck_assert(!lose(&lost));
    expect_census(3, 3, 2, 3);
    ck_assert(lose(&other));
    expect_silence();
    leave(&other);
    expect_both_heard("1-");
    circle_close();
}
END_TEST

/* The one that came back may leave before the lost one has ended, when the user's entry may be another's already. */
START_TEST(a_replaced_session_touches_its_user_no_more)
{
    circle_open(3);
    lost = come(0, 1, FRIENDS(9));
    ck_assert(lose(&lost));
    same_user_comes();
    same_user_leaves();
    ck_assert(back.transition);
    expect_census(1, 0, 1, 0); /* user 9, whom the lost one still lists */
    struct visit stranger = come(2, 4, NO_FRIENDS);
    watcher = come(2, 3, FRIENDS(1, 4));
    lost_one_ends();
    ck_assert(!lost.transition);
    expect_silence();
    expect_census(3, 2, 2, 2);
    leave(&stranger);
    expect_heard(&watcher, "4-");
    circle_close();
}
END_TEST

START_TEST(a_goodbye_of_the_newcomer_is_news_at_once)
{
    circle_open(3);
    one_is_lost();
    back = come(1, 1, NO_FRIENDS);
    circle_reason(LEAVE_GOODBYE);
    same_user_leaves();
    expect_heard(&watcher, "1-goodbye");
    expect_heard(&listed, ""); /* not by the list of the lost one, which was not the last */
    lost_one_ends();
    expect_silence();
    circle_close();
}
END_TEST

START_TEST(who_is_lost_twice_has_two_graces)
{
    circle_open(3);
    one_is_lost();
    same_user_comes();
    ck_assert(lose(&back));
    struct visit third = come(2, 1, FRIENDS(2));
    ck_assert(handle_equal(third.replaced, back.handle));
    ck_assert(lose(&third));
    lost_one_ends();
    same_user_leaves();
    ck_assert(!lost.transition && !back.transition);
    expect_silence();
    leave(&third);
    ck_assert(third.transition);
    expect_both_heard("1-");
    expect_silence();
    circle_close();
}
END_TEST

/* The status that a user had, the one that it comes back with, and what its watchers hear. */
static const struct {
    const char *had, *comes_with, *heard;
} statuses[] = {{NULL, NULL, ""}, {"away", "away", ""}, {"away", "busy", "1=busy"}, {"away", NULL, "1="}, {NULL, "busy", "1=busy"}};

START_TEST(a_status_that_differs_is_news)
{
    struct snapshot snapshot = {0};

    circle_open(3);
    friends_come();
    lost = enter(0, 1, FRIENDS(2), statuses[_i].had, NULL);
    (void)circle_unheard();
    ck_assert(lose(&lost));
    ck_assert_int_eq(circle_try_ask(2, FRIENDS(1), &snapshot), 0);
    expect_snapshot(&snapshot, statuses[_i].had == NULL ? "0" : "0away");
    back = enter(1, 1, FRIENDS(2), statuses[_i].comes_with, NULL);
    expect_heard(&watcher, statuses[_i].heard);
    lost_one_ends();
    expect_silence();
    ck_assert_int_eq(circle_try_ask(2, FRIENDS(1), &snapshot), 0);
    expect_snapshot(&snapshot, statuses[_i].comes_with == NULL ? "0" : statuses[_i].comes_with[0] == 'a' ? "0away" : "0busy");
    snapshot_done(&snapshot);
    circle_close();
}
END_TEST

/* Nothing leaks, which the builds that look for leaks see. */
START_TEST(a_graph_may_end_with_absent_and_replaced_sessions)
{
    circle_open(3);
    friends_come();
    lost = enter(0, 1, FRIENDS(2, 3, 4), "away", NULL);
    ck_assert(lose(&lost));
    back = enter(1, 1, FRIENDS(2, 5), "busy", NULL);
    ck_assert(lose(&back));
    (void)circle_unheard();
    circle_close();
}
END_TEST

/* ---- At once ---- */

static void
the_lost_is_lost(void)
{
    (void)lose(&lost);
}

/* The user never was gone. */
static void
expect_nothing_but_the_end(void)
{
    ck_assert(!back.transition);
    ck_assert(lost.absent == (back.replaced.generation != 0));
    if (lost.absent)
        lost_one_ends();
    expect_silence();
    expect_census(3, 3, 2, 3);
    same_user_leaves();
    expect_both_heard("1-");
}

/* What happens interrupts the operation at every lock. */
static void
interrupt_everywhere(void (*begin)(void), void (*happens)(void), void (*operation)(void), void (*expect)(void))
{
    bool interrupted = true;

    for (long nth = 1; interrupted; nth += attempt_stride()) {
        attempt_begin(3);
        begin();
        attempt_arm(nth, happens);
        operation();
        interrupted = attempt_disarm();
        expect();
        attempt_end();
    }
}

START_TEST(lost_and_back_at_once)
{
    interrupt_everywhere(one_comes, same_user_comes, the_lost_is_lost, expect_nothing_but_the_end);
}
END_TEST

START_TEST(back_and_lost_at_once)
{
    interrupt_everywhere(one_comes, the_lost_is_lost, same_user_comes, expect_nothing_but_the_end);
}
END_TEST

/* Either the user was gone and comes, or it never was. */
static void
expect_gone_and_back_or_nothing(void)
{
    ck_assert(lost.transition == back.transition);
    ck_assert(lost.transition == (back.replaced.generation == 0));
    expect_heard(&watcher, lost.transition ? "1- 1+" : "");
    expect_heard(&listed, lost.transition ? "1-" : "");
    expect_silence();
    same_user_leaves();
    expect_both_heard("1-");
}

START_TEST(over_and_back_at_once)
{
    interrupt_everywhere(one_is_lost, same_user_comes, lost_one_ends, expect_gone_and_back_or_nothing);
}
END_TEST

START_TEST(back_and_over_at_once)
{
    interrupt_everywhere(one_is_lost, lost_one_ends, same_user_comes, expect_gone_and_back_or_nothing);
}
END_TEST

/* The newcomer comes and goes while the lost one ends: there is one departure, and whose list counts is whose it was. */
static void
same_user_visits(void)
{
    back = come(1, 1, NO_FRIENDS);
    leave(&back);
}

static void
expect_one_departure(void)
{
    ck_assert(back.transition);
    expect_heard(&watcher, lost.transition ? "1- 1+ 1-" : "1-");
    expect_heard(&listed, lost.transition ? "1-" : "");
    expect_census(3, 2, 1, 2);
}

START_TEST(over_while_another_comes_and_goes)
{
    interrupt_everywhere(one_is_lost, same_user_visits, lost_one_ends, expect_one_departure);
}
END_TEST

static struct visit other;

static void
one_comes_with_two_devices(void)
{
    one_comes();
    other = come(1, 1, FRIENDS(2));
}

static void
other_is_lost(void)
{
    (void)lose(&other);
}

/* One of them is the last. */
static void
expect_the_last_is_absent(void)
{
    ck_assert(lost.absent != other.absent);
    expect_silence();
    leave(lost.absent ? &lost : &other);
    expect_both_heard("1-");
}

START_TEST(two_devices_are_lost_at_once)
{
    interrupt_everywhere(one_comes_with_two_devices, other_is_lost, the_lost_is_lost, expect_the_last_is_absent);
}
END_TEST

/* ---- Without memory ---- */

static struct visit crowd[CROWD];

static void
crowd_comes(void)
{
    for (int i = 0; i < CROWD; i++)
        crowd[i] = come((uint32_t)i % 3, 100 + i, FRIENDS(1));
    lost = enter(0, 1, FRIENDS(100, 101, 102), "away", NULL);
    (void)circle_unheard();
}

static void
expect_crowd_heard(const char *text)
{
    for (int i = 0; i < CROWD; i++)
        REQUIRE(strcmp(circle_heard(&crowd[i]), text) == 0, "%d heard something else than \"%s\"", i, text);
    expect_silence();
}

/* Being lost wants none; whose departure cannot be told is still absent. */
START_TEST(without_memory_an_absent_session_stays)
{
    int refusals = 0, error = -ENOMEM;

    for (long nth = 1; error < 0; nth++) {
        circle_open(3);
        crowd_comes();
        faults_allocation(1, 1);
        int lost_error = circle_try_lose(&lost);
        long wanted = faults_allocations();
        faults_allocation(nth, 1);
        error = circle_try_leave(&lost);
        faults_allocation(0, 0);
        ck_assert_int_eq(lost_error, 0);
        ck_assert(lost.absent && wanted == 0);
        if (error < 0) {
            refusals++;
            expect_silence();
            same_user_comes();
            ck_assert(!back.transition && handle_equal(back.replaced, lost.handle));
            expect_crowd_heard("1=");
            lost_one_ends();
        } else {
            expect_crowd_heard("1-");
        }
        (void)circle_unheard();
        circle_close();
    }
    ck_assert_int_gt(refusals, 0);
}
END_TEST

START_TEST(without_memory_nobody_comes_back)
{
    int refusals = 0, error = -ENOMEM;

    for (long nth = 1; error < 0; nth++) {
        circle_open(3);
        crowd_comes();
        ck_assert(lose(&lost));
        faults_allocation(nth, 1);
        error = circle_try_come(&back, 1, 1, FRIENDS(100, 101)); /* without the status, which is news */
        faults_allocation(0, 0);
        if (error < 0) {
            refusals++;
            expect_silence();
            lost_one_ends();
            expect_crowd_heard("1-");
        } else {
            expect_crowd_heard("1=");
            lost_one_ends();
            expect_silence();
        }
        circle_close();
    }
    ck_assert_int_gt(refusals, 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("graph_grace");
    TCase *tests = tcase_create("graph_grace");

    tcase_add_test(tests, who_comes_back_is_news_to_nobody);
    tcase_add_test(tests, who_does_not_is_news_as_ever);
    tcase_add_test(tests, a_session_that_is_not_the_last_just_ends);
    tcase_add_test(tests, a_replaced_session_touches_its_user_no_more);
    tcase_add_test(tests, a_goodbye_of_the_newcomer_is_news_at_once);
    tcase_add_test(tests, who_is_lost_twice_has_two_graces);
    tcase_add_loop_test(tests, a_status_that_differs_is_news, 0, sizeof statuses / sizeof statuses[0]);
    tcase_add_test(tests, a_graph_may_end_with_absent_and_replaced_sessions);
    tcase_add_test(tests, lost_and_back_at_once);
    tcase_add_test(tests, back_and_lost_at_once);
    tcase_add_test(tests, over_and_back_at_once);
    tcase_add_test(tests, back_and_over_at_once);
    tcase_add_test(tests, over_while_another_comes_and_goes);
    tcase_add_test(tests, two_devices_are_lost_at_once);
    tcase_add_test(tests, without_memory_an_absent_session_stays);
    tcase_add_test(tests, without_memory_nobody_comes_back);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
