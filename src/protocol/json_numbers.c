/* SPDX-License-Identifier: MIT
 *
 * See json_numbers.h. A longest run of the bytes that numbers are made of is looked at as a whole: it is one number or it is none.
 */
#include "protocol/json_numbers.h"

#include "protocol/json_number.h"
#include "protocol/json_string.h"

#include <stdbool.h>
#include <string.h>

static bool
is_number_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.' || byte == 'e' || byte == 'E';
}

/* Is the integer, which has no needless zero in front, beyond 64 bits with sign? */
static bool
is_beyond_64_bits(const char *digits, size_t count, bool negative)
{
    const char *largest = negative ? "9223372036854775808" : "9223372036854775807";
    size_t largest_count = strlen(largest);

    if (count != largest_count)
        return count > largest_count;
    return memcmp(digits, largest, count) > 0;
}

/* Is the run one well-formed number, and none that jansson would take for an integer? */
static bool
is_wild_number(const char *run, const char *end)
{
    bool negative = *run == '-', is_integer;

    if (json_number_end(run, end, &is_integer) != end)
        return false;
    return !is_integer || is_beyond_64_bits(run + negative, (size_t)(end - run) - negative, negative);
}

void
json_numbers_tame(char *text, size_t length)
{
    static const char tame[] = "0.5"; /* no wild number is shorter: 1e5, 1.5 */
    char *end = text + length;
    char *at = text;

    while (at < end) {
        if (*at == '"') {
            at += json_string_skip(at + 1, end) - at;
            continue;
        }
        if (!is_number_byte(*at)) {
            at++;
            continue;
        }

        char *run = at;

        while (at < end && is_number_byte(*at))
            at++;
        if (is_wild_number(run, at)) {
            memset(run, ' ', (size_t)(at - run));
            memcpy(run, tame, sizeof tame - 1);
        }
    }
}
