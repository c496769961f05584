/* SPDX-License-Identifier: MIT */
#include "support/pair.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ID_BYTES = 24 };

/* Logs `user` in as a friend of `other`, who hears of it when there. */
static struct session *
friend_arrive(const struct server *server, int64_t user, int64_t friend, struct session *other, const char *function, int line)
{
    char friends[ID_BYTES];

    snprintf(friends, sizeof friends, "%" PRId64, friend);
    struct session *session = session_open(server, user, friends);
    if (other != NULL)
        client_expect_at(other->client, ONLINE, function, line);
    return session;
}

struct pair *
pair_open(const struct server *server)
{
    struct pair *pair = calloc(1, sizeof *pair);
    int64_t user = user_ids_reserve(2);

    ck_assert_ptr_nonnull(pair);
    pair->server = server;
    pair->first = friend_arrive(server, user, user + 1, NULL, __func__, __LINE__);
    pair->second = friend_arrive(server, user + 1, user, pair->first, __func__, __LINE__);
    return pair;
}

/* One leaves and comes back; the other, who stays, hears it. Returns the new session of the one. */
static struct session *
friend_return(const struct pair *pair, struct session *leaver, struct session *stayer, const char *function, int line)
{
    int64_t user = leaver->user;

    session_leave_at(leaver, function, line);
    client_expect_at(stayer->client, OFFLINE, function, line);
    return friend_arrive(pair->server, user, stayer->user, stayer, function, line);
}

void
pair_exchange_at(struct pair *pair, const char *function, int line)
{
    pair->first = friend_return(pair, pair->first, pair->second, function, line);
    pair->second = friend_return(pair, pair->second, pair->first, function, line);
}

void
pair_close_at(struct pair *pair, const char *function, int line)
{
    session_leave_at(pair->first, function, line);
    client_expect_at(pair->second->client, OFFLINE, function, line);
    session_leave_at(pair->second, function, line);
    free(pair);
}

void
pair_expect_error(struct pair *pair, const char *code)
{
    client_expect_error(pair->first->client, code);
    client_expect_error(pair->second->client, code);
    session_close(pair->first);
    session_close(pair->second);
    free(pair);
}
