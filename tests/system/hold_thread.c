/* SPDX-License-Identifier: MIT
 *
 * Holds a thread of a process until that ends, or this program: for scripts/check-systemd.
 *
 *     hold_thread PROCESS alo-worker-0
 */
#include "support/hold.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

int
main(int argc, char **argv)
{
    pid_t thread;
    int status;

    if (argc != 3)
        return 2;
    thread = thread_called(atoi(argv[1]), argv[2]);
    if (thread == 0 || !thread_hold(thread)) {
        fprintf(stderr, "hold_thread: process %s has no thread %s, or it cannot be held\n", argv[1], argv[2]);
        return EXIT_FAILURE;
    }
    puts("held");
    fflush(stdout);
    /* A process of which a traced thread has ended stays a zombie until its tracer has looked. */
    while (waitpid(thread, &status, __WALL) == thread && WIFSTOPPED(status))
        continue;
    return EXIT_SUCCESS;
}
