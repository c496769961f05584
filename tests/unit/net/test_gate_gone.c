/* SPDX-License-Identifier: MIT
 *
 * Who hangs up while it waits at the gate: it comes last, and of too many some are let go. With a clock of the test's own.
 */
#include "net/gate.h"

#include "support/unit.h"
#include "support/unit/gatehouse.h"

#include <errno.h>

/* Who hangs up waits behind all who are there, and behind those who come; but for nobody who could not have its turn. */
START_TEST(who_hangs_up_comes_last)
{
    struct gate_pass passes[5] = {0}, other = {0};

    gatehouse_open((struct gate_limits){.login_rate = 1, .address_login_rate = 1});
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_int_eq(gatehouse_enter(&passes[i], gatehouse_four(i)), 0);
        ck_assert(gate_ask(&gate, &passes[i], 0, now_ms) == (i == 0));
    }
    ck_assert(gate_hung_up(&gate, &passes[1]) && gate_hung_up(&gate, &passes[2]));
    ck_assert_uint_eq(gate.waiting, 1);
    ck_assert_uint_eq(gate.gone_count, 2);
    now_ms += 900;
    ck_assert_int_eq(gatehouse_enter(&other, gatehouse_four(4)), 0);
    ck_assert(!gate_ask(&gate, &other, 0, now_ms));
    ck_assert_uint_eq(gatehouse_collected_within(0, 100), 1);
    ck_assert(passes[3].state == GATE_OUTSIDE && other.state == GATE_WAITING);
    ck_assert_uint_eq(gatehouse_collected_within(0, 1000), 1);
    ck_assert(other.state == GATE_OUTSIDE && passes[1].state == GATE_GONE);
    ck_assert_uint_eq(gatehouse_collected_within(0, 1000), 1);
    ck_assert(passes[1].state == GATE_OUTSIDE && passes[2].state == GATE_GONE);

    /* The server may take one, but passes[4]'s address may not, so it is the gone one's turn. */
    gate_change(&gate, &(struct gate_limits){.login_rate = 100, .address_login_rate = 1});
    ck_assert_int_eq(gatehouse_enter(&passes[4], gatehouse_four(1)), 0);
    ck_assert(!gate_ask(&gate, &passes[4], 0, now_ms));
    ck_assert_uint_eq(gatehouse_collected_within(0, 10), 1);
    ck_assert(passes[2].state == GATE_OUTSIDE && passes[4].state == GATE_WAITING);
    gatehouse_leave(passes, 5);
    gate_leave(&gate, &other, now_ms);
    gate_done(&gate);
}
END_TEST

/* Also when there are more than have their turn in one go. */
START_TEST(who_hangs_up_comes_behind_a_crowd)
{
    enum { CROWD = 1500 };
    static struct gate_pass passes[CROWD];
    uint32_t first;

    gatehouse_open((struct gate_limits){.login_rate = 1, .address_connections = 9});
    for (uint32_t i = 0; i < CROWD; i++) {
        ck_assert_int_eq(gatehouse_enter(&passes[i], gatehouse_four(i)), 0);
        ck_assert(gate_ask(&gate, &passes[i], 0, now_ms) == (i == 0));
    }
    ck_assert(gate_hung_up(&gate, &passes[1]));
    gate_change(&gate, &(struct gate_limits){.address_connections = 9});
    first = gatehouse_collected(0);
    ck_assert(first < CROWD - 2 && passes[1].state == GATE_GONE);
    ck_assert_uint_eq(first + gatehouse_collected(0), CROWD - 1);
    ck_assert(passes[1].state == GATE_OUTSIDE);
    gatehouse_leave(passes, CROWD);
    gate_done(&gate);
}
END_TEST

/* A client that tries again finds room, though it waits behind itself as somebody who has gone. */
START_TEST(who_has_hung_up_is_no_connection_of_its_address)
{
    struct gate_pass passes[3] = {0};

    gatehouse_open((struct gate_limits){.login_rate = 1, .address_connections = 2});
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_int_eq(gatehouse_enter(&passes[i], gatehouse_four(1)), 0);
        ck_assert(gate_ask(&gate, &passes[i], 0, now_ms) == (i == 0));
    }
    ck_assert_int_eq(gatehouse_enter(&passes[2], gatehouse_four(1)), -EUSERS);
    ck_assert(gate_hung_up(&gate, &passes[1]));
    ck_assert_int_eq(gatehouse_enter(&passes[2], gatehouse_four(1)), 0);
    gate_leave(&gate, &passes[1], now_ms);
    ck_assert_int_eq(gatehouse_enter(&passes[1], gatehouse_four(1)), -EUSERS);
    gatehouse_leave(passes, 3);
    gate_done(&gate);
}
END_TEST

START_TEST(of_too_many_who_hang_up_some_are_let_go)
{
    static struct gate_pass passes[GATE_GONE_MAX + 2];

    gatehouse_open((struct gate_limits){.login_rate = 1});
    for (uint32_t i = 0; i < GATE_GONE_MAX + 2; i++) {
        ck_assert_int_eq(gatehouse_enter(&passes[i], gatehouse_four(i)), 0);
        ck_assert(gate_ask(&gate, &passes[i], 0, now_ms) == (i == 0));
        ck_assert(i == 0 || gate_hung_up(&gate, &passes[i]) == (i <= GATE_GONE_MAX));
    }
    gate_leave(&gate, &passes[1], now_ms);
    ck_assert(gate_hung_up(&gate, &passes[GATE_GONE_MAX + 1]));
    gatehouse_leave(passes, GATE_GONE_MAX + 2);
    ck_assert_uint_eq(gate.gone_count, 0);
    gate_done(&gate);
}
END_TEST

/* Those of one address leave room for others'. */
START_TEST(of_too_many_of_an_address_some_are_let_go)
{
    static struct gate_pass passes[GATE_GONE_OF_ONE + 2];
    struct gate_pass other = {0};

    gatehouse_open((struct gate_limits){.login_rate = 1});
    for (uint32_t i = 0; i < GATE_GONE_OF_ONE + 2; i++) {
        ck_assert_int_eq(gatehouse_enter(&passes[i], gatehouse_four(1)), 0);
        ck_assert(gate_ask(&gate, &passes[i], 0, now_ms) == (i == 0));
        ck_assert(i == 0 || gate_hung_up(&gate, &passes[i]) == (i <= GATE_GONE_OF_ONE));
    }
    ck_assert_int_eq(gatehouse_enter(&other, gatehouse_four(2)), 0);
    ck_assert(!gate_ask(&gate, &other, 0, now_ms) && gate_hung_up(&gate, &other));
    gatehouse_leave(passes, GATE_GONE_OF_ONE + 2);
    /* Who has no address has no limit of one. */
    for (uint32_t i = 0; i < GATE_GONE_OF_ONE + 2; i++) {
        ck_assert_int_eq(gate_enter(&gate, &passes[i], GATE_NOWHERE, NULL, now_ms), 0);
        ck_assert(!gate_ask(&gate, &passes[i], 0, now_ms) && gate_hung_up(&gate, &passes[i]));
    }
    gatehouse_leave(passes, GATE_GONE_OF_ONE + 2);
    gate_leave(&gate, &other, now_ms);
    ck_assert_uint_eq(gate.gone_count, 0);
    gate_done(&gate);
}
END_TEST

/* One who goes while it waits makes room, and its turn is the next one's. */
START_TEST(who_leaves_does_not_take_a_turn)
{
    struct gate_pass passes[3] = {0};
    struct list granted;

    gatehouse_open((struct gate_limits){.login_rate = 1});
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_int_eq(gatehouse_enter(&passes[i], gatehouse_four(i)), 0);
        ck_assert(gate_ask(&gate, &passes[i], 0, now_ms) == (i == 0));
    }
    gate_leave(&gate, &passes[1], now_ms);
    ck_assert_uint_eq(gate.waiting, 1);
    now_ms += 1000;
    list_init(&granted);
    gate_collect(&gate, 7, now_ms, &granted); /* another worker looks: it is kept for worker 0 */
    ck_assert(list_is_empty(&granted));
    ck_assert_uint_eq(gate.waiting, 0);
    gate_leave(&gate, &passes[2], now_ms); /* its turn has come, and it goes */
    gate_collect(&gate, 0, now_ms, &granted);
    ck_assert(list_is_empty(&granted));
    gate_leave(&gate, &passes[0], now_ms);
    gate_done(&gate);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("net/gate_gone");
    TCase *tests = tcase_create("gate_gone");

    tcase_add_test(tests, who_hangs_up_comes_last);
    tcase_add_test(tests, who_hangs_up_comes_behind_a_crowd);
    tcase_add_test(tests, who_has_hung_up_is_no_connection_of_its_address);
    tcase_add_test(tests, of_too_many_who_hang_up_some_are_let_go);
    tcase_add_test(tests, of_too_many_of_an_address_some_are_let_go);
    tcase_add_test(tests, who_leaves_does_not_take_a_turn);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
