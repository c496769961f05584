/* SPDX-License-Identifier: MIT
 *
 * A small map from 32-bit keys to 32-bit values for one piece of work: begun, filled, asked, and begun anew. Room is
 * reserved at the beginning, so filling it cannot fail and it may be used while a lock is held. Scratch memory of one thread.
 */
#ifndef BASE_INDEX_MAP_H
#define BASE_INDEX_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index_map_entry {
    uint32_t key; /* INDEX_MAP_NONE: empty */
    uint32_t value;
};

struct index_map {
    struct index_map_entry *entries;
    uint32_t mask;     /* of the part in use for this piece of work */
    uint32_t capacity; /* entries allocated: 0 or a power of two */
};

#define INDEX_MAP_NONE UINT32_MAX /* no key may have this value */

/* Forgets everything and makes room for `count` keys; -ENOMEM without memory (the map is empty then, with room for none). */
int index_map_begin(struct index_map *map, size_t count);
/* Frees the memory. A map set to zero is a valid, empty one. */
void index_map_done(struct index_map *map);

/* The value of a key, to read or write; NULL when the key is not there. */
uint32_t *index_map_find(const struct index_map *map, uint32_t key);
/* Sets a key's value, new or not. There must be room, as reserved. */
void index_map_set(struct index_map *map, uint32_t key, uint32_t value);

#endif
