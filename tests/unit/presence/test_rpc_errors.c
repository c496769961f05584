/* SPDX-License-Identifier: MIT
 *
 * What is wrong in the JSON-RPC dialect and how that is answered; which value picks the dialect, and what must be said in time.
 */
#include "presence/rpc.h"

#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/require.h"
#include "support/unit/rpc.h"

#include <check.h>

/* ---- Errors ---- */

/* The connection stays after all of these. */
START_TEST(wrong_calls_are_answered_and_no_more)
{
    static const struct {
        const char *text, *answer;
    } wrong[] = {
        {"{'jsonrpc': '1.0', 'method': 'ping', 'id': 1}", "1:-32600/bad_message"},
        {"{'jsonrpc': 2.0, 'method': 'ping', 'id': 1}", "1:-32600/bad_message"},
        {"{'method': 'ping', 'id': 1}", "1:-32600/bad_message"},
        {"{'jsonrpc': '2.0', 'id': 1}", "1:-32600/bad_message"},
        {"{'jsonrpc': '2.0', 'method': 1, 'id': 1}", "1:-32600/bad_message"},
        {"{'jsonrpc': '2.0', 'method': 'ping', 'params': 1, 'id': 1}", "1:-32600/bad_message"},
        {"{'jsonrpc': '2.0', 'method': 'ping', 'params': [1], 'id': 1}", "1:-32602/bad_message"},
        {"{'jsonrpc': '2.0', 'method': 'ping', 'params': [], 'id': 1}", "1:pong"},
        {"{'jsonrpc': '2.0', 'method': 'ping', 'params': null, 'id': 1}", "1:pong"},
        {"{'jsonrpc': '2.0', 'method': 'ping', 'params': {'x': 1e999}, 'id': 1}", "1:pong"},
        {"{'jsonrpc': '2.0', 'method': 'Ping', 'id': 1}", "1:-32601/bad_message"},
        {"{'jsonrpc': '2.0', 'method': '', 'id': 1}", "1:-32601/bad_message"},
        {"{'jsonrpc': '2.0', 'result': 'pong', 'id': 1}", "1:-32600/bad_message"},
        {"{'jsonrpc': '2.0', 'method': 'presence', 'params': {'changes': []}}", ""},
        {"{'user_id': 1}", "null:-32600/bad_message"},
        {"{}", "null:-32600/bad_message"},
        {"{'jsonrpc': '2.0', 'method': 'ping', 'id': 1, 'id': 2}", "null:-32600/bad_message"},
        {"{'jsonrpc': '2.0', 'method': 'ping', 'id': 'a\\u0000b'}", "null:-32600/bad_message"},
        {"{'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [9223372036854775808]}, 'id': 1}", "1:-32602/bad_message"},
        {"{'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [1.0]}, 'id': 1}", "1:-32602/bad_message"},
        {"{'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': ['']}, 'id': 1}", "1:-32602/bad_message"},
        {"{'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': null}, 'id': 1}", "1:-32602/bad_message"},
        {"{'jsonrpc': '2.0', 'method': 'follow', 'params': {}, 'id': 1}", "1:-32602/bad_message"},
        {"{'jsonrpc': '2.0', 'method': 'unfollow', 'params': {'friends': 1}, 'id': 1}", "1:-32602/bad_message"},
        {"{'jsonrpc': '2.0', 'method': 'online', 'params': {'friends': []}, 'id': 1}", "1:-32602/bad_message"},
    };
    struct actor *client = rpc_login(0, "1", "2", "");

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rpc_expect_said(client, wrong[i].text, wrong[i].answer);
        REQUIRE(stage_is_read(client), "closed by %s", wrong[i].text);
    }
    ck_assert_uint_eq(stage_census().edges, 1);
}
END_TEST

/* The connection is closed after these: where the next value begins, nobody knows, or a limit was broken. */
START_TEST(what_breaks_the_stream_closes_it)
{
    static const struct {
        const char *text, *answer;
    } broken[] = {
        {"{'jsonrpc': }", "null:-32700/bad_json ."},
        {"hello", "null:-32700/bad_json ."},
        {"}", "null:-32700/bad_json ."},
        {"[1}", "null:-32700/bad_json ."},
        {"{'a': '\t'}", "null:-32700/bad_json ."},
        {"{'a': [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", "null:-32000/too_large ."},
    };

    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct actor *watcher = rpc_login(1, "9", "1", ""), *client = rpc_login(0, "1", "", "");

        rpc_expect_said(client, broken[i].text, broken[i].answer);
        stage_expect(watcher, "<1+> <1-closed>");
        rpc_expect(watcher, "logout", NULL, "1:{} .");
    }
}
END_TEST

START_TEST(what_follows_a_broken_value_is_not_carried_out)
{
    struct actor *client = rpc_login(0, "1", "", "");

    rpc_expect_said(
        client, "{'jsonrpc': '2.0', 'method': 'ping', 'id': 1} {]} {'jsonrpc': '2.0', 'method': 'ping', 'id': 2}", "1:pong null:-32700/bad_json .");
}
END_TEST

/* Over the limit with one list: closed. With those followed already: refused. */
START_TEST(there_is_a_limit_of_friends)
{
    struct presence_config config = stage_usual();
    struct actor *client, *watcher;

    stage_close();
    config.limits.friends = 3;
    stage_open_with(2, &config);
    client = rpc_login(0, "1", "2, 3", "");
    watcher = rpc_login(1, "9", "1", "1");
    rpc_expect(client, "follow", "'friends': [2, 3, 4]", "1:[]");
    rpc_expect(client, "follow", "'friends': [4, 5]", "1:-32000/too_many_friends");
    ck_assert_uint_eq(stage_census().edges, 4);
    ck_assert(stage_is_read(client));
    rpc_expect(client, "online", "'users': [2, 3, 4, 5]", "1:-32000/too_many_friends .");
    stage_expect(watcher, "<1-closed>");
    client = stage_connect(0);
    rpc_expect(client, "login", "'user_id': 1, 'friends': [1, 2, 3, 3]", "1:-32000/too_many_friends .");
    stage_expect(watcher, "");
}
END_TEST

/* ---- The dialect, and time ---- */

START_TEST(the_first_value_picks_the_dialect)
{
    struct actor *client = stage_connect(0);

    rpc_expect_said(client, "[{'user_id': 1}]", "bad_message .");
    client = stage_connect(0);
    rpc_expect_said(client, "[]", "bad_message .");
    client = stage_connect(0);
    rpc_expect_said(client, "{'method': 'ping', 'id': 1}", "bad_message .");
    client = stage_connect(0);
    rpc_expect_said(client, "{'jsonrpc': '2.0', 'method': }", "bad_json .");
    client = stage_connect(0);
    rpc_expect_said(client, "{'jsonrpc': 7}", "null:-32600/bad_message");
    rpc_expect_said(client, "{'user_id': 1}", "null:-32600/bad_message"); /* JSON-RPC from now on */
    client = stage_connect(0);
    rpc_expect_said(client, "[1, {'jsonrpc': '2.0', 'method': 'ping', 'id': 1}]", "(null:-32600/bad_message,1:pong)");
    client = stage_connect(0);
    rpc_expect_said(client, "{'\\u006asonrpc': '2.0', 'method': 'ping', 'id': 1}", "1:pong");
    client = stage_login(0, 1, NULL);
    rpc_expect_said(client, "{'jsonrpc': '2.0', 'method': 'ping', 'id': 1}", "bad_message .");
}
END_TEST

START_TEST(pings_are_no_login)
{
    struct actor *client = stage_connect(0), *there = rpc_login(0, "1", "", "");

    rpc_expect(client, "ping", NULL, "1:pong");
    stage_pass_ms(STAGE_HELLO_MS - 1);
    rpc_expect(client, "ping", NULL, "1:pong");
    stage_pass_ms(1);
    stage_expect(client, "null:-32000/hello_timeout .");
    stage_expect(there, "");
}
END_TEST

START_TEST(a_message_must_be_finished_in_time)
{
    struct actor *client = rpc_login(0, "1", "", "");

    rpc_say(client, "{'jsonrpc': '2.0', ");
    stage_pass_ms(STAGE_MESSAGE_MS);
    stage_expect(client, "null:-32000/message_timeout .");
}
END_TEST

START_TEST(a_stop_is_told)
{
    struct actor *client = rpc_login(0, "1", "", "");

    presence_handler.stopping(stage.presence, &stage.workers[0], client->session);
    stage_settle();
    stage_expect(client, "null:-32000/shutting_down .");
}
END_TEST

static Suite *
errors_suite(void)
{
    Suite *suite = suite_create("rpc_errors");
    TCase *tests = tcase_create("rpc_errors");

    tcase_add_checked_fixture(tests, stage_open_two, stage_close);
    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, wrong_calls_are_answered_and_no_more);
    tcase_add_test(tests, what_breaks_the_stream_closes_it);
    tcase_add_test(tests, what_follows_a_broken_value_is_not_carried_out);
    tcase_add_test(tests, there_is_a_limit_of_friends);
    tcase_add_test(tests, the_first_value_picks_the_dialect);
    tcase_add_test(tests, pings_are_no_login);
    tcase_add_test(tests, a_message_must_be_finished_in_time);
    tcase_add_test(tests, a_stop_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(errors_suite());
}
