/* SPDX-License-Identifier: MIT
 *
 * What a client of the JSON-RPC dialect is still to be told: at most one change for each user that it follows, the newest. So a client that
 * does not read costs bounded memory, is never cut for it, and ends up right. Exists only while something waits. On the client's worker.
 */
#ifndef PRESENCE_CHANGES_H
#define PRESENCE_CHANGES_H

#include "net/write_queue.h"

#include <stddef.h>
#include <stdint.h>

struct changes;

/*
 * Puts a change of a user (the graph's short name) behind the others, or in the place of an older one of that user. *changes is made when it is
 * NULL. The line is a whole notification of this one change; a reference of its own is taken. Returns 0, 1 when it took an older one's place, or
 * -ENOMEM, then nothing has changed.
 */
int changes_put(struct changes **changes, uint32_t user, struct line *line);
/* Forgets what waits about a user. */
void changes_remove(struct changes **changes, uint32_t user);
/* How many wait; 0 for NULL. */
uint32_t changes_count(const struct changes *changes);
/* For looking at them, the oldest first; *place begins as 0. Returns the next one's line, still theirs, or NULL behind the last. */
struct line *changes_next(const struct changes *changes, uint32_t *place);
/* Takes the oldest away; frees *changes with its last. */
void changes_take_first(struct changes **changes);
/* Frees everything; NULL is allowed. */
void changes_free(struct changes **changes);

#endif
