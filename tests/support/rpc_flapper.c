/* SPDX-License-Identifier: MIT */
#include "support/rpc_flapper.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_NUMBER = 1000, STATUS_PERCENT = 40, GOODBYE_PERCENT = 60 };

void
rpc_flapper_init(struct rpc_flapper *flapper, const struct server *server, unsigned which, bool classic)
{
    *flapper = (struct rpc_flapper){.server = server, .classic = classic};
    /* The classic dialect has integers only. */
    snprintf(flapper->user, sizeof flapper->user, classic || which % 2 == 0 ? "%u" : "\"%u\"", FIRST_NUMBER + which);
}

unsigned
rpc_flapper_named(const char *name)
{
    return (unsigned)strtoul(name, NULL, 10) - FIRST_NUMBER;
}

static void
enter(struct rpc_flapper *flapper)
{
    char text[160];

    flapper->client = client_connect(flapper->server);
    flapper->online = true;
    flapper->doing = RPC_FLAPPER_ENTERS;
    flapper->number++;
    if (flapper->classic)
        snprintf(text, sizeof text, "{\"user_id\": %s}", flapper->user);
    else
        snprintf(text, sizeof text,
            "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"params\": {\"user_id\": %s, \"status\": \"%" PRId64 "\"}, \"id\": 1}", flapper->user,
            flapper->number);
    client_send(flapper->client, text);
}

static void
leave(struct rpc_flapper *flapper, struct dice *dice)
{
    flapper->online = false;
    flapper->doing = RPC_FLAPPER_LEAVES;
    if (!dice_chance(dice, GOODBYE_PERCENT))
        client_half_close(flapper->client);
    else if (flapper->classic)
        client_send(flapper->client, "{\"online\": false}");
    else
        client_send(flapper->client, "{\"jsonrpc\": \"2.0\", \"method\": \"logout\"}");
}

static void
say(struct rpc_flapper *flapper)
{
    char text[128];

    flapper->doing = RPC_FLAPPER_SAYS;
    flapper->number++;
    snprintf(
        text, sizeof text, "{\"jsonrpc\": \"2.0\", \"method\": \"status\", \"params\": {\"status\": \"%" PRId64 "\"}, \"id\": 2}", flapper->number);
    client_send(flapper->client, text);
}

void
rpc_flapper_step(struct rpc_flapper *flapper, struct dice *dice)
{
    ck_assert_int_eq(flapper->doing, RPC_FLAPPER_RESTS);
    if (!flapper->online)
        enter(flapper);
    else if (!flapper->classic && dice_chance(dice, STATUS_PERCENT))
        say(flapper);
    else
        leave(flapper, dice);
}

/* The dialect answers no hello: has it been carried out? */
static bool
is_there(const struct rpc_flapper *flapper, struct rpc_client *asker)
{
    char users[RPC_USER_BYTES + 16];
    const char *text;

    snprintf(users, sizeof users, "\"users\": [%s]", flapper->user);
    rpc_call(asker, "1", "online", users);
    text = client_read_line(asker->client);
    ck_assert_ptr_nonnull(text);
    return strstr(text, "\"online\": []") == NULL;
}

bool
rpc_flapper_pump(struct rpc_flapper *flapper, struct rpc_client *asker)
{
    struct client *client = flapper->client;

    if (flapper->doing == RPC_FLAPPER_RESTS)
        return true;
    if (flapper->doing == RPC_FLAPPER_LEAVES) {
        (void)client_more(client, 0);
        if (!client->ended)
            return false;
        client_close(client); /* whom a follower listed at its end was told of that, too: rule 2 */
        flapper->client = NULL;
    } else if (flapper->classic) {
        if (!is_there(flapper, asker))
            return false;
    } else {
        if (!client_poll(client))
            return false;
        ck_assert_ptr_nonnull(strstr(client_read_line(client), "\"result\": "));
    }
    flapper->doing = RPC_FLAPPER_RESTS;
    return true;
}

void
rpc_flapper_done(struct rpc_flapper *flapper)
{
    client_close(flapper->client);
}
