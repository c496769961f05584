/* SPDX-License-Identifier: MIT
 *
 * The real server as a child process: started with flags on a port that the kernel picks, listened to on its standard error,
 * stopped with a signal, and its exit status looked at. It dies with the test that started it.
 *
 * Which program: $ALO_BINARY (.bin/alo when unset), under the command $ALO_WRAPPER when that is set (split at spaces; for
 * instance "valgrind -q --error-exitcode=99"). A sanitizer's or valgrind's finding shows in the exit status, so server_stop
 * finds it. What the server prints that is no JSON line (such a finding) is passed on to the test's own standard error,
 * with ALO_TEST_VERBOSE set every line is.
 */
#ifndef SUPPORT_SERVER_H
#define SUPPORT_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct server_log; /* what it said so far; a thread reads it, so that the server never waits for its reader */

struct server {
    pid_t process;
    uint16_t port;   /* 0 until it is known */
    int exit_status; /* as wait() tells it, once it has ended */
    bool ended;
    int watch; /* a descriptor that is readable when the process has ended */
    struct server_log *log;
};

/*
 * Starts the server with flags made as by printf and split at spaces, and returns when it listens. Where the flags do not say
 * otherwise it takes a free port and three workers, so that news crosses threads on any machine, and is patient with clients, so that no test
 * depends on how fast they are. Fails the test when it does not come up.
 */
struct server *server_start(const char *flags, ...) __attribute__((format(printf, 1, 2)));

/* The same without the default flags and without waiting for it to listen: for a server that is to fail. */
struct server *server_launch(const char *flags, ...) __attribute__((format(printf, 1, 2)));

/* The same as server_launch, with a wrapper as below. */
struct server *server_launch_under(const char *wrapper, const char *flags);

/* The same as server_start, with `wrapper` before the command line (and before $ALO_WRAPPER); for another network namespace. */
struct server *server_start_under(const char *wrapper, const char *flags);

/* The number called `name` in the nth log line of this event, counted from 0; waits for the line. */
int64_t server_event_number(struct server *server, const char *event, unsigned nth, const char *name);

/* Waits for the nth log line of this event and returns it; it lives as long as the server. */
const char *server_event(struct server *server, const char *event, unsigned nth);

/* The nth line of standard error, counted from 0, or NULL when there are not that many. After server_wait, all of them are there. */
const char *server_line(struct server *server, unsigned nth);

void server_signal(struct server *server, int number);

/* Waits until it has ended by itself, or by a signal sent before; returns the status as wait() does. */
int server_wait(struct server *server);

/* Has it ended by now? Does not wait. */
bool server_has_ended(struct server *server);

/* Frees one that has ended (server_wait). */
void server_free(struct server *server);

/* SIGTERM, wait, exit status 0 or the test fails, free. */
void server_stop(struct server *server);

#endif
