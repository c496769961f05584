/* SPDX-License-Identifier: MIT
 *
 * The operations on the graph. Each is a row of short critical sections, one shard at a time; what they need of memory is brought along
 * (base/spare.h). The order of their steps is what the protocol promises:
 *
 *   enter   list first, then arrival: of two friends who arrive at once, at least one hears of the other
 *   relist  new and kept friends first, then the ones that are gone: no gap for the kept
 *   logout  departure first, then the end of the list
 */
#include "graph/graph.h"

#include "base/assert.h"
#include "graph/chain.h"
#include "graph/edges.h"
#include "graph/graph_internal.h"
#include "graph/snapshot.h"
#include "graph/transitions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct graph *
graph_new(uint32_t workers, graph_publish *publish, void *context)
{
    size_t bytes = sizeof(struct graph) + workers * sizeof(struct seat);
    struct graph *graph;

    ASSERT(workers > 0 && workers <= HANDLE_WORKERS_MAX);
    graph = aligned_alloc(_Alignof(struct graph), bytes);
    if (graph == NULL)
        return NULL;
    memset(graph, 0, bytes);
    graph->past = history_new();
    if (graph->past == NULL || hash_key_generate(&graph->key) < 0) {
        free(graph->past);
        free(graph);
        return NULL;
    }
    graph->workers = workers;
    graph->publish = publish;
    graph->context = context;
    for (uint32_t number = 0; number < SHARD_COUNT; number++) {
        shard_init(&graph->shards[number], number);
        graph->shards[number].history = history_of(graph->past, number);
    }
    for (uint32_t worker = 0; worker < workers; worker++)
        slots_init(&graph->seats[worker].members, sizeof(struct member));
    return graph;
}

/* Frees what belongs to the sessions that are still there. */
static void
free_members(struct slots *members)
{
    for (uint32_t segment = 0; segment < SLOTS_SEGMENTS; segment++) {
        for (uint32_t i = 0; members->segments[segment] != NULL && i < members->fresh[segment]; i++) {
            struct member *member = slots_at(members, slots_segment_start(segment) + i);

            if (member->handle.generation == 0)
                continue; /* a free slot */
            friend_list_done(&member->list);
            text_drop(member->status);
        }
    }
}

void
graph_free(struct graph *graph)
{
    if (graph == NULL)
        return;
    for (uint32_t number = 0; number < SHARD_COUNT; number++)
        shard_done(&graph->shards[number]);
    for (uint32_t worker = 0; worker < graph->workers; worker++) {
        struct seat *seat = &graph->seats[worker];

        free_members(&seat->members);
        slots_done(&seat->members);
        index_map_done(&seat->map);
        free(seat->candidates);
        audience_free(seat->audience);
    }
    free(graph->past);
    free(graph);
}

/* A member that nobody knows yet, or SLOTS_NONE without memory. */
static uint32_t
member_new(struct graph *graph, uint32_t worker, const struct graph_hello *hello)
{
    struct slots *members = &graph->seats[worker].members;
    uint32_t slot = slots_take(members), session;

    if (slot == SLOTS_NONE) {
        if (slots_grow(members) < 0)
            return SLOTS_NONE;
        slot = slots_take(members);
    }
    session = worker << HANDLE_SLOT_BITS | slot;
    *member_at(graph, session) = (struct member){
        .handle = hello->handle,
        .user = SLOTS_NONE,
        .next = SLOTS_NONE,
        .previous = SLOTS_NONE,
        .follows_only = hello->follows_only,
        .status = text_share(hello->status),
    };
    return session;
}

/* Frees a member that is in no chain, and ends its list. */
static void
member_free(struct graph *graph, uint32_t session)
{
    struct member *member = member_at(graph, session);

    edges_end(graph, &member->list);
    text_drop(member->status);
    member->handle.generation = 0; /* for free_members() */
    free(slots_give(&graph->seats[session >> HANDLE_SLOT_BITS].members, session & (HANDLE_SLOTS_MAX - 1)));
}

int
graph_enter(
    struct graph *graph, uint32_t worker, const struct graph_hello *hello, uint32_t *member, struct graph_arrival *arrival, struct snapshot *snapshot)
{
    int error = snapshot_reserve(snapshot, hello->friend_count);
    uint32_t session;

    if (error < 0)
        return error;
    session = member_new(graph, worker, hello);
    if (session == SLOTS_NONE)
        return -ENOMEM;
    error = edges_replace(graph, session, hello->user, hello->friends, hello->friend_count, snapshot);
    if (error == 0)
        error = arrive(graph, session, hello->user, arrival);
    if (error < 0) {
        member_free(graph, session);
        if (snapshot != NULL)
            snapshot_clear(snapshot);
        return error;
    }
    *member = session;
    return 0;
}

int
graph_follow(
    struct graph *graph, uint32_t worker, uint32_t member, const struct user_id *friends, uint32_t count, uint32_t most, struct snapshot *snapshot)
{
    int error = snapshot_reserve(snapshot, count);

    if (error == 0)
        error = edges_add(graph, member, graph_user(graph, worker, member), friends, count, most, snapshot);
    if (error < 0 && snapshot != NULL)
        snapshot_clear(snapshot);
    return error;
}

int
graph_unfollow(struct graph *graph, uint32_t worker, uint32_t member, const struct user_id *friends, uint32_t count,
    void (*ended)(void *context, uint32_t index), void *context)
{
    (void)worker;
    return edges_remove(graph, member, friends, count, ended, context);
}

uint32_t
graph_unlist(struct graph *graph, uint32_t worker, uint32_t member)
{
    (void)worker;
    return edges_end(graph, &member_at(graph, member)->list);
}

int
graph_set_status(struct graph *graph, uint32_t worker, uint32_t member, struct text *status)
{
    (void)worker;
    return change_status(graph, member, status);
}

/* Looks one user up for graph_ask. */
static void
ask(struct graph *graph, struct index_map *seen, struct user_id id, uint32_t which, struct snapshot *snapshot)
{
    uint64_t hash = hash_of(graph, id);
    struct shard *shard = shard_of_hash(graph, hash);
    uint32_t index;

    shard_lock(shard);
    index = shard_find(shard, hash, id);
    if (index != SLOTS_NONE && user_sessions(shard_user(shard, index)) != SLOTS_NONE && index_map_find(seen, index) == NULL) {
        /* An index that was seen and is another user's now: that one has come only after the question was put. */
        index_map_set(seen, index, which);
        snapshot_add(snapshot, which, chain_status(graph, shard_user(shard, index)));
    }
    mutex_unlock(&shard->mutex);
}

int
graph_ask(struct graph *graph, uint32_t worker, const struct user_id *users, uint32_t count, struct snapshot *snapshot)
{
    struct index_map *seen = &graph->seats[worker].map;
    int error = snapshot_reserve(snapshot, count);

    if (error == 0)
        error = index_map_begin(seen, count);
    if (error < 0)
        return error;
    for (uint32_t which = 0; which < count; which++)
        ask(graph, seen, users[which], which, snapshot);
    return 0;
}

int
graph_login(struct graph *graph, uint32_t worker, struct handle handle, struct user_id user, const struct user_id *friends, uint32_t count,
    uint32_t *member, bool *transition)
{
    struct graph_hello hello = {.handle = handle, .user = user, .friends = friends, .friend_count = count};
    struct graph_arrival arrival = {0};
    int error = graph_enter(graph, worker, &hello, member, &arrival, NULL);

    if (error == 0)
        *transition = arrival.transition;
    return error;
}

int
graph_relist(struct graph *graph, uint32_t worker, uint32_t member, const struct user_id *friends, uint32_t count)
{
    return edges_replace(graph, member, graph_user(graph, worker, member), friends, count, NULL);
}

int
graph_logout(struct graph *graph, uint32_t worker, uint32_t member, enum leave_reason reason, bool *transition)
{
    int error = depart(graph, member, reason, transition);

    (void)worker;
    if (error < 0)
        return error;
    member_free(graph, member);
    return 0;
}

int
graph_lose(struct graph *graph, uint32_t worker, uint32_t member, bool *absent)
{
    int error = lose_session(graph, member, absent);

    (void)worker;
    if (error == 0 && !*absent)
        member_free(graph, member);
    return error;
}

bool
graph_absent_user(struct graph *graph, uint32_t worker, uint32_t member, struct user_id *user)
{
    struct shard *shard = shard_of_user(graph, member_at(graph, member)->user);
    bool is_there;

    (void)worker;
    shard_lock(shard);
    is_there = !member_at(graph, member)->replaced;
    if (is_there) {
        *user = shard_user(shard, member_at(graph, member)->user)->id;
        (void)text_share(user->name);
    }
    mutex_unlock(&shard->mutex);
    return is_there;
}

struct user_id
graph_user(const struct graph *graph, uint32_t worker, uint32_t member)
{
    uint32_t index = member_at(graph, member)->user;
    const struct user *user = slots_at(&graph->shards[index >> SHARD_SLOT_BITS].users, index & ((1U << SHARD_SLOT_BITS) - 1));

    /* No lock: the entry cannot go while this session is in it, and an id never changes. */
    (void)worker;
    return user->id;
}

uint64_t
graph_lock_waits(const struct graph *graph)
{
    uint64_t waits = 0;

    for (uint32_t number = 0; number < SHARD_COUNT; number++)
        waits += counter_read(&graph->shards[number].waits);
    return waits;
}

struct graph_census
graph_census(struct graph *graph)
{
    struct graph_census census = {0};

    for (uint32_t number = 0; number < SHARD_COUNT; number++) {
        struct shard *shard = &graph->shards[number];

        shard_lock(shard);
        census.users += shard->users.count;
        for (uint32_t bucket = 0; bucket < shard->bucket_count; bucket++) {
            for (uint32_t slot = shard->buckets[bucket]; slot != SLOTS_NONE;) {
                const struct user *user = slots_at(&shard->users, slot);

                census.users_online += user_sessions(user) != SLOTS_NONE;
                census.edges += user->watchers.count;
                for (uint32_t session = user_sessions(user); session != SLOTS_NONE; session = member_at(graph, session)->next)
                    census.members++;
                slot = user->next;
            }
        }
        mutex_unlock(&shard->mutex);
    }
    return census;
}

uint64_t
graph_users_online(const struct graph *graph)
{
    uint64_t users = 0;

    for (uint32_t number = 0; number < SHARD_COUNT; number++)
        users += counter_read(&graph->shards[number].online);
    return users;
}
