/* SPDX-License-Identifier: MIT
 *
 * Reads the JSON that a server sent, in place: no memory is asked for, so nothing can fail half-way, and nothing of the process is
 * touched. That is why the library does not use jansson, which the server reads with: its lexer does not notice that memory ran
 * out unless the allocator of the whole process is replaced, and that belongs to the program that the library is in.
 *
 * A text is checked once, as a whole; the other functions are for values of a text that was found good. Pure functions.
 */
#ifndef CLIENT_WIRE_H
#define CLIENT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WIRE_NESTING_MAX = 64 };

/* A value within a checked text. */
struct wire_value {
    const char *at;  /* its first byte */
    const char *end; /* of the text that it is in */
};

/* The elements of an array or the members of an object, one after another. */
struct wire_items {
    const char *at, *end;
};

/* Is this text one JSON value (RFC 8259) with at most white space around it, of valid UTF-8, without \u0000, not nested too deep? If so, *value is it. */
bool wire_check(const char *text, size_t length, struct wire_value *value);

bool wire_is_object(struct wire_value value);
bool wire_is_array(struct wire_value value);
bool wire_is_null(struct wire_value value);

/* An object's first member of this name; its value is *member. False when there is none, or it is no object. */
bool wire_member(struct wire_value object, const char *name, struct wire_value *member);

/* Goes through an array (of anything else there are no items). */
struct wire_items wire_items(struct wire_value array);
bool wire_items_next(struct wire_items *items, struct wire_value *item);

/* False when the value is of another type or beyond 64 bits. */
bool wire_integer(struct wire_value value, int64_t *integer);
bool wire_boolean(struct wire_value value, bool *boolean);

/*
 * Decodes a string into text[0..room) with a NUL, and returns its length; what does not fit is left out, at a whole character. So a string has
 * been cut if it is longer than a valid one may be: give room for one more byte than that. Returns -1 when it is no string.
 */
ptrdiff_t wire_string(struct wire_value value, char *text, size_t room);

/* Is this a valid UTF-8 text without NUL? */
bool wire_is_utf8(const char *text, size_t length);

#endif
