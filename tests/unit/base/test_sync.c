/* SPDX-License-Identifier: MIT */
#include "base/sync.h"

#include "support/pace.h"
#include "support/unit.h"

#include <poll.h>
#include <pthread.h>
#include <time.h>

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

/* Who has to wait is told so. */
START_TEST(waiting_is_told)
{
    bool waited = false;
    pthread_t thread;
    clockid_t clock;
    struct timespec before = {0}, now = {0};

    mutex_init(&mutex);
    ck_assert(!mutex_lock(&mutex));
    ck_assert_int_eq(pthread_create(&thread, NULL, lock_in_vain, &waited), 0);
    /* Until it sleeps: it uses the processor no more. */
    ck_assert_int_eq(pthread_getcpuclockid(thread, &clock), 0);
    do {
        before = now;
        (void)poll(NULL, 0, 50);
        ck_assert_int_eq(clock_gettime(clock, &now), 0);
    } while (now.tv_nsec == 0 || now.tv_nsec != before.tv_nsec);
    mutex_unlock(&mutex);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert(waited);
    mutex_done(&mutex);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("sync");
    TCase *tests = tcase_create("sync");

    tcase_add_test(tests, one_thread_at_a_time_holds_a_mutex);
    tcase_add_test(tests, waiting_is_told);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
