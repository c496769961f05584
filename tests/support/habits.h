/* SPDX-License-Identifier: MIT
 *
 * What the users of a population are likely to do: whom they list, and random scripts for a round.
 *
 * Users near each other by number know each other, mostly both ways, and a few strangers; some users are popular. In a free
 * round anything may happen at once, and neighbours are picked so that it does. In an exact round a script is given up again when it
 * and another one could race: then each device can hear one thing only, apart from how words about different users are mixed.
 */
#ifndef SUPPORT_HABITS_H
#define SUPPORT_HABITS_H

#include "support/population.h"

/* Gives about so many users scripts for a free round. */
void habits_free_round(struct population *population, unsigned users);
/* Tries to give so many users scripts for an exact round. Returns how many got one. */
unsigned habits_exact_round(struct population *population, unsigned users);

/* Everybody who is not there comes, in one way or another; everybody who is there leaves (with a reset if `crash`, otherwise anyhow). */
void habits_all_come(struct population *population);
void habits_all_leave(struct population *population, bool crash);
/* Everybody comes and goes once; nobody may be there. */
void habits_all_visit(struct population *population);

#endif
