/* SPDX-License-Identifier: MIT
 *
 * One connection of one of very many users, as the convergence test holds thousands of them: what it has sent, which lists it
 * has had in the round that is going on, and which words it has heard. Nothing here waits, except for the kernel to take what is
 * sent. population.h keeps devices; users are named by their number there.
 */
#ifndef SUPPORT_DEVICE_H
#define SUPPORT_DEVICE_H

#include "support/server.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DEVICE_STATES = 8,      /* of its list, in one round */
    DEVICE_LINE = 512,      /* an error line fits */
    DEVICE_NOBODY = INT_MAX /* its user is on nobody's list */
};

/* Whom a device lists: numbers of users, sorted, each once. */
struct friends {
    unsigned count;
    unsigned users[];
};

/* Takes any numbers, `count` of them, sorts them and leaves repetitions out. */
struct friends *friends_new(const unsigned *users, unsigned count);
struct friends *friends_copy(const struct friends *friends);
bool friends_have(const struct friends *friends, unsigned user);

enum device_phase {
    DEVICE_APART,   /* not connected yet */
    DEVICE_SILENT,  /* connected, no hello yet */
    DEVICE_THERE,   /* has said hello */
    DEVICE_LEAVING, /* has said goodbye or closed its half; the end is still to come */
    DEVICE_GONE,
};

enum device_leaving { LEAVE_GOODBYE, LEAVE_HALF_CLOSE, LEAVE_CLOSE, LEAVE_CRASH, LEAVE_WAYS };

/* A stretch of time between two changes. */
struct device_state {
    bool exists;
    struct friends *friends; /* the device's own; NULL while it does not exist */
};

struct device {
    unsigned number;
    unsigned user;
    int64_t user_id;
    int socket;
    enum device_phase phase;
    bool listed_anew;                          /* has sent a list in this round */
    bool deaf;                                 /* went without hearing the rest (close or crash) */
    bool ended;                                /* the server has ended the connection */
    struct device_state states[DEVICE_STATES]; /* of this round, planned when it begins; the first is what there was before */
    unsigned state_count;
    char *heard; /* in this round: '+' and '-' */
    size_t heard_count, heard_room;
    char line[DEVICE_LINE]; /* an unfinished line, or the one that is no word */
    size_t line_length;
    bool troubled; /* a line that is no word came */
    int end_error; /* errno of reading, when gone by that */
};

struct device *device_new(unsigned number, unsigned user, int64_t user_id);
void device_free(struct device *device);

/* Plans the next state; takes `friends` over (NULL: it does not exist then). */
void device_plan(struct device *device, struct friends *friends);
/* Takes back all that was planned in this round. */
void device_unplan(struct device *device);
/* The round is over: the last state is where the next one begins, and nothing was heard yet. */
void device_begin_round(struct device *device);
/* Its state when everything planned has been carried out. */
static inline const struct device_state *
device_last_state(const struct device *device)
{
    return &device->states[device->state_count - 1];
}

/* Connects from one of many source addresses, since one has too few ports for all that come and go. */
void device_connect(struct device *device, const struct server *server);
void device_send(const struct device *device, const char *bytes, size_t length);
/* Ends the connection in this way. Afterwards it is gone, or leaving when an end is still to come. */
void device_leave(struct device *device, enum device_leaving how);
/* Takes in all that has arrived. False when it is the end: then the socket is closed and the device gone. */
bool device_listen(struct device *device);
/* Waits until it has heard at least so many words, and fails the test when they do not come. */
void device_await(struct device *device, size_t count);
/* The same for the end of the stream after it has said goodbye. */
void device_await_end(struct device *device);
/* How many of one word it has heard from that place on. */
unsigned device_count_heard(const struct device *device, size_t from, char word);

#endif
