/* SPDX-License-Identifier: MIT
 *
 * libalo over TCP, against a server that follows a script: what is asked for and how, what becomes of each answer, and what a bad server can do.
 */
#include "alo/client.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/fake_server.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESULT(result) "{\"jsonrpc\": \"2.0\", \"id\": $, \"result\": " result "}\n"
#define REFUSAL(word) "{\"jsonrpc\": \"2.0\", \"id\": $, \"error\": {\"code\": -32000, \"message\": \"no: " word "\", \"data\": \"" word "\"}}\n"
#define CHANGES(changes) "{\"jsonrpc\": \"2.0\", \"method\": \"presence\", \"params\": {\"changes\": [" changes "]}}\n"
#define LOGIN_RESULT(online) RESULT("{\"session\": \"s1\", \"online\": [" online "], \"heartbeat\": 10}")
#define LOGIN(online)                                                \
    {                                                                \
        .hear = "\"method\": \"login\"", .say = LOGIN_RESULT(online) \
    }
#define END             \
    {                   \
        .act = FAKE_END \
    }

/* A client that is connected to a server with this script. */
struct scene {
    struct fake *fake;
    struct alo_client *client;
    struct alo_event event;
};

static const struct alo_user two_and_carol[] = {{NULL, 2}, {"carol", 0}};

static struct scene
scene_open(const struct fake_step *steps, struct alo_options options)
{
    struct scene scene = {.fake = fake_start(false, steps)};
    char address[32];

    if (options.request_timeout_ms == 0)
        options.request_timeout_ms = pace_left_ms(pace_deadline_ms());
    scene.client = alo_new(&options);
    ck_assert_ptr_nonnull(scene.client);
    snprintf(address, sizeof address, "127.0.0.1:%d", fake_port(scene.fake));
    ck_assert_msg(alo_connect(scene.client, address) == ALO_OK, "%s", alo_error_text(scene.client));
    return scene;
}

static struct scene
scene_login(const struct fake_step *steps)
{
    struct scene scene = scene_open(steps, (struct alo_options){0});

    ck_assert_msg(alo_login(scene.client, alo_user_number(1), two_and_carol, 2, NULL) == ALO_OK, "%s", alo_error_text(scene.client));
    return scene;
}

static void
scene_close(struct scene *scene)
{
    fake_stop(scene->fake);
    alo_close(scene->client);
}

static void
next(struct scene *scene, enum alo_event_kind kind)
{
    enum alo_result result = alo_next_event(scene->client, &scene->event, pace_left_ms(pace_deadline_ms()));

    ck_assert_msg(result == ALO_OK, "%s: %s", alo_result_text(result), alo_error_text(scene->client));
    ck_assert_int_eq(scene->event.kind, kind);
}

static void
expect_presence(struct scene *scene, struct alo_user user, bool online, bool snapshot, int64_t at_ms, const char *status, enum alo_reason reason)
{
    next(scene, ALO_EVENT_PRESENCE);
    ck_assert_pstr_eq(scene->event.user.name, user.name);
    ck_assert_int_eq(scene->event.user.number, user.number);
    ck_assert_int_eq(scene->event.online, online);
    ck_assert_int_eq(scene->event.snapshot, snapshot);
    ck_assert_int_eq(scene->event.at_ms, at_ms);
    ck_assert_pstr_eq(scene->event.status, status);
    ck_assert_int_eq(scene->event.reason, reason);
}

static void
expect_nothing(struct scene *scene)
{
    ck_assert_int_eq(alo_next_event(scene->client, &scene->event, 0), ALO_TIMEOUT);
    ck_assert_str_eq(alo_error_text(scene->client), alo_result_text(ALO_TIMEOUT));
}

static void
expect_lost(struct scene *scene, const char *code)
{
    next(scene, ALO_EVENT_LOST);
    ck_assert_str_eq(alo_error_code(scene->client), code);
    ck_assert_str_ne(alo_error_text(scene->client), "");
    ck_assert_int_eq(alo_next_event(scene->client, &scene->event, -1), ALO_NOT_CONNECTED);
    ck_assert_int_eq(alo_fd(scene->client), -1);
    ck_assert_int_eq(alo_timeout_ms(scene->client), -1);
}

/* A whole conversation, each event with all of its fields. With `bytewise` each byte comes by itself. */
static void
converse(bool bytewise)
{
    const struct fake_step steps[] = {
        {.hear = "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"login\", \"params\": {\"user_id\": \"m\\u0022e\", \"friends\": [",
            .say = RESULT("{\"session\": \"s\\u0031\", \"online\": [\"carol\"], \"heartbeat\": 10, "
                          "\"statuses\": [{\"user_id\": \"carol\", \"status\": \"caf\\u00e9 \\ud83d\\ude00\"}]}"),
            .bytewise = bytewise},
        {.say = CHANGES(
             "{\"user_id\": 2, \"online\": true, \"at\": 1764000000123, \"status\": \"away\"}, "
             "{\"user_id\": \"carol\", \"online\": false, \"at\": 1764000000130, \"reason\": \"timeout\"}, "
             "{\"user_id\": \"2\", \"online\": true, \"at\": 5}") "\r\n" CHANGES("{ \"reason\" : \"goodbye\" , \"new\": [{}, [], \"\\\\\"], \"at\": "
                                                                                 "7, \"online\" :false, \"user_id\":2 }"),
            .bytewise = bytewise},
        END,
    };
    struct scene scene = scene_open(steps, (struct alo_options){0});

    ck_assert_str_eq(alo_session_id(scene.client), "");
    ck_assert_int_eq(alo_login(scene.client, alo_user_name("m\"e"), two_and_carol, 2, "here"), ALO_OK);
    ck_assert_str_eq(alo_session_id(scene.client), "s1");
    ck_assert_int_eq(alo_timeout_ms(scene.client), 0);
    expect_presence(&scene, two_and_carol[1], true, true, 0, "caf\xC3\xA9 \xF0\x9F\x98\x80", ALO_REASON_NONE);
    expect_presence(&scene, two_and_carol[0], true, false, 1764000000123, "away", ALO_REASON_NONE);
    expect_presence(&scene, two_and_carol[1], false, false, 1764000000130, NULL, ALO_REASON_TIMEOUT);
    expect_presence(&scene, two_and_carol[0], false, false, 7, NULL, ALO_REASON_GOODBYE);
    expect_nothing(&scene);
    ck_assert_int_eq(alo_timeout_ms(scene.client), -1);
    ck_assert_int_ge(alo_fd(scene.client), 0);
    scene_close(&scene);
}

START_TEST(a_conversation)
{
    converse(false);
}
END_TEST

START_TEST(a_conversation_in_bytes)
{
    converse(true);
}
END_TEST

START_TEST(every_call)
{
    static const struct fake_step steps[] = {
        {.hear = "\"method\": \"ping\"}", .say = RESULT("\"pong\"")},
        LOGIN("2"),
        {.hear = "\"method\": \"follow\", \"params\": {\"friends\": [3,\"4\"]}}", .say = RESULT("{\"online\": [3]}")},
        {.hear = "\"method\": \"online\", \"params\": {\"users\": [9,2,9,\"x\"]}}",
            .say = RESULT("{\"online\": [9], \"statuses\": [{\"user_id\": 9, \"status\": \"busy\"}]}")},
        {.hear = "\"method\": \"status\", \"params\": {\"status\": \"\\u005c\\u000a\"}}", .say = RESULT("{}")},
        {.hear = "\"method\": \"status\", \"params\": {\"status\": null}}", .say = RESULT("{}")},
        {.hear = "\"method\": \"unfollow\", \"params\": {\"friends\": [2,7]}}",
            .say = CHANGES("{\"user_id\": 2, \"online\": false, \"at\": 1}") RESULT("{}") CHANGES("{\"user_id\": 2, \"online\": true, \"at\": 2}")},
        {.hear = "\"method\": \"logout\"}", .say = RESULT("{}"), .act = FAKE_CLOSE},
        END,
    };
    static const struct alo_user more[] = {{NULL, 3}, {"4", 0}}, asked[] = {{NULL, 9}, {NULL, 2}, {NULL, 9}, {"x", 0}},
                                 less[] = {{NULL, 2}, {NULL, 7}};
    struct scene scene = scene_open(steps, (struct alo_options){0});
    struct alo_presence presences[4];

    ck_assert_int_eq(alo_ping(scene.client), ALO_OK);
    ck_assert_int_eq(alo_login(scene.client, alo_user_number(INT64_MIN), two_and_carol, 2, NULL), ALO_OK);
    ck_assert_int_eq(alo_follow(scene.client, more, 2), ALO_OK);
    expect_presence(&scene, alo_user_number(2), true, true, 0, NULL, ALO_REASON_NONE);
    expect_presence(&scene, alo_user_number(3), true, true, 0, NULL, ALO_REASON_NONE);
    ck_assert_int_eq(alo_online(scene.client, asked, 4, presences), ALO_OK);
    ck_assert(presences[0].online && !presences[1].online && presences[2].online && !presences[3].online);
    ck_assert_str_eq(presences[2].status, "busy");
    ck_assert_ptr_null(presences[1].status);
    ck_assert_int_eq(alo_set_status(scene.client, "\\\n"), ALO_OK);
    ck_assert_int_eq(alo_set_status(scene.client, NULL), ALO_OK);
    ck_assert_int_eq(alo_unfollow(scene.client, less, 2), ALO_OK);
    expect_nothing(&scene); /* about 2, neither before nor after the answer */
    ck_assert_int_eq(alo_logout(scene.client), ALO_OK);
    ck_assert_int_eq(alo_next_event(scene.client, &scene.event, -1), ALO_NOT_CONNECTED);
    scene_close(&scene);
}
END_TEST

START_TEST(a_refusal_changes_nothing)
{
    static const struct fake_step steps[] = {
        {.hear = "login", .say = REFUSAL("unauthorized")},
        LOGIN("2"),
        {.hear = "follow", .say = REFUSAL("too_many_friends")},
        {.hear = "unfollow", .say = REFUSAL("too_many_friends")},
        {.say = CHANGES("{\"user_id\": 7, \"online\": true, \"at\": 1}, {\"user_id\": 2, \"online\": false, \"at\": 3}")},
        END,
    };
    static const struct alo_user seven[] = {{NULL, 7}};
    struct scene scene = scene_open(steps, (struct alo_options){.token = "t"});

    ck_assert_int_eq(alo_login(scene.client, alo_user_number(1), seven, 1, NULL), ALO_REFUSED);
    ck_assert_str_eq(alo_error_code(scene.client), "unauthorized");
    ck_assert_str_eq(alo_error_text(scene.client), "no: unauthorized");
    ck_assert_int_eq(alo_follow(scene.client, seven, 1), ALO_NOT_LOGGED_IN);
    ck_assert_str_eq(alo_error_code(scene.client), "");
    ck_assert_int_eq(alo_login(scene.client, alo_user_number(1), two_and_carol, 2, NULL), ALO_OK);
    ck_assert_int_eq(alo_follow(scene.client, seven, 1), ALO_REFUSED);
    ck_assert_int_eq(alo_unfollow(scene.client, two_and_carol, 2), ALO_REFUSED);
    ck_assert_str_eq(alo_error_code(scene.client), "too_many_friends");
    expect_presence(&scene, alo_user_number(2), true, true, 0, NULL, ALO_REASON_NONE);
    expect_presence(&scene, alo_user_number(2), false, false, 3, NULL, ALO_REASON_NONE);
    expect_nothing(&scene);
    scene_close(&scene);
}
END_TEST

/* What is told while a call waits is kept in bounded memory: the newest of each friend. */
START_TEST(news_during_a_call)
{
    static const struct fake_step steps[] = {
        LOGIN(""),
        {.hear = "ping",
            .say = CHANGES("{\"user_id\": 2, \"online\": true, \"at\": 1}") CHANGES("{\"user_id\": \"carol\", \"online\": true, \"at\": 2}")
                CHANGES("{\"user_id\": 2, \"online\": false, \"at\": 3, \"reason\": \"closed\"}") RESULT("\"pong\"")},
        END,
    };
    struct scene scene = scene_login(steps);

    ck_assert_int_eq(alo_ping(scene.client), ALO_OK);
    expect_presence(&scene, alo_user_number(2), false, false, 3, NULL, ALO_REASON_CLOSED);
    expect_presence(&scene, alo_user_name("carol"), true, false, 2, NULL, ALO_REASON_NONE);
    expect_nothing(&scene);
    scene_close(&scene);
}
END_TEST

START_TEST(what_is_not_known_is_left_alone)
{
    static const struct fake_step steps[] = {
        LOGIN(""),
        {.say = "\n \r\n{\"jsonrpc\": \"2.0\", \"method\": \"news\", \"params\": {\"seconds\": 30}}\n"
                "{\"jsonrpc\": \"2.0\", \"method\": \"presence?\", \"params\": null}\n{\"jsonrpc\": \"2.0\", \"id\": 77, \"result\": {}}\n"
                "{\"jsonrpc\": \"2.0\", \"id\": 78, \"error\": {}}\n{}\n" CHANGES("{\"user_id\": 2, \"online\": true, \"at\": 9}")},
        END,
    };
    struct scene scene = scene_login(steps);

    expect_presence(&scene, alo_user_number(2), true, false, 9, NULL, ALO_REASON_NONE);
    expect_nothing(&scene);
    scene_close(&scene);
}
END_TEST

/* Each ends the connection, and no more. */
static const char *const garbage[] = {
    "hello\n",
    "{\"jsonrpc\": \"2.0\"\n",
    "[]\n",
    "1\n",
    "null\n",
    "\"\n",
    "{\"a\": \"\\u0000\"}\n",
    "{\"a\": \"\xFF\"}\n",
    "{\"a\": 01}\n",
    "{\"a\": }\n",
    "{\"a\" 1}\n",
    "{\"a\": 1,}\n",
    "{} {}\n",
    "{\"method\": 1}\n",
    "{\"id\": \"x\", \"result\": 1}\n",
    "{\"id\": 1e3, \"result\": 1}\n",
    "{\"id\": -1, \"result\": 1}\n",
    "{\"id\": 99999999999999999999, \"result\": 1}\n",
    "{\"id\": 5}\n",
    "{\"id\": 5, \"error\": 5}\n",
    "{\"error\": []}\n",
    "{\"method\": \"drain\"}\n",
    "{\"method\": \"drain\", \"params\": {\"retry_after_ms\": \"1\"}}\n",
    "{\"method\": \"drain\", \"params\": {\"retry_after_ms\": -1}}\n",
    "{\"method\": \"presence\"}\n",
    "{\"method\": \"presence\", \"params\": []}\n",
    "{\"method\": \"presence\", \"params\": {\"changes\": {}}}\n",
    CHANGES("1"),
    CHANGES("{}"),
    CHANGES("{\"user_id\": 2}"),
    CHANGES("{\"user_id\": 2, \"online\": 1}"),
    CHANGES("{\"user_id\": 2.0, \"online\": true}"),
    CHANGES("{\"user_id\": 9223372036854775808, \"online\": true}"),
    CHANGES("{\"user_id\": \"\", \"online\": true}"),
    CHANGES("{\"user_id\": [], \"online\": true}"),
    CHANGES("{\"user_id\": 2, \"online\": true, \"status\": 1}"),
    CHANGES("{\"user_id\": 2, \"online\": true, \"at\": \"now\"}"),
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
};

START_TEST(garbage_ends_it)
{
    const struct fake_step steps[] = {LOGIN(""), {.say = garbage[_i]}, END};
    struct scene scene = scene_login(steps);

    expect_lost(&scene, "");
    scene_close(&scene);
}
END_TEST

START_TEST(garbage_instead_of_an_answer)
{
    const struct fake_step steps[] = {LOGIN(""), {.hear = "ping", .say = garbage[_i]}, END};
    struct scene scene = scene_login(steps);

    ck_assert_int_eq(alo_ping(scene.client), ALO_BAD_SERVER);
    expect_lost(&scene, "");
    scene_close(&scene);
}
END_TEST

static const char *const bad_logins[] = {
    RESULT("null"),
    RESULT("{}"),
    RESULT("{\"online\": 1}"),
    RESULT("{\"online\": [{}]}"),
    RESULT("{\"online\": [2], \"statuses\": [1]}"),
    RESULT("{\"online\": [2], \"statuses\": [{\"user_id\": 2, \"status\": []}]}"),
};

START_TEST(a_snapshot_that_is_none)
{
    const struct fake_step steps[] = {{.hear = "login", .say = bad_logins[_i]}, END};
    struct scene scene = scene_open(steps, (struct alo_options){0});

    ck_assert_int_eq(alo_login(scene.client, alo_user_number(1), two_and_carol, 2, NULL), ALO_BAD_SERVER);
    fake_stop(scene.fake);
    alo_close(scene.client);
}
END_TEST

START_TEST(a_line_without_end)
{
    static const struct fake_step steps[] = {LOGIN(""), {.say = "{\"a\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", .act = FAKE_FLOOD}, END};
    struct scene scene = scene_open(steps, (struct alo_options){.max_line_bytes = 100000});

    ck_assert_int_eq(alo_login(scene.client, alo_user_number(1), NULL, 0, NULL), ALO_OK);
    expect_lost(&scene, "");
    scene_close(&scene);
}
END_TEST

/* A server that talks without end cannot hold the program, nor grow in it. */
START_TEST(a_flood)
{
    static const struct fake_step steps[] = {
        LOGIN(""), {.say = CHANGES("{\"user_id\": 999, \"online\": true}") "{\"method\": \"x\"}\n", .act = FAKE_FLOOD}, END};
    struct scene scene = scene_login(steps);

    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(alo_next_event(scene.client, &scene.event, i % 2), ALO_TIMEOUT);
    alo_close(scene.client);
    fake_abandon(scene.fake);
}
END_TEST

START_TEST(the_server_says_why)
{
    static const struct fake_step steps[] = {
        LOGIN(""),
        {.say = "{\"jsonrpc\": \"2.0\", \"id\": null, \"error\": {\"code\": -32000, \"message\": \"bye\\u001b\", \"data\": \"shutting_down\"}}\n",
            .act = FAKE_CLOSE},
        {.say = "{\"error\": {\"code\": \"server_full\", \"message\": \"full\"}}\n", .act = FAKE_CLOSE},
        END,
    };
    struct scene scene = scene_login(steps);
    char address[32];

    next(&scene, ALO_EVENT_ERROR);
    ck_assert_str_eq(alo_error_code(scene.client), "shutting_down");
    ck_assert_str_eq(alo_error_text(scene.client), "bye ");
    expect_lost(&scene, "shutting_down");
    snprintf(address, sizeof address, "127.0.0.1:%d", fake_port(scene.fake));
    ck_assert_int_eq(alo_connect(scene.client, address), ALO_OK);
    ck_assert_int_eq(alo_login(scene.client, alo_user_number(1), NULL, 0, NULL), ALO_REFUSED);
    ck_assert_str_eq(alo_error_code(scene.client), "server_full");
    expect_lost(&scene, "server_full");
    scene_close(&scene);
}
END_TEST

/* What was told before it counts; nothing comes after it, so the connection is lost at once. */
START_TEST(the_server_says_when_to_come_back)
{
    static const struct {
        const char *said;
        int retry_ms;
    } cases[] = {{"1234", 1234}, {"0", 0}, {"9223372036854775807", 24 * 60 * 60 * 1000}};
    char drain[256];
    const struct fake_step steps[] = {LOGIN(""), {.say = drain}, {.act = FAKE_CLOSE}, LOGIN(""), END};
    char address[32];

    snprintf(drain, sizeof drain,
        CHANGES(
            "{\"user_id\": 2, \"online\": true, \"at\": 5}") "{\"jsonrpc\": \"2.0\", \"method\": \"drain\", \"params\": {\"retry_after_ms\": %s}}\n",
        cases[_i].said);
    struct scene scene = scene_login(steps);
    ck_assert_int_eq(alo_retry_after_ms(scene.client), -1);
    expect_presence(&scene, alo_user_number(2), true, false, 5, NULL, ALO_REASON_NONE);
    expect_lost(&scene, "shutting_down");
    ck_assert_int_eq(alo_retry_after_ms(scene.client), cases[_i].retry_ms);
    snprintf(address, sizeof address, "127.0.0.1:%d", fake_port(scene.fake));
    ck_assert_int_eq(alo_connect(scene.client, address), ALO_OK);
    ck_assert_int_eq(alo_retry_after_ms(scene.client), -1);
    ck_assert_int_eq(alo_login(scene.client, alo_user_number(1), NULL, 0, NULL), ALO_OK);
    scene_close(&scene);
}
END_TEST

START_TEST(the_connection_ends)
{
    const struct fake_step steps[] = {
        LOGIN("2"), {.say = CHANGES("{\"user_id\": \"carol\", \"online\": true, \"at\": 1}") "{\"jsonrpc", .act = _i ? FAKE_RESET : FAKE_CLOSE}, END};
    struct scene scene = scene_login(steps);

    expect_presence(&scene, alo_user_number(2), true, true, 0, NULL, ALO_REASON_NONE);
    if (!_i)
        expect_presence(&scene, alo_user_name("carol"), true, false, 1, NULL, ALO_REASON_NONE);
    do /* a reset may overtake what was said before it */
        ck_assert_int_eq(alo_next_event(scene.client, &scene.event, pace_left_ms(pace_deadline_ms())), ALO_OK);
    while (_i && scene.event.kind == ALO_EVENT_PRESENCE);
    ck_assert_int_eq(scene.event.kind, ALO_EVENT_LOST);
    scene_close(&scene);
}
END_TEST

/* Calls over a connection that has ended: no signal, no crash, and the loss is told once. */
START_TEST(calls_after_the_end)
{
    const struct fake_step steps[] = {LOGIN(""), {.act = _i ? FAKE_RESET : FAKE_CLOSE}, END};
    struct scene scene = scene_login(steps);
    struct pollfd one = {.fd = alo_fd(scene.client), .events = POLLIN};

    ck_assert_int_eq(poll(&one, 1, pace_left_ms(pace_deadline_ms())), 1);
    ck_assert_int_eq(alo_ping(scene.client), ALO_LOST);
    ck_assert_int_eq(alo_ping(scene.client), ALO_NOT_CONNECTED);
    ck_assert_int_eq(alo_logout(scene.client), ALO_NOT_CONNECTED);
    expect_lost(&scene, "");
    scene_close(&scene);
}
END_TEST

START_TEST(no_answer)
{
    static const struct fake_step steps[] = {LOGIN(""), {.hear = "ping"}, END};
    struct scene scene = scene_open(steps, (struct alo_options){.request_timeout_ms = pace_stretched_ms(100)});

    ck_assert_int_eq(alo_login(scene.client, alo_user_number(1), NULL, 0, NULL), ALO_OK);
    ck_assert_int_eq(alo_next_event(scene.client, &scene.event, 1), ALO_TIMEOUT);
    ck_assert_int_eq(alo_ping(scene.client), ALO_TIMEOUT);
    expect_lost(&scene, "");
    scene_close(&scene);
}
END_TEST

START_TEST(wrong_arguments)
{
    static const struct fake_step steps[] = {LOGIN(""), END};
    struct scene scene = scene_login(steps);
    struct alo_presence presence;
    char name[130];
    const struct alo_user empty = {"", 0}, latin = {"\xE9", 0}, longer = {name, 0};

    memset(name, 'n', sizeof name - 1);
    name[129] = '\0';
    ck_assert_int_eq(alo_follow(scene.client, NULL, 1), ALO_BAD_ARGUMENT);
    ck_assert_int_eq(alo_follow(scene.client, &empty, 1), ALO_BAD_ARGUMENT);
    ck_assert_int_eq(alo_unfollow(scene.client, &latin, 1), ALO_BAD_ARGUMENT);
    ck_assert_int_eq(alo_online(scene.client, &longer, 1, &presence), ALO_BAD_ARGUMENT);
    ck_assert_int_eq(alo_online(scene.client, two_and_carol, 1, NULL), ALO_BAD_ARGUMENT);
    ck_assert_int_eq(alo_set_status(scene.client, "\xC0\x80"), ALO_BAD_ARGUMENT);
    ck_assert_int_eq(alo_next_event(scene.client, NULL, 0), ALO_BAD_ARGUMENT);
    ck_assert_int_eq(alo_connect(NULL, "localhost"), ALO_BAD_ARGUMENT);
    ck_assert_int_eq(alo_login(NULL, empty, NULL, 0, NULL), ALO_BAD_ARGUMENT);
    ck_assert_int_eq(alo_next_event(NULL, &scene.event, 0), ALO_BAD_ARGUMENT);
    ck_assert_int_eq(alo_ping(NULL), ALO_BAD_ARGUMENT);
    ck_assert_int_eq(alo_fd(NULL), -1);
    ck_assert_str_ne(alo_error_text(NULL), "");
    ck_assert_str_eq(alo_error_code(NULL), "");
    alo_close(NULL);
    expect_nothing(&scene);
    scene_close(&scene);
}
END_TEST

START_TEST(addresses)
{
    static const char *const wrong[] = {"", ":8080", "[]", "[::1", "[::1]8080", "[::1]:", "host:", "host:0", "host:65536", "host:x", "host:1x", "::g",
        "256.0.0.1.1.1:1", "host:000001"};
    struct alo_client *client = alo_new(NULL);

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(alo_connect(client, wrong[i]) == ALO_BAD_ADDRESS, "%s", wrong[i]);
    ck_assert_str_ne(alo_error_text(client), "");
    ck_assert_int_eq(alo_connect(client, "127.0.0.1:1"), ALO_LOST); /* nobody is there */
    ck_assert_int_eq(alo_ping(client), ALO_NOT_CONNECTED);
    alo_close(client);
}
END_TEST

START_TEST(classic)
{
    static const struct fake_step steps[] = {
        {.hear = "{\"user_id\": -5, \"friends\": [2]}"},
        {.hear = "{\"user_id\": -5, \"friends\": [", .say = "{\"online\": true}\n{\"online\": false}\n"},
        {.hear = "{\"user_id\": -5, \"friends\": [2]}", .say = "{\"new\": 1}\n{\"online\": true}\n"},
        {.hear = "{\"user_id\": -5}"},
        {.hear = "{\"user_id\": -5, \"online\": false}", .act = FAKE_CLOSE},
        END,
    };
    static const struct alo_user three[] = {{NULL, 3}};
    struct scene scene = scene_open(steps, (struct alo_options){.classic = true});
    struct alo_presence presence;

    ck_assert_int_eq(alo_ping(scene.client), ALO_NOT_LOGGED_IN);
    ck_assert_int_eq(alo_login(scene.client, alo_user_number(-5), two_and_carol, 2, NULL), ALO_UNSUPPORTED);
    ck_assert_int_eq(alo_login(scene.client, alo_user_number(-5), two_and_carol, 1, "away"), ALO_UNSUPPORTED);
    ck_assert_int_eq(alo_login(scene.client, alo_user_number(-5), two_and_carol, 1, NULL), ALO_OK);
    ck_assert_int_eq(alo_follow(scene.client, three, 1), ALO_OK);
    ck_assert_int_eq(alo_unfollow(scene.client, three, 1), ALO_OK);
    ck_assert_int_eq(alo_ping(scene.client), ALO_OK);
    ck_assert_int_eq(alo_online(scene.client, three, 1, &presence), ALO_UNSUPPORTED);
    ck_assert_int_eq(alo_set_status(scene.client, NULL), ALO_UNSUPPORTED);
    for (int i = 0; i < 3; i++) {
        next(&scene, ALO_EVENT_SOMEONE);
        ck_assert_int_eq(scene.event.online, i != 1);
    }
    ck_assert_int_eq(alo_logout(scene.client), ALO_OK);
    scene_close(&scene);
}
END_TEST

START_TEST(classic_errors)
{
    static const struct fake_step steps[] = {
        {.hear = "{\"user_id\": 1, \"friends\": []}",
            .say = "{\"error\": {\"code\": \"too_many_friends\", \"message\": \"many\"}}\n",
            .act = FAKE_CLOSE},
        {.hear = "user_id", .say = "{\"online\": 1}\n"},
        END,
    };
    struct scene scene = scene_open(steps, (struct alo_options){.classic = true});
    char address[32];

    ck_assert_int_eq(alo_login(scene.client, alo_user_number(1), NULL, 0, NULL), ALO_OK);
    next(&scene, ALO_EVENT_ERROR);
    ck_assert_str_eq(alo_error_code(scene.client), "too_many_friends");
    expect_lost(&scene, "too_many_friends");
    snprintf(address, sizeof address, "127.0.0.1:%d", fake_port(scene.fake));
    ck_assert_int_eq(alo_connect(scene.client, address), ALO_OK);
    ck_assert_int_eq(alo_login(scene.client, alo_user_number(1), NULL, 0, NULL), ALO_OK);
    expect_lost(&scene, "");
    scene_close(&scene);
}
END_TEST

/* What a program does in one breath; false where memory was missing. It must then be able to begin again. */
static bool
visit(struct alo_client *client, const char *address)
{
    static const struct alo_user more[] = {{NULL, 3}, {"dora", 0}};
    struct alo_presence presences[2];
    struct alo_event event;
    int events = 0;

    if (alo_connect(client, address) != ALO_OK || alo_login(client, alo_user_number(1), two_and_carol, 2, "here") != ALO_OK ||
        alo_follow(client, more, 2) != ALO_OK || alo_online(client, more, 2, presences) != ALO_OK || alo_unfollow(client, more, 2) != ALO_OK)
        return false;
    while (events < 2 && alo_next_event(client, &event, -1) == ALO_OK && event.kind == ALO_EVENT_PRESENCE)
        events++;
    return events == 2 && alo_logout(client) == ALO_OK;
}

START_TEST(without_memory)
{
    static const struct fake_step steps[] = {
        {.hear = "login", .say = RESULT("{\"online\": [2], \"statuses\": [{\"user_id\": 2, \"status\": \"away\"}]}")},
        {.hear = "follow", .say = RESULT("{\"online\": [3]}")},
        {.hear = "online", .say = RESULT("{\"online\": [\"dora\"], \"statuses\": [{\"user_id\": \"dora\", \"status\": \"busy\"}]}")},
        {.hear = "unfollow", .say = RESULT("{}") CHANGES("{\"user_id\": \"carol\", \"online\": true, \"status\": \"x\"}")},
        {.hear = "logout", .say = RESULT("{}"), .act = FAKE_CLOSE},
        END,
    };
    bool whole = false;
    long nth;

    for (nth = 1; !whole; nth++) {
        struct fake *fake = fake_start(false, steps);
        struct alo_options options = {.token = "secret"};
        struct alo_client *client;
        char address[32];

        snprintf(address, sizeof address, "127.0.0.1:%d", fake_port(fake));
        faults_allocation(nth, 0);
        client = alo_new(&options);
        whole = visit(client, address);
        faults_allocation(0, 0);
        if (!whole && client != NULL && alo_error_text(client)[0] != '\0')
            ck_assert_str_eq(alo_error_text(client), alo_result_text(ALO_NO_MEMORY));
        alo_close(client);
        fake_abandon(fake);
        ck_assert_int_lt(nth, 200);
    }
    ck_assert_int_gt(nth, 10);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("client");
    TCase *tests = tcase_create("tcp");
    const int garbage_count = sizeof garbage / sizeof *garbage;

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, a_conversation);
    tcase_add_test(tests, a_conversation_in_bytes);
    tcase_add_test(tests, every_call);
    tcase_add_test(tests, a_refusal_changes_nothing);
    tcase_add_test(tests, news_during_a_call);
    tcase_add_test(tests, what_is_not_known_is_left_alone);
    tcase_add_loop_test(tests, garbage_ends_it, 0, garbage_count);
    tcase_add_loop_test(tests, garbage_instead_of_an_answer, 0, garbage_count);
    tcase_add_loop_test(tests, a_snapshot_that_is_none, 0, (int)(sizeof bad_logins / sizeof *bad_logins));
    tcase_add_test(tests, a_line_without_end);
    tcase_add_test(tests, a_flood);
    tcase_add_test(tests, the_server_says_why);
    tcase_add_loop_test(tests, the_server_says_when_to_come_back, 0, 3);
    tcase_add_loop_test(tests, the_connection_ends, 0, 2);
    tcase_add_loop_test(tests, calls_after_the_end, 0, 2);
    tcase_add_test(tests, no_answer);
    tcase_add_test(tests, wrong_arguments);
    tcase_add_test(tests, addresses);
    tcase_add_test(tests, classic);
    tcase_add_test(tests, classic_errors);
    tcase_add_test(tests, without_memory);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
