/* SPDX-License-Identifier: MIT */
#include "graph/edge.h"

#include "graph/chain.h"
#include "graph/graph_internal.h"
#include "graph/snapshot.h"

/* Moves the entry of an edge from `place` to the vacancy. */
static void
move_over(struct shard *shard, struct friend_list *list, uint32_t place) REQUIRES(shard->mutex)
{
    struct listing *entry = friend_list_at(list, place);
    uint32_t vacancy = friend_list_vacancy(list);

    friend_list_take(list, entry->user);
    friend_list_at(list, vacancy)->position = entry->position;
    watchers_at(&shard_user(shard, entry->user)->watchers, entry->position)->place = vacancy;
    entry->user = SLOTS_NONE;
}

/* One attempt of edge_begin(): true when the edge is there. */
static bool
try_watch(struct graph *graph, struct shard *shard, uint64_t hash, struct user_id id, uint32_t session, uint32_t which, struct snapshot *snapshot,
    struct spare *spare) REQUIRES(shard->mutex)
{
    struct index_map *seen = &graph->seats[session >> HANDLE_SLOT_BITS].map;
    struct friend_list *list = &member_at(graph, session)->list;
    uint32_t index = shard_find_or_add(shard, hash, id, spare);
    uint32_t place = friend_list_vacancy(list);
    struct user *user;
    uint32_t *former;

    if (index == SLOTS_NONE)
        return false;
    user = shard_user(shard, index);
    former = index_map_find(seen, index);
    if (former == NULL) {
        struct watcher watcher = {.member = session, .place = place};

        if (!watchers_add(&user->watchers, watcher, spare))
            return false;
        friend_list_take(list, index);
        friend_list_at(list, place)->position = user->watchers.count - 1;
        if (snapshot != NULL && user->sessions != SLOTS_NONE)
            snapshot_add(snapshot, which, chain_status(graph, user));
    } else if ((*former ^ place) & LIST_SEGMENT_BIT) {
        move_over(shard, list, *former); /* in the old list too */
    } else {
        return true; /* named twice, or watched already */
    }
    index_map_set(seen, index, place);
    return true;
}

/* An attempt may leave an entry behind that only the next one would have used. */
static void
forget_unused(struct shard *shard, uint64_t hash, struct user_id id, struct spare *spare)
{
    uint32_t index;

    mutex_lock(&shard->mutex);
    index = shard_find(shard, hash, id);
    if (index != SLOTS_NONE)
        shard_remove_if_unused(shard, index, spare);
    mutex_unlock(&shard->mutex);
}

int
edge_begin(struct graph *graph, uint32_t session, const struct user_id *friends, uint32_t which, struct snapshot *snapshot)
{
    struct user_id id = friends[which];
    uint64_t hash = hash_of(graph, id);
    struct shard *shard = shard_of_hash(graph, hash);
    struct spare spare = {0};
    int error = 0;
    bool done;

    do {
        mutex_lock(&shard->mutex);
        done = try_watch(graph, shard, hash, id, session, which, snapshot, &spare);
        mutex_unlock(&shard->mutex);
    } while (!done && (error = spare_refill(&spare)) == 0);
    if (error < 0)
        forget_unused(shard, hash, id, &spare);
    spare_done(&spare);
    return error;
}

void
edge_end(struct graph *graph, struct friend_list *list, uint32_t place)
{
    struct listing *entry = friend_list_at(list, place);
    uint32_t index = entry->user;
    struct shard *shard = shard_of_user(graph, index);
    struct spare spare = {0};
    bool shrunk;

    mutex_lock(&shard->mutex);
    struct watchers *watchers = &shard_user(shard, index)->watchers;
    uint32_t position = entry->position;

    if (watchers_remove(watchers, position, &spare)) {
        const struct watcher *moved = watchers_at(watchers, position);

        friend_list_at(&member_at(graph, moved->member)->list, moved->place)->position = position;
    }
    entry->user = SLOTS_NONE;
    shrunk = watchers_shrink(watchers, &spare);
    shard_remove_if_unused(shard, index, &spare);
    mutex_unlock(&shard->mutex);

    /* Giving memory back is worth one try. The user may have gone meanwhile and its slot have become another's: then that one is shrunk. */
    if (!shrunk && spare_refill(&spare) == 0) {
        mutex_lock(&shard->mutex);
        if (slots_exists(&shard->users, index & ((1U << SHARD_SLOT_BITS) - 1)))
            watchers_shrink(&shard_user(shard, index)->watchers, &spare);
        mutex_unlock(&shard->mutex);
    }
    spare_done(&spare);
}

void
edge_move(struct graph *graph, struct friend_list *list, uint32_t place)
{
    struct shard *shard = shard_of_user(graph, friend_list_at(list, place)->user);

    mutex_lock(&shard->mutex);
    move_over(shard, list, place);
    mutex_unlock(&shard->mutex);
}
