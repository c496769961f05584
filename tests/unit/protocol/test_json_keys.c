/* SPDX-License-Identifier: MIT */
#include "protocol/json_keys.h"

#include "base/hash.h"

#include "support/faults.h"
#include "support/pace.h"
#include "support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MANY = 30000 };

static struct json_keys keys;

static void
set_up(void)
{
    json_keys_init(&keys);
}

static void
tear_down(void)
{
    json_keys_done(&keys);
}

/* Adds a key to the object whose first key is number `first`; it stands at `at`. */
static int
add(uint32_t first, const char *name, uint32_t at, struct json_key *twin)
{
    return json_keys_add(&keys, first, name, strlen(name), (struct json_key){.at = at, .length = (uint32_t)strlen(name) + 2}, twin);
}

static int
add_number(uint32_t first, unsigned number, struct json_key *twin)
{
    char name[16];

    snprintf(name, sizeof name, "%x", number);
    return add(first, name, number, twin);
}

START_TEST(a_key_that_comes_twice_is_told_and_where_it_was)
{
    struct json_key twin;

    ck_assert_int_eq(add(0, "a", 10, &twin), 0);
    ck_assert_int_eq(add(0, "", 20, &twin), 0);
    ck_assert_int_eq(add(0, "A", 30, &twin), 0);
    ck_assert_int_eq(add(0, "aa", 40, &twin), 0);
    ck_assert_int_eq(add(0, "", 50, &twin), -EEXIST);
    ck_assert_uint_eq(twin.at, 20);
    ck_assert_uint_eq(twin.length, 2);
    ck_assert_int_eq(add(0, "aa", 60, &twin), -EEXIST);
    ck_assert_uint_eq(twin.at, 40);
    ck_assert_uint_eq(twin.length, 4);
    ck_assert_uint_eq(keys.count, 4);
}
END_TEST

START_TEST(objects_within_each_other_may_have_the_same_keys)
{
    enum { LEVELS = 60 };
    struct json_key twin;

    for (uint32_t level = 0; level < LEVELS; level++) {
        ck_assert_int_eq(add(2 * level, "a", level, &twin), 0);
        ck_assert_int_eq(add(2 * level, "b", level, &twin), 0);
    }
    for (uint32_t level = LEVELS; level-- > 0;) {
        ck_assert_int_eq(add(2 * level, "a", 100, &twin), -EEXIST);
        ck_assert_uint_eq(twin.at, level);
        json_keys_drop(&keys, 2 * level);
        ck_assert_uint_eq(keys.count, 2 * level);
    }
    ck_assert_int_eq(add(0, "a", 0, &twin), 0);
}
END_TEST

START_TEST(an_object_may_have_very_many_keys)
{
    struct json_key twin;

    for (unsigned round = 0; round < 2; round++) {
        ck_assert_int_eq(add(0, "outer", 7, &twin), 0);
        for (unsigned i = 0; i < MANY; i++)
            ck_assert_int_eq(add_number(1, i, &twin), 0);
        for (unsigned i = 0; i < MANY; i++) {
            ck_assert_int_eq(add_number(1, i, &twin), -EEXIST);
            ck_assert_uint_eq(twin.at, i);
        }
        ck_assert_int_eq(add(1, "outer", 8, &twin), 0);
        json_keys_drop(&keys, 1);
        ck_assert_int_eq(add(0, "outer", 9, &twin), -EEXIST);
        ck_assert_uint_eq(twin.at, 7);
        json_keys_drop(&keys, 0);
    }
}
END_TEST

/* Closing an object leaves nothing behind, or the slots would fill up. */
START_TEST(very_many_objects_one_after_the_other_need_no_memory)
{
    struct json_key twin;

    faults_allocation(0, 0);
    ck_assert_int_eq(add(0, "outer", 7, &twin), 0);
    for (unsigned i = 0; i < MANY; i++) {
        if (add_number(1, i, &twin) != 0 || add_number(1, i + 1, &twin) != 0)
            ck_abort_msg("key %u is there already", i);
        json_keys_drop(&keys, 1);
    }
    ck_assert(keys.keys == keys.first_keys && keys.slots == keys.first_slots);
    for (uint32_t i = 0, used = 0; i < 2 * JSON_KEYS_FIRST; i++) {
        used += keys.slots[i] != UINT32_MAX;
        ck_assert_uint_le(used, 1);
    }
}
END_TEST

START_TEST(want_of_memory_is_told_and_leaves_the_keys_as_they_are)
{
    struct json_key twin;

    for (unsigned i = 0; i < JSON_KEYS_FIRST; i++)
        ck_assert_int_eq(add_number(0, i, &twin), 0);
    for (int nth = 1; nth <= 2; nth++) {
        faults_allocation(nth, 0);

        int result = add_number(0, JSON_KEYS_FIRST, &twin);

        faults_allocation(0, 0);
        ck_assert_int_eq(result, -ENOMEM);
    }
    ck_assert_int_eq(add_number(0, JSON_KEYS_FIRST, &twin), 0);
    for (unsigned i = 0; i <= JSON_KEYS_FIRST; i++)
        ck_assert_int_eq(add_number(0, i, &twin), -EEXIST);
}
END_TEST

/* Nobody can choose keys that collide: where one falls depends on a secret, which is another one each time. */
START_TEST(the_hash_is_of_a_secret)
{
    static const struct hash_key known = {{0, 0}};
    struct json_key twin;
    uint64_t before;

    ck_assert_int_eq(add(0, "user_id", 0, &twin), 0);
    before = keys.keys[0].hash;
    ck_assert_uint_ne(before, hash_bytes(&known, "user_id", 7));
    json_keys_drop(&keys, 0);
    json_keys_secret_make();
    ck_assert_int_eq(add(0, "user_id", 0, &twin), 0);
    ck_assert_uint_ne(keys.keys[0].hash, before);
}
END_TEST

static Suite *
keys_suite(void)
{
    Suite *suite = suite_create("protocol/json_keys");
    TCase *tests = tcase_create("json_keys");

    tcase_set_timeout(tests, pace_test_timeout_s());
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_key_that_comes_twice_is_told_and_where_it_was);
    tcase_add_test(tests, objects_within_each_other_may_have_the_same_keys);
    tcase_add_test(tests, an_object_may_have_very_many_keys);
    tcase_add_test(tests, very_many_objects_one_after_the_other_need_no_memory);
    tcase_add_test(tests, want_of_memory_is_told_and_leaves_the_keys_as_they_are);
    tcase_add_test(tests, the_hash_is_of_a_secret);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    json_keys_secret_make();
    return unit_run(keys_suite());
}
