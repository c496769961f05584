/* SPDX-License-Identifier: MIT
 *
 * A sign of life of every thread that serves: the main thread asks all workers and the acceptor and wakes them, and each answers at the end of a turn of its
 * loop. So an answer means that the thread itself came round since it was asked; one that is held, locked out or lost in a loop does not answer, and
 * nobody answers for it: it is no mail, which another worker's thread might take (wake.c). The last one to answer wakes the asker. Nobody looks at a clock, and
 * between two rounds this costs a turn the look at a flag.
 */
#ifndef NET_PULSE_H
#define NET_PULSE_H

#include "base/handle.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct acceptor;
struct worker;

struct pulse {
    uint32_t workers;                          /* threads are these, by number, and then the acceptor */
    int descriptor;                            /* an eventfd, readable when the last one has answered */
    _Atomic uint32_t missing;                  /* threads that have not answered; the release of each is the asker's to acquire */
    _Atomic bool owes[HANDLE_WORKERS_MAX + 1]; /* the question, set with release when `missing` is; cleared by the thread */
};

enum { PULSE_NAMES = 128 };

/* Makes it ready for so many workers. Returns 0 or -errno (descriptors). */
int pulse_init(struct pulse *pulse, uint32_t workers);
void pulse_done(struct pulse *pulse);

/* Asks everyone. The asker's thread, when no round is under way. */
void pulse_ask(struct pulse *pulse, struct worker *workers, struct acceptor *acceptor);
/* Has everyone answered? Takes the wake-up. The asker's thread. */
bool pulse_is_answered(struct pulse *pulse);
/* Writes who has not, such as "worker 2, acceptor", cut to what fits. The asker's thread. */
void pulse_name_missing(const struct pulse *pulse, char names[PULSE_NAMES]);

/* Answers if the thread was asked: a worker's number, or the number of workers for the acceptor. On that thread; NULL: nobody ever asks. */
static inline void pulse_look(struct pulse *pulse, uint32_t thread);
/* The answer itself. */
void pulse_answer(struct pulse *pulse, uint32_t thread);

static inline void
pulse_look(struct pulse *pulse, uint32_t thread)
{
    if (pulse != NULL && atomic_load_explicit(&pulse->owes[thread], memory_order_acquire))
        pulse_answer(pulse, thread);
}

#endif
