/* SPDX-License-Identifier: MIT
 *
 * The memory that jansson reads one text into: chunks that are freed together. jansson's lexer does not see that an allocation
 * failed: with bad luck it drops a byte of a number, and reads another id than was sent, or it runs over the end of
 * a string. So a failure leaves jansson at once, by a long jump to before the reading, and what it had allocated by then is
 * in the chunks. That nothing is freed one by one makes reading faster too.
 *
 * Used on the thread that reads, one text at a time.
 */
#ifndef PROTOCOL_JSON_MEMORY_H
#define PROTOCOL_JSON_MEMORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct json_chunk;

struct json_memory {
    struct json_chunk *chunks; /* the newest first */
    char *free;                /* what is left of the newest */
    size_t free_bytes;
    size_t next_bytes; /* of the next chunk */
};

/* Holds nothing yet. */
void json_memory_init(struct json_memory *memory);

/*
 * Reads text[0..length) as json_loadb does, into `memory`. The value, or NULL: then `failed` says whether memory was what was missing,
 * else `problem` is filled in. The value is for reading only and never to be given to json_decref; it lives as long as `memory`.
 */
json_t *json_memory_read(struct json_memory *memory, const char *text, size_t length, size_t flags, json_error_t *problem, bool *failed);

/* Frees all that was read into it; it can be used again. */
void json_memory_done(struct json_memory *memory);

/* Makes jansson use this while it reads, and malloc and free otherwise. Once, before any thread reads. */
void json_memory_install(void);

#endif
