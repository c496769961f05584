/* SPDX-License-Identifier: MIT */
#include "base/list.h"

#include "support/unit.h"

struct item {
    int before; /* the link is not the first member, so LIST_ENTRY has something to do */
    struct list link;
    char name;
};

static struct list head;
static struct item a, b, c;

static void
begin(void)
{
    list_init(&head);
    a = (struct item){.name = 'a'};
    b = (struct item){.name = 'b'};
    c = (struct item){.name = 'c'};
}

/* The names in the list, forwards; and backwards they are the same. */
static const char *
names(void)
{
    static char text[8];
    size_t count = 0, back;

    for (struct list *link = head.next; link != &head; link = link->next)
        text[count++] = LIST_ENTRY(link, struct item, link)->name;
    text[count] = '\0';
    back = count;
    for (struct list *link = head.previous; link != &head; link = link->previous)
        ck_assert_int_eq(LIST_ENTRY(link, struct item, link)->name, text[--back]);
    ck_assert_uint_eq(back, 0);
    return text;
}

START_TEST(links_stand_in_the_order_in_which_they_were_appended)
{
    ck_assert(list_is_empty(&head));
    list_append(&head, &a.link);
    list_append(&head, &b.link);
    list_append(&head, &c.link);
    ck_assert(!list_is_empty(&head));
    ck_assert_str_eq(names(), "abc");
}
END_TEST

START_TEST(any_link_can_be_removed)
{
    list_append(&head, &a.link);
    list_append(&head, &b.link);
    list_append(&head, &c.link);
    list_remove(&b.link);
    ck_assert_str_eq(names(), "ac");
    list_remove(&a.link);
    ck_assert_str_eq(names(), "c");
    list_remove(&c.link);
    ck_assert(list_is_empty(&head));
}
END_TEST

START_TEST(a_link_knows_whether_it_is_in_a_list)
{
    ck_assert(!list_is_linked(&a.link));
    list_append(&head, &a.link);
    ck_assert(list_is_linked(&a.link));
    list_remove(&a.link);
    ck_assert(!list_is_linked(&a.link));
}
END_TEST

START_TEST(removing_a_link_that_is_in_no_list_does_nothing)
{
    list_append(&head, &a.link);
    list_remove(&b.link);
    list_remove(&a.link);
    list_remove(&a.link);
    ck_assert(list_is_empty(&head));
}
END_TEST

START_TEST(the_first_is_taken_first)
{
    list_append(&head, &a.link);
    list_append(&head, &b.link);
    ck_assert_ptr_eq(list_take_first(&head), &a.link);
    ck_assert(!list_is_linked(&a.link));
    list_append(&head, &a.link);
    ck_assert_str_eq(names(), "ba");
    ck_assert_ptr_eq(list_take_first(&head), &b.link);
    ck_assert_ptr_eq(list_take_first(&head), &a.link);
    ck_assert_ptr_null(list_take_first(&head));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("list");
    TCase *tests = tcase_create("list");

    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_add_test(tests, links_stand_in_the_order_in_which_they_were_appended);
    tcase_add_test(tests, any_link_can_be_removed);
    tcase_add_test(tests, a_link_knows_whether_it_is_in_a_list);
    tcase_add_test(tests, removing_a_link_that_is_in_no_list_does_nothing);
    tcase_add_test(tests, the_first_is_taken_first);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
