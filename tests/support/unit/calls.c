/* SPDX-License-Identifier: MIT */
#include "support/unit/calls.h"

#include <stdlib.h>
#include <string.h>

const struct protocol_limits calls_usual = {.message_bytes = 256UL * 1024, .nesting = 5, .friends = 4};

int
calls_read(struct jsonrpc_message *message, uint32_t which, struct jsonrpc_call *call)
{
    struct json_element place = jsonrpc_next(message, 0);

    while (which-- > 0)
        place = jsonrpc_next(message, place.end);
    return jsonrpc_call_read(reading_decoder, &calls_usual, message, place, call);
}

int
calls_detect(const char *text, struct json_text *tree, struct protocol_error *error)
{
    size_t length = strlen(text);
    char *copy = reading_copy(text, length);
    int result = jsonrpc_detect(&calls_usual, copy, length, tree, error);

    free(copy);
    return result;
}
