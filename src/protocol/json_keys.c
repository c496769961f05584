/* SPDX-License-Identifier: MIT
 *
 * See json_keys.h. An open table over a stack: what was added last goes first, so taking it out leaves each slot as it was before, and nothing
 * has to be marked as deleted.
 */
#include "protocol/json_keys.h"

#include "base/assert.h"
#include "base/hash.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t SPREAD = 0x9e3779b97f4a7c15; /* odd, and its ones are spread over all of it: 2^64 divided by the golden ratio */

/* In an empty slot. Not 0: for zeros the compiler would call calloc, and large memory would come from the kernel anew each time, page by page. */
static const uint32_t EMPTY = UINT32_MAX;

static struct hash_key secret;

void
json_keys_init(struct json_keys *keys)
{
    keys->keys = keys->first_keys;
    keys->slots = keys->first_slots;
    keys->count = 0;
    keys->capacity = JSON_KEYS_FIRST;
    memset(keys->first_slots, 0xFF, sizeof keys->first_slots);
}

void
json_keys_done(struct json_keys *keys)
{
    if (keys->keys != keys->first_keys)
        free(keys->keys);
    if (keys->slots != keys->first_slots)
        free(keys->slots);
}

static inline uint32_t
slot_after(const struct json_keys *keys, uint32_t slot)
{
    return (slot + 1) & (2 * keys->capacity - 1);
}

static inline uint32_t
first_slot(const struct json_keys *keys, uint64_t hash)
{
    return (uint32_t)hash & (2 * keys->capacity - 1);
}

/* Twice the room. The keys go into the new slots in their old order, as if these had been there from the beginning. */
static bool
grow(struct json_keys *keys)
{
    struct json_keys larger = *keys;
    size_t slot_bytes = 4 * (size_t)keys->capacity * sizeof *larger.slots;

    if (keys->capacity > UINT32_MAX / 4)
        return false;
    larger.capacity = 2 * keys->capacity;
    larger.keys = malloc(larger.capacity * sizeof *larger.keys);
    larger.slots = malloc(slot_bytes);
    if (larger.keys == NULL || larger.slots == NULL) {
        free(larger.keys);
        free(larger.slots);
        return false;
    }
    memset(larger.slots, 0xFF, slot_bytes);
    for (uint32_t i = 0; i < keys->count; i++) {
        uint32_t slot = first_slot(&larger, keys->keys[i].hash);

        while (larger.slots[slot] != EMPTY)
            slot = slot_after(&larger, slot);
        larger.slots[slot] = i;
        larger.keys[i] = keys->keys[i];
    }
    json_keys_done(keys);
    keys->keys = larger.keys;
    keys->slots = larger.slots;
    keys->capacity = larger.capacity;
    return true;
}

int
json_keys_add(struct json_keys *keys, uint32_t first, const char *bytes, size_t length, struct json_key key, struct json_key *twin)
{
    if (keys->count == keys->capacity && !grow(keys))
        return -ENOMEM;
    /* One key in many objects around each other would be many equal hashes. */
    key.hash = hash_bytes(&secret, bytes, length) + first * SPREAD;

    uint32_t slot = first_slot(keys, key.hash);

    for (; keys->slots[slot] != EMPTY; slot = slot_after(keys, slot)) {
        uint32_t other = keys->slots[slot];

        if (keys->keys[other].hash == key.hash && other >= first) {
            *twin = keys->keys[other];
            return -EEXIST;
        }
    }
    keys->slots[slot] = keys->count;
    keys->keys[keys->count++] = key;
    return 0;
}

void
json_keys_drop(struct json_keys *keys, uint32_t first)
{
    ASSERT(first <= keys->count);
    while (keys->count > first) {
        uint32_t slot = first_slot(keys, keys->keys[keys->count - 1].hash);

        while (keys->slots[slot] != keys->count - 1)
            slot = slot_after(keys, slot);
        keys->slots[slot] = EMPTY;
        keys->count--;
    }
}

void
json_keys_secret_make(void)
{
    /* Where the kernel has no randomness to give, there is no graph either, and so no server that could be attacked. */
    if (hash_key_generate(&secret) < 0)
        secret = (struct hash_key){{0, 0}};
}
