/* SPDX-License-Identifier: MIT
 *
 * Writes text to a descriptor that may be anything (a pipe nobody reads, a stopped terminal, a full disk, a closed socket) and is
 * shared with other processes, so that it is left blocking. Neither a signal nor a spin comes of a descriptor that refuses.
 */
#ifndef BASE_LOG_OUTPUT_H
#define BASE_LOG_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes at most PIPE_BUF bytes, waiting for room until the monotonic clock says deadline_ms (UINT64_MAX: for ever). Returns how
 * many were written: fewer than `length` when the descriptor failed or the time was up. A cancellation point (poll, write).
 * Any thread. Room for less than was asked for can block a write past the deadline; pipes, whose room is counted in pages, do not.
 */
size_t log_output_write(int descriptor, const char *text, size_t length, uint64_t deadline_ms);

#endif
