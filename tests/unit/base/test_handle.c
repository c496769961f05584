/* SPDX-License-Identifier: MIT */
#include "base/handle.h"

#include "support/unit.h"

START_TEST(a_handle_gives_back_what_it_was_made_of)
{
    static const uint32_t workers[] = {0, 1, 127, HANDLE_WORKERS_MAX - 1};
    static const uint32_t slots[] = {0, 1, 4096, HANDLE_SLOTS_MAX - 1};

    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++) {
            struct handle handle = handle_of(workers[i], slots[j], UINT32_MAX);

            ck_assert_uint_eq(handle_worker(handle), workers[i]);
            ck_assert_uint_eq(handle_slot(handle), slots[j]);
            ck_assert_uint_eq(handle.generation, UINT32_MAX);
        }
    }
}
END_TEST

START_TEST(handles_are_equal_in_all_or_not)
{
    struct handle handle = handle_of(3, 4, 5);

    ck_assert(handle_equal(handle, handle_of(3, 4, 5)));
    ck_assert(!handle_equal(handle, handle_of(2, 4, 5)));
    ck_assert(!handle_equal(handle, handle_of(3, 5, 5)));
    ck_assert(!handle_equal(handle, handle_of(3, 4, 6)));
}
END_TEST

START_TEST(a_handle_is_eight_bytes)
{
    ck_assert_uint_eq(sizeof(struct handle), 8); /* audiences of a million are arrays of them */
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("handle");
    TCase *tests = tcase_create("handle");

    tcase_add_test(tests, a_handle_gives_back_what_it_was_made_of);
    tcase_add_test(tests, handles_are_equal_in_all_or_not);
    tcase_add_test(tests, a_handle_is_eight_bytes);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
