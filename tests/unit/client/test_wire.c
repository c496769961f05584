/* SPDX-License-Identifier: MIT
 *
 * The library's own reader of JSON says the same as jansson: of texts written down here, and of many made from them by changing a few bytes.
 */
#include "client/wire.h"

#include "support/pace.h"
#include "support/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 512, MUTANTS = 60000 };

static const char *const texts[] = {
    "{}",
    " [ ] ",
    "[1, -1, 0, -0, 10, 9223372036854775807, -9223372036854775808]",
    "[1.5, 1e3, -2E-2, 0.25, 1E+2]",
    "{\"user_id\": 2, \"online\": true, \"at\": 1764000000123, \"status\": \"away\"}",
    "{\"jsonrpc\": \"2.0\", \"id\": 7, \"result\": {\"session\": \"s\", \"online\": [1, \"a\", {}], \"heartbeat\": 10}}",
    "{\"a\": {\"b\": [[], [{}], {\"c\": null}]}, \"d\": [false, true, null]}",
    "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\ud83d\\ude00\", \"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"]",
    "{\"a\\u0062\": 1, \"\": [\"\"], \"x\": \"]}\\\"\"}",
    "[\"\\u0000\", \"\\ud800\", \"\\udc00\", \"\xC0\x80\", \"\xED\xA0\x80\", \"\xF4\x90\x80\x80\"]",
    "[\"\\u0001\\u001f\\u007f\\u07ff\\u0800\\uffff\\udbff\\udfff\"]",
};

/* The two have read the same value. */
static void
expect_same(struct wire_value value, const json_t *other)
{
    char text[TEXT_BYTES];
    struct wire_value member;
    struct wire_items items;
    int64_t integer;
    bool boolean;
    size_t index = 0;
    const char *key;
    const json_t *element;

    ck_assert_int_eq(wire_is_null(value), json_is_null(other));
    ck_assert_int_eq(wire_is_object(value), json_is_object(other));
    ck_assert_int_eq(wire_is_array(value), json_is_array(other));
    ck_assert_int_eq(wire_boolean(value, &boolean), json_is_boolean(other));
    if (json_is_boolean(other))
        ck_assert_int_eq(boolean, json_is_true(other));
    ck_assert_int_eq(wire_integer(value, &integer), json_is_integer(other));
    if (json_is_integer(other))
        ck_assert_int_eq(integer, json_integer_value(other));
    ck_assert_int_eq(wire_string(value, text, sizeof text) >= 0, json_is_string(other));
    if (json_is_string(other))
        ck_assert_str_eq(text, json_string_value(other));
    items = wire_items(value);
    while (wire_items_next(&items, &member))
        expect_same(member, json_array_get(other, index++));
    ck_assert_uint_eq(index, json_array_size(other));
    json_object_foreach((json_t *)(uintptr_t)other, key, element)
    {
        if (strlen(key) > 24)
            continue;
        ck_assert_msg(wire_member(value, key, &member), "%s", key);
        expect_same(member, element);
    }
    ck_assert(!wire_member(value, "not there", &member));
}

/* In memory of its own size, so that reading on is found out. Returns whether it is good. */
static bool
compare(const char *bytes, size_t length)
{
    char *text = malloc(length + 1), *exact;
    json_error_t problem;
    struct wire_value value;

    ck_assert_ptr_nonnull(text);
    memcpy(text, bytes, length);
    exact = realloc(text, length > 0 ? length : 1);
    ck_assert_ptr_nonnull(exact);

    json_t *other = json_loadb(exact, length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &problem);
    bool good = wire_check(exact, length, &value);
    enum json_error_code code = other != NULL ? json_error_unknown : json_error_code(&problem);

    /* What jansson cannot hold is well-formed nevertheless, and so is a key twice. */
    if (other == NULL && code != json_error_numeric_overflow && code != json_error_duplicate_key)
        ck_assert_msg(!good, "%.*s: %s", (int)length, exact, problem.text);
    if (other != NULL) {
        ck_assert_msg(good, "%.*s", (int)length, exact);
        expect_same(value, other);
    }
    json_decref(other);
    free(exact);
    return good;
}

START_TEST(as_jansson_says)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t length = 0; length <= strlen(texts[i]); length++)
            (void)compare(texts[i], length);
}
END_TEST

START_TEST(as_jansson_says_of_mutants)
{
    static const char spice[] = "{}[]:,\"\\u0d8-+.eE 19tfn\x80\xC2\xED\xF4\xFF\n";
    unsigned good = 0, count = pace_scaled(MUTANTS);

    srandom(1);
    for (unsigned i = 0; i < count; i++) {
        char text[TEXT_BYTES];
        const char *from = texts[random() % (long)(sizeof texts / sizeof *texts)];
        size_t length = strlen(from);

        memcpy(text, from, length);
        for (long changes = random() % 3; changes >= 0; changes--)
            text[(size_t)random() % length] = spice[(size_t)random() % (sizeof spice - 1)];
        good += compare(text, length);
    }
    ck_assert_uint_gt(good, count / 20);
}
END_TEST

START_TEST(limits)
{
    char text[2 * WIRE_NESTING_MAX + 4], small[4];
    struct wire_value value;

    for (size_t depth = WIRE_NESTING_MAX; depth <= WIRE_NESTING_MAX + 2; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        ck_assert_int_eq(wire_check(text, 2 * depth > sizeof text ? sizeof text : 2 * depth, &value), depth <= WIRE_NESTING_MAX + 1);
    }
    ck_assert(wire_check("\"a\xE2\x82\xAC\"", 6, &value));
    ck_assert_int_eq(wire_string(value, small, sizeof small), 1); /* the second character does not fit with the NUL */
    ck_assert_str_eq(small, "a");
    ck_assert(wire_is_utf8("", 0) && wire_is_utf8("\xF4\x8F\xBF\xBF", 4) && !wire_is_utf8("a\0", 2) && !wire_is_utf8("\xE2\x82", 2));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("wire");
    TCase *tests = tcase_create("wire");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, as_jansson_says);
    tcase_add_test(tests, as_jansson_says_of_mutants);
    tcase_add_test(tests, limits);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
