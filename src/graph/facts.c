/* SPDX-License-Identifier: MIT
 *
 * What operators ask of the graph. It changes nothing, and each question takes one shard's lock at most, for a bounded time.
 */
#include "graph/graph.h"
#include "graph/graph_internal.h"

void
graph_look(struct graph *graph, uint32_t worker, struct user_id id, struct graph_facts *facts)
{
    uint64_t hash = hash_of(graph, id);
    struct shard *shard = shard_of_hash(graph, hash);
    uint32_t index;

    (void)worker;
    *facts = (struct graph_facts){0};
    shard_lock(shard);
    index = shard_find(shard, hash, id);
    if (index != SLOTS_NONE) {
        const struct user *user = shard_user(shard, index);
        uint32_t session = user_sessions(user);

        facts->online = session != SLOTS_NONE;
        facts->went_online = user->went_online;
        facts->left_because = user->left_because;
        facts->changed_at_ms = user->changed_at_ms;
        facts->watchers = user->watchers.count;
        facts->absent = session != SLOTS_NONE && member_at(graph, session)->absent;
        if (facts->absent) {
            facts->lost = member_at(graph, session)->handle;
            session = SLOTS_NONE;
        }
        for (; session != SLOTS_NONE && facts->sessions < GRAPH_FACTS_SESSIONS; session = member_at(graph, session)->next)
            facts->handles[facts->sessions++] = member_at(graph, session)->handle;
        facts->has_more_sessions = session != SLOTS_NONE;
    }
    mutex_unlock(&shard->mutex);
}

bool
graph_lists(struct graph *graph, uint32_t worker, uint32_t member, struct user_id id)
{
    const struct list_segment *segment = friend_list_current(&member_at(graph, member)->list);
    uint64_t hash = hash_of(graph, id);
    struct shard *shard = shard_of_hash(graph, hash);
    uint32_t index;

    (void)worker;
    shard_lock(shard);
    index = shard_find(shard, hash, id);
    mutex_unlock(&shard->mutex);
    /* If the session lists it, the index stays the user's. */
    for (uint32_t i = 0; index != SLOTS_NONE && segment != NULL && i < segment->used; i++)
        if (segment->entries[i].user == index)
            return true;
    return false;
}

uint32_t
graph_list_length(const struct graph *graph, uint32_t worker, uint32_t member)
{
    const struct list_segment *segment = friend_list_current(&member_at(graph, member)->list);
    uint32_t count = 0;

    (void)worker;
    for (uint32_t i = 0; segment != NULL && i < segment->used; i++)
        count += segment->entries[i].user != SLOTS_NONE;
    return count;
}
