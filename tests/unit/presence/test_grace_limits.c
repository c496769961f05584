/* SPDX-License-Identifier: MIT
 *
 * What the grace of users may cost, and what ends it before its time: limits, want of memory, a reload, a drain, a stop.
 */
#include "presence/grace.h"

#include "support/faults.h"
#include "support/unit.h"
#include "support/unit/absence.h"
#include "support/unit/rpc.h"

START_TEST(without_room_a_departure_is_told_at_once)
{
    struct actor *two = two_comes(0), *third;

    stage_expect(watcher, "+");
    admission_set_limit(&stage.admission, 2);
    third = stage_login(1, 3, NULL); /* over the limit, as after a reload */
    stage_end_input(two);
    stage_settle();
    stage_expect(watcher, "-");
    ck_assert_uint_eq(absent_clients(), 0);
    two = two_comes(0);
    stage_expect(watcher, "+");
    stage_end_input(third);
    stage_settle();
    stage_end_input(two); /* the place that it has been in is free */
    stage_settle();
    stage_expect(watcher, "");
    ck_assert_uint_eq(absent_clients(), 1);
}
END_TEST

START_TEST(newcomers_have_the_room_of_the_oldest)
{
    struct actor *two = two_comes(0), *three = stage_login(0, 3, NULL);

    stage_expect(watcher, "+");
    admission_set_limit(&stage.admission, 3);
    stage_lose(two);
    stage_settle();
    stage_lose(three);
    stage_settle();
    ck_assert_uint_eq(absent_clients(), 2);
    (void)stage_connect(0); /* before it says who it is */
    stage_settle();
    stage_expect(watcher, "-");
    ck_assert_uint_eq(absent_clients(), 1);
    (void)stage_connect(0);
    stage_settle();
    ck_assert_uint_eq(absent_clients(), 0);
}
END_TEST

/* One that lingers has its connection's room, so its end would make none; when it is closed, it has its own. */
START_TEST(who_lingers_makes_no_room)
{
    struct actor *two = two_comes(0);

    stage_expect(watcher, "+");
    stage_receive(two, "}");
    stage_settle();
    admission_set_limit(&stage.admission, 1);
    stage_settle();
    stage_expect(watcher, "");
    ck_assert_uint_eq(absent_clients(), 1);
    stage_pass_ms(STAGE_LINGER_MS);
    stage_settle(); /* it is looked at in the next turn */
    stage_expect(watcher, "-");
    ck_assert_uint_eq(absent_clients(), 0);
}
END_TEST

START_TEST(datagrams_have_room_of_their_own)
{
    struct actor *two = stage_correspond(0), *three = stage_correspond(0), *four = stage_correspond(0);

    stage_hello(two, 2, "1");
    stage_hello(three, 3, "1");
    stage_settle();
    stage_expect(watcher, "+");
    admission_set_limit(&stage.admission, 0);
    admission_set_limit(&stage.datagram_admission, 2);
    stage_pass_ms(STAGE_SILENCE_MS);
    ck_assert_uint_eq(absent_clients(), 2);
    stage_hello(four, 4, "1");
    stage_settle();
    stage_expect(watcher, "-");
    ck_assert_uint_eq(absent_clients(), 1);
}
END_TEST

/* ---- Want of memory ---- */

START_TEST(a_departure_that_finds_no_memory_is_told_later)
{
    struct actor *two = two_comes(0);

    stage_expect(watcher, "+");
    stage_lose(two);
    stage_settle();
    stage_pass_ms(GRACE_MS - 1);
    stage.workers[0].now_ms++;
    faults_allocation(1, 1);
    struct deadline *due = deadlines_take_due(&stage.workers[0].deadlines[DEADLINE_GRACE], stage.workers[0].now_ms);
    presence_handler.deadline(stage.presence, &stage.workers[0], DEADLINE_GRACE, due);
    faults_allocation(0, 0);
    stage_settle();
    stage_expect(watcher, "");
    ck_assert_uint_eq(stage_census().users_online, 2);
    stage_pass_ms(STAGE_RETRY_MS);
    stage_expect(watcher, "-");
    ck_assert_uint_eq(absent_clients(), 0);
}
END_TEST

/* Its departure, which was not the last when it was lost, waits for memory, and when it is tried again it is the last. */
START_TEST(what_waited_for_memory_may_have_a_grace_then)
{
    struct actor *two = rpc_login(0, "2", "", ""), *other;

    rpc_call(two, "status", "'status': 'away'", "1"); /* without it the status is another, which is news and takes memory */
    other = two_comes(1);
    stage_expect(watcher, "+");
    faults_allocation(1, 1);
    stage_lose(two);
    stage_write(0);
    faults_allocation(0, 0);
    ck_assert(stage_client(two)->departing);
    stage_lose(other);
    stage_settle();
    ck_assert_uint_eq(absent_clients(), 0);
    stage_pass_ms(STAGE_RETRY_MS);
    ck_assert_uint_eq(absent_clients(), 1);
    stage_expect(watcher, "");
    expect_gone_after(GRACE_MS);
    ck_assert_uint_eq(kept_sessions(), 0);
}
END_TEST

/* Whom an operator closes has none, also if there was no memory for telling that at once. */
START_TEST(whom_an_operator_closes_waits_for_memory_only)
{
    struct actor *two = stage_correspond(0);
    struct client *client;
    uint32_t slot = 0;

    stage_hello(two, 2, "1");
    stage_settle();
    stage_expect(watcher, "+");
    client = client_of(worker_next_session(&stage.workers[0], &slot, HANDLE_SLOTS_MAX));
    faults_allocation(1, 1);
    client_dismiss(stage.presence, &stage.workers[0], client);
    stage_write(0);
    faults_allocation(0, 0);
    ck_assert(client->departing && client->session.closed);
    stage_pass_ms(STAGE_RETRY_MS);
    stage_expect(watcher, "-");
    ck_assert_uint_eq(absent_clients(), 0);
    ck_assert_uint_eq(kept_sessions(), 0);
}
END_TEST

/* Without memory for the mail that says that a user is back, the lost session stays until its time is over. */
START_TEST(what_is_kept_ends_with_its_time_at_the_latest)
{
    struct actor *two = two_comes(0);

    stage_expect(watcher, "+");
    stage_lose(two);
    stage_settle();
    struct handle replaced = two->handle;
    faults_allocation(1, 1);
    grace_return(stage.presence, &stage.workers[1], replaced);
    faults_allocation(0, 0);
    stage_settle();
    ck_assert_uint_eq(kept_sessions(), 1);
    stage_pass_ms(GRACE_MS);
    ck_assert_uint_eq(kept_sessions(), 0);
    stage_expect(watcher, "-");
}
END_TEST

/* The mail may come when the session's place is another's already. */
START_TEST(mail_about_a_session_that_is_gone_is_forgotten)
{
    struct actor *two = two_comes(0), *again;

    stage_expect(watcher, "+");
    stage_lose(two);
    stage_settle();
    again = stage_login(1, 2, "1"); /* its mail is under way */
    struct mail *mail = mailbox_take(&stage.workers[0].mailbox);
    ck_assert(mail != NULL && mail->tag == MAIL_RETURN && mail->next == NULL);
    stage_give_grace(0);
    stage_pass_ms(1);
    stage_give_grace(GRACE_MS);
    ck_assert_ptr_null(two->session);
    two = stage_login(0, 7, NULL);
    stage_lose(two);
    stage_settle();
    ck_assert_uint_eq(absent_clients(), 1);
    presence_handler.mail(stage.presence, &stage.workers[0], mail);
    ck_assert_uint_eq(absent_clients(), 1); /* user 7, in the slot of the lost one */
    stage_expect(watcher, "");
    ck_assert_ptr_nonnull(again->session);
}
END_TEST

/* Or when its time is over, but its client has not closed yet. */
START_TEST(mail_about_a_session_that_lingers_on_is_forgotten)
{
    struct actor *two = two_comes(0);

    stage_expect(watcher, "+");
    stage_give_grace(STAGE_LINGER_MS / 2);
    stage_receive(two, "}");
    stage_settle();
    (void)stage_login(1, 2, "1");
    struct mail *mail = mailbox_take(&stage.workers[0].mailbox);
    ck_assert(mail != NULL && mail->tag == MAIL_RETURN);
    stage_pass_ms(STAGE_LINGER_MS / 2);
    ck_assert_uint_eq(absent_clients(), 0);
    presence_handler.mail(stage.presence, &stage.workers[0], mail);
    stage_pass_ms(STAGE_LINGER_MS);
    ck_assert_ptr_null(two->session);
    stage_expect(watcher, "");
}
END_TEST

/* ---- What happens to the server ---- */

START_TEST(a_shorter_one_bounds_those_that_run)
{
    struct actor *two = two_comes(0);

    stage_expect(watcher, "+");
    stage_lose(two);
    stage_settle();
    stage_pass_ms(100);
    stage_give_grace(1000);
    expect_gone_after(1000);
}
END_TEST

START_TEST(switched_off_it_ends_at_once)
{
    struct actor *two = two_comes(0);

    stage_expect(watcher, "+");
    stage_lose(two);
    stage_settle();
    stage_give_grace(0);
    stage_expect(watcher, "");
    stage_pass_ms(1);
    stage_expect(watcher, "-");
    two = two_comes(0);
    stage_expect(watcher, "+");
    stage_lose(two);
    stage_settle();
    stage_expect(watcher, "-");
}
END_TEST

START_TEST(a_drain_does_not_wait_for_it)
{
    struct drain drain = {.time_ms = STAGE_DRAIN_MS, .left = 3};
    struct actor *two = two_comes(0);

    stage_expect(watcher, "+");
    stage_lose(two);
    stage_give_grace(10 * GRACE_MS);
    (void)stage_login(1, 3, NULL);
    stage_settle();
    for (uint32_t worker = 0; worker < 3; worker++)
        drain_begin(&stage.workers[worker], &drain);
    stage_pass_ms(STAGE_DRAIN_MS + STAGE_LINGER_MS + 10);
    ck_assert_uint_eq(drain.left, 0);
    ck_assert_uint_eq(absent_clients(), 3); /* those whom it let go are lost, too */
}
END_TEST

/* stage_close sees that nothing is left. */
START_TEST(a_stop_drops_it)
{
    struct actor *two = two_comes(0), *three = stage_login(1, 3, "1, 2");

    stage_lose(two);
    stage_lose(three);
    stage_settle();
    stage_expect(watcher, "+");
    (void)stage_login(1, 2, "1"); /* its mail is under way */
    stage_receive(stage_login(0, 4, "1, 2"), "}");
    ck_assert_uint_eq(absent_clients(), 3);
}
END_TEST

START_TEST(what_falls_due_in_a_stop_is_no_news)
{
    struct actor *two = two_comes(0);

    stage_expect(watcher, "+");
    stage_lose(two);
    stage_settle();
    presence_stop(stage.presence);
    stage_pass_ms(GRACE_MS);
    stage_expect(watcher, "");
    ck_assert_uint_eq(absent_clients(), 0);
    ck_assert_ptr_null(two->session);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("grace_limits");
    TCase *tests = tcase_create("grace_limits");

    tcase_add_checked_fixture(tests, absence_open, stage_close);
    tcase_add_test(tests, without_room_a_departure_is_told_at_once);
    tcase_add_test(tests, newcomers_have_the_room_of_the_oldest);
    tcase_add_test(tests, who_lingers_makes_no_room);
    tcase_add_test(tests, datagrams_have_room_of_their_own);
    tcase_add_test(tests, a_departure_that_finds_no_memory_is_told_later);
    tcase_add_test(tests, what_waited_for_memory_may_have_a_grace_then);
    tcase_add_test(tests, whom_an_operator_closes_waits_for_memory_only);
    tcase_add_test(tests, what_is_kept_ends_with_its_time_at_the_latest);
    tcase_add_test(tests, mail_about_a_session_that_is_gone_is_forgotten);
    tcase_add_test(tests, mail_about_a_session_that_lingers_on_is_forgotten);
    tcase_add_test(tests, a_shorter_one_bounds_those_that_run);
    tcase_add_test(tests, switched_off_it_ends_at_once);
    tcase_add_test(tests, a_drain_does_not_wait_for_it);
    tcase_add_test(tests, a_stop_drops_it);
    tcase_add_test(tests, what_falls_due_in_a_stop_is_no_news);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
