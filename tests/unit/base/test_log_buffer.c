/* SPDX-License-Identifier: MIT */
#include "base/log_buffer.h"

#include "support/unit.h"

#include <stdio.h>
#include <string.h>

static struct log_buffer buffer;

static void
buffer_empty(void)
{
    buffer = (struct log_buffer){0};
}

static void
put(const char *line)
{
    log_buffer_put(&buffer, line, strlen(line));
}

/* What one take moves into a room of `size` bytes. */
static const char *
taken(size_t size)
{
    static char room[4097];
    size_t length = log_buffer_take(&buffer, room, size);

    room[length] = '\0';
    return room;
}

/* Fills it with numbered lines until one does not fit; returns how many did. */
static unsigned
fill(void)
{
    unsigned lines = 0;

    while (buffer.dropped == 0) {
        char line[256];

        snprintf(line, sizeof line, "%0200u\n", lines);
        put(line);
        if (buffer.dropped == 0)
            lines++;
    }
    return lines;
}

START_TEST(whole_lines_come_out_in_order)
{
    put("one\n");
    put("two\n");
    put("three\n");
    ck_assert_str_eq(taken(10), "one\ntwo\n");
    ck_assert_str_eq(taken(3), ""); /* not a piece of a line */
    ck_assert_str_eq(taken(6), "three\n");
    ck_assert_str_eq(taken(4096), "");
}
END_TEST

START_TEST(lines_survive_the_end_of_the_ring)
{
    unsigned in = 0, out = 0;

    while (in < 3 * LOG_BUFFER_BYTES / 203) {
        for (int i = 0; i < 50; i++, in++) {
            char line[256];

            snprintf(line, sizeof line, "%0*u\n", 190 + (int)(in % 20), in);
            put(line);
        }
        for (int i = 0; i < 49; i++, out++) { /* one stays behind each time, so that the ring never starts afresh */
            unsigned number;

            ck_assert_int_eq(sscanf(taken(190 + out % 20 + 1), "%u", &number), 1);
            ck_assert_uint_eq(number, out);
        }
    }
    ck_assert_uint_eq(buffer.dropped, 0);
}
END_TEST

START_TEST(what_does_not_fit_is_counted_and_reported_in_its_place)
{
    unsigned lines = fill();
    size_t bytes = buffer.used;

    ck_assert_uint_gt(lines, 5000);
    ck_assert_uint_eq(buffer.dropped, 1);
    put("a line that fits although an earlier one did not is newer than the gap\n");
    ck_assert_uint_eq(buffer.dropped, 1);
    ck_assert_uint_gt(buffer.used, bytes);

    while (bytes > 0) {
        ck_assert(!log_buffer_owes_report(&buffer));
        bytes -= strlen(taken(4096));
    }
    ck_assert_str_eq(taken(4096), ""); /* not before the report */
    ck_assert(log_buffer_owes_report(&buffer));
    buffer.dropped = 0;
    ck_assert_str_eq(taken(4096), "a line that fits although an earlier one did not is newer than the gap\n");
}
END_TEST

START_TEST(lines_lost_while_writing_are_reported_before_what_waits)
{
    put("waits\n");
    log_buffer_lose(&buffer, 0);
    ck_assert(!log_buffer_owes_report(&buffer));
    log_buffer_lose(&buffer, 7);
    ck_assert(log_buffer_owes_report(&buffer));
    ck_assert_uint_eq(buffer.dropped, 7);
    ck_assert_str_eq(taken(4096), "");
}
END_TEST

START_TEST(clearing_it_counts_what_was_in_it)
{
    put("one\n");
    put("two\n");
    log_buffer_lose(&buffer, 3);
    log_buffer_clear(&buffer);
    ck_assert_uint_eq(buffer.dropped, 5);
    ck_assert_uint_eq(buffer.used, 0);
    buffer.dropped = 0;
    put("again\n");
    ck_assert_str_eq(taken(4096), "again\n");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("log_buffer");
    TCase *tests = tcase_create("log_buffer");

    tcase_add_checked_fixture(tests, buffer_empty, NULL);
    tcase_add_test(tests, whole_lines_come_out_in_order);
    tcase_add_test(tests, lines_survive_the_end_of_the_ring);
    tcase_add_test(tests, what_does_not_fit_is_counted_and_reported_in_its_place);
    tcase_add_test(tests, lines_lost_while_writing_are_reported_before_what_waits);
    tcase_add_test(tests, clearing_it_counts_what_was_in_it);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
