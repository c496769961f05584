/* SPDX-License-Identifier: MIT
 *
 * A worker's datagrams: its UDP sockets, one of each address that the server is bound to, and the sessions that have no descriptor of their own but
 * an address. The kernel keeps an address on one worker (SO_REUSEPORT), so all of this belongs to the worker's thread.
 *
 * A session of datagrams is a struct session like any other: what is queued leaves at the end of the turn, each line as a datagram, in
 * batches of one system call. It ends by silence, or when the layer above closes it; from then on its address is free for another one.
 */
#ifndef NET_DATAGRAMS_H
#define NET_DATAGRAMS_H

#include "base/list.h"
#include "base/sync.h"
#include "net/address_table.h"
#include "net/write_queue.h"
#include "transport/udp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;
struct worker;

/* A datagram that came in. Its bytes are good until the layer above returns. */
struct datagram {
    struct udp_address from;
    const char *bytes;
    size_t length;
    bool truncated; /* it was longer than that */
};

/* A socket, and what waits to be sent through it. */
struct datagram_port {
    int descriptor;
    bool blocked;                  /* it takes no more now; the poller will say when it does */
    struct list waiting;           /* sessions that have something to send and wait for that, through their `due` */
    struct line *lines[UDP_BATCH]; /* what the outbox points into: a reference each */
    struct udp_outbox outbox;
};

struct datagrams {
    struct datagram_port *ports[TCP_ADDRESSES_MAX];
    uint32_t count;
    bool behind;           /* more may have come than could be looked at so far: silence proves little now */
    uint64_t caught_up_ms; /* since when that is so */
    struct udp_inbox *inbox;
    struct udp_locals locals;
    struct address_table table;
};

/*
 * Gives a worker a socket of its own (udp_open), before it runs; the worker closes it when it is freed. Returns 0 or -errno, then the socket
 * is still the caller's.
 */
int worker_add_socket(struct worker *worker, int descriptor);

/*
 * Begins a session for the address that a datagram came from and that has none. It is open, and silence ends it (DEADLINE_SILENCE). NULL
 * when there are as many as there may be, or without memory. `opened` is not called.
 */
struct session *worker_open_datagram(struct worker *worker, const struct datagram *datagram) REQUIRES(worker_role);
/* Answers a datagram, session or not, at the end of the turn. The answer may get lost on the way, and here. */
void worker_answer(struct worker *worker, const struct datagram *datagram, const char *bytes, size_t length) REQUIRES(worker_role);

/* For the worker's loop and for session.c. */

/* Frees everything. */
void datagrams_done(struct datagrams *datagrams);
/* The poller says that a socket has datagrams, or room. */
void datagrams_event(struct worker *worker, uint32_t number, uint32_t events) REQUIRES(worker_role);
/* Puts what a session has queued into the batch, as far as there is room; one that is closing ends then. */
void datagrams_flush_session(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* The session has no address any more, and takes up no room of the address's. */
void datagrams_forget(struct worker *worker, struct session *session) REQUIRES(worker_role);
/* Sends the batches, as far as the sockets take them. */
void datagrams_send(struct worker *worker) REQUIRES(worker_role);
/* Reads no more: the worker stops. */
void datagrams_stop(struct worker *worker) REQUIRES(worker_role);

#endif
