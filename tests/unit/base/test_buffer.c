/* SPDX-License-Identifier: MIT */
#include "base/buffer.h"

#include "support/faults.h"
#include "support/unit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct buffer buffer;

static void
begin(void)
{
    buffer = (struct buffer){0};
}

static void
end(void)
{
    buffer_done(&buffer);
}

#define expect_bytes(text)                                  \
    do {                                                    \
        ck_assert_uint_eq(buffer.length, strlen(text));     \
        ck_assert_mem_eq(buffer.bytes, text, strlen(text)); \
    } while (0)

START_TEST(what_is_appended_stands_one_after_the_other)
{
    buffer_append(&buffer, "ab", 2);
    buffer_append_text(&buffer, "cd");
    buffer_format(&buffer, "%d%s", 12, "!");
    buffer_append_text(&buffer, "");
    expect_bytes("abcd12!");
    ck_assert(!buffer.failed);
}
END_TEST

START_TEST(an_empty_buffer_has_no_memory)
{
    buffer_append(&buffer, NULL, 0);
    buffer_append_text(&buffer, "");
    ck_assert_ptr_null(buffer.bytes);
    ck_assert(!buffer.failed);
}
END_TEST

START_TEST(it_holds_any_byte_and_grows_as_it_must)
{
    char bytes[1000];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    for (size_t length = 0; length < sizeof bytes; length++)
        buffer_append(&buffer, bytes, length);
    ck_assert_uint_eq(buffer.length, sizeof bytes * (sizeof bytes - 1) / 2);
    for (size_t length = 0, at = 0; length < sizeof bytes; at += length++)
        if (memcmp(buffer.bytes + at, bytes, length) != 0)
            ck_abort_msg("the %zu bytes at %zu are others", length, at);
}
END_TEST

START_TEST(what_is_formatted_is_cut_at_its_limit)
{
    char expected[256];

    memset(expected, '0', sizeof expected);
    expected[255] = '\0';
    buffer_format(&buffer, "%0300d", 7);
    expect_bytes(expected);
}
END_TEST

START_TEST(a_failure_sticks)
{
    buffer_append_text(&buffer, "kept");
    faults_allocation(1, 0);
    buffer_format(&buffer, "%0250d%s", 7, "x");
    buffer_format(&buffer, "%0250d", 7);
    faults_allocation(0, 0);
    ck_assert(buffer.failed);
    size_t length = buffer.length;

    buffer_append_text(&buffer, "x");
    ck_assert_uint_eq(buffer.length, length);
    ck_assert(buffer.failed);
    ck_assert_mem_eq(buffer.bytes, "kept", 4);
}
END_TEST

START_TEST(a_reset_forgets_the_bytes_and_the_failure)
{
    faults_allocation(1, 0);
    buffer_append_text(&buffer, "lost");
    faults_allocation(0, 0);
    ck_assert(buffer.failed);
    buffer_reset(&buffer, 0);
    ck_assert(!buffer.failed);
    buffer_append_text(&buffer, "new");
    expect_bytes("new");
}
END_TEST

START_TEST(a_reset_keeps_memory_up_to_a_limit)
{
    buffer_append_text(&buffer, "small");
    char *bytes = buffer.bytes;
    size_t capacity = buffer.capacity;

    buffer_reset(&buffer, capacity);
    ck_assert_ptr_eq(buffer.bytes, bytes);
    ck_assert_uint_eq(buffer.length, 0);
    buffer_reset(&buffer, capacity - 1);
    ck_assert_ptr_null(buffer.bytes);
    ck_assert_uint_eq(buffer.capacity, 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("buffer");
    TCase *tests = tcase_create("buffer");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, what_is_appended_stands_one_after_the_other);
    tcase_add_test(tests, an_empty_buffer_has_no_memory);
    tcase_add_test(tests, it_holds_any_byte_and_grows_as_it_must);
    tcase_add_test(tests, what_is_formatted_is_cut_at_its_limit);
    tcase_add_test(tests, a_failure_sticks);
    tcase_add_test(tests, a_reset_forgets_the_bytes_and_the_failure);
    tcase_add_test(tests, a_reset_keeps_memory_up_to_a_limit);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
