/* SPDX-License-Identifier: MIT
 *
 * Long batches: each has a turn in which it is looked at, and then its calls have turns, as many bytes of them in each as are read of a client in one, or
 * one call. What that must not change: there is one answer, in order, news does not overtake it, and a batch that is not good JSON does nothing.
 *
 * In texts, # stands for 10,000 spaces: of calls with one in front of each, one is carried out in a turn.
 */
#include "presence/rpc.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/peer.h"
#include "support/unit/require.h"
#include "support/unit/rpc.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPACES = 10000, TEXT_MAX = 1 << 18 };

static void
say(struct actor *actor, const char *text)
{
    static char spaced[TEXT_MAX];
    char *at = spaced;

    for (; *text != '\0'; text++) {
        REQUIRE(at - spaced < TEXT_MAX - SPACES - 1, "too long a text");
        if (*text != '#') {
            *at++ = *text;
            continue;
        }
        memset(at, ' ', SPACES);
        at += SPACES;
    }
    *at = '\0';
    rpc_say(actor, spaced);
}

#define PING(id) "{'jsonrpc': '2.0', 'method': 'ping', 'id': " #id "}"
#define SILENT_PING "{'jsonrpc': '2.0', 'method': 'ping'}"
#define CALL(method, params, id) "{'jsonrpc': '2.0', 'method': '" method "', 'params': {" params "}, 'id': " #id "}"
#define PINGS "[" PING(1) ",#" PING(2) ",#" PING(3) ",#" PING(4) ",#" PING(5) "]"
static const char pongs[] = "(1:pong,2:pong,3:pong,4:pong,5:pong)";
enum { PINGS_TURNS = 5 }; /* one to look at it; then the first two calls together */

/* Turns of worker 0 until something is heard, which must be the text. Returns how many. */
static int
turns_until(struct actor *actor, const char *text)
{
    const char *heard = "";
    int turns = 0;

    for (; *heard == '\0'; turns++) {
        REQUIRE(turns < 1000, "nothing comes");
        stage_turn(0);
        heard = stage_heard(actor);
    }
    ck_assert_str_eq(heard, text);
    return turns;
}

static void
turns(int count)
{
    while (count-- > 0)
        stage_turn(0);
}

START_TEST(others_have_their_turns_between_the_slices)
{
    struct actor *client = rpc_login(0, "1", "", ""), *other = stage_connect(0);
    int count;

    say(client, PINGS PING(6));
    for (count = 0; !stage_is_read(client); count++) {
        stage_expect(client, "");
        rpc_call(other, "ping", NULL, "7");
        ck_assert(stage_turn(0) == (count + 1 < PINGS_TURNS));
        stage_expect(other, "7:pong");
    }
    ck_assert_int_eq(count, PINGS_TURNS);
    stage_expect(client, "(1:pong,2:pong,3:pong,4:pong,5:pong) 6:pong");
    ck_assert_uint_eq(stage.presence->desks[0].unfinished, 0);
}
END_TEST

/* Not longer than a slice, or a single call: at once, and nothing is kept. */
START_TEST(what_has_nothing_to_give_way_between_does_not_wait)
{
    struct actor *client = rpc_login(0, "1", "", "");

    say(client, "[#" PING(1) "," PING(2) "]");
    ck_assert(stage_is_read(client));
    stage_turn(0);
    stage_expect(client, "(1:pong,2:pong)");
    say(client, "{'jsonrpc': '2.0',## 'method': 'ping', 'id': 3}");
    ck_assert(stage_is_read(client));
    stage_turn(0);
    stage_expect(client, "3:pong");
}
END_TEST

/* In the order in which they came, a few in each turn. */
START_TEST(many_batches_share_the_turns)
{
    enum { CLIENTS = 7, SLICES_PER_TURN = 2 };
    struct actor *clients[CLIENTS];
    int answered = 0, count = 0;

    for (int i = 0; i < CLIENTS; i++)
        clients[i] = rpc_login(0, "1", "", "");
    for (int i = 0; i < CLIENTS; i++)
        say(clients[i], PINGS);
    for (; answered < CLIENTS; count++) {
        int now = 0;

        stage_turn(0);
        for (int i = answered; i < CLIENTS; i++) {
            const char *heard = stage_heard(clients[i]);

            if (*heard == '\0')
                break;
            ck_assert_str_eq(heard, pongs);
            now++;
        }
        ck_assert_int_le(now, SLICES_PER_TURN);
        answered += now;
    }
    ck_assert_int_eq(count, (CLIENTS * PINGS_TURNS + SLICES_PER_TURN - 1) / SLICES_PER_TURN);
}
END_TEST

START_TEST(a_batch_with_a_mistake_at_its_end_does_nothing)
{
    static const struct {
        const char *tail, *answer;
        bool stays;
    } cases[] = {
        {",]", "null:-32700/bad_json .", false},
        {", {'jsonrpc': '2.0' 'method': 'ping'}]", "null:-32700/bad_json .", false},
        {", {'a': 1, 'a': 2}]", "null:-32600/bad_message", true},
        {", '\\u0000']", "null:-32600/bad_message", true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct actor *client = rpc_login(0, "1", "", ""), *watcher = rpc_login(1, "2", "1", "1");
        char text[256];

        snprintf(text, sizeof text, "[%s##%s", CALL("status", "'status': 'away'", 1), cases[i].tail);
        say(client, text);
        turns_until(client, cases[i].answer);
        stage_settle();
        ck_assert(stage_is_read(client) == cases[i].stays);
        stage_expect(watcher, cases[i].stays ? "" : "<1-closed>");
        if (cases[i].stays)
            stage_lose(client);
        stage_lose(watcher);
        stage_settle();
    }
}
END_TEST

START_TEST(it_may_be_what_a_session_begins_with)
{
    struct actor *client = stage_connect(0), *last = stage_connect(0), *none = stage_connect(0);

    say(client, "[" CALL("login", "'user_id': 1, 'friends': [2]", 1) ",#" PING(2) ",#" CALL("online", "'users': [1]", 3) "]");
    turns_until(client, "(1:hi[],2:pong,3:[1])");
    say(last, "[1,#2,#" PING(3) "]");
    turns_until(last, "(null:-32600/bad_message,null:-32600/bad_message,3:pong)");
    say(none, "[1,#2,#{'method': 'ping', 'id': 1}]");
    turns_until(none, "bad_message .");
}
END_TEST

START_TEST(news_does_not_overtake_the_answer_that_it_amends)
{
    struct actor *friend = rpc_login(0, "2", "", ""), *client = rpc_login(0, "1", "", "");

    say(client, "[" CALL("follow", "'friends': [2]", 1) ",#" PING(2) ",#" PING(3) ",#" PING(4) "]");
    turns(2);
    ck_assert_uint_eq(stage_census().edges, 1);
    rpc_call(friend, "logout", NULL, "1");
    turns(1);
    stage_expect(friend, "1:{} .");
    stage_expect(client, "");
    turns_until(client, "(1:[2],2:pong,3:pong,4:pong) <2-goodbye>");
}
END_TEST

/* While nothing has been answered there is nothing to overtake. */
START_TEST(news_does_not_wait_for_a_batch_that_answers_nothing)
{
    struct actor *friend = rpc_login(0, "2", "", ""), *client = rpc_login(0, "1", "2", "2");

    say(client, "[" SILENT_PING ",#" SILENT_PING ",#" SILENT_PING ",#" SILENT_PING ",#" PING(3) "]");
    turns(2);
    rpc_call(friend, "logout", NULL, NULL);
    turns_until(client, "<2-goodbye>");
    turns_until(client, "(3:pong)");
}
END_TEST

/* Who is unfollowed in a later slice is not heard of any more, though news came between. */
START_TEST(news_between_the_slices_is_forgotten_with_the_friend)
{
    struct actor *friend = rpc_login(0, "2", "", ""), *client = rpc_login(0, "1", "", "");

    say(client, "[" CALL("follow", "'friends': [2]", 1) ",#" PING(2) ",#" CALL("unfollow", "'friends': [2]", 3) "]");
    turns(2);
    rpc_call(friend, "status", "'status': 'away'", NULL);
    turns(1);
    turns_until(client, "(1:[2],2:pong,3:{})");
    stage_settle();
    stage_expect(client, "");
}
END_TEST

START_TEST(after_a_logout_the_rest_has_its_turns_too)
{
    struct actor *watcher = rpc_login(1, "5", "1", ""), *client = rpc_login(0, "1", "", "");

    say(client, "[" CALL("logout", "", 1) ",#" PING(2) ",#" CALL("online", "'users': []", 3) ",#" CALL("login", "'user_id': 1", 4) "] " PING(5));
    ck_assert_int_eq(turns_until(client, "(1:{},2:pong,3:-32000/not_logged_in,4:-32000/not_logged_in) ."), 4);
    stage_settle();
    stage_expect(watcher, "<1+> <1-goodbye>");
}
END_TEST

START_TEST(over_a_limit_the_rest_is_refused)
{
    struct presence_config config = stage_usual();
    struct actor *client;

    stage_close();
    config.limits.friends = 3;
    stage_open_with(2, &config);
    client = rpc_login(0, "1", "", "");
    say(client, "[" CALL("online", "'users': [1, 2, 3, 4]", 1) ",#" PING(2) ",#" CALL("online", "'users': []", 3) "]");
    turns_until(client, "(1:-32000/too_many_friends,2:pong,3:-32000/not_logged_in) .");
}
END_TEST

START_TEST(a_reload_between_the_slices_leaves_the_batch)
{
    struct presence_config other = stage_usual();
    struct actor *client = rpc_login(0, "1", "", "");

    other.limits.message_bytes = 1024;
    other.limits.nesting = 2;
    other.unfinished_limit = 1;
    say(client, PINGS);
    turns(2);
    presence_handler.configured(stage.presence, &stage.workers[0], &other);
    stage_settle();
    stage_expect(client, "(1:pong,2:pong,3:pong,4:pong,5:pong)");
    say(client, PINGS);
    stage_settle();
    stage_expect(client, "null:-32000/too_large .");
}
END_TEST

/* The session ends, and with it what waits. */
START_TEST(a_session_may_end_between_the_slices)
{
    for (int after = 0; after < PINGS_TURNS; after++) {
        struct actor *client = rpc_login(0, "1", "", ""), *watcher = rpc_login(1, "5", "1", "1");

        say(client, PINGS);
        turns(after);
        stage_lose(client);
        stage_settle();
        stage_expect(watcher, "<1-closed>");
        ck_assert_uint_eq(stage.presence->desks[0].unfinished, 0);
        ck_assert(!stage_turn(0));
        stage_lose(watcher);
        stage_settle();
    }
}
END_TEST

/* The time for a login may be over while a batch has its turns: what it holds, and what came with it, still counts. */
START_TEST(a_login_must_come_in_time)
{
    struct actor *pings = stage_connect(0), *login = stage_connect(0), *behind = stage_connect(0), *unread = stage_connect(0);

    stage_pass_ms(STAGE_HELLO_MS - 1);
    say(pings, PINGS);
    say(login, "[" PING(1) ",#" PING(2) ",#" CALL("login", "'user_id': 1", 3) "]");
    say(behind, PINGS CALL("login", "'user_id': 2", 6));
    say(unread, PINGS);
    peer_send(
        unread->peer, "{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"params\": {\"user_id\": 3}, \"id\": 6}"); /* it is we who do not read it yet */
    stage_pass_ms(1);
    stage_expect(pings, "(1:pong,2:pong,3:pong,4:pong,5:pong) null:-32000/hello_timeout .");
    stage_expect(login, "(1:pong,2:pong,3:hi[])");
    stage_expect(behind, "(1:pong,2:pong,3:pong,4:pong,5:pong) 6:hi[]");
    stage_expect(unread, "(1:pong,2:pong,3:pong,4:pong,5:pong) 6:hi[]");
    stage_pass_ms(STAGE_HELLO_MS);
    ck_assert(stage_is_read(login) && stage_is_read(behind));
}
END_TEST

/* What was carried out is answered; then comes what has happened, and the last word. */
START_TEST(a_stop_does_not_wait_for_a_batch)
{
    struct actor *friend = rpc_login(0, "2", "", ""), *client = rpc_login(0, "1", "", ""), *whole = rpc_login(0, "3", "", "");

    say(client, "[" CALL("follow", "'friends': [2]", 1) ",#" PING(2) ",#" PING(3) ",#" PING(4) "]");
    say(whole, PINGS);
    turns(2);
    rpc_call(friend, "status", "'status': 'away'", NULL);
    turns(1);
    presence_stop(stage.presence);
    ck_assert(!stage_tell(0));
    presence_handler.stopping(stage.presence, &stage.workers[0], client->session);
    presence_handler.stopping(stage.presence, &stage.workers[0], whole->session);
    stage_settle();
    stage_expect(client, "(1:[2],2:pong,3:pong) <2+=away> null:-32000/shutting_down .");
    stage_expect(whole, "(1:pong,2:pong,3:pong) null:-32000/shutting_down .");
}
END_TEST

/* While there is too much news nothing more is asked for. */
START_TEST(nothing_is_carried_out_under_pressure)
{
    struct actor *client = rpc_login(0, "1", "", ""), *watcher = rpc_login(0, "2", "1", "1");

    say(client, "[" PING(1) ",#" PING(2) ",#" CALL("status", "'status': 'away'", 3) "]");
    turns(2);
    stage.pressure.mailboxes++;
    stage_pass_ms(10);
    stage_expect(client, "");
    stage_expect(watcher, "");
    ck_assert(deadline_is_running(&stage.presence->desks[0].brake)); /* there will be a turn when the pressure has gone */
    stage.pressure.mailboxes--;
    turns_until(client, "(1:pong,2:pong,3:{})");
    stage_settle();
    stage_expect(watcher, "<1+=away>");
    stage_pass_ms(2);
    ck_assert(!deadline_is_running(&stage.presence->desks[0].brake));
}
END_TEST

enum { OTHERS = 70 };

/* A client with a long batch that has been answered in part, and others who need the room that it takes. With `scarce`, there is no memory either. */
static struct actor *
crowd_out(struct actor *others[OTHERS], bool scarce)
{
    struct presence_config config = stage_usual();
    struct actor *client;

    stage_close();
    config.limits.message_bytes = 64 * 1024;
    config.unfinished_limit = 1; /* so it is twice the longest message */
    stage_open_with(1, &config);
    client = rpc_login(0, "1", "", "");
    say(client, PINGS);
    turns(2);
    for (int i = 0; i < OTHERS; i++) {
        char text[1000] = "{\"jsonrpc\": \"2.0\", \"x\": \"";

        memset(text + strlen(text), 'x', sizeof text - strlen(text) - 1);
        others[i] = stage_connect(0);
        if (scarce && stage.presence->desks[0].unfinished + sizeof text > stage.presence->desks[0].unfinished_share)
            faults_allocation(2, 1); /* the first is the stage's own */
        stage_receive_bytes(others[i], text, sizeof text - 1);
        faults_allocation(0, 0);
    }
    stage_settle();
    return client;
}

/* A long batch holds much, and gives way to those who need little. */
START_TEST(who_holds_a_long_batch_pays_for_the_room_that_others_need)
{
    struct actor *others[OTHERS], *client = crowd_out(others, false);

    stage_expect(client, "(1:pong,2:pong) null:-32000/server_full .");
    for (int i = 0; i < OTHERS; i++)
        stage_expect(others[i], "");
}
END_TEST

/* There is no memory to say so, nor for the answers that it has. */
START_TEST(it_pays_without_a_word_when_there_is_no_memory_for_one)
{
    struct actor *others[OTHERS], *client = crowd_out(others, true);

    ck_assert(!stage_is_read(client) || client->session == NULL);
    stage_lose(client);
    for (int i = 0; i < OTHERS; i++)
        stage_lose(others[i]);
    stage_settle();
    ck_assert_uint_eq(stage.presence->desks[0].unfinished, 0);
    ck_assert_uint_eq(stage_census().members, 0);
}
END_TEST

static Suite *
slices_suite(void)
{
    Suite *suite = suite_create("rpc_slices");
    TCase *tests = tcase_create("rpc_slices");

    tcase_add_checked_fixture(tests, stage_open_two, stage_close);
    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, others_have_their_turns_between_the_slices);
    tcase_add_test(tests, what_has_nothing_to_give_way_between_does_not_wait);
    tcase_add_test(tests, many_batches_share_the_turns);
    tcase_add_test(tests, a_batch_with_a_mistake_at_its_end_does_nothing);
    tcase_add_test(tests, it_may_be_what_a_session_begins_with);
    tcase_add_test(tests, news_does_not_overtake_the_answer_that_it_amends);
    tcase_add_test(tests, news_does_not_wait_for_a_batch_that_answers_nothing);
    tcase_add_test(tests, news_between_the_slices_is_forgotten_with_the_friend);
    tcase_add_test(tests, after_a_logout_the_rest_has_its_turns_too);
    tcase_add_test(tests, over_a_limit_the_rest_is_refused);
    tcase_add_test(tests, a_reload_between_the_slices_leaves_the_batch);
    tcase_add_test(tests, a_session_may_end_between_the_slices);
    tcase_add_test(tests, a_login_must_come_in_time);
    tcase_add_test(tests, a_stop_does_not_wait_for_a_batch);
    tcase_add_test(tests, nothing_is_carried_out_under_pressure);
    tcase_add_test(tests, who_holds_a_long_batch_pays_for_the_room_that_others_need);
    tcase_add_test(tests, it_pays_without_a_word_when_there_is_no_memory_for_one);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(slices_suite());
}
