/* SPDX-License-Identifier: MIT
 *
 * What is left of a text, to the byte, and that what is wrong with one is told as if it had not been pruned. tests/fuzz/fuzz_json_prune.c looks for
 * texts where it is not.
 */
#include "protocol/json_prune.h"

#include "protocol/dialect.h"
#include "protocol/json_text.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct json_shape list = {.element = &json_shape_scalar, .element_max = 3};
static const struct json_member of_params[] = {{"user", &json_shape_scalar}, {"list", &list}};
static const struct json_shape params = {.members = of_params, .member_count = 2, .element = &json_shape_scalar};
static const struct json_member of_call[] = {{"id", &json_shape_scalar}, {"params", &params}, {"error", &json_shape_scalar}};
static const struct json_shape call = {.members = of_call, .member_count = 3};
static const struct json_shape message = {.members = of_call, .member_count = 3, .element = &call, .element_max = 2};

/* Prunes in memory of the text's own size, so that reading on is found out. */
static struct json_pruned
prune(const char *text)
{
    size_t length = strlen(text);
    char *copy = malloc(length > 0 ? length : 1);
    struct json_pruned pruned;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, length);
    ck_assert_int_eq(json_prune(copy, length, &message, &pruned), 0);
    free(copy);
    return pruned;
}

START_TEST(only_what_is_looked_at_is_left)
{
    static const struct {
        const char *text, *left;
        uint32_t depth;
    } cases[] = {
        {"{}", "{}", 1},
        {" { \"id\" : 1 } \r\n", "{\"id\":1}", 1},
        {"{\"x\": 1}", "{}", 1},
        {"{\"x\": 1, \"id\": 2, \"y\": [3], \"error\": null, \"z\": {}}", "{\"id\":2,\"error\":null}", 2},
        {"{\"i\\u0064\": \"\\u0041\\n\"}", "{\"i\\u0064\":\"\\u0041\\n\"}", 1},
        {"{\"x\": {\"id\": [[1], {\"id\": {}}]}, \"id\": -1.5e3}", "{\"id\":-1.5e3}", 5},
        {"{\"id\": true, \"params\": {\"x\": false, \"user\": \"}\", \"y\": 1e999}}", "{\"id\":true,\"params\":{\"user\":\"}\"}}", 2},
        /* Lists: the elements that are allowed, and one more. */
        {"{\"params\": {\"list\": []}}", "{\"params\":{\"list\":[]}}", 3},
        {"{\"params\": {\"list\": [1, 2, 3]}}", "{\"params\":{\"list\":[1,2,3]}}", 3},
        {"{\"params\": {\"list\": [1, 2, 3, 4, 5, [6], {\"a\": 7}]}}", "{\"params\":{\"list\":[1,2,3,4]}}", 4},
        /* A value where none is looked into keeps its type, an array of params whether it is empty. */
        {"{\"id\": {\"a\": [1]}, \"error\": [[2], 3]}", "{\"id\":{},\"error\":[]}", 3},
        {"{\"params\": {\"list\": [{\"a\": 1}, [2]]}}", "{\"params\":{\"list\":[{},[]]}}", 4},
        {"{\"params\": []}", "{\"params\":[]}", 2},
        {"{\"params\": [[1, 2], {}, 3]}", "{\"params\":[[]]}", 3},
        /* Of many elements, one of each kind. */
        {"[1, {\"x\": 1}, 3, {}, {\"error\": 1}, {\"error\": 2, \"x\": 3}, {\"id\": 3, \"error\": 4}, {\"id\": 5}, {\"error\": 6, \"id\": 7}]",
            "[1,{},3,{\"error\":1},{\"id\":3,\"error\":4},{\"id\":5}]", 2},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_pruned pruned = prune(cases[i].text);

        ck_assert_msg(pruned.is_whole, "%s", cases[i].text);
        ck_assert_msg(pruned.length == strlen(cases[i].left) && memcmp(pruned.bytes, cases[i].left, pruned.length) == 0, "%s: %.*s", cases[i].text,
            (int)pruned.length, pruned.bytes);
        ck_assert_msg(pruned.depth == cases[i].depth, "%s: %u", cases[i].text, pruned.depth);
        free(pruned.bytes);
    }
}
END_TEST

/* Of the outermost array, whether they are left or not. */
START_TEST(elements_are_counted)
{
    static const struct {
        const char *text;
        size_t elements;
    } cases[] = {{"[]", 0}, {"[1]", 1}, {"[[1, 2], {\"id\": [3, 4, 5]}, 6, 7, 8, 9]", 6}, {"{\"params\": [1, 2]}", 0}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_pruned pruned = prune(cases[i].text);

        ck_assert_msg(pruned.elements == cases[i].elements, "%s: %zu", cases[i].text, pruned.elements);
        free(pruned.bytes);
    }
}
END_TEST

START_TEST(an_element_becomes_an_array_of_one)
{
    static const struct {
        const char *text, *left;
        bool is_whole;
    } cases[] = {
        {"{\"x\": [1], \"id\": 2}", "[{\"id\":2}]", true},
        {" [{\"id\": 1}, 2] ", "[[]]", true},
        {"-1.5 ", "[-1.5]", true},
        {"\"a\"", "[\"a\"]", true},
        {"null", "[null]", true},
        {"", "[", false},
        {"{\"x\": 1, \"id\"}", "[{\"id\"}", false},
        {"1, 2", "[1, 2", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_pruned pruned;

        ck_assert_int_eq(json_prune_element(cases[i].text, strlen(cases[i].text), &call, &pruned), 0);
        ck_assert_msg(pruned.is_whole == cases[i].is_whole, "%s", cases[i].text);
        ck_assert_msg(pruned.length == strlen(cases[i].left) && memcmp(pruned.bytes, cases[i].left, pruned.length) == 0, "%s: %.*s", cases[i].text,
            (int)pruned.length, pruned.bytes);
        free(pruned.bytes);
    }
}
END_TEST

START_TEST(where_it_stops_the_rest_follows)
{
    static const struct {
        const char *text, *left;
    } cases[] = {
        {"", ""},
        {"hello", "hello"},
        {"{\"x\": 1, \"y\": 2, \"id\": 3} x", "{\"id\":3} x"},
        {"{\"x\": 1, \"y\": [2, {\"a\": [3, 4  5], \"b\": 6}]}", "{\"y\":[{\"a\":[4  5], \"b\": 6}]}"},
        {"{\"x\": 1, \"y\": 2, \"x\": 3}", "{\"x\":0, \"x\": 3}"},
        {"{\"x\": 1, \"id\": 2, \"\\u0078\": 3}", "{\"id\":2,\"x\":0, \"\\u0078\": 3}"},
        {"{\"id\": 1, \"x\": 2, \"id\": 3}", "{\"id\":1, \"id\": 3}"},
        {"{\"x\": [1, 2,]}", "{\"x\":[0,]}"},
        {"{\"x\": {\"y\": 2,}}", "{\"x\":{\"\":0,}}"},
        {"{\"id\": 1, \"x\": 2,}", "{\"id\":1,}"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_pruned pruned = prune(cases[i].text);

        ck_assert_msg(!pruned.is_whole, "%s", cases[i].text);
        ck_assert_msg(pruned.length == strlen(cases[i].left) && memcmp(pruned.bytes, cases[i].left, pruned.length) == 0, "%s: %.*s", cases[i].text,
            (int)pruned.length, pruned.bytes);
        free(pruned.bytes);
    }
}
END_TEST

/* The same result and the same sentence, with its position, as of the text that is not pruned; `inside` stands in many places of it. */
static void
assert_told_alike(const char *inside)
{
    static const char *const around[] = {
        "%s",
        "[%s]",
        "{\"id\": %s}",
        "{\"x\": [1, {\"y\": 2, \"z\": [3, %s, 4]}, 5], \"id\": 1}",
        "{\"id\": 1, \"params\": {\"user\": 2, \"x\": %s, \"list\": [1, 2, 3, 4, 5]}}",
        "{\"a\": \"a long string that is not told\",\n\"b\": {\"c\": {}, \"d\": %s}, \"params\": {\"list\": [%s]}}",
        "[{\"id\": 1}, {\"id\": 2}, {\"id\": 3}, {\"id\": 4, \"x\": 5}, %s, {\"error\": 1}, {\"error\": 1}]",
    };

    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
        char text[1024];
        struct json_text whole, pruned;
        struct protocol_error of_whole, of_pruned;
        size_t length = 0;

        for (const char *at = around[i]; *at != '\0'; at++) {
            bool is_place = at[0] == '%' && at[1] == 's';

            length += (size_t)snprintf(text + length, sizeof text - length, "%.*s", is_place ? 1000 : 1, is_place ? inside : at);
            at += is_place;
        }

        int result = json_text_read(text, length, NULL, &whole, &of_whole);

        ck_assert_msg(json_text_read(text, length, &message, &pruned, &of_pruned) == result, "%s", text);
        if (result < 0) {
            ck_assert_int_eq(of_pruned.code, of_whole.code);
            ck_assert_str_eq(of_pruned.message, of_whole.message);
            continue;
        }
        ck_assert_uint_eq(pruned.depth, whole.depth);
        json_text_done(&whole);
        json_text_done(&pruned);
    }
}

START_TEST(what_is_wrong_is_told_as_if_nothing_had_been_left_out)
{
    static const char *const insides[] = {"", ",", "1,", ":", "1 2", "1}", "]", "{", "[", "[1", "[1,", "[1,]", "[,1]", "{1}", "{\"a\"}", "{\"a\":}",
        "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":{\"a\":1},\"\\u0061\":2}",
        "{\"\":{\"\":1,\"\":2}}", "\"", "\"\\", "\"\\x\"", "\"\\u0000\"", "{\"\\u0000\":1}", "{\"a\":1,\"a\\u0000\":1}", "\"\\ud800\"", "\"\n\"",
        "\"\x01\"", "\"\xff\"", "\xff", "\xc3\xa4", "\"\xc3\"", "01", "-", "1.", ".5", "1e", "+1", "1-2", "0x1", "tru", "truex", "nul", "True", "NaN",
        "true1", "1true", "'a'", "/* */ 1", "1e999", "99999999999999999999", "1.5-99999999999999999999", "\"a\" \"\\u0000\""};

    for (size_t i = 0; i < sizeof insides / sizeof insides[0]; i++)
        assert_told_alike(insides[i]);
}
END_TEST

START_TEST(levels_beyond_those_that_are_walked_are_counted)
{
    for (int levels = 60; levels <= 70; levels++) {
        char text[256];

        memset(text, '[', (size_t)levels);
        memset(text + levels, ']', (size_t)levels);
        text[2 * levels] = '\0';
        assert_told_alike(text);
    }
}
END_TEST

/* What is ignored costs no memory but the copy, and what little the rest needs: counted, not measured. */
START_TEST(what_is_ignored_makes_no_tree)
{
    enum { BYTES = 256 * 1024, ALLOCATIONS_MAX = 4 };
    static const char *const ignored[] = {"0,", "{},", "[],", "\"\",", "{\"\":0},", "[[[[[0]]]]],", "1e5,"};
    static const char *const texts[] = {"{\"id\":1,\"x\":[%s0]}", "{\"id\":[%s0]}", "{\"params\":{\"list\":[%s0]}}", "{\"params\":[%s0]}", "[%s0]"};
    static char inside[BYTES + 64], text[BYTES + 128];

    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        size_t length = 0;

        while (length < BYTES)
            length += (size_t)snprintf(inside + length, sizeof inside - length, "%s", ignored[i]);
        for (size_t j = 0; j < sizeof texts / sizeof texts[0]; j++) {
            char head[64];
            struct json_text read;
            struct protocol_error error;
            const char *place = strchr(texts[j], '%');

            snprintf(head, sizeof head, "%.*s", (int)(place - texts[j]), texts[j]);
            length = (size_t)snprintf(text, sizeof text, "%s%s%s", head, inside, place + 2);
            faults_allocation(0, 0);

            int result = json_text_read(text, length, &message, &read, &error);
            long allocations = faults_allocations();

            ck_assert_msg(result == 0, "%zu in %zu: %s", i, j, error.message);
            ck_assert_msg(allocations <= ALLOCATIONS_MAX, "%zu in %zu: %ld allocations", i, j, allocations);
            json_text_done(&read);
        }
    }
}
END_TEST

START_TEST(an_object_that_is_ignored_may_have_very_many_keys)
{
    enum { KEYS = 30000 };
    static char text[KEYS * 12 + 64];
    struct json_text read;
    struct protocol_error error;
    size_t length = (size_t)snprintf(text, sizeof text, "{\"id\":1,\"x\":{");

    for (int i = 0; i < KEYS; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "\"%x\":%d,", i, i % 10);
    snprintf(text + length, sizeof text - length, "\"z\":0}}");
    ck_assert_int_eq(json_text_read(text, length + 7, &message, &read, &error), 0);
    json_text_done(&read);
    snprintf(text + length, sizeof text - length, "\"f\":0}}");
    ck_assert_int_eq(json_text_read(text, length + 7, &message, &read, &error), -EBADMSG);
    ck_assert_int_eq(error.code, ERROR_BAD_MESSAGE);

    char sentence[128];

    snprintf(sentence, sizeof sentence, "duplicate object key near '\"f\"', at byte %zu of the message", length + 3);
    ck_assert_str_eq(error.message, sentence);
}
END_TEST

START_TEST(want_of_memory_is_told)
{
    static char text[2048];
    size_t length = (size_t)snprintf(text, sizeof text, "{\"id\":1,\"x\":{");

    for (int i = 0; i < 100; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "\"%d\":%d,", i, i);
    length += (size_t)snprintf(text + length, sizeof text - length, "\"1\":0}}");
    for (int is_wrong = 0; is_wrong <= 1; is_wrong++) { /* it is right as long as it ends before the key that comes twice */
        int result = -ENOMEM;
        long nth = 0;

        if (!is_wrong)
            text[length - 6] = 'x';
        else
            text[length - 6] = '1';
        while (result == -ENOMEM) {
            struct json_pruned pruned;

            faults_allocation(++nth, 0);
            result = json_prune(text, length, &message, &pruned);
            faults_allocation(0, 0);
            if (result == 0) {
                ck_assert(pruned.is_whole == !is_wrong);
                free(pruned.bytes);
            }
        }
        ck_assert_int_eq(result, 0);
        ck_assert_int_gt(nth, is_wrong ? 5 : 4); /* the copy, twice more room for keys, and the rest */
    }
}
END_TEST

static Suite *
prune_suite(void)
{
    Suite *suite = suite_create("protocol/json_prune");
    TCase *tests = tcase_create("json_prune");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, only_what_is_looked_at_is_left);
    tcase_add_test(tests, elements_are_counted);
    tcase_add_test(tests, an_element_becomes_an_array_of_one);
    tcase_add_test(tests, where_it_stops_the_rest_follows);
    tcase_add_test(tests, what_is_wrong_is_told_as_if_nothing_had_been_left_out);
    tcase_add_test(tests, levels_beyond_those_that_are_walked_are_counted);
    tcase_add_test(tests, what_is_ignored_makes_no_tree);
    tcase_add_test(tests, an_object_that_is_ignored_may_have_very_many_keys);
    tcase_add_test(tests, want_of_memory_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    dialects_init();
    return unit_run(prune_suite());
}
