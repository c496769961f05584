/* SPDX-License-Identifier: MIT
 *
 * Holds one thread of another process, as a debugger does: it stands still while the others run.
 */
#ifndef SUPPORT_HOLD_H
#define SUPPORT_HOLD_H

#include <sys/types.h>

/* The thread of this name (comm) in a process, or the test fails. */
pid_t thread_called(pid_t process, const char *name);

/* From when this returns the thread stands still, until thread_release on the same thread of the test, or the test's end. */
void thread_hold(pid_t thread);
void thread_release(pid_t thread);

#endif
