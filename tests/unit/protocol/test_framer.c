/* SPDX-License-Identifier: MIT
 *
 * Every stream here is given to the framer whole, cut in two at each place, and byte by byte; the outcome must be the same.
 */
#include "protocol/framer.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MESSAGES_MAX = 8,
    STREAM_BYTES = 4096,
};

static const struct protocol_limits usual = {.message_bytes = 1024, .nesting = 4, .friends = 3};

/* What became of a stream. */
struct outcome {
    size_t count; /* of messages, which end at these bytes of `kept` */
    size_t ends[MESSAGES_MAX];
    char kept[STREAM_BYTES]; /* the messages' bytes, and those of the unfinished one */
    size_t kept_bytes;
    bool in_message;
    bool failed;
    struct protocol_error error;
    size_t looked_at;
};

static void
keep(struct outcome *outcome, const char *bytes, size_t length)
{
    ck_assert_uint_le(outcome->kept_bytes + length, STREAM_BYTES);
    memcpy(outcome->kept + outcome->kept_bytes, bytes, length);
    outcome->kept_bytes += length;
}

/* Gives one piece to the framer, as a session does. It lies in memory of its own size, so that reading on is found out. */
static void
feed(struct framer *framer, const struct protocol_limits *limits, const char *bytes, size_t length, struct outcome *outcome)
{
    char *piece = malloc(length + 1);
    size_t at = 0;

    ck_assert_ptr_nonnull(piece);
    memcpy(piece, bytes, length);
    piece = realloc(piece, length > 0 ? length : 1);
    while (!outcome->failed) {
        bool was_in_message = framer_in_message(framer);
        struct protocol_error untouched = {.code = ERROR_CODES};
        struct protocol_error error = untouched;
        size_t skipped = SIZE_MAX, consumed = SIZE_MAX;
        enum framer_result result = framer_scan(framer, limits, piece + at, length - at, &skipped, &consumed, &error);

        ck_assert_uint_le(skipped, consumed);
        ck_assert_uint_le(consumed, length - at);
        if (was_in_message)
            ck_assert_uint_eq(skipped, 0);
        outcome->looked_at += consumed;
        if (result == FRAMER_ERROR) {
            outcome->failed = true;
            outcome->error = error;
            break;
        }
        ck_assert_mem_eq(&error, &untouched, sizeof error);
        keep(outcome, piece + at + skipped, consumed - skipped);
        at += consumed;
        if (result == FRAMER_MORE) {
            ck_assert_uint_eq(at, length);
            break;
        }
        ck_assert(!framer_in_message(framer));
        ck_assert_uint_lt(outcome->count, MESSAGES_MAX);
        outcome->ends[outcome->count++] = outcome->kept_bytes;
    }
    outcome->in_message = framer_in_message(framer);
    free(piece);
}

static struct outcome
outcome_whole(const struct protocol_limits *limits, const char *bytes, size_t length)
{
    struct outcome outcome = {.count = 0};
    struct framer framer;

    framer_init(&framer);
    feed(&framer, limits, bytes, length, &outcome);
    return outcome;
}

static struct outcome
outcome_cut(const struct protocol_limits *limits, const char *bytes, size_t length, size_t first)
{
    struct outcome outcome = {.count = 0};
    struct framer framer;

    framer_init(&framer);
    feed(&framer, limits, bytes, first, &outcome);
    feed(&framer, limits, bytes + first, length - first, &outcome);
    return outcome;
}

static struct outcome
outcome_bytewise(const struct protocol_limits *limits, const char *bytes, size_t length)
{
    struct outcome outcome = {.count = 0};
    struct framer framer;

    framer_init(&framer);
    for (size_t i = 0; i < length; i++)
        feed(&framer, limits, bytes + i, 1, &outcome);
    return outcome;
}

static void
assert_same(const struct outcome *a, const struct outcome *b)
{
    ck_assert_uint_eq(a->count, b->count);
    ck_assert_mem_eq(a->ends, b->ends, sizeof a->ends);
    ck_assert_int_eq(a->failed, b->failed);
    ck_assert_uint_eq(a->looked_at, b->looked_at);
    if (a->failed) { /* what an unfinished message had before it failed depends on the pieces */
        ck_assert_int_eq(a->error.code, b->error.code);
        ck_assert_str_eq(a->error.message, b->error.message);
    } else {
        ck_assert_int_eq(a->in_message, b->in_message);
        ck_assert_uint_eq(a->kept_bytes, b->kept_bytes);
        ck_assert_mem_eq(a->kept, b->kept, a->kept_bytes);
    }
}

/* The outcome of a stream, which does not depend on how it is cut. */
static struct outcome
outcome_of(const struct protocol_limits *limits, const char *bytes, size_t length)
{
    struct outcome whole = outcome_whole(limits, bytes, length);
    struct outcome bytewise = outcome_bytewise(limits, bytes, length);

    assert_same(&whole, &bytewise);
    for (size_t first = 0; first <= length; first++) {
        struct outcome cut = outcome_cut(limits, bytes, length, first);

        assert_same(&whole, &cut);
    }
    return whole;
}

START_TEST(a_message_ends_where_its_brackets_balance)
{
    static const struct {
        const char *stream;
        const char *messages[MESSAGES_MAX];
        const char *rest;
    } cases[] = {
        {"", {NULL}, ""},
        {"{}", {"{}"}, ""},
        {"[]", {"[]"}, ""},
        {" \t\r\n{}\r\n\r\n", {"{}"}, ""},
        {" \r\n\t ", {NULL}, ""},
        {"{\"user_id\": 1, \"friends\": [2, 3, 4]}\r\n", {"{\"user_id\": 1, \"friends\": [2, 3, 4]}"}, ""},
        {"{\"user_id\":1}{\"user_id\":2}[{}] {\"user_id\":3}", {"{\"user_id\":1}", "{\"user_id\":2}", "[{}]", "{\"user_id\":3}"}, ""},
        {"{\n  \"user_id\": 1,\n\t\"friends\": [\n    2\n  ]\n}", {"{\n  \"user_id\": 1,\n\t\"friends\": [\n    2\n  ]\n}"}, ""},
        {"{\"a\": {\"b\": [1, {\"c\": 2}]}} ", {"{\"a\": {\"b\": [1, {\"c\": 2}]}}"}, ""},
        {"{}{\"user_id", {"{}"}, "{\"user_id"},
        {"{}  [", {"{}"}, "["},
        {"t", {NULL}, "t"},
        /* Brackets in strings are text. */
        {"{\"}\": \"]}{[\"}", {"{\"}\": \"]}{[\"}"}, ""},
        {"{\"a\": \"\\\"}\"}", {"{\"a\": \"\\\"}\"}"}, ""},
        {"{\"a\\\\\": \"\\\\\"}{}", {"{\"a\\\\\": \"\\\\\"}", "{}"}, ""},
        {"{\"\\\\\\\"}\": 1}", {"{\"\\\\\\\"}\": 1}"}, ""},
        {"{\"\\u007d\": \"\\u0022}\"}", {"{\"\\u007d\": \"\\u0022}\"}"}, ""},
        {"{\"a\": \"\\", {NULL}, "{\"a\": \"\\"},
        {"{\"\": \"\"}", {"{\"\": \"\"}"}, ""},
        /* Whether it is good JSON is for the dialect to say, UTF-8 too. */
        {"{nonsense}", {"{nonsense}"}, ""},
        {"{\"a\": \"\xff\xc3\"}", {"{\"a\": \"\xff\xc3\"}"}, ""},
        {"{\xc3\xa4}", {"{\xc3\xa4}"}, ""},
        {"{\"bad escape \\x\": \"\\\xff\"}", {"{\"bad escape \\x\": \"\\\xff\"}"}, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome outcome = outcome_of(&usual, cases[i].stream, strlen(cases[i].stream));
        size_t count = 0, at = 0;

        ck_assert_msg(!outcome.failed, "%s: %s", cases[i].stream, outcome.error.message);
        for (; cases[i].messages[count] != NULL; count++) {
            const char *message = cases[i].messages[count];

            ck_assert_msg(count < outcome.count, "%s: too few messages", cases[i].stream);
            ck_assert_uint_eq(outcome.ends[count] - at, strlen(message));
            ck_assert_mem_eq(outcome.kept + at, message, strlen(message));
            at = outcome.ends[count];
        }
        ck_assert_uint_eq(outcome.count, count);
        ck_assert_uint_eq(outcome.kept_bytes - at, strlen(cases[i].rest));
        ck_assert_mem_eq(outcome.kept + at, cases[i].rest, strlen(cases[i].rest));
        ck_assert_int_eq(outcome.in_message, cases[i].rest[0] != '\0');
        ck_assert_uint_eq(outcome.looked_at, strlen(cases[i].stream));
    }
}
END_TEST

#define STREAM(bytes) (bytes), sizeof(bytes) - 1
#define EXAMPLE "{\"user_id\": 1, \"friends\": [2, 3]}"

START_TEST(what_cannot_become_a_message_is_refused_at_the_byte_that_shows_it)
{
    static const struct {
        const char *stream;
        size_t length;
        size_t at; /* how many bytes are looked at */
        enum error_code code;
        const char *sentence;
    } cases[] = {
        /* No value. */
        {STREAM("hello\r\n"), 1, ERROR_BAD_JSON, "a message begins with '{', not with 'h'; it is an object such as " EXAMPLE},
        {STREAM("  }{}"), 3, ERROR_BAD_JSON, "a message begins with '{', not with '}'; it is an object such as " EXAMPLE},
        {STREAM(","), 1, ERROR_BAD_JSON, "a message begins with '{', not with ','; it is an object such as " EXAMPLE},
        {STREAM("\0{}"), 1, ERROR_BAD_JSON, "a message begins with '{', not with 0x00; it is an object such as " EXAMPLE},
        {STREAM("{} \x0b"), 4, ERROR_BAD_JSON, "a message begins with '{', not with 0x0b; it is an object such as " EXAMPLE},
        {STREAM("\xef\xbb\xbf{}"), 1, ERROR_BAD_JSON, "a message begins with '{', not with 0xef; it is an object such as " EXAMPLE},
        {STREAM("\x7f"), 1, ERROR_BAD_JSON, "a message begins with '{', not with 0x7f; it is an object such as " EXAMPLE},
        /* A value, and not an object. */
        {STREAM("0,0,0"), 1, ERROR_BAD_MESSAGE, "a message is an object such as " EXAMPLE ", not a number"},
        {STREAM("9"), 1, ERROR_BAD_MESSAGE, "a message is an object such as " EXAMPLE ", not a number"},
        {STREAM("-1"), 1, ERROR_BAD_MESSAGE, "a message is an object such as " EXAMPLE ", not a number"},
        {STREAM("\"{}\""), 1, ERROR_BAD_MESSAGE, "a message is an object such as " EXAMPLE ", not a string"},
        {STREAM("true"), 4, ERROR_BAD_MESSAGE, "a message is an object such as " EXAMPLE ", not true"},
        {STREAM(" false {}"), 6, ERROR_BAD_MESSAGE, "a message is an object such as " EXAMPLE ", not false"},
        {STREAM("{}null"), 6, ERROR_BAD_MESSAGE, "a message is an object such as " EXAMPLE ", not null"},
        {STREAM("trust"), 4, ERROR_BAD_JSON, "true was begun and not finished: byte 4 of the message is 's'"},
        {STREAM("f{}"), 2, ERROR_BAD_JSON, "false was begun and not finished: byte 2 of the message is '{'"},
        {STREAM("nul\r\n"), 4, ERROR_BAD_JSON, "null was begun and not finished: byte 4 of the message is 0x0d"},
        /* Brackets. */
        {STREAM("{]"), 2, ERROR_BAD_JSON, "']' closes what '{' opened, at byte 2 of the message"},
        {STREAM("[}"), 2, ERROR_BAD_JSON, "'}' closes what '[' opened, at byte 2 of the message"},
        {STREAM("{} {\"a\": [{}}}"), 13, ERROR_BAD_JSON, "'}' closes what '[' opened, at byte 10 of the message"},
        {STREAM("[[{]"), 4, ERROR_BAD_JSON, "']' closes what '{' opened, at byte 4 of the message"},
        /* Control characters. */
        {STREAM("{\"a\nb\"}"), 4, ERROR_BAD_JSON, "control character 0x0a in a string, at byte 4 of the message"},
        {STREAM("{\"a\": \"\0\"}"), 8, ERROR_BAD_JSON, "control character 0x00 in a string, at byte 8 of the message"},
        {STREAM("{\"\\\x1f\"}"), 4, ERROR_BAD_JSON, "control character 0x1f in a string, at byte 4 of the message"},
        {STREAM("{\"frie\x01"), 7, ERROR_BAD_JSON, "control character 0x01 in a string, at byte 7 of the message"},
        {STREAM("{\0}"), 2, ERROR_BAD_JSON, "control character 0x00 outside of strings, at byte 2 of the message"},
        {STREAM("{\"friends\": [\x0c]}"), 14, ERROR_BAD_JSON, "control character 0x0c outside of strings, at byte 14 of the message"},
        {STREAM("{\x1b[31m}"), 2, ERROR_BAD_JSON, "control character 0x1b outside of strings, at byte 2 of the message"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome outcome = outcome_of(&usual, cases[i].stream, cases[i].length);

        ck_assert_msg(outcome.failed, "case %zu was not refused: %s", i, cases[i].stream);
        ck_assert_str_eq(outcome.error.message, cases[i].sentence);
        ck_assert_int_eq(outcome.error.code, cases[i].code);
        ck_assert_uint_eq(outcome.looked_at, cases[i].at);
    }
}
END_TEST

START_TEST(every_control_character_is_refused_inside_and_outside_of_strings)
{
    for (int byte = 0; byte < 0x20; byte++) {
        const char inside[] = {'{', '"', (char)byte, '"', '}'};
        const char outside[] = {'{', (char)byte, '}'};
        bool is_space = byte == '\t' || byte == '\r' || byte == '\n';

        ck_assert(outcome_of(&usual, inside, sizeof inside).failed);
        ck_assert_int_eq(outcome_of(&usual, outside, sizeof outside).failed, !is_space);
    }
    for (int byte = 0x20; byte < 0x100; byte++) {
        const char inside[] = {'{', '"', (char)byte, '"', '"', '}'};

        ck_assert(!outcome_of(&usual, inside, sizeof inside).failed);
    }
}
END_TEST

START_TEST(a_message_may_have_exactly_the_bytes_that_are_allowed)
{
    const struct protocol_limits limits = {.message_bytes = 12, .nesting = 4, .friends = 3};

    /* White space around it does not count, and each message counts for itself. */
    struct outcome outcome = outcome_of(&limits, STREAM("        {\"a\": 12345}        {\"a\": 12345}       \n"));

    ck_assert(!outcome.failed);
    ck_assert_uint_eq(outcome.count, 2);
    ck_assert_uint_eq(outcome.ends[0], 12);

    outcome = outcome_of(&limits, STREAM("{}   {\"a\": 123456}"));
    ck_assert(outcome.failed);
    ck_assert_int_eq(outcome.error.code, ERROR_TOO_LARGE);
    ck_assert_str_eq(outcome.error.message, "the message is longer than the 12 bytes that are allowed");
    ck_assert_uint_eq(outcome.looked_at, 5 + 13);

    /* In a string too, and though the next byte would be another error. */
    outcome = outcome_of(&limits, STREAM("{\"aaaaaaaaaaaaaaaaaaaa"));
    ck_assert_uint_eq(outcome.looked_at, 13);
    ck_assert_int_eq(outcome.error.code, ERROR_TOO_LARGE);
    outcome = outcome_of(&limits, STREAM("{           ]"));
    ck_assert_uint_eq(outcome.looked_at, 13);
    ck_assert_int_eq(outcome.error.code, ERROR_TOO_LARGE);
    ck_assert(!outcome_of(&limits, STREAM("{           ")).failed);
}
END_TEST

START_TEST(brackets_may_be_nested_exactly_as_deep_as_allowed)
{
    ck_assert(!outcome_of(&usual, STREAM("[[[[]],[[]]]]{\"a\":[{\"b\":[]},{}]}")).failed);

    struct outcome outcome = outcome_of(&usual, STREAM("[[[ [ [ ]]]]]"));

    ck_assert(outcome.failed);
    ck_assert_int_eq(outcome.error.code, ERROR_TOO_LARGE);
    ck_assert_str_eq(outcome.error.message, "nested deeper than the 4 levels that are allowed, at byte 7 of the message");
    ck_assert_uint_eq(outcome.looked_at, 7);
    ck_assert_int_eq(outcome_of(&usual, STREAM("{\"a\":{\"b\":[{\"c\":{")).error.code, ERROR_TOO_LARGE);
}
END_TEST

START_TEST(each_level_of_the_deepest_nesting_keeps_its_bracket)
{
    const struct protocol_limits limits = {.message_bytes = 1024, .nesting = NESTING_MAX, .friends = 3};

    for (int wrong = -1; wrong < NESTING_MAX; wrong++) {
        char text[2 * NESTING_MAX];

        for (int i = 0; i < NESTING_MAX; i++) {
            bool is_object = (i * 7 + i / 3) % 2;

            text[i] = is_object ? '{' : '[';
            text[2 * NESTING_MAX - 1 - i] = is_object == (i != wrong) ? '}' : ']';
        }

        struct outcome outcome = outcome_whole(&limits, text, sizeof text);

        ck_assert_int_eq(outcome.failed, wrong >= 0);
        if (wrong >= 0)
            ck_assert_uint_eq(outcome.looked_at, 2 * NESTING_MAX - wrong);
    }
}
END_TEST

/* A reload may lower a limit while a message is being read. */
START_TEST(limits_may_be_lowered_inside_a_message)
{
    struct protocol_limits limits = {.message_bytes = 1024, .nesting = 8, .friends = 3};
    struct protocol_error error;
    struct framer framer;
    size_t skipped, consumed;

    framer_init(&framer);
    ck_assert_int_eq(framer_scan(&framer, &limits, "{\"a\":[[[[", 9, &skipped, &consumed, &error), FRAMER_MORE);
    limits.nesting = 2;
    ck_assert_int_eq(framer_scan(&framer, &limits, "1,[", 3, &skipped, &consumed, &error), FRAMER_ERROR);
    ck_assert_int_eq(error.code, ERROR_TOO_LARGE);

    framer_init(&framer);
    limits.nesting = 8;
    ck_assert_int_eq(framer_scan(&framer, &limits, "{\"a\":[[[[", 9, &skipped, &consumed, &error), FRAMER_MORE);
    limits.nesting = 2;
    ck_assert_int_eq(framer_scan(&framer, &limits, "1]]]]}", 6, &skipped, &consumed, &error), FRAMER_MESSAGE); /* it only closes what was open */

    framer_init(&framer);
    ck_assert_int_eq(framer_scan(&framer, &limits, "{\"friends\":[1,2,3", 17, &skipped, &consumed, &error), FRAMER_MORE);
    limits.friends = 1;
    ck_assert_int_eq(framer_scan(&framer, &limits, ",4", 2, &skipped, &consumed, &error), FRAMER_ERROR);
    ck_assert_int_eq(error.code, ERROR_TOO_MANY_FRIENDS);

    framer_init(&framer);
    ck_assert_int_eq(framer_scan(&framer, &limits, "{\"a\":\"1234567", 13, &skipped, &consumed, &error), FRAMER_MORE);
    limits.message_bytes = 10;
    ck_assert_int_eq(framer_scan(&framer, &limits, "8", 1, &skipped, &consumed, &error), FRAMER_ERROR);
    ck_assert_int_eq(error.code, ERROR_TOO_LARGE);
}
END_TEST

START_TEST(friends_are_counted_as_they_come)
{
    static const struct {
        const char *stream;
        size_t refused_at; /* 0: it is not */
    } cases[] = {
        /* usual.friends is 3. */
        {"{\"friends\": [1, 2, 3]}", 0},
        {"{\"friends\": [1, 2, 3, 4]}", 21},
        {"{\"friends\":[1,2,3,", 18},
        {"{\"friends\"\n:\r\t[ 1,2,3 , ", 23},
        {"{\"friends\": []}", 0},
        {"{\"friends\": [ \n ]}", 0},
        {"{\"friends\": null}", 0},
        {"{\"friends\": [1, 1, 1, 1]}", 21},
        {"{\"friends\": [\"a,b,c,d\", \",,,\", 3]}", 0},
        {"{\"friends\": [[], {}, null]}", 0},
        {"{\"friends\": [[], {}, null, true]}", 26},
        {"{\"friends\": [[1,2,3,4,5], {\"a\":1,\"b\":2}, 3]}", 0},
        {"{\"friends\": [[1,2,3,4,5], 2, 3, 4]}", 31},
        {"{\"user_id\": 1, \"friends\": [1,2,3,4]}", 33},
        {"{\"friends\": [1,2,3], \"friends\": [1,2,3]}", 0}, /* a duplicate key is for the dialect to refuse */
        {"{\"friends\": [1,2,3], \"a\": 1, \"b\": 2, \"c\": 3}", 0},
        {"{\"friends\": [1,2,3], \"a\": [1,2,3,4]}", 0},
        {"{\"friends\": [1,2,3]}{\"friends\": [1,2,3]}", 0},
        {"{\"friends\": [1,2,3]}[1,2,3,4,5]", 0},
        /* Only the key of the outermost object counts. */
        {"{\"friend\": [1,2,3,4]}", 0},
        {"{\"friendss\": [1,2,3,4]}", 0},
        {"{\"xfriends\": [1,2,3,4]}", 0},
        {"{\"Friends\": [1,2,3,4]}", 0},
        {"{\"\": [1,2,3,4]}", 0},
        {"{\"friends\\n\": [1,2,3,4]}", 0},
        {"{\"fr\\u0069ends\": [1,2,3,4]}", 0},
        {"{\"a\": \"friends\", \"b\": [1,2,3,4]}", 0},
        {"{\"friends\": 1, \"a\": [1,2,3,4]}", 0},
        {"{\"friends\": {\"a\": [1,2,3,4]}, \"b\": [1,2,3,4]}", 0},
        {"{\"friends\": {\"friends\": [1,2,3,4]}}", 0},
        {"{\"a\": {\"friends\": [1,2,3,4]}}", 0},
        {"{\"a\": [\"friends\", [1,2,3,4]]}", 0},
        {"[{\"friends\": [1,2,3,4]}]", 0},
        {"[\"friends\", [1,2,3,4]]", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome outcome = outcome_of(&usual, cases[i].stream, strlen(cases[i].stream));

        ck_assert_msg(outcome.failed == (cases[i].refused_at > 0), "%s", cases[i].stream);
        if (!outcome.failed)
            continue;
        char sentence[128];

        snprintf(sentence, sizeof sentence, "friends has more than the 3 elements that are allowed, at byte %zu of the message", cases[i].refused_at);
        ck_assert_str_eq(outcome.error.message, sentence);
        ck_assert_int_eq(outcome.error.code, ERROR_TOO_MANY_FRIENDS);
        ck_assert_uint_eq(outcome.looked_at, cases[i].refused_at);
    }
}
END_TEST

START_TEST(no_friends_may_be_all_that_is_allowed)
{
    const struct protocol_limits limits = {.message_bytes = 1024, .nesting = 4, .friends = 0};

    ck_assert(!outcome_of(&limits, STREAM("{\"friends\": []}{\"friends\": null}")).failed);
    ck_assert(!outcome_of(&limits, STREAM("{\"a\": {\"friends\": [1]}, \"friends\": {\"a\": [1]}}[\"friends\", [1]]")).failed);

    struct outcome outcome = outcome_of(&limits, STREAM("{\"friends\": [ 1]}"));

    ck_assert_int_eq(outcome.error.code, ERROR_TOO_MANY_FRIENDS);
    ck_assert_uint_eq(outcome.looked_at, 15);
}
END_TEST

START_TEST(an_endless_stream_costs_no_memory)
{
    static char zeros[1024 * 1024];
    static const char begun[] = "{\"friends\": [";
    const struct protocol_limits limits = {.message_bytes = SIZE_MAX, .nesting = 32, .friends = UINT32_MAX};
    struct framer framer;
    struct protocol_error error;
    size_t skipped, consumed;

    memset(zeros, '0', sizeof zeros);
    for (size_t i = 0; begun[i] != '\0'; i++)
        zeros[i] = begun[i];
    framer_init(&framer);
    faults_allocation(0, 0);

    enum framer_result result = framer_scan(&framer, &limits, zeros, sizeof zeros, &skipped, &consumed, &error);

    for (int i = 0; i < 100 && result == FRAMER_MORE; i++)
        result = framer_scan(&framer, &limits, zeros + 13, sizeof zeros - 13, &skipped, &consumed, &error);

    long allocations = faults_allocations();

    ck_assert_int_eq(result, FRAMER_MORE);
    ck_assert_int_eq(allocations, 0);
    ck_assert_uint_eq(framer.message_bytes, 101 * (sizeof zeros - 13) + 13);
}
END_TEST

static Suite *
framer_suite(void)
{
    Suite *suite = suite_create("protocol/framer");
    TCase *tests = tcase_create("framer");

    tcase_add_test(tests, a_message_ends_where_its_brackets_balance);
    tcase_add_test(tests, what_cannot_become_a_message_is_refused_at_the_byte_that_shows_it);
    tcase_add_test(tests, every_control_character_is_refused_inside_and_outside_of_strings);
    tcase_add_test(tests, a_message_may_have_exactly_the_bytes_that_are_allowed);
    tcase_add_test(tests, brackets_may_be_nested_exactly_as_deep_as_allowed);
    tcase_add_test(tests, each_level_of_the_deepest_nesting_keeps_its_bracket);
    tcase_add_test(tests, limits_may_be_lowered_inside_a_message);
    tcase_add_test(tests, friends_are_counted_as_they_come);
    tcase_add_test(tests, no_friends_may_be_all_that_is_allowed);
    tcase_add_test(tests, an_endless_stream_costs_no_memory);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(framer_suite());
}
