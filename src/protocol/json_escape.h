/* SPDX-License-Identifier: MIT
 *
 * How text stands in a JSON string: quotes, backslashes and control characters are escaped, everything else is UTF-8 already and stays. Pure
 * functions.
 */
#ifndef PROTOCOL_JSON_ESCAPE_H
#define PROTOCOL_JSON_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

enum { JSON_ESCAPED_MAX = 6 }; /* bytes that one byte becomes at most */

static inline bool
json_escape_needed(char byte)
{
    return byte == '"' || byte == '\\' || (unsigned char)byte < ' ';
}

/* One byte as it stands in a string, escaped where it needs to be; returns how many bytes that took, at most JSON_ESCAPED_MAX. */
size_t json_escape_byte(char byte, char *escaped);

/* A text that ends with NUL, escaped, into escaped[0..room), without a NUL; what is too long is cut at a whole UTF-8 character. Returns its length. */
size_t json_escape_text(const char *text, char *escaped, size_t room);

#endif
