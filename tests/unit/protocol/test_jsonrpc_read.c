/* SPDX-License-Identifier: MIT
 *
 * What is a message of the JSON-RPC dialect, and what is a request. Which values are of the dialect at all is in test_jsonrpc_read_detect.c, what the
 * methods ask for in test_jsonrpc_params.c.
 */
#include "support/unit/calls.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *text_read; /* the text of the message read last, in memory of its own size: calls are read from it */

static void
tear_down(void)
{
    reading_tear_down();
    free(text_read);
    text_read = NULL;
}

/* ---- messages ---- */

static int
read_bytes(const char *text, size_t length, struct jsonrpc_message *message, int *failure, struct protocol_error *error)
{
    free(text_read);
    text_read = reading_copy(text, length);
    return jsonrpc_read(&calls_usual, text_read, length, message, failure, error);
}

static void
assert_no_message(const char *text, int expected_failure, enum error_code code, const char *sentence)
{
    struct jsonrpc_message untouched, message;
    struct protocol_error error;
    int failure;

    memset(&untouched, 0x5a, sizeof untouched);
    message = untouched;
    ck_assert_msg(read_bytes(text, strlen(text), &message, &failure, &error) == -EBADMSG, "%s", text);
    ck_assert_msg(failure == expected_failure, "%s: %d", text, failure);
    ck_assert_msg(error.code == code, "%s: %s", text, error.message);
    ck_assert_mem_eq(&message, &untouched, sizeof message);
    if (sentence != NULL)
        ck_assert_str_eq(error.message, sentence);
}

START_TEST(what_is_not_json_is_a_parse_error)
{
    static const char *const texts[] = {
        "",
        "{",
        "{\"jsonrpc\": \"2.0\", \"method\": \"foobar, \"params\": \"bar\", \"baz]", /* from the specification */
        "[{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": \"1\"},{\"jsonrpc\": \"2.0\", \"method\"]",
        "{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 01}",
        "{\"jsonrpc\": \"2.0\", \"method\": \"p\xff\"}",
        "{\"jsonrpc\": \"2.0\"} {}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_no_message(texts[i], JSONRPC_PARSE_ERROR, ERROR_BAD_JSON, NULL);
}
END_TEST

START_TEST(json_that_no_message_may_be_is_an_invalid_request)
{
    assert_no_message("[]", JSONRPC_INVALID_REQUEST, ERROR_BAD_MESSAGE, "the batch holds no call");
    assert_no_message("{\"id\": 1, \"id\": 1}", JSONRPC_INVALID_REQUEST, ERROR_BAD_MESSAGE, NULL);
    assert_no_message("[{\"params\": {\"x\": 1, \"x\": 2}}]", JSONRPC_INVALID_REQUEST, ERROR_BAD_MESSAGE, NULL);
    assert_no_message("{\"id\": \"a\\u0000b\"}", JSONRPC_INVALID_REQUEST, ERROR_BAD_MESSAGE, NULL);
    assert_no_message("{\"params\": {\"\\u0000\": 1}}", JSONRPC_INVALID_REQUEST, ERROR_BAD_MESSAGE, NULL);
}
END_TEST

START_TEST(nesting_has_a_limit_that_counts_the_outermost)
{
    static const char sentence[] = "nested deeper than the 5 levels that are allowed";
    struct jsonrpc_message message;
    struct protocol_error error;
    int failure;
    static const char deepest[] = "[[[[[]]]]]";

    ck_assert_int_eq(read_bytes(deepest, sizeof deepest - 1, &message, &failure, &error), 0);
    jsonrpc_message_done(&message);
    assert_no_message("[[[[[[]]]]]]", JSONRPC_SERVER_ERROR, ERROR_TOO_LARGE, sentence);
    assert_no_message("{\"a\": {\"b\": {\"c\": {\"d\": {\"e\": {}}}}}}", JSONRPC_SERVER_ERROR, ERROR_TOO_LARGE, sentence);
}
END_TEST

START_TEST(hopeless_nesting_does_not_eat_the_stack)
{
    const size_t depth = 100000;
    char *text = malloc(2 * depth + 1);

    ck_assert_ptr_nonnull(text);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
    assert_no_message(text, JSONRPC_SERVER_ERROR, ERROR_TOO_LARGE, NULL);
    free(text);
}
END_TEST

START_TEST(a_batch_holds_from_one_to_a_thousand)
{
    static const char call[] = "{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1}";
    static char text[(JSONRPC_BATCH_MAX + 1) * sizeof call + 2];

    for (uint32_t count = JSONRPC_BATCH_MAX; count <= JSONRPC_BATCH_MAX + 1; count++) {
        size_t length = 0;
        struct jsonrpc_message message;
        struct jsonrpc_call last;
        struct protocol_error error;
        int failure;

        for (uint32_t i = 0; i < count; i++)
            length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", i == 0 ? "[" : ",", call);
        snprintf(text + length, sizeof text - length, "]");
        if (count > JSONRPC_BATCH_MAX) {
            assert_no_message(text, JSONRPC_SERVER_ERROR, ERROR_TOO_LARGE, "the batch holds more than the 1000 calls that are allowed");
            break;
        }
        ck_assert_int_eq(read_bytes(text, strlen(text), &message, &failure, &error), 0);
        ck_assert(message.is_batch);
        ck_assert_uint_eq(message.count, count);
        ck_assert_int_eq(calls_read(&message, count - 1, &last), 0);
        ck_assert_int_eq(last.method, JSONRPC_PING);
        jsonrpc_message_done(&message);
    }
}
END_TEST

START_TEST(a_batch_is_read_call_by_call)
{
    static const char text[] =
        "[{\"jsonrpc\": \"2.0\", \"method\": \"follow\", \"params\": {\"friends\": [\"ann\"]}, \"id\": \"a\"},"
        " {\"jsonrpc\": \"2.0\", \"method\": \"unfollow\", \"params\": {\"friends\": [\"bob\", 7]}}, 1, [], {\"foo\": \"boo\"},"
        " {\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": null}]";
    struct jsonrpc_message message;
    struct jsonrpc_call call;
    struct protocol_error error;
    int failure;

    ck_assert_int_eq(read_bytes(text, sizeof text - 1, &message, &failure, &error), 0);
    ck_assert_uint_eq(message.count, 6);

    ck_assert_int_eq(calls_read(&message, 0, &call), 0);
    ck_assert_int_eq(call.method, JSONRPC_FOLLOW);
    ck_assert_int_eq(call.id.kind, JSONRPC_ID_STRING);
    ck_assert_mem_eq(call.friends[0].name->bytes, "ann", 3);

    ck_assert_int_eq(calls_read(&message, 1, &call), 0);
    ck_assert_int_eq(call.method, JSONRPC_UNFOLLOW);
    ck_assert_int_eq(call.id.kind, JSONRPC_ID_NONE);
    ck_assert_mem_eq(call.friends[0].name->bytes, "bob", 3);
    ck_assert_int_eq(call.friends[1].number, 7);

    for (uint32_t which = 2; which <= 4; which++) {
        ck_assert_int_eq(calls_read(&message, which, &call), 0);
        ck_assert_int_eq(call.failure, JSONRPC_INVALID_REQUEST);
        ck_assert_int_eq(call.id.kind, JSONRPC_ID_NULL);
    }

    ck_assert_int_eq(calls_read(&message, 5, &call), 0);
    ck_assert_int_eq(call.failure, 0);
    ck_assert_int_eq(call.id.kind, JSONRPC_ID_NULL);
    jsonrpc_message_done(&message);
}
END_TEST

START_TEST(a_batch_is_taken_up_where_it_was_left)
{
    static const char text[] = "[{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1}, {\"jsonrpc\": \"2.0\", \"method\": \"logout\", \"id\": 2}]";
    struct jsonrpc_message message;
    struct jsonrpc_call call;
    struct json_element place;

    jsonrpc_take_up(text, sizeof text - 1, 2, &message);
    ck_assert(message.is_batch);
    ck_assert_uint_eq(message.count, 2);
    place = jsonrpc_next(&message, jsonrpc_next(&message, 0).end);
    ck_assert_int_eq(jsonrpc_call_read(reading_decoder, &calls_usual, &message, place, &call), 0);
    ck_assert_int_eq(call.method, JSONRPC_LOGOUT);
    ck_assert_int_eq(call.id.integer, 2);
    jsonrpc_message_done(&message);
}
END_TEST

START_TEST(a_call_that_is_read_again_needs_no_memory)
{
    static const char text[] = "[{\"jsonrpc\": \"2.0\", \"method\": \"ping\"}]";
    struct jsonrpc_message message;
    struct jsonrpc_call call;

    jsonrpc_take_up(text, sizeof text - 1, 1, &message);
    ck_assert_int_eq(calls_read(&message, 0, &call), 0);
    faults_allocation(0, 0);

    int result = calls_read(&message, 0, &call);
    long allocations = faults_allocations();

    ck_assert_int_eq(result, 0);
    ck_assert_int_eq(allocations, 0);
    ck_assert_int_eq(call.method, JSONRPC_PING);
    jsonrpc_message_done(&message);
}
END_TEST

/* It is not so in any batch that was found to be good; what it comes to is no less safe for that. */
START_TEST(a_call_that_cannot_be_read_after_all_is_an_invalid_request)
{
    static const char text[] = "[{\"jsonrpc\": \"2.0\" \"method\": \"ping\"}]";
    struct jsonrpc_message message;
    struct jsonrpc_call call;

    jsonrpc_take_up(text, sizeof text - 1, 1, &message);
    ck_assert_int_eq(calls_read(&message, 0, &call), 0);
    ck_assert_int_eq(call.failure, JSONRPC_INVALID_REQUEST);
    ck_assert_int_eq(call.id.kind, JSONRPC_ID_NULL);
    ck_assert_int_eq(call.error.code, ERROR_BAD_JSON);
    jsonrpc_message_done(&message);
}
END_TEST

/* ---- requests ---- */

static struct jsonrpc_message current; /* what the call of the last read_call points into */

static struct jsonrpc_call
read_call(const char *text)
{
    struct jsonrpc_call call;
    struct protocol_error error = {.message = ""};
    int failure = 0;
    int result = read_bytes(text, strlen(text), &current, &failure, &error);

    ck_assert_msg(result == 0, "%s: %d %s", text, failure, error.message);
    ck_assert(!current.is_batch && current.count == 1);
    ck_assert_int_eq(calls_read(&current, 0, &call), 0);
    return call;
}

START_TEST(an_id_is_a_string_an_integer_of_64_bits_or_null)
{
    static const struct {
        const char *id;
        struct jsonrpc_id read;
    } cases[] = {
        {", \"id\": 1", {.kind = JSONRPC_ID_INTEGER, .integer = 1}}, {", \"id\": -0", {.kind = JSONRPC_ID_INTEGER, .integer = 0}},
        {", \"id\": 9223372036854775807", {.kind = JSONRPC_ID_INTEGER, .integer = INT64_MAX}},
        {", \"id\": -9223372036854775808", {.kind = JSONRPC_ID_INTEGER, .integer = INT64_MIN}},
        {", \"id\": \"1\"", {.kind = JSONRPC_ID_STRING, .string = "1", .length = 1}},
        {", \"id\": \"\"", {.kind = JSONRPC_ID_STRING, .string = "", .length = 0}},
        {", \"id\": \"\\u00e4 \\\" 漢\"", {.kind = JSONRPC_ID_STRING, .string = "ä \" 漢", .length = 8}},
        {", \"id\": null", {.kind = JSONRPC_ID_NULL}}, /* to be answered */
        {"", {.kind = JSONRPC_ID_NONE}},               /* a notification */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];

        snprintf(text, sizeof text, "{\"jsonrpc\": \"2.0\", \"method\": \"ping\"%s}", cases[i].id);

        struct jsonrpc_call call = read_call(text);

        ck_assert_msg(call.failure == 0, "%s: %s", text, call.error.message);
        ck_assert_msg(call.id.kind == cases[i].read.kind, "%s", text);
        ck_assert_int_eq(call.id.integer, cases[i].read.integer);
        ck_assert_uint_eq(call.id.length, cases[i].read.length);
        if (call.id.kind == JSONRPC_ID_STRING)
            ck_assert_mem_eq(call.id.string, cases[i].read.string, call.id.length);
        jsonrpc_message_done(&current);
    }
}
END_TEST

struct refused {
    const char *text;
    const char *sentence;
};

static void
assert_refused(const struct refused *refused, int failure, struct jsonrpc_id id)
{
    struct jsonrpc_call call = read_call(refused->text);

    ck_assert_msg(call.failure == failure, "%s: %d", refused->text, call.failure);
    ck_assert_int_eq(call.error.code, ERROR_BAD_MESSAGE);
    ck_assert_str_eq(call.error.message, refused->sentence);
    ck_assert_msg(call.id.kind == id.kind && call.id.integer == id.integer, "%s", refused->text);
    jsonrpc_message_done(&current);
}

#define NO_INTEGER "a number with a fraction, an exponent or more than 64 bits"

START_TEST(an_invalid_request_without_a_good_id_is_answered_under_null)
{
    static const struct refused cases[] = {
        {"{\"jsonrpc\": \"2.0\", \"method\": 1, \"params\": \"bar\"}", "method must be a string, not an integer"}, /* from the specification */
        {"{\"foo\": \"boo\"}", "jsonrpc is missing"},
        {"{\"method\": \"ping\"}", "jsonrpc is missing"},
        {"{\"jsonrpc\": \"2.0\", \"id\": 1.0}", "id must be a string, an integer of 64 bits or null, not " NO_INTEGER},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 1e0}", "id must be a string, an integer of 64 bits or null, not " NO_INTEGER},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": 9223372036854775808}",
            "id must be a string, an integer of 64 bits or null, not " NO_INTEGER},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": true}", "id must be a string, an integer of 64 bits or null, not true"},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": [1]}", "id must be a string, an integer of 64 bits or null, not an array"},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"id\": {}}", "id must be a string, an integer of 64 bits or null, not an object"},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"ping\", \"params\": 1, \"id\": null}", "params must be an object, not an integer"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(&cases[i], JSONRPC_INVALID_REQUEST, (struct jsonrpc_id){.kind = JSONRPC_ID_NULL});
}
END_TEST

START_TEST(an_invalid_request_with_a_good_id_is_answered_under_it)
{
    static const struct refused cases[] = {
        {"{\"id\": 6, \"method\": \"ping\"}", "jsonrpc is missing"},
        {"{\"id\": 6, \"jsonrpc\": 2.0, \"method\": \"ping\"}", "jsonrpc must be the string \"2.0\""},
        {"{\"id\": 6, \"jsonrpc\": \"1.0\", \"method\": \"ping\"}", "jsonrpc must be the string \"2.0\""},
        {"{\"id\": 6, \"jsonrpc\": \"2.00\", \"method\": \"ping\"}", "jsonrpc must be the string \"2.0\""},
        {"{\"id\": 6, \"jsonrpc\": \"2\", \"method\": \"ping\"}", "jsonrpc must be the string \"2.0\""},
        {"{\"id\": 6, \"jsonrpc\": \"2.0\"}", "method is missing"},
        {"{\"id\": 6, \"jsonrpc\": \"2.0\", \"result\": {}}", "method is missing"}, /* a response: we asked nothing */
        {"{\"id\": 6, \"jsonrpc\": \"2.0\", \"method\": null}", "method must be a string, not null"},
        {"{\"id\": 6, \"jsonrpc\": \"2.0\", \"method\": \"ping\", \"params\": \"bar\"}", "params must be an object, not a string"},
        {"{\"id\": 6, \"jsonrpc\": \"2.0\", \"method\": \"ping\", \"params\": false}", "params must be an object, not false"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(&cases[i], JSONRPC_INVALID_REQUEST, (struct jsonrpc_id){.kind = JSONRPC_ID_INTEGER, .integer = 6});
}
END_TEST

START_TEST(a_method_that_there_is_not_is_not_found)
{
    static const struct refused cases[] = {
        {"{\"id\": 6, \"jsonrpc\": \"2.0\", \"method\": \"foobar\"}", "there is no method \"foobar\""},
        {"{\"id\": 6, \"jsonrpc\": \"2.0\", \"method\": \"\"}", "there is no method \"\""},
        {"{\"id\": 6, \"jsonrpc\": \"2.0\", \"method\": \"Ping\"}", "there is no method \"Ping\""},
        {"{\"id\": 6, \"jsonrpc\": \"2.0\", \"method\": \"pin\"}", "there is no method \"pin\""},
        {"{\"id\": 6, \"jsonrpc\": \"2.0\", \"method\": \"pings\"}", "there is no method \"pings\""},
        {"{\"id\": 6, \"jsonrpc\": \"2.0\", \"method\": \"presence\"}", "there is no method \"presence\""}, /* that is for us to say */
        {"{\"id\": 6, \"jsonrpc\": \"2.0\", \"method\": \"rpc.discover\"}", "there is no method \"rpc.discover\""},
        {"{\"id\": 6, \"jsonrpc\": \"2.0\", \"method\": \"a\\nb\", \"params\": [1]}", "there is no method \"a?b\""},
    };
    static const struct refused unanswered = {"{\"jsonrpc\": \"2.0\", \"method\": \"foobar\"}", "there is no method \"foobar\""};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(&cases[i], JSONRPC_METHOD_NOT_FOUND, (struct jsonrpc_id){.kind = JSONRPC_ID_INTEGER, .integer = 6});
    assert_refused(&unanswered, JSONRPC_METHOD_NOT_FOUND, (struct jsonrpc_id){.kind = JSONRPC_ID_NONE});
}
END_TEST

/* ---- memory ---- */

START_TEST(an_allocation_that_fails_is_no_error_of_the_client_and_leaks_nothing)
{
    static const char login[] =
        "{\"jsonrpc\": \"2.0\", \"id\": \"x\", \"method\": \"login\", \"params\": {\"user_id\": \"me\", \"friends\": [\"ann\", 3], \"x\": 1e999}}";

    for (int variant = 0; variant < 4; variant++) {
        bool all_after = variant & 1, is_batch = variant & 2;
        char text[256];
        size_t length = (size_t)snprintf(text, sizeof text, "%s%s%s", is_batch ? "[" : "", login, is_batch ? "]" : "");
        int result = -ENOMEM;
        long nth = 0;

        while (result == -ENOMEM) {
            struct protocol_error untouched = {.code = ERROR_CODES}, error = untouched;
            struct jsonrpc_message message;
            struct jsonrpc_call call;
            struct json_text tree;
            int failure = 0;

            decoder_free(reading_decoder);
            reading_decoder = decoder_new();
            faults_allocation(++nth, all_after);
            result = jsonrpc_detect(&calls_usual, text, length, &tree, &error);
            if (result == 1)
                json_text_done(&tree);
            if (result >= 0)
                result = jsonrpc_read(&calls_usual, text, length, &message, &failure, &error);
            if (result == 0) {
                result = calls_read(&message, 0, &call);
                jsonrpc_message_done(&message);
            }
            faults_allocation(0, 0);
            if (result == 0)
                ck_assert_mem_eq(call.user.name->bytes, "me", 2);
            ck_assert_mem_eq(&error, &untouched, sizeof error);
        }
        ck_assert_int_eq(result, 0);
        ck_assert_int_gt(nth, 6);
    }
}
END_TEST

static Suite *
read_suite(void)
{
    Suite *suite = suite_create("protocol/jsonrpc_read");
    TCase *tests = tcase_create("jsonrpc_read");

    tcase_add_checked_fixture(tests, reading_set_up, tear_down);
    tcase_add_test(tests, what_is_not_json_is_a_parse_error);
    tcase_add_test(tests, json_that_no_message_may_be_is_an_invalid_request);
    tcase_add_test(tests, nesting_has_a_limit_that_counts_the_outermost);
    tcase_add_test(tests, hopeless_nesting_does_not_eat_the_stack);
    tcase_add_test(tests, a_batch_holds_from_one_to_a_thousand);
    tcase_add_test(tests, a_batch_is_read_call_by_call);
    tcase_add_test(tests, a_batch_is_taken_up_where_it_was_left);
    tcase_add_test(tests, a_call_that_is_read_again_needs_no_memory);
    tcase_add_test(tests, a_call_that_cannot_be_read_after_all_is_an_invalid_request);
    tcase_add_test(tests, an_id_is_a_string_an_integer_of_64_bits_or_null);
    tcase_add_test(tests, an_invalid_request_without_a_good_id_is_answered_under_null);
    tcase_add_test(tests, an_invalid_request_with_a_good_id_is_answered_under_it);
    tcase_add_test(tests, a_method_that_there_is_not_is_not_found);
    tcase_add_test(tests, an_allocation_that_fails_is_no_error_of_the_client_and_leaks_nothing);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    dialects_init();
    return unit_run(read_suite());
}
