/* SPDX-License-Identifier: MIT
 *
 * The inside of presence, shared by its files: the presence itself and what stands at each worker's desk.
 */
#ifndef PRESENCE_DESK_H
#define PRESENCE_DESK_H

#include "base/buffer.h"
#include "base/hash.h"
#include "base/list.h"
#include "graph/graph.h"
#include "net/worker.h"
#include "net/write_queue.h"
#include "presence/presence.h"
#include "presence/tally.h"
#include "protocol/dialect.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Users fall into groups by a hash. All unfinished news of one group is in the same lane, so that no news of a user passes older news of
 * that user; with so many groups, hardly anybody waits for somebody else's.
 */
enum { LANE_GROUPS = 4096 };

/* A larger audience (of one worker) is a celebrity's: told in slices of so many a turn. */
enum { NEWS_SLICE = 256 };

/* News that is still to be told, in order. */
struct lane {
    struct mail *first, *last;
    uint32_t unfinished[LANE_GROUPS]; /* how much of it is of which group */
};

/* Messages that are kept and may have to go, with their sessions, when others need room (input.h): unfinished ones, and long batches between two slices. */
enum input_kind { INPUT_UNFINISHED, INPUT_SLICED, INPUT_KINDS };
enum { INPUT_SIZES = 16 }; /* each twice the one before, the least 128 bytes: more than the largest message that may be allowed takes */

/* One worker's own; on its thread only. */
struct desk {
    const struct presence_config *config; /* what holds now; a reload gives another one. Only by desk_config, and not kept beyond a turn's step */
    size_t unfinished_share;              /* bytes that this worker may hold for unfinished messages */
    struct decoder *decoder;
    struct line *online_line; /* the classic dialect's two words: one line each, shared by all queues of this worker */
    struct line *offline_line;
    struct list parked;                            /* clients whose next object waits for earlier news, in the order of their tickets */
    struct list braked;                            /* clients whose login waits until older news of a celebrity has been told */
    struct list sliced;                            /* clients whose batches are carried out in slices, in the order of their turns */
    struct deadline brake;                         /* runs while there are such, or braked ones: when to look again */
    size_t unfinished;                             /* bytes held for unfinished messages */
    struct list holders[INPUT_KINDS][INPUT_SIZES]; /* those who hold them, by what each takes; the oldest first */
    struct rpc_progress *progress;                 /* of the JSON-RPC message that has just been told to wait */
    struct snapshot snapshot;                      /* scratch, and so is what follows */
    struct buffer scratch;
    struct tally tally;                /* read by anybody; what stands around it is this worker's too, so nobody else writes to its cache lines */
    struct told told;                  /* in this turn */
    struct mail *inquiries;            /* parts of what operators ask (inquiry.h), the oldest first; the askers own them */
    size_t changes_begin, changes_end; /* bytes around the change in a notification of one */
    struct lane lane;                  /* news in the order in which it came */
    struct lane celebrities;           /* news of large audiences, told in slices, and what must come after it */
};

struct rpc_progress;

struct presence {
    struct presence_config first_config; /* of the start; what holds now is each desk's */
    struct graph *graph;
    struct worker *workers;
    uint32_t worker_count;
    const struct store *store;
    void *store_state;
    _Atomic bool stopping;
    _Atomic uint32_t absent[TALLY_TRANSPORTS]; /* clients that are, and closed; they count against the limits of sessions */
    _Atomic uint32_t celebrating[LANE_GROUPS]; /* audiences of celebrities that are being told, by group of user */
    struct hash_key key;                       /* of the hash that groups users */
    struct desk desks[];
};

/* The group of a user. Any thread. */
static inline uint32_t
presence_group(const struct presence *presence, struct user_id user)
{
    return user_id_hash(&presence->key, user) % LANE_GROUPS;
}

/* What the desk counts, on its thread. */
static inline struct tally *presence_tally(struct presence *presence, const struct worker *worker) REQUIRES(worker_role);

static inline struct desk *presence_desk(struct presence *presence, const struct worker *worker) REQUIRES(worker_role);
static inline struct desk *
presence_desk(struct presence *presence, const struct worker *worker)
{
    return &presence->desks[worker->number];
}

/* The limits and times that hold on this worker. */
static inline const struct presence_config *desk_config(struct presence *presence, const struct worker *worker) REQUIRES(worker_role);
static inline const struct presence_config *
desk_config(struct presence *presence, const struct worker *worker)
{
    return presence_desk(presence, worker)->config;
}

static inline struct tally *
presence_tally(struct presence *presence, const struct worker *worker)
{
    return &presence->desks[worker->number].tally;
}

#endif
