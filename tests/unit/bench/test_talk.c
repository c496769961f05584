/* SPDX-License-Identifier: MIT
 *
 * What the clients of the benchmark say in the server's own dialects, and what they understand: whole, in pieces, several in one message.
 */
#include "talk/talk.h"

#include "support/unit.h"

#include <string.h>

static struct talk_text text;

static void
setup(void)
{
    text.used = 0;
}

static void
teardown(void)
{
    talk_text_done(&text);
}

static void
expect_said(const char *expected)
{
    ck_assert_msg(text.used == strlen(expected) && memcmp(text.bytes, expected, text.used) == 0, "said: %.*s", (int)text.used, text.bytes);
    text.used = 0;
}

START_TEST(classic_says_what_the_protocol_shows)
{
    static const uint32_t friends[] = {1, 899999, 900000};

    talk_classic.login(&text, 7, friends, 3);
    expect_said("{\"user_id\": 100007, \"friends\": [100001, 999999, 1000000]}");
    talk_classic.login(&text, 0, NULL, 0);
    expect_said("{\"user_id\": 100000}");
    talk_classic.beat(&text, 0);
    expect_said("{\"user_id\": 100000}");
    talk_classic.relist(&text, 0, friends, 3, friends, 1);
    expect_said("{\"user_id\": 100000, \"friends\": [100001]}");
    talk_classic.relist(&text, 0, friends, 3, NULL, 0);
    expect_said("{\"user_id\": 100000, \"friends\": []}");
    talk_classic.leave(&text, 0, false);
    expect_said("");
    talk_classic.leave(&text, 0, true);
    expect_said("{\"user_id\": 100000, \"online\": false}");
}
END_TEST

START_TEST(jsonrpc_says_what_the_protocol_shows)
{
    static const uint32_t old[] = {1, 2, 3}, new[] = {3, 4, 5};

    talk_jsonrpc.login(&text, 7, old, 2);
    expect_said("{\"jsonrpc\": \"2.0\", \"method\": \"login\", \"id\": 1, \"params\": {\"user_id\": 100007, \"friends\": [100001, 100002]}}");
    talk_jsonrpc.relist(&text, 7, old, 3, new, 3);
    expect_said("{\"jsonrpc\": \"2.0\", \"method\": \"unfollow\", \"id\": 3, \"params\": {\"friends\": [100001, 100002]}}"
                "{\"jsonrpc\": \"2.0\", \"method\": \"follow\", \"id\": 3, \"params\": {\"friends\": [100004, 100005]}}");
    talk_jsonrpc.relist(&text, 7, old, 3, old, 3);
    expect_said("");
    talk_jsonrpc.beat(&text, 7);
    expect_said("{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 2}");
    talk_jsonrpc.leave(&text, 7, true);
    expect_said("{\"jsonrpc\": \"2.0\", \"method\": \"logout\"}");
}
END_TEST

/* One word is at the beginning of the bytes; no beginning of it is taken for a whole one, nor for nonsense. Returns what follows. */
static const char *
expect_word(const struct talk *talk, const char *bytes, enum talk_kind kind, uint32_t user, bool online)
{
    struct talk_word word = {.kind = TALK_OTHER};
    ssize_t used = talk->read(bytes, strlen(bytes), &word);

    ck_assert_msg(used > 0, "%zd for: %s", used, bytes);
    ck_assert_msg(word.kind == kind && word.user == user && word.online == online, "kind %d, user %u for: %s", word.kind, word.user, bytes);
    ck_assert_ptr_null(word.reply);
    for (ssize_t length = 1; length < used; length++) {
        char piece[512];

        memcpy(piece, bytes, (size_t)length);
        ck_assert_msg(talk->read(piece, (size_t)length, &word) == 0, "%.*s", (int)length, bytes);
    }
    return bytes + used;
}

START_TEST(classic_understands_its_lines)
{
    const char *rest = "{\"online\": true}\n{\"online\": false}\n{\"error\": {\"code\": \"bad_json\", \"message\": \"so\"}}\n";

    rest = expect_word(&talk_classic, rest, TALK_NEWS, TALK_NOBODY, true);
    rest = expect_word(&talk_classic, rest, TALK_NEWS, TALK_NOBODY, false);
    rest = expect_word(&talk_classic, rest, TALK_ERROR, TALK_NOBODY, false);
    ck_assert_str_eq(rest, "");
}
END_TEST

START_TEST(jsonrpc_understands_its_lines)
{
    const char *rest =
        "{\"jsonrpc\": \"2.0\", \"result\": {\"session\": \"s\", \"online\": [], \"heartbeat\": 10}, \"id\": 1}\n"
        "{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": 2}\n"
        "{\"jsonrpc\": \"2.0\", \"method\": \"presence\", \"params\": {\"changes\": [{\"user_id\": 100007, \"online\": true, \"at\": 1}]}}\n"
        "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32602}, \"id\": 1}\n";

    rest = expect_word(&talk_jsonrpc, rest, TALK_READY, TALK_NOBODY, false);
    rest = expect_word(&talk_jsonrpc, rest, TALK_OTHER, TALK_NOBODY, false);
    rest = expect_word(&talk_jsonrpc, rest, TALK_NEWS, 7, true);
    rest = expect_word(&talk_jsonrpc, rest, TALK_OTHER, TALK_NOBODY, false); /* the end of that notification */
    rest = expect_word(&talk_jsonrpc, rest, TALK_ERROR, TALK_NOBODY, false);
    ck_assert_str_eq(rest, "");
}
END_TEST

START_TEST(jsonrpc_changes_come_out_one_by_one)
{
    const char *rest = "{\"jsonrpc\": \"2.0\", \"method\": \"presence\", \"params\": {\"seq\": 12, \"changes\": ["
                       "{\"user_id\": 100001, \"online\": true, \"at\": 1, \"status\": \"a \\\"}]}}\\\\\"}, "
                       "{\"user_id\": 100002, \"online\": false, \"at\": 2, \"reason\": \"closed\"}]}}\n";

    rest = expect_word(&talk_jsonrpc, rest, TALK_NEWS, 1, true);
    rest = expect_word(&talk_jsonrpc, rest, TALK_NEWS, 2, false);
    rest = expect_word(&talk_jsonrpc, rest, TALK_OTHER, TALK_NOBODY, false);
    ck_assert_str_eq(rest, "");
}
END_TEST

START_TEST(what_no_server_may_say_is_not_understood)
{
    static const char *const wrong[] = {"{\"online\": maybe}\n", "{\"online\":true}\n", "hello\n", "{\"online\": true}x"};
    static const char *const wrong_rpc[] = {"{\"online\": true}\n", "{\"jsonrpc\": \"2.0\", \"method\": \"other\", \"params\": {}}\n",
        "{\"jsonrpc\": \"2.0\", \"method\": \"presence\", \"params\": {\"changes\": [{\"user_id\": \"x\", \"online\": true}]}}\n",
        "{\"jsonrpc\": \"2.0\", \"method\": \"presence\", \"params\": {\"changes\": [{\"user_id\": 100001}]}}\n"};
    struct talk_word word;

    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(talk_classic.read(wrong[i], strlen(wrong[i]), &word), -1);
    ck_assert_int_eq(talk_classic.read(wrong[3], strlen(wrong[3]), &word), -1);
    for (size_t i = 0; i < sizeof wrong_rpc / sizeof wrong_rpc[0]; i++)
        ck_assert_msg(talk_jsonrpc.read(wrong_rpc[i], strlen(wrong_rpc[i]), &word) == -1, "%s", wrong_rpc[i]);
}
END_TEST

START_TEST(talks_are_found_by_name)
{
    for (size_t i = 0; talk_at(i) != NULL; i++)
        ck_assert_ptr_eq(talk_find(talk_at(i)->name), talk_at(i));
    ck_assert_ptr_eq(talk_find("classic"), &talk_classic);
    ck_assert_ptr_null(talk_find("nothing"));
}
END_TEST

START_TEST(jsonrpc_answers_say_who_is_online)
{
    static const char some[] =
        "{\"jsonrpc\": \"2.0\", \"result\": {\"session\": \"x\", \"online\": [100003, 100005], \"heartbeat\": 30}, \"id\": 1}\n",
                      none[] = "{\"jsonrpc\": \"2.0\", \"result\": {\"online\": []}, \"id\": 3}\n",
                      other[] = "{\"jsonrpc\": \"2.0\", \"result\": {}, \"id\": 3}\n";
    uint32_t users[2] = {0, 0};
    struct talk_word word;

    ck_assert_int_eq(talk_jsonrpc.read(some, sizeof some - 1, &word), sizeof some - 1);
    ck_assert_uint_eq(talk_jsonrpc.snapshot(word.answer, word.answer_bytes, users, 2), 2);
    ck_assert_uint_eq(users[0], 3);
    ck_assert_uint_eq(users[1], 5);
    ck_assert_uint_eq(talk_jsonrpc.snapshot(word.answer, word.answer_bytes, users, 1), 2);
    ck_assert_uint_eq(talk_jsonrpc.snapshot(none, sizeof none - 1, users, 2), 0);
    ck_assert_uint_eq(talk_jsonrpc.snapshot(other, sizeof other - 1, users, 2), UINT32_MAX);
}
END_TEST

START_TEST(jsonrpc_understands_a_complaint_before_the_dialect_is_known)
{
    static const char line[] = "{\"error\": {\"code\": \"message_timeout\", \"message\": \"...\"}}\n";
    struct talk_word word;

    ck_assert_int_eq(talk_jsonrpc.read(line, sizeof line - 1, &word), sizeof line - 1);
    ck_assert_int_eq(word.kind, TALK_ERROR);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("bench/talk");
    TCase *tests = tcase_create("talk");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, classic_says_what_the_protocol_shows);
    tcase_add_test(tests, jsonrpc_says_what_the_protocol_shows);
    tcase_add_test(tests, classic_understands_its_lines);
    tcase_add_test(tests, jsonrpc_understands_its_lines);
    tcase_add_test(tests, jsonrpc_changes_come_out_one_by_one);
    tcase_add_test(tests, what_no_server_may_say_is_not_understood);
    tcase_add_test(tests, talks_are_found_by_name);
    tcase_add_test(tests, jsonrpc_answers_say_who_is_online);
    tcase_add_test(tests, jsonrpc_understands_a_complaint_before_the_dialect_is_known);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
