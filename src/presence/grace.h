/* SPDX-License-Identifier: MIT
 *
 * The grace of users whose last session was lost: for a while they count as online, and when they come back meanwhile nobody hears of it. The lost
 * session stays in its place until then, absent, without its socket. On the thread of its worker.
 *
 * The absent ones and the sessions that are there are no more than there may be sessions, but for what a worker has not looked at since its last turn,
 * and they keep no newcomer out: where there is no room, a departure is told at once.
 */
#ifndef PRESENCE_GRACE_H
#define PRESENCE_GRACE_H

#include "presence/client.h"

#include <stdbool.h>

/* Is a client that is lost now to be absent for a while, if it was its user's last? */
bool grace_is_given(const struct presence *presence, const struct worker *worker, const struct client *client) REQUIRES(worker_role);
/* The graph has it as absent. */
void grace_begin(struct presence *presence, struct worker *worker, struct client *client, enum leave_reason reason) REQUIRES(worker_role);
/* The connection of an absent client, which counted until now, is closed: from here on it is the client that counts. */
void grace_closed(struct presence *presence, const struct client *client);
/*
 * An absent client's time is over: its departure is news, unless its user has come back. A session that was only kept for this is freed. On a
 * want of memory it is tried again later.
 */
void grace_end(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role);
/* The server stops: an absent client is so no more, and that is no news. The session stays. */
void grace_forget(struct presence *presence, struct client *client);
/* A user has come back whose session of this handle, perhaps another worker's, was absent: that one may go. */
void grace_return(struct presence *presence, struct worker *worker, struct handle replaced) REQUIRES(worker_role);
/* The mail that says so has come. */
void grace_returned(struct presence *presence, struct worker *worker, struct mail *mail) REQUIRES(worker_role);
/* Once a turn: where newcomers want the room of this worker's absent clients, the time of the oldest is over. True: there are more. */
bool grace_make_room(struct presence *presence, struct worker *worker) REQUIRES(worker_role);

#endif
