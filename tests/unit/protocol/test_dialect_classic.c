/* SPDX-License-Identifier: MIT
 *
 * What a message of the classic dialect says, and what is wrong with one that says nothing. What decoding takes of memory and threads is in
 * test_dialect_classic_memory.c, what is told to clients in test_dialect_classic_told.c.
 */
#include "support/unit/classic.h"

#include "support/pace.h"
#include "support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELLO .kind = MESSAGE_HELLO, .has_user = true
#define GOODBYE .kind = MESSAGE_GOODBYE, .has_user = true
#define FRIENDS(number) .has_friends = true, .friend_count = (number)

/* A text and what it says. */
struct said {
    const char *text;
    struct message message; /* without its friends */
    int64_t friends[CLASSIC_FRIENDS_MAX];
};

static void
assert_said(const struct said *said)
{
    struct message message;
    struct protocol_error error;
    int result = classic_decode(said->text, &message, &error);

    ck_assert_msg(result == 0, "%s: %d %s", said->text, result, result == -EBADMSG ? error.message : "");
    ck_assert_msg(message.kind == said->message.kind, "%s", said->text);
    ck_assert_msg(message.has_user == said->message.has_user, "%s", said->text);
    ck_assert_int_eq(message.user.number, said->message.user.number);
    ck_assert_msg(message.has_friends == said->message.has_friends, "%s", said->text);
    ck_assert_uint_eq(message.friend_count, said->message.friend_count);
    for (uint32_t i = 0; i < message.friend_count; i++)
        ck_assert_int_eq(message.friends[i].number, said->friends[i]);
}

START_TEST(a_hello_names_its_user_and_may_list_friends)
{
    static const struct said cases[] = {
        {"{\"user_id\": 1, \"friends\": [2, 3, 4]}", {HELLO, .user = {.number = 1}, FRIENDS(3)}, {2, 3, 4}},
        {"{\"friends\":[2,3,4],\"user_id\":1}", {HELLO, .user = {.number = 1}, FRIENDS(3)}, {2, 3, 4}},
        {"{\n  \"user_id\" : 1,\r\n\t\"friends\" : [ 2 , 3 ]\n}", {HELLO, .user = {.number = 1}, FRIENDS(2)}, {2, 3}},
        {"{\"user_id\": 1}", {HELLO, .user = {.number = 1}}, {0}},
        {"{\"user_id\": 1, \"friends\": null}", {HELLO, .user = {.number = 1}}, {0}},
        {"{\"user_id\": 1, \"friends\": []}", {HELLO, .user = {.number = 1}, FRIENDS(0)}, {0}},
        {"{\"user_id\": 1, \"friends\": [1, 2, 2, 1]}", {HELLO, .user = {.number = 1}, FRIENDS(4)}, {1, 2, 2, 1}},
        {"{\"user_id\": 0}", {HELLO, .user = {.number = 0}}, {0}},
        {"{\"user_id\": -0}", {HELLO, .user = {.number = 0}}, {0}},
        {"{\"user_id\": 9223372036854775807, \"friends\": [-9223372036854775808]}", {HELLO, .user = {.number = INT64_MAX}, FRIENDS(1)}, {INT64_MIN}},
        {"{\"user_id\": -9223372036854775808, \"friends\": [9223372036854775807]}", {HELLO, .user = {.number = INT64_MIN}, FRIENDS(1)}, {INT64_MAX}},
        {"{\"user_id\": 9007199254740993}", {HELLO, .user = {.number = 9007199254740993}}, {0}}, /* beyond what a double holds */
        {"{\"\\u0075ser_id\": 1, \"\\u0066riends\": [2]}", {HELLO, .user = {.number = 1}, FRIENDS(1)}, {2}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_said(&cases[i]);
}
END_TEST

START_TEST(online_false_is_a_goodbye_and_online_true_means_nothing)
{
    static const struct said cases[] = {
        {"{\"online\": false}", {.kind = MESSAGE_GOODBYE}, {0}},
        {"{\"user_id\": 7, \"online\": false}", {GOODBYE, .user = {.number = 7}}, {0}},
        {"{\"online\": false, \"user_id\": 7, \"friends\": [1, 2]}", {GOODBYE, .user = {.number = 7}}, {0}},
        {"{\"online\": false, \"friends\": null, \"x\": 1}", {.kind = MESSAGE_GOODBYE}, {0}},
        {"{\"user_id\": 7, \"online\": true}", {HELLO, .user = {.number = 7}}, {0}},
        {"{\"user_id\": 7, \"online\": true, \"friends\": [8]}", {HELLO, .user = {.number = 7}, FRIENDS(1)}, {8}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_said(&cases[i]);
}
END_TEST

START_TEST(unknown_keys_are_ignored_whatever_json_they_hold)
{
    static const char *const members[] = {
        "\"x\": null",
        "\"\": \"\"",
        "\"x\": \"text \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u00e4 \\ud83d\\ude00 ä 😀\"",
        "\"x\": [1, [2, {\"user_id\": \"x\"}], {}], \"y\": {\"friends\": 1, \"online\": 2}",
        "\"USER_ID\": 3, \"user_id \": 4, \"userid\": 5",
        "\"x\": 1.5, \"y\": -0.0, \"z\": [1e3, 1E-3, 1e+3, 0.1e1]",
        "\"jsonrpc\": \"2.0\"",
        /* Numbers for which jansson has no type. */
        "\"x\": 1e999, \"y\": -1e999, \"z\": 1e-999",
        "\"x\": 9223372036854775808, \"y\": -9223372036854775809",
        "\"x\": 123456789012345678901234567890123456789012345678901234567890",
        "\"x\": [1e999, {\"y\": [99999999999999999999, \"1e999\"]}, 1.0e400, \"\\\"1e999\"]",
        "\"1e999\": 1e999, \"\\\\\": 1e999",
        "\"1e999\": 1e999, \"2e999\": 1, \"\\\"1e999\\\"\": 1, \"\\\"2e999\\\"\": 1", /* four keys, though the numbers in them are wild */
        "\"x\":1e999",
        "\"x\":1e999 ",
    };

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        char before[512], after[512];

        snprintf(before, sizeof before, "{%s, \"user_id\": -12, \"friends\": [9223372036854775807]}", members[i]);
        snprintf(after, sizeof after, "{\"friends\": [9223372036854775807], \"user_id\": -12, %s}", members[i]);
        assert_said(&(struct said){before, {HELLO, .user = {.number = -12}, FRIENDS(1)}, {INT64_MAX}});
        assert_said(&(struct said){after, {HELLO, .user = {.number = -12}, FRIENDS(1)}, {INT64_MAX}});
    }
}
END_TEST

/* A text, and what is said to be wrong with it; `sentence` NULL: that is jansson's affair. */
struct refused {
    const char *text;
    const char *sentence;
};

static void
assert_refused(const struct refused *cases, size_t count, enum error_code code)
{
    for (size_t i = 0; i < count; i++) {
        struct message untouched, message;
        struct protocol_error error;

        memset(&untouched, 0x5a, sizeof untouched);
        message = untouched;

        int result = classic_decode(cases[i].text, &message, &error);

        ck_assert_msg(result == -EBADMSG, "%s: %d", cases[i].text, result);
        ck_assert_msg(error.code == code, "%s: %s: %s", cases[i].text, error_code_name(error.code), error.message);
        ck_assert_mem_eq(&message, &untouched, sizeof message);
        if (cases[i].sentence != NULL)
            ck_assert_str_eq(error.message, cases[i].sentence);
        else
            ck_assert_ptr_nonnull(strstr(error.message, ", at byte "));
    }
}

#define ASSERT_REFUSED(cases, code) assert_refused(cases, sizeof(cases) / sizeof((cases)[0]), code)

START_TEST(what_is_not_json_is_bad_json)
{
    static const struct refused cases[] = {
        {"", NULL},
        {"{", NULL},
        {"{nonsense}", NULL},
        {"{\"user_id\" 1}", NULL},
        {"{\"user_id\": 1,}", NULL},
        {"{,\"user_id\": 1}", NULL},
        {"{\"user_id\": 1 \"friends\": []}", NULL},
        {"{\"user_id\": 1, \"friends\": [1,]}", NULL},
        {"{\"user_id\": 1, \"friends\": [,1]}", NULL},
        {"{\"user_id\": 1, \"friends\": [1 2]}", NULL},
        {"{\"user_id\": 01}", NULL},
        {"{\"user_id\": +1}", NULL},
        {"{\"user_id\": --1}", NULL},
        {"{\"user_id\": -}", NULL},
        {"{\"user_id\": .5}", NULL},
        {"{\"user_id\": 1.}", NULL},
        {"{\"user_id\": 1e}", NULL},
        {"{\"user_id\": 0x10}", NULL},
        {"{\"user_id\": 1_000}", NULL},
        {"{\"user_id\": NaN}", NULL},
        {"{\"user_id\": Infinity}", NULL},
        {"{\"user_id\": 1, \"x\": True}", NULL},
        {"{\"user_id\": 1, \"x\": nul}", NULL},
        {"{\"user_id\": 1, 2: 3}", NULL},
        {"{user_id: 1}", NULL},
        {"{'user_id': 1}", NULL},
        {"{\"user_id\": 1} x", NULL},
        {"{\"user_id\": 1}{}", NULL},
        {"{\"user_id\": 1, \"x\": \"\\x\"}", NULL},
        {"{\"user_id\": 1, \"x\": \"\\u12g4\"}", NULL},
        {"{\"user_id\": 1, \"x\": \"\\ud800\"}", NULL},
        {"{\"user_id\": 1, \"x\": \"\\udc00\"}", NULL},
        {"{\"user_id\": 1, \"x\": \"\\ud800\\u0041\"}", NULL},
        {"{\"user_id\": 1, /* a note */ \"x\": 1}", NULL},
        {"[1, 2", NULL},
        {"[1 2]", NULL},
        /* A number that is too large does not hide it, nor does it become one by being cut down. */
        {"{\"user_id\": 1, \"x\": 1e999,}", NULL},
        {"{\"user_id\": 1, \"x\": 1e999 1e999}", NULL},
        {"{\"user_id\": 1, \"x\": 1e999.5}", NULL},
        {"{\"user_id\": 1, \"x\": 01e999}", NULL},
        {"{\"user_id\": 1, \"x\": 1e999x}", NULL},
        {"{\"user_id\": 1, \"x\": 1.5-99999999999999999999}", NULL},
        {"{\"user_id\": 1, \"x\": false1e999}", NULL},
        {"{\"user_id\": 1, \"x\": 99999999999999999999\"\"}", NULL},
        {"{\"user_id\": 1, \"x\": 99999999999999999999.}", NULL},
        {"{\"user_id\": 1, \"x\": 99999999999999999999e}", NULL},
        {"{\"user_id\": 1, \"x\": [1e999}", NULL},
        {"{\"user_id\": 1, \"x\": [1e999, 01e999]}", NULL},
        {"{\"user_id\": 1, \"x\": [1e999, 01.5]}", NULL},
        {"{\"user_id\": 1, \"x\": [1e999, .25]}", NULL},
        {"{\"user_id\": 1, \"x\": [1e999, -.25]}", NULL},
        {"{\"user_id\": 1, \"x\": [1e999, 1.e5]}", NULL},
        {"{\"user_id\": 1, \"x\": [1e999, 125.]}", NULL},
        {"{\"user_id\": 1, \"x\": [1e999, 125e]}", NULL},
        {"{\"user_id\": 1, \"x\": [1e999, 125e+]}", NULL},
        {"{\"user_id\": 1, \"x\": [1e999, 1e5.5]}", NULL},
        {"{\"user_id\": 1, \"x\": [1e999, 1e5e5]}", NULL},
        {"{\"user_id\": 1, \"x\": [1e999, +1e5]}", NULL},
        {"{\"user_id\": 1, \"x\": [1e999, 099999999999999999999]}", NULL},
        {"{\"user_id\": 1, \"x\": 1e999, \"y\": \"", NULL},
        {"{\"user_id\": 1, \"x\": 1e999, \"y\": \"\\", NULL},
    };

    ASSERT_REFUSED(cases, ERROR_BAD_JSON);
}
END_TEST

START_TEST(utf8_is_checked)
{
    static const char *const wrong[] = {
        "\xff", "\x80", "\xc3", "\xc3(", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x9f\x98"};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char in_value[64], in_key[64], outside[64];

        snprintf(in_value, sizeof in_value, "{\"user_id\": 1, \"x\": \"%s\"}", wrong[i]);
        snprintf(in_key, sizeof in_key, "{\"user_id\": 1, \"%s\": 1}", wrong[i]);
        snprintf(outside, sizeof outside, "{\"user_id\": 1, %s}", wrong[i]);
        ASSERT_REFUSED(((const struct refused[]){{in_value, NULL}, {in_key, NULL}, {outside, NULL}}), ERROR_BAD_JSON);
    }
}
END_TEST

START_TEST(a_nul_byte_is_bad_json)
{
    static const char inside[] = "{\"user_id\": 1, \"x\": \"\0\"}", outside[] = "{\"user_id\": 1\0}", after[] = "{\"user_id\": 1}\0";
    struct message message;
    struct protocol_error error;

    ck_assert_int_eq(classic_decode_bytes(&classic_usual, inside, sizeof inside - 1, &message, &error), -EBADMSG);
    ck_assert_int_eq(error.code, ERROR_BAD_JSON);
    ck_assert_int_eq(classic_decode_bytes(&classic_usual, outside, sizeof outside - 1, &message, &error), -EBADMSG);
    ck_assert_int_eq(error.code, ERROR_BAD_JSON);
    ck_assert_int_eq(classic_decode_bytes(&classic_usual, after, sizeof after - 1, &message, &error), -EBADMSG);
    ck_assert_int_eq(error.code, ERROR_BAD_JSON);
}
END_TEST

#define NO_INTEGER "a number with a fraction, an exponent or more than 64 bits"

START_TEST(json_that_is_no_message_is_a_bad_message)
{
    static const struct refused cases[] = {
        {"[]", "a message is an object such as {\"user_id\": 1, \"friends\": [2, 3]}, not an array"},
        {"[{\"user_id\": 1}]", "a message is an object such as {\"user_id\": 1, \"friends\": [2, 3]}, not an array"},
        {"{}", "user_id is missing"},
        {"{\"friends\": [1]}", "user_id is missing"},
        {"{\"online\": true}", "user_id is missing"},
        {"{\"x\": {\"user_id\": 1}}", "user_id is missing"},
        {"{\"user_id\": null}", "user_id must be an integer of 64 bits, not null"},
        {"{\"user_id\": true}", "user_id must be an integer of 64 bits, not true"},
        {"{\"user_id\": false}", "user_id must be an integer of 64 bits, not false"},
        {"{\"user_id\": \"1\"}", "user_id must be an integer of 64 bits, not a string"},
        {"{\"user_id\": [1]}", "user_id must be an integer of 64 bits, not an array"},
        {"{\"user_id\": {}}", "user_id must be an integer of 64 bits, not an object"},
        {"{\"user_id\": 1.0}", "user_id must be an integer of 64 bits, not " NO_INTEGER},
        {"{\"user_id\": 1e3}", "user_id must be an integer of 64 bits, not " NO_INTEGER},
        {"{\"user_id\": -0.0}", "user_id must be an integer of 64 bits, not " NO_INTEGER},
        {"{\"user_id\": 1e999}", "user_id must be an integer of 64 bits, not " NO_INTEGER},
        {"{\"user_id\": 9223372036854775808}", "user_id must be an integer of 64 bits, not " NO_INTEGER},
        {"{\"user_id\": -9223372036854775809}", "user_id must be an integer of 64 bits, not " NO_INTEGER},
        {"{\"user_id\": 18446744073709551616}", "user_id must be an integer of 64 bits, not " NO_INTEGER},
        {"{\"user_id\":10000000000000000000000}", "user_id must be an integer of 64 bits, not " NO_INTEGER},
        {"{\"user_id\": 1, \"friends\": {}}", "friends must be an array or null, not an object"},
        {"{\"user_id\": 1, \"friends\": 2}", "friends must be an array or null, not an integer"},
        {"{\"user_id\": 1, \"friends\": 2.5}", "friends must be an array or null, not " NO_INTEGER},
        {"{\"user_id\": 1, \"friends\": \"2\"}", "friends must be an array or null, not a string"},
        {"{\"user_id\": 1, \"friends\": false}", "friends must be an array or null, not false"},
        {"{\"user_id\": 1, \"friends\": [null]}", "friends[0] must be an integer of 64 bits, not null"},
        {"{\"user_id\": 1, \"friends\": [2, \"3\", 4]}", "friends[1] must be an integer of 64 bits, not a string"},
        {"{\"user_id\": 1, \"friends\": [2, 3, 4.0]}", "friends[2] must be an integer of 64 bits, not " NO_INTEGER},
        {"{\"user_id\": 1, \"friends\": [2, 3, [4]]}", "friends[2] must be an integer of 64 bits, not an array"},
        {"{\"user_id\": 1, \"friends\": [9223372036854775808]}", "friends[0] must be an integer of 64 bits, not " NO_INTEGER},
        {"{\"user_id\": 1, \"online\": null}", "online must be true or false, not null"},
        {"{\"user_id\": 1, \"online\": 0}", "online must be true or false, not an integer"},
        {"{\"user_id\": 1, \"online\": \"false\"}", "online must be true or false, not a string"},
        /* A goodbye may leave things out, not get them wrong. */
        {"{\"online\": false, \"user_id\": \"1\"}", "user_id must be an integer of 64 bits, not a string"},
        {"{\"online\": false, \"user_id\": null}", "user_id must be an integer of 64 bits, not null"},
        {"{\"online\": false, \"friends\": 1}", "friends must be an array or null, not an integer"},
        {"{\"online\": false, \"friends\": [1.5]}", "friends[0] must be an integer of 64 bits, not " NO_INTEGER},
        /* Twice the same key, at any level, however it is spelled. */
        {"{\"user_id\": 1, \"user_id\": 1}", NULL},
        {"{\"user_id\": 1, \"\\u0075ser_id\": 2}", NULL},
        {"{\"user_id\": 1, \"friends\": [1], \"friends\": null}", NULL},
        {"{\"online\": true, \"user_id\": 1, \"online\": true}", NULL},
        {"{\"user_id\": 1, \"x\": 1, \"x\": 1}", NULL},
        {"{\"user_id\": 1, \"\": 1, \"\": 1}", NULL},
        {"{\"user_id\": 1, \"x\": [{\"y\": {\"z\": 1, \"z\": 1}}]}", NULL},
        {"{\"user_id\": 1, \"x\": 1e999, \"x\": 1}", NULL},
        /* NUL in a string or a key. */
        {"{\"user_id\": 1, \"x\": \"\\u0000\"}", "a string holds \\u0000, at byte 28 of the message"},
        {"{\"user_id\": 1, \"a\\u0000b\": 1}", "a string holds \\u0000, at byte 25 of the message"},
        {"{\"user_id\": 1, \"user_id\\u0000\": 1}", NULL},
        {"{\"user_id\": 1, \"x\": [{\"y\": \"a\\u0000\"}]}", NULL},
        {"{\"user_id\": 1, \"x\": 1e999, \"y\": \"\\u0000\"}", NULL},
    };

    ASSERT_REFUSED(cases, ERROR_BAD_MESSAGE);
}
END_TEST

START_TEST(the_limit_of_friends_counts_what_was_sent)
{
    static const struct refused cases[] = {
        {"{\"user_id\": 1, \"friends\": [1,2,3,4,5,6,7,8,9]}", "friends has more than the 8 elements that are allowed"},
        {"{\"user_id\": 1, \"friends\": [1,1,1,1,1,1,1,1,1]}", "friends has more than the 8 elements that are allowed"},
        {"{\"online\": false, \"friends\": [1,2,3,4,5,6,7,8,9,10]}", "friends has more than the 8 elements that are allowed"},
        {"{\"user_id\": 1, \"fr\\u0069ends\": [1,2,3,4,5,6,7,8,\"9\"]}", "friends has more than the 8 elements that are allowed"},
    };

    assert_said(
        &(struct said){"{\"user_id\": 1, \"friends\": [1,2,3,4,5,6,7,8]}", {HELLO, .user = {.number = 1}, FRIENDS(8)}, {1, 2, 3, 4, 5, 6, 7, 8}});
    assert_said(&(struct said){
        "{\"user_id\": 1, \"friends\": [1,2,3,4,5,6,7,8], \"x\": 0}", {HELLO, .user = {.number = 1}, FRIENDS(8)}, {1, 2, 3, 4, 5, 6, 7, 8}});
    ASSERT_REFUSED(cases, ERROR_TOO_MANY_FRIENDS);
}
END_TEST

START_TEST(the_limit_of_nesting_counts_the_outermost_object)
{
    static const struct refused cases[] = {
        {"{\"user_id\": 1, \"x\": [[[[]]]]}", "nested deeper than the 4 levels that are allowed"},
        {"{\"user_id\": 1, \"x\": [{\"y\": [{}]}]}", "nested deeper than the 4 levels that are allowed"},
        {"{\"user_id\": 1, \"friends\": [[[[]]]]}", "nested deeper than the 4 levels that are allowed"},
        {"[[[[[]]]]]", "nested deeper than the 4 levels that are allowed"},
    };
    struct protocol_limits limits = classic_usual;
    struct message message;
    struct protocol_error error;
    static const char flat[] = "{\"user_id\": 1}", list[] = "{\"user_id\": 1, \"friends\": []}";

    assert_said(&(struct said){"{\"user_id\": 1, \"x\": [[[]]]}", {HELLO, .user = {.number = 1}}, {0}});
    assert_said(&(struct said){"{\"user_id\": 1, \"x\": {\"y\": [{}]}}", {HELLO, .user = {.number = 1}}, {0}});
    ASSERT_REFUSED(cases, ERROR_TOO_LARGE);

    limits.nesting = 1;
    ck_assert_int_eq(classic_decode_bytes(&limits, flat, sizeof flat - 1, &message, &error), 0);
    ck_assert_int_eq(classic_decode_bytes(&limits, list, sizeof list - 1, &message, &error), -EBADMSG);
    ck_assert_int_eq(error.code, ERROR_TOO_LARGE);
}
END_TEST

START_TEST(hopeless_nesting_does_not_eat_the_stack)
{
    const size_t depth = 100000;
    char *text = malloc(2 * depth);
    struct message message;
    struct protocol_error error;

    ck_assert_ptr_nonnull(text);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    ck_assert_int_eq(classic_decode_bytes(&classic_usual, text, 2 * depth, &message, &error), -EBADMSG);
    ck_assert_int_eq(error.code, ERROR_TOO_LARGE);
    free(text);
}
END_TEST

START_TEST(a_string_may_be_as_long_as_the_message)
{
    enum { STRING_BYTES = 200000 };
    static char text[STRING_BYTES + 64];
    struct message message;
    struct protocol_error error;
    size_t length = (size_t)snprintf(text, sizeof text, "{\"user_id\": 1, \"x\": \"");

    memset(text + length, 'x', STRING_BYTES);
    length += STRING_BYTES;
    length += (size_t)snprintf(text + length, sizeof text - length, "\"}");
    ck_assert_int_eq(classic_decode_bytes(&classic_usual, text, length, &message, &error), 0);
    ck_assert_int_eq(message.user.number, 1);
}
END_TEST

START_TEST(an_array_may_have_as_many_elements_as_the_message_holds)
{
    enum { ELEMENTS = 500000 };
    static char text[ELEMENTS * 2 + 64];
    struct message message;
    struct protocol_error error;
    size_t length = (size_t)snprintf(text, sizeof text, "{\"user_id\": 1, \"x\": [0");

    for (int i = 1; i < ELEMENTS; i++) {
        text[length++] = ',';
        text[length++] = '0';
    }
    length += (size_t)snprintf(text + length, sizeof text - length, "]}");
    ck_assert_int_eq(classic_decode_bytes(&classic_usual, text, length, &message, &error), 0);
    ck_assert_int_eq(message.user.number, 1);
}
END_TEST

static Suite *
classic_suite(void)
{
    Suite *suite = suite_create("protocol/dialect_classic");
    TCase *tests = tcase_create("dialect_classic");

    tcase_add_checked_fixture(tests, reading_set_up, reading_tear_down);
    tcase_add_test(tests, a_hello_names_its_user_and_may_list_friends);
    tcase_add_test(tests, online_false_is_a_goodbye_and_online_true_means_nothing);
    tcase_add_test(tests, unknown_keys_are_ignored_whatever_json_they_hold);
    tcase_add_test(tests, what_is_not_json_is_bad_json);
    tcase_add_test(tests, utf8_is_checked);
    tcase_add_test(tests, a_nul_byte_is_bad_json);
    tcase_add_test(tests, json_that_is_no_message_is_a_bad_message);
    tcase_add_test(tests, the_limit_of_friends_counts_what_was_sent);
    tcase_add_test(tests, the_limit_of_nesting_counts_the_outermost_object);
    tcase_add_test(tests, hopeless_nesting_does_not_eat_the_stack);
    tcase_add_test(tests, a_string_may_be_as_long_as_the_message);
    tcase_add_test(tests, an_array_may_have_as_many_elements_as_the_message_holds);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    dialects_init();
    return unit_run(classic_suite());
}
