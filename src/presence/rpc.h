/* SPDX-License-Identifier: MIT
 *
 * The conversation in the JSON-RPC dialect: carries out the calls of a message one by one and answers them together. On the client's worker.
 *
 * Of what a client does not follow any more nothing is told, though it may be under way (old_news.h).
 *
 * A message may have to wait half way: for a celebrity's older news to be told, and a long batch for its next turn, so that it costs others no more
 * time than its calls sent one by one. Then what is done and its answers are kept with the message, and it goes on from there. A call that
 * has to wait is read again: what reading it makes would take many times the memory of its text, which is counted.
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
    bool is_batch;
    bool closes;           /* the session, once the answers have been queued */
    uint32_t count;        /* calls; 0: it was only seen to be a long batch, and nothing of it has been looked at */
    uint32_t done;         /* of these */
    size_t at;             /* in the text: where the last of them ends */
    size_t budget;         /* bytes that all answers together may have; 0 is no limit */
    struct buffer answers; /* to the calls done */
};

void rpc_progress_free(struct rpc_progress *progress);

/*
 * Carries out a complete message of a stream, from *progress on when it had stopped (NULL: from its beginning). `tree`: what jsonrpc_detect has read of it, which
 * is taken, or NULL. When it must wait, desk->progress is what to give back the next time.
 */
enum outcome rpc_carry_out(struct presence *presence, struct worker *worker, struct client *client, const char *text, size_t length,
    struct json_text *tree, struct rpc_progress *progress) REQUIRES(worker_role);
/* The rest of a message that waits will never be carried out: sends the answers to what was. */
void rpc_break_off(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role);

/* Tells a transition; its text is kept with the part for the others who follow. */
void rpc_tell(struct presence *presence, struct worker *worker, struct client *client, struct audience_part *part) REQUIRES(worker_role);
/* Queues all that waits, but nothing that would come before the snapshot that it amends: the client is told no more after this. */
void rpc_tell_all(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role);
/* Tells that the server is being drained, and in how many milliseconds to come back. */
void rpc_tell_drain(struct presence *presence, struct worker *worker, struct client *client, uint32_t retry_after_ms) REQUIRES(worker_role);
/*
 * What was queued has left: goes on reading from a client that was waiting for that. Returns the notification that it is to be told next, with how many changes
 * it has, which wait on until rpc_told; NULL: none, or, of a datagram session, it was queued.
 */
struct line *rpc_room(struct presence *presence, struct worker *worker, struct client *client, uint32_t *count) REQUIRES(worker_role);
/* So many bytes of that have left. What has not begun to leave waits with the other changes, and the line is cut short behind what has. */
void rpc_told(struct presence *presence, struct worker *worker, struct client *client, struct line *line, uint32_t count, size_t sent)
    REQUIRES(worker_role);

#endif
