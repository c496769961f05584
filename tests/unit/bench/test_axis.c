/* SPDX-License-Identifier: MIT
 *
 * Axes: round numbers, everything on them, never too many ticks, for any range.
 */
#include "report/axis.h"

#include "support/unit.h"

#include <math.h>

START_TEST(linear_ticks_are_round)
{
    struct axis axis = axis_linear(38500, 5, true);

    ck_assert_double_eq(axis.high, 40000);
    ck_assert_uint_eq(axis.ticks, 5);
    for (uint32_t i = 0; i < axis.ticks; i++)
        ck_assert_double_eq(axis.tick[i].value, 10000.0 * i);
    ck_assert_double_eq(axis_place(&axis, 20000), 0.5);
    ck_assert_double_eq(axis_place(&axis, -5), 0);
    ck_assert_double_eq(axis_place(&axis, 1e9), 1);
    ck_assert_double_eq(axis_place(&axis, NAN), 0);
    /* Not rounded, it ends where the data end. */
    ck_assert_double_eq(axis_linear(38500, 5, false).high, 38500);
    ck_assert_uint_eq(axis_linear(38500, 5, false).ticks, 4);
}
END_TEST

START_TEST(linear_of_nothing)
{
    const double nothing[] = {0, -3, NAN, INFINITY};

    for (int i = 0; i < 4; i++) {
        struct axis axis = axis_linear(nothing[i], 5, true);

        ck_assert_double_eq(axis.high, 1);
        ck_assert_uint_ge(axis.ticks, 2);
    }
}
END_TEST

START_TEST(linear_of_any_size)
{
    double high = 1e-9;

    for (int i = 0; i < 175; i++) { /* to 1e15 */
        high *= 1.37;

        struct axis axis = axis_linear(high, 5, true);

        ck_assert_double_ge(axis.high, high * 0.999);
        ck_assert_double_le(axis.high, high * 2.001);
        ck_assert_uint_ge(axis.ticks, 3);
        ck_assert_uint_le(axis.ticks, 7);
        ck_assert_double_eq_tol(axis.tick[axis.ticks - 1].value / axis.high, 1, 1e-9);
    }
}
END_TEST

START_TEST(decades)
{
    struct axis axis = axis_logarithmic(300e3, 17e6);

    ck_assert_double_eq(axis.low, 1e5);
    ck_assert_double_eq(axis.high, 1e8);
    ck_assert_uint_eq(axis.ticks, 3 * 9 + 1);
    ck_assert_double_eq(axis.tick[0].value, 1e5);
    ck_assert(axis.tick[0].labelled && !axis.tick[1].labelled && axis.tick[9].labelled);
    ck_assert_double_eq(axis.tick[27].value, 1e8);
    ck_assert_double_eq_tol(axis_place(&axis, 1e6), 1.0 / 3, 1e-9);
    ck_assert_double_eq(axis_place(&axis, 1), 0);
    ck_assert_double_eq(axis_place(&axis, 0), 0);
    ck_assert_double_eq(axis_place(&axis, 1e9), 1);
}
END_TEST

START_TEST(a_single_latency_has_a_decade)
{
    struct axis axis = axis_logarithmic(1e6, 1e6);

    ck_assert_double_eq(axis.low, 1e6);
    ck_assert_double_eq(axis.high, 1e7);
    ck_assert(axis.tick[1].labelled); /* 2 ms: in so few decades there is room */
    ck_assert(!axis.tick[2].labelled);
    ck_assert_double_eq(axis_logarithmic(5e5, 5e5).low, 1e5);
}
END_TEST

/* So many that only the decades themselves are lines. */
START_TEST(a_nanosecond_to_an_hour)
{
    struct axis axis = axis_logarithmic(1, 3.6e12);

    ck_assert_double_eq(axis.high, 1e13);
    ck_assert_uint_eq(axis.ticks, 14);
    for (uint32_t i = 0; i < axis.ticks; i++) {
        ck_assert(axis.tick[i].labelled);
        ck_assert_double_eq_tol(axis_place(&axis, axis.tick[i].value), i / 13.0, 1e-9);
    }
    ck_assert_uint_eq(axis_logarithmic(1, 1e6).ticks, 6 * 9 + 1);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("axis");
    TCase *tests = tcase_create("axis");

    tcase_add_test(tests, linear_ticks_are_round);
    tcase_add_test(tests, linear_of_nothing);
    tcase_add_test(tests, linear_of_any_size);
    tcase_add_test(tests, decades);
    tcase_add_test(tests, a_single_latency_has_a_decade);
    tcase_add_test(tests, a_nanosecond_to_an_hour);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
