/* SPDX-License-Identifier: MIT */
#include "load/crowd_internal.h"

#include "load/failure.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
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
    PATIENCE_SECONDS = 20,  /* for a connection or a send */
    READ_BYTES = 256 << 10, /* and what a client holds, which is one word at most */
    WORD_BYTES = 4 << 20,
    BEAT_SECONDS = 10, /* how often each client gives a sign of life over UDP; the server waits for 30 s */
    SHOWN_BYTES = 120, /* of what is not understood */
    LOST_LOOK_NS = 250000000,
    SEGMENT_BYTES = 536, /* of those with small buffers: what every host takes */
};

static char read_bytes[READ_BYTES + WORD_BYTES];

int64_t
crowd_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void
crowd_init(struct crowd *crowd, uint32_t size, const struct crowd_setting *setting)
{
    memset(crowd, 0, sizeof *crowd);
    crowd->setting = *setting;
    crowd->clients = memory_new(size, sizeof *crowd->clients);
    crowd->size = size;
    crowd->connects = setting->first_user; /* shares of a population begin with different addresses */
    crowd->beaten_ns = crowd_clock_ns();
    for (uint32_t i = 0; i < size; i++)
        crowd->clients[i] = (struct client){.user = setting->first_user + i, .descriptor = -1};
    crowd->poller = epoll_create1(EPOLL_CLOEXEC);
    if (crowd->poller < 0)
        failure_errno("epoll_create1");
}

void
crowd_done(struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->size; i++)
        if (crowd_joined(crowd, i))
            crowd_leave(crowd, i);
    close(crowd->poller);
    free(crowd->clients);
    pending_done(&crowd->pool);
    talk_text_done(&crowd->scratch);
}

/* A signal (Ctrl-C) interrupts a connect that has a time-out, and the connection goes on being made. */
static void
connect_await(int descriptor)
{
    struct pollfd wanted = {.fd = descriptor, .events = POLLOUT};
    int error = errno;
    socklen_t length = sizeof error;

    if (error == EINTR && poll(&wanted, 1, PATIENCE_SECONDS * 1000) > 0)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error == 0)
        return;
    errno = error == EINPROGRESS || error == EAGAIN || error == EINTR ? ETIMEDOUT : error;
    failure_errno("cannot connect to the server");
}

/* A blocking socket, on loopback from the next source address. */
static int
crowd_connect(struct crowd *crowd)
{
    const struct target *target = crowd->setting.target;
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000101 + crowd->connects++ % SOURCES)};
    int descriptor = socket(target->address.ss_family, (crowd->setting.datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    int on = 1, segment = SEGMENT_BYTES;

    if (descriptor < 0)
        failure_errno("socket");
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (crowd->receive_bytes > 0) {
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &crowd->receive_bytes, sizeof crowd->receive_bytes);
        /* The loopback's segments are longer than such a buffer, and who has room for less than one does not say that there is room again. */
        setsockopt(descriptor, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    }
    if (target->loopback) {
        setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(descriptor, (struct sockaddr *)&source, sizeof source) != 0)
            failure_errno("bind");
    }
    if (connect(descriptor, (const struct sockaddr *)&target->address, target->length) != 0)
        connect_await(descriptor);
    return descriptor;
}

void
crowd_deafen(struct crowd *crowd, uint32_t client, bool deaf)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.u32 = client};

    if (epoll_ctl(crowd->poller, deaf ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, crowd->clients[client].descriptor, &event) != 0)
        failure_errno("epoll_ctl");
}

void
crowd_join(struct crowd *crowd, uint32_t client, const char *hello, size_t length)
{
    crowd->clients[client].descriptor = crowd_connect(crowd);
    crowd->online++;
    crowd_deafen(crowd, client, false);
    crowd_say(crowd, client, hello, length);
}

/* The server has ended the client's connection, or is about to: the scenario may know why. */
static void
client_ended(struct crowd *crowd, uint32_t number, const char *why)
{
    if (crowd->ended == NULL || !crowd->ended(crowd->context, number, why))
        failure_exit("the server ended the connection of user %u: %s", crowd_id(crowd, number), why);
    crowd_drop(crowd, number);
}

void
crowd_say(struct crowd *crowd, uint32_t client, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(crowd->clients[client].descriptor, text, length, MSG_NOSIGNAL);

        if (sent < 0 && errno == EAGAIN)
            failure_exit("the server does not read what user %u says", crowd_id(crowd, client));
        if (sent < 0 && errno != EINTR) {
            client_ended(crowd, client, strerror(errno));
            return;
        }
        text += sent > 0 ? sent : 0;
        length -= sent > 0 ? (size_t)sent : 0;
    }
}

void
crowd_drop(struct crowd *crowd, uint32_t client)
{
    close(crowd->clients[client].descriptor);
    crowd->clients[client].descriptor = -1;
    crowd->clients[client].parting = false;
    crowd->online--;
    free(crowd->clients[client].held);
    crowd->clients[client].held = NULL;
    crowd->clients[client].held_bytes = 0;
}

void
crowd_crash(struct crowd *crowd, uint32_t client)
{
    struct linger linger = {.l_onoff = 1};

    setsockopt(crowd->clients[client].descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    crowd_drop(crowd, client);
}

void
crowd_part(struct crowd *crowd, uint32_t client)
{
    crowd->scratch.used = 0;
    crowd->setting.talk->leave(&crowd->scratch, crowd->clients[client].user, crowd->setting.datagrams);
    if (crowd->scratch.used > 0)
        (void)!send(crowd->clients[client].descriptor, crowd->scratch.bytes, crowd->scratch.used, MSG_NOSIGNAL);
    crowd->clients[client].parting = true;
}

void
crowd_leave(struct crowd *crowd, uint32_t client)
{
    crowd_part(crowd, client);
    crowd_drop(crowd, client);
}

static void
word_hear(struct crowd *crowd, uint32_t number, const struct talk_word *word, int64_t now_ns)
{
    if (word->reply != NULL)
        crowd_say(crowd, number, word->reply, word->reply_bytes);
    if (word->kind != TALK_NEWS) {
        if (crowd->took != NULL)
            (void)crowd->took(crowd->context, number, word);
        return;
    }
    crowd_books_news(crowd, number, word, now_ns);
    if (number < crowd->told_below)
        crowd->told(crowd->told_context, number, word->online);
}

/* Takes in words; what is left of them is held until the rest comes. */
static void
client_hear(struct crowd *crowd, uint32_t number, const char *bytes, size_t length)
{
    struct client *client = &crowd->clients[number];
    int64_t now_ns = crowd_clock_ns();
    char shown[SHOWN_BYTES];

    while (length > 0) {
        struct talk_word word;
        ssize_t used = crowd->setting.talk->read(bytes, length, &word);

        if (used < 0 || (used == 0 && crowd->setting.datagrams)) {
            failure_quote(shown, sizeof shown, bytes, length);
            failure_exit("the server told user %u what is no news: %s", crowd_id(crowd, number), shown);
        }
        if (used > 0 && word.kind == TALK_ERROR) {
            failure_quote(shown, sizeof shown, bytes, (size_t)used);
            client_ended(crowd, number, shown);
            return;
        }
        if (used == 0)
            break;
        word_hear(crowd, number, &word, now_ns);
        if (client->descriptor < 0)
            return;
        bytes += used;
        length -= (size_t)used;
    }
    if (length > WORD_BYTES)
        failure_exit("the server told user %u something endless", crowd_id(crowd, number));
    if (length > 0) {
        client->held = memory_new(1, length);
        memcpy(client->held, bytes, length);
        client->held_bytes = (uint32_t)length;
    }
}

/* The end is read only if it is known to wait behind what has come: a socket that gave less than was asked for is empty. */
static void
client_read(struct crowd *crowd, uint32_t number, bool ending)
{
    struct client *client = &crowd->clients[number];

    while (client->descriptor >= 0) {
        size_t held = client->held_bytes;
        ssize_t length;

        if (held > 0)
            memcpy(read_bytes, client->held, held);
        length = recv(client->descriptor, read_bytes + held, READ_BYTES, MSG_DONTWAIT);
        if (length < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (length <= 0 && !(length == 0 && crowd->setting.datagrams)) {
            client_ended(crowd, number, length < 0 ? strerror(errno) : "end of input");
            return;
        }
        free(client->held);
        client->held = NULL;
        client->held_bytes = 0;
        client_hear(crowd, number, read_bytes, held + (size_t)length);
        if (!ending && !crowd->setting.datagrams && length < READ_BYTES)
            return;
    }
}

/* Over UDP whoever is silent is taken for gone: in turn, everybody gives a sign of life once in BEAT_SECONDS. */
static void
beats_say(struct crowd *crowd, int64_t now_ns)
{
    int64_t pace_ns = BEAT_SECONDS * INT64_C(1000000000) / crowd->size + 1;

    for (; crowd->beaten_ns + pace_ns < now_ns; crowd->beaten_ns += pace_ns) {
        uint32_t client = crowd->beat_next++ % crowd->size;

        if (!crowd_joined(crowd, client) || crowd->clients[client].parting)
            continue;
        crowd->scratch.used = 0;
        crowd->setting.talk->beat(&crowd->scratch, crowd->clients[client].user);
        crowd_say(crowd, client, crowd->scratch.bytes, crowd->scratch.used);
    }
}

void
crowd_poll(struct crowd *crowd, int64_t timeout_ns)
{
    static struct epoll_event events[EVENTS];
    struct timespec timeout = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
    int count = epoll_pwait2(crowd->poller, events, EVENTS, &timeout, NULL);

    if (count < 0 && errno != EINTR)
        failure_errno("epoll_pwait2");
    for (int i = 0; i < count; i++)
        if (crowd_joined(crowd, events[i].data.u32))
            client_read(crowd, events[i].data.u32, (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);

    int64_t now_ns = crowd_clock_ns();

    if (crowd->setting.datagrams && crowd->size > 0)
        beats_say(crowd, now_ns);
    if (crowd->setting.datagrams && now_ns - crowd->lost_ns > LOST_LOOK_NS) {
        crowd_books_lose(crowd, now_ns);
        crowd->lost_ns = now_ns;
    }
    if (crowd->ticked != NULL)
        crowd->ticked(crowd->tick_context, now_ns);
}
