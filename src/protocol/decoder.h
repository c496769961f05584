/* SPDX-License-Identifier: MIT
 *
 * The memory that decoding reuses from message to message: one array of friends. Dialects fill it. One per worker, used on that
 * worker's thread only.
 */
#ifndef PROTOCOL_DECODER_H
#define PROTOCOL_DECODER_H

#include "base/user_id.h"

#include <stdint.h>

/* What is kept between messages, in friends: 8 KiB. Longer lists are rare and their memory is given back. */
enum { DECODER_FRIENDS_KEPT = 1024 };

struct decoder {
    struct user_id *friends;
    uint32_t capacity;
};

/* Before each message: what the last one used is over, and a large array goes back to the heap. */
void decoder_begin(struct decoder *decoder);

/* Room for `count` friends, what is in the array kept. 0 or -ENOMEM. */
int decoder_reserve(struct decoder *decoder, uint32_t count);

#endif
