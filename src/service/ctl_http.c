/* SPDX-License-Identifier: MIT
 *
 * It asks for HTTP/1.0, so the answer has no pieces and ends with the connection.
 */
#include "service/ctl_http.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_S = 15, HOST_BYTES = 256, REQUEST_BYTES = 4096, ANSWER_MAX = 64 << 20 };

/* Splits HOST:PORT, [HOST]:PORT or PORT. */
static void
server_split(const char *server, char host[HOST_BYTES], const char **port)
{
    const char *colon = strrchr(server, ':');
    size_t length = colon == NULL ? 0 : (size_t)(colon - server);

    *port = colon == NULL ? server : colon + 1;
    if (length >= 2 && server[0] == '[' && server[length - 1] == ']') {
        server++;
        length -= 2;
    }
    if (length == 0)
        snprintf(host, HOST_BYTES, "localhost");
    else
        snprintf(host, HOST_BYTES, "%.*s", (int)length, server);
}

/* Connects to the first of the addresses that takes it. Returns the socket or -errno. */
static int
connect_any(const struct addrinfo *addresses)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int error = -EADDRNOTAVAIL;

    for (; addresses != NULL; addresses = addresses->ai_next) {
        int descriptor = socket(addresses->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (descriptor < 0) {
            error = -errno;
            continue;
        }
        (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        (void)setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (connect(descriptor, addresses->ai_addr, addresses->ai_addrlen) == 0)
            return descriptor;
        error = -errno;
        close(descriptor);
    }
    return error;
}

static int
connect_tcp(const char *server, char problem[CTL_PROBLEM])
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    char host[HOST_BYTES];
    const char *port;
    int descriptor, failure;

    server_split(server, host, &port);
    failure = getaddrinfo(host, port, &hints, &addresses);
    if (failure != 0) {
        snprintf(problem, CTL_PROBLEM, "%.100s: %s", server, gai_strerror(failure));
        return -1;
    }
    descriptor = connect_any(addresses);
    freeaddrinfo(addresses);
    if (descriptor < 0)
        snprintf(problem, CTL_PROBLEM, "cannot connect to the admin interface at %.80s port %.20s: %s", host, port, strerror(-descriptor));
    return descriptor;
}

/* By a Unix socket, as a service manager opens one. */
static int
connect_local(const char *path, char problem[CTL_PROBLEM])
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct addrinfo address = {.ai_family = AF_UNIX, .ai_addr = (struct sockaddr *)&local};
    size_t length = strlen(path);
    int descriptor;

    if (length == 0 || length >= sizeof local.sun_path) {
        snprintf(problem, CTL_PROBLEM, "unix: takes a path of 1 to %zu bytes", sizeof local.sun_path - 1);
        return -1;
    }
    memcpy(local.sun_path, path, length);
    if (path[0] == '@')
        local.sun_path[0] = '\0'; /* one without a file */
    address.ai_addrlen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (path[0] != '@'));
    descriptor = connect_any(&address);
    if (descriptor < 0)
        snprintf(problem, CTL_PROBLEM, "cannot connect to the admin interface at unix:%s: %s", path, strerror(-descriptor));
    return descriptor;
}

static int
server_connect(const char *server, char problem[CTL_PROBLEM])
{
    static const char local[] = "unix:";
    bool is_local = strncmp(server, local, sizeof local - 1) == 0;

    return is_local ? connect_local(server + sizeof local - 1, problem) : connect_tcp(server, problem);
}

/* Reads to the end of the connection. Returns 0 or -errno. */
static int
answer_read(int descriptor, struct buffer *answer)
{
    char bytes[16 << 10];
    ssize_t length;

    while ((length = recv(descriptor, bytes, sizeof bytes, 0)) > 0 && answer->length < ANSWER_MAX)
        buffer_append(answer, bytes, (size_t)length);
    if (answer->failed)
        return -ENOMEM;
    return length < 0 ? -errno : 0;
}

/* Finds status and body in an answer. Returns the status, or -1. */
static int
answer_split(const struct buffer *answer, struct buffer *body)
{
    static const char version[] = "HTTP/1.", end[] = "\r\n\r\n";
    const char *begin = answer->length == 0 ? NULL : memmem(answer->bytes, answer->length, end, sizeof end - 1);

    if (begin == NULL || strncmp(answer->bytes, version, sizeof version - 1) != 0)
        return -1;
    begin += sizeof end - 1;
    buffer_append(body, begin, answer->length - (size_t)(begin - answer->bytes));
    return (int)strtol(answer->bytes + sizeof version, NULL, 10);
}

int
ctl_ask(const char *server, const char *method, const char *path, const char *token, struct buffer *body, char problem[CTL_PROBLEM])
{
    int descriptor = server_connect(server, problem), status = -1, error = 0;
    struct buffer answer = {0};
    char request[REQUEST_BYTES];
    int length;

    if (descriptor < 0)
        return -1;
    length = snprintf(request, sizeof request, "%s %s HTTP/1.0\r\n%s%s%s\r\n", method, path, *token == '\0' ? "" : "Authorization: Bearer ", token,
        *token == '\0' ? "" : "\r\n");
    if (send(descriptor, request, (size_t)length, MSG_NOSIGNAL) != length)
        error = -errno;
    explicit_bzero(request, sizeof request);
    if (error == 0)
        error = answer_read(descriptor, &answer);
    close(descriptor);
    if (error == 0)
        status = answer_split(&answer, body);
    if (error < 0)
        snprintf(problem, CTL_PROBLEM, "no answer from the server: %s", strerror(-error));
    else if (status < 0)
        snprintf(problem, CTL_PROBLEM, "what answers there is not the admin interface of alo");
    buffer_done(&answer);
    return status;
}
