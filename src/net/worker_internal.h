/* SPDX-License-Identifier: MIT
 *
 * What a worker's loop and those who make workers (crew.c) have to know of each other.
 */
#ifndef NET_WORKER_INTERNAL_H
#define NET_WORKER_INTERNAL_H

#include <stdint.h>

#define WORKER_WAKE_EVENT UINT64_MAX /* event data of the mailbox's descriptor; no handle looks like it */

/* A worker's thread from beginning to end; its argument is the struct worker. */
void *worker_run(void *argument);

#endif
