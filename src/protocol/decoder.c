/* SPDX-License-Identifier: MIT
 *
 * See decoder.h. It asks for what a message needs, not for what the limit would allow: the limit is an operator's, memory is spent only
 * on friends that were sent.
 */
#include "protocol/decoder.h"

#include "base/assert.h"
#include "protocol/dialect.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>

enum { FRIENDS_FIRST = 64, NAMES_FIRST = 4096 };

struct decoder *
decoder_new(void)
{
    return calloc(1, sizeof(struct decoder));
}

void
decoder_free(struct decoder *decoder)
{
    if (decoder == NULL)
        return;
    free(decoder->friends);
    free(decoder->names);
    free(decoder);
}

void
decoder_begin(struct decoder *decoder)
{
    if (decoder->capacity > DECODER_FRIENDS_KEPT) {
        free(decoder->friends);
        decoder->friends = NULL;
        decoder->capacity = 0;
    }
    if (decoder->names_capacity > DECODER_NAMES_KEPT) {
        free(decoder->names);
        decoder->names = NULL;
        decoder->names_capacity = 0;
    }
    decoder->names_used = 0;
}

int
decoder_reserve(struct decoder *decoder, uint32_t count)
{
    uint32_t capacity = decoder->capacity > 0 ? decoder->capacity : FRIENDS_FIRST;

    if (count <= decoder->capacity)
        return 0;
    while (capacity < count)
        capacity = capacity <= UINT32_MAX / 2 ? capacity * 2 : UINT32_MAX;

    size_t bytes;

    if (__builtin_mul_overflow(capacity, sizeof *decoder->friends, &bytes))
        return -ENOMEM;

    struct user_id *friends = realloc(decoder->friends, bytes);

    if (friends == NULL)
        return -ENOMEM;
    decoder->friends = friends;
    decoder->capacity = capacity;
    return 0;
}

size_t
decoder_name_size(size_t length)
{
    return (text_size(length) + alignof(struct text) - 1) / alignof(struct text) * alignof(struct text);
}

int
decoder_reserve_names(struct decoder *decoder, size_t bytes)
{
    decoder->names_used = 0;
    if (bytes <= decoder->names_capacity)
        return 0;

    size_t capacity = bytes > NAMES_FIRST ? bytes : NAMES_FIRST;
    char *names = malloc(capacity);

    if (names == NULL)
        return -ENOMEM;
    free(decoder->names);
    decoder->names = names;
    decoder->names_capacity = capacity;
    return 0;
}

struct text *
decoder_name(struct decoder *decoder, const char *bytes, size_t length)
{
    size_t size = decoder_name_size(length);

    ASSERT(size <= decoder->names_capacity - decoder->names_used);
    void *memory = decoder->names + decoder->names_used;

    decoder->names_used += size;
    return text_place(memory, bytes, length);
}
