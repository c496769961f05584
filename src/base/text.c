/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include "base/assert.h"
#include "base/sync.h"

#include <stdlib.h>
#include <string.h>

struct text *
text_place(void *memory, const char *bytes, size_t length)
{
    struct text *text = memory;

    ASSERT(length <= UINT32_MAX);
    atomic_init(&text->references, 1);
    /* helgrind: counting itself is atomic, and whoever counts down to nothing may use the memory for something else at once. */
    RACE_IGNORE(&text->references, sizeof text->references);
    text->length = (uint32_t)length;
    memcpy(text->bytes, bytes, length);
    return text;
}

struct text *
text_new(const char *bytes, size_t length)
{
    void *memory = malloc(text_size(length));

    return memory == NULL ? NULL : text_place(memory, bytes, length);
}

struct text *
text_share(struct text *text)
{
    if (text != NULL)
        atomic_fetch_add_explicit(&text->references, 1, memory_order_relaxed);
    return text;
}

void
text_drop(struct text *text)
{
    free(text_release(text));
}

void *
text_release(struct text *text)
{
    if (text == NULL)
        return NULL;
    /* helgrind sees neither the counter nor the order that it makes between the readers and the free. */
    RACE_HAPPENS_BEFORE(text);
    uint32_t before = atomic_fetch_sub_explicit(&text->references, 1, memory_order_acq_rel);

    ASSERT(before > 0);
    if (before > 1)
        return NULL;
    RACE_HAPPENS_AFTER(text);
    return text;
}

bool
text_equal(const struct text *a, const struct text *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}
