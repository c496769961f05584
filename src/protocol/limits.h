/* SPDX-License-Identifier: MIT
 *
 * How much a client may send in one message. Checked while reading, before memory is spent.
 */
#ifndef PROTOCOL_LIMITS_H
#define PROTOCOL_LIMITS_H

#include <stddef.h>
#include <stdint.h>

enum { NESTING_MAX = 64 }; /* the framer keeps one bit per level */

struct protocol_limits {
    size_t message_bytes; /* of one message, white space around it not counted */
    uint32_t nesting;     /* 1 to NESTING_MAX; the outermost object or array counts as one */
    uint32_t friends;     /* elements of `friends`, as sent */
};

#endif
