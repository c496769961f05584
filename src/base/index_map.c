/* SPDX-License-Identifier: MIT
 *
 * Open addressing with linear probing, at most half full. Keys are indices, dense numbers that clients cannot choose, so
 * one multiplication spreads them well enough (Knuth, "The Art of Computer Programming" 3, 6.4: multiplicative hashing).
 */
#include "base/index_map.h"

#include "base/assert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    CAPACITY_MIN = 64,
    CAPACITY_KEPT = 1 << 14, /* a map larger than this is freed at the next beginning: 128 KiB a thread stay */
};

static struct index_map_entry *
entry_of(const struct index_map *map, uint32_t key)
{
    /* The upper bits of the product, which every bit of the key has reached. */
    uint32_t at = (uint32_t)(((uint64_t)(key * 2654435769U) * ((uint64_t)map->mask + 1)) >> 32);

    while (map->entries[at].key != key && map->entries[at].key != INDEX_MAP_NONE)
        at = (at + 1) & map->mask;
    return &map->entries[at];
}

int
index_map_begin(struct index_map *map, size_t count)
{
    size_t capacity = CAPACITY_MIN;

    if (count > UINT32_MAX / 4)
        return -ENOMEM;
    while (capacity < count * 2)
        capacity *= 2;
    if (capacity > map->capacity || map->capacity > CAPACITY_KEPT) {
        index_map_done(map);
        map->entries = malloc(capacity * sizeof *map->entries);
        if (map->entries == NULL)
            return -ENOMEM;
        map->capacity = (uint32_t)capacity;
    }
    map->mask = (uint32_t)capacity - 1;
    memset(map->entries, 0xff, capacity * sizeof *map->entries);
    return 0;
}

void
index_map_done(struct index_map *map)
{
    free(map->entries);
    *map = (struct index_map){0};
}

uint32_t *
index_map_find(const struct index_map *map, uint32_t key)
{
    struct index_map_entry *entry;

    if (map->capacity == 0)
        return NULL;
    entry = entry_of(map, key);
    return entry->key == key ? &entry->value : NULL;
}

void
index_map_set(struct index_map *map, uint32_t key, uint32_t value)
{
    struct index_map_entry *entry;

    ASSERT(map->capacity > 0 && key != INDEX_MAP_NONE);
    entry = entry_of(map, key);
    entry->key = key;
    entry->value = value;
}
