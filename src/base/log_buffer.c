/* SPDX-License-Identifier: MIT
 *
 * See log_buffer.h.
 */
#include "base/log_buffer.h"

#include "base/assert.h"

#include <string.h>

static size_t
smaller_of(size_t one, size_t other)
{
    return one < other ? one : other;
}

static void
bytes_out(const struct log_buffer *buffer, char *room, size_t length)
{
    size_t straight = smaller_of(length, LOG_BUFFER_BYTES - buffer->first);

    memcpy(room, buffer->bytes + buffer->first, straight);
    memcpy(room + straight, buffer->bytes, length - straight);
}

void
log_buffer_put(struct log_buffer *buffer, const char *line, size_t length)
{
    ASSERT(length > 0 && line[length - 1] == '\n');
    if (length > LOG_BUFFER_BYTES - buffer->used) {
        if (buffer->dropped++ == 0)
            buffer->gap = buffer->used;
        return;
    }

    size_t start = (buffer->first + buffer->used) % LOG_BUFFER_BYTES;
    size_t straight = smaller_of(length, LOG_BUFFER_BYTES - start);

    memcpy(buffer->bytes + start, line, straight);
    memcpy(buffer->bytes, line + straight, length - straight);
    buffer->used += length;
}

void
log_buffer_lose(struct log_buffer *buffer, uint64_t lines)
{
    if (lines == 0)
        return;
    buffer->dropped += lines;
    buffer->gap = 0;
}

bool
log_buffer_owes_report(const struct log_buffer *buffer)
{
    return buffer->dropped > 0 && buffer->gap == 0;
}

size_t
log_buffer_take(struct log_buffer *buffer, char *room, size_t size)
{
    size_t length = smaller_of(size, buffer->dropped > 0 ? buffer->gap : buffer->used);

    if (length == 0)
        return 0;
    bytes_out(buffer, room, length);

    const char *last = memrchr(room, '\n', length);

    if (last == NULL)
        return 0;
    length = (size_t)(last - room) + 1;
    buffer->first = (buffer->first + length) % LOG_BUFFER_BYTES;
    buffer->used -= length;
    if (buffer->dropped > 0)
        buffer->gap -= length;
    if (buffer->used == 0)
        buffer->first = 0; /* or a quiet log would in time have touched every page */
    return length;
}

void
log_buffer_clear(struct log_buffer *buffer)
{
    uint64_t lines = 0;

    for (size_t i = 0; i < buffer->used; i++)
        lines += buffer->bytes[(buffer->first + i) % LOG_BUFFER_BYTES] == '\n';
    buffer->first = 0;
    buffer->used = 0;
    log_buffer_lose(buffer, lines);
}
