/* SPDX-License-Identifier: MIT
 *
 * Clients whose next message waits: for news that is under way (WAIT), until a celebrity's news has been told (BRAKE), or for its next turn (SLICE).
 * Nothing more is read from them meanwhile. On the thread of their worker.
 */
#ifndef PRESENCE_PARKING_H
#define PRESENCE_PARKING_H

#include "presence/client.h"

#include <stddef.h>

/* The message in client->input, which is `length` bytes, waits as `outcome` and client->ticket say. */
void parking_enter(struct presence *presence, struct worker *worker, struct client *client, enum outcome outcome, size_t length)
    REQUIRES(worker_role);
/* The client waits no longer; one that does not is left alone. */
void parking_leave(struct client *client);
/* Lets those go on who waited for what has happened. */
void parking_release(struct presence *presence, struct worker *worker) REQUIRES(worker_role);
/* Once a turn: gives this turn's share of those who wait for one their slices. True when somebody is left for the next turn. */
bool parking_give_turns(struct presence *presence, struct worker *worker) REQUIRES(worker_role);

#endif
