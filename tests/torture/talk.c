/* SPDX-License-Identifier: MIT */
#include "torture/talk.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { SOURCES = 200, SOURCE_BYTES = 24 };

void
talk_open(struct talk *talk, const struct way *way, unsigned from, int poller, void *tag)
{
    struct server server = {.port = way->port};
    struct client_options options = {.address = way->address, .at_once = true};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = tag};
    char source[SOURCE_BYTES];

    ck_assert_ptr_null(talk->client);
    if (way->space >= 0) {
        ck_assert_int_eq(setns(way->space, CLONE_NEWNET), 0);
        talk->client = client_connect_with(&server, &options);
        ck_assert_int_eq(setns(way->home, CLONE_NEWNET), 0);
    } else {
        snprintf(source, sizeof source, "127.0.3.%u", 1 + from % SOURCES);
        options.source = source;
        talk->client = client_connect_with(&server, &options);
    }
    ck_assert_int_eq(epoll_ctl(poller, EPOLL_CTL_ADD, talk->client->socket, &event), 0);
}

void
talk_push(struct talk *talk)
{
    if (talk->client == NULL || talk->out_sent == talk->out_length)
        return;
    ssize_t sent = client_send_now(talk->client, talk->out + talk->out_sent, talk->out_length - talk->out_sent);
    if (sent < 0)
        sent = (ssize_t)(talk->out_length - talk->out_sent); /* the end of the stream is read */
    talk->out_sent += (size_t)sent;
    if (talk->out_sent == talk->out_length)
        talk->out_sent = talk->out_length = 0;
}

void
talk_say(struct talk *talk, const char *text)
{
    size_t length = strlen(text);

    talk->out = realloc(talk->out, talk->out_length + length + 1);
    ck_assert_ptr_nonnull(talk->out);
    memcpy(talk->out + talk->out_length, text, length + 1);
    talk->out_length += length;
    talk_push(talk);
}

const char *
talk_line(struct talk *talk)
{
    return talk->client == NULL ? NULL : client_line_now(talk->client);
}

bool
talk_take(struct talk *talk)
{
    return client_more(talk->client, 0) && talk->client->ended;
}

void
talk_close(struct talk *talk, bool reset)
{
    if (talk->client != NULL && reset)
        client_reset(talk->client);
    else
        client_close(talk->client);
    free(talk->out);
    *talk = (struct talk){.client = NULL};
}
