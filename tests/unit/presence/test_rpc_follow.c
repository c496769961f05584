/* SPDX-License-Identifier: MIT
 *
 * How news in the JSON-RPC dialect fits together with snapshots and with unfollowing, and what the two dialects hear of each other.
 */
#include "presence/changes.h"
#include "presence/rpc.h"

#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/rpc.h"

#include <check.h>
#include <unistd.h>

/* ---- Following and unfollowing with news under way ---- */

START_TEST(after_unfollow_nothing_more_is_told)
{
    struct actor *watcher = rpc_login(0, "1", "2, 3", "");

    stage_login(1, 2, NULL); /* news under way to worker 0 */
    stage_login(1, 3, NULL);
    rpc_call(watcher, "unfollow", "'friends': [2]", "1");
    stage_write(0);
    stage_expect(watcher, "1:{}");
    stage_settle();
    stage_expect(watcher, "<3+>");
}
END_TEST

/* The same when the news has come in and only waits for room. */
START_TEST(after_unfollow_nothing_is_told_that_waited)
{
    struct actor *watcher = rpc_login(0, "1", "2, 3", "");
    const char *heard;

    (void)rpc_ask_until_blocked(watcher);
    stage_login(1, 2, NULL);
    stage_login(1, 3, NULL);
    stage_settle();
    ck_assert_uint_eq(changes_count(stage_client(watcher)->changes), 2);
    heard = stage_heard_out(watcher);
    ck_assert_int_eq(rpc_count(heard, "<2+,3+>"), 1);

    stage_login(2, 7, NULL);
    rpc_call(watcher, "follow", "'friends': [4]", NULL);
    stage_login(1, 4, NULL);
    stage_take_mail(0);
    (void)stage_tell(0);
    ck_assert_uint_eq(changes_count(stage_client(watcher)->changes), 1);
    rpc_call(watcher, "unfollow", "'friends': [4]", "8");
    ck_assert_uint_eq(changes_count(stage_client(watcher)->changes), 0);
    stage_settle();
    stage_expect(watcher, "8:{}");
}
END_TEST

START_TEST(unfollow_and_follow_in_one_batch_hear_no_old_news)
{
    struct actor *watcher = rpc_login(0, "1", "2, 3", ""), *two;

    two = stage_login(1, 2, NULL);
    rpc_say(watcher,
        "[{'jsonrpc': '2.0', 'method': 'unfollow', 'params': {'friends': [2]}, 'id': 1},"
        " {'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [2]}, 'id': 2}]");
    stage_settle();
    stage_expect(watcher, "(1:{},2:[2])");
    stage_end_input(two);
    rpc_say(watcher,
        "[{'jsonrpc': '2.0', 'method': 'unfollow', 'params': {'friends': [2]}, 'id': 1},"
        " {'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [2]}, 'id': 2}]");
    stage_settle();
    stage_expect(watcher, "(1:{},2:[])");
    ck_assert_uint_eq(stage_census().edges, 2);
    stage_login(1, 2, NULL);
    stage_settle();
    stage_expect(watcher, "<2+>");
}
END_TEST

/* Old news is told by its mail, not by its user: what comes after the user is followed again is new. */
START_TEST(news_never_overtakes_its_snapshot)
{
    struct actor *watcher = rpc_login(0, "1", "3", "");

    stage_login(1, 3, NULL); /* old for whoever follows 3 from now on */
    rpc_say(watcher,
        "[{'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [2]}, 'id': 1},"
        " {'jsonrpc': '2.0', 'method': 'unfollow', 'params': {'friends': [3]}, 'id': 2},"
        " {'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [3]}, 'id': 3}]");
    stage_login(1, 2, NULL);
    stage_settle();
    stage_expect(watcher, "(1:[],2:{},3:[3]) <2+>");
    ck_assert_ptr_nonnull(stage_client(watcher)->old_news);
    rpc_call(watcher, "ping", NULL, "5");
    ck_assert_ptr_null(stage_client(watcher)->old_news); /* it has passed, so it costs nothing any more */
}
END_TEST

START_TEST(an_arrival_is_in_the_snapshot_or_told_and_never_both)
{
    struct actor *watcher = rpc_login(0, "1", "", "");

    stage_login(1, 2, NULL); /* before */
    rpc_call(watcher, "follow", "'friends': [2, 3]", "1");
    stage_login(1, 3, NULL); /* after */
    stage_settle();
    stage_expect(watcher, "1:[2] <3+>");
}
END_TEST

/* Nobody is unfollowed, so there is nothing to wait for, whatever the session has waited for before. */
START_TEST(unfollowing_nobody_waits_for_nothing)
{
    struct actor *watcher = rpc_login(0, "1", "2", "");

    stage_login(1, 2, NULL);
    rpc_call(watcher, "unfollow", "'friends': [9]", "1");
    ck_assert(stage_is_read(watcher));
    stage_write(0);
    stage_expect(watcher, "1:{}");
    stage_settle();
    stage_expect(watcher, "<2+>");
}
END_TEST

/* ---- Two dialects ---- */

START_TEST(the_dialects_are_friends_of_each_other)
{
    struct actor *classic = stage_login(0, 1, "2"), *modern = rpc_login(1, "2", "1", "1");

    stage_settle();
    stage_expect(classic, "+");
    rpc_call(modern, "status", "'status': 'away'", NULL);
    stage_settle();
    stage_expect(classic, ""); /* hears nothing of statuses */
    stage_receive(classic, "{\"online\": false}");
    stage_settle();
    stage_expect(modern, "<1-goodbye>");
    classic = stage_login(0, 1, "2");
    stage_settle();
    stage_expect(modern, "<1+>");
    rpc_call(modern, "logout", NULL, NULL);
    stage_settle();
    stage_expect(classic, "-");
}
END_TEST

/* Rule 2: whom the leaver listed is told of the departure, unless it speaks JSON-RPC, which hears of exactly those it follows. */
START_TEST(whom_a_leaver_listed_hears_of_it_only_in_the_classic_dialect)
{
    struct actor *classic = stage_login(0, 1, NULL), *modern = rpc_login(0, "2", "", ""), *leaver;

    for (int way = 0; way < 2; way++) {
        if (way == 0)
            leaver = stage_login(1, 3, "1, 2");
        else
            leaver = rpc_login(1, "3", "1, 2", "1,2");
        stage_settle();
        stage_lose(leaver);
        stage_settle();
        stage_expect(classic, "-");
        stage_expect(modern, "");
    }
}
END_TEST

START_TEST(a_user_may_speak_both)
{
    struct actor *watcher = rpc_login(2, "9", "1", ""), *classic = stage_login(0, 1, "2"), *modern = rpc_login(1, "1", "3", "");

    stage_login(2, 2, NULL);
    stage_login(2, 3, NULL);
    stage_settle();
    stage_expect(classic, "+");
    stage_expect(modern, "<3+>");
    stage_end_input(classic);
    stage_settle();
    stage_expect(watcher, "<1+>");
    rpc_call(modern, "logout", NULL, NULL);
    stage_settle();
    stage_expect(watcher, "<1-goodbye>");
}
END_TEST

static Suite *
follow_suite(void)
{
    Suite *suite = suite_create("rpc_follow");
    TCase *tests = tcase_create("rpc_follow");

    tcase_add_checked_fixture(tests, stage_open_three, stage_close);
    tcase_set_timeout(tests, 10 * pace_test_timeout_s());
    tcase_add_test(tests, after_unfollow_nothing_more_is_told);
    tcase_add_test(tests, after_unfollow_nothing_is_told_that_waited);
    tcase_add_test(tests, unfollow_and_follow_in_one_batch_hear_no_old_news);
    tcase_add_test(tests, news_never_overtakes_its_snapshot);
    tcase_add_test(tests, an_arrival_is_in_the_snapshot_or_told_and_never_both);
    tcase_add_test(tests, unfollowing_nobody_waits_for_nothing);
    tcase_add_test(tests, the_dialects_are_friends_of_each_other);
    tcase_add_test(tests, whom_a_leaver_listed_hears_of_it_only_in_the_classic_dialect);
    tcase_add_test(tests, a_user_may_speak_both);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(follow_suite());
}
