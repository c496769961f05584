/* SPDX-License-Identifier: MIT */
#include "protocol/error.h"

#include "support/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

START_TEST(each_code_has_the_protocols_word)
{
    static const char *const words[ERROR_CODES] = {
        [ERROR_BAD_JSON] = "bad_json",
        [ERROR_BAD_MESSAGE] = "bad_message",
        [ERROR_USER_MISMATCH] = "user_mismatch",
        [ERROR_TOO_LARGE] = "too_large",
        [ERROR_TOO_MANY_FRIENDS] = "too_many_friends",
        [ERROR_HELLO_TIMEOUT] = "hello_timeout",
        [ERROR_SERVER_FULL] = "server_full",
        [ERROR_TOO_SLOW] = "too_slow",
        [ERROR_MESSAGE_TIMEOUT] = "message_timeout",
        [ERROR_UNAUTHORIZED] = "unauthorized",
        [ERROR_SHUTTING_DOWN] = "shutting_down",
        [ERROR_NOT_LOGGED_IN] = "not_logged_in",
        [ERROR_ALREADY_LOGGED_IN] = "already_logged_in",
    };

    for (int code = 0; code < ERROR_CODES; code++)
        ck_assert_str_eq(error_code_name((enum error_code)code), words[code]);
}
END_TEST

START_TEST(a_sentence_is_formatted)
{
    struct protocol_error error;

    protocol_error_set(&error, ERROR_TOO_LARGE, "%d of %s, and ümläut, 漢字, 😀", 3, "four");
    ck_assert_int_eq(error.code, ERROR_TOO_LARGE);
    ck_assert_str_eq(error.message, "3 of four, and ümläut, 漢字, 😀");
}
END_TEST

START_TEST(a_sentence_that_fits_to_the_byte_is_not_cut)
{
    struct protocol_error error;
    char text[sizeof error.message];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    protocol_error_set(&error, ERROR_BAD_JSON, "%s", text);
    ck_assert_str_eq(error.message, text);
    protocol_error_set(&error, ERROR_BAD_JSON, "%s%s", text, "y");
    ck_assert_str_eq(error.message, text);
}
END_TEST

START_TEST(a_long_sentence_is_cut_at_a_whole_character)
{
    static const char *const characters[] = {"x", "é", "漢", "😀"};
    const size_t room = sizeof((struct protocol_error *)NULL)->message - 1;

    for (size_t i = 0; i < sizeof characters / sizeof characters[0]; i++)
        for (size_t before = 0; before < 5; before++) {
            size_t bytes = strlen(characters[i]);
            struct protocol_error error;
            char text[512] = "";

            memset(text, '.', before);
            while (strlen(text) <= room)
                strcat(text, characters[i]); /* NOLINT: there is room for it */
            protocol_error_set(&error, ERROR_BAD_JSON, "%s", text);
            ck_assert_uint_eq(strlen(error.message), before + (room - before) / bytes * bytes);
            ck_assert_mem_eq(error.message, text, strlen(error.message));
        }
}
END_TEST

START_TEST(what_is_no_text_is_made_harmless)
{
    static const struct {
        const char *sent, *told;
    } cases[] = {
        {"a\nb\tc\x01\x1f\x7f.", "a?b?c???."},
        {"\xff\xfe.", "??."},
        {"\xc0\x80 \xe0\x80\x80 \xf0\x80\x80\x80", "?? ??? ????"}, /* overlong */
        {"\xed\xa0\x80 \xf4\x90\x80\x80", "??? ????"},             /* a surrogate, beyond the last character */
        {"\xe6\xbc", "??"},                                        /* cut by the client, not here */
        {"\xc3(", "?("},
        {"\xed\x9f\xbf \xf4\x8f\xbf\xbf", "\xed\x9f\xbf \xf4\x8f\xbf\xbf"},
        {"", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct protocol_error error;

        protocol_error_set(&error, ERROR_BAD_JSON, "%s", cases[i].sent);
        ck_assert_str_eq(error.message, cases[i].told);
    }
}
END_TEST

START_TEST(any_two_bytes_end_up_as_utf8)
{
    for (int first = 1; first < 256; first++)
        for (int second = 1; second < 256; second++) {
            const char sent[] = {(char)first, (char)second, '\0'};
            struct protocol_error error;

            protocol_error_set(&error, ERROR_BAD_JSON, "%s", sent);
            json_t *told = json_string(error.message); /* NULL when it is not UTF-8 */
            ck_assert_ptr_nonnull(told);
            json_decref(told);
        }
}
END_TEST

static Suite *
error_suite(void)
{
    Suite *suite = suite_create("protocol/error");
    TCase *tests = tcase_create("error");

    tcase_add_test(tests, each_code_has_the_protocols_word);
    tcase_add_test(tests, a_sentence_is_formatted);
    tcase_add_test(tests, a_sentence_that_fits_to_the_byte_is_not_cut);
    tcase_add_test(tests, a_long_sentence_is_cut_at_a_whole_character);
    tcase_add_test(tests, what_is_no_text_is_made_harmless);
    tcase_add_test(tests, any_two_bytes_end_up_as_utf8);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(error_suite());
}
