/* SPDX-License-Identifier: MIT
 *
 * Holds one thread of another process, as a debugger does: it stands still while the others run.
 */
#ifndef SUPPORT_HOLD_H
#define SUPPORT_HOLD_H

#include <stdbool.h>
#include <sys/types.h>

/* The thread of this name (comm) in a process; 0: it has none. */
pid_t thread_called(pid_t process, const char *name);

/* From when this returns the thread stands still, until thread_release on the same thread of the test, or the test's end. False: that is not allowed. */
bool thread_hold(pid_t thread);
void thread_release(pid_t thread);

#endif
