/* SPDX-License-Identifier: MIT
 *
 * libalo: a client of the ALO friend presence server. A program connects, says who it is and whose presence it wants to hear of,
 * and is told who is online and the moment anybody comes or goes.
 *
 *     struct alo_client *client = alo_new(NULL);
 *     struct alo_user friends[] = {alo_user_number(2), alo_user_name("carol")};
 *     struct alo_event event;
 *
 *     if (alo_connect(client, "localhost:8080") == ALO_OK && alo_login(client, alo_user_number(1), friends, 2, NULL) == ALO_OK)
 *         while (alo_next_event(client, &event, -1) == ALO_OK)
 *             ...
 *     alo_close(client);
 *
 * What holds for all of it:
 *
 * - No global state, no thread of its own, no signal (SIGPIPE is never raised), nothing is printed, the program is never ended. It does
 *   not change what the process has set up (signal handlers, locale, allocators).
 * - Handles know nothing of each other. One handle is for one thread at a time: a program that shares one brings its own lock.
 * - Errors are values. A function that fails says why in its result; alo_error_text has the sentence, and where the server refused,
 *   alo_error_code has its word.
 * - What is passed in is copied; the caller keeps it. What comes out (texts, names) belongs to the handle and is valid until
 *   the next call of a function with this handle, alo_fd, alo_timeout_ms and the alo_error_ functions not counted.
 * - Calls that ask the server something wait for the answer, at most options.request_timeout_ms; what the server tells meanwhile is kept for
 *   alo_next_event. A call of the JSON-RPC dialect that gets no answer in time ends the connection, because what the server has made of it
 *   is not known.
 * - Memory is bounded by what the program itself asks for (a few hundred bytes for each user that it follows) and one line of the
 *   server, see options.max_line_bytes. No bytes that a server sends, wrong ones too, can do worse than end the connection.
 * - All texts are UTF-8. Statuses and string ids are other users' words, and may hold control characters.
 */
#ifndef ALO_CLIENT_H
#define ALO_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ALO_PUBLIC __attribute__((visibility("default")))
#else
#define ALO_PUBLIC
#endif

/* What became of a call. ALO_OK is 0; numbers will not change. */
enum alo_result {
    ALO_OK = 0,
    ALO_TIMEOUT = 1,       /* alo_next_event: nothing happened in that time. Elsewhere: no answer in time; the connection has ended */
    ALO_LOST = 2,          /* the connection has ended, or could not be made */
    ALO_REFUSED = 3,       /* the server answered with an error: alo_error_code */
    ALO_NOT_CONNECTED = 4, /* this needs a connection */
    ALO_NOT_LOGGED_IN = 5, /* this needs a login first */
    ALO_BAD_ARGUMENT = 6,  /* the caller's mistake; nothing was sent */
    ALO_UNSUPPORTED = 7,   /* the classic dialect cannot do this; nothing was sent */
    ALO_TOO_LARGE = 8,     /* does not fit into a datagram; nothing was sent */
    ALO_NO_MEMORY = 9,     /* if the connection could not be kept consistent it has ended, too */
    ALO_BAD_SERVER = 10,   /* what came is not this protocol; the connection has ended */
    ALO_BAD_ADDRESS = 11,  /* no such host, or not an address */
};

/* A few words about a result, for a person. Never NULL; a constant of the library. */
ALO_PUBLIC const char *alo_result_text(enum alo_result result);

/* ---- Users ---------------------------------------------------------------------------------------------------------------- */

/* A user's id is an integer or a string. The integer 1 and the string "1" are different users. */
struct alo_user {
    const char *name; /* a string id of 1 to 128 bytes of UTF-8; NULL: the id is the integer */
    int64_t number;   /* looked at only when name is NULL */
};

static inline struct alo_user
alo_user_number(int64_t number)
{
    struct alo_user user;

    user.name = NULL;
    user.number = number;
    return user;
}

/* Holds the pointer, not a copy. */
static inline struct alo_user
alo_user_name(const char *name)
{
    struct alo_user user;

    user.name = name;
    user.number = 0;
    return user;
}

/* ---- A client ------------------------------------------------------------------------------------------------------------- */

struct alo_client;

/* How a client behaves. Set it to zero and fill in what should differ. */
struct alo_options {
    bool udp;     /* talk by UDP; otherwise TCP */
    bool classic; /* speak the classic dialect; otherwise JSON-RPC 2.0 */

    int connect_timeout_ms; /* for connecting to one address; 0: 5,000 */
    int request_timeout_ms; /* for the server's answer to one call, and for sending; 0: 5,000. By UDP a question is asked up to five times within it */
    int heartbeat_ms;       /* UDP: the longest silence of this client; 0: what the server says at login, 10,000 when it says nothing */
    size_t max_line_bytes;  /* longest line that the server may send; a longer one ends the connection; 0: 16 MiB */
    const char *token;      /* sent at login, for servers that check tokens; NULL: none */

    /* Called with each line or datagram that was sent or received, without its line end; NULL: not. It must not use the client. */
    void (*trace)(void *context, bool sent, const char *bytes, size_t length);
    void *trace_context;
};

/* A client that is not connected yet. `options` may be NULL. NULL without memory. To be freed with alo_close. */
ALO_PUBLIC struct alo_client *alo_new(const struct alo_options *options);

/* Ends the connection without a word to the server (alo_logout says one), and frees the client. NULL is allowed. */
ALO_PUBLIC void alo_close(struct alo_client *client);

/*
 * Connects to "host", "host:port", "1.2.3.4:8080", "::1" or "[::1]:8080"; the port is 8080 when it is missing. All addresses of the name are tried
 * in turn. Looking a name up is the system's getaddrinfo: it may block longer than any time-out here; a numeric address does not.
 * By UDP nothing is sent, so a server that is not there shows at login.
 *
 * A connection that is there ends first, without a word, and all that belongs to it is forgotten: who is followed, and events not fetched.
 * So after ALO_EVENT_LOST the same client may connect, and log in, again.
 *
 * ALO_OK, ALO_BAD_ADDRESS, ALO_LOST (refused, unreachable), ALO_TIMEOUT, ALO_BAD_ARGUMENT, ALO_NO_MEMORY.
 */
ALO_PUBLIC enum alo_result alo_connect(struct alo_client *client, const char *address);

/*
 * Why the last call with this client did not return ALO_OK, as a sentence; and of ALO_EVENT_LOST and ALO_EVENT_ERROR. Never NULL. Valid until the next call.
 */
ALO_PUBLIC const char *alo_error_text(const struct alo_client *client);

/* The server's word for it, such as "too_many_friends", if it was the server that refused (ALO_REFUSED) or ended the connection; else "". */
ALO_PUBLIC const char *alo_error_code(const struct alo_client *client);

/*
 * After a loss (ALO_EVENT_LOST, ALO_LOST): in how many milliseconds the server has asked to be come back to, because it lets its clients go in turn
 * (the code is then "shutting_down"); -1 when it has asked nothing. Until alo_connect. A program that connects again waits so long, and a little more by chance.
 */
ALO_PUBLIC int alo_retry_after_ms(const struct alo_client *client);

/* ---- What a client asks for ----------------------------------------------------------------------------------------------- */

/*
 * All of these return, beside what is named at each: ALO_OK; ALO_REFUSED, the server's no, after which (unless an event tells of a loss) the connection
 * and all that was before are as they were; ALO_LOST, ALO_TIMEOUT, ALO_BAD_SERVER: the connection has ended; ALO_NOT_CONNECTED; ALO_NO_MEMORY;
 * ALO_BAD_ARGUMENT; ALO_TOO_LARGE (UDP). `status` is up to 256 bytes, or NULL for none. An id may stand in a list twice.
 *
 * In the classic dialect nothing is answered: ALO_OK means that the message was sent, and a refusal comes later as ALO_EVENT_ERROR. Only
 * integer ids, no statuses and no questions: those are ALO_UNSUPPORTED.
 */

/*
 * Says who this client is and whom it follows. Friends who are online now become events with `snapshot` set; of those of whom there is none,
 * nobody is there. By UDP this may be called again, with another list or status, as the same user, and all that a
 * client follows must fit into one datagram of 65,507 bytes. By TCP once for each connection.
 */
ALO_PUBLIC enum alo_result alo_login(
    struct alo_client *client, struct alo_user user, const struct alo_user *friends, size_t friend_count, const char *status);

/* Follows more users. Those of them who were not followed before and are online become events with `snapshot` set. Needs a login. */
ALO_PUBLIC enum alo_result alo_follow(struct alo_client *client, const struct alo_user *friends, size_t friend_count);

/* Follows these no more: after it no event tells of them. Users who were not followed are allowed. Needs a login. */
ALO_PUBLIC enum alo_result alo_unfollow(struct alo_client *client, const struct alo_user *friends, size_t friend_count);

/* What alo_online says about one user. */
struct alo_presence {
    bool online;
    const char *status; /* NULL: none */
};

/*
 * Asks who of these is online, without following them: presences[i], the caller's array, is about users[i]. Needs a login.
 */
ALO_PUBLIC enum alo_result alo_online(struct alo_client *client, const struct alo_user *users, size_t user_count, struct alo_presence *presences);

/* Sets this session's status; NULL takes it away. Needs a login. */
ALO_PUBLIC enum alo_result alo_set_status(struct alo_client *client, const char *status);

/* Asks whether the server is there. In the classic dialect a sign of life that is not answered (there it needs a login). */
ALO_PUBLIC enum alo_result alo_ping(struct alo_client *client);

/* Says goodbye and ends the connection. No event tells of that; events not fetched are forgotten. Needs a login. */
ALO_PUBLIC enum alo_result alo_logout(struct alo_client *client);

/* The server's name for this session, as in its log: "" before login and in the classic dialect. */
ALO_PUBLIC const char *alo_session_id(const struct alo_client *client);

/* ---- What happens --------------------------------------------------------------------------------------------------------- */

enum alo_event_kind {
    ALO_EVENT_PRESENCE = 1, /* a followed user came, went, or has another status: user, online, snapshot, at_ms, status, reason */
    ALO_EVENT_SOMEONE = 2,  /* classic dialect: some friend came or went; the dialect does not say who: online */
    ALO_EVENT_ERROR = 3,    /* the server said an error that answers no call: alo_error_code, alo_error_text. It often ends the connection next */
    ALO_EVENT_LOST =
        4, /* the connection has ended and nobody asked for that; told once: alo_error_code ("" if the server said nothing), alo_error_text */
};

enum alo_reason {
    ALO_REASON_NONE = 0,    /* online, or not told */
    ALO_REASON_GOODBYE = 1, /* logged out */
    ALO_REASON_CLOSED = 2,  /* the connection ended */
    ALO_REASON_TIMEOUT = 3, /* was not heard of any more */
};

struct alo_event {
    enum alo_event_kind kind;
    struct alo_user user;
    bool online;
    bool snapshot;          /* how it was found at login or follow, or after lost datagrams; not something that happens now */
    int64_t at_ms;          /* when it happened, milliseconds since the epoch; 0 in a snapshot: not told */
    const char *status;     /* NULL: none */
    enum alo_reason reason; /* when offline */
};

/*
 * The next thing that happened, waiting for it up to timeout_ms: 0 does not wait, a negative number waits for ever. ALO_OK and *event, else
 * *event is untouched: ALO_TIMEOUT; ALO_NOT_CONNECTED when there is no connection and ALO_EVENT_LOST has been told, or never was one to lose;
 * ALO_BAD_ARGUMENT.
 *
 * Presence is state: while events wait for the program to fetch them, at most one waits per followed user, the newest, in the place of the oldest.
 * So one who went and came back meanwhile may be told as online again, with a newer at_ms.
 *
 * By UDP the program must come here (or make another call) as often as alo_timeout_ms says: heartbeats are sent from here. A lost datagram is noticed when
 * the next one comes, or when the state is asked for afresh, which each fourth heartbeat does; what turns out to differ is told as events
 * with `snapshot` set. A server that forgot the session (it was started again) is logged in to again. When several heartbeats in a row are not
 * answered, that is ALO_EVENT_LOST; the classic dialect, which answers nothing, notices only a machine that says that nobody is there.
 */
ALO_PUBLIC enum alo_result alo_next_event(struct alo_client *client, struct alo_event *event, int timeout_ms);

/*
 * For programs with an event loop: the descriptor to wait at until it is readable, or -1 without a connection. Wait no longer than alo_timeout_ms, then
 * call alo_next_event with timeout 0 until it returns ALO_TIMEOUT. Only waiting is allowed: not reading, writing or closing.
 */
ALO_PUBLIC int alo_fd(const struct alo_client *client);

/* How many milliseconds may pass until alo_next_event should be called though nothing can be read: 0 now, -1 no limit. */
ALO_PUBLIC int alo_timeout_ms(const struct alo_client *client);

#ifdef __cplusplus
}
#endif

#endif
