/* SPDX-License-Identifier: MIT
 *
 * A transport: how a session's bytes move. One constant table per transport; the session's worker calls it. None of these waits.
 */
#ifndef TRANSPORT_TRANSPORT_H
#define TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct transport {
    const char *name; /* for logs */

    /* Reads up to `size` bytes. Returns how many, 0 at the end of input, -EAGAIN when there are none now, another -errno when the peer is lost. */
    ssize_t (*receive)(int descriptor, char *bytes, size_t size);
    /* Writes what fits. Returns how many bytes, -EAGAIN when none fit now, another -errno when the peer is lost. */
    ssize_t (*send)(int descriptor, const char *bytes, size_t length);
    /* Says that nothing more will be written; the peer reads its end of input after what was sent. */
    void (*finish)(int descriptor);
    /* The peer does not read (true), so its silence is no sign that it is gone; or it reads again (false). `timeout_ms`: the usual patience. */
    void (*reader_waits)(int descriptor, bool waits, unsigned timeout_ms);
};

#endif
