/* SPDX-License-Identifier: MIT
 *
 * The JSON-RPC dialect as far as it has what every dialect has; jsonrpc.h has the rest.
 */
#include "protocol/dialect.h"
#include "protocol/jsonrpc.h"

const struct dialect dialect_jsonrpc = {.name = "jsonrpc", .encode_error = jsonrpc_encode_error};
