/* SPDX-License-Identifier: MIT
 *
 * The conversation in the JSON-RPC dialect over a stream: what each method does and answers, batches, ids and errors, and what ends it.
 */
#include "presence/rpc.h"

#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/require.h"
#include "support/unit/rpc.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* ---- Methods ---- */

START_TEST(a_login_answers_who_is_online)
{
    struct actor *classic = stage_login(0, 7, "1"), *client;

    rpc_login(1, "'bob'", "", "");
    client = stage_connect(0);
    rpc_expect(client, "login", "'user_id': 1, 'friends': [6, 7, 'bob', 7, 1, '7', 'bob']", "1:hi[7,\"bob\"]");
    ck_assert(stage_is_read(client));
    stage_expect(classic, "+");
    ck_assert_uint_eq(stage_census().users_online, 3);
}
END_TEST

/* The integer and the string are different users. */
START_TEST(ids_are_integers_and_strings)
{
    static const char *const ids[] = {"0", "1", "-1", "9223372036854775807", "-9223372036854775808", "'1'", "'0'", "'\\u00e4\\n'",
        "'12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678'"};
    char list[1024] = "", params[256];

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        sprintf(list + strlen(list), "%s%s", i == 0 ? "" : ", ", ids[i]);

    struct actor *watcher = rpc_login(0, "'watcher'", list, "");

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char heard[256];

        rpc_login(1, ids[i], "", "");
        snprintf(params, sizeof params, "'users': [%s]", ids[i]);
        strncpy(heard, stage_heard(watcher), sizeof heard - 1);
        REQUIRE(heard[0] == '<' && strchr(heard, ',') == NULL, "user %s: heard %s", ids[i], heard);
        rpc_call(watcher, "online", params, "1");
        stage_settle();
        REQUIRE(strlen(stage_heard(watcher)) > strlen("1:[]"), "user %s", ids[i]);
    }
    ck_assert_uint_eq(stage_census().users_online, 1 + sizeof ids / sizeof ids[0]);
}
END_TEST

START_TEST(a_login_may_have_a_status_and_a_token)
{
    struct actor *watcher = rpc_login(0, "1", "2", ""), *client = stage_connect(1);

    rpc_expect(client, "login", "'user_id': 2, 'friends': null, 'token': 'secret', 'status': 'away'", "1:hi[]");
    stage_expect(watcher, "<2+=away>");
    rpc_login(1, "3", "2", "2=away");
    client = stage_connect(1);
    rpc_expect(client, "login", "'user_id': 4, 'friends': [2], 'token': null, 'status': null", "1:hi[2=away]");
}
END_TEST

START_TEST(a_second_login_is_refused_and_changes_nothing)
{
    struct actor *watcher = rpc_login(0, "1", "2, 3", "");

    rpc_expect(watcher, "login", "'user_id': 1, 'friends': []", "1:-32000/already_logged_in");
    rpc_expect(watcher, "login", "'user_id': 5", "1:-32000/already_logged_in");
    ck_assert_uint_eq(stage_census().edges, 2);
    ck_assert(stage_is_read(watcher));
    rpc_login(1, "2", "", "");
    stage_expect(watcher, "<2+>");
}
END_TEST

START_TEST(what_needs_a_login_is_refused_without_one)
{
    static const struct {
        const char *method, *params;
    } calls[] = {
        {"follow", "'friends': [1]"}, {"unfollow", "'friends': [1]"}, {"online", "'users': [1]"}, {"status", "'status': 'x'"}, {"logout", NULL}};
    struct actor *client = stage_connect(0);

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        rpc_expect(client, calls[i].method, calls[i].params, "1:-32000/not_logged_in");
    rpc_expect(client, "ping", NULL, "1:pong");
    ck_assert(stage_is_read(client));
    ck_assert_uint_eq(stage_census().members, 0);
    rpc_expect(client, "login", "'user_id': 1", "1:hi[]");
    rpc_expect(client, "ping", NULL, "1:pong");
}
END_TEST

START_TEST(follow_answers_only_for_those_it_begins_to_follow)
{
    struct actor *client = rpc_login(0, "1", "2", ""), *two;

    two = stage_login(1, 2, NULL);
    stage_login(1, 3, NULL);
    stage_settle();
    stage_expect(client, "<2+>");
    rpc_expect(client, "follow", "'friends': [2, 3, 4, 1, 3]", "1:[3]");
    rpc_expect(client, "follow", "'friends': [2, 3, 4]", "1:[]");
    rpc_expect(client, "follow", "'friends': []", "1:[]");
    ck_assert_uint_eq(stage_census().edges, 3);
    stage_end_input(two);
    stage_login(1, 4, NULL);
    stage_settle();
    stage_expect(client, "<2-closed,4+>");
}
END_TEST

START_TEST(unfollow_ends_what_is_heard)
{
    struct actor *client = rpc_login(0, "1", "2, 3, 'bob'", "");

    rpc_expect(client, "unfollow", "'friends': [2, 'bob', 9, 2]", "1:{}");
    rpc_expect(client, "unfollow", "'friends': []", "1:{}");
    ck_assert_uint_eq(stage_census().edges, 1);
    stage_login(1, 2, NULL);
    rpc_login(1, "'bob'", "", "");
    stage_login(1, 3, NULL);
    stage_settle();
    stage_expect(client, "<3+>");
}
END_TEST

START_TEST(online_asks_and_follows_nobody)
{
    struct actor *client = rpc_login(0, "1", "", ""), *other = rpc_login(1, "2", "", "");

    rpc_expect(other, "status", "'status': 'busy'", "1:{}");
    rpc_expect(client, "online", "'users': [3, 2, 1, 2]", "1:[2=busy,1]");
    rpc_expect(client, "online", "'users': []", "1:[]");
    ck_assert_uint_eq(stage_census().edges, 0);
    rpc_expect(other, "logout", NULL, "1:{} .");
    stage_expect(client, "");
    rpc_expect(client, "online", "'users': [2]", "1:[]");
}
END_TEST

START_TEST(a_status_is_told_to_watchers)
{
    struct actor *watcher = rpc_login(0, "1", "2", ""), *client = rpc_login(1, "2", "", "");
    char longest[257], params[300];

    stage_expect(watcher, "<2+>");
    rpc_expect(client, "status", "'status': 'away'", "1:{}");
    stage_expect(watcher, "<2+=away>");
    rpc_expect(client, "status", "'status': 'away'", "1:{}"); /* nothing has changed */
    stage_expect(watcher, "");
    rpc_expect(client, "status", "'status': null", "1:{}");
    stage_expect(watcher, "<2+>");
    memset(longest, 'x', 256);
    longest[256] = '\0';
    sprintf(params, "'status': '%s'", longest);
    rpc_expect(client, "status", params, "1:{}");
    ck_assert_uint_eq(strlen(stage_heard(watcher)), strlen("<2+=>") + 256);
    sprintf(params, "'status': '%sx'", longest);
    rpc_expect(client, "status", params, "1:-32602/bad_message");
    rpc_expect(client, "status", NULL, "1:-32602/bad_message");
    rpc_expect(client, "status", "'status': 1", "1:-32602/bad_message");
    stage_expect(watcher, "");
    ck_assert(stage_is_read(client));
}
END_TEST

/* The one set last by a session that is still there; falling back is a change. */
START_TEST(a_status_is_of_the_session_that_set_it)
{
    struct actor *watcher = rpc_login(0, "1", "2", ""), *desk = rpc_login(1, "2", "", ""), *phone = rpc_login(0, "2", "", "");

    rpc_expect(desk, "status", "'status': 'at work'", "1:{}");
    rpc_expect(phone, "status", "'status': 'on the train'", "1:{}");
    stage_expect(watcher, "<2+> <2+=at work> <2+=on the train>");
    rpc_expect(phone, "logout", NULL, "1:{} .");
    stage_expect(watcher, "<2+=at work>");
    rpc_expect(desk, "logout", NULL, "1:{} .");
    stage_expect(watcher, "<2-goodbye>");
}
END_TEST

START_TEST(logout_says_goodbye_and_closes)
{
    struct actor *watcher = rpc_login(0, "1", "2", ""), *client = rpc_login(1, "2", "", "");

    rpc_say(client, "{'jsonrpc': '2.0', 'method': 'logout', 'id': 'x'} {'jsonrpc': '2.0', 'method': 'ping', 'id': 'y'}");
    stage_settle();
    stage_expect(client, "\"x\":{} .");
    stage_expect(watcher, "<2+> <2-goodbye>");
    ck_assert_uint_eq(stage_census().members, 1);
}
END_TEST

START_TEST(every_end_has_its_reason)
{
    struct actor *watcher = rpc_login(0, "1", "2", ""), *client;

    rpc_call(rpc_login(1, "2", "", ""), "logout", NULL, NULL);
    stage_settle();
    stage_expect(watcher, "<2+> <2-goodbye>");
    stage_end_input(rpc_login(1, "2", "", ""));
    stage_settle();
    stage_expect(watcher, "<2+> <2-closed>");
    stage_lose(rpc_login(1, "2", "", ""));
    stage_settle();
    stage_expect(watcher, "<2+> <2-closed>");
    rpc_expect_said(rpc_login(1, "2", "", ""), "]", "null:-32700/bad_json .");
    stage_expect(watcher, "<2+> <2-closed>");
    client = stage_login(1, 2, NULL);
    stage_receive(client, "{\"online\": false}");
    stage_settle();
    stage_expect(watcher, "<2-goodbye>"); /* the arrival had not been told yet, and was undone */
    client = rpc_login_datagram(1, "2", "", "");
    rpc_call(client, "logout", NULL, NULL);
    stage_settle();
    stage_expect(watcher, "<2+> <2-goodbye>");
    rpc_login_datagram(1, "2", "", "");
    stage_pass_ms(STAGE_SILENCE_MS);
    stage_expect(watcher, "<2+> <2-timeout>");
}
END_TEST

/* ---- Requests, notifications, batches ---- */

START_TEST(an_answer_has_the_id_of_its_request)
{
    struct actor *client = stage_connect(0);
    static const struct {
        const char *id, *answer;
    } ids[] = {
        {"0", "0:pong"},
        {"-1", "-1:pong"},
        {"9223372036854775807", "9223372036854775807:pong"},
        {"'a'", "\"a\":pong"},
        {"''", "\"\":pong"},
        {"'\\n\\u00e4\\\\'", "\"\n\xc3\xa4\\\":pong"},
        {"null", "null:pong"},
        {"1.5", "null:-32600/bad_message"},
        {"1.0", "null:-32600/bad_message"},
        {"9223372036854775808", "null:-32600/bad_message"},
        {"[]", "null:-32600/bad_message"},
        {"{}", "null:-32600/bad_message"},
        {"true", "null:-32600/bad_message"},
    };

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        rpc_call(client, "ping", NULL, ids[i].id);
        stage_settle();
        stage_expect(client, ids[i].answer);
    }
    ck_assert(stage_is_read(client));
}
END_TEST

START_TEST(a_notification_is_carried_out_and_never_answered)
{
    struct actor *client = stage_connect(0);

    rpc_call(client, "ping", NULL, NULL);
    rpc_call(client, "follow", "'friends': [1]", NULL); /* not logged in */
    rpc_call(client, "dance", NULL, NULL);
    rpc_call(client, "login", "'user_id': 1.5", NULL);
    rpc_call(client, "login", "'user_id': 1, 'friends': [2]", NULL);
    rpc_call(client, "login", "'user_id': 2", NULL);
    rpc_call(client, "follow", "'friends': [3]", NULL);
    rpc_call(client, "unfollow", "'friends': [2]", NULL);
    rpc_call(client, "online", "'users': [2]", NULL);
    rpc_call(client, "status", "'status': 'x'", NULL);
    stage_settle();
    stage_expect(client, "");
    ck_assert(stage_is_read(client));
    ck_assert_uint_eq(stage_census().edges, 1);
    rpc_login(1, "4", "1", "1=x");
    rpc_call(client, "logout", NULL, NULL);
    stage_settle();
    stage_expect(client, ".");
}
END_TEST

START_TEST(a_batch_is_answered_at_once_and_in_order)
{
    struct actor *client = stage_connect(0);

    rpc_expect_said(client,
        "[{'jsonrpc': '2.0', 'method': 'login', 'params': {'user_id': 1, 'friends': [2]}, 'id': 1}, {'jsonrpc': '2.0', 'method': 'ping'}, 7,"
        " {'jsonrpc': '2.0', 'method': 'ping', 'id': 'p'}, {'jsonrpc': '2.0', 'method': 'dance', 'id': 2}, {'foo': 1},"
        " {'jsonrpc': '2.0', 'method': 'online', 'params': {'users': [1, 2]}, 'id': null}]",
        "(1:hi[],null:-32600/bad_message,\"p\":pong,2:-32601/bad_message,null:-32600/bad_message,null:[1])");
    rpc_expect_said(client, "[{'jsonrpc': '2.0', 'method': 'ping'}, {'jsonrpc': '2.0', 'method': 'ping'}]", "");
    rpc_expect_said(client, "[{'jsonrpc': '2.0', 'method': 'ping', 'id': 1}]", "(1:pong)");
    rpc_expect_said(client, "[]", "null:-32600/bad_message");
    rpc_expect_said(client, "[[]]", "(null:-32600/bad_message)");
    rpc_expect_said(client, "[1, 2]", "(null:-32600/bad_message,null:-32600/bad_message)");
    ck_assert(stage_is_read(client));
}
END_TEST

static void
say_batch_of(struct actor *client, int calls)
{
    static char text[1 << 16];
    char *at = text;

    for (int i = 0; i < calls; i++)
        at += sprintf(at, "%c{'jsonrpc': '2.0', 'method': 'ping'%s}", i == 0 ? '[' : ',', i + 1 == calls ? ", 'id': 1" : "");
    sprintf(at, "]");
    rpc_say(client, text);
    stage_settle();
}

START_TEST(a_batch_holds_a_thousand)
{
    struct actor *client = rpc_login(0, "1", "", "");

    say_batch_of(client, JSONRPC_BATCH_MAX);
    stage_expect(client, "(1:pong)");
    say_batch_of(client, JSONRPC_BATCH_MAX + 1);
    stage_expect(client, "null:-32000/too_large .");
    ck_assert_uint_eq(stage_census().members, 0);
}
END_TEST

/* What comes after a logout in a batch is of nobody. */
START_TEST(a_batch_may_log_out)
{
    struct actor *watcher = rpc_login(1, "5", "1", ""), *client = rpc_login(0, "1", "2", "");

    rpc_expect_said(client,
        "[{'jsonrpc': '2.0', 'method': 'ping', 'id': 1}, {'jsonrpc': '2.0', 'method': 'logout', 'id': 2},"
        " {'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [1]}, 'id': 3}, {'jsonrpc': '2.0', 'method': 'ping', 'id': 4},"
        " {'jsonrpc': '2.0', 'method': 'login', 'params': {'user_id': 1}, 'id': 5}, {'jsonrpc': '2.0', 'method': 'logout', 'id': 6}]",
        "(1:pong,2:{},3:-32000/not_logged_in,4:pong,5:-32000/not_logged_in,6:-32000/not_logged_in) .");
    stage_expect(watcher, "<1+> <1-goodbye>");
    ck_assert_uint_eq(stage_census().members, 1);
}
END_TEST

START_TEST(values_come_in_pieces_and_many_at_once)
{
    struct actor *client = stage_connect(0);
    const char *text = rpc_text("login", "'user_id': 1, 'friends': [2, 'b]}']", "1");

    for (; *text != '\0'; text++)
        stage_receive_bytes(client, text, 1);
    stage_settle();
    stage_expect(client, "1:hi[]");
    rpc_expect_said(client,
        "\r\n\t {'jsonrpc':'2.0','method':'ping','id':1}{'jsonrpc':'2.0','method':'ping','id':2}\n[{'jsonrpc':'2.0','method':'ping','id':3}]{",
        "1:pong 2:pong (3:pong)");
    rpc_expect_said(client, "'jsonrpc': '2.0', 'method': 'ping', 'id': 4}", "4:pong");
}
END_TEST

static Suite *
rpc_suite(void)
{
    Suite *suite = suite_create("rpc");
    TCase *tests = tcase_create("rpc");

    tcase_add_checked_fixture(tests, stage_open_two, stage_close);
    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, a_login_answers_who_is_online);
    tcase_add_test(tests, ids_are_integers_and_strings);
    tcase_add_test(tests, a_login_may_have_a_status_and_a_token);
    tcase_add_test(tests, a_second_login_is_refused_and_changes_nothing);
    tcase_add_test(tests, what_needs_a_login_is_refused_without_one);
    tcase_add_test(tests, follow_answers_only_for_those_it_begins_to_follow);
    tcase_add_test(tests, unfollow_ends_what_is_heard);
    tcase_add_test(tests, online_asks_and_follows_nobody);
    tcase_add_test(tests, a_status_is_told_to_watchers);
    tcase_add_test(tests, a_status_is_of_the_session_that_set_it);
    tcase_add_test(tests, logout_says_goodbye_and_closes);
    tcase_add_test(tests, every_end_has_its_reason);
    tcase_add_test(tests, an_answer_has_the_id_of_its_request);
    tcase_add_test(tests, a_notification_is_carried_out_and_never_answered);
    tcase_add_test(tests, a_batch_is_answered_at_once_and_in_order);
    tcase_add_test(tests, a_batch_holds_a_thousand);
    tcase_add_test(tests, a_batch_may_log_out);
    tcase_add_test(tests, values_come_in_pieces_and_many_at_once);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(rpc_suite());
}
