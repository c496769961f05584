/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include "support/unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *
formatted(int64_t realtime_ms)
{
    static char text[CLOCK_RFC3339_BYTES];

    memset(text, '#', sizeof text);
    clock_format_rfc3339(realtime_ms, text);
    return text;
}

/* The same moment in the words of the C library. */
static void
format_with_libc(int64_t realtime_ms, char *text, size_t size)
{
    time_t seconds = (time_t)(realtime_ms / 1000);
    struct tm calendar;

    gmtime_r(&seconds, &calendar);
    size_t length = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &calendar);
    snprintf(text + length, size - length, ".%03dZ", (int)(realtime_ms % 1000));
}

START_TEST(moments_read_as_rfc3339)
{
    ck_assert_str_eq(formatted(0), "1970-01-01T00:00:00.000Z");
    ck_assert_str_eq(formatted(1795464457123), "2026-11-23T20:07:37.123Z");
    ck_assert_str_eq(formatted(951782399999), "2000-02-28T23:59:59.999Z");
    ck_assert_str_eq(formatted(951782400000), "2000-02-29T00:00:00.000Z");
    ck_assert_str_eq(formatted(1709251199999), "2024-02-29T23:59:59.999Z");
    ck_assert_str_eq(formatted(4107542400000), "2100-03-01T00:00:00.000Z");
    ck_assert_str_eq(formatted(-1), "1969-12-31T23:59:59.999Z");
}
END_TEST

START_TEST(years_that_four_digits_cannot_name_are_held_at_the_ends)
{
    ck_assert_str_eq(formatted(INT64_MIN), "0000-01-01T00:00:00.000Z");
    ck_assert_str_eq(formatted(-62167219200000 + 60 * (int64_t)86400000), "0000-03-01T00:00:00.000Z");
    ck_assert_str_eq(formatted(253402300799999), "9999-12-31T23:59:59.999Z");
    ck_assert_str_eq(formatted(INT64_MAX), "9999-12-31T23:59:59.999Z");
}
END_TEST

START_TEST(each_day_of_three_centuries_is_what_the_c_library_says)
{
    for (int64_t day = 0; day < INT64_C(300) * 366; day++) {
        int64_t moment_ms = day * 86400000 + (day * 7919 * 1013) % 86400000;
        char expected[64];

        format_with_libc(moment_ms, expected, sizeof expected);
        ck_assert_str_eq(formatted(moment_ms), expected);
    }
}
END_TEST

START_TEST(monotonic_time_never_goes_back_and_its_units_agree)
{
    uint64_t before_ns = clock_monotonic_ns();

    for (int i = 0; i < 10000; i++) {
        uint64_t now_ms = clock_monotonic_ms();
        uint64_t now_ns = clock_monotonic_ns();

        ck_assert_uint_ge(now_ms, before_ns / 1000000);
        ck_assert_uint_ge(now_ns, now_ms * 1000000);
        before_ns = now_ns;
    }
}
END_TEST

START_TEST(real_time_is_the_calendar_of_the_system)
{
    int64_t earliest_ms = (int64_t)time(NULL) * 1000;
    int64_t now_ms = clock_realtime_ms();

    /* time() may lag behind the fine clock by a tick of the kernel, hence the second on either side. */
    ck_assert_int_ge(now_ms, earliest_ms - 1000);
    ck_assert_int_le(now_ms, ((int64_t)time(NULL) + 2) * 1000);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("clock");
    TCase *tests = tcase_create("clock");

    tcase_add_test(tests, moments_read_as_rfc3339);
    tcase_add_test(tests, years_that_four_digits_cannot_name_are_held_at_the_ends);
    tcase_add_test(tests, each_day_of_three_centuries_is_what_the_c_library_says);
    tcase_add_test(tests, monotonic_time_never_goes_back_and_its_units_agree);
    tcase_add_test(tests, real_time_is_the_calendar_of_the_system);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
