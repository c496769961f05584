/* SPDX-License-Identifier: MIT */
#include "base/slots.h"

#include "support/faults.h"
#include "support/unit.h"
#include "support/unit/require.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENT_BYTES = 24, MANY = 3000 };

static struct slots slots;
static uint32_t taken[MANY];

static void
begin(void)
{
    slots_init(&slots, ELEMENT_BYTES);
}

static void
end(void)
{
    slots_done(&slots);
}

static uint32_t
take(void)
{
    uint32_t index = slots_take(&slots);

    if (index == SLOTS_NONE) {
        REQUIRE(slots_grow(&slots) == 0, "it does not grow");
        index = slots_take(&slots);
    }
    REQUIRE(index != SLOTS_NONE, "nothing to take");
    return index;
}

static void
take_many(void)
{
    for (uint32_t i = 0; i < MANY; i++)
        taken[i] = take();
}

START_TEST(segments_double_and_cover_every_index_once)
{
    uint32_t start = 0;

    for (uint32_t segment = 0; segment < SLOTS_SEGMENTS; segment++) {
        ck_assert_uint_eq(slots_segment_start(segment), start);
        ck_assert_uint_eq(slots_segment(start), segment);
        ck_assert_uint_eq(slots_segment(start + slots_segment_size(segment) - 1), segment);
        start += slots_segment_size(segment);
    }
    ck_assert_uint_eq(start, 1 << 24);
}
END_TEST

START_TEST(an_empty_table_has_no_memory_and_gives_nothing)
{
    ck_assert_uint_eq(slots_take(&slots), SLOTS_NONE);
    ck_assert_uint_eq(slots.count, 0);
    ck_assert(!slots_exists(&slots, 0));
    ck_assert(!slots_exists(&slots, SLOTS_NONE));
}
END_TEST

START_TEST(elements_begin_as_zeros_and_never_move)
{
    static char *places[MANY];

    for (uint32_t i = 0; i < MANY; i++) {
        static const char zeros[ELEMENT_BYTES];

        taken[i] = take();
        places[i] = slots_at(&slots, taken[i]);
        REQUIRE(memcmp(places[i], zeros, ELEMENT_BYTES) == 0, "element %u is not zero", i);
        memset(places[i], (int)(i % 251) + 1, ELEMENT_BYTES);
    }
    ck_assert_uint_eq(slots.count, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        REQUIRE(slots_at(&slots, taken[i]) == places[i], "element %u has moved", i);
        for (int byte = 0; byte < ELEMENT_BYTES; byte++)
            REQUIRE((unsigned char)places[i][byte] == i % 251 + 1, "element %u", i);
    }
}
END_TEST

START_TEST(an_element_given_back_is_used_again_as_zeros)
{
    static const char zeros[ELEMENT_BYTES];

    take_many();
    memset(slots_at(&slots, taken[100]), 0xff, ELEMENT_BYTES);
    memset(slots_at(&slots, taken[200]), 0xff, ELEMENT_BYTES);
    ck_assert_ptr_null(slots_give(&slots, taken[100]));
    ck_assert_ptr_null(slots_give(&slots, taken[200]));
    ck_assert_uint_eq(slots.count, MANY - 2);

    uint32_t first = take(), second = take();
    ck_assert((first == taken[100] && second == taken[200]) || (first == taken[200] && second == taken[100]));
    ck_assert_mem_eq(slots_at(&slots, first), zeros, ELEMENT_BYTES);
    ck_assert_mem_eq(slots_at(&slots, second), zeros, ELEMENT_BYTES);
}
END_TEST

START_TEST(no_index_is_given_out_twice)
{
    static char seen[1 << 13];
    unsigned random = 1;

    take_many();
    for (int round = 0; round < 20000; round++) {
        uint32_t at = (uint32_t)rand_r(&random) % MANY;

        free(slots_give(&slots, taken[at]));
        if (round % 3 == 0) {
            uint32_t other = (uint32_t)rand_r(&random) % MANY;

            if (other != at) {
                free(slots_give(&slots, taken[other]));
                taken[other] = take();
            }
        }
        taken[at] = take();
    }
    for (uint32_t i = 0; i < MANY; i++) {
        REQUIRE(taken[i] < sizeof seen && !seen[taken[i]], "index %u", taken[i]);
        seen[taken[i]] = 1;
    }
    ck_assert_uint_eq(slots.count, MANY);
}
END_TEST

START_TEST(the_lowest_segment_with_room_is_filled_first)
{
    take_many();
    ck_assert_ptr_null(slots_give(&slots, 2500));
    ck_assert_ptr_null(slots_give(&slots, 70));
    ck_assert_ptr_null(slots_give(&slots, 3));
    ck_assert_uint_eq(slots_take(&slots), 3);
    ck_assert_uint_eq(slots_take(&slots), 70);
    ck_assert_uint_eq(slots_take(&slots), 2500);
}
END_TEST

START_TEST(a_segment_with_nothing_left_is_given_to_the_caller)
{
    take_many();
    for (uint32_t index = 64; index < 127; index++)
        ck_assert_ptr_null(slots_give(&slots, index));
    ck_assert(slots_exists(&slots, 64));
    void *memory = slots_give(&slots, 127);
    ck_assert_ptr_nonnull(memory);
    free(memory);
    ck_assert(!slots_exists(&slots, 64));

    /* The next one to be made is the one that is missing. */
    for (uint32_t index = 3000; index < 4096; index++)
        REQUIRE(slots_take(&slots) == index, "index %u is not next", index);
    ck_assert_uint_eq(slots_take(&slots), SLOTS_NONE);
    ck_assert_uint_eq(slots_wanted(&slots), (size_t)64 * ELEMENT_BYTES);
    ck_assert_int_eq(slots_grow(&slots), 0);
    ck_assert_uint_eq(slots_take(&slots), 64);
}
END_TEST

START_TEST(all_memory_goes_back_with_the_elements)
{
    take_many();
    for (uint32_t i = 0; i < MANY; i++)
        free(slots_give(&slots, taken[(i * 7) % MANY]));
    ck_assert_uint_eq(slots.count, 0);
    for (int segment = 0; segment < SLOTS_SEGMENTS; segment++)
        ck_assert_ptr_null(slots.segments[segment]);
}
END_TEST

START_TEST(memory_can_be_brought_along)
{
    size_t wanted = slots_wanted(&slots);

    ck_assert_uint_eq(wanted, (size_t)64 * ELEMENT_BYTES);
    slots_supply(&slots, malloc(wanted));
    ck_assert_uint_eq(slots_take(&slots), 0);
}
END_TEST

START_TEST(growing_without_memory_changes_nothing)
{
    take_many();
    uint32_t count = slots.count;

    faults_allocation(1, 0);
    int error = slots_grow(&slots);
    faults_allocation(0, 0);
    ck_assert_int_eq(error, -ENOMEM);
    ck_assert_uint_eq(slots.count, count);
    take();
}
END_TEST

/* Elements of four bytes, the least, so that the largest table is small enough for a test. */
START_TEST(the_largest_table_wants_no_more)
{
    slots_done(&slots);
    slots_init(&slots, sizeof(uint32_t));
    for (int segment = 0; segment < SLOTS_SEGMENTS; segment++)
        ck_assert_int_eq(slots_grow(&slots), 0);
    ck_assert_uint_eq(slots_wanted(&slots), 0);
    ck_assert_int_eq(slots_grow(&slots), -ENOMEM);
}
END_TEST

START_TEST(an_index_that_was_never_taken_cannot_be_given)
{
    take();
    slots_give(&slots, 1);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("slots");
    TCase *tests = tcase_create("slots");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, segments_double_and_cover_every_index_once);
    tcase_add_test(tests, an_empty_table_has_no_memory_and_gives_nothing);
    tcase_add_test(tests, elements_begin_as_zeros_and_never_move);
    tcase_add_test(tests, an_element_given_back_is_used_again_as_zeros);
    tcase_add_test(tests, no_index_is_given_out_twice);
    tcase_add_test(tests, the_lowest_segment_with_room_is_filled_first);
    tcase_add_test(tests, a_segment_with_nothing_left_is_given_to_the_caller);
    tcase_add_test(tests, all_memory_goes_back_with_the_elements);
    tcase_add_test(tests, memory_can_be_brought_along);
    tcase_add_test(tests, growing_without_memory_changes_nothing);
    tcase_add_test(tests, the_largest_table_wants_no_more);
    tcase_add_test_raise_signal(tests, an_index_that_was_never_taken_cannot_be_given, SIGABRT);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
