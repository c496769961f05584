/* SPDX-License-Identifier: MIT
 *
 * A question to the server and its answer. By TCP it is asked once. By UDP it is asked again, under the same id, after pauses that double, so that
 * a lost datagram costs little and a slow network is not flooded.
 */
#include "client/client_internal.h"

#include "client/compose.h"

#include <errno.h>

/* One question while it is asked. */
struct call {
    uint64_t id;
    uint64_t deadline_ms;
    uint64_t again_ms; /* UDP: when it is sent again */
    uint64_t pause_ms;
    unsigned tries;
    unsigned refused; /* upkeep.refused when that was last looked at */
};

static void
call_begin(struct alo_client *client, struct call *call, uint64_t id)
{
    uint64_t now = client_now_ms();

    *call = (struct call){.id = id, .deadline_ms = now + (uint64_t)client->options.request_timeout_ms, .again_ms = now};
    call->pause_ms = (uint64_t)client->options.request_timeout_ms / ((1U << CLIENT_TRIES) - 1) + 1;
    client->upkeep.refused = 0;
}

/* Sends when it is time. */
static enum alo_result
call_send(struct alo_client *client, struct call *call)
{
    enum alo_result result;
    uint64_t now = client_now_ms();

    if (call->tries > 0 && (!client->options.udp || call->tries == CLIENT_TRIES || now < call->again_ms))
        return ALO_OK;
    result = link_send(client);
    call->tries++;
    call->again_ms = now + call->pause_ms;
    call->pause_ms *= 2;
    /* The server closed. It may have said why. */
    return result == ALO_LOST ? ALO_OK : result;
}

/* A line came. *done says whether it ends the call. */
static enum alo_result
call_look(struct alo_client *client, const struct call *call, const char *line, size_t length, struct wire_value *answer, bool *done)
{
    struct message message;
    enum alo_result result = message_read(client, line, length, &message);

    *done = result != ALO_OK;
    if (result == ALO_BAD_SERVER && client->options.udp) {
        *done = false; /* anybody can send a datagram */
        return ALO_OK;
    }
    if (result != ALO_OK)
        return client_lose(client, result);
    if (message.kind == MESSAGE_ERROR || (message.kind == MESSAGE_REFUSAL && message.id == call->id)) {
        *done = true;
        return ALO_REFUSED;
    }
    if (message.kind == MESSAGE_ANSWER && message.id == call->id) {
        *answer = message.result;
        *done = true;
        return ALO_OK;
    }
    if (upkeep_answer(client, &message, &result) && result != ALO_OK) {
        *done = true;
        return client_lose(client, result);
    }
    return ALO_OK;
}

/* The machine says that nobody is at that address. Before anything was heard from there another one is tried, if the name has more. */
static enum alo_result
call_refused(struct alo_client *client, struct call *call)
{
    if (client->heard || client->upkeep.refused == call->refused)
        return ALO_OK;
    if (!address_next(client)) {
        (void)client_fail_errno(client, ALO_LOST, "connecting", ECONNREFUSED);
        return client_lose(client, ALO_LOST);
    }
    call_begin(client, call, call->id);
    return ALO_OK;
}

static enum alo_result
call_wait(struct alo_client *client, struct call *call)
{
    bool again = client->options.udp && call->tries < CLIENT_TRIES && call->again_ms < call->deadline_ms;
    enum alo_result result = link_receive(client, again ? call->again_ms : call->deadline_ms);

    if (result == ALO_OK)
        return call_refused(client, call);
    if (result != ALO_TIMEOUT)
        return client_lose(client, result);
    if (client_now_ms() < call->deadline_ms)
        return ALO_OK;
    (void)client_fail(client, ALO_TIMEOUT, "the server did not answer in time");
    return client_lose(client, ALO_TIMEOUT);
}

enum alo_result
call_server(struct alo_client *client, uint64_t id, struct wire_value *answer, bool *repeated)
{
    struct call call;
    enum alo_result result;
    const char *line;
    size_t length;

    call_begin(client, &call, id);
    for (;;) {
        bool done = false;

        result = call_send(client, &call);
        if (result != ALO_OK)
            return result;
        if (link_line(client, &line, &length)) {
            result = call_look(client, &call, line, length, answer, &done);
            if (repeated != NULL)
                *repeated = call.tries > 1;
            if (done)
                return result;
            continue;
        }
        if (client->at_end)
            return client_end(client);
        result = call_wait(client, &call);
        if (result != ALO_OK)
            return result;
    }
}

enum alo_result
call_for_snapshot(struct alo_client *client, call_compose *compose, const void *context, struct wire_value *answer, bool *repeated)
{
    for (;;) {
        uint64_t id = client->next_id++;
        enum alo_result result;

        compose(client, id, context);
        compose_pad(client, client->padding);
        result = call_server(client, id, answer, repeated);
        if (result != ALO_REFUSED || !upkeep_pad_more(client))
            return result;
    }
}
