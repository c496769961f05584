/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "support/unit.h"

#include <string.h>

START_TEST(light_is_there_and_others_are_not)
{
    ck_assert_ptr_eq(store_find("light"), &store_light);
    ck_assert_str_eq(store_light.name, "light");
    ck_assert_uint_gt(strlen(store_light.summary), 0);
    ck_assert_ptr_null(store_find("redis"));
    ck_assert_ptr_null(store_find("Light"));
    ck_assert_ptr_null(store_find("ligh"));
    ck_assert_ptr_null(store_find(""));
}
END_TEST

START_TEST(names_are_listed_as_far_as_there_is_room)
{
    char text[32];

    memset(text, '#', sizeof text);
    store_names(text, sizeof text);
    ck_assert_str_eq(text, "light");
    store_names(text, 4);
    ck_assert_str_eq(text, "lig");
    ck_assert_int_eq(text[4], 't'); /* nothing is written beyond */
    store_names(text, 1);
    ck_assert_str_eq(text, "");
    memset(text, '#', sizeof text);
    store_names(text, 0);
    ck_assert_int_eq(text[0], '#');
}
END_TEST

START_TEST(light_keeps_nothing)
{
    void *state = &state;

    ck_assert_int_eq(store_light.open(&state), 0);
    ck_assert_ptr_null(state);
    store_light.announce(state, (struct user_id){.number = 1}, true);
    store_light.announce(state, (struct user_id){.number = 1}, false);
    store_light.close(state);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("store");
    TCase *tests = tcase_create("store");

    tcase_add_test(tests, light_is_there_and_others_are_not);
    tcase_add_test(tests, names_are_listed_as_far_as_there_is_room);
    tcase_add_test(tests, light_keeps_nothing);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
