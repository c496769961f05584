/* SPDX-License-Identifier: MIT
 *
 * libalo over UDP, against a server that follows a script and loses what it likes.
 */
#include "alo/client.h"

#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/scene.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define NUMBERED_CHANGES(seq, changes) \
    "{\"jsonrpc\": \"2.0\", \"method\": \"presence\", \"params\": {\"seq\": " seq ", \"changes\": [" changes "]}}\n"
#define ONLINE(user) "{\"user_id\": " user ", \"online\": true, \"at\": 1}"
#define OFFLINE(user) "{\"user_id\": " user ", \"online\": false, \"at\": 2}"
#define BEAT "\"method\": \"unfollow\", \"params\": {\"friends\": []}"

static const struct alo_user two_and_three[] = {{NULL, 2}, {NULL, 3}};

static struct scene
udp_scene_open(const struct fake_step *steps, struct alo_options options)
{
    options.udp = true;
    return scene_open(steps, options);
}

static void
login(struct scene *scene)
{
    ck_assert_msg(alo_login(scene->client, alo_user_number(1), two_and_three, 2, NULL) == ALO_OK, "%s", alo_error_text(scene->client));
}

static void
expect_presence(struct scene *scene, int64_t user, bool online, bool snapshot)
{
    scene_next(scene, ALO_EVENT_PRESENCE);
    ck_assert_int_eq(scene->event.user.number, user);
    ck_assert_int_eq(scene->event.online, online);
    ck_assert_int_eq(scene->event.snapshot, snapshot);
}

/* Lets the client do what is due until the server has heard so much. */
static void
run_until_heard(struct scene *scene, unsigned count)
{
    int64_t deadline = pace_deadline_ms();

    while (fake_heard(scene->fake) < count) {
        ck_assert_int_eq(alo_next_event(scene->client, &scene->event, 5), ALO_TIMEOUT);
        ck_assert_int_gt(pace_left_ms(deadline), 0);
    }
}

START_TEST(a_question_is_asked_again)
{
    static const struct fake_step steps[] = {
        {.hear = "\"id\": 1, \"method\": \"login\""},
        {.hear = "\"id\": 1, \"method\": \"login\""},
        {.hear = "\"id\": 1, \"method\": \"login\"", .say = "junk"},
        {.say = LOGIN_RESULT("2")},
        {.hear = "ping"},
        {.hear = "ping", .say = RESULT("\"pong\"")},
        {.hear = "logout"},
        {.hear = "logout", .say = REFUSAL("not_logged_in")},
        END,
    };
    struct scene scene = udp_scene_open(steps, (struct alo_options){.request_timeout_ms = 3000});

    login(&scene);
    expect_presence(&scene, 2, true, true);
    ck_assert_int_eq(alo_ping(scene.client), ALO_OK);
    ck_assert_int_eq(alo_logout(scene.client), ALO_OK);
    scene_close(&scene);
}
END_TEST

START_TEST(no_answer_at_all)
{
    static const struct fake_step steps[] = {{.hear = "login"}, {.hear = "login"}, {.hear = "login"}, {.hear = "login"}, {.hear = "login"}, END};
    struct scene scene = udp_scene_open(steps, (struct alo_options){.request_timeout_ms = 300});

    ck_assert_int_eq(alo_login(scene.client, alo_user_number(1), NULL, 0, NULL), ALO_TIMEOUT);
    scene_next(&scene, ALO_EVENT_LOST);
    scene_close(&scene);
}
END_TEST

START_TEST(nobody_there)
{
    const struct alo_options options = {.udp = true};
    struct alo_client *client = alo_new(&options);
    int64_t begun = pace_now_ms();

    ck_assert_int_eq(alo_connect(client, "127.0.0.1:1"), ALO_OK);
    ck_assert_int_eq(alo_login(client, alo_user_number(1), NULL, 0, NULL), ALO_LOST);
    ck_assert_int_lt(pace_now_ms() - begun, 5000);
    alo_close(client);
}
END_TEST

/* A name with two addresses, of which only the second answers. */
START_TEST(the_other_address)
{
    static const struct fake_step steps[] = {LOGIN(""), END};
    const struct alo_options options = {.udp = true};
    struct fake *fake = fake_start(true, steps);
    struct alo_client *client = alo_new(&options);
    char address[32];

    snprintf(address, sizeof address, "localhost:%d", fake_port(fake));
    ck_assert_int_eq(alo_connect(client, address), ALO_OK);
    ck_assert_msg(alo_login(client, alo_user_number(1), NULL, 0, NULL) == ALO_OK, "%s", alo_error_text(client));
    fake_stop(fake);
    alo_close(client);
}
END_TEST

START_TEST(heartbeats)
{
    static const struct fake_step steps[] = {
        LOGIN("2"),
        {.hear = BEAT, .say = RESULT("{}")},
        {.hear = BEAT, .say = RESULT("{}")},
        {.hear = BEAT, .say = RESULT("{}")},
        LOGIN("3"), /* the last notification was lost */
        {.hear = BEAT, .say = RESULT("{}")},
        END,
    };
    struct scene scene = udp_scene_open(steps, (struct alo_options){.heartbeat_ms = 20});

    login(&scene);
    expect_presence(&scene, 2, true, true);
    ck_assert_int_le(alo_timeout_ms(scene.client), 20);
    run_until_heard(&scene, 4);
    scene_next(&scene, ALO_EVENT_PRESENCE);
    ck_assert_int_eq(scene.event.online, scene.event.user.number == 3);
    ck_assert(scene.event.snapshot);
    scene_next(&scene, ALO_EVENT_PRESENCE);
    ck_assert_int_eq(scene.event.online, scene.event.user.number == 3);
    run_until_heard(&scene, 6);
    scene_close(&scene);
}
END_TEST

/* Else one who asks all the time would never find out that the last notification was lost. */
START_TEST(a_call_is_no_heartbeat)
{
    static const struct fake_step steps[] = {LOGIN(""), {.hear = "ping", .say = RESULT("\"pong\"")}, {.hear = BEAT, .say = RESULT("{}")}, END};
    struct scene scene = udp_scene_open(steps, (struct alo_options){.heartbeat_ms = 20});
    int64_t deadline = pace_deadline_ms();

    login(&scene);
    while (alo_timeout_ms(scene.client) > 0)
        ck_assert_int_gt(pace_left_ms(deadline), 0);
    ck_assert_int_eq(alo_ping(scene.client), ALO_OK);
    ck_assert_int_eq(alo_timeout_ms(scene.client), 0);
    run_until_heard(&scene, 3);
    scene_close(&scene);
}
END_TEST

START_TEST(a_loss_is_noticed)
{
    static const struct fake_step steps[] = {
        {.hear = "login", .say = LOGIN_RESULT("")},
        {.say = NUMBERED_CHANGES("1", ONLINE("2"))},
        {.say = NUMBERED_CHANGES("3", ONLINE("3"))},  /* 2 is missing: 2 went, say */
        {.say = NUMBERED_CHANGES("2", OFFLINE("3"))}, /* an old one, overtaken */
        {.hear = "login", .say = LOGIN_RESULT("3")},
        {.say = NUMBERED_CHANGES("4", ONLINE("2"))},
        {.say = NUMBERED_CHANGES("5", OFFLINE("2"))},
        END,
    };
    struct scene scene = udp_scene_open(steps, (struct alo_options){0});

    login(&scene);
    expect_presence(&scene, 2, true, false);
    expect_presence(&scene, 3, true, false);
    expect_presence(&scene, 2, false, true);
    expect_presence(&scene, 2, true, false);
    expect_presence(&scene, 2, false, false);
    ck_assert_int_eq(alo_next_event(scene.client, &scene.event, 10), ALO_TIMEOUT);
    scene_close(&scene);
}
END_TEST

START_TEST(a_server_that_forgot)
{
    static const struct fake_step steps[] = {
        LOGIN("2"),
        {.say = NUMBERED_CHANGES("1", OFFLINE("2"))},
        {.hear = BEAT, .say = REFUSAL("not_logged_in")},
        {.hear = "\"status\": \"away\"", .say = LOGIN_RESULT("3")},
        {.say = NUMBERED_CHANGES("1", ONLINE("2"))},
        {.hear = BEAT, .say = RESULT("{}")},
        END,
    };
    struct scene scene = udp_scene_open(steps, (struct alo_options){.heartbeat_ms = 50});

    ck_assert_int_eq(alo_login(scene.client, alo_user_number(1), two_and_three, 2, "away"), ALO_OK);
    expect_presence(&scene, 2, true, true);
    expect_presence(&scene, 2, false, false);
    expect_presence(&scene, 3, true, true);
    expect_presence(&scene, 2, true, false);
    run_until_heard(&scene, 4);
    scene_close(&scene);
}
END_TEST

START_TEST(a_server_that_forgot_and_refuses)
{
    static const struct fake_step steps[] = {
        LOGIN(""), {.hear = BEAT, .say = REFUSAL("not_logged_in")}, {.hear = "login", .say = REFUSAL("server_full")}, END};
    struct scene scene = udp_scene_open(steps, (struct alo_options){.heartbeat_ms = 20});

    login(&scene);
    scene_next(&scene, ALO_EVENT_LOST);
    ck_assert_str_eq(alo_error_code(scene.client), "server_full");
    scene_close(&scene);
}
END_TEST

/* One that is older than what is known is somebody else's, or late. */
START_TEST(a_server_that_says_when_to_come_back)
{
#define DRAIN(seq, retry) "{\"jsonrpc\": \"2.0\", \"method\": \"drain\", \"params\": {\"seq\": " seq ", \"retry_after_ms\": " retry "}}\n"
    static const struct fake_step steps[] = {LOGIN(""), {.say = NUMBERED_CHANGES("1", ONLINE("2"))}, {.say = NUMBERED_CHANGES("2", ONLINE("3"))},
        {.say = DRAIN("1", "5")}, {.say = DRAIN("3", "7")}, END};
    struct scene scene = udp_scene_open(steps, (struct alo_options){0});

    login(&scene);
    expect_presence(&scene, 2, true, false);
    expect_presence(&scene, 3, true, false);
    scene_next(&scene, ALO_EVENT_LOST);
    ck_assert_str_eq(alo_error_code(scene.client), "shutting_down");
    ck_assert_int_eq(alo_retry_after_ms(scene.client), 7);
    scene_close(&scene);
}
END_TEST

START_TEST(a_server_that_vanished)
{
    static const struct fake_step steps[] = {LOGIN(""), {.hear = BEAT}, {.hear = BEAT}, {.hear = BEAT}, {.hear = BEAT}, {.hear = BEAT}, END};
    struct scene scene = udp_scene_open(steps, (struct alo_options){.heartbeat_ms = 20, .request_timeout_ms = pace_stretched_ms(500)});

    login(&scene);
    scene_next(&scene, ALO_EVENT_LOST);
    ck_assert_int_eq(alo_next_event(scene.client, &scene.event, -1), ALO_NOT_CONNECTED);
    scene_close(&scene);
}
END_TEST

/* The answer to the first follow was lost; that to the second names nobody. */
START_TEST(a_follow_that_was_repeated)
{
    static const struct fake_step steps[] = {
        LOGIN(""),
        {.hear = "follow"},
        {.hear = "follow", .say = RESULT("{\"online\": []}")},
        {.hear = "9", .say = LOGIN_RESULT("9")},
        END,
    };
    static const struct alo_user nine[] = {{NULL, 9}};
    struct scene scene = udp_scene_open(steps, (struct alo_options){.request_timeout_ms = 3000});

    login(&scene);
    ck_assert_int_eq(alo_follow(scene.client, nine, 1), ALO_OK);
    expect_presence(&scene, 9, true, true);
    scene_close(&scene);
}
END_TEST

START_TEST(room_for_a_large_answer)
{
    static const struct fake_step steps[] = {
        {.hear = "login", .say = REFUSAL("too_large")},
        {.hear = "               ", .say = LOGIN_RESULT("2")},
        END,
    };
    struct scene scene = udp_scene_open(steps, (struct alo_options){0});

    login(&scene);
    expect_presence(&scene, 2, true, true);
    scene_close(&scene);
}
END_TEST

START_TEST(too_many_for_a_datagram)
{
    enum { MANY = 9000 };
    static struct alo_user many[MANY];
    static const struct fake_step steps[] = {LOGIN(""), {.hear = "ping", .say = RESULT("\"pong\"")}, END};
    struct scene scene = udp_scene_open(steps, (struct alo_options){0});

    for (int i = 0; i < MANY; i++)
        many[i] = alo_user_number(1000000 + i);
    ck_assert_int_eq(alo_login(scene.client, alo_user_number(1), many, MANY, NULL), ALO_TOO_LARGE);
    login(&scene);
    ck_assert_int_eq(alo_follow(scene.client, many, MANY), ALO_TOO_LARGE);
    ck_assert_int_eq(alo_ping(scene.client), ALO_OK);
    scene_close(&scene);
}
END_TEST

START_TEST(junk_is_ignored)
{
    static const struct fake_step steps[] = {
        LOGIN(""),
        {.say = ""},
        {.say = "[]"},
        {.say = "{\"method\": \"presence\"}"},
        {.say = NUMBERED_CHANGES("0", ONLINE("2"))},
        {.say = NUMBERED_CHANGES("1", ONLINE("2"))},
        END,
    };
    struct scene scene = udp_scene_open(steps, (struct alo_options){0});

    login(&scene);
    expect_presence(&scene, 2, true, false);
    scene_close(&scene);
}
END_TEST

START_TEST(classic)
{
    static const struct fake_step steps[] = {
        {.hear = "{\"user_id\": 1, \"friends\": ["},
        {.hear = "{\"user_id\": 1, \"friends\": [", .say = "{\"online\": true}\n"},
        {.hear = "{\"user_id\": 1, \"friends\": ["},
        END,
    };
    struct scene scene = udp_scene_open(steps, (struct alo_options){.classic = true, .heartbeat_ms = 20});

    login(&scene);
    scene_next(&scene, ALO_EVENT_SOMEONE);
    ck_assert(scene.event.online);
    run_until_heard(&scene, 3);
    ck_assert_int_eq(alo_logout(scene.client), ALO_OK);
    scene_close(&scene);
}
END_TEST

START_TEST(classic_nobody_there)
{
    const struct alo_options options = {.udp = true, .classic = true, .heartbeat_ms = 10};
    struct alo_client *client = alo_new(&options);
    struct alo_event event;

    ck_assert_int_eq(alo_connect(client, "127.0.0.1:1"), ALO_OK);
    ck_assert_int_eq(alo_login(client, alo_user_number(1), NULL, 0, NULL), ALO_OK);
    ck_assert_int_eq(alo_next_event(client, &event, pace_left_ms(pace_deadline_ms())), ALO_OK);
    ck_assert_int_eq(event.kind, ALO_EVENT_LOST);
    alo_close(client);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("client_udp");
    TCase *tests = tcase_create("udp");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, a_question_is_asked_again);
    tcase_add_test(tests, no_answer_at_all);
    tcase_add_test(tests, nobody_there);
    tcase_add_test(tests, the_other_address);
    tcase_add_test(tests, heartbeats);
    tcase_add_test(tests, a_call_is_no_heartbeat);
    tcase_add_test(tests, a_loss_is_noticed);
    tcase_add_test(tests, a_server_that_forgot);
    tcase_add_test(tests, a_server_that_forgot_and_refuses);
    tcase_add_test(tests, a_server_that_says_when_to_come_back);
    tcase_add_test(tests, a_server_that_vanished);
    tcase_add_test(tests, a_follow_that_was_repeated);
    tcase_add_test(tests, room_for_a_large_answer);
    tcase_add_test(tests, too_many_for_a_datagram);
    tcase_add_test(tests, junk_is_ignored);
    tcase_add_test(tests, classic);
    tcase_add_test(tests, classic_nobody_there);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
