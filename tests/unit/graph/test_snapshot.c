/* SPDX-License-Identifier: MIT
 *
 * That references are given up is seen by the builds that look for leaks.
 */
#include "graph/snapshot.h"

#include "support/faults.h"
#include "support/unit.h"

#include <errno.h>
#include <signal.h>

static struct snapshot snapshot;

static void
begin(void)
{
    snapshot = (struct snapshot){0};
}

static void
end(void)
{
    snapshot_done(&snapshot);
}

START_TEST(it_holds_what_is_added_in_order)
{
    struct text *status = text_new("away", 4);

    ck_assert_int_eq(snapshot_reserve(&snapshot, 3), 0);
    snapshot_add(&snapshot, 2, NULL);
    snapshot_add(&snapshot, 7, status);
    text_drop(status);
    ck_assert_uint_eq(snapshot.count, 2);
    ck_assert_uint_eq(snapshot.entries[0].which, 2);
    ck_assert_ptr_null(snapshot.entries[0].status);
    ck_assert_uint_eq(snapshot.entries[1].which, 7);
    ck_assert_mem_eq(snapshot.entries[1].status->bytes, "away", 4);
}
END_TEST

START_TEST(reserving_empties_it)
{
    struct text *status = text_new("away", 4);

    for (uint32_t count = 1; count < 10000; count *= 2) {
        ck_assert_int_eq(snapshot_reserve(&snapshot, count), 0);
        ck_assert_uint_eq(snapshot.count, 0);
        ck_assert_uint_ge(snapshot.capacity, count);
        for (uint32_t i = 0; i < count; i++)
            snapshot_add(&snapshot, i, status);
    }
    text_drop(status);
}
END_TEST

START_TEST(little_memory_is_kept_for_the_next_use_and_much_is_not)
{
    ck_assert_int_eq(snapshot_reserve(&snapshot, 100), 0);
    snapshot_add(&snapshot, 1, NULL);
    const struct snapshot_entry *entries = snapshot.entries;

    snapshot_clear(&snapshot);
    ck_assert_uint_eq(snapshot.count, 0);
    ck_assert_ptr_eq(snapshot.entries, entries);
    ck_assert_int_eq(snapshot_reserve(&snapshot, 10000), 0);
    snapshot_clear(&snapshot);
    ck_assert_ptr_null(snapshot.entries);
    ck_assert_uint_eq(snapshot.capacity, 0);
}
END_TEST

START_TEST(without_memory_it_is_empty)
{
    struct text *status = text_new("away", 4);

    ck_assert_int_eq(snapshot_reserve(&snapshot, 1), 0);
    snapshot_add(&snapshot, 0, status);
    text_drop(status);
    faults_allocation(1, 0);
    int error = snapshot_reserve(&snapshot, 1000);
    faults_allocation(0, 0);
    ck_assert_int_eq(error, -ENOMEM);
    ck_assert_uint_eq(snapshot.count, 0);
    ck_assert_int_eq(snapshot_reserve(&snapshot, 1), 0);
}
END_TEST

START_TEST(one_that_is_not_wanted_needs_no_room)
{
    faults_allocation(1, 1);
    int error = snapshot_reserve(NULL, 1000);
    faults_allocation(0, 0);
    ck_assert_int_eq(error, 0);
}
END_TEST

START_TEST(more_than_there_is_room_for_cannot_be_added)
{
    ck_assert_int_eq(snapshot_reserve(&snapshot, 1), 0);
    for (uint32_t i = 0; i <= snapshot.capacity; i++)
        snapshot_add(&snapshot, i, NULL);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("snapshot");
    TCase *tests = tcase_create("snapshot");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, it_holds_what_is_added_in_order);
    tcase_add_test(tests, reserving_empties_it);
    tcase_add_test(tests, little_memory_is_kept_for_the_next_use_and_much_is_not);
    tcase_add_test(tests, without_memory_it_is_empty);
    tcase_add_test(tests, one_that_is_not_wanted_needs_no_room);
    tcase_add_test_raise_signal(tests, more_than_there_is_room_for_cannot_be_added, SIGABRT);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
