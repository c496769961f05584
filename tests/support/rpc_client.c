/* SPDX-License-Identifier: MIT */
#include "support/rpc_client.h"

#include "support/session.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_BYTES = 24 };

struct rpc_client *
rpc_open_on(const struct server *server, struct client *client)
{
    struct rpc_client *rpc = calloc(1, sizeof *rpc);

    ck_assert_ptr_nonnull(rpc);
    *rpc = (struct rpc_client){.client = client, .server = server};
    return rpc;
}

struct rpc_client *
rpc_open(const struct server *server)
{
    return rpc_open_on(server, client_connect(server));
}

/* The next line, or what is left of one; what the stream says in its stead fails the test. */
static const char *
rpc_line(struct rpc_place place, struct rpc_client *rpc, const char *what)
{
    char *text = rpc->rest;

    if (text == NULL) {
        const char *line = client_read_line_at(rpc->client, place.function, place.line);

        if (line == NULL)
            ck_abort_msg("%s, line %d: the stream ended where this should come: %s", place.function, place.line, what);
        text = strdup(line);
        ck_assert_ptr_nonnull(text);
    }
    free(rpc->looked_at);
    rpc->looked_at = rpc_first_change(text, &rpc->rest);
    free(text);
    return rpc->looked_at;
}

/* What is expected next is not what is left of a notification. */
static void
rpc_expect_no_rest(struct rpc_place place, const struct rpc_client *rpc)
{
    ck_assert_msg(rpc->rest == NULL, "%s, line %d: there is another change: %s", place.function, place.line, rpc->rest);
}

struct rpc_client *
rpc_login_at(struct rpc_place place, struct rpc_client *rpc, const char *user, const char *friends, const char *online)
{
    char *params = NULL, *tail = NULL;
    const char *text;

    rpc->beacon = user_ids_reserve(1);
    ck_assert_int_gt(
        asprintf(&params, "\"user_id\": %s, \"friends\": [%s%s%" PRId64 "]", user, friends, friends[0] != '\0' ? ", " : "", rpc->beacon), 0);
    rpc_call(rpc, "\"login\"", "login", params);
    ck_assert_int_gt(asprintf(&tail, "\", \"online\": [%s], \"heartbeat\": ", online), 0);
    text = rpc_line(place, rpc, "a login's result");
    if (strncmp(text, "{\"jsonrpc\": \"2.0\", \"result\": {\"session\": \"", 41) != 0 || strstr(text, tail) == NULL ||
        strstr(text, "\"id\": \"login\"}\n") == NULL)
        ck_abort_msg("%s, line %d: expected a login with %s online but came: %s", place.function, place.line, online, text);
    free(params);
    free(tail);
    return rpc;
}

void
rpc_call(struct rpc_client *rpc, const char *id, const char *method, const char *params)
{
    char *text = rpc_request(id, method, params);

    client_send(rpc->client, text);
    free(text);
}

void
rpc_expect_result_at(struct rpc_place place, struct rpc_client *rpc, const char *id, const char *result)
{
    char *text = rpc_result(id, result);

    rpc_expect_no_rest(place, rpc);
    client_expect_at(rpc->client, text, place.function, place.line);
    free(text);
}

void
rpc_expect_call_at(struct rpc_place place, struct rpc_client *rpc, const char *method, const char *params, const char *result)
{
    static int64_t calls;
    char id[ID_BYTES];

    snprintf(id, sizeof id, "%" PRId64, ++calls);
    rpc_call(rpc, id, method, params);
    rpc_expect_result_at(place, rpc, id, result);
}

void
rpc_expect_error_at(struct rpc_place place, struct rpc_client *rpc, const char *id, int code, const char *word)
{
    rpc_check_error(place, rpc_line(place, rpc, word), id, code, word);
}

void
rpc_expect_last_error_at(struct rpc_place place, struct rpc_client *rpc, const char *id, int code, const char *word)
{
    rpc_expect_error_at(place, rpc, id, code, word);
    rpc_expect_no_rest(place, rpc);
    client_expect_end_at(rpc->client, place.function, place.line);
}

int64_t
rpc_expect_online_at(struct rpc_place place, struct rpc_client *rpc, const char *user, const char *status)
{
    const struct rpc_change change = {.user = user, .online = true, .status = status};

    return rpc_check_change(place, rpc_line(place, rpc, user), &change, 0);
}

int64_t
rpc_expect_offline_at(struct rpc_place place, struct rpc_client *rpc, const char *user, const char *reason)
{
    const struct rpc_change change = {.user = user, .reason = reason};

    return rpc_check_change(place, rpc_line(place, rpc, user), &change, 0);
}

void
rpc_fence_at(struct rpc_place place, struct rpc_client *rpc)
{
    struct client *beacon = client_connect(rpc->server);
    char user[ID_BYTES];

    ck_assert_int_ne(rpc->beacon, 0);
    snprintf(user, sizeof user, "%" PRId64, rpc->beacon);
    client_hello(beacon, rpc->beacon, NULL);
    (void)rpc_expect_online_at(place, rpc, user, NULL);
    client_goodbye(beacon, rpc->beacon);
    (void)rpc_expect_offline_at(place, rpc, user, "goodbye");
    client_close(beacon);
}

void
rpc_logout_at(struct rpc_place place, struct rpc_client *rpc)
{
    rpc_call(rpc, "\"logout\"", "logout", NULL);
    rpc_expect_result_at(place, rpc, "\"logout\"", "{}");
    client_expect_end_at(rpc->client, place.function, place.line);
    rpc_close(rpc);
}

static void
rpc_free(struct rpc_client *rpc)
{
    free(rpc->rest);
    free(rpc->looked_at);
    free(rpc);
}

void
rpc_close(struct rpc_client *rpc)
{
    client_close(rpc->client);
    rpc_free(rpc);
}

void
rpc_reset(struct rpc_client *rpc)
{
    client_reset(rpc->client);
    rpc_free(rpc);
}
