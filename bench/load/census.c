/* SPDX-License-Identifier: MIT */
#include "load/census.h"

#include "load/failure.h"
#include "talk/talk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PATIENCE_SECONDS = 20,
    ASKED = 1000, /* in one request: no more than most servers let a user list */
    READ_BYTES = 64 << 10,
    ANSWER_BYTES = 1 << 20,
    SHOWN_BYTES = 200,
};

struct census {
    int descriptor;
    struct talk_text text; /* what is asked, then what is answered */
};

static void
request_send(struct census *census)
{
    for (size_t sent = 0; sent < census->text.used;) {
        ssize_t length = send(census->descriptor, census->text.bytes + sent, census->text.used - sent, MSG_NOSIGNAL);

        if (length < 0 && errno != EINTR)
            failure_errno("cannot ask who is online");
        sent += length > 0 ? (size_t)length : 0;
    }
    census->text.used = 0;
}

/* Reads the line that answers the request. */
static void
answer_read(struct census *census)
{
    char bytes[READ_BYTES];

    while (census->text.used == 0 || census->text.bytes[census->text.used - 1] != '\n') {
        ssize_t length = recv(census->descriptor, bytes, sizeof bytes, 0);

        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            failure_errno("the server does not say who is online");
        if (length == 0 || census->text.used > ANSWER_BYTES)
            failure_exit("the server does not say who is online");
        talk_put(&census->text, bytes, (size_t)length);
    }
    census->text.used--;
}

/* Asks, and returns how many users the answer's list names. */
static uint32_t
question_ask(struct census *census)
{
    uint32_t count;

    request_send(census);
    answer_read(census);
    count = talk_jsonrpc.snapshot(census->text.bytes, census->text.used, NULL, 0);
    if (count == UINT32_MAX)
        failure_exit("the server does not say who is online: %.*s", (int)(census->text.used < SHOWN_BYTES ? census->text.used : SHOWN_BYTES),
            census->text.bytes);
    census->text.used = 0;
    return count;
}

struct census *
census_new(const struct target *target, uint32_t share)
{
    struct census *census = memory_new(1, sizeof *census);
    struct timeval patience = {.tv_sec = PATIENCE_SECONDS};

    census->descriptor = socket(target->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (census->descriptor < 0)
        failure_errno("socket");
    setsockopt(census->descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(census->descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(census->descriptor, (const struct sockaddr *)&target->address, target->length) != 0)
        failure_errno("cannot connect to ask who is online");
    talk_print(&census->text, "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"id\": 1, \"params\": {\"user_id\": \"census %u\"}}", share);
    question_ask(census);
    return census;
}

void
census_free(struct census *census)
{
    close(census->descriptor);
    talk_text_done(&census->text);
    free(census);
}

uint32_t
census_online(struct census *census, uint32_t first_user, uint32_t count)
{
    uint32_t online = 0;

    for (uint32_t asked = 0; asked < count; asked += ASKED) {
        talk_print(&census->text, "{\"jsonrpc\": \"2.0\", \"method\": \"online\", \"id\": 2, \"params\": {\"users\": [");
        for (uint32_t i = asked; i < count && i < asked + ASKED; i++) {
            if (i > asked)
                talk_put(&census->text, ", ", 2);
            talk_number(&census->text, TALK_ID_FIRST + first_user + i);
        }
        talk_print(&census->text, "]}}");
        online += question_ask(census);
    }
    return online;
}
