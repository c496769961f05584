/* SPDX-License-Identifier: MIT */
#include "net/admission.h"

#include "support/unit.h"

START_TEST(connections_are_counted_from_entering_to_leaving)
{
    struct admission admission;

    admission_init(&admission, 2);
    ck_assert_uint_eq(admission_limit(&admission), 2);
    ck_assert_uint_eq(admission_enter(&admission), 0);
    ck_assert_uint_eq(admission_enter(&admission), 1);
    ck_assert_uint_eq(admission_enter(&admission), 2); /* it is for the caller to refuse */
    ck_assert_uint_eq(admission_count(&admission), 3);
    admission_leave(&admission);
    ck_assert_uint_eq(admission_count(&admission), 2);
    ck_assert_uint_eq(admission_enter(&admission), 2);
}
END_TEST

START_TEST(the_limit_may_change)
{
    struct admission admission;

    admission_init(&admission, 2);
    ck_assert_uint_eq(admission_limit(&admission), 2);
    admission_enter(&admission);
    admission_set_limit(&admission, 7);
    ck_assert_uint_eq(admission_limit(&admission), 7);
    ck_assert_uint_eq(admission_count(&admission), 1);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("admission");
    TCase *tests = tcase_create("admission");

    tcase_add_test(tests, connections_are_counted_from_entering_to_leaving);
    tcase_add_test(tests, the_limit_may_change);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
