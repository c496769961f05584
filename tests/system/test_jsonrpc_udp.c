/* SPDX-License-Identifier: MIT
 *
 * The JSON-RPC dialect over UDP: sessions, `seq`, logging in again, what ends a session and with which reason, and answers that are no longer than
 * three times what they answer.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/rpc_client.h"
#include "support/session.h"
#include "support/udp_client.h"
#include "support/unit.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOGIN(user, friends) \
    "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"params\": {\"user_id\": " user ", \"friends\": [" friends "]}, \"id\": 1}"
/* With so much around it, any usual answer fits into three times as much. */
#define SPACES_32 "                                "
#define ROOM SPACES_32 SPACES_32 SPACES_32 SPACES_32

enum { BEACON = 900 };

/* A client, and the notification that it was told last: the numbers of a session's have no gap. */
struct user {
    struct udp_client *udp;
    uint64_t seq;
    char *rest; /* of a notification whose first change has been looked at */
};

static struct user *
user_open(const struct server *server)
{
    struct user *user = calloc(1, sizeof *user);

    ck_assert_ptr_nonnull(user);
    user->udp = udp_client_open(server);
    return user;
}

static void
user_close(struct user *user)
{
    ck_assert_ptr_null(user->rest);
    udp_client_close(user->udp);
    free(user);
}

/* What has been told to a session that begins now is counted from 1. */
static void
user_begins(struct user *user)
{
    ck_assert_ptr_null(user->rest);
    user->seq = 0;
}

static void
call(struct user *client, const char *id, const char *method, const char *params)
{
    char *text = rpc_request(id, method, params), *padded = NULL;

    ck_assert_int_gt(asprintf(&padded, "%.*s" ROOM "}", (int)strlen(text) - 1, text), 0);
    udp_client_send(client->udp, padded);
    free(padded);
    free(text);
}

#define expect_result(client, id, result) expect_result_at(RPC_PLACE, (client), (id), (result))
static void
expect_result_at(struct rpc_place place, struct user *client, const char *id, const char *result)
{
    char *text = rpc_result(id, result);

    udp_client_expect_at(client->udp, text, place.function, place.line);
    free(text);
}

#define expect_error(client, id, code, word) expect_error_at(RPC_PLACE, (client), (id), (code), (word))
static void
expect_error_at(struct rpc_place place, struct user *client, const char *id, int code, const char *word)
{
    rpc_check_error(place, udp_client_receive_at(client->udp, word, place.function, place.line), id, code, word);
}

/* The answer to a login, with these online; the rest of it is looked at too. */
#define expect_login(client, online) expect_login_at(RPC_PLACE, (client), (online))
static void
expect_login_at(struct rpc_place place, struct user *client, const char *online)
{
    const char *text = udp_client_receive_at(client->udp, "a login's answer", place.function, place.line);
    char tail[256];

    snprintf(tail, sizeof tail, "\", \"online\": [%s], \"heartbeat\": ", online);
    if (strncmp(text, "{\"jsonrpc\": \"2.0\", \"result\": {\"session\": \"", 41) != 0 || strstr(text, tail) == NULL ||
        strstr(text, "}, \"id\": 1}\n") == NULL)
        ck_abort_msg("%s, line %d: expected a login with %s online but came: %s", place.function, place.line, online, text);
}

#define expect_online(client, user, status) expect_change_at(RPC_PLACE, (client), &(struct rpc_change){(user), true, (status), NULL})
#define expect_offline(client, user, reason) expect_change_at(RPC_PLACE, (client), &(struct rpc_change){(user), false, NULL, (reason)})
static void
expect_change_at(struct rpc_place place, struct user *client, const struct rpc_change *change)
{
    char *text = client->rest, *first;

    if (text == NULL) {
        text = strdup(udp_client_receive_at(client->udp, change->user, place.function, place.line));
        client->seq++;
    }
    first = rpc_first_change(text, &client->rest);
    (void)rpc_check_change(place, first, change, client->seq);
    free(first);
    free(text);
}

/* Nothing was said before: the beacon, whom the client follows, comes and goes. */
static void
fence(struct user *client)
{
    struct client *beacon = client_connect(client->udp->server);

    client_hello(beacon, BEACON, NULL);
    expect_online(client, "900", NULL);
    client_goodbye(beacon, BEACON);
    expect_offline(client, "900", "goodbye");
    client_close(beacon);
}

/* Every method, and news that is numbered from 1 in each session. */
START_TEST(methods_and_numbered_news)
{
    struct server *server = server_start("--workers 3");
    struct user *client = user_open(server);
    struct rpc_client *stream = rpc_login(server, "\"s\"", "1", "");

    call(client, "7", "ping", NULL);
    expect_result(client, "7", "\"pong\"");
    udp_client_send(client->udp, LOGIN("1", "\"s\", 2, 900"));
    expect_login(client, "\"s\"");
    rpc_expect_online(stream, "1", NULL);
    struct rpc_client *two = rpc_login(server, "2", "", "");
    expect_online(client, "2", NULL);
    rpc_expect_call(two, "status", "\"status\": \"away\"", "{}");
    expect_online(client, "2", "\"away\"");
    call(client, "\"x\"", "online", "\"users\": [3, 2]");
    expect_result(client, "\"x\"", "{\"online\": [2], \"statuses\": [{\"user_id\": 2, \"status\": \"away\"}]}");
    call(client, "null", "unfollow", "\"friends\": [2]");
    expect_result(client, "null", "{}");
    rpc_expect_call(two, "status", "\"status\": null", "{}");
    fence(client);
    call(client, "-1", "follow", "\"friends\": [2, \"s\"]");
    expect_result(client, "-1", "{\"online\": [2]}");
    call(client, "5", "status", "\"status\": \"mine\"");
    expect_result(client, "5", "{}");
    rpc_expect_online(stream, "1", "\"mine\"");
    call(client, NULL, "status", "\"status\": null");
    rpc_expect_online(stream, "1", NULL);
    rpc_logout(two);
    expect_offline(client, "2", "goodbye");
    call(client, "6", "logout", NULL);
    expect_result(client, "6", "{}");
    rpc_expect_offline(stream, "1", "goodbye");
    call(client, "7", "follow", "\"friends\": [2]");
    expect_error(client, "7", -32000, "not_logged_in");

    user_begins(client);
    udp_client_send(client->udp, LOGIN("1", "\"s\", 900"));
    expect_login(client, "\"s\"");
    rpc_expect_online(stream, "1", NULL);
    fence(client);
    user_close(client);
    rpc_logout(stream);
    server_stop(server);
}
END_TEST

/* A login again replaces the list and answers afresh: how a client makes good a loss. It is no arrival, and the numbers go on. */
START_TEST(logging_in_again_answers_afresh)
{
    struct server *server = server_start("--workers 3");
    struct user *client = user_open(server);
    struct rpc_client *watcher = rpc_login(server, "9", "1", ""), *two = rpc_login(server, "2", "", ""), *three = rpc_login(server, "3", "", "");

    udp_client_send(client->udp, LOGIN("1", "2, 900"));
    expect_login(client, "2");
    rpc_expect_online(watcher, "1", NULL);
    fence(client);
    for (int i = 0; i < 20; i++) {
        udp_client_send(client->udp, LOGIN("1", "3, 900"));
        expect_login(client, "3");
        udp_client_send(client->udp, LOGIN("1", "2, 3, 900"));
        expect_login(client, "2, 3");
    }
    udp_client_send(client->udp, LOGIN("1", "3, 900"));
    expect_login(client, "3");
    rpc_logout(two);
    rpc_logout(three);
    expect_offline(client, "3", "goodbye");
    fence(client);
    rpc_fence(watcher);
    user_close(client);
    rpc_logout(watcher);
    server_stop(server);
}
END_TEST

/* A client that was started again on the same port, as somebody else, or in the other dialect. */
START_TEST(another_user_at_the_same_address_begins_anew)
{
    struct server *server = server_start("--workers 3");
    struct user *client = user_open(server);
    struct rpc_client *watcher = rpc_login(server, "9", "1, \"1\", 3", "");

    udp_client_send(client->udp, LOGIN("1", "9, 900"));
    expect_login(client, "9");
    rpc_expect_online(watcher, "1", NULL);
    fence(client);
    user_begins(client);
    udp_client_send(client->udp, LOGIN("\"1\"", "9, 900"));
    expect_login(client, "9");
    rpc_expect_offline(watcher, "1", "closed");
    rpc_expect_online(watcher, "\"1\"", NULL);
    fence(client);
    udp_client_hello(client->udp, 3, "900");
    rpc_expect_offline(watcher, "\"1\"", "closed");
    rpc_expect_online(watcher, "3", NULL);
    udp_client_fence(client->udp, BEACON);
    user_begins(client);
    udp_client_send(client->udp, LOGIN("1", "9, 900"));
    expect_login(client, "9");
    rpc_expect_offline(watcher, "3", "closed");
    rpc_expect_online(watcher, "1", NULL);
    fence(client);
    rpc_fence(watcher);
    user_close(client);
    rpc_logout(watcher);
    server_stop(server);
}
END_TEST

/* Junk is a sign of life and no more; wrong requests are answered and end nothing. */
START_TEST(what_is_wrong_ends_nothing)
{
    static const struct {
        const char *text, *id;
        int code;
        const char *word;
    } wrong[] = {
        {"{\"jsonrpc\": \"1.0\", \"method\": \"ping\", \"id\": 4" ROOM "}", "4", -32600, "bad_message"},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1.5" ROOM "}", "null", -32600, "bad_message"},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"nothing\", \"id\": 4" ROOM "}", "4", -32601, "bad_message"},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"follow\", \"id\": 4" ROOM "}", "4", -32602, "bad_message"},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"params\": {\"user_id\": 1.0}, \"id\": 4" ROOM "}", "4", -32602, "bad_message"},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"follow\", \"params\": {\"friends\": [1, 2, 3, 4, 5, 6]}, \"id\": 4" ROOM "}", "4", -32000,
            "too_many_friends"},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"follow\", \"params\": {\"friends\": [4, 5, 6, 7]}, \"id\": 4" ROOM "}", "4", -32000,
            "too_many_friends"},
    };
    static const char *const junk[] = {"", "beat", "\n", "{", "]", "{\"jsonrpc\": \"2.0\", \"method\"}", "{\"jsonrpc\": \"2.0\"} x"};
    struct server *server = server_start("--max-friends 5");
    struct user *client = user_open(server);

    udp_client_send(client->udp, LOGIN("1", "2, 900"));
    expect_login(client, "");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        udp_client_send(client->udp, wrong[i].text);
        expect_error(client, wrong[i].id, wrong[i].code, wrong[i].word);
    }
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++)
        udp_client_send(client->udp, junk[i]);
    fence(client);
    struct rpc_client *two = rpc_login(server, "2", "", "");
    expect_online(client, "2", NULL);
    rpc_logout(two);
    expect_offline(client, "2", "goodbye");
    user_close(client);
    server_stop(server);
}
END_TEST

/* Who is no user is told so, and nobody can end another's session from another port. */
START_TEST(strangers_log_nobody_out)
{
    static const char *const methods[] = {"follow", "unfollow", "status", "logout", "online"};
    static const char *const params[] = {"\"friends\": [1]", "\"friends\": [1]", "\"status\": \"s\"", NULL, "\"users\": [1]"};
    struct server *server = server_start("--workers 3");
    struct user *client = user_open(server), *stranger = user_open(server);
    struct rpc_client *watcher = rpc_login(server, "9", "1", "");

    udp_client_send(client->udp, LOGIN("1", "9, 900"));
    expect_login(client, "9");
    rpc_expect_online(watcher, "1", NULL);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        call(stranger, "3", methods[i], params[i]);
        expect_error(stranger, "3", -32000, "not_logged_in");
        call(stranger, NULL, methods[i], params[i]);
    }
    call(stranger, "4", "ping", NULL);
    expect_result(stranger, "4", "\"pong\"");
    rpc_fence(watcher);
    fence(client);
    user_close(stranger);
    user_close(client);
    rpc_logout(watcher);
    server_stop(server);
}
END_TEST

/* A third of the time-out, which is at least three seconds: a client that loses one or comes late stays. */
START_TEST(the_heartbeat_is_one_that_can_be_kept)
{
    struct server *server = server_start("--udp-timeout 3");
    struct user *client = user_open(server);

    udp_client_send(client->udp, LOGIN("1", ""));
    ck_assert_ptr_nonnull(strstr(udp_client_receive(client->udp, "a login's answer"), "\"heartbeat\": 1}"));
    user_close(client);
    server_stop(server);
}
END_TEST

/* Silence ends a session, with its reason; pings and junk keep one. */
START_TEST(silence_is_a_timeout)
{
    struct server *server = server_start("--udp-timeout %d", pace_seconds(3));
    struct user *silent = user_open(server), *pings = user_open(server);
    struct rpc_client *watcher = rpc_login(server, "9", "1, 2", "");
    int64_t end = pace_deadline_ms();

    udp_client_send(pings->udp, LOGIN("2", "1"));
    expect_login(pings, "");
    rpc_expect_online(watcher, "2", NULL);
    udp_client_send(silent->udp, LOGIN("1", "2"));
    expect_login(silent, "2");
    rpc_expect_online(watcher, "1", NULL);
    expect_online(pings, "1", NULL);
    while (!client_wait(watcher->client, pace_stretched_ms(100))) {
        ck_assert_int_gt(pace_left_ms(end), 0);
        udp_client_send(pings->udp, "beat");
    }
    rpc_expect_offline(watcher, "1", "timeout");
    expect_offline(pings, "1", "timeout");
    call(silent, "3", "logout", NULL);
    expect_error(silent, "3", -32000, "not_logged_in");
    rpc_expect_offline(watcher, "2", "timeout");
    rpc_fence(watcher);
    user_close(silent);
    user_close(pings);
    rpc_logout(watcher);
    server_stop(server);
}
END_TEST

/* A snapshot that would be longer than three times the datagram is refused, and nothing is done; in a longer datagram it is not. */
START_TEST(a_snapshot_that_does_not_fit_is_refused)
{
    struct server *server = server_start("--workers 3");
    struct user *client = user_open(server);
    struct rpc_client *watcher = rpc_login(server, "9", "1", ""), *two = rpc_login(server, "2", "", "");
    char params[400] = "\"status\": \"", *text;
    const char *answer;

    memset(params + 11, 's', 256);
    strcpy(params + 11 + 256, "\"");
    rpc_expect_call(two, "status", params, "{}");
    udp_client_send(client->udp, LOGIN("1", "2, 900"));
    expect_error(client, "1", -32000, "too_large");
    call(client, "3", "ping", NULL);
    expect_result(client, "3", "\"pong\"");
    rpc_fence(watcher);
    udp_client_send(client->udp, LOGIN("1", "900"));
    expect_login(client, "");
    rpc_expect_online(watcher, "1", NULL);
    udp_client_send(client->udp, "{\"jsonrpc\": \"2.0\", \"method\": \"follow\", \"params\": {\"friends\": [2]}, \"id\": 5}");
    expect_error(client, "5", -32000, "too_large");
    udp_client_send(client->udp, "{\"jsonrpc\": \"2.0\", \"method\": \"online\", \"params\": {\"users\": [2]}, \"id\": 6}");
    expect_error(client, "6", -32000, "too_large");
    rpc_logout(two);
    fence(client);

    two = rpc_login(server, "2", "", "");
    rpc_expect_call(two, "status", params, "{}");
    text = rpc_request("1", "login", "\"user_id\": 1, \"friends\": [2, 900]" ROOM);
    udp_client_send(client->udp, text);
    answer = udp_client_receive(client->udp, "a login's answer");
    ck_assert_ptr_nonnull(strstr(answer, "\"online\": [2], \"heartbeat\": "));
    ck_assert_ptr_nonnull(strstr(answer, "\"statuses\": [{\"user_id\": 2, \"status\": \"ssss"));
    ck_assert_uint_le(strlen(answer), UDP_ANSWER_FACTOR * strlen(text));
    free(text);
    fence(client);
    rpc_logout(two);
    rpc_fence(watcher);
    user_close(client);
    rpc_logout(watcher);
    server_stop(server);
}
END_TEST

/* However much there is to tell, each datagram is small, its numbers have no gap, and together they tell the truth. */
START_TEST(news_of_many_is_told_in_numbered_datagrams)
{
    enum { FRIENDS = 300, FIRST = 1000, DATAGRAM_BYTES = 1200 };
    struct server *server = server_start("--workers 1");
    struct user *client = user_open(server);
    struct udp_host host;
    char *params = malloc(FRIENDS * 8 + 64), *end = params;
    bool online[FRIENDS] = {false};
    unsigned known = 0, seq = 0;

    end += sprintf(end, "\"user_id\": 1, \"friends\": [900");
    for (int i = 0; i < FRIENDS; i++)
        end += sprintf(end, ", %d", FIRST + i);
    sprintf(end, "]");
    call(client, "1", "login", params);
    expect_login(client, "");
    udp_host_open(&host, server);
    for (uint32_t i = 0; i < FRIENDS; i++) {
        char text[32];

        snprintf(text, sizeof text, "{\"user_id\": %u}", FIRST + i);
        udp_host_send(&host, i, text);
    }
    while (known < FRIENDS) {
        const char *text = udp_client_receive(client->udp, "news");
        json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *told = json_object_get(value, "params");

        ck_assert_uint_le(strlen(text), DATAGRAM_BYTES);
        ck_assert_int_eq(json_integer_value(json_object_get(told, "seq")), ++seq);
        for (size_t i = 0; i < json_array_size(json_object_get(told, "changes")); i++) {
            const json_t *change = json_array_get(json_object_get(told, "changes"), i);
            json_int_t which = json_integer_value(json_object_get(change, "user_id")) - FIRST;

            ck_assert(which >= 0 && which < FRIENDS && !online[which] && json_is_true(json_object_get(change, "online")));
            online[which] = true;
            known++;
        }
        json_decref(value);
    }
    client->seq = seq;
    fence(client);
    udp_host_close(&host);
    user_close(client);
    free(params);
    server_stop(server);
}
END_TEST

/* A user has sessions of both transports; watchers of both dialects hear of it once. */
START_TEST(news_crosses_transports_and_dialects)
{
    struct server *server = server_start("--workers 3");
    struct session *classic = session_open(server, 7, "1");
    struct rpc_client *stream = rpc_login(server, "8", "1", "");
    struct user *client = user_open(server);
    struct udp_client *datagrams = udp_client_enter(server, 6, "1, 901");

    udp_client_send(client->udp, LOGIN("1", "900, 6, 7, 8"));
    expect_login(client, "6, 7, 8");
    client_expect(classic->client, ONLINE);
    rpc_expect_online(stream, "1", NULL);
    udp_client_expect(datagrams, ONLINE);
    struct rpc_client *second = rpc_login(server, "1", "", "");
    call(client, "1", "logout", NULL);
    expect_result(client, "1", "{}");
    session_fence(classic);
    rpc_fence(stream);
    udp_client_fence(datagrams, 901);
    rpc_logout(second);
    client_expect(classic->client, OFFLINE);
    rpc_expect_offline(stream, "1", "goodbye");
    udp_client_expect(datagrams, OFFLINE);
    session_leave(classic);
    rpc_logout(stream);
    user_close(client);
    udp_client_close(datagrams);
    server_stop(server);
}
END_TEST

static Suite *
udp_suite(void)
{
    Suite *suite = suite_create("jsonrpc_udp");
    TCase *tests = tcase_create("jsonrpc_udp");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, methods_and_numbered_news);
    tcase_add_test(tests, logging_in_again_answers_afresh);
    tcase_add_test(tests, another_user_at_the_same_address_begins_anew);
    tcase_add_test(tests, what_is_wrong_ends_nothing);
    tcase_add_test(tests, strangers_log_nobody_out);
    tcase_add_test(tests, the_heartbeat_is_one_that_can_be_kept);
    tcase_add_test(tests, silence_is_a_timeout);
    tcase_add_test(tests, a_snapshot_that_does_not_fit_is_refused);
    tcase_add_test(tests, news_of_many_is_told_in_numbered_datagrams);
    tcase_add_test(tests, news_crosses_transports_and_dialects);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(udp_suite());
}
