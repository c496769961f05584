/* SPDX-License-Identifier: MIT
 *
 * Between the parts of folk: rounds (folk.c), who moves in them (folk_plan.c), who asks (folk_asker.c), what one person says and is told (folk_person.c), and what it should
 * have been told (folk_judge.c).
 */
#ifndef TORTURE_FOLK_INTERNAL_H
#define TORTURE_FOLK_INTERNAL_H

#include "torture/folk.h"

enum { FOLK_RETRY_MS = 60 };

/* The ids of the beacons. */
int64_t folk_rpc_beacon(const struct folk *folk);
int64_t folk_classic_beacon(const struct folk *folk);
static inline bool
folk_lists(const struct folk *folk, unsigned who, unsigned whom)
{
    return folk->lists[who * folk->count + whom];
}
static inline unsigned
person_number(const struct folk *folk, const struct person *person)
{
    return (unsigned)(person - folk->people);
}

/* Gives it friends. Chooses who moves in the round that begins, and how. */
void plan_friends(struct folk *folk, unsigned who);
void plan_moves(struct folk *folk);

/* Begins to come; begins to leave, in its way. */
void person_come(struct folk *folk, struct person *person);
void person_leave(struct folk *folk, struct person *person);
/* Takes in what it was told, and its end. */
void person_listen(struct folk *folk, struct person *person);
/* Looks at the lines that have arrived. */
void person_hear(struct folk *folk, struct person *person);
/* Is gone, and believes nothing. */
void person_gone(struct person *person);

/* A change that somebody was told of; checks it and takes it in. */
void judge_change(struct folk *folk, struct person *person, unsigned about, bool online, const char *reason, int64_t at);
/* Somebody was told in its snapshot that these are online. */
void judge_snapshot(struct folk *folk, struct person *person, unsigned about);
/* Has it heard of the beacon's coming, and of its going? Fails when it has heard too much. */
bool judge_has_heard(struct folk *folk, struct person *person, bool gone);
/* The round is over. */
void judge_round(struct folk *folk);
/* What who was there when the server died had heard of the round may be less than all, and not more. */
void judge_leftovers(struct folk *folk, const struct person *person);

/* Fails: it waits for the beacon, and has missed something. */
void judge_missed(struct folk *folk, const struct person *person);

/* Takes in what the asker was told, and sees to it that there is one. */
void asker_turn(struct folk *folk);
/* Asks who is online; asker_agrees when the answer is there: is it exactly who should be? */
void asker_ask(struct folk *folk);
bool asker_agrees(struct folk *folk);
/* Says the next number; asker_has_said when that has been carried out. */
void asker_say(struct folk *folk);
bool asker_has_said(const struct folk *folk);
/* Its connection is gone; it comes again. */
void asker_lost(struct folk *folk);

/* Who should be online by now. */
bool folk_expects(const struct folk *folk, const struct person *person);

#endif
