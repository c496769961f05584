/* SPDX-License-Identifier: MIT */
#include "protocol/utf8.h"

#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

/* Asks in memory of the text's own size, so that reading on is found out. */
static size_t
bytes_of(const char *text)
{
    size_t length = strlen(text);
    char *copy = malloc(length);

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, length);

    size_t bytes = utf8_character_bytes(copy, copy + length);

    free(copy);
    return bytes;
}

START_TEST(a_character_has_one_to_four_bytes)
{
    static const struct {
        const char *text;
        size_t bytes;
    } cases[] = {{"a", 1}, {"ab", 1}, {"\x01", 1}, {"\x7f", 1}, {"\xc2\x80", 2}, {"\xdf\xbf", 2}, {"\xe0\xa0\x80", 3}, {"\xed\x9f\xbf", 3},
        {"\xee\x80\x80", 3}, {"\xef\xbf\xbfx", 3}, {"\xf0\x90\x80\x80", 4}, {"\xf4\x8f\xbf\xbf", 4}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(bytes_of(cases[i].text) == cases[i].bytes, "case %zu", i);
}
END_TEST

START_TEST(overlong_forms_surrogates_and_what_is_cut_are_none)
{
    static const char *const texts[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x9f\xbf", "\xe0\xa0", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf0\x90\x80z", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(bytes_of(texts[i]) == 0, "case %zu", i);
}
END_TEST

static Suite *
utf8_suite(void)
{
    Suite *suite = suite_create("protocol/utf8");
    TCase *tests = tcase_create("utf8");

    tcase_add_test(tests, a_character_has_one_to_four_bytes);
    tcase_add_test(tests, overlong_forms_surrogates_and_what_is_cut_are_none);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(utf8_suite());
}
