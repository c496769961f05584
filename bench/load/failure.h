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

/* Zeroed memory for count elements; never NULL. The caller frees it. */
void *memory_new(size_t count, size_t bytes);

#endif
