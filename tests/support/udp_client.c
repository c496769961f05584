/* SPDX-License-Identifier: MIT */
#include "support/udp_client.h"

#include "support/client.h"
#include "support/pace.h"
#include "support/session.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DATAGRAM_BYTES = 1 << 16, HOST_BUFFER = 4 << 20 };

/* Any address with a port; returns its length. */
static socklen_t
address_make(const char *text, uint16_t port, struct sockaddr_in6 *six)
{
    struct sockaddr_in *four = (struct sockaddr_in *)six;

    memset(six, 0, sizeof *six);
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

/* Waits until there is something to receive. */
static void
wait_for_input(int socket, const char *what, const char *function, int line)
{
    int64_t deadline = pace_deadline_ms();
    struct pollfd wanted = {.fd = socket, .events = POLLIN};

    while (poll(&wanted, 1, pace_left_ms(deadline)) != 1)
        if (pace_left_ms(deadline) == 0)
            ck_abort_msg("%s, line %d: no datagram came where this should: %s", function, line, what);
}

struct udp_client *
udp_client_open_at(const struct server *server, const char *address, const char *source, uint16_t source_port)
{
    struct udp_client *client = calloc(1, sizeof *client);
    struct sockaddr_in6 to;
    socklen_t length = address_make(address, server->port, &to);

    ck_assert_ptr_nonnull(client);
    client->server = server;
    client->socket = socket(to.sin6_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_msg(client->socket >= 0, "socket: %s", strerror(errno));
    if (source != NULL) {
        struct sockaddr_in6 from;
        socklen_t from_length = address_make(source, source_port, &from);

        ck_assert_msg(bind(client->socket, (struct sockaddr *)&from, from_length) == 0, "bind: %s", strerror(errno));
    }
    ck_assert_msg(connect(client->socket, (struct sockaddr *)&to, length) == 0, "connect: %s", strerror(errno));
    return client;
}

struct udp_client *
udp_client_open(const struct server *server)
{
    return udp_client_open_at(server, "127.0.0.1", NULL, 0);
}

void
udp_client_close(struct udp_client *client)
{
    close(client->socket);
    free(client);
}

uint16_t
udp_client_port(const struct udp_client *client)
{
    struct sockaddr_in own;
    socklen_t length = sizeof own;

    ck_assert_int_eq(getsockname(client->socket, (struct sockaddr *)&own, &length), 0);
    return ntohs(own.sin_port);
}

void
udp_client_send_bytes(struct udp_client *client, const void *bytes, size_t length)
{
    ck_assert_msg(send(client->socket, bytes, length, 0) == (ssize_t)length, "send: %s", strerror(errno));
}

void
udp_client_send(struct udp_client *client, const char *text)
{
    udp_client_send_bytes(client, text, strlen(text));
}

void
udp_client_hello(struct udp_client *client, int64_t user, const char *friends)
{
    char text[4096];

    if (friends == NULL)
        snprintf(text, sizeof text, "{\"user_id\": %" PRId64 "}", user);
    else
        ck_assert_int_lt(snprintf(text, sizeof text, "{\"user_id\": %" PRId64 ", \"friends\": [%s]}", user, friends), (int)sizeof text);
    udp_client_send(client, text);
}

void
udp_client_goodbye(struct udp_client *client, int64_t user)
{
    char text[64];

    snprintf(text, sizeof text, "{\"user_id\": %" PRId64 ", \"online\": false}", user);
    udp_client_send(client, text);
}

const char *
udp_client_receive_at(struct udp_client *client, const char *what, const char *function, int line)
{
    static char bytes[DATAGRAM_BYTES + 1];
    ssize_t length;

    wait_for_input(client->socket, what, function, line);
    length = recv(client->socket, bytes, DATAGRAM_BYTES, 0);
    ck_assert_msg(length >= 0, "%s, line %d: %s where this should come: %s", function, line, strerror(errno), what);
    bytes[length] = '\0';
    return bytes;
}

void
udp_client_expect_at(struct udp_client *client, const char *text, const char *function, int line)
{
    const char *got = udp_client_receive_at(client, text, function, line);

    if (strcmp(got, text) != 0)
        ck_abort_msg("%s, line %d: \"%s\" came where \"%s\" should", function, line, got, text);
}

size_t
udp_client_expect_error_at(struct udp_client *client, const char *code, const char *function, int line)
{
    static const char tail[] = "\"}}\n";
    const char *text = udp_client_receive_at(client, code, function, line);
    char head[128];
    size_t length = strlen(text), head_length = (size_t)snprintf(head, sizeof head, "{\"error\": {\"code\": \"%s\", \"message\": \"", code);

    if (strncmp(text, head, head_length) != 0 || length < head_length + sizeof tail || strcmp(text + length - (sizeof tail - 1), tail) != 0)
        ck_abort_msg("%s, line %d: expected the error %s but came: %s", function, line, code, text);

    json_t *parsed = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    ck_assert_msg(parsed != NULL, "%s, line %d: no JSON: %s", function, line, text);
    ck_assert_uint_eq(json_object_size(parsed), 1);
    ck_assert_uint_eq(json_object_size(json_object_get(parsed, "error")), 2);
    json_decref(parsed);
    return length;
}

void
udp_client_probe_at(struct udp_client *client, const char *function, int line)
{
    udp_client_send(client, "{\"user_id\": \"wrong, and with so many words that the answer is not longer than three times all of this\"}");
    udp_client_expect_at(
        client, "{\"error\": {\"code\": \"bad_message\", \"message\": \"user_id must be an integer of 64 bits, not a string\"}}\n", function, line);
}

void
udp_client_fence_at(struct udp_client *client, int64_t beacon, const char *function, int line)
{
    user_visit(client->server, beacon, NULL);
    udp_client_expect_at(client, ONLINE, function, line);
    udp_client_expect_at(client, OFFLINE, function, line);
}

struct udp_client *
udp_client_enter(const struct server *server, int64_t user, const char *friends)
{
    struct udp_client *client = udp_client_open(server);

    udp_client_hello(client, user, friends);
    udp_client_probe(client);
    return client;
}

bool
udp_client_has_input(struct udp_client *client)
{
    char byte;

    return recv(client->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

void
udp_client_expect_nobody(struct udp_client *client)
{
    struct pollfd wanted = {.fd = client->socket, .events = POLLIN};
    int64_t deadline = pace_deadline_ms();
    char byte;

    for (;;) {
        ck_assert_msg(pace_left_ms(deadline) > 0, "somebody listens on the server's port");
        if (send(client->socket, "", 0, 0) < 0 && errno == ECONNREFUSED)
            return;
        if (poll(&wanted, 1, 10) == 1) {
            ck_assert_msg(recv(client->socket, &byte, 1, MSG_DONTWAIT) < 0, "something was said");
            if (errno == ECONNREFUSED)
                return;
        }
    }
}

void
udp_host_open(struct udp_host *host, const struct server *server)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    int one = 1, buffer = HOST_BUFFER;

    host->server = server;
    host->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_msg(host->socket >= 0, "socket: %s", strerror(errno));
    ck_assert_int_eq(bind(host->socket, (struct sockaddr *)&any, sizeof any), 0);
    ck_assert_int_eq(setsockopt(host->socket, IPPROTO_IP, IP_PKTINFO, &one, sizeof one), 0);
    (void)setsockopt(host->socket, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
}

void
udp_host_close(struct udp_host *host)
{
    close(host->socket);
}

/* The message of one datagram with room for the address that it comes from or goes to. */
struct host_message {
    struct sockaddr_in server;
    struct iovec bytes;
    struct msghdr header;
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } own;
};

static void
host_message_make(struct host_message *message, void *bytes, size_t length)
{
    *message = (struct host_message){.bytes = {.iov_base = bytes, .iov_len = length}};
    message->header = (struct msghdr){
        .msg_name = &message->server,
        .msg_namelen = sizeof message->server,
        .msg_iov = &message->bytes,
        .msg_iovlen = 1,
        .msg_control = &message->own,
        .msg_controllen = sizeof message->own,
    };
}

void
udp_host_send(struct udp_host *host, uint32_t which, const char *text)
{
    struct host_message message;
    struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(INADDR_LOOPBACK + which)};

    host_message_make(&message, (void *)(uintptr_t)text, strlen(text));
    message.server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(host->server->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    message.own.head = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
    memcpy(CMSG_DATA(&message.own.head), &info, sizeof info);
    if (sendmsg(host->socket, &message.header, 0) != (ssize_t)strlen(text))
        ck_abort_msg("sendmsg: %s", strerror(errno));
}

uint32_t
udp_host_receive(struct udp_host *host, char *text, size_t size)
{
    struct host_message message;
    struct in_pktinfo info;
    ssize_t length;

    wait_for_input(host->socket, "something for a host", __func__, __LINE__);
    host_message_make(&message, text, size - 1);
    length = recvmsg(host->socket, &message.header, 0);
    if (length < 0 || CMSG_FIRSTHDR(&message.header) == NULL)
        ck_abort_msg("recvmsg: %s", strerror(errno));
    text[length] = '\0';
    memcpy(&info, CMSG_DATA(CMSG_FIRSTHDR(&message.header)), sizeof info);
    return ntohl(info.ipi_addr.s_addr) - INADDR_LOOPBACK;
}
