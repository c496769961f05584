/* SPDX-License-Identifier: MIT
 *
 * Writes what a client sends, both dialects, into client->output. Want of memory sticks to the buffer, and link_send tells it.
 */
#ifndef CLIENT_COMPOSE_H
#define CLIENT_COMPOSE_H

#include "client/client_internal.h"

/* Some users: a list of the program's, or those of a roster. */
struct compose_users {
    const struct alo_user *list;
    size_t count;
    const struct roster *roster; /* not NULL: these instead */
    enum {
        COMPOSE_AGREED, /* all but those that are staged */
        COMPOSE_WANTED, /* those on the list of the login under way */
        COMPOSE_ALL,
    } which;
};

/* {"jsonrpc": …, "method": "login", …}, or the classic hello, as client->user. A status of NULL is none. */
void compose_login(struct alo_client *client, uint64_t id, const struct compose_users *friends, const char *status);
/* A method whose params are one list of users. */
void compose_users(struct alo_client *client, uint64_t id, const char *method, const char *name, const struct compose_users *users);
void compose_status(struct alo_client *client, uint64_t id, const char *status);
/* A method without params. */
void compose_plain(struct alo_client *client, uint64_t id, const char *method);
/* Classic: a sign of life, and a goodbye. */
void compose_beat(struct alo_client *client);
void compose_goodbye(struct alo_client *client);
/* Makes the request so long, with white space before its last brace. */
void compose_pad(struct alo_client *client, size_t length);

#endif
