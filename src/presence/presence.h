/* SPDX-License-Identifier: MIT
 *
 * Joins the layers: what a client asks becomes a change of the graph, the graph's audience becomes mail, and mail becomes lines in the write
 * queues of sessions. It fills in the callbacks through which workers call upward.
 *
 * A presence is shared by all workers. What one worker alone touches stands at its desk; the graph and the mailboxes guard themselves.
 */
#ifndef PRESENCE_PRESENCE_H
#define PRESENCE_PRESENCE_H

#include "base/mail.h"
#include "net/worker.h"
#include "presence/tally.h"
#include "protocol/dialect.h"
#include "protocol/limits.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/* Constant. A reload gives each worker another one (the settings of reconfiguration.h), with the same store. */
struct presence_config {
    struct protocol_limits limits;
    uint32_t queue_limit;    /* lines that may wait for a session of the classic dialect */
    size_t unfinished_limit; /* bytes of all unfinished messages together */
    /* JSON-RPC: how often a client is told to say something. */
    uint32_t stream_heartbeat_s, datagram_heartbeat_s;
    const struct store *store; /* opened by presence_new, closed by presence_free */
};

struct presence;

/* The callbacks for worker_config.handler; its context is the presence. */
extern const struct session_handler presence_handler;

/* A presence for `count` workers, whose array may be made ready later but stays where it is. NULL without memory or when the store fails. */
struct presence *presence_new(struct worker *workers, uint32_t count, const struct presence_config *config);
/* Frees it with the graph. The workers have ended. */
void presence_free(struct presence *presence);

/* From now on sessions that end are no news: the server stops. Any thread. */
void presence_stop(struct presence *presence);

/* How many users are online, about. Any thread. */
uint64_t presence_users_online(const struct presence *presence);
/* Adds what is counted at all desks to *sum. Any thread; nobody waits for it. */
void presence_count(const struct presence *presence, struct tally *sum);
/* How often a worker had to wait for another one's look at the same part of the graph. Any thread, likewise. */
uint64_t presence_lock_waits(const struct presence *presence);

/* Ends mail that no worker will take any more; for workers_done. */
void presence_drop_mail(struct mail *mail);

/* Writes the line that tells a connection that the server is full; returns its length. */
size_t presence_refusal(char line[ERROR_LINE_MAX]);

#endif
