/* SPDX-License-Identifier: MIT
 *
 * What a datagram may hold, and what wrong ones are answered: never more than three times what was sent, never an end of anything.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/session.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEACON = 900, IPV4_MOST = 65507 };

/* No JSON object, whatever else. */
static const char *const junk[] = {"", "beat", "\n", " ", "{", "}", "{}{}", "{\"user_id\": 7}{\"user_id\": 7}", "{\"user_id\": 7} and more of it",
    "[]", "[1, 2, 3]", "[{\"user_id\": 7, \"friends\": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}]", "7", "\"{}\"", "null",
    "{\"user_id\": 7, \"friends\": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", "{\"user_id\": 7, \"friends\": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],}",
    "{'user_id': 7, 'friends': [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 'more': 'of that'}", "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"};

/* Objects that are wrong, long enough for an answer. */
static const struct {
    const char *text, *code;
} wrong[] = {
    {"{\"friends\": [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]}", "bad_message"},
    {"{\"user_id\": \"two\", \"friends\": [2, 3, 4, 5, 6, 7, 8, 9]}", "bad_message"},
    {"{\"user_id\": 2.0, \"friends\": [2, 3, 4, 5, 6, 7, 8, 9, 10]}", "bad_message"},
    {"{\"user_id\": 2, \"user_id\": 2, \"friends\": [1, 2, 3, 4, 5, 6, 7]}", "bad_message"},
    {"{\"user_id\": 2, \"friends\": \"1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\"}", "bad_message"},
    {"{\"user_id\": 2, \"friends\": [1, null, 3, 4, 5, 6, 7, 8, 9, 10, 11]}", "bad_message"},
    {"{\"user_id\": 9223372036854775808, \"friends\": [1, 2, 3, 4, 5, 6]}", "bad_message"},
    {"{\"user_id\": 2, \"online\": \"no\", \"friends\": [1, 2, 3, 4, 5, 6, 7]}", "bad_message"},
    {"{\"user_id\": 2, \"name\": \"a\\u0000b\", \"friends\": [1, 2, 3, 4, 5, 6]}", "bad_message"},
    {"{\"user_id\": 2, \"x\": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", "too_large"},
};

enum { JUNK = sizeof junk / sizeof junk[0], WRONG = sizeof wrong / sizeof wrong[0] };

START_TEST(junk_is_a_sign_of_life_or_nothing)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2, 7");
    struct udp_client *client = udp_client_enter(server, 2, "900"), *stranger = udp_client_open(server);

    client_expect(watcher->client, ONLINE);
    for (int i = 0; i < JUNK; i++) {
        udp_client_send(client, junk[i]);
        udp_client_send(stranger, junk[i]);
    }
    udp_client_send_bytes(client, "{\"user_id\": 2}\0", 15);
    udp_client_probe(client);
    udp_client_probe(stranger);
    session_fence(watcher);
    udp_client_fence(client, BEACON);
    udp_client_close(client);
    udp_client_close(stranger);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* From an address with a session, which goes on, and from one without, which gets none. */
START_TEST(wrong_objects_are_answered_and_end_nothing)
{
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2");
    struct udp_client *client = udp_client_enter(server, 2, "900"), *stranger = udp_client_open(server);

    client_expect(watcher->client, ONLINE);
    for (int i = 0; i < WRONG; i++) {
        udp_client_send(client, wrong[i].text);
        ck_assert_uint_le(udp_client_expect_error(client, wrong[i].code), UDP_ANSWER_FACTOR * strlen(wrong[i].text));
        udp_client_send(stranger, wrong[i].text);
        udp_client_expect_error(stranger, wrong[i].code);
    }
    session_fence(watcher);
    udp_client_fence(client, BEACON);
    udp_client_close(client);
    udp_client_close(stranger);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* For every length: an error that fits into three times as much is told, one that does not is not, and none is over 512 bytes. */
START_TEST(no_answer_is_over_three_times_what_was_sent)
{
    struct server *server = server_start("--workers 3");
    struct udp_client *client = udp_client_open(server);
    size_t answer = 0;
    char text[400];

    for (size_t length = sizeof text - 1; length >= 2; length--) {
        memset(text, ' ', length);
        text[0] = '{';
        text[length - 1] = '}';
        udp_client_send_bytes(client, text, length);
        if (answer == 0 || UDP_ANSWER_FACTOR * length >= answer)
            answer = udp_client_expect_error(client, "bad_message");
        else
            udp_client_probe(client);
        ck_assert_uint_le(answer, UDP_ERROR_BYTES_MAX);
    }
    ck_assert_uint_lt(answer, sizeof text);
    udp_client_close(client);
    server_stop(server);
}
END_TEST

/* Two servers that were set on each other by a forged address must not go on for ever. */
START_TEST(what_a_server_says_is_not_answered)
{
    static const char *const said[] = {ONLINE, OFFLINE,
        "{\"error\": {\"code\": \"bad_message\", \"message\": \"user_id must be an integer of 64 bits, not a string\"}}\n",
        "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32600, \"message\": \"method is missing\", \"data\": \"bad_message\"}, \"id\": \"method\"}\n",
        "{\"jsonrpc\": \"2.0\", \"result\": {\"online\": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]}, \"id\": 1}\n",
        "[{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": 1}, {\"jsonrpc\": \"2.0\", \"result\": {}, \"id\": 2}]\n",
        "{\"jsonrpc\": \"2.0\", \"method\": \"presence\", \"params\": {\"changes\": [{\"user_id\": 2, \"online\": true, \"at\": 1764000000123}]}}\n",
        "{\"error\": {\"code\": \"too_large\", \"message\": \"nested deeper than the 32 levels that are allowed\"}}\n"};
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2");
    struct udp_client *client = udp_client_enter(server, 2, "900"), *stranger = udp_client_open(server);

    client_expect(watcher->client, ONLINE);
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        udp_client_send(stranger, said[i]);
        if (strcmp(said[i], OFFLINE) != 0)
            udp_client_send(client, said[i]);
    }
    udp_client_probe(stranger);
    udp_client_probe(client);
    session_fence(watcher);
    udp_client_fence(client, BEACON);
    udp_client_close(stranger);
    udp_client_close(client);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* A hello of this many bytes: user 2 lists as many friends from 1000 on as fit, and white space fills it up. The caller frees it. */
static char *
large_hello(size_t length, int *last)
{
    char *text = malloc(length + 1);
    size_t used = (size_t)snprintf(text, length, "{\"user_id\": 2, \"friends\": [1");

    for (*last = 1000; used + 8 < length; ++*last)
        used += (size_t)snprintf(text + used, length - used, ",%d", *last);
    --*last;
    memset(text + used, ' ', length - used);
    memcpy(text + length - 2, "]}", 3);
    return text;
}

START_TEST(a_datagram_may_be_as_long_as_one_can_be)
{
    struct server *server = server_start("--workers 3 --max-friends 20000");
    struct udp_client *client = udp_client_open(server);
    int last;
    char *text = large_hello(IPV4_MOST, &last);

    ck_assert_int_gt(last, 10000);
    udp_client_send_bytes(client, text, IPV4_MOST);
    udp_client_probe(client);
    udp_client_fence(client, 1000);
    udp_client_fence(client, last);
    free(text);
    udp_client_close(client);
    server_stop(server);
}
END_TEST

START_TEST(limits_hold_for_datagrams)
{
    struct server *server = server_start("--workers 3 --max-message 1KiB --max-friends 100");
    struct session *watcher = session_open(server, 1, "2");
    struct udp_client *client = udp_client_open(server);
    int last;
    char *text = large_hello(1025, &last), list[600] = "1";

    udp_client_send_bytes(client, text, 1025);
    udp_client_expect_error(client, "too_large");
    free(text);
    text = large_hello(IPV4_MOST, &last);
    udp_client_send_bytes(client, text, IPV4_MOST);
    udp_client_expect_error(client, "too_large");
    free(text);
    for (int i = 2; i <= 101; i++)
        sprintf(list + strlen(list), ", %d", i);
    udp_client_hello(client, 2, list);
    udp_client_expect_error(client, "too_many_friends");
    session_fence(watcher);
    *strrchr(list, ',') = '\0';
    udp_client_hello(client, 2, list);
    client_expect(watcher->client, ONLINE);
    udp_client_close(client);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* Programs that speak this protocol write it in many ways. */
START_TEST(a_hello_may_be_written_in_many_ways)
{
    static const char *const hellos[] = {"{\"user_id\":2,\"friends\":[1,900]}",
        "\r\n {\n  \"user_id\": 2,\n  \"friends\": [\n    1,\n    900\n  ]\n}\n\n", "{\"friends\": [900, 900, 2], \"user_id\": 2, \"online\": true}",
        "{\"user_id\": 2, \"friends\": [900], \"app\": {\"name\": \"x\", \"v\": [1.5, null]}}", "{\"\\u0075ser_id\": 2, \"friends\": [900]}"};
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2");

    for (size_t i = 0; i < sizeof hellos / sizeof hellos[0]; i++) {
        struct udp_client *client = udp_client_open(server);

        udp_client_send(client, hellos[i]);
        client_expect(watcher->client, ONLINE);
        udp_client_fence(client, BEACON);
        udp_client_goodbye(client, 2);
        client_expect(watcher->client, OFFLINE);
        udp_client_close(client);
    }
    session_leave(watcher);
    server_stop(server);
}
END_TEST

static Suite *
udp_datagrams_suite(void)
{
    Suite *suite = suite_create("udp_datagrams");
    TCase *tests = tcase_create("udp_datagrams");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, junk_is_a_sign_of_life_or_nothing);
    tcase_add_test(tests, wrong_objects_are_answered_and_end_nothing);
    tcase_add_test(tests, no_answer_is_over_three_times_what_was_sent);
    tcase_add_test(tests, what_a_server_says_is_not_answered);
    tcase_add_test(tests, a_datagram_may_be_as_long_as_one_can_be);
    tcase_add_test(tests, limits_hold_for_datagrams);
    tcase_add_test(tests, a_hello_may_be_written_in_many_ways);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(udp_datagrams_suite());
}
