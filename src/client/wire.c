/* SPDX-License-Identifier: MIT
 *
 * See wire.h. Checking goes through the text once with a stack of one bit a level. After that, brackets balance and strings end, so finding
 * the end of a value needs no more than counting.
 */
#include "client/wire.h"

#include <string.h>

struct cursor {
    const char *at, *end;
};

static bool
is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static const char *
skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

/* The length of the valid UTF-8 character at `at`, which is not ASCII; 0 when it is not valid. */
static size_t
character_length(const char *at, const char *end)
{
    const unsigned char *bytes = (const unsigned char *)at;
    size_t length = bytes[0] >= 0xF0 ? 4 : bytes[0] >= 0xE0 ? 3 : 2;
    uint32_t code;

    if (bytes[0] < 0xC2 || bytes[0] > 0xF4 || (size_t)(end - at) < length)
        return 0;
    code = bytes[0] & (0xFFU >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (bytes[i] & 0x3F);
    }
    if ((length == 3 && (code < 0x800 || (code >= 0xD800 && code <= 0xDFFF))) || (length == 4 && (code < 0x10000 || code > 0x10FFFF)))
        return 0;
    return length;
}

bool
wire_is_utf8(const char *text, size_t length)
{
    const char *end = text + length;

    while (text < end) {
        size_t one = (unsigned char)*text < 0x80 ? *text != '\0' : character_length(text, end);

        if (one == 0)
            return false;
        text += one;
    }
    return true;
}

/* Four hexadecimal digits; -1 when they are not. */
static int32_t
hex_quad(const char *at, const char *end)
{
    int32_t code = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char byte = at[i];

        if (is_digit(byte))
            code = code << 4 | (byte - '0');
        else if ((byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F'))
            code = code << 4 | ((byte | 0x20) - 'a' + 10);
        else
            return -1;
    }
    return code;
}

/* What follows "\u" is at `at`. The character, and in *used how many bytes tell it; -1 when it is none, or NUL. */
static int32_t
escaped_character(const char *at, const char *end, size_t *used)
{
    int32_t first = hex_quad(at, end), second;

    *used = 4;
    if (first <= 0 || (first >= 0xDC00 && first <= 0xDFFF))
        return -1;
    if (first < 0xD800 || first > 0xDFFF)
        return first;
    if (end - at < 10 || at[4] != '\\' || at[5] != 'u')
        return -1;
    second = hex_quad(at + 6, end);
    if (second < 0xDC00 || second > 0xDFFF)
        return -1;
    *used = 10;
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

/* At the quote that opens a string. */
static bool
check_string(struct cursor *text)
{
    const char *at = text->at + 1, *end = text->end;

    while (at < end && *at != '"') {
        size_t used = 1;

        if ((unsigned char)*at >= 0x80) {
            used = character_length(at, end);
        } else if ((unsigned char)*at < ' ') {
            return false;
        } else if (*at == '\\') {
            if (end - at < 2)
                return false;
            if (at[1] == 'u') {
                if (escaped_character(at + 2, end, &used) < 0)
                    return false;
                used += 2;
            } else {
                used = strchr("\"\\/bfnrt", at[1]) != NULL && at[1] != '\0' ? 2 : 0;
            }
        }
        if (used == 0)
            return false;
        at += used;
    }
    if (at == end)
        return false;
    text->at = at + 1;
    return true;
}

static bool
check_digits(struct cursor *text)
{
    const char *first = text->at;

    while (text->at < text->end && is_digit(*text->at))
        text->at++;
    return text->at > first;
}

static bool
check_number(struct cursor *text)
{
    if (*text->at == '-')
        text->at++;
    if (text->at < text->end && *text->at == '0')
        text->at++;
    else if (!check_digits(text))
        return false;
    if (text->at < text->end && *text->at == '.') {
        text->at++;
        if (!check_digits(text))
            return false;
    }
    if (text->at < text->end && (*text->at == 'e' || *text->at == 'E')) {
        text->at++;
        if (text->at < text->end && (*text->at == '+' || *text->at == '-'))
            text->at++;
        return check_digits(text);
    }
    return true;
}

static bool
check_word(struct cursor *text, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(text->end - text->at) < length || memcmp(text->at, word, length) != 0)
        return false;
    text->at += length;
    return true;
}

/* A value that is not an object or array. */
static bool
check_scalar(struct cursor *text)
{
    switch (*text->at) {
    case '"': return check_string(text);
    case 't': return check_word(text, "true");
    case 'f': return check_word(text, "false");
    case 'n': return check_word(text, "null");
    default: return (*text->at == '-' || is_digit(*text->at)) && check_number(text);
    }
}

/* A member's name and the colon after it. */
static bool
check_name(struct cursor *text)
{
    text->at = skip_space(text->at, text->end);
    if (text->at == text->end || *text->at != '"' || !check_string(text))
        return false;
    text->at = skip_space(text->at, text->end);
    if (text->at == text->end || *text->at != ':')
        return false;
    text->at++;
    return true;
}

/* Closes brackets while they close, and passes the comma; false when the text is wrong there. *depth is 0 at the end of the outermost value. */
static bool
check_after_value(struct cursor *text, uint64_t objects, unsigned *depth)
{
    for (; *depth > 0; (*depth)--) {
        bool in_object = objects >> (*depth - 1) & 1;

        text->at = skip_space(text->at, text->end);
        if (text->at == text->end)
            return false;
        if (*text->at == ',') {
            text->at++;
            return !in_object || check_name(text);
        }
        if (*text->at != (in_object ? '}' : ']'))
            return false;
        text->at++;
    }
    return true;
}

/* Does an object or array that was opened just now close at once? */
static bool
closes_at_once(struct cursor *text, char bracket)
{
    const char *at = skip_space(text->at, text->end);

    if (at == text->end || *at != bracket)
        return false;
    text->at = at + 1;
    return true;
}

bool
wire_check(const char *bytes, size_t length, struct wire_value *value)
{
    struct cursor text = {skip_space(bytes, bytes + length), bytes + length};
    uint64_t objects = 0; /* a bit for each open level: is it an object? */
    unsigned depth = 0;
    const char *first = text.at;

    do {
        text.at = skip_space(text.at, text.end);
        if (text.at == text.end)
            return false;
        if (*text.at == '{' || *text.at == '[') {
            bool is_object = *text.at == '{';

            text.at++;
            if (!closes_at_once(&text, is_object ? '}' : ']')) {
                if (depth == WIRE_NESTING_MAX)
                    return false;
                objects = (objects & ~(UINT64_C(1) << depth)) | (uint64_t)is_object << depth;
                depth++;
                if (is_object && !check_name(&text))
                    return false;
                continue;
            }
        } else if (!check_scalar(&text)) {
            return false;
        }
        if (!check_after_value(&text, objects, &depth))
            return false;
    } while (depth > 0);

    if (skip_space(text.at, text.end) != text.end)
        return false;
    *value = (struct wire_value){first, text.end};
    return true;
}

/* ---- Values of a checked text ---- */

static const char *
skip_string(const char *at)
{
    for (at++; *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at + 1;
}

/* Behind the value that begins at `at`. */
static const char *
skip_value(const char *at, const char *end)
{
    unsigned depth = 0;

    do {
        if (*at == '"') {
            at = skip_string(at);
            continue;
        }
        if (*at == '{' || *at == '[')
            depth++;
        else if (*at == '}' || *at == ']')
            depth--;
        at++;
    } while (depth > 0 && at < end);
    if (at[-1] == '}' || at[-1] == ']' || at[-1] == '"')
        return at;
    while (at < end && strchr(",]} \t\r\n", *at) == NULL) /* the rest of a number or word */
        at++;
    return at;
}

bool
wire_is_object(struct wire_value value)
{
    return *value.at == '{';
}

bool
wire_is_array(struct wire_value value)
{
    return *value.at == '[';
}

bool
wire_is_null(struct wire_value value)
{
    return *value.at == 'n';
}

bool
wire_member(struct wire_value object, const char *name, struct wire_value *member)
{
    enum { NAME_ROOM = 32 }; /* for all names that are asked for, and a byte that shows that a longer one is another */
    const char *at, *end = object.end;
    char found[NAME_ROOM];

    if (*object.at != '{')
        return false;
    for (at = skip_space(object.at + 1, end); *at != '}'; at = skip_space(at, end)) {
        struct wire_value key = {at, end};

        at = skip_space(skip_string(at), end) + 1; /* the colon */
        at = skip_space(at, end);
        if (wire_string(key, found, sizeof found) == (ptrdiff_t)strlen(name) && strcmp(found, name) == 0) {
            *member = (struct wire_value){at, end};
            return true;
        }
        at = skip_space(skip_value(at, end), end);
        if (*at == ',')
            at++;
    }
    return false;
}

struct wire_items
wire_items(struct wire_value array)
{
    if (*array.at != '[')
        return (struct wire_items){NULL, NULL};
    return (struct wire_items){skip_space(array.at + 1, array.end), array.end};
}

bool
wire_items_next(struct wire_items *items, struct wire_value *item)
{
    if (items->at == NULL || *items->at == ']')
        return false;
    *item = (struct wire_value){items->at, items->end};
    items->at = skip_space(skip_value(items->at, items->end), items->end);
    if (*items->at == ',')
        items->at = skip_space(items->at + 1, items->end);
    return true;
}

bool
wire_integer(struct wire_value value, int64_t *integer)
{
    const char *at = value.at;
    bool negative = *at == '-';
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX, number = 0;

    if (negative)
        at++;
    if (!is_digit(*at))
        return false;
    for (; at < value.end && is_digit(*at); at++) {
        uint64_t digit = (uint64_t)(*at - '0');

        if (number > (limit - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (at < value.end && (*at == '.' || *at == 'e' || *at == 'E'))
        return false;
    *integer = negative ? (int64_t)(0 - number) : (int64_t)number;
    return true;
}

bool
wire_boolean(struct wire_value value, bool *boolean)
{
    if (*value.at != 't' && *value.at != 'f')
        return false;
    *boolean = *value.at == 't';
    return true;
}

static size_t
encode_character(uint32_t code, char bytes[static 4])
{
    if (code < 0x80) {
        bytes[0] = (char)code;
        return 1;
    }

    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    bytes[0] = (char)((0xF00U >> length & 0xFF) | code);
    return length;
}

/* Decodes the character at *at, of which there is one, and passes it. Returns its length in `bytes`. */
static size_t
decode_character(const char **at, const char *end, char bytes[static 4])
{
    static const char names[] = "bfnrt", means[] = "\b\f\n\r\t";
    const char *name;
    size_t length = 1, used;

    if (**at != '\\') {
        if ((unsigned char)**at >= 0x80)
            length = character_length(*at, end);
        memcpy(bytes, *at, length);
        *at += length;
        return length;
    }
    if ((*at)[1] == 'u') {
        length = encode_character((uint32_t)escaped_character(*at + 2, end, &used), bytes);
        *at += 2 + used;
        return length;
    }
    name = strchr(names, (*at)[1]);
    bytes[0] = name != NULL ? means[name - names] : (*at)[1];
    *at += 2;
    return 1;
}

ptrdiff_t
wire_string(struct wire_value value, char *text, size_t room)
{
    const char *at = value.at + 1;
    size_t length = 0;

    if (*value.at != '"')
        return -1;
    while (*at != '"') {
        char bytes[4];
        size_t one = decode_character(&at, value.end, bytes);

        if (one >= room - length)
            break;
        memcpy(text + length, bytes, one);
        length += one;
    }
    text[length] = '\0';
    return (ptrdiff_t)length;
}
