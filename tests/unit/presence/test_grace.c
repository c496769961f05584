/* SPDX-License-Identifier: MIT
 *
 * The grace of users whose last session was lost, step by step: who has one and who has none, and how it ends.
 */
#include "presence/grace.h"

#include "presence/inquiry.h"
#include "support/unit.h"
#include "support/unit/absence.h"
#include "support/unit/rpc.h"

#include <stdio.h>
#include <stdlib.h>

/* What all desks have counted. */
static struct tally
tally(void)
{
    struct tally sum;

    counters_init(&sum.logins[0][0], COUNTERS_IN(struct tally));
    presence_count(stage.presence, &sum);
    return sum;
}

static void
expect_counts(uint64_t absences, uint64_t returns, uint64_t vanished)
{
    struct tally counted = tally();

    ck_assert_uint_eq(counter_read(&counted.absences), absences);
    ck_assert_uint_eq(counter_read(&counted.returns), returns);
    ck_assert_uint_eq(counter_read(&counted.vanished), vanished);
}

static void
by_end_of_input(struct actor *actor)
{
    stage_end_input(actor);
}

static void
by_a_lost_connection(struct actor *actor)
{
    stage_lose(actor);
}

static void
by_an_error(struct actor *actor)
{
    stage_receive(actor, "}");
}

static void
by_a_wrong_user(struct actor *actor)
{
    stage_hello(actor, 3, NULL);
}

static void (*const losses[])(struct actor *actor) = {by_end_of_input, by_a_lost_connection, by_an_error, by_a_wrong_user};
enum { LOSSES = sizeof losses / sizeof losses[0] };

START_TEST(who_comes_back_in_time_is_news_to_nobody)
{
    struct actor *two = two_comes(0), *again;

    stage_expect(watcher, "+");
    losses[_i](two);
    stage_settle();
    ck_assert_uint_eq(absent_clients(), 1);
    stage_pass_ms(GRACE_MS - 1);
    again = two_comes(1);
    stage_settle();
    ck_assert_uint_eq(absent_clients(), 0);
    ck_assert_uint_eq(kept_sessions(), 0); /* given back at once */
    ck_assert_uint_eq(stage_census().members, 2);
    stage_pass_ms(2 * GRACE_MS);
    stage_expect(watcher, "");
    expect_counts(1, 1, 0);
    stage_receive(again, "{\"online\": false}");
    stage_settle();
    stage_expect(watcher, "-");
}
END_TEST

START_TEST(who_does_not_is_news_then)
{
    struct actor *two = two_comes(0);

    stage_expect(watcher, "+");
    losses[_i](two);
    stage_settle();
    expect_gone_after(GRACE_MS);
    ck_assert_uint_eq(kept_sessions(), 0);
    expect_counts(1, 0, 1);
    ck_assert_uint_eq(counter_read(&stage.presence->desks[0].tally.departures), 1);
}
END_TEST

/* What the departure says is how the session was lost. */
START_TEST(the_reason_is_that_of_the_loss)
{
    struct actor *follower = rpc_login(1, "5", "2, 3", ""), *two = two_comes(0), *three = stage_correspond(0);

    stage_hello(three, 3, NULL);
    stage_settle();
    stage_expect(follower, "<2+> <3+>");
    stage_pass_ms(STAGE_SILENCE_MS - 1);
    ck_assert_uint_eq(absent_clients(), 0);
    stage_pass_ms(1);
    ck_assert_uint_eq(absent_clients(), 1);
    ck_assert_uint_eq(admission_count(&stage.datagram_admission), 0);
    stage_lose(two);
    stage_settle();
    stage_pass_ms(GRACE_MS - 1);
    stage_expect(follower, "");
    stage_pass_ms(1);
    stage_expect(follower, "<2-closed,3-timeout>");
}
END_TEST

START_TEST(a_goodbye_has_none)
{
    struct actor *two = two_comes(0);

    stage_expect(watcher, "+");
    /* It arrived before the end of input, so it counts. */
    stage_receive(two, "{\"online\": false}");
    stage_end_input(two);
    stage_settle();
    stage_expect(watcher, "-");
    two = rpc_login(1, "2", "", "");
    stage_expect(watcher, "+");
    rpc_call(two, "logout", NULL, "1");
    stage_settle();
    stage_expect(watcher, "-");
    expect_counts(0, 0, 0);
}
END_TEST

START_TEST(whom_an_operator_closes_has_none)
{
    struct actor *two = two_comes(0), *three = stage_correspond(0);

    stage_hello(three, 3, "1");
    stage_settle();
    stage_expect(watcher, "+");
    client_dismiss(stage.presence, &stage.workers[0], stage_client(two));
    stage_settle();
    stage_expect(watcher, "-");
    ck_assert_uint_eq(absent_clients(), 0);
}
END_TEST

/* An operator who closes the sessions of a user ends its grace. */
START_TEST(an_operator_can_end_it)
{
    struct mailbox answers;
    struct inquiry *inquiry = inquiry_new(INQUIRY_CLOSE_USER, 3, 0), *look = inquiry_new(INQUIRY_USERS, 3, GRAPH_FACTS_SESSIONS);
    struct actor *two = two_comes(0), *three = stage_login(0, 3, NULL);

    ck_assert_int_eq(mailbox_init(&answers, &stage.pressure), 0);
    ck_assert(inquiry != NULL && look != NULL);
    inquiry->answers = look->answers = &answers;
    inquiry->users[inquiry->user_count++].number = look->users[look->user_count++].number = 2;
    stage_lose(two);
    stage_lose(three);
    stage_settle();
    stage_expect(watcher, "+");
    ck_assert_uint_eq(absent_clients(), 2);
    inquiry_ask(look, stage.workers);
    stage_settle();
    ck_assert(look->parts[0].facts[0].absent && look->parts[0].facts[0].online && look->parts[0].count == 0);
    inquiry_ask(inquiry, stage.workers);
    stage_settle();
    ck_assert_uint_eq(inquiry->parts[0].total, 1);
    stage_expect(watcher, "-");
    ck_assert_uint_eq(absent_clients(), 1); /* user 3 */
    (void)mailbox_take(&answers);
    mailbox_done(&answers);
    inquiry_free(inquiry);
    inquiry_free(look);
}
END_TEST

/* A client that takes its time to close is lost all the same; what is kept of it ends with whichever comes last. */
START_TEST(a_session_may_linger_longer_than_its_grace)
{
    struct actor *two = two_comes(0);

    stage_expect(watcher, "+");
    stage_give_grace(STAGE_LINGER_MS / 2);
    stage_receive(two, "}");
    stage_settle();
    stage_expect(two, "bad_json .");
    expect_gone_after(STAGE_LINGER_MS / 2);
    ck_assert_ptr_nonnull(two->session);
    stage_pass_ms(STAGE_LINGER_MS);
    ck_assert_ptr_null(two->session);
}
END_TEST

START_TEST(the_user_may_be_back_while_the_lost_session_lingers)
{
    struct actor *two = two_comes(0);

    stage_expect(watcher, "+");
    stage_receive(two, "}");
    stage_settle();
    (void)two_comes(0);
    ck_assert_uint_eq(absent_clients(), 0);
    ck_assert_ptr_nonnull(two->session);
    stage_pass_ms(STAGE_LINGER_MS);
    ck_assert_ptr_null(two->session);
    ck_assert_uint_eq(kept_sessions(), 0);
    stage_pass_ms(GRACE_MS);
    stage_expect(watcher, "");
}
END_TEST

/* A batch that is over a limit loses its session in its middle: what is left of it has no turns of its own, as the client waits for its user. */
START_TEST(a_session_may_be_lost_inside_a_batch)
{
    enum { LONG = 40000 };
    struct actor *two = rpc_login(0, "2", "", "");
    char *text = malloc(2 * LONG), *at = text;

    stage_expect(watcher, "+");
    at += sprintf(at, "[{'jsonrpc': '2.0', 'method': 'follow', 'params': {'friends': [3");
    for (uint32_t i = 0; i < stage.config.limits.friends; i++)
        at += sprintf(at, ",3");
    at += sprintf(at, "]}, 'id': 1}");
    for (int i = 0; i < 4; i++)
        at += sprintf(at, ",%*s{'jsonrpc': '2.0', 'method': 'ping', 'id': 2}", LONG / 4, "");
    sprintf(at, "]");
    rpc_say(two, text);
    stage_settle();
    ck_assert_uint_eq(absent_clients(), 1);
    stage_expect(watcher, "");
    stage_pass_ms(GRACE_MS);
    stage_expect(watcher, "-");
    ck_assert_uint_eq(absent_clients(), 0);
    free(text);
}
END_TEST

/* ---- Datagrams ---- */

START_TEST(an_address_that_returns_has_a_session_like_any_other)
{
    struct actor *two = stage_correspond(0);

    stage_hello(two, 2, "1");
    stage_settle();
    stage_expect(watcher, "+");
    stage_pass_ms(STAGE_SILENCE_MS);
    ck_assert_uint_eq(absent_clients(), 1);
    stage_receive(two, "beat"); /* of nobody */
    stage_pass_ms(GRACE_MS - 1);
    stage_hello(two, 2, "1");
    stage_settle();
    stage_expect(watcher, "");
    ck_assert_uint_eq(absent_clients(), 0);
    stage_pass_ms(STAGE_SILENCE_MS);
    expect_gone_after(GRACE_MS);
    expect_counts(2, 1, 1);
}
END_TEST

/* Who says hello as another user may have the address of one who was lost: that one may come back from elsewhere. */
START_TEST(an_address_that_is_another_users_is_a_loss)
{
    struct actor *two = stage_correspond(0);

    stage_hello(two, 2, "1");
    stage_settle();
    stage_expect(watcher, "+");
    stage_hello(two, 7, NULL);
    stage_settle();
    stage_expect(watcher, "");
    ck_assert_uint_eq(absent_clients(), 1);
    (void)two_comes(1);
    ck_assert_uint_eq(absent_clients(), 0);
    stage_expect(watcher, "");
}
END_TEST

/* The same user in the other dialect is another session, and no news. */
START_TEST(a_client_that_changes_its_dialect_is_there_all_the_time)
{
    struct actor *two = stage_correspond(0);

    stage_hello(two, 2, "1");
    stage_settle();
    stage_expect(watcher, "+");
    rpc_call(two, "login", "'user_id': 2, 'friends': [], 'pad': 'so that the answer fits into three times all of this'", "1");
    stage_settle();
    ck_assert_uint_eq(absent_clients(), 0);
    stage_expect(watcher, "");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("grace");
    TCase *tests = tcase_create("grace");

    tcase_add_checked_fixture(tests, absence_open, stage_close);
    tcase_add_loop_test(tests, who_comes_back_in_time_is_news_to_nobody, 0, LOSSES);
    tcase_add_loop_test(tests, who_does_not_is_news_then, 0, LOSSES);
    tcase_add_test(tests, the_reason_is_that_of_the_loss);
    tcase_add_test(tests, a_goodbye_has_none);
    tcase_add_test(tests, whom_an_operator_closes_has_none);
    tcase_add_test(tests, an_operator_can_end_it);
    tcase_add_test(tests, a_session_may_linger_longer_than_its_grace);
    tcase_add_test(tests, the_user_may_be_back_while_the_lost_session_lingers);
    tcase_add_test(tests, a_session_may_be_lost_inside_a_batch);
    tcase_add_test(tests, an_address_that_returns_has_a_session_like_any_other);
    tcase_add_test(tests, an_address_that_is_another_users_is_a_loss);
    tcase_add_test(tests, a_client_that_changes_its_dialect_is_there_all_the_time);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
