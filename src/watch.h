/* SPDX-License-Identifier: MIT
 *
 * What the main thread does while the server serves: it waits for signals and, where a service manager wants it, tells that the server is alive and how
 * it does. Main thread.
 */
#ifndef WATCH_H
#define WATCH_H

#include "server.h"
#include "service/signals.h"

#include <stdbool.h>
#include <stdint.h>

enum { WATCH_STATUS = 128 };

struct watch {
    struct server *server;
    uint64_t interval_ms; /* between two looks; 0: nobody wants to know */
    uint64_t next_ms;     /* the next look */
    bool feeds;           /* there is a watchdog */
    bool asked;           /* a sign of life is awaited of the server's threads */
    uint64_t asked_ms;    /* since when */
    uint64_t status_ms;   /* when the status was told last */
    bool tells_drain;     /* it says that the server is being drained */
    char status[WATCH_STATUS];
};

/* The server serves: says so to the service manager. */
void watch_begin(struct watch *watch, struct server *server);
/* Waits for the next signal, as signals_wait does, and looks after the server meanwhile. */
enum signals_word watch_wait(struct watch *watch, int *number);
/* The server is going to stop, which may take so long. */
void watch_end(struct watch *watch, uint64_t at_most_ms);

#endif
