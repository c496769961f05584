/* SPDX-License-Identifier: MIT
 *
 * Messages of the classic dialect, decoded as usual. With a decoder of reading.h.
 */
#ifndef SUPPORT_UNIT_CLASSIC_H
#define SUPPORT_UNIT_CLASSIC_H

#include "protocol/dialect.h"
#include "support/unit/reading.h"

enum { CLASSIC_FRIENDS_MAX = 8 };

extern const struct protocol_limits classic_usual;

int classic_decode_bytes(
    const struct protocol_limits *limits, const char *text, size_t length, struct message *message, struct protocol_error *error);
/* With the usual limits. */
int classic_decode(const char *text, struct message *message, struct protocol_error *error);

#endif
