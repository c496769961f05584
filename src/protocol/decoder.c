/* SPDX-License-Identifier: MIT
 *
 * See decoder.h. It asks for what a message needs, not for what the limit would allow: the limit is an operator's, memory is spent only
 * on friends that were sent.
 */
#include "protocol/decoder.h"

#include "protocol/dialect.h"

#include <errno.h>
#include <stdlib.h>

enum { FRIENDS_FIRST = 64 };

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
    free(decoder);
}

void
decoder_begin(struct decoder *decoder)
{
    if (decoder->capacity <= DECODER_FRIENDS_KEPT)
        return;
    free(decoder->friends);
    decoder->friends = NULL;
    decoder->capacity = 0;
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
