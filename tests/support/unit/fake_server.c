/* SPDX-License-Identifier: MIT */
#include "support/unit/fake_server.h"

#include "support/faults.h"
#include "support/pace.h"

#include <check.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEARD_BYTES = 70000, PROBLEM_BYTES = 512 };

struct fake {
    bool udp;
    const struct fake_step *steps;
    pthread_t thread;
    int listener; /* UDP: the socket */
    int peer;     /* TCP: the connection, or -1 */
    int stop[2];  /* a pipe; its end tells the thread to stop */
    uint16_t port;
    struct sockaddr_in from;
    char heard[HEARD_BYTES + 1]; /* TCP: heard[0..length) was read, and of that [0..line) is the last line */
    size_t length, line;
    char id[32];
    atomic_uint count;
    char problem[PROBLEM_BYTES];
};

/* Waits for the socket; false when the test wants to stop or it took too long. */
static bool
fake_wait(struct fake *fake, int descriptor, short events)
{
    struct pollfd two[2] = {{.fd = descriptor, .events = events}, {.fd = fake->stop[0], .events = POLLIN}};
    int ready = poll(two, 2, pace_left_ms(pace_deadline_ms()));

    return ready > 0 && two[0].revents != 0;
}

static bool
fake_accept(struct fake *fake)
{
    const int on = 1;

    if (fake->udp || fake->peer >= 0)
        return true;
    fake->length = fake->line = 0;
    if (!fake_wait(fake, fake->listener, POLLIN))
        return false;
    fake->peer = accept(fake->listener, NULL, NULL);
    return fake->peer >= 0 && setsockopt(fake->peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0;
}

/* The next line or datagram, in heard[0..line). */
static bool
fake_hear(struct fake *fake)
{
    if (fake->udp) {
        socklen_t length = sizeof fake->from;

        if (!fake_wait(fake, fake->listener, POLLIN))
            return false;
        ssize_t count = recvfrom(fake->listener, fake->heard, HEARD_BYTES, 0, (struct sockaddr *)&fake->from, &length);

        fake->line = count > 0 ? (size_t)count : 0;
        fake->heard[fake->line] = '\0';
        return count >= 0;
    }
    memmove(fake->heard, fake->heard + fake->line, fake->length - fake->line);
    fake->length -= fake->line;
    fake->line = 0;
    for (;;) {
        char *end = memchr(fake->heard, '\n', fake->length);

        if (end != NULL) {
            fake->line = (size_t)(end - fake->heard) + 1;
            *end = '\0';
            return true;
        }
        if (!fake_wait(fake, fake->peer, POLLIN))
            return false;
        ssize_t count = recv(fake->peer, fake->heard + fake->length, HEARD_BYTES - fake->length, 0);

        if (count <= 0)
            return false;
        fake->length += (size_t)count;
    }
}

static bool
fake_send(struct fake *fake, const char *bytes, size_t length)
{
    if (fake->udp)
        return sendto(fake->listener, bytes, length, 0, (struct sockaddr *)&fake->from, sizeof fake->from) >= 0;
    while (length > 0) {
        ssize_t count = send(fake->peer, bytes, length, MSG_NOSIGNAL);

        if (count < 0)
            return false;
        bytes += count;
        length -= (size_t)count;
    }
    return true;
}

static bool
fake_say(struct fake *fake, const struct fake_step *step)
{
    char text[8192];
    size_t length = 0;

    for (const char *at = step->say; *at != '\0' && length < sizeof text - sizeof fake->id; at++) {
        if (*at == '$')
            length += (size_t)snprintf(text + length, sizeof fake->id, "%s", fake->id);
        else
            text[length++] = *at;
    }
    if (!step->bytewise)
        return fake_send(fake, text, length);
    for (size_t i = 0; i < length; i++)
        if (!fake_send(fake, text + i, 1))
            return false;
    return true;
}

static bool
fake_take_step(struct fake *fake, const struct fake_step *step)
{
    if (!fake_accept(fake)) {
        snprintf(fake->problem, sizeof fake->problem, "nobody connected");
        return false;
    }
    if (step->hear != NULL) {
        char *id;

        if (!fake_hear(fake)) {
            snprintf(fake->problem, sizeof fake->problem, "heard nothing instead of: %s", step->hear);
            return false;
        }
        atomic_fetch_add(&fake->count, 1);
        if (strstr(fake->heard, step->hear) == NULL) {
            snprintf(fake->problem, sizeof fake->problem, "heard: %.200s\ninstead of: %.200s", fake->heard, step->hear);
            return false;
        }
        id = strstr(fake->heard, "\"id\": ");
        if (id != NULL)
            snprintf(fake->id, sizeof fake->id, "%.*s", (int)strcspn(id + 6, ",}"), id + 6);
    }
    if (step->say != NULL && !fake_say(fake, step) && step->act != FAKE_FLOOD) {
        snprintf(fake->problem, sizeof fake->problem, "could not say: %.200s", step->say);
        return false;
    }
    if (step->act == FAKE_FLOOD)
        while (fake_say(fake, step))
            ;
    if (step->act != FAKE_TALK && !fake->udp) {
        const struct linger hard = {.l_onoff = 1};

        if (step->act == FAKE_RESET)
            (void)setsockopt(fake->peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        close(fake->peer);
        fake->peer = -1;
    }
    return true;
}

static void *
fake_run(void *argument)
{
    struct fake *fake = argument;
    char byte;

    faults_spare_this_thread();
    for (const struct fake_step *step = fake->steps; step->act != FAKE_END; step++)
        if (!fake_take_step(fake, step))
            return NULL;
    (void)!read(fake->stop[0], &byte, 1); /* until the test has done */
    return NULL;
}

struct fake *
fake_start(bool udp, const struct fake_step *steps)
{
    struct fake *fake = calloc(1, sizeof *fake);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;

    ck_assert_ptr_nonnull(fake);
    fake->udp = udp;
    fake->steps = steps;
    fake->peer = -1;
    ck_assert_int_eq(pipe(fake->stop), 0);
    fake->listener = socket(AF_INET, udp ? SOCK_DGRAM : SOCK_STREAM, 0);
    ck_assert_int_ge(fake->listener, 0);
    ck_assert_int_eq(bind(fake->listener, (struct sockaddr *)&address, length), 0);
    if (!udp)
        ck_assert_int_eq(listen(fake->listener, 4), 0);
    ck_assert_int_eq(getsockname(fake->listener, (struct sockaddr *)&address, &length), 0);
    fake->port = ntohs(address.sin_port);
    ck_assert_int_eq(pthread_create(&fake->thread, NULL, fake_run, fake), 0);
    return fake;
}

uint16_t
fake_port(const struct fake *fake)
{
    return fake->port;
}

unsigned
fake_heard(const struct fake *fake)
{
    return atomic_load(&fake->count);
}

/* Ends and frees it; what went wrong is copied. */
static void
fake_end(struct fake *fake, char problem[static PROBLEM_BYTES])
{
    close(fake->stop[1]);
    ck_assert_int_eq(pthread_join(fake->thread, NULL), 0);
    memcpy(problem, fake->problem, PROBLEM_BYTES);
    close(fake->stop[0]);
    close(fake->listener);
    if (fake->peer >= 0)
        close(fake->peer);
    free(fake);
}

void
fake_abandon(struct fake *fake)
{
    char problem[PROBLEM_BYTES];

    fake_end(fake, problem);
}

void
fake_stop(struct fake *fake)
{
    char problem[PROBLEM_BYTES];

    fake_end(fake, problem);
    ck_assert_msg(problem[0] == '\0', "%s", problem);
}
