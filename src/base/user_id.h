/* SPDX-License-Identifier: MIT
 *
 * A user's id, as the protocol knows it: an integer of the whole signed 64-bit range. A struct, passed by
 * value, so that further kinds of id change this file and not every signature.
 */
#ifndef BASE_USER_ID_H
#define BASE_USER_ID_H

#include <stdbool.h>
#include <stdint.h>

struct user_id {
    int64_t number;
};

static inline bool
user_id_equal(struct user_id a, struct user_id b)
{
    return a.number == b.number;
}

#endif
