/* SPDX-License-Identifier: MIT
 *
 * What waits to be told: one change for each user, the newest, in the order in which users first had one; compared with a plain list.
 */
#include "presence/changes.h"

#include "support/faults.h"
#include "support/unit.h"
#include "support/unit/require.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static struct line *
line_of(const char *text)
{
    struct line *line = line_new(text, strlen(text));

    REQUIRE(line != NULL, "no memory");
    return line;
}

/* Puts a change whose line nobody else holds. */
static void
put(struct changes **changes, uint32_t user, const char *text)
{
    struct line *line = line_of(text);

    REQUIRE(changes_put(changes, user, line) >= 0, "no memory");
    line_drop(line);
}

static const struct line *
first_of(const struct changes *changes)
{
    uint32_t place = 0;

    return changes_next(changes, &place);
}

static void
expect_first(struct changes **changes, const char *text)
{
    const struct line *line = first_of(*changes);

    ck_assert_uint_eq(line->length, strlen(text));
    ck_assert_mem_eq(line->bytes, text, line->length);
    changes_take_first(changes);
}

START_TEST(nothing_is_nothing)
{
    struct changes *changes = NULL;

    ck_assert_uint_eq(changes_count(changes), 0);
    changes_remove(&changes, 1);
    changes_free(&changes);
    ck_assert_ptr_null(changes);
    ck_assert_ptr_null(first_of(changes));
}
END_TEST

START_TEST(they_come_out_in_the_order_in_which_they_came)
{
    struct changes *changes = NULL;

    put(&changes, 7, "a");
    put(&changes, 0, "b");
    put(&changes, 3, "c");
    ck_assert_uint_eq(changes_count(changes), 3);
    expect_first(&changes, "a");
    expect_first(&changes, "b");
    expect_first(&changes, "c");
    ck_assert_ptr_null(changes);
}
END_TEST

START_TEST(a_newer_one_takes_the_place_of_the_older)
{
    struct changes *changes = NULL;

    put(&changes, 7, "old");
    put(&changes, 3, "b");
    put(&changes, 7, "new");
    ck_assert_uint_eq(changes_count(changes), 2);
    expect_first(&changes, "new");
    put(&changes, 7, "newer");
    expect_first(&changes, "b");
    expect_first(&changes, "newer");
    ck_assert_ptr_null(changes);
}
END_TEST

START_TEST(what_was_removed_does_not_come_out)
{
    struct changes *changes = NULL;

    put(&changes, 1, "a");
    put(&changes, 2, "b");
    put(&changes, 3, "c");
    changes_remove(&changes, 1);
    changes_remove(&changes, 1);
    changes_remove(&changes, 9);
    put(&changes, 1, "again");
    expect_first(&changes, "b");
    changes_remove(&changes, 3);
    expect_first(&changes, "again");
    ck_assert_ptr_null(changes);
    put(&changes, 1, "a");
    changes_remove(&changes, 1);
    ck_assert_ptr_null(changes);
}
END_TEST

/* A line is shared by all who are told it. */
START_TEST(a_line_is_held_while_it_waits)
{
    struct changes *changes = NULL;
    struct line *line = line_of("a"), *newer = line_of("b");

    ck_assert_int_eq(changes_put(&changes, 1, line), 0);
    ck_assert_int_eq(changes_put(&changes, 2, line), 0);
    ck_assert_uint_eq(line->references, 3);
    ck_assert_int_eq(changes_put(&changes, 1, line), 1);
    ck_assert_uint_eq(line->references, 3);
    ck_assert_int_eq(changes_put(&changes, 1, newer), 1);
    ck_assert_uint_eq(line->references, 2);
    changes_remove(&changes, 2);
    ck_assert_uint_eq(line->references, 1);
    changes_free(&changes);
    ck_assert_uint_eq(newer->references, 1);
    line_drop(line);
    line_drop(newer);
}
END_TEST

/* Each allocation in turn: what was there stays, and works. */
START_TEST(without_memory_nothing_has_changed)
{
    enum { USERS = 100 };
    struct changes *changes = NULL;
    struct line *line = line_of("a");

    for (uint32_t user = 0; user < USERS; user++) {
        for (long nth = 1;; nth++) {
            bool failed;
            int error;

            faults_allocation(nth, 0);
            error = changes_put(&changes, user, line);
            failed = faults_allocations() >= nth;
            faults_allocation(0, 0);
            if (!failed) {
                REQUIRE(error == 0, "no memory");
                break;
            }
            REQUIRE(error == -ENOMEM && changes_count(changes) == user && line->references == user + 1, "something has changed");
        }
    }
    changes_free(&changes);
    ck_assert_uint_eq(line->references, 1);
    line_drop(line);
}
END_TEST

/* Looking takes nothing away, and passes over what was removed. */
static void
look_through(const struct changes *changes, struct line *const *last, const uint32_t *order, uint32_t count)
{
    uint32_t place = 0;

    for (uint32_t i = 0; i < count; i++)
        REQUIRE(changes_next(changes, &place) == last[order[i]], "number %u is another one", i);
    REQUIRE(changes_next(changes, &place) == NULL, "there are more");
}

/* The same as a plain list, whatever is done. */
START_TEST(many_of_them_do_the_same_as_a_list)
{
    enum { USERS = 300, STEPS = 20000 };
    static uint32_t order[USERS]; /* the users, oldest first */
    static struct line *last[USERS];
    uint32_t count = 0, dice = 1;
    struct changes *changes = NULL;

    for (int step = 0; step < STEPS; step++) {
        dice = dice * 1664525 + 1013904223;

        uint32_t user = (dice >> 8) % USERS, place = 0, what = dice >> 28;

        while (place < count && order[place] != user)
            place++;
        if (what < 11) {
            struct line *line = line_of("x");

            REQUIRE(changes_put(&changes, user, line) == (place < count), "it is said wrongly whether an older one waited");
            line_drop(line);
            last[user] = line;
            if (place == count)
                order[count++] = user;
        } else if (what < 13) {
            changes_remove(&changes, user);
            if (place < count)
                memmove(&order[place], &order[place + 1], (--count - place) * sizeof order[0]);
        } else if (count > 0) {
            REQUIRE(first_of(changes) == last[order[0]], "step %d: not the oldest", step);
            changes_take_first(&changes);
            memmove(&order[0], &order[1], --count * sizeof order[0]);
        }
        look_through(changes, last, order, count);
        REQUIRE(
            changes_count(changes) == count && (changes == NULL) == (count == 0), "step %d: %u instead of %u", step, changes_count(changes), count);
    }
    for (uint32_t i = 0; i < count; i++) {
        REQUIRE(first_of(changes) == last[order[i]], "not the oldest");
        changes_take_first(&changes);
    }
    ck_assert_ptr_null(changes);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("changes");
    TCase *tests = tcase_create("changes");

    tcase_add_test(tests, nothing_is_nothing);
    tcase_add_test(tests, they_come_out_in_the_order_in_which_they_came);
    tcase_add_test(tests, a_newer_one_takes_the_place_of_the_older);
    tcase_add_test(tests, what_was_removed_does_not_come_out);
    tcase_add_test(tests, a_line_is_held_while_it_waits);
    tcase_add_test(tests, without_memory_nothing_has_changed);
    tcase_add_test(tests, many_of_them_do_the_same_as_a_list);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
