/* SPDX-License-Identifier: MIT */
#include "base/metrics.h"

#include "support/pace.h"
#include "support/unit.h"

#include <pthread.h>

enum { ROUNDS = 100000 };

static struct counter counter;

static void *
add_twos(void *argument)
{
    const unsigned *rounds = argument;

    for (unsigned i = 0; i < *rounds; i++)
        counter_add(&counter, 2);
    return NULL;
}

/* No lock: a reader may see an older number, but none that never was. */
START_TEST(one_writes_and_anybody_reads)
{
    unsigned rounds = pace_scaled(ROUNDS);
    uint64_t seen = 0;
    pthread_t writer;

    counter_init(&counter);
    ck_assert_uint_eq(counter_read(&counter), 0);
    ck_assert_int_eq(pthread_create(&writer, NULL, add_twos, &rounds), 0);
    while (seen < 2 * (uint64_t)rounds) {
        uint64_t now = counter_read(&counter);

        if (now < seen || now % 2 != 0 || now > 2 * (uint64_t)rounds)
            ck_abort_msg("%llu after %llu", (unsigned long long)now, (unsigned long long)seen);
        seen = now;
    }
    ck_assert_int_eq(pthread_join(writer, NULL), 0);
}
END_TEST

START_TEST(a_counter_holds_64_bits)
{
    counter_init(&counter);
    counter_add(&counter, UINT64_MAX - 1);
    counter_add(&counter, 1);
    ck_assert(counter_read(&counter) == UINT64_MAX);
}
END_TEST

/* A bucket holds what is above the bound of the one before it and at most its own. */
START_TEST(a_distribution_sorts_by_powers_of_two)
{
    static struct distribution distribution;

    ck_assert_uint_eq(distribution_bucket(0), 0);
    ck_assert_uint_eq(distribution_bucket(1), 0);
    for (uint32_t bucket = 1; bucket + 1 < DISTRIBUTION_BUCKETS; bucket++) {
        ck_assert_uint_eq(distribution_bucket((UINT64_C(1) << (bucket - 1)) + 1), bucket);
        ck_assert_uint_eq(distribution_bucket(UINT64_C(1) << bucket), bucket);
    }
    ck_assert_uint_eq(distribution_bucket((UINT64_C(1) << (DISTRIBUTION_BUCKETS - 2)) + 1), DISTRIBUTION_BUCKETS - 1);
    ck_assert_uint_eq(distribution_bucket(UINT64_MAX), DISTRIBUTION_BUCKETS - 1);
    distribution_add(&distribution, 4, 1);
    distribution_add(&distribution, 3, 5);
    distribution_add(&distribution, 5, 0);
    ck_assert_uint_eq(counter_read(&distribution.buckets[2]), 6);
    ck_assert_uint_eq(counter_read(&distribution.buckets[3]), 0);
    ck_assert_uint_eq(counter_read(&distribution.sum), 19);
}
END_TEST

START_TEST(counters_are_summed_up)
{
    static struct {
        struct counter a;
        struct distribution b;
        struct counter c[2];
    } sum, part;

    ck_assert_uint_eq(COUNTERS_IN(part), 1 + DISTRIBUTION_BUCKETS + 1 + 2);
    counter_add(&part.a, 1);
    distribution_add(&part.b, 1, 3);
    counter_set(&part.c[1], 7);
    for (int i = 0; i < 2; i++)
        counters_sum(&sum.a, &part.a, COUNTERS_IN(part));
    ck_assert_uint_eq(counter_read(&sum.a), 2);
    ck_assert_uint_eq(counter_read(&sum.b.buckets[0]), 6);
    ck_assert_uint_eq(counter_read(&sum.b.sum), 6);
    ck_assert_uint_eq(counter_read(&sum.c[0]), 0);
    ck_assert_uint_eq(counter_read(&sum.c[1]), 14);
    counters_init(&sum.a, COUNTERS_IN(sum));
    ck_assert_uint_eq(counter_read(&sum.c[1]), 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tests = tcase_create("metrics");

    tcase_add_test(tests, one_writes_and_anybody_reads);
    tcase_add_test(tests, a_counter_holds_64_bits);
    tcase_add_test(tests, a_distribution_sorts_by_powers_of_two);
    tcase_add_test(tests, counters_are_summed_up);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
