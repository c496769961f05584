/* SPDX-License-Identifier: MIT
 *
 * See json_escape.h. Control characters have one form each, the long one: shorter ones would be a second way of saying the same.
 */
#include "protocol/json_escape.h"

size_t
json_escape_byte(char byte, char *escaped)
{
    static const char digits[] = "0123456789abcdef";

    if (!json_escape_needed(byte)) {
        escaped[0] = byte;
        return 1;
    }
    escaped[0] = '\\';
    if (byte == '"' || byte == '\\') {
        escaped[1] = byte;
        return 2;
    }
    escaped[1] = 'u';
    escaped[2] = '0';
    escaped[3] = '0';
    escaped[4] = digits[byte >> 4];
    escaped[5] = digits[byte & 15];
    return 6;
}

size_t
json_escape_text(const char *text, char *escaped, size_t room)
{
    size_t used = 0;

    for (; *text != '\0'; text++) {
        bool begins_character = (*text & 0xC0) != 0x80;

        if (used + (begins_character ? JSON_ESCAPED_MAX : 1) > room)
            break;
        used += json_escape_byte(*text, escaped + used);
    }
    return used;
}
