/* SPDX-License-Identifier: MIT
 *
 * Making a connection: what an address means, and one attempt for each that a name has.
 */
#include "client/client_internal.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HOST_ROOM = 256,
    PORT_ROOM = 8,
    /* A server that vanished without a word is noticed after a minute of silence. */
    KEEPALIVE_IDLE_S = 30,
    KEEPALIVE_INTERVAL_S = 10,
    KEEPALIVE_PROBES = 3,
};

static const char port_usual[] = "8080";

/* Splits an address; false when it is none. */
static bool
split(const char *address, char host[static HOST_ROOM], char port[static PORT_ROOM])
{
    const char *first = address, *end = address + strlen(address), *colon = strrchr(address, ':'), *port_at = NULL;

    if (*address == '[') {
        first++;
        end = strchr(first, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return false;
        if (end[1] == ':')
            port_at = end + 2;
    } else if (colon != NULL && colon == strchr(address, ':')) { /* with more colons it is an IPv6 address */
        end = colon;
        port_at = colon + 1;
    }
    if (end == first || (size_t)(end - first) >= HOST_ROOM)
        return false;
    memcpy(host, first, (size_t)(end - first));
    host[end - first] = '\0';
    if (port_at == NULL)
        port_at = port_usual;

    size_t digits = strspn(port_at, "0123456789");
    long number = digits > 0 && digits <= 5 ? strtol(port_at, NULL, 10) : 0;

    if (port_at[digits] != '\0' || number < 1 || number > UINT16_MAX)
        return false;
    memcpy(port, port_at, digits + 1);
    return true;
}

/* Waits for a connection that is being made; 0 or the errno value. */
static int
wait_connected(int descriptor, int timeout_ms)
{
    uint64_t deadline = client_now_ms() + (uint64_t)timeout_ms, now;
    int error = 0;
    socklen_t length = sizeof error;

    for (;;) {
        struct pollfd one = {.fd = descriptor, .events = POLLOUT};

        now = client_now_ms();
        int ready = poll(&one, 1, now < deadline ? (int)(deadline - now) : 0);

        if (ready > 0)
            break;
        if (now >= deadline)
            return ETIMEDOUT;
    }
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0 ? errno : error;
}

/* What does not work is no reason not to connect. */
static void
set_stream_options(int descriptor)
{
    const int on = 1, idle_s = KEEPALIVE_IDLE_S, interval_s = KEEPALIVE_INTERVAL_S, probes = KEEPALIVE_PROBES;

    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

/* One attempt. Returns 0 with client->socket, or the errno value. */
static int
connect_one(struct alo_client *client, const struct client_address *address)
{
    bool udp = client->options.udp;
    int descriptor = socket(address->any.sa_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0;

    if (descriptor < 0)
        return errno;
    if (!udp)
        set_stream_options(descriptor);
    if (connect(descriptor, &address->any, address->length) != 0) {
        error = errno;
        if (error == EINPROGRESS || error == EINTR)
            error = wait_connected(descriptor, client->options.connect_timeout_ms);
    }
    if (error != 0) {
        (void)close(descriptor);
        return error;
    }
    client->socket = descriptor;
    return 0;
}

/* The next of the addresses that can be connected to; the errno value of the last one when there is none. */
static int
connect_next(struct alo_client *client)
{
    int error = EADDRNOTAVAIL;

    while (client->address_now < client->address_count) {
        error = connect_one(client, &client->addresses[client->address_now++]);
        if (error == 0)
            return 0;
    }
    return error;
}

static enum alo_result
resolve(struct alo_client *client, const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = client->options.udp ? SOCK_DGRAM : SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
    int error = getaddrinfo(host, port, &hints, &found);

    if (error == EAI_MEMORY)
        return client_fail(client, ALO_NO_MEMORY, NULL);
    if (error != 0)
        return client_fail(client, ALO_BAD_ADDRESS, gai_strerror(error));
    for (struct addrinfo *one = found; one != NULL && client->address_count < CLIENT_ADDRESSES_MAX; one = one->ai_next) {
        struct client_address *address = &client->addresses[client->address_count];

        if ((one->ai_family != AF_INET && one->ai_family != AF_INET6) || one->ai_addrlen > sizeof address->v6)
            continue;
        memcpy(&address->any, one->ai_addr, one->ai_addrlen);
        address->length = one->ai_addrlen;
        client->address_count++;
    }
    freeaddrinfo(found);
    return ALO_OK;
}

enum alo_result
address_connect(struct alo_client *client, const char *address)
{
    char host[HOST_ROOM], port[PORT_ROOM];
    enum alo_result result;
    int error;

    if (!split(address, host, port))
        return client_fail(client, ALO_BAD_ADDRESS, "an address is host, host:port or [IPv6 address]:port, with a port from 1 to 65535");
    result = resolve(client, host, port);
    if (result != ALO_OK)
        return result;
    error = connect_next(client);
    if (error == 0)
        return ALO_OK;
    return client_fail_errno(client, error == ETIMEDOUT ? ALO_TIMEOUT : ALO_LOST, "connecting", error);
}

bool
address_next(struct alo_client *client)
{
    int descriptor = client->socket;

    if (connect_next(client) != 0)
        return false;
    (void)close(descriptor);
    return true;
}
