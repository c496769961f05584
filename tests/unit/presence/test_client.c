/* SPDX-License-Identifier: MIT
 *
 * The conversation with one client: how bytes become messages, what each message does, what ends a session and what it is told
 * then. On a stage, so each step happens when the test says so.
 */
#include "presence/client.h"

#include "presence/input.h"
#include "support/unit.h"
#include "support/unit/peer.h"
#include "support/unit/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The error, then the end, and nothing of it is left in the graph. */
static void
expect_failed(struct actor *actor, const char *code)
{
    char text[64];

    stage_settle();
    snprintf(text, sizeof text, "%s .", code);
    stage_expect(actor, text);
    ck_assert(!stage_is_read(actor));
    stage_lose(actor); /* it lingers until its client closes */
    stage_settle();
    ck_assert_ptr_null(actor->session);
}

START_TEST(a_hello_logs_in)
{
    struct actor *watcher = stage_login(0, 1, "2");

    stage_login(1, 2, "1");
    ck_assert_uint_eq(stage_census().members, 2);
    stage_settle();
    stage_expect(watcher, "+");
}
END_TEST

/* Wherever the stream is cut, it means the same. */
START_TEST(a_stream_may_be_cut_anywhere)
{
    static const char stream[] =
        " \r\n{\"user_id\": 2, \"friends\": [1, 3]}\r\n{\"user_id\":2}{\"friends\" : [ 3 ],\"user_id\":2}\n\n{\"online\": false}";
    size_t length = sizeof stream - 1;

    for (size_t cut = 0; cut < length; cut++) {
        struct actor *watcher = stage_login(0, 1, "2"), *visitor = stage_connect(1);

        stage_receive_bytes(visitor, stream, cut);
        stage_settle();
        stage_receive_bytes(visitor, stream + cut, length - cut);
        stage_settle();
        stage_expect(watcher, "+ -");
        stage_expect(visitor, ".");
        ck_assert_uint_eq(stage_unfinished(), 0);
        stage_close();
        stage_open(2);
    }
    struct actor *watcher = stage_login(0, 1, "2"), *visitor = stage_connect(1);

    for (size_t i = 0; i < length; i++)
        stage_receive_bytes(visitor, stream + i, 1);
    stage_settle();
    stage_expect(watcher, "+ -");
    stage_expect(visitor, ".");
}
END_TEST

START_TEST(an_idle_session_has_no_buffer)
{
    struct actor *actor = stage_login(0, 1, "2");

    ck_assert_ptr_null(client_of(actor->session)->input);
    stage_receive(actor, "{\"user_id\": 1, ");
    ck_assert_ptr_nonnull(client_of(actor->session)->input);
    ck_assert_uint_gt(stage_unfinished(), 0);
    stage_receive(actor, "\"friends\": []}");
    ck_assert_ptr_null(client_of(actor->session)->input);
    ck_assert_uint_eq(stage_unfinished(), 0);
    stage_receive(actor, " \t\r\n");
    ck_assert_ptr_null(client_of(actor->session)->input);
}
END_TEST

START_TEST(a_hello_again_replaces_the_list_or_keeps_it)
{
    struct actor *watcher = stage_login(0, 1, "2, 3");

    stage_receive(watcher, "{\"user_id\": 1}");
    stage_receive(watcher, "{\"user_id\": 1, \"friends\": null}");
    stage_login(1, 2, NULL);
    stage_settle();
    stage_expect(watcher, "+");
    stage_receive(watcher, "{\"user_id\": 1, \"friends\": [4]}");
    stage_login(1, 3, NULL);
    stage_login(1, 4, NULL);
    stage_settle();
    stage_expect(watcher, "+");
    stage_receive(watcher, "{\"user_id\": 1, \"friends\": []}");
    ck_assert_uint_eq(stage_census().edges, 0);
}
END_TEST

START_TEST(a_goodbye_closes)
{
    struct actor *watcher = stage_login(0, 1, "2, 3");
    struct actor *named = stage_login(1, 2, NULL), *nameless = stage_login(1, 3, NULL), *stranger = stage_connect(1);

    stage_receive(named, "{\"user_id\": 2, \"online\": false}{\"user_id\": 2, \"friends\": [1]}");
    stage_receive(nameless, "{\"online\": false}");
    stage_receive(stranger, "{\"user_id\": 7, \"online\": false}");
    stage_settle();
    stage_expect(watcher, "+ + - -");
    stage_expect(named, ".");
    stage_expect(nameless, ".");
    stage_expect(stranger, ".");
    ck_assert_uint_eq(stage_census().members, 1);
}
END_TEST

START_TEST(another_users_id_is_a_mismatch)
{
    static const char *const messages[] = {"{\"user_id\": 3, \"friends\": [1]}", "{\"user_id\": 3}", "{\"user_id\": 3, \"online\": false}"};
    struct actor *watcher = stage_login(0, 1, "2");

    for (int i = 0; i < 3; i++) {
        struct actor *actor = stage_login(1, 2, NULL);

        stage_receive(actor, messages[i]);
        expect_failed(actor, "user_mismatch");
        stage_expect(watcher, "+ -");
    }
}
END_TEST

START_TEST(a_bad_message_ends_the_session_and_what_came_before_counts)
{
    static const struct {
        const char *text, *code;
    } cases[] = {
        {"]", "bad_json"},
        {"{\"user_id\": 2,}", "bad_json"},
        {"[1]", "bad_message"},
        {"{\"friends\": [1]}", "bad_message"},
        {"{\"user_id\": \"2\"}", "bad_message"},
        {"{\"user_id\": 2, \"online\": 1}", "bad_message"},
    };
    struct actor *watcher = stage_login(0, 1, "2");

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct actor *actor = stage_connect(1);
        char text[128];

        snprintf(text, sizeof text, "{\"user_id\": 2, \"friends\": [5]}%s{\"user_id\": 2, \"friends\": [1]}", cases[i].text);
        stage_receive(actor, text);
        expect_failed(actor, cases[i].code);
        stage_expect(watcher, "+ -");
    }
    ck_assert_uint_eq(stage_census().members, 1);
}
END_TEST

START_TEST(limits_end_the_session)
{
    struct presence_config config = stage_usual();

    config.limits.message_bytes = 1024;
    config.limits.friends = 3;
    config.limits.nesting = 4;
    stage_open_again(2, config);

    struct actor *actor = stage_connect(0);
    stage_receive(actor, "{\"user_id\": 1, \"friends\": [1, 1, 1, 1");
    expect_failed(actor, "too_many_friends");
    actor = stage_connect(0);
    stage_receive(actor, "{\"a\": [[[[");
    expect_failed(actor, "too_large");
    actor = stage_connect(0);
    stage_receive(actor, "{\"a\": \"");
    for (int i = 0; i < 100 && stage_is_read(actor); i++)
        stage_receive(actor, "0123456789abcdef");
    expect_failed(actor, "too_large");
    ck_assert_uint_eq(stage_unfinished(), 0);
}
END_TEST

START_TEST(the_end_of_input_ends_the_session)
{
    struct actor *watcher = stage_login(0, 1, "2"), *actor = stage_login(1, 2, NULL);

    stage_end_input(actor);
    stage_settle();
    stage_expect(actor, ".");
    stage_expect(watcher, "+ -");
    ck_assert_ptr_null(actor->session);
}
END_TEST

START_TEST(the_end_of_input_inside_a_message_is_an_error)
{
    struct actor *watcher = stage_login(0, 1, "2"), *actor = stage_login(1, 2, NULL);

    stage_receive(actor, "{\"user_id\": 2");
    stage_end_input(actor);
    stage_settle();
    stage_expect(actor, "bad_json .");
    stage_expect(watcher, "+ -");
    ck_assert_ptr_null(actor->session);
}
END_TEST

START_TEST(a_lost_peer_ends_the_session)
{
    struct actor *watcher = stage_login(0, 1, "2"), *actor = stage_login(1, 2, NULL);

    stage_receive(actor, "{\"user_id\": 2, \"fri");
    stage_lose(actor);
    stage_settle();
    stage_expect(watcher, "+ -");
    ck_assert_ptr_null(actor->session);
    ck_assert_uint_eq(stage_unfinished(), 0);
}
END_TEST

/* The worker had no time to read, so it looks before it blames the client. */
START_TEST(what_has_arrived_in_time_counts_when_it_is_read_later)
{
    struct actor *watcher = stage_login(0, 1, "2, 3"), *hello = stage_connect(0), *message = stage_login(0, 3, NULL);

    peer_send(hello->peer, "{\"user_id\": 2}");
    stage_pass_ms(STAGE_HELLO_MS + 1);
    stage_expect(hello, "");
    stage_receive(message, "{\"user_id\"");
    peer_send(message->peer, ": 3, \"friends\": [2]}{\"user_id\": 3");
    stage_pass_ms(STAGE_MESSAGE_MS + 1);
    stage_expect(message, ""); /* that message has ended, and the one after it has only begun */
    stage_pass_ms(STAGE_MESSAGE_MS);
    stage_expect(message, "message_timeout .");
    stage_expect(watcher, "+ + -");
    stage_expect(hello, "-"); /* who left had listed it in time */
}
END_TEST

START_TEST(a_hello_must_come_in_time)
{
    struct actor *silent = stage_connect(0), *slow = stage_connect(0), *quick = stage_connect(0);

    stage_receive(quick, "{\"user_id\": 1}");
    stage_pass_ms(STAGE_HELLO_MS - STAGE_MESSAGE_MS + 1);
    stage_receive(slow, "{\"user_id\"");
    stage_pass_ms(STAGE_MESSAGE_MS - 2);
    stage_expect(silent, "");
    stage_pass_ms(1);
    stage_expect(silent, "hello_timeout .");
    stage_expect(slow, "hello_timeout .");
    stage_pass_ms(STAGE_LINGER_MS);
    ck_assert_ptr_null(silent->session);
    stage_pass_ms(10 * STAGE_HELLO_MS);
    stage_expect(quick, "");
    ck_assert(stage_is_read(quick));
}
END_TEST

START_TEST(a_message_must_end_in_time)
{
    struct actor *watcher = stage_login(0, 1, "2"), *actor = stage_login(1, 2, NULL);

    stage_settle();
    stage_receive(actor, "{");
    stage_pass_ms(STAGE_MESSAGE_MS - 1);
    stage_receive(actor, "\"user_id\": 2"); /* it does not begin anew with every byte, nor when the buffer is made larger */
    for (int i = 0; i < 50; i++)
        stage_receive(actor, "                        ");
    stage_expect(actor, "");
    stage_pass_ms(1);
    stage_expect(actor, "message_timeout .");
    stage_expect(watcher, "+ -");
}
END_TEST

START_TEST(the_time_for_a_message_ends_with_it)
{
    struct actor *actor = stage_login(0, 1, NULL);

    for (int i = 0; i < 5; i++) {
        stage_receive(actor, "{\"user_id\"");
        stage_pass_ms(STAGE_MESSAGE_MS - 1);
        stage_receive(actor, ": 1}");
        stage_pass_ms(10);
    }
    stage_expect(actor, "");
    ck_assert(stage_is_read(actor));
}
END_TEST

START_TEST(a_refused_connection_is_told_so_and_closed)
{
    struct actor *actor = stage_connect(0);

    client_opened(stage.presence, &stage.workers[0], client_of(actor->session), true);
    expect_failed(actor, "server_full");
}
END_TEST

START_TEST(at_most_the_queue_limit_waits_for_a_slow_reader)
{
    struct presence_config config = stage_usual();
    struct actor *slow, *quick;
    bool told = false;

    config.queue_limit = 16;
    stage_open_again(2, config);
    struct actor *observer = stage_login(1, 4, "1");

    slow = stage_login(0, 1, "2");
    quick = stage_login(0, 3, "2");
    stage_settle();
    stage_expect(observer, "+");
    for (int round = 0; !told; round++) {
        ck_assert_int_lt(round, 1500);
        struct actor *friend = stage_login(1, 2, NULL);

        stage_settle();
        stage_expect(quick, "+");
        stage_end_input(friend);
        stage_settle();
        stage_expect(quick, "-");
        ck_assert_uint_le(slow->session->queue.count, config.queue_limit + 1);
        told = strcmp(stage_heard(observer), "-") == 0;
    }
    /* What had been written before is read in order, then the line that was begun, if any, and then why. */
    const char *heard = stage_heard(slow);
    int words = 0;

    for (; *heard == '+' || *heard == '-'; heard += heard[1] == ' ' ? 2 : 1)
        ck_assert_int_eq(*heard, words++ % 2 == 0 ? '+' : '-');
    ck_assert_str_eq(heard, "");
    ck_assert_int_gt(words, 16);
    stage_room(slow);
    stage_settle();
    stage_expect(slow, "too_slow .");
    stage_expect(quick, "");
}
END_TEST

START_TEST(much_news_in_one_turn_does_not_make_a_reader_slow)
{
    enum { COMING = 200 };
    struct presence_config config = stage_usual();
    static char list[COMING * 6];

    config.queue_limit = 16;
    stage_open_again(2, config);
    for (int i = 0; i < COMING; i++)
        sprintf(list + strlen(list), "%s%d", i == 0 ? "" : ", ", 100 + i);
    struct actor *watcher = stage_login(0, 1, list);

    for (int i = 0; i < COMING; i++)
        stage_login(1, 100 + i, NULL);
    stage_settle();
    ck_assert_uint_eq(strlen(stage_heard(watcher)), COMING * 2 - 1);
    ck_assert(stage_is_read(watcher));
}
END_TEST

START_TEST(a_stop_tells_everybody_and_is_no_news)
{
    struct actor *watcher = stage_login(0, 1, "2"), *actor = stage_login(1, 2, "1"), *silent = stage_connect(1);

    stage_settle();
    stage_expect(watcher, "+");
    presence_stop(stage.presence);
    presence_handler.stopping(stage.presence, &stage.workers[1], actor->session);
    presence_handler.stopping(stage.presence, &stage.workers[1], silent->session);
    stage_settle();
    stage_expect(actor, "shutting_down .");
    stage_expect(silent, "shutting_down .");
    stage_expect(watcher, "");
}
END_TEST

START_TEST(a_drain_tells_everybody_and_is_news)
{
    struct actor *watcher = stage_login(0, 1, "2"), *actor = stage_login(1, 2, "1"), *silent = stage_connect(1);

    stage_settle();
    stage_expect(watcher, "+");
    presence_handler.draining(stage.presence, &stage.workers[1], actor->session, 1234);
    presence_handler.draining(stage.presence, &stage.workers[1], silent->session, 1234);
    stage_settle();
    stage_expect(actor, "shutting_down .");
    stage_expect(silent, "shutting_down .");
    stage_expect(watcher, "-");
}
END_TEST

START_TEST(nothing_is_told_to_a_session_that_closes)
{
    struct actor *watcher = stage_login(0, 1, "2");

    stage_login(1, 2, NULL);
    stage_receive(watcher, "oops");
    stage_settle();
    stage_expect(watcher, "bad_json .");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("client");
    TCase *tests = tcase_create("client");

    tcase_add_checked_fixture(tests, stage_open_two, stage_close);
    tcase_add_test(tests, a_hello_logs_in);
    tcase_add_test(tests, a_stream_may_be_cut_anywhere);
    tcase_add_test(tests, an_idle_session_has_no_buffer);
    tcase_add_test(tests, a_hello_again_replaces_the_list_or_keeps_it);
    tcase_add_test(tests, a_goodbye_closes);
    tcase_add_test(tests, another_users_id_is_a_mismatch);
    tcase_add_test(tests, a_bad_message_ends_the_session_and_what_came_before_counts);
    tcase_add_test(tests, limits_end_the_session);
    tcase_add_test(tests, what_has_arrived_in_time_counts_when_it_is_read_later);
    tcase_add_test(tests, the_end_of_input_ends_the_session);
    tcase_add_test(tests, the_end_of_input_inside_a_message_is_an_error);
    tcase_add_test(tests, a_lost_peer_ends_the_session);
    tcase_add_test(tests, a_hello_must_come_in_time);
    tcase_add_test(tests, a_message_must_end_in_time);
    tcase_add_test(tests, the_time_for_a_message_ends_with_it);
    tcase_add_test(tests, a_refused_connection_is_told_so_and_closed);
    tcase_add_test(tests, at_most_the_queue_limit_waits_for_a_slow_reader);
    tcase_add_test(tests, much_news_in_one_turn_does_not_make_a_reader_slow);
    tcase_add_test(tests, a_stop_tells_everybody_and_is_no_news);
    tcase_add_test(tests, a_drain_tells_everybody_and_is_news);
    tcase_add_test(tests, nothing_is_told_to_a_session_that_closes);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
