/* SPDX-License-Identifier: MIT
 *
 * Friend graphs: the same for the same seed, lists without doubles, popularity by Zipf's law, mutual where that was asked for.
 */
#include "load/draw.h"

#include "support/unit.h"
#include "support/unit/require.h"

#include <math.h>
#include <stdlib.h>

enum { USERS = 1000, FRIENDS = 20 };

static void
graph_draw(struct rows *rows, uint64_t seed, enum plan_graph graph)
{
    struct random random = {.state = seed};

    rows_init(rows);
    for (uint32_t user = 0; user < USERS; user++) {
        draw_row(rows, &random, graph, FRIENDS, 0, USERS, user);
        ck_assert_uint_eq(rows_end(rows), user);
    }
}

static bool
row_has(const struct rows *rows, uint32_t row, uint32_t item)
{
    for (uint32_t i = 0; i < rows_length(rows, row); i++)
        if (rows_at(rows, row)[i] == item)
            return true;
    return false;
}

START_TEST(a_seed_makes_one_graph)
{
    struct rows one, same, other;
    uint32_t differing = 0;

    graph_draw(&one, 7, (enum plan_graph)_i);
    graph_draw(&same, 7, (enum plan_graph)_i);
    graph_draw(&other, 8, (enum plan_graph)_i);
    for (uint32_t i = 0; i < USERS * FRIENDS; i++) {
        REQUIRE(one.items[i] == same.items[i], "item %u", i);
        differing += one.items[i] != other.items[i];
    }
    ck_assert_uint_gt(differing, USERS * FRIENDS / 2);
    rows_done(&one);
    rows_done(&same);
    rows_done(&other);
}
END_TEST

START_TEST(a_list_has_nobody_twice_and_not_its_owner)
{
    struct rows rows;

    graph_draw(&rows, 1, (enum plan_graph)_i);
    for (uint32_t user = 0; user < USERS; user++) {
        ck_assert_uint_eq(rows_length(&rows, user), FRIENDS);
        for (uint32_t i = 0; i < FRIENDS; i++) {
            REQUIRE(rows_at(&rows, user)[i] < USERS && rows_at(&rows, user)[i] != user, "user %u", user);
            for (uint32_t j = 0; j < i; j++)
                REQUIRE(rows_at(&rows, user)[i] != rows_at(&rows, user)[j], "user %u", user);
        }
    }
    rows_done(&rows);
}
END_TEST

/* Lists of nearly everybody, in rows whose items have been marked for other rows before; by hand, that is quadratic. */
START_TEST(a_row_knows_what_it_holds)
{
    struct rows rows;

    rows_init(&rows);
    for (uint32_t row = 0; row < 3; row++) {
        for (uint32_t item = row; item < USERS * 4; item += 2) {
            REQUIRE(!rows_has(&rows, item), "row %u, item %u", row, item);
            rows_put(&rows, item);
            REQUIRE(rows_has(&rows, item) && !rows_has(&rows, item + 1), "row %u, item %u", row, item);
        }
        rows_end(&rows);
        REQUIRE(!rows_has(&rows, row), "row %u", row);
    }
    ck_assert(!rows_has(&rows, UINT32_MAX));
    rows_done(&rows);
}
END_TEST

static int
counts_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x < y) - (x > y);
}

/* How often each number was drawn, most often first. */
static void
counts_draw(enum plan_graph graph, uint32_t draws, uint32_t counts[USERS])
{
    struct random random = {.state = 5};

    for (uint32_t i = 0; i < draws; i++) {
        uint32_t drawn = draw_one(&random, graph, 100, USERS);

        REQUIRE(drawn >= 100 && drawn < 100 + USERS, "%u", drawn);
        counts[drawn - 100]++;
    }
    qsort(counts, USERS, sizeof counts[0], counts_compare);
}

/* The r-th is drawn with the probability ln(1 + 1/r) / ln(USERS + 1), which is nearly 1/r of what makes the sum 1. */
START_TEST(zipf_makes_few_popular)
{
    enum { DRAWS = 1000000 };
    uint32_t counts[USERS] = {0};
    static const uint32_t ranks[] = {1, 2, 3, 10, 50, 100};

    counts_draw(PLAN_ZIPF, DRAWS, counts);
    for (size_t i = 0; i < sizeof ranks / sizeof ranks[0]; i++) {
        double expected = DRAWS * log(1 + 1.0 / ranks[i]) / log(USERS + 1);

        ck_assert_double_eq_tol(counts[ranks[i] - 1], expected, expected * 0.1);
    }
    ck_assert_uint_gt(counts[USERS - 1], 0); /* everybody can be drawn */
}
END_TEST

START_TEST(uniform_makes_all_alike)
{
    uint32_t counts[USERS] = {0};

    counts_draw(PLAN_UNIFORM, 1000000, counts);
    ck_assert_uint_lt(counts[0], 1200);
    ck_assert_uint_gt(counts[USERS - 1], 800);
}
END_TEST

START_TEST(mutual_lists_answer_each_other)
{
    struct rows rows;

    graph_draw(&rows, 3, (enum plan_graph)_i);
    draw_mutual(&rows, USERS - 1); /* the last one lists nobody back */
    ck_assert_uint_eq(rows.count, USERS);
    for (uint32_t user = 0; user < USERS; user++) {
        for (uint32_t i = 0; i < rows_length(&rows, user); i++) {
            uint32_t friend = rows_at(&rows, user)[i];

            REQUIRE(friend == USERS - 1 || user == USERS - 1 || row_has(&rows, friend, user), "user %u", user);
            for (uint32_t j = 0; j < i; j++)
                REQUIRE(friend != rows_at(&rows, user)[j], "user %u", user);
        }
    }
    ck_assert_uint_eq(rows_length(&rows, USERS - 1), FRIENDS);
    rows_done(&rows);
}
END_TEST

START_TEST(reversed_rows_hold_who_holds)
{
    struct rows rows, reversed;
    uint32_t items = 0;

    graph_draw(&rows, 11, PLAN_ZIPF);
    rows_init(&reversed);
    rows_reverse(&rows, USERS, &reversed);
    for (uint32_t user = 0; user < USERS; user++) {
        for (uint32_t i = 0; i < rows_length(&reversed, user); i++)
            REQUIRE(row_has(&rows, rows_at(&reversed, user)[i], user), "user %u", user);
        items += rows_length(&reversed, user);
    }
    ck_assert_uint_eq(items, USERS * FRIENDS);
    rows_put(&reversed, 1); /* and rows can be added to them */
    ck_assert_uint_eq(rows_end(&reversed), USERS);
    ck_assert_uint_eq(rows_length(&reversed, USERS), 1);
    rows_done(&rows);
    rows_done(&reversed);
}
END_TEST

START_TEST(too_small_a_population_is_refused)
{
    struct rows rows;
    struct random random = {.state = 1};

    rows_init(&rows);
    draw_row(&rows, &random, PLAN_UNIFORM, 5, 0, 5, 9);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("bench/draw");
    TCase *tests = tcase_create("draw");

    tcase_add_loop_test(tests, a_seed_makes_one_graph, PLAN_UNIFORM, PLAN_ZIPF + 1);
    tcase_add_loop_test(tests, a_list_has_nobody_twice_and_not_its_owner, PLAN_UNIFORM, PLAN_ZIPF + 1);
    tcase_add_test(tests, a_row_knows_what_it_holds);
    tcase_add_test(tests, zipf_makes_few_popular);
    tcase_add_test(tests, uniform_makes_all_alike);
    tcase_add_loop_test(tests, mutual_lists_answer_each_other, PLAN_UNIFORM, PLAN_ZIPF + 1);
    tcase_add_test(tests, reversed_rows_hold_who_holds);
    tcase_add_exit_test(tests, too_small_a_population_is_refused, 2);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
