/* SPDX-License-Identifier: MIT
 *
 * A session of JSON-RPC that follows flappers (rpc_flapper.h) and believes what it is told, and only that: a snapshot tells the state of those whom it
 * begins to follow, a change amends it. Everything that it is told is checked at once against what it believes:
 *
 * - nobody is told of whom it does not follow by the answers that came so far, so that no change overtakes its snapshot or outlives its end;
 * - the time of a user's changes never decreases;
 * - a numbered state (rpc_flapper.h) is told once and never after a newer one, snapshots included;
 * - while `strict` (each flapper takes one step at most until the next quiet point), each change changes what it believes.
 *
 * What it believes in the end is the test's to compare with the truth.
 */
#ifndef SUPPORT_RPC_FOLLOWER_H
#define SUPPORT_RPC_FOLLOWER_H

#include "support/dice.h"
#include "support/rpc_client.h"
#include "support/rpc_flapper.h"

#include <stdbool.h>
#include <stdint.h>

enum { RPC_ASKED_MAX = 64 };

/* What it believes about one flapper. */
struct rpc_belief {
    bool followed, online;
    int64_t number; /* the newest that it was told */
    int64_t at;     /* of the change told last */
};

/* A call that has not been answered. */
struct rpc_asked {
    enum rpc_asked_kind { RPC_ASKED_LOGIN, RPC_ASKED_FOLLOW, RPC_ASKED_UNFOLLOW } kind;
    bool who[RPC_FLAPPERS_MAX];
};

struct rpc_follower {
    const struct server *server;
    const struct rpc_flapper *flappers;
    unsigned flapper_count;
    unsigned which; /* its own number */
    struct client *client;
    bool strict;
    struct rpc_belief beliefs[RPC_FLAPPERS_MAX];
    struct rpc_asked asked[RPC_ASKED_MAX]; /* a ring: asked[first..end) */
    unsigned first, end;
    int64_t beacon;     /* the number of the beacon that it heard last */
    uint64_t snapshots; /* heard so far, and changes */
    uint64_t changes;
};

/* The user who marks quiet points, as JSON: its status is the number. Everybody follows it. */
#define RPC_BEACON "\"beacon\""

void rpc_follower_init(
    struct rpc_follower *follower, const struct server *server, const struct rpc_flapper *flappers, unsigned flapper_count, unsigned which);
/* Leaves, if it is there, and logs in following some flappers. What was asked before is forgotten. */
void rpc_follower_enter(struct rpc_follower *follower, struct dice *dice);
/* Asks for something by chance: to follow some, to unfollow some, or a batch of that, without waiting for the answer. */
void rpc_follower_ask(struct rpc_follower *follower, struct dice *dice);
/* Takes in what has arrived, without waiting; true when everything that was asked has been answered. */
bool rpc_follower_pump(struct rpc_follower *follower);
void rpc_follower_done(struct rpc_follower *follower);

#endif
