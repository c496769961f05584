/* SPDX-License-Identifier: MIT
 *
 * What is due and has not come: found again by kind or by name, and what has undone itself.
 */
#include "load/pending.h"

#include "support/unit.h"

static struct pending_pool pool;
static struct pending_queue queue;

static void
setup(void)
{
    queue = (struct pending_queue){0, 0};
}

static void
teardown(void)
{
    pending_done(&pool);
}

START_TEST(what_has_no_name_is_taken_in_order)
{
    struct pending_entry entry;

    ck_assert(!pending_take(&pool, &queue, &entry));
    for (int64_t i = 1; i <= 5000; i++)
        pending_put(&pool, &queue, (uint32_t)i, true, i);
    for (int64_t i = 1; i <= 5000; i++) {
        ck_assert(pending_take(&pool, &queue, &entry));
        ck_assert_int_eq(entry.due_ns, i);
    }
    ck_assert(!pending_take(&pool, &queue, &entry));
}
END_TEST

START_TEST(entries_are_used_again)
{
    struct pending_entry entry;

    for (int i = 0; i < 100000; i++) {
        pending_put(&pool, &queue, 1, true, i);
        ck_assert(pending_take(&pool, &queue, &entry));
    }
    ck_assert_uint_le(pool.room, 1024);
}
END_TEST

START_TEST(what_has_a_name_is_found_behind_others)
{
    struct pending_entry entry;
    uint64_t merged = 0;

    pending_put(&pool, &queue, 1, true, 10);
    pending_put(&pool, &queue, 2, true, 20);
    pending_put(&pool, &queue, 3, true, 30);
    ck_assert(pending_take_user(&pool, &queue, 3, true, &entry, &merged));
    ck_assert_int_eq(entry.due_ns, 30);
    ck_assert(!pending_take_user(&pool, &queue, 3, true, &entry, &merged));
    ck_assert(!pending_take_user(&pool, &queue, 2, false, &entry, &merged));
    ck_assert_uint_eq(merged, 0);
    pending_put(&pool, &queue, 4, false, 40); /* behind the one that was last */
    ck_assert(pending_take(&pool, &queue, &entry) && entry.user == 1);
    ck_assert(pending_take(&pool, &queue, &entry) && entry.user == 2);
    ck_assert(pending_take(&pool, &queue, &entry) && entry.user == 4);
    ck_assert(!pending_take(&pool, &queue, &entry));
}
END_TEST

/* The server may leave out what was undone: whoever hears that a user left need not have heard that it came before. */
START_TEST(what_a_later_word_made_obsolete_is_merged)
{
    struct pending_entry entry;
    uint64_t merged = 0;

    pending_put(&pool, &queue, 1, true, 10);
    pending_put(&pool, &queue, 2, true, 15);
    pending_put(&pool, &queue, 1, false, 20);
    pending_put(&pool, &queue, 1, true, 30);
    ck_assert(pending_take_user(&pool, &queue, 1, false, &entry, &merged));
    ck_assert_int_eq(entry.due_ns, 20);
    ck_assert_uint_eq(merged, 1);
    ck_assert(pending_take(&pool, &queue, &entry) && entry.user == 2);
    ck_assert(pending_take(&pool, &queue, &entry) && entry.user == 1 && entry.due_ns == 30);
    ck_assert(!pending_take(&pool, &queue, &entry));
}
END_TEST

START_TEST(what_undid_itself_is_marked_and_what_still_holds_is_not)
{
    struct pending_entry entry;
    uint64_t merged = 0;

    pending_put(&pool, &queue, 1, true, 10); /* undone by the next but one */
    pending_put(&pool, &queue, 2, false, 20);
    pending_put(&pool, &queue, 1, false, 30);
    pending_put(&pool, &queue, 2, true, 40);
    pending_put(&pool, &queue, 2, false, 50); /* this one still holds */
    pending_put(&pool, &queue, 3, true, 60);
    ck_assert_uint_eq(pending_mark_undone(&pool, &queue), 4);
    ck_assert_uint_eq(pending_mark_undone(&pool, &queue), 0);
    ck_assert(pending_take_user(&pool, &queue, 1, false, &entry, &merged) && entry.undone); /* told all the same */
    ck_assert(pending_take_user(&pool, &queue, 2, true, &entry, &merged) && entry.undone);
    ck_assert_uint_eq(merged, 0); /* what stood before them had been counted */
    ck_assert(pending_take_user(&pool, &queue, 2, false, &entry, &merged) && !entry.undone && entry.due_ns == 50);
    ck_assert(pending_take(&pool, &queue, &entry) && entry.user == 3 && !entry.undone);
    ck_assert(!pending_take(&pool, &queue, &entry));
}
END_TEST

START_TEST(what_is_undone_can_be_forgotten)
{
    struct pending_entry entry;

    pending_put(&pool, &queue, 1, true, 10);
    pending_put(&pool, &queue, 2, true, 20);
    pending_put(&pool, &queue, 1, false, 30);
    ck_assert_uint_eq(pending_mark_undone(&pool, &queue), 2);
    pending_forget_undone(&pool, &queue, 2);
    pending_forget_undone(&pool, &queue, 1);
    ck_assert(pending_take(&pool, &queue, &entry) && entry.user == 2);
    ck_assert(!pending_take(&pool, &queue, &entry));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("bench/pending");
    TCase *tests = tcase_create("pending");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, what_has_no_name_is_taken_in_order);
    tcase_add_test(tests, entries_are_used_again);
    tcase_add_test(tests, what_has_a_name_is_found_behind_others);
    tcase_add_test(tests, what_a_later_word_made_obsolete_is_merged);
    tcase_add_test(tests, what_undid_itself_is_marked_and_what_still_holds_is_not);
    tcase_add_test(tests, what_is_undone_can_be_forgotten);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
