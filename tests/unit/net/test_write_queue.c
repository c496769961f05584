/* SPDX-License-Identifier: MIT */
#include "net/write_queue.h"

#include "support/faults.h"
#include "support/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 4096 };

static struct queue_pool pool;
static struct write_queue queue;

static void
begin(void)
{
    pool = (struct queue_pool){0};
    queue = (struct write_queue){0};
}

/* An empty queue has no memory of its own: what it had is in the pool. */
static void
end(void)
{
    write_queue_clear(&queue, &pool);
    ck_assert_ptr_null(queue.first);
    queue_pool_trim(&pool, 0);
    ck_assert_ptr_null(pool.free);
}

static void
append(const char *text)
{
    struct line *line = line_new(text, strlen(text));

    ck_assert_ptr_nonnull(line);
    ck_assert_int_eq(write_queue_append(&queue, &pool, line), 0);
    line_drop(line);
}

/* What waits, as text. */
static const char *
waiting(void)
{
    static char text[TEXT_MAX + 1];
    size_t length = write_queue_peek(&queue, text, TEXT_MAX);

    text[length] = '\0';
    return text;
}

START_TEST(what_was_appended_waits_in_order)
{
    ck_assert(write_queue_is_empty(&queue));
    append("one\n");
    append("two\n");
    ck_assert(!write_queue_is_empty(&queue));
    ck_assert_uint_eq(queue.count, 2);
    ck_assert_str_eq(waiting(), "one\ntwo\n");
    ck_assert_str_eq(waiting(), "one\ntwo\n"); /* looking takes nothing away */
}
END_TEST

START_TEST(a_line_lives_as_long_as_somebody_holds_it)
{
    struct line *line = line_new("shared\n", 7);
    struct write_queue second = {0};

    ck_assert_uint_eq(line->length, 7);
    ck_assert_int_eq(write_queue_append(&queue, &pool, line), 0);
    ck_assert_int_eq(write_queue_append(&second, &pool, line), 0);
    ck_assert_int_eq(write_queue_append(&second, &pool, line), 0);
    ck_assert_uint_eq(line->references, 4);
    write_queue_advance(&queue, &pool, 7);
    write_queue_advance(&second, &pool, 7);
    ck_assert_uint_eq(line->references, 2);
    line_drop(line);
    write_queue_clear(&second, &pool);
    line_drop(NULL);
}
END_TEST

/* However the socket cuts the bytes: what waits is always the rest, and lines end where they end. */
START_TEST(it_may_be_written_in_any_pieces)
{
    char text[TEXT_MAX] = "";
    size_t length;

    for (int i = 0; i < 3 * QUEUE_BLOCK_LINES + 1; i++)
        sprintf(text + strlen(text), "line %d\n", i);
    length = strlen(text);
    for (size_t piece = 1; piece <= length; piece++) {
        for (int i = 0; i < 3 * QUEUE_BLOCK_LINES + 1; i++) {
            char line[16];

            sprintf(line, "line %d\n", i);
            append(line);
        }
        for (size_t written = 0; written < length; written += piece) {
            ck_assert_str_eq(waiting(), text + written);
            write_queue_advance(&queue, &pool, length - written < piece ? length - written : piece);
        }
        ck_assert(write_queue_is_empty(&queue));
    }
}
END_TEST

START_TEST(as_much_is_shown_as_there_is_room_for)
{
    char bytes[32];

    append("first\n");
    append("second\n");
    write_queue_advance(&queue, &pool, 2);
    for (size_t size = 0; size <= 11; size++) {
        memset(bytes, '#', sizeof bytes);
        ck_assert_uint_eq(write_queue_peek(&queue, bytes, size), size);
        ck_assert_mem_eq(bytes, "rst\nsecond\n", size);
        ck_assert_int_eq(bytes[size], '#');
    }
    ck_assert_uint_eq(write_queue_peek(&queue, bytes, 12), 11);
}
END_TEST

START_TEST(more_than_waits_cannot_be_taken_away)
{
    append("one\n");
    write_queue_advance(&queue, &pool, 5);
}
END_TEST

START_TEST(a_cut_takes_everything_that_was_not_begun)
{
    for (int i = 0; i < 2 * QUEUE_BLOCK_LINES; i++)
        append("line\n");
    write_queue_cut(&queue, &pool);
    ck_assert(write_queue_is_empty(&queue));
    write_queue_cut(&queue, &pool);
    append("new\n");
    ck_assert_str_eq(waiting(), "new\n");
}
END_TEST

START_TEST(a_cut_leaves_the_rest_of_a_line_that_was_begun)
{
    for (size_t written = 1; written < 5; written++) {
        for (int i = 0; i < 2 * QUEUE_BLOCK_LINES; i++)
            append("line\n");
        write_queue_advance(&queue, &pool, 5 * (QUEUE_BLOCK_LINES + 3) + written);
        faults_allocation(1, 1); /* it is done when there is no memory, too */
        write_queue_cut(&queue, &pool);
        faults_allocation(0, 0);
        ck_assert_uint_eq(queue.count, 1);
        append("error\n");
        ck_assert_str_eq(waiting(), &"line\nerror\n"[written]);
        write_queue_advance(&queue, &pool, 11 - written);
        ck_assert(write_queue_is_empty(&queue));
    }
}
END_TEST

START_TEST(blocks_come_from_the_pool_and_go_back_there)
{
    for (int i = 0; i < 5 * QUEUE_BLOCK_LINES; i++)
        append("line\n");
    ck_assert_uint_eq(pool.count, 0);
    write_queue_clear(&queue, &pool);
    ck_assert_uint_eq(pool.count, 5);

    struct line *line = line_new("line\n", 5);
    faults_allocation(1, 1);
    int error = 0;
    for (int i = 0; i < 5 * QUEUE_BLOCK_LINES; i++)
        error += write_queue_append(&queue, &pool, line);
    faults_allocation(0, 0);
    ck_assert_int_eq(error, 0);
    ck_assert_uint_eq(pool.count, 0);
    line_drop(line);
}
END_TEST

START_TEST(a_queue_that_is_always_written_to_does_not_grow)
{
    append("line\n");
    for (int i = 0; i < 1000; i++) {
        append("line\n");
        write_queue_advance(&queue, &pool, 5);
    }
    ck_assert_uint_eq(queue.count, 1);
    ck_assert_uint_le(pool.count, 2);
}
END_TEST

START_TEST(the_pool_is_trimmed)
{
    for (int i = 0; i < 10 * QUEUE_BLOCK_LINES; i++)
        append("line\n");
    write_queue_clear(&queue, &pool);
    queue_pool_trim(&pool, 3);
    ck_assert_uint_eq(pool.count, 3);
    queue_pool_trim(&pool, 5);
    ck_assert_uint_eq(pool.count, 3);
}
END_TEST

START_TEST(without_memory_nothing_is_appended)
{
    struct line *line;

    faults_allocation(1, 1);
    line = line_new("line\n", 5);
    faults_allocation(0, 0);
    ck_assert_ptr_null(line);

    append("one\n");
    for (int i = 1; i < QUEUE_BLOCK_LINES; i++)
        append("more\n");
    line = line_new("line\n", 5);
    faults_allocation(1, 1);
    int error = write_queue_append(&queue, &pool, line);
    faults_allocation(0, 0);
    ck_assert_int_eq(error, -ENOMEM);
    ck_assert_uint_eq(line->references, 1);
    ck_assert_uint_eq(queue.count, QUEUE_BLOCK_LINES);
    ck_assert_int_eq(write_queue_append(&queue, &pool, line), 0);
    line_drop(line);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("write_queue");
    TCase *tests = tcase_create("write_queue");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, what_was_appended_waits_in_order);
    tcase_add_test(tests, a_line_lives_as_long_as_somebody_holds_it);
    tcase_add_test(tests, it_may_be_written_in_any_pieces);
    tcase_add_test(tests, as_much_is_shown_as_there_is_room_for);
    tcase_add_test_raise_signal(tests, more_than_waits_cannot_be_taken_away, SIGABRT);
    tcase_add_test(tests, a_cut_takes_everything_that_was_not_begun);
    tcase_add_test(tests, a_cut_leaves_the_rest_of_a_line_that_was_begun);
    tcase_add_test(tests, blocks_come_from_the_pool_and_go_back_there);
    tcase_add_test(tests, a_queue_that_is_always_written_to_does_not_grow);
    tcase_add_test(tests, the_pool_is_trimmed);
    tcase_add_test(tests, without_memory_nothing_is_appended);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
