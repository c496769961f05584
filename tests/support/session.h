/* SPDX-License-Identifier: MIT
 *
 * A session of the classic dialect, and how a test knows what it cannot see. The dialect answers a hello with nothing, so
 * two questions need a trick: is this hello carried out by now, and is nothing said that should not be?
 *
 * Both are answered with beacons: users of ids that nobody else has, which every list of a session here ends with.
 *
 * - Settling. After a hello, beacons log in one after another until the session hears one: its list is in force. They log
 *   out, and when the session has heard as many departures as there were beacons, all news of them is through.
 * - A fence. A beacon comes and goes, and the next two lines of the session are exactly its arrival and departure: so nothing
 *   else was said to it because of anything that had happened before.
 *
 * Everything else is the plain client's (session->client).
 */
#ifndef SUPPORT_SESSION_H
#define SUPPORT_SESSION_H

#include "support/client.h"
#include "support/server.h"

#include <stdint.h>

enum { SESSION_BEACONS = 6 };

struct session {
    struct client *client;
    const struct server *server;
    int64_t user;
    int64_t beacon; /* the first of those that its list ends with */
};

/* Connects, says hello with these friends ("2, 3"; "" for none), and returns when the list is in force. */
struct session *session_open(const struct server *server, int64_t user, const char *friends);

/* The same over a connection that is there. */
struct session *session_open_on(const struct server *server, struct client *client, int64_t user, const char *friends);

/* Says hello again with another list; returns when it is in force. Nothing else may be told to the session meanwhile. */
#define session_relist(session, friends) session_relist_at((session), (friends), __func__, __LINE__)
void session_relist_at(struct session *session, const char *friends, const char *function, int line);

/* `friends` and the session's beacons, as the inside of a JSON array; for tests that write a hello themselves. The caller frees it. */
char *session_list(const struct session *session, const char *friends);

/* Nothing was said to the session that it has not been asked for (client_expect) because of anything that happened before. */
#define session_fence(session) session_fence_at((session), __func__, __LINE__)
void session_fence_at(struct session *session, const char *function, int line);

/*
 * What the session was told since it was last asked, as '+' for an arrival and '-' for a departure, everything that had happened
 * before included. Two beacons who come together and go together mark the end, so two arrivals in a row must not be among it: for a
 * session with one real friend. The caller frees it.
 */
#define session_history(session) session_history_at((session), __func__, __LINE__)
char *session_history_at(struct session *session, const char *function, int line);

/* Says goodbye, reads to the end, which comes with nothing before it, and frees. */
#define session_leave(session) session_leave_at((session), __func__, __LINE__)
void session_leave_at(struct session *session, const char *function, int line);

/* Frees without a word to the server but the closing of the connection; or with a reset. */
void session_close(struct session *session);
void session_reset(struct session *session);

/* Comes and goes in one breath: hello and goodbye, and waits until the server has closed. Lists `friends` if not NULL. */
void user_visit(const struct server *server, int64_t user, const char *friends);

/* Ids that no test uses itself, so many in a row. */
int64_t user_ids_reserve(unsigned count);

#endif
