/* SPDX-License-Identifier: MIT */
#include "transport/udp.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SMALL = 100 };

static struct tcp_address addresses[TCP_ADDRESSES_MAX];
static struct udp_locals locals;

/* A socket of this address on a port that was free, and receives; *port is the port. */
static int
open_somewhere(const char *text, uint16_t *port)
{
    bool optional;
    int descriptor = -EADDRINUSE;

    ck_assert_int_eq(tcp_addresses_parse(text, addresses, &optional), 1);
    for (*port = 20000; descriptor == -EADDRINUSE; ++*port)
        descriptor = udp_open(&addresses[0], *port, false);
    --*port;
    ck_assert_int_ge(descriptor, 0);
    udp_begin(descriptor);
    return descriptor;
}

static int
peer_of(const char *host, uint16_t port)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    bool is_four = inet_pton(AF_INET, host, &four.sin_addr) == 1;
    int peer = socket(is_four ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(peer, 0);
    if (is_four) {
        ck_assert_int_eq(connect(peer, (struct sockaddr *)&four, sizeof four), 0);
    } else {
        ck_assert_int_eq(inet_pton(AF_INET6, host, &six.sin6_addr), 1);
        ck_assert_int_eq(connect(peer, (struct sockaddr *)&six, sizeof six), 0);
    }
    return peer;
}

static void
say(int peer, const char *text)
{
    ck_assert_int_eq(send(peer, text, strlen(text), 0), (ssize_t)strlen(text));
}

static void
expect(int peer, const char *text)
{
    struct pollfd wanted = {.fd = peer, .events = POLLIN};
    char bytes[512];
    ssize_t length;

    ck_assert_int_eq(poll(&wanted, 1, pace_left_ms(pace_deadline_ms())), 1);
    length = recv(peer, bytes, sizeof bytes - 1, 0);
    ck_assert_int_ge(length, 0);
    bytes[length] = '\0';
    ck_assert_str_eq(bytes, text);
}

/* What one says to a socket of `bound`, asked at `asked`, comes in, and an answer goes back from there. */
static void
converse(const char *bound, const char *asked, bool tells_local)
{
    struct udp_inbox *inbox = udp_inbox_new(UDP_DATAGRAM_BYTES);
    static struct udp_outbox outbox;
    struct udp_received received;
    uint32_t lost = 0;
    uint16_t port;
    int descriptor = open_somewhere(bound, &port), peer = peer_of(asked, port);

    say(peer, "hello");
    say(peer, "");
    ck_assert_uint_eq(udp_receive(descriptor, inbox, &locals), 2);
    udp_inbox_read(inbox, 1, &received);
    ck_assert_uint_eq(received.length, 0);
    udp_inbox_read(inbox, 0, &received);
    ck_assert_uint_eq(received.length, 5);
    ck_assert_mem_eq(received.bytes, "hello", 5);
    ck_assert(!received.truncated);
    ck_assert_int_eq(received.from.local != 0, tells_local);
    ck_assert_uint_eq(udp_receive(descriptor, inbox, &locals), 0);

    udp_outbox_put(&outbox, &received.from, &locals, "one", 3);
    udp_outbox_put(&outbox, &received.from, &locals, "two", 3);
    ck_assert_int_eq(udp_send(descriptor, &outbox, &lost), 0);
    ck_assert_uint_eq(outbox.count, 0);
    ck_assert_uint_eq(lost, 0);
    expect(peer, "one");
    expect(peer, "two");
    udp_inbox_free(inbox);
    close(descriptor);
    close(peer);
}

START_TEST(datagrams_come_and_go_in_both_families)
{
    converse("127.0.0.1", "127.0.0.1", false);
    converse("::1", "::1", false);
}
END_TEST

/* A peer that is connected to the address that it asked takes nothing from another one. */
START_TEST(an_answer_comes_from_the_address_that_was_asked)
{
    converse("0.0.0.0", "127.0.0.1", true);
    converse("0.0.0.0", "127.1.2.3", true);
    converse("::", "::1", true);
    ck_assert_uint_eq(locals.count, 4);
    converse("0.0.0.0", "127.1.2.3", true);
    ck_assert_uint_eq(locals.count, 4);
}
END_TEST

/* More addresses of this machine than can be told apart: from then on the kernel chooses. */
START_TEST(there_is_room_for_so_many_of_ones_own_addresses)
{
    struct udp_inbox *inbox = udp_inbox_new(SMALL);
    struct udp_received received;
    uint16_t port;
    int descriptor = open_somewhere("0.0.0.0", &port);

    for (int i = 1; i <= UDP_LOCALS_MAX + 1; i++) {
        char host[32];
        int peer;

        snprintf(host, sizeof host, "127.3.%d.%d", i / 256, i % 256);
        peer = peer_of(host, port);
        say(peer, "x");
        ck_assert_uint_eq(udp_receive(descriptor, inbox, &locals), 1);
        udp_inbox_read(inbox, 0, &received);
        ck_assert_uint_eq(received.from.local, i < UDP_LOCALS_MAX ? i : 0);
        close(peer);
    }
    udp_inbox_free(inbox);
    close(descriptor);
}
END_TEST

START_TEST(a_datagram_longer_than_its_memory_is_truncated_and_says_so)
{
    struct udp_inbox *inbox = udp_inbox_new(SMALL);
    struct udp_received received;
    char bytes[SMALL + 1];
    uint16_t port;
    int descriptor = open_somewhere("127.0.0.1", &port), peer = peer_of("127.0.0.1", port);

    memset(bytes, 'x', sizeof bytes);
    ck_assert_int_eq(send(peer, bytes, SMALL, 0), SMALL);
    ck_assert_int_eq(send(peer, bytes, SMALL + 1, 0), SMALL + 1);
    say(peer, "after");
    ck_assert_uint_eq(udp_receive(descriptor, inbox, &locals), 3);
    udp_inbox_read(inbox, 0, &received);
    ck_assert(received.length == SMALL && !received.truncated);
    udp_inbox_read(inbox, 1, &received);
    ck_assert(received.length == SMALL && received.truncated);
    udp_inbox_read(inbox, 2, &received);
    ck_assert(received.length == 5 && !received.truncated);
    udp_inbox_free(inbox);
    close(descriptor);
    close(peer);
}
END_TEST

START_TEST(at_most_a_batch_is_received_at_once)
{
    struct udp_inbox *inbox = udp_inbox_new(SMALL);
    uint16_t port;
    int descriptor = open_somewhere("127.0.0.1", &port), peer = peer_of("127.0.0.1", port);

    for (int i = 0; i < UDP_BATCH + 3; i++)
        say(peer, "x");
    ck_assert_uint_eq(udp_receive(descriptor, inbox, &locals), UDP_BATCH);
    ck_assert_uint_eq(udp_receive(descriptor, inbox, &locals), 3);
    udp_inbox_free(inbox);
    close(descriptor);
    close(peer);
}
END_TEST

/* A group is whole before any of it receives, so that an address never comes to two sockets. */
START_TEST(a_socket_drops_everything_until_it_begins)
{
    struct udp_inbox *inbox = udp_inbox_new(SMALL);
    uint16_t port;
    int first = open_somewhere("127.0.0.1", &port), second, peer = peer_of("127.0.0.1", port);

    close(first);
    first = udp_open(&addresses[0], port, false);
    ck_assert_int_ge(first, 0);
    say(peer, "too early");
    second = udp_open(&addresses[0], port, true);
    ck_assert_int_ge(second, 0);
    say(peer, "too early");
    udp_begin(first);
    udp_begin(second);
    say(peer, "now");
    ck_assert_uint_eq(udp_receive(first, inbox, &locals) + udp_receive(second, inbox, &locals), 1);
    udp_inbox_free(inbox);
    close(first);
    close(second);
    close(peer);
}
END_TEST

/* Even from somebody who would share it. */
START_TEST(the_first_of_a_group_has_the_port_alone)
{
    int one = 1, taken = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    bool optional;

    ck_assert_int_eq(setsockopt(taken, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one), 0);
    ck_assert_int_eq(bind(taken, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(taken, (struct sockaddr *)&address, &length), 0);
    ck_assert_int_eq(tcp_addresses_parse("127.0.0.1", addresses, &optional), 1);
    ck_assert_int_eq(udp_open(&addresses[0], ntohs(address.sin_port), false), -EADDRINUSE);
    close(taken);
}
END_TEST

START_TEST(what_cannot_be_sent_is_skipped_and_what_must_wait_waits)
{
    static struct udp_outbox outbox;
    uint32_t lost = 0;
    uint16_t port;
    int descriptor = open_somewhere("127.0.0.1", &port), peer = peer_of("127.0.0.1", port);
    struct udp_received received;
    struct udp_inbox *inbox = udp_inbox_new(SMALL);

    say(peer, "x");
    ck_assert_uint_eq(udp_receive(descriptor, inbox, &locals), 1);
    udp_inbox_read(inbox, 0, &received);
    udp_outbox_put(&outbox, &received.from, &locals, "one", 3);
    udp_outbox_put(&outbox, &received.from, &locals, "two", 3);
    faults_send_batch(EAGAIN, 1);
    ck_assert_int_eq(udp_send(descriptor, &outbox, &lost), -EAGAIN);
    ck_assert_uint_eq(outbox.count - outbox.first, 2);
    faults_send_batch(EPERM, 1);
    ck_assert_int_eq(udp_send(descriptor, &outbox, &lost), 0);
    ck_assert_uint_eq(lost, 1);
    expect(peer, "two");
    received.from.port = 0; /* nobody has it */
    udp_outbox_put(&outbox, &received.from, &locals, "nowhere", 7);
    ck_assert_int_eq(udp_send(descriptor, &outbox, &lost), 0);
    ck_assert_uint_eq(lost, 2);
    udp_inbox_free(inbox);
    close(descriptor);
    close(peer);
}
END_TEST

START_TEST(addresses_are_written_as_usual)
{
    struct udp_address address = {.host = {0x20, 1, 0x0d, 0xb8, [15] = 1}, .port = 4000};
    char text[TCP_ADDRESS_TEXT];

    udp_address_format(&address, text);
    ck_assert_str_eq(text, "[2001:db8::1]:4000");
    address = (struct udp_address){.host = {[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 1}, .port = 80};
    udp_address_format(&address, text);
    ck_assert_str_eq(text, "192.0.2.1:80");
}
END_TEST

static Suite *
udp_suite(void)
{
    Suite *suite = suite_create("udp");
    TCase *tests = tcase_create("udp");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_test(tests, datagrams_come_and_go_in_both_families);
    tcase_add_test(tests, an_answer_comes_from_the_address_that_was_asked);
    tcase_add_test(tests, there_is_room_for_so_many_of_ones_own_addresses);
    tcase_add_test(tests, a_datagram_longer_than_its_memory_is_truncated_and_says_so);
    tcase_add_test(tests, at_most_a_batch_is_received_at_once);
    tcase_add_test(tests, a_socket_drops_everything_until_it_begins);
    tcase_add_test(tests, the_first_of_a_group_has_the_port_alone);
    tcase_add_test(tests, what_cannot_be_sent_is_skipped_and_what_must_wait_waits);
    tcase_add_test(tests, addresses_are_written_as_usual);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(udp_suite());
}
