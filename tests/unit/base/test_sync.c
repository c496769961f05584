/* SPDX-License-Identifier: MIT */
#include "base/sync.h"

#include "support/pace.h"
#include "support/unit.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>

enum { THREADS = 4, ROUNDS = 20000 };

static struct mutex mutex;
static unsigned counter; /* under the mutex */

static void *
count(void *argument)
{
    const unsigned *rounds = argument;

    for (unsigned i = 0; i < *rounds; i++) {
        mutex_lock(&mutex);
        counter++;
        mutex_unlock(&mutex);
    }
    return NULL;
}

START_TEST(one_thread_at_a_time_holds_a_mutex)
{
    pthread_t threads[THREADS];
    unsigned rounds = pace_scaled(ROUNDS);

    mutex_init(&mutex);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count, &rounds), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(counter, THREADS * rounds);
    mutex_done(&mutex);
}
END_TEST

static void *
lock_in_vain(void *argument)
{
    bool *waited = argument;

    *waited = mutex_lock(&mutex);
    mutex_unlock(&mutex);
    return NULL;
}

/* Who has to wait is told so. Whether the other thread has come to waiting cannot be seen, so it is given more and more time for that. */
START_TEST(waiting_is_told)
{
    int64_t deadline = pace_deadline_ms();
    bool waited = false;

    mutex_init(&mutex);
    for (int patience_ms = 1; !waited; patience_ms *= 2) {
        pthread_t thread;

        ck_assert_int_gt(pace_left_ms(deadline), 0);
        ck_assert(!mutex_lock(&mutex));
        ck_assert_int_eq(pthread_create(&thread, NULL, lock_in_vain, &waited), 0);
        (void)poll(NULL, 0, patience_ms);
        mutex_unlock(&mutex);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
    }
    mutex_done(&mutex);
}
END_TEST

static struct baton baton;

/* Takes it one way and the other, in turn. */
static void *
count_with_baton(void *argument)
{
    const unsigned *rounds = argument;

    for (unsigned i = 0; i < *rounds; i++) {
        if (i % 2 == 0)
            baton_take(&baton);
        else
            while (!baton_try(&baton))
                sched_yield();
        counter++;
        baton_give(&baton);
    }
    return NULL;
}

START_TEST(one_thread_at_a_time_has_a_baton)
{
    pthread_t threads[THREADS];
    unsigned rounds = pace_scaled(ROUNDS / 10);

    counter = 0;
    baton_init(&baton);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_with_baton, &rounds), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(counter, THREADS * rounds);
    baton_done(&baton);
}
END_TEST

START_TEST(a_baton_that_somebody_has_is_not_got_by_trying)
{
    baton_init(&baton);
    ck_assert(baton_try(&baton));
    ck_assert(!baton_try(&baton));
    baton_give(&baton);
    baton_take(&baton);
    ck_assert(!baton_try(&baton));
    baton_give(&baton);
    ck_assert(baton_try(&baton));
    baton_give(&baton);
    baton_done(&baton);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("sync");
    TCase *tests = tcase_create("sync");

    tcase_add_test(tests, one_thread_at_a_time_holds_a_mutex);
    tcase_add_test(tests, waiting_is_told);
    tcase_add_test(tests, one_thread_at_a_time_has_a_baton);
    tcase_add_test(tests, a_baton_that_somebody_has_is_not_got_by_trying);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
