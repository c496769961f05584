/* SPDX-License-Identifier: MIT
 *
 * Where messages begin and end in the stream: at their braces, however the bytes are laid out and cut into segments.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/session.h"
#include "support/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each of these says hello as user 2. */
static const char *const hellos[] = {
    "{\"user_id\": 2}",
    "{\"user_id\":2,\"friends\":[]}",
    "{\"user_id\": 2}\n",
    "{\"user_id\": 2}\r\n",
    " \t\r\n\n  {\"user_id\": 2}",
    "{\n    \"user_id\": 2,\n    \"friends\": [\n        7,\n        8\n    ]\n}\n",
    "{\r\n\t\"user_id\"\r\n\t:\r\n\t2\r\n}\r\n",
    "{\"text\": \"}{][\\\"}\", \"user_id\": 2}",
    "{\"text\": \"\\\\\", \"user_id\": 2}",
    "{\"text\": \"\\\\\\\"{\", \"user_id\": 2}",
    "{\"}]\": {\"a\": [[], {}, [{\"b\": \"]}\"}]]}, \"user_id\": 2}",
    "{\"name\": \"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\", \"user_id\": 2}",
    "{\"name\": \"\\u00e4\\ud83d\\ude00\\n\\/\", \"user_id\": 2}",
};
enum { HELLOS = sizeof hellos / sizeof hellos[0] };

/* How hello number _i is laid out does not matter. */
START_TEST(every_layout)
{
    struct server *server = server_start("--workers 2");
    struct session *observer = session_open(server, 1, "2");
    struct client *client = client_connect(server);

    client_send(client, hellos[_i]);
    client_expect(observer->client, ONLINE);
    client_send(client, "{\"online\": false}");
    client_expect(observer->client, OFFLINE);
    client_expect_end(client);
    client_close(client);
    session_leave(observer);
    server_stop(server);
}
END_TEST

START_TEST(one_byte_at_a_time)
{
    struct server *server = server_start("--workers 2");
    struct session *observer = session_open(server, 1, "2");

    for (int i = 0; i < HELLOS; i++) {
        struct client *client = client_connect(server);

        client_send_pieces(client, hellos[i], 1);
        client_expect(observer->client, ONLINE);
        client_send_pieces(client, "\r\n{\"user_id\": 2, \"online\": false}\r\n", 1);
        client_expect(observer->client, OFFLINE);
        client_expect_end(client);
        client_close(client);
    }
    session_leave(observer);
    server_stop(server);
}
END_TEST

/* Every place where hello number _i can be cut: the first part is read, nothing comes of it, then comes the second. */
START_TEST(split_anywhere)
{
    struct server *server = server_start("--workers 1");
    struct session *observer = session_open(server, 1, "2");
    size_t length = strlen(hellos[_i]);

    while (strchr(" \r\n", hellos[_i][length - 1]) != NULL)
        length--;
    for (size_t cut = 1; cut < length; cut++) {
        struct client *client = client_connect(server);

        client_send_bytes(client, hellos[_i], cut);
        session_fence(observer); /* the only worker has been round since */
        client_send_bytes(client, hellos[_i] + cut, length - cut);
        client_expect(observer->client, ONLINE);
        client_send(client, "{\"online\": false}");
        client_expect_end(client);
        client_expect(observer->client, OFFLINE);
        client_close(client);
    }
    session_leave(observer);
    server_stop(server);
}
END_TEST

/* All in one segment, with and without white space between, carried out in order; the list of the last hello is the one that counts. */
START_TEST(many_in_a_segment)
{
    struct server *server = server_start("--workers 2");
    struct session *observer = session_open(server, 1, "2");
    struct session *listed_first = session_open(server, 5, ""), *listed_last = session_open(server, 9, "");
    struct client *client = client_connect(server);

    client_send(client,
        "{\"user_id\":2}{\"user_id\":2,\"friends\":[5]} {\"user_id\":2}\n\n{\"user_id\":2,\"friends\":[9]}\r\n"
        "{\"user_id\":2,\"friends\":null}{\"online\":false}");
    client_expect(observer->client, ONLINE OFFLINE);
    client_expect(listed_last->client, OFFLINE);
    client_expect_end(client);
    session_fence(listed_first);
    session_fence(listed_last);
    session_fence(observer);
    client_close(client);
    session_leave(listed_first);
    session_leave(listed_last);
    session_leave(observer);
    server_stop(server);
}
END_TEST

/* Thousands at once, cut at sizes that fall anywhere in them. */
START_TEST(many_in_odd_pieces)
{
    enum { OBJECTS = 3000, PIECE = 61 };
    struct server *server = server_start("--workers 2");
    struct session *last = session_open(server, 5, "2"), *others = session_open(server, 6, "");
    struct client *client = client_connect(server);
    char *text = malloc(OBJECTS * 64), *end = text;

    ck_assert_ptr_nonnull(text);
    for (int i = 0; i < OBJECTS; i++)
        end += sprintf(end, "{\"user_id\": 2, \"friends\": [%d]}", i == OBJECTS - 1 ? 5 : 6);
    client_send_pieces(client, text, PIECE);
    client_expect(last->client, ONLINE);
    client_half_close(client);
    client_expect_end(client);
    client_expect(last->client, OFFLINE);
    session_fence(last);
    session_fence(others);
    client_close(client);
    free(text);
    session_leave(last);
    session_leave(others);
    server_stop(server);
}
END_TEST

/* White space between objects belongs to none of them and counts for no limit. */
START_TEST(white_space_only)
{
    struct server *server = server_start("--workers 2 --max-message 1KiB");
    struct session *observer = session_open(server, 1, "2");
    struct client *client = client_connect(server), *silent = client_connect(server);
    char space[4096];

    memset(space, ' ', sizeof space);
    memcpy(space, "\r\n\t", 3);
    for (int i = 0; i < 64; i++)
        client_send_bytes(client, space, sizeof space);
    client_send(client, "{\"user_id\": 2}");
    client_expect(observer->client, ONLINE);
    for (int i = 0; i < 64; i++)
        client_send_bytes(client, space, sizeof space);
    client_send(client, "{\"online\": false}");
    client_expect(observer->client, OFFLINE);
    client_expect_end(client);

    /* Nothing else ever: no message, no error, just an end. */
    client_send_bytes(silent, space, sizeof space);
    client_half_close(silent);
    client_expect_end(silent);
    client_close(client);
    client_close(silent);
    session_leave(observer);
    server_stop(server);
}
END_TEST

/* A megabyte of pretty printing inside an object counts, so it is refused; just below, it is a hello. */
START_TEST(white_space_inside)
{
    struct server *server = server_start("--workers 2 --max-message 1KiB");
    struct session *observer = session_open(server, 1, "2");
    struct client *client = client_connect(server), *big = client_connect(server);
    char text[1024 + 2];

    snprintf(text, sizeof text, "{%*s\"user_id\": 2}", 1024 - 14, "");
    ck_assert_uint_eq(strlen(text), 1024);
    client_send(client, text);
    client_expect(observer->client, ONLINE);
    snprintf(text, sizeof text, "{%*s\"user_id\": 2}", 1024 - 13, "");
    client_send(big, text);
    client_expect_error(big, "too_large");
    client_close(big);
    client_close(client);
    client_expect(observer->client, OFFLINE);
    session_leave(observer);
    server_stop(server);
}
END_TEST

static Suite *
framing_suite(void)
{
    Suite *suite = suite_create("framing");
    TCase *tests = tcase_create("framing");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_loop_test(tests, every_layout, 0, HELLOS);
    tcase_add_test(tests, one_byte_at_a_time);
    tcase_add_loop_test(tests, split_anywhere, 0, HELLOS);
    tcase_add_test(tests, many_in_a_segment);
    tcase_add_test(tests, many_in_odd_pieces);
    tcase_add_test(tests, white_space_only);
    tcase_add_test(tests, white_space_inside);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(framing_suite());
}
