/* SPDX-License-Identifier: MIT
 *
 * See slots.h. The lowest segment with room is filled first, so that a table that shrinks can free its large segments.
 */
#include "base/slots.h"

#include "base/assert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The lowest segment that does not exist yet; SLOTS_SEGMENTS when all do. */
static uint32_t
missing_segment(const struct slots *slots)
{
    for (uint32_t segment = 0; segment < SLOTS_SEGMENTS; segment++)
        if (slots->segments[segment] == NULL)
            return segment;
    return SLOTS_SEGMENTS;
}

void
slots_init(struct slots *slots, size_t element_bytes)
{
    ASSERT(element_bytes >= sizeof(uint32_t) && element_bytes < UINT32_MAX);
    memset(slots, 0, sizeof *slots);
    slots->element_bytes = (uint32_t)element_bytes;
}

void
slots_done(struct slots *slots)
{
    for (uint32_t segment = 0; segment < SLOTS_SEGMENTS; segment++)
        free(slots->segments[segment]);
    memset(slots, 0, sizeof *slots);
}

uint32_t
slots_take(struct slots *slots)
{
    if (slots->roomy == 0)
        return SLOTS_NONE;

    uint32_t segment = (uint32_t)__builtin_ctz(slots->roomy);
    uint32_t index = slots->free[segment];

    if (index == SLOTS_NONE) {
        index = slots_segment_start(segment) + slots->fresh[segment]++;
    } else {
        memcpy(&slots->free[segment], slots_at(slots, index), sizeof slots->free[segment]);
    }
    if (slots->free[segment] == SLOTS_NONE && slots->fresh[segment] == slots_segment_size(segment))
        slots->roomy &= ~(1U << segment);
    slots->live[segment]++;
    slots->count++;
    memset(slots_at(slots, index), 0, slots->element_bytes);
    return index;
}

void *
slots_give(struct slots *slots, uint32_t index)
{
    uint32_t segment = slots_segment(index);

    ASSERT(slots_exists(slots, index) && slots->live[segment] > 0);
    slots->live[segment]--;
    slots->count--;
    if (slots->live[segment] == 0) {
        void *memory = slots->segments[segment];

        slots->segments[segment] = NULL;
        slots->roomy &= ~(1U << segment);
        return memory;
    }
    memcpy(slots_at(slots, index), &slots->free[segment], sizeof slots->free[segment]);
    slots->free[segment] = index;
    slots->roomy |= 1U << segment;
    return NULL;
}

size_t
slots_wanted(const struct slots *slots)
{
    uint32_t segment = missing_segment(slots);

    return segment == SLOTS_SEGMENTS ? 0 : (size_t)slots_segment_size(segment) * slots->element_bytes;
}

void
slots_supply(struct slots *slots, void *memory)
{
    uint32_t segment = missing_segment(slots);

    ASSERT(segment < SLOTS_SEGMENTS && memory != NULL);
    slots->segments[segment] = memory;
    slots->live[segment] = 0;
    slots->fresh[segment] = 0;
    slots->free[segment] = SLOTS_NONE;
    slots->roomy |= 1U << segment;
}

int
slots_grow(struct slots *slots)
{
    size_t bytes = slots_wanted(slots);
    void *memory = bytes == 0 ? NULL : malloc(bytes);

    if (memory == NULL)
        return -ENOMEM;
    slots_supply(slots, memory);
    return 0;
}
