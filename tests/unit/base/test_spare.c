/* SPDX-License-Identifier: MIT
 *
 * That nothing leaks and nothing is freed twice is seen by the builds that look for it.
 */
#include "base/spare.h"

#include "support/faults.h"
#include "support/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct spare spare;

static void
begin(void)
{
    spare = (struct spare){0};
}

static void
end(void)
{
    spare_done(&spare);
}

START_TEST(a_wish_is_fulfilled_and_then_taken)
{
    ck_assert_ptr_null(spare_take(&spare, 100));
    ck_assert_int_eq(spare_refill(&spare), 0);
    char *memory = spare_take(&spare, 100);
    ck_assert_ptr_nonnull(memory);
    memset(memory, 1, 100);
    ck_assert_ptr_null(spare_take(&spare, 100));
    free(memory);
}
END_TEST

START_TEST(another_size_is_another_wish)
{
    ck_assert_ptr_null(spare_take(&spare, 100));
    ck_assert_int_eq(spare_refill(&spare), 0);
    ck_assert_ptr_null(spare_take(&spare, 200));
    ck_assert_int_eq(spare_refill(&spare), 0);
    char *memory = spare_take(&spare, 200);
    ck_assert_ptr_nonnull(memory);
    memset(memory, 1, 200);
    free(memory);
}
END_TEST

START_TEST(what_was_not_taken_is_still_there)
{
    ck_assert_ptr_null(spare_take(&spare, 100));
    ck_assert_int_eq(spare_refill(&spare), 0);
    ck_assert_ptr_null(spare_take(&spare, 64));
    void *memory = spare_take(&spare, 100);
    ck_assert_ptr_nonnull(memory);
    free(memory);
}
END_TEST

START_TEST(what_is_discarded_is_freed_once)
{
    spare_discard(&spare, NULL);
    for (size_t bytes = sizeof(void *); bytes < 100; bytes++)
        spare_discard(&spare, malloc(bytes));
    ck_assert_ptr_null(spare_take(&spare, 100));
    ck_assert_int_eq(spare_refill(&spare), 0); /* frees them */
    for (size_t bytes = sizeof(void *); bytes < 100; bytes++)
        spare_discard(&spare, malloc(bytes));
    spare_done(&spare); /* frees these, and what was brought */
    spare_done(&spare);
}
END_TEST

START_TEST(without_memory_there_is_nothing_to_take)
{
    spare_discard(&spare, malloc(100));
    ck_assert_ptr_null(spare_take(&spare, 100));
    faults_allocation(1, 0);
    int error = spare_refill(&spare);
    faults_allocation(0, 0);
    ck_assert_int_eq(error, -ENOMEM);
    ck_assert_ptr_null(spare_take(&spare, 100));
    ck_assert_int_eq(spare_refill(&spare), 0);
    void *memory = spare_take(&spare, 100);
    ck_assert_ptr_nonnull(memory);
    spare_discard(&spare, memory);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("spare");
    TCase *tests = tcase_create("spare");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, a_wish_is_fulfilled_and_then_taken);
    tcase_add_test(tests, another_size_is_another_wish);
    tcase_add_test(tests, what_was_not_taken_is_still_there);
    tcase_add_test(tests, what_is_discarded_is_freed_once);
    tcase_add_test(tests, without_memory_there_is_nothing_to_take);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
