/* SPDX-License-Identifier: MIT
 *
 * libalo over TCP, against a server that follows a script: what is asked for and how, and what becomes of each answer. What a bad server can do is in
 * test_client_bad_server.c.
 */
#include "alo/client.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/scene.h"

#include <stdio.h>
#include <string.h>

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
    scene_expect_presence(&scene, two_and_carol[1], true, true, 0, "caf\xC3\xA9 \xF0\x9F\x98\x80", ALO_REASON_NONE);
    scene_expect_presence(&scene, two_and_carol[0], true, false, 1764000000123, "away", ALO_REASON_NONE);
    scene_expect_presence(&scene, two_and_carol[1], false, false, 1764000000130, NULL, ALO_REASON_TIMEOUT);
    scene_expect_presence(&scene, two_and_carol[0], false, false, 7, NULL, ALO_REASON_GOODBYE);
    scene_expect_nothing(&scene);
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
    scene_expect_presence(&scene, alo_user_number(2), true, true, 0, NULL, ALO_REASON_NONE);
    scene_expect_presence(&scene, alo_user_number(3), true, true, 0, NULL, ALO_REASON_NONE);
    ck_assert_int_eq(alo_online(scene.client, asked, 4, presences), ALO_OK);
    ck_assert(presences[0].online && !presences[1].online && presences[2].online && !presences[3].online);
    ck_assert_str_eq(presences[2].status, "busy");
    ck_assert_ptr_null(presences[1].status);
    ck_assert_int_eq(alo_set_status(scene.client, "\\\n"), ALO_OK);
    ck_assert_int_eq(alo_set_status(scene.client, NULL), ALO_OK);
    ck_assert_int_eq(alo_unfollow(scene.client, less, 2), ALO_OK);
    scene_expect_nothing(&scene); /* about 2, neither before nor after the answer */
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
    scene_expect_presence(&scene, alo_user_number(2), true, true, 0, NULL, ALO_REASON_NONE);
    scene_expect_presence(&scene, alo_user_number(2), false, false, 3, NULL, ALO_REASON_NONE);
    scene_expect_nothing(&scene);
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
    scene_expect_presence(&scene, alo_user_number(2), false, false, 3, NULL, ALO_REASON_CLOSED);
    scene_expect_presence(&scene, alo_user_name("carol"), true, false, 2, NULL, ALO_REASON_NONE);
    scene_expect_nothing(&scene);
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

    scene_expect_presence(&scene, alo_user_number(2), true, false, 9, NULL, ALO_REASON_NONE);
    scene_expect_nothing(&scene);
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
    scene_expect_nothing(&scene);
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
        scene_next(&scene, ALO_EVENT_SOMEONE);
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
    scene_next(&scene, ALO_EVENT_ERROR);
    ck_assert_str_eq(alo_error_code(scene.client), "too_many_friends");
    scene_expect_lost(&scene, "too_many_friends");
    snprintf(address, sizeof address, "127.0.0.1:%d", fake_port(scene.fake));
    ck_assert_int_eq(alo_connect(scene.client, address), ALO_OK);
    ck_assert_int_eq(alo_login(scene.client, alo_user_number(1), NULL, 0, NULL), ALO_OK);
    scene_expect_lost(&scene, "");
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

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, a_conversation);
    tcase_add_test(tests, a_conversation_in_bytes);
    tcase_add_test(tests, every_call);
    tcase_add_test(tests, a_refusal_changes_nothing);
    tcase_add_test(tests, news_during_a_call);
    tcase_add_test(tests, what_is_not_known_is_left_alone);
    tcase_add_test(tests, wrong_arguments);
    tcase_add_test(tests, addresses);
    tcase_add_test(tests, classic);
    tcase_add_test(tests, classic_errors);
    tcase_add_test(tests, without_memory);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
