/* SPDX-License-Identifier: MIT
 *
 * What somebody has been told last of one whom it follows, in a dialect with names, held against the truth. A change that was undone while it waited may
 * be left out, and of a user who left, came and left again it may be told twice that it left; but each word must be about a later change than the one
 * before, none about one that has not been ordered, and the last one must be true.
 */
#ifndef LOAD_BELIEF_H
#define LOAD_BELIEF_H

#include <stdbool.h>
#include <stdint.h>

/* Of a user: whether it is online once all that was ordered has been carried out, and how many changes that were. */
struct belief_truth {
    uint32_t changes;
    bool online;
};

struct belief {
    uint32_t told; /* the number of the user's change that it has been told of is this or a later one */
    bool known;    /* false: it must not be told of this user, yet */
    bool online;   /* what it believes */
};

static inline void
belief_change(struct belief_truth *truth)
{
    truth->changes++;
    truth->online = !truth->online;
}

/* Whether the user was online after so many of its changes. */
static inline bool
belief_online_after(const struct belief_truth *truth, uint32_t changes)
{
    return truth->online != ((truth->changes - changes) % 2 == 1);
}

/* It begins to follow: so it was when it was asked, after the change of this number or a later one. False: that cannot be. */
static inline bool
belief_begin(struct belief *belief, bool online, uint32_t changes, const struct belief_truth *truth)
{
    *belief = (struct belief){.told = changes + (belief_online_after(truth, changes) != online), .known = true, .online = online};
    return belief->told <= truth->changes;
}

/* It is told. False: it must not be. */
static inline bool
belief_hear(struct belief *belief, bool online, const struct belief_truth *truth)
{
    bool known = belief->known;

    belief->told += belief->online == online ? 2 : 1;
    belief->online = online;
    return known && belief->told <= truth->changes;
}

#endif
