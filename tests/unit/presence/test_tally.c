/* SPDX-License-Identifier: MIT */
#include "presence/tally.h"

#include "support/unit.h"

static struct told told;
static struct distribution delay;

/* How many notifications took at most so many microseconds and more than half of that. */
static uint64_t
taken(uint64_t us)
{
    return counter_read(&delay.buckets[distribution_bucket(us)]);
}

START_TEST(each_notification_is_counted_with_its_own_time)
{
    told_add(&told, 1000000, 3);
    told_add(&told, 1000000, 2);
    told_add(&told, 1900000, 1);
    ck_assert_uint_eq(told.count, 2);
    told_written(&told, &delay, 2000000);
    ck_assert_uint_eq(taken(1000), 5);
    ck_assert_uint_eq(taken(100), 1);
    ck_assert_uint_eq(counter_read(&delay.sum), 5100);
    told_written(&told, &delay, 9000000);
    ck_assert_uint_eq(counter_read(&delay.sum), 5100);
}
END_TEST

START_TEST(a_clock_that_is_ahead_is_no_delay)
{
    told_add(&told, 5000000, 1);
    told_written(&told, &delay, 4000000);
    ck_assert_uint_eq(counter_read(&delay.buckets[0]), 1);
    ck_assert_uint_eq(counter_read(&delay.sum), 0);
}
END_TEST

START_TEST(none_is_lost_when_there_are_many_kinds)
{
    for (uint64_t i = 0; i < 10 * TOLD_KINDS; i++)
        told_add(&told, 1000 * i, 1);
    ck_assert_uint_eq(told.count, TOLD_KINDS);
    told_written(&told, &delay, 1000 * 10 * TOLD_KINDS);

    uint64_t count = 0;
    for (int bucket = 0; bucket < DISTRIBUTION_BUCKETS; bucket++)
        count += counter_read(&delay.buckets[bucket]);
    ck_assert_uint_eq(count, 10 * TOLD_KINDS);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("tally");
    TCase *tests = tcase_create("tally");

    tcase_add_test(tests, each_notification_is_counted_with_its_own_time);
    tcase_add_test(tests, a_clock_that_is_ahead_is_no_delay);
    tcase_add_test(tests, none_is_lost_when_there_are_many_kinds);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
