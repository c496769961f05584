/* SPDX-License-Identifier: MIT
 *
 * A worker's loop: connections that are handed over, mail, deadlines, pressure, starting and stopping. What becomes of one session's bytes
 * is in test_session.c.
 */
#include "net/worker.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/parrot.h"
#include "support/unit/peer.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

START_TEST(a_connection_that_is_handed_over_is_served)
{
    parrot_open(2);
    int first = parrot_connect(0), second = parrot_connect(1);

    peer_send(first, "echo one\n");
    peer_send(second, "echo two\n");
    peer_expect(first, "one\n");
    peer_expect(second, "two\n");
    ck_assert_uint_eq(admission_count(&parrot.admission), 2);
    peer_close(first);
    parrot_expect("input_ended");
    parrot_expect("ended");
    ck_assert_uint_eq(admission_count(&parrot.admission), 1);
    peer_send(second, "echo three\n");
    peer_expect(second, "three\n");
    peer_close(second);
    parrot_expect("input_ended");
    parrot_expect("ended");
    parrot_stop();
    ck_assert_uint_eq(admission_count(&parrot.admission), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(counter_read(&parrot.workers[i].counters.opened), 1);
        ck_assert_uint_eq(counter_read(&parrot.workers[i].counters.closed), 1);
        ck_assert_uint_eq(parrot.workers[i].sessions.count, 0);
    }
    parrot_done();
}
END_TEST

START_TEST(a_refused_connection_is_told_so)
{
    parrot_open(1);
    int peer;
    struct socket_mail *letter = parrot_prepare(&peer);

    letter->refused = true;
    parrot_hand_over(0, letter);
    parrot_expect("refused");
    peer_expect(peer, "refused\n");
    peer_expect_end(peer);
    peer_close(peer);
    parrot_expect("ended");
    parrot_close();
}
END_TEST

START_TEST(a_connection_that_the_poller_does_not_take_is_refused)
{
    parrot_open(1);
    int before = parrot_connect(0);

    int peer;
    struct socket_mail *letter = parrot_prepare(&peer);

    faults_epoll_add(ENOSPC, 1);
    parrot_hand_over(0, letter);
    peer_expect(peer, "no room\n");
    peer_expect_over(peer);
    parrot_expect("ended");
    ck_assert_uint_eq(admission_count(&parrot.admission), 1);

    peer_send(before, "echo still here\n");
    peer_expect(before, "still here\n");
    int after = parrot_connect(0);
    peer_close(peer);
    peer_close(before);
    peer_close(after);
    parrot_close();
}
END_TEST

/* The table of sessions grows with its first session and its 65th. */
START_TEST(a_connection_without_memory_is_refused)
{
    enum { FIRST_SEGMENT = 64 };
    int peers[FIRST_SEGMENT];

    parrot_open(1);
    for (int round = 0; round < 2; round++) {
        int peer;
        struct socket_mail *letter = parrot_prepare(&peer);

        faults_allocation(1, 0);
        parrot_hand_over(0, letter);
        while (!peer_has_input(peer))
            sched_yield();
        faults_allocation(0, 0);
        peer_expect(peer, "no room\n");
        peer_expect_end(peer);
        peer_close(peer);
        for (int i = 0; i < FIRST_SEGMENT && round == 0; i++)
            peers[i] = parrot_connect(0);
    }
    ck_assert_uint_eq(admission_count(&parrot.admission), FIRST_SEGMENT);
    peer_send(peers[0], "echo here\n");
    peer_expect(peers[0], "here\n");
    for (int i = 0; i < FIRST_SEGMENT; i++)
        peer_close(peers[i]);
    parrot_close();
}
END_TEST

START_TEST(mail_reaches_its_worker_from_anywhere)
{
    parrot_open(3);
    int peer = parrot_connect(1);

    parrot_post(2, 0);
    peer_send(peer, "note 0\n");
    parrot_expect("note");
    peer_send(peer, "note 1\n"); /* to itself */
    parrot_expect("note");
    peer_send(peer, "note 2\nnote 2\nnote 1\n");
    parrot_expect("note");
    parrot_expect("note");
    parrot_expect("note");
    peer_close(peer);
    parrot_stop();
    ck_assert_uint_eq(mailbox_posted(&parrot.workers[0].mailbox), 1 + 1); /* and the one that stops it */
    ck_assert_uint_eq(mailbox_posted(&parrot.workers[1].mailbox), 3 + 1);
    ck_assert_uint_eq(mailbox_posted(&parrot.workers[2].mailbox), 3 + 1);
    parrot_done();
}
END_TEST

START_TEST(mail_that_nobody_took_is_dropped_at_the_end)
{
    static struct mail late[2] = {{.tag = MAIL_STOP}, {.tag = MAIL_STOP}};

    parrot_open(2);
    parrot_stop();
    mailbox_post(&parrot.workers[0].mailbox, &late[0]);
    int peer;
    struct socket_mail *letter = parrot_prepare(&peer);
    parrot_hand_over(1, letter);
    struct mail *news = calloc(1, sizeof *news);
    news->tag = MAIL_NEWS;
    mailbox_post(&parrot.workers[1].mailbox, news);
    parrot_done(); /* frees the news; the socket is closed */
    peer_expect_end(peer);
    peer_close(peer);
}
END_TEST

START_TEST(who_says_nothing_meets_the_hello_deadline)
{
    parrot_init(1);
    parrot.config.timeouts_ms[DEADLINE_HELLO] = 1;
    parrot_start();
    int peer = parrot_connect(0);

    parrot_expect("hello");
    peer_expect_end(peer);
    peer_close(peer);
    parrot_expect("ended");
    parrot_close();
}
END_TEST

START_TEST(a_session_that_is_kept_is_released_later)
{
    parrot_open(1);
    int peer = parrot_connect(0);

    peer_send(peer, "keep\necho kept\n");
    peer_expect(peer, "kept\n");
    peer_close(peer);
    parrot_expect("input_ended");
    parrot_expect("ended");
    parrot_expect("released");
    ck_assert_uint_eq(admission_count(&parrot.admission), 0);
    parrot_close();
}
END_TEST

/* While some mailbox is too full, mail is dealt with and clients are not read from. */
START_TEST(under_pressure_clients_wait)
{
    parrot_open(2);
    int here = parrot_connect(0), there = parrot_connect(1);

    parrot_post(0, MAILBOX_HIGH + 1);
    for (int i = 0; i < 2; i++)
        parrot_post((uint32_t)i, 0 + (i == 0)); /* one turn of each worker: it has seen the pressure */
    peer_send(here, "echo here\n");
    peer_send(there, "echo there\n");
    for (int i = 0; i < 20; i++)
        parrot_post((uint32_t)i % 2, 1);
    ck_assert(!peer_has_input(here));
    ck_assert(!peer_has_input(there));
    parrot_post(1, 0);
    ck_assert(!peer_has_input(there)); /* the other's mailbox is too full still */
    parrot_post(0, 0);
    peer_expect(here, "here\n");
    peer_expect(there, "there\n");
    peer_close(here);
    peer_close(there);
    parrot_close();
}
END_TEST

/* What waits for room leaves as soon as there is room, though nothing is read. */
START_TEST(under_pressure_slow_readers_are_written_to)
{
    enum { LINES = 5000 };
    char command[32], line[BULK_BYTES + 1];

    parrot_open(1);
    int slow = parrot_connect_narrow(0), other = parrot_connect(0);

    snprintf(command, sizeof command, "bulk %d\n", LINES);
    peer_send(slow, command);
    peer_expect_line(slow, "aaaa");
    parrot_post(0, MAILBOX_HIGH + 1);
    peer_send(other, "echo here\n");
    for (int i = 1; i < LINES; i++)
        ck_assert(peer_read_line(slow, line, sizeof line));
    ck_assert(!peer_has_input(other));
    parrot_post(0, 0);
    peer_expect(other, "here\n");
    peer_close(slow);
    peer_close(other);
    parrot_close();
}
END_TEST

START_TEST(under_pressure_no_silence_is_held_against_clients)
{
    parrot_init(1);
    parrot.config.timeouts_ms[DEADLINE_HELLO] = 1;
    parrot_start();
    parrot_post(0, MAILBOX_HIGH + 1);
    int peer = parrot_connect(0);

    for (int i = 0; i < 20; i++)
        parrot_post(0, 1); /* turns; a "hello" in between would be the wrong event */
    parrot_post(0, 0);
    parrot_expect("hello");
    peer_close(peer);
    parrot_close();
}
END_TEST

START_TEST(a_stop_says_goodbye_and_closes)
{
    int peers[3];

    parrot_open(2);
    for (uint32_t i = 0; i < 3; i++) {
        peers[i] = parrot_connect(i % 2);
        peer_send(peers[i], "echo hello\n");
        peer_expect(peers[i], "hello\n");
    }
    parrot_stop();
    for (int i = 0; i < 3; i++) {
        peer_expect(peers[i], "stopping\n");
        peer_expect_end(peers[i]);
        peer_close(peers[i]);
    }
    ck_assert_uint_eq(admission_count(&parrot.admission), 0);
    parrot_done();
}
END_TEST

static void *
stop_workers(void *argument)
{
    parrot_stop();
    return argument;
}

/* A reader that takes its time, but reads, gets all of it; the stop waits for that. */
START_TEST(a_stop_sends_what_is_queued)
{
    enum { LINES = 3000 };
    char line[BULK_BYTES + 1];

    parrot_open(1);
    int peer = parrot_connect_narrow(0);

    snprintf(line, sizeof line, "bulk %d\n", LINES);
    peer_send(peer, line);
    peer_expect_line(peer, "aaaa");

    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, stop_workers, NULL), 0);
    for (int i = 1; i < LINES; i++) {
        ck_assert(peer_read_line(peer, line, sizeof line));
        ck_assert_int_eq(line[0], 'a' + i % 26);
    }
    peer_expect(peer, "stopping\n");
    peer_expect_end(peer);
    peer_close(peer);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    parrot_done();
}
END_TEST

START_TEST(a_stop_does_not_wait_for_a_reader_for_ever)
{
    parrot_init(1);
    parrot.config.stop_timeout_ms = 20;
    parrot_start();
    int peer = parrot_connect_narrow(0);

    peer_send(peer, "bulk 20000\n");
    peer_expect_line(peer, "aaaa");
    parrot_close();
    peer_expect_over(peer);
    peer_close(peer);
}
END_TEST

START_TEST(a_stop_frees_a_session_that_is_kept)
{
    parrot_init(1);
    parrot.config.timeouts_ms[DEADLINE_RETRY] = 1000000;
    parrot_start();
    int peer = parrot_connect(0);

    peer_send(peer, "keep\necho kept\n");
    peer_expect(peer, "kept\n");
    peer_close(peer);
    parrot_expect("input_ended");
    parrot_expect("ended");
    parrot_stop();
    ck_assert_uint_eq(parrot.workers[0].sessions.count, 0);
    parrot_done();
}
END_TEST

START_TEST(workers_that_cannot_be_made_leave_nothing_behind)
{
    int error = -1;

    parrot_init(4);
    for (long nth = 1; error < 0; nth++) {
        faults_allocation(nth, 0);
        error = workers_init(parrot.workers, 4, &parrot.config);
        faults_allocation(0, 0);
        ck_assert(error == (nth <= 4 * 3 && nth % 3 > 0 ? -ENOMEM : 0)); /* two buffers each, and a ring that can be done without */
        if (error == 0 && nth <= 4 * 3) {
            ck_assert_ptr_null(parrot.workers[nth / 3 - 1].ring);
            workers_done(parrot.workers, 4, NULL);
            error = -ENOMEM;
        }
    }
    workers_done(parrot.workers, 4, NULL);
    faults_epoll_add(ENOSPC, 1);
    ck_assert_int_eq(workers_init(parrot.workers, 4, &parrot.config), -ENOSPC);
    parrot_start();
    parrot_close();
}
END_TEST

START_TEST(threads_that_cannot_be_started_end_those_that_were)
{
    parrot_init(4);
    for (int nth = 1; nth <= 4; nth++) {
        ck_assert_int_eq(workers_init(parrot.workers, 4, &parrot.config), 0);
        faults_thread(nth);
        ck_assert_int_eq(workers_start(parrot.workers, 4), -EAGAIN);
        workers_done(parrot.workers, 4, NULL);
    }
    faults_thread(0);
    parrot_start();
    parrot_close();
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("worker");
    TCase *tests = tcase_create("worker");

    tcase_add_test(tests, a_connection_that_is_handed_over_is_served);
    tcase_add_test(tests, a_refused_connection_is_told_so);
    tcase_add_test(tests, a_connection_that_the_poller_does_not_take_is_refused);
    tcase_add_test(tests, a_connection_without_memory_is_refused);
    tcase_add_test(tests, mail_reaches_its_worker_from_anywhere);
    tcase_add_test(tests, mail_that_nobody_took_is_dropped_at_the_end);
    tcase_add_test(tests, who_says_nothing_meets_the_hello_deadline);
    tcase_add_test(tests, a_session_that_is_kept_is_released_later);
    tcase_add_test(tests, under_pressure_clients_wait);
    tcase_add_test(tests, under_pressure_slow_readers_are_written_to);
    tcase_add_test(tests, under_pressure_no_silence_is_held_against_clients);
    tcase_add_test(tests, a_stop_says_goodbye_and_closes);
    tcase_add_test(tests, a_stop_sends_what_is_queued);
    tcase_add_test(tests, a_stop_does_not_wait_for_a_reader_for_ever);
    tcase_add_test(tests, a_stop_frees_a_session_that_is_kept);
    tcase_add_test(tests, workers_that_cannot_be_made_leave_nothing_behind);
    tcase_add_test(tests, threads_that_cannot_be_started_end_those_that_were);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
