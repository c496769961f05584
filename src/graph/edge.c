/* SPDX-License-Identifier: MIT */
#include "graph/edge.h"

#include "base/prefetch.h"
#include "graph/chain.h"
#include "graph/graph_internal.h"
#include "graph/snapshot.h"

/* How many edges ahead memory is asked for: of a user, and then, when that is there, of its watchers. */
enum { FAR = 16, NEAR = 8 };

/* Moves the entry of an edge from `place` to the vacancy. */
static void
move_over(struct shard *shard, struct friend_list *list, uint32_t place) REQUIRES(shard->mutex)
{
    struct listing *entry = friend_list_at(list, place);
    uint32_t vacancy = friend_list_vacancy(list);

    friend_list_take(list, entry->user);
    listing_set_position(friend_list_at(list, vacancy), listing_position(entry));
    watchers_at(&shard_user(shard, entry->user)->watchers, listing_position(entry))->place = vacancy;
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
        uint32_t position;

        if (!watchers_add(&user->watchers, watcher, &position, spare))
            return false;
        friend_list_take(list, index);
        listing_set_position(friend_list_at(list, place), position);
        if (snapshot != NULL && user_sessions(user) != SLOTS_NONE)
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

    shard_lock(shard);
    index = shard_find(shard, hash, id);
    if (index != SLOTS_NONE)
        shard_remove_if_unused(shard, index, spare);
    mutex_unlock(&shard->mutex);
}

int
edge_begin(struct graph *graph, uint32_t session, const struct user_id *friends, uint32_t which, uint64_t hash, struct snapshot *snapshot)
{
    struct user_id id = friends[which];
    struct shard *shard = shard_of_hash(graph, hash);
    struct spare spare = {0};
    int error = 0;
    bool done;

    do {
        shard_lock(shard);
        done = try_watch(graph, shard, hash, id, session, which, snapshot, &spare);
        mutex_unlock(&shard->mutex);
    } while (!done && (error = spare_refill(&spare)) == 0);
    if (error < 0)
        forget_unused(shard, hash, id, &spare);
    spare_done(&spare);
    return error;
}

/* Tells the other end of an edge that it stands at another position now. */
static void
tell_moved(const struct graph *graph, const struct watchers *watchers, uint32_t position)
{
    const struct watcher *moved = watchers_at(watchers, position);

    listing_set_position(friend_list_at(&member_at(graph, moved->member)->list, moved->place), position);
}

/* Gives memory of sparse watchers back. False when memory is wanted to do it. */
static bool
try_shrink(const struct graph *graph, struct watchers *watchers, struct spare *spare)
{
    uint32_t position;

    if (!watchers_are_sparse(watchers))
        return true;
    while ((position = watchers_close_hole(watchers)) != WATCHERS_NONE)
        tell_moved(graph, watchers, position);
    return watchers_shrink(watchers, spare);
}

void
edge_expect_end(struct graph *graph, const struct list_segment *segment, uint32_t offset)
{
    const struct listing *entry = &segment->entries[offset];

    if (!RACE_HINTS)
        return;
    if (offset + FAR < segment->used && entry[FAR].user != SLOTS_NONE) {
        struct shard *shard = shard_of_user(graph, entry[FAR].user);

        prefetch_for_writing(shard, 1);
        prefetch_for_writing(shard_peek(shard, entry[FAR].user), sizeof(struct user));
    }
    if (offset + NEAR < segment->used && entry[NEAR].user != SLOTS_NONE) {
        const struct user *user = shard_peek(shard_of_user(graph, entry[NEAR].user), entry[NEAR].user);

        prefetch_for_writing(watchers_hint(&user->watchers, listing_position(&entry[NEAR])), 1);
    }
}

void
edge_end(struct graph *graph, struct friend_list *list, uint32_t place)
{
    struct listing *entry = friend_list_at(list, place);
    uint32_t index = entry->user;
    struct shard *shard = shard_of_user(graph, index);
    struct spare spare = {0};
    bool shrunk;

    shard_lock(shard);
    struct watchers *watchers = &shard_user(shard, index)->watchers;
    uint32_t position = listing_position(entry);

    if (watchers_remove(watchers, position, &spare))
        tell_moved(graph, watchers, position);
    entry->user = SLOTS_NONE;
    shrunk = try_shrink(graph, watchers, &spare);
    shard_remove_if_unused(shard, index, &spare);
    mutex_unlock(&shard->mutex);

    /* Giving memory back is worth one try. The user may have gone meanwhile: its slot is free and without watchers then, or another's, which is shrunk. */
    if (!shrunk && spare_refill(&spare) == 0) {
        shard_lock(shard);
        if (slots_exists(&shard->users, index & ((1U << SHARD_SLOT_BITS) - 1)))
            (void)try_shrink(graph, &shard_user(shard, index)->watchers, &spare);
        mutex_unlock(&shard->mutex);
    }
    spare_done(&spare);
}

void
edge_move(struct graph *graph, struct friend_list *list, uint32_t place)
{
    struct shard *shard = shard_of_user(graph, friend_list_at(list, place)->user);

    shard_lock(shard);
    move_over(shard, list, place);
    mutex_unlock(&shard->mutex);
}
