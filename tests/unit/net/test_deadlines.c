/* SPDX-License-Identifier: MIT */
#include "net/deadlines.h"

#include "support/unit.h"

static struct deadlines deadlines;
static struct deadline a, b, c;

static void
begin(void)
{
    deadlines_init(&deadlines, 100);
    a = b = c = (struct deadline){0};
}

START_TEST(a_deadline_falls_due_after_the_timeout)
{
    ck_assert(!deadline_is_running(&a));
    deadlines_start(&deadlines, &a, 1000);
    ck_assert(deadline_is_running(&a));
    ck_assert_uint_eq(deadlines_next(&deadlines), 1100);
    ck_assert_ptr_null(deadlines_take_due(&deadlines, 1099));
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 1100), &a);
    ck_assert(!deadline_is_running(&a));
    ck_assert_ptr_null(deadlines_take_due(&deadlines, 5000));
}
END_TEST

START_TEST(they_fall_due_in_the_order_in_which_they_were_started)
{
    deadlines_start(&deadlines, &b, 0);
    deadlines_start(&deadlines, &a, 10);
    deadlines_start(&deadlines, &c, 10);
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 1000), &b);
    ck_assert_uint_eq(deadlines_next(&deadlines), 110);
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 1000), &a);
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 1000), &c);
    ck_assert_ptr_null(deadlines_take_due(&deadlines, 1000));
}
END_TEST

START_TEST(none_that_runs_is_never)
{
    ck_assert(deadlines_next(&deadlines) == DEADLINE_NEVER);
    ck_assert_ptr_null(deadlines_take_due(&deadlines, DEADLINE_NEVER - 1));
}
END_TEST

START_TEST(starting_again_puts_it_off)
{
    deadlines_start(&deadlines, &a, 0);
    deadlines_start(&deadlines, &b, 50);
    deadlines_start(&deadlines, &a, 60);
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 155), &b);
    ck_assert_ptr_null(deadlines_take_due(&deadlines, 155));
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 160), &a);
}
END_TEST

START_TEST(one_that_was_stopped_does_not_fall_due)
{
    deadline_stop(&a);
    deadlines_start(&deadlines, &a, 0);
    deadlines_start(&deadlines, &b, 0);
    deadline_stop(&a);
    deadline_stop(&a);
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 1000), &b);
    ck_assert_ptr_null(deadlines_take_due(&deadlines, 1000));
}
END_TEST

START_TEST(a_timeout_of_zero_is_due_at_once)
{
    deadlines_init(&deadlines, 0);
    deadlines_start(&deadlines, &a, 7);
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 7), &a);
}
END_TEST

START_TEST(a_longer_timeout_is_for_those_that_start_later)
{
    deadlines_start(&deadlines, &a, 0);
    deadlines_change(&deadlines, 500, 10);
    deadlines_start(&deadlines, &b, 10);
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 100), &a);
    ck_assert_ptr_null(deadlines_take_due(&deadlines, 509));
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 510), &b);
}
END_TEST

/* One that starts now must not wait for one that started earlier. */
START_TEST(a_shorter_timeout_also_bounds_those_that_run)
{
    deadlines_start(&deadlines, &a, 0);
    deadlines_start(&deadlines, &b, 50);
    deadlines_start(&deadlines, &c, 60);
    deadlines_change(&deadlines, 40, 70);
    ck_assert_uint_eq(a.at_ms, 100);
    ck_assert_uint_eq(b.at_ms, 110);
    ck_assert_uint_eq(c.at_ms, 110);
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 109), &a);
    deadlines_start(&deadlines, &a, 80);
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 110), &b);
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 110), &c);
    ck_assert_ptr_eq(deadlines_take_due(&deadlines, 120), &a);
    deadlines_change(&deadlines, 1, 200);
    ck_assert(deadlines_next(&deadlines) == DEADLINE_NEVER);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("deadlines");
    TCase *tests = tcase_create("deadlines");

    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_add_test(tests, a_deadline_falls_due_after_the_timeout);
    tcase_add_test(tests, they_fall_due_in_the_order_in_which_they_were_started);
    tcase_add_test(tests, none_that_runs_is_never);
    tcase_add_test(tests, starting_again_puts_it_off);
    tcase_add_test(tests, one_that_was_stopped_does_not_fall_due);
    tcase_add_test(tests, a_timeout_of_zero_is_due_at_once);
    tcase_add_test(tests, a_longer_timeout_is_for_those_that_start_later);
    tcase_add_test(tests, a_shorter_timeout_also_bounds_those_that_run);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
