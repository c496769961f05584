/* SPDX-License-Identifier: MIT
 *
 * See json_string.h. No escape is shorter than what it stands for, so decoding never needs more room than the text has.
 */
#include "protocol/json_string.h"

#include "base/assert.h"
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

enum { ESCAPE_DIGITS = 4, NO_UNIT = -1 };

/* The number that the four digits of a \u escape say, or NO_UNIT. */
static int32_t
unit_read(const char *digits, const char *end)
{
    int32_t unit = 0;

    if (end - digits < ESCAPE_DIGITS)
        return NO_UNIT;
    for (int i = 0; i < ESCAPE_DIGITS; i++) {
        char digit = digits[i];

        if (digit >= '0' && digit <= '9')
            unit = unit * 16 + (digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            unit = unit * 16 + (digit - 'a' + 10);
        else if (digit >= 'A' && digit <= 'F')
            unit = unit * 16 + (digit - 'A' + 10);
        else
            return NO_UNIT;
    }
    return unit;
}

static bool
is_high_surrogate(int32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool
is_low_surrogate(int32_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Reads the one or two \u escapes that make a character; `at` is past the first 'u'. Returns past them; NULL when they make none, or U+0000. */
static const char *
character_read(const char *at, const char *end, int32_t *character)
{
    int32_t unit = unit_read(at, end);

    if (unit <= 0 || is_low_surrogate(unit))
        return NULL;
    at += ESCAPE_DIGITS;
    *character = unit;
    if (!is_high_surrogate(unit))
        return at;
    if (end - at < 2 || at[0] != '\\' || at[1] != 'u')
        return NULL;

    int32_t low = unit_read(at + 2, end);

    if (!is_low_surrogate(low))
        return NULL;
    *character = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    return at + 2 + ESCAPE_DIGITS;
}

/* Past the escape whose backslash is at `at`, or NULL. */
static const char *
escape_end(const char *at, const char *end)
{
    static const char short_ones[] = "\"\\/bfnrt";
    int32_t character;

    if (end - at < 2)
        return NULL;
    if (at[1] == 'u')
        return character_read(at + 2, end, &character);
    return memchr(short_ones, at[1], sizeof short_ones - 1) != NULL ? at + 2 : NULL;
}

/* Does a byte stand for itself, wherever it is in a string? */
static inline bool
is_plain(char byte)
{
    return (signed char)byte >= ' ' && byte != '"' && byte != '\\';
}

const char *
json_string_end(const char *at, const char *end, bool *has_escapes)
{
    *has_escapes = false;
    at++;
    for (;;) {
        while (at < end && is_plain(*at))
            at++;
        if (at >= end || (unsigned char)*at < ' ')
            return NULL;
        if (*at == '"')
            return at + 1;
        if (*at == '\\') {
            *has_escapes = true;
            at = escape_end(at, end);
            if (at == NULL)
                return NULL;
            continue;
        }

        uint32_t point;
        size_t bytes = utf8_read(at, end, &point);

        if (bytes == 0)
            return NULL;
        at += bytes;
    }
}

static size_t
character_write(int32_t character, char *bytes)
{
    if (character < 0x80) {
        bytes[0] = (char)character;
        return 1;
    }

    size_t count = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {[2] = 0xC0, [3] = 0xE0, [4] = 0xF0};

    for (size_t i = count - 1; i > 0; i--, character >>= 6)
        bytes[i] = (char)(0x80 | (character & 0x3F));
    bytes[0] = (char)(first[count] | character);
    return count;
}

static char
short_escape(char letter)
{
    switch (letter) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return letter; /* a quote, a backslash, a slash */
    }
}

const char *
json_string_skip(const char *at, const char *end)
{
    for (; at < end; at++) {
        if (*at == '"')
            return at + 1;
        if (*at == '\\' && at + 1 < end)
            at++;
    }
    return at;
}

size_t
json_string_decode(const char *text, size_t length, char *bytes)
{
    const char *end = text + length;
    size_t used = 0;

    while (text < end) {
        int32_t character = 0;

        if (*text != '\\') {
            bytes[used++] = *text++;
        } else if (text[1] != 'u') {
            bytes[used++] = short_escape(text[1]);
            text += 2;
        } else {
            text = character_read(text + 2, end, &character);
            ASSERT(text != NULL);
            used += character_write(character, bytes + used);
        }
    }
    return used;
}
