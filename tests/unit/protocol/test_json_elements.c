/* SPDX-License-Identifier: MIT */
#include "protocol/json_elements.h"

#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

/* Finds in memory of the text's own size, so that reading on is found out; the elements with a | behind each. */
static void
assert_elements(const char *text, const char *expected)
{
    size_t length = strlen(text), found = 0;
    char *copy = malloc(length > 0 ? length : 1), elements[256];
    struct json_element element = {0};

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, length);
    while (element = json_element_next(copy, length, element.end), element.begin < element.end) {
        ck_assert_uint_le(element.end, length);
        memcpy(elements + found, copy + element.begin, element.end - element.begin);
        found += element.end - element.begin;
        elements[found++] = '|';
    }
    elements[found] = '\0';
    ck_assert_msg(strcmp(elements, expected) == 0, "%s: %s", text, elements);
    free(copy);
}

START_TEST(elements_are_found_one_after_the_other)
{
    assert_elements("[]", "");
    assert_elements(" [ \n]\t", "");
    assert_elements("[1]", "1|");
    assert_elements("[1,-2.5e3,true,null]", "1|-2.5e3|true|null|");
    assert_elements("\r\n[ {} ,\t[ ] , \"\" ] ", "{} |[ ] |\"\" |");
    assert_elements("[[1,[2,3]],{\"a\":[4,5],\"b\":{\"c\":6}},7]", "[1,[2,3]]|{\"a\":[4,5],\"b\":{\"c\":6}}|7|");
}
END_TEST

START_TEST(what_is_in_strings_is_passed_over)
{
    assert_elements("[\",\",\"]\",\"[\",\"{\"]", "\",\"|\"]\"|\"[\"|\"{\"|");
    assert_elements("[{\"}],\":\"],\"},1]", "{\"}],\":\"],\"}|1|");
    assert_elements("[\"\\\"],\",\"\\\\\",\"\\\\\\\"]\"]", "\"\\\"],\"|\"\\\\\"|\"\\\\\\\"]\"|");
}
END_TEST

/* Of what is no array of good JSON it only matters that nothing outside is read, and that there is an end. */
START_TEST(what_is_not_finished_ends_with_the_text)
{
    assert_elements("", "");
    assert_elements("[", "");
    assert_elements("[1", "1|");
    assert_elements("[1,", "1|");
    assert_elements("[[1,", "[1,|");
    assert_elements("[\"a\\", "\"a\\|");
    assert_elements("[}", "");
}
END_TEST

static Suite *
elements_suite(void)
{
    Suite *suite = suite_create("protocol/json_elements");
    TCase *tests = tcase_create("json_elements");

    tcase_add_test(tests, elements_are_found_one_after_the_other);
    tcase_add_test(tests, what_is_in_strings_is_passed_over);
    tcase_add_test(tests, what_is_not_finished_ends_with_the_text);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(elements_suite());
}
