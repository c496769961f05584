/* SPDX-License-Identifier: MIT */
#include "support/device.h"

#include "support/client.h"
#include "support/pace.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SOURCES = 200, /* addresses to connect from, each with some 28,000 ports */
    READ_BYTES = 16 << 10
};

static int
number_compare(const void *a, const void *b)
{
    const unsigned *first = a, *second = b;

    return (*first > *second) - (*first < *second);
}

struct friends *
friends_new(const unsigned *users, unsigned count)
{
    struct friends *friends = malloc(sizeof *friends + count * sizeof friends->users[0]);

    ck_assert_ptr_nonnull(friends);
    friends->count = 0;
    if (count == 0)
        return friends;
    memcpy(friends->users, users, count * sizeof users[0]);
    qsort(friends->users, count, sizeof friends->users[0], number_compare);
    for (unsigned i = 0; i < count; i++)
        if (friends->count == 0 || friends->users[friends->count - 1] != friends->users[i])
            friends->users[friends->count++] = friends->users[i];
    return friends;
}

struct friends *
friends_copy(const struct friends *friends)
{
    return friends_new(friends->users, friends->count);
}

bool
friends_have(const struct friends *friends, unsigned user)
{
    return friends != NULL && bsearch(&user, friends->users, friends->count, sizeof user, number_compare) != NULL;
}

struct device *
device_new(unsigned number, unsigned user, int64_t user_id)
{
    struct device *device = calloc(1, sizeof *device);

    ck_assert_ptr_nonnull(device);
    device->number = number;
    device->user = user;
    device->user_id = user_id;
    device->socket = -1;
    device->state_count = 1; /* it does not exist */
    return device;
}

void
device_free(struct device *device)
{
    if (device == NULL)
        return;
    if (device->socket >= 0)
        close(device->socket);
    for (unsigned i = 0; i < device->state_count; i++)
        free(device->states[i].friends);
    free(device->heard);
    free(device);
}

void
device_plan(struct device *device, struct friends *friends)
{
    ck_assert_uint_lt(device->state_count, DEVICE_STATES);
    device->states[device->state_count++] = (struct device_state){.exists = friends != NULL, .friends = friends};
}

void
device_unplan(struct device *device)
{
    while (device->state_count > 1)
        free(device->states[--device->state_count].friends);
}

void
device_begin_round(struct device *device)
{
    unsigned last = device->state_count - 1;

    for (unsigned i = 0; i < last; i++)
        free(device->states[i].friends);
    device->states[0] = device->states[last];
    device->state_count = 1;
    device->listed_anew = false;
    device->heard_count = 0;
}

void
device_connect(struct device *device, const struct server *server)
{
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (2 << 8) + device->number % SOURCES)};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;

    device->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_msg(device->socket >= 0, "socket: %s", strerror(errno));
    setsockopt(device->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(device->socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    ck_assert_int_eq(bind(device->socket, (struct sockaddr *)&source, sizeof source), 0);
    ck_assert_msg(connect(device->socket, (struct sockaddr *)&address, sizeof address) == 0, "connect: %s", strerror(errno));
    device->phase = DEVICE_SILENT;
}

void
device_send(const struct device *device, const char *bytes, size_t length)
{
    int64_t deadline = pace_deadline_ms();

    while (length > 0) {
        ssize_t sent = send(device->socket, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        struct pollfd room = {.fd = device->socket, .events = POLLOUT};

        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
            continue;
        }
        ck_assert_msg(
            errno == EAGAIN || errno == EINTR, "device %u of user %" PRId64 " cannot send: %s", device->number, device->user_id, strerror(errno));
        ck_assert_msg(pace_left_ms(deadline) > 0, "the server does not read from device %u", device->number);
        (void)poll(&room, 1, pace_left_ms(deadline));
    }
}

/* A reset destroys what the kernel still holds, so it waits for the other side's kernel to have it all. */
static void
await_acknowledgement(const struct device *device)
{
    int64_t deadline = pace_deadline_ms();
    int unacknowledged = 0;

    while (ioctl(device->socket, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0) {
        ck_assert_msg(pace_left_ms(deadline) > 0, "device %u's bytes are not taken", device->number);
        sched_yield();
    }
}

void
device_leave(struct device *device, enum device_leaving how)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    char text[64];
    int length;

    switch (how) {
    case LEAVE_GOODBYE:
        length = device->number % 2 == 0 ? snprintf(text, sizeof text, "{\"user_id\": %" PRId64 ", \"online\": false}", device->user_id)
                                         : snprintf(text, sizeof text, "{\"online\":false}\r\n");
        device_send(device, text, (size_t)length);
        device->phase = DEVICE_LEAVING;
        return;
    case LEAVE_HALF_CLOSE:
        shutdown(device->socket, SHUT_WR);
        device->phase = DEVICE_LEAVING;
        return;
    default:
        await_acknowledgement(device);
        device->deaf = true;
        if (!device_listen(device))
            return;
        if (how == LEAVE_CRASH)
            setsockopt(device->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(device->socket);
        device->socket = -1;
        device->phase = DEVICE_GONE;
    }
}

static void
hear(struct device *device, char word)
{
    if (device->heard_count == device->heard_room) {
        device->heard_room = device->heard_room * 2 + 16;
        device->heard = realloc(device->heard, device->heard_room);
        ck_assert_ptr_nonnull(device->heard);
    }
    device->heard[device->heard_count++] = word;
}

/* Puts bytes together to lines. What is no word is kept in `line` and stops the listening. */
static void
take_bytes(struct device *device, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length && !device->troubled; i++) {
        device->line[device->line_length++] = bytes[i];
        if (bytes[i] != '\n' && device->line_length < DEVICE_LINE)
            continue;
        if (device->line_length == strlen(ONLINE) && memcmp(device->line, ONLINE, strlen(ONLINE)) == 0)
            hear(device, '+');
        else if (device->line_length == strlen(OFFLINE) && memcmp(device->line, OFFLINE, strlen(OFFLINE)) == 0)
            hear(device, '-');
        else
            device->troubled = true;
        if (!device->troubled)
            device->line_length = 0;
    }
}

bool
device_listen(struct device *device)
{
    static char bytes[READ_BYTES];
    ssize_t length;

    for (;;) {
        length = recv(device->socket, bytes, sizeof bytes, MSG_DONTWAIT);
        if (length > 0)
            take_bytes(device, bytes, (size_t)length);
        else if (length == 0 || errno != EINTR)
            break;
    }
    if (length < 0 && errno == EAGAIN)
        return true;
    device->ended = true;
    device->end_error = length < 0 ? errno : 0;
    close(device->socket);
    device->socket = -1;
    device->phase = DEVICE_GONE;
    return false;
}

/* Waits for something to arrive and takes it in. */
static void
listen_once(struct device *device, int64_t deadline_ms)
{
    struct pollfd arrival = {.fd = device->socket, .events = POLLIN};

    errno = 0;
    if (poll(&arrival, 1, pace_left_ms(deadline_ms)) == 1)
        device_listen(device);
    else
        ck_assert_msg(errno == EINTR && pace_left_ms(deadline_ms) > 0, "device %u of user %" PRId64 " waits in vain, having heard %.*s",
            device->number, device->user_id, (int)device->heard_count, device->heard_count > 0 ? device->heard : "");
    ck_assert_msg(!device->troubled, "user %" PRId64 " was told: %.*s", device->user_id, (int)device->line_length, device->line);
}

void
device_await(struct device *device, size_t count)
{
    int64_t deadline = pace_deadline_ms();

    while (device->heard_count < count) {
        ck_assert_msg(device->socket >= 0, "the server ended device %u of user %" PRId64, device->number, device->user_id);
        listen_once(device, deadline);
    }
}

void
device_await_end(struct device *device)
{
    int64_t deadline = pace_deadline_ms();

    while (device->socket >= 0)
        listen_once(device, deadline);
    ck_assert_msg(device->end_error == 0, "the stream of user %" PRId64 " ended with: %s", device->user_id, strerror(device->end_error));
}

unsigned
device_count_heard(const struct device *device, size_t from, char word)
{
    unsigned count = 0;

    for (size_t i = from; i < device->heard_count; i++)
        count += device->heard[i] == word;
    return count;
}
