/* SPDX-License-Identifier: MIT
 *
 * A session of the JSON-RPC dialect over TCP. It stands on the plain client (rpc->client), which every other use of the connection is made with.
 *
 * That nothing was said is proved by a fence: a user whom nobody else has, the beacon, comes and goes, and the next two lines are its two
 * changes. So sessions that rpc_login opens follow their beacon beside their friends.
 */
#ifndef SUPPORT_RPC_CLIENT_H
#define SUPPORT_RPC_CLIENT_H

#include "support/client.h"
#include "support/rpc_text.h"
#include "support/server.h"

#include <stdbool.h>
#include <stdint.h>

struct rpc_client {
    struct client *client;
    const struct server *server;
    int64_t beacon; /* 0: it has none */
    char *rest;     /* of a notification whose first change has been looked at */
    char *looked_at;
};

#define RPC_PLACE ((struct rpc_place){__func__, __LINE__})

/* Connects and says nothing. */
struct rpc_client *rpc_open(const struct server *server);
/* The same over a connection that is there. */
struct rpc_client *rpc_open_on(const struct server *server, struct client *client);

/* Logs the user in (ids as JSON) with these friends ("2, \"bob\"") and a beacon; these are the friends of whom it learns that they are online. */
#define rpc_login(server, user, friends, online) rpc_login_at(RPC_PLACE, rpc_open(server), (user), (friends), (online))
#define rpc_login_on(rpc, user, friends, online) rpc_login_at(RPC_PLACE, (rpc), (user), (friends), (online))
struct rpc_client *rpc_login_at(struct rpc_place place, struct rpc_client *rpc, const char *user, const char *friends, const char *online);

/* Sends a request as rpc_request makes it. */
void rpc_call(struct rpc_client *rpc, const char *id, const char *method, const char *params);

/* The next line is this result; ids and results as JSON. */
#define rpc_expect_result(rpc, id, result) rpc_expect_result_at(RPC_PLACE, (rpc), (id), (result))
void rpc_expect_result_at(struct rpc_place place, struct rpc_client *rpc, const char *id, const char *result);
/* A call with an id of its own, and its result. */
#define rpc_expect_call(rpc, method, params, result) rpc_expect_call_at(RPC_PLACE, (rpc), (method), (params), (result))
void rpc_expect_call_at(struct rpc_place place, struct rpc_client *rpc, const char *method, const char *params, const char *result);
/* The next line is this error; and, in the second form, then the stream ends. */
#define rpc_expect_error(rpc, id, code, word) rpc_expect_error_at(RPC_PLACE, (rpc), (id), (code), (word))
void rpc_expect_error_at(struct rpc_place place, struct rpc_client *rpc, const char *id, int code, const char *word);
#define rpc_expect_last_error(rpc, id, code, word) rpc_expect_last_error_at(RPC_PLACE, (rpc), (id), (code), (word))
void rpc_expect_last_error_at(struct rpc_place place, struct rpc_client *rpc, const char *id, int code, const char *word);

/* The next change is this; it comes in a notification with others or alone. Returns its time. */
#define rpc_expect_online(rpc, user, status) rpc_expect_online_at(RPC_PLACE, (rpc), (user), (status))
int64_t rpc_expect_online_at(struct rpc_place place, struct rpc_client *rpc, const char *user, const char *status);
#define rpc_expect_offline(rpc, user, reason) rpc_expect_offline_at(RPC_PLACE, (rpc), (user), (reason))
int64_t rpc_expect_offline_at(struct rpc_place place, struct rpc_client *rpc, const char *user, const char *reason);

/* Nothing was said that has not been asked for, because of anything that happened before. */
#define rpc_fence(rpc) rpc_fence_at(RPC_PLACE, (rpc))
void rpc_fence_at(struct rpc_place place, struct rpc_client *rpc);

/* Logs out: an answer and the end; frees. */
#define rpc_logout(rpc) rpc_logout_at(RPC_PLACE, (rpc))
void rpc_logout_at(struct rpc_place place, struct rpc_client *rpc);

/* Frees without a word to the server but the closing of the connection; or with a reset. */
void rpc_close(struct rpc_client *rpc);
void rpc_reset(struct rpc_client *rpc);

#endif
