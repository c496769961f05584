/* SPDX-License-Identifier: MIT */
#include "support/hold.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

pid_t
thread_called(pid_t process, const char *name)
{
    char path[64], comm[32];
    pid_t found = 0;

    snprintf(path, sizeof path, "/proc/%d/task", process);
    DIR *tasks = opendir(path);
    ck_assert_ptr_nonnull(tasks);
    for (const struct dirent *task = readdir(tasks); task != NULL && found == 0; task = readdir(tasks)) {
        snprintf(path, sizeof path, "/proc/%d/task/%.10s/comm", process, task->d_name);
        FILE *file = fopen(path, "r");

        if (file == NULL)
            continue;
        if (fgets(comm, sizeof comm, file) != NULL && strncmp(comm, name, strlen(name)) == 0 && comm[strlen(name)] == '\n')
            found = atoi(task->d_name);
        fclose(file);
    }
    closedir(tasks);
    ck_assert_msg(found != 0, "process %d has no thread \"%s\"", process, name);
    return found;
}

void
thread_hold(pid_t thread)
{
    int status;

    ck_assert_int_eq(ptrace(PTRACE_SEIZE, thread, NULL, NULL), 0);
    ck_assert_int_eq(ptrace(PTRACE_INTERRUPT, thread, NULL, NULL), 0);
    ck_assert_int_eq(waitpid(thread, &status, __WALL), thread);
    ck_assert(WIFSTOPPED(status));
}

void
thread_release(pid_t thread)
{
    ck_assert_int_eq(ptrace(PTRACE_DETACH, thread, NULL, NULL), 0);
}
