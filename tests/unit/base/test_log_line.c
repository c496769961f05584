/* SPDX-License-Identifier: MIT */
#include "base/log_line.h"

#include "support/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* The line made of one text value, as a C string without its newline. */
static const char *
line_of(const char *value)
{
    static char text[LOG_LINE_BYTES + 1];
    struct log_line line;

    log_line_make(&line, 0, LEVEL_INFO, "event", (const struct log_field[]){LOG_FIELD_TEXT("value", value), {.kind = LOG_END}});
    ck_assert_uint_le(line.length, LOG_LINE_BYTES);
    ck_assert_int_eq(line.text[line.length - 1], '\n');
    memcpy(text, line.text, line.length - 1);
    text[line.length - 1] = '\0';
    return text;
}

/* What stands between the value's quotes, byte for byte. */
static const char *
escaped(const char *value)
{
    static const char before[] = "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"info\",\"event\":\"event\",\"value\":\"";
    static char inside[LOG_LINE_BYTES];
    const char *line = line_of(value);
    size_t length = strlen(line);

    ck_assert_int_eq(strncmp(line, before, sizeof before - 1), 0);
    ck_assert_str_eq(line + length - 2, "\"}");
    snprintf(inside, sizeof inside, "%.*s", (int)(length - 2 - (sizeof before - 1)), line + sizeof before - 1);
    return inside;
}

START_TEST(a_line_holds_time_level_event_and_the_fields_in_their_order)
{
    struct log_line line;

    log_line_make(&line, 1795464457123, LEVEL_WARN, "peer_lost",
        (const struct log_field[]){LOG_FIELD_TEXT("session", "a1"), LOG_FIELD_NUMBER("silent_ms", -5), LOG_FIELD_TEXT("reason", NULL),
            LOG_FIELD_NUMBER("most", INT64_MAX), LOG_FIELD_NUMBER("least", INT64_MIN), {.kind = LOG_END}});

    static const char expected[] =
        "{\"time\":\"2026-11-23T20:07:37.123Z\",\"level\":\"warn\",\"event\":\"peer_lost\",\"session\":\"a1\",\"silent_ms\":-5,"
        "\"reason\":null,\"most\":9223372036854775807,\"least\":-9223372036854775808}\n";

    ck_assert_uint_eq(line.length, sizeof expected - 1);
    ck_assert_mem_eq(line.text, expected, sizeof expected - 1);
}
END_TEST

START_TEST(a_prefix_is_the_level_as_syslog_counts_it)
{
    static const char *const prefixes[] = {[LEVEL_ERROR] = "<3>{", [LEVEL_WARN] = "<4>{", [LEVEL_INFO] = "<6>{", [LEVEL_DEBUG] = "<7>{"};
    static const struct log_field none[] = {{.kind = LOG_END}};

    for (unsigned level = 0; level < sizeof prefixes / sizeof prefixes[0]; level++) {
        struct log_line plain, line;

        log_line_make(&plain, 0, (enum log_level)level, "event", none);
        line = plain;
        log_line_prefix(&line, (enum log_level)level);
        ck_assert_mem_eq(line.text, prefixes[level], 4);
        ck_assert_uint_eq(line.length, plain.length + LOG_PREFIX_BYTES);
        ck_assert_mem_eq(line.text + LOG_PREFIX_BYTES, plain.text, plain.length);
    }
}
END_TEST

START_TEST(each_level_has_its_name)
{
    static const char *const names[] = {[LEVEL_ERROR] = "error", [LEVEL_WARN] = "warn", [LEVEL_INFO] = "info", [LEVEL_DEBUG] = "debug"};
    static const struct log_field none[] = {{.kind = LOG_END}};

    for (int level = LEVEL_ERROR; level <= LEVEL_DEBUG; level++) {
        struct log_line line;
        char expected[128];

        log_line_make(&line, 0, (enum log_level)level, "e", none);
        snprintf(expected, sizeof expected, "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"%s\",\"event\":\"e\"}\n", names[level]);
        ck_assert_uint_eq(line.length, strlen(expected));
        ck_assert_mem_eq(line.text, expected, line.length);
    }
}
END_TEST

START_TEST(a_value_cannot_forge_a_line_or_a_field)
{
    ck_assert_str_eq(escaped("x\"}\n{\"event\":\"forged\"}"), "x\\\"}\\n{\\\"event\\\":\\\"forged\\\"}");
    ck_assert_str_eq(escaped("back\\slash\r\t"), "back\\\\slash\\r\\t");
    ck_assert_str_eq(escaped("\x01\x08\x1b[31m\x7f"), "\\u0001\\u0008\\u001b[31m\\u007f");
}
END_TEST

START_TEST(a_value_cannot_steer_what_displays_it)
{
    ck_assert_str_eq(escaped("\xc2\x9b"
                             "2J"),
        "\\u009b2J");                                                        /* C1: a terminal's CSI */
    ck_assert_str_eq(escaped("\xe2\x80\xa8\xe2\x80\xa9"), "\\u2028\\u2029"); /* line ends to some readers */
    ck_assert_str_eq(escaped("\xe2\x80\xae"
                             "evil\xe2\x81\xa6"),
        "\\u202eevil\\u2066"); /* right-to-left override */
    ck_assert_str_eq(escaped("\xef\xbb\xbf"), "\\ufeff");
}
END_TEST

START_TEST(readable_utf8_stays_readable)
{
    ck_assert_str_eq(escaped("Zo\xc3\xab \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x90\x99"), "Zo\xc3\xab \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x90\x99");
    ck_assert_str_eq(escaped(""), "");
}
END_TEST

START_TEST(what_is_not_utf8_is_replaced)
{
    ck_assert_str_eq(escaped("a\xff\xfe"
                             "b"),
        "a\\ufffd\\ufffdb");
    ck_assert_str_eq(escaped("\xc0\x80"), "\\ufffd\\ufffd");                       /* overlong NUL */
    ck_assert_str_eq(escaped("\xe0\x80\xaf"), "\\ufffd\\ufffd\\ufffd");            /* overlong slash */
    ck_assert_str_eq(escaped("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd");            /* surrogate */
    ck_assert_str_eq(escaped("\xf4\x90\x80\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd"); /* beyond U+10FFFF */
    ck_assert_str_eq(escaped("\xe2\x82"), "\\ufffd\\ufffd");                       /* ends too early */
    ck_assert_str_eq(escaped("\xe2\"}"), "\\ufffd\\\"}");                          /* must not swallow the quote */
}
END_TEST

START_TEST(every_byte_pair_makes_valid_json_on_one_line)
{
    for (unsigned pair = 0x0101; pair <= 0xffff; pair++) {
        const char value[] = {(char)(pair >> 8), (char)(pair & 0xff), '\0'};
        const char *line = line_of(value);
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

        ck_assert_msg(object != NULL, "bytes %04x make %s", pair, line);
        ck_assert_uint_eq(json_object_size(object), 4);
        ck_assert_ptr_null(strchr(line, '\n'));
        json_decref(object);
    }
}
END_TEST

START_TEST(a_long_value_ends_in_an_ellipsis)
{
    char value[3 * LOG_VALUE_BYTES];

    memset(value, '"', sizeof value - 1);
    value[sizeof value - 1] = '\0';

    const char *inside = escaped(value);

    ck_assert_uint_eq(strlen(inside), LOG_VALUE_BYTES + 3);
    ck_assert_str_eq(inside + LOG_VALUE_BYTES, "\xe2\x80\xa6");
}
END_TEST

START_TEST(fields_beyond_the_line_are_left_out_and_the_line_says_so)
{
    struct log_field fields[40];
    char value[500], text[LOG_LINE_BYTES + 1];
    struct log_line line;

    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    for (int i = 0; i < 39; i++)
        fields[i] = LOG_FIELD_TEXT("value", value);
    fields[39] = (struct log_field){.kind = LOG_END};
    log_line_make(&line, 0, LEVEL_ERROR, "event", fields);

    ck_assert_uint_le(line.length, LOG_LINE_BYTES);
    memcpy(text, line.text, line.length);
    text[line.length] = '\0';
    ck_assert_str_eq(text + line.length - strlen(",\"cut\":true}\n"), ",\"cut\":true}\n");

    json_t *object = json_loads(text, 0, NULL);

    ck_assert_ptr_nonnull(object);
    ck_assert_str_eq(json_string_value(json_object_get(object, "value")), value);
    json_decref(object);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("log_line");
    TCase *tests = tcase_create("log_line");

    tcase_add_test(tests, a_line_holds_time_level_event_and_the_fields_in_their_order);
    tcase_add_test(tests, a_prefix_is_the_level_as_syslog_counts_it);
    tcase_add_test(tests, each_level_has_its_name);
    tcase_add_test(tests, a_value_cannot_forge_a_line_or_a_field);
    tcase_add_test(tests, a_value_cannot_steer_what_displays_it);
    tcase_add_test(tests, readable_utf8_stays_readable);
    tcase_add_test(tests, what_is_not_utf8_is_replaced);
    tcase_add_test(tests, every_byte_pair_makes_valid_json_on_one_line);
    tcase_add_test(tests, a_long_value_ends_in_an_ellipsis);
    tcase_add_test(tests, fields_beyond_the_line_are_left_out_and_the_line_says_so);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
