/* SPDX-License-Identifier: MIT
 *
 * What has to wait in the JSON-RPC dialect: a celebrity for its own older news, and who does not read the answers, who is not read from.
 */
#include "presence/rpc.h"

#include "net/session_internal.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/require.h"
#include "support/unit/rpc.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- Celebrities ---- */

enum { CROWD = NEWS_SLICE + 20 };

/* A crowd on worker 0 that follows user 1, who logs in; the news of it is under way, and more than one slice. */
static struct actor *
celebrity_comes(struct actor **crowd, bool by_datagram)
{
    struct actor *star;

    for (int i = 0; i < CROWD; i++) {
        char user[8];

        sprintf(user, "%d", 1000 + i);
        crowd[i] = rpc_login(0, user, "1", "");
    }
    star = by_datagram ? stage_correspond(1) : stage_connect(1);
    rpc_call(star, "login", "'user_id': 1, 'friends': [], 'token': 'so that the answer is no longer than three times this'", "0");
    stage_take_mail(0);
    ck_assert(stage_tell(0));
    stage_turn(1);
    stage_expect(star, "0:hi[]");
    return star;
}

static void
expect_crowd(struct actor **crowd, const char *text)
{
    for (int i = 0; i < CROWD; i++)
        REQUIRE(strcmp(stage_heard(crowd[i]), text) == 0, "number %d did not hear %s", i, text);
}

START_TEST(a_celebritys_status_waits_for_its_older_news)
{
    struct actor *crowd[CROWD], *star = celebrity_comes(crowd, false);

    rpc_say(star,
        "[{'jsonrpc': '2.0', 'method': 'ping', 'id': 1}, {'jsonrpc': '2.0', 'method': 'status', 'params': {'status': 'x'}, 'id': 2},"
        " {'jsonrpc': '2.0', 'method': 'unfollow', 'params': {'friends': [7]}, 'id': 3}]");
    stage_turn(1);
    stage_expect(star, "");
    ck_assert(!stage_is_read(star));
    stage_settle();
    stage_pass_ms(1);
    stage_expect(star, "(1:pong,2:{},3:{})");
    ck_assert(stage_is_read(star));
    expect_crowd(crowd, "<1+> <1+=x>");
}
END_TEST

/* A long batch may wait for news, too, between two of its slices. */
START_TEST(a_celebritys_status_in_a_long_batch_waits)
{
    static char text[1 << 16];
    struct actor *crowd[CROWD], *star = celebrity_comes(crowd, false);

    snprintf(text, sizeof text,
        "[{'jsonrpc': '2.0', 'method': 'status', 'params': {'status': 'x'}, 'id': 1},%20000s{'jsonrpc': '2.0', 'method': 'ping', 'id': 2},%20000s"
        "{'jsonrpc': '2.0', 'method': 'status', 'params': {'status': 'y'}, 'id': 3}]",
        "", "");
    rpc_say(star, text);
    for (int i = 0; i < 5; i++)
        stage_turn(1);
    stage_expect(star, "");
    ck_assert(!list_is_empty(&stage.presence->desks[1].braked));
    stage_settle();
    stage_pass_ms(1);
    for (int i = 0; i < 2; i++) { /* the first status is news of a celebrity, and the second waits for it */
        stage_settle();
        stage_pass_ms(1);
    }
    stage_expect(star, "(1:{},2:pong,3:{})");
    ck_assert(stage_is_read(star));
    expect_crowd(crowd, "<1+> <1+=x> <1+=y>");
}
END_TEST

START_TEST(a_celebrity_may_end_while_its_batch_waits)
{
    struct actor *crowd[CROWD], *star = celebrity_comes(crowd, false);

    rpc_say(star,
        "[{'jsonrpc': '2.0', 'method': 'ping', 'id': 1}, {'jsonrpc': '2.0', 'method': 'status', 'params': {'status': 'x'}, 'id': 2},"
        " {'jsonrpc': '2.0', 'method': 'logout', 'id': 3}] {'jsonrpc'");
    ck_assert(!stage_is_read(star));
    stage_lose(star);
    stage_settle();
    stage_pass_ms(1);
    ck_assert_uint_eq(stage.presence->desks[1].unfinished, 0);
    expect_crowd(crowd, "<1+> <1-closed>");
}
END_TEST

START_TEST(a_celebritys_login_waits_for_its_older_news)
{
    struct actor *crowd[CROWD], *star = celebrity_comes(crowd, false);

    rpc_call(star, "logout", NULL, NULL);
    star = stage_connect(1);
    rpc_say(star,
        "[{'jsonrpc': '2.0', 'method': 'ping', 'id': 1}, {'jsonrpc': '2.0', 'method': 'login', 'params': {'user_id': 1}, 'id': 2}]"
        "{'jsonrpc': '2.0', 'method': 'ping', 'id': 3}");
    stage_turn(1);
    stage_expect(star, "");
    ck_assert(!stage_is_read(star));
    stage_settle();
    stage_pass_ms(1);
    stage_expect(star, "(1:pong,2:hi[]) 3:pong");
    for (int i = 0; i < CROWD; i++) {
        const char *heard = stage_heard(crowd[i]);

        REQUIRE(strcmp(heard + strlen(heard) - strlen("<1+>"), "<1+>") == 0, "number %d heard %s", i, heard);
    }
}
END_TEST

START_TEST(a_celebritys_login_again_with_a_status_waits_too)
{
    struct actor *crowd[CROWD], *star = celebrity_comes(crowd, true);
    static const char again[] = "'user_id': 1, 'friends': [], 'status': 'x', 'token': 'so that the answer is no longer than three times this'";

    rpc_call(star, "login", again, "1");
    stage_turn(1);
    stage_expect(star, "");
    stage_settle();
    stage_pass_ms(1);
    stage_expect(star, "1:hi[]");
    expect_crowd(crowd, "<1+> <1+=x>");
}
END_TEST

/* ---- Back-pressure ---- */

START_TEST(who_does_not_read_the_answers_is_not_read_from)
{
    struct actor *client = rpc_login(0, "1", "2", "");
    int asked = rpc_ask_until_blocked(client);
    const char *heard;

    rpc_call(client, "ping", NULL, "1"); /* the one that finds the socket blocked */
    stage_settle();
    ck_assert(!stage_is_read(client));
    stage_login(1, 2, NULL);
    stage_settle();
    heard = stage_heard_out(client);
    ck_assert_int_eq(rpc_count(heard, "1:pong"), asked + 1);
    ck_assert_int_eq(rpc_count(heard, "<2+>"), 1);
    ck_assert(stage_is_read(client));
    rpc_expect(client, "ping", NULL, "1:pong");
}
END_TEST

/* Errors under no id are answers, too. */
START_TEST(who_does_not_read_the_errors_is_not_read_from)
{
    struct actor *client = rpc_login(0, "1", "", "");

    (void)rpc_ask_until_blocked(client);
    rpc_say(client, "[]");
    ck_assert(!stage_is_read(client));
    (void)stage_heard_out(client);
    ck_assert(stage_is_read(client));
}
END_TEST

/* The message that it has begun is not late while it is we who do not read its end. */
START_TEST(who_is_not_read_from_is_not_too_late)
{
    struct actor *client = rpc_login(0, "1", "", "");
    char text[256];

    (void)rpc_ask_until_blocked(client);
    snprintf(text, sizeof text, "%s{\"jsonrpc\": \"2.0\", ", rpc_text("ping", NULL, "1"));
    stage_receive(client, text);
    ck_assert(!stage_is_read(client));
    stage_pass_ms(3 * STAGE_MESSAGE_MS);
    (void)stage_heard_out(client);
    ck_assert(stage_is_read(client));
    rpc_say(client, "'method': 'ping', 'id': 7}");
    stage_settle();
    stage_expect(client, "7:pong");
    rpc_say(client, "{");
    stage_pass_ms(STAGE_MESSAGE_MS);
    stage_expect(client, "null:-32000/message_timeout .");
}
END_TEST

/* A client that is not read from because of its answers, and is gone: reading finds it out. */
START_TEST(who_is_not_read_from_and_is_gone_is_noticed)
{
    struct actor *client = rpc_login(0, "1", "", "");

    (void)rpc_ask_until_blocked(client);
    rpc_call(client, "ping", NULL, "1");
    ck_assert(!stage_is_read(client));
    close(client->peer);
    client->peer = -1;
    stage_room(client);
    stage_settle();
    ck_assert(stage_is_read(client));
}
END_TEST

static Suite *
waits_suite(void)
{
    Suite *suite = suite_create("rpc_waits");
    TCase *tests = tcase_create("rpc_waits");

    tcase_add_checked_fixture(tests, stage_open_three, stage_close);
    tcase_set_timeout(tests, 10 * pace_test_timeout_s());
    tcase_add_test(tests, a_celebritys_status_waits_for_its_older_news);
    tcase_add_test(tests, a_celebritys_status_in_a_long_batch_waits);
    tcase_add_test(tests, a_celebrity_may_end_while_its_batch_waits);
    tcase_add_test(tests, a_celebritys_login_waits_for_its_older_news);
    tcase_add_test(tests, a_celebritys_login_again_with_a_status_waits_too);
    tcase_add_test(tests, who_does_not_read_the_answers_is_not_read_from);
    tcase_add_test(tests, who_does_not_read_the_errors_is_not_read_from);
    tcase_add_test(tests, who_is_not_read_from_is_not_too_late);
    tcase_add_test(tests, who_is_not_read_from_and_is_gone_is_noticed);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(waits_suite());
}
