/* SPDX-License-Identifier: MIT
 *
 * What must come out when things happen at once on several workers. The order of the workers' steps is the test's, so each case is the same
 * every time; those that lie between two locks of the graph are in graph/test_graph_interleavings.c.
 */
#include "presence/client.h"
#include "presence/news.h"

#include "support/unit.h"
#include "support/unit/stage.h"

#include <string.h>

enum { CROWD = 600, CROWD_FIRST = 1000 };

START_TEST(a_user_leaves_on_one_worker_and_comes_on_another)
{
    struct actor *watcher = stage_login(2, 1, "2"), *listed = stage_login(2, 3, NULL);
    struct actor *first = stage_login(0, 2, "3");

    stage_settle();
    stage_expect(watcher, "+");

    /* Left before it came: both are told, in this order, though neither worker waited for the other. */
    stage_end_input(first);
    struct actor *second = stage_login(1, 2, NULL);
    stage_turn(2);
    stage_expect(watcher, "- +");
    stage_expect(listed, "-");

    /* Came before it left: nothing happened to the user. */
    struct actor *third = stage_login(0, 2, NULL);
    stage_end_input(second);
    stage_settle();
    stage_expect(watcher, "");

    stage_end_input(third);
    stage_settle();
    stage_expect(watcher, "-");
    stage_expect(listed, ""); /* the last session had no list */
}
END_TEST

/* The watcher's worker takes the mail of the first between what the two others do, or of both at once. */
START_TEST(mail_may_be_taken_at_any_moment)
{
    for (int taken = 0; taken < 8; taken++) {
        struct actor *watcher = stage_login(2, 1, "2");
        struct actor *first = stage_login(0, 2, NULL);

        if (taken & 1)
            stage_take_mail(2);
        stage_end_input(first);
        if (taken & 2)
            stage_turn(2);
        struct actor *second = stage_login(1, 2, NULL);
        if (taken & 4)
            stage_take_mail(2);
        stage_end_input(second);
        stage_settle();
        stage_expect(watcher, "+ - + -");
        stage_end_input(watcher);
        stage_settle();
    }
}
END_TEST

START_TEST(of_two_friends_who_log_in_at_once_the_later_is_heard)
{
    struct actor *one = stage_connect(0), *two = stage_connect(1);

    stage_hello(one, 1, "2");
    stage_hello(two, 2, "1");
    stage_settle();
    stage_expect(one, "+");
    stage_expect(two, "");
}
END_TEST

/* A session that is listed while it does not watch, and one that does both, on another worker than the leaver's. */
START_TEST(the_sessions_of_listed_users_are_told_wherever_they_are)
{
    struct actor *phone = stage_login(0, 1, NULL), *laptop = stage_login(1, 1, "2"), *tablet = stage_login(2, 1, NULL);
    struct actor *friend = stage_login(2, 2, "1, 2, 1, 99");

    stage_settle();
    stage_expect(laptop, "+");
    stage_lose(tablet); /* it has gone, and its worker has not come to say so */
    stage_end_input(friend);
    stage_settle();
    stage_expect(phone, "-");
    stage_expect(laptop, "-");
    stage_expect(tablet, ".");
}
END_TEST

START_TEST(a_new_list_waits_for_the_news_under_way)
{
    struct actor *watcher = stage_login(0, 1, "2");

    stage_login(1, 2, NULL); /* in the mailbox of worker 0 */
    stage_receive(watcher, "{\"user_id\": 1, \"friends\": []}");
    ck_assert(!stage_is_read(watcher));
    ck_assert_uint_eq(stage_census().edges, 1); /* still watched */
    stage_turn(0);
    stage_expect(watcher, "+");
    ck_assert(stage_is_read(watcher));
    ck_assert_uint_eq(stage_census().edges, 0);
}
END_TEST

/* Old mail about a friend is told before the friend is unlisted, so it cannot be told after the friend was listed again. */
START_TEST(a_friend_is_unlisted_and_listed_again_with_old_mail_under_way)
{
    struct actor *watcher = stage_login(0, 1, "2");
    struct actor *friend = stage_login(1, 2, NULL);

    stage_receive(watcher, "{\"user_id\": 1, \"friends\": []}{\"user_id\": 1, \"friends\": [2]}");
    stage_end_input(friend);
    ck_assert(!stage_is_read(watcher));
    stage_turn(0);
    stage_expect(watcher, "+ -");
    ck_assert_uint_eq(stage_census().edges, 1);

    /* What came while it was parked was not yet old when the list was sent: the friend was still watched. */
    friend = stage_login(1, 2, NULL);
    stage_receive(watcher, "{\"user_id\": 1, \"friends\": []}");
    stage_take_mail(0);
    stage_end_input(friend);
    stage_tell(0);
    stage_write(0);
    stage_expect(watcher, "+");
    ck_assert_uint_eq(stage_census().edges, 0);
    stage_receive(watcher, "{\"user_id\": 1, \"friends\": [2]}"); /* the departure is in the mailbox: it waits for that */
    ck_assert_uint_eq(stage_census().edges, 0);
    stage_turn(0);
    stage_expect(watcher, "-");
    ck_assert_uint_eq(stage_census().edges, 1);
    stage_login(1, 2, NULL);
    stage_settle();
    stage_expect(watcher, "+");
}
END_TEST

START_TEST(a_new_list_waits_for_slices_under_way)
{
    struct actor *crowd[CROWD];

    for (int i = 0; i < CROWD; i++)
        crowd[i] = stage_login(0, CROWD_FIRST + i, "1");
    struct actor *star = stage_login(1, 1, NULL);

    stage_turn(0);
    stage_expect(crowd[0], "+");
    stage_expect(crowd[CROWD - 1], "");
    stage_receive(crowd[CROWD - 1], "{\"user_id\": 1599, \"friends\": []}{\"user_id\": 1599, \"friends\": [1]}");
    ck_assert(!stage_is_read(crowd[CROWD - 1]));
    stage_turn(0);
    ck_assert(!stage_is_read(crowd[CROWD - 1]));
    stage_turn(0);
    stage_expect(crowd[CROWD - 1], "+");
    ck_assert(stage_is_read(crowd[CROWD - 1]));
    stage_end_input(star);
    stage_settle();
    stage_expect(crowd[CROWD - 1], "-");
    stage_expect(crowd[0], "-");
}
END_TEST

START_TEST(other_messages_do_not_wait_for_news)
{
    struct actor *watcher = stage_login(0, 1, "2"), *newcomer = stage_connect(0), *leaver = stage_login(0, 4, NULL);

    stage_login(1, 2, NULL);
    stage_receive(watcher, "{\"user_id\": 1}");
    stage_hello(newcomer, 3, "2");
    stage_receive(leaver, "{\"online\": false}");
    ck_assert(stage_is_read(watcher));
    ck_assert_uint_eq(stage_census().members, 3);
    stage_turn(0);
    stage_expect(watcher, "+");
    stage_expect(newcomer, ""); /* it listed later than that happened */
    stage_expect(leaver, ".");
}
END_TEST

/* On a busy server there is always news under way: what came after the list does not hold it up. */
START_TEST(a_parked_list_waits_for_no_later_news)
{
    struct actor *watcher = stage_login(0, 1, "2"), *other = stage_login(0, 3, "9");

    stage_login(1, 2, NULL);
    stage_receive(watcher, "{\"user_id\": 1, \"friends\": []}");
    stage_take_mail(0);
    stage_login(1, 9, NULL);
    stage_tell(0);
    stage_write(0);
    ck_assert(stage_is_read(watcher));
    ck_assert_uint_eq(stage_census().edges, 1);
    stage_expect(watcher, "+");
    stage_settle();
    stage_expect(other, "+");
}
END_TEST

/* Several are parked: each goes on when what was under way for it has been told. */
START_TEST(parked_clients_go_on_in_turn)
{
    struct actor *first = stage_login(0, 1, "9"), *second = stage_login(0, 2, "9"), *third = stage_login(0, 3, "9");

    stage_login(1, 9, NULL);
    stage_receive(second, "{\"user_id\": 2, \"friends\": [8]}");
    stage_receive(first, "{\"user_id\": 1, \"friends\": [8]}");
    stage_login(1, 8, NULL);
    stage_receive(third, "{\"user_id\": 3, \"friends\": [8]}");
    ck_assert(!stage_is_read(first) && !stage_is_read(second) && !stage_is_read(third));
    stage_settle();
    stage_expect(first, "+");
    stage_expect(second, "+");
    stage_expect(third, "+");
    ck_assert(stage_is_read(first) && stage_is_read(second) && stage_is_read(third));
    ck_assert_uint_eq(stage_census().edges, 3);
}
END_TEST

/* What follows in the same piece waits with it, in order. */
START_TEST(what_comes_behind_a_parked_list_is_carried_out_after_it)
{
    struct actor *watcher = stage_login(0, 1, "2"), *observer = stage_login(1, 4, "1");

    stage_settle();
    stage_expect(observer, "");
    stage_login(1, 2, "1");
    stage_receive(watcher, "{\"user_id\": 1, \"friends\": [4]} {\"user_id\": 1, \"friends\": [3]}\n{\"user_id\": 1, \"online\": false}{\"x");
    stage_turn(0);
    stage_settle();
    stage_expect(watcher, "+ .");
    stage_expect(observer, "-");
}
END_TEST

START_TEST(a_message_cut_behind_a_parked_list_is_finished_later)
{
    struct actor *watcher = stage_login(0, 1, "2");

    stage_login(1, 2, NULL);
    stage_receive(watcher, "{\"user_id\": 1, \"friends\": []}{\"user_id\": 1, \"fri");
    stage_settle();
    ck_assert(stage_is_read(watcher));
    ck_assert_uint_eq(stage_census().edges, 0);
    stage_receive(watcher, "ends\": [2, 3]}");
    ck_assert_uint_eq(stage_census().edges, 2);
    stage_pass_ms(2 * STAGE_MESSAGE_MS);
    stage_expect(watcher, "+"); /* and no deadline runs on */
}
END_TEST

/* The list may come in pieces, too. */
START_TEST(a_parked_list_that_came_in_pieces_is_carried_out)
{
    struct actor *watcher = stage_login(0, 1, "2");

    stage_receive(watcher, "{\"user_id\": 1, \"frie");
    stage_login(1, 2, NULL);
    stage_receive(watcher, "nds\": [3]}{\"user_id\": 1, \"friends\": [3, 4]}");
    ck_assert(!stage_is_read(watcher));
    stage_pass_ms(1);
    ck_assert(stage_is_read(watcher));
    ck_assert_uint_eq(stage_census().edges, 2);
    stage_expect(watcher, "+");
}
END_TEST

/* Its time for a message does not run while it is the server that makes it wait. */
START_TEST(who_is_parked_meets_no_deadline)
{
    struct actor *crowd[CROWD];

    for (int i = 0; i < CROWD; i++)
        crowd[i] = stage_login(0, CROWD_FIRST + i, "1");
    stage_receive(crowd[0], "{\"user_id\": 1000, ");
    stage_login(1, 1, NULL);
    stage_receive(crowd[0], "\"friends\": [2]}");
    ck_assert(!stage_is_read(crowd[0]));
    stage.workers[0].now_ms += 10 * (uint64_t)STAGE_MESSAGE_MS;
    stage_pass_ms(1);
    ck_assert(stage_is_read(crowd[0]));
    stage_expect(crowd[0], "+");
}
END_TEST

START_TEST(a_parked_client_may_be_lost)
{
    struct actor *watcher = stage_login(0, 1, "2"), *other = stage_login(0, 3, "1, 2");

    stage_login(1, 2, NULL);
    stage_receive(watcher, "{\"user_id\": 1, \"friends\": []}{\"user_id\": 1, \"friends\": [2]}");
    stage_lose(watcher);
    stage_settle();
    ck_assert_ptr_null(watcher->session);
    stage_expect(other, "+ -");
    ck_assert_uint_eq(stage_census().members, 2);
    ck_assert_uint_eq(stage.presence->desks[0].unfinished, 0);
}
END_TEST

START_TEST(a_parked_client_may_be_stopped)
{
    struct actor *watcher = stage_login(0, 1, "2");

    stage_login(1, 2, NULL);
    stage_receive(watcher, "{\"user_id\": 1, \"friends\": []}");
    presence_stop(stage.presence);
    presence_handler.stopping(stage.presence, &stage.workers[0], watcher->session);
    stage_settle();
    stage_expect(watcher, "shutting_down .");
}
END_TEST

START_TEST(a_parked_client_may_be_too_slow)
{
    struct presence_config config = stage_usual();
    struct actor *watcher;
    bool parked = false;

    stage_close();
    config.queue_limit = 16;
    stage_open_with(2, &config);
    watcher = stage_login(0, 1, "2, 3, 4, 5");
    for (int round = 0; !parked; round++) {
        ck_assert_int_lt(round, 1500);
        struct actor *friend = stage_login(1, 2, NULL);

        stage_settle();
        parked = watcher->session->queue.count >= 15;
        if (parked) {
            stage_login(1, 3, NULL);
            stage_login(1, 4, NULL);
            stage_receive(watcher, "{\"user_id\": 1, \"friends\": []}{\"user_id\": 1, \"friends\": [5]}");
            ck_assert(!stage_is_read(watcher));
        } else {
            stage_end_input(friend);
            stage_settle();
        }
    }
    stage_settle();
    ck_assert_int_eq(watcher->session->state, SESSION_CLOSING);
    ck_assert_uint_eq(stage_census().edges, 0);
    ck_assert_uint_eq(stage.presence->desks[0].unfinished, 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("interleavings");
    TCase *tests = tcase_create("interleavings");

    tcase_add_checked_fixture(tests, stage_open_three, stage_close);
    tcase_add_test(tests, a_user_leaves_on_one_worker_and_comes_on_another);
    tcase_add_test(tests, mail_may_be_taken_at_any_moment);
    tcase_add_test(tests, of_two_friends_who_log_in_at_once_the_later_is_heard);
    tcase_add_test(tests, the_sessions_of_listed_users_are_told_wherever_they_are);
    tcase_add_test(tests, a_new_list_waits_for_the_news_under_way);
    tcase_add_test(tests, a_friend_is_unlisted_and_listed_again_with_old_mail_under_way);
    tcase_add_test(tests, a_new_list_waits_for_slices_under_way);
    tcase_add_test(tests, other_messages_do_not_wait_for_news);
    tcase_add_test(tests, a_parked_list_waits_for_no_later_news);
    tcase_add_test(tests, parked_clients_go_on_in_turn);
    tcase_add_test(tests, what_comes_behind_a_parked_list_is_carried_out_after_it);
    tcase_add_test(tests, a_message_cut_behind_a_parked_list_is_finished_later);
    tcase_add_test(tests, a_parked_list_that_came_in_pieces_is_carried_out);
    tcase_add_test(tests, who_is_parked_meets_no_deadline);
    tcase_add_test(tests, a_parked_client_may_be_lost);
    tcase_add_test(tests, a_parked_client_may_be_stopped);
    tcase_add_test(tests, a_parked_client_may_be_too_slow);
    tcase_set_timeout(tests, 300);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
