/* SPDX-License-Identifier: MIT */
#include "graph/friend_list.h"

#include "support/faults.h"
#include "support/unit.h"

#include <errno.h>
#include <signal.h>

static struct friend_list list;

static void
begin(void)
{
    list = (struct friend_list){0};
}

static void
end(void)
{
    friend_list_done(&list);
}

START_TEST(an_empty_list_has_no_memory)
{
    ck_assert_ptr_null(friend_list_current(&list));
    ck_assert_ptr_null(friend_list_former(&list));
    friend_list_done(&list);
}
END_TEST

START_TEST(an_entry_is_found_at_the_place_that_was_its_vacancy)
{
    uint32_t places[5];

    ck_assert_int_eq(friend_list_open(&list, 5), 0);
    for (uint32_t i = 0; i < 5; i++) {
        places[i] = friend_list_vacancy(&list);
        friend_list_take(&list, 100 + i);
        friend_list_at(&list, places[i])->position = i;
    }
    for (uint32_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(friend_list_at(&list, places[i])->user, 100 + i);
        ck_assert_uint_eq(friend_list_at(&list, places[i])->position, i);
    }
    ck_assert_uint_eq(friend_list_current(&list)->used, 5);
}
END_TEST

/* While a list is changed, others write positions in both segments: no entry moves. */
START_TEST(opening_a_new_segment_moves_no_entry)
{
    ck_assert_int_eq(friend_list_open(&list, 2), 0);
    uint32_t old_place = friend_list_vacancy(&list);
    friend_list_take(&list, 7);
    const struct listing *old_entry = friend_list_at(&list, old_place);

    ck_assert_int_eq(friend_list_open(&list, 100), 0);
    uint32_t new_place = friend_list_vacancy(&list);
    friend_list_take(&list, 8);

    ck_assert_uint_ne(old_place, new_place);
    ck_assert_ptr_eq(friend_list_at(&list, old_place), old_entry);
    ck_assert_uint_eq(friend_list_at(&list, new_place)->user, 8);
    ck_assert_uint_eq(friend_list_former(&list)->used, 1);
    ck_assert_uint_eq(friend_list_current(&list)->used, 1);

    friend_list_close_former(&list);
    ck_assert_ptr_null(friend_list_former(&list));
    ck_assert_uint_eq(friend_list_at(&list, new_place)->user, 8);
}
END_TEST

START_TEST(segments_take_turns)
{
    uint32_t before = 0;

    for (int change = 0; change < 4; change++) {
        ck_assert_int_eq(friend_list_open(&list, 1), 0);
        uint32_t place = friend_list_vacancy(&list);
        friend_list_take(&list, 1);
        friend_list_close_former(&list);
        ck_assert(change == 0 || (place ^ before) == LIST_SEGMENT_BIT);
        before = place;
    }
}
END_TEST

START_TEST(without_memory_the_list_is_as_before)
{
    ck_assert_int_eq(friend_list_open(&list, 1), 0);
    uint32_t place = friend_list_vacancy(&list);
    friend_list_take(&list, 7);

    faults_allocation(1, 0);
    int error = friend_list_open(&list, 10);
    faults_allocation(0, 0);
    ck_assert_int_eq(error, -ENOMEM);
    ck_assert_uint_eq(friend_list_current(&list)->used, 1);
    ck_assert_uint_eq(friend_list_at(&list, place)->user, 7);
    ck_assert_ptr_null(friend_list_former(&list));
}
END_TEST

START_TEST(more_than_there_is_room_for_cannot_be_taken)
{
    ck_assert_int_eq(friend_list_open(&list, 1), 0);
    friend_list_take(&list, 1);
    friend_list_take(&list, 2);
}
END_TEST

START_TEST(a_third_segment_cannot_be_opened)
{
    ck_assert_int_eq(friend_list_open(&list, 1), 0);
    ck_assert_int_eq(friend_list_open(&list, 1), 0);
    (void)friend_list_open(&list, 1);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("friend_list");
    TCase *tests = tcase_create("friend_list");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, an_empty_list_has_no_memory);
    tcase_add_test(tests, an_entry_is_found_at_the_place_that_was_its_vacancy);
    tcase_add_test(tests, opening_a_new_segment_moves_no_entry);
    tcase_add_test(tests, segments_take_turns);
    tcase_add_test(tests, without_memory_the_list_is_as_before);
    tcase_add_test_raise_signal(tests, more_than_there_is_room_for_cannot_be_taken, SIGABRT);
    tcase_add_test_raise_signal(tests, a_third_segment_cannot_be_opened, SIGABRT);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
