/* SPDX-License-Identifier: MIT
 *
 * The JSON-RPC dialect over TCP, as protocol.md promises it: what each method does and what its followers are told.
 * Errors and batches are in test_jsonrpc_errors.c, how a session begins and ends in test_jsonrpc_ends.c.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/rpc_client.h"
#include "support/session.h"
#include "support/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

START_TEST(login_answers_with_session_snapshot_and_heartbeat)
{
    struct server *server = server_start("--peer-timeout 60");
    struct rpc_client *two = rpc_login(server, "2", "", ""), *bob = rpc_login(server, "\"bob\"", "", "");
    struct rpc_client *asks = rpc_open(server);
    const char *text;

    rpc_call(asks, "7", "login", "\"user_id\": 1, \"friends\": [3, \"bob\", 2, 2, 1, \"carol\"], \"token\": \"anything\"");
    text = client_read_line(asks->client);

    json_t *answer = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *result = json_object_get(answer, "result");

    ck_assert_msg(result != NULL, "%s", text);
    ck_assert_uint_eq(json_object_size(answer), 3);
    ck_assert_uint_eq(json_object_size(result), 3);
    ck_assert_int_eq(json_integer_value(json_object_get(answer, "id")), 7);
    ck_assert_str_eq(json_string_value(json_object_get(answer, "jsonrpc")), "2.0");
    ck_assert_uint_gt(json_string_length(json_object_get(result, "session")), 0);
    ck_assert_int_gt(json_integer_value(json_object_get(result, "heartbeat")), 0);
    ck_assert_int_lt(json_integer_value(json_object_get(result, "heartbeat")), 60);
    ck_assert_ptr_nonnull(strstr(text, "\"online\": [\"bob\", 2], "));
    json_decref(answer);

    rpc_logout(two);
    rpc_expect_offline(asks, "2", "goodbye");
    rpc_logout(bob);
    rpc_expect_offline(asks, "\"bob\"", "goodbye");
    rpc_close(asks);
    server_stop(server);
}
END_TEST

START_TEST(a_login_needs_no_list)
{
    static const char *const params[] = {"\"user_id\": \"x\"", "\"user_id\": \"x\", \"friends\": null, \"status\": null, \"token\": null",
        "\"user_id\": \"x\", \"friends\": []", "\"more\": {\"than\": [\"known\"]}, \"user_id\": \"x\""};
    struct server *server = server_start("--workers 3");

    for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
        struct rpc_client *rpc = rpc_open(server);

        rpc_call(rpc, "1", "login", params[i]);
        ck_assert_ptr_nonnull(strstr(client_read_line(rpc->client), "\"online\": [], \"heartbeat\": "));
        rpc_expect_call(rpc, "online", "\"users\": [\"x\"]", "{\"online\": [\"x\"]}");
        rpc_logout(rpc);
    }
    server_stop(server);
}
END_TEST

START_TEST(the_integer_1_and_the_string_1_are_different_users)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *both = rpc_login(server, "5", "1, \"1\"", ""), *integer = rpc_login(server, "6", "1", "");
    struct rpc_client *string = rpc_login(server, "7", "\"1\"", "");
    struct rpc_client *one = rpc_login(server, "1", "", "");

    rpc_expect_online(both, "1", NULL);
    rpc_expect_online(integer, "1", NULL);
    rpc_expect_call(both, "online", "\"users\": [\"1\", 1]", "{\"online\": [1]}");
    struct rpc_client *named = rpc_login(server, "\"1\"", "1", "1");
    rpc_expect_online(both, "\"1\"", NULL);
    rpc_expect_online(string, "\"1\"", NULL);
    rpc_expect_call(both, "online", "\"users\": [\"1\", 1]", "{\"online\": [\"1\", 1]}");
    rpc_logout(one);
    rpc_expect_offline(both, "1", "goodbye");
    rpc_expect_offline(integer, "1", "goodbye");
    rpc_expect_offline(named, "1", "goodbye");
    rpc_fence(both);
    rpc_fence(integer);
    rpc_fence(string);
    rpc_logout(named);
    rpc_expect_offline(both, "\"1\"", "goodbye");
    rpc_logout(both);
    rpc_logout(integer);
    rpc_expect_offline(string, "\"1\"", "goodbye");
    rpc_logout(string);
    server_stop(server);
}
END_TEST

/* The ends of the range, the longest name, names that JSON escapes; as users, friends and in news. */
START_TEST(every_id_there_is)
{
    char longest[131] = "\"";
    const char *ids[] = {"0", "-1", "9223372036854775807", "-9223372036854775808", "\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\"",
        "\"a\\\"b\\\\c\\u000a\"", "\" \"", "\"null\"", longest};
    enum { IDS = sizeof ids / sizeof ids[0] };
    struct server *server = server_start("--workers 3");

    memset(longest + 1, 'n', 128);
    longest[129] = '"';
    for (size_t i = 0; i < IDS; i++) {
        struct rpc_client *watcher = rpc_login(server, "\"watcher\"", ids[i], ""), *user = rpc_login(server, ids[i], "", "");

        rpc_expect_online(watcher, ids[i], NULL);
        struct rpc_client *late = rpc_login(server, "\"late\"", ids[i], ids[i]);
        rpc_logout(user);
        rpc_expect_offline(watcher, ids[i], "goodbye");
        rpc_expect_offline(late, ids[i], "goodbye");
        rpc_logout(watcher);
        rpc_logout(late);
    }
    server_stop(server);
}
END_TEST

START_TEST(follow_answers_for_those_that_it_begins_to_follow)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *rpc = rpc_login(server, "1", "2", "");
    struct rpc_client *two = rpc_login(server, "2", "", ""), *three = rpc_login(server, "3", "", "");

    rpc_expect_online(rpc, "2", NULL);
    rpc_expect_call(rpc, "follow", "\"friends\": [2, 3, 4, 3, 1]", "{\"online\": [3]}");
    rpc_expect_call(rpc, "follow", "\"friends\": [2, 3, 4]", "{\"online\": []}");
    rpc_expect_call(rpc, "follow", "\"friends\": []", "{\"online\": []}");
    struct rpc_client *four = rpc_login(server, "4", "", "");
    rpc_expect_online(rpc, "4", NULL);
    rpc_logout(three);
    rpc_expect_offline(rpc, "3", "goodbye");
    rpc_fence(rpc);
    rpc_logout(two);
    rpc_expect_offline(rpc, "2", "goodbye");
    rpc_logout(four);
    rpc_expect_offline(rpc, "4", "goodbye");
    rpc_logout(rpc);
    server_stop(server);
}
END_TEST

START_TEST(unfollow_ends_the_news)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *two = rpc_login(server, "2", "", ""), *rpc = rpc_login(server, "1", "2, 3, \"x\"", "2");

    rpc_expect_call(rpc, "unfollow", "\"friends\": [2, 9, 2, \"x\"]", "{}");
    rpc_logout(two);
    two = rpc_login(server, "2", "", "");
    struct rpc_client *named = rpc_login(server, "\"x\"", "", "");
    rpc_fence(rpc);
    rpc_expect_call(rpc, "follow", "\"friends\": [2]", "{\"online\": [2]}");
    rpc_expect_call(rpc, "unfollow", "\"friends\": []", "{}");
    rpc_expect_call(rpc, "unfollow", "\"friends\": [\"x\", 9]", "{}");
    struct rpc_client *three = rpc_login(server, "3", "", "");
    rpc_expect_online(rpc, "3", NULL);
    rpc_logout(two);
    rpc_expect_offline(rpc, "2", "goodbye");
    rpc_logout(rpc);
    rpc_logout(three);
    rpc_logout(named);
    server_stop(server);
}
END_TEST

START_TEST(online_watches_nobody)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *two = rpc_login(server, "2", "", ""), *rpc = rpc_login(server, "1", "", "");

    rpc_expect_call(rpc, "online", "\"users\": [3, 2, \"2\", 1, 2]", "{\"online\": [2, 1]}");
    rpc_expect_call(rpc, "online", "\"users\": []", "{\"online\": []}");
    rpc_logout(two);
    rpc_expect_call(rpc, "online", "\"users\": [2, 3]", "{\"online\": []}");
    rpc_fence(rpc);
    rpc_logout(rpc);
    server_stop(server);
}
END_TEST

START_TEST(statuses_are_told_and_stand_in_snapshots)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *rpc = rpc_login(server, "1", "2, 3", ""), *two = rpc_open(server), *three = rpc_login(server, "3", "", "");
    struct session *classic = session_open(server, 4, "2");

    rpc_expect_online(rpc, "3", NULL);
    rpc_call(two, "1", "login", "\"user_id\": 2, \"status\": \"away\"");
    (void)client_read_line(two->client);
    rpc_expect_online(rpc, "2", "\"away\"");
    client_expect(classic->client, ONLINE);
    rpc_expect_call(two, "status", "\"status\": \"in a \\\"game\\\"\"", "{}");
    rpc_expect_online(rpc, "2", "\"in a \\\"game\\\"\"");
    rpc_expect_call(rpc, "online", "\"users\": [3, 2]", "{\"online\": [3, 2], \"statuses\": [{\"user_id\": 2, \"status\": \"in a \\\"game\\\"\"}]}");
    rpc_expect_call(rpc, "unfollow", "\"friends\": [2, 3]", "{}");
    rpc_expect_call(
        rpc, "follow", "\"friends\": [2, 3]", "{\"online\": [2, 3], \"statuses\": [{\"user_id\": 2, \"status\": \"in a \\\"game\\\"\"}]}");

    struct rpc_client *late = rpc_open(server);
    rpc_call(late, "1", "login", "\"user_id\": 5, \"friends\": [3, 2]");
    const char *text = client_read_line(late->client);
    ck_assert_msg(strstr(text, "\"online\": [3, 2], \"heartbeat\": ") != NULL &&
            strstr(text, ", \"statuses\": [{\"user_id\": 2, \"status\": \"in a \\\"game\\\"\"}]}, \"id\": 1}\n") != NULL,
        "%s", text);

    rpc_expect_call(two, "status", "\"status\": null", "{}");
    rpc_expect_online(rpc, "2", NULL);
    rpc_expect_online(late, "2", NULL);
    rpc_expect_call(rpc, "online", "\"users\": [2]", "{\"online\": [2]}");
    rpc_call(two, NULL, "status", "\"status\": \"\""); /* a notification; the empty one is a status too */
    rpc_expect_online(rpc, "2", "\"\"");
    rpc_logout(two);
    rpc_expect_offline(rpc, "2", "goodbye");
    client_expect(classic->client, OFFLINE);
    session_fence(classic);
    session_leave(classic);
    rpc_close(late);
    rpc_logout(three);
    rpc_expect_offline(rpc, "3", "goodbye");
    rpc_logout(rpc);
    server_stop(server);
}
END_TEST

START_TEST(a_status_holds_256_bytes)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *rpc = rpc_login(server, "1", "2", ""), *two = rpc_login(server, "2", "", "");
    char params[320], status[300] = "\"";

    rpc_expect_online(rpc, "2", NULL);
    memset(status + 1, 's', 256);
    strcpy(status + 257, "\"");
    snprintf(params, sizeof params, "\"status\": %s", status);
    rpc_expect_call(two, "status", params, "{}");
    rpc_expect_online(rpc, "2", status);
    strcpy(status + 257, "s\"");
    snprintf(params, sizeof params, "\"status\": %s", status);
    rpc_call(two, "1", "status", params);
    rpc_expect_error(two, "1", -32602, "bad_message");
    rpc_fence(rpc);
    rpc_logout(rpc);
    rpc_logout(two);
    server_stop(server);
}
END_TEST

/* The one set last by any session that is still there; falling back to another's is a change. */
START_TEST(the_status_is_of_the_session_that_set_it_last)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *rpc = rpc_login(server, "1", "2", ""), *phone = rpc_login(server, "2", "", "");
    struct rpc_client *desk = rpc_login(server, "2", "", ""), *tablet = rpc_login(server, "2", "", "");

    rpc_expect_online(rpc, "2", NULL);
    rpc_fence(rpc);
    rpc_expect_call(phone, "status", "\"status\": \"phone\"", "{}");
    rpc_expect_online(rpc, "2", "\"phone\"");
    rpc_expect_call(desk, "status", "\"status\": \"desk\"", "{}");
    rpc_expect_online(rpc, "2", "\"desk\"");
    rpc_expect_call(phone, "status", "\"status\": \"phone again\"", "{}");
    rpc_expect_online(rpc, "2", "\"phone again\"");
    rpc_logout(tablet); /* it never had one */
    rpc_fence(rpc);
    rpc_logout(phone);
    rpc_expect_online(rpc, "2", "\"desk\"");
    struct rpc_client *late = rpc_login(server, "2", "", "");
    rpc_fence(rpc);
    rpc_logout(desk);
    rpc_expect_online(rpc, "2", NULL);
    rpc_logout(late);
    rpc_expect_offline(rpc, "2", "goodbye");
    rpc_fence(rpc);
    rpc_logout(rpc);
    server_stop(server);
}
END_TEST

START_TEST(a_departure_has_its_reason)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *rpc = rpc_login(server, "1", "2", ""), *two;
    struct session *classic;

    two = rpc_login(server, "2", "", "");
    rpc_expect_online(rpc, "2", NULL);
    rpc_logout(two);
    rpc_expect_offline(rpc, "2", "goodbye");
    two = rpc_login(server, "2", "", "");
    rpc_expect_online(rpc, "2", NULL);
    rpc_close(two);
    rpc_expect_offline(rpc, "2", "closed");
    two = rpc_login(server, "2", "", "");
    rpc_expect_online(rpc, "2", NULL);
    rpc_reset(two);
    rpc_expect_offline(rpc, "2", "closed");
    two = rpc_login(server, "2", "", "");
    rpc_expect_online(rpc, "2", NULL);
    client_half_close(two->client);
    client_expect_end(two->client);
    rpc_expect_offline(rpc, "2", "closed");
    rpc_close(two);
    two = rpc_login(server, "2", "", "");
    rpc_expect_online(rpc, "2", NULL);
    client_send(two->client, "}");
    rpc_expect_last_error(two, "null", -32700, "bad_json");
    rpc_expect_offline(rpc, "2", "closed");
    rpc_close(two);
    classic = session_open(server, 2, "");
    rpc_expect_online(rpc, "2", NULL);
    session_leave(classic);
    rpc_expect_offline(rpc, "2", "goodbye");
    classic = session_open(server, 2, "");
    rpc_expect_online(rpc, "2", NULL);
    session_close(classic);
    rpc_expect_offline(rpc, "2", "closed");
    rpc_fence(rpc);
    rpc_logout(rpc);
    server_stop(server);
}
END_TEST

/* Within the time in which it happened, and never less than before. */
START_TEST(at_says_when)
{
    enum { VISITS = 200, SLACK_MS = 100 };
    struct server *server = server_start("--workers 3");
    struct rpc_client *rpc = rpc_login(server, "1", "2", "");
    int64_t last = 0;

    for (int i = 0; i < VISITS; i++) {
        int64_t before = rpc_now_ms();
        struct rpc_client *two = rpc_login(server, "2", "", "");
        int64_t came = rpc_expect_online(rpc, "2", NULL);

        rpc_logout(two);
        int64_t left = rpc_expect_offline(rpc, "2", "goodbye");
        ck_assert_int_ge(came, last);
        ck_assert_int_ge(left, came);
        ck_assert_int_ge(came, before - SLACK_MS);
        ck_assert_int_le(left, rpc_now_ms() + SLACK_MS);
        last = left;
    }
    rpc_logout(rpc);
    server_stop(server);
}
END_TEST

START_TEST(both_dialects_are_friends)
{
    struct server *server = server_start("--workers 3");
    struct session *classic = session_open(server, 1, "2");
    struct rpc_client *rpc = rpc_login(server, "2", "1", "1");

    client_expect(classic->client, ONLINE);
    rpc_logout(rpc);
    client_expect(classic->client, OFFLINE);
    session_fence(classic);
    rpc = rpc_login(server, "2", "1", "1");
    client_expect(classic->client, ONLINE);
    session_leave(classic);
    rpc_expect_offline(rpc, "1", "goodbye");
    classic = session_open(server, 1, "2");
    rpc_expect_online(rpc, "1", NULL);
    rpc_close(rpc);
    client_expect(classic->client, OFFLINE);
    session_fence(classic);
    session_leave(classic);
    server_stop(server);
}
END_TEST

/* Rule 2's second half is for those who are told in the classic dialect, whatever the leaver speaks. */
START_TEST(you_hear_of_those_you_follow_only)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *listed = rpc_login(server, "1", "", "");
    struct session *classic = session_open(server, 1, ""), *leaver = session_open(server, 2, "1");

    session_leave(leaver);
    client_expect(classic->client, OFFLINE);
    rpc_fence(listed);
    struct rpc_client *other = rpc_login(server, "3", "1", "1");
    rpc_logout(other);
    client_expect(classic->client, OFFLINE);
    rpc_fence(listed);
    session_fence(classic);
    session_leave(classic);
    rpc_logout(listed);
    server_stop(server);
}
END_TEST

START_TEST(only_the_first_device_arrives_and_the_last_departs)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *rpc = rpc_login(server, "1", "2, 1", ""), *phone = rpc_login(server, "2", "", "");

    rpc_expect_online(rpc, "2", NULL);
    struct rpc_client *desk = rpc_login(server, "2", "1", "1"), *own = rpc_login(server, "1", "", "");
    struct session *classic = session_open(server, 2, "");
    rpc_fence(rpc);
    rpc_logout(phone);
    session_leave(classic);
    rpc_logout(own);
    rpc_fence(rpc);
    rpc_fence(desk);
    rpc_logout(desk);
    rpc_expect_offline(rpc, "2", "goodbye");
    rpc_fence(rpc);
    rpc_logout(rpc);
    server_stop(server);
}
END_TEST

/* Each session follows its own, also of one user. */
START_TEST(lists_belong_to_sessions)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *phone = rpc_login(server, "1", "2", ""), *desk = rpc_login(server, "1", "3", "");
    struct rpc_client *two = rpc_login(server, "2", "", ""), *three = rpc_login(server, "3", "", "");

    rpc_expect_online(phone, "2", NULL);
    rpc_expect_online(desk, "3", NULL);
    rpc_expect_call(desk, "unfollow", "\"friends\": [2, 3]", "{}");
    rpc_logout(two);
    rpc_expect_offline(phone, "2", "goodbye");
    rpc_logout(three);
    rpc_fence(phone);
    rpc_fence(desk);
    rpc_logout(phone);
    rpc_logout(desk);
    server_stop(server);
}
END_TEST

static Suite *
jsonrpc_suite(void)
{
    Suite *suite = suite_create("jsonrpc");
    TCase *tests = tcase_create("jsonrpc");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, login_answers_with_session_snapshot_and_heartbeat);
    tcase_add_test(tests, a_login_needs_no_list);
    tcase_add_test(tests, the_integer_1_and_the_string_1_are_different_users);
    tcase_add_test(tests, every_id_there_is);
    tcase_add_test(tests, follow_answers_for_those_that_it_begins_to_follow);
    tcase_add_test(tests, unfollow_ends_the_news);
    tcase_add_test(tests, online_watches_nobody);
    tcase_add_test(tests, statuses_are_told_and_stand_in_snapshots);
    tcase_add_test(tests, a_status_holds_256_bytes);
    tcase_add_test(tests, the_status_is_of_the_session_that_set_it_last);
    tcase_add_test(tests, a_departure_has_its_reason);
    tcase_add_test(tests, at_says_when);
    tcase_add_test(tests, both_dialects_are_friends);
    tcase_add_test(tests, you_hear_of_those_you_follow_only);
    tcase_add_test(tests, only_the_first_device_arrives_and_the_last_departs);
    tcase_add_test(tests, lists_belong_to_sessions);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(jsonrpc_suite());
}
