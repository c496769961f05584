/* SPDX-License-Identifier: MIT
 *
 * The reader of PROXY headers over any bytes: in one piece and in pieces that the input itself cuts, the outcome must be the same; it never
 * takes a byte behind the header, and the line of version 1 that it takes says the address that it found.
 *
 * Input: a byte with the number of pieces' sizes, these sizes, which repeat, and the stream.
 */
#include "base/assert.h"
#include "transport/proxy_header.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes stream[0..size) in pieces, each from memory of its own size; returns how many bytes belong to the header. */
static size_t
take(struct proxy_header *header, const uint8_t *stream, size_t size, const uint8_t *sizes, size_t count, enum proxy_result *result)
{
    size_t at = 0;

    *result = PROXY_MORE;
    for (size_t piece = 0; at < size && *result == PROXY_MORE; piece++) {
        size_t length = count == 0 ? size : (size_t)sizes[piece % count] + 1, consumed = SIZE_MAX;
        uint8_t *bytes;

        if (length > size - at)
            length = size - at;
        bytes = malloc(length);
        ASSERT(bytes != NULL);
        memcpy(bytes, stream + at, length);
        *result = proxy_header_take(header, bytes, length, &consumed);
        free(bytes);
        ASSERT(consumed <= length && (*result != PROXY_MORE || consumed == length));
        at += consumed;
    }
    return at;
}

/* What version 1 says again of what it was understood to say begins the same. */
static void
check_line(const struct proxy_header *header, const uint8_t *stream, size_t length)
{
    static const char six[] = "PROXY TCP6 ", four[] = "PROXY TCP4 ";

    ASSERT(length <= PROXY_LINE_MAX && length >= 2 && memcmp(stream + length - 2, "\r\n", 2) == 0);
    ASSERT(memchr(stream, '\n', length) == stream + length - 1);
    if (header->knows_source)
        ASSERT(memcmp(stream, six, sizeof six - 1) == 0 || memcmp(stream, four, sizeof four - 1) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = size > 0 ? data[0] % 8 : 0;
    struct proxy_header whole = {0}, pieces = {0};
    enum proxy_result result, other;
    const uint8_t *stream;

    if (size < 1 + count)
        return 0;
    stream = data + 1 + count;
    size -= 1 + count;

    size_t length = take(&whole, stream, size, NULL, 0, &result);

    ASSERT(take(&pieces, stream, size, data + 1, count, &other) == length && other == result);
    ASSERT((whole.problem != NULL) == (result == PROXY_WRONG) && whole.problem == pieces.problem);
    if (result != PROXY_DONE)
        return 0;
    ASSERT(whole.knows_source == pieces.knows_source && memcmp(&whole.source, &pieces.source, sizeof whole.source) == 0);
    if (whole.is_binary)
        ASSERT(length == 16 + (size_t)(stream[14] << 8 | stream[15]));
    else
        check_line(&whole, stream, length);
    return 0;
}
