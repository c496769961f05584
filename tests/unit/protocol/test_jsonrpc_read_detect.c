/* SPDX-License-Identifier: MIT
 *
 * Which values are of the JSON-RPC dialect, and which of them are answers.
 */
#include "support/unit/calls.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"

#include <errno.h>
#include <string.h>

START_TEST(the_key_jsonrpc_tells_the_dialect_whatever_it_holds)
{
    static const char *const texts[] = {
        "{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1}",
        "{\"method\":\"ping\",\"jsonrpc\":\"2.0\"}",
        "{\"jsonrpc\": null}",
        "{\"user_id\": 1, \"jsonrpc\": 2}",
        "{\"\\u006asonrpc\": \"2.0\"}", /* the same key, spelled another way */
        "[{\"jsonrpc\": \"2.0\"}]",
        "[1, [], {}, {\"jsonrpc\": \"1.0\"}]",
        "{\"jsonrpc\": \"2.0\", \"x\": 1e999}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct json_text tree;
        struct protocol_error error;

        ck_assert_msg(calls_detect(texts[i], &tree, &error) == 1, "%s", texts[i]);
        json_text_done(&tree);
    }
}
END_TEST

START_TEST(everything_else_is_left_to_the_classic_dialect)
{
    static const char *const texts[] = {
        "{\"user_id\": 1, \"friends\": [2, 3]}",
        "{}",
        "[]",
        "[1, 2]",
        "[[{\"jsonrpc\": \"2.0\"}]]",
        "{\"x\": {\"jsonrpc\": \"2.0\"}}",
        "{\"x\": \"jsonrpc\"}",
        "{\"jsonrpc2\": \"2.0\", \"JSONRPC\": 1}",
        "{\"x\": \"\\n\"}",
        "{not JSON}", /* which the classic dialect says */
        "",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct json_text tree;
        struct protocol_error error;

        ck_assert_msg(calls_detect(texts[i], &tree, &error) == 0, "%s", texts[i]);
    }
}
END_TEST

START_TEST(what_may_be_of_this_dialect_and_cannot_be_read_is_told_as_in_the_classic_one)
{
    static const struct {
        const char *text;
        enum error_code code;
    } cases[] = {
        {"{\"jsonrpc\": \"2.0\" \"method\": \"ping\"}", ERROR_BAD_JSON},
        {"{\"jsonrpc\": \"2.0\", \"jsonrpc\": \"2.0\"}", ERROR_BAD_MESSAGE},
        {"{\"jsonrpc\": \"2.0\", \"x\": \"\\u0000\"}", ERROR_BAD_MESSAGE},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_text tree;
        struct protocol_error error;

        ck_assert_msg(calls_detect(cases[i].text, &tree, &error) == -EBADMSG, "%s", cases[i].text);
        ck_assert_int_eq(error.code, cases[i].code);
    }
}
END_TEST

START_TEST(what_was_detected_is_not_read_twice)
{
    struct json_text tree;
    struct jsonrpc_message message;
    struct jsonrpc_call call;
    struct protocol_error error;
    int failure;

    ck_assert_int_eq(calls_detect("{\"jsonrpc\": \"2.0\", \"method\": \"logout\", \"id\": 4}", &tree, &error), 1);
    ck_assert_int_eq(jsonrpc_take(&calls_usual, NULL, 0, &tree, &message, &failure, &error), 0);
    ck_assert_int_eq(calls_read(&message, 0, &call), 0);
    ck_assert_int_eq(call.failure, 0);
    ck_assert_int_eq(call.method, JSONRPC_LOGOUT);
    ck_assert_int_eq(call.id.integer, 4);
    jsonrpc_message_done(&message);

    /* It is gone too when it is refused. */
    ck_assert_int_eq(calls_detect("{\"jsonrpc\": [[[[[]]]]]}", &tree, &error), 1);
    ck_assert_int_eq(jsonrpc_take(&calls_usual, NULL, 0, &tree, &message, &failure, &error), -EBADMSG);
    ck_assert_int_eq(failure, JSONRPC_SERVER_ERROR);
}
END_TEST

START_TEST(a_usual_hello_is_told_apart_without_memory)
{
    static const char hello[] = "{\"user_id\": 1, \"friends\": [2, 3]}";
    struct json_text tree;
    struct protocol_error error;

    faults_allocation(0, 0);

    int result = jsonrpc_detect(&calls_usual, hello, sizeof hello - 1, &tree, &error);
    long allocations = faults_allocations();

    ck_assert_int_eq(result, 0);
    ck_assert_int_eq(allocations, 0);
}
END_TEST

START_TEST(an_answer_is_told_from_a_call)
{
    static const struct {
        const char *text;
        bool is_answer;
    } texts[] = {
        {"{\"jsonrpc\": \"2.0\", \"result\": null, \"id\": 1}", true},
        {"{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32600, \"message\": \"method\"}, \"id\": \"method\"}", true},
        {"[{\"jsonrpc\": \"2.0\", \"result\": {}, \"id\": 1}, {\"jsonrpc\": \"2.0\", \"error\": {}, \"id\": 2}]", true},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"result\": 1, \"id\": 1}", false},
        {"{\"jsonrpc\": \"2.0\", \"id\": 1}", false},
        {"[{\"jsonrpc\": \"2.0\", \"result\": {}, \"id\": 1}, {\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 2}]", false},
        {"[{\"jsonrpc\": \"2.0\", \"result\": {}, \"id\": 1}, 1]", false},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct protocol_error error;
        struct json_text tree;

        ck_assert_int_eq(jsonrpc_detect(&calls_usual, texts[i].text, strlen(texts[i].text), &tree, &error), 1);
        ck_assert_msg(jsonrpc_is_answer(&tree) == texts[i].is_answer, "%s", texts[i].text);
        json_text_done(&tree);
    }
}
END_TEST

/* However much is in a batch, its dialect and kind are told by one call of each kind. */
START_TEST(of_a_batch_only_what_tells_its_kind_is_read_at_first)
{
    static const char text[] = "[{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"params\": {\"friends\": [1, 2]}}, 1, 2, {}, {\"x\": 1},"
                               " {\"jsonrpc\": \"2.0\", \"method\": \"follow\", \"id\": 5}, {\"jsonrpc\": \"2.0\", \"result\": [7]}]";
    struct json_text tree;
    struct protocol_error error;

    ck_assert_int_eq(calls_detect(text, &tree, &error), 1);
    ck_assert_uint_eq(json_array_size(tree.value), 3);
    ck_assert_uint_eq(tree.elements, 7);
    ck_assert_ptr_null(json_object_get(json_array_get(tree.value, 0), "params"));
    ck_assert_uint_eq(json_array_size(json_object_get(json_array_get(tree.value, 2), "result")), 0);
    json_text_done(&tree);
}
END_TEST

static Suite *
detect_suite(void)
{
    Suite *suite = suite_create("protocol/jsonrpc_read_detect");
    TCase *tests = tcase_create("jsonrpc_read_detect");

    tcase_add_checked_fixture(tests, reading_set_up, reading_tear_down);
    tcase_add_test(tests, the_key_jsonrpc_tells_the_dialect_whatever_it_holds);
    tcase_add_test(tests, everything_else_is_left_to_the_classic_dialect);
    tcase_add_test(tests, what_may_be_of_this_dialect_and_cannot_be_read_is_told_as_in_the_classic_one);
    tcase_add_test(tests, what_was_detected_is_not_read_twice);
    tcase_add_test(tests, a_usual_hello_is_told_apart_without_memory);
    tcase_add_test(tests, an_answer_is_told_from_a_call);
    tcase_add_test(tests, of_a_batch_only_what_tells_its_kind_is_read_at_first);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    dialects_init();
    return unit_run(detect_suite());
}
