/* SPDX-License-Identifier: MIT
 *
 * What the benchmark says to Redis and what it understands of the answers, as RESP3 and the documentation of the commands have it.
 */
#include "support/unit.h"
#include "talk_check.h"

static void
news(const char *text, uint32_t user, bool online)
{
    talk_assert_news(&talk_redis, text, strlen(text), user, online);
}

static void
word(const char *text, enum talk_kind kind)
{
    talk_assert_word(&talk_redis, text, strlen(text), kind);
}

static void
refused(const char *text)
{
    talk_assert_refused(&talk_redis, text, strlen(text));
}

START_TEST(says)
{
    static const uint32_t friends[] = {2, 30};
    static const char login[] = "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n*3\r\n$9\r\nSUBSCRIBE\r\n$6\r\n100002\r\n$6\r\n100030\r\n"
                                "*3\r\n$7\r\nPUBLISH\r\n$6\r\n100001\r\n$1\r\n1\r\n",
                      alone[] = "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n*3\r\n$7\r\nPUBLISH\r\n$6\r\n100001\r\n$1\r\n1\r\n",
                      leave[] = "*3\r\n$7\r\nPUBLISH\r\n$6\r\n100001\r\n$1\r\n0\r\n";

    talk_assert_says(&talk_redis, 1, friends, 2, login, sizeof login - 1, leave);
    talk_assert_says(&talk_redis, 1, NULL, 0, alone, sizeof alone - 1, leave);
}
END_TEST

START_TEST(says_what_changes_in_a_list)
{
    static const uint32_t old[] = {2, 3}, new[] = {3, 4, 5};
    static const char difference[] = "*2\r\n$11\r\nUNSUBSCRIBE\r\n$6\r\n100002\r\n*3\r\n$9\r\nSUBSCRIBE\r\n$6\r\n100004\r\n$6\r\n100005\r\n";

    talk_assert_relists(&talk_redis, old, 2, new, 3, difference, sizeof difference - 1);
    talk_assert_relists(&talk_redis, old, 2, old, 2, "", 0);
}
END_TEST

START_TEST(hears_news)
{
    news(">3\r\n$7\r\nmessage\r\n$6\r\n100002\r\n$1\r\n1\r\n", 2, true);
    news(">3\r\n$7\r\nmessage\r\n$6\r\n999999\r\n$1\r\n0\r\n", 899999, false);
    refused(">3\r\n$7\r\nmessage\r\n$6\r\n099998\r\n$1\r\n1\r\n");
    refused(">3\r\n$7\r\nmessage\r\n$5\r\nhello\r\n$1\r\n1\r\n");
    refused(">3\r\n$7\r\nmessage\r\n$6\r\n10000x\r\n$1\r\n1\r\n");
}
END_TEST

START_TEST(passes_over_the_rest)
{
    word("%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:14\r\n$4\r\nmode\r\n"
         "$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n",
        TALK_OTHER);
    word(">3\r\n$9\r\nsubscribe\r\n$6\r\n100002\r\n:1\r\n", TALK_OTHER);
    word(">3\r\n$11\r\nunsubscribe\r\n$6\r\n100002\r\n:0\r\n", TALK_OTHER);
    word("|1\r\n$3\r\nttl\r\n:3\r\n_\r\n", TALK_OTHER);
    word("*2\r\n~1\r\n#t\r\n,1.5\r\n", TALK_OTHER);
    word(":50\r\n", TALK_READY);
    word("-ERR max number of clients reached\r\n", TALK_ERROR);
    word("!5\r\nERR a\r\n", TALK_ERROR);
}
END_TEST

START_TEST(refuses_what_is_no_resp3)
{
    refused("hello\r\n");
    refused("\r\n");
    refused("$\r\n");
    refused("$99999999\r\n");
    refused("*99999999\r\n");
    refused("$-1\r\n");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("bench/talk/redis");
    TCase *cases = tcase_create("words");

    tcase_add_test(cases, says);
    tcase_add_test(cases, says_what_changes_in_a_list);
    tcase_add_test(cases, hears_news);
    tcase_add_test(cases, passes_over_the_rest);
    tcase_add_test(cases, refuses_what_is_no_resp3);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
