/* SPDX-License-Identifier: MIT
 *
 * What happens, for the program: news that waits in the roster first, then the lines of the server one by one, then waiting.
 */
#include "client/client_internal.h"

#include <limits.h>

static bool
take_presence(struct alo_client *client, struct alo_event *event)
{
    const struct roster_user *user = roster_take(&client->followed);

    if (user == NULL)
        return false;
    *event = (struct alo_event){
        .kind = ALO_EVENT_PRESENCE,
        .user = user->user,
        .online = user->online,
        .snapshot = user->snapshot,
        .at_ms = user->at_ms,
        .status = user->status,
        .reason = user->reason,
    };
    return true;
}

/* Without a connection there is its loss to tell, or nothing. */
static enum alo_result
take_loss(struct alo_client *client, struct alo_event *event)
{
    if (!client->lost)
        return client_fail(client, ALO_NOT_CONNECTED, NULL);
    client->lost = false;
    client_say_why_lost(client);
    *event = (struct alo_event){.kind = ALO_EVENT_LOST};
    return ALO_OK;
}

/* True when the line is an event. What ends the connection is found in the next turn. */
static bool
take_line(struct alo_client *client, const char *line, size_t length, struct alo_event *event)
{
    struct message message;
    enum alo_result result = message_read(client, line, length, &message);

    if (result == ALO_BAD_SERVER && client->options.udp) {
        client_begin(client); /* anybody can send a datagram */
        return false;
    }
    if (result == ALO_OK)
        (void)upkeep_answer(client, &message, &result);
    if (result != ALO_OK) {
        (void)client_lose(client, result);
        return false;
    }
    if (message.kind != MESSAGE_SOMEONE && message.kind != MESSAGE_ERROR)
        return false;
    *event = (struct alo_event){.kind = message.kind == MESSAGE_ERROR ? ALO_EVENT_ERROR : ALO_EVENT_SOMEONE, .online = message.online};
    return true;
}

enum alo_result
alo_next_event(struct alo_client *client, struct alo_event *event, int timeout_ms)
{
    uint64_t deadline = timeout_ms < 0 ? UINT64_MAX : client_now_ms() + (uint64_t)timeout_ms;
    bool received = false;
    const char *line;
    size_t length;

    if (client == NULL || event == NULL)
        return ALO_BAD_ARGUMENT;
    client_begin(client);
    for (;;) {
        enum alo_result result;
        uint64_t due;

        if (take_presence(client, event))
            return ALO_OK;
        if (client->socket < 0)
            return take_loss(client, event);
        if (link_line(client, &line, &length)) {
            if (take_line(client, line, length, event))
                return ALO_OK;
            continue;
        }
        if (client->at_end) {
            (void)client_end(client);
            continue;
        }
        /* Received at least once; so what has arrived is told however short the time, and who sends without end cannot hold the program. */
        if (received && client_now_ms() >= deadline)
            return client_fail(client, ALO_TIMEOUT, NULL);
        result = upkeep_run(client);
        if (result == ALO_OK) {
            due = upkeep_due_ms(client);
            result = link_receive(client, due < deadline ? due : deadline);
            received = true;
        }
        if (result != ALO_OK && result != ALO_TIMEOUT)
            (void)client_lose(client, result);
    }
}

int
alo_timeout_ms(const struct alo_client *client)
{
    uint64_t due, now;

    if (client == NULL)
        return -1;
    if (client->followed.due_first != NULL || client->lost)
        return 0;
    if (client->socket < 0)
        return -1;
    if (client->at_end || link_has_line(client))
        return 0;
    due = upkeep_due_ms(client);
    if (due == UINT64_MAX)
        return -1;
    now = client_now_ms();
    if (now >= due)
        return 0;
    return due - now > INT_MAX ? INT_MAX : (int)(due - now);
}
