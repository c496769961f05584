/* SPDX-License-Identifier: MIT
 *
 * A shard of the friend graph: the users whose hash falls into it, and the mutex that guards them and all that hangs on
 * them (their watchers, the chain of their sessions, the positions in friend lists that point at them). A user's transitions are
 * serialised by this mutex. An entry exists while the user has a session or a watcher.
 *
 * Nothing is allocated under the mutex: memory comes and goes through a spare.
 */
#ifndef GRAPH_SHARD_H
#define GRAPH_SHARD_H

#include "base/metrics.h"
#include "base/slots.h"
#include "base/spare.h"
#include "base/sync.h"
#include "base/user_id.h"
#include "graph/history.h"
#include "graph/watchers.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    SHARD_COUNT_BITS = 8,
    SHARD_COUNT = 1 << SHARD_COUNT_BITS,
    SHARD_SLOT_BITS = 24,
};

struct user {
    struct user_id id;         /* constant; a name is this entry's own copy, and it holds the one reference that is the graph's */
    uint32_t hash;             /* lower half of the hash of the id: its bucket */
    uint32_t next;             /* slot of the next user in the bucket */
    _Atomic uint32_t sessions; /* member index of the first session (graph/chain.h), SLOTS_NONE when offline; see user_sessions() */
    bool has_status;           /* the first session has one: whoever wants none need not look at the session */
    bool went_online;          /* its last transition; this and the next two for graph_look only */
    uint8_t left_because;      /* enum leave_reason, if it went offline */
    uint64_t changed_at_ms;    /* 0: it has not come or gone while there was an entry */
    struct watchers watchers;
};

struct shard {
    struct mutex mutex;    /* this and what every look-up reads share a cache line */
    uint32_t *buckets;     /* slots of users, SLOTS_NONE where empty */
    uint32_t bucket_count; /* 0 or a power of two */
    uint32_t number;       /* constant */
    struct slots users;
    struct counter online; /* users who are; under the mutex, and read by anybody without it */
    uint64_t last_at_ms;   /* when the latest transition was published: the next one's time is not before it */
    struct history history;
    struct counter waits; /* how often a worker found the mutex held; under the mutex, and read by anybody without it */
} __attribute__((aligned(64)));

void shard_init(struct shard *shard, uint32_t number);
/* Frees every user with its watchers. */
void shard_done(struct shard *shard);

/* Takes the mutex, and counts it when that meant to wait. It is given back with mutex_unlock. */
static inline void shard_lock(struct shard *shard) ACQUIRE(shard->mutex);
static inline void
shard_lock(struct shard *shard)
{
    if (mutex_lock(&shard->mutex))
        counter_add(&shard->waits, 1);
}

/* The user of an index that has this shard's number in its upper 8 bits. */
static inline struct user *shard_user(struct shard *shard, uint32_t index) REQUIRES(shard->mutex);
static inline struct user *
shard_user(struct shard *shard, uint32_t index)
{
    return slots_at(&shard->users, index & ((1U << SHARD_SLOT_BITS) - 1));
}

/*
 * The same without the lock, for a worker one of whose sessions watches the user or is one of the user's: so it cannot go meanwhile. Only what
 * is constant or atomic in it may be looked at.
 */
static inline const struct user *
shard_peek(const struct shard *shard, uint32_t index)
{
    return slots_at(&shard->users, index & ((1U << SHARD_SLOT_BITS) - 1));
}

/*
 * The first session of a user, SLOTS_NONE when it is offline. It changes under the lock only; without it the answer is about a moment ago, but never
 * older than what anybody may have been told: it is set before an arrival is posted to the mailboxes and cleared after a departure is, and is not
 * SLOTS_NONE in between.
 */
static inline uint32_t
user_sessions(const struct user *user)
{
    return atomic_load_explicit(&user->sessions, memory_order_acquire);
}

static inline void
user_set_sessions(struct user *user, uint32_t sessions)
{
    atomic_store_explicit(&user->sessions, sessions, memory_order_release);
}

/* A look-up of this hash is going to happen soon: asks for the memory. */
void shard_expect(const struct shard *shard, uint64_t hash) REQUIRES(shard->mutex);
/* The index of a user with this id, SLOTS_NONE when there is none. */
uint32_t shard_find(struct shard *shard, uint64_t hash, struct user_id id) REQUIRES(shard->mutex);
/* The same, but adds the user, with a copy of its name. SLOTS_NONE when memory is wanted first: refill the spare and call again. */
uint32_t shard_find_or_add(struct shard *shard, uint64_t hash, struct user_id id, struct spare *spare) REQUIRES(shard->mutex);
/* Removes the user if it has neither a session nor a watcher. */
void shard_remove_if_unused(struct shard *shard, uint32_t index, struct spare *spare) REQUIRES(shard->mutex);

#endif
