/* SPDX-License-Identifier: MIT
 *
 * What is told by name is held against the truth: what is told twice, of a change that was not ordered, or not in the end, is seen; what was undone may
 * be left out.
 */
#include "load/belief.h"

#include "support/unit.h"

static struct belief_truth truth;
static struct belief belief;

static void
setup(void)
{
    truth = (struct belief_truth){.changes = 0};
    belief = (struct belief){.told = 0};
    ck_assert(belief_begin(&belief, false, 0, &truth));
}

START_TEST(each_change_is_told_once)
{
    for (int i = 0; i < 10; i++) {
        belief_change(&truth);
        ck_assert(belief_hear(&belief, truth.online, &truth));
        ck_assert(belief.online == truth.online);
    }
}
END_TEST

START_TEST(what_was_not_told_is_not_believed)
{
    belief_change(&truth);
    ck_assert(belief.online != truth.online);
}
END_TEST

START_TEST(what_is_told_twice_is_seen)
{
    belief_change(&truth);
    ck_assert(belief_hear(&belief, true, &truth));
    ck_assert(!belief_hear(&belief, true, &truth));
}
END_TEST

START_TEST(what_has_not_happened_must_not_be_told)
{
    ck_assert(!belief_hear(&belief, true, &truth));
}
END_TEST

START_TEST(the_state_that_it_knows_must_not_be_told)
{
    belief_change(&truth);
    ck_assert(!belief_hear(&belief, false, &truth));
}
END_TEST

START_TEST(nobody_may_be_told_before_it_follows)
{
    belief = (struct belief){.told = 0};
    belief_change(&truth);
    ck_assert(!belief_hear(&belief, true, &truth));
}
END_TEST

START_TEST(what_was_undone_may_be_left_out)
{
    for (int i = 0; i < 3; i++)
        belief_change(&truth);
    ck_assert(belief_hear(&belief, true, &truth)); /* of the first or the third of three */
    ck_assert(belief.online == truth.online);
}
END_TEST

START_TEST(a_later_departure_may_follow_an_earlier_one)
{
    belief_change(&truth);
    ck_assert(belief_hear(&belief, true, &truth));
    belief_change(&truth);
    belief_change(&truth);
    ck_assert(belief_hear(&belief, true, &truth)); /* it left and came again */
    ck_assert(!belief_hear(&belief, true, &truth));
}
END_TEST

/* It was asked when the first of two changes had been ordered and nobody knew whether it had happened. */
START_TEST(an_answer_holds_what_could_be_so)
{
    belief_change(&truth);
    ck_assert(belief_begin(&belief, false, 0, &truth)); /* before the first */
    ck_assert(belief_hear(&belief, true, &truth));
    ck_assert(belief_begin(&belief, true, 0, &truth)); /* after it */
    ck_assert(!belief_hear(&belief, true, &truth));
    ck_assert(belief_begin(&belief, true, 1, &truth));
    ck_assert(!belief_begin(&belief, false, 1, &truth)); /* it had happened, and nothing after it */
    belief_change(&truth);
    ck_assert(belief_begin(&belief, false, 1, &truth));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("bench/belief");
    TCase *tests = tcase_create("belief");

    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, each_change_is_told_once);
    tcase_add_test(tests, what_was_not_told_is_not_believed);
    tcase_add_test(tests, what_is_told_twice_is_seen);
    tcase_add_test(tests, what_has_not_happened_must_not_be_told);
    tcase_add_test(tests, the_state_that_it_knows_must_not_be_told);
    tcase_add_test(tests, nobody_may_be_told_before_it_follows);
    tcase_add_test(tests, what_was_undone_may_be_left_out);
    tcase_add_test(tests, a_later_departure_may_follow_an_earlier_one);
    tcase_add_test(tests, an_answer_holds_what_could_be_so);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
