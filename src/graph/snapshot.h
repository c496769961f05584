/* SPDX-License-Identifier: MIT
 *
 * Filling a snapshot (graph/graph.h): room is made before a lock is taken, so that an entry can be added under it.
 */
#ifndef GRAPH_SNAPSHOT_H
#define GRAPH_SNAPSHOT_H

#include "graph/graph.h"

#include <stdint.h>

/* Empties it and makes room for `count` entries. NULL is allowed. Returns 0 or -ENOMEM; then it is empty. Not under a lock. */
int snapshot_reserve(struct snapshot *snapshot, uint32_t count);
/* Adds who is online, with a reference of its own to the status. There must be room. */
void snapshot_add(struct snapshot *snapshot, uint32_t which, struct text *status);

#endif
