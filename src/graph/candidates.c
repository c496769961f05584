/* SPDX-License-Identifier: MIT */
#include "graph/candidates.h"

#include <errno.h>
#include <stdlib.h>

enum { CANDIDATES_MIN = 64 };

/* Adds the sessions of a user that do not only follow. False when there was no room for them all. */
static bool
try_gather(struct graph *graph, struct shard *shard, struct seat *seat, uint32_t user) REQUIRES(shard->mutex)
{
    uint32_t count = seat->candidate_count;

    for (uint32_t session = user_sessions(shard_user(shard, user)); session != SLOTS_NONE;) {
        const struct member *member = member_at(graph, session);

        session = member->next;
        if (member->follows_only)
            continue;
        if (count == seat->candidate_capacity)
            return false;
        seat->candidates[count++] = member->handle;
    }
    seat->candidate_count = count;
    return true;
}

/* Doubles the room for candidates. */
static int
candidates_grow(struct seat *seat)
{
    uint32_t capacity = seat->candidate_capacity == 0 ? CANDIDATES_MIN : seat->candidate_capacity * 2;
    struct handle *candidates;

    if (capacity > UINT32_MAX / 8)
        return -ENOMEM;
    candidates = realloc(seat->candidates, capacity * sizeof *candidates);
    if (candidates == NULL)
        return -ENOMEM;
    seat->candidates = candidates;
    seat->candidate_capacity = capacity;
    return 0;
}

/* Adds the sessions of all users in a segment of a list to the candidates, one shard after the other. */
static int
gather_segment(struct graph *graph, struct seat *seat, const struct list_segment *segment)
{
    for (uint32_t offset = 0; segment != NULL && offset < segment->used; offset++) {
        uint32_t user = segment->entries[offset].user;
        /* Most are offline, which is seen without their lock: the entry stays, because the leaver watches it. */
        bool done = user == SLOTS_NONE || user_sessions(shard_peek(shard_of_user(graph, user), user)) == SLOTS_NONE;

        while (!done) {
            struct shard *shard = shard_of_user(graph, user);

            shard_lock(shard);
            done = try_gather(graph, shard, seat, user);
            mutex_unlock(&shard->mutex);
            if (!done && candidates_grow(seat) < 0)
                return -ENOMEM;
        }
    }
    return 0;
}

int
candidates_gather(struct graph *graph, struct seat *seat, const struct friend_list *list)
{
    int error;

    seat->candidate_count = 0;
    error = gather_segment(graph, seat, friend_list_current(list));
    if (error == 0) /* a change of the list that failed leaves two segments */
        error = gather_segment(graph, seat, friend_list_former(list));
    if (error == 0)
        error = index_map_begin(&seat->map, seat->candidate_count);
    if (error < 0) {
        seat->candidate_count = 0;
        return error;
    }
    for (uint32_t i = 0; i < seat->candidate_count; i++)
        index_map_set(&seat->map, seat->candidates[i].place, seat->candidates[i].generation);
    return 0;
}
