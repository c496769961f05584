/* SPDX-License-Identifier: MIT
 *
 * The inside of the JSON-RPC conversation, shared by its files.
 */
#ifndef PRESENCE_RPC_INTERNAL_H
#define PRESENCE_RPC_INTERNAL_H

#include "presence/rpc.h"

/* A message at work. */
struct rpc_work {
    struct presence *presence;
    struct worker *worker;
    struct client *client;
    struct rpc_progress *progress;
    size_t spent; /* bytes of text in this turn */
};

/* Carries out one call, or begins to: with WAIT and BRAKE it is to be called again for the same call, and then goes on. */
enum outcome rpc_call_carry_out(struct rpc_work *work, const struct jsonrpc_call *call) REQUIRES(worker_role);

/*
 * May the answer to this login or follow be sent, as things are now? Without a budget everything may. If not, that has been answered instead, or the
 * client has failed, and *outcome is set.
 */
bool rpc_snapshot_fits(struct rpc_work *work, const struct jsonrpc_call *call, bool is_login, enum outcome *outcome) REQUIRES(worker_role);

/* Carries out a message that was read; `progress` as in rpc_carry_out, `budget` as in struct rpc_progress. */
enum outcome rpc_message_carry_out(struct presence *presence, struct worker *worker, struct client *client, struct jsonrpc_message *message,
    struct rpc_progress *progress, size_t budget) REQUIRES(worker_role);

#endif
