/* SPDX-License-Identifier: MIT
 *
 * Reads of JSON text what is looked at, all of it checked strictly, and says in the protocol's words what is wrong with it. Values come from jansson, and so
 * do the errors; what nobody looks at is left out before (json_prune.h). A number beyond jansson's own types, which it calls a parse error, is
 * read as what it is: well-formed. Any thread.
 */
#ifndef PROTOCOL_JSON_TEXT_H
#define PROTOCOL_JSON_TEXT_H

#include "protocol/error.h"
#include "protocol/json_memory.h"
#include "protocol/json_shape.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text that was read. */
struct json_text {
    json_t *value;  /* an object or an array, for reading only; lives as long as the struct json_text, whatever its count */
    uint32_t depth; /* levels of objects and arrays in the text, the outermost counted as one */
    size_t
        elements; /* of an array: how many the text has, which may be more than `value` has; SIZE_MAX: not counted, as it is nested deeper than may be */
    struct json_memory memory;
};

/*
 * Reads one object or array, all of text[0..length), and keeps of it what the shape tells (NULL: all of it). Returns 0, and `read` is the caller's
 * to json_text_done; -EBADMSG and `error` when it is not JSON, repeats a key or has \u0000 in a string; -ENOMEM without memory. A number
 * that is beyond 64 bits or a double arrives as some real: it is well-formed, and it is no id.
 */
int json_text_read(const char *text, size_t length, const struct json_shape *shape, struct json_text *read, struct protocol_error *error);
/* The same of one element of an array, which may be of any kind: `value` is an array of this one. */
int json_text_read_element(const char *text, size_t length, const struct json_shape *shape, struct json_text *read, struct protocol_error *error);
/* Frees what was read; of one that is all zeros there is nothing. */
void json_text_done(struct json_text *read);

/* What a value is, for sentences: "a string", "an object" … */
const char *json_text_type_name(const json_t *value);

/* Gives jansson its allocator, and all hash tables a secret seed. Once, before any thread reads. */
void json_text_init(void);

#endif
