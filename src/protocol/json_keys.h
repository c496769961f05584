/* SPDX-License-Identifier: MIT
 *
 * The keys of the objects that are open while a text is walked, so that a key that comes twice is noticed, in constant time each however many there are. The
 * hash is keyed with a secret of the process: nobody can choose keys that collide.
 *
 * One walk's, on one thread. Few keys need no memory but the struct.
 */
#ifndef PROTOCOL_JSON_KEYS_H
#define PROTOCOL_JSON_KEYS_H

#include <stddef.h>
#include <stdint.h>

enum { JSON_KEYS_FIRST = 32 };

struct json_key {
    uint64_t hash;
    uint32_t at, length; /* where it stands in the text; whoever adds it says what that means */
};

struct json_keys {
    struct json_key *keys; /* in the order in which they were added */
    uint32_t *slots;       /* twice as many as there is room for keys: a place in `keys`, or none */
    uint32_t count, capacity;
    struct json_key first_keys[JSON_KEYS_FIRST];
    uint32_t first_slots[2 * JSON_KEYS_FIRST];
};

void json_keys_init(struct json_keys *keys);
void json_keys_done(struct json_keys *keys);

/*
 * Adds the key that says bytes[0..length) to the object whose first key is, or would be, number `first`. Returns 0; -ENOMEM; -EEXIST when that object
 * has a key of the same hash: the same key, as good as always, and *twin is that one.
 */
int json_keys_add(struct json_keys *keys, uint32_t first, const char *bytes, size_t length, struct json_key key, struct json_key *twin);

/* The object whose first key was number `first`, the one opened last, is closed. */
void json_keys_drop(struct json_keys *keys, uint32_t first);

/* Makes the secret. Once, before any thread adds a key. */
void json_keys_secret_make(void);

#endif
