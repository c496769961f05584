/* SPDX-License-Identifier: MIT
 *
 * Joins the admin interface (service/admin.h) to the server's parts: its sockets, and what it is told. Main thread, but for the callbacks, which
 * run on the admin thread.
 */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

#include "base/metrics.h"
#include "server_api.h"
#include "server_metrics.h"
#include "service/admin.h"
#include "service/options.h"
#include "transport/tcp.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inherited;

enum { ADMIN_PEER_TIMEOUT_S = 60 }; /* of operators' connections; what they may last is shorter, so it is for listening sockets to have one */

struct server_admin {
    struct server_parts parts; /* set before it is started */
    struct admin_config config;
    struct api api;
    bool has_api;
    char token[ADMIN_TOKEN_BYTES]; /* "" for none */
    struct admin *admin;           /* NULL: there is none */
    struct counter refused;        /* who wanted to do something without the token; the admin thread's, and so is what follows */
    uint64_t refused_told, refused_told_ms;
    _Atomic bool is_ready;          /* what /readyz says */
    uint16_t port;                  /* 0: none */
    char address[TCP_ADDRESS_TEXT]; /* the first that it listens on */
};

/* Is there a token in the file that the options name? Returns 0, or -EINVAL and a sentence in problem. */
int server_admin_check(const struct options *options, char *problem, size_t size);
/*
 * Opens the sockets that the options ask for, which may be none; with inherited ones for operators it takes these instead. Returns 0, or -errno and a
 * sentence in problem, with nothing left open.
 */
int server_admin_open(struct server_admin *admin, const struct options *options, const struct inherited *inherited, char *problem, size_t size);
/* Closes them again; for a start that goes no further. */
void server_admin_close(struct server_admin *admin);
/* Starts to serve them. The parts must stay until server_admin_stop. Returns 0 or -errno; then they are closed. */
int server_admin_start(struct server_admin *admin);
/* Reads the token again, if there is one. Returns 0, or -errno and a sentence in problem, and the former one holds. */
int server_admin_reload(struct server_admin *admin, const struct options *options, char *problem, size_t size);
/* From now on /readyz says so, or no longer. */
void server_admin_set_ready(struct server_admin *admin, bool is_ready);
/* The server begins to stop: it is not ready, and cannot be drained any more. */
void server_admin_set_stopping(struct server_admin *admin);
/* Ends it: nothing is asked of the workers any more. */
void server_admin_stop(struct server_admin *admin);
/* Frees what is left, when no worker runs any more. Allowed also when it was never started. */
void server_admin_done(struct server_admin *admin);

#endif
