/* SPDX-License-Identifier: MIT
 *
 * A write queue gives out exactly what was put in, however it is cut by short writes, shares the text of its lines, and owns
 * memory only while something waits.
 */
#include "net/write_queue.h"

#include "support/faults.h"
#include "support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct queue_pool pool;
static struct write_queue queue;
static struct line *lines[3];

static void
make_lines(void)
{
    static const char *const texts[] = {"one\n", "two two\n", "3\n"};

    pool = (struct queue_pool){0};
    queue = (struct write_queue){0};
    for (int i = 0; i < 3; i++)
        lines[i] = line_new(texts[i], strlen(texts[i]));
}

static void
drop_lines(void)
{
    write_queue_clear(&queue, &pool);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(lines[i]->references, 1); /* the queue has given all of its own back */
        line_drop(lines[i]);
    }
    queue_pool_trim(&pool, 0);
    ck_assert_ptr_null(pool.free);
}

static void
append(int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(write_queue_append(&queue, &pool, lines[i % 3]), 0);
}

START_TEST(an_empty_queue_has_no_memory)
{
    char bytes[8];

    ck_assert(write_queue_is_empty(&queue));
    ck_assert_uint_eq(write_queue_peek(&queue, bytes, sizeof bytes), 0);
    append(40);
    write_queue_advance(&queue, &pool, write_queue_peek(&queue, (char[1024]){0}, 1024));
    ck_assert(write_queue_is_empty(&queue));
    ck_assert_ptr_null(queue.first);
    ck_assert_ptr_null(queue.last);
}
END_TEST

/* _i is how many bytes each write takes. */
START_TEST(short_writes_lose_and_double_nothing)
{
    char expected[2048] = "", got[2048] = "";
    size_t length = 0;

    append(50);
    for (int i = 0; i < 50; i++)
        strncat(expected, lines[i % 3]->bytes, lines[i % 3]->length);
    while (!write_queue_is_empty(&queue)) {
        size_t part = write_queue_peek(&queue, got + length, (size_t)_i);

        write_queue_advance(&queue, &pool, part);
        length += part;
    }
    ck_assert_uint_eq(length, strlen(expected));
    ck_assert_int_eq(memcmp(got, expected, length), 0);
}
END_TEST

START_TEST(peeking_takes_nothing_away)
{
    char first[64], second[64];
    size_t length;

    append(5);
    length = write_queue_peek(&queue, first, sizeof first);
    ck_assert_uint_eq(write_queue_peek(&queue, second, sizeof second), length);
    ck_assert_int_eq(memcmp(first, second, length), 0);
    ck_assert_uint_eq(queue.count, 5);
}
END_TEST

START_TEST(cutting_keeps_only_a_line_that_is_partly_written)
{
    char rest[64];

    append(30);
    write_queue_advance(&queue, &pool, 4 + 3); /* "one\n" and the beginning of "two two\n" */
    write_queue_cut(&queue, &pool);
    ck_assert_uint_eq(queue.count, 1);
    ck_assert_uint_eq(write_queue_peek(&queue, rest, sizeof rest), 5);
    ck_assert_int_eq(memcmp(rest, " two\n", 5), 0);
    append(1);
    ck_assert_uint_eq(write_queue_peek(&queue, rest, sizeof rest), 9);
    ck_assert_int_eq(memcmp(rest, " two\none\n", 9), 0);
}
END_TEST

START_TEST(cutting_between_two_lines_keeps_nothing)
{
    append(30);
    write_queue_advance(&queue, &pool, 4);
    write_queue_cut(&queue, &pool);
    ck_assert(write_queue_is_empty(&queue));
}
END_TEST

START_TEST(a_warm_pool_makes_telling_free_of_allocations)
{
    long allocations;
    int error = 0;

    append(100);
    write_queue_clear(&queue, &pool);
    faults_allocation(0, 0);
    for (int i = 0; i < 100; i++)
        error |= write_queue_append(&queue, &pool, lines[i % 3]);
    allocations = faults_allocations(); /* before an assertion allocates */
    ck_assert_int_eq(error, 0);
    ck_assert_int_eq(allocations, 0);
}
END_TEST

START_TEST(without_memory_an_append_fails_and_changes_nothing)
{
    const struct line *line;
    int error;

    append(QUEUE_BLOCK_LINES);
    faults_allocation(1, 1);
    error = write_queue_append(&queue, &pool, lines[0]);
    line = line_new("x", 1);
    faults_allocation(0, 0);
    ck_assert_int_eq(error, -ENOMEM);
    ck_assert_ptr_null(line);
    ck_assert_uint_eq(queue.count, QUEUE_BLOCK_LINES);
}
END_TEST

START_TEST(a_line_lives_as_long_as_somebody_holds_it)
{
    struct line *line = line_new("gone\n", 5);
    char bytes[8];

    ck_assert_int_eq(write_queue_append(&queue, &pool, line), 0);
    line_drop(line);
    ck_assert_uint_eq(write_queue_peek(&queue, bytes, sizeof bytes), 5);
    line_drop(NULL);
}
END_TEST

START_TEST(the_pool_is_trimmed_to_what_is_kept)
{
    append(QUEUE_BLOCK_LINES * 10);
    write_queue_clear(&queue, &pool);
    ck_assert_uint_eq(pool.count, 10);
    queue_pool_trim(&pool, 3);
    ck_assert_uint_eq(pool.count, 3);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("write_queue");
    TCase *tcase = tcase_create("write_queue");

    tcase_add_checked_fixture(tcase, make_lines, drop_lines);
    tcase_add_test(tcase, an_empty_queue_has_no_memory);
    tcase_add_loop_test(tcase, short_writes_lose_and_double_nothing, 1, 40);
    tcase_add_test(tcase, peeking_takes_nothing_away);
    tcase_add_test(tcase, cutting_keeps_only_a_line_that_is_partly_written);
    tcase_add_test(tcase, cutting_between_two_lines_keeps_nothing);
    tcase_add_test(tcase, a_warm_pool_makes_telling_free_of_allocations);
    tcase_add_test(tcase, without_memory_an_append_fails_and_changes_nothing);
    tcase_add_test(tcase, a_line_lives_as_long_as_somebody_holds_it);
    tcase_add_test(tcase, the_pool_is_trimmed_to_what_is_kept);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
