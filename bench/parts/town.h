/* SPDX-License-Identifier: MIT
 *
 * A graph with sessions in it, for the benchmarks of the graph. Thread t is worker t: it has that seat of the graph and a band of its own here.
 * The publisher does nothing but keep the audience, and town_settle frees it after the call, without the lock, as the workers do when
 * everybody is told: what telling costs is not in these figures.
 */
#ifndef PARTS_TOWN_H
#define PARTS_TOWN_H

#include "graph/graph.h"
#include "load/random.h"
#include "parts/measure.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    TOWN_WORKERS = 4,
    TOWN_CELEBRITY = 1,         /* user ids: so many as there are workers, one each */
    TOWN_RESIDENT = 1000,       /* those who stay */
    TOWN_NEWCOMER = 10000000,   /* those who come and go */
    TOWN_STRANGER = 1000000000, /* friends who are never there, and whom nobody else lists */
};

struct band {
    struct audience *audience; /* published and not settled, or NULL */
    uint32_t next_slot;        /* for handles: they need only be different */
    uint32_t *members;         /* of this worker's newcomers */
    struct user_id *friends;   /* of theirs, town.friends for each */
    struct snapshot snapshot;
    uint32_t celebrity; /* its session; SLOTS_NONE while it is away */
} __attribute__((aligned(64)));

struct town {
    struct graph *graph;
    const struct micro *micro;
    struct random random;
    uint32_t residents;
    uint32_t newcomers;    /* of each worker: they are as many as a batch has operations */
    uint32_t friend_count; /* of a newcomer */
    int64_t celebrities[TOWN_WORKERS];
    struct band bands[TOWN_WORKERS];
};

struct town *town_open(const struct micro *micro);
void town_close(void *town);

static inline struct user_id
town_user(int64_t number)
{
    return (struct user_id){.number = number};
}

/* Logs a user in on a worker, which must succeed; returns the member. */
uint32_t town_login(struct town *town, uint32_t worker, struct user_id user, const struct user_id *friends, uint32_t count);
void town_logout(struct town *town, uint32_t worker, uint32_t member);
/* Frees what the last call published. */
void town_settle(struct town *town, uint32_t worker);

/* So many residents, on all workers in turn, each of whom lists as many others. */
void town_populate(struct town *town, uint32_t count, uint32_t friends);
/* Makes the lists of so many newcomers of each worker: random residents, or strangers. A witness on the same worker lists all of these newcomers. */
void town_expect_newcomers(struct town *town, uint32_t count, uint32_t friends, bool strangers);
/* Newcomer `which` of a worker comes, and goes. */
void town_newcomer_enters(struct town *town, uint32_t worker, uint32_t which);
void town_newcomer_leaves(struct town *town, uint32_t worker, uint32_t which);
/* Everyone of this many residents watches each celebrity, in a random order; with `one_shard` the celebrities live in one shard of the graph. */
void town_gather_crowd(struct town *town, uint32_t count, bool one_shard);

#endif
