/* SPDX-License-Identifier: MIT */
#include "protocol/json_string.h"

#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many bytes of the text are a string, 0 for none, looked for in memory of the text's own size. */
static size_t
string_bytes(const char *text, bool *has_escapes)
{
    size_t length = strlen(text), bytes;
    char *copy = malloc(length);

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, length);

    const char *end = json_string_end(copy, copy + length, has_escapes);

    bytes = end == NULL ? 0 : (size_t)(end - copy);
    free(copy);
    return bytes;
}

START_TEST(a_string_ends_with_its_quote_and_says_something)
{
    static const struct {
        const char *inside, *said;
    } cases[] = {
        {"", ""},
        {"text", "text"},
        {"ä 漢 😀 \x7f", "ä 漢 😀 \x7f"},
        {"[{}]:,", "[{}]:,"},
        {"\\\" \\\\ \\/ \\b\\f\\n\\r\\t", "\" \\ / \b\f\n\r\t"},
        {"\\\\", "\\"},
        {"\\u0041\\u007f", "A\x7f"},
        {"\\u0080\\u00e4\\u00E4\\u07ff", "\xc2\x80ää\xdf\xbf"},
        {"\\u0800\\u6f22\\ud7ff\\uE000\\uffff", "\xe0\xa0\x80漢\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"},
        {"\\ud83d\\ude00\\uD800\\uDC00\\udbff\\udfff", "😀\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
        {"a\\u0001b",
            "a\x01"
            "b"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128], said[128];
        bool has_escapes;
        size_t inside = strlen(cases[i].inside), length;

        snprintf(text, sizeof text, "\"%s\", \"more\"", cases[i].inside);
        ck_assert_msg(string_bytes(text, &has_escapes) == inside + 2, "%s", text);
        ck_assert_msg(has_escapes == (strchr(cases[i].inside, '\\') != NULL), "%s", text);
        length = json_string_decode(cases[i].inside, inside, said);
        ck_assert_msg(length <= inside, "%s", text);
        ck_assert_msg(length == strlen(cases[i].said) && memcmp(said, cases[i].said, length) == 0, "%s", text);
    }
}
END_TEST

START_TEST(what_is_no_string_has_no_end)
{
    static const char *const insides[] = {"\\u0000", "a\\u0000", "\\ud800", "\\ud800\\u0041", "\\ud800x", "\\ud800\\n", "\\udc00", "\\udc00\\ud800",
        "\\ud800\\ud800", "\\x", "\\u12g4", "\\u123", "\\u", "\\U0041", "\\u+041", "\\", "\n", "\t", "\x01", "\x1f", "\xff", "\x80", "\xc3", "\xc3(",
        "\xed\xa0\x80", "\xf0\x9f\x98"};

    for (size_t i = 0; i < sizeof insides / sizeof insides[0]; i++) {
        char closed[64], open[64];
        bool has_escapes;

        snprintf(closed, sizeof closed, "\"%s\"", insides[i]);
        snprintf(open, sizeof open, "\"%s", insides[i]);
        ck_assert_msg(string_bytes(closed, &has_escapes) == 0, "%s", closed);
        ck_assert_msg(string_bytes(open, &has_escapes) == 0, "%s", open);
    }
    static const char whole[] = "\"\\ud83d\\ude00ä\"";

    for (size_t length = 1; length < sizeof whole - 1; length++) { /* cut anywhere */
        char cut[sizeof whole] = "";
        bool has_escapes;

        memcpy(cut, whole, length);
        ck_assert_msg(string_bytes(cut, &has_escapes) == 0, "%s", cut);
    }
}
END_TEST

static Suite *
string_suite(void)
{
    Suite *suite = suite_create("protocol/json_string");
    TCase *tests = tcase_create("json_string");

    tcase_add_test(tests, a_string_ends_with_its_quote_and_says_something);
    tcase_add_test(tests, what_is_no_string_has_no_end);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(string_suite());
}
