/* SPDX-License-Identifier: MIT
 *
 * A client: a session and the conversation that it carries. Bytes become messages here, messages are carried out, and the client is told news
 * and errors. On the thread of the session's worker.
 */
#ifndef PRESENCE_CLIENT_H
#define PRESENCE_CLIENT_H

#include "graph/graph.h"
#include "net/session.h"
#include "presence/desk.h"
#include "protocol/error.h"
#include "protocol/message.h"

struct changes;
struct input;
struct old_news;

/* What carrying out a message comes to. */
enum outcome {
    DONE,
    WAIT,  /* until the news up to client->ticket has been told */
    BRAKE, /* until no news of the celebrities of group client->ticket is under way */
    SLICE, /* for its next turn, as there is more to do than one may take */
};

struct client {
    struct session session;        /* first: the worker's part */
    const struct dialect *dialect; /* NULL until the first message */
    struct input *input;           /* a message that is not complete, or one that waits; NULL otherwise */
    struct old_news *old_news;     /* JSON-RPC: what is under way to it and must not be told any more; NULL when nothing */
    struct changes *changes;       /* JSON-RPC: what it is still to be told; NULL when nothing */
    uint64_t seq;                  /* JSON-RPC over UDP: of the notification sent last */
    uint32_t member;               /* the graph's name for this session, once logged in */
    bool logged_in : 1;            /* the graph knows it */
    bool departing : 1;            /* it has ended, and its departure could not be told yet for want of memory: `retry` runs */
    bool absent : 1;               /* it was lost, and its user counts as online (grace.h): `retry` runs */
    enum leave_reason reason : 2;  /* why, while it is departing or absent */
    bool parked : 1;               /* its next object waits, for earlier news or its turn: `turn` is in one of the desk's lists */
    bool backlogged : 1;           /* JSON-RPC: it is not read from until its answers have left */
    enum session_end end : 3;      /* how it ended: what was said first counts */
    bool counted : 1;              /* that is in the tally */
    union {
        struct deadline retry;
        struct {
            struct list turn;
            uint64_t ticket; /* parked: mail up to this number must be told first; braked: the group whose celebrities must be */
        };
    };
};

static inline struct client *
client_of(struct session *session)
{
    return (struct client *)(void *)session;
}

/* Where the tally counts a client. */
static inline uint32_t
client_transport(const struct client *client)
{
    return session_is_datagram(&client->session) ? TALLY_UDP : TALLY_TCP;
}

static inline uint32_t
client_dialect(const struct client *client)
{
    return client->dialect == &dialect_jsonrpc ? TALLY_JSONRPC : TALLY_CLASSIC;
}

/* The steps that every way of talking has in common. */

/*
 * The client's user comes online through it. *snapshot as in graph_enter, or NULL. Returns 0, or -ENOMEM, and nothing has happened.
 */
int client_enter(struct presence *presence, struct worker *worker, struct client *client, const struct graph_hello *hello, struct snapshot *snapshot)
    REQUIRES(worker_role);
/* The same for a hello of the classic dialect. */
int client_log_in(struct presence *presence, struct worker *worker, struct client *client, const struct message *message) REQUIRES(worker_role);
/* Must what makes news of this user wait? Then client->ticket is set for BRAKE. */
bool client_is_braked(const struct presence *presence, struct client *client, struct user_id user);
/* Sets or (NULL) takes away the client's status. Returns 0 or -ENOMEM. */
int client_set_status(struct presence *presence, struct worker *worker, struct client *client, const char *status, size_t length)
    REQUIRES(worker_role);
/* Says how the session ends, unless that was said before. */
void client_note_end(struct client *client, enum session_end end);
/* Ends the client's part in the graph, which may be news, and whatever it waited for; the session stays. On a want of memory it is tried again later. */
void client_leave(struct presence *presence, struct worker *worker, struct client *client, enum leave_reason reason) REQUIRES(worker_role);
/* Is there news for this worker that was posted and is not told yet? If so, *ticket is the number of the last. */
bool client_news_is_under_way(struct presence *presence, struct worker *worker, uint64_t *ticket) REQUIRES(worker_role);
/* Tells the client an error, and no more. */
void client_say(struct presence *presence, struct worker *worker, struct client *client, const struct protocol_error *error) REQUIRES(worker_role);
/* There is no memory for what the client asks: that costs this session and nobody else. */
void client_fail_for_memory(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role);
/*
 * Keeps bytes in the client's input (presence/input.h). When there is no room, those who hold more go. Returns 0, -ENOMEM, or -ENOSPC when there
 * is nobody who does.
 */
int client_keep(struct presence *presence, struct worker *worker, struct client *client, const char *bytes, size_t length) REQUIRES(worker_role);
/* Carries out the message that the client was parked with, which is still in its input, and goes on. */
void client_resume(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role);

/* A connection is there; a refused one is told so. */
void client_opened(struct presence *presence, struct worker *worker, struct client *client, bool refused) REQUIRES(worker_role);
/* Carries out what is complete in these bytes, and keeps the rest. */
void client_received(struct presence *presence, struct worker *worker, struct client *client, const char *bytes, size_t length) REQUIRES(worker_role);
void client_input_ended(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role);
/* Tells the client an error, logs it out and closes. */
void client_fail(struct presence *presence, struct worker *worker, struct client *client, const struct protocol_error *error) REQUIRES(worker_role);
/* An operator closes its session: over TCP it is told so. Its departure is news. */
void client_dismiss(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role);
/* Tells a friend's transition, of which the client's worker has a part; its `text` is where a dialect keeps what it has made of it for the next. */
void client_tell(struct presence *presence, struct worker *worker, struct client *client, struct audience_part *part) REQUIRES(worker_role);
/* The time for its hello, or for the message that it has begun, is over. What it has sent by now still counts. */
void client_hello_due(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role);
void client_message_due(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role);
/* The client of a handle; NULL when it is gone, which is not counted. */
struct client *client_find(struct worker *worker, struct handle handle) REQUIRES(worker_role);
/* Says in the log what memory was wanted for. */
void client_log_no_memory(const struct client *client, const char *purpose);
/* Tries once more to tell a departure; a session that was only waiting for it is freed. */
void client_retry(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role);
/* The session has ended. True when nothing of it is left. */
bool client_ended(struct presence *presence, struct worker *worker, struct client *client) REQUIRES(worker_role);

#endif
