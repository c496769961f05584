/* SPDX-License-Identifier: MIT */
#include "base/spare.h"

#include "base/assert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void *
spare_take(struct spare *spare, size_t bytes)
{
    void *memory = spare->memory;

    ASSERT(bytes >= sizeof(void *));
    if (memory == NULL || spare->bytes != bytes) {
        spare->wanted = bytes;
        return NULL;
    }
    spare->memory = NULL;
    return memory;
}

void
spare_discard(struct spare *spare, void *memory)
{
    if (memory == NULL)
        return;
    memcpy(memory, &spare->discarded, sizeof spare->discarded);
    spare->discarded = memory;
}

static void
free_discarded(struct spare *spare)
{
    while (spare->discarded != NULL) {
        void *memory = spare->discarded;

        memcpy(&spare->discarded, memory, sizeof spare->discarded);
        free(memory);
    }
}

int
spare_refill(struct spare *spare)
{
    ASSERT(spare->wanted > 0);
    free_discarded(spare);
    free(spare->memory);
    spare->memory = malloc(spare->wanted);
    spare->bytes = spare->wanted;
    spare->wanted = 0;
    return spare->memory == NULL ? -ENOMEM : 0;
}

void
spare_free(struct spare *spare)
{
    free_discarded(spare);
    free(spare->memory);
    *spare = (struct spare){0};
}
