/* SPDX-License-Identifier: MIT
 *
 * One operation of the graph that is interrupted by another one: for tests that carry out the second whole, on the same thread, before the nth lock
 * that the first takes, for every n that there is, and once after it.
 *
 *     for (long nth = 1; interrupted; nth += attempt_stride()) {
 *         attempt_begin(workers);
 *         attempt_arm(nth, what_interrupts);
 *         the operation
 *         interrupted = attempt_disarm();
 *         what is expected
 *         attempt_end();
 *     }
 */
#ifndef SUPPORT_UNIT_ATTEMPT_H
#define SUPPORT_UNIT_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

/* Every lock has its turn; where tools make it slow, some. */
long attempt_stride(void);
/* Begins an attempt with a new circle on so many workers. */
void attempt_begin(uint32_t workers);
/* What follows is interrupted before its nth lock. */
void attempt_arm(long nth, void (*happens)(void));
/* The operation is over; what was to interrupt it happens now if it had no nth lock. True: it was interrupted. */
bool attempt_disarm(void);
/* Everything that was told has been asked for. */
void attempt_end(void);

#endif
