/* SPDX-License-Identifier: MIT
 *
 * Asking for memory before it is needed, so that the waits for several places that are in no cache overlap. Only a hint: any address will do,
 * nothing is read, and nothing else comes of it.
 */
#ifndef BASE_PREFETCH_H
#define BASE_PREFETCH_H

#include <stddef.h>

/* `length` bytes, at most a cache line's, that are going to be written. */
static inline void
prefetch_for_writing(const void *memory, size_t length)
{
    __builtin_prefetch(memory, 1);
    __builtin_prefetch((const char *)memory + length - 1, 1);
}

/* What lies here is going to be read. */
static inline void
prefetch_for_reading(const void *memory)
{
    __builtin_prefetch(memory, 0);
}

#endif
