/* SPDX-License-Identifier: MIT
 *
 * That an audience is freed with its last part, and not before, is seen by the builds that look for leaks and for uses after free.
 */
#include "graph/audience.h"

#include "support/faults.h"
#include "support/unit.h"

#include <pthread.h>
#include <signal.h>

enum { WORKERS = 4 };

START_TEST(a_new_audience_has_room_and_nobody_in_it)
{
    struct audience *audience = audience_new(WORKERS, 100);

    ck_assert_ptr_nonnull(audience);
    ck_assert_uint_eq(audience->capacity, 100);
    ck_assert_uint_eq(audience->part_count, WORKERS);
    for (uint32_t worker = 0; worker < WORKERS; worker++) {
        ck_assert_ptr_eq(audience->parts[worker].audience, audience);
        ck_assert_uint_eq(audience->parts[worker].count, 0);
        ck_assert_uint_eq(audience->parts[worker].told, 0);
        ck_assert_ptr_eq(audience_part_of(&audience->parts[worker].mail), &audience->parts[worker]);
    }
    for (uint32_t i = 0; i < 100; i++)
        audience->handles[i] = handle_of(1, i, 1);
    audience_free(audience);
    audience_free(NULL);
}
END_TEST

START_TEST(an_audience_may_be_empty)
{
    struct audience *audience = audience_new(1, 0);

    ck_assert_ptr_nonnull(audience);
    audience_free(audience);
}
END_TEST

START_TEST(without_memory_there_is_none)
{
    faults_allocation(1, 0);
    struct audience *audience = audience_new(WORKERS, 100);
    faults_allocation(0, 0);
    ck_assert_ptr_null(audience);
    ck_assert_ptr_null(audience_new(WORKERS, SIZE_MAX / sizeof(struct handle)));
}
END_TEST

START_TEST(it_lives_until_its_last_part_is_done)
{
    struct audience *audience = audience_new(WORKERS, 10);

    atomic_store(&audience->unfinished, 3);
    audience_part_done(&audience->parts[2]);
    audience_part_done(&audience->parts[0]);
    audience->handles[0] = handle_of(1, 2, 3);
    ck_assert_uint_eq(atomic_load(&audience->unfinished), 1);
    audience_part_done(&audience->parts[3]);
}
END_TEST

START_TEST(its_texts_live_as_long_as_it_does)
{
    struct audience *audience = audience_new(WORKERS, 10);
    struct text *name = text_new("name", 4), *status = text_new("away", 4);

    audience->transition = (struct transition){.user = {.name = text_share(name)}, .status = text_share(status)};
    atomic_store(&audience->unfinished, 2);
    audience_part_done(&audience->parts[0]);
    ck_assert_ptr_null(text_release(name));
    ck_assert_ptr_null(text_release(status));
    ck_assert_mem_eq(audience->transition.user.name->bytes, "name", 4);
    ck_assert_mem_eq(audience->transition.status->bytes, "away", 4);
    audience_part_done(&audience->parts[1]);
}
END_TEST

/* What a worker wrote into its part before it was done must not come after the free that another worker does. */
static void *
finish_part(void *argument)
{
    struct audience_part *part = argument;

    part->told = part->count;
    audience_part_done(part);
    return NULL;
}

START_TEST(any_worker_may_be_the_last)
{
    for (int round = 0; round < 200; round++) {
        struct audience *audience = audience_new(WORKERS, 10);
        pthread_t threads[WORKERS];

        atomic_store(&audience->unfinished, WORKERS);
        for (int i = 0; i < WORKERS; i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, finish_part, &audience->parts[i]), 0);
        for (int i = 0; i < WORKERS; i++)
            ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
}
END_TEST

START_TEST(a_part_too_many_cannot_be_done)
{
    struct audience *audience = audience_new(WORKERS, 10);

    atomic_store(&audience->unfinished, 0);
    audience_part_done(&audience->parts[0]);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("audience");
    TCase *tests = tcase_create("audience");

    tcase_add_test(tests, a_new_audience_has_room_and_nobody_in_it);
    tcase_add_test(tests, an_audience_may_be_empty);
    tcase_add_test(tests, without_memory_there_is_none);
    tcase_add_test(tests, it_lives_until_its_last_part_is_done);
    tcase_add_test(tests, its_texts_live_as_long_as_it_does);
    tcase_add_test(tests, any_worker_may_be_the_last);
    tcase_add_test_raise_signal(tests, a_part_too_many_cannot_be_done, SIGABRT);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
