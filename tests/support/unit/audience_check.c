/* SPDX-License-Identifier: MIT */
#include "support/unit/audience_check.h"

#include "base/assert.h"

uint32_t
audience_check(const struct audience *audience)
{
    uint32_t handles = 0, parts = 0;

    for (uint32_t worker = 0; worker < audience->part_count; worker++) {
        const struct audience_part *part = &audience->parts[worker];

        ASSERT(part->audience == audience);
        if (part->count > 0)
            ASSERT(part->first == handles);
        for (uint32_t i = 0; i < part->count; i++)
            ASSERT(handle_worker(audience->handles[part->first + i]) == worker);
        handles += part->count;
        parts += part->count > 0;
    }
    ASSERT(parts > 0 && atomic_load(&audience->unfinished) == parts);
    ASSERT(handles <= audience->capacity);
    return handles;
}

void
audience_consume(struct audience *audience)
{
    /* After its last part the audience is gone, so it is counted beforehand how many there are. */
    uint32_t left = atomic_load(&audience->unfinished);

    for (uint32_t worker = 0; left > 0; worker++) {
        if (audience->parts[worker].count == 0)
            continue;
        left--;
        audience_part_done(&audience->parts[worker]);
    }
}
