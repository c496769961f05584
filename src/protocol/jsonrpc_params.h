/* SPDX-License-Identifier: MIT
 *
 * The part of reading a JSON-RPC call that knows the methods: which there are, and what each asks for in `params`. For jsonrpc_read.c only.
 */
#ifndef PROTOCOL_JSONRPC_PARAMS_H
#define PROTOCOL_JSONRPC_PARAMS_H

#include "protocol/decoder.h"
#include "protocol/jsonrpc.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Is there a method of this name? */
bool jsonrpc_method_find(const char *name, size_t length, enum jsonrpc_method *method);

/*
 * Reads the params of call->method into the call; `params` is an object, or NULL when there are none. Returns 0; -EBADMSG and call->error when
 * they are wrong; -ENOMEM.
 */
int jsonrpc_params_read(struct decoder *decoder, const struct protocol_limits *limits, const json_t *params, struct jsonrpc_call *call);

#endif
