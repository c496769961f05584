/* SPDX-License-Identifier: MIT
 *
 * Whatever changes a list goes over all of it once, to fill the map at the seat of the session's worker, which says where a user stands in it.
 */
#include "graph/edges.h"

#include "base/prefetch.h"
#include "graph/edge.h"
#include "graph/graph_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Ends the edges that are left in the former segment of a list, and frees it. Returns how many there were. */
static uint32_t
end_former(struct graph *graph, struct friend_list *list)
{
    const struct list_segment *former = friend_list_former(list);
    uint32_t ended = 0;

    if (former == NULL)
        return 0;
    for (uint32_t offset = 0; offset < former->used; offset++) {
        edge_expect_end(graph, former, offset);
        if (former->entries[offset].user == SLOTS_NONE)
            continue;
        edge_end(graph, list, (list->current ^ LIST_SEGMENT_BIT) | offset);
        ended++;
    }
    friend_list_close_former(list);
    return ended;
}

uint32_t
edges_end(struct graph *graph, struct friend_list *list)
{
    uint32_t ended = end_former(graph, list);

    list->current ^= LIST_SEGMENT_BIT;
    return ended + end_former(graph, list);
}

/* Edges that are prepared together. */
enum { TOGETHER = 16 };

/*
 * Hashes the ids of friends, and asks for the memory that watching them will want: for all shards, then for all users, then for where the
 * watcher will stand. So the waits for what another worker's processor wrote last overlap; one of them is longer than what two more locks cost.
 */
static void
expect_users(struct graph *graph, const struct user_id *friends, uint32_t count, uint64_t hashes[TOGETHER])
{
    for (uint32_t i = 0; i < count; i++) {
        hashes[i] = hash_of(graph, friends[i]);
        prefetch_for_writing(shard_of_hash(graph, hashes[i]), 1);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct shard *shard = shard_of_hash(graph, hashes[i]);

        shard_lock(shard);
        shard_expect(shard, hashes[i]);
        mutex_unlock(&shard->mutex);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct shard *shard = shard_of_hash(graph, hashes[i]);
        uint32_t index;

        shard_lock(shard);
        index = shard_find(shard, hashes[i], friends[i]);
        if (index != SLOTS_NONE)
            watchers_expect(&shard_user(shard, index)->watchers);
        mutex_unlock(&shard->mutex);
    }
}

/* Begins an edge to each of these but `self`. Returns 0, or -ENOMEM: some may have begun. */
static int
begin_all(struct graph *graph, uint32_t session, struct user_id self, const struct user_id *friends, uint32_t count, struct snapshot *snapshot)
{
    uint64_t hashes[TOGETHER];
    int error = 0;

    for (uint32_t which = 0; which < count && error == 0; which++) {
        if (which % TOGETHER == 0)
            expect_users(graph, &friends[which], count - which < TOGETHER ? count - which : TOGETHER, hashes);
        if (!user_id_equal(friends[which], self))
            error = edge_begin(graph, session, friends, which, hashes[which % TOGETHER], snapshot);
    }
    return error;
}

/* Begins the map with all that the session watches, and room for `more`. Returns 0, and in *edges how many those are, or -ENOMEM. */
static int
map_list(struct graph *graph, uint32_t session, uint32_t more, uint32_t *edges)
{
    struct index_map *map = &graph->seats[session >> HANDLE_SLOT_BITS].map;
    const struct friend_list *list = &member_at(graph, session)->list;
    const struct list_segment *segment = friend_list_current(list);
    int error = index_map_begin(map, (size_t)more + (segment == NULL ? 0 : segment->used));

    if (error < 0)
        return error;
    *edges = 0;
    for (uint32_t offset = 0; segment != NULL && offset < segment->used; offset++) {
        if (segment->entries[offset].user == SLOTS_NONE)
            continue;
        index_map_set(map, segment->entries[offset].user, list->current | offset);
        ++*edges;
    }
    return 0;
}

int
edges_replace(struct graph *graph, uint32_t session, struct user_id self, const struct user_id *friends, uint32_t count, struct snapshot *snapshot)
{
    struct friend_list *list = &member_at(graph, session)->list;
    uint32_t edges;
    int error = map_list(graph, session, count, &edges);

    if (error < 0)
        return error;
    if (count > 0) {
        error = friend_list_open(list, count);
        if (error == 0)
            error = begin_all(graph, session, self, friends, count, snapshot);
        if (error < 0)
            return error;
    } else {
        list->current ^= LIST_SEGMENT_BIT; /* the empty list: what was current is now the former */
    }
    end_former(graph, list);
    return 0;
}

/* Moves all edges of a list into a segment of another capacity, one by one, and the map with them. Returns 0 or -ENOMEM: nothing has happened. */
static int
rebuild(struct graph *graph, uint32_t session, uint32_t capacity)
{
    struct index_map *map = &graph->seats[session >> HANDLE_SLOT_BITS].map;
    struct friend_list *list = &member_at(graph, session)->list;
    int error = friend_list_open(list, capacity);
    const struct list_segment *former = friend_list_former(list);

    if (error < 0)
        return error;
    for (uint32_t offset = 0; former != NULL && offset < former->used; offset++) {
        if (former->entries[offset].user == SLOTS_NONE)
            continue;
        index_map_set(map, former->entries[offset].user, friend_list_vacancy(list));
        edge_move(graph, list, (list->current ^ LIST_SEGMENT_BIT) | offset);
    }
    friend_list_close_former(list);
    return 0;
}

/* Where in the session's list a user stands, whose index goes to *index; SLOTS_NONE when the session does not watch it. */
static uint32_t
find_edge(struct graph *graph, uint32_t session, struct user_id id, uint32_t *index)
{
    const struct index_map *map = &graph->seats[session >> HANDLE_SLOT_BITS].map;
    uint64_t hash = hash_of(graph, id);
    struct shard *shard = shard_of_hash(graph, hash);
    const uint32_t *place;

    shard_lock(shard);
    *index = shard_find(shard, hash, id);
    mutex_unlock(&shard->mutex);
    place = *index == SLOTS_NONE ? NULL : index_map_find(map, *index);
    /* An index may be another user's by now than the one whose edge has just ended: then its entry in the list is empty. */
    if (place == NULL || friend_list_at(&member_at(graph, session)->list, *place)->user != *index)
        return SLOTS_NONE;
    return *place;
}

static int
compare_ids(const void *left, const void *right)
{
    const struct user_id *a = left, *b = right;
    uint32_t shorter;
    int order;

    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    if (a->name == NULL || b->name == NULL)
        return (a->name != NULL) - (b->name != NULL);
    shorter = a->name->length < b->name->length ? a->name->length : b->name->length;
    order = memcmp(a->name->bytes, b->name->bytes, shorter);
    return order != 0 ? order : (a->name->length > b->name->length) - (a->name->length < b->name->length);
}

/* How many of these users the session would begin to watch. Returns 0 or -ENOMEM. */
static int
count_new(struct graph *graph, uint32_t session, struct user_id self, const struct user_id *friends, uint32_t count, uint32_t *fresh)
{
    struct user_id *sorted = malloc(count * sizeof *sorted);
    uint32_t index;

    if (sorted == NULL)
        return -ENOMEM;
    memcpy(sorted, friends, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_ids);
    *fresh = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool again = i > 0 && user_id_equal(sorted[i], sorted[i - 1]);

        if (!again && !user_id_equal(sorted[i], self) && find_edge(graph, session, sorted[i], &index) == SLOTS_NONE)
            ++*fresh;
    }
    free(sorted);
    return 0;
}

int
edges_add(struct graph *graph, uint32_t session, struct user_id self, const struct user_id *friends, uint32_t count, uint32_t most,
    struct snapshot *snapshot)
{
    struct friend_list *list = &member_at(graph, session)->list;
    const struct list_segment *segment = friend_list_current(list);
    uint32_t room = segment == NULL ? 0 : segment->capacity - segment->used;
    uint32_t edges, fresh = count;
    int error = map_list(graph, session, count, &edges);

    /* Where there is room for all that is named, it does not matter what is named twice or watched already. */
    if (error == 0 && ((uint64_t)edges + fresh > most || (edges > 0 && fresh > room)))
        error = count_new(graph, session, self, friends, count, &fresh);
    if (error == 0 && fresh > 0 && (uint64_t)edges + fresh > most)
        error = -E2BIG;
    if (error == 0 && fresh > room)
        error = rebuild(graph, session, edges + fresh + edges / 4); /* a list that grows again will not move each time */
    if (fresh > 0 && error == 0)
        error = begin_all(graph, session, self, friends, count, snapshot);
    return error;
}

/* Gives memory back where less than half of a list is in use; not being able to do it is no error. */
static void
shrink(struct graph *graph, uint32_t session, uint32_t edges)
{
    enum { SMALL = 16 }; /* entries that are not worth it */
    struct friend_list *list = &member_at(graph, session)->list;
    const struct list_segment *segment = friend_list_current(list);

    if (segment == NULL)
        return;
    if (edges == 0)
        edges_end(graph, list);
    else if (segment->capacity > SMALL && edges < segment->capacity / 2)
        (void)rebuild(graph, session, edges);
}

int
edges_remove(
    struct graph *graph, uint32_t session, const struct user_id *friends, uint32_t count, void (*ended)(void *context, uint32_t index), void *context)
{
    struct friend_list *list = &member_at(graph, session)->list;
    uint32_t edges;
    int error = map_list(graph, session, 0, &edges);

    if (error < 0)
        return error;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index, place = find_edge(graph, session, friends[i], &index);

        if (place == SLOTS_NONE)
            continue;
        edge_end(graph, list, place);
        edges--;
        ended(context, index);
    }
    shrink(graph, session, edges);
    return 0;
}
