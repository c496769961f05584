/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

/* Reads in memory of the text's own size, so that reading on is found out. */
static void
expect(const char *text, size_t length, size_t bytes, uint32_t point)
{
    char *copy = malloc(length);
    uint32_t read = 0;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, length);
    ck_assert_msg(utf8_read(copy, copy + length, &read) == bytes, "the character of byte %02x and %zu more", (unsigned char)text[0], length - 1);
    ck_assert_uint_eq(read, point);
    free(copy);
}

START_TEST(a_character_has_one_to_four_bytes)
{
    static const struct {
        const char *text;
        size_t bytes;
        uint32_t point;
    } cases[] = {{"a", 1, 'a'}, {"ab", 1, 'a'}, {"\x01", 1, 1}, {"\x7f", 1, 0x7f}, {"\xc2\x80", 2, 0x80}, {"\xdf\xbf", 2, 0x7ff},
        {"\xe0\xa0\x80", 3, 0x800}, {"\xed\x9f\xbf", 3, 0xd7ff}, {"\xee\x80\x80", 3, 0xe000}, {"\xef\xbf\xbfx", 3, 0xffff},
        {"\xf0\x90\x80\x80", 4, 0x10000}, {"\xf4\x8f\xbf\xbf", 4, 0x10ffff}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(cases[i].text, strlen(cases[i].text), cases[i].bytes, cases[i].point);
    expect("\0", 1, 1, 0);
}
END_TEST

START_TEST(overlong_forms_surrogates_and_what_is_cut_are_none)
{
    static const char *const texts[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x9f\xbf", "\xe0\xa0", "\xe0\xa0z",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf0\x90\x80z", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80", "\xff"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        expect(texts[i], strlen(texts[i]), 0, 0);
    expect("\xc2\0", 2, 0, 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("base/utf8");
    TCase *tests = tcase_create("utf8");

    tcase_add_test(tests, a_character_has_one_to_four_bytes);
    tcase_add_test(tests, overlong_forms_surrogates_and_what_is_cut_are_none);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
