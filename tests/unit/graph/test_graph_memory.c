/* SPDX-License-Identifier: MIT
 *
 * What the graph does when there is no memory: the nth allocation of an operation fails, alone or with all that come after it, for
 * every n until the operation needs no more. A login or a logout that fails has not happened; a session whose relist failed can still be ended. That
 * nothing leaks is seen by the builds that look for leaks.
 */
#include "graph/graph.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/circle.h"
#include "support/unit/require.h"

#include <errno.h>
#include <string.h>

enum { CROWD = 200 }; /* more than fits into the audience that a worker has at hand */

enum { STAR = 1, CROWD_FIRST = 1000 };

static struct visit crowd[CROWD];
static int64_t crowd_ids[CROWD];
static int64_t strangers[CROWD];

/* A crowd that watches the star, on two workers. */
static void
crowd_comes(void)
{
    for (int i = 0; i < CROWD; i++) {
        crowd_ids[i] = CROWD_FIRST + i;
        strangers[i] = 2 * CROWD_FIRST + i;
        crowd[i] = come((uint32_t)i % 2, crowd_ids[i], FRIENDS(STAR));
    }
    (void)circle_unheard();
}

static void
expect_crowd_heard(const char *text)
{
    for (int i = 0; i < CROWD; i++)
        REQUIRE(strcmp(circle_heard(&crowd[i]), text) == 0, "%d heard something else than \"%s\"", i, text);
    expect_silence();
}

static void
expect_same_census(struct graph_census before)
{
    expect_census(before.users, before.users_online, before.edges, before.members);
}

/* One run of an operation whose nth allocation fails. */
struct attempt {
    long nth;
    int all_after;
    int error;
    bool failed; /* there was an nth allocation */
};

/* How an operation went over all its attempts. */
struct attempts {
    struct attempt now;
    int refusals; /* -ENOMEM */
};

/* Begins the next attempt in a new circle; false when the last one needed no nth allocation any more, in both ways of failing. */
static bool
attempts_next(struct attempts *attempts)
{
    struct attempt *now = &attempts->now;

    if (now->nth > 0) {
        ck_assert(now->error == 0 || now->error == -ENOMEM);
        ck_assert_msg(now->failed || now->error == 0, "refused though no allocation failed");
        attempts->refusals += now->error < 0;
        circle_close();
        if (!now->failed && now->all_after) {
            ck_assert_int_gt(attempts->refusals, 0);
            return false;
        }
        if (!now->failed) {
            now->all_after = 1;
            now->nth = 0;
        }
    }
    now->nth += now->nth == 0 ? 1 : 100 / (long)pace_scaled(100); /* where tools make it slow, not every one has its turn */
    circle_open(3);
    return true;
}

static void
attempt_arm(const struct attempt *attempt)
{
    faults_allocation(attempt->nth, attempt->all_after);
}

static void
attempt_disarm(struct attempt *attempt, int error)
{
    attempt->failed = faults_allocations() >= attempt->nth;
    faults_allocation(0, 0);
    attempt->error = error;
}

START_TEST(a_login_without_memory_has_not_happened)
{
    struct attempts attempts = {0};

    while (attempts_next(&attempts)) {
        struct visit star;

        crowd_comes();
        struct graph_census before = circle_census();

        attempt_arm(&attempts.now);
        int error = circle_try_come(&star, 2, STAR, strangers, CROWD);
        attempt_disarm(&attempts.now, error);
        if (error < 0) {
            expect_silence();
            expect_same_census(before);
            star = come(2, STAR, strangers, CROWD);
        }
        ck_assert(star.transition);
        expect_crowd_heard("1+");
        leave(&star);
        expect_crowd_heard("1-");
        expect_same_census(before);
    }
}
END_TEST

/* The first login that a graph sees, of somebody with few friends: as most are. */
START_TEST(a_small_login_without_memory_has_not_happened)
{
    struct attempts attempts = {0};

    while (attempts_next(&attempts)) {
        struct visit visit;

        attempt_arm(&attempts.now);
        int error = circle_try_come(&visit, 0, 1, FRIENDS(2, 3, 1, 2));
        attempt_disarm(&attempts.now, error);
        if (error < 0) {
            expect_census(0, 0, 0, 0);
            visit = come(0, 1, FRIENDS(2, 3, 1, 2));
        }
        expect_census(3, 1, 2, 1);
        leave(&visit);
        expect_census(0, 0, 0, 0);
    }
}
END_TEST

START_TEST(a_second_session_without_memory_changes_nothing_for_the_first)
{
    struct attempts attempts = {0};

    while (attempts_next(&attempts)) {
        struct visit phone, laptop;

        crowd_comes();
        phone = come(2, STAR, FRIENDS(CROWD_FIRST));
        expect_crowd_heard("1+");
        attempt_arm(&attempts.now);
        int error = circle_try_come(&laptop, 1, STAR, strangers, CROWD);
        attempt_disarm(&attempts.now, error);
        if (error == 0)
            leave(&laptop);
        expect_silence();
        leave(&phone);
        expect_crowd_heard("1-");
    }
}
END_TEST

START_TEST(a_logout_without_memory_has_not_happened)
{
    struct attempts attempts = {0};

    while (attempts_next(&attempts)) {
        struct visit star;

        crowd_comes();
        struct graph_census before = circle_census();

        star = come(2, STAR, crowd_ids, CROWD);
        expect_crowd_heard("1+");
        struct graph_census with_star = circle_census();

        attempt_arm(&attempts.now);
        int error = circle_try_leave(&star);
        attempt_disarm(&attempts.now, error);
        if (error < 0) {
            expect_silence();
            expect_same_census(with_star);
            relist(&star, crowd_ids, CROWD - 1);
            leave(&star);
        }
        ck_assert(star.transition);
        expect_crowd_heard("1-");
        expect_same_census(before);
    }
}
END_TEST

/* A logout that only gives memory back (its list was long, its friends have many watchers) never fails for want of it. */
START_TEST(a_silent_logout_needs_no_memory)
{
    circle_open(3);
    crowd_comes();
    struct visit first = come(0, 7, FRIENDS(STAR)), second = come(1, 7, crowd_ids, CROWD);

    for (int i = 0; i < CROWD; i++)
        relist(&crowd[i], FRIENDS(7));
    (void)circle_unheard();
    faults_allocation(1, 1);
    int error = circle_try_leave(&second);
    faults_allocation(0, 0);
    ck_assert_int_eq(error, 0);
    expect_silence();
    leave(&first);
    expect_crowd_heard("7-");
    circle_close();
}
END_TEST

START_TEST(a_session_whose_relist_failed_can_be_ended)
{
    struct attempts attempts = {0};
    int64_t old[CROWD], new[CROWD];

    while (attempts_next(&attempts)) {
        crowd_comes();
        struct graph_census before = circle_census();

        memcpy(old, strangers, sizeof old);
        memcpy(new, strangers + CROWD / 2, sizeof new / 2);
        memcpy(new + CROWD / 2, crowd_ids, sizeof new / 2);
        struct visit star = come(2, STAR, old, CROWD);
        expect_crowd_heard("1+");

        attempt_arm(&attempts.now);
        int error = circle_try_relist(&star, new, CROWD);
        attempt_disarm(&attempts.now, error);
        expect_silence();
        if (error == 0)
            expect_census(before.users + CROWD / 2, before.users_online + 1, before.edges + CROWD, before.members + 1);
        leave(&star);
        ck_assert(star.transition);
        expect_crowd_heard("1-");
        expect_same_census(before);
    }
}
END_TEST

/* With a list that failed half-way, and others who watch the same users, whose places in the arrays must still be right. */
START_TEST(a_failed_relist_leaves_the_others_lists_right)
{
    struct attempts attempts = {0};

    while (attempts_next(&attempts)) {
        struct visit others[] = {come(0, 11, FRIENDS(1, 2, 3, 4, 5)), come(1, 12, FRIENDS(5, 4, 3, 2, 1)), come(0, 13, FRIENDS(3, 6))};
        struct visit visit = come(2, 14, FRIENDS(1, 2, 3, 4));

        attempt_arm(&attempts.now);
        int error = circle_try_relist(&visit, FRIENDS(3, 5, 6, 2, 7, 8, 9));
        attempt_disarm(&attempts.now, error);
        relist(&others[1], FRIENDS(6, 2, 1));
        leave(&visit);
        relist(&others[0], FRIENDS(2, 4));
        expect_census(6 + 3 - 1, 3, 5 + 3 - 1, 3);
        struct visit friend = come(1, 2, NO_FRIENDS);
        expect_heard(&others[0], "2+");
        expect_heard(&others[1], "2+");
        leave(&friend);
        for (int i = 0; i < 3; i++)
            leave(&others[i]);
        expect_census(0, 0, 0, 0);
    }
}
END_TEST

/* Somebody with a name and a status, whose friends are there and have some too. */
START_TEST(an_arrival_with_all_it_can_say_without_memory_has_not_happened)
{
    struct attempts attempts = {0};

    while (attempts_next(&attempts)) {
        struct text *status = text_new("away", 4);
        struct snapshot snapshot = {0};
        struct visit visit;

        crowd_comes();
        relist(&crowd[0], FRIENDS(NAMED(1)));
        enter(1, NAMED(2), NO_FRIENDS, "busy", NULL);
        struct graph_census before = circle_census();

        attempt_arm(&attempts.now);
        int error = circle_try_enter(&visit, 2, NAMED(1), FRIENDS(NAMED(2), NAMED(3), CROWD_FIRST + 5, 77), true, status, &snapshot);
        attempt_disarm(&attempts.now, error);
        if (error < 0) {
            expect_snapshot(&snapshot, "");
            expect_silence();
            expect_same_census(before);
            visit = enter(2, NAMED(1), FRIENDS(NAMED(2), NAMED(3), CROWD_FIRST + 5, 77), "away", &snapshot);
        }
        text_drop(status);
        expect_snapshot(&snapshot, "0busy 2");
        expect_heard(&crowd[0], "\"1\"+away");
        leave(&visit);
        expect_heard(&crowd[0], "\"1\"-");
        expect_heard(&crowd[5], "\"1\"-");
        expect_same_census(before);
        snapshot_done(&snapshot);
    }
}
END_TEST

START_TEST(a_session_that_could_not_follow_can_be_ended)
{
    struct attempts attempts = {0};
    int64_t friends[CROWD];

    while (attempts_next(&attempts)) {
        struct snapshot snapshot = {0};

        crowd_comes();
        struct graph_census before = circle_census();

        memcpy(friends, crowd_ids, sizeof friends);
        for (int i = 0; i < CROWD / 2; i++)
            friends[i] = i % 2 == 0 ? NAMED(i) : strangers[i];
        struct visit visit = enter(2, STAR, strangers, CROWD / 2, NULL, NULL);
        expect_crowd_heard("1+");

        attempt_arm(&attempts.now);
        int error = circle_try_follow(&visit, friends, CROWD, CROWD * 5 / 4 + CROWD / 2, &snapshot);
        attempt_disarm(&attempts.now, error);
        ck_assert_uint_eq(snapshot.count, error < 0 ? 0 : CROWD / 2);
        expect_silence();
        if (error == 0)
            ck_assert_uint_eq(circle_census().edges, before.edges + CROWD / 2 + CROWD - CROWD / 4);
        leave(&visit);
        expect_crowd_heard("1-");
        expect_same_census(before);
        snapshot_done(&snapshot);
    }
}
END_TEST

/* Only at its beginning can it fail; that a list cannot be made smaller is no failure. So many edges that the map of them is not kept. */
START_TEST(to_unfollow_without_memory_has_not_happened)
{
    enum { EDGES = 9000 };
    static int64_t friends[EDGES];
    struct attempts attempts = {0};

    for (int i = 0; i < EDGES; i++)
        friends[i] = CROWD_FIRST + i;
    while (attempts_next(&attempts)) {
        struct visit visit = come(2, STAR, friends, EDGES);
        uint32_t ended;

        attempt_arm(&attempts.now);
        int error = circle_try_unfollow(&visit, friends, EDGES - 1, &ended);
        attempt_disarm(&attempts.now, error);
        ck_assert_uint_eq(ended, error < 0 ? 0 : EDGES - 1);
        expect_census(EDGES + 1 - ended, 1, EDGES - ended, 1);
        follow(&visit, friends, EDGES / 2, NULL);
        ck_assert_uint_eq(circle_unlist(&visit), error < 0 ? EDGES : EDGES / 2 + 1);
        leave(&visit);
        expect_census(0, 0, 0, 0);
    }
}
END_TEST

START_TEST(a_status_without_memory_is_not_set)
{
    struct attempts attempts = {0};

    while (attempts_next(&attempts)) {
        struct text *status = text_new("away", 4);

        crowd_comes();
        struct visit star = enter(2, STAR, NO_FRIENDS, "here", NULL);

        expect_crowd_heard("1+here");
        attempt_arm(&attempts.now);
        int error = circle_try_say(&star, status);
        attempt_disarm(&attempts.now, error);
        if (error < 0) {
            expect_silence();
            say(&star, "away");
        }
        text_drop(status);
        expect_crowd_heard("1=away");
        leave(&star);
        expect_crowd_heard("1-");
    }
}
END_TEST

/* A second session comes with another status, and takes it away again. */
START_TEST(a_second_session_with_a_status_without_memory_has_not_come_and_not_gone)
{
    struct attempts attempts = {0};

    while (attempts_next(&attempts)) {
        struct text *status = text_new("away", 4);
        struct visit first, second;
        bool refused;

        crowd_comes();
        first = enter(2, STAR, NO_FRIENDS, "here", NULL);
        expect_crowd_heard("1+here");
        attempt_arm(&attempts.now);
        int error = circle_try_enter(&second, 1, STAR, FRIENDS(5, 6), true, status, NULL);
        attempt_disarm(&attempts.now, error);
        refused = error < 0;
        text_drop(status);
        if (refused)
            expect_silence();
        else
            expect_crowd_heard("1=away");
        if (!refused) {
            struct attempt again = attempts.now;

            attempt_arm(&again);
            error = circle_try_leave(&second);
            attempt_disarm(&again, error);
            if (error < 0) {
                ck_assert_int_eq(error, -ENOMEM);
                expect_silence();
                leave(&second);
            }
            ck_assert(!second.transition);
            expect_crowd_heard("1=here");
            attempts.now.failed = attempts.now.failed || again.failed;
        }
        leave(&first);
        expect_crowd_heard("1-");
    }
}
END_TEST

START_TEST(a_question_without_memory_is_not_answered)
{
    struct attempts attempts = {0};

    while (attempts_next(&attempts)) {
        struct snapshot snapshot = {0};

        crowd_comes();
        attempt_arm(&attempts.now);
        int error = circle_try_ask(0, crowd_ids, CROWD, &snapshot);
        attempt_disarm(&attempts.now, error);
        ck_assert_uint_eq(snapshot.count, error < 0 ? 0 : CROWD);
        snapshot_done(&snapshot);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("graph_memory");
    TCase *tests = tcase_create("graph_memory");

    tcase_add_test(tests, a_login_without_memory_has_not_happened);
    tcase_add_test(tests, a_small_login_without_memory_has_not_happened);
    tcase_add_test(tests, a_second_session_without_memory_changes_nothing_for_the_first);
    tcase_add_test(tests, a_logout_without_memory_has_not_happened);
    tcase_add_test(tests, a_silent_logout_needs_no_memory);
    tcase_add_test(tests, a_session_whose_relist_failed_can_be_ended);
    tcase_add_test(tests, a_failed_relist_leaves_the_others_lists_right);
    tcase_add_test(tests, an_arrival_with_all_it_can_say_without_memory_has_not_happened);
    tcase_add_test(tests, a_session_that_could_not_follow_can_be_ended);
    tcase_add_test(tests, to_unfollow_without_memory_has_not_happened);
    tcase_add_test(tests, a_status_without_memory_is_not_set);
    tcase_add_test(tests, a_second_session_with_a_status_without_memory_has_not_come_and_not_gone);
    tcase_add_test(tests, a_question_without_memory_is_not_answered);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
