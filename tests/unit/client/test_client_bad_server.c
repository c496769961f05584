/* SPDX-License-Identifier: MIT
 *
 * libalo over TCP, against a server that follows a script: what a bad server can do, and how a connection ends.
 */
#include "support/unit/scene.h"

#include "support/pace.h"
#include "support/unit.h"

#include <poll.h>
#include <stdio.h>

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

    scene_expect_lost(&scene, "");
    scene_close(&scene);
}
END_TEST

START_TEST(garbage_instead_of_an_answer)
{
    const struct fake_step steps[] = {LOGIN(""), {.hear = "ping", .say = garbage[_i]}, END};
    struct scene scene = scene_login(steps);

    ck_assert_int_eq(alo_ping(scene.client), ALO_BAD_SERVER);
    scene_expect_lost(&scene, "");
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
    scene_expect_lost(&scene, "");
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

    scene_next(&scene, ALO_EVENT_ERROR);
    ck_assert_str_eq(alo_error_code(scene.client), "shutting_down");
    ck_assert_str_eq(alo_error_text(scene.client), "bye ");
    scene_expect_lost(&scene, "shutting_down");
    snprintf(address, sizeof address, "127.0.0.1:%d", fake_port(scene.fake));
    ck_assert_int_eq(alo_connect(scene.client, address), ALO_OK);
    ck_assert_int_eq(alo_login(scene.client, alo_user_number(1), NULL, 0, NULL), ALO_REFUSED);
    ck_assert_str_eq(alo_error_code(scene.client), "server_full");
    scene_expect_lost(&scene, "server_full");
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
    scene_expect_presence(&scene, alo_user_number(2), true, false, 5, NULL, ALO_REASON_NONE);
    scene_expect_lost(&scene, "shutting_down");
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

    scene_expect_presence(&scene, alo_user_number(2), true, true, 0, NULL, ALO_REASON_NONE);
    if (!_i)
        scene_expect_presence(&scene, alo_user_name("carol"), true, false, 1, NULL, ALO_REASON_NONE);
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
    scene_expect_lost(&scene, "");
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
    scene_expect_lost(&scene, "");
    scene_close(&scene);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("client_bad_server");
    TCase *tests = tcase_create("tcp");
    const int garbage_count = sizeof garbage / sizeof *garbage;

    tcase_set_timeout(tests, pace_test_timeout_s());
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
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
