/* SPDX-License-Identifier: MIT
 *
 * Numbers in the form that a person reads, and texts made safe to print.
 */
#include "report/readable.h"

#include "support/unit.h"

#include <math.h>
#include <string.h>

static const struct {
    double value;
    const char *unit, *text;
} numbers[] = {
    {0, "", "0"},
    {7, "", "7"},
    {999, "", "999"},
    {1000, "", "1,000"},
    {24010.4, "/s", "24,010 /s"},
    {288120, "", "288,120"},
    {1234567890, "", "1,234,567,890"},
    {-1234, "", "-1,234"},
    {-0.4, "", "-0.400"},
    {0.0214, "", "0.021"},
    {0.9999, "", "1.00"},
    {1.239, "×", "1.24 ×"},
    {12.39, "", "12.4"},
    {99.96, "", "100"},
    {123.9, "", "124"},
    {0.0000123, "", "1.23e-05"},
    {1e18, "", "1e+18"},
    {NAN, "/s", "– /s"},
    {INFINITY, "", "–"},
    {0, "ns", "0"},
    {0, "s", "0"},
    {0, "B", "0"},
    {6.5, "us", "6.50 µs"},
    {0.0404, "ms", "40.4 µs"},
    {8.07, "s", "8.07 s"},
    {0.25, "s", "250 ms"},
    {850, "ns", "850 ns"},
    {999, "ns", "999 ns"},
    {999.6, "ns", "1.00 µs"},
    {1000, "ns", "1.00 µs"},
    {12345, "ns", "12.3 µs"},
    {9996, "ns", "10.0 µs"},
    {999600, "ns", "1.00 ms"},
    {123456789, "ns", "123 ms"},
    {3600e9, "ns", "3,600 s"},
    {NAN, "ns", "–"},
    {512, "B", "512 B"},
    {1024, "B", "1.00 KiB"},
    {13.2e6, "B", "12.6 MiB"},
    {700e9, "B", "652 GiB"},
};

START_TEST(a_number)
{
    ck_assert_str_eq(readable_value(numbers[_i].value, numbers[_i].unit).text, numbers[_i].text);
}
END_TEST

/* Whatever the value, it ends within its memory. */
START_TEST(any_size_has_room)
{
    double value = 1e-300;

    for (int i = 0; i < 709; i++) { /* to 1e300 */
        value *= 7;
        ck_assert_uint_lt(strlen(readable_value(value, "").text), sizeof(struct readable));
        ck_assert_uint_lt(strlen(readable_value(-value, "ns").text), sizeof(struct readable));
        ck_assert_uint_lt(strlen(readable_value(value, "B").text), sizeof(struct readable));
        ck_assert_uint_lt(strlen(readable_value(value, "a unit that is far too long").text), sizeof(struct readable));
    }
}
END_TEST

static const struct {
    const char *from, *clean;
} texts[] = {
    {"", ""}, {"plain <&> text", "plain <&> text"}, {"grün – ✓ 😀", "grün – ✓ 😀"}, {"a\tb\nc\x7f\x1b[31m", "a b c  [31m"},
    {"\xc2\x85next", " next"},          /* a control character of two bytes */
    {"\xff\xfe", "??"},                 /* never in UTF-8 */
    {"\xc3", "?"},                      /* cut off */
    {"\xe2\x82x", "??x"},               /* cut off within the text */
    {"\xc0\xaf", "??"},                 /* not the shortest form */
    {"\xed\xa0\x80", "???"},            /* half of a UTF-16 pair */
    {"\xf4\x90\x80\x80", "????"},       /* beyond the last character */
    {"\xef\xbf\xbe\xef\xbf\xbf", "  "}, /* no XML may hold them */
    {"\xef\xbf\xbd", "\xef\xbf\xbd"},   /* the one before may stand */
};

START_TEST(a_text_is_cleaned)
{
    char clean[64];

    readable_clean(clean, sizeof clean, texts[_i].from);
    ck_assert_str_eq(clean, texts[_i].clean);
}
END_TEST

START_TEST(no_character_is_cut_in_two)
{
    char clean[6];

    readable_clean(clean, sizeof clean, "abc😀");
    ck_assert_str_eq(clean, "abc");
    readable_clean(clean, sizeof clean, "abcü");
    ck_assert_str_eq(clean, "abcü");
    readable_clean(clean, 1, "a");
    ck_assert_str_eq(clean, "");
}
END_TEST

START_TEST(a_text_is_clipped_by_columns)
{
    char text[32] = "grün·blau";

    ck_assert_uint_eq(readable_columns(text), 9);
    readable_clip(text, 9);
    ck_assert_str_eq(text, "grün·blau");
    readable_clip(text, 8);
    ck_assert_str_eq(text, "grün·bl…");
    readable_clip(text, 3);
    ck_assert_str_eq(text, "gr…");
    readable_clip(text, 1);
    ck_assert_str_eq(text, "…");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("readable");
    TCase *tests = tcase_create("readable");

    tcase_add_loop_test(tests, a_number, 0, sizeof numbers / sizeof numbers[0]);
    tcase_add_test(tests, any_size_has_room);
    tcase_add_loop_test(tests, a_text_is_cleaned, 0, sizeof texts / sizeof texts[0]);
    tcase_add_test(tests, no_character_is_cut_in_two);
    tcase_add_test(tests, a_text_is_clipped_by_columns);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
