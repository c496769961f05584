/* SPDX-License-Identifier: MIT */
#include "load/address_crowd.h"

#include "load/crowd.h"
#include "load/failure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SOCKETS = 8,      /* the kernel spreads ports and addresses over the server's sockets */
    BATCH = 64,       /* datagrams of one system call */
    IN_FLIGHT = 2048, /* sent and perhaps not read yet: far less than one socket's buffer holds */
    PROBES = 32,      /* strangers who ask; so many that each of the server's sockets has some */
    BUFFER_BYTES = 4 << 20,
    ANSWER_MS = 2000, /* how long to wait before asking again */
    ATTEMPTS = 10,
    SHOWN_BYTES = 200, /* of a refusal */
};

static const char question[] = "{\"user_id\": \"wrong, and with so many words that the answer is not longer than three times all of this\"}";

/* How the answer to it begins. Sessions say nothing that is wrong, so any other error refuses one of them. */
static const char answer[] = "{\"error\": {\"code\": \"bad_message\"", refusal[] = "{\"error\"";

struct address_crowd {
    uint32_t size;
    int sockets[SOCKETS];
    struct sockaddr_in server;
    uint32_t unsettled; /* said since the last settling */
    uint64_t departures;
    uint32_t answers; /* to the strangers */
    /* Of each socket, what waits to be sent. */
    struct batch {
        uint32_t count;
        struct mmsghdr headers[BATCH];
        struct iovec parts[BATCH];
        union {
            struct cmsghdr align;
            char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
        } own[BATCH];
        char texts[BATCH][ADDRESS_CROWD_TEXT];
    } batches[SOCKETS];
    struct mmsghdr received[BATCH];
    struct iovec received_parts[BATCH];
    char received_texts[BATCH][ADDRESS_CROWD_TEXT];
};

static int
socket_open(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), buffer = BUFFER_BYTES;

    if (descriptor < 0 || bind(descriptor, (const struct sockaddr *)&any, sizeof any) != 0)
        failure_errno("socket");
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    return descriptor;
}

struct address_crowd *
address_crowd_new(uint32_t size, const struct target *target)
{
    struct address_crowd *crowd = memory_new(1, sizeof *crowd);

    crowd->size = size;
    memcpy(&crowd->server, &target->address, sizeof crowd->server);
    for (int i = 0; i < SOCKETS; i++)
        crowd->sockets[i] = socket_open();
    for (int i = 0; i < BATCH; i++) {
        crowd->received_parts[i] = (struct iovec){.iov_base = crowd->received_texts[i], .iov_len = ADDRESS_CROWD_TEXT};
        crowd->received[i].msg_hdr = (struct msghdr){.msg_iov = &crowd->received_parts[i], .msg_iovlen = 1};
    }
    return crowd;
}

void
address_crowd_free(struct address_crowd *crowd)
{
    for (int i = 0; i < SOCKETS; i++)
        close(crowd->sockets[i]);
    free(crowd);
}

/* Whether the datagram begins with the text, without its final zero. */
static bool
begins(const char *datagram, size_t length, const char *text, size_t text_bytes)
{
    return length >= text_bytes - 1 && memcmp(datagram, text, text_bytes - 1) == 0;
}

static void
datagram_hear(struct address_crowd *crowd, const char *text, size_t length)
{
    if (begins(text, length, answer, sizeof answer))
        crowd->answers++;
    else if (begins(text, length, refusal, sizeof refusal))
        failure_exit("the server refuses a session: %.*s", (int)(length < SHOWN_BYTES ? length : SHOWN_BYTES) - 1, text);
    else if (length > 11 && text[11] == 'f') /* {"online": false} */
        crowd->departures++;
}

/* Takes in what has come to one socket. */
static void
listen_once(struct address_crowd *crowd, int socket)
{
    int count;

    while ((count = recvmmsg(crowd->sockets[socket], crowd->received, BATCH, MSG_DONTWAIT, NULL)) > 0) {
        for (int i = 0; i < count; i++)
            datagram_hear(crowd, crowd->received_texts[i], crowd->received[i].msg_len);
    }
}

/* Sends what waits at one socket. */
static void
send_all(struct address_crowd *crowd, int socket)
{
    struct batch *batch = &crowd->batches[socket];
    struct pollfd wanted = {.fd = crowd->sockets[socket], .events = POLLOUT};
    uint32_t sent = 0;

    while (sent < batch->count) {
        int result = sendmmsg(crowd->sockets[socket], batch->headers + sent, batch->count - sent, MSG_DONTWAIT);

        if (result > 0)
            sent += (uint32_t)result;
        else if (errno == EAGAIN)
            (void)poll(&wanted, 1, ANSWER_MS);
        else
            failure_errno("sendmmsg");
    }
    batch->count = 0;
}

static void
put(struct address_crowd *crowd, uint32_t client, const char *text, size_t length)
{
    int socket = (int)(client % SOCKETS);
    struct batch *batch = &crowd->batches[socket];
    uint32_t at = batch->count++;
    struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(INADDR_LOOPBACK + 1 + client / SOCKETS)};

    if (length > ADDRESS_CROWD_TEXT)
        failure_exit("a datagram of %zu bytes is too long", length);
    memcpy(batch->texts[at], text, length);
    batch->parts[at] = (struct iovec){.iov_base = batch->texts[at], .iov_len = length};
    batch->own[at].align = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
    memcpy(CMSG_DATA(&batch->own[at].align), &info, sizeof info);
    batch->headers[at].msg_hdr = (struct msghdr){
        .msg_name = &crowd->server,
        .msg_namelen = sizeof crowd->server,
        .msg_iov = &batch->parts[at],
        .msg_iovlen = 1,
        .msg_control = &batch->own[at],
        .msg_controllen = sizeof batch->own[at],
    };
    if (batch->count == BATCH)
        send_all(crowd, socket);
}

/* Asks from addresses that nobody has, and waits for the answers. False: some are missing. */
static int
ask(struct address_crowd *crowd)
{
    int64_t end_ns = crowd_clock_ns() + ANSWER_MS * INT64_C(1000000);
    struct pollfd wanted[SOCKETS];

    crowd->answers = 0;
    for (uint32_t i = 0; i < PROBES; i++)
        put(crowd, crowd->size + i, question, sizeof question - 1);
    for (int i = 0; i < SOCKETS; i++) {
        send_all(crowd, i);
        wanted[i] = (struct pollfd){.fd = crowd->sockets[i], .events = POLLIN};
    }
    while (crowd->answers < PROBES && crowd_clock_ns() < end_ns) {
        (void)poll(wanted, SOCKETS, 10);
        for (int i = 0; i < SOCKETS; i++)
            listen_once(crowd, i);
    }
    return crowd->answers >= PROBES;
}

void
address_crowd_settle(struct address_crowd *crowd)
{
    for (int i = 0; i < SOCKETS; i++)
        send_all(crowd, i);
    crowd->unsettled = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++)
        if (ask(crowd))
            return;
    failure_exit("the server does not answer");
}

void
address_crowd_say(struct address_crowd *crowd, uint32_t client, const char *text, size_t length)
{
    put(crowd, client, text, length);
    if (++crowd->unsettled == IN_FLIGHT)
        address_crowd_settle(crowd);
}

uint64_t
address_crowd_departures(struct address_crowd *crowd)
{
    for (int i = 0; i < SOCKETS; i++)
        listen_once(crowd, i);
    return crowd->departures;
}
