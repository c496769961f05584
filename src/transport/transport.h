/* SPDX-License-Identifier: MIT
 *
 * A transport: how a session's bytes move. One constant table per transport; the session's worker calls it. None of these waits.
 */
#ifndef TRANSPORT_TRANSPORT_H
#define TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum delivery {
    DELIVERY_DONE,      /* the peer has acknowledged all of it */
    DELIVERY_UNREAD,    /* the peer takes no more before its program reads; its silence says nothing about it */
    DELIVERY_UNDER_WAY, /* an acknowledgement is due */
};

struct transport {
    const char *name; /* for logs */
    bool is_plain;    /* a stream socket gets just what is sent, so that many sends may be made at once (ring.h) */

    /* Reads up to `size` bytes. Returns how many, 0 at the end of input, -EAGAIN when there are none now, another -errno when the peer is lost. */
    ssize_t (*receive)(int descriptor, char *bytes, size_t size);
    /* Writes what fits. Returns how many bytes, -EAGAIN when none fit now, another -errno when the peer is lost. */
    ssize_t (*send)(int descriptor, const char *bytes, size_t length);
    /* Says that nothing more will be written; the peer reads its end of input after what was sent. */
    void (*finish)(int descriptor);
    /* How far the peer has taken what was sent, and since when nothing at all has been heard of it; a lost peer is DELIVERY_DONE. */
    enum delivery (*delivery)(int descriptor, uint32_t *silent_ms);
    /* Gives the peer up: what it has sent can still be received, then its input ends; nothing leaves any more. */
    void (*give_up)(int descriptor);
};

#endif
