/* SPDX-License-Identifier: MIT */
#include "support/crowd.h"

#include "support/failure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS = 512,
    /* A closed connection keeps its pair of ports for a minute; 127.0.1.1 to .SOURCES have 28,000 ports each. */
    SOURCES = 32,
    STALL_SECONDS = 20, /* nothing due comes for so long: the rest of it will not come either */
};

static const char online_line[] = "{\"online\": true}\n";
static const char offline_line[] = "{\"online\": false}\n";

int64_t
crowd_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void
crowd_init(struct crowd *crowd, uint32_t size, uint16_t port)
{
    memset(crowd, 0, sizeof *crowd);
    crowd->server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    crowd->clients = memory_new(size, sizeof *crowd->clients);
    crowd->size = size;
    for (uint32_t i = 0; i < size; i++)
        crowd->clients[i].descriptor = -1;
    crowd->poller = epoll_create1(EPOLL_CLOEXEC);
    if (crowd->poller < 0)
        failure_errno("epoll_create1");
}

void
crowd_done(struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->size; i++)
        if (crowd->clients[i].descriptor >= 0)
            crowd_leave(crowd, i);
    close(crowd->poller);
    free(crowd->clients);
}

/* A blocking socket from the next source address: on loopback connect returns when the connection stands. */
static int
crowd_connect(struct crowd *crowd)
{
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000101 + crowd->connects++ % SOURCES)};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;

    if (descriptor < 0)
        failure_errno("socket");
    setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(descriptor, (struct sockaddr *)&source, sizeof source) != 0)
        failure_errno("bind");
    if (connect(descriptor, (struct sockaddr *)&crowd->server, sizeof crowd->server) != 0)
        failure_errno("connect");
    return descriptor;
}

void
crowd_join(struct crowd *crowd, uint32_t client, const char *hello, size_t length)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.u32 = client};
    int descriptor = crowd_connect(crowd);

    crowd->clients[client].descriptor = descriptor;
    crowd->clients[client].partial_bytes = 0;
    if (epoll_ctl(crowd->poller, EPOLL_CTL_ADD, descriptor, &event) != 0)
        failure_errno("epoll_ctl");
    crowd_say(crowd, client, hello, length);
}

void
crowd_say(struct crowd *crowd, uint32_t client, const char *text, size_t length)
{
    if (send(crowd->clients[client].descriptor, text, length, MSG_NOSIGNAL) != (ssize_t)length)
        failure_errno("send");
}

void
crowd_leave(struct crowd *crowd, uint32_t client)
{
    close(crowd->clients[client].descriptor);
    crowd->clients[client].descriptor = -1;
    free(crowd->clients[client].held);
    crowd->clients[client].held = NULL;
    crowd->clients[client].held_bytes = 0;
}

static void
line_count(struct crowd *crowd, uint32_t number, bool online)
{
    struct client *client = &crowd->clients[number];

    client->heard[online]++;
    crowd->heard++;
    if (crowd->strict && client->heard[online] > client->due[online])
        failure_exit("client %u was told \"online\": %s %u times and %u were due", number, online ? "true" : "false", client->heard[online],
            client->due[online]);
    if (crowd->told != NULL)
        crowd->told(crowd->context, number, online);
}

/* Whether the bytes begin with one whole line; *used says how long it is, 0 when it has only begun. */
static bool
line_match(const char *bytes, size_t length, size_t *used, bool *online)
{
    static const char *const lines[] = {offline_line, online_line};

    for (int i = 0; i < 2; i++) {
        size_t whole = strlen(lines[i]);
        size_t common = length < whole ? length : whole;

        if (memcmp(bytes, lines[i], common) == 0) {
            *used = common == whole ? whole : 0;
            *online = i == 1;
            return true;
        }
    }
    return false;
}

static void
client_hear(struct crowd *crowd, uint32_t number, const char *bytes, size_t length)
{
    struct client *client = &crowd->clients[number];

    while (length > 0) {
        size_t used;
        bool online;

        if (!line_match(bytes, length, &used, &online))
            failure_exit("client %u was told what is no news: %.*s", number, (int)(length < 200 ? length : 200), bytes);
        if (used == 0) {
            memcpy(client->partial, bytes, length);
            client->partial_bytes = (uint8_t)length;
            return;
        }
        line_count(crowd, number, online);
        bytes += used;
        length -= used;
    }
}

/* A line of the JSON-RPC dialect: an answer, which is passed over, or changes. */
static void
line_hear(struct crowd *crowd, uint32_t number, char *line)
{
    static const char answer[] = "{\"jsonrpc\": \"2.0\", \"result\"", changes[] = "{\"jsonrpc\": \"2.0\", \"method\": \"presence\"",
                      word[] = "\"online\": ";

    if (strncmp(line, answer, sizeof answer - 1) == 0)
        return;
    if (strncmp(line, changes, sizeof changes - 1) != 0)
        failure_exit("client %u was told what is no news: %.200s", number, line);
    for (line = strstr(line, word); line != NULL; line = strstr(line + 1, word))
        line_count(crowd, number, line[sizeof word - 1] == 't');
}

static void
client_hear_lines(struct crowd *crowd, uint32_t number, const char *bytes, size_t length)
{
    struct client *client = &crowd->clients[number];
    char *all = realloc(client->held, client->held_bytes + length + 1), *line = all, *end;

    if (all == NULL)
        failure_exit("out of memory");
    memcpy(all + client->held_bytes, bytes, length);
    all[client->held_bytes + length] = '\0';
    for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        line_hear(crowd, number, line);
    }
    client->held_bytes = (uint32_t)strlen(line);
    memmove(all, line, client->held_bytes);
    client->held = client->held_bytes > 0 ? all : NULL;
    if (client->held == NULL)
        free(all);
}

static void
client_read(struct crowd *crowd, uint32_t number, bool ending)
{
    struct client *client = &crowd->clients[number];

    for (;;) {
        size_t kept = client->partial_bytes;
        ssize_t length;

        memcpy(crowd->bytes, client->partial, kept);
        length = recv(client->descriptor, crowd->bytes + kept, sizeof crowd->bytes - kept, MSG_DONTWAIT);
        if (length < 0 && errno == EAGAIN)
            return;
        if (length <= 0)
            failure_exit("the server ended the connection of client %u", number);
        client->partial_bytes = 0;
        if (crowd->jsonrpc)
            client_hear_lines(crowd, number, crowd->bytes, (size_t)length);
        else
            client_hear(crowd, number, crowd->bytes, kept + (size_t)length);
        if (!ending && kept + (size_t)length < sizeof crowd->bytes)
            return;
    }
}

void
crowd_poll(struct crowd *crowd, int timeout_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(crowd->poller, events, EVENTS, timeout_ms);

    if (count < 0 && errno != EINTR)
        failure_errno("epoll_wait");
    for (int i = 0; i < count; i++)
        if (crowd->clients[events[i].data.u32].descriptor >= 0)
            client_read(crowd, events[i].data.u32, (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    if (count > 0)
        crowd->heard_ns = crowd_clock_ns();
}

/* Names one of those who still wait, to look for in a log or a trace. */
static _Noreturn void
missing_report(const struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->size; i++) {
        const struct client *client = &crowd->clients[i];

        for (int online = 0; online < 2; online++)
            if (client->heard[online] < client->due[online])
                failure_exit("%llu of %llu notifications are missing; client %u was told \"online\": %s %u times and %u were due",
                    (unsigned long long)(crowd->due - crowd->heard), (unsigned long long)crowd->due, i, online ? "true" : "false",
                    client->heard[online], client->due[online]);
    }
    failure_exit("the time is up");
}

void
crowd_wait(struct crowd *crowd, int64_t deadline_ns)
{
    int64_t now_ns;

    crowd_poll(crowd, 100);
    now_ns = crowd_clock_ns();
    if (now_ns > deadline_ns || (crowd->heard < crowd->due && now_ns - crowd->heard_ns > STALL_SECONDS * INT64_C(1000000000)))
        missing_report(crowd);
}

void
crowd_settle(struct crowd *crowd, int64_t deadline_ns)
{
    while (crowd->heard < crowd->due)
        crowd_wait(crowd, deadline_ns);
}

void
crowd_reset(struct crowd *crowd, bool strict)
{
    for (uint32_t i = 0; i < crowd->size; i++)
        for (int online = 0; online < 2; online++)
            crowd->clients[i].due[online] = crowd->clients[i].heard[online] = 0;
    crowd->due = crowd->heard = 0;
    crowd->heard_ns = crowd_clock_ns();
    crowd->strict = strict;
}
