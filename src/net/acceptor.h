/* SPDX-License-Identifier: MIT
 *
 * The acceptor: one thread that owns the listening sockets and hands every connection to a worker, in turn. When descriptors run out it goes
 * on serving: a descriptor kept in reserve lets it take each newcomer just to say that the server is full.
 */
#ifndef NET_ACCEPTOR_H
#define NET_ACCEPTOR_H

#include "net/listener.h"
#include "net/worker.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct acceptor {
    struct listener listeners[LISTENERS_MAX]; /* owned: closed when it stops */
    int listener_count;
    struct worker *workers;
    uint32_t worker_count;
    const struct worker_config *config; /* the refusal, the admission, which no reload replaces */
    struct drain *drain;                /* NULL until acceptor_drain */
    /* The acceptor thread's: */
    pthread_t thread;
    int wake_descriptor; /* an eventfd: somebody wants a sign of life, or it to end (acceptor.c) */
    int reserve;         /* a descriptor to give up when there are no more; -1 when it was given up */
    uint32_t next;       /* worker for the next connection */
    uint64_t paused_until_ms;
    uint64_t round_ms;               /* when something was accepted last */
    bool posted[HANDLE_WORKERS_MAX]; /* workers to wake */
    struct counter refused;          /* connections that became no session; anybody reads */
};

/* Starts the thread. Listeners, workers and config are set already; the listeners become the acceptor's also on failure. Returns 0 or -errno. */
int acceptor_start(struct acceptor *acceptor);
/* Wants a sign of life of it, which goes to config->pulse. Any thread; not again before that. */
void acceptor_ask(struct acceptor *acceptor);
/*
 * Lets in those whom the kernel has connected, closes the listeners, logs that, and has the workers drain; `drain` as for workers_drain. Once. Returns at
 * once; nobody else may look at the listeners any more.
 */
void acceptor_drain(struct acceptor *acceptor, struct drain *drain);
/* Ends the thread and closes the listeners, after the same. */
void acceptor_stop(struct acceptor *acceptor);

#endif
