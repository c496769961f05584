/* SPDX-License-Identifier: MIT
 *
 * Lines that wait to be written: a ring of bytes that takes and gives whole lines. What does not fit is dropped and counted, and
 * the ring remembers where in the sequence that was, so that the report can be written in its place. No lock of its own.
 */
#ifndef BASE_LOG_BUFFER_H
#define BASE_LOG_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOG_BUFFER_BYTES = 1 << 20 }; /* some 7,000 lines; static memory that the kernel gives only as far as it was ever filled */

struct log_buffer {
    size_t first;     /* where the oldest byte stands */
    size_t used;      /* bytes that wait */
    size_t gap;       /* bytes that wait and are older than what was dropped; only while `dropped` > 0 */
    uint64_t dropped; /* lines lost and not reported yet */
    char bytes[LOG_BUFFER_BYTES];
};

/* Appends one line that ends in '\n', or counts it as dropped. */
void log_buffer_put(struct log_buffer *buffer, const char *line, size_t length);

/* Counts lines lost elsewhere; they are reported before what waits now. */
void log_buffer_lose(struct log_buffer *buffer, uint64_t lines);

/* Is it time to report what was dropped: has all that is older been taken? */
bool log_buffer_owes_report(const struct log_buffer *buffer);

/* Moves as many whole lines as fit into `room`, but none from beyond a gap. Returns the bytes moved; 0 also when not one fits. */
size_t log_buffer_take(struct log_buffer *buffer, char *room, size_t size);

/* Forgets what waits and counts it as dropped. */
void log_buffer_clear(struct log_buffer *buffer);

#endif
