/* SPDX-License-Identifier: MIT
 *
 * Calls of the JSON-RPC dialect, on stage. Texts are written with ' for ", and hold until the next call.
 */
#ifndef SUPPORT_UNIT_RPC_H
#define SUPPORT_UNIT_RPC_H

#include "support/unit/stage.h"

/* {"jsonrpc": "2.0", "method": method, "params": {params}, "id": id}; without params, without an id where these are NULL. */
const char *rpc_text(const char *method, const char *params, const char *id);
/* Says it; and says any text, written with ' for ". */
void rpc_call(struct actor *actor, const char *method, const char *params, const char *id);
void rpc_say(struct actor *actor, const char *text);
/* A connection, or an address, that logs in as a user, whose id and friends are JSON, and has heard nothing but the answer, which holds the snapshot. */
struct actor *rpc_login(uint32_t worker, const char *user, const char *friends, const char *snapshot);
struct actor *rpc_login_datagram(uint32_t worker, const char *user, const char *friends, const char *snapshot);
/* Says a text, lets everything settle, and hears this, and nothing else. */
void rpc_expect_said(struct actor *actor, const char *text, const char *answer);
/* Calls it under the id 1 and hears this, and nothing else. */
void rpc_expect(struct actor *actor, const char *method, const char *params, const char *answer);
/* Asks until the socket takes no more of the answers. Returns how many were asked for. */
int rpc_ask_until_blocked(struct actor *actor);
/* How many times a word is in what was heard. */
int rpc_count(const char *heard, const char *word);

#endif
