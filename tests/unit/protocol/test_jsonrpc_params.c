/* SPDX-License-Identifier: MIT
 *
 * The methods of the JSON-RPC dialect and what each asks for in `params`.
 */
#include "protocol/jsonrpc.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/reading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct protocol_limits usual = {.message_bytes = 256UL * 1024, .nesting = 32, .friends = 4};

static struct jsonrpc_message message; /* what the last call that was read points into */

/* A call of the method with these params, a piece of JSON such as `"params": {}`; NULL: without any. jsonrpc_message_done is the caller's to call. */
static struct jsonrpc_call
call_with(const struct protocol_limits *limits, const char *method, const char *params)
{
    static char text[64 * 1024];
    struct jsonrpc_call call;
    struct protocol_error error = {.message = ""};
    int failure;
    int length = snprintf(text, sizeof text, "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"%s\"%s%s}", method,
        params == NULL ? "" : ", \"params\": ", params == NULL ? "" : params);

    ck_assert_int_lt(length, (int)sizeof text);
    ck_assert_msg(jsonrpc_read(limits, text, (size_t)length, &message, &failure, &error) == 0, "%s: %s", text, error.message);
    ck_assert_int_eq(jsonrpc_call_read(reading_decoder, limits, &message, jsonrpc_next(&message, 0), &call), 0);
    return call;
}

static struct jsonrpc_call
good_call(enum jsonrpc_method method, const char *name, const char *params)
{
    struct jsonrpc_call call = call_with(&usual, name, params);

    ck_assert_msg(call.failure == 0, "%s %s: %s", name, params, call.error.message);
    ck_assert_int_eq(call.method, method);
    return call;
}

/* An id is told in a test as it is in JSON: `1` or `"1"`. */
static void
assert_user(struct user_id user, const char *expected)
{
    char shown[USER_NAME_MAX + 3];

    if (user.name == NULL)
        snprintf(shown, sizeof shown, "%lld", (long long)user.number);
    else
        snprintf(shown, sizeof shown, "\"%.*s\"", (int)user.name->length, user.name->bytes);
    ck_assert_str_eq(shown, expected);
    ck_assert(user.name == NULL || user.number == 0);
}

START_TEST(a_login_names_its_user)
{
    static const struct {
        const char *params, *user;
    } cases[] = {
        {"{\"user_id\": 1}", "1"},
        {"{\"user_id\": \"1\"}", "\"1\""},
        {"{\"user_id\": 0}", "0"},
        {"{\"user_id\": 9223372036854775807}", "9223372036854775807"},
        {"{\"user_id\": -9223372036854775808}", "-9223372036854775808"},
        {"{\"user_id\": \"\\u00e4 \\\"漢\\n\"}", "\"ä \"漢\n\""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jsonrpc_call call = good_call(JSONRPC_LOGIN, "login", cases[i].params);

        assert_user(call.user, cases[i].user);
        ck_assert(!call.has_friends && !call.has_status);
        ck_assert_uint_eq(call.friend_count, 0);
        jsonrpc_message_done(&message);
    }
}
END_TEST

START_TEST(a_name_has_1_to_128_bytes)
{
    char params[256], name[131] = "";

    for (size_t length = 0; length <= 129; length++, strcat(name, "x")) {
        snprintf(params, sizeof params, "{\"user_id\": \"%s\"}", name);

        struct jsonrpc_call call = call_with(&usual, "login", params);

        ck_assert_int_eq(call.failure, length >= 1 && length <= 128 ? 0 : JSONRPC_INVALID_PARAMS);
        if (call.failure == 0)
            ck_assert_uint_eq(call.user.name->length, length);
        jsonrpc_message_done(&message);
    }
}
END_TEST

START_TEST(a_login_may_list_friends_of_both_kinds)
{
    struct jsonrpc_call call = good_call(JSONRPC_LOGIN, "login", "{\"friends\": [2, \"2\", \"bob\", -3], \"user_id\": \"me\"}");

    assert_user(call.user, "\"me\"");
    ck_assert(call.has_friends);
    ck_assert_uint_eq(call.friend_count, 4);
    assert_user(call.friends[0], "2");
    assert_user(call.friends[1], "\"2\"");
    assert_user(call.friends[2], "\"bob\"");
    assert_user(call.friends[3], "-3");
    jsonrpc_message_done(&message);

    call = good_call(JSONRPC_LOGIN, "login", "{\"user_id\": 1, \"friends\": []}");
    ck_assert(call.has_friends);
    ck_assert_uint_eq(call.friend_count, 0);
    jsonrpc_message_done(&message);

    call = good_call(JSONRPC_LOGIN, "login", "{\"user_id\": 1, \"friends\": null}");
    ck_assert(!call.has_friends);
    jsonrpc_message_done(&message);
}
END_TEST

START_TEST(a_login_may_bring_a_token_and_a_status)
{
    struct jsonrpc_call call = good_call(JSONRPC_LOGIN, "login", "{\"user_id\": 1, \"token\": \"secret\", \"status\": \"a\\u00e4\"}");

    ck_assert(call.has_status);
    ck_assert_uint_eq(call.status_length, 3);
    ck_assert_mem_eq(call.status, "aä", 3);
    jsonrpc_message_done(&message);

    call = good_call(JSONRPC_LOGIN, "login", "{\"user_id\": 1, \"token\": null, \"status\": null}");
    ck_assert(!call.has_status);
    jsonrpc_message_done(&message);
}
END_TEST

START_TEST(follow_unfollow_and_online_list_users)
{
    static const struct {
        enum jsonrpc_method method;
        const char *name, *params;
    } cases[] = {
        {JSONRPC_FOLLOW, "follow", "{\"friends\": [5, \"a\"]}"},
        {JSONRPC_UNFOLLOW, "unfollow", "{\"friends\": [5, \"a\"]}"},
        {JSONRPC_ONLINE, "online", "{\"users\": [5, \"a\"]}"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jsonrpc_call call = good_call(cases[i].method, cases[i].name, cases[i].params);

        ck_assert_uint_eq(call.friend_count, 2);
        assert_user(call.friends[0], "5");
        assert_user(call.friends[1], "\"a\"");
        jsonrpc_message_done(&message);
    }
}
END_TEST

START_TEST(a_status_is_text_or_null)
{
    struct jsonrpc_call call = good_call(JSONRPC_STATUS, "status", "{\"status\": \"away\"}");

    ck_assert(call.has_status);
    ck_assert_uint_eq(call.status_length, 4);
    ck_assert_mem_eq(call.status, "away", 4);
    jsonrpc_message_done(&message);

    call = good_call(JSONRPC_STATUS, "status", "{\"status\": \"\"}");
    ck_assert(call.has_status);
    ck_assert_ptr_nonnull(call.status);
    ck_assert_uint_eq(call.status_length, 0);
    jsonrpc_message_done(&message);

    call = good_call(JSONRPC_STATUS, "status", "{\"status\": null}");
    ck_assert(call.has_status);
    ck_assert_ptr_null(call.status);
    jsonrpc_message_done(&message);
}
END_TEST

START_TEST(a_status_has_at_most_256_bytes)
{
    char params[512], status[258];

    memset(status, 'x', sizeof status);
    for (int length = 256; length <= 257; length++) {
        snprintf(params, sizeof params, "{\"status\": \"%.*s\"}", length, status);

        struct jsonrpc_call call = call_with(&usual, "status", params);

        ck_assert_int_eq(call.failure, length == 256 ? 0 : JSONRPC_INVALID_PARAMS);
        if (call.failure != 0)
            ck_assert_str_eq(call.error.message, "status must be a string of at most 256 bytes or null, not a string of 257 bytes");
        jsonrpc_message_done(&message);
    }
}
END_TEST

START_TEST(methods_without_params_take_none_whatever_is_in_them)
{
    static const char *const params[] = {NULL, "{}", "[]", "null", "{\"x\": [1e999, {}], \"friends\": 1, \"user_id\": true}"};

    for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
        good_call(JSONRPC_PING, "ping", params[i]);
        jsonrpc_message_done(&message);
        good_call(JSONRPC_LOGOUT, "logout", params[i]);
        jsonrpc_message_done(&message);
    }
}
END_TEST

START_TEST(unknown_params_are_ignored)
{
    struct jsonrpc_call call =
        good_call(JSONRPC_LOGIN, "login", "{\"x\": 99999999999999999999, \"user_id\": 1, \"users\": 1, \"online\": {\"y\": []}, \"FRIENDS\": 0}");

    assert_user(call.user, "1");
    ck_assert(!call.has_friends);
    jsonrpc_message_done(&message);
}
END_TEST

#define ID "an integer of 64 bits or a string of 1 to 128 bytes"
#define NO_INTEGER "a number with a fraction, an exponent or more than 64 bits"
#define BY_NAME "params are known by name here: they must be an object, not an array"

START_TEST(wrong_params_are_named)
{
    static const struct {
        const char *method, *params, *sentence;
    } cases[] = {
        {"login", NULL, "user_id is missing"},
        {"login", "{}", "user_id is missing"},
        {"login", "[]", "user_id is missing"},
        {"login", "null", "user_id is missing"},
        {"login", "[1, [2, 3]]", BY_NAME},
        {"ping", "[1]", BY_NAME},
        {"login", "{\"user_id\": null}", "user_id must be " ID ", not null"},
        {"login", "{\"user_id\": true}", "user_id must be " ID ", not true"},
        {"login", "{\"user_id\": [1]}", "user_id must be " ID ", not an array"},
        {"login", "{\"user_id\": 1.0}", "user_id must be " ID ", not " NO_INTEGER},
        {"login", "{\"user_id\": 1e3}", "user_id must be " ID ", not " NO_INTEGER},
        {"login", "{\"user_id\": 9223372036854775808}", "user_id must be " ID ", not " NO_INTEGER},
        {"login", "{\"user_id\": 1e999}", "user_id must be " ID ", not " NO_INTEGER},
        {"login", "{\"user_id\": \"\"}", "user_id must be " ID ", not a string of 0 bytes"},
        {"login", "{\"user_id\": 1, \"friends\": {}}", "friends must be an array or null, not an object"},
        {"login", "{\"user_id\": 1, \"friends\": 2}", "friends must be an array or null, not an integer"},
        {"login", "{\"user_id\": 1, \"friends\": [2, \"x\", 3, null]}", "friends[3] must be " ID ", not null"},
        {"login", "{\"user_id\": 1, \"friends\": [2, \"\"]}", "friends[1] must be " ID ", not a string of 0 bytes"},
        {"login", "{\"user_id\": 1, \"friends\": [-9223372036854775809]}", "friends[0] must be " ID ", not " NO_INTEGER},
        {"login", "{\"user_id\": 1, \"token\": 5}", "token must be a string or null, not an integer"},
        {"login", "{\"user_id\": 1, \"status\": 5}", "status must be a string of at most 256 bytes or null, not an integer"},
        {"follow", NULL, "friends is missing"},
        {"follow", "{\"users\": [1]}", "friends is missing"},
        {"follow", "{\"friends\": null}", "friends must be an array, not null"},
        {"follow", "{\"friends\": [[]]}", "friends[0] must be " ID ", not an array"},
        {"unfollow", "{}", "friends is missing"},
        {"unfollow", "{\"friends\": \"bob\"}", "friends must be an array, not a string"},
        {"online", "{\"friends\": [1]}", "users is missing"},
        {"online", "{\"users\": null}", "users must be an array, not null"},
        {"online", "{\"users\": [1, {}]}", "users[1] must be " ID ", not an object"},
        {"status", NULL, "status is missing"},
        {"status", "{\"status\": false}", "status must be a string of at most 256 bytes or null, not false"},
        {"status", "{\"status\": [\"away\"]}", "status must be a string of at most 256 bytes or null, not an array"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jsonrpc_call call = call_with(&usual, cases[i].method, cases[i].params);

        ck_assert_msg(call.failure == JSONRPC_INVALID_PARAMS, "%s %s: %d", cases[i].method, cases[i].params, call.failure);
        ck_assert_int_eq(call.error.code, ERROR_BAD_MESSAGE);
        ck_assert_str_eq(call.error.message, cases[i].sentence);
        ck_assert_int_eq(call.id.integer, 1);
        jsonrpc_message_done(&message);
    }
}
END_TEST

START_TEST(the_limit_of_friends_counts_what_was_sent)
{
    static const struct {
        const char *method, *params, *sentence;
    } cases[] = {
        {"login", "{\"user_id\": 1, \"friends\": [1, 1, 1, 1, 1]}", "friends has more than the 4 elements that are allowed"},
        {"follow", "{\"friends\": [1, 2, 3, 4, 5, 6]}", "friends has more than the 4 elements that are allowed"},
        {"unfollow", "{\"friends\": [1, 2, 3, 4, true]}", "friends has more than the 4 elements that are allowed"},
        {"online", "{\"users\": [1, 2, 3, 4, \"5\"]}", "users has more than the 4 elements that are allowed"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jsonrpc_call call = call_with(&usual, cases[i].method, cases[i].params);

        ck_assert_int_eq(call.failure, JSONRPC_SERVER_ERROR);
        ck_assert_int_eq(call.error.code, ERROR_TOO_MANY_FRIENDS);
        ck_assert_str_eq(call.error.message, cases[i].sentence);
        jsonrpc_message_done(&message);
    }
}
END_TEST

START_TEST(the_names_of_many_friends_stand_apart_and_their_memory_does_not_stay)
{
    enum { COUNT = 2000 };
    static char params[COUNT * 16 + 64];
    const struct protocol_limits limits = {.message_bytes = sizeof params, .nesting = 4, .friends = COUNT};
    size_t length = (size_t)snprintf(params, sizeof params, "{\"friends\": [");

    for (int i = 0; i < COUNT; i++)
        length += (size_t)snprintf(params + length, sizeof params - length, "%s\"friend-%d\"", i > 0 ? "," : "", i);
    snprintf(params + length, sizeof params - length, "]}");

    struct jsonrpc_call call = call_with(&limits, "follow", params);

    ck_assert_int_eq(call.failure, 0);
    for (int i = 0; i < COUNT; i++) {
        char name[32];

        snprintf(name, sizeof name, "\"friend-%d\"", i);
        assert_user(call.friends[i], name);
    }
    jsonrpc_message_done(&message);
    ck_assert_uint_gt(reading_decoder->names_capacity, DECODER_NAMES_KEPT);
    decoder_begin(reading_decoder);
    ck_assert_uint_eq(reading_decoder->names_capacity, 0);
    ck_assert_uint_eq(reading_decoder->capacity, 0);
}
END_TEST

START_TEST(a_usual_call_needs_no_memory_beside_its_message_once_the_decoder_is_warm)
{
    struct jsonrpc_call call = good_call(JSONRPC_LOGIN, "login", "{\"user_id\": \"me\", \"friends\": [\"ann\", 3]}");

    faults_allocation(0, 0);

    int result = jsonrpc_call_read(reading_decoder, &usual, &message, jsonrpc_next(&message, 0), &call);
    long allocations = faults_allocations();

    ck_assert_int_eq(result, 0);
    ck_assert_int_eq(allocations, 0);
    jsonrpc_message_done(&message);
}
END_TEST

START_TEST(a_call_that_finds_no_memory_is_untouched)
{
    struct jsonrpc_call untouched, call = good_call(JSONRPC_FOLLOW, "follow", "{\"friends\": [\"ann\", 3]}");

    memset(&untouched, 0x5a, sizeof untouched);
    for (long nth = 1; nth <= 2; nth++) {
        decoder_free(reading_decoder);
        reading_decoder = decoder_new();
        call = untouched;
        faults_allocation(nth, 0);

        int result = jsonrpc_call_read(reading_decoder, &usual, &message, jsonrpc_next(&message, 0), &call);

        faults_allocation(0, 0);
        ck_assert_int_eq(result, -ENOMEM);
        ck_assert_mem_eq(&call, &untouched, sizeof call);
    }
    jsonrpc_message_done(&message);
}
END_TEST

static Suite *
params_suite(void)
{
    Suite *suite = suite_create("protocol/jsonrpc_params");
    TCase *tests = tcase_create("jsonrpc_params");

    tcase_add_checked_fixture(tests, reading_set_up, reading_tear_down);
    tcase_add_test(tests, a_login_names_its_user);
    tcase_add_test(tests, a_name_has_1_to_128_bytes);
    tcase_add_test(tests, a_login_may_list_friends_of_both_kinds);
    tcase_add_test(tests, a_login_may_bring_a_token_and_a_status);
    tcase_add_test(tests, follow_unfollow_and_online_list_users);
    tcase_add_test(tests, a_status_is_text_or_null);
    tcase_add_test(tests, a_status_has_at_most_256_bytes);
    tcase_add_test(tests, methods_without_params_take_none_whatever_is_in_them);
    tcase_add_test(tests, unknown_params_are_ignored);
    tcase_add_test(tests, wrong_params_are_named);
    tcase_add_test(tests, the_limit_of_friends_counts_what_was_sent);
    tcase_add_test(tests, the_names_of_many_friends_stand_apart_and_their_memory_does_not_stay);
    tcase_add_test(tests, a_usual_call_needs_no_memory_beside_its_message_once_the_decoder_is_warm);
    tcase_add_test(tests, a_call_that_finds_no_memory_is_untouched);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    dialects_init();
    return unit_run(params_suite());
}
