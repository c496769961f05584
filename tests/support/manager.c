/* SPDX-License-Identifier: MIT */
#include "support/manager.h"

#include "support/pace.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct manager *
manager_new(uint64_t watchdog_us)
{
    struct manager *manager = calloc(1, sizeof *manager);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char text[24];

    ck_assert_ptr_nonnull(manager);
    snprintf(manager->path, sizeof manager->path, "/tmp/alo-notices-%d", getpid());
    unlink(manager->path);
    strcpy(address.sun_path, manager->path);
    manager->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_ge(manager->socket, 0);
    ck_assert_int_eq(bind(manager->socket, (struct sockaddr *)&address, sizeof address), 0);
    setenv("NOTIFY_SOCKET", manager->path, 1);
    unsetenv("WATCHDOG_PID");
    unsetenv("WATCHDOG_USEC");
    snprintf(text, sizeof text, "%llu", (unsigned long long)watchdog_us);
    if (watchdog_us > 0)
        setenv("WATCHDOG_USEC", text, 1);
    return manager;
}

void
manager_free(struct manager *manager)
{
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    close(manager->socket);
    unlink(manager->path);
    free(manager);
}

/* Takes a notice; false when there is none. */
static bool
take(struct manager *manager)
{
    ssize_t length = recv(manager->socket, manager->notice, sizeof manager->notice - 1, 0);

    manager->notice[length > 0 ? length : 0] = '\0';
    return length >= 0;
}

/* What follows these words in the notice's line that begins with them; NULL when it has none. */
static const char *
line_of(struct manager *manager, const char *begins)
{
    char *line = manager->notice;

    while (line != NULL && strncmp(line, begins, strlen(begins)) != 0) {
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    if (line == NULL)
        return NULL;
    line[strcspn(line, "\n")] = '\0';
    return line + strlen(begins);
}

const char *
manager_expect(struct manager *manager, const char *begins)
{
    int64_t deadline = pace_deadline_ms();

    for (;;) {
        struct pollfd polled = {.fd = manager->socket, .events = POLLIN};

        ck_assert_msg(poll(&polled, 1, pace_left_ms(deadline)) == 1, "no notice \"%s\" came", begins);
        const char *found = take(manager) ? line_of(manager, begins) : NULL;
        if (found != NULL)
            return found;
    }
}

unsigned
manager_drain(struct manager *manager, const char *begins)
{
    unsigned count = 0;

    while (take(manager))
        count += line_of(manager, begins) != NULL;
    return count;
}
