/* SPDX-License-Identifier: MIT
 *
 * Bytes that grow at their end. A failure for want of memory sticks: further appends do nothing, and whoever made the text looks once, at
 * the end. One thread's. A buffer set to zero is a valid, empty one.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *bytes;
    size_t length, capacity;
    bool failed;
};

/* Appends; on want of memory the buffer has failed from then on. */
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
/* Appends a text that ends with NUL, which is not appended. */
void buffer_append_text(struct buffer *buffer, const char *text);
/* Appends what printf would print, at most 256 bytes of it. */
void buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Forgets the bytes and the failure, and keeps the memory if that is at most `kept` bytes. */
void buffer_reset(struct buffer *buffer, size_t kept);
/* Frees the memory; the buffer is as if set to zero. */
void buffer_done(struct buffer *buffer);

#endif
