/* SPDX-License-Identifier: MIT
 *
 * The last transitions of a shard's users, for an operator who asks why somebody believes what it believes: a ring that is written with each transition
 * and read only when somebody asks. It knows users by hash and not by entry, so it costs them nothing, and outlives an entry that nobody needs.
 *
 * All rings are one block, in which a few places of each shard lie beside those of the next one: so memory is touched as transitions come, and 16
 * bytes are what each of the last HISTORY_SHARDS * HISTORY_LENGTH costs. Places that lie in one cache line are one shard's.
 */
#ifndef GRAPH_HISTORY_H
#define GRAPH_HISTORY_H

#include "graph/audience.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HISTORY_SHARDS = 256,
    HISTORY_LENGTH = 256,                         /* transitions of each shard; some 1 MiB for all */
    HISTORY_LINE = 4,                             /* places in a cache line */
    HISTORY_STEP = HISTORY_SHARDS * HISTORY_LINE, /* from one line of a shard to its next */
};

/* What happened to some user. */
struct past {
    uint64_t at_ms; /* since the epoch */
    uint32_t hash;  /* half of the user's; the shard tells 8 bits more */
    bool online;
    uint8_t reason; /* enum leave_reason, if it went */
};

/* One shard's; under its mutex. */
struct history {
    struct past *places; /* the shard's first one */
    uint64_t count;      /* transitions so far */
};

/* The block for all shards, or NULL without memory; freed with free(). */
struct past *history_new(void);
/* The shard's part of it. */
static inline struct history
history_of(struct past *all, uint32_t shard)
{
    return (struct history){.places = all + (uint64_t)shard * HISTORY_LINE};
}

/* Where the transition of this number is kept. */
static inline struct past *
history_place(const struct history *history, uint64_t number)
{
    uint64_t place = number % HISTORY_LENGTH;

    return history->places + place / HISTORY_LINE * HISTORY_STEP + place % HISTORY_LINE;
}

static inline void
history_note(struct history *history, uint32_t hash, const struct transition *what)
{
    *history_place(history, history->count++) =
        (struct past){.at_ms = what->at_ms, .hash = hash, .online = what->online, .reason = (uint8_t)what->reason};
}

#endif
