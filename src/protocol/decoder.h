/* SPDX-License-Identifier: MIT
 *
 * The memory that decoding reuses from message to message: one array of friends, and the texts of the ids in it that are strings. Dialects
 * fill it. One per worker, used on that worker's thread only.
 */
#ifndef PROTOCOL_DECODER_H
#define PROTOCOL_DECODER_H

#include "base/user_id.h"

#include <stddef.h>
#include <stdint.h>

/* What is kept between messages, in friends: 8 KiB. Longer lists are rare and their memory is given back. */
enum { DECODER_FRIENDS_KEPT = 1024 };
/* And of the texts, in bytes: as many friends with names of usual length. */
enum { DECODER_NAMES_KEPT = 32 * 1024 };

struct decoder {
    struct user_id *friends;
    uint32_t capacity;
    char *names; /* one text behind the other */
    size_t names_used, names_capacity;
};

/* Before each message: what the last one used is over, and what is large goes back to the heap. */
void decoder_begin(struct decoder *decoder);

/* Room for `count` friends, what is in the array kept. 0 or -ENOMEM. */
int decoder_reserve(struct decoder *decoder, uint32_t count);

/* The room that a name takes, for decoder_reserve_names. */
size_t decoder_name_size(size_t length);
/* Room for names of together so many bytes as decoder_name_size counts; names made before are over. 0 or -ENOMEM. */
int decoder_reserve_names(struct decoder *decoder, size_t bytes);
/* A name, in room that was reserved. It is the decoder's until decoder_begin: whoever keeps it longer makes a copy, not a reference. */
struct text *decoder_name(struct decoder *decoder, const char *bytes, size_t length);

#endif
