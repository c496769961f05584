/* SPDX-License-Identifier: MIT
 *
 * Finds where JSON values end in a stream of bytes, by the balance of their brackets, and refuses what is over a limit as
 * soon as the byte that breaks it is seen. It is incremental: it looks at each byte once, however the stream is cut into
 * pieces, and keeps no bytes. It does not decide whether a message is good JSON (dialects do); it refuses
 * early only what can never become a message.
 *
 * Owned by one session, so on that session's worker thread; no locks, no allocation.
 */
#ifndef PROTOCOL_FRAMER_H
#define PROTOCOL_FRAMER_H

#include "protocol/error.h"
#include "protocol/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum framer_result {
    FRAMER_MORE,    /* all bytes were looked at and no message has ended */
    FRAMER_MESSAGE, /* a message ends at the last byte consumed */
    FRAMER_ERROR,   /* the stream cannot be trusted any more; `error` says why */
};

struct framer {
    size_t message_bytes; /* of the message begun, so far; 0 when none is begun */
    uint64_t brackets;    /* one bit per open level: 1 for an object, 0 for an array */
    uint32_t friends;     /* elements seen in `friends` at depth 1 */
    uint8_t depth;
    uint8_t state;       /* framer.c says which there are */
    uint8_t key_matched; /* how much of the key "friends" the current key of depth 1 has matched */
    uint8_t literal;     /* progress through a bare true, false or null */
};

/* Ready for the first message of a stream. */
void framer_init(struct framer *framer);

/* Has a message begun that has not ended yet? */
bool framer_in_message(const struct framer *framer);

/*
 * Looks at bytes[0..length). White space before a message is skipped and counted in *skipped. *consumed says how many
 * bytes were looked at, the skipped ones included: with FRAMER_MESSAGE the message's last byte is bytes[*consumed - 1], its first one
 * is bytes[*skipped], unless it had begun in an earlier piece (then *skipped is 0 and it continues at bytes[0]). With
 * FRAMER_MORE and framer_in_message(), the bytes from *skipped on belong to the unfinished message and the caller keeps them.
 * `error` is touched only with FRAMER_ERROR.
 */
enum framer_result framer_scan(struct framer *framer, const struct protocol_limits *limits, const char *bytes, size_t length, size_t *skipped,
    size_t *consumed, struct protocol_error *error);

#endif
