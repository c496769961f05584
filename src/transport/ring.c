/* SPDX-License-Identifier: MIT
 *
 * A send that may not wait (MSG_DONTWAIT) and the close of a socket are over, one way or the other, when the kernel has taken them from the ring. So
 * nothing is ever left in it when a function returns, and bytes need not live longer.
 */
#include "transport/ring.h"

#include "base/assert.h"
#include "transport/stream.h"

#include <errno.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FEWEST = 3, /* fewer calls cost less by themselves */
    UNMADE = -EINPROGRESS,
};

struct ring {
    struct io_uring ring;
    int error; /* 0, or the kernel has failed it */
};

/* Does this kernel know what is asked of it here? */
static bool
knows_calls(struct io_uring *ring)
{
    struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
    bool can = probe != NULL && io_uring_opcode_supported(probe, IORING_OP_SEND) && io_uring_opcode_supported(probe, IORING_OP_CLOSE);

    io_uring_free_probe(probe);
    return can;
}

int
ring_new(struct ring **ring)
{
    struct ring *made = calloc(1, sizeof *made);
    int error;

    if (made == NULL)
        return -ENOMEM;
    error = io_uring_queue_init(RING_CALLS, &made->ring, 0);
    if (error == 0 && !knows_calls(&made->ring)) {
        io_uring_queue_exit(&made->ring);
        error = -EOPNOTSUPP;
    }
    if (error < 0) {
        free(made);
        return error;
    }
    *ring = made;
    return 0;
}

void
ring_free(struct ring *ring)
{
    if (ring == NULL)
        return;
    if (ring->error == 0)
        io_uring_queue_exit(&ring->ring);
    free(ring);
}

int
ring_error(const struct ring *ring)
{
    return ring == NULL ? 0 : ring->error;
}

/* None of the calls is made yet. Are they worth the ring's while? */
static bool
begin(const struct ring *ring, int results[RING_CALLS], uint32_t count)
{
    ASSERT(count <= RING_CALLS);
    for (uint32_t i = 0; i < count; i++)
        results[i] = UNMADE;
    return ring != NULL && ring->error == 0 && count >= FEWEST;
}

/* The next free entry; all are free when a function begins. */
static struct io_uring_sqe *
next_entry(struct ring *ring)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring->ring);

    ASSERT(entry != NULL);
    return entry;
}

/* Notes the results that are there; returns how many. */
static uint32_t
reap(struct io_uring *ring, int results[RING_CALLS])
{
    struct io_uring_cqe *entry;
    unsigned head;
    uint32_t reaped = 0;

    io_uring_for_each_cqe(ring, head, entry)
    {
        ASSERT(entry->user_data < RING_CALLS);
        results[entry->user_data] = entry->res;
        reaped++;
    }
    io_uring_cq_advance(ring, reaped);
    return reaped;
}

/* Has the kernel make the calls that are in the ring. Those that it does not take stay unmade, and the ring is not used again. */
static void
make_calls(struct ring *ring, int results[RING_CALLS], uint32_t count)
{
    uint32_t left = count;
    int result = 0;

    while (left > 0 && (result >= 0 || result == -EINTR)) { /* older kernels take no more behind one that cannot even begin */
        result = io_uring_submit_and_wait(&ring->ring, 1);
        left -= reap(&ring->ring, results);
    }
    if (left == 0)
        return;
    ASSERT(left == io_uring_sq_ready(&ring->ring)); /* what was taken is over */
    io_uring_queue_exit(&ring->ring);
    ring->error = result;
}

void
ring_send(struct ring *ring, struct ring_send sends[], uint32_t count)
{
    int results[RING_CALLS];

    if (begin(ring, results, count)) {
        for (uint32_t i = 0; i < count; i++) {
            struct io_uring_sqe *entry = next_entry(ring);

            io_uring_prep_send(entry, sends[i].descriptor, sends[i].bytes, sends[i].length, MSG_DONTWAIT | MSG_NOSIGNAL);
            io_uring_sqe_set_data64(entry, i);
        }
        make_calls(ring, results, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        bool made = results[i] != UNMADE && results[i] != -EINTR;

        sends[i].sent = made ? stream_sent(results[i]) : stream_send(sends[i].descriptor, sends[i].bytes, sends[i].length);
    }
}

void
ring_close(struct ring *ring, const int descriptors[], uint32_t count)
{
    int results[RING_CALLS];

    if (begin(ring, results, count)) {
        for (uint32_t i = 0; i < count; i++) {
            struct io_uring_sqe *entry = next_entry(ring);

            io_uring_prep_close(entry, descriptors[i]);
            io_uring_sqe_set_data64(entry, i);
        }
        make_calls(ring, results, count);
    }
    for (uint32_t i = 0; i < count; i++)
        if (results[i] == UNMADE)
            close(descriptors[i]);
}
