/* SPDX-License-Identifier: MIT
 *
 * TCP: what --bind means, what an accepted socket inherits, and what the transport's functions return.
 */
#include "transport/tcp.h"

#include "support/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
parse(const char *text, struct tcp_address addresses[TCP_ADDRESSES_MAX], bool *optional)
{
    return tcp_addresses_parse(text, addresses, optional);
}

static void
check_address(const struct tcp_address *address, const char *expected)
{
    char text[TCP_ADDRESS_TEXT];

    tcp_address_format(address, text);
    ck_assert_str_eq(text, expected);
}

START_TEST(the_two_words_mean_both_families_and_either_may_be_missing)
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    bool optional;

    ck_assert_int_eq(parse("localhost", addresses, &optional), 2);
    ck_assert(optional);
    check_address(&addresses[0], "127.0.0.1:0");
    check_address(&addresses[1], "[::1]:0");
    ck_assert_int_eq(parse("all", addresses, &optional), 2);
    ck_assert(optional);
    check_address(&addresses[0], "0.0.0.0:0");
    check_address(&addresses[1], "[::]:0");
}
END_TEST

START_TEST(addresses_are_numeric_with_commas_between_and_all_are_meant)
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    bool optional;

    ck_assert_int_eq(parse("127.0.0.2,::1", addresses, &optional), 2);
    ck_assert(!optional);
    check_address(&addresses[0], "127.0.0.2:0");
    check_address(&addresses[1], "[::1]:0");
}
END_TEST

static const char *const wrong[] = {"", "example.org", "127.0.0.1,", ",::1", "127.0.0", "127.0.0.1 ", "::1,,::1", "localhost,::1", "1,2"};

START_TEST(anything_else_is_refused)
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    bool optional;

    ck_assert_int_eq(parse(wrong[_i], addresses, &optional), -EINVAL);
}
END_TEST

START_TEST(more_addresses_than_fit_are_refused)
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    char text[1024] = "127.0.0.1";
    bool optional;

    for (int i = 1; i < TCP_ADDRESSES_MAX; i++)
        strcat(text, ",127.0.0.1");
    ck_assert_int_eq(parse(text, addresses, &optional), TCP_ADDRESSES_MAX);
    strcat(text, ",127.0.0.1");
    ck_assert_int_eq(parse(text, addresses, &optional), -EINVAL);
}
END_TEST

/* A connection: accepted by the server's side, and the client's end. */
struct connection {
    int listener, server, client;
    struct tcp_address address;
};

static struct connection
connect_pair(uint32_t peer_timeout_s)
{
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
    struct connection connection;
    struct pollfd polled;
    bool optional;

    ck_assert_int_eq(parse("127.0.0.1", addresses, &optional), 1);
    connection.address = addresses[0];
    connection.listener = tcp_listen(&connection.address, 0, peer_timeout_s);
    ck_assert_int_ge(connection.listener, 0);
    ck_assert_uint_ne(tcp_address_port(&connection.address), 0);
    connection.client = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(connection.client, &connection.address.any, connection.address.length), 0);
    polled = (struct pollfd){.fd = connection.listener, .events = POLLIN};
    ck_assert_int_eq(poll(&polled, 1, 30000), 1);
    connection.server = accept4(connection.listener, NULL, NULL, SOCK_NONBLOCK);
    ck_assert_int_ge(connection.server, 0);
    return connection;
}

static void
disconnect(const struct connection *connection)
{
    close(connection->listener);
    close(connection->server);
    close(connection->client);
}

static int
option(int descriptor, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof value;

    ck_assert_int_eq(getsockopt(descriptor, level, name, &value, &length), 0);
    return value;
}

START_TEST(an_accepted_socket_has_what_was_set_on_the_listening_one)
{
    struct connection connection = connect_pair(60);
    int server = connection.server;

    ck_assert_int_ne(option(server, IPPROTO_TCP, TCP_NODELAY), 0);
    ck_assert_int_ne(option(server, SOL_SOCKET, SO_KEEPALIVE), 0);
    ck_assert_int_eq(option(server, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 1);
    ck_assert_int_eq(option(server, IPPROTO_TCP, TCP_USER_TIMEOUT), (int)tcp_user_timeout_ms(60));
    /* A dead peer is noticed in time: by the last probe, and by the user time-out. */
    ck_assert_int_lt(
        option(server, IPPROTO_TCP, TCP_KEEPIDLE) + option(server, IPPROTO_TCP, TCP_KEEPINTVL) * option(server, IPPROTO_TCP, TCP_KEEPCNT), 61);
    ck_assert_uint_lt(tcp_user_timeout_ms(60), 60000);
    disconnect(&connection);
}
END_TEST

START_TEST(while_the_reader_waits_its_silence_is_not_held_against_it)
{
    struct connection connection = connect_pair(60);

    transport_tcp.reader_waits(connection.server, true, 1234);
    ck_assert_int_eq(option(connection.server, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
    transport_tcp.reader_waits(connection.server, false, 1234);
    ck_assert_int_eq(option(connection.server, IPPROTO_TCP, TCP_USER_TIMEOUT), 1234);
    disconnect(&connection);
}
END_TEST

static void
wait_readable(int descriptor)
{
    struct pollfd polled = {.fd = descriptor, .events = POLLIN};

    ck_assert_int_eq(poll(&polled, 1, 30000), 1);
}

START_TEST(bytes_go_both_ways_and_ends_are_told_apart)
{
    struct connection connection = connect_pair(60);
    char bytes[16];

    ck_assert_int_eq(transport_tcp.receive(connection.server, bytes, sizeof bytes), -EAGAIN);
    ck_assert_int_eq(transport_tcp.discard(connection.server, 1), -EAGAIN);
    ck_assert_int_eq(write(connection.client, "hello", 5), 5);
    wait_readable(connection.server);
    ck_assert_int_eq(transport_tcp.discard(connection.server, 2), 2);
    ck_assert_int_eq(transport_tcp.receive(connection.server, bytes, sizeof bytes), 3);
    ck_assert_int_eq(memcmp(bytes, "llo", 3), 0);
    ck_assert_int_eq(transport_tcp.send(connection.server, "bye", 3), 3);
    transport_tcp.finish(connection.server);
    ck_assert_int_eq(recv(connection.client, bytes, sizeof bytes, MSG_WAITALL), 3);
    close(connection.client);
    wait_readable(connection.server);
    ck_assert_int_eq(transport_tcp.receive(connection.server, bytes, sizeof bytes), 0);
    close(connection.server);
    close(connection.listener);
}
END_TEST

START_TEST(a_full_socket_says_so_and_a_reset_is_an_error_and_no_signal)
{
    struct connection connection = connect_pair(60);
    char *megabyte = calloc(1, 1 << 20);
    struct linger reset = {.l_onoff = 1};
    ssize_t sent;

    do
        sent = transport_tcp.send(connection.server, megabyte, 1 << 20);
    while (sent > 0);
    ck_assert_int_eq(sent, -EAGAIN);
    ck_assert_int_eq(setsockopt(connection.client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    close(connection.client);
    wait_readable(connection.server);
    ck_assert_int_lt(transport_tcp.receive(connection.server, megabyte, 1), 0);
    ck_assert_int_lt(transport_tcp.send(connection.server, megabyte, 1), 0); /* SIGPIPE would end this test */
    free(megabyte);
    close(connection.server);
    close(connection.listener);
}
END_TEST

START_TEST(a_port_that_is_taken_is_an_error)
{
    struct connection connection = connect_pair(60);
    struct tcp_address again = connection.address;

    ck_assert_int_eq(tcp_listen(&again, tcp_address_port(&connection.address), 60), -EADDRINUSE);
    disconnect(&connection);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("tcp");
    TCase *tcase = tcase_create("tcp");

    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, the_two_words_mean_both_families_and_either_may_be_missing);
    tcase_add_test(tcase, addresses_are_numeric_with_commas_between_and_all_are_meant);
    tcase_add_loop_test(tcase, anything_else_is_refused, 0, sizeof wrong / sizeof wrong[0]);
    tcase_add_test(tcase, more_addresses_than_fit_are_refused);
    tcase_add_test(tcase, an_accepted_socket_has_what_was_set_on_the_listening_one);
    tcase_add_test(tcase, while_the_reader_waits_its_silence_is_not_held_against_it);
    tcase_add_test(tcase, bytes_go_both_ways_and_ends_are_told_apart);
    tcase_add_test(tcase, a_full_socket_says_so_and_a_reset_is_an_error_and_no_signal);
    tcase_add_test(tcase, a_port_that_is_taken_is_an_error);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
