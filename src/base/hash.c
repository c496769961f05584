/* SPDX-License-Identifier: MIT
 *
 * SipHash-2-4 for a little-endian machine, written from the paper; the test holds it against the paper's vectors.
 */
#include "base/hash.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are read as they lie in memory");

struct state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t
rotate_left(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void
sip_round(struct state *s)
{
    s->v0 += s->v1;
    s->v1 = rotate_left(s->v1, 13) ^ s->v0;
    s->v0 = rotate_left(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate_left(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate_left(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate_left(s->v1, 17) ^ s->v2;
    s->v2 = rotate_left(s->v2, 32);
}

static inline void
sip_word(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    sip_round(s);
    s->v0 ^= word;
}

int
hash_key_generate(struct hash_key *key)
{
    struct hash_key fresh;

    if (getrandom(&fresh, sizeof fresh, 0) != (ssize_t)sizeof fresh)
        return -EIO;
    *key = fresh;
    return 0;
}

uint64_t
hash_bytes(const struct hash_key *key, const void *bytes, size_t length)
{
    struct state s = {
        .v0 = key->words[0] ^ 0x736f6d6570736575,
        .v1 = key->words[1] ^ 0x646f72616e646f6d,
        .v2 = key->words[0] ^ 0x6c7967656e657261,
        .v3 = key->words[1] ^ 0x7465646279746573,
    };
    const char *at = bytes;
    uint64_t word;
    size_t left = length;

    for (; left >= sizeof word; left -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        sip_word(&s, word);
    }
    word = 0;
    if (left > 0)
        memcpy(&word, at, left);
    sip_word(&s, word | (uint64_t)length << 56);

    s.v2 ^= 0xff;
    for (int round = 0; round < 4; round++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
