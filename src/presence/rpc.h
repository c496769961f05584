/* SPDX-License-Identifier: MIT
 *
 * The conversation in the JSON-RPC dialect: carries out the calls of a message one by one and answers them together. On the client's worker.
 *
 * A call that ends edges waits until all news that was under way has been told, so that nothing of a user is told after the answer that says it
 * is not followed any more, and a later call may follow it again without hearing old news. So a message can stop half way: then what is
 * done and its answers are kept with the message, and it goes on from there.
 */
#ifndef PRESENCE_RPC_H
#define PRESENCE_RPC_H

#include "base/buffer.h"
#include "graph/audience.h"
#include "net/datagrams.h"
#include "presence/client.h"
#include "protocol/jsonrpc.h"

/* How far a message has been carried out. Set to zero: not at all. */
struct rpc_progress {
    uint32_t done;         /* calls */
    bool mute;             /* all news is old while it waits: it follows nobody */
    uint64_t settled_by;   /* mail up to this number must be told before an edge that has ended may begin again; 0: none has ended */
    size_t budget;         /* bytes that all answers together may have; 0 is no limit */
    struct buffer answers; /* to the calls done */
    struct buffer muted;   /* users (uint32_t, the graph's short names) that it does not follow any more: news of them is old while it waits */
};

void rpc_progress_free(struct rpc_progress *progress);

/*
 * Carries out a complete message of a stream, from *progress on when it had stopped (NULL: from its beginning). `tree`: what jsonrpc_detect has read of it, which
 * is taken, or NULL. When it must wait, desk->progress is what to give back the next time.
 */
enum outcome rpc_carry_out(struct presence *presence, struct worker *worker, struct client *client, const char *text, size_t length,
    struct json_text *tree, struct rpc_progress *progress) REQUIRES(worker_role);

/* Tells a transition; *line is where its text is kept for the sessions that follow, NULL when it is to be made. */
void rpc_tell(struct presence *presence, struct worker *worker, struct client *client, const struct transition *transition, void **line)
    REQUIRES(worker_role);
/* There is room: queues what the client is to be told, or a part. */
void rpc_room(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role);

#endif
