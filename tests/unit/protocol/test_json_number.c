/* SPDX-License-Identifier: MIT */
#include "protocol/json_number.h"

#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

/* How many bytes of the text are a number, 0 for none, looked for in memory of the text's own size. */
static size_t
number_bytes(const char *text, bool *is_integer)
{
    size_t length = strlen(text), bytes;
    char *copy = malloc(length > 0 ? length : 1);

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, length);

    const char *end = json_number_end(copy, copy + length, is_integer);

    bytes = end == NULL ? 0 : (size_t)(end - copy);
    free(copy);
    return bytes;
}

START_TEST(the_longest_number_is_taken)
{
    static const struct {
        const char *text;
        size_t bytes;
        bool is_integer;
    } cases[] = {{"0", 1, true}, {"-0", 2, true}, {"12", 2, true}, {"-120,", 4, true}, {"01", 1, true}, {"-01", 2, true}, {"1-2", 1, true},
        {"1x", 1, true}, {"99999999999999999999 ", 20, true}, {"1.5", 3, false}, {"0.0]", 3, false}, {"1.5.5", 3, false}, {"1e5", 3, false},
        {"1E+5", 4, false}, {"-1.25e-10}", 9, false}, {"1e5e5", 3, false}, {"1e05", 4, false}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool is_integer;

        ck_assert_msg(number_bytes(cases[i].text, &is_integer) == cases[i].bytes, "%s", cases[i].text);
        ck_assert_msg(is_integer == cases[i].is_integer, "%s", cases[i].text);
    }
}
END_TEST

START_TEST(what_is_not_finished_is_no_number)
{
    static const char *const texts[] = {"", "-", "-x", "+1", ".5", "-.5", "1.", "1.x", "1.e5", "1e", "1e+", "1e-x", "1.5e", "x", "e5"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        bool is_integer;

        ck_assert_msg(number_bytes(texts[i], &is_integer) == 0, "%s", texts[i]);
    }
}
END_TEST

static Suite *
number_suite(void)
{
    Suite *suite = suite_create("protocol/json_number");
    TCase *tests = tcase_create("json_number");

    tcase_add_test(tests, the_longest_number_is_taken);
    tcase_add_test(tests, what_is_not_finished_is_no_number);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(number_suite());
}
