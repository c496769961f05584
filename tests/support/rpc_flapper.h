/* SPDX-License-Identifier: MIT
 *
 * A user who comes, goes and changes its status, one step after another, each begun when the one before has been carried out; so its
 * transitions are in a known order, whatever they race with. One that speaks JSON-RPC numbers its states: its status is a number that grows with
 * every arrival and every change of the status, so no two of its words are the same. One that speaks the classic dialect has no status.
 */
#ifndef SUPPORT_RPC_FLAPPER_H
#define SUPPORT_RPC_FLAPPER_H

#include "support/dice.h"
#include "support/rpc_client.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RPC_FLAPPERS_MAX = 64, RPC_USER_BYTES = 24 };

struct rpc_flapper {
    const struct server *server;
    char user[RPC_USER_BYTES]; /* as JSON; half of them are integers */
    bool classic;
    bool online;    /* after the step that is under way */
    int64_t number; /* of its newest status */
    struct client *client;
    enum { RPC_FLAPPER_RESTS, RPC_FLAPPER_ENTERS, RPC_FLAPPER_SAYS, RPC_FLAPPER_LEAVES } doing;
};

/* Flapper number `which`. Its name says which one it is. */
void rpc_flapper_init(struct rpc_flapper *flapper, const struct server *server, unsigned which, bool classic);
/* Which one has this name, as it stands in JSON without quotes? */
unsigned rpc_flapper_named(const char *name);

/* Begins a step, by chance one that is possible now. */
void rpc_flapper_step(struct rpc_flapper *flapper, struct dice *dice);
/* Takes in what has arrived; true when no step is under way any more. `asker` is any session of JSON-RPC that is logged in and hears nothing. */
bool rpc_flapper_pump(struct rpc_flapper *flapper, struct rpc_client *asker);
void rpc_flapper_done(struct rpc_flapper *flapper);

#endif
