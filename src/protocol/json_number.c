/* SPDX-License-Identifier: MIT
 *
 * See json_number.h.
 */
#include "protocol/json_number.h"

#include <stddef.h>

/* Past the digits at `at`, or NULL when there are none. */
static const char *
digits_end(const char *at, const char *end)
{
    const char *digits = at;

    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at > digits ? at : NULL;
}

const char *
json_number_end(const char *at, const char *end, bool *is_integer)
{
    *is_integer = true;
    if (at < end && *at == '-')
        at++;
    at = at < end && *at == '0' ? at + 1 : digits_end(at, end);
    if (at != NULL && at < end && *at == '.') {
        *is_integer = false;
        at = digits_end(at + 1, end);
    }
    if (at != NULL && at < end && (*at == 'e' || *at == 'E')) {
        *is_integer = false;
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        at = digits_end(at, end);
    }
    return at;
}
