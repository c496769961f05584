/* SPDX-License-Identifier: MIT
 *
 * The end of the road for a broken invariant: one line that says where, then a core dump. It formats
 * into a local buffer and writes with one system call, because nothing else can be trusted any more.
 */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

_Noreturn void
assert_failed(const char *condition, const char *file, int line)
{
    char text[512];
    int length = snprintf(text, sizeof text,
        "{\"level\": \"error\", \"event\": \"assertion_failed\", \"file\": \"%s\", \"line\": %d, \"condition\": \"%s\"}\n", file, line, condition);

    if (length > (int)sizeof text - 1)
        length = (int)sizeof text - 1;
    if (length > 0 && write(STDERR_FILENO, text, (size_t)length) < 0)
        _exit(134); /* nobody reads standard error; the exit status still tells */
    abort();
}
