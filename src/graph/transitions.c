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

/* A session has come beside one that is absent, which is the user's only other one: takes that one out. Returns its handle. */
static struct handle
replace_absent(const struct graph *graph, struct user *user, uint32_t session)
{
    struct member *member = member_at(graph, session);

    chain_remove(graph, user, session);
    member->absent = false;
    member->replaced = true;
    return member->handle;
}

/* One attempt of arrive(). False when memory is wanted: *audience handles, or what the spare wishes for. */
static bool
try_arrive(struct graph *graph, struct shard *shard, uint64_t hash, struct user_id id, uint32_t session, struct graph_arrival *arrival,
    size_t *audience, struct spare *spare) REQUIRES(shard->mutex)
{
    uint32_t worker = session >> HANDLE_SLOT_BITS;
    struct member *member = member_at(graph, session);
    uint32_t index = shard_find_or_add(shard, hash, id, spare);
    uint32_t former;
    struct user *user;
    bool first, returns, news;

    *audience = 0;
    if (index == SLOTS_NONE)
        return false;
    user = shard_user(shard, index);
    former = user_sessions(user);
    first = former == SLOTS_NONE;
    returns = !first && member_at(graph, former)->absent;
    news = first || ((member->status != NULL || returns) && !text_equal(member->status, chain_status(graph, user)));
    if (news) {
        *audience = user->watchers.count;
        if (!audience_is_ready(&graph->seats[worker], *audience))
            return false;
    }
    member->user = index;
    chain_add(graph, user, session, member->status != NULL); /* before anybody can hear of it: user_sessions() */
    *arrival = (struct graph_arrival){.transition = first};
    if (returns)
        arrival->replaced = replace_absent(graph, user, former); /* after it, so that the user is never seen offline */
    counter_add(&shard->online, first);
    if (news)
        publish(graph, shard, worker, index, (struct transition){.online = true, .status_only = !first, .status = member->status});
    return true;
}

int
arrive(struct graph *graph, uint32_t session, struct user_id id, struct graph_arrival *arrival)
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
        done = try_arrive(graph, shard, hash, id, session, arrival, &audience, &spare);
        mutex_unlock(&shard->mutex);
        if (!done)
            error = audience > 0 ? audience_reserve(graph, seat, audience) : spare_refill(&spare);
    } while (!done && error == 0);
    spare_done(&spare);
    return error;
}

/* How a session parts from its user, and what that comes to. */
struct parting {
    enum leave_reason reason;
    bool was_lost;   /* as its user's last it stays, absent */
    bool gathered;   /* its candidates are, in case it is its user's last */
    bool is_last;    /* it is, and that is news */
    bool stays;      /* it is absent now */
    size_t audience; /* when memory is wanted: handles */
};

/* One attempt of part(). False when the candidates are wanted first, or room for parting->audience handles and for those. */
static bool
try_part(struct graph *graph, struct shard *shard, uint32_t session, struct parting *parting, struct spare *spare) REQUIRES(shard->mutex)
{
    struct member *member = member_at(graph, session);
    struct seat *seat = &graph->seats[session >> HANDLE_SLOT_BITS];
    struct user *user;
    bool first, alone;

    parting->is_last = false;
    parting->audience = 0;
    if (member->replaced)
        return true; /* and the user may be gone by now */
    user = shard_user(shard, member->user);
    first = user_sessions(user) == session;
    alone = first && member->next == SLOTS_NONE;
    if (alone && parting->was_lost) {
        member->absent = true;
        parting->stays = true;
        return true;
    }
    parting->is_last = alone;
    if (alone) {
        parting->audience = (size_t)user->watchers.count + (parting->gathered ? seat->candidate_count : 0);
        if (!parting->gathered || !audience_is_ready(seat, parting->audience))
            return false;
        publish(graph, shard, session >> HANDLE_SLOT_BITS, member->user, (struct transition){.reason = parting->reason});
    } else if (first && !text_equal(member->status, member_at(graph, member->next)->status)) {
        parting->audience = user->watchers.count;
        if (!audience_is_ready(seat, parting->audience))
            return false;
        seat->candidate_count = 0; /* gathered when it was the last */
        publish(graph, shard, session >> HANDLE_SLOT_BITS, member->user,
            (struct transition){.online = true, .status_only = true, .status = member_at(graph, member->next)->status});
    }
    chain_remove(graph, user, session);
    counter_add(&shard->online, parting->is_last ? UINT64_MAX : 0); /* one less */
    shard_remove_if_unused(shard, member->user, spare);
    return true;
}

/* Returns 0, or -ENOMEM: nothing has happened. */
static int
part(struct graph *graph, uint32_t session, struct parting *parting)
{
    const struct member *member = member_at(graph, session);
    struct seat *seat = &graph->seats[session >> HANDLE_SLOT_BITS];
    struct shard *shard = shard_of_user(graph, member->user);
    struct spare spare = {0};
    int error = 0;
    bool done;

    do {
        shard_lock(shard);
        done = try_part(graph, shard, session, parting, &spare);
        mutex_unlock(&shard->mutex);
        if (!done && parting->is_last && !parting->gathered) {
            error = candidates_gather(graph, seat, &member->list);
            parting->audience += seat->candidate_count;
            parting->gathered = true;
        }
        if (!done && error == 0 && parting->audience > 0)
            error = audience_reserve(graph, seat, parting->audience);
    } while (!done && error == 0);
    spare_done(&spare);
    return error;
}

int
depart(struct graph *graph, uint32_t session, enum leave_reason reason, bool *transition)
{
    struct parting parting = {.reason = reason};
    int error = part(graph, session, &parting);

    if (error == 0)
        *transition = parting.is_last;
    return error;
}

int
lose_session(struct graph *graph, uint32_t session, bool *absent)
{
    struct parting parting = {.was_lost = true};
    int error = part(graph, session, &parting);

    if (error == 0)
        *absent = parting.stays;
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
