/* SPDX-License-Identifier: MIT
 *
 * What happens when one operation of the graph comes in the middle of another's, which are each a row of short critical sections. Two
 * workers' operations are interleaved on one thread: the second is carried out whole before the nth lock that the first takes, for every n that
 * there is, and once after it.
 */
#include "graph/graph.h"

#include "support/unit.h"
#include "support/unit/attempt.h"
#include "support/unit/circle.h"
#include "support/unit/require.h"

#include <string.h>

enum { CROWD = 200 }; /* more than fits into the audience that a worker has at hand, and into its first table of candidates */

/* Of whoever interrupts. */
static struct visit interrupting;

/* It heard this (true), or nothing (false). */
static bool
heard_or_nothing(const struct visit *visit, const char *text)
{
    const char *heard = circle_heard(visit);

    ck_assert_msg(strcmp(heard, text) == 0 || strcmp(heard, "") == 0, "heard %s", heard);
    return heard[0] != '\0';
}

static void
other_friend_comes(void)
{
    interrupting = come(1, 2, FRIENDS(3, 1, 4));
}

START_TEST(of_two_friends_who_arrive_at_once_at_least_one_hears_of_the_other)
{
    bool interrupted = true;

    for (long nth = 1; interrupted; nth += attempt_stride()) {
        struct visit visit;

        attempt_begin(3);
        attempt_arm(nth, other_friend_comes);
        int error = circle_try_come(&visit, 0, 1, FRIENDS(5, 2, 6));
        interrupted = attempt_disarm();
        ck_assert_int_eq(error, 0);

        bool heard = heard_or_nothing(&visit, "2+"), other_heard = heard_or_nothing(&interrupting, "1+");

        ck_assert(heard || other_heard);
        attempt_end();
    }
}
END_TEST

static void
other_friend_leaves(void)
{
    leave(&interrupting);
}

START_TEST(of_two_friends_who_leave_at_once_at_least_one_hears_of_the_other)
{
    bool interrupted = true;

    for (long nth = 1; interrupted; nth += attempt_stride()) {
        attempt_begin(3);
        struct visit visit = come(0, 1, FRIENDS(2));
        other_friend_comes();
        expect_heard(&visit, "2+");
        attempt_arm(nth, other_friend_leaves);
        int error = circle_try_leave(&visit);
        interrupted = attempt_disarm();
        ck_assert_int_eq(error, 0);

        bool heard = heard_or_nothing(&visit, "2-"), other_heard = heard_or_nothing(&interrupting, "1-");

        ck_assert(heard || other_heard);
        expect_census(0, 0, 0, 0);
        attempt_end();
    }
}
END_TEST

static void
same_user_comes(void)
{
    interrupting = come(1, 1, NO_FRIENDS);
}

/* A user leaves on one worker and comes on another at once: either nothing happened to the user, or both, in this order. */
START_TEST(who_leaves_and_comes_at_once_ends_online)
{
    bool interrupted = true;

    for (long nth = 1; interrupted; nth += attempt_stride()) {
        attempt_begin(3);
        struct visit watcher = come(2, 3, FRIENDS(1)), listed = come(1, 2, NO_FRIENDS);
        struct visit visit = come(0, 1, FRIENDS(2));
        expect_heard(&watcher, "1+");
        attempt_arm(nth, same_user_comes);
        int error = circle_try_leave(&visit);
        interrupted = attempt_disarm();
        ck_assert_int_eq(error, 0);

        ck_assert(visit.transition == interrupting.transition);
        expect_heard(&watcher, visit.transition ? "1- 1+" : "");
        expect_heard(&listed, visit.transition ? "1-" : "");
        attempt_end();
    }
}
END_TEST

static void
same_user_leaves(void)
{
    leave(&interrupting);
}

/* Two devices of a user go at once: the user has gone once, and the list of whichever was the last counts. */
START_TEST(two_devices_that_leave_at_once_are_one_departure)
{
    bool interrupted = true;

    for (long nth = 1; interrupted; nth += attempt_stride()) {
        attempt_begin(3);
        struct visit watcher = come(2, 3, FRIENDS(1)), of_one = come(1, 4, NO_FRIENDS), of_other = come(1, 5, NO_FRIENDS);
        struct visit visit = come(0, 1, FRIENDS(4));
        interrupting = come(1, 1, FRIENDS(5));
        expect_heard(&watcher, "1+");
        attempt_arm(nth, same_user_leaves);
        int error = circle_try_leave(&visit);
        interrupted = attempt_disarm();
        ck_assert_int_eq(error, 0);

        ck_assert(visit.transition != interrupting.transition);
        expect_heard(&watcher, "1-");
        expect_heard(&of_one, visit.transition ? "1-" : "");
        expect_heard(&of_other, visit.transition ? "" : "1-");
        attempt_end();
    }
}
END_TEST

/* Many users with two sessions each, some of whom watch user 1; user 1 lists them all. */
static struct visit crowd[CROWD], crowd_again[CROWD];
static int64_t crowd_ids[CROWD];
static struct visit crowd_newcomer;

static struct visit
crowd_comes(void)
{
    for (int i = 0; i < CROWD; i++) {
        crowd_ids[i] = 100 + i;
        crowd[i] = i % 3 == 0 ? come(1, 100 + i, FRIENDS(1)) : come(1, 100 + i, NO_FRIENDS);
        crowd_again[i] = i % 5 == 0 ? come(2, 100 + i, FRIENDS(1)) : come(2, 100 + i, NO_FRIENDS);
    }
    struct visit visit = come(0, 1, crowd_ids, CROWD);

    (void)circle_unheard();
    return visit;
}

/* Those of the crowd who were there all the time hear of the departure once. */
static void
expect_crowd_heard(int first)
{
    for (int i = first; i < CROWD; i++) {
        REQUIRE(strcmp(circle_heard(&crowd[i]), "1-") == 0, "%d heard something else", i);
        REQUIRE(strcmp(circle_heard(&crowd_again[i]), "1-") == 0, "%d heard something else", i);
    }
}

static void
listed_users_come_and_go(void)
{
    leave(&crowd[0]);
    crowd_newcomer = come(1, 101, NO_FRIENDS); /* most likely in the slot that has just become free */
    leave(&crowd_again[0]);
    leave(&crowd[1]);
    relist(&crowd[2], FRIENDS(1));
}

START_TEST(the_sessions_of_listed_users_may_come_and_go_meanwhile)
{
    bool interrupted = true;

    for (long nth = 1; interrupted; nth += attempt_stride()) {
        attempt_begin(3);
        struct visit visit = crowd_comes();
        attempt_arm(nth, listed_users_come_and_go);
        int error = circle_try_leave(&visit);
        interrupted = attempt_disarm();
        ck_assert_int_eq(error, 0);

        expect_crowd_heard(2);
        expect_heard(&crowd_again[1], "1-");
        /* Who came or went meanwhile may have been told, but not twice; who has gone had not missed anything if it was not. */
        const struct visit *others[] = {&crowd[0], &crowd_again[0], &crowd[1], &crowd_newcomer};
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
            const char *heard = circle_heard(others[i]);

            ck_assert_msg(strcmp(heard, "") == 0 || strstr(heard, "1-") == NULL || strstr(strstr(heard, "1-") + 1, "1-") == NULL, "heard %s", heard);
        }
        (void)circle_unheard();
        attempt_end();
    }
}
END_TEST

static struct visit latecomers[CROWD];

static void
many_begin_to_watch(void)
{
    for (int i = 0; i < CROWD; i++)
        latecomers[i] = come(2, 1000 + i, FRIENDS(1));
}

/* What was made ready before they came is too small then. */
START_TEST(many_may_begin_to_watch_who_is_leaving)
{
    bool interrupted = true;

    for (long nth = 1; interrupted; nth += attempt_stride()) {
        attempt_begin(3);
        struct visit visit = crowd_comes();
        attempt_arm(nth, many_begin_to_watch);
        int error = circle_try_leave(&visit);
        interrupted = attempt_disarm();
        ck_assert_int_eq(error, 0);

        bool heard = heard_or_nothing(&latecomers[0], "1-");
        for (int i = 1; i < CROWD; i++)
            REQUIRE(strcmp(circle_heard(&latecomers[i]), heard ? "1-" : "") == 0, "%d heard something else", i);
        expect_crowd_heard(0);
        attempt_end();
    }
}
END_TEST

START_TEST(many_may_begin_to_watch_who_is_arriving)
{
    bool interrupted = true;

    for (long nth = 1; interrupted; nth += attempt_stride()) {
        struct visit visit, watcher;

        attempt_begin(3);
        watcher = come(1, 2, FRIENDS(1));
        attempt_arm(nth, many_begin_to_watch);
        int error = circle_try_come(&visit, 0, 1, FRIENDS(2, 3));
        interrupted = attempt_disarm();
        ck_assert_int_eq(error, 0);

        bool heard = heard_or_nothing(&latecomers[0], "1+");
        for (int i = 1; i < CROWD; i++)
            REQUIRE(strcmp(circle_heard(&latecomers[i]), heard ? "1+" : "") == 0, "%d heard something else", i);
        expect_heard(&watcher, "1+");
        attempt_end();
    }
}
END_TEST

static void
kept_friend_comes(void)
{
    interrupting = come(1, 2, NO_FRIENDS);
}

START_TEST(a_friend_in_both_lists_is_watched_without_a_gap)
{
    int64_t old[CROWD], new[CROWD];
    bool interrupted = true;

    for (int i = 0; i < CROWD; i++) {
        old[i] = 100 + i;
        new[i] = 100 + CROWD / 2 + i;
    }
    for (int at = 0; at < CROWD; at += CROWD / 2 - 1) {
        interrupted = true;
        for (long nth = 1; interrupted; nth += attempt_stride()) {
            old[at] = new[CROWD - 1 - at] = 2;
            attempt_begin(3);
            struct visit watcher = come(0, 1, old, CROWD);
            attempt_arm(nth, kept_friend_comes);
            int error = circle_try_relist(&watcher, new, CROWD);
            interrupted = attempt_disarm();
            ck_assert_int_eq(error, 0);
            expect_heard(&watcher, "2+");
            leave(&interrupting);
            expect_heard(&watcher, "2-");
            attempt_end();
        }
        old[at] = 100 + at;
        new[CROWD - 1 - at] = 100 + CROWD / 2 + CROWD - 1 - at;
    }
}
END_TEST

static struct visit third;

/* Others begin and leave off watching the same users, so positions in the arrays of watchers change under the relisting session. */
static void
others_relist(void)
{
    struct visit passing = come(2, 8, FRIENDS(100, 101, 102, 103, 2));

    relist(&third, FRIENDS(2, 105));
    relist(&passing, FRIENDS(101));
    leave(&passing);
    relist(&third, FRIENDS(104, 102, 2, 100));
}

START_TEST(others_who_watch_the_same_users_may_come_and_go_meanwhile)
{
    bool interrupted = true;

    for (long nth = 1; interrupted; nth += attempt_stride()) {
        attempt_begin(3);
        third = come(1, 9, FRIENDS(100, 101, 102, 103, 104));
        struct visit watcher = come(0, 1, FRIENDS(100, 101, 102, 103));
        attempt_arm(nth, others_relist);
        int error = circle_try_relist(&watcher, FRIENDS(104, 103, 105, 106, 107, 108, 102));
        interrupted = attempt_disarm();
        ck_assert_int_eq(error, 0);
        expect_census(11, 2, 7 + 4, 2);
        for (int64_t id = 100; id <= 108; id++) {
            static const char *const words[] = {"", "", "102+", "103+", "104+", "105+", "106+", "107+", "108+"};
            struct visit friend = come(2, id, NO_FRIENDS);

            expect_heard(&watcher, words[id - 100]);
            ck_assert((strcmp(circle_heard(&third), "") != 0) == (id == 100 || id == 102 || id == 104));
            leave(&friend);
            (void)circle_unheard();
        }
        leave(&watcher);
        leave(&third);
        expect_census(0, 0, 0, 0);
        (void)circle_unheard();
        attempt_end();
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("graph_interleavings");
    TCase *tests = tcase_create("graph_interleavings");

    tcase_add_test(tests, of_two_friends_who_arrive_at_once_at_least_one_hears_of_the_other);
    tcase_add_test(tests, of_two_friends_who_leave_at_once_at_least_one_hears_of_the_other);
    tcase_add_test(tests, who_leaves_and_comes_at_once_ends_online);
    tcase_add_test(tests, two_devices_that_leave_at_once_are_one_departure);
    tcase_add_test(tests, the_sessions_of_listed_users_may_come_and_go_meanwhile);
    tcase_add_test(tests, many_may_begin_to_watch_who_is_leaving);
    tcase_add_test(tests, many_may_begin_to_watch_who_is_arriving);
    tcase_add_test(tests, a_friend_in_both_lists_is_watched_without_a_gap);
    tcase_add_test(tests, others_who_watch_the_same_users_may_come_and_go_meanwhile);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
