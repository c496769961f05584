/* SPDX-License-Identifier: MIT
 *
 * The bytes of a message that has begun and not ended, or that is complete and waits for its turn. Exists only while there are such
 * bytes, so an idle session has no buffer. What all of these hold together is counted and limited, an equal share for each worker.
 */
#ifndef PRESENCE_INPUT_H
#define PRESENCE_INPUT_H

#include "net/deadlines.h"
#include "presence/desk.h"
#include "protocol/framer.h"

#include <stddef.h>

struct client;
struct rpc_progress;

struct input {
    struct deadline deadline; /* for the end of the message */
    struct list holder;       /* in one of the desk's lists while it may have to go for others */
    enum input_kind kind;     /* in which */
    struct client *client;
    struct framer framer;          /* where it stands in the bytes */
    size_t message_length;         /* of a complete message that waits; 0 while it is not complete */
    struct rpc_progress *progress; /* how far such a one has been carried out; NULL: not at all */
    size_t length, capacity;
    char bytes[];
};

/* How many bytes one worker may hold: its share of the common limit, but always enough for one message of the largest size. */
size_t input_share(const struct presence_config *config, uint32_t workers);
/*
 * Appends bytes to *input, making it (with a framer as at the beginning) when it is NULL. Returns 0, -ENOMEM, or -ENOSPC when this
 * worker's unfinished messages together would be over its share; after an error *input is as it was.
 */
int input_append(struct presence *presence, struct worker *worker, struct input **input, struct client *client, const char *bytes, size_t length)
    REQUIRES(worker_role);
/* It may have to go for others from now on, as one of these; or it may not any more. */
void input_offer(struct presence *presence, struct worker *worker, struct input *input, enum input_kind kind) REQUIRES(worker_role);
void input_withdraw(struct input *input);
/*
 * The largest unfinished message, or else the largest batch that is carried out in slices, that takes more than *input (NULL: none yet) would with so many
 * bytes more; of several the oldest; NULL when there is none. It is the one to go when there is no room: who holds most pays, and many who hold little are
 * no trouble. However many there are, finding it takes a few steps.
 */
struct input *input_larger(struct presence *presence, struct worker *worker, const struct input *input, size_t length) REQUIRES(worker_role);
/* Frees it; NULL is allowed. */
void input_free(struct presence *presence, struct worker *worker, struct input *input) REQUIRES(worker_role);

#endif
