/* SPDX-License-Identifier: MIT
 *
 * A user's id, as the protocol knows it: an integer of the whole signed 64-bit range, or a string (JSON-RPC dialect only). The integer 1 and
 * the string "1" are different users. A struct, passed by value; it holds no reference of its own to the string, which whoever it was got from
 * keeps alive.
 */
#ifndef BASE_USER_ID_H
#define BASE_USER_ID_H

#include "base/hash.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { USER_NAME_MAX = 128 }; /* bytes of a string that is an id */

struct user_id {
    int64_t number;    /* 0 in a string */
    struct text *name; /* NULL in an integer */
};

static inline bool
user_id_equal(struct user_id a, struct user_id b)
{
    return a.number == b.number && (a.name == b.name || text_equal(a.name, b.name));
}

/* A keyed hash of an id. */
static inline uint64_t
user_id_hash(const struct hash_key *key, struct user_id id)
{
    return id.name == NULL ? hash_bytes(key, &id.number, sizeof id.number) : hash_bytes(key, id.name->bytes, id.name->length);
}

#endif
