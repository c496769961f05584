/* SPDX-License-Identifier: MIT
 *
 * What is a character in UTF-8. Pure functions.
 */
#ifndef PROTOCOL_UTF8_H
#define PROTOCOL_UTF8_H

#include <stddef.h>

enum { UTF8_BYTES_MAX = 4 }; /* of one character */

/*
 * How many bytes the character at `at` has, which must be whole before `end` (at < end); 0 when it is none. Overlong forms, surrogates and what is
 * beyond U+10FFFF are none.
 */
size_t utf8_character_bytes(const char *at, const char *end);

#endif
