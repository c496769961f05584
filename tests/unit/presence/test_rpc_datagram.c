/* SPDX-License-Identifier: MIT
 *
 * The JSON-RPC dialect over UDP: how long an answer may be, logging in again, restarts, strangers, numbers of notifications, and what is never
 * answered.
 */
#include "presence/datagram.h"

#include "presence/changes.h"
#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/require.h"
#include "support/unit/rpc.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

/* Makes a datagram longer, so that its answer may be. */
#define PADDING \
    "'token': 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'"

START_TEST(every_method_works)
{
    struct actor *client = stage_correspond(0), *friend = stage_login(1, 2, NULL);

    rpc_expect(client, "ping", NULL, "1:pong"); /* before the login, too */
    rpc_expect(client, "login", "'user_id': 'bob', 'friends': [2, 3], " PADDING, "1:hi[2]");
    rpc_expect(client, "follow", "'friends': [4, 2]", "1:[]");
    rpc_expect(client, "unfollow", "'friends': [3]", "1:{}");
    rpc_expect(client, "online", "'users': [2, 'bob']", "1:[2,\"bob\"]");
    rpc_expect(client, "status", "'status': 'x'", "1:{}");
    rpc_expect(client, "ping", NULL, "1:pong");
    rpc_expect_said(client, "[{'jsonrpc': '2.0', 'method': 'ping', 'id': 1}, {'jsonrpc': '2.0', 'method': 'ping'}]", "(1:pong)");
    ck_assert_uint_eq(stage_census().edges, 2);
    stage_end_input(friend);
    stage_settle();
    stage_expect(client, "<#1:2-closed>");
    rpc_expect(client, "logout", NULL, "1:{}");
    ck_assert_uint_eq(stage_census().members, 0);
    ck_assert_uint_eq(admission_count(&stage.datagram_admission), 0);
    rpc_expect(client, "status", "'status': 'x'", "1:-32000/not_logged_in");
}
END_TEST

START_TEST(notifications_are_numbered)
{
    struct actor *client = rpc_login_datagram(0, "1", "2, 3", ""), *two = stage_login(1, 2, NULL);

    stage_settle();
    stage_expect(client, "<#1:2+>");
    stage_login(1, 3, NULL);
    stage_end_input(two);
    stage_settle();
    stage_expect(client, "<#2:3+,2-closed>");
    stage_login(1, 2, NULL);
    stage_settle();
    stage_expect(client, "<#3:2+>");
}
END_TEST

/* The last notification has a number, too; and who comes while nobody is let in is told so in the dialect that he speaks. */
START_TEST(a_drain_ends_sessions_and_lets_nobody_in)
{
    struct actor *client = rpc_login_datagram(0, "1", "2", ""), *classic = stage_correspond(0), *watcher = rpc_login(1, "4", "1, 3", "1");
    struct drain drain = {.time_ms = STAGE_DRAIN_MS, .left = 2};
    const char *heard;
    const char hello[] = "{\"user_id\": 3, \"friends\": [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]}";

    stage_receive(classic, hello);
    stage_login(1, 2, NULL);
    stage_settle();
    stage_expect(client, "<#1:2+>");
    stage_expect(watcher, "<3+>");
    drain_begin(&stage.workers[0], &drain);
    stage_pass_ms(STAGE_DRAIN_MS + 20);
    ck_assert_int_eq(strncmp(stage_heard(client), "<#2:drain:", 10), 0);
    stage_expect(classic, "shutting_down");
    heard = stage_heard(watcher);
    ck_assert_msg(strstr(heard, "1-closed") != NULL && strstr(heard, "3-closed") != NULL, "%s", heard);
    ck_assert_uint_eq(admission_count(&stage.datagram_admission), 0);
    ck_assert_uint_eq(drain.left, 1);
    stage_receive(classic, hello);
    stage_settle();
    stage_expect(classic, "shutting_down");
    rpc_expect(client, "login", "'user_id': 1, 'friends': [2, 3, 4, 5, 6, 7, 8, 9, 10]", "null:-32000/shutting_down");
}
END_TEST

START_TEST(many_changes_take_several_datagrams)
{
    enum { FRIENDS = 60 };
    char list[FRIENDS * 6] = "";
    struct actor *client, *crowd[FRIENDS];
    const char *heard;
    int seq = 0, told = 0;

    for (int i = 0; i < FRIENDS; i++)
        sprintf(list + strlen(list), "%s%d", i == 0 ? "" : ", ", 100 + i);
    client = rpc_login_datagram(0, "1", list, "");
    for (int i = 0; i < FRIENDS; i++)
        crowd[i] = stage_login(1, 100 + i, NULL);
    stage_settle();
    ck_assert_ptr_nonnull(crowd[0]);
    heard = stage_heard(client);
    for (const char *at = heard; (at = strchr(at, '#')) != NULL; at++) {
        int number;

        ck_assert_int_eq(sscanf(at, "#%d:", &number), 1);
        ck_assert_int_eq(number, ++seq);
    }
    for (const char *at = heard; (at = strchr(at, '+')) != NULL; at++)
        told++;
    ck_assert_int_eq(told, FRIENDS);
    ck_assert_int_gt(seq, 1);
    ck_assert_uint_le(stage.heard_bytes, (size_t)seq * 1200);
}
END_TEST

/* However long the call, and whatever it is: the answer is at most three times that, and what does not fit is refused or not told. */
START_TEST(no_answer_is_longer_than_three_times_its_call)
{
    static const char *const calls[] = {
        "{'jsonrpc':'2.0','id':1}",
        "{'jsonrpc':'2.0','method':'ping','id':1}",
        "{'jsonrpc':'2.0','method':'dance','id':1}",
        "{'jsonrpc':'2.0','method':'logout','id':1}",
        "{'jsonrpc':'2.0','method':'online','params':{'users':[1]},'id':1}",
        "{'jsonrpc':'2.0','method':'login','params':{'user_id':9},'id':1}",
        "{'jsonrpc':'2.0','method':'login','params':{'user_id':9,'friends':[100]},'id':1}",
        "{'jsonrpc':'2.0','method':'login','params':{'user_id':1.5},'id':'\\u0001\\u0001\\u0001\\u0001'}",
        "{'jsonrpc':7}",
        "[{'jsonrpc':'2.0','id':1},1,2,3,4,5,6,7,8,9]",
        "[{'jsonrpc':'2.0','method':'ping','id':1},{},{},{},{},{},{},{},{}]",
        "{'jsonrpc':'2.0','a':[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
    };

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        for (size_t padding = 0; padding < 60; padding++) {
            struct actor *client = stage_correspond(0);
            char text[512];

            snprintf(text, sizeof text, "%s%*s", calls[i], (int)padding, "");
            rpc_say(client, text);
            stage_settle();
            (void)stage_heard(client);
            REQUIRE(stage.heard_bytes <= 3 * strlen(text), "%zu bytes answer %s", stage.heard_bytes, text);
        }
}
END_TEST

/* Refused before anything is done: no session, no edge, no news. */
START_TEST(a_login_whose_answer_is_too_large_leaves_nothing_behind)
{
    struct actor *watcher = rpc_login(2, "'watcher'", "1", ""), *client = stage_correspond(0), *crowd[20];
    char params[512];

    for (int i = 0; i < 20; i++) {
        char user[8];

        sprintf(user, "%d", i + 10);
        crowd[i] = rpc_login(1, user, "", "");
        rpc_call(crowd[i], "status", "'status': 'a rather long status, which is told to everybody who logs in'", NULL);
    }
    stage_settle();
    snprintf(params, sizeof params, "'user_id': 1, 'friends': [10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29]");
    rpc_expect(client, "login", params, "1:-32000/too_large");
    stage_expect(watcher, "");
    ck_assert_uint_eq(stage_census().members, 21);
    ck_assert_uint_eq(stage_census().edges, 1);
    ck_assert_uint_eq(admission_count(&stage.datagram_admission), 0);
    rpc_expect(client, "ping", NULL, "1:pong");

    /* A follow likewise. */
    rpc_expect(client, "login", "'user_id': 1, " PADDING, "1:hi[]");
    rpc_expect(client, "follow", "'friends': [10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29]", "1:-32000/too_large");
    ck_assert_uint_eq(stage_census().edges, 1);
    rpc_expect(client, "online", "'users': [10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29]", "1:-32000/too_large");
    rpc_expect(client, "follow", "'friends': [10]", "1:[10=a rather long status, which is told to everybody who logs in]");
}
END_TEST

/* As after a lost answer or lost news: the same list or another one, and what is online now. Nothing of before is told after it. */
START_TEST(logging_in_again_answers_afresh)
{
    struct actor *watcher = rpc_login(2, "'watcher'", "1", ""), *client = rpc_login_datagram(0, "1", "2, 3", ""), *two = stage_login(1, 2, NULL);

    stage_expect(watcher, "<1+>");
    rpc_expect(client, "login", "'user_id': 1, 'friends': [2, 3, 4], " PADDING, "1:hi[2]");
    stage_login(1, 4, NULL);
    stage_settle();
    stage_expect(client, "<#1:4+>");
    stage_end_input(two);
    rpc_call(client, "login", "'user_id': 1, 'friends': [2, 4], " PADDING, "1");
    stage_login(1, 3, NULL);
    stage_settle();
    stage_expect(client, "1:hi[4]");
    ck_assert_uint_eq(stage_census().edges, 3);
    rpc_expect(client, "login", "'user_id': 1, 'status': 'back', " PADDING, "1:hi[]");
    ck_assert_uint_eq(stage_census().edges, 1);
    stage_expect(watcher, "<1+=back>");
    stage_login(1, 2, NULL);
    stage_settle();
    stage_expect(client, "");
    ck_assert_uint_eq(admission_count(&stage.datagram_admission), 1);
}
END_TEST

/* What waits for the socket is old news after a login. */
START_TEST(logging_in_again_forgets_what_waited)
{
    struct actor *client = rpc_login_datagram(0, "1", "2, 3", ""), *two = stage_login(1, 2, NULL);

    stage_login(1, 3, NULL);
    stage_take_mail(0);
    (void)stage_tell(0); /* it is to be told, and was not written */
    rpc_call(client, "login", "'user_id': 1, 'friends': [2, 3], " PADDING, "1");
    stage_end_input(two);
    stage_settle();
    stage_expect(client, "1:hi[2,3] <#1:2-closed>");
}
END_TEST

START_TEST(a_client_restarted_as_another_user_is_that_user)
{
    struct actor *watcher = rpc_login(2, "'watcher'", "1, 2, 'bob'", ""), *client = rpc_login_datagram(0, "1", "5", "");

    stage_expect(watcher, "<1+>");
    rpc_expect(client, "login", "'user_id': 2, 'friends': [6], " PADDING, "1:hi[]");
    stage_expect(watcher, "<1-closed,2+>");
    rpc_expect(client, "login", "'user_id': 'bob', 'friends': [6], " PADDING, "1:hi[]");
    stage_expect(watcher, "<2-closed,\"bob\"+>");
    stage_receive(client, "{\"user_id\": 1, \"friends\": [7]}"); /* in the classic dialect */
    stage_settle();
    stage_expect(watcher, "<\"bob\"-closed,1+>");
    stage_login(1, 7, NULL);
    stage_settle();
    stage_expect(client, "+");
    rpc_expect(client, "login", "'user_id': 1, 'friends': [7], " PADDING, "1:hi[7]");
    stage_settle();
    (void)stage_heard(watcher); /* the classic session has ended, and the user may have been away */
    ck_assert_uint_eq(stage_census().members, 3);
    ck_assert_uint_eq(admission_count(&stage.datagram_admission), 1);
}
END_TEST

/* Only a datagram's first call is a restart. */
START_TEST(a_later_call_does_not_log_in_as_somebody_else)
{
    struct actor *client = rpc_login_datagram(0, "1", "5, 6", "");

    rpc_expect_said(client,
        "[{'jsonrpc': '2.0', 'method': 'ping', 'id': 1}, {'jsonrpc': '2.0', 'method': 'login', 'params': {'user_id': 2, 'friends': [7]}, 'id': 2}]",
        "(1:pong,2:-32000/already_logged_in)");
    ck_assert_uint_eq(stage_census().edges, 2);
    rpc_expect_said(client,
        "[{'jsonrpc': '2.0', 'method': 'login', 'params': {'user_id': 2, 'friends': [7]}, 'id': 1},"
        " {'jsonrpc': '2.0', 'method': 'login', 'params': {'user_id': 1, 'friends': [8, 9]}, 'id': 2}]",
        "(1:hi[],2:-32000/already_logged_in)");
    ck_assert_uint_eq(stage_census().edges, 1);
}
END_TEST

START_TEST(strangers_get_answers_and_nothing_else)
{
    struct actor *client = rpc_login_datagram(0, "1", "", ""), *stranger = stage_correspond(0);

    rpc_expect(stranger, "ping", NULL, "1:pong");
    rpc_expect(stranger, "logout", NULL, "1:-32000/not_logged_in");
    rpc_expect(stranger, "status", "'status': 'x'", "1:-32000/not_logged_in");
    rpc_expect(stranger, "follow", "'friends': [1.5]", "1:-32602/bad_message");
    rpc_expect(stranger, "dance", NULL, "1:-32601/bad_message");
    rpc_expect_said(stranger,
        "[{'jsonrpc': '2.0', 'method': 'ping', 'id': 1}, {'jsonrpc': '2.0', 'method': 'ping'},"
        " {'jsonrpc': '2.0', 'method': 'login', 'params': {'user_id': 1}, 'id': 2}]",
        "(1:pong,2:-32000/not_logged_in)");
    rpc_call(stranger, "logout", NULL, NULL);
    stage_settle();
    stage_expect(stranger, "");
    ck_assert_uint_eq(stage_census().members, 1);
    ck_assert_uint_eq(admission_count(&stage.datagram_admission), 1);
    rpc_expect(client, "online", "'users': [1]", "1:[1]");
}
END_TEST

/* Two servers, set on each other by a forged address, would not stop. */
START_TEST(an_answer_is_never_answered)
{
    static const char *const answers[] = {
        "{'jsonrpc': '2.0', 'result': 'pong', 'id': 1}",
        "{'jsonrpc': '2.0', 'result': {'online': [1]}, 'id': 'a'}",
        "{'jsonrpc': '2.0', 'error': {'code': -32600, 'message': 'method is missing', 'data': 'bad_message'}, 'id': 1}",
        "{'jsonrpc': '2.0', 'error': {'code': -32700, 'message': 'this is not JSON', 'data': 'bad_json'}, 'id': null}",
        "[{'jsonrpc': '2.0', 'result': 'pong', 'id': 1}, {'jsonrpc': '2.0', 'error': {'code': -32600}, 'id': null}]",
        "{'jsonrpc': '2.0', 'method': 'presence', 'params': {'seq': 1, 'changes': [{'user_id': 2, 'online': true, 'at': 1764000000123}]}}",
    };
    struct actor *stranger = stage_correspond(0), *client = rpc_login_datagram(0, "1", "", "");

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        rpc_expect_said(stranger, answers[i], "");
        rpc_expect_said(client, answers[i], "");
    }
}
END_TEST

START_TEST(nothing_ends_a_session_but_its_end)
{
    struct actor *watcher = rpc_login(2, "'watcher'", "1", ""), *client = rpc_login_datagram(0, "1", "2", "");

    stage_expect(watcher, "<1+>");
    rpc_expect_said(client, "beat", "");
    rpc_expect_said(client, "{", "");
    rpc_expect_said(client, "{}{}", "");
    rpc_expect_said(client, "[]", "");
    rpc_expect_said(client, "{'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': 7, " PADDING "}, 'id': 3}", "3:-32602/bad_message");
    rpc_expect(client, "login", "'user_id': 1.5, " PADDING, "1:-32602/bad_message");
    ck_assert_uint_eq(stage_census().edges, 2);
    for (int i = 0; i < 4; i++) {
        stage_pass_ms(STAGE_SILENCE_MS / 2);
        rpc_say(client, i % 2 == 0 ? "beat" : "{'jsonrpc': '2.0', 'method': 'ping'}");
    }
    stage_expect(client, "");
    stage_pass_ms(STAGE_SILENCE_MS);
    stage_expect(watcher, "<1-timeout>");
}
END_TEST

START_TEST(an_unfollow_waits_for_nothing)
{
    struct actor *client = rpc_login_datagram(0, "1", "2, 3", "");

    stage_login(1, 2, NULL); /* news of it is under way */
    rpc_call(client, "unfollow", "'friends': [2]", "1");
    rpc_call(client, "ping", NULL, "2");
    stage_write(0);
    stage_expect(client, "1:{} 2:pong");
    stage_settle();
    stage_expect(client, "");
    rpc_expect(client, "ping", NULL, "1:pong");
}
END_TEST

/* Who waits because older news of the user is still being told is answered a ping and may log out; what else it asks is lost. */
START_TEST(who_waits_may_ping_and_log_out)
{
    struct actor *star, *crowd[NEWS_SLICE + 20], *watcher = rpc_login(1, "2", "1", "");

    for (int i = 0; i < NEWS_SLICE + 20; i++) {
        char user[8];

        sprintf(user, "%d", 1000 + i);
        crowd[i] = rpc_login(1, user, "1", "");
    }
    star = stage_correspond(0);
    rpc_call(star, "login", "'user_id': 1, 'friends': [], 'token': 'so that the answer is no longer than three times this'", "0");
    stage_turn(0);
    stage_expect(star, "0:hi[]");
    rpc_call(star, "status", "'status': 'x'", "1"); /* waits */
    rpc_call(star, "ping", NULL, "2");
    rpc_call(star, "follow", "'friends': [2]", "3");
    rpc_call(star, "logout", NULL, "4");
    stage_settle();
    stage_pass_ms(2);
    stage_expect(star, "2:pong 4:{}");
    stage_expect(watcher, "<1+> <1-goodbye>");
    stage_expect(crowd[0], "<1+> <1-goodbye>");
}
END_TEST

/* However much wrong is sent, and however long its ids are. */
START_TEST(errors_are_short)
{
    static char text[8192];
    struct actor *client = stage_correspond(0);

    memset(text, 'x', sizeof text);
    memcpy(text, "{'jsonrpc': '2.0', 'method': 'nope', 'id': '", 44);
    memcpy(text + 2000, "'}", 3);
    rpc_expect_said(client, text, "");
    strcpy(text, "[");
    for (int i = 0; i < 100; i++)
        strcat(text, i == 0 ? "{'jsonrpc':'2.0'}" : ",{'jsonrpc':'2.0'}");
    strcat(text, "]");
    rpc_say(client, text);
    stage_settle();
    ck_assert_uint_lt(strlen(stage_heard(client)), 120); /* the words of what fits into 512 bytes */
}
END_TEST

/* A login as another user whose answer does not fit ends nothing. */
START_TEST(a_refused_login_as_another_user_leaves_the_session_alone)
{
    struct actor *client = rpc_login_datagram(0, "1", "", ""), *watcher = rpc_login(1, "9", "1", "1"), *talker = rpc_login(1, "10", "", "");

    rpc_call(talker, "status",
        "'status': 'a status that is longer than everything that is said by the one who logs in and asks for it: "
        "a status that is longer than everything that is said by the one who logs in and asks for it'",
        NULL);
    stage_settle();
    rpc_expect(client, "login", "'user_id': 3, 'friends': [10]", "1:-32000/too_large");
    stage_expect(watcher, "");
    rpc_expect(client, "status", "'status': null", "1:{}"); /* it is still logged in */
}
END_TEST

/* The socket takes nothing: news is merged, answers are lost beyond the limit, and nothing grows. */
START_TEST(what_waits_for_the_socket_is_bounded)
{
    struct presence_config config = stage_usual();
    struct actor *client;
    const char *heard;

    stage_close();
    config.queue_limit = 16;
    stage_open_with(2, &config);
    client = rpc_login_datagram(0, "1", "2", "");
    faults_send_batch(EAGAIN, 1);
    for (int i = 0; i < 200; i++) {
        rpc_call(client, "ping", NULL, "1");
        stage_end_input(stage_login(1, 2, NULL));
        stage_turn(1);
        stage_turn(0);
    }
    ck_assert_uint_ge(counter_read(&stage.workers[0].counters.lost), 200 - 64 - 16 - 1);
    datagrams_event(&stage.workers[0], 0, EPOLLOUT);
    stage_settle();
    heard = stage_heard(client);
    ck_assert_ptr_nonnull(strstr(heard, "2-closed>"));
    ck_assert_str_eq(heard + strlen(heard) - strlen("2-closed>"), "2-closed>");
    rpc_expect(client, "ping", NULL, "1:pong");
}
END_TEST

/* While the socket takes nothing, a notification is not made: of its friend it is told the newest, once, and the numbers have no gap. */
static void
news_waits_behind(int answers)
{
    struct actor *client = rpc_login_datagram(0, "1", "2", ""), *other = stage_correspond(0), *friend = rpc_login(1, "2", "", "");
    const char *statuses[] = {"'status': 'a'", "'status': 'b'", "'status': 'c'"};

    stage_expect(client, "<#1:2+>");
    faults_send_batch(EAGAIN, 1);
    for (int i = 0; i < answers; i++)
        rpc_call(other, "ping", NULL, "1");
    stage_settle();
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        rpc_call(friend, "status", statuses[i], NULL);
        stage_settle();
    }
    datagrams_event(&stage.workers[0], 0, EPOLLOUT);
    stage_settle();
    stage_expect(client, "<#2:2+=c>");
    rpc_call(friend, "status", statuses[0], NULL);
    stage_settle();
    stage_expect(client, "<#3:2+=a>");
}

START_TEST(news_that_waits_for_the_socket_is_the_newest)
{
    news_waits_behind(UDP_BATCH);
}
END_TEST

/* There would be room in the batch, but it cannot leave. */
START_TEST(news_is_not_made_for_a_socket_that_takes_nothing)
{
    news_waits_behind(1);
}
END_TEST

START_TEST(there_may_be_no_room_for_a_session)
{
    struct actor *client = stage_correspond(0);

    stage.datagram_admission.limit = 0;
    rpc_expect(client, "login", "'user_id': 1, " PADDING, "null:-32000/server_full");
    ck_assert_uint_eq(stage_census().members, 0);
}
END_TEST

static Suite *
datagram_suite(void)
{
    Suite *suite = suite_create("rpc_datagram");
    TCase *tests = tcase_create("rpc_datagram");

    tcase_add_checked_fixture(tests, stage_open_three, stage_close);
    tcase_set_timeout(tests, 4 * pace_test_timeout_s());
    tcase_add_test(tests, every_method_works);
    tcase_add_test(tests, notifications_are_numbered);
    tcase_add_test(tests, a_drain_ends_sessions_and_lets_nobody_in);
    tcase_add_test(tests, many_changes_take_several_datagrams);
    tcase_add_test(tests, no_answer_is_longer_than_three_times_its_call);
    tcase_add_test(tests, a_login_whose_answer_is_too_large_leaves_nothing_behind);
    tcase_add_test(tests, logging_in_again_answers_afresh);
    tcase_add_test(tests, logging_in_again_forgets_what_waited);
    tcase_add_test(tests, a_client_restarted_as_another_user_is_that_user);
    tcase_add_test(tests, a_later_call_does_not_log_in_as_somebody_else);
    tcase_add_test(tests, strangers_get_answers_and_nothing_else);
    tcase_add_test(tests, an_answer_is_never_answered);
    tcase_add_test(tests, nothing_ends_a_session_but_its_end);
    tcase_add_test(tests, an_unfollow_waits_for_nothing);
    tcase_add_test(tests, who_waits_may_ping_and_log_out);
    tcase_add_test(tests, errors_are_short);
    tcase_add_test(tests, a_refused_login_as_another_user_leaves_the_session_alone);
    tcase_add_test(tests, what_waits_for_the_socket_is_bounded);
    tcase_add_test(tests, news_that_waits_for_the_socket_is_the_newest);
    tcase_add_test(tests, news_is_not_made_for_a_socket_that_takes_nothing);
    tcase_add_test(tests, there_may_be_no_room_for_a_session);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(datagram_suite());
}
