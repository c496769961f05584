/* SPDX-License-Identifier: MIT */
#include "net/holds.h"

#include "support/unit.h"

#include <stdlib.h>

enum { MANY = 2000, BEGIN_MS = 1234567 };

static struct holds holds;
static uint64_t now_ms;

static uint32_t
below(uint32_t bound)
{
    return (uint32_t)lrand48() % bound;
}

static void
begin(void)
{
    holds_init(&holds);
    now_ms = BEGIN_MS;
}

/* Lets a tick pass, or several at once, and expects that exactly those are taken whose time has come. Returns how many were looked at. */
static uint32_t
tick(struct hold *waiting, uint32_t count, uint64_t passed_ms)
{
    struct list due, *link;
    uint32_t looks, taken = 0, expected = 0;

    for (uint32_t i = 0; i < count; i++)
        expected += hold_waits(&waiting[i]) && waiting[i].until_ms <= now_ms + passed_ms;
    now_ms += passed_ms;
    list_init(&due);
    looks = holds_take_due(&holds, now_ms, &due);
    while ((link = list_take_first(&due)) != NULL) {
        ck_assert_uint_le(LIST_ENTRY(link, struct hold, link)->until_ms, now_ms);
        taken++;
    }
    /* What fell due within the tick that has begun may be taken with the next one. */
    for (uint32_t i = 0; i < count; i++)
        if (hold_waits(&waiting[i]) && waiting[i].until_ms <= now_ms) {
            ck_assert_uint_gt(waiting[i].until_ms, now_ms / HOLDS_TICK_MS * HOLDS_TICK_MS);
            taken++;
        }
    ck_assert_uint_eq(taken, expected);
    return looks;
}

/* Also when they are moved or taken back meanwhile, and when a tick comes late. */
START_TEST(each_goes_on_when_its_time_has_come)
{
    static struct hold waiting[MANY];

    begin();
    srand48(_i);
    for (int round = 0; round < 400; round++) {
        for (int i = 0; i < 20; i++) {
            struct hold *hold = &waiting[below(MANY)];

            if (below(4) == 0)
                holds_remove(&holds, hold);
            else
                holds_add(&holds, hold, now_ms + below(1U << below(16)), now_ms);
        }
        (void)tick(waiting, MANY, below(20) == 0 ? below(3000) : HOLDS_TICK_MS);
    }
    for (int i = 0; i < 20 && holds.count > 0; i++)
        (void)tick(waiting, MANY, 1 << 14);
    ck_assert_uint_eq(holds.count, 0);
}
END_TEST

/* A tick costs what falls due and no more: each is looked at as often as its time can be halved, and not once a tick. */
START_TEST(who_waits_for_long_is_seldom_looked_at)
{
    enum { WAIT_S = 1000, TICKS = WAIT_S * 100 };
    static struct hold waiting[MANY];
    uint32_t looks = 0;

    begin();
    for (uint32_t i = 0; i < MANY; i++)
        holds_add(&holds, &waiting[i], now_ms + WAIT_S * 1000 - i, now_ms);
    for (int i = 0; i <= TICKS + 1 && holds.count > 0; i++) {
        struct list due;

        list_init(&due);
        now_ms += HOLDS_TICK_MS;
        looks += holds_take_due(&holds, now_ms, &due);
        while (list_take_first(&due) != NULL)
            ;
    }
    ck_assert_uint_eq(holds.count, 0);
    ck_assert_uint_le(looks, 20 * MANY);
}
END_TEST

START_TEST(all_can_be_taken_at_once)
{
    static struct hold waiting[MANY];
    struct list all;
    uint32_t count = 0;

    begin();
    for (uint32_t i = 0; i < MANY; i++)
        holds_add(&holds, &waiting[i], now_ms + ((uint64_t)1 << i % 63), now_ms);
    list_init(&all);
    holds_take_all(&holds, &all);
    ck_assert_uint_eq(holds.count, 0);
    while (list_take_first(&all) != NULL)
        count++;
    ck_assert_uint_eq(count, MANY);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("net/holds");
    TCase *tests = tcase_create("holds");

    tcase_add_loop_test(tests, each_goes_on_when_its_time_has_come, 0, 5);
    tcase_add_test(tests, who_waits_for_long_is_seldom_looked_at);
    tcase_add_test(tests, all_can_be_taken_at_once);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
