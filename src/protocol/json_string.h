/* SPDX-License-Identifier: MIT
 *
 * Strings as they stand in JSON text: where one ends, and what it says. Pure functions; nothing is allocated.
 */
#ifndef PROTOCOL_JSON_STRING_H
#define PROTOCOL_JSON_STRING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Past the closing quote of the string whose opening quote is at `at`; *has_escapes says whether it holds a backslash. NULL when it is no string
 * before `end`, or one that is refused: bytes that are no UTF-8, control characters, unknown escapes, halves of surrogate pairs, \u0000.
 */
const char *json_string_end(const char *at, const char *end, bool *has_escapes);

/* The same of a string that is known to be good, or is to be passed over whatever it holds: past its closing quote, or `end`; `at` is past its opening one. */
const char *json_string_skip(const char *at, const char *end);

/* What stands between the quotes of a string for which json_string_end has an end, without its escapes, into bytes[0..length); returns how many. */
size_t json_string_decode(const char *text, size_t length, char *bytes);

#endif
