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
#include "base/hash.h"
#include "base/index_map.h"
#include "base/slots.h"
#include "graph/friend_list.h"
#include "graph/shard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { AUDIENCE_SPARE = 64 }; /* handles in the audience that a worker has at hand before it knows how many there are */

/* A session, as the graph sees it. */
struct member {
    struct handle handle;    /* constant; read by others under the lock of a user that it watches or is a session of */
    uint32_t user;           /* index; its worker's */
    uint32_t next, previous; /* other sessions of the user, under its shard's lock */
    struct friend_list list;
};

/* What belongs to one worker. */
struct seat {
    struct slots members;
    struct index_map map;      /* scratch: users of a list, or places of candidates */
    struct handle *candidates; /* scratch: sessions of the users whom a leaver lists */
    uint32_t candidate_count;
    uint32_t candidate_capacity;
    struct audience *audience; /* the next one to publish, NULL when it was */
} __attribute__((aligned(64)));

struct graph {
    struct hash_key key;
    uint32_t workers;
    graph_publish *publish;
    void *context;
    struct shard shards[SHARD_COUNT];
    struct seat seats[];
};

static struct member *
member_at(const struct graph *graph, uint32_t member)
{
    return slots_at(&graph->seats[member >> HANDLE_SLOT_BITS].members, member & (HANDLE_SLOTS_MAX - 1));
}

static uint64_t
hash_of(const struct graph *graph, struct user_id id)
{
    return hash_bytes(&graph->key, &id.number, sizeof id.number);
}

static struct shard *
shard_of_hash(struct graph *graph, uint64_t hash)
{
    return &graph->shards[hash >> (64 - SHARD_COUNT_BITS)];
}

static struct shard *
shard_of_user(struct graph *graph, uint32_t user)
{
    return &graph->shards[user >> SHARD_SLOT_BITS];
}

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

/* Ends all edges of a list and frees it. */
static void
end_list(struct graph *graph, struct friend_list *list)
{
    end_former(graph, list);
    list->current ^= LIST_SEGMENT_BIT;
    end_former(graph, list);
}

/* Puts a new list in the place of the session's old one, if any. On -ENOMEM the old one may be half left: end it. */
static int
replace_list(struct graph *graph, struct seat *seat, uint32_t session, struct user_id self, const struct user_id *friends, uint32_t count)
{
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

/* Makes the user online through the session; news if it was not. Returns 0 or -ENOMEM. */
static int
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
    error = replace_list(graph, seat, session, user, friends, count);
    if (error == 0)
        error = arrive(graph, session, user, transition);
    if (error < 0) {
        end_list(graph, &member_at(graph, session)->list);
        free(slots_give(&seat->members, slot));
        return error;
    }
    *member = session;
    return 0;
}

int
graph_relist(struct graph *graph, uint32_t worker, uint32_t member, const struct user_id *friends, uint32_t count)
{
    return replace_list(graph, &graph->seats[worker], member, graph_user(graph, worker, member), friends, count);
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

/* Finds the sessions of the users on a list, one shard after the other, and begins the map that tells which of them are told already. */
static int
gather(struct graph *graph, struct seat *seat, const struct list_segment *list)
{
    int error = 0;

    seat->candidate_count = 0;
    for (uint32_t offset = 0; list != NULL && offset < list->used; offset++) {
        uint32_t user = list->entries[offset].user;
        struct shard *shard;
        bool done;

        if (user == SLOTS_NONE)
            continue;
        shard = shard_of_user(graph, user);
        do {
            mutex_lock(&shard->mutex);
            done = try_gather(graph, shard, seat, user);
            mutex_unlock(&shard->mutex);
        } while (!done && (error = candidates_grow(seat)) == 0);
        if (!done)
            break;
    }
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

/*
 * Ends the session's part in its user being online; news if it was the last. The sessions of listed users live in other shards:
 * they are gathered before the lock is taken, and then it is looked at again whether this is still the last session.
 */
static int
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
            error = gather(graph, seat, friend_list_current(&member->list));
            audience += seat->candidate_count;
            gathered = true;
        }
        if (!done && error == 0 && audience > 0)
            error = audience_reserve(graph, seat, audience);
    } while (!done && error == 0);
    spare_done(&spare);
    return error;
}

int
graph_logout(struct graph *graph, uint32_t worker, uint32_t member, bool *transition)
{
    int error = depart(graph, member, transition);

    if (error < 0)
        return error;
    end_list(graph, &member_at(graph, member)->list);
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
