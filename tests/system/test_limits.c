/* SPDX-License-Identifier: MIT
 *
 * Each limit, at its boundary and one over it: the size of a message, its nesting, friends, connections, and all unfinished
 * messages together. What is over is refused as soon as it is seen, not when the message ends.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/pair.h"
#include "support/session.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A hello as user 2 of exactly so many bytes, last bracket included; the caller frees it. */
static char *
hello_of_bytes(size_t bytes)
{
    static const char head[] = "{\"user_id\": 2, \"text\": \"", tail[] = "\"}";
    char *text = malloc(bytes + 1);

    ck_assert_ptr_nonnull(text);
    memset(text, 'a', bytes);
    memcpy(text, head, sizeof head - 1);
    memcpy(text + bytes - (sizeof tail - 1), tail, sizeof tail);
    return text;
}

/* A hello as user 2, as deep as that with the outermost object counted. */
static char *
hello_of_depth(unsigned depth, char open, char close)
{
    static const char head[] = "{\"user_id\": 2, \"a\": ";
    char *text = malloc(sizeof head + 6 * (size_t)depth + 8), *end = text + sprintf(text, "%s", head);

    for (unsigned i = 1; i < depth; i++)
        end += sprintf(end, i + 1 < depth && open == '{' ? "{\"a\":" : "%c", open);
    for (unsigned i = 1; i < depth; i++)
        *end++ = close;
    memcpy(end, "}", 2);
    return text;
}

/* A hello as user 2 with so many friends, all different, or all the same. */
static char *
hello_of_friends(unsigned count, bool same)
{
    static const char head[] = "{\"user_id\": 2, \"friends\": [";
    char *text = malloc(sizeof head + 16 * (size_t)count + 8), *end = text + sprintf(text, "%s", head);

    for (unsigned i = 0; i < count; i++)
        end += sprintf(end, "%s%u", i > 0 ? "," : "", same ? 77 : 1000 + i);
    memcpy(end, "]}", 3);
    return text;
}

/* The server takes the one hello, and refuses the other, also before it has seen all of it. Frees both. */
static void
limit_is_kept(struct server *server, char *within, char *over, const char *code)
{
    struct pair *pair = pair_open(server);
    struct session *watcher = session_open(server, 1, "2");
    struct client *client = client_connect(server), *bad = client_connect(server), *unfinished = client_connect(server);

    client_send(client, within);
    client_expect(watcher->client, ONLINE);
    client_try_send(bad, over, strlen(over));
    client_expect_error(bad, code);
    client_try_send(unfinished, over, strlen(over) - 2);
    client_expect_error(unfinished, code);
    session_fence(watcher);

    /* On a session that there is, it counts as well. */
    client_send(client, within);
    client_try_send(client, over, strlen(over));
    client_expect_error(client, code);
    client_expect(watcher->client, OFFLINE);
    pair_exchange(pair);
    client_close(client);
    client_close(bad);
    client_close(unfinished);
    session_leave(watcher);
    pair_close(pair);
    free(within);
    free(over);
}

START_TEST(message_size)
{
    struct server *server = server_start("--max-message 1KiB");
    limit_is_kept(server, hello_of_bytes(1024), hello_of_bytes(1025 + 2), "too_large");

    /* One byte over, and not seen to be finished: the 1,025th byte is the last bracket. */
    struct client *client = client_connect(server);
    char *text = hello_of_bytes(1025);
    client_send(client, text);
    client_expect_error(client, "too_large");
    client_close(client);
    free(text);
    server_stop(server);
}
END_TEST

START_TEST(message_size_by_default)
{
    struct server *server = server_start("--workers 2");

    limit_is_kept(server, hello_of_bytes(256 << 10), hello_of_bytes((256 << 10) + 3), "too_large");
    server_stop(server);
}
END_TEST

START_TEST(nesting)
{
    struct server *server = server_start("--max-nesting 4");

    limit_is_kept(server, hello_of_depth(4, '[', ']'), hello_of_depth(5, '[', ']'), "too_large");
    limit_is_kept(server, hello_of_depth(4, '{', '}'), hello_of_depth(5, '{', '}'), "too_large");
    server_stop(server);
}
END_TEST

START_TEST(nesting_by_default)
{
    struct server *server = server_start("--workers 2");

    limit_is_kept(server, hello_of_depth(32, '[', ']'), hello_of_depth(33, '[', ']'), "too_large");
    limit_is_kept(server, hello_of_depth(32, '{', '}'), hello_of_depth(33, '{', '}'), "too_large");
    server_stop(server);
}
END_TEST

/* The limit counts what was sent: duplicates and one's own id too. */
START_TEST(friends)
{
    struct server *server = server_start("--max-friends 16");

    limit_is_kept(server, hello_of_friends(16, false), hello_of_friends(17, false), "too_many_friends");
    limit_is_kept(server, hello_of_friends(16, true), hello_of_friends(17, true), "too_many_friends");

    static const char *const others[] = {
        "{\"friends\": [2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2], \"user_id\": 2}",
        "{\"user_id\": 2, \"\\u0066riends\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}",
    };
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct client *client = client_connect(server);

        client_send(client, others[i]);
        client_expect_error(client, "too_many_friends");
        client_close(client);
    }
    server_stop(server);
}
END_TEST

START_TEST(friends_by_default)
{
    struct server *server = server_start("--workers 2");

    limit_is_kept(server, hello_of_friends(10000, false), hello_of_friends(10001, false), "too_many_friends");
    server_stop(server);
}
END_TEST

/* Lists inside other values are no lists of friends. */
START_TEST(friends_elsewhere_do_not_count)
{
    struct server *server = server_start("--max-friends 16");
    struct session *watcher = session_open(server, 1, "2");
    struct client *client = client_connect(server);

    client_send(client,
        "{\"other\": {\"friends\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]},"
        " \"friends2\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17], \"user_id\": 2, \"friends\": [3]}");
    client_expect(watcher->client, ONLINE);
    client_close(client);
    client_expect(watcher->client, OFFLINE);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* A goodbye before any hello is answered with the end, where there was room, and not at all where there was none. */
static bool
connection_has_room(struct client *client)
{
    static const char goodbye[] = "{\"online\": false}";

    client_try_send(client, goodbye, sizeof goodbye - 1);
    if (client_read_to_end(client)[0] == '\0' && client->end_error == 0)
        return true;
    client->start = 0;
    client_expect_error(client, "server_full");
    return false;
}

/* Connections count from accept on, those that have not said a word included. */
START_TEST(sessions)
{
    enum { SESSIONS = 12 };
    struct server *server = server_start("--max-sessions %d", SESSIONS);
    struct client *clients[SESSIONS], *over;

    for (int i = 0; i < SESSIONS; i++)
        clients[i] = client_connect(server);
    for (int i = 0; i < 3; i++) {
        over = client_connect(server);
        if (i == 1) /* one that speaks at once */
            client_try_send(over, "{\"user_id\": 2}", 14);
        client_expect_error(over, "server_full");
        client_close(over);
    }

    /* Those inside go on: two become friends. */
    client_hello(clients[0], 1, "2");
    client_hello(clients[1], 2, "1");
    while (!client_wait(clients[0], 1) && !client_wait(clients[1], 1))
        ;
    client_expect(clients[client_poll(clients[0]) ? 0 : 1], ONLINE);
    for (int i = 2; i < SESSIONS; i++)
        ck_assert(connection_has_room(clients[i]));
    for (int i = 0; i < SESSIONS; i++)
        client_close(clients[i]);
    server_stop(server);
}
END_TEST

/* Logs a user in whom the watcher lists, as soon as the server has noticed that there is room. */
static struct client *
place_take(struct server *server, struct client *watcher, int user)
{
    int64_t deadline = pace_deadline_ms();

    while (pace_left_ms(deadline) > 0) {
        struct client *client = client_connect(server);
        char hello[32];

        client_try_send(client, hello, (size_t)snprintf(hello, sizeof hello, "{\"user_id\": %d}", user));
        while (!client_wait(client, 1) && !client_poll(watcher))
            ;
        if (client_poll(watcher)) {
            client_expect(watcher, ONLINE);
            return client;
        }
        client_expect_error(client, "server_full");
        client_close(client);
    }
    ck_abort_msg("room was made and is not used");
}

/* When one leaves there is room for one more. */
START_TEST(sessions_room_again)
{
    enum { SESSIONS = 12, ROUNDS = 20 };
    struct server *server = server_start("--max-sessions %d", SESSIONS);
    struct client *clients[SESSIONS], *watcher, *over;
    bool is_watched[SESSIONS] = {false};

    for (int i = 0; i < SESSIONS; i++)
        clients[i] = client_connect(server);

    /* The first watches; what the second is told, or its departure, shows that the list is in force. */
    watcher = clients[0];
    client_hello(watcher, 1, "2, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119");
    client_hello(clients[1], 2, "1");
    while (!client_wait(watcher, 1) && !client_wait(clients[1], 1))
        ;
    client_goodbye(clients[1], 2);
    while (strcmp(client_read_line(watcher), OFFLINE) != 0)
        ;
    client_close(clients[1]);
    clients[1] = place_take(server, watcher, 100);
    is_watched[1] = true;

    for (int round = 1; round < ROUNDS; round++) {
        int place = 1 + round % (SESSIONS - 1);

        over = client_connect(server);
        client_expect_error(over, "server_full");
        client_close(over);
        client_close(clients[place]);
        if (is_watched[place])
            client_expect(watcher, OFFLINE);
        clients[place] = place_take(server, watcher, 100 + round);
        is_watched[place] = true;
    }
    for (int i = 0; i < SESSIONS; i++)
        client_close(clients[i]);
    server_stop(server);
}
END_TEST

/* Unfinished messages may take so much together. One that goes over is refused; the others can still be finished. The limit
 * is one of memory, which comes in steps, so less may fit than the bytes alone would say, but at least half. */
START_TEST(unfinished_messages_together)
{
    enum { CLIENTS = 12, BYTES = 200 << 10, FIT = (1 << 20) / BYTES, SURELY_FIT = FIT / 2 };
    struct server *server = server_start("--max-unfinished 1MiB");
    struct pair *pair = pair_open(server);
    struct session *watcher = session_open(server, 1, "2");
    struct client *clients[CLIENTS];
    char *hello = hello_of_bytes(BYTES);
    int64_t deadline = pace_deadline_ms();
    int refused;

    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_connect(server);
        client_try_send(clients[i], hello, BYTES - 1);
    }
    do {
        refused = 0;
        for (int i = 0; i < CLIENTS; i++)
            refused += client_wait(clients[i], 1);
        ck_assert_msg(pace_left_ms(deadline) > 0, "%d of %d clients may hold what only %d should", CLIENTS - refused, CLIENTS, FIT);
    } while (CLIENTS - refused > FIT);
    ck_assert_msg(refused < CLIENTS, "everybody was refused");
    pair_exchange(pair);

    int finished = 0;
    for (int i = 0; i < CLIENTS; i++)
        if (client_poll(clients[i])) {
            client_expect_error(clients[i], "server_full");
        } else {
            client_send(clients[i], "}");
            client_expect(watcher->client, ONLINE);
            client_goodbye(clients[i], 2);
            client_expect_end(clients[i]);
            client_expect(watcher->client, OFFLINE);
            finished++;
        }
    ck_assert_int_ge(finished, SURELY_FIT);

    /* Once they are finished, there is room for others. */
    struct client *later[SURELY_FIT];
    for (int i = 0; i < SURELY_FIT; i++) {
        later[i] = client_connect(server);
        client_send_bytes(later[i], hello, BYTES - 1);
        client_close(clients[i]);
    }
    pair_exchange(pair);
    for (int i = 0; i < SURELY_FIT; i++) {
        client_send(later[i], "}");
        client_expect(watcher->client, ONLINE);
        client_goodbye(later[i], 2);
        client_expect_end(later[i]);
        client_expect(watcher->client, OFFLINE);
        client_close(later[i]);
    }
    for (int i = SURELY_FIT; i < CLIENTS; i++)
        client_close(clients[i]);
    free(hello);
    session_leave(watcher);
    pair_close(pair);
    server_stop(server);
}
END_TEST

static Suite *
limits_suite(void)
{
    Suite *suite = suite_create("limits");
    TCase *tests = tcase_create("limits");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, message_size);
    tcase_add_test(tests, message_size_by_default);
    tcase_add_test(tests, nesting);
    tcase_add_test(tests, nesting_by_default);
    tcase_add_test(tests, friends);
    tcase_add_test(tests, friends_by_default);
    tcase_add_test(tests, friends_elsewhere_do_not_count);
    tcase_add_test(tests, sessions);
    tcase_add_test(tests, sessions_room_again);
    tcase_add_test(tests, unfinished_messages_together);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(limits_suite());
}
