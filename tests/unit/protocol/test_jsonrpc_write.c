/* SPDX-License-Identifier: MIT
 *
 * What the server says in the JSON-RPC dialect, exact to the byte.
 */
#include "protocol/jsonrpc.h"

#include "support/faults.h"
#include "support/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct buffer buffer;

static void
tear_down(void)
{
    buffer_done(&buffer);
}

static const struct jsonrpc_id one = {.kind = JSONRPC_ID_INTEGER, .integer = 1};

/* What was written since the last time. */
static void
assert_written(const char *expected)
{
    ck_assert(!buffer.failed);
    buffer_append(&buffer, "", 1);
    ck_assert_str_eq(buffer.bytes, expected);
    buffer_reset(&buffer, SIZE_MAX);
}

START_TEST(an_answer_has_the_id_of_its_request)
{
    jsonrpc_write_empty(&buffer, &one);
    assert_written("{\"jsonrpc\": \"2.0\", \"result\": {}, \"id\": 1}");
    jsonrpc_write_pong(&buffer, &(struct jsonrpc_id){.kind = JSONRPC_ID_INTEGER, .integer = INT64_MIN});
    assert_written("{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": -9223372036854775808}");
    jsonrpc_write_pong(&buffer, &(struct jsonrpc_id){.kind = JSONRPC_ID_INTEGER, .integer = INT64_MAX});
    assert_written("{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": 9223372036854775807}");
    jsonrpc_write_pong(&buffer, &(struct jsonrpc_id){.kind = JSONRPC_ID_INTEGER, .integer = 0});
    assert_written("{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": 0}");
    jsonrpc_write_pong(&buffer, &(struct jsonrpc_id){.kind = JSONRPC_ID_STRING, .string = "1\"x", .length = 2});
    assert_written("{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": \"1\\\"\"}");
    jsonrpc_write_pong(&buffer, &(struct jsonrpc_id){.kind = JSONRPC_ID_STRING, .string = "", .length = 0});
    assert_written("{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": \"\"}");
    jsonrpc_write_pong(&buffer, &(struct jsonrpc_id){.kind = JSONRPC_ID_NULL});
    assert_written("{\"jsonrpc\": \"2.0\", \"result\": \"pong\", \"id\": null}");
}
END_TEST

START_TEST(an_error_has_a_code_a_sentence_and_the_protocols_word)
{
    jsonrpc_write_error(&buffer, &one, JSONRPC_METHOD_NOT_FOUND, error_code_name(ERROR_BAD_MESSAGE), "there is no method \"x\\y\"");
    assert_written(
        "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32601, \"message\": \"there is no method \\\"x\\\\y\\\"\", \"data\": \"bad_message\"}, "
        "\"id\": 1}");
    jsonrpc_write_error(
        &buffer, &(struct jsonrpc_id){.kind = JSONRPC_ID_NULL}, JSONRPC_SERVER_ERROR, error_code_name(ERROR_NOT_LOGGED_IN), "log in first");
    assert_written("{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32000, \"message\": \"log in first\", \"data\": \"not_logged_in\"}, \"id\": null}");
}
END_TEST

START_TEST(text_is_escaped_where_json_asks_for_it_and_verbatim_elsewhere)
{
    struct text *name = text_new("\"\\/\b\t\n\x1f\x7fä漢😀", 17);

    ck_assert_ptr_nonnull(name);
    jsonrpc_write_online(&buffer, &one, &(struct jsonrpc_online){.user = {.name = name}}, 1, NULL, 0);
    assert_written("{\"jsonrpc\": \"2.0\", \"result\": {\"online\": [\"\\\"\\\\/\\u0008\\u0009\\u000a\\u001f\x7fä漢😀\"]}, \"id\": 1}");
    text_drop(name);
}
END_TEST

START_TEST(every_character_comes_back_from_a_json_reader)
{
    char all[0x7f];

    for (char c = 1; c < 0x7f; c++)
        all[c - 1] = c;
    all[sizeof all - 1] = '\0';
    jsonrpc_write_error(&buffer, &one, 1, "x", all);

    json_t *read = json_loadb(buffer.bytes, buffer.length, JSON_REJECT_DUPLICATES, NULL);

    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(read, "error"), "message")), all);
    json_decref(read);
}
END_TEST

START_TEST(a_snapshot_lists_who_is_online)
{
    struct text *bob = text_new("bob", 3), *away = text_new("away", 4), *busy = text_new("\"busy\"", 6);
    const struct jsonrpc_online online[] = {
        {.user = {.number = 2}, .status = away},
        {.user = {.name = bob}},
        {.user = {.number = -5}, .status = busy},
    };

    jsonrpc_write_online(&buffer, &one, NULL, 0, NULL, 0);
    assert_written("{\"jsonrpc\": \"2.0\", \"result\": {\"online\": []}, \"id\": 1}");
    jsonrpc_write_online(&buffer, &one, &online[1], 1, NULL, 0);
    assert_written("{\"jsonrpc\": \"2.0\", \"result\": {\"online\": [\"bob\"]}, \"id\": 1}");
    jsonrpc_write_online(&buffer, &one, online, 3, NULL, 0);
    assert_written("{\"jsonrpc\": \"2.0\", \"result\": {\"online\": [2, \"bob\", -5], "
                   "\"statuses\": [{\"user_id\": 2, \"status\": \"away\"}, {\"user_id\": -5, \"status\": \"\\\"busy\\\"\"}]}, \"id\": 1}");
    text_drop(bob);
    text_drop(away);
    text_drop(busy);
}
END_TEST

START_TEST(a_login_is_also_told_its_session_and_the_heartbeat)
{
    struct text *away = text_new("away", 4);
    const struct jsonrpc_online online = {.user = {.number = 2}, .status = away};

    jsonrpc_write_online(&buffer, &one, NULL, 0, "0-1-2", 30);
    assert_written("{\"jsonrpc\": \"2.0\", \"result\": {\"session\": \"0-1-2\", \"online\": [], \"heartbeat\": 30}, \"id\": 1}");
    jsonrpc_write_online(&buffer, &one, &online, 1, "0-1-2", 30);
    assert_written("{\"jsonrpc\": \"2.0\", \"result\": {\"session\": \"0-1-2\", \"online\": [2], \"heartbeat\": 30, "
                   "\"statuses\": [{\"user_id\": 2, \"status\": \"away\"}]}, \"id\": 1}");
    text_drop(away);
}
END_TEST

START_TEST(a_presence_notification_is_one_line_of_changes)
{
    struct text *away = text_new("away", 4);

    jsonrpc_write_changes_begin(&buffer, 0);
    jsonrpc_write_change(&buffer, (struct user_id){.number = 2}, true, 1764000000123, away, NULL);
    buffer_append_text(&buffer, ", ");
    jsonrpc_write_change(&buffer, (struct user_id){.number = 3}, false, 1764000000130, NULL, "timeout");
    jsonrpc_write_changes_end(&buffer);
    assert_written("{\"jsonrpc\": \"2.0\", \"method\": \"presence\", \"params\": {\"changes\": ["
                   "{\"user_id\": 2, \"online\": true, \"at\": 1764000000123, \"status\": \"away\"}, "
                   "{\"user_id\": 3, \"online\": false, \"at\": 1764000000130, \"reason\": \"timeout\"}]}}\n");
    text_drop(away);
}
END_TEST

START_TEST(a_sequence_number_stands_before_the_changes)
{
    struct text *bob = text_new("bob", 3);

    jsonrpc_write_changes_begin(&buffer, 5);
    jsonrpc_write_change(&buffer, (struct user_id){.name = bob}, true, UINT64_MAX, NULL, NULL);
    jsonrpc_write_changes_end(&buffer);
    assert_written("{\"jsonrpc\": \"2.0\", \"method\": \"presence\", \"params\": {\"seq\": 5, \"changes\": ["
                   "{\"user_id\": \"bob\", \"online\": true, \"at\": 18446744073709551615}]}}\n");
    text_drop(bob);
}
END_TEST

START_TEST(a_status_is_told_of_who_is_online_and_a_reason_of_who_is_not)
{
    struct text *away = text_new("away", 4);

    jsonrpc_write_change(&buffer, (struct user_id){.number = 2}, true, 1, away, "closed");
    assert_written("{\"user_id\": 2, \"online\": true, \"at\": 1, \"status\": \"away\"}");
    jsonrpc_write_change(&buffer, (struct user_id){.number = 2}, false, 1, away, "closed");
    assert_written("{\"user_id\": 2, \"online\": false, \"at\": 1, \"reason\": \"closed\"}");
    text_drop(away);
}
END_TEST

/* The line of an error, which must be one line of JSON. */
static const char *
error_line(const struct protocol_error *error)
{
    static char line[ERROR_LINE_MAX + 1];
    size_t length = jsonrpc_encode_error(error, line);

    ck_assert_uint_le(length, ERROR_LINE_MAX);
    ck_assert_ptr_eq(memchr(line, '\n', length), line + length - 1);
    line[length] = '\0';

    json_t *read = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);

    ck_assert_msg(json_object_size(read) == 3, "%s", line);
    json_decref(read);
    return line;
}

START_TEST(the_error_that_ends_a_session_is_one_line_under_the_id_null)
{
    struct protocol_error error;

    protocol_error_set(&error, ERROR_SHUTTING_DOWN, "the server is stopping");
    ck_assert_str_eq(error_line(&error),
        "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32000, \"message\": \"the server is stopping\", "
        "\"data\": \"shutting_down\"}, \"id\": null}\n");
    protocol_error_set(&error, ERROR_BAD_JSON, "'\"' \\ é");
    ck_assert_str_eq(error_line(&error),
        "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32700, \"message\": \"'\\\"' \\\\ é\", "
        "\"data\": \"bad_json\"}, \"id\": null}\n");
    protocol_error_set(&error, ERROR_BAD_MESSAGE, "%s", "");
    ck_assert_str_eq(error_line(&error),
        "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32600, \"message\": \"\", "
        "\"data\": \"bad_message\"}, \"id\": null}\n");
}
END_TEST

START_TEST(the_longest_error_fits_its_line)
{
    for (int code = 0; code < ERROR_CODES; code++) {
        struct protocol_error error;
        char quotes[sizeof error.message];

        memset(quotes, '"', sizeof quotes - 1);
        quotes[sizeof quotes - 1] = '\0';
        protocol_error_set(&error, (enum error_code)code, "%s", quotes);

        json_t *read = json_loads(error_line(&error), 0, NULL);

        ck_assert_str_eq(json_string_value(json_object_get(json_object_get(read, "error"), "message")), quotes); /* whole */
        json_decref(read);

        memset(error.message, '\x01', sizeof error.message - 1); /* not as protocol_error_set makes it: it is cut */
        error_line(&error);
    }
}
END_TEST

START_TEST(want_of_memory_sticks_to_the_buffer)
{
    faults_allocation(1, 0);
    jsonrpc_write_changes_begin(&buffer, 1);
    jsonrpc_write_change(&buffer, (struct user_id){.number = 2}, true, 1, NULL, NULL);
    jsonrpc_write_changes_end(&buffer);
    faults_allocation(0, 0);
    ck_assert(buffer.failed);
    ck_assert_uint_eq(buffer.length, 0);
}
END_TEST

static Suite *
write_suite(void)
{
    Suite *suite = suite_create("protocol/jsonrpc_write");
    TCase *tests = tcase_create("jsonrpc_write");

    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_add_test(tests, an_answer_has_the_id_of_its_request);
    tcase_add_test(tests, an_error_has_a_code_a_sentence_and_the_protocols_word);
    tcase_add_test(tests, text_is_escaped_where_json_asks_for_it_and_verbatim_elsewhere);
    tcase_add_test(tests, every_character_comes_back_from_a_json_reader);
    tcase_add_test(tests, a_snapshot_lists_who_is_online);
    tcase_add_test(tests, a_login_is_also_told_its_session_and_the_heartbeat);
    tcase_add_test(tests, a_presence_notification_is_one_line_of_changes);
    tcase_add_test(tests, a_sequence_number_stands_before_the_changes);
    tcase_add_test(tests, a_status_is_told_of_who_is_online_and_a_reason_of_who_is_not);
    tcase_add_test(tests, the_error_that_ends_a_session_is_one_line_under_the_id_null);
    tcase_add_test(tests, the_longest_error_fits_its_line);
    tcase_add_test(tests, want_of_memory_sticks_to_the_buffer);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(write_suite());
}
