/* SPDX-License-Identifier: MIT */
#include "load/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_FAILURE = 1, STATUS_USAGE = 2 };

static void __attribute__((format(printf, 1, 0))) sentence_print(const char *format, va_list arguments)
{
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void
failure_exit(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    sentence_print(format, arguments);
    va_end(arguments);
    exit(STATUS_FAILURE);
}

void
failure_usage(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    sentence_print(format, arguments);
    va_end(arguments);
    exit(STATUS_USAGE);
}

void
failure_errno(const char *what)
{
    failure_exit("%s: %s", what, strerror(errno));
}

void *
memory_new(size_t count, size_t bytes)
{
    void *memory = calloc(count > 0 ? count : 1, bytes);

    if (memory == NULL)
        failure_exit("out of memory");
    return memory;
}
