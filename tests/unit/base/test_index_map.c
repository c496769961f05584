/* SPDX-License-Identifier: MIT */
#include "base/index_map.h"

#include "support/faults.h"
#include "support/unit.h"
#include "support/unit/require.h"

#include <errno.h>

static struct index_map map;

static void
end(void)
{
    index_map_done(&map);
}

/* The value of a key; UINT32_MAX when it is not there. */
static uint32_t
value_of(uint32_t key)
{
    const uint32_t *value = index_map_find(&map, key);

    return value == NULL ? UINT32_MAX : *value;
}

START_TEST(a_map_of_zeros_is_empty)
{
    ck_assert_ptr_null(index_map_find(&map, 0));
    index_map_done(&map);
}
END_TEST

START_TEST(what_was_set_is_found_and_nothing_else)
{
    static const uint32_t counts[] = {1, 31, 32, 33, 1000, 40000};

    for (uint32_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        uint32_t count = counts[i];

        ck_assert_int_eq(index_map_begin(&map, count), 0);
        for (uint32_t key = 0; key < count; key++)
            index_map_set(&map, key * 3, key + i);
        for (uint32_t key = 0; key < count; key++) {
            REQUIRE(value_of(key * 3) == key + i, "key %u", key * 3);
            REQUIRE(value_of(key * 3 + 1) == UINT32_MAX, "key %u", key * 3 + 1);
        }
    }
}
END_TEST

/* User indices have their shard in the upper byte, session places their worker: such keys must not all fall into a few places. */
START_TEST(keys_that_differ_in_the_upper_bits_are_kept_apart)
{
    ck_assert_int_eq(index_map_begin(&map, 256 * 64), 0);
    for (uint32_t shard = 0; shard < 256; shard++)
        for (uint32_t slot = 0; slot < 64; slot++)
            index_map_set(&map, shard << 24 | slot, shard * 64 + slot);
    for (uint32_t shard = 0; shard < 256; shard++)
        for (uint32_t slot = 0; slot < 64; slot++)
            REQUIRE(value_of(shard << 24 | slot) == shard * 64 + slot, "shard %u, slot %u", shard, slot);
}
END_TEST

START_TEST(a_value_can_be_changed)
{
    ck_assert_int_eq(index_map_begin(&map, 1), 0);
    index_map_set(&map, 7, 1);
    index_map_set(&map, 7, 2);
    ck_assert_uint_eq(value_of(7), 2);
    *index_map_find(&map, 7) = 3;
    ck_assert_uint_eq(value_of(7), 3);
}
END_TEST

START_TEST(a_new_beginning_forgets)
{
    ck_assert_int_eq(index_map_begin(&map, 5000), 0);
    for (uint32_t key = 0; key < 5000; key++)
        index_map_set(&map, key, key);
    ck_assert_int_eq(index_map_begin(&map, 10), 0);
    for (uint32_t key = 0; key < 5000; key++)
        REQUIRE(value_of(key) == UINT32_MAX, "key %u", key);
}
END_TEST

START_TEST(memory_is_kept_for_the_next_time_unless_it_is_much)
{
    ck_assert_int_eq(index_map_begin(&map, 5000), 0);
    faults_allocation(1, 1);
    int again = index_map_begin(&map, 5000);
    int less = index_map_begin(&map, 1);
    faults_allocation(0, 0);
    ck_assert(again == 0 && less == 0);

    ck_assert_int_eq(index_map_begin(&map, 100000), 0);
    uint32_t large = map.capacity;
    ck_assert_int_eq(index_map_begin(&map, 1), 0);
    ck_assert_uint_lt(map.capacity, large);
}
END_TEST

START_TEST(without_memory_it_is_empty)
{
    ck_assert_int_eq(index_map_begin(&map, 1), 0);
    index_map_set(&map, 7, 1);
    faults_allocation(1, 0);
    int error = index_map_begin(&map, 1000);
    faults_allocation(0, 0);
    ck_assert_int_eq(error, -ENOMEM);
    ck_assert_uint_eq(value_of(7), UINT32_MAX);
    ck_assert_int_eq(index_map_begin(&map, 1000), 0);
    ck_assert_uint_eq(value_of(7), UINT32_MAX);
}
END_TEST

START_TEST(more_keys_than_there_are_is_too_much)
{
    ck_assert_int_eq(index_map_begin(&map, (size_t)UINT32_MAX), -ENOMEM);
    ck_assert_int_eq(index_map_begin(&map, SIZE_MAX), -ENOMEM);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("index_map");
    TCase *tests = tcase_create("index_map");

    tcase_add_checked_fixture(tests, NULL, end);
    tcase_add_test(tests, a_map_of_zeros_is_empty);
    tcase_add_test(tests, what_was_set_is_found_and_nothing_else);
    tcase_add_test(tests, keys_that_differ_in_the_upper_bits_are_kept_apart);
    tcase_add_test(tests, a_value_can_be_changed);
    tcase_add_test(tests, a_new_beginning_forgets);
    tcase_add_test(tests, memory_is_kept_for_the_next_time_unless_it_is_much);
    tcase_add_test(tests, without_memory_it_is_empty);
    tcase_add_test(tests, more_keys_than_there_are_is_too_much);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
