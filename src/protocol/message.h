/* SPDX-License-Identifier: MIT
 *
 * What a client said, free of the dialect it was said in.
 */
#ifndef PROTOCOL_MESSAGE_H
#define PROTOCOL_MESSAGE_H

#include "base/user_id.h"

#include <stdbool.h>
#include <stdint.h>

enum message_kind {
    MESSAGE_HELLO, /* a login, a list again, or a sign of life: the session's state tells which */
    MESSAGE_GOODBYE,
};

struct message {
    enum message_kind kind;
    bool has_user;    /* always so in a hello; a goodbye may leave it out */
    bool has_friends; /* false: `friends` was missing or null */
    struct user_id user;
    uint32_t friend_count;         /* as sent: duplicates and the user itself are still in it */
    const struct user_id *friends; /* the decoder's memory; valid until its next use */
};

#endif
