/* SPDX-License-Identifier: MIT */
#include "client/compose.h"

#include <inttypes.h>
#include <string.h>

static void
put(struct alo_client *client, const char *text)
{
    buffer_append_text(&client->output, text);
}

static void
put_string(struct alo_client *client, const char *text)
{
    put(client, "\"");
    while (*text != '\0') {
        size_t plain = 0;

        while (text[plain] != '\0' && text[plain] != '"' && text[plain] != '\\' && (unsigned char)text[plain] >= ' ')
            plain++;
        buffer_append(&client->output, text, plain);
        text += plain;
        if (*text != '\0')
            buffer_format(&client->output, "\\u%04x", (unsigned)(unsigned char)*text++);
    }
    put(client, "\"");
}

static void
put_user(struct alo_client *client, struct alo_user user)
{
    if (user.name != NULL)
        put_string(client, user.name);
    else
        buffer_format(&client->output, "%" PRId64, user.number);
}

static void
put_users(struct alo_client *client, const struct compose_users *users)
{
    const char *comma = "";

    put(client, "[");
    if (users->roster != NULL) {
        for (struct roster_user *user = roster_next(users->roster, NULL); user != NULL; user = roster_next(users->roster, user)) {
            if ((users->which == COMPOSE_WANTED && !user->wanted) || (users->which == COMPOSE_AGREED && user->staged))
                continue;
            put(client, comma);
            put_user(client, user->user);
            comma = ",";
        }
    } else {
        for (size_t i = 0; i < users->count; i++) {
            put(client, comma);
            put_user(client, users->list[i]);
            comma = ",";
        }
    }
    put(client, "]");
}

/* A fresh request, up to its params. */
static void
put_request(struct alo_client *client, uint64_t id, const char *method)
{
    buffer_reset(&client->output, SIZE_MAX);
    buffer_format(&client->output, "{\"jsonrpc\": \"2.0\", \"id\": %" PRIu64 ", \"method\": \"%s\"", id, method);
}

void
compose_login(struct alo_client *client, uint64_t id, const struct compose_users *friends, const char *status)
{
    if (client->options.classic) {
        buffer_reset(&client->output, SIZE_MAX);
        put(client, "{");
    } else {
        put_request(client, id, "login");
        put(client, ", \"params\": {");
    }
    put(client, "\"user_id\": ");
    put_user(client, client->user);
    put(client, ", \"friends\": ");
    put_users(client, friends);
    if (status != NULL) {
        put(client, ", \"status\": ");
        put_string(client, status);
    }
    if (client->token != NULL) {
        put(client, ", \"token\": ");
        put_string(client, client->token);
    }
    put(client, client->options.classic ? "}" : "}}");
}

void
compose_users(struct alo_client *client, uint64_t id, const char *method, const char *name, const struct compose_users *users)
{
    put_request(client, id, method);
    buffer_format(&client->output, ", \"params\": {\"%s\": ", name);
    put_users(client, users);
    put(client, "}}");
}

void
compose_status(struct alo_client *client, uint64_t id, const char *status)
{
    put_request(client, id, "status");
    put(client, ", \"params\": {\"status\": ");
    if (status != NULL)
        put_string(client, status);
    else
        put(client, "null");
    put(client, "}}");
}

void
compose_plain(struct alo_client *client, uint64_t id, const char *method)
{
    put_request(client, id, method);
    put(client, "}");
}

static void
compose_classic(struct alo_client *client, const char *rest)
{
    buffer_reset(&client->output, SIZE_MAX);
    put(client, "{\"user_id\": ");
    put_user(client, client->user);
    put(client, rest);
}

void
compose_beat(struct alo_client *client)
{
    compose_classic(client, "}");
}

void
compose_goodbye(struct alo_client *client)
{
    compose_classic(client, ", \"online\": false}");
}

void
compose_pad(struct alo_client *client, size_t length)
{
    static const char space[] = "                                                                ";
    struct buffer *output = &client->output;

    if (output->failed || output->length >= length)
        return;
    output->length--;
    while (output->length + 1 < length && !output->failed) {
        size_t missing = length - 1 - output->length;

        buffer_append(output, space, missing < sizeof space - 1 ? missing : sizeof space - 1);
    }
    put(client, "}");
}
