/* SPDX-License-Identifier: MIT
 *
 * Reads any message of the classic dialect, and says what is wrong with one that is none. This is the dialect's definition: what
 * plain_hello reads faster, it reads to the same result. On the decoder's worker; it keeps nothing between messages.
 */
#ifndef PROTOCOL_STRICT_HELLO_H
#define PROTOCOL_STRICT_HELLO_H

#include "protocol/decoder.h"
#include "protocol/error.h"
#include "protocol/limits.h"
#include "protocol/message.h"

#include <stddef.h>

/* As dialect.decode. */
int strict_hello_read(struct decoder *decoder, const struct protocol_limits *limits, const char *text, size_t length, struct message *message,
    struct protocol_error *error);

#endif
