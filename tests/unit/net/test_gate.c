/* SPDX-License-Identifier: MIT
 *
 * The gate with a clock of the test's own.
 */
#include "net/gate.h"

#include "support/faults.h"
#include "support/unit.h"
#include "support/unit/gatehouse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 100 };

/* 2001:db8:0:network::interface */
static struct udp_address
six(uint8_t network, uint8_t interface)
{
    return (struct udp_address){.host = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, network, 0, 0, 0, 0, 0, 0, 0, interface}};
}

START_TEST(without_limits_there_is_none)
{
    gatehouse_open((struct gate_limits){0});
    ck_assert(!gate_is_on(&gate));
    ck_assert(!gate_is_on(NULL));
    gate_done(&gate);
    gatehouse_open((struct gate_limits){.address_connections = 1});
    ck_assert(gate_is_on(&gate) && gate_limits_sessions(&gate) && !gate_limits_logins(&gate));
    gate_done(&gate);
    gatehouse_open((struct gate_limits){.login_rate = 1});
    ck_assert(gate_is_on(&gate) && !gate_limits_sessions(&gate) && gate_limits_logins(&gate));
    gate_done(&gate);
}
END_TEST

START_TEST(connections_are_counted_by_address)
{
    struct gate_pass passes[4] = {0}, other = {0};

    gatehouse_open((struct gate_limits){.address_connections = 3});
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(gatehouse_enter(&passes[i], gatehouse_four(1)), 0);
    ck_assert_int_eq(gatehouse_enter(&passes[3], gatehouse_four(1)), -EUSERS);
    ck_assert_ptr_null(passes[3].source);
    ck_assert_int_eq(gatehouse_enter(&other, gatehouse_four(2)), 0);
    gate_leave(&gate, &passes[0], now_ms);
    ck_assert_int_eq(gatehouse_enter(&passes[3], gatehouse_four(1)), 0);
    ck_assert_int_eq(gatehouse_enter(&passes[0], gatehouse_four(1)), -EUSERS);
    gatehouse_leave(passes, 4);
    gate_leave(&gate, &other, now_ms);
    gate_done(&gate);
}
END_TEST

START_TEST(a_network_of_64_bits_is_one_source)
{
    struct gate_pass passes[3] = {0};

    gatehouse_open((struct gate_limits){.address_connections = 1});
    ck_assert_int_eq(gatehouse_enter(&passes[0], six(1, 1)), 0);
    ck_assert_int_eq(gatehouse_enter(&passes[1], six(1, 2)), -EUSERS);
    ck_assert_int_eq(gatehouse_enter(&passes[2], six(2, 1)), 0);
    gatehouse_leave(passes, 3);
    gate_done(&gate);
}
END_TEST

/* What is forged in datagrams uses up nothing of what the address's streams may have. */
START_TEST(datagrams_and_streams_of_an_address_are_two_sources)
{
    struct gate_pass stream = {0}, forged = {0};
    struct udp_address from = gatehouse_four(1);

    gatehouse_open((struct gate_limits){.address_connections = 1, .address_login_rate = 1, .address_message_rate = 1});
    ck_assert_int_eq(gate_enter(&gate, &forged, GATE_DATAGRAMS, &from, now_ms), 0);
    ck_assert(gate_ask_now(&gate, &forged, now_ms) && gate_charge_now(&gate, &forged, now_ms));
    ck_assert(!gate_ask_now(&gate, &forged, now_ms) && !gate_charge_now(&gate, &forged, now_ms));
    ck_assert_int_eq(gatehouse_enter(&stream, from), 0);
    ck_assert(gate_ask(&gate, &stream, 0, now_ms));
    ck_assert_uint_eq(gate_charge(&gate, &stream, 1, now_ms), 0);
    gate_leave(&gate, &stream, now_ms);
    gate_leave(&gate, &forged, now_ms);
    gate_done(&gate);
}
END_TEST

START_TEST(who_has_no_address_has_no_limits_of_an_address)
{
    struct gate_pass passes[5] = {0};

    gatehouse_open((struct gate_limits){.address_connections = 1, .address_login_rate = 1, .address_message_rate = 1, .login_rate = 20});
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(gate_enter(&gate, &passes[i], GATE_NOWHERE, NULL, now_ms), 0);
    ck_assert(gate_ask(&gate, &passes[0], 0, now_ms));
    ck_assert(gate_ask(&gate, &passes[1], 0, now_ms));
    ck_assert(!gate_ask(&gate, &passes[2], 0, now_ms)); /* the server's burst */
    ck_assert_uint_eq(gate_charge(&gate, &passes[0], 1000, now_ms), 0);
    ck_assert(gate_charge_now(&gate, &passes[0], now_ms));
    gatehouse_leave(passes, 5);
    gate_done(&gate);
}
END_TEST

START_TEST(logins_come_at_the_rate_and_nobody_is_refused)
{
    struct gate_pass passes[MANY] = {0};
    uint32_t at_once = 0;

    gatehouse_open((struct gate_limits){.login_rate = 50});
    for (uint32_t i = 0; i < MANY; i++) {
        ck_assert_int_eq(gatehouse_enter(&passes[i], gatehouse_four(i)), 0);
        at_once += gate_ask(&gate, &passes[i], i % 2, now_ms);
    }
    ck_assert_uint_eq(at_once, 5); /* a tenth of a second's worth */
    ck_assert_uint_eq(gatehouse_collected(0), 0);
    for (int second = 0; second < 19; second++) { /* of a tenth each */
        uint32_t odd = gatehouse_collected_within(1, 50), even = gatehouse_collected_within(0, 50);

        ck_assert_uint_eq(odd + even + gatehouse_collected(1), 5);
    }
    ck_assert_uint_eq(gate.waiting, 0);
    gatehouse_leave(passes, MANY);
    gate_done(&gate);
}
END_TEST

/* Whoever asks while others wait does not pass them. */
START_TEST(turns_are_in_order)
{
    struct gate_pass first = {0}, second = {0}, third = {0};
    struct list granted;

    gatehouse_open((struct gate_limits){.login_rate = 1});
    ck_assert_int_eq(
        gatehouse_enter(&first, gatehouse_four(1)) + gatehouse_enter(&second, gatehouse_four(2)) + gatehouse_enter(&third, gatehouse_four(3)), 0);
    ck_assert(gate_ask(&gate, &first, 0, now_ms));
    ck_assert(!gate_ask(&gate, &second, 0, now_ms));
    now_ms += 1000;
    ck_assert(!gate_ask(&gate, &third, 0, now_ms)); /* there is a token, but it is the second one's */
    list_init(&granted);
    gate_collect(&gate, 0, now_ms, &granted);
    ck_assert_ptr_eq(granted.next, &second.link);
    ck_assert_ptr_eq(granted.previous, &second.link);
    list_remove(&second.link);
    now_ms += 1000;
    gate_collect(&gate, 0, now_ms, &granted);
    ck_assert_ptr_eq(granted.next, &third.link);
    list_remove(&third.link);
    gate_leave(&gate, &first, now_ms);
    gate_leave(&gate, &second, now_ms);
    gate_leave(&gate, &third, now_ms);
    gate_done(&gate);
}
END_TEST

/* An address with a hundred newcomers holds up another's for one turn. */
START_TEST(sources_take_turns)
{
    struct gate_pass crowd[MANY] = {0}, single = {0};

    gatehouse_open((struct gate_limits){.login_rate = 10});
    for (uint32_t i = 0; i < MANY; i++) {
        ck_assert_int_eq(gatehouse_enter(&crowd[i], gatehouse_four(1)), 0);
        (void)gate_ask(&gate, &crowd[i], 0, now_ms);
    }
    ck_assert_int_eq(gatehouse_enter(&single, gatehouse_four(2)), 0);
    ck_assert(!gate_ask(&gate, &single, 1, now_ms));
    ck_assert_uint_le(gatehouse_collected_within(0, 100), 1);
    ck_assert_uint_le(gatehouse_collected_within(0, 100), 1);
    ck_assert_uint_eq(gatehouse_collected(1), 1);
    gatehouse_leave(crowd, MANY);
    gate_leave(&gate, &single, now_ms);
    ck_assert_uint_eq(gate.waiting, 0);
    gate_done(&gate);
}
END_TEST

START_TEST(an_address_over_its_rate_holds_up_nobody_else)
{
    struct gate_pass crowd[MANY] = {0}, others[MANY] = {0};
    uint32_t at_once = 0;

    gatehouse_open((struct gate_limits){.address_login_rate = 10});
    for (uint32_t i = 0; i < MANY; i++) {
        ck_assert_int_eq(gatehouse_enter(&crowd[i], gatehouse_four(1)) + gatehouse_enter(&others[i], gatehouse_four(2 + i)), 0);
        at_once += gate_ask(&gate, &crowd[i], 0, now_ms);
        ck_assert(gate_ask(&gate, &others[i], 0, now_ms));
    }
    ck_assert_uint_eq(at_once, 10);
    ck_assert_uint_eq(gatehouse_collected_within(0, 1000), 10);
    ck_assert_uint_eq(gatehouse_collected_within(0, 1000), 10);
    gatehouse_leave(crowd, MANY);
    gatehouse_leave(others, MANY);
    gate_done(&gate);
}
END_TEST

/* Datagrams cannot wait; while others do, they get every second turn at most. */
START_TEST(datagrams_do_not_starve_those_who_wait)
{
    struct gate_pass stream[20] = {0}, datagram = {0};
    uint32_t datagrams = 0, streams = 0;

    gatehouse_open((struct gate_limits){.login_rate = 10});
    ck_assert_int_eq(gatehouse_enter(&datagram, gatehouse_four(99)), 0);
    ck_assert(gate_ask_now(&gate, &datagram, now_ms));
    ck_assert(!gate_ask_now(&gate, &datagram, now_ms));
    for (uint32_t i = 0; i < 20; i++) {
        ck_assert_int_eq(gatehouse_enter(&stream[i], gatehouse_four(i)), 0);
        ck_assert(!gate_ask(&gate, &stream[i], 0, now_ms));
    }
    for (int i = 0; i < 1000; i++) { /* a flood of them: whenever there is a token, one of them is the first to ask */
        now_ms++;
        datagrams += gate_ask_now(&gate, &datagram, now_ms);
        if (i % 10 == 9)
            streams += gatehouse_collected(0);
    }
    ck_assert_uint_eq(datagrams, 5);
    ck_assert_uint_eq(streams, 5);
    gatehouse_leave(stream, 20);
    gate_leave(&gate, &datagram, now_ms);
    gate_done(&gate);
}
END_TEST

/* Who waits because of their own address takes no turns of anybody's. */
START_TEST(a_greedy_address_does_not_hold_up_datagrams)
{
    for (uint32_t login_rate = 0; login_rate <= 1000; login_rate += 1000) {
        struct gate_pass greedy[20] = {0}, datagrams[40] = {0};

        gatehouse_open((struct gate_limits){.login_rate = login_rate, .address_login_rate = 1});
        for (uint32_t i = 0; i < 20; i++) {
            ck_assert_int_eq(gatehouse_enter(&greedy[i], gatehouse_four(1)), 0);
            ck_assert(gate_ask(&gate, &greedy[i], 0, now_ms) == (i == 0));
        }
        for (uint32_t i = 0; i < 40; i++) {
            struct udp_address from = gatehouse_four(100 + i);

            now_ms += 10;
            ck_assert_uint_eq(gatehouse_collected(0), 0);
            ck_assert_int_eq(gate_enter(&gate, &datagrams[i], GATE_DATAGRAMS, &from, now_ms), 0);
            ck_assert(gate_ask_now(&gate, &datagrams[i], now_ms));
        }
        gatehouse_leave(greedy, 20);
        gatehouse_leave(datagrams, 40);
        gate_done(&gate);
    }
}
END_TEST

START_TEST(messages_over_the_rate_cost_time)
{
    struct gate_pass pass = {0}, same = {0}, other = {0};

    gatehouse_open((struct gate_limits){.address_message_rate = 10});
    ck_assert_int_eq(
        gatehouse_enter(&pass, gatehouse_four(1)) + gatehouse_enter(&same, gatehouse_four(1)) + gatehouse_enter(&other, gatehouse_four(2)), 0);
    ck_assert_uint_eq(gate_charge(&gate, &pass, 10, now_ms), 0); /* a second's worth at once */
    ck_assert_uint_eq(gate_charge(&gate, &pass, 1, now_ms), 100);
    ck_assert_uint_eq(gate_charge(&gate, &same, 1, now_ms), 200); /* the address owes, whoever asks */
    ck_assert(!gate_charge_now(&gate, &same, now_ms));
    ck_assert_uint_eq(gate_charge(&gate, &other, 1, now_ms), 0);
    now_ms += 200;
    ck_assert(!gate_charge_now(&gate, &same, now_ms)); /* no debt, and no token */
    now_ms += 100;
    ck_assert(gate_charge_now(&gate, &same, now_ms));
    now_ms += 3600 * 1000;
    ck_assert_uint_eq(gate_charge(&gate, &pass, 11, now_ms), 100); /* no more than a second's worth is saved up */
    now_ms -= 50;                                                  /* another worker's turn began earlier */
    ck_assert_uint_eq(gate_charge(&gate, &pass, 1, now_ms), 200);
    gate_leave(&gate, &pass, now_ms);
    gate_leave(&gate, &same, now_ms);
    gate_leave(&gate, &other, now_ms);
    gate_done(&gate);
}
END_TEST

/* Whoever waits when the limit is raised or taken away waits by the new one, or not at all. */
START_TEST(other_limits_hold_at_once)
{
    struct gate_pass passes[4] = {0};

    gatehouse_open((struct gate_limits){0});
    gate_change(&gate, &(struct gate_limits){.login_rate = 1, .address_connections = 4, .address_message_rate = 10});
    ck_assert(gate_is_on(&gate));
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(gatehouse_enter(&passes[i], gatehouse_four(1)), 0);
    for (int i = 0; i < 4; i++)
        ck_assert(gate_ask(&gate, &passes[i], 0, now_ms) == (i == 0));
    ck_assert_uint_eq(gate_charge(&gate, &passes[0], 20, now_ms), 1000);
    ck_assert_uint_eq(gate_limits_now(&gate).login_rate, 1);
    gate_change(&gate, &(struct gate_limits){.address_connections = 1, .address_message_rate = 20});
    ck_assert_uint_eq(gatehouse_collected(0), 3);
    ck_assert_uint_eq(gate_charge(&gate, &passes[0], 0, now_ms), 500);
    gate_leave(&gate, &passes[3], now_ms);
    ck_assert_int_eq(gatehouse_enter(&passes[3], gatehouse_four(1)), -EUSERS);
    gate_change(&gate, &(struct gate_limits){0});
    ck_assert(!gate_is_on(&gate));
    ck_assert_uint_eq(gate_charge(&gate, &passes[0], 1000, now_ms), 0);
    ck_assert(gate_charge_now(&gate, &passes[0], now_ms));
    gatehouse_leave(passes, 3);
    gate_done(&gate);
}
END_TEST

/* Connecting again does not settle what an address owes; and when it owes nothing any more it is forgotten. */
START_TEST(debts_are_remembered_and_nothing_else)
{
    struct gate_pass pass = {0}, other = {0};

    gatehouse_open((struct gate_limits){.address_message_rate = 10});
    ck_assert_int_eq(gatehouse_enter(&pass, gatehouse_four(1)), 0);
    ck_assert_uint_eq(gate_charge(&gate, &pass, 110, now_ms), 10000);
    gate_leave(&gate, &pass, now_ms);
    for (int i = 0; i < 3; i++) { /* others come by, by which the idle are looked at */
        now_ms += 2500;
        ck_assert_int_eq(gatehouse_enter(&other, gatehouse_four(2)), 0);
        gate_leave(&gate, &other, now_ms);
    }
    ck_assert_int_eq(gatehouse_enter(&pass, gatehouse_four(1)), 0);
    ck_assert_uint_eq(gate_charge(&gate, &pass, 0, now_ms), 2500);
    gate_leave(&gate, &pass, now_ms);
    now_ms += 10000;
    ck_assert_int_eq(gatehouse_enter(&other, gatehouse_four(2)), 0);
    ck_assert_uint_eq(gate.idle_count, 0);
    gate_leave(&gate, &other, now_ms);
    gate_done(&gate);
}
END_TEST

START_TEST(memory_is_bounded)
{
    struct gate_pass pass = {0};

    gatehouse_open((struct gate_limits){.address_message_rate = 1});
    for (uint32_t i = 0; i < GATE_IDLE_MAX + 1000; i++) {
        ck_assert_int_eq(gatehouse_enter(&pass, gatehouse_four(i)), 0);
        (void)gate_charge(&gate, &pass, 1000, now_ms);
        gate_leave(&gate, &pass, now_ms);
    }
    ck_assert_uint_le(gate.idle_count, GATE_IDLE_MAX + 1);
    ck_assert_uint_ge(gate.idle_count, GATE_IDLE_MAX - 4);
    gate_done(&gate);
}
END_TEST

START_TEST(without_memory_nobody_enters)
{
    struct gate_pass pass = {0};
    int error;

    gatehouse_open((struct gate_limits){.address_connections = 1});
    faults_allocation(1, 1);
    error = gatehouse_enter(&pass, gatehouse_four(1));
    faults_allocation(0, 0);
    ck_assert_int_eq(error, -ENOMEM);
    ck_assert_ptr_null(pass.source);
    ck_assert_int_eq(gatehouse_enter(&pass, gatehouse_four(1)), 0);
    gate_leave(&gate, &pass, now_ms);
    gate_done(&gate);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("net/gate");
    TCase *tests = tcase_create("gate");

    tcase_add_test(tests, without_limits_there_is_none);
    tcase_add_test(tests, connections_are_counted_by_address);
    tcase_add_test(tests, a_network_of_64_bits_is_one_source);
    tcase_add_test(tests, datagrams_and_streams_of_an_address_are_two_sources);
    tcase_add_test(tests, who_has_no_address_has_no_limits_of_an_address);
    tcase_add_test(tests, logins_come_at_the_rate_and_nobody_is_refused);
    tcase_add_test(tests, turns_are_in_order);
    tcase_add_test(tests, sources_take_turns);
    tcase_add_test(tests, an_address_over_its_rate_holds_up_nobody_else);
    tcase_add_test(tests, datagrams_do_not_starve_those_who_wait);
    tcase_add_test(tests, a_greedy_address_does_not_hold_up_datagrams);
    tcase_add_test(tests, messages_over_the_rate_cost_time);
    tcase_add_test(tests, other_limits_hold_at_once);
    tcase_add_test(tests, debts_are_remembered_and_nothing_else);
    tcase_add_test(tests, memory_is_bounded);
    tcase_add_test(tests, without_memory_nobody_enters);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
