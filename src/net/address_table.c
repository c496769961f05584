/* SPDX-License-Identifier: MIT */
#include "net/address_table.h"

#include "base/assert.h"
#include "base/handle.h"
#include "net/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    CAPACITY_MIN = 16,
    TAGS = UINT8_MAX, /* so that no entry looks like an empty one */
};

#define EMPTY UINT32_MAX

static uint64_t
hash_of(const struct address_table *table, const struct udp_address *address)
{
    return hash_bytes(&table->key, address, sizeof *address);
}

/* The parts of a hash: which shelf, where on it, and what of it stands in the entry. */
static uint32_t
shelf_of(uint64_t hash)
{
    return (uint32_t)hash % ADDRESS_SHELVES;
}

static uint32_t
home_of(uint64_t hash, uint32_t capacity)
{
    return (uint32_t)(hash >> 8) & (capacity - 1);
}

static uint32_t
entry_of(uint64_t hash, uint32_t slot)
{
    return (uint32_t)(hash >> 48) % TAGS << HANDLE_SLOT_BITS | slot;
}

static uint32_t
slot_of(uint32_t entry)
{
    return entry & (HANDLE_SLOTS_MAX - 1);
}

static const struct udp_address *
address_of(const struct address_table *table, uint32_t slot)
{
    const struct session *session = slots_at(table->sessions, slot);

    return &session->address;
}

int
address_table_init(struct address_table *table, const struct slots *sessions)
{
    *table = (struct address_table){.sessions = sessions};
    return hash_key_generate(&table->key);
}

void
address_table_done(struct address_table *table)
{
    for (uint32_t shelf = 0; shelf < ADDRESS_SHELVES; shelf++)
        free(table->shelves[shelf].entries);
    memset(table, 0, sizeof *table);
}

uint32_t
address_table_find(const struct address_table *table, const struct udp_address *address)
{
    uint64_t hash = hash_of(table, address);
    const struct address_shelf *shelf = &table->shelves[shelf_of(hash)];
    uint32_t tag = entry_of(hash, 0);

    if (shelf->count == 0)
        return SLOTS_NONE;
    for (uint32_t at = home_of(hash, shelf->capacity);; at = (at + 1) & (shelf->capacity - 1)) {
        uint32_t entry = shelf->entries[at];

        if (entry == EMPTY)
            return SLOTS_NONE;
        if (entry - slot_of(entry) == tag && memcmp(address_of(table, slot_of(entry)), address, sizeof *address) == 0)
            return slot_of(entry);
    }
}

/* Puts an entry where there is room. */
static void
shelf_put(struct address_shelf *shelf, uint64_t hash, uint32_t slot)
{
    uint32_t at = home_of(hash, shelf->capacity);

    while (shelf->entries[at] != EMPTY)
        at = (at + 1) & (shelf->capacity - 1);
    shelf->entries[at] = entry_of(hash, slot);
}

static int
shelf_resize(const struct address_table *table, struct address_shelf *shelf, uint32_t capacity)
{
    struct address_shelf made = {.entries = malloc(capacity * sizeof *made.entries), .capacity = capacity, .count = shelf->count};

    if (made.entries == NULL)
        return -ENOMEM;
    memset(made.entries, 0xff, capacity * sizeof *made.entries);
    for (uint32_t at = 0; at < shelf->capacity; at++)
        if (shelf->entries[at] != EMPTY)
            shelf_put(&made, hash_of(table, address_of(table, slot_of(shelf->entries[at]))), slot_of(shelf->entries[at]));
    free(shelf->entries);
    *shelf = made;
    return 0;
}

int
address_table_add(struct address_table *table, uint32_t slot)
{
    uint64_t hash = hash_of(table, address_of(table, slot));
    struct address_shelf *shelf = &table->shelves[shelf_of(hash)];

    /* At most three quarters full. */
    if (shelf->count >= shelf->capacity / 4 * 3) {
        int error = shelf_resize(table, shelf, shelf->capacity == 0 ? CAPACITY_MIN : shelf->capacity * 2);

        if (error < 0)
            return error;
    }
    shelf_put(shelf, hash, slot);
    shelf->count++;
    table->count++;
    return 0;
}

/* Gives memory back that a crowd has left. One that fails for want of memory is tried again at another time. */
static void
shelf_shrink(const struct address_table *table, struct address_shelf *shelf)
{
    if (shelf->count == 0) {
        free(shelf->entries);
        *shelf = (struct address_shelf){0};
    } else if (shelf->capacity > CAPACITY_MIN && shelf->count < shelf->capacity / 8) {
        (void)shelf_resize(table, shelf, shelf->capacity / 2);
    }
}

void
address_table_remove(struct address_table *table, uint32_t slot)
{
    uint64_t hash = hash_of(table, address_of(table, slot));
    struct address_shelf *shelf = &table->shelves[shelf_of(hash)];
    uint32_t mask = shelf->capacity - 1;
    uint32_t hole = home_of(hash, shelf->capacity);

    while (shelf->entries[hole] != entry_of(hash, slot)) {
        ASSERT(shelf->entries[hole] != EMPTY);
        hole = (hole + 1) & mask;
    }
    /* What follows moves up, unless it would come before its home (Knuth, volume 3, algorithm 6.4R). */
    for (uint32_t at = (hole + 1) & mask; shelf->entries[at] != EMPTY; at = (at + 1) & mask) {
        uint32_t home = home_of(hash_of(table, address_of(table, slot_of(shelf->entries[at]))), shelf->capacity);

        if (((at - home) & mask) >= ((at - hole) & mask)) {
            shelf->entries[hole] = shelf->entries[at];
            hole = at;
        }
    }
    shelf->entries[hole] = EMPTY;
    shelf->count--;
    table->count--;
    shelf_shrink(table, shelf);
}
