/* SPDX-License-Identifier: MIT
 *
 * Characters of strict UTF-8. Pure functions; any thread.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * Reads the character at `at`, which must be whole before `end` (at < end), into *point. Returns how many bytes it has; 0, and *point as it was, when it is
 * none. Overlong forms, surrogates and what is beyond U+10FFFF are none.
 */
size_t utf8_read(const char *at, const char *end, uint32_t *point);

#endif
