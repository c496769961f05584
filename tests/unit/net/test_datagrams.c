/* SPDX-License-Identifier: MIT
 *
 * A worker's datagrams, over real sockets and real workers.
 */
#include "net/datagrams.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/parrot.h"
#include "support/unit/peer.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { SILENCE_MS = 300 };

static void
begin(void)
{
    parrot_init(1);
}

/* The server's socket of the first worker. */
static void
serve(void)
{
    (void)parrot_serve_datagrams();
    parrot_start();
}

/* A correspondent with a session. */
static int
opened(void)
{
    int peer = parrot_correspond();

    peer_send(peer, "open");
    parrot_expect("opened");
    return peer;
}

/* The next datagram is this one, whole. */
static void
expect_datagram(int peer, const char *text)
{
    char bytes[2048];
    ssize_t length;

    (void)peer_wait_any(&peer, 1);
    length = recv(peer, bytes, sizeof bytes - 1, 0);
    ck_assert_int_ge(length, 0);
    bytes[length] = '\0';
    ck_assert_str_eq(bytes, text);
}

static void
expect_count(int peer, int first, int end_number)
{
    for (int i = first; i < end_number; i++) {
        char line[16];

        snprintf(line, sizeof line, "%d\n", i);
        expect_datagram(peer, line);
    }
}

START_TEST(an_address_is_a_session_from_open_to_close)
{
    serve();
    int peer = parrot_correspond();

    peer_send(peer, "hello?");
    parrot_expect("stranger");
    peer_send(peer, "open");
    parrot_expect("opened");
    ck_assert_uint_eq(admission_count(&parrot.datagram_admission), 1);
    peer_send(peer, "echo a");
    expect_datagram(peer, "a\n");
    peer_send(peer, "close");
    expect_datagram(peer, "closing\n");
    parrot_expect("ended");
    ck_assert_uint_eq(admission_count(&parrot.datagram_admission), 0);
    ck_assert_uint_eq(admission_count(&parrot.admission), 0);
    peer_send(peer, "echo b");
    parrot_expect("stranger");
    peer_close(peer);
    parrot_close();
}
END_TEST

START_TEST(an_address_without_a_session_can_be_answered)
{
    serve();
    int peer = parrot_correspond();

    peer_send(peer, "answer yes");
    expect_datagram(peer, "yes\n");
    peer_close(peer);
    parrot_close();
}
END_TEST

/* Each line is a datagram, all of them in order, and 64 leave in one system call. */
START_TEST(lines_leave_in_batches)
{
    serve();
    int peer = opened();
    const struct worker_counters *counters = &parrot.workers[0].counters;

    peer_send(peer, "count 200");
    expect_count(peer, 0, 200);
    peer_send(peer, "close");
    expect_datagram(peer, "closing\n");
    parrot_expect("ended");
    parrot_stop();
    ck_assert_uint_eq(counter_read(&counters->lines), 201);
    ck_assert_uint_eq(counter_read(&counters->writes), 5);
    ck_assert_uint_eq(counter_read(&counters->datagrams), 3);
    peer_close(peer);
    parrot_done();
}
END_TEST

/* A socket that takes no more for now: everything leaves in order when it does. */
START_TEST(a_full_socket_is_waited_for)
{
    static const int errors[] = {EAGAIN, ENOBUFS, ENOMEM};

    serve();
    int peer = opened(), other = opened();

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        faults_send_batch(errors[i], 20);
        peer_send(peer, "count 200");
        peer_send(other, "count 100");
        peer_send(peer, "echo end");
        expect_count(peer, 0, 200);
        expect_datagram(peer, "end\n");
        expect_count(other, 0, 100);
    }
    faults_send_batch(EAGAIN, 5);
    peer_send(other, "count 70");
    peer_send(other, "close");
    expect_count(other, 0, 70);
    expect_datagram(other, "closing\n");
    parrot_expect("ended");
    ck_assert_uint_eq(counter_read(&parrot.workers[0].counters.lost), 0);
    peer_close(peer);
    peer_close(other);
    parrot_close();
}
END_TEST

/* Whoever cannot be reached loses a datagram; the others of the batch do not. */
START_TEST(a_destination_that_cannot_be_reached_is_skipped)
{
    static const int errors[] = {ENETUNREACH, EPERM, EINVAL, EMSGSIZE, EHOSTUNREACH};

    serve();
    int peer = opened();

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        faults_send_batch(errors[i], 2);
        peer_send(peer, "count 10");
        expect_count(peer, 2, 10);
    }
    parrot_stop();
    ck_assert_uint_eq(counter_read(&parrot.workers[0].counters.lost), 2 * sizeof errors / sizeof errors[0]);
    peer_close(peer);
    parrot_done();
}
END_TEST

START_TEST(there_is_room_for_so_many_and_no_more)
{
    admission_init(&parrot.datagram_admission, 2);
    serve();
    int first = opened(), second = opened(), third = parrot_correspond();

    peer_send(third, "open");
    parrot_expect("full");
    peer_send(first, "close");
    expect_datagram(first, "closing\n");
    parrot_expect("ended");
    peer_send(third, "open");
    parrot_expect("opened");
    peer_close(first);
    peer_close(second);
    peer_close(third);
    parrot_close();
}
END_TEST

START_TEST(without_memory_there_is_no_session)
{
    serve();
    int peer = parrot_correspond(), other;

    /* The table of sessions, and then the table of addresses. */
    for (long nth = 1; nth <= 2; nth++) {
        faults_spare_this_thread();
        faults_allocation(nth, 0);
        peer_send(peer, "open");
        parrot_expect("full");
        faults_allocation(0, 0);
        ck_assert_uint_eq(admission_count(&parrot.datagram_admission), 0);
    }
    peer_send(peer, "open");
    parrot_expect("opened");
    other = opened();
    peer_send(peer, "echo a");
    expect_datagram(peer, "a\n");
    peer_close(peer);
    peer_close(other);
    parrot_close();
}
END_TEST

START_TEST(silence_falls_due_and_every_datagram_puts_it_off)
{
    parrot.config.timeouts_ms[DEADLINE_SILENCE] = (uint64_t)pace_stretched_ms(SILENCE_MS);
    serve();
    int peer = opened(), other;
    int64_t begun = pace_now_ms();

    while (pace_now_ms() - begun < 2 * pace_stretched_ms(SILENCE_MS)) {
        peer_send(peer, "echo tick");
        expect_datagram(peer, "tick\n");
    }
    begun = pace_now_ms(); /* a turn may have begun some time before its answer comes */
    other = opened();
    for (int events = 0, silent = 0; events < 4; events++) {
        if (strcmp(parrot_event(), "silence") == 0 && ++silent == 2)
            ck_assert_int_ge(pace_now_ms() - begun, pace_stretched_ms(SILENCE_MS) - 1);
    }
    peer_close(peer);
    peer_close(other);
    parrot_close();
}
END_TEST

/* While nothing is read because mailboxes are full, an address is not silent; what it sent meanwhile counts. Another deadline tells the time. */
START_TEST(what_was_not_looked_at_was_not_silent)
{
    parrot.config.timeouts_ms[DEADLINE_SILENCE] = (uint64_t)pace_stretched_ms(SILENCE_MS);
    parrot.config.timeouts_ms[DEADLINE_RETRY] = (uint64_t)pace_stretched_ms(3 * SILENCE_MS);
    serve();
    int clock = parrot_connect(0), peer;

    peer_send(clock, "keep\n");
    peer_close(clock);
    parrot_expect("input_ended");
    parrot_expect("ended");
    peer = opened();

    parrot_post(0, MAILBOX_HIGH + 1);
    parrot_expect("released");
    peer_send(peer, "echo here");
    parrot_post(0, 0);
    expect_datagram(peer, "here\n");
    peer_close(peer);
    parrot_close();
}
END_TEST

/* A session that the layer above keeps after its end does not keep its address. */
START_TEST(an_address_is_free_when_its_session_is_closed)
{
    serve();
    int peer = opened();

    peer_send(peer, "keep");
    peer_send(peer, "close");
    expect_datagram(peer, "closing\n");
    parrot_expect("ended");
    peer_send(peer, "open");
    for (int events = 0; events < 2; events++) {
        const char *event = parrot_event();

        ck_assert_msg(strcmp(event, "opened") == 0 || strcmp(event, "released") == 0, "%s", event);
    }
    peer_send(peer, "echo again");
    expect_datagram(peer, "again\n");
    peer_close(peer);
    parrot_close();
}
END_TEST

/* Without a word, and without a datagram more. */
START_TEST(a_stop_ends_sessions_of_datagrams)
{
    serve();
    int peer = opened(), stream = parrot_connect(0);
    char byte;

    parrot_stop();
    parrot_expect("stopping");
    parrot_expect("ended");
    parrot_expect("ended");
    ck_assert_int_lt(recv(peer, &byte, 1, MSG_DONTWAIT), 0);
    ck_assert_uint_eq(admission_count(&parrot.datagram_admission), 0);
    parrot_done();
    peer_close(peer);
    peer_close(stream);
}
END_TEST

static sem_t something_is_queued;

/* On the worker's thread, before it takes its mail: when something is due, it waits there for the mail that stops it. */
static void
wait_for_stop(void *context) REQUIRES(worker_role)
{
    struct worker *worker = context;
    struct pollfd stop = {.fd = worker->mailbox.wake_descriptor, .events = POLLIN};

    if (list_is_empty(&worker->due)) {
        faults_interrupt(1, wait_for_stop, worker);
        return;
    }
    ck_assert_int_eq(sem_post(&something_is_queued), 0);
    ck_assert_int_eq(poll(&stop, 1, pace_left_ms(pace_deadline_ms())), 1);
}

/* What is queued when the stop comes still leaves, though the socket takes nothing at first. (The stream keeps the worker for a moment.) */
START_TEST(a_stop_while_the_socket_is_full_sends_what_is_queued)
{
    serve();
    int peer = opened(), stream = parrot_connect(0);

    ck_assert_int_eq(sem_init(&something_is_queued, 0, 0), 0);
    faults_interrupt(1, wait_for_stop, &parrot.workers[0]);
    faults_send_batch(EAGAIN, 3);
    peer_send(peer, "count 3");
    ck_assert_int_eq(sem_wait(&something_is_queued), 0);
    parrot_stop();
    expect_count(peer, 0, 3);
    parrot_expect("stopping");
    parrot_expect("ended");
    parrot_expect("ended");
    parrot_done();
    ck_assert_int_eq(sem_destroy(&something_is_queued), 0);
    peer_close(peer);
    peer_close(stream);
}
END_TEST

/* Two sockets of one port: an address stays with one of them. */
START_TEST(workers_share_a_port)
{
    enum { PEERS = 64 };
    int peers[PEERS];

    parrot_done();
    parrot_init(2);
    serve();
    for (int i = 0; i < PEERS; i++)
        peers[i] = opened();
    for (int i = 0; i < PEERS; i++) {
        for (int time = 0; time < 3; time++)
            peer_send(peers[i], "echo here");
        for (int time = 0; time < 3; time++)
            expect_datagram(peers[i], "here\n");
        peer_close(peers[i]);
    }
    ck_assert_uint_gt(counter_read(&parrot.workers[0].counters.datagrams), 0);
    ck_assert_uint_gt(counter_read(&parrot.workers[1].counters.datagrams), 0);
    parrot_close();
}
END_TEST

START_TEST(a_socket_that_cannot_be_added_stays_the_callers)
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    bool optional;
    int socket, result;

    (void)parrot_serve_datagrams();
    ck_assert_int_eq(tcp_addresses_parse("::1", addresses, &optional), 1);
    socket = udp_open(&addresses[0], parrot.port, false);
    ck_assert_int_ge(socket, 0);
    faults_epoll_add(ENOSPC, 1);
    ck_assert_int_eq(worker_add_socket(&parrot.workers[0], socket), -ENOSPC);
    faults_allocation(1, 1);
    result = worker_add_socket(&parrot.workers[0], socket);
    faults_allocation(0, 0);
    ck_assert_int_eq(result, -ENOMEM);
    ck_assert_int_eq(worker_add_socket(&parrot.workers[0], socket), 0);
    parrot_start();
    peer_close(opened());
    parrot_close();
}
END_TEST

static Suite *
datagrams_suite(void)
{
    Suite *suite = suite_create("datagrams");
    TCase *tests = tcase_create("datagrams");

    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, an_address_is_a_session_from_open_to_close);
    tcase_add_test(tests, an_address_without_a_session_can_be_answered);
    tcase_add_test(tests, lines_leave_in_batches);
    tcase_add_test(tests, a_full_socket_is_waited_for);
    tcase_add_test(tests, a_destination_that_cannot_be_reached_is_skipped);
    tcase_add_test(tests, there_is_room_for_so_many_and_no_more);
    tcase_add_test(tests, without_memory_there_is_no_session);
    tcase_add_test(tests, silence_falls_due_and_every_datagram_puts_it_off);
    tcase_add_test(tests, what_was_not_looked_at_was_not_silent);
    tcase_add_test(tests, an_address_is_free_when_its_session_is_closed);
    tcase_add_test(tests, a_stop_ends_sessions_of_datagrams);
    tcase_add_test(tests, a_stop_while_the_socket_is_full_sends_what_is_queued);
    tcase_add_test(tests, workers_share_a_port);
    tcase_add_test(tests, a_socket_that_cannot_be_added_stays_the_callers);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(datagrams_suite());
}
