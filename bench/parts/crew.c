/* SPDX-License-Identifier: MIT */
#include "parts/crew.h"

#include "base/assert.h"
#include "base/clock.h"
#include "load/failure.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

struct hand {
    struct crew *crew;
    uint32_t number;
    pthread_t thread;
    uint64_t begin_ns, end_ns;
    double cpu_ns;
};

struct crew {
    const struct micro *micro;
    void *subject;
    uint32_t size;
    uint64_t operations; /* 0: the threads end */
    /* A batch begins when all have woken, which takes a sleeper as long as many operations: they turn in a circle until nobody is missing. */
    pthread_barrier_t wake, done;
    _Atomic uint32_t missing;
    struct hand hands[MICRO_THREADS_MAX];
};

static double
thread_cpu_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

__attribute__((noinline)) void
micro_measured(const struct micro *micro, void *subject, uint32_t thread, uint64_t operations)
{
    micro->run(subject, thread, operations);
    /* Something is left to do, so that the call above is a call: a jump would hide from a profiler where this function ends. */
    __asm__ volatile("" ::: "memory");
}

static void
hand_work(struct hand *hand)
{
    struct crew *crew = hand->crew;
    double cpu_ns;

    atomic_fetch_sub_explicit(&crew->missing, 1, memory_order_acq_rel);
    while (atomic_load_explicit(&crew->missing, memory_order_acquire) > 0)
        sched_yield();
    hand->begin_ns = clock_monotonic_ns();
    cpu_ns = thread_cpu_ns();
    micro_measured(crew->micro, crew->subject, hand->number, crew->operations);
    hand->cpu_ns = thread_cpu_ns() - cpu_ns;
    hand->end_ns = clock_monotonic_ns();
}

static void *
hand_main(void *context)
{
    struct hand *hand = context;

    for (;;) {
        pthread_barrier_wait(&hand->crew->wake);
        if (hand->crew->operations == 0)
            return NULL;
        hand_work(hand);
        pthread_barrier_wait(&hand->crew->done);
    }
}

struct crew *
crew_start(const struct micro *micro, void *subject)
{
    struct crew *crew = memory_new(1, sizeof *crew);

    crew->micro = micro;
    crew->subject = subject;
    crew->size = (micro->threads == 0 ? 1 : micro->threads) + micro->helpers;
    ASSERT(crew->size <= MICRO_THREADS_MAX);
    if (pthread_barrier_init(&crew->wake, NULL, crew->size) != 0 || pthread_barrier_init(&crew->done, NULL, crew->size) != 0)
        failure_exit("no barrier");
    for (uint32_t i = 0; i < crew->size; i++) {
        crew->hands[i] = (struct hand){.crew = crew, .number = i};
        if (i > 0 && pthread_create(&crew->hands[i].thread, NULL, hand_main, &crew->hands[i]) != 0)
            failure_exit("no thread");
    }
    return crew;
}

void
crew_stop(struct crew *crew)
{
    crew->operations = 0;
    pthread_barrier_wait(&crew->wake);
    for (uint32_t i = 1; i < crew->size; i++)
        pthread_join(crew->hands[i].thread, NULL);
    pthread_barrier_destroy(&crew->wake);
    pthread_barrier_destroy(&crew->done);
    free(crew);
}

void
crew_run(struct crew *crew, uint64_t operations, struct cost *cost)
{
    const struct micro *micro = crew->micro;
    uint64_t begin_ns = UINT64_MAX, end_ns = 0;

    if (micro->prepare != NULL)
        micro->prepare(crew->subject, operations);
    crew->operations = operations;
    atomic_store_explicit(&crew->missing, crew->size, memory_order_relaxed);
    pthread_barrier_wait(&crew->wake);
    hand_work(&crew->hands[0]);
    pthread_barrier_wait(&crew->done);
    for (uint32_t i = 0; i < crew->size; i++) {
        const struct hand *hand = &crew->hands[i];

        begin_ns = hand->begin_ns < begin_ns ? hand->begin_ns : begin_ns;
        end_ns = hand->end_ns > end_ns ? hand->end_ns : end_ns;
        cost->cpu_ns += hand->cpu_ns;
    }
    cost->wall_ns += (double)(end_ns - begin_ns);
    cost->operations += operations * (crew->size - micro->helpers);
    if (micro->clean != NULL)
        micro->clean(crew->subject, operations);
}
