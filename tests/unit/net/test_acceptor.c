/* SPDX-License-Identifier: MIT
 *
 * The acceptor with workers that do not run: what it hands over is found in their mailboxes.
 */
#include "net/acceptor.h"

#include "base/clock.h"
#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { WORKERS = 3 };

static const char refusal[] = "no room\n";

static struct admission admission;
static struct pressure pressure;
static struct worker_config config;
static struct worker workers[WORKERS];
static struct acceptor acceptor;
static uint16_t port;

static int
listen_on(const char *text, uint16_t wanted, uint16_t *got)
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    bool optional;

    ck_assert_int_eq(tcp_addresses_parse(text, addresses, &optional), 1);
    int descriptor = tcp_listen(&addresses[0], wanted, 60);
    ck_assert_int_ge(descriptor, 0);
    *got = tcp_address_port(&addresses[0]);
    return descriptor;
}

static struct listener
tcp_listener(const char *text, uint16_t wanted, uint16_t *got)
{
    return (struct listener){.descriptor = listen_on(text, wanted, got), .transport = &transport_tcp};
}

/* An acceptor that is ready to start. */
static void
prepare(uint32_t limit)
{
    log_set_level(LEVEL_ERROR);
    admission_init(&admission, limit);
    pressure_init(&pressure);
    config = (struct worker_config){.admission = &admission, .refusal = refusal, .refusal_length = sizeof refusal - 1};
    for (int i = 0; i < WORKERS; i++)
        ck_assert_int_eq(mailbox_init(&workers[i].mailbox, &pressure), 0);
    acceptor = (struct acceptor){.workers = workers, .worker_count = WORKERS, .config = &config};
    acceptor.listeners[acceptor.listener_count++] = tcp_listener("127.0.0.1", 0, &port);
}

static void
begin_with(uint32_t limit)
{
    prepare(limit);
    ck_assert_int_eq(acceptor_start(&acceptor), 0);
}

static void
end(void)
{
    acceptor_stop(&acceptor);
    for (int i = 0; i < WORKERS; i++) {
        ck_assert_ptr_null(mailbox_take(&workers[i].mailbox));
        mailbox_done(&workers[i].mailbox);
    }
}

/* Waits for the next connection that a worker gets, and returns its descriptor. */
static int
taken_by(int worker, bool refused)
{
    struct mailbox *mailbox = &workers[worker].mailbox;

    (void)peer_wait_any(&mailbox->wake_descriptor, 1);
    mailbox_slept(mailbox);
    struct socket_mail *letter = (struct socket_mail *)(void *)mailbox_take(mailbox);
    ck_assert_ptr_nonnull(letter);
    ck_assert_ptr_null(letter->mail.next);
    ck_assert_uint_eq(letter->mail.tag, MAIL_SOCKET);
    ck_assert(letter->refused == refused);
    int descriptor = letter->descriptor;
    free(letter);
    return descriptor;
}

/* A connection comes and is handed to this worker; the two ends are connected. */
static void
expect_served_by(int worker)
{
    int peer = peer_connect(port), server_end = taken_by(worker, false);

    peer_send(peer, "x");
    peer_expect(server_end, "x");
    close(server_end);
    peer_close(peer);
}

static void
expect_refused(int peer)
{
    peer_expect(peer, refusal);
    peer_expect_end(peer);
    peer_close(peer);
}

START_TEST(workers_get_connections_in_turn)
{
    begin_with(100);
    for (int i = 0; i < 10; i++)
        expect_served_by(i % WORKERS);
    ck_assert_uint_eq(admission_count(&admission), 10);
    end();
}
END_TEST

START_TEST(accepted_sockets_do_not_block_and_are_not_inherited)
{
    begin_with(100);
    int peer = peer_connect(port), server_end = taken_by(0, false);

    ck_assert_int_ne(fcntl(server_end, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_ne(fcntl(server_end, F_GETFD) & FD_CLOEXEC, 0);
    close(server_end);
    peer_close(peer);
    end();
}
END_TEST

START_TEST(all_listeners_are_served)
{
    uint16_t second;

    prepare(100);
    acceptor.listeners[acceptor.listener_count++] = tcp_listener("127.0.0.1", 0, &second);
    ck_assert_int_eq(acceptor_start(&acceptor), 0);
    expect_served_by(0);
    port = second;
    expect_served_by(1);
    end();
}
END_TEST

START_TEST(over_the_limit_connections_are_marked_and_then_refused_at_once)
{
    enum { LIMIT = 2 };
    static int peers[LIMIT + REFUSED_MAX], server_ends[LIMIT + REFUSED_MAX];
    int count = LIMIT + REFUSED_MAX;

    begin_with(LIMIT);
    for (int i = 0; i < count; i++) {
        peers[i] = peer_connect(port);
        server_ends[i] = taken_by(i % WORKERS, i >= LIMIT);
    }
    expect_refused(peer_connect(port));
    ck_assert_uint_eq(admission_count(&admission), (uint32_t)count);

    for (int i = 0; i < count; i++) {
        close(server_ends[i]);
        peer_close(peers[i]);
        admission_leave(&admission); /* as its worker would */
    }
    expect_served_by(count % WORKERS);
    end();
}
END_TEST

/* Errors of accept that have to do with one connection, or that a moment mends. */
START_TEST(after_an_error_of_accept_serving_goes_on)
{
    static const int errors[] = {ECONNABORTED, EPROTO, EINTR, EPERM, ENETDOWN, ENOMEM, ENOBUFS};
    int worker = 0;

    begin_with(100);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        faults_accept(errors[i], 3);
        expect_served_by(worker++ % WORKERS);
    }
    end();
}
END_TEST

START_TEST(out_of_descriptors_a_newcomer_is_told_so)
{
    static const int errors[] = {EMFILE, ENFILE};

    begin_with(100);
    for (int i = 0; i < 2; i++) {
        faults_accept(errors[i], 1);
        expect_refused(peer_connect(port)); /* the reserve took it */
        expect_served_by(i);
    }
    ck_assert_uint_eq(admission_count(&admission), 2);
    end();
}
END_TEST

START_TEST(when_the_reserve_does_not_help_newcomers_wait)
{
    begin_with(100);
    faults_accept(EMFILE, 4); /* twice without and with the reserve */
    expect_served_by(0);
    end();
}
END_TEST

/* For once without a fault: there really are none. (valgrind has a limit of its own: it accepts and closes again, so there it proves nothing.) */
START_TEST(without_descriptors_newcomers_are_told_so_and_served_when_there_are)
{
    struct rlimit limit, low;
    int peers[2];

    if (pace_is_tooled())
        return;
    begin_with(100);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int i = 0; i < 2; i++)
        peers[i] = socket(AF_INET, SOCK_STREAM, 0);
    int highest = dup(peers[0]);
    low = limit;
    low.rlim_cur = (rlim_t)highest;
    close(highest);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(connect(peers[i], (struct sockaddr *)&address, sizeof address), 0);
        peer_expect(peers[i], refusal);
        peer_expect_end(peers[i]);
    }
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    expect_served_by(0);
    for (int i = 0; i < 2; i++)
        close(peers[i]);
    end();
}
END_TEST

START_TEST(without_memory_a_newcomer_is_told_so)
{
    begin_with(100);
    faults_allocation(1, 0);
    int peer = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int connected = connect(peer, (struct sockaddr *)&address, sizeof address);
    while (!peer_has_input(peer))
        ;
    faults_allocation(0, 0);
    ck_assert_int_eq(connected, 0);
    expect_refused(peer);
    ck_assert_uint_eq(admission_count(&admission), 0);
    expect_served_by(0);
    end();
}
END_TEST

/* What the newcomer has sent must not turn the close into a reset, which would destroy the line. */
START_TEST(who_is_refused_at_once_may_have_sent_something)
{
    begin_with(0);
    for (int i = 0; i < REFUSED_MAX; i++)
        admission_enter(&admission);
    /* The connection stands in the backlog with its bytes before it is accepted. */
    faults_accept(ENOMEM, 1000000);
    int peer = peer_connect(port);
    peer_send(peer, "{\"user_id\": 1, \"friends\": [2, 3]}\n");
    faults_accept(0, 0);
    expect_refused(peer);
    end();
}
END_TEST

START_TEST(a_stop_closes_the_listeners)
{
    begin_with(100);
    int descriptor = acceptor.listeners[0].descriptor;

    end();
    ck_assert_int_eq(fcntl(descriptor, F_GETFD), -1);
}
END_TEST

/* Closing a listener would reset those who are connected and not accepted yet. */
START_TEST(who_is_connected_already_is_let_in_before_the_end)
{
    enum { WAITING = 200 }; /* several rounds */
    int peers[WAITING], taken = 0;

    prepare(1000);
    acceptor.paused_until_ms = clock_monotonic_ms() + 1000000;
    ck_assert_int_eq(acceptor_start(&acceptor), 0);
    for (int i = 0; i < WAITING; i++)
        peers[i] = peer_connect(port);
    acceptor_stop(&acceptor);
    for (int i = 0; i < WORKERS; i++) {
        for (struct mail *mail = mailbox_take(&workers[i].mailbox); mail != NULL;) {
            struct socket_mail *letter = (struct socket_mail *)(void *)mail;

            mail = mail->next;
            close(letter->descriptor);
            free(letter);
            taken++;
        }
        mailbox_done(&workers[i].mailbox);
    }
    ck_assert_int_eq(taken, WAITING);
    for (int i = 0; i < WAITING; i++)
        peer_close(peers[i]);
}
END_TEST

START_TEST(a_stop_ends_a_pause)
{
    begin_with(100);
    faults_accept(ENOMEM, 1000000);
    int peer = peer_connect(port);
    end();
    faults_accept(0, 0);
    peer_close(peer);
}
END_TEST

START_TEST(an_acceptor_that_cannot_start_closes_everything)
{
    prepare(100);
    int descriptor = acceptor.listeners[0].descriptor;
    int next = dup(0);

    close(next);
    faults_thread(1);
    ck_assert_int_eq(acceptor_start(&acceptor), -EAGAIN);
    ck_assert_int_eq(fcntl(descriptor, F_GETFD), -1);
    for (int i = 0; i < WORKERS; i++)
        mailbox_done(&workers[i].mailbox);
    int again = dup(0);
    ck_assert_int_le(again, next);
    close(again);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("acceptor");
    TCase *tests = tcase_create("acceptor");

    tcase_add_test(tests, workers_get_connections_in_turn);
    tcase_add_test(tests, accepted_sockets_do_not_block_and_are_not_inherited);
    tcase_add_test(tests, all_listeners_are_served);
    tcase_add_test(tests, over_the_limit_connections_are_marked_and_then_refused_at_once);
    tcase_add_test(tests, after_an_error_of_accept_serving_goes_on);
    tcase_add_test(tests, out_of_descriptors_a_newcomer_is_told_so);
    tcase_add_test(tests, when_the_reserve_does_not_help_newcomers_wait);
    tcase_add_test(tests, without_descriptors_newcomers_are_told_so_and_served_when_there_are);
    tcase_add_test(tests, without_memory_a_newcomer_is_told_so);
    tcase_add_test(tests, who_is_refused_at_once_may_have_sent_something);
    tcase_add_test(tests, a_stop_closes_the_listeners);
    tcase_add_test(tests, who_is_connected_already_is_let_in_before_the_end);
    tcase_add_test(tests, a_stop_ends_a_pause);
    tcase_add_test(tests, an_acceptor_that_cannot_start_closes_everything);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
