/* SPDX-License-Identifier: MIT
 *
 * A connection of a user under torture: the plain client's, but nothing here waits. What is said before the connection stands is kept until it does.
 */
#ifndef TORTURE_TALK_H
#define TORTURE_TALK_H

#include "support/client.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How to get to the server. */
struct way {
    uint16_t port;
    const char *address; /* of the server */
    int space;           /* a descriptor of the network namespace to come from; -1: this one */
    int home;            /* of this one, to come back to */
};

struct talk {
    struct client *client; /* NULL: there is none */
    char *out;             /* what is still to be said: out[out_sent..out_length) */
    size_t out_length, out_sent;
};

/* Begins to connect, from a loopback address of its own for each `from` where the server is on this machine. `poller` is an epoll set that says `tag`. */
void talk_open(struct talk *talk, const struct way *way, unsigned from, int poller, void *tag);
/* Says it, now or as soon as the kernel takes it. */
void talk_say(struct talk *talk, const char *text);
/* Tries again to say what is still to be said. */
void talk_push(struct talk *talk);
/* The next line that has arrived, or NULL. */
const char *talk_line(struct talk *talk);
/* Takes in what has arrived; true when the stream has ended and all of it has been looked at. */
bool talk_take(struct talk *talk);
/* Closes, with a reset if so. */
void talk_close(struct talk *talk, bool reset);

#endif
