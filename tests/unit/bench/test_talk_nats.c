/* SPDX-License-Identifier: MIT
 *
 * What the benchmark says to NATS and what it understands of the answers, as the documentation of its client protocol has it.
 */
#include "support/unit.h"
#include "talk_check.h"

#define CONNECT "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false,\"protocol\":1,\"lang\":\"c\",\"version\":\"1\"}\r\n"

static void
news(const char *text, uint32_t user, bool online)
{
    talk_assert_news(&talk_nats, text, strlen(text), user, online);
}

static struct talk_word
word(const char *text, enum talk_kind kind)
{
    return talk_assert_word(&talk_nats, text, strlen(text), kind);
}

static void
refused(const char *text)
{
    talk_assert_refused(&talk_nats, text, strlen(text));
}

START_TEST(says)
{
    static const uint32_t friends[] = {2, 30};
    static const char login[] = CONNECT "SUB 100002 100002\r\nSUB 100030 100030\r\nPUB 100001 1\r\n1\r\nPING\r\n",
                      alone[] = CONNECT "PUB 100001 1\r\n1\r\nPING\r\n", leave[] = "PUB 100001 1\r\n0\r\n";

    talk_assert_says(&talk_nats, 1, friends, 2, login, sizeof login - 1, leave);
    talk_assert_says(&talk_nats, 1, NULL, 0, alone, sizeof alone - 1, leave);
}
END_TEST

START_TEST(says_what_changes_in_a_list)
{
    static const uint32_t old[] = {2, 3}, new[] = {3, 4, 5};
    static const char difference[] = "UNSUB 100002\r\nSUB 100004 100004\r\nSUB 100005 100005\r\n";

    talk_assert_relists(&talk_nats, old, 2, new, 3, difference, sizeof difference - 1);
    talk_assert_relists(&talk_nats, old, 2, old, 2, "", 0);
}
END_TEST

START_TEST(hears_news)
{
    news("MSG 100002 1 1\r\n1\r\n", 2, true);
    news("MSG 999999 12345 1\r\n0\r\n", 899999, false);
    refused("MSG 100002 1 2\r\n11\r\n");
    refused("MSG 100002 1 12\r\n123456789012\r\n");
    refused("MSG 100002 1 reply 1\r\n1\r\n");
    refused("MSG 100002 x 1\r\n1\r\n");
    refused("MSG 099998 1 1\r\n1\r\n");
    refused("MSG 10000x 1 1\r\n1\r\n");
    refused("MSG 100002\r\n");
    refused("MSG \r\n");
}
END_TEST

START_TEST(answers_a_ping)
{
    struct talk_word ping = word("PING\r\n", TALK_OTHER);

    ck_assert_uint_eq(ping.reply_bytes, 6);
    ck_assert_int_eq(memcmp(ping.reply, "PONG\r\n", 6), 0);
}
END_TEST

START_TEST(passes_over_the_rest)
{
    ck_assert_uint_eq(word("INFO {\"server_id\":\"N\",\"version\":\"2.9.10\",\"proto\":1,\"max_payload\":1048576} \r\n", TALK_OTHER).reply_bytes, 0);
    word("+OK\r\n", TALK_OTHER);
    word("PONG\r\n", TALK_READY);
    word("-ERR 'maximum connections exceeded'\r\n", TALK_ERROR);
    refused("HELLO\r\n");
    refused("\r\n");
    refused("\n");
    refused("INFO {}\n");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("bench/talk/nats");
    TCase *cases = tcase_create("words");

    tcase_add_test(cases, says);
    tcase_add_test(cases, says_what_changes_in_a_list);
    tcase_add_test(cases, hears_news);
    tcase_add_test(cases, answers_a_ping);
    tcase_add_test(cases, passes_over_the_rest);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
