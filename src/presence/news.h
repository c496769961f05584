/* SPDX-License-Identifier: MIT
 *
 * How news reaches the sessions of one worker. News is told in the order in which it came, a bounded number of sessions a turn. News of a
 * large audience goes to a lane of its own and is told in slices between which other news passes; that user's next news
 * waits behind it, so no session hears of one user in a wrong order.
 *
 * On the worker's thread.
 */
#ifndef PRESENCE_NEWS_H
#define PRESENCE_NEWS_H

#include "presence/desk.h"

/* Takes a part of an audience in for telling. */
void news_arrive(struct presence *presence, struct worker *worker, struct mail *mail) REQUIRES(worker_role);
/* Tells this turn's share. True when something is left for the next turn. */
bool news_tell(struct presence *presence, struct worker *worker) REQUIRES(worker_role);
/* The sequence number up to which all mail that this worker took has been told. */
uint64_t news_told_through(const struct desk *desk, const struct worker *worker) REQUIRES(worker_role);
/* Forgets everything that is left. */
void news_drop(struct desk *desk);

#endif
