/* SPDX-License-Identifier: MIT
 *
 * A server inside the test's own process, and its guests: sessions of the classic dialect, as plain descriptors (peer.h).
 */
#ifndef SUPPORT_UNIT_GUEST_H
#define SUPPORT_UNIT_GUEST_H

#include "server.h"

#include <stdint.h>

#define ONLINE "{\"online\": true}\n"
#define OFFLINE "{\"online\": false}\n"
#define ERROR_BEGINS(code) "{\"error\": {\"code\": \"" code "\", \"message\": \""

/* A free port of 127.0.0.1, two workers, and no time-out that a test could meet by being slow. */
struct options guest_options(void);
/* Starts a server, or fails the test. */
struct server *guest_server(const struct options *options);

/* Says hello: {"user_id": user, "friends": [friends]}; without the key where friends is NULL. */
void guest_hello(int peer, int64_t user, const char *friends);
/* Connects and says hello; the server has not necessarily read it. */
int guest_enter(const struct server *server, int64_t user, const char *friends);
/* The same, and returns when it is logged in, with nothing unread. For users above zero; nothing else may be told to it meanwhile. */
int guest_settle(const struct server *server, int64_t user, const char *friends);
/* Somebody comes and goes, and the server has closed the connection. */
void guest_visit(const struct server *server, int64_t user, const char *friends);

#endif
