/* SPDX-License-Identifier: MIT */
#include "support/session.h"

#include "support/pace.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_LOOK_MS = 20, LATER_LOOK_FACTOR = 4, ID_BYTES = 24 };

/* Far from the small ids that tests write themselves. */
static const int64_t first_reserved = INT64_C(4000000000000);

int64_t
user_ids_reserve(unsigned count)
{
    static int64_t reserved;
    int64_t first = first_reserved + reserved;

    reserved += count;
    return first;
}

char *
session_list(const struct session *session, const char *friends)
{
    size_t room = strlen(friends) + SESSION_BEACONS * ID_BYTES, length = 0;
    char *list = malloc(room);

    ck_assert_ptr_nonnull(list);
    if (friends[0] != '\0')
        length = (size_t)snprintf(list, room, "%s, ", friends);
    for (int i = 0; i < SESSION_BEACONS; i++)
        length += (size_t)snprintf(list + length, room - length, "%s%" PRId64, i > 0 ? ", " : "", session->beacon + i);
    return list;
}

/* Waits until the session has heard of so many departures of beacons: nothing of them is under way any more. */
static void
beacons_drain(struct session *session, int departures, const char *function, int line)
{
    int arrived = 0, left = 0;

    while (left < departures) {
        const char *word = client_read_line_at(session->client, function, line);

        if (word == NULL)
            ck_abort_msg("%s, line %d: the session of user %" PRId64 " ended after its hello", function, line, session->user);
        if (strcmp(word, ONLINE) == 0)
            arrived++;
        else if (strcmp(word, OFFLINE) == 0)
            left++;
        else
            ck_abort_msg("%s, line %d: after its hello user %" PRId64 " was told: %s", function, line, session->user, word);
        ck_assert_msg(arrived <= departures, "%s, line %d: user %" PRId64 " was told of arrivals that nobody made", function, line, session->user);
    }
}

/* Waits until the session's newest list, which ends with its beacons, is in force. */
static void
session_settle(struct session *session, const char *function, int line)
{
    struct client *beacons[SESSION_BEACONS];
    int came = 0, look_ms = pace_stretched_ms(FIRST_LOOK_MS);
    bool heard = false;

    while (!heard && came < SESSION_BEACONS) {
        beacons[came] = client_connect(session->server);
        client_hello(beacons[came], session->beacon + came, NULL);
        came++;
        heard = client_wait(session->client, look_ms);
        look_ms *= LATER_LOOK_FACTOR;
    }
    ck_assert_msg(heard, "%s, line %d: the list of user %" PRId64 " does not come into force", function, line, session->user);
    for (int i = 0; i < came; i++)
        client_goodbye(beacons[i], session->beacon + i);
    beacons_drain(session, came, function, line);
    for (int i = 0; i < came; i++)
        client_close(beacons[i]);
}

struct session *
session_open_on(const struct server *server, struct client *client, int64_t user, const char *friends)
{
    struct session *session = calloc(1, sizeof *session);

    ck_assert_ptr_nonnull(session);
    *session = (struct session){.client = client, .server = server, .user = user};
    session_relist(session, friends);
    return session;
}

struct session *
session_open(const struct server *server, int64_t user, const char *friends)
{
    return session_open_on(server, client_connect(server), user, friends);
}

void
session_relist_at(struct session *session, const char *friends, const char *function, int line)
{
    /* New beacons: the old ones are watched already and would prove nothing. */
    session->beacon = user_ids_reserve(SESSION_BEACONS);
    char *list = session_list(session, friends);
    client_hello(session->client, session->user, list);
    free(list);
    session_settle(session, function, line);
}

void
session_fence_at(struct session *session, const char *function, int line)
{
    struct client *beacon = client_connect(session->server);

    client_hello(beacon, session->beacon, NULL);
    client_expect_at(session->client, ONLINE, function, line);
    client_goodbye(beacon, session->beacon);
    client_expect_at(session->client, OFFLINE, function, line);
    client_close(beacon);
}

char *
session_history_at(struct session *session, const char *function, int line)
{
    static const char mark[] = "++--";
    struct client *beacons[2];
    char *history = NULL;
    size_t length = 0, room = 0;

    for (int i = 0; i < 2; i++) {
        beacons[i] = client_connect(session->server);
        client_hello(beacons[i], session->beacon + i, NULL);
    }
    do {
        const char *word = client_read_line_at(session->client, function, line);

        ck_assert_msg(word != NULL && (strcmp(word, ONLINE) == 0 || strcmp(word, OFFLINE) == 0), "%s, line %d: user %" PRId64 " was told: %s",
            function, line, session->user, word != NULL ? word : "the end");
        if (length + 2 > room) {
            room = room * 2 + 64;
            history = realloc(history, room);
            ck_assert_ptr_nonnull(history);
        }
        history[length++] = strcmp(word, ONLINE) == 0 ? '+' : '-';
        history[length] = '\0';
        if (length >= 2 && strcmp(history + length - 2, "++") == 0)
            for (int i = 0; i < 2; i++)
                client_goodbye(beacons[i], session->beacon + i);
    } while (length < sizeof mark - 1 || strcmp(history + length - (sizeof mark - 1), mark) != 0);
    history[length - (sizeof mark - 1)] = '\0';
    for (int i = 0; i < 2; i++)
        client_close(beacons[i]);
    return history;
}

void
session_leave_at(struct session *session, const char *function, int line)
{
    client_goodbye(session->client, session->user);
    client_expect_end_at(session->client, function, line);
    session_close(session);
}

void
session_close(struct session *session)
{
    client_close(session->client);
    free(session);
}

void
session_reset(struct session *session)
{
    client_reset(session->client);
    free(session);
}

void
user_visit(const struct server *server, int64_t user, const char *friends)
{
    struct client *visitor = client_connect(server);

    client_hello(visitor, user, friends);
    client_goodbye(visitor, user);
    client_read_to_end(visitor);
    client_close(visitor);
}
