/* SPDX-License-Identifier: MIT */
#include "base/log_flood.h"

#include "support/unit.h"

#include <stdlib.h>

static struct log_flood flood;
static const char noisy[] = "noisy";

static void
flood_clear(void)
{
    flood = (struct log_flood){0};
}

/* Asks `lines` times at one moment; returns how many may be written. */
static int
written_of(const char *event, int lines, uint64_t now_ms)
{
    int written = 0;

    for (int i = 0; i < lines; i++)
        written += log_flood_ask(&flood, event, LEVEL_INFO, now_ms) == LOG_FLOOD_WRITE;
    return written;
}

START_TEST(a_burst_passes_and_the_rest_of_the_second_is_counted)
{
    struct log_flood_summary summary;

    ck_assert_int_eq(written_of(noisy, LOG_BURST, 5000), LOG_BURST);
    ck_assert_uint_eq(log_flood_due(&flood), UINT64_MAX);
    ck_assert_int_eq(log_flood_ask(&flood, noisy, LEVEL_WARN, 5100), LOG_FLOOD_SUPPRESS_FIRST);
    ck_assert_int_eq(log_flood_ask(&flood, noisy, LEVEL_WARN, 5999), LOG_FLOOD_SUPPRESS);

    ck_assert_uint_eq(log_flood_due(&flood), 6000);
    ck_assert(!log_flood_take(&flood, 5999, &summary));
    ck_assert(log_flood_take(&flood, 6000, &summary));
    ck_assert_str_eq(summary.event, "noisy");
    ck_assert_int_eq(summary.level, LEVEL_WARN);
    ck_assert_uint_eq(summary.lines, 2);
    ck_assert(!log_flood_take(&flood, UINT64_MAX, &summary));
    ck_assert_uint_eq(log_flood_due(&flood), UINT64_MAX);
}
END_TEST

START_TEST(each_second_of_a_lasting_flood_has_its_burst_and_its_summary)
{
    struct log_flood_summary summary;

    for (uint64_t second = 1; second <= 5; second++) {
        ck_assert_int_eq(written_of(noisy, 1000, second * 1000), LOG_BURST);
        ck_assert_uint_eq(log_flood_due(&flood), second * 1000 + 1000);
        ck_assert(log_flood_take(&flood, second * 1000 + 1000, &summary));
        ck_assert_uint_eq(summary.lines, 1000 - LOG_BURST);
    }
}
END_TEST

START_TEST(a_summary_that_nobody_took_yet_goes_on_counting)
{
    struct log_flood_summary summary;

    written_of(noisy, LOG_BURST + 3, 0);
    written_of(noisy, LOG_BURST + 4, 9000);
    ck_assert_uint_eq(log_flood_due(&flood), 1000);
    ck_assert(log_flood_take(&flood, 9000, &summary));
    ck_assert_uint_eq(summary.lines, 7);
}
END_TEST

START_TEST(one_event_in_flood_leaves_the_others_alone)
{
    static const char quiet[] = "quiet";

    written_of(noisy, 1000, 0);
    ck_assert_int_eq(written_of(quiet, LOG_BURST, 0), LOG_BURST);
}
END_TEST

START_TEST(events_of_the_past_make_room_for_others)
{
    static char events[LOG_FLOOD_EVENTS * 4][2];

    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        uint64_t now_ms = i / LOG_FLOOD_EVENTS * 1000;

        ck_assert_int_eq(written_of(events[i], LOG_BURST + 1, now_ms), LOG_BURST);
        struct log_flood_summary summary;
        ck_assert(log_flood_take(&flood, UINT64_MAX, &summary));
    }
}
END_TEST

START_TEST(more_events_at_once_than_it_tells_apart_are_written)
{
    static char events[LOG_FLOOD_EVENTS + 1][2];

    for (size_t i = 0; i < LOG_FLOOD_EVENTS; i++)
        ck_assert_int_eq(written_of(events[i], 100, 0), LOG_BURST);
    ck_assert_int_eq(written_of(events[LOG_FLOOD_EVENTS], 100, 0), 100);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("log_flood");
    TCase *tests = tcase_create("log_flood");

    tcase_add_checked_fixture(tests, flood_clear, NULL);
    tcase_add_test(tests, a_burst_passes_and_the_rest_of_the_second_is_counted);
    tcase_add_test(tests, each_second_of_a_lasting_flood_has_its_burst_and_its_summary);
    tcase_add_test(tests, a_summary_that_nobody_took_yet_goes_on_counting);
    tcase_add_test(tests, one_event_in_flood_leaves_the_others_alone);
    tcase_add_test(tests, events_of_the_past_make_room_for_others);
    tcase_add_test(tests, more_events_at_once_than_it_tells_apart_are_written);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
