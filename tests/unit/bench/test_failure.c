/* SPDX-License-Identifier: MIT
 *
 * What a server has sent is shown in a sentence: on one line, cut to size, and with nothing that a terminal would obey.
 */
#include "load/failure.h"

#include "support/unit.h"

#include <string.h>

enum { ROOM = 16 };

static const struct {
    const char *bytes, *shown;
} quotes[] = {
    {"", ""},
    {"{\"error\": 1}\n", "{\"error\": 1}"},
    {"one\r\n", "one"},
    {"one\ntwo\n", "one?two"},
    {"\x1b[2J\x07\x7f", "?[2J??"},
    {"na\xc3\xafve", "na??ve"},
    {"0123456789abcdefgh", "0123456789abcde"},
    {"\n\n", ""},
};

START_TEST(a_quote_is_one_harmless_line)
{
    char text[ROOM];

    memset(text, 'x', sizeof text);
    failure_quote(text, sizeof text, quotes[_i].bytes, strlen(quotes[_i].bytes));
    ck_assert_str_eq(text, quotes[_i].shown);
}
END_TEST

START_TEST(a_byte_of_zero_and_no_room_do_no_harm)
{
    char text[ROOM];

    failure_quote(text, sizeof text, "a\0b", 3);
    ck_assert_str_eq(text, "a?b");
    failure_quote(text, 1, "abc", 3);
    ck_assert_str_eq(text, "");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("failure");
    TCase *tests = tcase_create("failure");

    tcase_add_loop_test(tests, a_quote_is_one_harmless_line, 0, sizeof quotes / sizeof quotes[0]);
    tcase_add_test(tests, a_byte_of_zero_and_no_room_do_no_harm);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
