/* SPDX-License-Identifier: MIT
 *
 * One session's way from open to freed and its bytes out, over real sockets and a real worker.
 */
#include "net/session.h"

#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/parrot.h"
#include "support/unit/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
begin(void)
{
    parrot_open(1);
}

static void
end(void)
{
    parrot_close();
}

static void
expect_bulk(int peer, int first, int end_line)
{
    char line[BULK_BYTES + 1];

    for (int i = first; i < end_line; i++) {
        ck_assert(peer_read_line(peer, line, sizeof line));
        ck_assert_uint_eq(strlen(line), BULK_BYTES);
        ck_assert_int_eq(line[0], 'a' + i % 26);
        ck_assert_int_eq(line[BULK_BYTES - 2], 'a' + i % 26);
    }
}

START_TEST(what_became_due_in_one_turn_leaves_in_one_write)
{
    int peer = parrot_connect(0);
    const struct worker_counters *counters = &parrot.workers[0].counters;

    peer_send(peer, "echo a\necho b\ncount 40\necho c\n");
    peer_expect(peer, "a\nb\n0\n");
    for (int i = 1; i < 40; i++) {
        char line[8];

        snprintf(line, sizeof line, "%d\n", i);
        peer_expect(peer, line);
    }
    peer_expect(peer, "c\n");
    peer_close(peer);
    parrot_expect("input_ended");
    parrot_expect("ended"); /* so the counters of that turn have been written */
    ck_assert_uint_eq(counter_read(&counters->lines), 43);
    ck_assert_uint_eq(counter_read(&counters->writes), 1);
}
END_TEST

START_TEST(an_idle_session_has_no_queue)
{
    int peer = parrot_connect(0);

    peer_send(peer, "count 1000\necho done\n");
    for (int i = 0; i < 1000; i++)
        peer_expect_line(peer, "");
    peer_expect(peer, "done\n");
    peer_close(peer);
    parrot_expect("input_ended");
    parrot_expect("ended");
    parrot_stop();
    ck_assert_uint_le(parrot.workers[0].pool.count, QUEUE_POOL_KEPT);
    parrot_done();
    parrot_open(1);
}
END_TEST

START_TEST(a_reader_who_does_not_read_gets_it_all_later_and_nobody_waits)
{
    enum { LINES = 5000 };
    int slow = parrot_connect_narrow(0), quick = parrot_connect(0);
    char command[32];

    snprintf(command, sizeof command, "bulk %d\n", LINES);
    peer_send(slow, command);
    peer_send(slow, "echo last\n");
    for (int i = 0; i < 100; i++) {
        peer_send(quick, "echo quick\n");
        peer_expect(quick, "quick\n");
    }
    expect_bulk(slow, 0, LINES);
    peer_expect(slow, "last\n");
    peer_send(slow, "echo more\n");
    peer_expect(slow, "more\n");
    peer_close(slow);
    peer_close(quick);
}
END_TEST

START_TEST(the_last_line_reaches_a_client_that_keeps_sending)
{
    enum { BYTES = 8 << 20 };
    char *junk = malloc(BYTES);
    int peer = parrot_connect(0);

    ck_assert_ptr_nonnull(junk);
    memset(junk, 'x', BYTES);
    peer_send(peer, "close\n");
    ck_assert_uint_eq(peer_send_bytes(peer, junk, BYTES), BYTES);
    peer_expect(peer, "closing\n");
    peer_expect_end(peer);
    ck_assert_uint_eq(peer_send_bytes(peer, junk, BYTES), BYTES);
    peer_close(peer);
    parrot_expect("ended");
    free(junk);
}
END_TEST

START_TEST(what_comes_after_a_close_is_not_carried_out)
{
    int peer = parrot_connect(0);

    peer_send(peer, "close\n");
    peer_expect(peer, "closing\n");
    peer_send(peer, "echo more\nnote 0\n");
    peer_expect_end(peer);
    peer_close(peer);
    parrot_expect("ended");
}
END_TEST

START_TEST(a_closing_session_still_sends_what_is_queued)
{
    enum { LINES = 3000 };
    int peer = parrot_connect_narrow(0);
    char command[32];

    snprintf(command, sizeof command, "bulk %d\nclose\n", LINES);
    peer_send(peer, command);
    expect_bulk(peer, 0, LINES);
    peer_expect(peer, "closing\n");
    peer_expect_end(peer);
    peer_close(peer);
    parrot_expect("ended");
}
END_TEST

START_TEST(lingering_ends_after_its_timeout)
{
    parrot_stop();
    parrot_done();
    parrot_init(1);
    parrot.config.timeouts_ms[DEADLINE_LINGER] = 1;
    parrot_start();
    int peer = parrot_connect(0);

    peer_send(peer, "close\n");
    peer_expect(peer, "closing\n");
    peer_expect_end(peer);
    parrot_expect("ended"); /* though this end stays open */
    peer_close(peer);
}
END_TEST

START_TEST(closing_to_a_reader_who_does_not_read_ends_after_the_same_timeout)
{
    parrot_stop();
    parrot_done();
    parrot_init(1);
    parrot.config.timeouts_ms[DEADLINE_LINGER] = 1;
    parrot_start();
    int peer = parrot_connect_narrow(0);

    peer_send(peer, "bulk 20000\nclose\n");
    parrot_expect("ended");
    peer_expect_over(peer);
    peer_close(peer);
}
END_TEST

START_TEST(a_half_closed_connection_is_carried_out_and_ended)
{
    int peer = parrot_connect(0);

    peer_send(peer, "echo one\necho two\n");
    peer_half_close(peer);
    parrot_expect("input_ended");
    peer_expect(peer, "one\ntwo\n");
    peer_expect_end(peer);
    parrot_expect("ended"); /* both directions are over: nobody is waited for */
    peer_close(peer);
}
END_TEST

START_TEST(a_reset_ends_the_session)
{
    int peer = parrot_connect(0), other = parrot_connect(0);

    peer_send(peer, "echo one\n");
    peer_expect(peer, "one\n");
    peer_reset(peer);
    parrot_expect("ended");
    peer_send(other, "echo here\n");
    peer_expect(other, "here\n");
    peer_close(other);
}
END_TEST

START_TEST(a_reset_by_a_reader_who_did_not_read_ends_the_session)
{
    int peer = parrot_connect_narrow(0);

    peer_send(peer, "bulk 20000\n");
    peer_expect_line(peer, "aaaa");
    peer_reset(peer);
    /* Writing may be the first to notice, and takes the error with it: reading finds the end then. */
    if (strcmp(parrot_event(), "input_ended") == 0)
        parrot_expect("ended");
}
END_TEST

START_TEST(a_reset_while_lingering_ends_the_session)
{
    int peer = parrot_connect(0);

    peer_send(peer, "close\n");
    peer_expect(peer, "closing\n");
    peer_expect_end(peer);
    peer_reset(peer);
    parrot_expect("ended");
}
END_TEST

START_TEST(nothing_is_read_while_paused_and_everything_after)
{
    int peer = parrot_connect(0), other = parrot_connect(0);

    peer_send(peer, "pause\n");
    peer_send(other, "echo turn\n");
    peer_expect(other, "turn\n");
    peer_send(peer, "echo one\n");
    for (int i = 0; i < 20; i++) {
        peer_send(other, "echo turn\n");
        peer_expect(other, "turn\n");
    }
    parrot_resume(0);
    peer_expect(peer, "one\n");
    peer_close(peer);
    peer_close(other);
}
END_TEST

START_TEST(what_was_sent_before_a_reset_counts_also_while_paused)
{
    int peer = parrot_connect(0);

    peer_send(peer, "pause\n");
    parrot_post(0, 0); /* a turn */
    peer_send(peer, "note 0\nnote 0\n");
    peer_half_close(peer);
    peer_close(peer);
    parrot_post(0, 0);
    parrot_resume(0);
    parrot_expect("note");
    parrot_expect("note");
    parrot_expect("input_ended");
    parrot_expect("ended");
}
END_TEST

/* The write that finds it lost comes before what it had said is read. */
START_TEST(what_was_sent_before_a_reset_counts_also_when_it_is_told_something_first)
{
    int peer = parrot_connect(0), other = parrot_connect(0);

    peer_send(peer, "pause\n");
    parrot_post(0, 0); /* a turn */
    peer_send(peer, "note 0\nnote 0\n");
    peer_reset(peer);
    peer_send(other, "all news\n");
    peer_expect(other, "news\n");
    parrot_resume(0);
    parrot_expect("note");
    parrot_expect("note");
    parrot_expect("input_ended"); /* the write has taken the error, so reading finds a plain end */
    parrot_expect("ended");
    peer_close(other);
}
END_TEST

START_TEST(a_peer_who_was_lost_while_paused_is_noticed_after)
{
    int peer = parrot_connect(0);

    peer_send(peer, "pause\n");
    for (int i = 0; i < 10; i++)
        parrot_post(0, 0);
    peer_reset(peer);
    for (int i = 0; i < 10; i++)
        parrot_post(0, 0);
    parrot_resume(0);
    parrot_expect("ended");
}
END_TEST

START_TEST(a_name_is_worker_and_generation)
{
    struct session session = {.handle = handle_of(3, 99, 0xabc)};
    char name[SESSION_NAME];

    session_name(&session, name);
    ck_assert_str_eq(name, "3-abc");
    session.handle = handle_of(255, HANDLE_SLOTS_MAX - 1, UINT32_MAX);
    session_name(&session, name);
    ck_assert_str_eq(name, "255-ffffffff");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("session");
    TCase *tests = tcase_create("session");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, what_became_due_in_one_turn_leaves_in_one_write);
    tcase_add_test(tests, an_idle_session_has_no_queue);
    tcase_add_test(tests, a_reader_who_does_not_read_gets_it_all_later_and_nobody_waits);
    tcase_add_test(tests, the_last_line_reaches_a_client_that_keeps_sending);
    tcase_add_test(tests, what_comes_after_a_close_is_not_carried_out);
    tcase_add_test(tests, a_closing_session_still_sends_what_is_queued);
    tcase_add_test(tests, lingering_ends_after_its_timeout);
    tcase_add_test(tests, closing_to_a_reader_who_does_not_read_ends_after_the_same_timeout);
    tcase_add_test(tests, a_half_closed_connection_is_carried_out_and_ended);
    tcase_add_test(tests, a_reset_ends_the_session);
    tcase_add_test(tests, a_reset_by_a_reader_who_did_not_read_ends_the_session);
    tcase_add_test(tests, a_reset_while_lingering_ends_the_session);
    tcase_add_test(tests, nothing_is_read_while_paused_and_everything_after);
    tcase_add_test(tests, what_was_sent_before_a_reset_counts_also_while_paused);
    tcase_add_test(tests, what_was_sent_before_a_reset_counts_also_when_it_is_told_something_first);
    tcase_add_test(tests, a_peer_who_was_lost_while_paused_is_noticed_after);
    tcase_add_test(tests, a_name_is_worker_and_generation);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
