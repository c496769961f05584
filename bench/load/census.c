/* SPDX-License-Identifier: MIT */
#include "load/census.h"

#include "load/failure.h"
#include "talk/talk.h"

#include "alo/client.h"
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PATIENCE_MS = 20000,
    ASKED = 1000, /* in one question: no more than most servers let a user list */
    NAME_BYTES = 32,
    HOST_BYTES = 64, /* of a numeric address */
    PORT_BYTES = 8,
};

struct census {
    struct alo_client *client;
};

static void
require(const struct census *census, enum alo_result result, const char *what)
{
    if (result != ALO_OK)
        failure_exit("cannot %s to ask who is online: %s", what, alo_error_text(census->client));
}

/* The target's address in digits, as libalo takes it. */
static void
address_write(const struct target *target, char text[HOST_BYTES + PORT_BYTES + sizeof "[]:"])
{
    char host[HOST_BYTES], port[PORT_BYTES];

    if (getnameinfo(
            (const struct sockaddr *)&target->address, target->length, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        failure_exit("the target's address has no text");
    snprintf(text, HOST_BYTES + PORT_BYTES + sizeof "[]:", target->address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

struct census *
census_new(const struct target *target, uint32_t share)
{
    struct census *census = memory_new(1, sizeof *census);
    char address[HOST_BYTES + PORT_BYTES + sizeof "[]:"], name[NAME_BYTES];

    census->client = alo_new(&(struct alo_options){.connect_timeout_ms = PATIENCE_MS, .request_timeout_ms = PATIENCE_MS});
    if (census->client == NULL)
        failure_exit("out of memory");
    address_write(target, address);
    require(census, alo_connect(census->client, address), "connect");
    snprintf(name, sizeof name, "census %u", share);
    require(census, alo_login(census->client, alo_user_name(name), NULL, 0, NULL), "log in");
    return census;
}

void
census_free(struct census *census)
{
    alo_close(census->client);
    free(census);
}

uint32_t
census_online(struct census *census, uint32_t first_user, uint32_t count)
{
    struct alo_user users[ASKED];
    struct alo_presence presences[ASKED];
    uint32_t online = 0;

    for (uint32_t asked = 0; asked < count; asked += ASKED) {
        uint32_t some = count - asked < ASKED ? count - asked : ASKED;

        for (uint32_t i = 0; i < some; i++)
            users[i] = alo_user_number(TALK_ID_FIRST + (int64_t)first_user + asked + i);
        require(census, alo_online(census->client, users, some, presences), "speak");
        for (uint32_t i = 0; i < some; i++)
            online += presences[i].online;
    }
    return online;
}
