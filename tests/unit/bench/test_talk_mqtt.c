/* SPDX-License-Identifier: MIT
 *
 * What the benchmark says to an MQTT broker and what it understands of the answers, as the standard for 3.1.1 has it.
 */
#include "support/unit.h"
#include "talk_check.h"

/* A packet written as a string, which may hold zeros. */
#define PACKET(text) (text), sizeof(text) - 1

#define CONNECT                    \
    "\x10\x1d\0\4MQTT\4\6\0\0\0\6" \
    "100001"                       \
    "\0\6"                         \
    "100001"                       \
    "\0\1"                         \
    "0"
#define ONLINE     \
    "\x30\x09\0\6" \
    "100001"       \
    "1"

START_TEST(says)
{
    static const uint32_t friends[] = {2, 30};
    static const char login[] = CONNECT "\x82\x14\0\1\0\6"
                                        "100002"
                                        "\0\0\6"
                                        "100030"
                                        "\0" ONLINE,
                      alone[] = CONNECT ONLINE "\xc0\0";

    talk_assert_says(&talk_mqtt, 1, friends, 2, login, sizeof login - 1, "");
    talk_assert_says(&talk_mqtt, 1, NULL, 0, alone, sizeof alone - 1, "");
}
END_TEST

/* One packet whatever the number of friends: a length of 128 takes two bytes, one of 16,384 three. */
START_TEST(subscribes_in_one_packet)
{
    static const struct {
        uint32_t count;
        const char header[5];
    } cases[] = {{13, "\x82\x77"}, {14, "\x82\x80\x01"}, {1820, "\x82\xfe\x7f"}, {1821, "\x82\x87\x80\x01"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t *friends = calloc(cases[i].count, sizeof *friends);
        struct talk_text text = {.bytes = NULL};
        size_t header = strlen(cases[i].header);

        ck_assert_ptr_nonnull(friends);
        talk_mqtt.login(&text, 1, friends, cases[i].count);
        ck_assert_int_eq(memcmp(text.bytes + sizeof CONNECT - 1, cases[i].header, header), 0);
        ck_assert_uint_eq(text.used, sizeof CONNECT - 1 + header + 2 + (size_t)cases[i].count * 9 + sizeof ONLINE - 1);
        free(friends);
        talk_text_done(&text);
    }
}
END_TEST

START_TEST(says_what_changes_in_a_list)
{
    static const uint32_t old[] = {2, 3}, new[] = {3, 4, 5};
    static const char difference[] = "\xa2\x0a\0\1\0\6"
                                     "100002"
                                     "\x82\x14\0\1\0\6"
                                     "100004"
                                     "\0\0\6"
                                     "100005"
                                     "\0";

    talk_assert_relists(&talk_mqtt, old, 2, new, 3, difference, sizeof difference - 1);
    talk_assert_relists(&talk_mqtt, old, 2, old, 2, "", 0);
}
END_TEST

START_TEST(hears_news)
{
    talk_assert_news(&talk_mqtt,
        PACKET("\x30\x09\0\6"
               "100002"
               "1"),
        2, true);
    talk_assert_news(&talk_mqtt,
        PACKET("\x30\x09\0\6"
               "999999"
               "0"),
        899999, false);
    talk_assert_refused(&talk_mqtt,
        PACKET("\x30\x09\0\6"
               "099998"
               "0"));
    talk_assert_refused(&talk_mqtt,
        PACKET("\x30\x09\0\6"
               "10000x"
               "0"));
    talk_assert_refused(&talk_mqtt,
        PACKET("\x30\x0a\0\6"
               "100002"
               "10"));
    talk_assert_refused(&talk_mqtt,
        PACKET("\x30\x09\0\5"
               "10000"
               "10"));
    talk_assert_refused(&talk_mqtt,
        PACKET("\x32\x0b\0\6"
               "100002"
               "\0\1"
               "1"));
}
END_TEST

START_TEST(passes_over_the_rest)
{
    talk_assert_word(&talk_mqtt, PACKET("\x20\2\0\0"), TALK_OTHER);
    talk_assert_word(&talk_mqtt, PACKET("\x20\2\0\5"), TALK_ERROR);
    talk_assert_word(&talk_mqtt, PACKET("\x90\4\0\1\0\0"), TALK_READY);
    talk_assert_word(&talk_mqtt, PACKET("\x90\4\0\1\0\x80"), TALK_ERROR);
    talk_assert_word(&talk_mqtt, PACKET("\x90\2\0\1"), TALK_ERROR);
    talk_assert_word(&talk_mqtt, PACKET("\xb0\2\0\1"), TALK_OTHER);
    talk_assert_word(&talk_mqtt, PACKET("\xd0\0"), TALK_READY);
    talk_assert_refused(&talk_mqtt, PACKET("\xe0\0"));
    talk_assert_refused(&talk_mqtt, PACKET("\x30\xff\xff\xff\xff\x01"));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("bench/talk/mqtt");
    TCase *cases = tcase_create("words");

    tcase_add_test(cases, says);
    tcase_add_test(cases, subscribes_in_one_packet);
    tcase_add_test(cases, says_what_changes_in_a_list);
    tcase_add_test(cases, hears_news);
    tcase_add_test(cases, passes_over_the_rest);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
