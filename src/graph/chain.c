/* SPDX-License-Identifier: MIT */
#include "graph/chain.h"

#include "base/assert.h"

void
chain_add(const struct graph *graph, struct user *user, uint32_t session, bool first)
{
    struct member *member = member_at(graph, session);

    ASSERT(first || member->status == NULL);
    if (first)
        user->has_status = member->status != NULL;
    if (user_sessions(user) == SLOTS_NONE) {
        member->next = SLOTS_NONE;
        member->previous = session;
        user_set_sessions(user, session);
        return;
    }
    struct member *head = member_at(graph, user_sessions(user));

    member->previous = head->previous;
    if (first) {
        member->next = user_sessions(user);
        user_set_sessions(user, session);
    } else {
        member->next = SLOTS_NONE;
        member_at(graph, head->previous)->next = session;
    }
    head->previous = session;
}

void
chain_lead(const struct graph *graph, struct user *user, uint32_t session)
{
    if (user_sessions(user) == session) {
        user->has_status = member_at(graph, session)->status != NULL; /* taken out, the user would be seen offline for a moment */
        return;
    }
    chain_remove(graph, user, session);
    chain_add(graph, user, session, true);
}

void
chain_remove(const struct graph *graph, struct user *user, uint32_t session)
{
    const struct member *member = member_at(graph, session);

    if (user_sessions(user) == session) {
        user_set_sessions(user, member->next);
        user->has_status = member->next != SLOTS_NONE && member_at(graph, member->next)->status != NULL;
    } else {
        member_at(graph, member->previous)->next = member->next;
    }
    if (member->next != SLOTS_NONE)
        member_at(graph, member->next)->previous = member->previous;
    else if (user_sessions(user) != SLOTS_NONE)
        member_at(graph, user_sessions(user))->previous = member->previous;
}
