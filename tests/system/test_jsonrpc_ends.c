/* SPDX-License-Identifier: MIT
 *
 * The JSON-RPC dialect over TCP: which dialect a session speaks, how it is framed, its batches, and how it ends.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/rpc_client.h"
#include "support/session.h"
#include "support/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PING(id) "{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": " id "}"
#define PONG(id) "{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": " id "}"
#define NOTE "{\"jsonrpc\": \"2.0\", \"method\": \"ping\"}"

enum { BATCH_MAX = 1000 };

/* The first object with the key picks this dialect, whatever else is in it and however it is written. */
START_TEST(the_first_object_picks_the_dialect)
{
    static const char *const first[] = {(PING("1")), "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1}",
        " \r\n\t{\n  \"id\" : 1 ,\n  \"method\" : \"ping\" ,\n  \"jsonrpc\" : \"2.0\"\n}\r\n",
        "{\"user_id\": 1, \"friends\": [2], \"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1}",
        "{\"json\\u0072pc\": \"2.0\", \"method\": \"p\\u0069ng\", \"id\": 1}"};
    struct server *server = server_start("--workers 3");

    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        struct rpc_client *rpc = rpc_open(server);

        client_send(rpc->client, first[i]);
        rpc_expect_result(rpc, "1", "\"pong\"");
        rpc_login_on(rpc, "1", "", "");
        rpc_logout(rpc);
    }
    server_stop(server);
}
END_TEST

/* A wrong first object of this dialect is answered in this dialect, and stays. */
START_TEST(a_wrong_first_request_picks_the_dialect_too)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *rpc = rpc_open(server);

    client_send(rpc->client, "{\"jsonrpc\": null}");
    rpc_expect_error(rpc, "null", -32600, "bad_message");
    rpc_expect_call(rpc, "ping", NULL, "\"pong\"");
    rpc_close(rpc);
    server_stop(server);
}
END_TEST

/* What goes wrong before the dialect is known is told in the classic form, and closes. */
START_TEST(errors_before_the_dialect_is_known_are_classic)
{
    static const struct {
        const char *text, *code;
    } first[] = {
        {"{\"jsonrpc\": \"2.0\", \"method\"}", "bad_json"},
        {"x", "bad_json"},
        {"[]", "bad_message"},
        {"[1, 2]", "bad_message"},
        {"[{\"user_id\": 1}]", "bad_message"},
        {"[[{\"jsonrpc\": \"2.0\"}]]", "bad_message"},
        {"{\"method\": \"ping\", \"id\": 1}", "bad_message"},
        {"{\"a\": \"jsonrpc\"}", "bad_message"},
        {"{\"user_id\": 1, \"more\": {\"jsonrpc\": \"2.0\"}, \"friends\": 1}", "bad_message"},
    };
    struct server *server = server_start("--workers 3");

    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        struct client *client = client_connect(server);

        client_send(client, first[i].text);
        client_expect_error(client, first[i].code);
        client_close(client);
    }
    server_stop(server);
}
END_TEST

START_TEST(dialects_do_not_mix_on_one_connection)
{
    struct server *server = server_start("--workers 3");
    struct session *classic = session_open(server, 1, "2");
    struct rpc_client *rpc = rpc_login(server, "2", "", "");

    client_expect(classic->client, ONLINE);
    client_send(rpc->client, "{\"user_id\": 2, \"online\": false}");
    rpc_expect_error(rpc, "null", -32600, "bad_message");
    session_fence(classic);
    client_send(classic->client, "{\"user_id\": 1, \"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1}"); /* unknown keys are ignored */
    session_fence(classic);
    client_send(classic->client, PING("1"));
    client_expect_error(classic->client, "bad_message");
    session_close(classic);
    rpc_logout(rpc);
    server_stop(server);
}
END_TEST

START_TEST(an_array_may_come_first)
{
    static const struct {
        const char *text, *answer;
    } first[] = {
        {"[" PING("1") "]", "[" PONG("1") "]\n"},
        {"[" NOTE "]" PING("2"), PONG("2") "\n"},
        {"[" NOTE ", " PING("\"x\"") ", " NOTE "," PING("null") "]", "[" PONG("\"x\"") ", " PONG("null") "]\n"},
    };
    struct server *server = server_start("--workers 3");

    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        struct rpc_client *rpc = rpc_open(server);

        client_send(rpc->client, first[i].text);
        client_expect(rpc->client, first[i].answer);
        client_send(rpc->client, PING("9"));
        rpc_expect_result(rpc, "9", "\"pong\"");
        rpc_close(rpc);
    }

    /* One element with the key is enough; the others are invalid requests. */
    struct rpc_client *rpc = rpc_open(server);
    client_send(rpc->client, "[" PING("1") ", 1, {\"user_id\": 1}]");
    client_expect(rpc->client, "[" PONG("1") ", {\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32600, ");
    ck_assert_ptr_nonnull(strstr(client_read_line(rpc->client), "}, \"id\": null}, {\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32600, "));
    client_send(rpc->client, "[1]");
    client_expect(rpc->client, "[{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32600, ");
    ck_assert_ptr_nonnull(strstr(client_read_line(rpc->client), ", \"data\": \"bad_message\"}, \"id\": null}]\n"));
    rpc_close(rpc);
    server_stop(server);
}
END_TEST

/* In the order of its calls, one line for all; the news that its calls make is not in it. */
START_TEST(a_batch_does_what_its_calls_do)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *watcher = rpc_login(server, "5", "1", ""), *two = rpc_login(server, "2", "", ""), *rpc = rpc_open(server);
    const char *text;

    client_send(rpc->client,
        "[{\"jsonrpc\": \"2.0\", \"method\": \"online\", \"params\": {\"users\": [2]}, \"id\": 1},"
        "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"params\": {\"user_id\": 1, \"friends\": [2, 3]}, \"id\": 2},"
        "{\"jsonrpc\": \"2.0\", \"method\": \"status\", \"params\": {\"status\": \"s\"}},"
        "{\"jsonrpc\": \"2.0\", \"method\": \"unfollow\", \"params\": {\"friends\": [2]}, \"id\": 3},"
        "{\"jsonrpc\": \"2.0\", \"method\": \"follow\", \"params\": {\"friends\": [2]}, \"id\": 4},"
        "{\"jsonrpc\": \"2.0\", \"method\": \"nothing\", \"id\": 5},"
        "{\"jsonrpc\": \"2.0\", \"method\": \"online\", \"params\": {\"users\": [2, 1]}, \"id\": 6}]");
    text = client_read_line(rpc->client);
    ck_assert_msg(strncmp(text, "[{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32000, ", 46) == 0, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "\"online\": [2], \"heartbeat\": "));
    ck_assert_ptr_nonnull(strstr(text,
        "}, \"id\": 2}, {\"jsonrpc\": \"2.0\", \"result\": {}, \"id\": 3}, {\"jsonrpc\": \"2.0\", \"result\": {\"online\": [2]}, \"id\": 4}, "
        "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32601, "));
    ck_assert_ptr_nonnull(strstr(text,
        "\"id\": 5}, {\"jsonrpc\": \"2.0\", \"result\": {\"online\": [2, 1], \"statuses\": [{\"user_id\": 1, \"status\": \"s\"}]}, \"id\": 6}]\n"));
    text = client_read_line(watcher->client);
    if (strstr(text, "\"s\"") == NULL) /* the arrival and the status may have been told as one */
        rpc_expect_online(watcher, "1", "\"s\"");
    rpc_logout(two);
    rpc_expect_offline(rpc, "2", "goodbye");
    rpc_logout(rpc);
    rpc_expect_offline(watcher, "1", "goodbye");
    rpc_fence(watcher);
    rpc_logout(watcher);
    server_stop(server);
}
END_TEST

/* The text of a batch of so many elements, each with its number between head and tail. */
static char *
batch_make(int count, const char *head, const char *tail, const char *end)
{
    char *text = malloc((size_t)count * (strlen(head) + strlen(tail) + 16) + 80), *at = text;

    ck_assert_ptr_nonnull(text);
    for (int i = 0; i < count; i++)
        at += sprintf(at, "%s%s%d%s", i > 0 ? ", " : "[", head, i, tail);
    sprintf(at, "]%s", end);
    return text;
}

#define PING_HEAD "{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": "
#define PONG_HEAD "{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": "
#define NOTE_HEAD "{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"more\": "

START_TEST(a_batch_holds_up_to_1000)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *rpc = rpc_login(server, "1", "", ""), *watcher = rpc_login(server, "2", "1", "1");
    static const int counts[] = {1, 2, 999, BATCH_MAX};
    char *text, *answer;

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        text = batch_make(counts[i], PING_HEAD, "}", "");
        answer = batch_make(counts[i], PONG_HEAD, "}", "\n");
        client_send(rpc->client, text);
        client_expect(rpc->client, answer);
        free(text);
        free(answer);
    }
    text = batch_make(BATCH_MAX, NOTE_HEAD, "}", PING("\"after\""));
    client_send(rpc->client, text);
    free(text);
    rpc_expect_result(rpc, "\"after\"", "\"pong\"");
    text = batch_make(BATCH_MAX + 1, PING_HEAD, "}", "");
    client_send(rpc->client, text);
    free(text);
    rpc_expect_last_error(rpc, "null", -32000, "too_large");
    rpc_expect_offline(watcher, "1", "closed");
    rpc_close(rpc);
    rpc_logout(watcher);
    server_stop(server);
}
END_TEST

START_TEST(a_first_batch_over_the_limit_closes)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *rpc = rpc_open(server);
    char *text = batch_make(BATCH_MAX + 1, PING_HEAD, "}", "");

    client_send(rpc->client, text);
    free(text);
    rpc_expect_last_error(rpc, "null", -32000, "too_large");
    rpc_close(rpc);
    server_stop(server);
}
END_TEST

/* Any cut of the stream into segments says the same. */
START_TEST(pieces_of_any_size)
{
    static const char text[] = PING("1") " [" PING("2") "," NOTE "," PING("\"]}\\\"{\"") "]\n\n" PING("3") NOTE "[" NOTE "]" PING("4");
    static const char answer[] = PONG("1") "\n[" PONG("2") ", " PONG("\"]}\\\"{\"") "]\n" PONG("3") "\n" PONG("4") "\n";
    struct server *server = server_start("--workers 3");

    for (size_t piece = 1; piece < sizeof text; piece += piece < 8 ? 1 : 37) {
        struct client *client = client_connect(server);

        client_send_pieces(client, text, piece);
        client_expect(client, answer);
        client_close(client);
    }

    struct client *client = client_connect(server);
    client_send(client, text);
    client_half_close(client);
    client_expect(client, answer);
    client_expect_end(client);
    client_close(client);
    server_stop(server);
}
END_TEST

START_TEST(many_objects_in_one_segment)
{
    enum { MANY = 2000 };
    struct server *server = server_start("--workers 3");
    struct rpc_client *rpc = rpc_login(server, "1", "", "");
    char *text = malloc(MANY * 64), *answers = malloc(MANY * 64), *to = text, *end = answers;

    ck_assert(text != NULL && answers != NULL);
    for (int i = 0; i < MANY; i++) {
        to += sprintf(to, PING("%d"), i);
        end += sprintf(end, PONG("%d") "\n", i);
    }
    client_send(rpc->client, text);
    client_expect(rpc->client, answers);
    free(text);
    free(answers);
    rpc_logout(rpc);
    server_stop(server);
}
END_TEST

/* What comes after it is not carried out, in the same batch too. */
START_TEST(logout_is_answered_and_closes)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *watcher = rpc_login(server, "5", "1", ""), *rpc = rpc_login(server, "1", "5", "5");

    rpc_expect_online(watcher, "1", NULL);
    client_send(rpc->client,
        "{\"jsonrpc\": \"2.0\", \"method\": \"logout\", \"id\": 1}" PING(
            "2") "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"params\": {\"user_id\": 1}, \"id\": 3}");
    rpc_expect_result(rpc, "1", "{}");
    client_expect_end(rpc->client);
    rpc_close(rpc);
    rpc_expect_offline(watcher, "1", "goodbye");
    rpc_fence(watcher);

    rpc = rpc_login(server, "1", "5", "5");
    rpc_expect_online(watcher, "1", NULL);
    client_send(rpc->client,
        "[{\"jsonrpc\": \"2.0\", \"method\": \"logout\", \"id\": 1},"
        "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"params\": {\"user_id\": 1}, \"id\": 2}]");
    client_expect(rpc->client, "[{\"jsonrpc\": \"2.0\", \"result\": {}, \"id\": 1}, {\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32000, ");
    ck_assert_ptr_nonnull(strstr(client_read_line(rpc->client), "\"id\": 2}]\n"));
    client_expect_end(rpc->client);
    rpc_close(rpc);
    rpc_expect_offline(watcher, "1", "goodbye");
    rpc_fence(watcher);
    rpc_logout(watcher);
    server_stop(server);
}
END_TEST

/* What had arrived before the end is carried out; a half-closed connection is ended. */
START_TEST(requests_before_the_end_are_carried_out)
{
    struct server *server = server_start("--workers 3");
    struct rpc_client *watcher = rpc_login(server, "5", "1", ""), *rpc = rpc_open(server);

    client_send(rpc->client, "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"params\": {\"user_id\": 1}}" PING("1"));
    client_half_close(rpc->client);
    rpc_expect_result(rpc, "1", "\"pong\"");
    client_expect_end(rpc->client);
    rpc_close(rpc);
    const char *text = client_read_line(watcher->client); /* the arrival, unless it waited and the departure took its place */
    if (strstr(text, "\"online\": true") != NULL)
        rpc_expect_offline(watcher, "1", "closed");
    rpc_fence(watcher);

    rpc = rpc_open(server);
    client_send(rpc->client, PING("1") "{\"jsonrpc\"");
    client_half_close(rpc->client);
    rpc_expect_result(rpc, "1", "\"pong\"");
    rpc_expect_last_error(rpc, "null", -32700, "bad_json");
    rpc_close(rpc);
    rpc_logout(watcher);
    server_stop(server);
}
END_TEST

/* Pings are no login. */
START_TEST(who_only_pings_runs_into_the_hello_timeout)
{
    struct server *server = server_start("--hello-timeout 1");
    struct rpc_client *rpc = rpc_open(server);
    int64_t deadline = pace_deadline_ms();
    const char *text;

    do {
        static const char ping[] = PING("1");

        ck_assert_msg(pace_left_ms(deadline) > 0, "pings count as a login");
        (void)client_try_send(rpc->client, ping, sizeof ping - 1);
        text = client_read_line(rpc->client);
        ck_assert_ptr_nonnull(text);
    } while (strcmp(text, PONG("1") "\n") == 0);
    rpc_check_error(RPC_PLACE, text, "null", -32000, "hello_timeout");
    (void)client_read_to_end(rpc->client);
    rpc_close(rpc);
    server_stop(server);
}
END_TEST

START_TEST(a_login_ends_the_hello_timeout)
{
    struct server *server = server_start("--hello-timeout %d", pace_seconds(2));
    struct client *silent = client_connect(server);
    struct rpc_client *rpc = rpc_login(server, "1", "", "");
    struct client *after = client_connect(server);

    client_expect_error(silent, "hello_timeout");
    client_expect_error(after, "hello_timeout");
    rpc_fence(rpc);
    rpc_logout(rpc);
    client_close(silent);
    client_close(after);
    server_stop(server);
}
END_TEST

START_TEST(a_request_begun_and_not_finished_times_out)
{
    struct server *server = server_start("--message-timeout 1");
    struct rpc_client *rpc = rpc_login(server, "1", "", ""), *watcher = rpc_login(server, "2", "1", "1");

    client_send(rpc->client, "[" PING("1") ",");
    rpc_expect_last_error(rpc, "null", -32000, "message_timeout");
    rpc_expect_offline(watcher, "1", "closed");
    rpc_close(rpc);
    rpc_logout(watcher);
    server_stop(server);
}
END_TEST

/* It is told and closed, and nobody hears of anybody's departure. */
START_TEST(a_server_that_stops_says_so)
{
    enum { SESSIONS = 20 };
    struct server *server = server_start("--workers 3");
    struct rpc_client *rpc[SESSIONS], *pinged = rpc_open(server);
    struct client *mute = client_connect(server);

    for (int i = 0; i < SESSIONS; i++) {
        char user[16];

        snprintf(user, sizeof user, "%d", 100 + i);
        rpc[i] = rpc_login(server, user, i == 0 ? "" : "100", i == 0 ? "" : "100");
    }
    rpc_expect_call(pinged, "ping", NULL, "\"pong\"");
    server_signal(server, SIGTERM);
    for (int i = 0; i < SESSIONS; i++) {
        rpc_expect_last_error(rpc[i], "null", -32000, "shutting_down");
        rpc_close(rpc[i]);
    }
    rpc_expect_last_error(pinged, "null", -32000, "shutting_down");
    client_expect_error(mute, "shutting_down");
    rpc_close(pinged);
    client_close(mute);
    ck_assert_int_eq(server_wait(server), 0);
    server_free(server);
}
END_TEST

static Suite *
ends_suite(void)
{
    Suite *suite = suite_create("jsonrpc_ends");
    TCase *tests = tcase_create("jsonrpc_ends");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, the_first_object_picks_the_dialect);
    tcase_add_test(tests, a_wrong_first_request_picks_the_dialect_too);
    tcase_add_test(tests, errors_before_the_dialect_is_known_are_classic);
    tcase_add_test(tests, dialects_do_not_mix_on_one_connection);
    tcase_add_test(tests, an_array_may_come_first);
    tcase_add_test(tests, a_batch_does_what_its_calls_do);
    tcase_add_test(tests, a_batch_holds_up_to_1000);
    tcase_add_test(tests, a_first_batch_over_the_limit_closes);
    tcase_add_test(tests, pieces_of_any_size);
    tcase_add_test(tests, many_objects_in_one_segment);
    tcase_add_test(tests, logout_is_answered_and_closes);
    tcase_add_test(tests, requests_before_the_end_are_carried_out);
    tcase_add_test(tests, who_only_pings_runs_into_the_hello_timeout);
    tcase_add_test(tests, a_login_ends_the_hello_timeout);
    tcase_add_test(tests, a_request_begun_and_not_finished_times_out);
    tcase_add_test(tests, a_server_that_stops_says_so);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(ends_suite());
}
