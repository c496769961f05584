/* SPDX-License-Identifier: MIT
 *
 * Lists that change friend by friend, and the snapshots that say who was online when an edge began.
 */
#include "graph/graph.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/circle.h"
#include "support/unit/require.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 300 };

static struct snapshot snapshot;

static void
open_circle(void)
{
    circle_open(3);
    snapshot = (struct snapshot){0};
}

/* Whatever a test did: nobody heard anything that it did not ask for. */
static void
close_circle(void)
{
    expect_silence();
    snapshot_done(&snapshot);
    circle_close();
}

START_TEST(a_login_can_ask_who_of_its_friends_is_online)
{
    come(1, 2, NO_FRIENDS);
    enter(2, 4, NO_FRIENDS, "away", NULL);
    struct visit visit = enter(0, 1, FRIENDS(3, 2, 1, 4, 2), NULL, &snapshot);

    expect_snapshot(&snapshot, "1 3away");
    expect_heard(&visit, "");
    enter(0, 5, NO_FRIENDS, NULL, &snapshot);
    expect_snapshot(&snapshot, "");
}
END_TEST

START_TEST(a_followed_user_is_watched_from_then_on)
{
    struct visit visit = enter(0, 1, FRIENDS(2), NULL, NULL);
    struct visit third = come(1, 3, NO_FRIENDS);

    follow(&visit, FRIENDS(3, 4), &snapshot);
    expect_snapshot(&snapshot, "0");
    expect_census(4, 2, 3, 2);
    come(2, 4, NO_FRIENDS);
    come(2, 2, NO_FRIENDS);
    leave(&third);
    expect_heard(&visit, "4+ 2+ 3-");
}
END_TEST

START_TEST(who_is_followed_already_or_twice_or_oneself_is_passed_over)
{
    come(1, 2, NO_FRIENDS);
    come(1, 3, NO_FRIENDS);
    struct visit visit = enter(0, 1, FRIENDS(2), NULL, NULL);

    follow(&visit, FRIENDS(2, 1, 3, 3, 2), &snapshot);
    expect_snapshot(&snapshot, "2");
    expect_census(3, 3, 2, 3);
    follow(&visit, FRIENDS(1, 2, 3), &snapshot);
    expect_snapshot(&snapshot, "");
    expect_census(3, 3, 2, 3);
    follow(&visit, NO_FRIENDS, &snapshot);
    expect_snapshot(&snapshot, "");
}
END_TEST

START_TEST(a_limit_counts_those_who_would_be_watched)
{
    struct visit visit = enter(0, 1, FRIENDS(2, 3), NULL, NULL);

    come(1, 4, NO_FRIENDS);
    ck_assert_int_eq(circle_try_follow(&visit, FRIENDS(4, 5), 3, &snapshot), -E2BIG);
    expect_snapshot(&snapshot, "");
    expect_census(4, 2, 2, 2);
    ck_assert_int_eq(circle_try_follow(&visit, FRIENDS(4, 4, 1, 2, 4, 3, 2), 3, &snapshot), 0);
    expect_snapshot(&snapshot, "0");
    expect_census(4, 2, 3, 2);
    ck_assert_int_eq(circle_try_follow(&visit, FRIENDS(2, 3, 4, 1), 3, &snapshot), 0);
    ck_assert_int_eq(circle_try_follow(&visit, FRIENDS(2, 3, 4), 2, &snapshot), 0); /* nobody new: the limit was another before */
    ck_assert_int_eq(circle_try_follow(&visit, FRIENDS(NAMED(4), NAMED(5), NAMED(4)), 4, &snapshot), -E2BIG);
    ck_assert_int_eq(circle_try_follow(&visit, FRIENDS(NAMED(4), NAMED(4)), 4, &snapshot), 0);
    expect_census(5, 2, 4, 2);
}
END_TEST

START_TEST(who_is_unfollowed_is_not_watched_any_more)
{
    struct visit visit = enter(0, 1, FRIENDS(2, 3, 4), NULL, NULL);

    ck_assert_uint_eq(unfollow(&visit, FRIENDS(3, 7, 3, 1)), 1);
    expect_census(3, 1, 2, 1);
    enter(1, 3, NO_FRIENDS, NULL, NULL);
    enter(1, 2, NO_FRIENDS, NULL, NULL);
    expect_heard(&visit, "2+");
    ck_assert_uint_eq(unfollow(&visit, FRIENDS(2, 4)), 2);
    ck_assert_uint_eq(unfollow(&visit, FRIENDS(2, 4)), 0);
    ck_assert_uint_eq(unfollow(&visit, NO_FRIENDS), 0);
    expect_census(3, 3, 0, 3);
    follow(&visit, FRIENDS(2, 3, 4), &snapshot);
    expect_snapshot(&snapshot, "0 1");
    leave(&visit);
    expect_census(2, 2, 0, 2);
}
END_TEST

START_TEST(a_session_can_leave_off_watching_anybody)
{
    struct visit visit = enter(0, 1, FRIENDS(2, 3, 2), NULL, NULL);

    ck_assert_uint_eq(circle_unlist(&visit), 2);
    ck_assert_uint_eq(circle_unlist(&visit), 0);
    expect_census(1, 1, 0, 1);
    come(1, 2, NO_FRIENDS);
    expect_heard(&visit, "");
    follow(&visit, FRIENDS(3, 2), &snapshot);
    expect_snapshot(&snapshot, "1");
    relist(&visit, FRIENDS(3));
    expect_census(3, 2, 1, 2);
}
END_TEST

/* Of each friend it is known whether it is followed; others watch the same friends, so that edges of the list move about. */
START_TEST(a_list_may_grow_and_shrink_in_small_steps)
{
    struct visit visit = enter(0, 1, NO_FRIENDS, NULL, NULL), other = enter(1, 2, NO_FRIENDS, NULL, NULL);
    uint32_t edges = 0, ended;

    for (int64_t friend = 0; friend < MANY; friend ++) {
        follow(&other, FRIENDS(1000 + friend), NULL);
        follow(&visit, FRIENDS(1000 + friend, 1000 + friend / 2), NULL);
    }
    for (int64_t friend = 0; friend < MANY; friend ++) {
        ck_assert_int_eq(circle_try_unfollow(friend % 3 == 0 ? &visit : &other, FRIENDS(1000 + friend), &ended), 0);
        REQUIRE(ended == 1, "friend %lld was not followed", (long long)friend);
    }
    for (int64_t friend = 0; friend < MANY; friend ++) {
        char word[16];
        struct visit visitor = come(2, 1000 + friend, NO_FRIENDS);
        bool by_visit = friend % 3 != 0;

        snprintf(word, sizeof word, "%d+", 1000 + (int)friend);
        REQUIRE(strcmp(circle_heard(&visit), by_visit ? word : "") == 0, "friend %lld", (long long)friend);
        REQUIRE(strcmp(circle_heard(&other), by_visit ? "" : word) == 0, "friend %lld", (long long)friend);
        leave(&visitor);
        (void)circle_unheard();
        edges++;
    }
    ck_assert_uint_eq(circle_census().edges, edges);
    ck_assert_uint_eq(circle_unlist(&visit), MANY - MANY / 3);
    leave(&visit);
    leave(&other);
    expect_census(0, 0, 0, 0);
}
END_TEST

START_TEST(who_follows_only_does_not_hear_of_those_who_list_it)
{
    struct visit follower = enter(0, 1, NO_FRIENDS, NULL, NULL), classic = come(1, 1, NO_FRIENDS);
    struct visit watcher = enter(2, 3, FRIENDS(2), NULL, NULL);
    struct visit friend = come(2, 2, FRIENDS(1, 3));

    expect_heard(&watcher, "2+");
    leave(&friend);
    expect_heard(&follower, "");
    expect_heard(&classic, "2-");
    expect_heard(&watcher, "2-");
}
END_TEST

START_TEST(a_departure_of_who_follows_is_told_to_those_whom_it_follows)
{
    struct visit classic = come(1, 2, NO_FRIENDS), unfollowed = come(1, 3, NO_FRIENDS), other = enter(2, 2, NO_FRIENDS, NULL, NULL);
    struct visit visit = enter(0, 1, FRIENDS(3), NULL, NULL);

    follow(&visit, FRIENDS(2), NULL);
    unfollow(&visit, FRIENDS(3));
    leave(&visit);
    expect_heard(&classic, "1-");
    expect_heard(&unfollowed, "");
    expect_heard(&other, "");
}
END_TEST

START_TEST(it_can_be_asked_who_is_online)
{
    struct visit visit = enter(0, 1, FRIENDS(2), "here", NULL);

    come(1, 3, NO_FRIENDS);
    enter(1, NAMED(3), NO_FRIENDS, "busy", NULL);
    ck_assert_int_eq(circle_try_ask(0, FRIENDS(2, 3, 1, 3, NAMED(3), 4, 1), &snapshot), 0);
    expect_snapshot(&snapshot, "1 2here 4busy");
    expect_census(4, 3, 1, 3);
    ck_assert_int_eq(circle_try_ask(2, NO_FRIENDS, &snapshot), 0);
    expect_snapshot(&snapshot, "");
    expect_heard(&visit, "");
}
END_TEST

START_TEST(why_a_session_ended_is_told)
{
    struct visit watcher = come(0, 1, FRIENDS(2));
    static const enum leave_reason reasons[] = {LEAVE_GOODBYE, LEAVE_CLOSED, LEAVE_TIMEOUT};

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        struct visit visit = come(1, 2, NO_FRIENDS);

        circle_reason(reasons[i]);
        leave(&visit);
    }
    expect_heard(&watcher, "2+ 2-goodbye 2+ 2- 2+ 2-timeout");
}
END_TEST

/* What happens in the middle of an operation: before its nth lock, for every n, and once after it. */
static struct visit flapping;
static bool happened;

static void
friend_comes(void *context)
{
    (void)context;
    happened = true;
    flapping = enter(1, 2, NO_FRIENDS, "new", NULL);
}

static void
friend_leaves(void *context)
{
    (void)context;
    happened = true;
    leave(&flapping);
}

static void
friend_says(void *context)
{
    (void)context;
    happened = true;
    say(&flapping, "new");
}

/* Friend 2 stands amid others; the session hears of what happened to it in the snapshot or in the news, and not in both. */
static void
fit_together(void (*happens)(void *context), bool by_login, const char *before, const char *after, const char *news)
{
    long stride = 100 / (long)pace_scaled(100);
    int64_t friends[] = {100, 101, 2, 102, 103};
    bool in_snapshot = false, in_news = false, interrupted = true;

    for (long nth = 1; interrupted; nth += stride) {
        char seen[32];
        struct visit visit;
        int error;

        close_circle();
        open_circle();
        if (happens != friend_comes)
            flapping = enter(1, 2, NO_FRIENDS, "old", NULL);
        if (!by_login)
            visit = enter(0, 1, FRIENDS(104, 105), NULL, NULL);
        happened = false;
        faults_interrupt(nth, happens, NULL);
        if (by_login)
            error = circle_try_enter(&visit, 0, 1, friends, 5, true, NULL, &snapshot);
        else
            error = circle_try_follow(&visit, friends, 5, 7, &snapshot);
        faults_interrupt(0, NULL, NULL);
        interrupted = happened;
        if (!interrupted)
            happens(NULL);
        ck_assert_int_eq(error, 0);

        snprintf(seen, sizeof seen, "%s", circle_snapshot(&snapshot));
        const char *heard = circle_heard(&visit);
        bool came_first = strcmp(seen, after) == 0 && strcmp(heard, "") == 0;

        ck_assert_msg(came_first || (strcmp(seen, before) == 0 && strcmp(heard, news) == 0), "lock %ld: \"%s\" and \"%s\"", nth, seen, heard);
        in_snapshot = in_snapshot || came_first;
        in_news = in_news || !came_first;
    }
    ck_assert(in_snapshot && in_news);
}

START_TEST(a_snapshot_and_the_news_after_it_fit_together)
{
    fit_together(friend_comes, _i, "", "2new", "2+new");
    fit_together(friend_leaves, _i, "2old", "", "2-");
    fit_together(friend_says, _i, "2old", "2new", "2=new");
}
END_TEST

static struct visit third;

/* Others begin and leave off watching the same users, so positions in the arrays of watchers change under the session whose list is changed. */
static void
others_change_their_lists(void *context)
{
    (void)context;
    struct visit passing = come(2, 8, FRIENDS(100, 101, 102, 103, 2));

    relist(&third, FRIENDS(2, 105));
    follow(&third, FRIENDS(101, 103), NULL);
    unfollow(&passing, FRIENDS(100, 101));
    leave(&passing);
    relist(&third, FRIENDS(104, 102, 2, 100));
}

START_TEST(others_who_watch_the_same_users_may_come_and_go_meanwhile)
{
    long stride = 100 / (long)pace_scaled(100);

    for (long nth = 1; nth < 40; nth += stride) {
        circle_close();
        open_circle();
        third = come(1, 9, FRIENDS(100, 101, 102, 103, 104));
        struct visit visit = enter(0, 1, FRIENDS(100, 101, 102, 103), NULL, NULL);
        faults_interrupt(nth, others_change_their_lists, NULL);
        follow(&visit, FRIENDS(104, 105, 106), NULL);                      /* moves into a larger segment */
        ck_assert_uint_eq(unfollow(&visit, FRIENDS(100, 101, 105, 2)), 3); /* and leaves holes there */
        faults_interrupt(0, NULL, NULL);
        for (int64_t id = 100; id <= 106; id++) {
            static const char *const words[] = {"", "", "102+", "103+", "104+", "", "106+"};
            struct visit friend = come(2, id, NO_FRIENDS);

            expect_heard(&visit, words[id - 100]);
            (void)circle_heard(&third);
            leave(&friend);
            (void)circle_unheard();
        }
        leave(&visit);
        leave(&third);
        expect_census(0, 0, 0, 0);
        (void)circle_unheard();
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("graph_follow");
    TCase *tests = tcase_create("graph_follow");

    tcase_add_checked_fixture(tests, open_circle, close_circle);
    tcase_add_test(tests, a_login_can_ask_who_of_its_friends_is_online);
    tcase_add_test(tests, a_followed_user_is_watched_from_then_on);
    tcase_add_test(tests, who_is_followed_already_or_twice_or_oneself_is_passed_over);
    tcase_add_test(tests, a_limit_counts_those_who_would_be_watched);
    tcase_add_test(tests, who_is_unfollowed_is_not_watched_any_more);
    tcase_add_test(tests, a_session_can_leave_off_watching_anybody);
    tcase_add_test(tests, a_list_may_grow_and_shrink_in_small_steps);
    tcase_add_test(tests, who_follows_only_does_not_hear_of_those_who_list_it);
    tcase_add_test(tests, a_departure_of_who_follows_is_told_to_those_whom_it_follows);
    tcase_add_test(tests, it_can_be_asked_who_is_online);
    tcase_add_test(tests, why_a_session_ended_is_told);
    tcase_add_loop_test(tests, a_snapshot_and_the_news_after_it_fit_together, 0, 2);
    tcase_add_test(tests, others_who_watch_the_same_users_may_come_and_go_meanwhile);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
