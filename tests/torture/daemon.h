/* SPDX-License-Identifier: MIT
 *
 * The server under torture, on a port that stays the same over restarts, with a configuration file that changes while it runs, a log on a small file
 * system of its own that can be filled, and a calendar clock that can be moved. Where nothing can be mounted that others do not see, the log may get no
 * longer instead (RLIMIT_FSIZE).
 */
#ifndef TORTURE_DAEMON_H
#define TORTURE_DAEMON_H

#include "support/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

enum { DAEMON_PATH = 128, DAEMON_HELLO_TIMEOUT_S = 5, DAEMON_PEER_TIMEOUT_S = 60 };

/* Of its configuration, what faults change. Seconds are stretched for tools. */
struct daemon_settings {
    int hello_timeout_s, peer_timeout_s;
    bool verbose;
};

struct daemon {
    struct server *server;
    uint16_t port;
    char folder[DAEMON_PATH / 2];
    bool has_disk; /* the log's file system is its own */
    bool is_full;
    rlim_t file_limit; /* as it is when nothing is full */
    struct daemon_settings settings;
    _Atomic int64_t *clock_ns; /* what its calendar clock is ahead; NULL: it cannot be moved */
};

/*
 * `folder` is an empty directory of the test's; `program` is this program, which the clock's library lies beside; `mounts`: a file system can be mounted
 * there. Starts the server.
 */
void daemon_init(struct daemon *daemon, const char *folder, const char *program, bool mounts);
/* Stops it with SIGTERM, and looks at how it ended and at what it said that was no log line. */
void daemon_stop(struct daemon *daemon);
/* Removes the folder and all that is in it, whatever became of the test. */
void daemon_remove(const char *folder);

void daemon_start(struct daemon *daemon);
/* kill -9. */
void daemon_kill(struct daemon *daemon);
/* It must run; otherwise the test fails, with the end of the log. */
void daemon_check(struct daemon *daemon);

/* Has the configuration read anew, with other settings, and waits until they hold. */
void daemon_reload(struct daemon *daemon);

/* How many lines of this event are in the log; size of the log in bytes. */
unsigned daemon_events(const struct daemon *daemon, const char *event);
int64_t daemon_log_bytes(const struct daemon *daemon);
/* There is no room for the log, or there is again. */
void daemon_fill_disk(struct daemon *daemon, bool full);

#endif
