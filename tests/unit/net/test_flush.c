/* SPDX-License-Identifier: MIT
 *
 * Many sessions that are told something in one turn, over real sockets and a real worker: with a ring, where the kernel has one for us, and without.
 */
#include "net/worker.h"
#include "support/faults.h"
#include "support/unit.h"
#include "support/unit/parrot.h"
#include "support/unit/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEERS = 2 * RING_CALLS + 6 };

static int peers[PEERS], ours[PEERS];

static void
begin(bool io_uring)
{
    parrot_init(1);
    parrot.config.io_uring = io_uring;
    parrot_start();
    for (int i = 0; i < PEERS; i++) {
        peers[i] = parrot_connect(0);
        ours[i] = parrot_latest();
    }
}

static void
begin_with_ring(void)
{
    begin(true);
}

static void
begin_without(void)
{
    begin(false);
}

static void
end(void)
{
    for (int i = 0; i < PEERS; i++)
        peer_close(peers[i]);
    parrot_close();
}

static void
expect_of_all(int first, const char *text)
{
    for (int i = first; i < PEERS; i++)
        peer_expect(peers[i], text);
}

START_TEST(each_is_written_to_once)
{
    const struct worker_counters *counters = &parrot.workers[0].counters;
    bool has_ring = parrot.workers[0].ring != NULL;

    faults_ring_use(0, 0);
    peer_send(peers[0], "all one\nall two\necho three\n");
    peer_expect(peers[0], "one\ntwo\nthree\n");
    expect_of_all(1, "one\ntwo\n");
    peer_half_close(peers[0]);
    parrot_expect("input_ended");
    parrot_expect("ended"); /* so the counters of that turn have been written */
    ck_assert_uint_eq(counter_read(&counters->lines), 2 * PEERS + 1);
    ck_assert_uint_eq(counter_read(&counters->writes), PEERS);
    ck_assert_int_eq(faults_ring_uses(), has_ring ? 3 : 0); /* two full ones, and the rest */
}
END_TEST

/* One has much to read, which goes by itself, in one piece, and is in its own order. */
START_TEST(one_who_is_told_much_is_told_in_order)
{
    peer_send(peers[5], "count 200\nall then\n");
    for (int i = 0; i < 200; i++) {
        char line[8];

        snprintf(line, sizeof line, "%d\n", i);
        peer_expect(peers[5], line);
    }
    peer_expect(peers[5], "then\n");
    peer_expect(peers[0], "then\n");
    peer_expect(peers[PEERS - 1], "then\n");
    peer_half_close(peers[0]);
    parrot_expect("input_ended");
    parrot_expect("ended"); /* so the counters of that turn have been written */
    ck_assert_uint_eq(counter_read(&parrot.workers[0].counters.writes), PEERS);
}
END_TEST

START_TEST(one_who_is_gone_or_does_not_read_holds_nobody_up)
{
    enum { LINES = 5000 };
    int slow = parrot_connect_narrow(0);
    char line[BULK_BYTES + 1];

    snprintf(line, sizeof line, "bulk %d\n", LINES);
    peer_send(slow, line);
    peer_send(peers[1], "hold\nall hello\nall again\n"); /* the worker cannot have heard of the reset when it tells all */
    parrot_expect("held");
    peer_reset(peers[0]);
    parrot_let_go();
    parrot_expect("input_ended"); /* the send has taken the error away */
    parrot_expect("ended");
    expect_of_all(1, "hello\nagain\n");
    for (int i = 0; i < LINES; i++) {
        ck_assert(peer_read_line(slow, line, sizeof line));
        ck_assert_int_eq(line[0], 'a' + i % 26);
    }
    peer_expect(slow, "hello\nagain\n");
    peers[0] = parrot_connect(0);
    peer_close(slow);
}
END_TEST

/* The last word of those who are let go is written with the others' words, and then they are closed. */
START_TEST(those_who_are_closed_get_their_last_line)
{
    for (int i = 0; i < PEERS; i++)
        peer_send(peers[i], "close\n");
    for (int i = 0; i < PEERS; i++) {
        peer_expect(peers[i], "closing\n");
        peer_expect_end(peers[i]);
        peer_half_close(peers[i]);
    }
    for (int i = 0; i < PEERS; i++)
        parrot_expect("ended"); /* for which its socket must have been closed */
    for (int i = 0; i < PEERS; i++)
        ck_assert_int_eq(fcntl(ours[i], F_GETFD), -1);
}
END_TEST

START_TEST(when_the_ring_fails_everybody_is_told_nevertheless)
{
    faults_ring_use(ENOMEM, 1);
    peer_send(peers[0], "all one\n");
    expect_of_all(0, "one\n");
    peer_send(peers[0], "all two\n");
    expect_of_all(0, "two\n");
    ck_assert_int_le(faults_ring_uses(), 1);
}
END_TEST

/* Its descriptor and memory are given back, and the log says so. */
START_TEST(a_ring_that_fails_is_given_up)
{
    begin(true);
    faults_ring_use(EAGAIN, 1);
    peer_send(peers[0], "all one\n");
    expect_of_all(0, "one\n");
    for (int i = 0; i < PEERS; i++)
        peer_close(peers[i]);
    parrot_stop();
    ck_assert_ptr_null(parrot.workers[0].ring);
    parrot_done();
}
END_TEST

START_TEST(a_server_that_the_kernel_gives_no_ring_works_without)
{
    faults_ring(EPERM, 1);
    begin(true);
    ck_assert_ptr_null(parrot.workers[0].ring);
    peer_send(peers[0], "all one\n");
    expect_of_all(0, "one\n");
    end();
}
END_TEST

static TCase *
both_ways(const char *name, void (*start)(void))
{
    TCase *tests = tcase_create(name);

    tcase_add_checked_fixture(tests, start, end);
    tcase_add_test(tests, each_is_written_to_once);
    tcase_add_test(tests, one_who_is_told_much_is_told_in_order);
    tcase_add_test(tests, one_who_is_gone_or_does_not_read_holds_nobody_up);
    tcase_add_test(tests, those_who_are_closed_get_their_last_line);
    tcase_add_test(tests, when_the_ring_fails_everybody_is_told_nevertheless);
    return tests;
}

int
main(void)
{
    Suite *suite = suite_create("net/flush");
    TCase *refused = tcase_create("refused");

    suite_add_tcase(suite, both_ways("with a ring", begin_with_ring));
    suite_add_tcase(suite, both_ways("without", begin_without));
    tcase_add_test(refused, a_ring_that_fails_is_given_up);
    tcase_add_test(refused, a_server_that_the_kernel_gives_no_ring_works_without);
    suite_add_tcase(suite, refused);
    return unit_run(suite);
}
