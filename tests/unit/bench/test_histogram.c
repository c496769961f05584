/* SPDX-License-Identifier: MIT
 *
 * The histogram against the exact percentiles of the sorted values, over distributions that a benchmark meets and over extremes.
 */
#include "report/histogram.h"

#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

enum { VALUES = 20000 };

static int64_t values[VALUES];
static struct histogram histogram, other, all;

static void
setup(void)
{
    memset(&histogram, 0, sizeof histogram);
    memset(&other, 0, sizeof other);
    memset(&all, 0, sizeof all);
}

static int
compare_values(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

/* splitmix64's mixing: any number makes another that looks random. */
static uint64_t
mixed(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static int64_t
value_small(uint32_t i)
{
    return 1 + (int64_t)(mixed(i + 1) % 600);
}

static int64_t
value_even(uint32_t i)
{
    return 1 + (int64_t)(mixed(i + 1) % 50000000);
}

/* Each power of two as often as any other, up to an hour. */
static int64_t
value_wide(uint32_t i)
{
    return bucket_value((int64_t)(mixed(i + 1) >> 22 >> mixed(i + 7777777) % 42));
}

/* Most are quick, one in a thousand is not. */
static int64_t
value_tail(uint32_t i)
{
    return i % 1000 == 999 ? 900000000 + (int64_t)i : 20000 + (int64_t)(mixed(i + 1) % 4000);
}

static int64_t (*const distributions[])(uint32_t) = {value_small, value_even, value_wide, value_tail};

/* In thousandths of a percent, so that the exact rank is found without fractions. */
static const uint64_t thousandths[] = {0, 1, 1000, 10000, 25000, 33333, 50000, 66667, 90000, 99000, 99900, 99990, 99999, 100000};

static void
check_percentiles(uint32_t count)
{
    for (size_t p = 0; p < sizeof thousandths / sizeof thousandths[0]; p++) {
        uint64_t rank = (count * thousandths[p] + 99999) / 100000;
        int64_t exact = values[rank == 0 ? 0 : rank - 1];
        int64_t told = histogram_percentile(&histogram, (double)thousandths[p] / 1000);

        ck_assert_msg(told >= exact && told - exact <= exact / 256, "%u values, %ju/1000 %%: %jd, exact %jd", count, (uintmax_t)thousandths[p],
            (intmax_t)told, (intmax_t)exact);
    }
}

START_TEST(percentiles_of_distributions)
{
    static const uint32_t counts[] = {1, 2, 3, 10, 99, 100, 101, 1000, 9999, 10000, VALUES};
    double sum = 0;
    uint32_t count = counts[_i % 11];

    for (uint32_t i = 0; i < count; i++) {
        values[i] = distributions[_i / 11](i);
        histogram_record(&histogram, values[i]);
        sum += (double)values[i];
    }
    qsort(values, count, sizeof values[0], compare_values);
    ck_assert_uint_eq(histogram.count, count);
    ck_assert_int_eq(histogram.min_ns, values[0]);
    ck_assert_int_eq(histogram.max_ns, values[count - 1]);
    ck_assert_int_eq(histogram_percentile(&histogram, 100), values[count - 1]);
    ck_assert_double_le(histogram_mean(&histogram), sum / count * (1 + 1.0 / 512));
    ck_assert_double_ge(histogram_mean(&histogram), sum / count * (1 - 1.0 / 512));
    check_percentiles(count);
}
END_TEST

/* Below 512 every value has its own counter. */
START_TEST(small_values_are_exact)
{
    for (int64_t i = 1; i < 512; i++)
        histogram_record(&histogram, i);
    for (int i = 1; i < 512; i++)
        ck_assert_int_eq(histogram_percentile(&histogram, i * 100.0 / 511), i);
    ck_assert_double_eq(histogram_mean(&histogram), 256);
}
END_TEST

/* 99.9 * 41000 / 100 is a little more than 40,959 in binary; the 41,000 values' 99.9 % are the first 40,959 all the same. */
START_TEST(a_rank_is_not_rounded_up)
{
    histogram_record_many(&histogram, 1, 40959);
    histogram_record_many(&histogram, 400, 41);
    ck_assert_int_eq(histogram_percentile(&histogram, 99.9), 1);
    ck_assert_int_eq(histogram_percentile(&histogram, 99.91), 400);
}
END_TEST

/* Each bucket begins where the one before ends, and none is wider than the promised share of its smallest value. */
START_TEST(buckets_are_a_ladder)
{
    static const uint32_t precisions[] = {HISTOGRAM_BITS, 5, 1};
    uint32_t bits = precisions[_i];
    int64_t lowest = 1;

    for (uint32_t i = 1; i < (uint32_t)BUCKETS(bits); i++) {
        int64_t highest = bucket_highest(i, bits);

        ck_assert_int_ge(highest, lowest);
        ck_assert_int_le(highest - lowest, lowest >> bits);
        ck_assert_uint_eq(bucket_of(lowest, bits), i);
        ck_assert_uint_eq(bucket_of(highest, bits), i);
        lowest = highest + 1;
    }
    ck_assert_int_eq(lowest, INT64_C(1) << VALUE_BITS);
    ck_assert_int_gt(lowest, VALUE_MAX_NS);
}
END_TEST

START_TEST(adding_is_recording_together)
{
    for (uint32_t i = 0; i < VALUES; i++) {
        int64_t value = distributions[_i](i);

        histogram_record(i % 3 == 0 ? &histogram : &other, value);
        histogram_record(&all, value);
    }
    histogram_add(&histogram, &other);
    ck_assert_mem_eq(&histogram, &all, sizeof all);
}
END_TEST

START_TEST(adding_an_empty_one_changes_nothing)
{
    histogram_add(&histogram, &other);
    ck_assert_mem_eq(&histogram, &all, sizeof all);
    histogram_record(&other, 70);
    histogram_record(&other, 90000);
    histogram_add(&histogram, &other);
    ck_assert_mem_eq(&histogram, &other, sizeof other);
    histogram_add(&histogram, &all);
    ck_assert_mem_eq(&histogram, &other, sizeof other);
}
END_TEST

START_TEST(many_at_once_are_as_many_one_by_one)
{
    for (uint32_t i = 0; i < 500; i++)
        histogram_record(&histogram, 123456);
    histogram_record_many(&all, 123456, 500);
    histogram_record_many(&all, 1, 0);
    ck_assert_mem_eq(&histogram, &all, sizeof all);
}
END_TEST

START_TEST(extremes)
{
    ck_assert_int_eq(histogram_percentile(&histogram, 50), 0);
    ck_assert_double_eq(histogram_mean(&histogram), 0);
    histogram_record(&histogram, INT64_MIN);
    histogram_record(&histogram, 0);
    ck_assert_int_eq(histogram.min_ns, 1);
    ck_assert_int_eq(histogram.max_ns, 1);
    histogram_record(&histogram, INT64_MAX);
    ck_assert_int_eq(histogram.max_ns, VALUE_MAX_NS);
    ck_assert_int_eq(histogram_percentile(&histogram, 100), VALUE_MAX_NS);
    ck_assert_int_eq(histogram_percentile(&histogram, 1000), VALUE_MAX_NS);
    ck_assert_int_eq(histogram_percentile(&histogram, -5), 1);
    /* More than any run records: nothing overflows on the way. */
    histogram_record_many(&histogram, 5000, UINT64_C(1) << 62);
    ck_assert_int_eq(histogram_percentile(&histogram, 99.99), bucket_highest(bucket_of(5000, HISTOGRAM_BITS), HISTOGRAM_BITS));
    ck_assert_double_eq_tol(histogram_mean(&histogram), 5000, 10);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("histogram");
    TCase *tests = tcase_create("histogram");

    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_loop_test(tests, percentiles_of_distributions, 0, 44);
    tcase_add_test(tests, small_values_are_exact);
    tcase_add_test(tests, a_rank_is_not_rounded_up);
    tcase_add_loop_test(tests, buckets_are_a_ladder, 0, 3);
    tcase_add_loop_test(tests, adding_is_recording_together, 0, 4);
    tcase_add_test(tests, adding_an_empty_one_changes_nothing);
    tcase_add_test(tests, many_at_once_are_as_many_one_by_one);
    tcase_add_test(tests, extremes);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
