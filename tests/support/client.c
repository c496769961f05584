/* SPDX-License-Identifier: MIT */
#include "support/client.h"

#include "support/pace.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    READ_ROOM = 4096,
    SHOWN_BYTES = 200,     /* of what came instead, in a failure's text */
    SMALL_SEGMENT = 536,   /* small segments keep the server's send buffer small as well */
    SMALL_BUFFER = 4096,   /* with much less, Linux opens its window again only when the peer's probes ask, minutes later */
    HELLO_EXTRA_BYTES = 64 /* of a hello beside its list */
};

/* An address with a port, or unix:/path; returns its length. */
static socklen_t
address_make(const char *text, uint16_t port, struct sockaddr_storage *address)
{
    struct sockaddr_in *four = (struct sockaddr_in *)address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;

    memset(address, 0, sizeof *address);
    if (strncmp(text, "unix:", 5) == 0) {
        struct sockaddr_un *local = (struct sockaddr_un *)address;

        local->sun_family = AF_UNIX;
        ck_assert_int_lt(snprintf(local->sun_path, sizeof local->sun_path, "%s", text + 5), (int)sizeof local->sun_path);
        return sizeof *local;
    }
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        return sizeof *four;
    }
    ck_assert_msg(inet_pton(AF_INET6, text, &six->sin6_addr) == 1, "%s is no address", text);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    return sizeof *six;
}

/* Waits until the socket can be written or read; false when it takes too long. */
static bool
socket_wait(int socket, short events, int64_t deadline_ms)
{
    struct pollfd wanted = {.fd = socket, .events = events};
    int got;

    do
        got = poll(&wanted, 1, pace_left_ms(deadline_ms));
    while (got < 0 && errno == EINTR);
    return got == 1;
}

static void
socket_prepare(int socket, const struct client_options *options)
{
    int one = 1, buffer = SMALL_BUFFER, segment = SMALL_SEGMENT;

    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (options->small_buffers) {
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
        setsockopt(socket, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    }
    if (options->source != NULL) {
        struct sockaddr_storage source;
        socklen_t length = address_make(options->source, 0, &source);

        setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        ck_assert_int_eq(bind(socket, (struct sockaddr *)&source, length), 0);
    }
}

struct client *
client_connect_with(const struct server *server, const struct client_options *options)
{
    struct client *client = calloc(1, sizeof *client);
    struct sockaddr_storage address;
    socklen_t length = address_make(options->address != NULL ? options->address : "127.0.0.1", server->port, &address);
    int error = 0;
    socklen_t size = sizeof error;

    ck_assert_ptr_nonnull(client);
    client->socket = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_msg(client->socket >= 0, "socket: %s", strerror(errno));
    socket_prepare(client->socket, options);
    if (connect(client->socket, (struct sockaddr *)&address, length) < 0) {
        if (options->at_once) {
            client->ended = errno != EINPROGRESS;
            client->end_error = client->ended ? errno : 0;
            return client;
        }
        ck_assert_msg(errno == EINPROGRESS, "connect: %s", strerror(errno));
        ck_assert_msg(socket_wait(client->socket, POLLOUT, pace_deadline_ms()), "cannot connect: no answer");
        getsockopt(client->socket, SOL_SOCKET, SO_ERROR, &error, &size);
        ck_assert_msg(error == 0, "cannot connect: %s", strerror(error));
    }
    return client;
}

struct client *
client_connect(const struct server *server)
{
    return client_connect_with(server, &(struct client_options){.address = NULL});
}

struct client *
client_connect_from(const struct server *server, const char *source)
{
    return client_connect_with(server, &(struct client_options){.source = source});
}

ssize_t
client_send_now(struct client *client, const void *bytes, size_t length)
{
    ssize_t sent;

    do
        sent = send(client->socket, bytes, length, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    return sent;
}

size_t
client_try_send(struct client *client, const void *bytes, size_t length)
{
    int64_t deadline = pace_deadline_ms();
    size_t sent = 0;

    while (sent < length) {
        ssize_t now = client_send_now(client, (const char *)bytes + sent, length - sent);

        if (now < 0)
            break;
        sent += (size_t)now;
        if (now == 0)
            ck_assert_msg(socket_wait(client->socket, POLLOUT, deadline), "the server does not read");
    }
    return sent;
}

void
client_send_bytes(struct client *client, const void *bytes, size_t length)
{
    size_t sent = client_try_send(client, bytes, length);

    ck_assert_msg(sent == length, "the server closed after %zu of %zu bytes", sent, length);
}

void
client_send(struct client *client, const char *text)
{
    client_send_bytes(client, text, strlen(text));
}

void
client_send_pieces(struct client *client, const char *text, size_t piece)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i += piece)
        client_send_bytes(client, text + i, length - i < piece ? length - i : piece);
}

void
client_hello(struct client *client, int64_t user, const char *friends)
{
    size_t room = (friends != NULL ? strlen(friends) : 0) + HELLO_EXTRA_BYTES;
    char *text = malloc(room);

    ck_assert_ptr_nonnull(text);
    if (friends != NULL)
        snprintf(text, room, "{\"user_id\": %" PRId64 ", \"friends\": [%s]}", user, friends);
    else
        snprintf(text, room, "{\"user_id\": %" PRId64 "}", user);
    client_send(client, text);
    free(text);
}

void
client_goodbye(struct client *client, int64_t user)
{
    char text[HELLO_EXTRA_BYTES];

    snprintf(text, sizeof text, "{\"user_id\": %" PRId64 ", \"online\": false}", user);
    client_send(client, text);
}

void
client_half_close(struct client *client)
{
    shutdown(client->socket, SHUT_WR);
}

/* Reads what there is, once; false when there is nothing yet. */
static bool
client_take(struct client *client)
{
    if (client->ended)
        return true;
    if (client->start > 0) {
        memmove(client->bytes, client->bytes + client->start, client->length - client->start);
        client->length -= client->start;
        client->start = 0;
    }
    if (client->room - client->length < READ_ROOM) {
        client->room = client->room * 2 + READ_ROOM + 1; /* one more, to end texts */
        client->bytes = realloc(client->bytes, client->room);
        ck_assert_ptr_nonnull(client->bytes);
    }
    ssize_t got = recv(client->socket, client->bytes + client->length, client->room - client->length - 1, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return false;
    if (got <= 0) {
        client->ended = true;
        client->end_error = got < 0 ? errno : 0;
    } else {
        client->length += (size_t)got;
    }
    client->bytes[client->length] = '\0';
    return true;
}

bool
client_poll(struct client *client)
{
    return client->start < client->length || client_take(client);
}

bool
client_wait(struct client *client, int timeout_ms)
{
    int64_t deadline = pace_now_ms() + timeout_ms;

    while (!client_poll(client))
        if (!socket_wait(client->socket, POLLIN, deadline))
            return client_poll(client);
    return true;
}

bool
client_more(struct client *client, int timeout_ms)
{
    int64_t deadline = pace_now_ms() + timeout_ms;

    while (!client_take(client))
        if (!socket_wait(client->socket, POLLIN, deadline))
            return client_take(client);
    return true;
}

/* Reads on until at least `length` bytes wait or the stream has ended; fails when it takes too long. */
static void
client_gather(struct client *client, size_t length, const char *function, int line)
{
    int64_t deadline = pace_deadline_ms();

    while (!client->ended && client->length - client->start < length)
        if (!client_take(client) && !socket_wait(client->socket, POLLIN, deadline))
            ck_abort_msg("%s, line %d: waited in vain; so far came: %.*s", function, line, SHOWN_BYTES,
                client->length > client->start ? client->bytes + client->start : "(nothing)");
}

void
client_expect_at(struct client *client, const char *text, const char *function, int line)
{
    size_t length = strlen(text), came, same = 0;

    client_gather(client, length, function, line);
    came = client->length - client->start;
    while (same < length && same < came && text[same] == client->bytes[client->start + same])
        same++;
    if (same < length)
        ck_abort_msg("%s, line %d: expected %.*s but %s%.*s", function, line, SHOWN_BYTES, text,
            client->ended ? "the stream ended after: " : "came: ", SHOWN_BYTES, came > 0 ? client->bytes + client->start : "(nothing)");
    client->start += length;
}

const char *
client_line_now(struct client *client)
{
    static char *copy;
    char *from = client->bytes + client->start, *end = client->length > client->start ? memchr(from, '\n', client->length - client->start) : NULL;

    if (end == NULL)
        return NULL;
    /* The line is moved out of the way into memory of its own, so that it can end with a NUL. */
    size_t length = (size_t)(end - from) + 1;
    free(copy);
    copy = strndup(from, length);
    client->start += length;
    return copy;
}

const char *
client_read_line_at(struct client *client, const char *function, int line)
{
    for (;;) {
        const char *text = client_line_now(client);

        if (text != NULL)
            return text;
        if (client->ended) {
            ck_assert_msg(
                client->start == client->length, "%s, line %d: the stream ended within a line: %s", function, line, client->bytes + client->start);
            return NULL;
        }
        client_gather(client, client->length - client->start + 1, function, line);
    }
}

void
client_expect_error_line_at(struct client *client, const char *code, const char *function, int line)
{
    static const char tail[] = "\"}}\n";
    char head[128];
    const char *text = client_read_line_at(client, function, line);

    if (text == NULL)
        ck_abort_msg("%s, line %d: expected the error %s but the stream ended (%s)", function, line, code,
            client->end_error != 0 ? strerror(client->end_error) : "in order");
    size_t length = strlen(text), head_length = (size_t)snprintf(head, sizeof head, "{\"error\": {\"code\": \"%s\", \"message\": \"", code);
    if (strncmp(text, head, head_length) != 0 || length < head_length + sizeof tail - 1 || strcmp(text + length - (sizeof tail - 1), tail) != 0)
        ck_abort_msg("%s, line %d: expected the error %s but came: %.*s", function, line, code, SHOWN_BYTES, text);

    ck_assert_msg(length > head_length + sizeof tail - 1, "%s, line %d: an error without a sentence", function, line);
    json_t *parsed = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_msg(parsed != NULL, "%s, line %d: no JSON: %s", function, line, text);
    ck_assert_uint_eq(json_object_size(parsed), 1);
    ck_assert_uint_eq(json_object_size(json_object_get(parsed, "error")), 2);
    json_decref(parsed);
}

void
client_expect_error_at(struct client *client, const char *code, const char *function, int line)
{
    client_expect_error_line_at(client, code, function, line);
    client_expect_end_at(client, function, line);
}

const char *
client_read_to_end_at(struct client *client, const char *function, int line)
{
    int64_t deadline = pace_deadline_ms();

    while (!client->ended)
        if (!client_take(client) && !socket_wait(client->socket, POLLIN, deadline))
            ck_abort_msg("%s, line %d: the server does not close", function, line);
    const char *text = client->bytes + client->start;
    client->start = client->length;
    return text;
}

void
client_expect_end_at(struct client *client, const char *function, int line)
{
    const char *text = client_read_to_end_at(client, function, line);

    ck_assert_msg(text[0] == '\0', "%s, line %d: expected the end but came: %.*s", function, line, SHOWN_BYTES, text);
}

void
client_close(struct client *client)
{
    if (client == NULL)
        return;
    close(client->socket);
    free(client->bytes);
    free(client);
}

void
client_reset(struct client *client)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    setsockopt(client->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    client_close(client);
}
