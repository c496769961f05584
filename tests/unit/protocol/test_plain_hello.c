/* SPDX-License-Identifier: MIT
 *
 * What the plain reader takes, and what it leaves to the strict one. Whatever it takes, the strict one reads to the same message.
 */
#include "protocol/plain_hello.h"

#include "protocol/dialect.h"
#include "protocol/strict_hello.h"
#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/reading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct protocol_limits usual = {.message_bytes = 1024, .nesting = 2, .friends = 4};

/* Reads from memory of the text's own size, so that reading on is found out. */
static int
read_bytes(struct decoder *decoder, const struct protocol_limits *limits, const char *text, size_t length, struct message *message)
{
    char *copy = reading_copy(text, length);
    int result = plain_hello_read(decoder, limits, copy, length, message);

    free(copy);
    return result;
}

static void
assert_equal(const struct message *plain, const struct message *strict, const char *text)
{
    ck_assert_msg(plain->kind == strict->kind, "%s", text);
    ck_assert_msg(plain->has_user == strict->has_user, "%s", text);
    ck_assert_msg(user_id_equal(plain->user, strict->user), "%s", text);
    ck_assert_msg(plain->has_friends == strict->has_friends, "%s", text);
    ck_assert_msg(plain->friend_count == strict->friend_count, "%s", text);
    for (uint32_t i = 0; i < plain->friend_count; i++)
        ck_assert_msg(user_id_equal(plain->friends[i], strict->friends[i]), "%s", text);
}

static void
assert_taken(const char *text)
{
    struct decoder *plain_decoder = decoder_new(), *strict_decoder = decoder_new();
    struct message plain, strict;
    struct protocol_error error;

    ck_assert_msg(read_bytes(plain_decoder, &usual, text, strlen(text), &plain) == 0, "%s", text);
    ck_assert_msg(strict_hello_read(strict_decoder, &usual, text, strlen(text), &strict, &error) == 0, "%s", text);
    assert_equal(&plain, &strict, text);
    decoder_free(plain_decoder);
    decoder_free(strict_decoder);
}

static void
assert_left(const char *text, size_t length)
{
    struct decoder *decoder = decoder_new();
    struct message message, untouched;

    memset(&untouched, 0x5a, sizeof untouched);
    message = untouched;
    ck_assert_msg(read_bytes(decoder, &usual, text, length, &message) == -ENOMSG, "%.*s", (int)length, text);
    ck_assert_mem_eq(&message, &untouched, sizeof message);
    decoder_free(decoder);
}

static const char *const plain_texts[] = {
    "{\"user_id\": 1, \"friends\": [2, 3, 4]}",
    "{\"user_id\":1,\"friends\":[2,3,4]}",
    "{\"friends\":[2,3,4],\"user_id\":1}",
    "{\"user_id\":1}",
    "{\n  \"user_id\" : 1 ,\r\n\t\"friends\"\t: [ 2 , 3\n]\r\n}",
    "{\"user_id\": 1, \"friends\": []}",
    "{\"user_id\": 1, \"friends\": [ ]}",
    "{\"user_id\": 1, \"friends\": null}",
    "{\"user_id\": 1, \"online\": true, \"friends\": [1, 1, 1, 1]}",
    "{\"online\": false}",
    "{\"online\": false, \"user_id\": 5, \"friends\": [1, 2]}",
    "{\"online\": false, \"friends\": null}",
    "{\"user_id\": 0, \"friends\": [-0, 0, -1, 10]}",
    "{\"user_id\": -9223372036854775808, \"friends\": [9223372036854775807, -9223372036854775808]}",
    "{\"user_id\": 1000000000000000000, \"friends\": [999999999999999999, -999999999999999999]}",
    "{\"user_id\": 9007199254740993}",
};

START_TEST(what_it_takes_is_what_the_strict_reader_reads)
{
    for (size_t i = 0; i < sizeof plain_texts / sizeof plain_texts[0]; i++)
        assert_taken(plain_texts[i]);
}
END_TEST

START_TEST(a_text_cut_anywhere_is_left)
{
    for (size_t i = 0; i < sizeof plain_texts / sizeof plain_texts[0]; i++)
        for (size_t length = 0; length < strlen(plain_texts[i]); length++) {
            char closed[256];

            assert_left(plain_texts[i], length);
            /* With a brace at its end, which is what stops the reader. */
            memcpy(closed, plain_texts[i], length);
            closed[length] = '}';

            struct decoder *decoder = decoder_new(), *strict_decoder = decoder_new();
            struct message plain, strict;
            struct protocol_error error;

            if (read_bytes(decoder, &usual, closed, length + 1, &plain) == 0) {
                ck_assert_int_eq(strict_hello_read(strict_decoder, &usual, closed, length + 1, &strict, &error), 0);
                assert_equal(&plain, &strict, plain_texts[i]);
            }
            decoder_free(decoder);
            decoder_free(strict_decoder);
        }
}
END_TEST

START_TEST(what_it_is_not_sure_of_is_left)
{
    static const char *const texts[] = {
        "",
        "}",
        "{",
        "{}",
        "[]",
        "{ }",
        "{,}",
        "{\"user_id\"}",
        "{\"user_id\":}",
        "{\"user_id\" 1}",
        "{\"user_id\": 1,}",
        "{,\"user_id\": 1}",
        "{\"user_id\": 1}}",
        "{\"user_id\": 1} }",
        "{\"user_id\": 1}{\"user_id\": 1}",
        "[{\"user_id\": 1}",
        "{\"user_id\": 1]}",
        "{\"user_id\": 1 2}",
        "{\"user_id\": \"1\"}",
        "{\"user_id\": null}",
        "{\"user_id\": true}",
        "{\"user_id\": [1]}",
        "{\"user_id\": -}",
        "{\"user_id\": --1}",
        "{\"user_id\": - 1}",
        "{\"user_id\": +1}",
        "{\"user_id\": 01}",
        "{\"user_id\": -01}",
        "{\"user_id\": 00}",
        "{\"user_id\": 1.0}",
        "{\"user_id\": 1e3}",
        "{\"user_id\": 1E3}",
        "{\"user_id\": 9223372036854775808}",
        "{\"user_id\": -9223372036854775809}",
        "{\"user_id\": 9999999999999999999}",
        "{\"user_id\": 18446744073709551617}",
        "{\"user_id\": 36893488147419103233}",
        "{\"user_id\": 00000000000000000001}",
        "{\"user_id\": 1, \"friends\": [1, 2, 3, 4, 5]}",
        "{\"user_id\": 1, \"friends\": [1,]}",
        "{\"user_id\": 1, \"friends\": [,]}",
        "{\"user_id\": 1, \"friends\": [1}",
        "{\"user_id\": 1, \"friends\": [1 2]}",
        "{\"user_id\": 1, \"friends\": [1, null]}",
        "{\"user_id\": 1, \"friends\": [\"1\"]}",
        "{\"user_id\": 1, \"friends\": [[1]]}",
        "{\"user_id\": 1, \"friends\": [1.5]}",
        "{\"user_id\": 1, \"friends\": [1}]}",
        "{\"user_id\": 1, \"friends\": {}}",
        "{\"user_id\": 1, \"friends\": 1}",
        "{\"user_id\": 1, \"friends\": nul}",
        "{\"user_id\": 1, \"friends\": nulll}",
        "{\"user_id\": 1, \"online\": null}",
        "{\"user_id\": 1, \"online\": True}",
        "{\"user_id\": 1, \"online\": truefalse}",
        "{\"user_id\": 1, \"online\": 0}",
        "{\"online\": true}",
        "{\"friends\": [1]}",
        "{\"user_id\": 1, \"user_id\": 1}",
        "{\"friends\": null, \"user_id\": 1, \"friends\": null}",
        "{\"online\": false, \"online\": false}",
        "{\"user_id\": 1, \"x\": 1}",
        "{\"user_id\": 1, \"\": 1}",
        "{\"user_id \": 1}",
        "{\"user_ids\": 1}",
        "{\"USER_ID\": 1}",
        "{\"\\u0075ser_id\": 1}",
        "{user_id: 1}",
        "{\"user_id\": 1, \"fr\\u0069ends\": [1]}",
        "{\"user_id\":\v1}",
        "{\"user_id\": 1\xc2\xa0}",
    };
    static const char with_nul[] = "{\"user_id\": 1\0}";

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_left(texts[i], strlen(texts[i]));
    assert_left(with_nul, sizeof with_nul - 1);
}
END_TEST

START_TEST(a_limit_that_a_list_would_break_leaves_it)
{
    static const char text[] = "{\"user_id\": 1, \"friends\": []}", one[] = "{\"user_id\": 1, \"friends\": [1]}";
    struct protocol_limits limits = usual;
    struct decoder *decoder = decoder_new();
    struct message message;

    limits.friends = 0;
    ck_assert_int_eq(read_bytes(decoder, &limits, text, sizeof text - 1, &message), 0);
    ck_assert_int_eq(read_bytes(decoder, &limits, one, sizeof one - 1, &message), -ENOMSG);
    limits = usual;
    limits.nesting = 1;
    ck_assert_int_eq(read_bytes(decoder, &limits, text, sizeof text - 1, &message), -ENOMSG);
    decoder_free(decoder);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    enum { COUNT = 1000 };
    static char text[COUNT * 2 + 64];
    const struct protocol_limits limits = {.message_bytes = sizeof text, .nesting = 2, .friends = COUNT};
    struct decoder *decoder = decoder_new();
    struct message message;
    size_t length = (size_t)snprintf(text, sizeof text, "{\"user_id\": 1, \"friends\": [0");
    int result = -ENOMEM;
    long nth = 0;

    for (int i = 1; i < COUNT; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, ",7");
    length += (size_t)snprintf(text + length, sizeof text - length, "]}");
    while (result == -ENOMEM) {
        faults_allocation(++nth, 0);
        result = plain_hello_read(decoder, &limits, text, length, &message);
        faults_allocation(0, 0);
    }
    ck_assert_int_eq(result, 0);
    ck_assert_int_gt(nth, 1);
    ck_assert_uint_eq(message.friend_count, COUNT);
    ck_assert_int_eq(message.friends[COUNT - 1].number, 7);
    decoder_free(decoder);
}
END_TEST

static Suite *
plain_suite(void)
{
    Suite *suite = suite_create("protocol/plain_hello");
    TCase *tests = tcase_create("plain_hello");

    tcase_add_test(tests, what_it_takes_is_what_the_strict_reader_reads);
    tcase_add_test(tests, a_text_cut_anywhere_is_left);
    tcase_add_test(tests, what_it_is_not_sure_of_is_left);
    tcase_add_test(tests, a_limit_that_a_list_would_break_leaves_it);
    tcase_add_test(tests, every_allocation_may_fail);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    dialects_init();
    return unit_run(plain_suite());
}
