/* SPDX-License-Identifier: MIT
 *
 * What happened over time: nothing is lost when points are folded, and shares add up to what one process would have seen.
 */
#include "report/series.h"

#include "support/unit.h"

#include <string.h>

enum { SECOND = 1000000000 };

static struct series series, other, all;

static void
setup(void)
{
    memset(&series, 0, sizeof series);
    memset(&other, 0, sizeof other);
    memset(&all, 0, sizeof all);
    series_begin(&series, 5000, SECOND);
}

static uint64_t
delivered_sum(const struct series *of)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < series_length(of); i++)
        sum += series_sample(of, i).delivered;
    return sum;
}

START_TEST(a_point_says_what_happened_in_it)
{
    int64_t now = 5000 + 2 * (int64_t)SECOND;

    for (int i = 1; i <= 100; i++)
        series_latency(&series, now + i, i * 1000);
    series_count(&series, now, SERIES_TRANSITIONS, 7);
    series_count(&series, now + SECOND - 1, SERIES_TRANSITIONS, 4);
    series_count(&series, now, SERIES_ERRORS, 2);
    series_online(&series, now, 800);
    ck_assert_uint_eq(series_length(&series), 3);

    struct series_sample sample = series_sample(&series, 2);

    ck_assert_double_eq(sample.start_s, 2);
    ck_assert_double_eq_tol(sample.seconds, 1, 1e-6);
    ck_assert_uint_eq(sample.delivered, 100);
    ck_assert_uint_eq(sample.transitions, 11);
    ck_assert_uint_eq(sample.errors, 2);
    ck_assert_int_eq(sample.online, 800);
    ck_assert_int_ge(sample.p50_ns, 50000);
    ck_assert_int_le(sample.p50_ns, 50000 + 50000 / 32);
    ck_assert_int_ge(sample.p99_ns, 99000);
    ck_assert_int_le(sample.p99_ns, 100000); /* never more than the greatest */
    ck_assert_int_eq(sample.max_ns, 100000);
}
END_TEST

START_TEST(points_in_which_nothing_happened)
{
    series_online(&series, 5000, 30);
    series_latency(&series, 5000 + 3 * (int64_t)SECOND + SECOND / 2, 1);
    ck_assert_uint_eq(series_length(&series), 4);
    ck_assert_uint_eq(series_sample(&series, 1).delivered, 0);
    ck_assert_int_eq(series_sample(&series, 1).p50_ns, 0);
    ck_assert_int_eq(series_sample(&series, 1).max_ns, 0);
    ck_assert_int_eq(series_sample(&series, 3).online, 30); /* until the next word about it */
}
END_TEST

/* What is left over at the end would have a rate that means nothing. */
START_TEST(a_short_rest_belongs_to_the_sample_before)
{
    series_latency(&series, 5000, 10);
    series_latency(&series, 5000 + SECOND, 20);
    series_online(&series, 5000 + SECOND + SECOND / 4, 9);
    ck_assert_uint_eq(series_length(&series), 1);
    ck_assert_double_eq_tol(series_sample(&series, 0).seconds, 1.25, 1e-9);
    ck_assert_uint_eq(series_sample(&series, 0).delivered, 2);
    ck_assert_int_eq(series_sample(&series, 0).max_ns, 20);
    ck_assert_int_eq(series_sample(&series, 0).online, 9);

    series_latency(&series, 5000 + SECOND + 3 * (SECOND / 4), 30);
    ck_assert_uint_eq(series_length(&series), 2);
    ck_assert_double_eq_tol(series_sample(&series, 1).seconds, 0.75, 1e-9);
}
END_TEST

START_TEST(a_run_of_one_moment)
{
    ck_assert_uint_eq(series_length(&series), 0);
    series_latency(&series, 5000 - 3 * (int64_t)SECOND, 10); /* before the start counts as at the start */
    ck_assert_uint_eq(series_length(&series), 1);
    ck_assert_double_eq(series_sample(&series, 0).seconds, 1);
    ck_assert_uint_eq(series_sample(&series, 0).delivered, 1);
}
END_TEST

START_TEST(folding_loses_nothing)
{
    const int64_t points = 10 * SERIES_POINTS;

    for (int64_t i = 0; i < points; i++) {
        series_latency(&series, 5000 + i * SECOND, i == 777 ? 5 * (int64_t)SECOND : 1000);
        series_count(&series, 5000 + i * SECOND, SERIES_ERRORS, 1);
        series_online(&series, 5000 + i * SECOND, i);
    }
    ck_assert_int_eq(series.interval_ns, 16 * (int64_t)SECOND);
    ck_assert_uint_eq(series.used, (points + 15) / 16);
    ck_assert_uint_eq(delivered_sum(&series), points);
    for (uint32_t i = 0; i < series_length(&series) - 1; i++) {
        struct series_sample sample = series_sample(&series, i);

        ck_assert_uint_eq(sample.delivered, 16);
        ck_assert_uint_eq(sample.errors, 16);
        ck_assert_int_eq(sample.online, 16 * i + 15);
        ck_assert_int_eq(sample.max_ns, i == 777 / 16 ? 5 * (int64_t)SECOND : 1000);
    }
    /* Nothing of the old points is left behind the new ones. */
    for (uint32_t i = series.used; i < SERIES_POINTS; i++)
        ck_assert_uint_eq(series.points[i].delivered, 0);
}
END_TEST

START_TEST(a_clock_that_leaps_folds_as_often_as_needed)
{
    series_latency(&series, 5000, 1);
    series_latency(&series, INT64_MAX, 1);
    ck_assert_uint_le(series.used, SERIES_POINTS);
    ck_assert_uint_eq(delivered_sum(&series), 2);
}
END_TEST

/* Two shares, one of which ran so much longer that it has folded (_i: which is added to which). */
START_TEST(shares_add_up)
{
    struct series *into = _i == 0 ? &series : &other, *from = _i == 0 ? &other : &series;

    series_begin(&other, 5000, SECOND);
    series_begin(&all, 5000, SECOND);
    for (int64_t i = 0; i < 3 * SERIES_POINTS; i++) {
        struct series *share = i < SERIES_POINTS && i % 3 == 0 ? &series : &other;

        series_latency(share, 5000 + i * SECOND, 1000 + i);
        series_latency(&all, 5000 + i * SECOND, 1000 + i);
        series_count(share, 5000 + i * SECOND, SERIES_TRANSITIONS, 3);
        series_count(&all, 5000 + i * SECOND, SERIES_TRANSITIONS, 3);
    }
    ck_assert_int_lt(series.interval_ns, other.interval_ns);
    series_add(into, from);
    ck_assert_mem_eq(into, &all, sizeof all);
}
END_TEST

START_TEST(online_of_shares_is_a_sum_of_the_last_words)
{
    series_begin(&other, 5000, SECOND);
    series_online(&series, 5000 + SECOND, 10);
    series_online(&series, 5000 + 5 * (int64_t)SECOND, 20);
    series_online(&other, 5000 + 3 * (int64_t)SECOND, 100);
    series_add(&all, &series); /* into one that has not begun */
    series_add(&all, &other);

    static const int64_t expected[] = {0, 10, 10, 110, 110, 120};

    ck_assert_uint_eq(all.used, 6);
    ck_assert(!all.points[0].online_known);
    for (uint32_t i = 1; i < 6; i++)
        ck_assert_int_eq(all.points[i].online, expected[i]);
}
END_TEST

START_TEST(adding_a_share_that_never_began)
{
    series_latency(&series, 5000, 1);
    memcpy(&all, &series, sizeof all);
    series_add(&series, &other);
    ck_assert_mem_eq(&series, &all, sizeof all);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("series");
    TCase *tests = tcase_create("series");

    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, a_point_says_what_happened_in_it);
    tcase_add_test(tests, points_in_which_nothing_happened);
    tcase_add_test(tests, a_short_rest_belongs_to_the_sample_before);
    tcase_add_test(tests, a_run_of_one_moment);
    tcase_add_test(tests, folding_loses_nothing);
    tcase_add_test(tests, a_clock_that_leaps_folds_as_often_as_needed);
    tcase_add_loop_test(tests, shares_add_up, 0, 2);
    tcase_add_test(tests, online_of_shares_is_a_sum_of_the_last_words);
    tcase_add_test(tests, adding_a_share_that_never_began);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
