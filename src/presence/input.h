/* SPDX-License-Identifier: MIT
 *
 * The bytes of a message that has begun and not ended, or that is complete and waits for its turn. Exists only while there are such
 * bytes, so an idle session has no buffer. What all of these hold together is counted and limited.
 */
#ifndef PRESENCE_INPUT_H
#define PRESENCE_INPUT_H

#include "net/deadlines.h"
#include "presence/desk.h"
#include "protocol/framer.h"

#include <stddef.h>

struct client;

struct input {
    struct deadline deadline; /* for the end of the message */
    struct client *client;
    struct framer framer;  /* where it stands in the bytes */
    size_t message_length; /* of a complete message that waits; 0 while it is not complete */
    size_t length, capacity;
    char bytes[];
};

/*
 * Appends bytes to *input, making it (with a framer as at the beginning) when it is NULL. Returns 0, -ENOMEM, or -ENOSPC when all
 * unfinished messages together would be over the limit; after an error *input is as it was.
 */
int input_append(struct presence *presence, struct input **input, struct client *client, const char *bytes, size_t length) REQUIRES(worker_role);
/* Frees it; NULL is allowed. */
void input_free(struct presence *presence, struct input *input) REQUIRES(worker_role);

#endif
