/* SPDX-License-Identifier: MIT
 *
 * The JSON-RPC dialect over TCP: what is answered to every wrong request, under which id, what closes and what does not; ids and batches.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/rpc_client.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL(method, params) "{\"jsonrpc\": \"2.0\", \"method\": \"" method "\", \"params\": " params ", \"id\": 1}"
#define NAME_32 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
#define NAME_128 NAME_32 NAME_32 NAME_32 NAME_32

enum { LIMIT_FRIENDS = 8, LIMIT_MESSAGE = 65536 };

static struct server *
start(void)
{
    return server_start("--max-friends %d --max-message %d", LIMIT_FRIENDS, LIMIT_MESSAGE);
}

/* One that the server knows to speak this dialect. */
static struct rpc_client *
open_known(const struct server *server)
{
    struct rpc_client *rpc = rpc_open(server);

    rpc_expect_call(rpc, "ping", NULL, "\"pong\"");
    return rpc;
}

/* What is wrong with these is said, and the session goes on. */
static const struct wrong {
    const char *text, *id;
    int code;
    const char *word;
} kept[] = {
    /* not a request */
    {"{\"method\": \"ping\", \"id\": 1}", "1", -32600, "bad_message"},
    {"{\"user_id\": 1, \"friends\": [2]}", "null", -32600, "bad_message"},
    {"{\"jsonrpc\": \"1.0\", \"method\": \"ping\", \"id\": 1}", "1", -32600, "bad_message"},
    {"{\"jsonrpc\": 2.0, \"method\": \"ping\", \"id\": 1}", "1", -32600, "bad_message"},
    {"{\"jsonrpc\": \"2.0\", \"id\": \"x\"}", "\"x\"", -32600, "bad_message"},
    {"{\"jsonrpc\": \"2.0\", \"method\": 1, \"params\": \"bar\"}", "null", -32600, "bad_message"},
    {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"params\": 5, \"id\": 1}", "1", -32600, "bad_message"},
    {"{\"jsonrpc\": \"2.0\", \"result\": 1, \"id\": 1}", "1", -32600, "bad_message"},
    {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1, \"id\": 2}", "null", -32600, "bad_message"},
    {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"params\": {\"a\": \"\\u0000\"}, \"id\": 1}", "null", -32600, "bad_message"},
    /* ids that are none */
    {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": true}", "null", -32600, "bad_message"},
    {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1.0}", "null", -32600, "bad_message"},
    {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1e3}", "null", -32600, "bad_message"},
    {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": [1]}", "null", -32600, "bad_message"},
    {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": {}}", "null", -32600, "bad_message"},
    {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 9223372036854775808}", "null", -32600, "bad_message"},
    {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": -9223372036854775809}", "null", -32600, "bad_message"},
    /* methods */
    {CALL("subtract", "{}"), "1", -32601, "bad_message"},
    {CALL("Login", "{}"), "1", -32601, "bad_message"},
    {CALL("", "{}"), "1", -32601, "bad_message"},
    {CALL("presence", "{\"changes\": []}"), "1", -32601, "bad_message"},
    /* params */
    {CALL("login", "[1, [2]]"), "1", -32602, "bad_message"},
    {CALL("login", "{}"), "1", -32602, "bad_message"},
    {CALL("login", "null"), "1", -32602, "bad_message"},
    {CALL("login", "[]"), "1", -32602, "bad_message"},
    {"{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"id\": 1}", "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": null}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": 1.0}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": 1e3}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": true}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": [1]}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": \"\"}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": \"" NAME_128 "n\"}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": 9223372036854775808}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": -9223372036854775809}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": 1, \"friends\": 2}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": 1, \"friends\": {}}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": 1, \"friends\": [2, null]}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": 1, \"friends\": [2.5]}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": 1, \"friends\": [\"\"]}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": 1, \"friends\": [18446744073709551616]}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": 1, \"status\": 5}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": 1, \"status\": \"" NAME_128 NAME_128 "n\"}"), "1", -32602, "bad_message"},
    {CALL("login", "{\"user_id\": 1, \"token\": 5}"), "1", -32602, "bad_message"},
    {CALL("follow", "{}"), "1", -32602, "bad_message"},
    {CALL("follow", "{\"friends\": null}"), "1", -32602, "bad_message"},
    {CALL("unfollow", "{\"friends\": 1}"), "1", -32602, "bad_message"},
    {CALL("unfollow", "{\"friends\": [{}]}"), "1", -32602, "bad_message"},
    {CALL("online", "{\"friends\": [1]}"), "1", -32602, "bad_message"},
    {CALL("status", "{}"), "1", -32602, "bad_message"},
    {CALL("status", "{\"status\": true}"), "1", -32602, "bad_message"},
    /* batches */
    {"[]", "null", -32600, "bad_message"},
};

START_TEST(what_is_wrong_is_answered_and_the_session_goes_on)
{
    struct server *server = start();
    struct rpc_client *known = open_known(server), *user = rpc_login(server, "99", "", "");

    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        client_send(known->client, kept[i].text);
        rpc_expect_error(known, kept[i].id, kept[i].code, kept[i].word);
        client_send(user->client, kept[i].text);
        rpc_expect_error(user, kept[i].id, kept[i].code, kept[i].word);
    }
    rpc_expect_call(known, "ping", NULL, "\"pong\"");
    rpc_fence(user);
    rpc_logout(user);
    rpc_close(known);
    server_stop(server);
}
END_TEST

/* After these the stream cannot be trusted, so it ends; followers hear "closed". */
START_TEST(what_breaks_the_stream_is_answered_and_closes)
{
    static const struct wrong closing[] = {
        {"x", "null", -32700, "bad_json"},
        {"}", "null", -32700, "bad_json"},
        {"]", "null", -32700, "bad_json"},
        {"\"text\"", "null", -32600, "bad_message"},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1]", "null", -32700, "bad_json"},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"foobar\", \"params\" \"bar\"}", "null", -32700, "bad_json"},
        {"[{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1}, {\"jsonrpc\": \"2.0\", \"method\"]", "null", -32700, "bad_json"},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"\xff\", \"id\": 1}", "null", -32700, "bad_json"},
        {CALL("ping", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"), "null", -32000, "too_large"},
        {CALL("follow", "{\"friends\": [1, 2, 3, 4, 5, 6, 7, 8, 9]}"), "1", -32000, "too_many_friends"},
        {CALL("unfollow", "{\"friends\": [1, 2, 3, 4, 5, 6, 7, 8, 9]}"), "1", -32000, "too_many_friends"},
        {CALL("online", "{\"users\": [1, 2, 3, 4, 5, 6, 7, 8, 9]}"), "1", -32000, "too_many_friends"},
    };
    struct server *server = start();
    struct rpc_client *watcher = rpc_login(server, "1", "2", "");

    for (size_t i = 0; i < sizeof closing / sizeof closing[0]; i++) {
        struct rpc_client *user = rpc_login(server, "2", "", "");

        rpc_expect_online(watcher, "2", NULL);
        client_send(user->client, closing[i].text);
        rpc_expect_last_error(user, closing[i].id, closing[i].code, closing[i].word);
        rpc_expect_offline(watcher, "2", "closed");
        rpc_close(user);
    }
    rpc_fence(watcher);
    rpc_logout(watcher);
    server_stop(server);
}
END_TEST

START_TEST(a_login_with_too_many_friends_logs_nobody_in)
{
    struct server *server = start();
    struct rpc_client *watcher = rpc_login(server, "1", "2", ""), *user = open_known(server);

    client_send(user->client, CALL("login", "{\"user_id\": 2, \"friends\": [1, 2, 3, 4, 5, 6, 7, 8, 9]}"));
    rpc_expect_last_error(user, "1", -32000, "too_many_friends");
    rpc_close(user);
    rpc_fence(watcher);
    rpc_logout(watcher);
    server_stop(server);
}
END_TEST

START_TEST(a_message_over_its_limit_closes)
{
    struct server *server = start();
    struct rpc_client *user = rpc_login(server, "2", "", "");
    char *text = malloc(LIMIT_MESSAGE + 2);

    memset(text, ' ', LIMIT_MESSAGE + 1);
    text[0] = '{';
    text[LIMIT_MESSAGE + 1] = '\0';
    client_send(user->client, text);
    rpc_expect_last_error(user, "null", -32000, "too_large");
    rpc_close(user);
    free(text);
    server_stop(server);
}
END_TEST

/* What each call asks for is right, but all of them together follow too many: nothing of the last one is done. */
START_TEST(the_limit_of_friends_is_for_all_that_are_followed)
{
    struct server *server = start();
    struct rpc_client *ten = rpc_login(server, "10", "", ""), *user = rpc_login(server, "1", "2, 3, 4, 5", ""); /* and the beacon */

    rpc_expect_call(user, "follow", "\"friends\": [2, 3, 6, 7]", "{\"online\": []}");
    rpc_call(user, "9", "follow", "\"friends\": [10, 11]");
    rpc_expect_error(user, "9", -32000, "too_many_friends");
    rpc_logout(ten);
    rpc_fence(user);
    rpc_expect_call(user, "unfollow", "\"friends\": [7]", "{}");
    rpc_expect_call(user, "follow", "\"friends\": [10, 11]", "{\"online\": []}");
    ten = rpc_login(server, "10", "", "");
    rpc_expect_online(user, "10", NULL);
    rpc_logout(user);
    rpc_logout(ten);
    server_stop(server);
}
END_TEST

START_TEST(what_needs_a_login_says_so_before_and_login_says_so_after)
{
    static const char *const before[] = {CALL("follow", "{\"friends\": [2]}"), CALL("unfollow", "{\"friends\": [2]}"),
        CALL("online", "{\"users\": [2]}"), CALL("status", "{\"status\": null}"), CALL("logout", "{}")};
    struct server *server = start();
    struct rpc_client *rpc = open_known(server), *watcher = rpc_login(server, "5", "1, 2", "");

    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        client_send(rpc->client, before[i]);
        rpc_expect_error(rpc, "1", -32000, "not_logged_in");
    }
    rpc_login_on(rpc, "1", "2", "");
    rpc_expect_online(watcher, "1", NULL);
    client_send(rpc->client, CALL("login", "{\"user_id\": 1}") CALL("login", "{\"user_id\": 2, \"friends\": []}"));
    rpc_expect_error(rpc, "1", -32000, "already_logged_in");
    rpc_expect_error(rpc, "1", -32000, "already_logged_in");
    rpc_fence(watcher);
    rpc_fence(rpc);
    rpc_logout(rpc);
    rpc_expect_offline(watcher, "1", "goodbye");
    rpc_logout(watcher);
    server_stop(server);
}
END_TEST

START_TEST(ids_of_every_type_come_back)
{
    static const char *const ids[] = {"null", "0", "-0", "-1", "9223372036854775807", "-9223372036854775808", "\"\"", "\"1\"", "\"a b\"",
        "\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\"", "\"q\\\"b\\\\\"", "\"" NAME_128 NAME_128 NAME_128 NAME_128 "\""};
    struct server *server = start();
    struct rpc_client *rpc = rpc_open(server);

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        const char *answered = strcmp(ids[i], "-0") == 0 ? "0" : ids[i];

        rpc_call(rpc, ids[i], "ping", i % 2 == 0 ? NULL : "");
        rpc_expect_result(rpc, answered, "\"pong\"");
        rpc_call(rpc, ids[i], "pong", NULL);
        rpc_expect_error(rpc, answered, -32601, "bad_message");
    }
    rpc_close(rpc);
    server_stop(server);
}
END_TEST

/* No id, no answer, right or wrong; a request that is none is answered all the same. */
START_TEST(notifications_are_not_answered)
{
    struct server *server = start();
    struct rpc_client *rpc = open_known(server), *watcher = rpc_login(server, "5", "1", "");

    rpc_call(rpc, NULL, "ping", NULL);
    rpc_call(rpc, NULL, "nothing", NULL);
    rpc_call(rpc, NULL, "login", NULL);
    rpc_call(rpc, NULL, "follow", "\"friends\": [2]");
    rpc_call(rpc, NULL, "login", "\"user_id\": 1, \"friends\": [2], \"status\": \"s\"");
    rpc_expect_online(watcher, "1", "\"s\"");
    rpc_call(rpc, NULL, "login", "\"user_id\": 1");
    rpc_call(rpc, NULL, "follow", "\"friends\": [3]");
    rpc_call(rpc, NULL, "unfollow", "\"friends\": [2]");
    rpc_call(rpc, NULL, "online", "\"users\": [2]");
    rpc_call(rpc, NULL, "status", "\"status\": null");
    rpc_expect_online(watcher, "1", NULL);
    rpc_expect_call(rpc, "ping", NULL, "\"pong\"");
    struct rpc_client *two = rpc_login(server, "2", "", ""), *three = rpc_login(server, "3", "", "");
    rpc_expect_online(rpc, "3", NULL);
    rpc_call(rpc, NULL, "logout", NULL);
    client_expect_end(rpc->client);
    rpc_expect_offline(watcher, "1", "goodbye");
    rpc_close(rpc);
    rpc_logout(two);
    rpc_logout(three);
    rpc_logout(watcher);
    server_stop(server);
}
END_TEST

static Suite *
errors_suite(void)
{
    Suite *suite = suite_create("jsonrpc_errors");
    TCase *tests = tcase_create("jsonrpc_errors");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, what_is_wrong_is_answered_and_the_session_goes_on);
    tcase_add_test(tests, what_breaks_the_stream_is_answered_and_closes);
    tcase_add_test(tests, a_login_with_too_many_friends_logs_nobody_in);
    tcase_add_test(tests, a_message_over_its_limit_closes);
    tcase_add_test(tests, the_limit_of_friends_is_for_all_that_are_followed);
    tcase_add_test(tests, what_needs_a_login_says_so_before_and_login_says_so_after);
    tcase_add_test(tests, ids_of_every_type_come_back);
    tcase_add_test(tests, notifications_are_not_answered);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(errors_suite());
}
