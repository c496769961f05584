/* SPDX-License-Identifier: MIT
 *
 * Stores are found by name; the one called light does nothing and is always there.
 */
#include "store/store.h"

#include "support/unit.h"

START_TEST(light_is_there_and_works)
{
    const struct store *store = store_find("light");
    void *state = &state;

    ck_assert_ptr_eq(store, &store_light);
    ck_assert_int_eq(store->open(&state), 0);
    store->announce(state, (struct user_id){1}, true);
    store->announce(state, (struct user_id){1}, false);
    store->close(state);
}
END_TEST

START_TEST(an_unknown_name_finds_nothing)
{
    ck_assert_ptr_null(store_find("heavy"));
    ck_assert_ptr_null(store_find(""));
    ck_assert_ptr_null(store_find("lightly"));
}
END_TEST

START_TEST(the_names_are_listed_for_an_error_sentence)
{
    char names[64], cut[4] = "???";

    store_names(names, sizeof names);
    ck_assert_str_eq(names, "light");
    store_names(cut, sizeof cut);
    ck_assert_str_eq(cut, "lig");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("store");
    TCase *tcase = tcase_create("store");

    tcase_add_test(tcase, light_is_there_and_works);
    tcase_add_test(tcase, an_unknown_name_finds_nothing);
    tcase_add_test(tcase, the_names_are_listed_for_an_error_sentence);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
