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

int
main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tests = tcase_create("metrics");

    tcase_add_test(tests, one_writes_and_anybody_reads);
    tcase_add_test(tests, a_counter_holds_64_bits);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
