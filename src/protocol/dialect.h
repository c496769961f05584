/* SPDX-License-Identifier: MIT
 *
 * A dialect: how messages are read from JSON text and how news and errors are written as JSON text. One constant table per
 * dialect; the only code that knows jansson.
 *
 * A decoder holds the memory that decoding needs and reuses. One per worker, used on that worker's thread only.
 */
#ifndef PROTOCOL_DIALECT_H
#define PROTOCOL_DIALECT_H

#include "protocol/error.h"
#include "protocol/limits.h"
#include "protocol/message.h"

#include <stdbool.h>
#include <stddef.h>

enum { ERROR_LINE_MAX = 640 }; /* an error line with every byte of its sentence escaped fits */

struct decoder; /* friends array and scratch memory */

/* A new decoder, or NULL without memory. */
struct decoder *decoder_new(void);
void decoder_free(struct decoder *decoder);

struct dialect {
    const char *name; /* for logs */

    /*
     * Reads one framed value (text[0..length), not NUL-terminated). Returns 0 and the message, whose friends are the decoder's until its next
     * use; -EBADMSG and `error` when the client was wrong; -ENOMEM without memory.
     */
    int (*decode)(struct decoder *decoder, const struct protocol_limits *limits, const char *text, size_t length, struct message *message,
        struct protocol_error *error);

    /* Writes an error as one line, its '\n' included, into line[0..ERROR_LINE_MAX); returns its length. */
    size_t (*encode_error)(const struct protocol_error *error, char *line);

    /* The two lines that tell a friend's arrival and departure, '\n' included; constant, they name nobody. */
    const char *online_line;
    const char *offline_line;
};

extern const struct dialect dialect_classic;
/* Its messages are many calls, so it is read through jsonrpc.h: `decode` is NULL, and so are the lines, for it names who came and went. */
extern const struct dialect dialect_jsonrpc;

/* Gives jansson the process's malloc and free and seeds its hash tables from the kernel. Once, before any thread decodes. */
void dialects_init(void);

#endif
