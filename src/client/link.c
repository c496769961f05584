/* SPDX-License-Identifier: MIT
 *
 * Bytes to and from the server. The socket never blocks; waiting is done here, with poll, for as long as the caller allows. A datagram that got
 * lost, or that the machine could not send, is nothing that is told here: whoever waits for an answer asks again.
 */
#include "client/client_internal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INPUT_BYTES_MIN = 16 * 1024,
    INPUT_BYTES_KEPT = 64 * 1024, /* a larger buffer goes when it is empty */
    DATAGRAM_BYTES = 64 * 1024,
};

/* Waits for an event; false when it did not come until then. A signal that was handled ends no wait. */
static bool
wait_for(const struct alo_client *client, short events, uint64_t deadline_ms)
{
    for (;;) {
        struct pollfd one = {.fd = client->socket, .events = events};
        uint64_t now = link_now_ms(), left = now < deadline_ms ? deadline_ms - now : 0;
        int ready = poll(&one, 1, left > INT_MAX ? INT_MAX : (int)left);

        if (ready > 0)
            return true;
        if (left == 0)
            return false;
    }
}

static void
trace(const struct alo_client *client, bool sent, const char *bytes, size_t length)
{
    if (client->options.trace == NULL)
        return;
    while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
        length--;
    client->options.trace(client->options.trace_context, sent, bytes, length);
}

static enum alo_result
send_stream(struct alo_client *client)
{
    uint64_t deadline = link_now_ms() + (uint64_t)client->options.request_timeout_ms;
    size_t sent = 0;

    while (sent < client->output.length) {
        ssize_t count = send(client->socket, client->output.bytes + sent, client->output.length - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (count >= 0) {
            sent += (size_t)count;
        } else if (errno == EAGAIN) {
            if (!wait_for(client, POLLOUT, deadline)) {
                (void)connection_fail(client, ALO_TIMEOUT, "the server does not read what is sent to it");
                return connection_lose(client, ALO_TIMEOUT); /* half a request was sent */
            }
        } else if (errno != EINTR) {
            /* What the server said before it closed may still be read, so that is left to whoever reads. */
            return connection_fail_errno(client, ALO_LOST, "sending", errno);
        }
    }
    return ALO_OK;
}

static enum alo_result
send_datagram(struct alo_client *client)
{
    for (int tries = 0; tries < 2; tries++) {
        if (send(client->socket, client->output.bytes, client->output.length, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return ALO_OK;
        if (errno == EMSGSIZE)
            return connection_fail(client, ALO_TOO_LARGE, NULL);
        /* This error may be about the datagram before; it is told once, so that now this one can go. */
        if (errno == ECONNREFUSED)
            client->upkeep.refused++;
    }
    return ALO_OK;
}

enum alo_result
link_send(struct alo_client *client)
{
    bool udp = client->options.udp;

    if (udp && client->output.length > CLIENT_DATAGRAM_MAX)
        return connection_fail(client, ALO_TOO_LARGE, NULL);
    if (!udp)
        buffer_append_text(&client->output, "\n");
    if (client->output.failed)
        return connection_fail(client, ALO_NO_MEMORY, NULL);
    trace(client, true, client->output.bytes, client->output.length);
    return udp ? send_datagram(client) : send_stream(client);
}

/* Makes room to read into. */
static enum alo_result
make_room(struct alo_client *client)
{
    size_t rest = client->length - client->start, room, limit = client->options.max_line_bytes;
    char *input;

    if (client->options.udp) {
        rest = 0;
        limit = DATAGRAM_BYTES;
    }
    if (client->start > 0 && rest > 0)
        memmove(client->input, client->input + client->start, rest);
    client->scanned -= client->start < client->scanned ? client->start : client->scanned;
    client->start = 0;
    client->length = rest;
    if (rest == 0)
        client->scanned = 0;
    if (rest == 0 && client->capacity > INPUT_BYTES_KEPT && !client->options.udp) {
        free(client->input);
        client->input = NULL;
        client->capacity = 0;
    }
    if (client->length < client->capacity)
        return ALO_OK;
    if (client->capacity > limit)
        return connection_fail(client, ALO_BAD_SERVER, "the server sent a line that is too long");

    room = client->options.udp ? DATAGRAM_BYTES : client->capacity == 0 ? INPUT_BYTES_MIN : client->capacity * 2;
    if (room > limit + 1)
        room = limit + 1;
    input = realloc(client->input, room);
    if (input == NULL)
        return connection_fail(client, ALO_NO_MEMORY, NULL);
    client->input = input;
    client->capacity = room;
    return ALO_OK;
}

/* Reading failed with errno; the result to return, or ALO_OK when it is to be tried again. */
static enum alo_result
receive_failed(struct alo_client *client, bool *again)
{
    *again = errno == EINTR;
    if (errno == EINTR)
        return ALO_OK;
    if (client->options.udp) {
        client->upkeep.refused += errno == ECONNREFUSED;
        return ALO_OK;
    }
    client->at_end = true;
    if (client->lost_text[0] == '\0') {
        char room[128];

        snprintf(client->lost_text, sizeof client->lost_text, "the connection broke: %s", strerror_r(errno, room, sizeof room));
    }
    return ALO_OK;
}

enum alo_result
link_receive(struct alo_client *client, uint64_t deadline_ms)
{
    enum alo_result result = make_room(client);
    bool again = true;

    if (result != ALO_OK)
        return result;
    while (again) {
        ssize_t count = recv(client->socket, client->input + client->length, client->capacity - client->length, MSG_DONTWAIT);

        if (count > 0 || (count == 0 && client->options.udp)) {
            client->length += (size_t)count;
            client->heard = true;
            client->upkeep.refused = 0;
            return ALO_OK;
        }
        if (count == 0) {
            client->at_end = true;
            return ALO_OK;
        }
        if (errno != EAGAIN)
            result = receive_failed(client, &again);
        else if (!wait_for(client, POLLIN, deadline_ms))
            return ALO_TIMEOUT;
    }
    return result;
}

/* Behind the next line in `input`; NULL when it is not all there. */
static const char *
line_end(const struct alo_client *client)
{
    size_t from = client->scanned > client->start ? client->scanned : client->start;
    const char *end;

    if (client->start == client->length)
        return NULL;
    if (client->options.udp)
        return client->input + client->length;
    end = memchr(client->input + from, '\n', client->length - from);
    return end != NULL ? end + 1 : NULL;
}

bool
link_line(struct alo_client *client, const char **line, size_t *length)
{
    const char *end = line_end(client);

    if (end == NULL) {
        client->scanned = client->length;
        return false;
    }
    *line = client->input + client->start;
    *length = (size_t)(end - *line);
    client->start += *length;
    trace(client, false, *line, *length);
    return true;
}

bool
link_has_line(const struct alo_client *client)
{
    return line_end(client) != NULL;
}
