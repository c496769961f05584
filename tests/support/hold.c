/* SPDX-License-Identifier: MIT */
#include "support/hold.h"

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
    if (tasks == NULL)
        return 0;
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
    return found;
}

bool
thread_hold(pid_t thread)
{
    int status;

    return ptrace(PTRACE_SEIZE, thread, NULL, NULL) == 0 && ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) == 0 &&
        waitpid(thread, &status, __WALL) == thread && WIFSTOPPED(status);
}

void
thread_release(pid_t thread)
{
    (void)ptrace(PTRACE_DETACH, thread, NULL, NULL);
}
