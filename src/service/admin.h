/* SPDX-License-Identifier: MIT
 *
 * The HTTP interface for operators and their tools: is it alive, is it ready, what has it counted. A thread of its own serves it, on sockets of its
 * own, so that it answers while the workers are busy and costs them nothing while nobody asks. What is to be told it gets through callbacks; it
 * knows nothing of users and sessions.
 *
 * Everything is bounded: connections at a time (others wait in the kernel), bytes of a request, and the time from accepting a connection to its end,
 * which is there for one request. When all places are taken and somebody waits, who has been there for the longest and is slow makes room, so that those who
 * only hold connections keep nobody from asking whether the server lives.
 */
#ifndef SERVICE_ADMIN_H
#define SERVICE_ADMIN_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ADMIN_LISTENERS_MAX = 16,
    ADMIN_CONNECTIONS_MAX = 32,
    ADMIN_CONNECTION_MS = 10000,                                         /* from accept to the end of the answer */
    ADMIN_HURRY_MS = 500,                                                /* the same when all places are taken and somebody waits for one */
    ADMIN_BODY_BYTES = 64 << 10,                                         /* of a request's body, which means nothing here */
    ADMIN_ANSWER_MS = 2000,                                              /* how long an answer is waited for that others have to give */
    ADMIN_DESCRIPTORS = ADMIN_LISTENERS_MAX + ADMIN_CONNECTIONS_MAX + 4, /* that it may have open */
};

struct MHD_Connection;

/* A request that somebody else answers. */
struct admin_request {
    const char *path; /* good during `ask` only */
    const char *peer; /* likewise: the address that it comes from */
    bool is_post;     /* it is to do something, and its token was the right one; else it is a GET */
    /* The answer, which begins as 200, plain text and empty. */
    unsigned status;
    const char *type;
    const char *allow; /* with 405: the methods that there are; else NULL */
    struct buffer body;
    void *question;                    /* whoever answers keeps here what it asks in turn */
    struct MHD_Connection *connection; /* the admin's own */
};

enum admin_outcome {
    ADMIN_ANSWERED,
    ADMIN_LATER,   /* admin_answered will be called for it, or give_up comes first */
    ADMIN_UNKNOWN, /* there is no such page */
};

/* What it asks of the rest of the server. Every function runs on the admin thread. */
struct admin_calls {
    /* Does the server take connections and serve them? */
    bool (*is_ready)(void *context);
    /* Writes all metrics in the format of Prometheus. */
    void (*write_metrics)(void *context, struct buffer *out);
    /* A request below /api/. NULL: there is nothing. */
    enum admin_outcome (*ask)(void *context, struct admin_request *request);
    /* The descriptor of answers is readable. */
    void (*collect)(void *context);
    /* It took too long: the request is answered without it, and must not be touched any more. */
    void (*give_up)(void *context, struct admin_request *request);
    /* Somebody wanted to do something and did not bring the token. NULL: nobody wants to know. */
    void (*refused)(void *context, const struct admin_request *request);
};

struct admin_config {
    int listeners[ADMIN_LISTENERS_MAX]; /* listening, non-blocking stream sockets */
    int listener_count;
    int answers;            /* a descriptor that is readable when `collect` is to be called; not the admin's. -1: there is none */
    const char *token;      /* what a POST must bring; copied by admin_start. NULL: none is allowed */
    uint32_t connection_ms; /* from accepting one to the end of its answer; 0 means ADMIN_CONNECTION_MS */
    const struct admin_calls *calls;
    void *context; /* the calls' */
};

struct admin;

enum { ADMIN_TOKEN_BYTES = 513, ADMIN_TOKEN_LEAST = 16 }; /* with its NUL; fewer characters are too easy to guess */

/* Starts the thread. The listeners are the admin's from now on, also on failure. Returns 0 or -errno. */
int admin_start(const struct admin_config *config, struct admin **admin);
/* From now on this is the token, where there was one before. Any thread. */
void admin_set_token(struct admin *admin, const char *token);
/* The value of an argument behind the path's question mark, or NULL. During `ask` only. */
const char *admin_argument(const struct admin_request *request, const char *name);
/* The answer to a request that was to come later is there. On the admin thread, from `collect`. */
void admin_answered(struct admin_request *request);
/* Ends the thread, closes everything and frees it; NULL is allowed. Whoever was being answered is cut off. */
void admin_stop(struct admin *admin);

#endif
