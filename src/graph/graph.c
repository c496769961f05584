/* SPDX-License-Identifier: MIT
 *
 * The operations on the graph. Each is a row of short critical sections, one shard at a time; what they need of memory is brought along
 * (base/spare.h). The order of their steps is what the protocol promises:
 *
 *   login   list first, then arrival: of two friends who arrive at once, at least one hears of the other
 *   relist  new and kept friends first, then the ones that are gone: no gap for the kept
 *   logout  departure first, then the end of the list
 */
#include "graph/graph.h"

#include "base/assert.h"
#include "graph/edges.h"
#include "graph/graph_internal.h"
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
    if (hash_key_generate(&graph->key) < 0) {
        free(graph);
        return NULL;
    }
    graph->workers = workers;
    graph->publish = publish;
    graph->context = context;
    for (uint32_t number = 0; number < SHARD_COUNT; number++)
        shard_init(&graph->shards[number], number);
    for (uint32_t worker = 0; worker < workers; worker++)
        slots_init(&graph->seats[worker].members, sizeof(struct member));
    return graph;
}

/* Frees the lists of the sessions that are still there: the chains of every user's sessions lead to them. */
static void
free_lists(struct graph *graph, struct shard *shard) REQUIRES(shard->mutex)
{
    for (uint32_t bucket = 0; bucket < shard->bucket_count; bucket++) {
        for (uint32_t slot = shard->buckets[bucket]; slot != SLOTS_NONE;) {
            struct user *user = slots_at(&shard->users, slot);

            for (uint32_t session = user->sessions; session != SLOTS_NONE; session = member_at(graph, session)->next)
                friend_list_done(&member_at(graph, session)->list);
            slot = user->next;
        }
    }
}

void
graph_free(struct graph *graph)
{
    if (graph == NULL)
        return;
    for (uint32_t number = 0; number < SHARD_COUNT; number++) {
        struct shard *shard = &graph->shards[number];

        mutex_lock(&shard->mutex);
        free_lists(graph, shard);
        mutex_unlock(&shard->mutex);
        shard_done(shard);
    }
    for (uint32_t worker = 0; worker < graph->workers; worker++) {
        struct seat *seat = &graph->seats[worker];

        slots_done(&seat->members);
        index_map_done(&seat->map);
        free(seat->candidates);
        audience_free(seat->audience);
    }
    free(graph);
}

int
graph_login(struct graph *graph, uint32_t worker, struct handle handle, struct user_id user, const struct user_id *friends, uint32_t count,
    uint32_t *member, bool *transition)
{
    struct seat *seat = &graph->seats[worker];
    uint32_t slot = slots_take(&seat->members);
    int error;

    if (slot == SLOTS_NONE) {
        if (slots_grow(&seat->members) < 0)
            return -ENOMEM;
        slot = slots_take(&seat->members);
    }
    uint32_t session = worker << HANDLE_SLOT_BITS | slot;

    *member_at(graph, session) = (struct member){.handle = handle, .user = SLOTS_NONE, .next = SLOTS_NONE, .previous = SLOTS_NONE};
    error = edges_replace(graph, session, user, friends, count);
    if (error == 0)
        error = arrive(graph, session, user, transition);
    if (error < 0) {
        edges_end(graph, &member_at(graph, session)->list);
        free(slots_give(&seat->members, slot));
        return error;
    }
    *member = session;
    return 0;
}

int
graph_relist(struct graph *graph, uint32_t worker, uint32_t member, const struct user_id *friends, uint32_t count)
{
    return edges_replace(graph, member, graph_user(graph, worker, member), friends, count);
}

int
graph_logout(struct graph *graph, uint32_t worker, uint32_t member, bool *transition)
{
    int error = depart(graph, member, transition);

    if (error < 0)
        return error;
    edges_end(graph, &member_at(graph, member)->list);
    free(slots_give(&graph->seats[worker].members, member & (HANDLE_SLOTS_MAX - 1)));
    return 0;
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

struct graph_census
graph_census(struct graph *graph)
{
    struct graph_census census = {0};

    for (uint32_t number = 0; number < SHARD_COUNT; number++) {
        struct shard *shard = &graph->shards[number];

        mutex_lock(&shard->mutex);
        census.users += shard->users.count;
        for (uint32_t bucket = 0; bucket < shard->bucket_count; bucket++) {
            for (uint32_t slot = shard->buckets[bucket]; slot != SLOTS_NONE;) {
                const struct user *user = slots_at(&shard->users, slot);

                census.users_online += user->sessions != SLOTS_NONE;
                census.edges += user->watchers.count;
                for (uint32_t session = user->sessions; session != SLOTS_NONE; session = member_at(graph, session)->next)
                    census.members++;
                slot = user->next;
            }
        }
        mutex_unlock(&shard->mutex);
    }
    return census;
}
