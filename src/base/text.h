/* SPDX-License-Identifier: MIT
 *
 * A short immutable text (a user's name, a status) that several threads hold at the same time: counted references, freed by whoever gives
 * up the last one. Its bytes are never changed once it is shared, so reading them needs no lock.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    _Atomic uint32_t references;
    uint32_t length; /* bytes of UTF-8; there is no NUL behind them */
    char bytes[];
};

/* The memory that a text of so many bytes needs, for those who bring it along (base/spare.h); it must come from malloc. */
static inline size_t
text_size(size_t length)
{
    return sizeof(struct text) + length;
}

/* Makes a text in memory of text_size(length) bytes; the caller has the one reference. */
struct text *text_place(void *memory, const char *bytes, size_t length);
/* A new text with one reference, the caller's; NULL without memory. */
struct text *text_new(const char *bytes, size_t length);
/* Takes one more reference, and returns the text. NULL is allowed. Any thread that holds one. */
struct text *text_share(struct text *text);
/* Gives up a reference. NULL is allowed. Any thread. */
void text_drop(struct text *text);
/* The same for who holds a lock and must not free: returns what the caller is to free, NULL while others hold it. NULL is allowed. */
void *text_release(struct text *text);
/* The same bytes? NULL is no text, and equal to NULL only. */
bool text_equal(const struct text *a, const struct text *b);

#endif
