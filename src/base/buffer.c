/* SPDX-License-Identifier: MIT */
#include "base/buffer.h"

#include "base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 256, FORMAT_MAX = 256 };

void
buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    if (buffer->failed || length == 0)
        return;
    if (length > buffer->capacity - buffer->length) {
        size_t capacity = buffer->capacity < CAPACITY_MIN ? CAPACITY_MIN : buffer->capacity;
        char *larger;

        while (capacity - buffer->length < length)
            capacity *= 2; /* what is appended is in memory already, so this does not overflow */
        larger = realloc(buffer->bytes, capacity);
        if (larger == NULL) {
            buffer->failed = true;
            return;
        }
        buffer->bytes = larger;
        buffer->capacity = capacity;
    }
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
}

void
buffer_append_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void
buffer_format(struct buffer *buffer, const char *format, ...)
{
    char text[FORMAT_MAX];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ASSERT(length >= 0);
    buffer_append(buffer, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

void
buffer_reset(struct buffer *buffer, size_t kept)
{
    if (buffer->capacity > kept)
        buffer_done(buffer);
    buffer->length = 0;
    buffer->failed = false;
}

void
buffer_done(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){0};
}
