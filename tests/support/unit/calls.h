/* SPDX-License-Identifier: MIT
 *
 * Calls of a message of the JSON-RPC dialect, read as usual. With a decoder of reading.h.
 */
#ifndef SUPPORT_UNIT_CALLS_H
#define SUPPORT_UNIT_CALLS_H

#include "protocol/jsonrpc.h"
#include "support/unit/reading.h"

extern const struct protocol_limits calls_usual;

/* Reads call number `which`, counted from 0. */
int calls_read(struct jsonrpc_message *message, uint32_t which, struct jsonrpc_call *call);
/* Detects in memory of the text's own size. */
int calls_detect(const char *text, struct json_text *tree, struct protocol_error *error);

#endif
