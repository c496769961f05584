/* SPDX-License-Identifier: MIT */
#include "transport/tcp.h"

#include "support/pace.h"
#include "support/unit.h"
#include "support/unit/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

static struct tcp_address addresses[TCP_ADDRESSES_MAX];
static bool optional;

/* All addresses that were parsed, formatted. */
static const char *
parsed(const char *text)
{
    static char all[TCP_ADDRESSES_MAX * (TCP_ADDRESS_TEXT + 1)];
    int count = tcp_addresses_parse(text, addresses, &optional);

    if (count < 0) {
        ck_assert_int_eq(count, -EINVAL);
        return "invalid";
    }
    all[0] = '\0';
    for (int i = 0; i < count; i++) {
        char one[TCP_ADDRESS_TEXT];

        tcp_address_format(&addresses[i], one);
        strcat(all, i == 0 ? "" : " ");
        strcat(all, one);
    }
    return all;
}

START_TEST(two_words_stand_for_two_addresses_each)
{
    ck_assert_str_eq(parsed("localhost"), "127.0.0.1:0 [::1]:0");
    ck_assert(optional);
    ck_assert_str_eq(parsed("all"), "0.0.0.0:0 [::]:0");
    ck_assert(optional);
}
END_TEST

START_TEST(addresses_are_numeric_with_commas_between)
{
    ck_assert_str_eq(parsed("10.1.2.3"), "10.1.2.3:0");
    ck_assert(!optional);
    ck_assert_str_eq(parsed("fe80::1,10.1.2.3,::"), "[fe80::1]:0 10.1.2.3:0 [::]:0");
    ck_assert(!optional);
}
END_TEST

START_TEST(anything_else_is_invalid)
{
    static const char *const texts[] = {"", ",", "127.0.0.1,", ",127.0.0.1", "127.0.0.1, ::1", "example.org", "127.0.0.1:80", "[::1]",
        "localhost,::1", "127.1", "127.0.0.256", "::g", " 127.0.0.1", "0x7f000001"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(strcmp(parsed(texts[i]), "invalid") == 0, "\"%s\" is %s", texts[i], parsed(texts[i]));
}
END_TEST

START_TEST(there_may_be_so_many_addresses_and_no_more)
{
    char text[4096] = "::1";

    for (int i = 1; i < TCP_ADDRESSES_MAX; i++)
        strcat(text, ",0000:1111:2222:3333:4444:5555:255.255.255.255");
    ck_assert_int_eq(tcp_addresses_parse(text, addresses, &optional), TCP_ADDRESSES_MAX);
    strcat(text, ",::2");
    ck_assert_str_eq(parsed(text), "invalid");
    memset(text, '1', sizeof text - 1);
    ck_assert_str_eq(parsed(text), "invalid");
}
END_TEST

START_TEST(some_addresses_cannot_both_be_listened_on)
{
    static const struct {
        const char *text;
        bool collide;
    } cases[] = {{"127.0.0.1,127.0.0.1", true}, {"127.0.0.1,127.0.0.2", false}, {"0.0.0.0,127.0.0.1", true}, {"127.0.0.1,0.0.0.0", true},
        {"::1,0:0:0::1", true}, {"::1,::2", false}, {"::,::1", true}, {"::1,::", true}, {"0.0.0.0,::", false}, {"0.0.0.0,::1", false},
        {"::,127.0.0.1", false}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(tcp_addresses_parse(cases[i].text, addresses, &optional), 2);
        ck_assert_msg(tcp_addresses_collide(&addresses[0], &addresses[1]) == cases[i].collide, "%s", cases[i].text);
    }
}
END_TEST

/* A listening socket of this address; its port goes to *port. */
static int
listen_on(const char *text, uint16_t *port, uint32_t peer_timeout_s)
{
    int listener;

    ck_assert_int_eq(tcp_addresses_parse(text, addresses, &optional), 1);
    listener = tcp_listen(&addresses[0], *port, peer_timeout_s);
    if (listener >= 0)
        *port = tcp_address_port(&addresses[0]);
    return listener;
}

/* A connection: *peer is the client's end, what is returned the server's. */
static int
connection(int *peer, bool narrow)
{
    uint16_t port = 0;
    int listener = listen_on("127.0.0.1", &port, 60);

    ck_assert_int_ge(listener, 0);
    *peer = narrow ? peer_connect_narrow(port) : peer_connect(port);
    (void)peer_wait_any(&listener, 1);
    int server_end = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ck_assert_int_ge(server_end, 0);
    close(listener);
    return server_end;
}

static int
option(int descriptor, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof value;

    ck_assert_int_eq(getsockopt(descriptor, level, name, &value, &length), 0);
    return value;
}

START_TEST(port_0_takes_a_free_one)
{
    uint16_t first_port = 0, second_port = 0;
    int first = listen_on("127.0.0.1", &first_port, 60), second = listen_on("127.0.0.1", &second_port, 60);

    ck_assert(first >= 0 && second >= 0);
    ck_assert_uint_gt(first_port, 0);
    ck_assert_uint_ne(first_port, second_port);
    close(first);
    close(second);
}
END_TEST

START_TEST(a_listening_socket_does_not_block_and_is_not_inherited)
{
    uint16_t port = 0;
    int listener = listen_on("127.0.0.1", &port, 60);

    ck_assert_int_ne(fcntl(listener, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_ne(fcntl(listener, F_GETFD) & FD_CLOEXEC, 0);
    close(listener);
}
END_TEST

START_TEST(a_port_that_is_taken_is_an_error)
{
    uint16_t port = 0;
    int first = listen_on("127.0.0.1", &port, 60);

    ck_assert_int_ge(first, 0);
    ck_assert_int_eq(listen_on("127.0.0.1", &port, 60), -EADDRINUSE);
    close(first);
    int again = listen_on("127.0.0.1", &port, 60); /* and free at once when it is left */
    ck_assert_int_ge(again, 0);
    close(again);
}
END_TEST

START_TEST(an_address_of_another_machine_is_an_error)
{
    uint16_t port = 0;

    ck_assert_int_eq(listen_on("192.0.2.1", &port, 60), -EADDRNOTAVAIL);
}
END_TEST

/* "all" listens on both families with one port, so the IPv6 socket must leave IPv4 alone. */
START_TEST(both_families_share_a_port)
{
    uint16_t port = 0;
    int six = listen_on("::1", &port, 60);

    if (six == -EAFNOSUPPORT || six == -EADDRNOTAVAIL)
        return; /* no IPv6 here */
    close(six);
    port = 0;
    six = listen_on("::", &port, 60);
    ck_assert_int_ge(six, 0);
    ck_assert_int_eq(option(six, IPPROTO_IPV6, IPV6_V6ONLY), 1);
    int four = listen_on("0.0.0.0", &port, 60);
    ck_assert_msg(four >= 0 || four == -EADDRINUSE, "error %d", four);
    close(six);
    if (four >= 0)
        close(four);
}
END_TEST

START_TEST(accepted_sockets_inherit_what_was_set)
{
    static const struct {
        uint32_t peer_timeout_s;
        int idle_s, interval_s, probes;
    } cases[] = {{60, 30, 5, 5}, {5, 2, 1, 2}, {3600, 1800, 300, 5}, {86400, 32767, 7200, 6}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint16_t port = 0;
        int listener = listen_on("127.0.0.1", &port, cases[i].peer_timeout_s);
        int peer = peer_connect(port);

        (void)peer_wait_any(&listener, 1);
        int server_end = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        ck_assert_int_ge(server_end, 0);
        ck_assert_int_ne(option(server_end, IPPROTO_TCP, TCP_NODELAY), 0);
        ck_assert_int_ne(option(server_end, SOL_SOCKET, SO_KEEPALIVE), 0);
        ck_assert_int_eq(option(server_end, IPPROTO_TCP, TCP_KEEPIDLE), cases[i].idle_s);
        ck_assert_int_eq(option(server_end, IPPROTO_TCP, TCP_KEEPINTVL), cases[i].interval_s);
        ck_assert_int_eq(option(server_end, IPPROTO_TCP, TCP_KEEPCNT), cases[i].probes);
        /* It would end live connections whose reader is slow. */
        ck_assert_int_eq(option(server_end, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
        ck_assert_int_eq(option(server_end, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 1);
        ck_assert_int_lt(cases[i].idle_s + cases[i].probes * cases[i].interval_s, (int)cases[i].peer_timeout_s);
        close(server_end);
        close(listener);
        peer_close(peer);
    }
}
END_TEST

START_TEST(receiving_tells_bytes_from_none_and_from_the_end)
{
    char bytes[16];
    int peer, server_end = connection(&peer, false);

    ck_assert_int_eq(transport_tcp.receive(server_end, bytes, sizeof bytes), -EAGAIN);
    peer_send(peer, "hello");
    (void)peer_wait_any(&server_end, 1);
    ck_assert_int_eq(transport_tcp.receive(server_end, bytes, 3), 3);
    ck_assert_mem_eq(bytes, "hel", 3);
    ck_assert_int_eq(transport_tcp.receive(server_end, bytes, sizeof bytes), 2);
    peer_close(peer);
    (void)peer_wait_any(&server_end, 1);
    ck_assert_int_eq(transport_tcp.receive(server_end, bytes, sizeof bytes), 0);
    close(server_end);
}
END_TEST

START_TEST(a_reset_is_a_lost_peer)
{
    char bytes[16];
    int peer, server_end = connection(&peer, false);

    peer_reset(peer);
    (void)peer_wait_any(&server_end, 1);
    ck_assert_int_eq(transport_tcp.receive(server_end, bytes, sizeof bytes), -ECONNRESET);
    ck_assert_int_eq(transport_tcp.send(server_end, "x", 1), -EPIPE); /* and no signal */
    close(server_end);
}
END_TEST

START_TEST(sending_takes_what_fits_and_says_when_nothing_does)
{
    static char bytes[1 << 20];
    int peer, server_end = connection(&peer, true);
    size_t sent = 0, read_back = 0;
    ssize_t part;

    memset(bytes, 'x', sizeof bytes);
    while ((part = transport_tcp.send(server_end, bytes, sizeof bytes)) > 0)
        sent += (size_t)part;
    ck_assert_int_eq(part, -EAGAIN);
    ck_assert_uint_gt(sent, 0);
    /* It is not the kernel that hoards what the reader does not take (TCP_NOTSENT_LOWAT). */
    ck_assert_uint_lt(sent, 16 * sizeof bytes);
    transport_tcp.finish(server_end);
    for (;;) {
        (void)peer_wait_any(&peer, 1);
        part = recv(peer, bytes, sizeof bytes, 0);
        ck_assert_int_ge(part, 0);
        if (part == 0)
            break;
        read_back += (size_t)part;
    }
    ck_assert_uint_eq(read_back, sent);
    peer_close(peer);
    close(server_end);
}
END_TEST

START_TEST(after_finishing_the_peer_reads_the_end_and_may_still_send)
{
    char bytes[16];
    int peer, server_end = connection(&peer, false);

    ck_assert_int_eq(transport_tcp.send(server_end, "bye\n", 4), 4);
    transport_tcp.finish(server_end);
    peer_expect(peer, "bye\n");
    peer_expect_end(peer);
    peer_send(peer, "but");
    (void)peer_wait_any(&server_end, 1);
    ck_assert_int_eq(transport_tcp.receive(server_end, bytes, sizeof bytes), 3);
    peer_close(peer);
    transport_tcp.finish(server_end); /* more than once, and to nobody, does no harm */
    close(server_end);
}
END_TEST

/* Acknowledgements take a moment. */
static void
expect_delivery(int server_end, enum delivery expected)
{
    uint32_t silent_ms = UINT32_MAX;

    for (int64_t deadline = pace_deadline_ms(); transport_tcp.delivery(server_end, &silent_ms) != expected;)
        ck_assert_int_gt(pace_left_ms(deadline), 0);
    ck_assert_int_le(silent_ms, pace_deadline_ms()); /* the peer has just connected */
}

START_TEST(what_the_peer_acknowledged_is_delivered)
{
    int peer, server_end = connection(&peer, false);

    expect_delivery(server_end, DELIVERY_DONE); /* nothing was sent */
    ck_assert_int_eq(transport_tcp.send(server_end, "news\n", 5), 5);
    expect_delivery(server_end, DELIVERY_DONE);
    peer_expect(peer, "news\n");
    peer_close(peer);
    close(server_end);
}
END_TEST

START_TEST(what_the_peers_window_does_not_take_is_unread)
{
    static char bytes[1 << 20];
    int peer, server_end = connection(&peer, true);
    size_t sent = 0;
    ssize_t part;

    while ((part = transport_tcp.send(server_end, bytes, sizeof bytes)) > 0)
        sent += (size_t)part;
    expect_delivery(server_end, DELIVERY_UNREAD);
    while (sent > 0) {
        (void)peer_wait_any(&peer, 1);
        part = recv(peer, bytes, sizeof bytes, 0);
        ck_assert_int_gt(part, 0);
        sent -= (size_t)part;
    }
    expect_delivery(server_end, DELIVERY_DONE);
    peer_close(peer);
    close(server_end);
}
END_TEST

START_TEST(what_a_peer_sent_before_it_was_given_up_can_be_received)
{
    char bytes[16];
    int peer, server_end = connection(&peer, false);

    peer_send(peer, "last");
    (void)peer_wait_any(&server_end, 1);
    transport_tcp.give_up(server_end);
    ck_assert_int_eq(transport_tcp.receive(server_end, bytes, sizeof bytes), 4);
    ck_assert_int_eq(transport_tcp.receive(server_end, bytes, sizeof bytes), 0);
    ck_assert_int_eq(transport_tcp.send(server_end, "x", 1), -EPIPE);
    peer_close(peer);
    close(server_end);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("tcp");
    TCase *tests = tcase_create("tcp");

    tcase_add_test(tests, two_words_stand_for_two_addresses_each);
    tcase_add_test(tests, addresses_are_numeric_with_commas_between);
    tcase_add_test(tests, anything_else_is_invalid);
    tcase_add_test(tests, there_may_be_so_many_addresses_and_no_more);
    tcase_add_test(tests, some_addresses_cannot_both_be_listened_on);
    tcase_add_test(tests, port_0_takes_a_free_one);
    tcase_add_test(tests, a_listening_socket_does_not_block_and_is_not_inherited);
    tcase_add_test(tests, a_port_that_is_taken_is_an_error);
    tcase_add_test(tests, an_address_of_another_machine_is_an_error);
    tcase_add_test(tests, both_families_share_a_port);
    tcase_add_test(tests, accepted_sockets_inherit_what_was_set);
    tcase_add_test(tests, receiving_tells_bytes_from_none_and_from_the_end);
    tcase_add_test(tests, a_reset_is_a_lost_peer);
    tcase_add_test(tests, sending_takes_what_fits_and_says_when_nothing_does);
    tcase_add_test(tests, after_finishing_the_peer_reads_the_end_and_may_still_send);
    tcase_add_test(tests, what_the_peer_acknowledged_is_delivered);
    tcase_add_test(tests, what_the_peers_window_does_not_take_is_unread);
    tcase_add_test(tests, what_a_peer_sent_before_it_was_given_up_can_be_received);
    tcase_set_timeout(tests, pace_test_timeout_s());
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
