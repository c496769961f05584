/* SPDX-License-Identifier: MIT
 *
 * Who is told what, in which order, by the graph alone. The rules are those of the wire protocol; "session" and "watches" mean what they
 * mean there.
 */
#include "graph/graph.h"

#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/circle.h"
#include "support/unit/require.h"

#include <stdlib.h>

static void
open_circle(void)
{
    circle_open(3);
}

/* Whatever a test did: nobody heard anything that it did not ask for. */
static void
close_circle(void)
{
    expect_silence();
    circle_close();
}

START_TEST(an_arrival_is_told_to_every_session_that_watches)
{
    struct visit here = come(0, 1, FRIENDS(9)), there = come(1, 2, FRIENDS(8, 9)), elsewhere = come(2, 3, FRIENDS(8));
    struct visit friend = come(1, 9, NO_FRIENDS);

    ck_assert(friend.transition);
    expect_heard(&here, "9+");
    expect_heard(&there, "9+");
    expect_heard(&elsewhere, "");
}
END_TEST

START_TEST(a_departure_is_told_to_every_session_that_watches)
{
    struct visit here = come(0, 1, FRIENDS(9)), there = come(1, 2, FRIENDS(9)), elsewhere = come(2, 3, FRIENDS(8));
    struct visit friend = come(2, 9, NO_FRIENDS);

    leave(&friend);
    ck_assert(friend.transition);
    expect_heard(&here, "9+ 9-");
    expect_heard(&there, "9+ 9-");
    expect_heard(&elsewhere, "");
}
END_TEST

START_TEST(nobody_is_told_at_login_who_is_online)
{
    come(0, 1, NO_FRIENDS);
    struct visit newcomer = come(1, 2, FRIENDS(1));

    expect_heard(&newcomer, "");
}
END_TEST

START_TEST(only_the_first_session_and_the_last_are_news)
{
    struct visit watcher = come(0, 1, FRIENDS(2));
    struct visit phone = come(1, 2, NO_FRIENDS), laptop = come(2, 2, NO_FRIENDS), tablet = come(1, 2, NO_FRIENDS);

    ck_assert(phone.transition && !laptop.transition && !tablet.transition);
    expect_heard(&watcher, "2+");
    leave(&laptop);
    leave(&phone);
    ck_assert(!laptop.transition && !phone.transition);
    expect_heard(&watcher, "");
    leave(&tablet);
    ck_assert(tablet.transition);
    expect_heard(&watcher, "2-");
}
END_TEST

START_TEST(a_departure_is_told_to_every_session_of_the_listed_users)
{
    struct visit phone = come(0, 1, NO_FRIENDS), laptop = come(1, 1, NO_FRIENDS), stranger = come(0, 3, NO_FRIENDS);
    struct visit friend = come(2, 2, FRIENDS(1, 7));

    expect_heard(&phone, "");
    leave(&friend);
    expect_heard(&phone, "2-");
    expect_heard(&laptop, "2-");
    expect_heard(&stranger, "");
}
END_TEST

START_TEST(a_departure_is_told_once_to_who_watches_and_is_listed)
{
    struct visit watcher = come(0, 1, FRIENDS(2)), listed = come(1, 1, NO_FRIENDS);
    struct visit friend = come(0, 2, FRIENDS(1));

    expect_heard(&watcher, "2+");
    leave(&friend);
    expect_heard(&watcher, "2-");
    expect_heard(&listed, "2-");
}
END_TEST

START_TEST(the_list_that_counts_is_the_last_one_of_the_last_session)
{
    struct visit early = come(0, 1, NO_FRIENDS), late = come(1, 2, NO_FRIENDS), other = come(2, 3, NO_FRIENDS);
    struct visit phone = come(0, 9, FRIENDS(3)), laptop = come(1, 9, FRIENDS(1));

    leave(&phone); /* was not the last: its list is gone without a word */
    relist(&laptop, FRIENDS(2));
    leave(&laptop);
    expect_heard(&early, "");
    expect_heard(&late, "9-");
    expect_heard(&other, "");
}
END_TEST

START_TEST(a_departure_with_an_empty_list_is_told_to_watchers_only)
{
    struct visit watcher = come(0, 1, FRIENDS(2)), once_listed = come(1, 3, NO_FRIENDS);
    struct visit friend = come(2, 2, FRIENDS(3));

    relist(&friend, NO_FRIENDS);
    leave(&friend);
    expect_heard(&watcher, "2+ 2-");
    expect_heard(&once_listed, "");
}
END_TEST

START_TEST(nobody_hears_about_themselves)
{
    struct visit phone = come(0, 1, FRIENDS(1, 2, 1)), laptop = come(1, 1, FRIENDS(1));

    expect_census(2, 1, 1, 2);
    relist(&laptop, FRIENDS(1, 1));
    expect_census(2, 1, 1, 2);
    leave(&phone);
    leave(&laptop);
    expect_heard(&phone, "");
    expect_heard(&laptop, "");
}
END_TEST

START_TEST(duplicates_are_watched_once)
{
    struct visit watcher = come(0, 1, FRIENDS(2, 3, 2, 2, 3));

    expect_census(3, 1, 2, 1);
    struct visit friend = come(1, 2, NO_FRIENDS);
    expect_heard(&watcher, "2+");
    relist(&watcher, FRIENDS(2, 4, 4, 2));
    expect_census(3, 2, 2, 2);
    leave(&friend);
    expect_heard(&watcher, "2-");
}
END_TEST

START_TEST(two_devices_of_a_user_hear_of_those_whom_each_lists)
{
    struct visit phone = come(0, 1, FRIENDS(2, 3)), laptop = come(0, 1, FRIENDS(3, 4));

    come(1, 2, NO_FRIENDS);
    come(1, 3, NO_FRIENDS);
    come(1, 4, NO_FRIENDS);
    expect_heard(&phone, "2+ 3+");
    expect_heard(&laptop, "3+ 4+");
}
END_TEST

START_TEST(a_new_list_is_in_force_and_the_old_one_is_not)
{
    struct visit watcher = come(0, 1, FRIENDS(2, 3, 4));

    relist(&watcher, FRIENDS(4, 5));
    expect_census(3, 1, 2, 1);
    come(1, 2, NO_FRIENDS);
    come(1, 5, NO_FRIENDS);
    come(1, 4, NO_FRIENDS);
    expect_heard(&watcher, "5+ 4+");
    relist(&watcher, NO_FRIENDS);
    come(2, 3, FRIENDS(2));
    expect_heard(&watcher, "");
    relist(&watcher, FRIENDS(3));
    expect_heard(&watcher, ""); /* news is what happens from now on */
}
END_TEST

/* The order in which a session was told, over many lists and transitions: none missing, none twice. */
START_TEST(a_watched_users_transitions_are_told_in_order)
{
    struct visit watcher = come(0, 1, FRIENDS(2, 3));

    for (int round = 0; round < 100; round++) {
        struct visit first = come(1, 2, FRIENDS(3)), second = come(2, 3, FRIENDS(2, 1));

        if (round % 3 == 0)
            relist(&watcher, FRIENDS(3, 100 + round, 2));
        leave(&first);
        struct visit again = come(2, 2, NO_FRIENDS);
        leave(&second);
        leave(&again);
        expect_heard(&watcher, "2+ 3+ 2- 2+ 3- 2-");
        expect_heard(&first, "3+");
        expect_heard(&second, "2- 2+");
        expect_heard(&again, "3-");
    }
}
END_TEST

START_TEST(a_departure_is_told_before_a_later_arrival)
{
    struct visit watcher = come(0, 1, FRIENDS(2)), listed = come(1, 3, NO_FRIENDS);
    struct visit first = come(0, 2, FRIENDS(3));

    leave(&first);
    come(1, 2, NO_FRIENDS);
    expect_heard(&watcher, "2+ 2- 2+");
    expect_heard(&listed, "2-");
}
END_TEST

START_TEST(of_two_friends_the_second_to_arrive_is_heard_and_the_first_to_leave)
{
    struct visit one = come(0, 1, FRIENDS(2)), two = come(1, 2, FRIENDS(1));

    expect_heard(&one, "2+");
    expect_heard(&two, "");
    leave(&one);
    leave(&two);
    expect_heard(&one, "");
    expect_heard(&two, "1-");
}
END_TEST

START_TEST(ids_of_the_whole_range_are_different_users)
{
    struct visit watcher = come(0, 1, FRIENDS(INT64_MIN, INT64_MAX, 0, -1));

    expect_census(5, 1, 4, 1);
    come(1, INT64_MAX, NO_FRIENDS);
    come(1, -1, NO_FRIENDS);
    come(1, INT64_MIN, NO_FRIENDS);
    come(1, 0, NO_FRIENDS);
    expect_heard(&watcher, "9223372036854775807+ -1+ -9223372036854775808+ 0+");
}
END_TEST

START_TEST(a_handle_whose_slot_was_used_again_is_another_session)
{
    struct visit old = come(0, 1, FRIENDS(2));

    leave(&old);
    struct visit new = come(0, 3, FRIENDS(2));

    ck_assert_uint_eq(old.handle.place, new.handle.place);
    come(1, 2, NO_FRIENDS);
    expect_heard(&old, "");
    expect_heard(&new, "2+");
}
END_TEST

START_TEST(nothing_is_left_when_everybody_has_gone)
{
    enum { VISITS = 2000, USERS = 300, LIST = 40 };
    static struct visit visits[VISITS];

    for (uint32_t i = 0; i < VISITS; i++) {
        int64_t friends[LIST];

        for (int64_t at = 0; at < LIST; at++)
            friends[at] = (i * 7 + at * at) % (2 * USERS);
        visits[i] = come(i % 3, i % USERS, friends, i % LIST);
    }
    ck_assert_uint_eq(circle_census().members, VISITS);
    ck_assert_uint_eq(circle_census().users_online, USERS);
    for (uint32_t i = 0; i < VISITS; i++)
        leave(&visits[(i * 7) % VISITS]);
    expect_census(0, 0, 0, 0);
    circle_unheard();
}
END_TEST

START_TEST(a_graph_with_sessions_in_it_can_be_freed)
{
    struct visit one = come(0, 1, FRIENDS(2, 3)), two = come(1, 2, FRIENDS(1, 3)), again = come(2, 2, FRIENDS(4));

    relist(&again, FRIENDS(1, 2, 3, 4, 5, 6));
    expect_heard(&one, "2+");
    expect_heard(&two, "");
}
END_TEST

/* A user with very many watchers: its array of them passes from one block to many and back. */
enum { STAR = 1, CROWD_FIRST = 100 };

static struct visit *crowd;

/* The star comes and goes; both are told to the first `watching` of the crowd. */
static void
expect_star_is_told(uint32_t watching, uint32_t crowd_count)
{
    struct visit star = come(2, STAR, NO_FRIENDS);

    ck_assert_uint_eq(watching == 0 ? 0 : circle_latest_audience(), watching);
    leave(&star);
    for (uint32_t i = 0; i < crowd_count; i++)
        REQUIRE(circle_latest_told(&crowd[i]) == (i < watching) || watching == 0, "%u of %u is wrong", i, watching);
    ck_assert_uint_eq(circle_unheard(), 2 * (size_t)watching);
}

static void
crowd_swap(uint32_t i, uint32_t j)
{
    struct visit visit = crowd[i];

    crowd[i] = crowd[j];
    crowd[j] = visit;
}

START_TEST(a_crowd_of_watchers_grows_and_shrinks)
{
    static const uint32_t checked[] = {1, 2, 17, 1000, 4095, 4096, 4097, 8191, 8192, 8193, 16384, 16385};
    uint32_t count = pace_scaled(20000) < 9000 ? 9000 : pace_scaled(20000);
    uint32_t next = 0;

    crowd = calloc(count, sizeof *crowd);
    ck_assert_ptr_nonnull(crowd);
    for (uint32_t i = 0; i < count; i++) {
        crowd[i] = come(i % 2, CROWD_FIRST + i, FRIENDS(STAR, 2));
        if (next < sizeof checked / sizeof checked[0] && i + 1 == checked[next]) {
            expect_star_is_told(i + 1, i + 1);
            next++;
        }
    }
    expect_star_is_told(count, count);

    /* They leave off watching in no order; those that go on are kept at the front. */
    srand(1);
    for (uint32_t watching = count; watching-- > 0;) {
        crowd_swap((uint32_t)rand() % (watching + 1), watching);
        if (watching % 2 == 0)
            relist(&crowd[watching], FRIENDS(2));
        else
            relist(&crowd[watching], NO_FRIENDS);
        while (next > 0 && watching < checked[next - 1]) {
            expect_star_is_told(watching, count);
            next--;
        }
    }
    expect_star_is_told(0, count);
    for (uint32_t i = 0; i < count; i++)
        leave(&crowd[i]);
    expect_census(0, 0, 0, 0);
    free(crowd);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("graph");
    TCase *tests = tcase_create("graph");

    tcase_add_checked_fixture(tests, open_circle, close_circle);
    tcase_add_test(tests, an_arrival_is_told_to_every_session_that_watches);
    tcase_add_test(tests, a_departure_is_told_to_every_session_that_watches);
    tcase_add_test(tests, nobody_is_told_at_login_who_is_online);
    tcase_add_test(tests, only_the_first_session_and_the_last_are_news);
    tcase_add_test(tests, a_departure_is_told_to_every_session_of_the_listed_users);
    tcase_add_test(tests, a_departure_is_told_once_to_who_watches_and_is_listed);
    tcase_add_test(tests, the_list_that_counts_is_the_last_one_of_the_last_session);
    tcase_add_test(tests, a_departure_with_an_empty_list_is_told_to_watchers_only);
    tcase_add_test(tests, nobody_hears_about_themselves);
    tcase_add_test(tests, duplicates_are_watched_once);
    tcase_add_test(tests, two_devices_of_a_user_hear_of_those_whom_each_lists);
    tcase_add_test(tests, a_new_list_is_in_force_and_the_old_one_is_not);
    tcase_add_test(tests, a_watched_users_transitions_are_told_in_order);
    tcase_add_test(tests, a_departure_is_told_before_a_later_arrival);
    tcase_add_test(tests, of_two_friends_the_second_to_arrive_is_heard_and_the_first_to_leave);
    tcase_add_test(tests, ids_of_the_whole_range_are_different_users);
    tcase_add_test(tests, a_handle_whose_slot_was_used_again_is_another_session);
    tcase_add_test(tests, nothing_is_left_when_everybody_has_gone);
    tcase_add_test(tests, a_graph_with_sessions_in_it_can_be_freed);
    tcase_add_test(tests, a_crowd_of_watchers_grows_and_shrinks);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
