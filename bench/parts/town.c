/* SPDX-License-Identifier: MIT */
#include "parts/town.h"

#include "base/assert.h"
#include "graph/graph_internal.h"
#include "load/failure.h"

#include <stdlib.h>

static void
keep(void *context, uint32_t worker, struct audience *audience)
{
    struct town *town = context;

    ASSERT(town->bands[worker].audience == NULL);
    town->bands[worker].audience = audience;
}

struct town *
town_open(const struct micro *micro)
{
    struct town *town = aligned_alloc(_Alignof(struct town), sizeof *town);

    if (town == NULL)
        failure_exit("no memory");
    *town = (struct town){.micro = micro, .random = {.state = 1}};
    for (uint32_t i = 0; i < TOWN_WORKERS; i++) {
        town->bands[i].celebrity = SLOTS_NONE;
        town->celebrities[i] = TOWN_CELEBRITY + i;
    }
    town->graph = graph_new(TOWN_WORKERS, keep, town);
    if (town->graph == NULL)
        failure_exit("no graph");
    return town;
}

void
town_close(void *subject)
{
    struct town *town = subject;

    graph_free(town->graph);
    for (uint32_t i = 0; i < TOWN_WORKERS; i++) {
        free(town->bands[i].members);
        free(town->bands[i].friends);
        snapshot_done(&town->bands[i].snapshot);
    }
    free(town);
}

void
town_settle(struct town *town, uint32_t worker)
{
    struct audience *audience = town->bands[worker].audience;
    uint32_t parts;

    if (audience == NULL)
        return;
    town->bands[worker].audience = NULL;
    parts = audience->part_count; /* with the last one done it is gone */
    for (uint32_t i = 0, told = 0, all = atomic_load_explicit(&audience->unfinished, memory_order_relaxed); i < parts && told < all; i++) {
        if (audience->parts[i].count == 0)
            continue;
        told++;
        audience_part_done(&audience->parts[i]);
    }
}

uint32_t
town_login(struct town *town, uint32_t worker, struct user_id user, const struct user_id *friends, uint32_t count)
{
    struct handle handle = handle_of(worker, town->bands[worker].next_slot++ & (HANDLE_SLOTS_MAX - 1), 1);
    uint32_t member;
    bool transition;

    if (graph_login(town->graph, worker, handle, user, friends, count, &member, &transition) < 0)
        failure_exit("a login failed");
    town_settle(town, worker);
    return member;
}

void
town_logout(struct town *town, uint32_t worker, uint32_t member)
{
    bool transition;

    if (graph_logout(town->graph, worker, member, LEAVE_CLOSED, &transition) < 0)
        failure_exit("a logout failed");
    town_settle(town, worker);
}

static void
pick_residents(struct town *town, struct user_id *friends, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        friends[i] = town_user(TOWN_RESIDENT + random_below(&town->random, town->residents));
}

void
town_populate(struct town *town, uint32_t count, uint32_t friends)
{
    struct user_id *list = memory_new(friends + 1, sizeof *list);

    town->residents = count;
    for (uint32_t i = 0; i < count; i++) {
        pick_residents(town, list, friends);
        town_login(town, i % TOWN_WORKERS, town_user(TOWN_RESIDENT + i), list, friends);
    }
    free(list);
}

static int64_t
newcomer_id(const struct town *town, uint32_t worker, uint32_t which)
{
    return TOWN_NEWCOMER + (int64_t)worker * town->newcomers + which;
}

void
town_expect_newcomers(struct town *town, uint32_t count, uint32_t friends, bool strangers)
{
    struct user_id *newcomers = memory_new(count, sizeof *newcomers);
    int64_t stranger = TOWN_STRANGER;

    town->newcomers = count;
    town->friend_count = friends;
    for (uint32_t worker = 0; worker < TOWN_WORKERS; worker++) {
        struct band *band = &town->bands[worker];

        band->members = memory_new(count, sizeof *band->members);
        band->friends = memory_new((size_t)count * friends + 1, sizeof *band->friends);
        if (!strangers)
            pick_residents(town, band->friends, count * friends);
        else
            for (uint32_t i = 0; i < count * friends; i++)
                band->friends[i] = town_user(stranger++);
        for (uint32_t i = 0; i < count; i++)
            newcomers[i] = town_user(newcomer_id(town, worker, i));
        town_login(town, worker, town_user(TOWN_NEWCOMER - 1 - worker), newcomers, count);
    }
    free(newcomers);
}

void
town_newcomer_enters(struct town *town, uint32_t worker, uint32_t which)
{
    struct band *band = &town->bands[worker];

    band->members[which] =
        town_login(town, worker, town_user(newcomer_id(town, worker, which)), band->friends + (size_t)which * town->friend_count, town->friend_count);
}

void
town_newcomer_leaves(struct town *town, uint32_t worker, uint32_t which)
{
    town_logout(town, worker, town->bands[worker].members[which]);
}

/* Numbers the celebrities so that all are in the shard of the first. */
static void
move_into_one_shard(struct town *town)
{
    const struct shard *shard = shard_of_hash(town->graph, hash_of(town->graph, town_user(TOWN_CELEBRITY)));
    int64_t number = TOWN_NEWCOMER;

    for (uint32_t i = 1; i < TOWN_WORKERS; i++) {
        do
            number++;
        while (shard_of_hash(town->graph, hash_of(town->graph, town_user(number))) != shard);
        town->celebrities[i] = number;
    }
}

void
town_gather_crowd(struct town *town, uint32_t count, bool one_shard)
{
    struct user_id celebrities[TOWN_WORKERS];
    uint32_t *members = memory_new(count, sizeof *members);

    if (one_shard)
        move_into_one_shard(town);
    for (uint32_t i = 0; i < TOWN_WORKERS; i++)
        celebrities[i] = town_user(town->celebrities[i]);
    town->residents = count;
    for (uint32_t i = 0; i < count; i++)
        members[i] = town_login(town, i % TOWN_WORKERS, town_user(TOWN_RESIDENT + i), NULL, 0);
    /* In a random order, as people come: the sessions of a user's watchers do not lie side by side in memory. */
    for (uint32_t left = count; left > 0; left--) {
        uint32_t pick = random_below(&town->random, left), member = members[pick];

        members[pick] = members[left - 1];
        if (graph_relist(town->graph, member >> HANDLE_SLOT_BITS, member, celebrities, town->micro->threads == 0 ? 1 : town->micro->threads) < 0)
            failure_exit("a list could not be set");
    }
    free(members);
}
