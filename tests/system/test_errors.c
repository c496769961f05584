/* SPDX-License-Identifier: MIT
 *
 * What a client is told that does something wrong: one line of one shape, then the end; and that nobody else notices.
 */
#include "support/client.h"
#include "support/pace.h"
#include "support/pair.h"
#include "support/session.h"
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

static const char *const bad_json[] = {
    "{\"user_id\": }",
    "{\"user_id\" 2}",
    "{\"user_id\"; 2}",
    "{user_id: 2}",
    "{'user_id': 2}",
    "{\"user_id\": 2,}",
    "{,\"user_id\": 2}",
    "{\"user_id\": 2 \"friends\": []}",
    "{\"user_id\": 2, \"friends\": [3 4]}",
    "{\"user_id\": 2, \"friends\": [3,]}",
    "{\"user_id\": 2, \"friends\": [,3]}",
    "{\"user_id\": 2, \"friends\": [3,,4]}",
    "{\"user_id\": 02}",
    "{\"user_id\": +2}",
    "{\"user_id\": 0x2}",
    "{\"user_id\": 2.}",
    "{\"user_id\": .2}",
    "{\"user_id\": 2e}",
    "{\"user_id\": - 2}",
    "{\"user_id\": NaN}",
    "{\"user_id\": 2, \"a\": Infinity}",
    "{\"user_id\": 2, \"a\": tru}",
    "{\"user_id\": 2, \"a\": nulll}",
    "{\"user_id\": 2, \"a\": True}",
    "{\"user_id\": 2]",
    "{\"user_id\": 2, \"friends\": [3}",
    "{\"user_id\": 2, \"a\": {\"b\": 1]}",
    "{\"user_id\": 2, \"a\": 1 /* one */}",
    "{\"user_id\": 2 // two\n}",
    "{2: 2}",
    "{\"user_id\": 2, \"a\": \"tab\there\"}",
    "{\"user_id\": 2, \"a\": \"line\nhere\"}",
    "{\"user_id\": 2, \"a\": \"\x01\"}",
    "{\"user_id\": 2, \"a\": \"\\q\"}",
    "{\"user_id\": 2, \"a\": \"\\u12g4\"}",
    "{\"user_id\": 2, \"a\": \"\xff\"}",
    "{\"user_id\": 2, \"a\": \"\xc0\x80\"}",
    "{\"user_id\": 2, \"a\": \"\xed\xa0\x80\"}",
    "{\"user_id\": 2, \"a\": \"\xf4\x90\x80\x80\"}",
    "{\"user_id\": 2, \"a\": \"\xe2\x82\"}",
    "{\"user_id\": 2, \"\x80\": 1}",
    "{\"user_id\": 2\xa0}",
    "\xef\xbb\xbf{\"user_id\": 2}",
    "}",
    "]",
    ",{\"user_id\": 2}",
    "hello",
    "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "\x16\x03\x01\x02",
};
enum { BAD_JSON = sizeof bad_json / sizeof bad_json[0] };

static const char *const bad_message[] = {
    "{}",
    "{\"friends\": [3]}",
    "{\"online\": true}",
    "{\"User_id\": 2}",
    "{\"user_id\": null}",
    "{\"user_id\": true}",
    "{\"user_id\": \"2\"}",
    "{\"user_id\": [2]}",
    "{\"user_id\": {\"id\": 2}}",
    "{\"user_id\": 2.0}",
    "{\"user_id\": 2.5}",
    "{\"user_id\": 2e0}",
    "{\"user_id\": 2E+3}",
    "{\"user_id\": 9223372036854775808}",
    "{\"user_id\": -9223372036854775809}",
    "{\"user_id\": 18446744073709551618}",
    "{\"user_id\": 1e400}",
    "{\"user_id\": 2, \"friends\": 3}",
    "{\"user_id\": 2, \"friends\": \"3\"}",
    "{\"user_id\": 2, \"friends\": {}}",
    "{\"user_id\": 2, \"friends\": true}",
    "{\"user_id\": 2, \"friends\": [3, \"4\"]}",
    "{\"user_id\": 2, \"friends\": [3, null]}",
    "{\"user_id\": 2, \"friends\": [[3]]}",
    "{\"user_id\": 2, \"friends\": [{}]}",
    "{\"user_id\": 2, \"friends\": [3.0]}",
    "{\"user_id\": 2, \"friends\": [3e0]}",
    "{\"user_id\": 2, \"friends\": [9223372036854775808]}",
    "{\"user_id\": 2, \"friends\": [-9223372036854775809]}",
    "{\"user_id\": 2, \"online\": null}",
    "{\"user_id\": 2, \"online\": 0}",
    "{\"user_id\": 2, \"online\": \"false\"}",
    "{\"online\": []}",
    "{\"user_id\": \"2\", \"online\": false}",
    "{\"user_id\": 2, \"user_id\": 2}",
    "{\"user_id\": 2, \"friends\": [], \"friends\": []}",
    "{\"user_id\": 2, \"a\": 1, \"a\": 1}",
    "{\"user_id\": 2, \"\\u0075ser_id\": 2}",
    "{\"user_id\": 2, \"a\": \"zero \\u0000\"}",
    "{\"user_id\": 2, \"\\u0000\": 1}",
    "[]",
    "[{\"user_id\": 2}]",
    "[1, 2]",
    "\"hello\"",
    "42 ",
    "-1 ",
    "null ",
    "true\n",
    "false\r\n",
};
enum { BAD_MESSAGE = sizeof bad_message / sizeof bad_message[0] };

/* Says it before any hello, and on a session, whose friends hear of its end. Two others go on as if nothing were. */
static void
wrong_is_answered(const char *text, const char *code)
{
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);
    struct session *watcher = session_open(server, 1, "2"), *listed = session_open(server, 3, "");

    struct client *stranger = client_connect(server);
    client_send(stranger, text);
    client_expect_error(stranger, code);
    session_fence(watcher);

    struct session *session = session_open(server, 2, "3");
    client_expect(watcher->client, ONLINE);
    client_send(session->client, text);
    client_expect_error(session->client, code);
    client_expect(watcher->client, OFFLINE);
    client_expect(listed->client, OFFLINE);
    pair_exchange(pair);
    session_fence(watcher);
    session_fence(listed);

    client_close(stranger);
    session_close(session);
    session_leave(watcher);
    session_leave(listed);
    pair_close(pair);
    server_stop(server);
}

START_TEST(bad_json_is_answered)
{
    wrong_is_answered(bad_json[_i], "bad_json");
}
END_TEST

START_TEST(bad_message_is_answered)
{
    wrong_is_answered(bad_message[_i], "bad_message");
}
END_TEST

START_TEST(nul_byte_is_answered)
{
    static const char inside[] = "{\"user_id\": 2, \"a\": \"\0\"}", between[] = "{\"user_id\": \0 2}", before[] = "\0{\"user_id\": 2}";
    static const struct {
        const char *bytes;
        size_t length;
    } texts[] = {{inside, sizeof inside - 1}, {between, sizeof between - 1}, {before, sizeof before - 1}};
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2");

    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct client *client = client_connect(server);

        client_send_bytes(client, texts[i].bytes, texts[i].length);
        client_expect_error(client, "bad_json");
        client_close(client);
    }
    session_fence(watcher);
    session_leave(watcher);
    server_stop(server);
}
END_TEST

START_TEST(user_mismatch_is_answered)
{
    static const char *const mismatches[] = {
        "{\"user_id\": 4}",
        "{\"user_id\": 4, \"friends\": [1]}",
        "{\"user_id\": -2}",
        "{\"user_id\": 4, \"online\": false}",
    };
    struct server *server = server_start("--workers 3");
    struct session *watcher = session_open(server, 1, "2, 4");

    for (unsigned i = 0; i < sizeof mismatches / sizeof mismatches[0]; i++) {
        struct session *session = session_open(server, 2, "");

        client_expect(watcher->client, ONLINE);
        client_send(session->client, mismatches[i]);
        client_expect_error(session->client, "user_mismatch");
        client_expect(watcher->client, OFFLINE);
        session_fence(watcher);
        session_close(session);
    }
    session_leave(watcher);
    server_stop(server);
}
END_TEST

/* The line is there though the client sends megabytes behind its mistake and reads only then. */
START_TEST(error_arrives_while_the_client_sends)
{
    enum { BEHIND_BYTES = 8 << 20 };
    struct server *server = server_start("--workers 3");
    struct pair *pair = pair_open(server);
    char *behind = malloc(BEHIND_BYTES);

    ck_assert_ptr_nonnull(behind);
    memset(behind, 'x', BEHIND_BYTES);
    for (int i = 0; i < 5; i++) {
        struct client *client = client_connect(server);

        client_send(client, "{\"user_id\": \"two\"}");
        client_try_send(client, behind, BEHIND_BYTES);
        client_expect_error(client, "bad_message");
        client_close(client);
        pair_exchange(pair);
    }
    free(behind);
    pair_close(pair);
    server_stop(server);
}
END_TEST

/* What was under way behind the mistake is read and thrown away, so that the end is an orderly one and no reset, which could
 * overtake the line. The server does so for a moment only; a machine that stalls longer gets another chance. */
START_TEST(error_is_followed_by_an_orderly_end)
{
    enum { BEHIND_BYTES = 128 << 10, CHANCES = 5 };
    struct server *server = server_start("--workers 3");
    char *behind = calloc(1, BEHIND_BYTES);
    int end_error = -1;

    ck_assert_ptr_nonnull(behind);
    for (int i = 0; i < CHANCES && end_error != 0; i++) {
        struct client *client = client_connect(server);

        client_send(client, "{\"user_id\": \"two\"}");
        client_try_send(client, behind, BEHIND_BYTES);
        client_half_close(client);
        client_expect_error(client, "bad_message");
        end_error = client->end_error;
        client_close(client);
    }
    ck_assert_msg(end_error == 0, "the end was: %s", strerror(end_error));
    free(behind);
    server_stop(server);
}
END_TEST

/* News that was due before the mistake comes before the error; nothing comes after it. */
START_TEST(error_is_the_last_line)
{
    struct server *server = server_start("--workers 3");
    struct session *session = session_open(server, 2, "5");
    struct session *friend = session_open(server, 5, "");

    client_send(session->client, "{\"user_id\": \"two\"}");
    client_expect(session->client, ONLINE);
    client_expect_error_line(session->client, "bad_message");
    client_expect(friend->client, OFFLINE); /* it was on the list of the session that ended */
    session_leave(friend);
    client_expect_end(session->client);
    session_close(session);
    server_stop(server);
}
END_TEST

static Suite *
errors_suite(void)
{
    Suite *suite = suite_create("errors");
    TCase *tests = tcase_create("errors");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_loop_test(tests, bad_json_is_answered, 0, BAD_JSON);
    tcase_add_loop_test(tests, bad_message_is_answered, 0, BAD_MESSAGE);
    tcase_add_test(tests, nul_byte_is_answered);
    tcase_add_test(tests, user_mismatch_is_answered);
    tcase_add_test(tests, error_arrives_while_the_client_sends);
    tcase_add_test(tests, error_is_followed_by_an_orderly_end);
    tcase_add_test(tests, error_is_the_last_line);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(errors_suite());
}
