/* SPDX-License-Identifier: MIT
 *
 * Many calls on sockets in one system call, by Linux's io_uring (io_uring_enter(2)); where the kernel does not have it or does not let us (a
 * container's seccomp profile, kernel.io_uring_disabled), in one each. None of them waits: all have been made when the function returns.
 *
 * One thread at a time may use a ring, any thread. A ring that the kernel fails (ring_error) is not used again, which costs nobody anything but time.
 */
#ifndef TRANSPORT_RING_H
#define TRANSPORT_RING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ring;

enum { RING_CALLS = 64 }; /* at most so many at once: at some 5 µs each, a third of a millisecond */

struct ring_send {
    int descriptor;
    const char *bytes;
    size_t length;
    ssize_t sent; /* afterwards: what stream_send would have returned */
};

/* Returns 0 and a ring, or -errno: the kernel refuses. ring_free takes NULL too. */
int ring_new(struct ring **ring);
void ring_free(struct ring *ring);
/* Why the kernel has failed it: -errno; 0: it has not. `ring` may be NULL, here and below. */
int ring_error(const struct ring *ring);

/* Sends on each of these stream sockets, and sets what came of it. */
void ring_send(struct ring *ring, struct ring_send sends[], uint32_t count);
/* Closes these descriptors. */
void ring_close(struct ring *ring, const int descriptors[], uint32_t count);

#endif
