/* SPDX-License-Identifier: MIT */
#include "presence/old_news.h"

#include "support/unit.h"

START_TEST(only_mail_from_before_is_old)
{
    struct old_news *old = NULL;

    ck_assert(!old_news_has(old, 7, 1));
    ck_assert_int_eq(old_news_add(&old, 7, 10, 5), 0);
    ck_assert(old_news_has(old, 7, 6));
    ck_assert(old_news_has(old, 7, 10));
    ck_assert(!old_news_has(old, 7, 11)); /* followed again, and told */
    ck_assert(!old_news_has(old, 8, 6));
    old_news_free(&old);
    ck_assert_ptr_null(old);
}
END_TEST

START_TEST(with_nothing_under_way_nothing_is_kept)
{
    struct old_news *old = NULL;

    ck_assert_int_eq(old_news_add(&old, 7, 5, 5), 0);
    ck_assert_int_eq(old_news_add_all(&old, 5, 5), 0);
    ck_assert_ptr_null(old);
}
END_TEST

START_TEST(a_new_list_makes_everybodys_news_old)
{
    struct old_news *old = NULL;

    ck_assert_int_eq(old_news_add(&old, 7, 10, 5), 0);
    ck_assert_int_eq(old_news_add_all(&old, 12, 5), 0);
    ck_assert(old_news_has(old, 7, 12));
    ck_assert(old_news_has(old, 9, 12));
    ck_assert(!old_news_has(old, 9, 13));
    ck_assert_int_eq(old_news_add(&old, 9, 20, 5), 0);
    ck_assert(old_news_has(old, 9, 20));
    ck_assert(!old_news_has(old, 7, 20));
    ck_assert(old_news_has(old, 7, 12));
    old_news_free(&old);
}
END_TEST

/* However often users are followed and left, only what is under way is kept. */
START_TEST(what_has_passed_is_forgotten)
{
    struct old_news *old = NULL;

    for (uint32_t i = 0; i < 10000; i++)
        ck_assert_int_eq(old_news_add(&old, i, i + 3, i), 0);
    for (uint32_t i = 9998; i < 10000; i++)
        ck_assert(old_news_has(old, i, i + 3));
    old_news_settle(&old, 10001);
    ck_assert_ptr_nonnull(old);
    old_news_settle(&old, 10002);
    ck_assert_ptr_null(old);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("old_news");
    TCase *tests = tcase_create("old_news");

    tcase_add_test(tests, only_mail_from_before_is_old);
    tcase_add_test(tests, with_nothing_under_way_nothing_is_kept);
    tcase_add_test(tests, a_new_list_makes_everybodys_news_old);
    tcase_add_test(tests, what_has_passed_is_forgotten);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
