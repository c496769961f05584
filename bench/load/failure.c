/* SPDX-License-Identifier: MIT */
#include "load/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_FAILURE = 1, STATUS_USAGE = 2 };

static _Atomic bool *failed; /* shared by the processes of one run; NULL: there is one only */

void
failure_share(_Atomic bool *flag)
{
    failed = flag;
}

/* Of several processes that fail for the same reason one says so, and takes the others with it: see load/shares.c. */
static void __attribute__((format(printf, 1, 0))) sentence_print(const char *format, va_list arguments)
{
    while (failed != NULL && atomic_exchange_explicit(failed, true, memory_order_relaxed))
        pause();
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

void
failure_quote(char *text, size_t room, const char *bytes, size_t length)
{
    size_t count = length < room - 1 ? length : room - 1;

    while (count > 0 && (bytes[count - 1] == '\n' || bytes[count - 1] == '\r'))
        count--;
    for (size_t i = 0; i < count; i++)
        text[i] = (char)(bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '?');
    text[count] = '\0';
}

void *
memory_new(size_t count, size_t bytes)
{
    void *memory = calloc(count > 0 ? count : 1, bytes);

    if (memory == NULL)
        failure_exit("out of memory");
    return memory;
}
