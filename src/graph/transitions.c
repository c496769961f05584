/* SPDX-License-Identifier: MIT
 *
 * A user's first session makes news and its last session's end does. Both are decided, and the news published, under the lock
 * of the user's shard, with all memory for the audience reserved before.
 */
#include "graph/transitions.h"

#include "base/assert.h"
#include "graph/audience.h"
#include "graph/graph_internal.h"

#include <errno.h>
#include <stdlib.h>

enum { AUDIENCE_SPARE = 64 }; /* handles in the audience that a worker has at hand before it knows how many there are */

/* Makes sure that the seat's audience has room for `count` handles. */
static int
audience_reserve(const struct graph *graph, struct seat *seat, size_t count)
{
    if (seat->audience != NULL && seat->audience->capacity >= count)
        return 0;
    struct audience *audience = audience_new(graph->workers, count <= AUDIENCE_SPARE ? AUDIENCE_SPARE : count + count / 8);

    if (audience == NULL)
        return -ENOMEM;
    audience_free(seat->audience);
    seat->audience = audience;
    return 0;
}

/*
 * Publishes a transition to the user's watchers and to the candidates that are not among them, if there is anybody. The seat's audience has
 * room for all. Handles are sorted by worker: counted first, then placed.
 */
static void
publish(struct graph *graph, struct shard *shard, uint32_t worker, const struct user *user, bool online) REQUIRES(shard->mutex)
{
    struct seat *seat = &graph->seats[worker];
    struct audience *audience = seat->audience;
    const struct watchers *watchers = &user->watchers;
    uint32_t kept = 0;

    (void)shard;
    if (watchers->count + seat->candidate_count == 0)
        return;
    for (uint32_t i = 0; i < watchers->count; i++) {
        uint32_t member = watchers_at(watchers, i)->member;

        audience->parts[member >> HANDLE_SLOT_BITS].count++;
        if (seat->candidate_count > 0) {
            struct handle handle = member_at(graph, member)->handle;
            uint32_t *generation = index_map_find(&seat->map, handle.place);

            if (generation != NULL && *generation == handle.generation)
                *generation = 0; /* told as a watcher */
        }
    }
    for (uint32_t i = 0; i < seat->candidate_count; i++) {
        uint32_t *generation = index_map_find(&seat->map, seat->candidates[i].place);

        if (*generation != seat->candidates[i].generation)
            continue;
        *generation = 0; /* once, even when it was found twice */
        audience->parts[handle_worker(seat->candidates[i])].count++;
        seat->candidates[kept++] = seat->candidates[i];
    }

    uint32_t first = 0, parts = 0;

    for (uint32_t i = 0; i < graph->workers; i++) {
        struct audience_part *part = &audience->parts[i];

        part->first = first;
        first += part->count;
        parts += part->count > 0;
        part->count = 0; /* counted again while placing */
    }
    ASSERT(first <= audience->capacity);
    for (uint32_t i = 0; i < watchers->count; i++) {
        struct handle handle = member_at(graph, watchers_at(watchers, i)->member)->handle;
        struct audience_part *part = &audience->parts[handle_worker(handle)];

        audience->handles[part->first + part->count++] = handle;
    }
    for (uint32_t i = 0; i < kept; i++) {
        struct audience_part *part = &audience->parts[handle_worker(seat->candidates[i])];

        audience->handles[part->first + part->count++] = seat->candidates[i];
    }
    audience->transition = (struct transition){.user = user->id, .online = online};
    atomic_store_explicit(&audience->unfinished, parts, memory_order_relaxed);
    seat->audience = NULL;
    graph->publish(graph->context, worker, audience);
}

/* One attempt of arrive(). False when memory is wanted: *audience handles, or what the spare wishes for. */
static bool
try_arrive(struct graph *graph, struct shard *shard, uint64_t hash, struct user_id id, uint32_t session, bool *transition, size_t *audience,
    struct spare *spare) REQUIRES(shard->mutex)
{
    uint32_t worker = session >> HANDLE_SLOT_BITS;
    struct member *member = member_at(graph, session);
    uint32_t index = shard_find_or_add(shard, hash, id, spare);
    struct user *user;

    *audience = 0;
    if (index == SLOTS_NONE)
        return false;
    user = shard_user(shard, index);
    if (user->sessions == SLOTS_NONE && user->watchers.count > 0) {
        const struct audience *ready = graph->seats[worker].audience;

        if (ready == NULL || ready->capacity < user->watchers.count) {
            *audience = user->watchers.count;
            return false;
        }
        publish(graph, shard, worker, user, true);
    }
    *transition = user->sessions == SLOTS_NONE;
    member->user = index;
    member->previous = SLOTS_NONE;
    member->next = user->sessions;
    if (user->sessions != SLOTS_NONE)
        member_at(graph, user->sessions)->previous = session;
    user->sessions = session;
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
    (void)audience_reserve(graph, seat, AUDIENCE_SPARE); /* mostly enough, and then the lock is taken once */
    do {
        mutex_lock(&shard->mutex);
        done = try_arrive(graph, shard, hash, id, session, transition, &audience, &spare);
        mutex_unlock(&shard->mutex);
        if (!done)
            error = audience > 0 ? audience_reserve(graph, seat, audience) : spare_refill(&spare);
    } while (!done && error == 0);
    spare_done(&spare);
    return error;
}

/* Adds the sessions of a user to the candidates. False when there was no room for them all. */
static bool
try_gather(struct graph *graph, struct shard *shard, struct seat *seat, uint32_t user) REQUIRES(shard->mutex)
{
    uint32_t count = seat->candidate_count;

    for (uint32_t session = shard_user(shard, user)->sessions; session != SLOTS_NONE; session = member_at(graph, session)->next) {
        if (count == seat->candidate_capacity)
            return false;
        seat->candidates[count++] = member_at(graph, session)->handle;
    }
    seat->candidate_count = count;
    return true;
}

/* Doubles the room for candidates. */
static int
candidates_grow(struct seat *seat)
{
    uint32_t capacity = seat->candidate_capacity == 0 ? AUDIENCE_SPARE : seat->candidate_capacity * 2;
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
        bool done = user == SLOTS_NONE;

        while (!done) {
            struct shard *shard = shard_of_user(graph, user);

            mutex_lock(&shard->mutex);
            done = try_gather(graph, shard, seat, user);
            mutex_unlock(&shard->mutex);
            if (!done && candidates_grow(seat) < 0)
                return -ENOMEM;
        }
    }
    return 0;
}

/* Finds the sessions of the users on a list and begins the map that tells which of them are told already. A change that failed leaves two segments. */
static int
gather(struct graph *graph, struct seat *seat, const struct friend_list *list)
{
    int error;

    seat->candidate_count = 0;
    error = gather_segment(graph, seat, friend_list_current(list));
    if (error == 0)
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

/* Takes the session out of the chain of its user's sessions. */
static void
unchain(struct graph *graph, struct shard *shard, struct user *user, const struct member *member) REQUIRES(shard->mutex)
{
    (void)shard;
    if (member->previous != SLOTS_NONE)
        member_at(graph, member->previous)->next = member->next;
    else
        user->sessions = member->next;
    if (member->next != SLOTS_NONE)
        member_at(graph, member->next)->previous = member->previous;
}

int
depart(struct graph *graph, uint32_t session, bool *transition)
{
    struct member *member = member_at(graph, session);
    struct seat *seat = &graph->seats[session >> HANDLE_SLOT_BITS];
    struct shard *shard = shard_of_user(graph, member->user);
    struct spare spare = {0};
    bool gathered = false, done = false;
    int error = 0;

    do {
        size_t audience;
        bool last;

        mutex_lock(&shard->mutex);
        struct user *user = shard_user(shard, member->user);

        last = user->sessions == session && member->next == SLOTS_NONE;
        audience = (size_t)user->watchers.count + (gathered ? seat->candidate_count : 0);
        if (!last || (gathered && (audience == 0 || (seat->audience != NULL && seat->audience->capacity >= audience)))) {
            if (last)
                publish(graph, shard, session >> HANDLE_SLOT_BITS, user, false);
            *transition = last;
            unchain(graph, shard, user, member);
            shard_remove_if_unused(shard, member->user, &spare);
            done = true;
        }
        mutex_unlock(&shard->mutex);

        if (!done && !gathered) {
            error = gather(graph, seat, &member->list);
            audience += seat->candidate_count;
            gathered = true;
        }
        if (!done && error == 0 && audience > 0)
            error = audience_reserve(graph, seat, audience);
    } while (!done && error == 0);
    spare_done(&spare);
    return error;
}
