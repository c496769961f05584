/* SPDX-License-Identifier: MIT
 *
 * jemalloc is asked where it is linked, which is in what is shipped and not under tools that bring an allocator of their own.
 */
#include "service/footprint.h"

#include "service/exposition.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* jemalloc's, NULL without it. */
extern int mallctl(const char *name, void *old, size_t *old_length, void *new, size_t new_length) __attribute__((weak));

static void
write_allocator(struct buffer *out)
{
    static const char *const parts[][2] = {
        {"stats.allocated", "part=\"allocated\""},
        {"stats.active", "part=\"active\""},
        {"stats.metadata", "part=\"metadata\""},
        {"stats.resident", "part=\"resident\""},
        {"stats.mapped", "part=\"mapped\""},
        {"stats.retained", "part=\"retained\""},
    };
    uint64_t epoch = 1;

    if (mallctl == NULL || mallctl("epoch", NULL, NULL, &epoch, sizeof epoch) != 0)
        return;
    metric_begin(out, "alo_memory_bytes", METRIC_GAUGE,
        "Memory by the allocator's parts: in use, in pages in use, its own tables, in memory, mapped, and kept as address space only.");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t bytes = 0, length = sizeof bytes;

        if (mallctl(parts[i][0], &bytes, &length, NULL, 0) == 0)
            metric_number(out, "alo_memory_bytes", parts[i][1], bytes);
    }
}

static void
write_resident(struct buffer *out)
{
    char line[128];
    const char *resident = NULL; /* the second number, in pages */
    FILE *file = fopen("/proc/self/statm", "re");

    if (file == NULL)
        return;
    if (fgets(line, sizeof line, file) != NULL)
        resident = strchr(line, ' ');
    fclose(file);
    if (resident != NULL)
        metric_single(out, "alo_process_resident_memory_bytes", METRIC_GAUGE, "Memory of the process that is in RAM, as the kernel counts it.",
            strtoull(resident + 1, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE));
}

static uint64_t
microseconds(struct timeval time)
{
    return (uint64_t)time.tv_sec * UINT64_C(1000000) + (uint64_t)time.tv_usec;
}

void
footprint_write(struct buffer *out)
{
    struct rusage usage;
    struct rlimit limit;

    write_allocator(out);
    write_resident(out);
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        metric_begin(out, "alo_process_cpu_seconds_total", METRIC_COUNTER, "Processor time of the process.");
        metric_fraction(out, "alo_process_cpu_seconds_total", "mode=\"user\"", microseconds(usage.ru_utime), 1000000);
        metric_fraction(out, "alo_process_cpu_seconds_total", "mode=\"system\"", microseconds(usage.ru_stime), 1000000);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        metric_single(out, "alo_process_max_fds", METRIC_GAUGE, "File descriptors that the process may have.", limit.rlim_cur);
}
