/* SPDX-License-Identifier: MIT
 *
 * Which news may pass which. News of different users may, so that nobody waits for a celebrity's; that of one user never does, also
 * when the user becomes a celebrity or stops to be one while it waits.
 */
#include "support/unit.h"
#include "support/unit/stage.h"

#include <stdio.h>
#include <string.h>

enum {
    STAR = 1,
    FIRST_WATCHER = 1000,
    SMALL = 200, /* watchers of one who is no celebrity */
    MORE = 100   /* with so many more, it is one */
};

static struct actor *watchers[SMALL + MORE];

/* Nothing that they hear from now on has been heard before. */
static void
watchers_come(int from, int to, const char *friends)
{
    for (int i = from; i < to; i++)
        watchers[i] = stage_login(0, FIRST_WATCHER + i, friends);
}

/* Small news of the user waits, with much else before it, when large news of the user comes: that waits behind it. */
START_TEST(one_who_becomes_a_celebrity)
{
    watchers_come(0, SMALL, "1, 2, 3, 4, 5, 6");
    struct actor *star = stage_login(1, STAR, NULL);
    stage_settle();
    for (int i = 0; i < SMALL; i++)
        stage_expect(watchers[i], "+");

    for (int user = 2; user <= 6; user++)
        stage_login(1, user, NULL);
    stage_receive(star, "{\"online\": false}");
    watchers_come(SMALL, SMALL + MORE, "1");
    stage_login(1, STAR, NULL);
    stage_settle();
    for (int i = 0; i < SMALL; i++)
        stage_expect(watchers[i], "+ + + + + - +");
    for (int i = SMALL; i < SMALL + MORE; i++)
        stage_expect(watchers[i], "+");
}
END_TEST

/* The other way round: large news waits, in slices, when small news of the user comes. */
START_TEST(one_who_is_a_celebrity_no_more)
{
    watchers_come(0, SMALL + MORE, "1");
    struct actor *star = stage_login(1, STAR, NULL);
    stage_take_mail(0);
    stage_tell(0);
    for (int i = SMALL; i < SMALL + MORE; i++)
        stage_lose(watchers[i]);
    stage_receive(star, "{\"online\": false}");
    stage_settle();
    for (int i = 0; i < SMALL; i++)
        stage_expect(watchers[i], "+ -");
}
END_TEST

/*
 * Others' news passes that of any number of celebrities. Chance may put one or another of them into a group with a celebrity, but not
 * half of them.
 */
START_TEST(however_many_celebrities_others_pass)
{
    enum { STARS = 300, OTHERS = 40 };
    static char list[STARS * 5 + 1];
    struct actor *friends[OTHERS];
    int passed = 0;
    size_t length = 0;

    for (int star = 1; star <= STARS; star++)
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%d", star > 1 ? ", " : "", star);
    watchers_come(0, SMALL + MORE, list);
    for (int i = 0; i < OTHERS; i++) {
        char friend[16];

        snprintf(friend, sizeof friend, "%d", 2000 + i);
        friends[i] = stage_login(0, 3000 + i, friend);
    }
    for (int star = 1; star <= STARS; star++)
        stage_login(1, star, NULL);
    for (int i = 0; i < OTHERS; i++)
        stage_login(1, 2000 + i, NULL);
    stage_turn(0);
    for (int i = 0; i < OTHERS; i++)
        passed += strcmp(stage_heard(friends[i]), "+") == 0;
    ck_assert_int_ge(passed, OTHERS / 2);
}
END_TEST

static Suite *
news_lanes_suite(void)
{
    Suite *suite = suite_create("news lanes");
    TCase *tests = tcase_create("news lanes");

    tcase_add_checked_fixture(tests, stage_open_two, stage_close);
    tcase_add_test(tests, one_who_becomes_a_celebrity);
    tcase_add_test(tests, one_who_is_a_celebrity_no_more);
    tcase_add_test(tests, however_many_celebrities_others_pass);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(news_lanes_suite());
}
