/* SPDX-License-Identifier: MIT */
#include "support/crowd.h"

#include "support/pace.h"
#include "support/session.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ID_BYTES = 24,
    FIRST_LOOK_MS = 200,
    LATER_LOOK_FACTOR = 2,
    MEMBERS_PER_SOURCE = 10000 /* an address has some 28,000 ports */
};

struct crowd *
crowd_new(const struct server *server)
{
    struct crowd *crowd = calloc(1, sizeof *crowd);

    ck_assert_ptr_nonnull(crowd);
    crowd->server = server;
    crowd->beacon = user_ids_reserve(CROWD_BEACONS);
    return crowd;
}

void
crowd_add(struct crowd *crowd, int64_t user, const char *friends)
{
    char source[ID_BYTES];
    size_t room = strlen(friends) + (CROWD_BEACONS + 1) * ID_BYTES, length = 0;
    char *list = malloc(room);

    ck_assert_ptr_nonnull(list);
    if (friends[0] != '\0')
        length = (size_t)snprintf(list, room, "%s, ", friends);
    for (int i = 0; i < CROWD_BEACONS; i++)
        length += (size_t)snprintf(list + length, room - length, "%s%" PRId64, i > 0 ? ", " : "", crowd->beacon + i);

    if (crowd->count == crowd->room) {
        crowd->room = crowd->room * 2 + 64;
        crowd->members = realloc(crowd->members, crowd->room * sizeof *crowd->members);
        ck_assert_ptr_nonnull(crowd->members);
    }
    snprintf(source, sizeof source, "127.0.1.%u", 1 + crowd->count / MEMBERS_PER_SOURCE);
    struct client *client = client_connect_with(crowd->server, &(struct client_options){.source = source});
    client_hello(client, user, list);
    free(list);
    crowd->members[crowd->count++] = (struct crowd_member){.client = client, .user = user};
}

/* Counts the whole lines that have come in, until there are at least so many of each or no more can be read now. */
static void
member_count(struct crowd_member *member, const char *function, int line)
{
    struct client *client = member->client;

    while (client->start < client->length && memchr(client->bytes + client->start, '\n', client->length - client->start) != NULL) {
        const char *word = client_read_line_at(client, function, line);

        if (strcmp(word, ONLINE) == 0)
            member->arrivals++;
        else if (strcmp(word, OFFLINE) == 0)
            member->departures++;
        else
            ck_abort_msg("%s, line %d: user %" PRId64 " was told: %s", function, line, member->user, word);
    }
}

/* Has the member heard that much? Waits until then or the deadline. */
static bool
member_wait(struct crowd_member *member, unsigned arrivals, unsigned departures, int64_t deadline_ms, const char *function, int line)
{
    for (;;) {
        member_count(member, function, line);
        if (member->arrivals >= arrivals && member->departures >= departures)
            return true;
        if (member->client->ended)
            ck_abort_msg("%s, line %d: the session of user %" PRId64 " has ended", function, line, member->user);
        if (!client_more(member->client, pace_left_ms(deadline_ms)))
            return false;
    }
}

void
crowd_member_expect_at(struct crowd *crowd, unsigned member_index, unsigned arrivals, unsigned departures, const char *function, int line)
{
    struct crowd_member *member = &crowd->members[member_index];

    member_wait(member, arrivals, departures, pace_deadline_ms(), function, line);
    if (member->arrivals != arrivals || member->departures != departures)
        ck_abort_msg("%s, line %d: user %" PRId64 " heard %u arrivals and %u departures, not %u and %u", function, line, member->user,
            member->arrivals, member->departures, arrivals, departures);
    member->arrivals = member->departures = 0;
}

void
crowd_expect_at(struct crowd *crowd, unsigned arrivals, unsigned departures, const char *function, int line)
{
    for (unsigned i = 0; i < crowd->count; i++)
        if (crowd->members[i].client != NULL)
            crowd_member_expect_at(crowd, i, arrivals, departures, function, line);
}

void
crowd_settle(struct crowd *crowd)
{
    struct client *beacons[CROWD_BEACONS];
    unsigned came = 0;
    int look_ms = pace_stretched_ms(FIRST_LOOK_MS);
    bool all_heard = false;

    while (!all_heard && came < CROWD_BEACONS) {
        int64_t deadline_ms = pace_now_ms() + look_ms;

        beacons[came] = client_connect(crowd->server);
        client_hello(beacons[came], crowd->beacon + came, NULL);
        came++;
        all_heard = true;
        for (unsigned i = 0; i < crowd->count && all_heard; i++)
            all_heard = member_wait(&crowd->members[i], 1, 0, deadline_ms, __func__, __LINE__);
        look_ms *= LATER_LOOK_FACTOR;
    }
    ck_assert_msg(all_heard, "the lists of a crowd of %u do not come into force", crowd->count);
    for (unsigned i = 0; i < came; i++)
        client_goodbye(beacons[i], crowd->beacon + i);
    for (unsigned i = 0; i < crowd->count; i++) {
        struct crowd_member *member = &crowd->members[i];

        ck_assert_msg(member_wait(member, 1, came, pace_deadline_ms(), __func__, __LINE__), "user %" PRId64 " heard %u of %u departures",
            member->user, member->departures, came);
        ck_assert_uint_le(member->arrivals, came);
        ck_assert_uint_eq(member->departures, came);
        member->arrivals = member->departures = 0;
    }
    for (unsigned i = 0; i < came; i++)
        client_close(beacons[i]);
}

void
crowd_fence_at(struct crowd *crowd, const char *function, int line)
{
    user_visit(crowd->server, crowd->beacon, NULL);
    crowd_expect_at(crowd, 1, 1, function, line);
}

void
crowd_free(struct crowd *crowd)
{
    for (unsigned i = 0; i < crowd->count; i++)
        client_close(crowd->members[i].client);
    free(crowd->members);
    free(crowd);
}
