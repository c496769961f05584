/* SPDX-License-Identifier: MIT */
#include "support/duet.h"

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>

enum { SPINS = 2000 /* before the processor is given away: to wake up takes longer than what is to coincide */ };

struct duet {
    unsigned turns;
    void (*voice)(void *context, int number, unsigned turn);
    void *context;
    _Atomic unsigned arrivals;
};

/* Waits until both are there. */
static void
meet(struct duet *duet, unsigned turn)
{
    unsigned spins = 0;

    atomic_fetch_add_explicit(&duet->arrivals, 1, memory_order_acq_rel);
    while (atomic_load_explicit(&duet->arrivals, memory_order_acquire) < 2 * (turn + 1))
        if (++spins % SPINS == 0)
            sched_yield();
}

static void *
second(void *argument)
{
    struct duet *duet = argument;

    for (unsigned turn = 0; turn < duet->turns; turn++) {
        meet(duet, turn);
        duet->voice(duet->context, 1, turn);
    }
    return NULL;
}

void
duet_play(unsigned turns, void (*voice)(void *context, int number, unsigned turn), void *context)
{
    struct duet duet = {.turns = turns, .voice = voice, .context = context};
    pthread_t thread;

    atomic_init(&duet.arrivals, 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, second, &duet), 0);
    for (unsigned turn = 0; turn < turns; turn++) {
        meet(&duet, turn);
        voice(context, 0, turn);
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
