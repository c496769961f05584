/* SPDX-License-Identifier: MIT
 *
 * Who lists whom where lists are mutual: whoever is listed lists, too, in every scenario that draws a graph for itself. One-sided lists are as long as was
 * asked for.
 */
#include "scenarios/churn.h"
#include "scenarios/idle.h"
#include "scenarios/storm.h"

#include "support/unit.h"

enum { PEOPLE = 300, FRIENDS = 10, FIRST = 5000 };

static struct stage stage;
static struct target target;
static struct plan plan;
static const struct scenario scenario = {.name = "test"};

static void
setup(bool mutual)
{
    plan = (struct plan){.talk = &talk_classic, .sessions = PEOPLE, .friends = FRIENDS, .mutual = mutual, .late_ns = 1000000000, .quiet = true};
    stage = (struct stage){.plan = &plan, .scenario = &scenario, .target = &target, .shares = shares_new(1), .users = 10000, .sessions = PEOPLE};
    stage.random.state = 1;
}

static bool
lists(const struct rows *rows, uint32_t row, uint32_t item)
{
    for (uint32_t i = 0; i < rows_length(rows, row); i++)
        if (rows_at(rows, row)[i] == item)
            return true;
    return false;
}

/* Users `first` and on have the first rows. */
static void
rows_check(const struct rows *rows, uint32_t first, bool mutual)
{
    for (uint32_t row = 0; row < PEOPLE; row++) {
        if (!mutual)
            ck_assert_uint_eq(rows_length(rows, row), FRIENDS);
        for (uint32_t i = 0; mutual && i < rows_length(rows, row); i++) {
            uint32_t friend = rows_at(rows, row)[i] - first;

            ck_assert_uint_lt(friend, PEOPLE);
            ck_assert_uint_ne(friend, row);
            ck_assert(lists(rows, friend, first + row));
        }
    }
    ck_assert_double_eq_tol((double)rows->start[PEOPLE] / PEOPLE, FRIENDS, 0.5);
}

START_TEST(of_idle_sessions)
{
    struct rows rows;

    setup(_i);
    rows_init(&rows);
    idle_lists_draw(&stage, &rows, FIRST, PEOPLE);
    rows_check(&rows, FIRST, _i);
    rows_done(&rows);
}
END_TEST

START_TEST(of_a_storm)
{
    struct storm storm = {.stage = &stage};

    setup(_i);
    stage_hellos(&stage, &storm.hellos);
    storm_people_make(&storm);
    rows_check(&storm.friends, 0, _i);
    for (uint32_t user = 0; user < PEOPLE; user++)
        ck_assert(lists(&storm.friends, PEOPLE + user % STORM_WITNESSES, user));
    storm_people_done(&storm);
}
END_TEST

START_TEST(of_churn)
{
    static struct churn churn;
    uint32_t sum = 0;

    setup(_i);
    churn = (struct churn){.stage = &stage, .people = PEOPLE, .witnesses = 1};
    churn_people_make(&churn);
    for (uint32_t person = 0; person < PEOPLE; person++) {
        const struct person *it = &churn.persons[person];
        uint32_t back = 0;

        sum += it->listed;
        ck_assert_uint_le(person_room(it), churn.room);
        for (uint32_t i = 0; i < it->listed; i++)
            for (uint32_t j = 0; j < it->watchers_count; j++)
                back += it->watchers[j].person == it->friends[i].person;
        if (_i) {
            ck_assert_uint_eq(back, it->listed);
            ck_assert_uint_eq(it->watchers_count, it->listed);
        }
    }
    ck_assert_double_eq_tol((double)sum / PEOPLE, FRIENDS, 0.5);
    churn_people_done(&churn);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("bench/lists");
    TCase *tests = tcase_create("lists");

    tcase_add_loop_test(tests, of_idle_sessions, 0, 2);
    tcase_add_loop_test(tests, of_a_storm, 0, 2);
    tcase_add_loop_test(tests, of_churn, 0, 2);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
