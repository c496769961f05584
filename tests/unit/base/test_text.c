/* SPDX-License-Identifier: MIT
 *
 * That a text is freed with its last reference, and not before, is seen by the builds that look for leaks and for uses after free.
 */
#include "base/text.h"

#include "support/faults.h"
#include "support/unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 1000 };

START_TEST(a_text_is_a_copy)
{
    char bytes[] = "away";
    struct text *text = text_new(bytes, 4);

    bytes[0] = 'X';
    ck_assert_uint_eq(text->length, 4);
    ck_assert_mem_eq(text->bytes, "away", 4);
    text_drop(text);
}
END_TEST

START_TEST(a_text_may_be_empty_and_hold_any_byte)
{
    struct text *empty = text_new("", 0), *nul = text_new("a\0b", 3);

    ck_assert_uint_eq(empty->length, 0);
    ck_assert_uint_eq(nul->length, 3);
    ck_assert(!text_equal(empty, nul));
    text_drop(empty);
    text_drop(nul);
}
END_TEST

START_TEST(it_lives_until_its_last_reference_is_given_up)
{
    struct text *text = text_new("x", 1);

    ck_assert_ptr_eq(text_share(text), text);
    text_drop(text);
    ck_assert_int_eq(text->bytes[0], 'x');
    text_drop(text);
}
END_TEST

START_TEST(no_text_can_be_shared_and_dropped)
{
    ck_assert_ptr_null(text_share(NULL));
    ck_assert_ptr_null(text_release(NULL));
    text_drop(NULL);
}
END_TEST

START_TEST(who_releases_the_last_reference_frees_the_memory)
{
    struct text *text = text_new("x", 1);

    text_share(text);
    ck_assert_ptr_null(text_release(text));
    ck_assert_ptr_eq(text_release(text), text);
    free(text);
}
END_TEST

START_TEST(it_can_be_made_in_memory_that_was_brought_along)
{
    void *memory = malloc(text_size(3));

    ck_assert_ptr_eq(text_place(memory, "abc", 3), memory);
    text_drop(memory);
}
END_TEST

START_TEST(texts_are_equal_by_their_bytes)
{
    struct text *one = text_new("one", 3), *same = text_new("one", 3), *longer = text_new("ones", 4), *other = text_new("two", 3);

    ck_assert(text_equal(one, one) && text_equal(one, same));
    ck_assert(!text_equal(one, longer) && !text_equal(longer, one) && !text_equal(one, other));
    ck_assert(text_equal(NULL, NULL) && !text_equal(one, NULL) && !text_equal(NULL, one));
    text_drop(one);
    text_drop(same);
    text_drop(longer);
    text_drop(other);
}
END_TEST

START_TEST(without_memory_there_is_none)
{
    faults_allocation(1, 0);
    struct text *text = text_new("x", 1);
    faults_allocation(0, 0);
    ck_assert_ptr_null(text);
}
END_TEST

START_TEST(a_reference_too_many_cannot_be_given_up)
{
    _Alignas(struct text) char memory[sizeof(struct text) + 1];
    struct text *text = text_place(memory, "x", 1);

    ck_assert_ptr_eq(text_release(text), text);
    text_release(text);
}
END_TEST

static void *
share_and_drop(void *argument)
{
    struct text *text = argument;

    for (int round = 0; round < ROUNDS; round++) {
        struct text *mine = text_share(text);

        if (mine->bytes[0] == 'a')
            text_drop(mine);
    }
    text_drop(text);
    return NULL;
}

START_TEST(any_thread_may_be_the_last)
{
    struct text *text = text_new("any", 3);
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++) {
        text_share(text);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, share_and_drop, text), 0);
    }
    text_drop(text);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");

    tcase_add_test(tests, a_text_is_a_copy);
    tcase_add_test(tests, a_text_may_be_empty_and_hold_any_byte);
    tcase_add_test(tests, it_lives_until_its_last_reference_is_given_up);
    tcase_add_test(tests, no_text_can_be_shared_and_dropped);
    tcase_add_test(tests, who_releases_the_last_reference_frees_the_memory);
    tcase_add_test(tests, it_can_be_made_in_memory_that_was_brought_along);
    tcase_add_test(tests, texts_are_equal_by_their_bytes);
    tcase_add_test(tests, without_memory_there_is_none);
    tcase_add_test_raise_signal(tests, a_reference_too_many_cannot_be_given_up, SIGABRT);
    tcase_add_test(tests, any_thread_may_be_the_last);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
