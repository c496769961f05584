/* SPDX-License-Identifier: MIT */
#include "load/cost.h"

#include "load/failure.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 300 };

int64_t
cost_cpu_ns(pid_t process)
{
    clockid_t clock;
    struct timespec now;

    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &now) != 0)
        failure_exit("process %d has ended", (int)process);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void
cost_cpu_split(pid_t process, int64_t *user_ns, int64_t *system_ns)
{
    char path[PATH_BYTES], line[1024] = "";
    unsigned long user = 0, system = 0;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)process);

    FILE *file = fopen(path, "re");

    if (file == NULL || fgets(line, sizeof line, file) == NULL)
        failure_exit("cannot read %s", path);
    fclose(file);

    /* The second field, the name, may hold spaces; what follows its bracket does not. */
    const char *rest = strrchr(line, ')');

    if (rest == NULL || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        failure_exit("cannot make sense of %s", path);

    int64_t tick_ns = INT64_C(1000000000) / sysconf(_SC_CLK_TCK);

    *user_ns = (int64_t)user * tick_ns;
    *system_ns = (int64_t)system * tick_ns;
}

struct cost_memory
cost_memory_now(pid_t process)
{
    char path[PATH_BYTES], line[256];
    struct cost_memory memory = {0};

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)process);

    FILE *file = fopen(path, "re");

    if (file == NULL)
        failure_exit("cannot read %s", path);
    while (fgets(line, sizeof line, file) != NULL) {
        int64_t kib;

        if (sscanf(line, "Rss: %" SCNd64, &kib) == 1)
            memory.rss_bytes = kib * 1024;
        else if (sscanf(line, "Private_Clean: %" SCNd64, &kib) == 1 || sscanf(line, "Private_Dirty: %" SCNd64, &kib) == 1)
            memory.private_bytes += kib * 1024;
    }
    fclose(file);
    return memory;
}

int64_t
cost_rss_bytes(pid_t process)
{
    char path[PATH_BYTES];
    int64_t pages = 0;

    snprintf(path, sizeof path, "/proc/%d/statm", (int)process);

    FILE *file = fopen(path, "re");

    if (file == NULL || fscanf(file, "%*u %" SCNd64, &pages) != 1)
        failure_exit("cannot read %s", path);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

uint32_t
cost_descriptors(pid_t process)
{
    char path[PATH_BYTES];
    struct stat status;
    uint32_t count = 0;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)process);
    /* Since Linux 6.2 the size of the folder is the answer. */
    if (stat(path, &status) == 0 && status.st_size > 0)
        return (uint32_t)status.st_size;

    DIR *folder = opendir(path);

    if (folder == NULL)
        failure_exit("cannot read %s", path);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count - 2;
}

int64_t
cost_switches(pid_t process)
{
    char path[PATH_BYTES], line[256];
    int64_t sum = 0;
    const struct dirent *entry;

    snprintf(path, sizeof path, "/proc/%d/task", (int)process);

    DIR *folder = opendir(path);

    if (folder == NULL)
        failure_exit("cannot read %s", path);
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/status", (int)process, entry->d_name);

        FILE *file = fopen(path, "re");

        while (file != NULL && fgets(line, sizeof line, file) != NULL) {
            int64_t count;

            if (sscanf(line, "voluntary_ctxt_switches: %" SCNd64, &count) == 1 || sscanf(line, "nonvoluntary_ctxt_switches: %" SCNd64, &count) == 1)
                sum += count;
        }
        if (file != NULL)
            fclose(file);
    }
    closedir(folder);
    return sum;
}
