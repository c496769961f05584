/* SPDX-License-Identifier: MIT
 *
 * See json_elements.h. As the text is good JSON, an element ends at the first comma or bracket that is in no string and no bracket of its own.
 */
#include "protocol/json_elements.h"

#include "protocol/json_string.h"

#include <stdbool.h>

static bool
is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* Past the value at `at`, and the white space behind it. */
static const char *
value_end(const char *at, const char *end)
{
    size_t level = 0;

    while (at < end) {
        char byte = *at;

        if (level == 0 && (byte == ',' || byte == ']' || byte == '}'))
            break;
        at++;
        if (byte == '"')
            at = json_string_skip(at, end);
        else if (byte == '[' || byte == '{')
            level++;
        else if (byte == ']' || byte == '}')
            level--;
    }
    return at;
}

struct json_element
json_element_next(const char *text, size_t length, size_t after)
{
    const char *at = text + after, *end = text + length;

    while (at < end && is_space(*at))
        at++;
    if (at < end && *at == (after == 0 ? '[' : ','))
        at++;
    while (at < end && is_space(*at))
        at++;
    return (struct json_element){.begin = (size_t)(at - text), .end = (size_t)(value_end(at, end) - text)};
}
