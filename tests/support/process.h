/* SPDX-License-Identifier: MIT
 *
 * What the kernel knows about a process: how much memory and CPU time it has used, how often its threads went to sleep, how many
 * descriptors it holds; and its limits, which a test lowers while the server runs.
 */
#ifndef SUPPORT_PROCESS_H
#define SUPPORT_PROCESS_H

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* Resident memory, and address space, in bytes. */
int64_t process_resident_bytes(pid_t process);
int64_t process_address_space_bytes(pid_t process);

/* User and system time of all its threads, in milliseconds. */
int64_t process_cpu_ms(pid_t process);

/* How often its threads, all together, went to sleep by themselves. A thread that is not woken adds nothing. */
int64_t process_sleeps(pid_t process);

/* How many descriptors it has open. */
int process_descriptors(pid_t process);

/* Sets the soft limit of a resource of a running process; the hard one stays. Returns the soft one of before. */
rlim_t process_limit(pid_t process, int resource, rlim_t soft);

/* Raises this process's own soft limit of descriptors to the hard one; children inherit it. Returns it. */
rlim_t process_raise_descriptors(void);

#endif
