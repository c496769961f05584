/* SPDX-License-Identifier: MIT
 *
 * The array of watchers against a plain array that does the same, over every size at which it takes another shape.
 */
#include "graph/watchers.h"

#include "support/faults.h"
#include "support/unit.h"
#include "support/unit/require.h"

#include <errno.h>
#include <stdlib.h>

enum { MANY = 40000 };

static struct watchers watchers;
static struct watcher model[MANY]; /* by index, with holes as in the array: member WATCHERS_NONE */
static uint32_t count, extent;

static void
begin(void)
{
    watchers = (struct watchers){.count = 0};
    count = extent = 0;
}

static void
end(void)
{
    watchers_done(&watchers);
}

static void
add(uint32_t member)
{
    struct watcher watcher = {.member = member, .place = member * 3};
    struct spare spare = {0};
    uint32_t index;

    while (!watchers_add(&watchers, watcher, &index, &spare))
        REQUIRE(spare_refill(&spare) == 0, "no memory");
    spare_done(&spare);
    REQUIRE(index < extent ? model[index].member == WATCHERS_NONE : index == extent && count == extent, "at %u of %u", index, extent);
    extent += index == extent;
    model[index] = watcher;
    count++;
}

/* The last one in the model moves. */
static void
move_last(uint32_t index)
{
    while (model[extent - 1].member == WATCHERS_NONE)
        extent--;
    REQUIRE(index < extent - 1 && model[index].member == WATCHERS_NONE, "to %u of %u", index, extent);
    model[index] = model[--extent];
}

/* Gives memory back as the graph does. */
static bool
shrink(struct spare *spare)
{
    uint32_t index;

    if (!watchers_are_sparse(&watchers))
        return true;
    while ((index = watchers_close_hole(&watchers)) != WATCHERS_NONE)
        move_last(index);
    extent = count; /* what was behind are holes */
    return watchers_shrink(&watchers, spare);
}

/* Removes one from the array and the model. */
static void
take_out(uint32_t index, struct spare *spare)
{
    bool moved = watchers_remove(&watchers, index, spare);

    model[index].member = WATCHERS_NONE;
    count--;
    if (moved)
        move_last(index);
    else if (index == extent - 1)
        extent--;
    if (count == 0)
        extent = 0;
}

/* Removes one, and gives memory back. */
static void
remove_at(uint32_t index)
{
    struct spare spare = {0};

    take_out(index, &spare);
    if (!shrink(&spare)) {
        REQUIRE(spare_refill(&spare) == 0, "no memory");
        REQUIRE(shrink(&spare), "with memory");
    }
    spare_done(&spare);
}

/* The index of one that is there, chosen by chance. */
static uint32_t
any(unsigned *random)
{
    uint32_t index;

    do
        index = (uint32_t)rand_r(random) % extent;
    while (model[index].member == WATCHERS_NONE);
    return index;
}

static void
expect_as_model(void)
{
    ck_assert_uint_eq(watchers.count, count);
    ck_assert_uint_eq(watchers_extent(&watchers), extent);
    for (uint32_t i = 0; i < extent; i++) {
        REQUIRE(watchers_at(&watchers, i)->member == model[i].member, "watcher %u", i);
        if (model[i].member != WATCHERS_NONE)
            REQUIRE(watchers_at(&watchers, i)->place == model[i].place, "watcher %u", i);
    }
}

START_TEST(what_was_added_is_there_in_order)
{
    for (uint32_t i = 0; i < MANY; i++) {
        add(i);
        if ((i & (i + 1)) == 0 || i == WATCHERS_FLAT)
            expect_as_model();
    }
    expect_as_model();
}
END_TEST

START_TEST(the_others_stay_when_one_is_removed)
{
    unsigned random = 1;

    for (uint32_t i = 0; i < MANY; i++)
        add(i);
    while (count > 0) {
        remove_at(any(&random));
        if (count % 1000 == 0 || count < 40)
            expect_as_model();
    }
    ck_assert_uint_eq(watchers_capacity(&watchers), 0);
    ck_assert_ptr_null(watchers.flat);
}
END_TEST

START_TEST(it_grows_again_after_it_has_shrunk)
{
    static const uint32_t sizes[] = {9000, 3, 4096, 4095, 4097, 100, 20000, 2048, 5000, 0, 1, 0, MANY, 10, 12000};
    unsigned random = 1;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        while (count < sizes[i])
            add((uint32_t)rand_r(&random));
        while (count > sizes[i])
            remove_at(any(&random));
        expect_as_model();
    }
}
END_TEST

START_TEST(memory_follows_the_count)
{
    unsigned random = 1;

    for (uint32_t i = 0; i < MANY; i++) {
        add(i);
        /* Flat arrays grow by a quarter or so, blocks by half of all. */
        REQUIRE(watchers_capacity(&watchers) <= (count <= 16                     ? count + 2
                                                        : count <= WATCHERS_FLAT ? count + count / 4 + 4
                                                                                 : 2 * count),
            "%u for %u", watchers_capacity(&watchers), count);
    }
    while (count > 0) {
        REQUIRE(watchers_capacity(&watchers) <= (count <= 4                          ? 8
                                                        : count <= WATCHERS_FLAT / 2 ? 8 * count
                                                                                     : 4 * count),
            "%u for %u", watchers_capacity(&watchers), count);
        remove_at(any(&random));
    }
}
END_TEST

/* A user whose audience wavers by one does not cost memory at every step, at any size. */
START_TEST(wavering_by_one_allocates_nothing)
{
    for (uint32_t size = 1; size < 10000; size += size < 100 || (size > 4000 && size < 4200) ? 1 : 97) {
        while (count < size)
            add(count);
        add(count);
        remove_at(extent - 1);
        add(count);
        long before = 0;

        faults_allocation(0, 0);
        for (int i = 0; i < 3; i++) {
            struct spare spare = {0};
            struct watcher last = model[extent - 1];
            uint32_t index;

            take_out(extent - 1, &spare);
            REQUIRE(shrink(&spare), "at %u", size);
            REQUIRE(watchers_add(&watchers, last, &index, &spare), "at %u", size);
            model[extent++] = last;
            count++;
            spare_done(&spare);
        }
        before = faults_allocations();
        ck_assert_int_eq(before, 0);
        expect_as_model();
    }
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
    struct spare spare = {0};
    unsigned random = 1;
    uint32_t index;

    for (uint32_t i = 0; i < 2 * WATCHERS_FLAT; i++) {
        if (watchers.count == watchers_capacity(&watchers)) {
            ck_assert(!watchers_add(&watchers, (struct watcher){.member = 7}, &index, &spare));
            ck_assert_uint_eq(watchers.count, count);
            expect_as_model();
            faults_allocation(1, 0);
            int error = spare_refill(&spare);
            faults_allocation(0, 0);
            ck_assert_int_eq(error, -ENOMEM);
        }
        add(i);
    }
    /* Shrinking, too, is only tried. */
    while (count > 0) {
        take_out(any(&random), &spare);
        (void)shrink(&spare);
        if (count % 512 == 0)
            expect_as_model();
    }
    spare_done(&spare);
}
END_TEST

START_TEST(what_is_left_is_freed_at_the_end)
{
    static const uint32_t sizes[] = {1, 4096, 4097, 20000};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        count = extent = 0;
        while (count < sizes[i])
            add(count);
        watchers_done(&watchers);
        ck_assert_uint_eq(watchers.count, 0);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("watchers");
    TCase *tests = tcase_create("watchers");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, what_was_added_is_there_in_order);
    tcase_add_test(tests, the_others_stay_when_one_is_removed);
    tcase_add_test(tests, it_grows_again_after_it_has_shrunk);
    tcase_add_test(tests, memory_follows_the_count);
    tcase_add_test(tests, wavering_by_one_allocates_nothing);
    tcase_add_test(tests, without_memory_nothing_changes);
    tcase_add_test(tests, what_is_left_is_freed_at_the_end);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
