/* SPDX-License-Identifier: MIT
 *
 * A table of equal elements that never move. An element is named by a 32-bit index, half the size of a pointer, and its
 * address stays good until it is given back. Elements live in segments whose sizes double (64, 64, 128, 256 …), so
 * finding one is two shifts, growing copies nothing, and the table of segments has a fixed size: a reader who holds an
 * index may look it up while the owner of the table adds a segment. A segment with no element left is freed.
 *
 * Not synchronised: taking and giving back belong to one thread or to the holder of one lock. Memory can be brought along,
 * so that nothing is allocated while a lock is held.
 */
#ifndef BASE_SLOTS_H
#define BASE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SLOTS_FIRST_BITS = 6,
    SLOTS_SEGMENTS = 19, /* 64 << 18 = 16 million elements in all */
};

#define SLOTS_NONE UINT32_MAX

struct slots {
    char *segments[SLOTS_SEGMENTS];
    uint32_t live[SLOTS_SEGMENTS];  /* elements taken */
    uint32_t fresh[SLOTS_SEGMENTS]; /* elements ever taken: above this nothing was written */
    uint32_t free[SLOTS_SEGMENTS];  /* first element given back, SLOTS_NONE when there is none */
    uint32_t element_bytes;
    uint32_t roomy; /* one bit per segment that exists and has room */
    uint32_t count;
};

/* An empty table. element_bytes is at least 4: a free element holds the index of the next free one. */
void slots_init(struct slots *slots, size_t element_bytes);
/* Frees all segments; whatever the elements own must be gone. */
void slots_done(struct slots *slots);

/* Takes an element, its bytes set to zero; SLOTS_NONE when slots_grow must be called first. Allocates nothing. */
uint32_t slots_take(struct slots *slots);
/* Gives an element back. Returns the memory of its segment when that was the segment's last one, for the caller to free. */
void *slots_give(struct slots *slots, uint32_t index);

/* How many bytes slots_supply wants next; 0 when the table is at its largest. */
size_t slots_wanted(const struct slots *slots);
/* Adds a segment of slots_wanted() bytes, whose memory is the table's from now on. */
void slots_supply(struct slots *slots, void *memory);
/* Allocates what is wanted and supplies it; -ENOMEM without memory or when the table is at its largest. */
int slots_grow(struct slots *slots);

/* The number of the segment that holds an index, and where that segment begins. */
static inline uint32_t
slots_segment(uint32_t index)
{
    uint32_t blocks = index >> SLOTS_FIRST_BITS;

    return blocks == 0 ? 0 : 32 - (uint32_t)__builtin_clz(blocks);
}

static inline uint32_t
slots_segment_start(uint32_t segment)
{
    return segment == 0 ? 0 : 1U << (SLOTS_FIRST_BITS + segment - 1);
}

static inline uint32_t
slots_segment_size(uint32_t segment)
{
    return segment == 0 ? 1U << SLOTS_FIRST_BITS : 1U << (SLOTS_FIRST_BITS + segment - 1);
}

/* The element of an index that is taken. */
static inline void *
slots_at(const struct slots *slots, uint32_t index)
{
    uint32_t segment = slots_segment(index);

    return slots->segments[segment] + (size_t)(index - slots_segment_start(segment)) * slots->element_bytes;
}

/* Was this index ever taken, so that slots_at may be called on it? Whether it is taken now, its owner must know. */
static inline bool
slots_exists(const struct slots *slots, uint32_t index)
{
    uint32_t segment = slots_segment(index);

    return segment < SLOTS_SEGMENTS && slots->segments[segment] != NULL && index - slots_segment_start(segment) < slots->fresh[segment];
}

#endif
