/* SPDX-License-Identifier: MIT */
#include "support/unit/classic.h"

#include <stdlib.h>
#include <string.h>

const struct protocol_limits classic_usual = {.message_bytes = 256UL * 1024, .nesting = 4, .friends = CLASSIC_FRIENDS_MAX};

int
classic_decode_bytes(const struct protocol_limits *limits, const char *text, size_t length, struct message *message, struct protocol_error *error)
{
    char *copy = reading_copy(text, length);
    int result = dialect_classic.decode(reading_decoder, limits, copy, length, message, error);

    free(copy);
    return result;
}

int
classic_decode(const char *text, struct message *message, struct protocol_error *error)
{
    return classic_decode_bytes(&classic_usual, text, strlen(text), message, error);
}
