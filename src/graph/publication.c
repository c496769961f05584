/* SPDX-License-Identifier: MIT */
#include "graph/publication.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/prefetch.h"

#include <errno.h>

enum {
    AUDIENCE_SPARE = 64, /* handles in the audience that a worker has at hand before it knows how many there are */
    AHEAD = 16,          /* watchers that are asked for ahead, where there are very many */
};

int
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

/* The time of a transition of one of the shard's users. Reading the clock is no system call; it may be set back, and then time stands still here. */
static uint64_t
time_of_transition(struct shard *shard) REQUIRES(shard->mutex)
{
    int64_t now_ms = clock_realtime_ms();

    if (now_ms > 0 && (uint64_t)now_ms > shard->last_at_ms)
        shard->last_at_ms = (uint64_t)now_ms;
    return shard->last_at_ms;
}

/* Counts each worker's watchers in the parts, and marks those candidates in the map who are among them. */
static void
count_watchers(const struct graph *graph, struct seat *seat, const struct watchers *watchers)
{
    for (uint32_t i = 0; i < watchers_extent(watchers); i++) {
        uint32_t member = watchers_at(watchers, i)->member;

        if (member == WATCHERS_NONE)
            continue;
        seat->audience->parts[member >> HANDLE_SLOT_BITS].count++;
        if (seat->candidate_count > 0) {
            struct handle handle = member_at(graph, member)->handle;
            uint32_t *generation = index_map_find(&seat->map, handle.place);

            if (generation != NULL && *generation == handle.generation)
                *generation = 0; /* told as a watcher */
        }
    }
}

/* Counts each worker's candidates that are not watchers, and keeps only those. */
static void
count_candidates(struct seat *seat)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < seat->candidate_count; i++) {
        uint32_t *generation = index_map_find(&seat->map, seat->candidates[i].place);

        if (*generation != seat->candidates[i].generation)
            continue;
        *generation = 0; /* once, even when it was found twice */
        seat->audience->parts[handle_worker(seat->candidates[i])].count++;
        seat->candidates[kept++] = seat->candidates[i];
    }
    seat->candidate_count = kept;
}

/* Turns what was counted into ranges that follow each other, with nobody in them yet. Returns how many parts will have somebody. */
static uint32_t
lay_out(const struct graph *graph, struct audience *audience)
{
    uint32_t first = 0, parts = 0;

    for (uint32_t i = 0; i < graph->workers; i++) {
        struct audience_part *part = &audience->parts[i];

        part->first = first;
        first += part->count;
        parts += part->count > 0;
        part->count = 0; /* counted again while placing */
    }
    ASSERT(first <= audience->capacity);
    return parts;
}

static void
place(struct audience *audience, struct handle handle)
{
    struct audience_part *part = &audience->parts[handle_worker(handle)];

    audience->handles[part->first + part->count++] = handle;
}

/* The members of few watchers are often at hand; those of very many, among whom there are no holes, are not, and are asked for ahead. */
static void
place_watchers(const struct graph *graph, struct audience *audience, const struct watchers *watchers)
{
    uint32_t extent = watchers_extent(watchers);
    uint32_t asked = watchers_are_spread(watchers) ? AHEAD : extent;

    for (uint32_t i = 0; i < extent; i++) {
        uint32_t member = watchers_at(watchers, i)->member;

        if (asked < extent)
            prefetch_for_reading(member_at(graph, watchers_at(watchers, asked++)->member));
        if (member != WATCHERS_NONE)
            place(audience, member_at(graph, member)->handle);
    }
}

void
publish(struct graph *graph, struct shard *shard, uint32_t worker, uint32_t index, struct transition what)
{
    struct user *user = shard_user(shard, index);
    struct seat *seat = &graph->seats[worker];
    struct audience *audience = seat->audience;

    what.at_ms = time_of_transition(shard);
    if (!what.status_only) {
        user->went_online = what.online;
        user->left_because = (uint8_t)what.reason;
        user->changed_at_ms = what.at_ms;
        history_note(&shard->history, user->hash, &what);
    }
    if (user->watchers.count + seat->candidate_count == 0)
        return;
    /* Sorted by worker: counted first, then placed. */
    count_watchers(graph, seat, &user->watchers);
    count_candidates(seat);
    atomic_store_explicit(&audience->unfinished, lay_out(graph, audience), memory_order_relaxed);
    place_watchers(graph, audience, &user->watchers);
    for (uint32_t i = 0; i < seat->candidate_count; i++)
        place(audience, seat->candidates[i]);

    what.user = (struct user_id){.number = user->id.number, .name = text_share(user->id.name)};
    what.index = index;
    what.status = text_share(what.status);
    audience->transition = what;
    seat->audience = NULL;
    graph->publish(graph->context, worker, audience);
}
