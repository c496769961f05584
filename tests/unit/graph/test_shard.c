/* SPDX-License-Identifier: MIT */
#include "graph/shard.h"

#include "support/faults.h"
#include "support/unit.h"
#include "support/unit/require.h"

#include <errno.h>

enum { NUMBER = 200, MANY = 5000 };

static struct shard shard;

/* The mutex is held all the time: only what is under it is tested here. */
static void
begin(void)
{
    shard_init(&shard, NUMBER);
    mutex_lock(&shard.mutex);
}

static void
end(void)
{
    mutex_unlock(&shard.mutex);
    shard_done(&shard);
}

static struct user_id
id_of(int64_t number)
{
    return (struct user_id){.number = number};
}

/* Few different hashes, so that buckets hold several users. */
static uint64_t
hash_of(int64_t number)
{
    return (uint64_t)number / 4;
}

static uint32_t
find(int64_t number)
{
    return shard_find(&shard, hash_of(number), id_of(number));
}

static uint32_t
add(int64_t number)
{
    struct spare spare = {0};
    uint32_t index;

    while ((index = shard_find_or_add(&shard, hash_of(number), id_of(number), &spare)) == SLOTS_NONE)
        REQUIRE(spare_refill(&spare) == 0, "no memory");
    spare_done(&spare);
    return index;
}

static void
remove_if_unused(uint32_t index)
{
    struct spare spare = {0};

    shard_remove_if_unused(&shard, index, &spare);
    spare_done(&spare);
}

START_TEST(a_user_that_was_added_is_found)
{
    static uint32_t indices[MANY];

    ck_assert_uint_eq(find(1), SLOTS_NONE);
    for (int64_t number = 0; number < MANY; number++)
        indices[number] = add(number);
    for (int64_t number = 0; number < MANY; number++) {
        ck_assert_uint_eq(find(number), indices[number]);
        ck_assert_uint_eq(add(number), indices[number]);
        ck_assert_int_eq(shard_user(&shard, indices[number])->id.number, number);
    }
    ck_assert_uint_eq(find(MANY), SLOTS_NONE);
    ck_assert_uint_eq(shard.users.count, MANY);
}
END_TEST

START_TEST(an_index_names_the_shard_too)
{
    ck_assert_uint_eq(add(7) >> SHARD_SLOT_BITS, NUMBER);
}
END_TEST

START_TEST(a_new_user_is_offline_and_unwatched)
{
    const struct user *user = shard_user(&shard, add(7));

    ck_assert_uint_eq(user_sessions(user), SLOTS_NONE);
    ck_assert_uint_eq(user->watchers.count, 0);
}
END_TEST

START_TEST(a_user_stays_where_it_is_while_others_come_and_go)
{
    uint32_t index = add(-1);
    const struct user *user = shard_user(&shard, index);

    user_set_sessions(shard_user(&shard, index), 5);
    for (int64_t number = 0; number < MANY; number++)
        add(number);
    for (int64_t number = 0; number < MANY; number++)
        remove_if_unused(find(number));
    ck_assert_ptr_eq(shard_user(&shard, find(-1)), user);
    ck_assert_uint_eq(shard.users.count, 1);
    user_set_sessions(shard_user(&shard, index), SLOTS_NONE);
    remove_if_unused(index);
}
END_TEST

START_TEST(a_user_with_a_session_or_a_watcher_is_not_removed)
{
    uint32_t online = add(1), watched = add(2), neither = add(3);
    struct spare spare = {0};
    uint32_t position;

    user_set_sessions(shard_user(&shard, online), 0);
    while (!watchers_add(&shard_user(&shard, watched)->watchers, (struct watcher){.member = 1}, &position, &spare))
        ck_assert_int_eq(spare_refill(&spare), 0);
    spare_done(&spare);
    remove_if_unused(online);
    remove_if_unused(watched);
    remove_if_unused(neither);
    ck_assert_uint_eq(find(1), online);
    ck_assert_uint_eq(find(2), watched);
    ck_assert_uint_eq(find(3), SLOTS_NONE);
}
END_TEST

START_TEST(a_name_is_copied_and_kept_as_long_as_somebody_holds_it)
{
    struct text *name = text_new("name", 4), *kept;
    struct spare spare = {0};
    uint32_t index;

    while ((index = shard_find_or_add(&shard, 5, (struct user_id){.name = name}, &spare)) == SLOTS_NONE)
        ck_assert_int_eq(spare_refill(&spare), 0);
    kept = shard_user(&shard, index)->id.name;
    ck_assert_ptr_ne(kept, name);
    ck_assert_uint_eq(shard_find(&shard, 5, (struct user_id){.name = name}), index);
    ck_assert_uint_eq(shard_find(&shard, 5, id_of(0)), SLOTS_NONE);
    text_share(kept);
    shard_remove_if_unused(&shard, index, &spare);
    spare_done(&spare);
    ck_assert(text_equal(kept, name));
    text_drop(kept);
    text_drop(name);
}
END_TEST

START_TEST(all_memory_goes_with_the_last_user)
{
    for (int64_t number = 0; number < MANY; number++)
        add(number);
    for (int64_t number = MANY - 1; number >= 0; number--)
        remove_if_unused(find((number * 7) % MANY));
    ck_assert_uint_eq(shard.users.count, 0);
    ck_assert_ptr_null(shard.buckets);
    for (int segment = 0; segment < SLOTS_SEGMENTS; segment++)
        ck_assert_ptr_null(shard.users.segments[segment]);
    ck_assert_uint_ne(add(1), SLOTS_NONE);
}
END_TEST

/* Every other one has a name. */
START_TEST(without_memory_there_is_no_user_and_the_others_stay)
{
    for (int64_t number = 0; number < 300; number++) {
        struct text *name = number % 2 == 0 ? NULL : text_new((const char *)&number, sizeof number);
        struct user_id id = {.number = name == NULL ? number : 0, .name = name};
        struct spare spare = {0};

        while (shard_find_or_add(&shard, hash_of(number), id, &spare) == SLOTS_NONE) {
            ck_assert_uint_eq(shard_find(&shard, hash_of(number), id), SLOTS_NONE);
            for (int64_t other = 0; other < number; other += 2)
                REQUIRE(find(other) != SLOTS_NONE, "user %lld", (long long)other);
            faults_allocation(1, 0);
            int error = spare_refill(&spare);
            faults_allocation(0, 0);
            ck_assert_int_eq(error, -ENOMEM);
            ck_assert_uint_eq(shard_find_or_add(&shard, hash_of(number), id, &spare), SLOTS_NONE);
            ck_assert_int_eq(spare_refill(&spare), 0);
        }
        text_drop(name);
        spare_done(&spare);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("shard");
    TCase *tests = tcase_create("shard");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, a_user_that_was_added_is_found);
    tcase_add_test(tests, an_index_names_the_shard_too);
    tcase_add_test(tests, a_new_user_is_offline_and_unwatched);
    tcase_add_test(tests, a_user_stays_where_it_is_while_others_come_and_go);
    tcase_add_test(tests, a_user_with_a_session_or_a_watcher_is_not_removed);
    tcase_add_test(tests, a_name_is_copied_and_kept_as_long_as_somebody_holds_it);
    tcase_add_test(tests, all_memory_goes_with_the_last_user);
    tcase_add_test(tests, without_memory_there_is_no_user_and_the_others_stay);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
