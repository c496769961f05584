/* SPDX-License-Identifier: MIT
 *
 * How patient the tests are and how many clients they make. No test asks how fast something is: a wait ends with the event that it
 * waits for, and only a broken server lets one run to its deadline. Tools that slow the server down (valgrind, sanitizers)
 * stretch every deadline and shrink every crowd through the environment:
 *
 *   ALO_TEST_SLOWNESS  multiplies deadlines and the server's own time-outs; 1 when unset. Above 1 a tool stands between the
 *                      test and the server, so tests that look at the server's memory or CPU time skip themselves.
 *   ALO_TEST_SCALE     percent of the usual populations; 100 when unset
 */
#ifndef SUPPORT_PACE_H
#define SUPPORT_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds of the monotonic clock. */
int64_t pace_now_ms(void);

/* When a wait that begins now has failed. */
int64_t pace_deadline_ms(void);

/* What is left until then, for poll: 0 when it has passed. */
int pace_left_ms(int64_t deadline_ms);

/* A time-out of the server, stretched so that an honest client keeps it under any tool. */
int pace_seconds(int seconds);

/* A time for a short look, after which a test tries again, stretched. */
int pace_stretched_ms(int milliseconds);

/* Does a tool stand between the test and the server, so that its memory and CPU time tell nothing? */
bool pace_is_tooled(void);

/* A population, scaled; never below 8. */
unsigned pace_scaled(unsigned count);

/* What Check is to give one test. */
double pace_test_timeout_s(void);

#endif
