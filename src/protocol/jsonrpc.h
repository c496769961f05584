/* SPDX-License-Identifier: MIT
 *
 * The JSON-RPC 2.0 dialect (jsonrpc.org/specification): reads a request, a notification or a batch call by call, and writes results, errors
 * and presence notifications. It knows the words of the protocol and nothing of sessions: who may call what, and what it does, is for
 * the layer above. The only other code beside the classic dialect that knows jansson. On the decoder's worker.
 */
#ifndef PROTOCOL_JSONRPC_H
#define PROTOCOL_JSONRPC_H

#include "base/buffer.h"
#include "base/user_id.h"
#include "protocol/dialect.h"
#include "protocol/error.h"
#include "protocol/json_elements.h"
#include "protocol/json_text.h"
#include "protocol/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSONRPC_BATCH_MAX = 1000, JSONRPC_STATUS_MAX = 256 };

enum jsonrpc_method {
    JSONRPC_LOGIN,
    JSONRPC_FOLLOW,
    JSONRPC_UNFOLLOW,
    JSONRPC_ONLINE,
    JSONRPC_STATUS,
    JSONRPC_PING,
    JSONRPC_LOGOUT,
};

/* The error codes of the specification, and the one for everything that it does not name. */
enum {
    JSONRPC_PARSE_ERROR = -32700,
    JSONRPC_INVALID_REQUEST = -32600,
    JSONRPC_METHOD_NOT_FOUND = -32601,
    JSONRPC_INVALID_PARAMS = -32602,
    JSONRPC_SERVER_ERROR = -32000,
};

/* A request's id, as it will be answered. */
struct jsonrpc_id {
    enum { JSONRPC_ID_NONE, JSONRPC_ID_NULL, JSONRPC_ID_INTEGER, JSONRPC_ID_STRING } kind; /* NONE: a notification, never answered */
    int64_t integer;
    const char *string; /* the message's memory, not NUL-terminated */
    size_t length;
};

/* One call of a message. Memory is the message's or the decoder's, until the next call is read. */
struct jsonrpc_call {
    struct jsonrpc_id id;
    int failure; /* 0, or one of the codes above: it is no valid call, and `error` says why; it is to be answered even without an id where the
                  * specification says so (then id.kind is JSONRPC_ID_NULL) */
    struct protocol_error error; /* its code's word is the `data` */
    enum jsonrpc_method method;
    bool has_friends;              /* login: present and not null */
    bool has_status;               /* login, status: present; in login null is as if it was missing */
    struct user_id user;           /* login; a name is the decoder's, and so are those of the friends: to be copied, not shared */
    const struct user_id *friends; /* login, follow, unfollow: friends; online: users */
    uint32_t friend_count;
    const char *status; /* NULL: null */
    size_t status_length;
};

/*
 * A message: one call, or a batch, of which it was found as a whole that it can be read, and which is then read call by call: a tree of all of it
 * would take long to make, and many times the memory of the text.
 */
struct jsonrpc_message {
    const char *text; /* the caller's, for as long as calls are read */
    size_t length;
    bool is_batch;
    uint32_t count;        /* calls; 1 when it is no batch */
    struct json_text tree; /* of the call that was read last, if it was: in a batch, an array of this one element */
    size_t read_end;       /* where that one ends in the text; 0: none */
};

/*
 * Is this framed value, a session's first, of the JSON-RPC dialect: an object with the key `jsonrpc`, or an array with such an element? Returns 1,
 * and *tree, in which of a batch there is only what tells its dialect and kind, is the caller's to give to jsonrpc_take; 0 when it is for the classic dialect, which also says what is wrong with it; -EBADMSG and
 * `error` as the classic dialect tells it when it is not JSON or repeats a key; -ENOMEM. What cannot be of this dialect, as any usual hello,
 * costs one look for a word.
 */
int jsonrpc_detect(const struct protocol_limits *limits, const char *text, size_t length, struct json_text *tree, struct protocol_error *error);
/* Is what it has read an answer (a result or an error, and no method), or a batch of nothing else? */
bool jsonrpc_is_answer(const struct json_text *tree);

/*
 * Reads one framed value. Returns 0, and *message is the caller's to jsonrpc_message_done; -ENOMEM without memory; -EBADMSG when there is nothing to
 * carry out, with `error` and in *failure the code to answer it with, under the id null: JSONRPC_PARSE_ERROR (not JSON) and, for what is over a limit
 * (nesting, a batch of more than JSONRPC_BATCH_MAX: too_large), JSONRPC_SERVER_ERROR are for closing the connection; JSONRPC_INVALID_REQUEST (an
 * empty batch, a repeated key, a string with \u0000) is not.
 */
int jsonrpc_read(const struct protocol_limits *limits, const char *text, size_t length, struct jsonrpc_message *message, int *failure,
    struct protocol_error *error);
/* As jsonrpc_read, of a value that jsonrpc_detect has read: takes the tree, also when it fails. Never -ENOMEM. */
int jsonrpc_take(const struct protocol_limits *limits, const char *text, size_t length, struct json_text *tree, struct jsonrpc_message *message,
    int *failure, struct protocol_error *error);
/* The message again, without looking at its text, of a batch that jsonrpc_read or jsonrpc_take has found to hold so many calls. */
void jsonrpc_take_up(const char *text, size_t length, uint32_t count, struct jsonrpc_message *message);
void jsonrpc_message_done(struct jsonrpc_message *message);

/* Where the next call stands in the text: behind the one that ends at `after`, or with 0 the first. There is one. */
struct json_element jsonrpc_next(const struct jsonrpc_message *message, size_t after);
/* Reads it. Returns 0 (look at call->failure), or -ENOMEM, and *call is untouched. */
int jsonrpc_call_read(struct decoder *decoder, const struct protocol_limits *limits, struct jsonrpc_message *message, struct json_element place,
    struct jsonrpc_call *call);

/*
 * Writing. Each appends one response object, without a line end, so that responses can be put together to a batch; a failure for want of memory sticks to
 * the buffer. An id of kind NONE must not be answered.
 */
void jsonrpc_write_error(struct buffer *buffer, const struct jsonrpc_id *id, int code, const char *data, const char *message);
/* {} and "pong" */
void jsonrpc_write_empty(struct buffer *buffer, const struct jsonrpc_id *id);
void jsonrpc_write_pong(struct buffer *buffer, const struct jsonrpc_id *id);

/* One who is online, in a snapshot. */
struct jsonrpc_online {
    struct user_id user;
    const struct text *status; /* or NULL */
};
/*
 * {"online": [...], "statuses": [...]}: the latter only when somebody has one. With `session` not NULL, a login's:
 * {"session": …, "online": …, "heartbeat": …, "statuses": …}.
 */
void jsonrpc_write_online(struct buffer *buffer, const struct jsonrpc_id *id, const struct jsonrpc_online *online, uint32_t count,
    const char *session, uint32_t heartbeat_s);

/* A change, as it stands in `changes`: {"user_id": 2, "online": true, "at": …, "status": …} or {…, "online": false, "at": …, "reason": …}. */
void jsonrpc_write_change(struct buffer *buffer, struct user_id user, bool online, uint64_t at_ms, const struct text *status, const char *reason);
/* What stands around changes in a presence notification, one or more with ", " between them; the end has the line end. With `seq` 0 there is none. */
void jsonrpc_write_changes_begin(struct buffer *buffer, uint64_t seq);
void jsonrpc_write_changes_end(struct buffer *buffer);
/* The notification that the server is being drained, with the line end. With `seq` 0 there is none. */
void jsonrpc_write_drain(struct buffer *buffer, uint64_t seq, uint32_t retry_after_ms);

/* The number that belongs to a word where there is no call that could say more: bad_json is a parse error, bad_message an invalid request. */
int jsonrpc_code_of(enum error_code code);
/* The error line for a session of this dialect that is closed, or a stream that is refused: id null, with the line end. As dialect.encode_error. */
size_t jsonrpc_encode_error(const struct protocol_error *error, char *line);

#endif
