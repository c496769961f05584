/* SPDX-License-Identifier: MIT */
#include "net/address_table.h"

#include "net/session.h"
#include "support/faults.h"
#include "support/unit.h"
#include "support/unit/require.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 40000 };

static struct slots sessions;
static struct address_table table;

static void
begin(void)
{
    slots_init(&sessions, sizeof(struct session));
    ck_assert_int_eq(address_table_init(&table, &sessions), 0);
}

static void
end(void)
{
    ck_assert_uint_eq(table.count, 0);
    for (int shelf = 0; shelf < ADDRESS_SHELVES; shelf++)
        ck_assert_ptr_null(table.shelves[shelf].entries); /* an empty table has no memory */
    address_table_done(&table);
    slots_done(&sessions);
}

static struct udp_address
address_of(uint32_t number)
{
    struct udp_address address = {.host = {[10] = 0xff, [11] = 0xff, [12] = 127}, .port = (uint16_t)(number % 7 + 1)};

    memcpy(address.host + 12, &number, sizeof number);
    return address;
}

/* A session with an address, not in the table yet. */
static uint32_t
session_new(struct udp_address address)
{
    uint32_t slot = slots_take(&sessions);

    if (slot == SLOTS_NONE) {
        REQUIRE(slots_grow(&sessions) == 0, "no memory");
        slot = slots_take(&sessions);
    }
    ((struct session *)slots_at(&sessions, slot))->address = address;
    return slot;
}

static uint32_t
added(struct udp_address address)
{
    uint32_t slot = session_new(address);

    REQUIRE(address_table_add(&table, slot) == 0, "no memory");
    return slot;
}

static void
removed(uint32_t slot)
{
    address_table_remove(&table, slot);
    free(slots_give(&sessions, slot));
}

START_TEST(an_address_is_found_by_all_of_it)
{
    struct udp_address address = {.host = {0xfe, 0x80, [15] = 1}, .scope = 2, .port = 4000, .socket = 1, .local = 3};
    uint32_t slot = added(address);
    struct udp_address other = address;

    ck_assert_uint_eq(address_table_find(&table, &address), slot);
    for (size_t byte = 0; byte < sizeof address; byte++) {
        other = address;
        ((uint8_t *)&other)[byte] ^= 1;
        ck_assert_uint_eq(address_table_find(&table, &other), SLOTS_NONE);
    }
    removed(slot);
    ck_assert_uint_eq(address_table_find(&table, &address), SLOTS_NONE);
}
END_TEST

/* Source addresses can be forged, and so be chosen: they do not collide, because each table has a secret of its own. */
START_TEST(addresses_cannot_be_chosen_to_collide)
{
    enum { CHOSEN = 1000, FULLEST = 32 };
    static const struct hash_key known = {{0, 0}};
    uint32_t slots[CHOSEN], count = 0, fullest = 0;

    for (uint32_t number = 0; count < CHOSEN; number++) {
        struct udp_address address = {.host = {[12] = (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}};
        if (hash_bytes(&known, &address, sizeof address) % ADDRESS_SHELVES == 7) /* one shelf, if the key were the one that everybody can guess */
            slots[count++] = added(address);
    }
    for (uint32_t shelf = 0; shelf < ADDRESS_SHELVES; shelf++)
        if (table.shelves[shelf].count > fullest)
            fullest = table.shelves[shelf].count;
    ck_assert_uint_le(fullest, FULLEST);
    while (count > 0)
        removed(slots[--count]);
}
END_TEST

/* Grows, shrinks, and finds whoever is there, whatever the order in which they go. */
START_TEST(many_come_and_go)
{
    uint32_t *slots = malloc(MANY * sizeof *slots), seed = 1;

    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < MANY; i++)
            slots[i] = added(address_of(i));
        ck_assert_uint_eq(table.count, MANY);
        for (uint32_t i = 0; i < MANY; i++) {
            struct udp_address address = address_of(i), stranger = address_of(i + MANY);

            REQUIRE(address_table_find(&table, &address) == slots[i], "%u is not found", i);
            REQUIRE(address_table_find(&table, &stranger) == SLOTS_NONE, "%u is found", i + MANY);
        }
        for (uint32_t left = MANY; left > 0; left--) {
            uint32_t which = (seed = seed * 1664525 + 1013904223) % left;
            uint32_t slot = slots[which];
            struct udp_address address = ((struct session *)slots_at(&sessions, slot))->address;

            removed(slot);
            slots[which] = slots[left - 1];
            REQUIRE(address_table_find(&table, &address) == SLOTS_NONE, "one that has gone is found");
            if (left % 97 == 0)
                for (uint32_t i = 0; i < left - 1; i++) {
                    address = ((struct session *)slots_at(&sessions, slots[i]))->address;
                    REQUIRE(address_table_find(&table, &address) == slots[i], "one is lost when another goes");
                }
        }
    }
    free(slots);
}
END_TEST

START_TEST(memory_per_address_stays_small)
{
    size_t bytes = 0;
    uint32_t *slots = malloc(MANY * sizeof *slots);

    for (uint32_t i = 0; i < MANY; i++)
        slots[i] = added(address_of(i));
    for (int shelf = 0; shelf < ADDRESS_SHELVES; shelf++)
        bytes += table.shelves[shelf].capacity * sizeof *table.shelves[shelf].entries;
    ck_assert_uint_le(bytes / MANY, 11);
    for (uint32_t i = 0; i < MANY - 1; i++)
        removed(slots[i]);
    bytes = 0;
    for (int shelf = 0; shelf < ADDRESS_SHELVES; shelf++)
        bytes += table.shelves[shelf].capacity * sizeof *table.shelves[shelf].entries;
    ck_assert_uint_le(bytes, 16 * sizeof(uint32_t));
    removed(slots[MANY - 1]);
    free(slots);
}
END_TEST

/* Nothing has changed when there is no memory to grow. */
START_TEST(want_of_memory_changes_nothing)
{
    static uint32_t slots[MANY];
    uint32_t count = 0, failures = 0;

    for (uint32_t i = 0; i < MANY / 10; i++) {
        struct udp_address address = address_of(i);
        uint32_t slot = session_new(address);
        int error;

        faults_allocation(1, 1);
        error = address_table_add(&table, slot);
        faults_allocation(0, 0);
        if (error < 0) {
            REQUIRE(error == -ENOMEM && address_table_find(&table, &address) == SLOTS_NONE, "it was added");
            REQUIRE(address_table_add(&table, slot) == 0, "no memory");
            failures++;
        }
        REQUIRE(address_table_find(&table, &address) == slot, "it was not added");
        slots[count++] = slot;
    }
    ck_assert_uint_gt(failures, ADDRESS_SHELVES / 2);
    faults_allocation(1, 1); /* nor is any needed to shrink */
    for (uint32_t i = 0; i < count; i++) {
        address_table_remove(&table, slots[i]);
        for (uint32_t j = i + 1; i % 500 == 0 && j < count; j++) {
            struct udp_address address = ((struct session *)slots_at(&sessions, slots[j]))->address;

            REQUIRE(address_table_find(&table, &address) == slots[j], "one is lost");
        }
    }
    faults_allocation(0, 0);
    for (uint32_t i = 0; i < count; i++)
        free(slots_give(&sessions, slots[i]));
}
END_TEST

static Suite *
address_table_suite(void)
{
    Suite *suite = suite_create("address_table");
    TCase *tests = tcase_create("address_table");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, an_address_is_found_by_all_of_it);
    tcase_add_test(tests, addresses_cannot_be_chosen_to_collide);
    tcase_add_test(tests, many_come_and_go);
    tcase_add_test(tests, memory_per_address_stays_small);
    tcase_add_test(tests, want_of_memory_changes_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}

int
main(void)
{
    return unit_run(address_table_suite());
}
