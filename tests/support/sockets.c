/* SPDX-License-Identifier: MIT */
#include "support/sockets.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define WRAPPER "tests/support/with-sockets"

/* Where the wrapper expects them: the test's own descriptors are below. */
enum { FIRST_DESCRIPTOR = 100 };

int
socket_open(int family, int type, uint16_t *port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {.any.sa_family = (sa_family_t)family};
    socklen_t length = family == AF_INET ? sizeof address.v4 : sizeof address.v6;
    int made = socket(family, type | SOCK_CLOEXEC, 0), one = 1;

    ck_assert_int_ge(made, 0);
    if (family == AF_INET) {
        address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.v4.sin_port = htons(*port);
    } else {
        address.v6.sin6_addr = in6addr_any;
        address.v6.sin6_port = htons(*port);
    }
    if (type == SOCK_DGRAM)
        ck_assert_int_eq(setsockopt(made, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one), 0);
    ck_assert_int_eq(bind(made, &address.any, length), 0);
    if (type == SOCK_STREAM)
        ck_assert_int_eq(listen(made, 16), 0);
    ck_assert_int_eq(getsockname(made, &address.any, &length), 0);
    *port = ntohs(family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    return made;
}

int
socket_open_local(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(made, 0);
    ck_assert_uint_lt(length, sizeof address.sun_path);
    memcpy(address.sun_path, path, length);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    ck_assert_int_eq(bind(made, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)), 0);
    ck_assert_int_eq(listen(made, 16), 0);
    return made;
}

void
sockets_add(struct sockets *sockets, const char *name, int descriptor)
{
    ck_assert_uint_lt(sockets->count, SOCKETS_MAX);
    sockets->names[sockets->count] = name;
    sockets->descriptors[sockets->count++] = descriptor;
}

uint16_t
sockets_add_udp(struct sockets *sockets, int family, unsigned count)
{
    uint16_t port = 0;

    for (unsigned i = 0; i < count; i++)
        sockets_add(sockets, "udp", socket_open(family, SOCK_DGRAM, &port));
    return port;
}

void
sockets_close(struct sockets *sockets)
{
    while (sockets->count > 0)
        close(sockets->descriptors[--sockets->count]);
}

/* Lets a child that is started meanwhile inherit them, or no longer. */
static void
hand_over(const struct sockets *sockets, bool whether)
{
    char names[256] = "", number[8];

    for (unsigned i = 0; i < sockets->count; i++) {
        int place = FIRST_DESCRIPTOR + (int)i;

        if (sockets->names[i] != NULL)
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i > 0 ? ":" : "", sockets->names[i]);
        if (whether)
            ck_assert_int_eq(dup2(sockets->descriptors[i], place), place);
        else
            close(place);
    }
    snprintf(number, sizeof number, "%u", sockets->count);
    unsetenv("LISTEN_FDNAMES");
    unsetenv("LISTEN_FDS");
    unsetenv("PASSED_FDS");
    if (whether) {
        setenv("PASSED_FDS", number, 1);
        setenv("LISTEN_FDS", sockets->told != NULL ? sockets->told : number, 1);
    }
    if (whether && names[0] != '\0')
        setenv("LISTEN_FDNAMES", names, 1);
}

struct server *
sockets_start(const struct sockets *sockets, const char *flags)
{
    hand_over(sockets, true);
    struct server *server = server_start_under(WRAPPER, flags);
    hand_over(sockets, false);
    return server;
}

struct server *
sockets_launch(const struct sockets *sockets, const char *flags)
{
    hand_over(sockets, true);
    struct server *server = server_launch_under(WRAPPER, flags);
    hand_over(sockets, false);
    return server;
}
