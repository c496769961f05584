/* SPDX-License-Identifier: MIT
 *
 * What decoding the classic dialect takes of memory, what becomes of it without, and decoders of several threads.
 */
#include "support/unit/classic.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(an_allocation_that_fails_is_no_error_of_the_client)
{
    static const char *const texts[] = {
        "{\"user_id\": 1234567890123456789, \"friends\": [-1234567890123456789, 3]}",
        "{\"user_id\": 1234567890123456789, \"friends\": [-1234567890123456789, 3], \"a rather long key\": \"a rather long value\"}",
        "{\"x\": [1e999, {\"y\": \"z\", \"a\": 1.25000000000000000}], \"user_id\": 1234567890123456789, \"friends\": [-1234567890123456789, 3]}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        for (int all_after = 0; all_after <= 1; all_after++) {
            int result = -ENOMEM;
            long nth = 0;
            struct message message;

            while (result == -ENOMEM) {
                struct protocol_error untouched = {.code = ERROR_CODES}, error = untouched;
                char *copy = strdup(texts[i]);

                memset(&message, 0x5a, sizeof message);
                decoder_free(reading_decoder);
                reading_decoder = decoder_new();
                faults_allocation(++nth, all_after);
                result = dialect_classic.decode(reading_decoder, &classic_usual, copy, strlen(copy), &message, &error);
                faults_allocation(0, 0);
                ck_assert_mem_eq(&error, &untouched, sizeof error);
                free(copy);
            }
            ck_assert_int_eq(result, 0);
            ck_assert_int_gt(nth, 1);
            ck_assert_int_eq(message.kind, MESSAGE_HELLO);
            ck_assert_int_eq(message.user.number, 1234567890123456789);
            ck_assert_uint_eq(message.friend_count, 2);
            ck_assert_int_eq(message.friends[0].number, -1234567890123456789);
            ck_assert_int_eq(message.friends[1].number, 3);
        }
}
END_TEST

START_TEST(an_allocation_that_fails_deep_in_a_large_text_leaks_nothing)
{
    enum { ELEMENTS = 3000 };
    static char text[ELEMENTS * 32];
    const struct protocol_limits limits = {.message_bytes = sizeof text, .nesting = 4, .friends = ELEMENTS};
    size_t length = (size_t)snprintf(text, sizeof text, "{\"user_id\": 5, \"x\": {");
    int result = -ENOMEM;
    long nth = 0;

    for (int i = 0; i < ELEMENTS; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "\"%d\": [\"%d\"],", i, i);
    length += (size_t)snprintf(text + length, sizeof text - length, "\"x\": 0}, \"friends\": [");
    for (int i = 1; i < ELEMENTS; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%d,", i);
    length += (size_t)snprintf(text + length, sizeof text - length, "0]}");
    while (result == -ENOMEM) {
        struct message message;
        struct protocol_error error;

        faults_allocation(++nth, 1);
        result = dialect_classic.decode(reading_decoder, &limits, text, length, &message, &error);
        faults_allocation(0, 0);
    }
    ck_assert_int_eq(result, 0);
    ck_assert_int_gt(nth, 20);
}
END_TEST

static void *
decode_in_thread(void *unused)
{
    static const char text[] = "{\"user_id\": 1234567890123456789, \"x\": [1e999, {\"y\": \"z\"}], \"friends\": [2]}";
    struct decoder *own = decoder_new();
    bool right = own != NULL;

    for (int i = 0; i < 200 && right; i++) {
        struct message message;
        struct protocol_error error;

        right = dialect_classic.decode(own, &classic_usual, text, sizeof text - 1, &message, &error) == 0 &&
            message.user.number == 1234567890123456789 && message.friend_count == 1 && message.friends[0].number == 2;
        right = right && dialect_classic.decode(own, &classic_usual, text, sizeof text - 2, &message, &error) == -EBADMSG;
    }
    decoder_free(own);
    return right ? unused : NULL;
}

START_TEST(decoders_of_several_threads_do_not_meet)
{
    pthread_t threads[4];
    int right = 0;

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, decode_in_thread, &right), 0);
    for (int i = 0; i < 4; i++) {
        void *result;

        pthread_join(threads[i], &result);
        right += result == &right;
    }
    ck_assert_int_eq(right, 4);
}
END_TEST

START_TEST(a_decoder_without_memory_is_none)
{
    faults_allocation(1, 0);
    struct decoder *none = decoder_new();
    faults_allocation(0, 0);
    ck_assert_ptr_null(none);
    decoder_free(NULL);
}
END_TEST

START_TEST(one_long_list_does_not_stay_for_ever)
{
    enum { COUNT = 5000 };
    static char text[COUNT * 8];
    const struct protocol_limits limits = {.message_bytes = sizeof text, .nesting = 4, .friends = COUNT};
    struct message message;
    struct protocol_error error;

    for (int with_unknown = 0; with_unknown <= 1; with_unknown++) { /* read by both readers */
        size_t length = (size_t)snprintf(text, sizeof text, "{%s\"user_id\": 1, \"friends\": [0", with_unknown ? "\"x\": 0, " : "");

        for (int i = 1; i < COUNT; i++)
            length += (size_t)snprintf(text + length, sizeof text - length, ",%d", i);
        length += (size_t)snprintf(text + length, sizeof text - length, "]}");
        ck_assert_int_eq(classic_decode_bytes(&limits, text, length, &message, &error), 0);
        ck_assert_uint_eq(message.friend_count, COUNT);
        for (int i = 0; i < COUNT; i++)
            ck_assert_int_eq(message.friends[i].number, i);
        ck_assert_uint_le(reading_decoder->capacity, 2UL * COUNT);
        ck_assert_int_eq(classic_decode("{\"user_id\": 1, \"friends\": [1]}", &message, &error), 0);
        ck_assert_uint_le(reading_decoder->capacity, DECODER_FRIENDS_KEPT);
    }
}
END_TEST

START_TEST(a_usual_message_allocates_nothing_once_the_decoder_is_warm)
{
    static const char text[] = "{\"user_id\": 1, \"friends\": [2, 3, 4]}";
    struct message message;
    struct protocol_error error;

    ck_assert_int_eq(dialect_classic.decode(reading_decoder, &classic_usual, text, sizeof text - 1, &message, &error), 0);
    faults_allocation(0, 0);

    int result = dialect_classic.decode(reading_decoder, &classic_usual, text, sizeof text - 1, &message, &error);
    long allocations = faults_allocations();

    ck_assert_int_eq(result, 0);
    ck_assert_int_eq(allocations, 0);
}
END_TEST

static Suite *
memory_suite(void)
{
    Suite *suite = suite_create("protocol/dialect_classic_memory");
    TCase *tests = tcase_create("dialect_classic_memory");

    tcase_add_checked_fixture(tests, reading_set_up, reading_tear_down);
    tcase_add_test(tests, an_allocation_that_fails_is_no_error_of_the_client);
    tcase_add_test(tests, an_allocation_that_fails_deep_in_a_large_text_leaks_nothing);
    tcase_add_test(tests, decoders_of_several_threads_do_not_meet);
    tcase_add_test(tests, a_decoder_without_memory_is_none);
    tcase_add_test(tests, one_long_list_does_not_stay_for_ever);
    tcase_add_test(tests, a_usual_message_allocates_nothing_once_the_decoder_is_warm);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    dialects_init();
    return unit_run(memory_suite());
}
