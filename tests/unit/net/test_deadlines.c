/* SPDX-License-Identifier: MIT
 *
 * Deadlines of one kind fall due in the order in which they were started, and cost nothing until then.
 */
#include "net/deadlines.h"

#include "support/unit.h"

START_TEST(nothing_runs_at_first)
{
    struct deadlines deadlines;
    struct deadline deadline = {0};

    deadlines_init(&deadlines, 10);
    ck_assert_uint_eq(deadlines_next(&deadlines), DEADLINE_NEVER);
    ck_assert_ptr_null(deadlines_take_due(&deadlines, UINT64_MAX - 1));
    ck_assert(!deadline_is_running(&deadline));
    deadline_stop(&deadline); /* allowed */
}
END_TEST

START_TEST(each_falls_due_after_its_time_out_and_once)
{
    struct deadlines deadlines;
    struct deadline first = {0}, second = {0};

    deadlines_init(&deadlines, 10);
    deadlines_start(&deadlines, &first, 100);
    deadlines_start(&deadlines, &second, 105);
    ck_assert_uint_eq(deadlines_next(&deadlines), 110);
    ck_assert_ptr_null(deadlines_take_due(&deadlines, 109));
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 110), &first);
    ck_assert(!deadline_is_running(&first));
    ck_assert_ptr_null(deadlines_take_due(&deadlines, 114));
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 1000), &second);
    ck_assert_ptr_null(deadlines_take_due(&deadlines, 1000));
}
END_TEST

START_TEST(one_that_is_stopped_does_not_fall_due)
{
    struct deadlines deadlines;
    struct deadline first = {0}, second = {0};

    deadlines_init(&deadlines, 10);
    deadlines_start(&deadlines, &first, 0);
    deadlines_start(&deadlines, &second, 5);
    deadline_stop(&first);
    ck_assert_uint_eq(deadlines_next(&deadlines), 15);
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 20), &second);
    ck_assert_uint_eq(deadlines_next(&deadlines), DEADLINE_NEVER);
}
END_TEST

START_TEST(one_that_is_started_again_waits_anew_behind_the_others)
{
    struct deadlines deadlines;
    struct deadline first = {0}, second = {0};

    deadlines_init(&deadlines, 10);
    deadlines_start(&deadlines, &first, 0);
    deadlines_start(&deadlines, &second, 1);
    deadlines_start(&deadlines, &first, 2);
    ck_assert_uint_eq(deadlines_next(&deadlines), 11);
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 100), &second);
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 100), &first);
}
END_TEST

START_TEST(a_deadline_may_change_its_kind)
{
    struct deadlines hello, linger;
    struct deadline deadline = {0};

    deadlines_init(&hello, 10);
    deadlines_init(&linger, 2);
    deadlines_start(&hello, &deadline, 0);
    deadlines_start(&linger, &deadline, 1);
    ck_assert_uint_eq(deadlines_next(&hello), DEADLINE_NEVER);
    ck_assert_uint_eq(deadlines_next(&linger), 3);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("deadlines");
    TCase *tcase = tcase_create("deadlines");

    tcase_add_test(tcase, nothing_runs_at_first);
    tcase_add_test(tcase, each_falls_due_after_its_time_out_and_once);
    tcase_add_test(tcase, one_that_is_stopped_does_not_fall_due);
    tcase_add_test(tcase, one_that_is_started_again_waits_anew_behind_the_others);
    tcase_add_test(tcase, a_deadline_may_change_its_kind);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
