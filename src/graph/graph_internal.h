/* SPDX-License-Identifier: MIT
 *
 * The inside of the graph, shared by the files of this folder: what a session is to it, what stands at each worker's seat, and the whole.
 */
#ifndef GRAPH_GRAPH_INTERNAL_H
#define GRAPH_GRAPH_INTERNAL_H

#include "base/hash.h"
#include "base/index_map.h"
#include "base/slots.h"
#include "graph/friend_list.h"
#include "graph/graph.h"
#include "graph/shard.h"

/* A session, as the graph sees it. */
struct member {
    struct handle handle;    /* constant; read by others under the lock of a user that it watches or is a session of */
    uint32_t user;           /* index; its worker's */
    uint32_t next, previous; /* in the chain of the user's sessions (graph/chain.h), under its shard's lock */
    bool follows_only;       /* constant; read by others under the lock of its user */
    bool absent;             /* it was lost, and its user is online through it alone; this and the next under its user's lock */
    bool replaced;           /* another has taken its place while it was absent: it is in no chain, and the user may be gone */
    struct text *status;     /* what it set last, a reference of its own or NULL; under its user's lock */
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
    struct past *past; /* every shard's history */
    struct shard shards[SHARD_COUNT];
    struct seat seats[];
};

/* The session of an index, which is its worker's number in the upper 8 bits and a slot at that worker's seat. */
static inline struct member *
member_at(const struct graph *graph, uint32_t member)
{
    return slots_at(&graph->seats[member >> HANDLE_SLOT_BITS].members, member & (HANDLE_SLOTS_MAX - 1));
}

static inline uint64_t
hash_of(const struct graph *graph, struct user_id id)
{
    return user_id_hash(&graph->key, id);
}

static inline struct shard *
shard_of_hash(struct graph *graph, uint64_t hash)
{
    return &graph->shards[hash >> (64 - SHARD_COUNT_BITS)];
}

static inline struct shard *
shard_of_user(struct graph *graph, uint32_t user)
{
    return &graph->shards[user >> SHARD_SLOT_BITS];
}

#endif
