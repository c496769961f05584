/* SPDX-License-Identifier: MIT
 *
 * Edges are made and ended one at a time, each under the lock of the shard of the user that is watched.
 */
#include "graph/edges.h"

#include "graph/graph_internal.h"

#include <errno.h>

/* One attempt of watch(): true when the edge is there. */
static bool
try_watch(struct graph *graph, struct shard *shard, uint64_t hash, struct user_id id, uint32_t session, struct spare *spare) REQUIRES(shard->mutex)
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
    } else if ((*former ^ place) & LIST_SEGMENT_BIT) {
        /* In the old list too: the edge stays, only its entry moves over. */
        struct listing *entry = friend_list_at(list, *former);

        friend_list_take(list, index);
        friend_list_at(list, place)->position = entry->position;
        watchers_at(&user->watchers, entry->position)->place = place;
        entry->user = SLOTS_NONE;
    } else {
        return true; /* named twice */
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

/* Makes the session watch a user. Returns 0 or -ENOMEM. */
static int
watch(struct graph *graph, uint32_t session, struct user_id id)
{
    uint64_t hash = hash_of(graph, id);
    struct shard *shard = shard_of_hash(graph, hash);
    struct spare spare = {0};
    int error = 0;
    bool done;

    do {
        mutex_lock(&shard->mutex);
        done = try_watch(graph, shard, hash, id, session, &spare);
        mutex_unlock(&shard->mutex);
    } while (!done && (error = spare_refill(&spare)) == 0);
    if (error < 0)
        forget_unused(shard, hash, id, &spare);
    spare_done(&spare);
    return error;
}

/* Removes the edge of one entry of the session's list. */
static void
unwatch(struct graph *graph, struct friend_list *list, uint32_t place)
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

/* Ends the edges that are left in the former segment of a list, and frees it. */
static void
end_former(struct graph *graph, struct friend_list *list)
{
    const struct list_segment *former = friend_list_former(list);

    if (former == NULL)
        return;
    for (uint32_t offset = 0; offset < former->used; offset++)
        if (former->entries[offset].user != SLOTS_NONE)
            unwatch(graph, list, (list->current ^ LIST_SEGMENT_BIT) | offset);
    friend_list_close_former(list);
}

void
edges_end(struct graph *graph, struct friend_list *list)
{
    end_former(graph, list);
    list->current ^= LIST_SEGMENT_BIT;
    end_former(graph, list);
}

int
edges_replace(struct graph *graph, uint32_t session, struct user_id self, const struct user_id *friends, uint32_t count)
{
    struct seat *seat = &graph->seats[session >> HANDLE_SLOT_BITS];
    struct friend_list *list = &member_at(graph, session)->list;
    const struct list_segment *former = friend_list_current(list);
    int error = index_map_begin(&seat->map, (size_t)count + (former == NULL ? 0 : former->used));

    if (error < 0)
        return error;
    for (uint32_t offset = 0; former != NULL && offset < former->used; offset++)
        if (former->entries[offset].user != SLOTS_NONE)
            index_map_set(&seat->map, former->entries[offset].user, list->current | offset);
    if (count > 0) {
        error = friend_list_open(list, count);
        for (uint32_t i = 0; i < count && error == 0; i++)
            if (!user_id_equal(friends[i], self))
                error = watch(graph, session, friends[i]);
        if (error < 0)
            return error;
    } else {
        list->current ^= LIST_SEGMENT_BIT; /* the empty list: what was current is now the former */
    }
    end_former(graph, list);
    return 0;
}
