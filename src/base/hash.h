/* SPDX-License-Identifier: MIT
 *
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012): a keyed hash. With a key that
 * no client knows, no client can choose ids that collide.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
    uint64_t words[2];
};

/* A fresh secret from the kernel. Returns 0 or -errno. */
int hash_key_generate(struct hash_key *key);

/* The 64-bit hash of `length` bytes. */
uint64_t hash_bytes(const struct hash_key *key, const void *bytes, size_t length);

#endif
