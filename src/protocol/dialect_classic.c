/* SPDX-License-Identifier: MIT
 *
 * The classic dialect: one object says hello or goodbye, two constant lines tell the news. Nearly all hellos are plain and are read in
 * one pass; whatever is not, and every error, comes from the strict reader. On the decoder's worker; it keeps nothing
 * between messages.
 */
#include "protocol/decoder.h"
#include "protocol/dialect.h"
#include "protocol/json_escape.h"
#include "protocol/plain_hello.h"
#include "protocol/strict_hello.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int
classic_decode(struct decoder *decoder, const struct protocol_limits *limits, const char *text, size_t length, struct message *message,
    struct protocol_error *error)
{
    decoder_begin(decoder);

    int result = plain_hello_read(decoder, limits, text, length, message);

    return result == -ENOMSG ? strict_hello_read(decoder, limits, text, length, message, error) : result;
}

static size_t
classic_encode_error(const struct protocol_error *error, char *line)
{
    static const char tail[] = "\"}}\n";
    size_t length = (size_t)snprintf(line, ERROR_LINE_MAX, "{\"error\": {\"code\": \"%s\", \"message\": \"", error_code_name(error->code));

    /* It fits whole as protocol_error_set makes it; any other sentence is cut. */
    length += json_escape_text(error->message, line + length, ERROR_LINE_MAX - sizeof tail - length);
    memcpy(line + length, tail, sizeof tail - 1);
    return length + sizeof tail - 1;
}

const struct dialect dialect_classic = {
    .name = "classic",
    .decode = classic_decode,
    .encode_error = classic_encode_error,
    .online_line = "{\"online\": true}\n",
    .offline_line = "{\"online\": false}\n",
};
