/* SPDX-License-Identifier: MIT
 *
 * How the programs of the benchmark give up: one sentence on standard error, exit status 1. A benchmark that went on after
 * an error would print a figure that means nothing.
 */
#ifndef LOAD_FAILURE_H
#define LOAD_FAILURE_H

#include <stdbool.h>
#include <stddef.h>

_Noreturn void failure_exit(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with exit status 2: the program was called in a wrong way. */
_Noreturn void failure_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same as failure_exit with the text of errno. */
_Noreturn void failure_errno(const char *what);

/* From now on only the first of the processes that share the flag says its sentence; any other one waits there to be ended. */
void failure_share(_Atomic bool *flag);

/* What somebody else has sent, fit for a sentence: on one line, and with nothing that a terminal would obey. `room` is at least 1. */
void failure_quote(char *text, size_t room, const char *bytes, size_t length);

/* Zeroed memory for count elements; never NULL. The caller frees it. */
void *memory_new(size_t count, size_t bytes);

#endif
