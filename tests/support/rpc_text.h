/* SPDX-License-Identifier: MIT
 *
 * The texts of the JSON-RPC dialect: what a client sends, and a look at what it was told. The protocol fixes what is told to the byte, but for
 * the sentence of an error and the time of a change; everything else is compared as text. Failures name the place in the test.
 */
#ifndef SUPPORT_RPC_TEXT_H
#define SUPPORT_RPC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The place in a test that asks. */
struct rpc_place {
    const char *function;
    int line;
};

/* A change that is expected, and its time, which is not. */
struct rpc_change {
    const char *user; /* as JSON: 2, or "bob" with its quotes */
    bool online;
    const char *status; /* as JSON with its quotes; NULL: there is none */
    const char *reason; /* offline: goodbye, closed, timeout */
};

/*
 * {"jsonrpc": "2.0", "method": "<method>", "params": {<params>}, "id": <id>}; without the key when params or id is NULL. The caller frees it.
 */
char *rpc_request(const char *id, const char *method, const char *params);
/* {"jsonrpc": "2.0", "result": <result>, "id": <id>}\n. The caller frees it. */
char *rpc_result(const char *id, const char *result);

/* The text is an error line with this id, code and word, a sentence, and nothing else. */
void rpc_check_error(struct rpc_place place, const char *text, const char *id, int code, const char *word);
/* The text is a notification of exactly this change; `seq` 0: without one. Returns its time. */
int64_t rpc_check_change(struct rpc_place place, const char *text, const struct rpc_change *change, uint64_t seq);

/*
 * Changes may come together or one by one. Of a notification with several, returns one with the first, and *rest is one with the others; of any other text
 * a copy, and *rest is NULL. The caller frees both.
 */
char *rpc_first_change(const char *text, char **rest);

/* Milliseconds since the epoch, as a change's time. */
int64_t rpc_now_ms(void);

#endif
