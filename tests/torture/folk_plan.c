/* SPDX-License-Identifier: MIT
 *
 * Whom the folk list, and who moves in a round.
 */
#include "torture/folk_internal.h"

enum {
    NEIGHBOURS = 3, /* on either side that a user lists */
    STRANGERS = 3,
    MOVERS_PERCENT = 20,
};

static void
list(struct folk *folk, unsigned who, unsigned whom)
{
    struct person *person = &folk->people[who];

    if (who == whom || folk_lists(folk, who, whom) || person->friend_count == FOLK_FRIENDS)
        return;
    folk->lists[who * folk->count + whom] = true;
    person->friends[person->friend_count++] = whom;
}

void
plan_friends(struct folk *folk, unsigned who)
{
    for (unsigned away = 1; away <= NEIGHBOURS; away++) {
        list(folk, who, (who + away) % folk->count);
        list(folk, who, (who + folk->count - away) % folk->count);
    }
    for (unsigned i = 0; i < STRANGERS; i++)
        list(folk, who, dice_below(&folk->dice, folk->count));
}

/* In a mixed round a classic user who comes must not race with somebody who leaves: the first departure that it hears is the beacon's. */
static bool
is_ambiguous(const struct folk *folk, unsigned who)
{
    for (unsigned other = 0; other < folk->count; other++)
        if (folk->people[other].moves && (folk_lists(folk, who, other) || folk_lists(folk, other, who))) {
            const struct person *comer = folk->people[who].wanted ? &folk->people[who] : &folk->people[other];
            const struct person *leaver = folk->people[who].wanted ? &folk->people[other] : &folk->people[who];

            if (!comer->rpc && comer->wanted && !leaver->wanted)
                return true;
        }
    return false;
}

static bool
may_move(const struct folk *folk, const struct person *person, int room)
{
    if (person->moves || (person->far && folk->cut))
        return false;
    return person->was_online || !folk->balanced || room > 0;
}

void
plan_moves(struct folk *folk)
{
    unsigned moving = 0;

    for (unsigned tries = 0; tries < folk->count * MOVERS_PERCENT / 100 || moving == 0; tries++) {
        struct person *person = &folk->people[dice_below(&folk->dice, folk->count)];

        if (tries > folk->count * 4)
            return;
        if (!may_move(folk, person, folk->room))
            continue;
        person->moves = true;
        person->wanted = !person->was_online;
        /* A reset is a single packet, which the link may lose; then it is no leaving. */
        person->how = (enum person_leaving)dice_below(&folk->dice, person->far ? BY_CLOSE : BY_CUT);
        if (folk->mixed && is_ambiguous(folk, person_number(folk, person))) {
            person->moves = false;
            person->wanted = person->was_online;
            continue;
        }
        folk->room += person->wanted ? -1 : 1;
        moving++;
    }
}
