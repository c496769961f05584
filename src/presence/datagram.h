/* SPDX-License-Identifier: MIT
 *
 * What a datagram means. One holds one JSON object; from an address with a session anything at all is a sign of life. Nothing is ever closed
 * because of an error, and a wrong object is answered only as far as the answer is no larger than three times what was sent, so that the
 * server is no use for amplifying an attack on an address that somebody forged.
 *
 * On the thread of the worker whose socket the datagram came to.
 */
#ifndef PRESENCE_DATAGRAM_H
#define PRESENCE_DATAGRAM_H

#include "net/datagrams.h"
#include "presence/client.h"
#include "presence/rpc.h"

#include <stddef.h>

/* Of one that answers a wrong datagram; and how many times as long as that it may be. */
enum { DATAGRAM_ERROR_MAX = 512, DATAGRAM_FACTOR = 3 };

/* A datagram came, from this client or (NULL) from an address without a session. */
void datagram_received(struct presence *presence, struct worker *worker, struct client *client, const struct datagram *datagram)
    REQUIRES(worker_role);
/* Carries out what the client was parked with, which is the caller's to free; `progress` as in rpc_carry_out. */
enum outcome datagram_resume(struct presence *presence, struct worker *worker, struct client *client, const struct input *input,
    struct rpc_progress *progress) REQUIRES(worker_role);
/* Nothing came from the client's address for too long. */
void datagram_silence(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role);

/* Tells whoever sent the datagram what was wrong with it, in the client's dialect, where that fits. */
void datagram_refuse(struct presence *presence, struct worker *worker, const struct client *client, const struct datagram *datagram,
    const struct protocol_error *error) REQUIRES(worker_role);
/* Why a new session could not be opened. */
void datagram_newcomer_refused(const struct worker *worker, struct protocol_error *error);
/* Ends the session of a client; its address is free then. */
void datagram_end(struct presence *presence, struct worker *worker, struct client *client, enum leave_reason reason) REQUIRES(worker_role);

/*
 * Carries out a datagram that holds an object or a batch of the JSON-RPC dialect, which jsonrpc_detect has read: the tree is taken. From an
 * address without a session only what begins with a login makes one.
 */
void rpc_datagram(struct presence *presence, struct worker *worker, struct client *client, const struct datagram *datagram, struct json_text *tree)
    REQUIRES(worker_role);
/* Goes on with one that had to wait. */
enum outcome rpc_datagram_resume(struct presence *presence, struct worker *worker, struct client *client, const char *text, size_t length,
    struct rpc_progress *progress) REQUIRES(worker_role);

#endif
