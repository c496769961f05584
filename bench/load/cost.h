/* SPDX-License-Identifier: MIT
 *
 * What another process of this machine has cost so far, from the kernel's own books: processor time to the nanosecond
 * (clock_getcpuclockid), memory (smaps_rollup), open descriptors.
 */
#ifndef LOAD_COST_H
#define LOAD_COST_H

#include <stdint.h>
#include <sys/types.h>

/* User and system time of all threads, ended ones too, in nanoseconds. */
int64_t cost_cpu_ns(pid_t process);

/* The same in its two parts; split by the kernel's ticks, so over a short time a hint only. */
void cost_cpu_split(pid_t process, int64_t *user_ns, int64_t *system_ns);

struct cost_memory {
    int64_t rss_bytes;
    int64_t private_bytes; /* what would come back if the process ended: without pages shared with other programs */
};

struct cost_memory cost_memory_now(pid_t process);

/* The same as rss_bytes, cheap enough to be asked often, and only nearly right. */
int64_t cost_rss_bytes(pid_t process);

/* How many descriptors the process has open. */
uint32_t cost_descriptors(pid_t process);

/* Voluntary and forced switches of all threads that live. */
int64_t cost_switches(pid_t process);

#endif
