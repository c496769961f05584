/* SPDX-License-Identifier: MIT
 *
 * Ids that somebody chose so that they collide in a hash whose key is known, or in one that has none, do not collide here: the shards stay even
 * and the chains of their buckets short, so that a login costs what it always does. Counted, not timed. The limits are such that an honest
 * hash goes over them once in some hundred million runs.
 */
#include "graph/graph_internal.h"

#include "support/unit.h"
#include "support/unit/require.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 1000, FULLEST = 32, LONGEST = 14, KNOWN_BITS = 10 };

static struct user_id chosen[MANY];
static struct graph *graph;

static void
publish(void *context, uint32_t worker, struct audience *audience)
{
    (void)context;
    (void)worker;
    (void)audience;
    REQUIRE(false, "nobody is to be told");
}

/* Equal in all bits but the upper: what a table that takes the lower ones of the id itself puts into one bucket. */
static void
choose_equal_low_bits(void)
{
    for (int64_t i = 0; i < MANY; i++)
        chosen[i] = (struct user_id){.number = i << 40};
}

static void
choose_consecutive(void)
{
    for (int64_t i = 0; i < MANY; i++)
        chosen[i] = (struct user_id){.number = INT64_MIN + i};
}

/* One shard and one bucket of four in it, if the key were the one that everybody can guess. */
static bool
collides(struct user_id id)
{
    static const struct hash_key known = {{0, 0}};
    uint64_t hash = user_id_hash(&known, id);

    return hash >> (64 - SHARD_COUNT_BITS) == 7 && (hash & ((1 << (KNOWN_BITS - SHARD_COUNT_BITS)) - 1)) == 1;
}

static void
choose_for_a_known_key(void)
{
    uint32_t count = 0;

    for (int64_t number = 0; count < MANY; number++)
        if (collides((struct user_id){.number = number}))
            chosen[count++] = (struct user_id){.number = number};
}

static void
choose_names_for_a_known_key(void)
{
    uint32_t count = 0;

    for (unsigned number = 0; count < MANY; number++) {
        char bytes[24];
        struct text *name = text_new(bytes, (size_t)snprintf(bytes, sizeof bytes, "user-%u", number));

        REQUIRE(name != NULL, "no memory");
        if (collides((struct user_id){.name = name}))
            chosen[count++] = (struct user_id){.name = name};
        else
            text_drop(name);
    }
}

static void (*const choices[])(void) = {choose_equal_low_bits, choose_consecutive, choose_for_a_known_key, choose_names_for_a_known_key};

/* How many users a shard has, and its longest chain. */
static uint32_t
measure(struct shard *shard, uint32_t *longest)
{
    uint32_t count;

    mutex_lock(&shard->mutex);
    for (uint32_t bucket = 0; bucket < shard->bucket_count; bucket++) {
        uint32_t length = 0;

        for (uint32_t slot = shard->buckets[bucket]; slot != SLOTS_NONE; slot = ((struct user *)slots_at(&shard->users, slot))->next)
            length++;
        if (length > *longest)
            *longest = length;
    }
    count = shard->users.count;
    mutex_unlock(&shard->mutex);
    return count;
}

START_TEST(chosen_ids_do_not_collide)
{
    uint32_t fullest = 0, longest = 0, all = 0, member;
    bool transition;

    choices[_i]();
    graph = graph_new(1, publish, NULL);
    ck_assert_ptr_nonnull(graph);
    ck_assert_int_eq(graph_login(graph, 0, handle_of(0, 1, 1), (struct user_id){.number = -1}, chosen, MANY, &member, &transition), 0);
    for (uint32_t number = 0; number < SHARD_COUNT; number++) {
        uint32_t count = measure(&graph->shards[number], &longest);

        all += count;
        if (count > fullest)
            fullest = count;
    }
    ck_assert_uint_eq(all, MANY + 1);
    ck_assert_uint_le(fullest, FULLEST);
    ck_assert_uint_le(longest, LONGEST);
    graph_free(graph);
    for (uint32_t i = 0; i < MANY; i++)
        text_drop(chosen[i].name);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("graph/hash_flood");
    TCase *tests = tcase_create("hash_flood");

    tcase_add_loop_test(tests, chosen_ids_do_not_collide, 0, sizeof choices / sizeof choices[0]);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
