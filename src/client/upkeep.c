/* SPDX-License-Identifier: MIT
 *
 * What keeps a session by UDP alive and true: heartbeats, noticing losses, asking for the state afresh. There is at most one question on its way, and it
 * is asked from alo_next_event only, without waiting for the answer there.
 *
 * The heartbeat of the JSON-RPC dialect unfollows nobody: nothing changes by that, and unlike a ping it is answered with an error where
 * the session is not known any more. Every fourth is a login, so that the loss of the last notification for a long time is found out, too. Calls of
 * the program take the place of none: a program that asks all the time is told the truth as soon as one that is silent. The classic
 * dialect answers nothing; its heartbeat is the whole hello, so that a server that was started again knows this client's list.
 */
#include "client/client_internal.h"

#include "client/compose.h"

#include <errno.h>
#include <string.h>

enum {
    FRESH_EACH_MS = 1000, /* the state is not asked for more often */
    BEATS_MAX = 3,        /* then comes a login */
    REFUSED_MAX = 3,
    PADDING_FIRST = 1200, /* fits any path in one piece */
    PADDING_MAX = 60000,
};

bool
upkeep_pad_more(struct alo_client *client)
{
    if (!client->options.udp || client->padding >= PADDING_MAX || strcmp(client->error_code, "too_large") != 0)
        return false;
    client->padding = client->padding == 0 ? PADDING_FIRST : client->padding * 4;
    if (client->padding > PADDING_MAX)
        client->padding = PADDING_MAX;
    return true;
}

void
upkeep_begin(struct alo_client *client)
{
    struct upkeep *upkeep = &client->upkeep;

    if (client->options.classic)
        upkeep->heartbeat_ms = CLIENT_HEARTBEAT_MS;
    if (client->options.heartbeat_ms > 0)
        upkeep->heartbeat_ms = client->options.heartbeat_ms;
    upkeep->probe_id = 0;
    upkeep->stale = false;
    upkeep->beats = 0;
    upkeep->fresh_ms = link_now_ms();
    upkeep->beat_ms = upkeep->fresh_ms;
    if (upkeep->seq == 0)
        upkeep->seq = 1;
    upkeep->seq_restarts = true;
}

void
upkeep_supersede(struct alo_client *client)
{
    struct upkeep *upkeep = &client->upkeep;

    if (upkeep->probe_id != 0 && upkeep->is_login) {
        upkeep->probe_id = 0;
        upkeep->stale = true;
    }
}

bool
upkeep_seq(struct alo_client *client, uint64_t seq)
{
    struct upkeep *upkeep = &client->upkeep;

    /* After a login it either goes on or, if the server had forgotten the session, begins again. */
    if (!upkeep->seq_restarts && seq < upkeep->seq)
        return false;
    if (seq != upkeep->seq && (!upkeep->seq_restarts || seq != 1))
        upkeep->stale = true;
    upkeep->seq = seq + 1;
    upkeep->seq_restarts = false;
    return true;
}

bool
upkeep_answer(struct alo_client *client, const struct message *message, enum alo_result *result)
{
    struct upkeep *upkeep = &client->upkeep;

    *result = ALO_OK;
    if ((message->kind != MESSAGE_ANSWER && message->kind != MESSAGE_REFUSAL) || upkeep->probe_id == 0 || message->id != upkeep->probe_id)
        return false;
    upkeep->probe_id = 0;
    if (message->kind == MESSAGE_ANSWER) {
        if (upkeep->is_login) {
            bool stale = upkeep->stale; /* again, by what came while this was asked */

            *result = message_login(client, message->result);
            upkeep_begin(client);
            upkeep->stale = stale;
        }
    } else if (!upkeep->is_login) {
        if (strcmp(client->error_code, "not_logged_in") == 0) {
            upkeep->stale = true;
            upkeep->fresh_ms = 0;
        }
    } else if (upkeep_pad_more(client)) {
        upkeep->stale = true;
    } else {
        *result = ALO_REFUSED;
    }
    if (*result == ALO_OK)
        connection_begin(client);
    return true;
}

uint64_t
upkeep_due_ms(const struct alo_client *client)
{
    const struct upkeep *upkeep = &client->upkeep;
    uint64_t due = upkeep->beat_ms + (uint64_t)upkeep->heartbeat_ms, fresh = upkeep->fresh_ms + FRESH_EACH_MS;

    if (!client->options.udp || !client->logged_in)
        return UINT64_MAX;
    if (upkeep->probe_id != 0)
        return upkeep->probe_ms + (uint64_t)client->options.request_timeout_ms / CLIENT_TRIES; /* asked again */
    return upkeep->stale && fresh < due ? fresh : due;
}

/* Begins a question, or goes on with the one that was not answered; false when it was asked often enough. */
static bool
next_probe(struct alo_client *client)
{
    struct upkeep *upkeep = &client->upkeep;
    static const struct compose_users nobody = {.count = 0};
    const struct compose_users everybody = {.roster = &client->followed};

    if (upkeep->probe_id != 0 && upkeep->tries >= CLIENT_TRIES)
        return false;
    if (upkeep->probe_id == 0) {
        upkeep->probe_id = client->next_id++;
        upkeep->tries = 0;
        upkeep->is_login = upkeep->stale || upkeep->beats >= BEATS_MAX;
        upkeep->beats++;
        if (upkeep->is_login) {
            upkeep->stale = false;
            upkeep->fresh_ms = link_now_ms();
        }
    }
    upkeep->tries++;
    upkeep->probe_ms = link_now_ms();
    if (upkeep->is_login) {
        compose_login(client, upkeep->probe_id, &everybody, client->has_status ? client->status : NULL);
        compose_pad(client, client->padding);
    } else {
        compose_users(client, upkeep->probe_id, "unfollow", "friends", &nobody);
    }
    return true;
}

enum alo_result
upkeep_run(struct alo_client *client)
{
    struct upkeep *upkeep = &client->upkeep;
    enum alo_result result;

    if (link_now_ms() < upkeep_due_ms(client))
        return ALO_OK;
    if (client->options.classic) {
        const struct compose_users everybody = {.roster = &client->followed};

        if (upkeep->refused >= REFUSED_MAX)
            return connection_fail_errno(client, ALO_LOST, "the server has gone", ECONNREFUSED);
        compose_login(client, 0, &everybody, NULL);
    } else if (!next_probe(client)) {
        return connection_fail(client, ALO_LOST, "the server does not answer any more");
    }
    result = link_send(client);
    upkeep->beat_ms = link_now_ms();
    /* Without memory now: there is a next time. */
    return result == ALO_NO_MEMORY ? ALO_OK : result;
}
