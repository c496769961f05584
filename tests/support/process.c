/* SPDX-License-Identifier: MIT */
#include "support/process.h"

#include <check.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 128 };

/* The number after `name` in a file made of lines "name: number"; 0 where the file or the name is missing (a thread just ended). */
static int64_t
file_number(const char *path, const char *name)
{
    FILE *file = fopen(path, "re");
    char line[256];
    int64_t number = 0;

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0) {
            number = strtoll(line + strlen(name), NULL, 10);
            break;
        }
    fclose(file);
    return number;
}

int64_t
process_resident_bytes(pid_t process)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "/proc/%d/status", (int)process);
    return file_number(path, "VmRSS:") * 1024;
}

int64_t
process_address_space_bytes(pid_t process)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "/proc/%d/status", (int)process);
    return file_number(path, "VmSize:") * 1024;
}

int64_t
process_cpu_ms(pid_t process)
{
    char path[PATH_BYTES], text[1024];
    unsigned long long user, system;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';

    /* The name, in parentheses, may hold anything: count fields from the last ")". */
    const char *fields = strrchr(text, ')');
    ck_assert_ptr_nonnull(fields);
    int got = sscanf(fields + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system);
    ck_assert_int_eq(got, 2);
    return (int64_t)((user + system) * 1000 / (unsigned long long)sysconf(_SC_CLK_TCK));
}

int64_t
process_sleeps(pid_t process)
{
    char path[PATH_BYTES], status[PATH_BYTES];
    int64_t sum = 0;

    snprintf(path, sizeof path, "/proc/%d/task", (int)process);
    DIR *tasks = opendir(path);
    ck_assert_ptr_nonnull(tasks);
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        if (task->d_name[0] == '.')
            continue;
        snprintf(status, sizeof status, "/proc/%d/task/%.20s/status", (int)process, task->d_name);
        sum += file_number(status, "voluntary_ctxt_switches:");
    }
    closedir(tasks);
    return sum;
}

int
process_descriptors(pid_t process)
{
    char path[PATH_BYTES];
    int count = 0;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)process);
    DIR *descriptors = opendir(path);
    ck_assert_ptr_nonnull(descriptors);
    for (struct dirent *entry = readdir(descriptors); entry != NULL; entry = readdir(descriptors))
        count += entry->d_name[0] != '.';
    closedir(descriptors);
    return count;
}

rlim_t
process_limit(pid_t process, int resource, rlim_t soft)
{
    struct rlimit before, after;

    ck_assert_int_eq(prlimit(process, (enum __rlimit_resource)resource, NULL, &before), 0);
    after = (struct rlimit){.rlim_cur = soft, .rlim_max = before.rlim_max};
    ck_assert_int_eq(prlimit(process, (enum __rlimit_resource)resource, &after, NULL), 0);
    return before.rlim_cur;
}

rlim_t
process_raise_descriptors(void)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < limit.rlim_max)
        process_limit(getpid(), RLIMIT_NOFILE, limit.rlim_max);
    return limit.rlim_max;
}
