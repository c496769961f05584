/* SPDX-License-Identifier: MIT
 *
 * Reads JSON text strictly with jansson and says in the protocol's words what is wrong with it. It smooths over two things that
 * jansson does and a server must not: it calls numbers beyond its own types a parse error, and it loses track of some
 * allocations that fail. Any thread.
 */
#ifndef PROTOCOL_JSON_TEXT_H
#define PROTOCOL_JSON_TEXT_H

#include "protocol/error.h"

#include <jansson.h>
#include <stddef.h>

/*
 * Reads one object or array, all of text[0..length). Returns 0 and the value, which is the caller's to json_decref; -EBADMSG and
 * `error` when it is not JSON, repeats a key or has \u0000 in a string; -ENOMEM without memory. A number that is beyond 64 bits
 * or a double arrives as some real: it is well-formed, and it is no id.
 */
int json_text_read(const char *text, size_t length, json_t **value, struct protocol_error *error);

/* What a value is, for sentences: "a string", "an object" … */
const char *json_text_type_name(const json_t *value);

/* Gives jansson its allocator, which is malloc with a memory of failure, and a secret seed. Once, before any thread reads. */
void json_text_init(void);

#endif
