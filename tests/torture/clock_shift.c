/* SPDX-License-Identifier: MIT
 *
 * A calendar clock that jumps: loaded into the server before its libraries (LD_PRELOAD), this adds to the time of day the nanoseconds that stand in the
 * file $TORTURE_CLOCK, which the test changes while the server runs. The machine's clock is left alone, and so are the clocks that never jump.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const _Atomic int64_t *shift_ns;

static void __attribute__((constructor)) shift_open(void)
{
    const char *path = getenv("TORTURE_CLOCK");
    int file = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (file < 0)
        return;
    void *page = mmap(NULL, sizeof *shift_ns, PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED)
        shift_ns = page;
    close(file);
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
    enum { SECOND_NS = 1000000000 };
    int got = (int)syscall(SYS_clock_gettime, clock, now);

    if (got == 0 && shift_ns != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t at = (int64_t)now->tv_sec * SECOND_NS + now->tv_nsec + atomic_load_explicit(shift_ns, memory_order_relaxed);

        now->tv_sec = at / SECOND_NS;
        now->tv_nsec = at % SECOND_NS;
    }
    return got;
}
