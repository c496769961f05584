/* SPDX-License-Identifier: MIT
 *
 * Reads the hello that nearly every client sends in one pass and without a tree: one object whose keys are among user_id, friends
 * and online, spelled without escapes, each at most once. It accepts only what it is sure of and leaves everything else to
 * strict_hello, so that every error comes from one place; what it accepts, strict_hello reads to the same message.
 * On the decoder's worker.
 */
#ifndef PROTOCOL_PLAIN_HELLO_H
#define PROTOCOL_PLAIN_HELLO_H

#include "protocol/decoder.h"
#include "protocol/limits.h"
#include "protocol/message.h"

#include <stddef.h>

/* Returns 0 and the message, whose friends are the decoder's; -ENOMSG when it is not plain; -ENOMEM without memory. */
int plain_hello_read(struct decoder *decoder, const struct protocol_limits *limits, const char *text, size_t length, struct message *message);

#endif
