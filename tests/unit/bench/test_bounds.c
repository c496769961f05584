/* SPDX-License-Identifier: MIT
 *
 * What is told without names is held against what had to be told and what could be: a word too few, one too many, and a wrong last one are seen.
 */
#include "load/bounds.h"

#include "support/unit.h"

static struct bounds bounds;

static void
setup(void)
{
    bounds = (struct bounds){.mover = 0};
}

START_TEST(nothing_due_and_nothing_told_is_right)
{
    ck_assert_int_eq(bounds_judge(&bounds), BOUNDS_RIGHT);
}
END_TEST

START_TEST(what_was_due_and_came_is_right)
{
    bounds_expect(&bounds, 0, true, true);
    ck_assert(!bounds_through(&bounds));
    bounds_hear(&bounds, true);
    ck_assert(bounds_through(&bounds));
    ck_assert_int_eq(bounds_judge(&bounds), BOUNDS_RIGHT);
}
END_TEST

START_TEST(a_missing_word_is_seen)
{
    bounds_expect(&bounds, 0, true, true);
    bounds_expect(&bounds, 0, false, true);
    bounds_hear(&bounds, true);
    ck_assert_int_eq(bounds_judge(&bounds), BOUNDS_MISSING);
}
END_TEST

START_TEST(a_word_too_many_is_seen)
{
    bounds_expect(&bounds, 0, false, true);
    bounds_hear(&bounds, false);
    ck_assert(!bounds_exceeded(&bounds));
    bounds_hear(&bounds, false);
    ck_assert(bounds_exceeded(&bounds));
    ck_assert_int_eq(bounds_judge(&bounds), BOUNDS_EXTRA);
}
END_TEST

START_TEST(one_kind_does_not_stand_for_the_other)
{
    bounds_expect(&bounds, 0, true, true);
    bounds_hear(&bounds, false);
    ck_assert_int_ne(bounds_judge(&bounds), BOUNDS_RIGHT);
}
END_TEST

START_TEST(what_is_possible_may_come_or_not)
{
    bounds_expect(&bounds, 0, true, false);
    ck_assert_int_eq(bounds_judge(&bounds), BOUNDS_RIGHT);
    bounds_hear(&bounds, true);
    ck_assert_int_eq(bounds_judge(&bounds), BOUNDS_RIGHT);
    bounds_hear(&bounds, true);
    ck_assert_int_eq(bounds_judge(&bounds), BOUNDS_EXTRA);
}
END_TEST

START_TEST(a_wrong_last_word_is_seen)
{
    bounds_expect(&bounds, 3, true, true);
    bounds_expect(&bounds, 3, false, true);
    bounds_hear(&bounds, false);
    bounds_hear(&bounds, true);
    ck_assert_int_eq(bounds_judge(&bounds), BOUNDS_LAST);
}
END_TEST

/* Of two users nobody knows whose the words are, and in which order they were due. */
START_TEST(the_last_word_about_several_says_nothing)
{
    bounds_expect(&bounds, 3, true, true);
    bounds_expect(&bounds, 4, false, true);
    bounds_hear(&bounds, false);
    bounds_hear(&bounds, true);
    ck_assert_int_eq(bounds_judge(&bounds), BOUNDS_RIGHT);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("bench/bounds");
    TCase *tests = tcase_create("bounds");

    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, nothing_due_and_nothing_told_is_right);
    tcase_add_test(tests, what_was_due_and_came_is_right);
    tcase_add_test(tests, a_missing_word_is_seen);
    tcase_add_test(tests, a_word_too_many_is_seen);
    tcase_add_test(tests, one_kind_does_not_stand_for_the_other);
    tcase_add_test(tests, what_is_possible_may_come_or_not);
    tcase_add_test(tests, a_wrong_last_word_is_seen);
    tcase_add_test(tests, the_last_word_about_several_says_nothing);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
