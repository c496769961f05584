/* SPDX-License-Identifier: MIT
 *
 * A user's first session makes news and its last session's end does, and so does a status that becomes another. All is decided, and the news
 * published, under the lock of the user's shard, with all memory for the audience reserved before.
 */
#include "graph/transitions.h"

#include "graph/candidates.h"
#include "graph/chain.h"
#include "graph/graph_internal.h"
#include "graph/publication.h"

#include <errno.h>

/* One attempt of arrive(). False when memory is wanted: *audience handles, or what the spare wishes for. */
static bool
try_arrive(struct graph *graph, struct shard *shard, uint64_t hash, struct user_id id, uint32_t session, bool *transition, size_t *audience,
    struct spare *spare) REQUIRES(shard->mutex)
{
    uint32_t worker = session >> HANDLE_SLOT_BITS;
    struct member *member = member_at(graph, session);
    uint32_t index = shard_find_or_add(shard, hash, id, spare);
    struct user *user;
    bool first, news;

    *audience = 0;
    if (index == SLOTS_NONE)
        return false;
    user = shard_user(shard, index);
    first = user_sessions(user) == SLOTS_NONE;
    news = first || (member->status != NULL && !text_equal(member->status, chain_status(graph, user)));
    if (news) {
        *audience = user->watchers.count;
        if (!audience_is_ready(&graph->seats[worker], *audience))
            return false;
    }
    *transition = first;
    member->user = index;
    chain_add(graph, user, session, member->status != NULL); /* before anybody can hear of it: user_sessions() */
    counter_add(&shard->online, first);
    if (news)
        publish(graph, shard, worker, index, (struct transition){.online = true, .status_only = !first, .status = member->status});
    return true;
}

int
arrive(struct graph *graph, uint32_t session, struct user_id id, bool *transition)
{
    uint64_t hash = hash_of(graph, id);
    struct shard *shard = shard_of_hash(graph, hash);
    struct seat *seat = &graph->seats[session >> HANDLE_SLOT_BITS];
    struct spare spare = {0};
    size_t audience;
    int error = 0;
    bool done;

    seat->candidate_count = 0;
    (void)audience_reserve(graph, seat, 1); /* mostly enough, and then the lock is taken once */
    do {
        shard_lock(shard);
        done = try_arrive(graph, shard, hash, id, session, transition, &audience, &spare);
        mutex_unlock(&shard->mutex);
        if (!done)
            error = audience > 0 ? audience_reserve(graph, seat, audience) : spare_refill(&spare);
    } while (!done && error == 0);
    spare_done(&spare);
    return error;
}

/* One attempt of depart(). False when the candidates are wanted first, or room for *audience handles and for those. */
static bool
try_depart(struct graph *graph, struct shard *shard, uint32_t session, enum leave_reason reason, bool gathered, bool *transition, size_t *audience,
    struct spare *spare) REQUIRES(shard->mutex)
{
    const struct member *member = member_at(graph, session);
    struct seat *seat = &graph->seats[session >> HANDLE_SLOT_BITS];
    struct user *user = shard_user(shard, member->user);
    bool first = user_sessions(user) == session;

    *transition = first && member->next == SLOTS_NONE;
    *audience = 0;
    if (*transition) {
        *audience = (size_t)user->watchers.count + (gathered ? seat->candidate_count : 0);
        if (!gathered || !audience_is_ready(seat, *audience))
            return false;
        publish(graph, shard, session >> HANDLE_SLOT_BITS, member->user, (struct transition){.reason = reason});
    } else if (first && !text_equal(member->status, member_at(graph, member->next)->status)) {
        *audience = user->watchers.count;
        if (!audience_is_ready(seat, *audience))
            return false;
        seat->candidate_count = 0; /* gathered when it was the last */
        publish(graph, shard, session >> HANDLE_SLOT_BITS, member->user,
            (struct transition){.online = true, .status_only = true, .status = member_at(graph, member->next)->status});
    }
    chain_remove(graph, user, session);
    counter_add(&shard->online, *transition ? UINT64_MAX : 0); /* one less */
    shard_remove_if_unused(shard, member->user, spare);
    return true;
}

int
depart(struct graph *graph, uint32_t session, enum leave_reason reason, bool *transition)
{
    const struct member *member = member_at(graph, session);
    struct seat *seat = &graph->seats[session >> HANDLE_SLOT_BITS];
    struct shard *shard = shard_of_user(graph, member->user);
    struct spare spare = {0};
    bool gathered = false, done, last;
    size_t audience;
    int error = 0;

    do {
        shard_lock(shard);
        done = try_depart(graph, shard, session, reason, gathered, &last, &audience, &spare);
        mutex_unlock(&shard->mutex);
        if (!done && last && !gathered) {
            error = candidates_gather(graph, seat, &member->list);
            audience += seat->candidate_count;
            gathered = true;
        }
        if (!done && error == 0 && audience > 0)
            error = audience_reserve(graph, seat, audience);
    } while (!done && error == 0);
    spare_done(&spare);
    if (error == 0)
        *transition = last;
    return error;
}

int
change_status(struct graph *graph, uint32_t session, struct text *status)
{
    struct member *member = member_at(graph, session);
    struct seat *seat = &graph->seats[session >> HANDLE_SLOT_BITS];
    struct shard *shard = shard_of_user(graph, member->user);
    bool done = false;
    int error = 0;

    seat->candidate_count = 0;
    while (!done && error == 0) {
        struct text *former = NULL;
        size_t audience;

        shard_lock(shard);
        struct user *user = shard_user(shard, member->user);
        bool news = !text_equal(status, chain_status(graph, user));

        audience = news ? user->watchers.count : 0;
        if (audience_is_ready(seat, audience)) {
            if (news)
                publish(graph, shard, session >> HANDLE_SLOT_BITS, member->user,
                    (struct transition){.online = true, .status_only = true, .status = status});
            former = member->status;
            member->status = text_share(status);
            chain_lead(graph, user, session);
            done = true;
        }
        mutex_unlock(&shard->mutex);
        text_drop(former);
        if (!done)
            error = audience_reserve(graph, seat, audience);
    }
    return error;
}
