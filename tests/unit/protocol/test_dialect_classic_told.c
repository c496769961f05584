/* SPDX-License-Identifier: MIT
 *
 * What is told to clients of the classic dialect: errors and news, as lines.
 */
#include "protocol/dialect.h"

#include "support/pace.h"
#include "support/unit.h"

#include <jansson.h>
#include <string.h>

START_TEST(an_error_is_one_line_exact_to_the_byte)
{
    static const struct {
        struct protocol_error error;
        const char *line;
    } cases[] = {
        {{ERROR_BAD_MESSAGE, "user_id is missing"}, "{\"error\": {\"code\": \"bad_message\", \"message\": \"user_id is missing\"}}\n"},
        {{ERROR_SHUTTING_DOWN, ""}, "{\"error\": {\"code\": \"shutting_down\", \"message\": \"\"}}\n"},
        {{ERROR_BAD_JSON, "near '\"\\u\"' / é 漢 😀"}, "{\"error\": {\"code\": \"bad_json\", \"message\": \"near '\\\"\\\\u\\\"' / é 漢 😀\"}}\n"},
        /* Not as protocol_error_set makes them. */
        {{ERROR_BAD_JSON, "\n\t\x1f\x7f"}, "{\"error\": {\"code\": \"bad_json\", \"message\": \"\\u000a\\u0009\\u001f\x7f\"}}\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[ERROR_LINE_MAX];
        size_t length = dialect_classic.encode_error(&cases[i].error, line);

        ck_assert_uint_eq(length, strlen(cases[i].line));
        ck_assert_mem_eq(line, cases[i].line, length);
    }
}
END_TEST

START_TEST(the_longest_error_fits_its_line)
{
    for (int code = 0; code < ERROR_CODES; code++) {
        struct protocol_error error = {.code = (enum error_code)code};
        char line[ERROR_LINE_MAX + 16];
        const size_t quotes = sizeof error.message - 1;

        memset(line, '#', sizeof line);
        memset(error.message, '"', quotes);

        size_t length = dialect_classic.encode_error(&error, line);

        ck_assert_uint_eq(length, strlen("{\"error\": {\"code\": \"\", \"message\": \"\"}}\n") + strlen(error_code_name(error.code)) + 2 * quotes);
        ck_assert_uint_le(length, ERROR_LINE_MAX);
        ck_assert_int_eq(line[ERROR_LINE_MAX], '#');

        memset(error.message, '\x01', quotes); /* would be longer, were it not cut */
        length = dialect_classic.encode_error(&error, line);
        ck_assert_uint_le(length, ERROR_LINE_MAX);
        ck_assert_mem_eq(line + length - 4, "\"}}\n", 4);
        ck_assert_int_eq(line[ERROR_LINE_MAX], '#');
    }
}
END_TEST

START_TEST(a_line_that_is_cut_ends_with_a_whole_character)
{
    struct protocol_error error = {.code = ERROR_BAD_JSON};
    char line[ERROR_LINE_MAX];

    memset(error.message, '\x01', 90);
    for (size_t before = 90; before < 94; before++) {
        memset(error.message + before - 1, 'x', 1);
        for (size_t at = before; at + 4 < sizeof error.message; at += 4)
            memcpy(error.message + at, "\xf0\x9f\x98\x80", 4);

        size_t length = dialect_classic.encode_error(&error, line);
        json_t *told = json_loadb(line, length, 0, NULL); /* NULL when it is not UTF-8 */

        ck_assert_ptr_nonnull(told);
        json_decref(told);
    }
}
END_TEST

START_TEST(the_news_are_two_constant_lines)
{
    ck_assert_str_eq(dialect_classic.online_line, "{\"online\": true}\n");
    ck_assert_str_eq(dialect_classic.offline_line, "{\"online\": false}\n");
    ck_assert_str_eq(dialect_classic.name, "classic");
}
END_TEST

static Suite *
told_suite(void)
{
    Suite *suite = suite_create("protocol/dialect_classic_told");
    TCase *tests = tcase_create("dialect_classic_told");

    tcase_add_test(tests, an_error_is_one_line_exact_to_the_byte);
    tcase_add_test(tests, the_longest_error_fits_its_line);
    tcase_add_test(tests, a_line_that_is_cut_ends_with_a_whole_character);
    tcase_add_test(tests, the_news_are_two_constant_lines);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    dialects_init();
    return unit_run(told_suite());
}
