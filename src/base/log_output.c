/* SPDX-License-Identifier: MIT
 *
 * See log_output.h.
 */
#include "base/log_output.h"

#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

/* Before the next try where poll promised room and write found none. */
enum { AGAIN_PAUSE_MS = 20 };

/* Milliseconds left, as poll counts them. */
static int
time_left(uint64_t deadline_ms)
{
    if (deadline_ms == UINT64_MAX)
        return -1;

    uint64_t now_ms = clock_monotonic_ms();

    if (now_ms >= deadline_ms)
        return 0;
    return deadline_ms - now_ms > INT_MAX ? INT_MAX : (int)(deadline_ms - now_ms);
}

/* Waits until a write will not block or will fail; false when the time is up. */
static bool
room_wait(int descriptor, uint64_t deadline_ms)
{
    for (;;) {
        struct pollfd request = {.fd = descriptor, .events = POLLOUT};
        int ready = poll(&request, 1, time_left(deadline_ms));

        if (ready > 0)
            return true;
        if (ready == 0 || errno != EINTR)
            return false;
    }
}

static size_t
output_write(int descriptor, const char *text, size_t length, uint64_t deadline_ms)
{
    size_t written = 0;

    while (written < length) {
        if (!room_wait(descriptor, deadline_ms))
            break;

        ssize_t count = write(descriptor, text + written, length - written);

        if (count > 0)
            written += (size_t)count;
        else if (count < 0 && errno == EAGAIN)
            poll(NULL, 0, AGAIN_PAUSE_MS);
        else if (count == 0 || errno != EINTR)
            break;
    }
    return written;
}

size_t
log_output_write(int descriptor, const char *text, size_t length, uint64_t deadline_ms)
{
    /* What a write can raise: a reader that is gone, a file at its size limit. Raised for this thread, so taken back below. */
    sigset_t raised, before, pending;

    sigemptyset(&raised);
    sigaddset(&raised, SIGPIPE);
    sigaddset(&raised, SIGXFSZ);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &raised, &before);

    size_t written = output_write(descriptor, text, length, deadline_ms);

    /* One that was pending beforehand is somebody else's. */
    for (int which = 0; which < 2; which++)
        if (sigismember(&pending, which == 0 ? SIGPIPE : SIGXFSZ))
            sigdelset(&raised, which == 0 ? SIGPIPE : SIGXFSZ);
    while (sigtimedwait(&raised, NULL, &(struct timespec){0}) > 0)
        continue;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return written;
}
