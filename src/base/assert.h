/* SPDX-License-Identifier: MIT
 *
 * Assertions that stay on in release builds. What cannot happen is asserted (a lock held, an invariant of
 * a struct); what can happen is handled. A failed assertion writes one line to standard error and aborts.
 */
#ifndef BASE_ASSERT_H
#define BASE_ASSERT_H

#define ASSERT(condition) ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__))

/* Writes where the assertion stands and aborts the process. Any thread. */
_Noreturn void assert_failed(const char *condition, const char *file, int line);

#endif
