/* SPDX-License-Identifier: MIT */
#include "support/rpc_follower.h"

#include <check.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 16384, BATCH_MAX = 4, BATCH_PERCENT = 50, REENTER_PERCENT = 10 };

void
rpc_follower_init(
    struct rpc_follower *follower, const struct server *server, const struct rpc_flapper *flappers, unsigned flapper_count, unsigned which)
{
    *follower = (struct rpc_follower){.server = server, .flappers = flappers, .flapper_count = flapper_count, .which = which};
}

/* Chooses some flappers and writes the call that asks for them; returns its length. */
static size_t
call_make(struct rpc_follower *follower, struct dice *dice, enum rpc_asked_kind kind, char *text, size_t room)
{
    static const char *const names[] = {[RPC_ASKED_LOGIN] = "login", [RPC_ASKED_FOLLOW] = "follow", [RPC_ASKED_UNFOLLOW] = "unfollow"};
    static unsigned ids;
    struct rpc_asked *asked = &follower->asked[follower->end % RPC_ASKED_MAX];
    unsigned percent = 5 + dice_below(dice, 60);
    size_t length;

    ck_assert_uint_lt(follower->end - follower->first, RPC_ASKED_MAX);
    follower->end++;
    *asked = (struct rpc_asked){.kind = kind};
    length = (size_t)snprintf(text, room, "{\"jsonrpc\": \"2.0\", \"method\": \"%s\", \"params\": {", names[kind]);
    if (kind == RPC_ASKED_LOGIN)
        length += (size_t)snprintf(text + length, room - length, "\"user_id\": \"follower %u\", ", follower->which);
    /* The beacon is followed from the login on; to follow it again changes nothing. */
    length += (size_t)snprintf(text + length, room - length, "\"friends\": [%s", kind == RPC_ASKED_UNFOLLOW ? "\"nobody\"" : RPC_BEACON);
    for (unsigned i = 0; i < follower->flapper_count; i++) {
        asked->who[i] = dice_chance(dice, percent);
        if (asked->who[i])
            length += (size_t)snprintf(text + length, room - length, ", %s", follower->flappers[i].user);
    }
    length += (size_t)snprintf(text + length, room - length, "]}, \"id\": %u}", ++ids);
    ck_assert_uint_lt(length, room);
    return length;
}

void
rpc_follower_enter(struct rpc_follower *follower, struct dice *dice)
{
    char text[TEXT_BYTES];

    client_close(follower->client);
    follower->client = client_connect(follower->server);
    follower->first = follower->end;
    for (unsigned i = 0; i < follower->flapper_count; i++)
        follower->beliefs[i].followed = false;
    (void)call_make(follower, dice, RPC_ASKED_LOGIN, text, sizeof text);
    client_send(follower->client, text);
}

void
rpc_follower_ask(struct rpc_follower *follower, struct dice *dice)
{
    char text[TEXT_BYTES];
    unsigned count = dice_chance(dice, BATCH_PERCENT) ? 2 + dice_below(dice, BATCH_MAX - 1) : 0;
    size_t length = 0;

    if (dice_chance(dice, REENTER_PERCENT)) {
        rpc_follower_enter(follower, dice);
        return;
    }
    for (unsigned i = 0; i < count || i == 0; i++) {
        text[length++] = i > 0 ? ',' : count > 0 ? '[' : ' ';
        length += call_make(follower, dice, dice_chance(dice, 50) ? RPC_ASKED_FOLLOW : RPC_ASKED_UNFOLLOW, text + length, sizeof text - length);
    }
    if (count > 0)
        text[length++] = ']';
    client_send_bytes(follower->client, text, length);
}

/* Which flapper is it? UINT32_MAX: the beacon. */
static unsigned
flapper_of(const struct rpc_follower *follower, const json_t *user, const char *line)
{
    char name[RPC_USER_BYTES];
    unsigned which;

    if (json_is_string(user) && strcmp(json_string_value(user), "beacon") == 0)
        return UINT32_MAX;
    snprintf(name, sizeof name, "%" JSON_INTEGER_FORMAT, json_integer_value(user));
    which = rpc_flapper_named(json_is_string(user) ? json_string_value(user) : name);
    ck_assert_msg(
        which < follower->flapper_count && json_is_string(user) == (follower->flappers[which].user[0] == '"'), "nobody asked for: %s", line);
    return which;
}

static int64_t
number_of(const json_t *object)
{
    const json_t *status = json_object_get(object, "status");

    return json_is_string(status) ? strtoll(json_string_value(status), NULL, 10) : -1;
}

static void
take_change(struct rpc_follower *follower, const json_t *change, const char *line)
{
    unsigned which = flapper_of(follower, json_object_get(change, "user_id"), line);
    bool online = json_is_true(json_object_get(change, "online"));
    int64_t at = json_integer_value(json_object_get(change, "at")), number = number_of(change);
    struct rpc_belief *belief;

    if (which == UINT32_MAX) {
        ck_assert_msg(number > follower->beacon, "the beacon's number does not grow: %s", line);
        follower->beacon = number;
        return;
    }
    belief = &follower->beliefs[which];
    follower->changes++;
    ck_assert_msg(belief->followed, "follower %u was told of one whom it does not follow: %s", follower->which, line);
    ck_assert_msg(at > 0 && at >= belief->at, "follower %u: time goes back from %" PRId64 ": %s", follower->which, belief->at, line);
    ck_assert_msg(online != json_is_string(json_object_get(change, "reason")), "a departure has a reason and an arrival none: %s", line);
    if (follower->flappers[which].classic || !online)
        ck_assert_msg(number < 0, "there is no status here: %s", line);
    else
        ck_assert_msg(number > belief->number, "follower %u knew number %" PRId64 " already: %s", follower->which, belief->number, line);
    ck_assert_msg(
        !follower->strict || online != belief->online || number > belief->number, "follower %u knew this already: %s", follower->which, line);
    belief->online = online;
    belief->at = at;
    if (number > belief->number)
        belief->number = number;
}

/* A snapshot: who of those whom it begins to follow is online, and what they say. */
static void
take_snapshot(struct rpc_follower *follower, const struct rpc_asked *asked, const json_t *result, const char *line)
{
    const json_t *online = json_object_get(result, "online"), *statuses = json_object_get(result, "statuses");
    bool is_new[RPC_FLAPPERS_MAX] = {false};

    follower->snapshots++;
    ck_assert_msg(json_is_array(online), "no snapshot: %s", line);
    for (unsigned i = 0; i < follower->flapper_count; i++) {
        is_new[i] = asked->who[i] && !follower->beliefs[i].followed;
        if (is_new[i]) {
            follower->beliefs[i].followed = true;
            follower->beliefs[i].online = false;
        }
    }
    for (size_t i = 0; i < json_array_size(online); i++) {
        unsigned which = flapper_of(follower, json_array_get(online, i), line);

        if (which == UINT32_MAX)
            continue;
        ck_assert_msg(is_new[which] && !follower->beliefs[which].online, "it was followed already, or stands here twice: %s", line);
        follower->beliefs[which].online = true;
    }
    for (size_t i = 0; i < json_array_size(statuses); i++) {
        const json_t *status = json_array_get(statuses, i);
        unsigned which = flapper_of(follower, json_object_get(status, "user_id"), line);

        if (which == UINT32_MAX)
            continue;
        ck_assert_msg(follower->beliefs[which].online && number_of(status) >= follower->beliefs[which].number, "a status of before: %s", line);
        follower->beliefs[which].number = number_of(status);
    }
}

static void
take_answer(struct rpc_follower *follower, const json_t *answer, const char *line)
{
    const struct rpc_asked *asked = &follower->asked[follower->first % RPC_ASKED_MAX];
    const json_t *result = json_object_get(answer, "result");

    ck_assert_msg(follower->first < follower->end && result != NULL, "follower %u: no answer to what it asked: %s", follower->which, line);
    follower->first++;
    if (asked->kind != RPC_ASKED_UNFOLLOW) {
        take_snapshot(follower, asked, result, line);
        return;
    }
    ck_assert_uint_eq(json_object_size(result), 0);
    for (unsigned i = 0; i < follower->flapper_count; i++)
        if (asked->who[i])
            follower->beliefs[i].followed = false;
}

static void
take_line(struct rpc_follower *follower, const char *line)
{
    json_t *value = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    const json_t *changes = json_object_get(json_object_get(value, "params"), "changes");

    ck_assert_msg(value != NULL, "no JSON: %s", line);
    ck_assert_msg(changes == NULL || json_array_size(changes) > 0, "no change: %s", line);
    for (size_t i = 0; i < json_array_size(changes); i++) {
        for (size_t j = 0; j < i; j++)
            ck_assert_msg(!json_equal(json_object_get(json_array_get(changes, i), "user_id"), json_object_get(json_array_get(changes, j), "user_id")),
                "one user stands in it twice: %s", line);
        take_change(follower, json_array_get(changes, i), line);
    }
    for (size_t i = 0; i < json_array_size(value); i++)
        take_answer(follower, json_array_get(value, i), line);
    if (changes == NULL && !json_is_array(value))
        take_answer(follower, value, line);
    json_decref(value);
}

bool
rpc_follower_pump(struct rpc_follower *follower)
{
    struct client *client = follower->client;

    (void)client_more(client, 0);
    while (client->length > client->start && memchr(client->bytes + client->start, '\n', client->length - client->start) != NULL)
        take_line(follower, client_read_line(client));
    ck_assert_msg(!client->ended, "follower %u was closed", follower->which);
    return follower->first == follower->end;
}

void
rpc_follower_done(struct rpc_follower *follower)
{
    client_close(follower->client);
}
